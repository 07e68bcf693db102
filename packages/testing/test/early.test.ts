/** The early authorization, end to end: a client and a platform that were told to speak it, and those that were not. */
import * as OrganizationClient from "@effect-launchkey/clients/OrganizationClient"
import * as ServiceClient from "@effect-launchkey/clients/ServiceClient"
import * as Entity from "@effect-launchkey/core/EntityIdentifier"
import * as PlatformSettings from "@effect-launchkey/platform/PlatformSettings"
import * as Conformance from "@effect-launchkey/testing/Conformance"
import * as TestKeys from "@effect-launchkey/testing/TestKeys"
import * as TestPlatform from "@effect-launchkey/testing/TestPlatform"
import * as Keyring from "@effect-launchkey/transport/Keyring"
import * as Transport from "@effect-launchkey/transport/Transport"
import * as NodeHttpServer from "@effect/platform-node/NodeHttpServer"
import * as FetchHttpClient from "@effect/platform/FetchHttpClient"
import * as HttpClient from "@effect/platform/HttpClient"
import type * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import * as HttpClientResponse from "@effect/platform/HttpClientResponse"
import { assert, layer } from "@effect/vitest"
import { Effect, Layer, Ref } from "effect"
import { createServer } from "node:http"

const service = Entity.service(TestPlatform.serviceId)
const organization = Entity.organization(TestPlatform.organizationId)

const keys = { service: "1234567890", organization: "9770924838" }

const settings = Layer.succeed(PlatformSettings.PlatformSettings, {
  ...PlatformSettings.defaults,
  earlyKeys: new Map<string, Entity.EntityIdentifier>([[keys.service, service], [keys.organization, organization]])
})

const told = Layer.provide(TestPlatform.layer, settings)

const signingKeys = { [service]: TestKeys.service, [organization]: TestKeys.organization }

/** Another transport to the same platform. */
const transport = (options: Partial<Transport.Options> = {}) =>
  Effect.gen(function*() {
    const { baseUrl } = yield* TestPlatform.TestPlatform
    const issuer = options.issuer ?? service
    const key = signingKeys[issuer] ?? TestKeys.directory
    return yield* Effect.provideServiceEffect(
      Transport.make({ issuer, baseUrl, ...options }),
      Keyring.Keyring,
      Keyring.make({ signingKey: key.privateKey })
    )
  })

/** The same platform's services, and a transport to it that speaks early. */
const speakingEarly = <E>(live: Layer.Layer<TestPlatform.Services, E>) =>
  Layer.effect(Transport.Transport, transport({ earlyKey: keys.service })).pipe(Layer.provideMerge(live))

Conformance.serviceConformance("by the early authorization", Layer.orDie(speakingEarly(told)))

const serviceClient = (given: Transport.Service) =>
  Effect.provideService(ServiceClient.make({ serviceId: TestPlatform.serviceId }), Transport.Transport, given)

interface Passed {
  readonly request: HttpClientRequest.HttpClientRequest
  readonly response: { readonly status: number; readonly headers: { readonly [name: string]: string } }
}

/** What passes between client and platform from now on. */
const overheard = Effect.gen(function*() {
  const passed = yield* Ref.make<ReadonlyArray<Passed>>([])
  const httpClient = HttpClient.transform(
    yield* HttpClient.HttpClient,
    (answer, request) =>
      Effect.tap(answer, (response) =>
        request.url.includes("/public/")
          ? Effect.void
          : Ref.update(passed, (all) => [...all, { request, response }]))
  )
  return { httpClient, passed: Ref.get(passed) }
})

