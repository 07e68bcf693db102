/**
 * How often to ask whether a user has answered.
 *
 * @since 0.1.0
 */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Random from "effect/Random"
import * as Schedule from "effect/Schedule"

/**
 * How long {@link defaultSchedule} goes on after the time to live of a request: 15 seconds, three of its longest
 * intervals, so that the platform's own verdict is read and not guessed.
 *
 * @since 0.1.0
 * @category models
 */
export const margin: Duration.Duration = Duration.seconds(15)

/**
 * Quick for a user who answers at once and gentle after: the first interval is 500 milliseconds, each is 1.3 times the
 * one before, and none is longer than 5 seconds; each then varies at random by a fifth, so that many clients do not
 * ask in step. It ends {@link margin} after the time to live.
 *
 * @since 0.1.0
 * @category schedules
 */
export const defaultSchedule = (timeToLive: Duration.DurationInput): Schedule.Schedule<unknown> =>
  Schedule.exponential("500 millis", 1.3).pipe(
    Schedule.union(Schedule.spaced("5 seconds")),
    Schedule.jittered,
    Schedule.upTo(Duration.sum(timeToLive, margin))
  )

/**
 * For waiting with a webhook, which tells sooner: asks only in case that one is lost. The first interval is 10 seconds,
 * each is twice the one before, and none is longer than a minute; each then varies at random by a fifth. From 1 to 4
 * seconds after the time to live the platform's own verdict is read, then every 5 seconds until {@link margin} has
 * passed.
 *
 * @since 0.1.0
 * @category schedules
 */
export const safetyNetSchedule = (timeToLive: Duration.DurationInput): Schedule.Schedule<unknown> => {
  const verdict = Schedule.elapsed.pipe(
    Schedule.addDelayEffect((elapsed) =>
      Duration.lessThan(elapsed, timeToLive)
        // Requests that were created together are not asked for together.
        ? Effect.map(Random.nextRange(1_000, 4_000), (late) =>
          Duration.sum(Duration.subtract(timeToLive, elapsed), Duration.millis(late)))
        : Effect.succeed(Duration.seconds(5))
    )
  )
  return Schedule.exponential("10 seconds", 2).pipe(
    Schedule.union(Schedule.spaced("1 minute")),
    Schedule.jittered,
    Schedule.union(verdict),
    Schedule.upTo(Duration.sum(timeToLive, margin))
  )
}
