import * as InMemory from "@effect-launchkey/testing/InMemory"
import * as Jose from "@effect-launchkey/transport/Jose"
import * as NodeHttpServer from "@effect/platform-node/NodeHttpServer"
import * as FetchHttpClient from "@effect/platform/FetchHttpClient"
import type * as HttpApp from "@effect/platform/HttpApp"
import * as HttpClient from "@effect/platform/HttpClient"
import * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import * as HttpServer from "@effect/platform/HttpServer"
import * as HttpServerRequest from "@effect/platform/HttpServerRequest"
import * as HttpServerResponse from "@effect/platform/HttpServerResponse"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as Ref from "effect/Ref"
import type * as Scope from "effect/Scope"
import { createServer } from "node:http"
import * as LegacyClient from "../src/LegacyClient.ts"
import * as LegacyPlatform from "../src/LegacyPlatform.ts"
import * as Redaction from "../src/Redaction.ts"
import { config, vectors } from "./vectors.ts"

/** Where requests go, without a socket or over one. */
export class Wire extends Context.Tag("test/Wire")<Wire, {
  readonly baseUrl: string
  readonly httpClient: HttpClient.HttpClient
  readonly serve: (app: HttpApp.Default) => Effect.Effect<void, never, Scope.Scope>
}>() {}

export const inMemory = Layer.effect(
  Wire,
  Effect.map(Ref.make<HttpApp.Default>(Effect.succeed(HttpServerResponse.empty({ status: 503 }))), (ref) => ({
    baseUrl: "https://legacy.example.com",
    httpClient: InMemory.make(Effect.flatten(Ref.get(ref))),
    serve: (app) => Ref.set(ref, app)
  }))
)

export const overSocket = Layer.effect(
  Wire,
  Effect.gen(function*() {
    const server = yield* HttpServer.HttpServer
    const httpClient = yield* HttpClient.HttpClient
    return {
      baseUrl: HttpServer.formatAddress(server.address),
      httpClient,
      serve: (app) => Effect.provideService(HttpServer.serveEffect(app), HttpServer.HttpServer, server)
    }
  })
).pipe(
  Layer.provide(NodeHttpServer.layer(createServer, { host: "127.0.0.1", port: 0 })),
  Layer.provide(FetchHttpClient.layer),
  Layer.provideMerge(Redaction.layer)
)

export interface WorldOptions {
  readonly platform?: LegacyPlatform.Options
  readonly application?: Partial<LegacyPlatform.NewApplication>
  readonly client?: Partial<LegacyClient.Options>
}

/** A platform with the application of the vectors, its client, and what its callbacks came to. */
export const world = (options: WorldOptions = {}) =>
  Effect.gen(function*() {
    const { baseUrl, httpClient: traced, serve } = yield* Wire
    // Calls made by hand, and callbacks on their way, have in their URLs what belongs into no span.
    const httpClient = HttpClient.withTracerDisabledWhen(traced, () => true)
    const platform = yield* LegacyPlatform.make({
      privateKey: Redacted.make(vectors.keys.api.private_key_pem),
      egress: {
        post: ({ body, headers, url }) =>
          HttpClientRequest.post(url).pipe(
            HttpClientRequest.setHeaders(headers),
            HttpClientRequest.bodyUint8Array(body, headers["content-type"]),
            httpClient.execute,
            Effect.map(({ status }) => status)
          )
      },
      ...options.platform
    }).pipe(Effect.provide(Jose.layer))
    yield* platform.createApplication({
      appKey: String(config.app_key),
      appSecret: Redacted.make(config.app_secret),
      publicKey: vectors.keys.app.public_key_pem,
      callbackUrl: new URL(`${baseUrl}/callback`),
      ...options.application
    })
    const client = yield* LegacyClient.make({
      baseUrl,
      appKey: config.app_key,
      appSecret: Redacted.make(config.app_secret),
      privateKey: Redacted.make(vectors.keys.app.private_key_pem),
      ...options.client
    }).pipe(Effect.provide(Jose.layer), Effect.provideService(HttpClient.HttpClient, httpClient))
    const events = yield* Ref.make<ReadonlyArray<LegacyClient.Event>>([])
    const callback: HttpApp.Default = client.receive().pipe(
      Effect.flatMap((event) => Ref.update(events, (all) => [...all, event])),
      Effect.as(HttpServerResponse.empty({ status: 200 })),
      Effect.catchAll(() => Effect.succeed(HttpServerResponse.empty({ status: 400 })))
    )
    yield* serve(
      Effect.flatMap(HttpServerRequest.HttpServerRequest, ({ url }) =>
        url.startsWith("/callback") ? callback : platform.httpApp)
    )
    return { platform, client, events: Ref.get(events), httpClient, baseUrl }
  })
