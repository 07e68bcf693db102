/**
 * What the command reads and shows beside its lines of output: standard input, and a line that changes while one waits.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"

/**
 * Standard input ended in an error rather than at its end.
 *
 * @since 0.1.0
 * @category errors
 */
export class InputUnreadable
  extends Schema.TaggedError<InputUnreadable>("@effect-launchkey/cli/Stdio/InputUnreadable")("InputUnreadable", {
    cause: Schema.Defect
  })
{
  override get message(): string {
    return "Standard input cannot be read. Pipe a file into the command."
  }
}

/**
 * @since 0.1.0
 * @category models
 */
export interface Service {
  /** All of standard input, as octets: read once. */
  readonly input: Effect.Effect<Uint8Array, InputUnreadable>
  /** Whether help may have colours: standard output is a terminal, and `NO_COLOR` is not set. */
  readonly colours: boolean
  /** Whether somebody may be looking: standard error is a terminal, where a line can be written anew. */
  readonly interactive: boolean
  /** Writes to standard error as it is, without a line break. */
  readonly show: (text: string) => Effect.Effect<void>
  /**
   * Asks a question of yes or no, which Enter answers by yes: none where nobody is there, or where Ctrl-C or half a minute
   * of silence is all that comes.
   */
  readonly ask: (question: string) => Effect.Effect<Option.Option<boolean>>
}

/**
 * @since 0.1.0
 * @category tags
 */
export class Stdio extends Context.Tag("@effect-launchkey/cli/Stdio")<Stdio, Service>() {}

/** By the key; none for Ctrl-C and Ctrl-D. */
const answers: ReadonlyMap<string, Option.Option<boolean>> = new Map([
  ["y", Option.some(true)],
  ["\r", Option.some(true)],
  ["\n", Option.some(true)],
  ["n", Option.some(false)],
  ["\u0003", Option.none()],
  ["\u0004", Option.none()]
])

/** The first key that answers. */
const key = Effect.async<Option.Option<boolean>>((resume) => {
  const heard = (octets: Uint8Array) => {
    const text = new TextDecoder().decode(octets)
    const answer = answers.get(text.slice(0, 1).toLowerCase())
    if (answer !== undefined) resume(Effect.succeed(answer))
  }
  process.stdin.on("data", heard)
  return Effect.sync(() => void process.stdin.off("data", heard))
})

/**
 * Those of the process.
 *
 * @since 0.1.0
 * @category layers
 */
export const layer: Layer.Layer<Stdio> = Layer.sync(Stdio, () => ({
  input: Effect.tryPromise({
    try: async () => {
      const chunks: Array<Uint8Array> = []
      for await (const chunk of process.stdin) chunks.push(chunk)
      return Buffer.concat(chunks)
    },
    catch: (cause) => new InputUnreadable({ cause })
  }),
  colours: process.stdout.isTTY === true && (process.env["NO_COLOR"] ?? "") === "",
  interactive: process.stderr.isTTY === true,
  show: (text) => Effect.sync(() => void process.stderr.write(text)),
  ask: (question) =>
    process.stdin.isTTY !== true || process.stderr.isTTY !== true ? Effect.succeedNone : Effect.acquireUseRelease(
      Effect.sync(() => {
        process.stderr.write(`${question} [Y/n] `)
        // So that Ctrl-C is a key like others, rather than the end of the process.
        process.stdin.setRawMode(true)
      }),
      () => Effect.map(Effect.timeoutOption(key, "30 seconds"), Option.flatten),
      () =>
        Effect.sync(() => {
          process.stdin.setRawMode(false)
          process.stdin.pause()
          process.stderr.write("\n")
        })
    )
}))
