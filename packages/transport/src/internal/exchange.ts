import { statusCode, type WireError } from "@effect-launchkey/core/ApiError"
import * as FetchHttpClient from "@effect/platform/FetchHttpClient"
import * as Headers from "@effect/platform/Headers"
import * as HttpClient from "@effect/platform/HttpClient"
import { isHttpClientError } from "@effect/platform/HttpClientError"
import * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import type * as HttpClientResponse from "@effect/platform/HttpClientResponse"
import * as Context from "effect/Context"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as FiberRef from "effect/FiberRef"
import * as FiberRefs from "effect/FiberRefs"
import * as Option from "effect/Option"
import * as Predicate from "effect/Predicate"
import type * as Runtime from "effect/Runtime"
import { collect, json } from "../Body.ts"
import { maximumBodyLength, tokenHeader } from "../Claims.ts"
import { Refusal } from "../Rejection.ts"
import * as RetryPolicy from "../RetryPolicy.ts"
import { operation, TransportError } from "../TransportError.ts"
import { withoutMessage } from "./causes.ts"
import { ReadResponse } from "./readResponse.ts"
import * as retryAfter from "./retryAfter.ts"
import { nothingSent } from "./unsent.ts"
import { userAgent } from "./userAgent.ts"
import { within } from "./within.ts"

export interface Received {
  readonly status: number
  /** Names in lower case. */
  readonly headers: { readonly [name: string]: string | undefined }
  readonly body: Uint8Array
}

export type Exchange = (request: HttpClientRequest.HttpClientRequest) => Effect.Effect<Received, TransportError>

const failing =
  (request: HttpClientRequest.HttpClientRequest) => (reason: TransportError["reason"]) => (cause?: unknown) =>
    new TransportError({
      reason,
      operation: operation(request.method, request.url),
      sent: !nothingSent(cause),
      // The rest of the client's own error is the request, with the token in it.
      cause: withoutMessage(isHttpClientError(cause) ? cause.cause ?? cause.description : cause)
    })

/**
 * How long an exchange of the fiber's may take. What calls have to look up first is shared by those of any transport, and
 * may take as long as an attempt of the one that asks: were it longer, every attempt would wait for the one that hangs.
 */
export const patience: FiberRef.FiberRef<Duration.Duration> = FiberRef.unsafeMake(RetryPolicy.defaults.attemptTimeout)

/**
 * One HTTP exchange, whole or not at all: no redirect is followed, nothing compressed is accepted, no more is read
 * than a message may have, and all of it happens within the timeout: where none is given, the fiber's {@link patience}.
 */
export const make = (
  client: HttpClient.HttpClient,
  { baseUrl, timeout }: { readonly baseUrl: string; readonly timeout?: Duration.DurationInput }
): Exchange => {
  const exchange = untimed(client, baseUrl)
  return (request) =>
    Effect.flatMap(
      timeout === undefined ? FiberRef.get(patience) : Effect.succeed(timeout),
      (atLeast) => within(exchange(request), { atLeast, onTimeout: failing(request)("TimedOut"), updateRefs })
    )
}

const isOurs = (request: HttpClientRequest.HttpClientRequest): boolean => request.headers["user-agent"] === userAgent

/**
 * The spans around a call name its route; those of the plain client would name its ids, and tell the platform. Of another
 * client's requests in the same fiber, as of a KMS, they stay as they are.
 */
export const updateRefs: Exclude<Runtime.RunForkOptions["updateRefs"], undefined> = (refs, fiberId) => {
  const others = FiberRefs.getOrDefault(refs, HttpClient.currentTracerDisabledWhen)
  return FiberRefs.updateAs(refs, {
    fiberId,
    fiberRef: HttpClient.currentTracerDisabledWhen,
    value: (request: HttpClientRequest.HttpClientRequest) => isOurs(request) || others(request)
  })
}

/** The same for whoever looks after the time, in a fiber with {@link updateRefs}. */
export const untimed = (client: HttpClient.HttpClient, baseUrl: string): Exchange => {
  const addressed = (request: HttpClientRequest.HttpClientRequest) =>
    HttpClientRequest.setHeaders(HttpClientRequest.prependUrl(request, baseUrl), {
      "accept-encoding": "identity",
      "user-agent": userAgent
    })
  return (request) => {
    const fail = failing(request)
    return client.execute(addressed(request)).pipe(
      Effect.mapError(fail("Unreachable")),
      Effect.flatMap((response) => {
        const encoding = response.headers["content-encoding"]
        if (encoding !== undefined && encoding !== "identity") return fail("AnswerEncoded")()
        // 0 is what a browser shows of a redirect that it does not follow
        if (response.status < 200 || response.status > 599) return fail("AnswerUnusable")()
        return Effect.map(
          readCapped(response, fail),
          (body) => ({ status: response.status, headers: response.headers, body })
        )
      }),
      notFollowed
    )
  }
}

