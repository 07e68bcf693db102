import {
  type Forbidden,
  InvalidParameters,
  type InvalidRoute,
  type Unauthorized,
  type UnexpectedApiError
} from "@effect-launchkey/core/ApiError"
import * as Issues from "@effect-launchkey/core/Issues"
import { MessageRejected, type TransportError } from "@effect-launchkey/transport/TransportError"
import * as Effect from "effect/Effect"
import * as ParseResult from "effect/ParseResult"
import type * as Schema from "effect/Schema"

/** What any call to a signed endpoint may end with, besides the errors of the endpoint itself. */
export type CallError =
  | InvalidParameters
  | InvalidRoute
  | Unauthorized
  | Forbidden
  | UnexpectedApiError
  | TransportError
  | MessageRejected

const problem = (issue: ParseResult.ArrayFormatterIssue): string =>
  issue._tag === "Unexpected"
    ? "not an option of this method; leave it out"
    : Issues.withoutValue(issue.message)

/**
 * The arguments as the schema's, or every problem with them, before anything is sent. `field` names what is validated
 * where that is one argument rather than an object of them.
 */
export const validate = <A, I>(
  schema: Schema.Schema<A, I>,
  field = ""
): (input: unknown) => Effect.Effect<A, InvalidParameters> => {
  const decode = ParseResult.decodeUnknown(schema, { errors: "all", onExcessProperty: "error" })
  return (input) =>
    Effect.mapError(
      decode(input),
      (issue) =>
        new InvalidParameters({
          origin: "Client",
          issues: ParseResult.ArrayFormatter.formatIssueSync(issue)
            // What is wrong with a member that may be absent, or null, is not that it is neither.
            .filter(({ message }) => !/^Expected (?:undefined|null), actual /.test(message))
            .map((found) => ({ path: Issues.pathOf(found.path, field), problem: problem(found) })),
          detail: undefined
        })
    )
}

/** The one that was asked for. An answer without it is none to this request. */
export const only = <Id, A extends { readonly id: Id }>(
  found: ReadonlyArray<A>,
  id: Id,
  operation: string
): Effect.Effect<A, MessageRejected> => {
  const one = found.find((entity) => entity.id === id)
  return one === undefined
    ? new MessageRejected({ kind: "Response", reason: "BodyMalformed", operation })
    : Effect.succeed(one)
}
