import { Api } from "@effect-launchkey/core/Api"
import { Pending } from "@effect-launchkey/core/Authorization"
import * as Entity from "@effect-launchkey/core/EntityIdentifier"
import { AuthorizationWebhook, DeviceLinkWebhook, SessionEndWebhook } from "@effect-launchkey/core/Webhook"
import * as Administration from "@effect-launchkey/platform/Administration"
import * as Authenticator from "@effect-launchkey/platform/Authenticator"
import * as Store from "@effect-launchkey/platform/Store"
import * as UserSessions from "@effect-launchkey/platform/UserSessions"
import * as WebhookEgress from "@effect-launchkey/platform/WebhookEgress"
import * as WebhookSender from "@effect-launchkey/platform/WebhookSender"
import * as TestKeys from "@effect-launchkey/testing/TestKeys"
import * as TestPlatform from "@effect-launchkey/testing/TestPlatform"
import * as Keyring from "@effect-launchkey/transport/Keyring"
import * as Transport from "@effect-launchkey/transport/Transport"
import * as HttpApiClient from "@effect/platform/HttpApiClient"
import type * as HttpApp from "@effect/platform/HttpApp"
import * as HttpServerRequest from "@effect/platform/HttpServerRequest"
import * as HttpServerResponse from "@effect/platform/HttpServerResponse"
import { assert, describe, it } from "@effect/vitest"
import { DateTime, Effect, Fiber, Option, Queue, Redacted, Schema, type Scope, TestClock } from "effect"
import * as bare from "./support/bare.ts"

const { directoryId, organizationId, serviceId } = TestPlatform
const origin = "https://example.com"

interface Arrived {
  readonly method: string
  readonly url: string
  readonly headers: { readonly [name: string]: string | undefined }
  readonly body: string
}

/** A host that puts whatever arrives into a queue. */
const receiving = (status = 204) =>
  Effect.gen(function*() {
    const arrived = yield* Queue.unbounded<Arrived>()
    const app: HttpApp.Default = Effect.gen(function*() {
      const { headers, method, text, url } = yield* HttpServerRequest.HttpServerRequest
      yield* Queue.offer(arrived, { method, url, headers, body: yield* Effect.orDie(text) })
      return HttpServerResponse.empty({ status })
    })
    const { serve } = yield* WebhookEgress.WebhookReceivers
    yield* serve(origin, app)
    return arrived
  })

/** What a webhook tells, once its token was found to hold, for whom it is, and by which key of theirs it was opened. */
const told = ({ body, headers }: Arrived, key?: TestKeys.TestKey) => {
  const { claims } = bare.openJws(headers["x-iov-jwt"] ?? "", TestKeys.platform.publicKey)
  const { aud, iss, request, sub } = claims as { aud: string; iss: string; sub: string; request: unknown }
  assert.strictEqual(iss, "lka")
  assert.deepStrictEqual(request, { meth: "POST", path: "/hook", hash: bare.sha256(body), func: "S256" })
  if (key === undefined) return { aud, sub, json: body, type: headers["content-type"] }
  const { header, plaintext } = bare.openJwe(body, Redacted.value(key.privateKey))
  assert.strictEqual(header.kid, key.keyId)
  return { aud, sub, json: plaintext, type: headers["content-type"] }
}

/** The contract as this issuer may use it for a subject. */
const connect = (issuer: string, key: TestKeys.TestKey) =>
  Effect.gen(function*() {
    const { baseUrl } = yield* TestPlatform.TestPlatform
    const transport = yield* Effect.provideServiceEffect(
      Transport.make({ issuer, baseUrl }),
      Keyring.Keyring,
      Keyring.make({ signingKey: key.privateKey })
    )
    const service = (id = serviceId) =>
      HttpApiClient.group(Api, { group: "service", httpClient: transport.httpClient(Entity.service(id)) })
    const directory = HttpApiClient.group(Api, {
      group: "directory",
      httpClient: transport.httpClient(Entity.directory(directoryId))
    })
    return { service, directory, transport }
  })

