import type { Route } from "@effect-launchkey/core/Api"
import { isHttpClientError } from "@effect/platform/HttpClientError"
import type { HttpClientResponse } from "@effect/platform/HttpClientResponse"
import * as Cause from "effect/Cause"
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Exit from "effect/Exit"
import * as Metric from "effect/Metric"
import * as Option from "effect/Option"
import * as Metrics from "../Metrics.ts"
import * as RetryPolicy from "../RetryPolicy.ts"
import { type MessageRejected, TransportError } from "../TransportError.ts"
import type { Answer } from "./exchange.ts"

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
}

export type Attempt = (progress: Progress) => Effect.Effect<Answer, TransportError | MessageRejected>

export interface Settings {
  readonly deadline: Duration.Duration
  readonly budget: RetryPolicy.Budget
  readonly retry: RetryPolicy.Options
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

/**
 * Makes a call: attempts, each made anew, until one is worth no other or there is no time or budget for another. Its
 * failure is that of the last, and tells whether any of them may have been sent.
 */
export const make = (
  { budget, deadline, retry }: Settings
): (call: Call, attempt: Attempt) => Effect.Effect<HttpClientResponse, TransportError | MessageRejected> => {
  const schedule = retry.schedule ?? RetryPolicy.defaultSchedule
  const rateLimited = retry.rateLimited ?? false
  const millis = Duration.toMillis(deadline)

  return (call, attempt) =>
    Effect.suspend(() => {
      const repeatable = call.route?.repeatable === true
      const operation = label(call)
      const attempted = Metric.increment(Metrics.attempts.of({ operation }))
      let earlierSent = false
      let progress: Progress = { attempt: 1, sent: false }

      const honest = (error: TransportError | MessageRejected) =>
        error._tag === "TransportError" && earlierSent && !error.sent
          ? new TransportError({ reason: error.reason, operation: error.operation, cause: error.cause, sent: true })
          : error

      const all = Effect.gen(function*() {
        const ends = (yield* Clock.currentTimeMillis) + millis
        let waits: ReturnType<typeof RetryPolicy.makeWaits> | undefined
        while (true) {
          yield* attempted
          const result = yield* Effect.either(attempt(progress))
          const reason = Either.match(result, {
            onLeft: (error) => error._tag === "TransportError" ? whyFailed(error, repeatable) : undefined,
            onRight: (answer) => whyAnswered(answer, repeatable, rateLimited)
          })
          if (Either.isRight(result) && result.right.response.status < 500 && result.right.response.status !== 429) {
            yield* budget.deposit
          }
          const last = Either.isRight(result) ? Effect.succeed(result.right.response) : Effect.fail(honest(result.left))
          if (reason === undefined) return yield* last
          waits ??= RetryPolicy.makeWaits(schedule)
          const asked = Either.isRight(result) ? result.right.retryAfter : undefined
          const wait = yield* waits({
            operation: call.operation,
            attempt: progress.attempt,
            reason,
            retryAfter: Option.map(Option.fromNullable(asked), Duration.seconds)
          })
          if (Option.isNone(wait)) return yield* last
          const now = yield* Clock.currentTimeMillis
          if (now + Duration.toMillis(wait.value) >= ends) return yield* last
          if (!(yield* budget.withdraw)) {
            yield* annotated(
              Effect.logDebug(`${call.operation}: not tried again (${reason}), as the retry budget is drained.`)
            )
            return yield* last
          }
          yield* annotated(count(call, reason, progress.attempt, wait.value))
          // The platform has not acted on what it did not get, nor on what it refused for its rate.
          earlierSent ||= reason !== "NotSent" && reason !== "RateLimited"
          progress = { attempt: progress.attempt + 1, sent: false }
          yield* Effect.sleep(wait.value)
        }
      })

      return all.pipe(
        // Signing may be anyone's, and what does not let go must not keep the caller waiting.
        Effect.disconnect,
        Effect.timeoutFail({
          duration: deadline,
          onTimeout: () =>
            new TransportError({
              reason: "TimedOut",
              operation: call.operation,
              sent: earlierSent || progress.sent
            })
        }),
        Effect.onExit((exit) => Metric.increment(Metrics.calls.of({ operation, outcome: outcome(exit) })))
      )
    })
}
