import type { InvalidParameters } from "@effect-launchkey/core/ApiError"
import * as HttpExchange from "@effect-launchkey/transport/HttpExchange"
import type { InvalidKey } from "@effect-launchkey/transport/InvalidKey"
import * as Jose from "@effect-launchkey/transport/Jose"
import * as ServerClock from "@effect-launchkey/transport/ServerClock"
import { TransportError } from "@effect-launchkey/transport/TransportError"
import * as HttpClient from "@effect/platform/HttpClient"
import * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Encoding from "effect/Encoding"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Ref from "effect/Ref"
import * as Schedule from "effect/Schedule"
import { InvalidRequest, type Refusal, type Tag, UnexpectedLegacyError } from "../LegacyError.ts"
import * as PlatformDate from "../PlatformDate.ts"
import * as SecretKey from "../SecretKey.ts"
import * as answers from "./answers.ts"
import { check, passing } from "./validate.ts"

export interface Options {
  readonly baseUrl: string
  readonly version: string
  readonly appKey: string | number
  readonly appSecret: Redacted.Redacted<string>
  readonly privateKey: Redacted.Redacted<string>
  readonly timeout: Duration.DurationInput
  readonly keyLifetime: Duration.DurationInput
  readonly retrySchedule: Schedule.Schedule<unknown>
  readonly readBy: "GET" | "POST"
}

interface Pinged {
  readonly platformKey: Jose.PublicKey
  readonly platformTime: DateTime.Utc
}

export type CallError = InvalidRequest | UnexpectedLegacyError | TransportError

type Parameters = Readonly<Record<string, string>>

const pingOperation = "GET /ping"

/** A secret that any key takes along with its stamp. */
const checkSecret = (secret: Redacted.Redacted<string>): Effect.Effect<void, InvalidParameters> => {
  const text = Redacted.value(secret)
  const maximum = 214
  return check(typeof text === "string" && text !== "", "appSecret", "empty; give the application's secret").pipe(
    Effect.zipRight(check(
      SecretKey.plaintextLength({ secret, stamped: DateTime.unsafeMake(0) }) <= maximum,
      "appSecret",
      "too long to be encrypted; give the application's secret, which has 32 characters"
    ))
  )
}

const checkAppKey = (appKey: string | number): Effect.Effect<string, InvalidParameters> => {
  const text = String(appKey)
  return Effect.as(check(/^[0-9]{10}$/.test(text), "appKey", "not ten digits"), text)
}

export const make = (options: Options): Effect.Effect<
  Connection,
  InvalidParameters | InvalidKey,
  HttpClient.HttpClient
