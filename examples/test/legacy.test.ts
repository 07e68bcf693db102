import * as LegacyClient from "@effect-launchkey/legacy/LegacyClient"
import * as LegacyPlatform from "@effect-launchkey/legacy/LegacyPlatform"
import * as Platform from "@effect-launchkey/platform/Platform"
import * as WebhookEgress from "@effect-launchkey/platform/WebhookEgress"
import * as Jose from "@effect-launchkey/transport/Jose"
import * as NodeHttpServer from "@effect/platform-node/NodeHttpServer"
import * as FetchHttpClient from "@effect/platform/FetchHttpClient"
import * as HttpClient from "@effect/platform/HttpClient"
import * as HttpServer from "@effect/platform/HttpServer"
import * as HttpServerResponse from "@effect/platform/HttpServerResponse"
import { assert, layer } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { createServer } from "node:http"
import { Both, Legacy } from "../src/legacy.ts"

const Live = Both.pipe(
  Layer.provideMerge(Layer.merge(Legacy, Platform.layerMemory)),
  Layer.provideMerge(WebhookEgress.layerInProcess),
  Layer.provideMerge(NodeHttpServer.layer(createServer, { host: "127.0.0.1", port: 0 })),
  Layer.provideMerge(FetchHttpClient.layer)
)

layer(Live, { excludeTestServices: true })("one server for both generations", (it) => {
  it.effect("answers the ping of each", () =>
    Effect.gen(function*() {
      const http = yield* HttpClient.HttpClient
      const { address } = yield* HttpServer.HttpServer
      const get = (path: string) =>
        Effect.flatMap(http.get(`${HttpServer.formatAddress(address)}${path}`), ({ json }) => json)
      assert.property(yield* get("/v1/ping"), "launchkey_time")
      assert.property(yield* get("/public/v3/ping"), "api_time")
    }))

  it.scoped("logs a user in by a callback that goes out as webhooks do", () =>
    Effect.gen(function*() {
      const { address } = yield* HttpServer.HttpServer
      const jose = yield* Jose.Jose
      const { privateKey, privateKeyPem } = yield* jose.generateKey()
      const platform = yield* LegacyPlatform.LegacyPlatform
      const application = yield* platform.createApplication({
        publicKey: privateKey.publicKey.pem,
        callbackUrl: new URL("https://app.example.com/callback")
      })
      const client = yield* LegacyClient.make({
        ...application,
        baseUrl: HttpServer.formatAddress(address),
        privateKey: privateKeyPem
      })
      const events: Array<LegacyClient.Event> = []
      const receivers = yield* WebhookEgress.WebhookReceivers
      yield* receivers.serve(
        "https://app.example.com",
        client.receive().pipe(
          Effect.map((event) => void events.push(event)),
          Effect.as(HttpServerResponse.empty({ status: 200 })),
          Effect.orElseSucceed(() => HttpServerResponse.empty({ status: 400 }))
        )
      )
      yield* platform.createUser("ada")
      yield* platform.approve(yield* client.authorize("ada"))
      assert.lengthOf(events, 1)
      assert(events[0]?._tag === "Answered")
      assert.isTrue(events[0].decision.authorized)
    }), 30_000)
})
