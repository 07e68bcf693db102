/**
 * How often to ask whether a user has answered.
 *
 * @since 0.1.0
 */
import * as Duration from "effect/Duration"
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
