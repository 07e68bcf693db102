/**
 * How an exchange with the platform may fail before the platform's word can be believed.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"
import { describeReason, RejectionReason } from "./Rejection.ts"

const problems = {
  Unreachable: "no answer came: the platform could not be reached or the connection broke",
  TimedOut: "no answer came in time",
  AnswerTooLarge: "the answer is larger than this protocol allows",
  AnswerEncoded: "the answer is compressed although it was asked not to be",
  AnswerUnusable: "the answer is not what this endpoint answers",
  RequestUnsupported: "the request cannot be sent: it has a query, or a body or subject that cannot be sealed",
  KeyWithheld: "the key was not asked for, since messages named too many different keys lately that do not exist"
} as const

const remedies: { readonly [Reason in keyof typeof problems]: string } = {
  Unreachable: "Check the base URL and the network.",
  TimedOut: "Check the network, or allow more time.",
  AnswerTooLarge: "Check that the base URL is that of a platform.",
  AnswerEncoded: "Have proxies on the way leave answers as they are.",
  AnswerUnusable: "Check that the base URL is that of a platform.",
  RequestUnsupported: "Send JSON, and ids in the path; in the early authorization act for the issuer itself.",
  KeyWithheld: "Somebody is sending forged messages here. Take this one again in a minute."
}

/**
 * No answer, or none that could be one. `operation` is method and path with its ids left out: of the call, or of the
 * public endpoint that the call needed first.
 *
 * @see docs/protocol.md "Retries"
 * @since 0.1.0
 * @category errors
 */
export class TransportError extends Schema.TaggedError<TransportError>("@effect-launchkey/transport/TransportError")(
  "TransportError",
  {
    reason: Schema.Literal(
      "Unreachable",
      "TimedOut",
      "AnswerTooLarge",
      "AnswerEncoded",
      "AnswerUnusable",
      "RequestUnsupported",
      "KeyWithheld"
    ),
    operation: Schema.String,
    /**
     * Whether any of the call may have been sent, in any attempt. False: the platform has certainly not acted on it.
     * True, the default: that is not known.
     */
    sent: Schema.optionalWith(Schema.Boolean, { default: () => true }),
    cause: Schema.optional(Schema.Defect)
  }
) {
  override get message(): string {
    const acted = this.sent
      ? "Whether the platform has acted on the call is not known."
      : "The platform has certainly not acted on the call: nothing of it was sent."
    return `${this.operation}: ${problems[this.reason]}. ${remedies[this.reason]} ${acted}`
  }
}

/**
 * A message that is not believed. Nothing of its content was used; `reason` is the first check that it failed.
 *
 * Of kind `Request`, at a client, it is its own request that could not be sealed: the platform's key is not one to
 * trust. Then nothing was sent.
 *
 * Keep `reason` from whoever sent the message: it helps an attacker.
 *
 * @see docs/protocol.md "Verification"
 * @since 0.1.0
 * @category errors
 */
export class MessageRejected
  extends Schema.TaggedError<MessageRejected>("@effect-launchkey/transport/TransportError/MessageRejected")(
    "MessageRejected",
    {
      kind: Schema.Literal("Request", "Response", "DeviceAnswer", "Webhook"),
      reason: RejectionReason,
      /** Method and path with its ids left out. */
      operation: Schema.String,
      cause: Schema.optional(Schema.Defect)
    }
  )
{
  override get message(): string {
    const what = this.kind === "DeviceAnswer" ? "The device's answer within the response to" : `${this.kind} to`
    return `${what} ${this.operation} was refused: ${describeReason[this.reason]}. Nothing of it was used.`
  }
}

/**
 * Method and path without the ids in it, for messages and spans.
 *
 * @since 0.1.0
 * @category conversions
 */
export const operation = (method: string, path: string): string =>
  `${method} ${path.replace(/\/(?:[0-9a-fA-F]{2}[:-]?){16,}(?=\/|$)|\/[0-9a-fA-F-]{36}(?=\/|$)/g, "/…")}`
