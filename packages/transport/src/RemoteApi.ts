/**
 * What a program knows of the platforms that it calls: their keys, their clocks and what may still be retried, one of
 * each per base URL, however many credentials share it.
 *
 * @since 0.1.0
 */
import { contract } from "@effect-launchkey/core/api/Contract"
import { keyIdHeader, PublicApi } from "@effect-launchkey/core/api/PublicApi"
import type { InvalidParameters } from "@effect-launchkey/core/ApiError"
import * as HttpApiClient from "@effect/platform/HttpApiClient"
import * as HttpClient from "@effect/platform/HttpClient"
import * as Cache from "effect/Cache"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Data from "effect/Data"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Metric from "effect/Metric"
import * as Option from "effect/Option"
import * as baseUrls from "./internal/baseUrl.ts"
import * as exchange from "./internal/exchange.ts"
import * as Metrics from "./Metrics.ts"
import * as RemoteKeys from "./RemoteKeys.ts"
import * as RetryPolicy from "./RetryPolicy.ts"
import * as ServerClock from "./ServerClock.ts"
import { TransportError } from "./TransportError.ts"

/**
 * @since 0.1.0
 * @category models
 */
export interface Connection {
  /** As every call uses it: checked, without a trailing slash. */
  readonly baseUrl: string
  /** For the endpoints that are called plainly: no redirects, no compression, a cap and a timeout, and nothing believed. */
  readonly httpClient: HttpClient.HttpClient.With<TransportError>
  readonly keys: RemoteKeys.RemoteKeys
  readonly clock: ServerClock.ServerClock
  /** Of retries, for all that calls over it. */
  readonly budget: RetryPolicy.Budget
}

/**
 * @since 0.1.0
 * @category models
 */
export interface Options {
  /** HTTPS, save on a loopback host. A path prefix is kept. */
  readonly baseUrl: string
  readonly httpClient: HttpClient.HttpClient
}

/**
 * @since 0.1.0
 * @category models
 */
export interface Service {
  /** The same connection for the same base URL through the same client. */
  readonly connect: (options: Options) => Effect.Effect<Connection, InvalidParameters>
}

/**
 * @since 0.1.0
 * @category tags
 */
export class RemoteApi extends Context.Tag("@effect-launchkey/transport/RemoteApi")<RemoteApi, Service>() {}

/**
 * How long what was learned of a platform is kept: its keys, and the offset of its clock.
 *
 * @since 0.1.0
 * @category models
 */
export interface Lifetimes {
  readonly keys: Duration.Duration
  readonly clock: Duration.Duration
}

/**
 * Read when the layer is built. Default 300 seconds each.
 *
 * @since 0.1.0
 * @category tags
 */
export class RemoteLifetimes extends Context.Reference<RemoteLifetimes>()(
  "@effect-launchkey/transport/RemoteApi/RemoteLifetimes",
  {
    defaultValue: (): Lifetimes => ({
      keys: RemoteKeys.lifetimes.timeToLive,
      clock: ServerClock.lifetimes.timeToLive
    })
  }
) {}

const unusable = (operation: string) => (cause: unknown) =>
  cause instanceof TransportError ? cause : new TransportError({ reason: "AnswerUnusable", operation, cause })

const open = Effect.fnUntraced(function*({ baseUrl, httpClient }: Options) {
  const call = exchange.make(httpClient, { baseUrl })
  const plain = HttpClient.makeWith<TransportError, never, TransportError, never>(
    Effect.flatMap((request) =>
      Effect.zipWith(
        call(request),
        Clock.currentTimeMillis,
        (received, millis) => exchange.answer(request, received, { authenticated: false, now: millis / 1000 }).response
      )
    ),
    Effect.succeed
  )
  const api = yield* HttpApiClient.group(contract.add(PublicApi), { group: "public", httpClient: plain })
  const lifetimes = yield* RemoteLifetimes
  const clock = yield* ServerClock.make(
    api.ping({}).pipe(Effect.map(({ apiTime }) => apiTime), Effect.mapError(unusable("GET /public/v3/ping"))),
    lifetimes.clock,
    (offset) => Metric.set(Metrics.clockOffset.of({ base_url: baseUrl }), offset)
  )
  const keys = yield* RemoteKeys.make({
    current: api.publicKey({ withResponse: true }).pipe(
      Effect.map(([pem, response]) => ({ pem, keyId: response.headers[keyIdHeader] })),
      Effect.mapError(unusable("GET /public/v3/public-key"))
    ),
    byId: (keyId) =>
      api.publicKeyById({ path: { keyId } }).pipe(
        Effect.map(Option.some),
        Effect.catchTag("EntityNotFound", () => Effect.succeed(Option.none())),
        Effect.mapError(unusable("GET /public/v3/public-key/…"))
      )
  }, lifetimes.keys)
  const budget = yield* RetryPolicy.makeBudget(baseUrl)
  const connection: Connection = { baseUrl, httpClient: plain, clock, keys, budget }
  return connection
})

/** Platforms that one program calls. Beyond it the least used is forgotten, which costs a ping and a key. */
const capacity = 64

/**
 * @since 0.1.0
 * @category constructors
 */
export const make: Effect.Effect<Service> = Effect.map(
  Cache.make({ capacity, lookup: open, timeToLive: Duration.infinity }),
  (connections) => ({
    connect: (options) =>
      Effect.flatMap(
        baseUrls.check(options.baseUrl),
        (baseUrl) => connections.get(Data.struct({ ...options, baseUrl }))
      )
  })
)

/**
 * Give several transports this one layer and they share keys, clocks and retry budgets.
 *
 * @since 0.1.0
 * @category layers
 */
export const layer: Layer.Layer<RemoteApi> = Layer.effect(RemoteApi, make)