layer(told)("a platform that was told of early keys", (it) => {
  it.effect("is asked and answers by their names, and says nothing of today's", () =>
    Effect.gen(function*() {
      const { httpClient, passed } = yield* overheard
      const early = yield* Effect.provideService(
        transport({ earlyKey: keys.service }),
        HttpClient.HttpClient,
        httpClient
      )
      const user = "early-wire"
      const device = yield* (yield* TestPlatform.TestPlatform).linkedDevice(user)
      const client = yield* serviceClient(early)
      const request = yield* client.authorize(user)
      yield* device.approve()
      assert.isTrue((yield* client.awaitResponse(request)).authorized)
      const calls = yield* passed
      assert.isNotEmpty(calls)
      for (const { request, response } of calls) {
        assert.match(request.headers["authorization"] ?? "", /^Bearer [\w-]+\.[\w-]+\.[\w-]+$/)
        assert.match(response.headers["authorization"] ?? "", /^Bearer [\w-]+\.[\w-]+\.[\w-]+$/)
        assert.notProperty(response.headers, "x-iov-jwt")
        assert.strictEqual(request.headers["accept"], "application/jwe")
        if (request.body._tag === "Uint8Array") assert.strictEqual(request.body.contentType, "application/jwe")
        if (response.status === 200) assert.match(response.headers["content-type"] ?? "", /^application\/jwe/)
      }
    }))

  it.effect("serves an organization about itself, which sends nothing about anybody else", () =>
    Effect.gen(function*() {
      const { httpClient, passed } = yield* overheard
      const early = yield* Effect.provideService(
        transport({ issuer: organization, earlyKey: keys.organization }),
        HttpClient.HttpClient,
        httpClient
      )
      const client = yield* Effect.provideService(
        OrganizationClient.make({ organizationId: TestPlatform.organizationId }),
        Transport.Transport,
        early
      )
      const { id } = yield* client.getDirectory(TestPlatform.directoryId)
      assert.strictEqual(id, TestPlatform.directoryId)
      assert.lengthOf(yield* passed, 1)
      const error = yield* Effect.flip(
        early.httpClient(Entity.directory(TestPlatform.directoryId)).post("/directory/v3/sdk-keys/list")
      )
      assert.deepInclude({ ...error }, { _tag: "TransportError", reason: "RequestUnsupported", sent: false })
      assert.lengthOf(yield* passed, 1)
    }))

  it.effect("still serves whoever speaks as today", () =>
    Effect.gen(function*() {
      const client = yield* serviceClient(yield* transport())
      assert.strictEqual((yield* Effect.flip(client.authorize("nobody-today")))._tag, "EntityNotFound")
    }))

  it.effect("refuses a key that is another's", () =>
    Effect.gen(function*() {
      for (const earlyKey of [keys.organization, "0000000000"]) {
        const client = yield* serviceClient(yield* transport({ earlyKey }))
        const error = yield* Effect.flip(client.sessionEnd("nobody"))
        assert.deepInclude({ ...error }, { _tag: "Unauthorized", authenticated: false })
      }
    }))

  it.effect("is not believed by a client that was told otherwise, where its answers come in the other dialect", () =>
    Effect.gen(function*() {
      const httpClient = yield* HttpClient.HttpClient
      const moved = (from: string, to: (token: string) => Readonly<Record<string, string>>) =>
        HttpClient.transform(httpClient, (answer, request) =>
          Effect.flatMap(answer, (response) => {
            const { [from]: token = "", ...headers } = response.headers
            return Effect.map(Effect.orDie(response.text), (body) =>
              HttpClientResponse.fromWeb(
                request,
                new Response(body, {
                  status: response.status,
                  headers: token === "" ? headers : { ...headers, ...to(token) }
                })
              ))
          }))
      const refusal = (wire: HttpClient.HttpClient, options: Partial<Transport.Options>) =>
        transport(options).pipe(
          Effect.provideService(HttpClient.HttpClient, wire),
          Effect.flatMap(serviceClient),
          Effect.flatMap((client) => Effect.flip(client.sessionEnd("nobody")))
        )
      const rejected = { _tag: "MessageRejected", kind: "Response", reason: "TokenMissing" }
      const early = moved("x-iov-jwt", (token) => ({ authorization: `Bearer ${token}` }))
      assert.deepInclude((yield* refusal(early, {})) as object, rejected)
      const today = moved("authorization", (token) => ({ "x-iov-jwt": token.replace("Bearer ", "") }))
      assert.deepInclude((yield* refusal(today, { earlyKey: keys.service })) as object, rejected)
      assert.strictEqual((yield* refusal(httpClient, {}))._tag, "EntityNotFound")
      assert.strictEqual((yield* refusal(httpClient, { earlyKey: keys.service }))._tag, "EntityNotFound")
    }))
})

layer(Layer.provideMerge(
  Layer.provide(TestPlatform.layerServed, settings),
  Layer.merge(NodeHttpServer.layer(createServer, { port: 0, host: "127.0.0.1" }), FetchHttpClient.layer)
))("a platform that was told of early keys, over a socket", (it) => {
  it.effect("authorizes a user", () =>
    Effect.gen(function*() {
      const user = "early-socket"
      const device = yield* (yield* TestPlatform.TestPlatform).linkedDevice(user)
      const client = yield* serviceClient(yield* transport({ earlyKey: keys.service }))
      const request = yield* client.authorize(user)
      yield* device.approve()
      assert.isTrue((yield* client.awaitResponse(request)).authorized)
    }))
})

layer(TestPlatform.layer)("a platform that was told of none", (it) => {
  it.effect("refuses whoever speaks early, and does nothing", () =>
    Effect.gen(function*() {
      const user = "early-refused"
      const device = yield* (yield* TestPlatform.TestPlatform).linkedDevice(user)
      const client = yield* serviceClient(yield* transport({ earlyKey: keys.service }))
      const error = yield* Effect.flip(client.authorize(user))
      assert.strictEqual(error._tag, "OutcomeUnknown")
      assert.deepStrictEqual(yield* device.pending, [])
      const ended = yield* Effect.flip(client.sessionEnd(user))
      assert.deepInclude({ ...ended }, { _tag: "Unauthorized", authenticated: false })
    }))
})

layer(told)("a transport that is to speak early", (it) => {
  const problem = (options: Partial<Transport.Options>) =>
    Effect.map(
      Effect.flip(transport(options)),
      (error) => error._tag === "InvalidParameters" ? error.issues[0]?.path : error._tag
    )

  it.effect("has a key of ten digits, of an organization or a service", () =>
    Effect.gen(function*() {
      for (const earlyKey of ["", "123456789", "12345678901", "123456789x", " 1234567890", TestPlatform.serviceId]) {
        assert.strictEqual(yield* problem({ earlyKey }), "earlyKey")
      }
      const issuer = Entity.directory(TestPlatform.directoryId)
      assert.strictEqual(yield* problem({ issuer, earlyKey: keys.service }), "earlyKey")
    }))

  it.effect("may have its requests last for five minutes, which others may not", () =>
    Effect.gen(function*() {
      yield* transport({ earlyKey: keys.service, tokenLifetime: "5 minutes" })
      assert.strictEqual(yield* problem({ earlyKey: keys.service, tokenLifetime: "301 seconds" }), "tokenLifetime")
      assert.strictEqual(yield* problem({ tokenLifetime: "5 minutes" }), "tokenLifetime")
    }))
})