const issuers = [
  ["the service", Entity.service(serviceId), TestKeys.service],
  ["its directory", Entity.directory(directoryId), TestKeys.directory],
  ["its organization", Entity.organization(organizationId), TestKeys.organization]
] as const

const withCallback = (id = serviceId, callbackUrl = `${origin}/hook`) =>
  Effect.flatMap(Administration.Administration, (_) => _.updateService({ id, callbackUrl }))

const withWebhook = Effect.flatMap(
  Administration.Administration,
  (_) => _.updateDirectory({ id: directoryId, webhookUrl: `${origin}/hook` })
)

const device = (user = "ada") => Effect.flatMap(TestPlatform.TestPlatform, (_) => _.linkedDevice(user))

const decodeAnswer = Schema.decode(Schema.parseJson(AuthorizationWebhook))

const effect = <A, E>(
  name: string,
  test: () => Effect.Effect<A, E, TestPlatform.Services | Scope.Scope>
) => it.scoped(name, () => Effect.provide(test(), TestPlatform.layer))

describe("an answer", () => {
  for (const [who, issuer, key] of issuers) {
    effect(`to a request by ${who} is told to it, as a poll tells it`, () =>
      Effect.gen(function*() {
        const arrived = yield* receiving()
        yield* withCallback()
        const ada = yield* device()
        const { service } = yield* connect(issuer, key)
        const { createAuthorization, getAuthorization } = yield* service()
        const { id } = yield* createAuthorization({ payload: { user: "ada" } })
        yield* ada.approve(id)
        const delivery = yield* Queue.take(arrived)
        assert.deepStrictEqual([delivery.method, delivery.url], ["POST", "/hook"])
        const { json, ...rest } = told(delivery, key)
        assert.deepStrictEqual(rest, { aud: issuer, sub: Entity.service(serviceId), type: "application/jose" })
        const { type, ...relayed } = yield* decodeAnswer(json)
        assert.strictEqual(type, "AUTHORIZATION_RESPONSE")
        const polled = yield* getAuthorization({ path: { id } })
        assert(!(polled instanceof Pending))
        assert.deepStrictEqual<unknown>(relayed, polled)
        assert.strictEqual(polled.keyId, key.keyId)
      }))
  }

  effect(
    "is told under the key that signed the request, although it was removed or has expired meanwhile",
    () =>
      Effect.gen(function*() {
        const arrived = yield* receiving()
        yield* withCallback()
        const ada = yield* device()
        const { addKey, removeKey, updateKey } = yield* Administration.Administration
        yield* addKey(Entity.service(serviceId), TestKeys.stranger.publicKey)
        const { service } = yield* connect(Entity.service(serviceId), TestKeys.stranger)
        const ends = [
          updateKey(Entity.service(serviceId), {
            keyId: TestKeys.stranger.keyId,
            expires: DateTime.unsafeMake("1970-01-01T00:00:00Z")
          }),
          removeKey(Entity.service(serviceId), TestKeys.stranger.keyId)
        ]
        const { createAuthorization } = yield* service()
        for (const end of ends) {
          yield* updateKey(Entity.service(serviceId), { keyId: TestKeys.stranger.keyId, expires: null })
          yield* createAuthorization({ payload: { user: "ada" } })
          yield* end
          yield* ada.deny()
          const { aud, json } = told(yield* Queue.take(arrived), TestKeys.stranger)
          assert.strictEqual(aud, Entity.service(serviceId))
          assert.strictEqual((yield* decodeAnswer(json)).keyId, TestKeys.stranger.keyId)
        }
      })
  )

  effect(
    "to a request that was signed by a key for signatures is told under the issuer's key for encryption",
    () =>
      Effect.gen(function*() {
        const arrived = yield* receiving()
        yield* withCallback()
        const ada = yield* device()
        const { addKey } = yield* Administration.Administration
        yield* addKey(Entity.service(serviceId), TestKeys.stranger.publicKey, { type: "SIGNATURE" })
        yield* addKey(Entity.service(serviceId), TestKeys.encryption.publicKey, { type: "ENCRYPTION" })
        const { baseUrl } = yield* TestPlatform.TestPlatform
        const transport = yield* Effect.provideServiceEffect(
          Transport.make({ issuer: Entity.service(serviceId), baseUrl }),
          Keyring.Keyring,
          Keyring.make({
            signingKey: TestKeys.stranger.privateKey,
            decryptionKeys: [TestKeys.encryption.privateKey],
            decryptWithSigningKey: false
          })
        )
        const api = yield* HttpApiClient.group(Api, {
          group: "service",
          httpClient: transport.httpClient(Entity.service(serviceId))
        })
        yield* api.createAuthorization({ payload: { user: "ada" } })
        yield* ada.approve()
        told(yield* Queue.take(arrived), TestKeys.encryption)
      })
  )

  effect(
    "is told to nobody where the service names no URL, and once although a device answers twice",
    () =>
      Effect.gen(function*() {
        const arrived = yield* receiving()
        const ada = yield* device()
        const { service } = yield* connect(Entity.service(serviceId), TestKeys.service)
        const { createAuthorization } = yield* service()
        yield* createAuthorization({ payload: { user: "ada" } })
        yield* ada.approve()
        const { log } = yield* WebhookSender.WebhookSender
        assert.deepStrictEqual(yield* log, [])
        yield* withCallback()
        const { id } = yield* createAuthorization({ payload: { user: "ada" } })
        yield* Effect.all([Effect.either(ada.approve(id)), Effect.either(ada.approve(id))], {
          concurrency: "unbounded"
        })
        yield* Queue.take(arrived)
        assert.lengthOf(yield* log, 1)
      })
  )

  effect("waits for no receiver: it can be polled while its webhook is under way", () =>
    Effect.gen(function*() {
      const { serve } = yield* WebhookEgress.WebhookReceivers
      yield* serve(origin, Effect.never)
      yield* withCallback()
      const ada = yield* device()
      const { service } = yield* connect(Entity.service(serviceId), TestKeys.service)
      const { createAuthorization, getAuthorization } = yield* service()
      const { id } = yield* createAuthorization({ payload: { user: "ada" } })
      yield* ada.approve(id)
      assert.isFalse((yield* getAuthorization({ path: { id } })) instanceof Pending)
      const { log } = yield* WebhookSender.WebhookSender
      assert.deepStrictEqual((yield* log).map(({ state }) => state), ["PENDING"])
    }))
})