> =>
  Effect.gen(function*() {
    const jose = yield* Jose.Jose
    const withJose = Effect.provideService(Jose.Jose, jose)
    const baseUrl = yield* HttpExchange.checkBaseUrl(options.baseUrl)
    yield* check(
      /^[A-Za-z0-9._-]+$/.test(options.version),
      "version",
      "not a segment of a path; give one such as \"v1\""
    )
    const appKey = yield* checkAppKey(options.appKey)
    yield* checkSecret(options.appSecret)
    const privateKey = yield* jose.importPrivateKey(options.privateKey)
    const timeout = yield* passing("timeout", options.timeout)
    const keyLifetime = yield* passing("keyLifetime", options.keyLifetime)
    const exchange = HttpExchange.make(yield* HttpClient.HttpClient, {
      baseUrl: `${baseUrl}/${options.version}`,
      timeout
    })
    const exchanged = (request: HttpClientRequest.HttpClientRequest) =>
      Effect.flatMap(
        exchange(HttpClientRequest.setHeader(request, "accept", "application/json")),
        (received) => answers.read(received, `${request.method} ${request.url}`)
      )

    const pinged = yield* Ref.make(Option.none<Pinged>())

    const askPing: Effect.Effect<Pinged, CallError> = Effect.gen(function*() {
      const members = yield* Effect.flatten(exchanged(HttpClientRequest.get("/ping"))).pipe(
        Effect.mapError((error) => error instanceof TransportError ? error : answers.refusal(["InvalidRequest"])(error))
      )
      const unusable = (cause?: unknown) =>
        new TransportError({ reason: "AnswerUnusable", operation: pingOperation, sent: false, cause })
      const time = members.api_time ?? members.launchkey_time
      const platformTime = typeof time === "string" ? PlatformDate.parse(time) : Option.none()
      if (Option.isNone(platformTime) || typeof members.key !== "string") return yield* unusable()
      const platformKey = yield* Effect.mapError(jose.importPublicKey(members.key), unusable)
      return { platformKey, platformTime: platformTime.value }
    }).pipe(
      Effect.retry(Schedule.whileInput(options.retrySchedule, isRepeatable)),
      Effect.tap((answer) => Ref.set(pinged, Option.some(answer)))
    )

    const clock = yield* ServerClock.make(
      askPing.pipe(
        Effect.map(({ platformTime }) => platformTime),
        // Nothing of the call that needed the time was sent.
        Effect.mapError((cause) =>
          cause instanceof TransportError
            ? new TransportError({ reason: cause.reason, operation: cause.operation, sent: false, cause: cause.cause })
            : new TransportError({ reason: "AnswerUnusable", operation: pingOperation, sent: false, cause })
        )
      ),
      keyLifetime
    )

    const now: Effect.Effect<{ readonly seconds: number; readonly platformKey: Jose.PublicKey }, CallError> = Effect
      .gen(
        function*() {
          const seconds = yield* clock.now
          // known, as the clock is
          const { platformKey } = Option.getOrThrow(yield* Ref.get(pinged))
          return { seconds, platformKey }
        }
      ).pipe(
        Effect.mapError((error) =>
          error.cause instanceof InvalidRequest || error.cause instanceof UnexpectedLegacyError ? error.cause : error
        )
      )

    const proof: Effect.Effect<SecretKey.Proof, CallError> = Effect.gen(function*() {
      const { platformKey, seconds } = yield* now
      return yield* SecretKey.seal(
        { secret: options.appSecret, stamped: DateTime.unsafeMake(Math.floor(seconds) * 1000) },
        { platformKey, signingKey: privateKey }
      ).pipe(
        // the secret's length was checked
        Effect.orDie
      )
    }).pipe(withJose)

    /** A proof of its own for every attempt. */
    const call = <T extends Tag>(
      expected: ReadonlyArray<T>,
      request: (credentials: Parameters) => Effect.Effect<HttpClientRequest.HttpClientRequest>
    ): Effect.Effect<{ readonly [member: string]: unknown }, Refusal<T> | CallError> =>
      proof.pipe(
        Effect.flatMap(({ secretKey, signature }) => request({ app_key: appKey, secret_key: secretKey, signature })),
        Effect.flatMap(exchanged),
        Effect.flatMap(Effect.mapError(answers.refusal(expected)))
      )

    return {
      privateKey,
      now,
      doubt: clock.doubt,
      ping: (force) =>
        Effect.gen(function*() {
          if (force) yield* clock.invalidate
          const { platformKey, seconds } = yield* now
          return { platformKey, platformTime: DateTime.unsafeMake(Math.floor(seconds * 1000)) }
        }),
      form: (expected, method, path, parameters) =>
        call(expected, (credentials) =>
          Effect.succeed(
            HttpClientRequest.make(method)(path).pipe(
              HttpClientRequest.bodyUrlParams({ ...parameters, ...credentials })
            )
          )),
      read: (expected, path, parameters) =>
        call(expected, (credentials) => {
          const all = { ...parameters, ...credentials }
          return Effect.succeed(
            options.readBy === "GET"
              ? HttpClientRequest.get(path, { urlParams: all })
              : HttpClientRequest.post(path, { urlParams: { METHOD: "GET" } }).pipe(
                HttpClientRequest.bodyUrlParams(all)
              )
          )
        }).pipe(
          // that the ping failed was repeated on its own
          Effect.retry(
            Schedule.whileInput(
              options.retrySchedule,
              (error: unknown) => isRepeatable(error) && error.operation !== pingOperation
            )
          )
        ),
      signedJson: (expected, path, members) =>
        call(expected, ({ secret_key }) => {
          const text = JSON.stringify({ app_key: numeric(appKey), secret_key, ...members })
          const body = new TextEncoder().encode(text)
          return Effect.map(jose.signBytes(body, privateKey), (signature) =>
            HttpClientRequest.post(path).pipe(
              HttpClientRequest.setUrlParam("signature", Encoding.encodeBase64(signature)),
              HttpClientRequest.bodyUint8Array(body, "application/json")
            ))
        })
    }
  })

/** As a number, save where that would lose a digit. */
const numeric = (appKey: string): string | number => appKey.startsWith("0") ? appKey : Number(appKey)

const isRepeatable = (error: unknown): error is TransportError =>
  error instanceof TransportError && (error.reason === "Unreachable" || error.reason === "TimedOut")

export interface Connection {
  readonly privateKey: Jose.PrivateKey
  /** Seconds since the epoch by the platform's clock, and its key. */
  readonly now: Effect.Effect<{ readonly seconds: number; readonly platformKey: Jose.PublicKey }, CallError>
  /** Has the next reading ask for both again, unless that was done a moment ago. */
  readonly doubt: Effect.Effect<boolean>
  readonly ping: (force: boolean) => Effect.Effect<Pinged, CallError>
  /** Parameters in the body. Sent once. */
  readonly form: <T extends Tag>(
    expected: ReadonlyArray<T>,
    method: "POST" | "PUT",
    path: string,
    parameters: Parameters
  ) => Effect.Effect<{ readonly [member: string]: unknown }, Refusal<T> | CallError>
  /** Parameters in the URL, or in the body of a POST that says that it is a GET. Sent again where no answer came. */
  readonly read: <T extends Tag>(
    expected: ReadonlyArray<T>,
    path: string,
    parameters: Parameters
  ) => Effect.Effect<{ readonly [member: string]: unknown }, Refusal<T> | CallError>
  /** JSON in the body, which is what the signature covers. Sent once. */
  readonly signedJson: <T extends Tag>(
    expected: ReadonlyArray<T>,
    path: string,
    members: Parameters
  ) => Effect.Effect<{ readonly [member: string]: unknown }, Refusal<T> | CallError>
}
