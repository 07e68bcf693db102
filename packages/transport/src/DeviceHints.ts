/**
 * Hints of the platform that something changed for a device, as they come. Nothing in them is authenticated, so they are
 * worth a question and no more.
 *
 * @see docs/protocol.md "Hints"
 * @since 0.1.0
 */
import { hints } from "@effect-launchkey/core/api/DeviceApi"
import type { EntityIdentifier } from "@effect-launchkey/core/EntityIdentifier"
import * as HttpClient from "@effect/platform/HttpClient"
import * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import * as Envelope from "./Envelope.ts"
import { notFollowed } from "./internal/exchange.ts"
import type * as Keyring from "./Keyring.ts"
import * as RetryPolicy from "./RetryPolicy.ts"
import { operation, TransportError } from "./TransportError.ts"

/**
 * @since 0.1.0
 * @category models
 */
export interface Options {
  /** Checked, without a trailing slash. */
  readonly baseUrl: string
  readonly httpClient: HttpClient.HttpClient
  /** The device. */
  readonly issuer: EntityIdentifier
  readonly keyring: Keyring.Service
  /** Seconds since the epoch on the platform's clock. */
  readonly now: Effect.Effect<number, TransportError>
}

/**
 * How long nothing may come, not even a sign of life, until the stream counts as dead: more than twice as long as the
 * platform is ever silent.
 *
 * @since 0.1.0
 * @category schedules
 */
export const silence: Duration.Duration = Duration.seconds(40)

/** Longer than any line of a platform that keeps to the protocol. */
const maximumLineLength = 256

const fail = (reason: TransportError["reason"], cause?: unknown) =>
  new TransportError({ reason, operation: operation("GET", hints.path), cause })

/** The lines that each piece of text completes; what is left begins the next. */
const lines = Stream.mapAccumEffect("", (rest: string, text: string) => {
  const parts = (rest + text).split("\n")
  const left = parts.pop() ?? ""
  return left.length > maximumLineLength ? fail("AnswerTooLarge") : Effect.succeed([left, parts] as const)
})

/**
 * Asks for the hints, and yields them until the platform ends them, which it does now and then. The first comes at once:
 * what happened before it has to be asked for, and what happens after it is hinted at. Fails with `AnswerUnusable` where
 * the platform refuses or has none, with `TimedOut` where it has gone silent.
 *
 * @since 0.1.0
 * @category constructors
 */
export const stream = (
  { baseUrl, httpClient, issuer, keyring, now }: Options
): Stream.Stream<void, TransportError> => {
  const client = httpClient.pipe(
    HttpClient.withTracerDisabledWhen(() => true),
    HttpClient.withTracerPropagation(false)
  )
  const opened = Effect.gen(function*() {
    const { authorization } = yield* Envelope.sealRequest({
      keyring,
      issuer,
      subject: issuer,
      method: "GET",
      path: hints.path,
      now: yield* now
    })
    const response = yield* client.execute(
      HttpClientRequest.get(`${baseUrl}${hints.path}`).pipe(
        HttpClientRequest.setHeaders({ authorization, accept: hints.contentType })
      )
    ).pipe(
      // The rest of the client's own error is the request, with the token in it.
      Effect.mapError(() => fail("Unreachable")),
      Effect.disconnect,
      Effect.timeoutFail({ duration: RetryPolicy.defaults.attemptTimeout, onTimeout: () => fail("TimedOut") }),
      notFollowed
    )
    return response.status === 200 && response.headers["content-type"]?.startsWith(hints.contentType) === true
      ? response.stream
      : yield* fail("AnswerUnusable")
  })
  return Stream.unwrap(opened).pipe(
    Stream.mapError((error) => error._tag === "TransportError" ? error : fail("Unreachable")),
    Stream.timeoutFail(() => fail("TimedOut"), silence),
    Stream.decodeText("utf-8"),
    lines,
    Stream.flattenIterables,
    Stream.filter((line) => line.trimEnd() === `data: ${hints.change}`),
    Stream.map((): void => undefined)
  )
}