describe("the end of a session", () => {
  const sessionOf = (json: string) => Schema.decode(Schema.parseJson(SessionEndWebhook))(json)

  for (const [who, issuer, key] of issuers) {
    effect(`that ${who} started is told to it when the user ends it`, () =>
      Effect.gen(function*() {
        const arrived = yield* receiving()
        yield* withCallback()
        const ada = yield* device()
        const { service } = yield* connect(issuer, key)
        const { createAuthorization, getAuthorization, startSession } = yield* service()
        const { id } = yield* createAuthorization({ payload: { user: "ada" } })
        yield* ada.approve(id)
        yield* Queue.take(arrived)
        const polled = yield* getAuthorization({ path: { id } })
        assert(!(polled instanceof Pending))
        yield* startSession({ payload: { user: "ada", authorizationRequestId: id } })
        yield* TestClock.adjust("1500 millis")
        yield* ada.endSessions(serviceId)
        const { json, ...rest } = told(yield* Queue.take(arrived))
        assert.deepStrictEqual(rest, { aud: issuer, sub: Entity.service(serviceId), type: "application/json" })
        assert.deepStrictEqual(JSON.parse(json), {
          service_user_hash: polled.serviceUserHash,
          api_time: "1970-01-01T00:00:01Z"
        })
      }))
  }

  effect(
    "is told to each service when the directory ends them all, and once however many end it",
    () =>
      Effect.gen(function*() {
        const arrived = yield* receiving()
        yield* withCallback()
        const ada = yield* device()
        const { addKey, createService } = yield* Administration.Administration
        const other = yield* createService(directoryId, { name: "Other", callbackUrl: `${origin}/hook` })
        yield* addKey(Entity.service(other.id), TestKeys.encryption.publicKey)
        const silent = yield* createService(directoryId, "Silent")
        const { directory, service } = yield* connect(Entity.directory(directoryId), TestKeys.directory)
        for (const id of [serviceId, other.id, silent.id]) {
          const { startSession } = yield* service(id)
          yield* startSession({ payload: { user: "ada" } })
        }
        const { endSessions } = yield* directory
        yield* Effect.all(
          [endSessions({ payload: { user: "ada" } }), ada.endSessions(), endSessions({ payload: { user: "ada" } })],
          { concurrency: "unbounded" }
        )
        const ended = yield* Queue.takeN(arrived, 2)
        assert.sameMembers(
          Array.from(ended, (delivery) => told(delivery).sub),
          [Entity.service(serviceId), Entity.service(other.id)]
        )
        const [first, second] = yield* Effect.forEach(ended, (delivery) => sessionOf(delivery.body))
        assert.notStrictEqual(first?.serviceUserHash, second?.serviceUserHash)
        assert.lengthOf(yield* Effect.flatMap(WebhookSender.WebhookSender, ({ log }) => log), 2)
      })
  )

  effect("by the service itself is told to nobody", () =>
    Effect.gen(function*() {
      yield* withCallback()
      yield* device()
      const { service } = yield* connect(Entity.service(serviceId), TestKeys.service)
      const { endSession, startSession } = yield* service()
      yield* startSession({ payload: { user: "ada" } })
      yield* endSession({ payload: { user: "ada" } })
      yield* UserSessions.end({ directoryId, identifier: "ada" })
      assert.deepStrictEqual(yield* Effect.flatMap(WebhookSender.WebhookSender, ({ log }) => log), [])
    }))
})

