import * as Clock from "effect/Clock"
import * as Console from "effect/Console"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Schedule from "effect/Schedule"
import * as Stdio from "../Stdio.ts"

/** `"4:05"`; `"1:00:00"` from an hour on. */
const clock = (left: Duration.Duration): string => {
  const seconds = Math.max(0, Math.ceil(Duration.toSeconds(left)))
  const two = (n: number) => String(n).padStart(2, "0")
  const hours = Math.floor(seconds / 3600)
  const minutes = Math.floor(seconds / 60) % 60
  return hours > 0 ? `${hours}:${two(minutes)}:${two(seconds % 60)}` : `${minutes}:${two(seconds % 60)}`
}

/** To the start of the line, and nothing on it. */
const clear = "\r\u001b[2K"

/**
 * The effect, with a line on standard error that tells how much is left of the time, written anew each second: once and
 * without the time where standard error is no terminal.
 */
export const withTimeLeft = <A, E, R>(
  self: Effect.Effect<A, E, R>,
  line: string,
  ttl: Duration.Duration
): Effect.Effect<A, E, R | Stdio.Stdio> =>
  Effect.gen(function*() {
    const stdio = yield* Stdio.Stdio
    if (!stdio.interactive) return yield* Effect.zipRight(Console.error(`${line}, for up to ${clock(ttl)}.`), self)
    const end = (yield* Clock.currentTimeMillis) + Duration.toMillis(ttl)
    const show = Effect.flatMap(
      Clock.currentTimeMillis,
      (now) => stdio.show(`${clear}${line}: ${clock(Duration.millis(end - now))} left. Ctrl-C stops the waiting.`)
    )
    return yield* Effect.acquireUseRelease(
      Effect.fork(Effect.interruptible(Effect.repeat(show, Schedule.spaced("1 second")))),
      () => self,
      (shown) => Effect.zipRight(Fiber.interrupt(shown), stdio.show(clear))
    )
  })
