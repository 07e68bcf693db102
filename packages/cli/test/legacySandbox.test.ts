import * as LegacyClient from "@effect-launchkey/legacy/LegacyClient"
import * as TestKeys from "@effect-launchkey/testing/TestKeys"
import * as NodeContext from "@effect/platform-node/NodeContext"
import * as NodeHttpServer from "@effect/platform-node/NodeHttpServer"
import * as FetchHttpClient from "@effect/platform/FetchHttpClient"
import * as HttpClient from "@effect/platform/HttpClient"
import * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import * as HttpServer from "@effect/platform/HttpServer"
import * as HttpServerResponse from "@effect/platform/HttpServerResponse"
import { assert, describe, it } from "@effect/vitest"
import { Deferred, Effect, Predicate, Queue, Redacted, Schema } from "effect"
import { createServer } from "node:http"
import { launchkey } from "./support/launchkey.ts"

/** What the command serves, by its base URL, until the test is over. */
const served = (...args: ReadonlyArray<string>) =>
  Effect.gen(function*() {
    const ready = yield* Deferred.make<string>()
    const onOut = (line: string) => Deferred.unsafeDone(ready, Effect.succeed(line))
    yield* Effect.forkScoped(launchkey({ onOut }, "sandbox", "--json", ...args))
    const { baseUrl } = yield* Schema.decode(Ready)(yield* Deferred.await(ready))
    return baseUrl
  })

const Ready = Schema.parseJson(Schema.Struct({ baseUrl: Schema.String }))

const post = (url: string, body: object) =>
  Effect.gen(function*() {
    const request = yield* HttpClientRequest.bodyJson(HttpClientRequest.post(url), body)
    const response = yield* HttpClient.execute(request)
    const json: unknown = response.status === 204 ? {} : yield* response.json
    assert(Predicate.isRecord(json))
    return { ...json, status: response.status }
  })

const clientOf = (baseUrl: string, appKey: unknown, appSecret: unknown) =>
  LegacyClient.LegacyClient.pipe(Effect.provide(LegacyClient.layer({
    baseUrl,
    appKey: String(appKey),
    appSecret: Redacted.make(String(appSecret)),
    privateKey: TestKeys.service.privateKey
  })))

/** A program of the time that is called back, and what it makes of it. */
const receiving = (legacy: LegacyClient.Service) =>
  Effect.gen(function*() {
    const events = yield* Queue.unbounded<LegacyClient.Event["_tag"]>()
    const { address } = yield* HttpServer.HttpServer
    yield* HttpServer.serveEffect(
      legacy.receive().pipe(
        Effect.tap(({ _tag }) => Queue.offer(events, _tag)),
        Effect.as(HttpServerResponse.empty()),
        Effect.catchAll(() => HttpServerResponse.empty({ status: 400 }))
      )
    )
    return { events, callbackUrl: `${HttpServer.formatAddress(address)}/callback` }
  })

describe("launchkey sandbox --legacy", () => {
  it.scopedLive(
    "speaks the API v1: a login by poll, and by callback a logout, on this machine",
    () =>
      Effect.gen(function*() {
        const baseUrl = yield* served("--legacy")
        const control = `${baseUrl}/sandbox/legacy`
        const application = {
          app_key: "1234567890",
          app_secret: "a-secret-of-the-application",
          public_key: TestKeys.service.publicKey
        }
        const legacy = yield* clientOf(baseUrl, application.app_key, application.app_secret)
        const { callbackUrl, events } = yield* receiving(legacy)

        const created = yield* post(`${control}/applications`, { ...application, callback_url: callbackUrl })
        assert.strictEqual(created.status, 201)
        yield* post(`${control}/users`, { username: "ada-of-v1" })
        const authRequest = yield* legacy.authorize("ada-of-v1")
        yield* post(`${control}/requests/${authRequest}/respond`, { action: "approve" })
        assert.strictEqual(yield* Queue.take(events), "Answered")
        const answer = yield* legacy.awaitAnswer(authRequest)
        assert.isTrue(yield* legacy.isAuthorized(authRequest, answer))
        yield* post(`${control}/requests/${authRequest}/respond`, { action: "logout" })
        assert.strictEqual(yield* Queue.take(events), "LoggedOut")
        yield* legacy.logout(authRequest)

        // and it is a sandbox as ever
        const organization = yield* post(`${baseUrl}/sandbox/organizations`, {
          keys: [{ public_key: TestKeys.organization.publicKey }]
        })
        assert.strictEqual(organization.status, 201)
      }).pipe(
        Effect.provide(NodeHttpServer.layer(createServer, { host: "127.0.0.1", port: 0 })),
        Effect.provide(FetchHttpClient.layer)
      ),
    60_000
  )

  it.scopedLive("is what it takes: without it there is nothing below /v1/", () =>
    Effect.gen(function*() {
      const baseUrl = yield* served()
      const { status } = yield* post(`${baseUrl}/sandbox/legacy/users`, { username: "ada-of-v1" })
      assert.strictEqual(status, 404)
      const legacy = yield* clientOf(baseUrl, "1234567890", "a-secret-of-the-application")
      assert.strictEqual((yield* Effect.flip(legacy.ping()))._tag, "UnexpectedLegacyError")
    }).pipe(Effect.provide([NodeContext.layer, FetchHttpClient.layer])), 60_000)
})