describe("the completion of a link", () => {
  for (const [who, issuer, key] of issuers.slice(1)) {
    effect(
      `that ${who} started is told to the directory, under its starter's key`.replace("its ", "the "),
      () =>
        Effect.gen(function*() {
          const arrived = yield* receiving()
          yield* withWebhook
          const { baseUrl } = yield* TestPlatform.TestPlatform
          const { directory } = yield* connect(issuer, key)
          const { linkDevice } = yield* directory
          const { code, deviceId } = yield* linkDevice({ payload: { user: "ada" } })
          const phone = yield* Authenticator.make({ baseUrl, name: "Phone" })
          yield* phone.link(code, TestPlatform.sdkKey)
          const { json, ...rest } = told(yield* Queue.take(arrived), key)
          assert.deepStrictEqual(rest, { aud: issuer, sub: Entity.directory(directoryId), type: "application/jose" })
          const event = yield* Schema.decode(Schema.parseJson(DeviceLinkWebhook))(json)
          const store = yield* Store.Store
          const [registered] = yield* store.keys(Entity.device(deviceId))
          assert.deepStrictEqual<unknown>(event, {
            type: "DEVICE_LINK_COMPLETION",
            deviceId,
            publicKey: registered?.pem,
            publicKeyId: registered?.id
          })
        })
    )
  }

  effect("is told under a key that was removed meanwhile", () =>
    Effect.gen(function*() {
      const arrived = yield* receiving()
      yield* withWebhook
      const { addKey, removeKey } = yield* Administration.Administration
      yield* addKey(Entity.directory(directoryId), TestKeys.stranger.publicKey)
      const { baseUrl } = yield* TestPlatform.TestPlatform
      const { directory } = yield* connect(Entity.directory(directoryId), TestKeys.stranger)
      const { linkDevice } = yield* directory
      const { code } = yield* linkDevice({ payload: { user: "ada" } })
      yield* removeKey(Entity.directory(directoryId), TestKeys.stranger.keyId)
      const phone = yield* Authenticator.make({ baseUrl, name: "Phone" })
      yield* phone.link(code, TestPlatform.sdkKey)
      assert.strictEqual(
        told(yield* Queue.take(arrived), TestKeys.stranger).aud,
        Entity.directory(directoryId)
      )
    }))

  effect("is told to nobody where it was started in process, or was not completed", () =>
    Effect.gen(function*() {
      yield* withWebhook
      yield* device()
      const { directory } = yield* connect(Entity.directory(directoryId), TestKeys.directory)
      const { linkDevice } = yield* directory
      const { code } = yield* linkDevice({ payload: { user: "grace" } })
      const { baseUrl } = yield* TestPlatform.TestPlatform
      const phone = yield* Authenticator.make({ baseUrl, name: "Phone" })
      yield* Effect.flip(phone.link(code, "00000000-0000-4000-8000-000000000000"))
      assert.deepStrictEqual(yield* Effect.flatMap(WebhookSender.WebhookSender, ({ log }) => log), [])
    }))
})

