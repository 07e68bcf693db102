import type { AuthorizationInProgress } from "@effect-launchkey/core/ApiError"
import * as Claims from "@effect-launchkey/transport/Claims"
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { OutcomeUnknown } from "../OutcomeUnknown.ts"
import type { AuthorizeError, NumberMatchUnsupported } from "../ServiceClient.ts"

type Cause = OutcomeUnknown["cause"]

type Failure = Exclude<AuthorizeError, OutcomeUnknown | NumberMatchUnsupported>

/**
 * A failure that leaves open what the platform did: there is no answer, none that is believed, none that was signed,
 * or one by which the platform says that it does not know itself.
 */
const leftOpen = (failure: Failure): Option.Option<Cause> => {
  switch (failure._tag) {
    case "TransportError":
      return failure.sent ? Option.some(failure) : Option.none()
    case "MessageRejected":
      return failure.kind === "Request" ? Option.none() : Option.some(failure)
    case "UnexpectedApiError":
      return failure.status < 400 || failure.status >= 500 ? Option.some(failure) : Option.none()
    case "Unauthorized":
      return failure.authenticated ? Option.none() : Option.some(failure)
    default:
      return Option.none()
  }
}

/** The platform takes a request for as long as its token is valid: a time to live may begin that much later. */
const late = Duration.seconds(Claims.maximumLifetime)

const unknown = (cause: Cause, ttl: Duration.Duration, open: Option.Option<AuthorizationInProgress>) =>
  Effect.flatMap(DateTime.now, (now) => {
    const until = DateTime.addDuration(now, Duration.sum(ttl, late))
    return new OutcomeUnknown({
      cause,
      candidate: Option.flatMap(open, ({ authorizationRequestId }) => authorizationRequestId),
      until: Option.match(Option.flatMap(open, ({ expires }) => expires), {
        onNone: () => until,
        onSome: (expires) => DateTime.max(until, expires)
      })
    })
  })

/** Of another service there is nothing to await or cancel, and it says nothing of ours. */
const ofThisService = (failure: Failure): Option.Option<AuthorizationInProgress> =>
  failure._tag === "AuthorizationInProgress" && failure.fromSameService ? Option.some(failure) : Option.none()

/**
 * A create that ends as what it made, as certainly not made, or as `OutcomeUnknown`: at once, or after asking once
 * more, which may tell.
 */
export const created = <A, R>(
  create: Effect.Effect<A, Failure, R>,
  options: { readonly askAgain: boolean; readonly ttl: Duration.Duration }
): Effect.Effect<A, Failure | OutcomeUnknown, R> =>
  Effect.catchAll(create, (failure): Effect.Effect<A, Failure | OutcomeUnknown, R> =>
    Option.match(leftOpen(failure), {
      onNone: () => Effect.fail(failure),
      onSome: (cause) =>
        options.askAgain
          ? Effect.catchAll(create, (second) => unknown(cause, options.ttl, ofThisService(second)))
          : unknown(cause, options.ttl, Option.none())
    }))
