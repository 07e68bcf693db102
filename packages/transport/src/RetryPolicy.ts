/**
 * When a call to the platform is tried again: what may be repeated, how long to wait, and how often in all.
 *
 * @see docs/protocol.md "Retries"
 * @since 0.1.0
 */
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Metric from "effect/Metric"
import * as Option from "effect/Option"
import * as Ref from "effect/Ref"
import * as Schedule from "effect/Schedule"
import * as ScheduleDecision from "effect/ScheduleDecision"
import * as ScheduleIntervals from "effect/ScheduleIntervals"
import * as Metrics from "./Metrics.ts"

/**
 * Why an attempt is worth another:
 *
 * - `NotSent`: nothing of the request was sent, as no connection stood or the platform's time or key could not be had.
 * - `Unreachable`, `TimedOut`: no answer, and the endpoint may be asked again.
 * - `ServerError`: 500, 502, 503 or 504, and the endpoint may be asked again.
 * - `RateLimited`: 429, where {@link Options} opt in.
 *
 * @since 0.1.0
 * @category models
 */
export type Reason = "NotSent" | "Unreachable" | "TimedOut" | "ServerError" | "RateLimited"

/**
 * An attempt that is worth another: what the schedule is given.
 *
 * @since 0.1.0
 * @category models
 */
export interface Failure {
  /** Method and path with its ids left out. */
  readonly operation: string
  /** Which attempt failed, from 1. */
  readonly attempt: number
  readonly reason: Reason
  /** How long the platform asks to wait. */
  readonly retryAfter: Option.Option<Duration.Duration>
}

/**
 * @since 0.1.0
 * @category models
 */
export interface Options {
  /**
   * How often, and how long after each failure. Ends at the call's deadline, and while the retry budget is drained.
   * Default {@link defaultSchedule}; `Schedule.stop` for never.
   */
  readonly schedule?: Schedule.Schedule<unknown, Failure> | undefined
  /**
   * Whether to wait and try again on a 429, whatever the endpoint: the platform has not acted then. Waits for as long
   * as the platform asks, within {@link retryAfter}. Default false: `RateLimited` at once.
   */
  readonly rateLimited?: boolean | undefined
}

/**
 * Three times: after 100, 200 and 400 milliseconds, each varied at random by a fifth, so that many clients do not come
 * back in step.
 *
 * @since 0.1.0
 * @category schedules
 */
export const defaultSchedule: Schedule.Schedule<unknown> = Schedule.exponential("100 millis").pipe(
  Schedule.jittered,
  Schedule.intersect(Schedule.recurs(3))
)

/**
 * How long one attempt may take, from sending to the last byte of the answer, and a call with all its attempts and
 * waits, where nothing else is said.
 *
 * @since 0.1.0
 * @category models
 */
export const defaults = { attemptTimeout: Duration.seconds(10), deadline: Duration.seconds(30) } as const

/**
 * The bounds of what is waited for at the platform's wish: at least the minimum, and where it asks for more than the
 * maximum, not at all.
 *
 * @since 0.1.0
 * @category models
 */
export const retryAfter = { minimum: Duration.millis(100), maximum: Duration.seconds(30) } as const

/**
 * How many retries there are for all calls over one connection. Each takes one; each call that is answered, save with
 * a 429 or above 499, gives a tenth back. So a platform that is down is sent one request per call once the budget is
 * drained, and one that is half down at most 1.1.
 *
 * @since 0.1.0
 * @category models
 */
export const budget = { capacity: 10, deposit: 0.1 } as const

/**
 * @since 0.1.0
 * @category models
 */
export interface Budget {
  /** One retry, if there is one left. */
  readonly withdraw: Effect.Effect<boolean>
  readonly deposit: Effect.Effect<void>
  readonly left: Effect.Effect<number>
}

// In tenths, which are exact.
const tenths = { capacity: budget.capacity * 10, deposit: budget.deposit * 10, retry: 10 } as const

/**
 * A full budget. `baseUrl` names it in `Metrics.retryBudget`.
 *
 * @since 0.1.0
 * @category constructors
 */
export const makeBudget = (baseUrl: string): Effect.Effect<Budget> =>
  Effect.map(Ref.make<number>(tenths.capacity), (left) => {
    const gauge = Metrics.retryBudget.of({ base_url: baseUrl })
    const change = (to: (left: number) => number) =>
      Effect.flatMap(
        Ref.modify(left, (before) => {
          const after = to(before)
          return [after === before ? undefined : after, after]
        }),
        (after) => after === undefined ? Effect.succeed(false) : Effect.as(Metric.set(gauge, after / 10), true)
      )
    return {
      withdraw: change((left) => left < tenths.retry ? left : left - tenths.retry),
      deposit: Effect.asVoid(change((left) => Math.min(tenths.capacity, left + tenths.deposit))),
      left: Effect.map(Ref.get(left), (left) => left / 10)
    }
  })

/**
 * How long to wait after each failure of one call; none when there is to be no other attempt. Keeps the state of the
 * schedule: make one for each call.
 *
 * @since 0.1.0
 * @category constructors
 */
export const makeWaits = (
  schedule: Schedule.Schedule<unknown, Failure>
): (failure: Failure) => Effect.Effect<Option.Option<Duration.Duration>> => {
  let state: unknown = schedule.initial
  return Effect.fnUntraced(function*(failure) {
    const now = yield* Clock.currentTimeMillis
    const [next, , decision] = yield* schedule.step(now, failure, state)
    state = next
    if (ScheduleDecision.isDone(decision)) return Option.none()
    const scheduled = Duration.millis(Math.max(0, ScheduleIntervals.start(decision.intervals) - now))
    const floored = failure.reason === "RateLimited" ? Duration.max(scheduled, retryAfter.minimum) : scheduled
    return Option.match(failure.retryAfter, {
      onNone: () => Option.some(floored),
      onSome: (asked) =>
        Duration.greaterThan(asked, retryAfter.maximum)
          ? Option.none()
          : Option.some(Duration.max(floored, Duration.max(asked, retryAfter.minimum)))
    })
  })
}
