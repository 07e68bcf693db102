/**
 * What is known when a create was sent and no answer to it can be believed.
 *
 * @see docs/protocol.md "Retries"
 * @since 0.1.0
 */
import { Unauthorized, UnexpectedApiError } from "@effect-launchkey/core/ApiError"
import { AuthorizationRequestId } from "@effect-launchkey/core/Authorization"
import { MessageRejected, TransportError } from "@effect-launchkey/transport/TransportError"
import * as DateTime from "effect/DateTime"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"

/**
 * A new authorization request may have been created, and its user asked, or not: no answer came, or none that could be
 * believed. Every other failure of `authorize` says that it was certainly not created.
 *
 * Never authorize on the word of a request that may be another's. What to do:
 *
 * - With a `candidate`: it is the one request that the user has open, and of this service. It is this one, or an
 *   earlier one, whose context, title and policy may be others. `cancel` it and ask again; or await it, if whatever
 *   this service asks of that user is the same.
 * - Without: ask again after `until`. Earlier, the user may be asked twice, or the platform answers
 *   `AuthorizationInProgress`.
 *
 * @since 0.1.0
 * @category errors
 */
export class OutcomeUnknown extends Schema.TaggedError<OutcomeUnknown>("@effect-launchkey/clients/OutcomeUnknown")(
  "OutcomeUnknown",
  {
    /** Only where it was asked for, by `whenUnknown: "askAgain"`, and the platform told of an open request. */
    candidate: Schema.OptionFromSelf(AuthorizationRequestId),
    /** When neither the request nor the candidate can be open any more, on this program's clock. */
    until: Schema.DateTimeUtcFromSelf,
    /** What became of the one that is not known. */
    cause: Schema.Union(TransportError, MessageRejected, UnexpectedApiError, Unauthorized)
  }
) {
  override get message(): string {
    const then = Option.match(this.candidate, {
      onNone: () => `It cannot be open after ${DateTime.formatIso(this.until)}: ask again then.`,
      onSome: (id) =>
        `Request ${id} of this service is open for the user: this one, or an earlier one. Cancel it and ask again, or ` +
        "await it if it does not matter which it is."
    })
    return `Whether the authorization request was created is not known (${this.cause._tag}). ${then}`
  }
}
