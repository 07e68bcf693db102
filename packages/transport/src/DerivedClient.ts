/**
 * Calls by the client that `HttpApiClient` derives from the contract, with its own errors as ours.
 *
 * @since 0.1.0
 */
import { statusCode, UnexpectedApiError, WireError } from "@effect-launchkey/core/ApiError"
import type { HttpApiDecodeError } from "@effect/platform/HttpApiError"
import * as HttpClient from "@effect/platform/HttpClient"
import type { HttpClientError } from "@effect/platform/HttpClientError"
import type { HttpClientResponse } from "@effect/platform/HttpClientResponse"
import * as Effect from "effect/Effect"
import * as FiberRef from "effect/FiberRef"
import * as Option from "effect/Option"
import type * as ParseResult from "effect/ParseResult"
import * as Predicate from "effect/Predicate"
import * as Schema from "effect/Schema"
import { MessageRejected, operation } from "./TransportError.ts"

/**
 * How the client that is derived from the contract says that it cannot read an answer.
 *
 * @since 0.1.0
 * @category errors
 */
export type Unreadable = HttpClientError | ParseResult.ParseError | HttpApiDecodeError

const unreadable = Predicate.or(
  Predicate.or(Predicate.isTagged("ParseError"), Predicate.isTagged("HttpApiDecodeError")),
  Predicate.or(Predicate.isTagged("RequestError"), Predicate.isTagged("ResponseError"))
)
const isUnreadable = <E>(error: E | Unreadable): error is Unreadable => unreadable(error)

// The derived client forgets the answer that it could not read, so it is kept beside the call.
const currentAnswer = FiberRef.unsafeMake<Option.Option<HttpClientResponse>>(Option.none())

/**
 * Makes the answers of a client known to {@link fold}.
 *
 * @since 0.1.0
 * @category combinators
 */
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
 *
 * @since 0.1.0
 * @category combinators
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
