/**
 * What a program knows of the platforms that it calls: their keys and their clocks, one of each per base URL, however
 * many credentials share it.
 *
 * @since 0.1.0
 */
import { Api } from "@effect-launchkey/core/Api"
import { keyIdHeader } from "@effect-launchkey/core/api/PublicApi"
import * as HttpApiClient from "@effect/platform/HttpApiClient"
import * as HttpClient from "@effect/platform/HttpClient"
import * as Cache from "effect/Cache"
import * as Context from "effect/Context"
import * as Data from "effect/Data"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as exchange from "./internal/exchange.ts"
import type * as Jose from "./Jose.ts"
import * as RemoteKeys from "./RemoteKeys.ts"
import * as ServerClock from "./ServerClock.ts"
import { TransportError } from "./TransportError.ts"

/**
 * @since 0.1.0
 * @category models
 */
export interface Connection {
  readonly keys: RemoteKeys.RemoteKeys
  readonly clock: ServerClock.ServerClock
}

/**
 * @since 0.1.0
 * @category models
 */
export interface Options {
  /** Without a trailing slash. */
  readonly baseUrl: string
  readonly httpClient: HttpClient.HttpClient
  readonly attemptTimeout: Duration.Duration
}

/**
 * @since 0.1.0
 * @category models
 */
export interface Service {
  /** The same connection for the same base URL through the same client. */
  readonly connect: (options: Options) => Effect.Effect<Connection>
}

/**
 * @since 0.1.0
 * @category tags
 */
export class RemoteApi extends Context.Tag("@effect-launchkey/transport/RemoteApi")<RemoteApi, Service>() {}

const unusable = (operation: string) => (cause: unknown) =>
  cause instanceof TransportError ? cause : new TransportError({ reason: "AnswerUnusable", operation, cause })

const open = Effect.fnUntraced(function*({ attemptTimeout, baseUrl, httpClient }: Options) {
  const call = exchange.make(httpClient, { baseUrl, timeout: attemptTimeout })
  const api = yield* HttpApiClient.group(Api, {
    group: "public",
    httpClient: HttpClient.makeWith<TransportError, never, TransportError, never>(
      Effect.flatMap((request) => Effect.map(call(request), (received) => exchange.respond(request, received, false))),
      Effect.succeed
    )
  })
  const clock = yield* ServerClock.make(
    api.ping({}).pipe(Effect.map(({ apiTime }) => apiTime), Effect.mapError(unusable("GET /public/v3/ping")))
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
  })
  const connection: Connection = { clock, keys }
  return connection
})

/** Platforms that one program calls. Beyond it the least used is forgotten, which costs a ping and a key. */
const capacity = 64

/**
 * @since 0.1.0
 * @category constructors
 */
export const make: Effect.Effect<Service, never, Jose.Jose> = Effect.map(
  Cache.make({ capacity, lookup: open, timeToLive: Duration.infinity }),
  (connections) => ({ connect: (options) => connections.get(Data.struct(options)) })
)

/**
 * Give several transports this one layer and they share keys and clocks.
 *
 * @since 0.1.0
 * @category layers
 */
export const layer: Layer.Layer<RemoteApi, never, Jose.Jose> = Layer.effect(RemoteApi, make)