describe("a receiver in process", () => {
  const request = (url: string): WebhookEgress.Request => ({
    delivery: 1,
    url: new URL(url),
    headers: { "content-type": "application/json", "x-iov-jwt": "token" },
    body: new TextEncoder().encode("{}")
  })

  it.scoped("is told apart by its origin, and is gone with its scope", () =>
    Effect.gen(function*() {
      const egress = yield* WebhookEgress.WebhookEgress
      const { serve } = yield* WebhookEgress.WebhookReceivers
      const unreached = Effect.map(Effect.flip(egress.post(request(`${origin}/hook`))), ({ reason }) => reason)
      assert.strictEqual(yield* unreached, "ConnectionFailed")
      yield* Effect.scoped(Effect.gen(function*() {
        const arrived = yield* receiving(202)
        assert.strictEqual(yield* egress.post(request(`${origin}/hook?q=1`)), 202)
        const { headers, ...rest } = yield* Queue.take(arrived)
        assert.deepStrictEqual(rest, { method: "POST", url: "/hook?q=1", body: "{}" })
        assert.deepInclude({ ...headers }, { "content-type": "application/json", "x-iov-jwt": "token" })
        assert.isUndefined(headers["traceparent"])
        assert.strictEqual(
          (yield* Effect.flip(egress.post(request("https://other.example/hook")))).reason,
          "ConnectionFailed"
        )
        // the latest serves, and one that was replaced takes nothing away when it ends
        yield* Effect.scoped(serve(origin, HttpServerResponse.empty({ status: 200 })))
        yield* serve(origin, HttpServerResponse.empty({ status: 201 }))
        assert.strictEqual(yield* egress.post(request(origin)), 201)
      }))
      assert.strictEqual(yield* unreached, "ConnectionFailed")
    }).pipe(Effect.withSpan("test"), Effect.provide(WebhookEgress.layerInProcess)))

  it.effect("that fails answers 500, as a server does", () =>
    Effect.gen(function*() {
      const { post } = WebhookEgress.fromHttpApp(Effect.die("broken"))
      assert.strictEqual(yield* post(request(origin)), 500)
      const fiber = yield* Effect.fork(WebhookEgress.fromHttpApp(Effect.never).post(request(origin)))
      yield* Effect.yieldNow()
      assert.strictEqual((yield* Fiber.interrupt(fiber))._tag, "Failure")
      assert.isTrue(Option.isSome(yield* Fiber.poll(fiber)))
    }))
})
