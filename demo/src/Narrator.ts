/** Tells on the console what happens: on one rewritten line while waiting in a terminal, in plain lines in a pipe. */
import { type Cause, pretty } from "effect/Cause"
import * as Clock from "effect/Clock"
import * as Console from "effect/Console"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Schedule from "effect/Schedule"

const terminal = process.stdout.isTTY === true

/** A step did not end as it says. */
export class Unexpected extends Data.TaggedError("Unexpected")<{ readonly message: string }> {}

export const say = (text: string): Effect.Effect<void> => Console.log(text)

export const act = (title: string): Effect.Effect<void> => say(`\n── ${title} ──`)

export const scene = (title: string): Effect.Effect<void> => say(`\n${title}`)

export const done = (text: string): Effect.Effect<void> => say(`  ✓ ${text}`)

export const detail = (text: string): Effect.Effect<void> =>
  say(text.split("\n").map((line) => `    ${line}`).join("\n"))

/** The step's outcome must be what it says, or the demonstration has failed. */
export const expect = (holds: boolean, what: string): Effect.Effect<void, Unexpected> =>
  holds ? done(what) : Effect.fail(new Unexpected({ message: `Expected: ${what}. It was otherwise.` }))

/** What is tried must fail with this tag; the error is told in its own words. */
export const refusedWith = <A, E extends { readonly _tag: string; readonly message: string }, R>(
  what: string,
  effect: Effect.Effect<A, E, R>,
  tag: E["_tag"]
): Effect.Effect<E, Unexpected, R> =>
  Effect.flip(effect).pipe(
    Effect.mapError(() => new Unexpected({ message: `Expected ${tag}, but the call succeeded.` })),
    Effect.filterOrFail(
      (error) => error._tag === tag,
      (error) => new Unexpected({ message: `Expected ${tag}, but it was ${error._tag}: ${error.message}` })
    ),
    Effect.tap((error) => Effect.zipRight(done(`${what}: ${tag}`), detail(error.message)))
  )

const seconds = (millis: number) => `${(millis / 1000).toFixed(1)} s`

/** Shows that time passes while the effect runs. */
export const waiting = <A, E, R>(text: string, effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
  Effect.gen(function*() {
    const start = yield* Clock.currentTimeMillis
    const elapsed = Effect.map(Clock.currentTimeMillis, (now) => seconds(now - start))
    const tick = Effect.flatMap(elapsed, (time) =>
      Effect.sync(() => {
        process.stdout.write(`\r  … ${text} ${time}`)
      }))
    const line = yield* Effect.fork(
      terminal ? Effect.asVoid(Effect.repeat(tick, Schedule.spaced("100 millis"))) : say(`  … ${text}`)
    )
    const value = yield* Effect.ensuring(effect, Fiber.interrupt(line))
    const time = yield* elapsed
    if (terminal) yield* Effect.sync(() => process.stdout.write("\r\u001b[2K"))
    yield* done(`answered after ${time}`)
    return value
  })

export const explain = (cause: Cause<unknown>): Effect.Effect<void> =>
  Console.error(`\nThe demonstration failed.\n${pretty(cause)}`)
