import type { Route } from "@effect-launchkey/core/api/Contract"
import { isHttpClientError } from "@effect/platform/HttpClientError"
import type { HttpClientResponse } from "@effect/platform/HttpClientResponse"
import * as Cause from "effect/Cause"
import type * as Clock from "effect/Clock"
import type * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Exit from "effect/Exit"
import * as FiberRefs from "effect/FiberRefs"
import * as Metric from "effect/Metric"
import * as Option from "effect/Option"
import * as Metrics from "../Metrics.ts"
import * as RetryPolicy from "../RetryPolicy.ts"
import { type MessageRejected, TransportError } from "../TransportError.ts"
import { type Answer, patience, updateRefs } from "./exchange.ts"
import { within } from "./within.ts"

export interface Call {
  /** Method and path with its ids left out. */
  readonly operation: string
  /** Undefined where the contract has no such endpoint. */
  readonly route: Route | undefined
}

/** How far an attempt has come. */
export interface Progress {
  /** From 1. */
  readonly attempt: number
  /** Set before anything of the request is sent. */
  sent: boolean
  /** Gives what is sent and answered the time of an attempt, where the call has as much left. */
  readonly timed: <A, E, R>(exchange: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>
}

export type Attempt<R = never> = (progress: Progress) => Effect.Effect<Answer, TransportError | MessageRejected, R>

export interface Settings<R = never> {
  readonly attemptTimeout: Duration.Duration
  readonly deadline: Duration.Duration
  readonly budget: RetryPolicy.Budget
  readonly retry: RetryPolicy.Options
  /** What attempts have besides what the call has. */
  readonly services?: Context.Context<R>
}

/** The platform itself, or what stands before it, in trouble. Its other refusals would be repeated too. */
const inTrouble = (status: number): boolean => status === 500 || (status >= 502 && status <= 504)

/** An answer to what has to be asked before a call, the time or a key, of a platform in trouble. */
const toldOfTrouble = ({ cause }: TransportError): boolean =>
  isHttpClientError(cause) && cause._tag === "ResponseError" && inTrouble(cause.response.status)

const whyFailed = (error: TransportError, repeatable: boolean): RetryPolicy.Reason | undefined => {
  const { reason, sent } = error
  const absent = reason === "Unreachable" || reason === "TimedOut"
  if (!sent) return absent || (reason === "AnswerUnusable" && toldOfTrouble(error)) ? "NotSent" : undefined
  return repeatable && absent ? reason : undefined
}

const whyAnswered = ({ response }: Answer, repeatable: boolean, rateLimited: boolean) => {
  if (response.status === 429) return rateLimited ? "RateLimited" : undefined
  return repeatable && inTrouble(response.status) ? "ServerError" : undefined
}

const count = (call: Call, reason: RetryPolicy.Reason, attempt: number, wait: Duration.Duration) =>
  Effect.zipRight(
    Metric.increment(Metrics.retries.of({ reason })),
    Effect.logWarning(
      `${call.operation}: attempt ${attempt} failed (${reason}); trying again in ${Duration.format(wait)}.`
    )
  )

/** What a call is counted by: nothing of it but its route. */
const label = ({ route }: Call): string =>
  route === undefined ? Metrics.otherOperation : `${route.method} ${route.template}`

const outcome = (exit: Exit.Exit<HttpClientResponse, TransportError | MessageRejected>): string =>
  Exit.match(exit, {
    onSuccess: ({ status }) => `${Math.floor(status / 100)}xx`,
    onFailure: (cause) =>
      Option.match(Cause.failureOption(cause), {
        onNone: () => Cause.isInterrupted(cause) ? "Interrupted" : "Defect",
        onSome: (error) => error._tag === "TransportError" ? error.reason : error._tag
      })
  })

const annotated = Effect.annotateLogs({ package: "@effect-launchkey/transport", module: "Transport" })

/** Milliseconds that a correction of the system's clock does not change. */
const elapsed = (clock: Clock.Clock): number => Number(clock.unsafeCurrentTimeNanos()) / 1_000_000

/**
 * Makes a call: attempts, each made anew, until one is worth no other or there is no time or budget for another. Its
 * failure is that of the last, and tells whether any of them may have been sent.
 */
export const make = <R = never>(
  { attemptTimeout, budget, deadline, retry, services }: Settings<R>
): (call: Call, attempt: Attempt<R>) => Effect.Effect<HttpClientResponse, TransportError | MessageRejected> => {
  const schedule = retry.schedule ?? RetryPolicy.defaultSchedule
  const rateLimited = retry.rateLimited ?? false
  const millis = Duration.toMillis(deadline)
  const attemptMillis = Duration.toMillis(attemptTimeout)
  const value = Duration.min(attemptTimeout, deadline)
  const refs: typeof updateRefs = (all, fiberId) =>
    FiberRefs.updateAs(updateRefs(all, fiberId), { fiberId, fiberRef: patience, value })

  return (call, attempt) =>
    Effect.clockWith((clock) => {
      const repeatable = call.route?.repeatable === true
      const operation = label(call)
      const counted = Metric.increment(Metrics.attempts.of({ operation }))
      const ends = elapsed(clock) + millis
      const left = () => ends - elapsed(clock)
      let earlierSent = false

      const honest = (error: TransportError | MessageRejected) =>
        error._tag === "TransportError" && earlierSent && !error.sent
          ? new TransportError({ reason: error.reason, operation: error.operation, cause: error.cause, sent: true })
          : error

      const attempted = (number: number) => {
        let until = ends
        const progress: Progress = {
          attempt: number,
          sent: false,
          timed: (exchange) =>
            Effect.suspend(() => {
              until = Math.min(ends, elapsed(clock) + attemptMillis)
              return Effect.map(exchange, (received) => {
                until = ends
                return received
              })
            })
        }
        return within(attempt(progress), {
          atLeast: Math.min(left(), attemptMillis),
          left: () => until - elapsed(clock),
          services,
          updateRefs: refs,
          onTimeout: () => new TransportError({ reason: "TimedOut", operation: call.operation, sent: progress.sent })
        })
      }

      return Effect.gen(function*() {
        let waits: ReturnType<typeof RetryPolicy.makeWaits> | undefined
        for (let number = 1;; number++) {
          yield* counted
          const result = yield* Effect.either(attempted(number))
          const reason = Either.match(result, {
            onLeft: (error) => error._tag === "TransportError" ? whyFailed(error, repeatable) : undefined,
            onRight: (answer) => whyAnswered(answer, repeatable, rateLimited)
          })
          if (Either.isRight(result) && result.right.response.status < 500 && result.right.response.status !== 429) {
            yield* budget.deposit
          }
          const last = Either.isRight(result) ? Effect.succeed(result.right.response) : Effect.fail(honest(result.left))
          if (reason === undefined || left() <= 0) return yield* last
          waits ??= RetryPolicy.makeWaits(schedule)
          const asked = Either.isRight(result) ? result.right.retryAfter : undefined
          const failure: RetryPolicy.Failure = {
            operation: call.operation,
            attempt: number,
            reason,
            retryAfter: Option.map(Option.fromNullable(asked), Duration.seconds)
          }
          // The schedule may be anyone's, and take its time too.
          const wait = yield* Effect.orElseSucceed(
            within(waits(failure), { atLeast: left(), onTimeout: () => "TimedOut" }),
            () => Option.none<Duration.Duration>()
          )
          if (Option.isNone(wait) || Duration.toMillis(wait.value) >= left()) return yield* last
          if (!(yield* budget.withdraw)) {
            yield* annotated(
              Effect.logDebug(`${call.operation}: not tried again (${reason}), as the retry budget is drained.`)
            )
            return yield* last
          }
          yield* annotated(count(call, reason, number, wait.value))
          // The platform has not acted on what it did not get, nor on what it refused for its rate.
          earlierSent ||= reason !== "NotSent" && reason !== "RateLimited"
          yield* Effect.sleep(wait.value)
        }
      }).pipe(
        Effect.onExit((exit) => Metric.increment(Metrics.calls.of({ operation, outcome: outcome(exit) })))
      )
    })
}
