import {
  type Forbidden,
  InvalidParameters,
  type InvalidRoute,
  type Unauthorized,
  type UnexpectedApiError
} from "@effect-launchkey/core/ApiError"
import type { MessageRejected, TransportError } from "@effect-launchkey/transport/TransportError"
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

const dotted = (prefix: string, path: ReadonlyArray<PropertyKey>): string =>
  path.reduce<string>(
    (whole, key) =>
      typeof key === "number" ? `${whole}[${key}]` : whole === "" ? String(key) : `${whole}.${String(key)}`,
    prefix
  )

const problem = (issue: ParseResult.ArrayFormatterIssue): string =>
  issue._tag === "Unexpected"
    ? "not an option of this method; leave it out"
    // Where a schema has no words of its own, the formatter's end with the value, which may be private.
    : issue.message.replace(/^Expected ([\s\S]*?), actual [\s\S]*$/, "expected $1")

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
            // What is wrong with an optional member is not that it is there.
            .filter(({ message }) => !message.startsWith("Expected undefined, actual "))
            .map((found) => ({ path: dotted(field, found.path), problem: problem(found) })),
          detail: undefined
        })
    )
}
