/**
 * The port that clients see: an `HttpClient` that seals each request for the platform and believes an answer only
 * after opening it. Keys never travel further up than this.
 *
 * @since 0.1.0
 */
import type { RouteOf } from "@effect-launchkey/core/api/Contract"
import { InvalidParameters } from "@effect-launchkey/core/ApiError"
import type { AuthorizationPackage, AuthorizationResponse } from "@effect-launchkey/core/Authorization"
import { EntityIdentifier } from "@effect-launchkey/core/EntityIdentifier"
import { KeyId } from "@effect-launchkey/core/KeyId"
import * as HttpClient from "@effect/platform/HttpClient"
import * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import * as Clock from "effect/Clock"
import * as Config from "effect/Config"
import type * as ConfigError from "effect/ConfigError"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import * as Answer from "./Answer.ts"
import * as Body from "./Body.ts"
import * as Claims from "./Claims.ts"
import type { HashFunction } from "./ContentHash.ts"
import * as Dialect from "./Dialect.ts"
import * as Envelope from "./Envelope.ts"
import * as attempts from "./internal/attempts.ts"
import * as exchange from "./internal/exchange.ts"
import * as webhooks from "./internal/webhooks.ts"
import type { InvalidKey } from "./InvalidKey.ts"
import * as Jose from "./Jose.ts"
import * as Keyring from "./Keyring.ts"
import { Refusal } from "./Rejection.ts"
import * as RemoteApi from "./RemoteApi.ts"
import * as RetryPolicy from "./RetryPolicy.ts"
import { annotated, toHeaders as traceContext, traced } from "./Tracing.ts"
import { MessageRejected, operation, TransportError } from "./TransportError.ts"

/**
 * @since 0.1.0
 * @category models
 */
export interface Options {
  /** Whose key signs: `"svc:<uuid>"`, `"dir:<uuid>"` or `"org:<uuid>"`. */
  readonly issuer: string
  /**
   * Of the platform, such as `"https://mfa.example.com"`; a path prefix is kept. There is no default: the vendor's
   * hosted API is gone. HTTPS, save on a loopback host.
   */
  readonly baseUrl: string
  /**
   * How long one attempt may take, from sending to the last byte of the answer, and how long the platform's time or a key
   * may take that it needs before. Default 10 seconds.
   */
  readonly attemptTimeout?: Duration.DurationInput | undefined
  /** How long a call may take, with all its attempts and the waits between them. Default 30 seconds. */
  readonly deadline?: Duration.DurationInput | undefined
  /** When to try again. Default: {@link RetryPolicy.defaultSchedule}, and never on a 429. */
  readonly retry?: RetryPolicy.Options | undefined
  /** Tolerance for the clocks' difference. Default 5 seconds, at most 30. */
  readonly leeway?: Duration.DurationInput | undefined
  /** Default `RSA-OAEP-256`. */
  readonly keyEncryptionAlgorithm?: Jose.KeyEncryptionAlgorithm | undefined
  /** Default `S256`. */
  readonly hashFunction?: HashFunction | undefined
  /** For how long a request may be used after it was signed. Default 5 seconds, at most 60. */
  readonly tokenLifetime?: Duration.DurationInput | undefined
  /** How the platform names itself in tokens. Default `"lka"`, as the vendor's did, or the dialect's name for it. */
  readonly platform?: string | undefined
  /**
   * Speaks the early authorization instead, by this key of the issuer, an organization or a service: ten digits. Only for
   * a platform that asks for it: an answer's status is not signed then. Default: none, and such answers are refused.
   */
  readonly earlyKey?: string | undefined
  /** Ids of the only platform keys to trust. Default: any that the platform serves. */
  readonly pinnedKeys?: ReadonlyArray<string> | undefined
  /**
   * Whether sealed calls carry the header `traceparent`, so that a platform of one's own continues the trace. Default
   * false: trace ids are nobody else's affair.
   *
   * @see https://www.w3.org/TR/trace-context/
   */
  readonly propagateTraceContext?: boolean | undefined
}

/**
 * A request that brings a webhook, and who remembers that it came.
 *
 * @since 0.1.0
 * @category models
 */
export interface Delivery<E = never> {
  /** The service or directory that listens. */
  readonly subject: EntityIdentifier
  /** Value of the `X-IOV-JWT` header. */
  readonly token: string | undefined
  readonly method: string
  /** As the platform called it, without a query: the external path behind a proxy. */
  readonly path: string
  /** The octets as they came. */
  readonly body: Uint8Array
  /**
   * Marks the token as seen, in one atomic step; false when it was before. After `until`, seconds since the epoch on
   * Effect's `Clock`, it need not be remembered.
   */
  readonly firstSeen: (token: {
    readonly audience: EntityIdentifier
    readonly tokenId: string
    readonly until: number
  }) => Effect.Effect<boolean, E>
}