/** Only fetch follows redirects unless told otherwise. */
export const notFollowed = <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
  Effect.mapInputContext(effect, (context: Context.Context<R>) => {
    const init = Context.getOption(context, FetchHttpClient.RequestInit)
    return Context.add(context, FetchHttpClient.RequestInit, { ...Option.getOrUndefined(init), redirect: "manual" })
  })

const readCapped = (
  response: HttpClientResponse.HttpClientResponse,
  fail: (reason: TransportError["reason"]) => (cause?: unknown) => TransportError
): Effect.Effect<Uint8Array, TransportError> =>
  response.status === 204 || response.headers["content-length"] === "0"
    ? Effect.succeed(empty)
    : read(response).pipe(
      Effect.catchAll((error) =>
        error._tag === "Refusal"
          ? fail("AnswerTooLarge")()
          : error.reason === "EmptyBody"
          ? Effect.succeed(empty)
          : fail("Unreachable")(error)
      )
    )

/** In one piece where its length was announced, which HTTP holds it to: a stream costs several times as much. */
const read = (response: HttpClientResponse.HttpClientResponse) => {
  const announced = response.headers["content-length"]
  return announced !== undefined && /^\d{1,9}$/.test(announced) && Number(announced) <= maximumBodyLength.message
    ? Effect.filterOrFail(
      Effect.map(response.arrayBuffer, (body) => new Uint8Array(body)),
      (body) => body.length <= maximumBodyLength.message,
      () => new Refusal({ reason: "BodyTooLarge" })
    )
    : collect(response.stream, maximumBodyLength.message)
}

const empty = new Uint8Array(0)

/**
 * An error in the one shape that the contract declares, whatever became of its body: an empty or unreadable one must
 * not hide the status.
 */
const wireError = (received: Received, context: Circumstances): WireError => {
  const error = Option.getOrUndefined(Option.filter(Either.getRight(json(received.body)), Predicate.isRecord))
  const known = typeof error?.error_code === "string"
  const data = known && Predicate.isRecord(error.error_data) ? error.error_data : {}
  const header = retryAfter.read(received.headers["retry-after"], context.now)
  return {
    error_code: known ? error.error_code as string : statusCode(received.status),
    error_detail: known ? error.error_detail ?? "" : "",
    error_data: {
      ...data,
      // The header is not signed: it counts only where the body says nothing of the kind.
      ...(Option.isSome(header) && typeof data.retry_after !== "number" ? { retry_after: header.value } : {}),
      authenticated: context.authenticated
    }
  }
}

export interface Circumstances {
  readonly authenticated: boolean
  /** What the body says, where it was read already. */
  readonly json?: unknown
  /** Seconds since the epoch on the platform's clock, as far as it is known. */
  readonly now: number
}

/** What the contract's client is given to decode, and what decides whether to ask again. */
export interface Answer {
  readonly response: HttpClientResponse.HttpClientResponse
  /** Seconds, where the platform asks to wait. */
  readonly retryAfter: number | undefined
}

/** Statuses that a `Response` cannot have a body with, whatever stood on the wire. */
const bodiless = [204, 205, 304]

/** Where a token may stand, by dialect. */
const tokens: ReadonlyArray<string> = [tokenHeader, "authorization"]

/** Plain JSON, and nothing of the wire. */
export const answer = (
  request: HttpClientRequest.HttpClientRequest,
  received: Received,
  context: Circumstances
): Answer => {
  const { status } = received
  const error = status >= 400 ? wireError(received, context) : undefined
  const wait = Predicate.isRecord(error?.error_data) ? error.error_data.retry_after : undefined
  return {
    response: new ReadResponse(request, {
      status,
      headers: withoutTokens(received.headers),
      body: error !== undefined
        ? new TextEncoder().encode(JSON.stringify(error))
        : bodiless.includes(status)
        ? empty
        : received.body,
      json: error ?? context.json
    }),
    retryAfter: typeof wait === "number" && wait >= 0 ? wait : undefined
  }
}

const withoutTokens = (headers: Received["headers"]): Headers.Headers => {
  const kept: Record<string, string> = {}
  for (const name of Object.keys(headers)) {
    const value = headers[name]
    if (value !== undefined && !tokens.includes(name)) kept[name] = value
  }
  return Headers.unsafeFromRecord(kept)
}
