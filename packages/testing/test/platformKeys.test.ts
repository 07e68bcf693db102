import * as ServiceClient from "@effect-launchkey/clients/ServiceClient"
import * as Entity from "@effect-launchkey/core/EntityIdentifier"
import * as Platform from "@effect-launchkey/platform/Platform"
import * as PlatformKeys from "@effect-launchkey/platform/PlatformKeys"
import * as InMemory from "@effect-launchkey/testing/InMemory"
import * as TestKeys from "@effect-launchkey/testing/TestKeys"
import * as TestPlatform from "@effect-launchkey/testing/TestPlatform"
import * as RemoteApi from "@effect-launchkey/transport/RemoteApi"
import * as Transport from "@effect-launchkey/transport/Transport"
import * as NodeHttpServer from "@effect/platform-node/NodeHttpServer"
import * as FetchHttpClient from "@effect/platform/FetchHttpClient"
import type * as HttpApp from "@effect/platform/HttpApp"
import * as HttpClient from "@effect/platform/HttpClient"
import * as HttpServer from "@effect/platform/HttpServer"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Redacted, type Scope, TestClock } from "effect"
import { createServer } from "node:http"

/** A platform whose keys are exchanged while it serves, from inside. */
const world = Effect.gen(function*() {
  const keysOf = (signing: TestKeys.TestKey, ...retired: ReadonlyArray<TestKeys.TestKey>) =>
    PlatformKeys.make({
      signingKey: signing.privateKey,
      retiredKeys: retired.map(({ privateKey }) => privateKey),
      userHashSecret: Redacted.make(new Uint8Array(32))
    })
  const after = yield* keysOf(TestKeys.stranger, TestKeys.platform)
  let held = yield* keysOf(TestKeys.platform)
  const app = yield* Effect.provideService(
    Platform.httpApp,
    PlatformKeys.PlatformKeys,
    PlatformKeys.following(() => held)
  )
  return {
    app,
    rotate: Effect.sync(() => {
      held = after
    })
  }
})

type Reached = Effect.Effect<
  { readonly baseUrl: string; readonly httpClient: HttpClient.HttpClient },
  unknown,
  Scope.Scope | HttpClient.HttpClient
>

const ways: Readonly<Record<string, (app: HttpApp.Default) => Reached>> = {
  "in memory": (app) => Effect.succeed({ baseUrl: "http://localhost", httpClient: InMemory.make(app) }),
  "over a socket": (app) =>
    Effect.gen(function*() {
      const { address, serve } = yield* NodeHttpServer.make(createServer, { port: 0, host: "127.0.0.1" })
      yield* serve(app)
      return { baseUrl: HttpServer.formatAddress(address), httpClient: yield* HttpClient.HttpClient }
    })
}

const Live = Layer.merge(TestPlatform.layerPlatform, FetchHttpClient.layer)

for (const [way, reach] of Object.entries(ways)) {
  describe(way, () => {
    describe("a platform that signs with another key than before", () => {
      it.scoped("is believed by that key at once, and asked for its current one after five minutes (B-275)", () =>
        Effect.gen(function*() {
          const { app, rotate } = yield* world
          const { baseUrl, httpClient } = yield* reach(app)
          const asked: Array<string> = []
          const prefix = "/public/v3/public-key"
          const noting = HttpClient.tapRequest(httpClient, ({ url }) =>
            Effect.sync(() => {
              const { pathname } = new URL(url)
              if (pathname.startsWith(prefix)) asked.push(pathname.slice(prefix.length))
            }))
          const service = yield* ServiceClient.make({ serviceId: TestPlatform.serviceId }).pipe(
            Effect.provide(Transport.layer({
              issuer: Entity.service(TestPlatform.serviceId),
              baseUrl,
              signingKey: TestKeys.service.privateKey
            })),
            Effect.provide(RemoteApi.layer),
            Effect.provideService(HttpClient.HttpClient, noting)
          )
          const call = Effect.map(Effect.flip(service.sessionEnd("nobody")), ({ _tag }) => _tag)
          const keysAskedFor = Effect.map(call, (tag) => [tag, ...asked.splice(0)])
          assert.deepStrictEqual(yield* keysAskedFor, ["EntityNotFound", ""])
          yield* rotate
          assert.deepStrictEqual(yield* keysAskedFor, ["EntityNotFound", `/${TestKeys.stranger.keyId}`])
          assert.deepStrictEqual(yield* keysAskedFor, ["EntityNotFound"])
          yield* TestClock.adjust("301 seconds")
          assert.deepStrictEqual(yield* keysAskedFor, ["EntityNotFound", ""])
        }).pipe(Effect.provide(Live)))
    })
  })
}