/**
 * @since 0.1.0
 * @category models
 */
export interface OpenedWebhook extends Envelope.OpenedWebhook {
  /** How far the platform's clock is ahead of Effect's, seconds: what takes a time of the event's to ours. */
  readonly clockOffset: number
}

/**
 * @since 0.1.0
 * @category models
 */
export interface Service {
  /** Whose key signs. */
  readonly issuer: EntityIdentifier
  /**
   * A client for the contract's paths that acts for this subject. Requests carry a path alone: the base URL is added
   * after the path was signed.
   *
   * `routeOf` tells of the groups that are called, or of the whole `Api`: what it does not know is not sent again once
   * it may have been sent, and has no name in spans and metrics. Default: nothing.
   */
  readonly httpClient: (
    subject: EntityIdentifier,
    routeOf?: RouteOf
  ) => HttpClient.HttpClient.With<TransportError | MessageRejected>
  /** Opens the device's answer inside a verified message. */
  readonly openAnswer: (
    relayed: AuthorizationPackage,
    expected: Answer.Expected
  ) => Effect.Effect<AuthorizationResponse, MessageRejected>
  /**
   * Opens a webhook that is meant for this issuer. What it tells is verified to come from the platform, and not to have
   * come before; what a device answered within it is still sealed.
   */
  readonly openWebhook: <E>(
    delivery: Delivery<E>
  ) => Effect.Effect<OpenedWebhook, MessageRejected | TransportError | E>
}

/**
 * @since 0.1.0
 * @category tags
 */
export class Transport extends Context.Tag("@effect-launchkey/transport/Transport")<Transport, Service>() {}

const invalid = (path: string, problem: string) =>
  new InvalidParameters({ origin: "Client", issues: [{ path, problem }], detail: undefined })

const checkLeeway = (input: Duration.DurationInput): Effect.Effect<number, InvalidParameters> => {
  const seconds = Duration.toSeconds(input)
  return seconds >= 0 && seconds <= Claims.leeway.maximum
    ? Effect.succeed(seconds)
    : Effect.fail(invalid("leeway", `not within 0 and ${Claims.leeway.maximum} seconds; correct the clock instead`))
}

const checkLifetime = (
  input: Duration.DurationInput,
  { maximumLifetime }: Dialect.Dialect
): Effect.Effect<number, InvalidParameters> => {
  const seconds = Duration.toSeconds(input)
  return Number.isInteger(seconds) && seconds >= 1 && seconds <= maximumLifetime
    ? Effect.succeed(seconds)
    : Effect.fail(invalid("tokenLifetime", `not a whole number of seconds from 1 to ${maximumLifetime}`))
}

const dialectOf = (
  earlyKey: string | undefined,
  issuer: EntityIdentifier
): Effect.Effect<Dialect.Dialect, InvalidParameters> =>
  earlyKey === undefined
    ? Effect.succeed(Dialect.current)
    : !Dialect.hasEarlyName(issuer)
    ? Effect.fail(invalid("earlyKey", "organizations and services alone have such a key; leave it out"))
    : !Dialect.isEarlyKey(earlyKey)
    ? Effect.fail(invalid("earlyKey", "not ten digits"))
    : Effect.succeed(Dialect.early(new Map([[earlyKey, issuer]])))

const checkTime = (
  path: string,
  input: Duration.DurationInput
): Effect.Effect<Duration.Duration, InvalidParameters> => {
  const duration = Duration.decode(input)
  return Duration.isFinite(duration) && Duration.greaterThan(duration, Duration.zero)
    ? Effect.succeed(duration)
    : Effect.fail(invalid(path, "not a time that passes; give one such as \"10 seconds\""))
}

const decoded = <A>(path: string, schema: Schema.Schema<A, string>, value: string) =>
  Effect.mapError(
    Schema.decodeUnknown(schema)(value),
    (error) => invalid(path, error.message.split("\n", 1)[0] ?? "not acceptable")
  )

/**
 * @since 0.1.0
 * @category constructors
 */
export const make = (options: Options): Effect.Effect<
  Service,
  InvalidParameters,
  Keyring.Keyring | RemoteApi.RemoteApi | HttpClient.HttpClient
