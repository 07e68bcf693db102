/**
 * The `launchkey` command.
 *
 * @see docs/cli.md
 * @since 0.1.0
 */
import type * as CliApp from "@effect/cli/CliApp"
import * as Command from "@effect/cli/Command"
import * as CommandDescriptor from "@effect/cli/CommandDescriptor"
import * as HelpDoc from "@effect/cli/HelpDoc"
import * as ValidationError from "@effect/cli/ValidationError"
import type * as HttpClient from "@effect/platform/HttpClient"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as HashMap from "effect/HashMap"
import * as Option from "effect/Option"
import * as Ref from "effect/Ref"
import * as DirectoryCommand from "./commands/DirectoryCommand.ts"
import * as ProfileCommand from "./commands/ProfileCommand.ts"
import * as SandboxCommand from "./commands/SandboxCommand.ts"
import * as Ending from "./Ending.ts"
import * as Failure from "./Failure.ts"
import { report } from "./internal/leaf.ts"
import { version } from "./internal/version.ts"
import type * as Stdio from "./Stdio.ts"

const name = "launchkey"

const sandbox = SandboxCommand.command.pipe(
  // It serves until it is interrupted, and that is its end.
  Command.transformHandler((effect) => Effect.zipRight(Ending.as("done"), effect))
)

const command = Command.make(name).pipe(
  Command.withDescription("Multi-factor authentication over the LaunchKey API v3."),
  Command.withSubcommands([ProfileCommand.command, DirectoryCommand.command, sandbox])
)

/** Colours and the like, which a JSON document has no use for. */
// oxlint-disable-next-line no-control-regex
const plain = (text: string): string => text.replace(/\u001b\[[0-9;]*m/g, "").trim()

/** With the words before it in each line of usage, which the library leaves out. */
const wholeUsage = (text: string, path: ReadonlyArray<string>): string => {
  const last = path.at(-1)
  return last === undefined
    ? text
    : text.replaceAll(
      new RegExp(String.raw`^\$ (?:${name} )?(?:\S+ )??(?=${last}(?: |$))`, "gm"),
      `$ ${[name, ...path.slice(0, -1), ""].join(" ")}`
    )
}

/** The words of the arguments that name a command, from the outermost group on. */
const pathOf = (args: ReadonlyArray<string>): ReadonlyArray<string> => {
  const path: Array<string> = []
  let children = Command.getSubcommands(command)
  for (const word of args) {
    const child = HashMap.get(children, word)
    if (Option.isNone(child)) break
    path.push(word)
    children = CommandDescriptor.getSubcommands(child.value)
  }
  return path
}

const usage = (error: ValidationError.ValidationError, path: ReadonlyArray<string>): Failure.Block => ({
  end: "usage",
  problem: plain(HelpDoc.toAnsiText(error.error)),
  next: `Read \`${[name, ...path, "--help"].join(" ")}\`.`
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
    const path = pathOf(own)
    const outer = yield* Console.consoleWith(Effect.succeed)
    // What is wrong with the arguments is told once, as any failure is, and not as the library would.
    const console: Console.Console = {
      ...outer,
      error: () => Effect.void,
      // Usage lines of the library begin with the last word of a command alone.
      log: (...texts) => outer.log(...texts.map((text) => typeof text === "string" ? wholeUsage(text, path) : text))
    }
    const json = (own.includes("--") ? own.slice(0, own.indexOf("--")) : own).includes("--json")
    const app = Command.run(
      Command.transformHandler(command, (effect) => Effect.withConsole(effect, outer)),
      { name, version, executable: name }
    )
    yield* app(args).pipe(
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
