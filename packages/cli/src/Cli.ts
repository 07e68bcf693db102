/**
 * The `launchkey` command.
 *
 * @see docs/cli.md
 * @since 0.1.0
 */
import type * as CliApp from "@effect/cli/CliApp"
import * as Command from "@effect/cli/Command"
import * as HelpDoc from "@effect/cli/HelpDoc"
import * as ValidationError from "@effect/cli/ValidationError"
import type * as HttpClient from "@effect/platform/HttpClient"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import { identity } from "effect/Function"
import * as Logger from "effect/Logger"
import * as LogLevel from "effect/LogLevel"
import * as Ref from "effect/Ref"
import type * as Schema from "effect/Schema"
import * as AdminCommand from "./commands/AdminCommand.ts"
import * as AuthorizeCommand from "./commands/AuthorizeCommand.ts"
import * as DeviceCommand from "./commands/DeviceCommand.ts"
import * as DirectoryCommand from "./commands/DirectoryCommand.ts"
import * as DoctorCommand from "./commands/DoctorCommand.ts"
import * as KeysCommand from "./commands/KeysCommand.ts"
import * as ProfileCommand from "./commands/ProfileCommand.ts"
import * as SandboxCommand from "./commands/SandboxCommand.ts"
import * as ServeCommand from "./commands/ServeCommand.ts"
import * as ServiceCommand from "./commands/ServiceCommand.ts"
import * as SessionCommand from "./commands/SessionCommand.ts"
import * as TotpCommand from "./commands/TotpCommand.ts"
import * as WebhookCommand from "./commands/WebhookCommand.ts"
import * as Ending from "./Ending.ts"
import * as Failure from "./Failure.ts"
import * as Dash from "./internal/dash.ts"
import * as Help from "./internal/help.ts"
import * as Leaf from "./internal/leaf.ts"
import { report } from "./internal/leaf.ts"
import { version } from "./internal/version.ts"
import * as Stdio from "./Stdio.ts"

const name = "launchkey"

const sandbox = Object.assign(
  SandboxCommand.command.pipe(
    // It serves until it is interrupted, and that is its end.
    Command.transformHandler((effect) => Effect.zipRight(Ending.as("done"), effect))
  ),
  { info: { name: "sandbox", description: "Serves a platform for tests.", children: [] } }
)

const serve = Object.assign(ServeCommand.command, {
  info: { name: "serve", description: "Serves a platform.", children: [] }
})

const command = Leaf.group(name, "Multi-factor authentication over the LaunchKey API v3.", [
  ProfileCommand.command,
  DirectoryCommand.command,
  ServiceCommand.command,
  DeviceCommand.command,
  SessionCommand.command,
  TotpCommand.command,
  AuthorizeCommand.authorize,
  AuthorizeCommand.response,
  AuthorizeCommand.cancel,
  WebhookCommand.command,
  KeysCommand.command,
  DoctorCommand.command,
  serve,
  AdminCommand.command,
  sandbox
])

/**
 * Every command by its words, as `"directory key add"`, with the schema of what it prints with `--json`: undefined for one
 * that has no result.
 *
 * @since 0.1.0
 * @category models
 */
export const commands: ReadonlyMap<string, Schema.Schema.AnyNoContext | undefined> = new Map(
  (function leaves({ children, name, result }: Leaf.Info, before: string): ReadonlyArray<
    readonly [string, Schema.Schema.AnyNoContext | undefined]
  > {
    return children.length === 0
      ? [[`${before}${name}`, result]]
      : children.flatMap((child) =>
        leaves(child, before === "" && name === command.info.name ? "" : `${before}${name} `)
      )
  })(command.info, "")
)

// oxlint-disable-next-line no-control-regex
const withoutColours = (text: string): string => text.replace(/\u001b\[[0-9;]*m/g, "")

const usage = (error: ValidationError.ValidationError, path: ReadonlyArray<string>): Failure.Block => ({
  end: "usage",
  problem: withoutColours(HelpDoc.toAnsiText(error.error)).trim(),
  next: `Read \`${path.join(" ")} --help\`.`
})

const noSuchCommand = (path: ReadonlyArray<string>, word: string, { children }: Leaf.Info): Failure.Block => ({
  end: "usage",
  problem: `There is no command \`${[...path, word].join(" ")}\`.`,
  next: `Take one of these: ${children.map(({ name }) => name).join(", ")}.`
})

/**
 * What a run needs besides what commands are.
 *
 * @since 0.1.0
 * @category models
 */
export type Environment = CliApp.CliApp.Environment | HttpClient.HttpClient | Stdio.Stdio | Ending.Ending

/**
 * Does what the arguments ask for, and tells how it ended. They are those of the process, the first two of which name the
 * program. It never fails: failures are told where results are.
 *
 * @since 0.1.0
 * @category constructors
 */
export const run = (args: ReadonlyArray<string>): Effect.Effect<void, never, Environment> =>
  Effect.gen(function*() {
    const own = args.slice(2)
    const { info, path, rest } = Help.find(command.info, own)
    const json = (own.includes("--") ? own.slice(0, own.indexOf("--")) : own).includes("--json")
    const [word] = rest
    if (info.children.length > 0) {
      if (word === undefined || word === "--help" || word === "-h") {
        return yield* Effect.zipRight(Console.log(Help.ofGroup(path, info)), Ending.as("done"))
      }
      if (!word.startsWith("-")) return yield* report("Usage", noSuchCommand(path, word, info), json)
    }
    const { colours } = yield* Stdio.Stdio
    const told = own.includes("--completions") ? Help.completions : (text: string) => Help.ofCommand(text, path)
    const shown = (text: unknown) => typeof text === "string" ? told(colours ? text : withoutColours(text)) : text
    const outer = yield* Console.consoleWith(Effect.succeed)
    // What is wrong with the arguments is told once, as any failure is, and not as the library would.
    const console: Console.Console = {
      ...outer,
      error: () => Effect.void,
      log: (...texts) => outer.log(...texts.map(shown))
    }
    const app = Command.run(
      Command.transformHandler(command, (effect) => Effect.withConsole(effect, outer)),
      { name, version, executable: name }
    )
    // That a call is tried again is of no interest to who has its result; a server's log is.
    const quiet = info.result !== undefined && !own.some((arg) => arg.startsWith("--log-level"))
    yield* app(args.map(Dash.hide)).pipe(
      quiet ? Logger.withMinimumLogLevel(LogLevel.Error) : identity,
      Effect.withConsole(console),
      Effect.zipRight(Effect.flatMap(Ending.Ending, Ref.update((end) => end === "interrupted" ? "done" : end))),
      Effect.catchAll((error) =>
        ValidationError.isValidationError(error)
          ? report("Usage", usage(error, path), json)
          : report(error._tag, Failure.describe(error), json)
      ),
      Effect.tapDefect((cause) =>
        Effect.zipRight(Ending.as("bug"), Effect.logFatal("This is a fault of the command itself.", cause))
      )
    )
  })