> =>
  Effect.gen(function*() {
    const jose = yield* Jose.Jose
    const keyring = yield* Keyring.Keyring
    const httpClient = yield* HttpClient.HttpClient
    const issuer = yield* decoded("issuer", EntityIdentifier, options.issuer)
    const leeway = yield* checkLeeway(options.leeway ?? Duration.seconds(Claims.leeway.default))
    const dialect = yield* dialectOf(options.earlyKey, issuer)
    const lifetime = yield* checkLifetime(options.tokenLifetime ?? Duration.seconds(Claims.lifetime), dialect)
    const pinned = options.pinnedKeys === undefined
      ? undefined
      : new Set(yield* Effect.forEach(options.pinnedKeys, (id, i) => decoded(`pinnedKeys[${i}]`, KeyId, id)))
    const { defaults } = RetryPolicy
    const attemptTimeout = yield* checkTime("attemptTimeout", options.attemptTimeout ?? defaults.attemptTimeout)
    const deadline = yield* checkTime("deadline", options.deadline ?? defaults.deadline)
    const { baseUrl, budget, clock, keys } = yield* (yield* RemoteApi.RemoteApi).connect({
      baseUrl: options.baseUrl,
      httpClient
    })
    const call = exchange.untimed(httpClient, baseUrl)
    const attempted = attempts.make({
      attemptTimeout,
      budget,
      deadline,
      retry: options.retry ?? {},
      services: Context.make(Jose.Jose, jose)
    })
    const { host } = new URL(baseUrl)

    const trusted = (key: Jose.PublicKey) =>
      pinned === undefined || pinned.has(key.keyId)
        ? Effect.succeed(key)
        : Effect.fail(new Refusal({ reason: "KeyUnknown" }))
    const findKey = (keyId: KeyId) => Effect.flatMap(keys.get(keyId), trusted)

    const rejected = (kind: MessageRejected["kind"], name: string) => (error: Refusal | TransportError) =>
      error._tag === "Refusal"
        ? new MessageRejected({ kind, reason: error.reason, operation: name, cause: error.cause })
        : error

    const seal = Effect.fnUntraced(function*(
      request: HttpClientRequest.HttpClientRequest,
      subject: EntityIdentifier
    ) {
      const plaintext = request.body._tag === "Uint8Array" ? request.body.body : undefined
      if (
        (plaintext === undefined && request.body._tag !== "Empty") ||
        request.urlParams.length > 0 || !/^\/[^?#]*$/.test(request.url) ||
        (!dialect.namesSubject && subject !== issuer)
      ) {
        return yield* new TransportError({
          reason: "RequestUnsupported",
          operation: operation(request.method, request.url)
        })
      }
      return yield* Envelope.sealRequest({
        keyring,
        issuer,
        subject,
        method: request.method,
        path: request.url,
        now: yield* clock.now,
        body: plaintext === undefined
          ? undefined
          : { plaintext, recipient: yield* Effect.flatMap(keys.current, trusted) },
        keyEncryptionAlgorithm: options.keyEncryptionAlgorithm,
        hashFunction: options.hashFunction,
        dialect,
        platform: options.platform,
        lifetime
      })
    })

    const exchangeSealed = Effect.fnUntraced(function*(
      request: HttpClientRequest.HttpClientRequest,
      subject: EntityIdentifier,
      name: string,
      progress: attempts.Progress
    ) {
      const sealed = yield* seal(request, subject).pipe(
        traced("Transport.seal"),
        Effect.mapError((error) =>
          error._tag === "TransportError" ? marked(error, { sent: false }) : rejected("Request", name)(error)
        )
      )
      progress.sent = true
      const received = yield* progress.timed(call(
        HttpClientRequest.make(request.method)(request.url).pipe(
          HttpClientRequest.setHeaders({
            authorization: sealed.authorization,
            accept: dialect.contentType,
            ...(options.propagateTraceContext === true ? yield* traceContext : {})
          }),
          sealed.body === undefined
            ? (bare) => bare
            : HttpClientRequest.bodyUint8Array(sealed.body, dialect.contentType)
        )
      ))
      yield* annotated({ "http.response.status_code": received.status })
      const open = Effect.flatMap(clock.now, (now) =>
        Envelope.openResponse({
          ...received,
          keyring,
          dialect,
          findKey,
          presumedKey: Effect.flatMap(keys.current, trusted),
          issuer,
          subject,
          tokenId: sealed.tokenId,
          now,
          leeway,
          platform: options.platform
        })).pipe(Effect.tapError((error) => isAboutTime(error) ? clock.invalidate : Effect.void))
      const opened = yield* open.pipe(
        // Our clock may have drifted since it was measured: measure once more before disbelieving the platform's.
        Effect.catchIf(isAboutTime, () => open),
        Effect.mapError((error) =>
          error._tag === "TransportError" ? marked(error, { sent: true }) : rejected("Response", name)(error)
        ),
        traced("Transport.open")
      )
      if (received.status === 401) yield* clock.invalidate
      // Of an error, a body that cannot be read must not hide the status.
      const json = received.status < 400 && Option.isSome(opened.body)
        ? yield* Effect.mapError(Body.json(opened.body.value), rejected("Response", name))
        : undefined
      return exchange.answer(
        request,
        { ...received, body: Option.getOrElse(opened.body, () => new Uint8Array(0)) },
        {
          json,
          authenticated: opened.authenticated,
          // A date in it is on the platform's clock, which was read a moment ago.
          now: received.headers["retry-after"] === undefined
            ? 0
            : yield* Effect.orElse(clock.now, () => Effect.map(Clock.currentTimeMillis, (millis) => millis / 1000))
        }
      )
    })

    const openWebhook = webhooks.make({ keyring, findKey, clock, issuer, leeway, platform: options.platform, jose })

    return {
      issuer,
      httpClient: (subject, routeOf = () => undefined) =>
        HttpClient.makeWith<TransportError | MessageRejected, never, TransportError | MessageRejected, never>(
          Effect.flatMap((request) => {
            const name = operation(request.method, request.url)
            const route = routeOf(request.method, request.url)
            return attempted({ operation: name, route }, (progress) =>
              exchangeSealed(request, subject, name, progress).pipe(
                traced("Transport.exchange", () => ({
                  kind: "client",
                  attributes: {
                    operation: name,
                    "http.request.method": request.method,
                    "server.address": host,
                    ...(route === undefined ? {} : { "url.template": route.template }),
                    attempt: progress.attempt
                  }
                }))
              ))
          }),
          Effect.succeed
        ),
      openAnswer: (relayed, expected) =>
        Answer.open(relayed, keyring, expected).pipe(
          Effect.mapError(({ reason }) =>
            new MessageRejected({ kind: "DeviceAnswer", reason, operation: "GET /service/v3/auths/…" })
          ),
          Effect.provideService(Jose.Jose, jose),
          traced("Transport.openAnswer")
        ),
      openWebhook: (delivery) =>
        Effect.locally(openWebhook(delivery), exchange.patience, attemptTimeout)
    }
  })

/** An error of the public endpoints as one of the call that needed them, which was sent by then or was not. */
const marked = ({ cause, operation, reason }: TransportError, { sent }: { readonly sent: boolean }): TransportError =>
  new TransportError({ cause, operation, reason, sent })

const isAboutTime = (error: Refusal | TransportError): boolean =>
  error._tag === "Refusal" && (error.reason === "Expired" || error.reason === "NotYetValid")

/**
 * With keys of one's own kind: a KMS, an HSM.
 *
 * @since 0.1.0
 * @category layers
 */
export const layerKeyring = (
  options: Options
): Layer.Layer<Transport, InvalidParameters, Keyring.Keyring | HttpClient.HttpClient> =>
  Layer.provide(Layer.effect(Transport, make(options)), RemoteApi.layer)

/**
 * With keys from PEM text.
 *
 * @example
 * ```ts
 * import { ServiceClient } from "@effect-launchkey/clients"
 * import { Transport } from "@effect-launchkey/transport"
 * import { FetchHttpClient } from "@effect/platform"
 * import { Layer, Redacted } from "effect"
 *
 * const serviceId = "a5a2d6d4-7d1c-11ee-b962-0242ac120002"
 *
 * const live = (pem: string) =>
 *   ServiceClient.layer({ serviceId }).pipe(
 *     Layer.provide(Transport.layer({
 *       issuer: `svc:${serviceId}`,
 *       baseUrl: "https://mfa.example.com",
 *       signingKey: Redacted.make(pem),
 *       attemptTimeout: "3 seconds"
 *     })),
 *     Layer.provide(FetchHttpClient.layer)
 *   )
 * ```
 *
 * @since 0.1.0
 * @category layers
 */
export const layer = (
  options: Options & Keyring.Options
): Layer.Layer<Transport, InvalidParameters | InvalidKey, HttpClient.HttpClient> =>
  Layer.provide(layerKeyring(options), Keyring.layer(options))

/**
 * @since 0.1.0
 * @category layers
 */
export const layerConfig = (
  config: Config.Config.Wrap<Options & Keyring.Options>
): Layer.Layer<Transport, InvalidParameters | InvalidKey | ConfigError.ConfigError, HttpClient.HttpClient> =>
  Layer.unwrapEffect(Effect.map(Config.unwrap(config), layer))
