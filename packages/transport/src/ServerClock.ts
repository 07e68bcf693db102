/**
 * The platform's time as this process sees it: its own clock, corrected by what the platform answered to a ping.
 *
 * @see docs/protocol.md "Time"
 * @since 0.1.0
 */
import * as Clock from "effect/Clock"
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Ref from "effect/Ref"
import * as refreshing from "./internal/refreshing.ts"
import { traced } from "./Tracing.ts"
import type { TransportError } from "./TransportError.ts"

/**
 * How long a measured offset is kept, and how long after that it serves while the platform is away.
 *
 * @since 0.1.0
 * @category models
 */
export const lifetimes = {
  timeToLive: Duration.seconds(300),
  serveStaleFor: Duration.hours(1),
  retryAfter: Duration.seconds(10)
} as const

/**
 * @since 0.1.0
 * @category models
 */
export interface ServerClock {
  /** Seconds since the epoch on the platform's clock, to about a second. */
  readonly now: Effect.Effect<number, TransportError>
  /** Has the next reading measure anew. */
  readonly invalidate: Effect.Effect<void>
  /**
   * As `invalidate`, unless that was tried a moment ago: what a stranger can cause must not become a stream of pings.
   * Whether the next reading measures anew.
   */
  readonly doubt: Effect.Effect<boolean>
}

/**
 * @since 0.1.0
 * @category constructors
 */
export const make = (
  ping: Effect.Effect<DateTime.Utc, TransportError>,
  timeToLive: Duration.Duration = lifetimes.timeToLive,
  /** Told of each offset that was measured, in seconds. */
  measured: (offset: number) => Effect.Effect<void> = () => Effect.void
): Effect.Effect<ServerClock> =>
  Effect.gen(function*() {
    const lastTried = yield* Ref.make(Option.none<number>())
    const offset = yield* refreshing.make({
      capacity: 1,
      ...lifetimes,
      timeToLive,
      lookup: (_: "offset") =>
        Effect.gen(function*() {
          const sent = yield* Clock.currentTimeMillis
          yield* Ref.set(lastTried, Option.some(sent))
          const answered = yield* ping
          const received = yield* Clock.currentTimeMillis
          const ahead = DateTime.toEpochMillis(answered) - (sent + received) / 2
          yield* measured(ahead / 1000)
          return ahead
        }).pipe(traced("ServerClock.measure")),
      final: () => Option.none()
    })
    return {
      now: Effect.flatMap(
        offset.get("offset"),
        (millis) => Effect.map(Clock.currentTimeMillis, (local) => (local + millis) / 1000)
      ),
      invalidate: offset.invalidate("offset"),
      doubt: Effect.gen(function*() {
        const now = yield* Clock.currentTimeMillis
        const recent = Option.exists(
          yield* Ref.get(lastTried),
          (millis) => now >= millis && now - millis < Duration.toMillis(lifetimes.retryAfter)
        )
        if (!recent) yield* offset.invalidate("offset")
        return !recent
      })
    }
  })
