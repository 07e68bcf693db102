import * as Command from "@effect/cli/Command"
import * as Options from "@effect/cli/Options"
import type * as Array from "effect/Array"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as FiberRef from "effect/FiberRef"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import * as Ending from "../Ending.ts"
import type { End } from "../ExitCode.ts"
import * as Failure from "../Failure.ts"
import * as Dash from "./dash.ts"
import * as Interruption from "./interruption.ts"
import { printableLines } from "./text.ts"

/** Tells of a failure where the command would have told of its result, and ends as it says. */
export const report = (tag: string, block: Failure.Block, json: boolean): Effect.Effect<void, never, Ending.Ending> =>
  Effect.zipRight(
    Ending.as(block.end),
    json ? Console.log(JSON.stringify(Failure.document(tag, block))) : Console.error(Failure.text(block))
  )

/** What is told of a command beside what the library knows. */
export interface Info {
  readonly name: string
  readonly description: string
  readonly children: ReadonlyArray<Info>
  /** Of a command that has a result: what `--json` prints. */
  readonly result?: Schema.Schema.AnyNoContext
}

/** A command that does something, rather than a group of such. */
export interface Spec<Config extends Command.Command.Config, A, I> {
  readonly description: string
  readonly config: Config
  /** What `--json` prints, encoded. */
  readonly result: Schema.Schema<A, I>
  /** What is printed for people. */
  readonly text: (result: A, given: Command.Command.ParseConfig<Config>) => string
  /** Default: `done` for every result. */
  readonly end?: (result: A) => End
}

const json = Options.boolean("json").pipe(
  Options.withDescription("Print one JSON document on standard output, whatever the end.")
)

export const make = <const Name extends string, const Config extends Command.Command.Config, A, I, R>(
  name: Name,
  { config, description, end = () => "done", result, text }: Spec<Config, A, I>,
  handler: (config: Command.Command.ParseConfig<Config>) => Effect.Effect<A, Failure.Failure, R>
) => {
  const command = Command.make(
    name,
    { given: config, json },
    // The library's type of a parsed config does not see through a generic one.
    (parsed) => {
      const { given, json } = Dash.restore(parsed) as {
        given: Command.Command.ParseConfig<Config>
        json: boolean
      }
      return handler(given).pipe(
        Effect.onInterrupt(() =>
          Effect.flatMap(FiberRef.get(Interruption.left), (left) =>
            json || Option.isSome(left)
              ? report("Interrupted", Option.getOrElse(left, () => Interruption.nothing), json)
              : Effect.void)
        ),
        Effect.flatMap((value) =>
          json
            ? Schema.encode(result)(value).pipe(
              // The value is the command's own: that its schema cannot write it would be a fault of the command.
              Effect.orDie,
              Effect.flatMap((encoded) => Console.log(JSON.stringify(encoded))),
              Effect.zipRight(Ending.as(end(value)))
            )
            : Effect.zipRight(Console.log(printableLines(text(value, given))), Ending.as(end(value)))
        ),
        Effect.catchAll((error: Failure.Failure) => report(error._tag, Failure.describe(error), json)),
        Effect.scoped
      ) as Effect.Effect<void, never, Exclude<R, Scope.Scope> | Ending.Ending>
    }
  ).pipe(Command.withDescription(description))
  const info: Info = { name, description, children: [], result }
  return Object.assign(command, { info })
}

/** Commands under one name. The constraint is the library's own: its commands are invariant in what they parse. */
export const group = <
  const Name extends string,
  // oxlint-disable-next-line typescript/no-explicit-any
  const Commands extends Array.NonEmptyReadonlyArray<Command.Command<any, any, any, any> & { readonly info: Info }>
>(name: Name, description: string, commands: Commands) => {
  const info: Info = { name, description, children: commands.map(({ info }) => info) }
  return Object.assign(
    Command.make(name).pipe(Command.withDescription(description), Command.withSubcommands(commands)),
    { info }
  )
}
