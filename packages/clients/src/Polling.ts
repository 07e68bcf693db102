/**
 * How often to ask whether a user has answered.
 *
 * @since 0.1.0
 */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Random from "effect/Random"
import * as Schedule from "effect/Schedule"
import * as ScheduleDecision from "effect/ScheduleDecision"
import * as ScheduleInterval from "effect/ScheduleInterval"

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
 * @example
 * ```ts
 * import { Polling, ServiceClient } from "@effect-launchkey/clients"
 * import type { Authorization } from "@effect-launchkey/core"
 * import { Effect, Schedule } from "effect"
 *
 * // every three seconds at most, for a minute
 * const schedule = Polling.defaultSchedule("1 minute").pipe(Schedule.union(Schedule.spaced("3 seconds")))
 *
 * const patiently = (id: Authorization.AuthorizationRequestId) =>
 *   Effect.flatMap(ServiceClient.ServiceClient, (service) => service.awaitResponse(id, { schedule }))
 * ```
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
 * For waiting with a webhook, which tells sooner: asks only in case that one is lost. The first interval is 45 seconds,
 * each after it 90; each varies at random by a fifth. From 1 to 4 seconds after the time to live the platform's own
 * verdict is read, then every 5 seconds until {@link margin} has passed. So it asks less than once in a minute.
 *
 * @since 0.1.0
 * @category schedules
 */
export const safetyNetSchedule = (timeToLive: Duration.DurationInput): Schedule.Schedule<unknown> => {
  const end = Duration.toMillis(timeToLive)
  const last = end + Duration.toMillis(margin)
  // One schedule and not some that are combined, whose states thousands of waits would hold.
  return Schedule.makeWithState<number | undefined, unknown, unknown>(undefined, (now, _, begun) => {
    const started = begun ?? now
    const elapsed = now - started
    if (elapsed >= last) return Effect.succeed([started, elapsed, ScheduleDecision.done] as const)
    return Effect.map(Effect.all([Random.nextRange(0.8, 1.2), Random.nextRange(1_000, 4_000)]), ([share, late]) => {
      const usual = share * (begun === undefined ? 45_000 : 90_000)
      // Requests that were created together are not asked for together.
      const verdict = elapsed < end ? end - elapsed + late : 5_000
      const interval = ScheduleInterval.after(now + Math.min(usual, verdict))
      return [started, elapsed, ScheduleDecision.continueWith(interval)] as const
    })
  })
}
