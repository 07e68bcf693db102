import {
  type Forbidden,
  InvalidParameters,
  type InvalidRoute,
  statusCode,
  type Unauthorized,
  UnexpectedApiError,
  WireError
} from "@effect-launchkey/core/ApiError"
import { MessageRejected, operation, type TransportError } from "@effect-launchkey/transport/TransportError"
import type { HttpApiDecodeError } from "@effect/platform/HttpApiError"
import * as HttpClient from "@effect/platform/HttpClient"
import type { HttpClientError } from "@effect/platform/HttpClientError"
import type { HttpClientResponse } from "@effect/platform/HttpClientResponse"
import * as Effect from "effect/Effect"
import * as FiberRef from "effect/FiberRef"
import * as Option from "effect/Option"
import * as ParseResult from "effect/ParseResult"
import * as Predicate from "effect/Predicate"
import * as Schema from "effect/Schema"

/** What any call to a signed endpoint may end with, besides the errors of the endpoint itself. */
export type CallError =
  | InvalidParameters
  | InvalidRoute
  | Unauthorized
  | Forbidden
  | UnexpectedApiError
  | TransportError
  | MessageRejected

/** How the client that is derived from the contract says that it cannot read an answer. */
type Unreadable = HttpClientError | ParseResult.ParseError | HttpApiDecodeError

const unreadable = Predicate.or(
  Predicate.or(Predicate.isTagged("ParseError"), Predicate.isTagged("HttpApiDecodeError")),
  Predicate.or(Predicate.isTagged("RequestError"), Predicate.isTagged("ResponseError"))
)
const isUnreadable = <E>(error: E | Unreadable): error is Unreadable => unreadable(error)

// The derived client forgets the answer that it could not read, so it is kept beside the call.
const currentAnswer = FiberRef.unsafeMake<Option.Option<HttpClientResponse>>(Option.none())

/** Makes the answers of a client known to {@link fold}. */
export const remembering = <E>(client: HttpClient.HttpClient.With<E>): HttpClient.HttpClient.With<E> =>
  HttpClient.tap(client, (answer) => FiberRef.set(currentAnswer, Option.some(answer)))

const readWireError = Schema.decodeUnknown(Schema.parseJson(WireError))

const utf8 = new TextDecoder()

const judge = (answer: HttpClientResponse): Effect.Effect<never, UnexpectedApiError | MessageRejected> =>
  answer.status < 300
    ? new MessageRejected({
      kind: "Response",
      reason: "BodyMalformed",
      operation: operation(answer.request.method, answer.request.url)
    })
    : answer.arrayBuffer.pipe(
      Effect.flatMap((body) => readWireError(utf8.decode(body))),
      Effect.orElseSucceed(() => ({ error_code: statusCode(answer.status), error_detail: "" })),
      Effect.flatMap((json) =>
        new UnexpectedApiError({ status: answer.status, code: json.error_code, detail: json.error_detail })
      )
    )

/**
 * The errors of a derived call as the public ones: a refusal that the endpoint does not declare keeps its status, code
 * and detail; a success of another shape is not believed. The client must be {@link remembering}.
 */
export const fold = <A, E, R>(
  call: Effect.Effect<A, E | Unreadable, R>
): Effect.Effect<A, Exclude<E, Unreadable> | UnexpectedApiError | MessageRejected, R> =>
  call.pipe(
    Effect.catchIf(isUnreadable<E>, (error) =>
      Effect.flatMap(
        FiberRef.get(currentAnswer),
        // Nothing was sent, although the arguments were validated: a bug here.
        Option.match({ onNone: () => Effect.die(error), onSome: judge })
      )),
    Effect.locally(currentAnswer, Option.none())
  )

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
