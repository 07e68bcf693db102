import * as Command from "@effect/cli/Command"
import * as Options from "@effect/cli/Options"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import * as Ending from "../Ending.ts"
import type { End } from "../ExitCode.ts"
import * as Failure from "../Failure.ts"

/** Tells of a failure where the command would have told of its result, and ends as it says. */
export const report = (tag: string, block: Failure.Block, json: boolean): Effect.Effect<void, never, Ending.Ending> =>
  Effect.zipRight(
    Ending.as(block.end),
    json ? Console.log(JSON.stringify(Failure.document(tag, block))) : Console.error(Failure.text(block))
  )

/** A command that does something, rather than a group of such. */
export interface Spec<Config extends Command.Command.Config, A, I> {
  readonly description: string
  readonly config: Config
  /** What `--json` prints, encoded. */
  readonly result: Schema.Schema<A, I>
  /** What is printed for people. */
  readonly text: (result: A) => string
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
) =>
  Command.make(
    name,
    { given: config, json },
    // The library's type of a parsed config does not see through a generic one.
    (parsed) => {
      const { given, json } = parsed as unknown as { given: Command.Command.ParseConfig<Config>; json: boolean }
      return handler(given).pipe(
        Effect.flatMap((value) =>
          json
            ? Schema.encode(result)(value).pipe(
              Effect.orDie,
              Effect.flatMap((encoded) => Console.log(JSON.stringify(encoded))),
              Effect.zipRight(Ending.as(end(value)))
            )
            : Effect.zipRight(Console.log(text(value)), Ending.as(end(value)))
        ),
        Effect.catchAll((error: Failure.Failure) => report(error._tag, Failure.describe(error), json)),
        Effect.scoped
      ) as Effect.Effect<void, never, Exclude<R, Scope.Scope> | Ending.Ending>
    }
  ).pipe(Command.withDescription(description))
