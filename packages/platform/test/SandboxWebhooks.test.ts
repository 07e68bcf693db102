import { Api } from "@effect-launchkey/core/Api"
import * as Entity from "@effect-launchkey/core/EntityIdentifier"
import * as InProcess from "@effect-launchkey/platform/InProcess"
import * as PlatformKeys from "@effect-launchkey/platform/PlatformKeys"
import * as Sandbox from "@effect-launchkey/platform/Sandbox"
import * as WebhookEgress from "@effect-launchkey/platform/WebhookEgress"
import * as TestKeys from "@effect-launchkey/testing/TestKeys"
import * as Envelope from "@effect-launchkey/transport/Envelope"
import * as Jose from "@effect-launchkey/transport/Jose"
import * as Keyring from "@effect-launchkey/transport/Keyring"
import { Refusal } from "@effect-launchkey/transport/Rejection"
import * as RemoteApi from "@effect-launchkey/transport/RemoteApi"
import * as Transport from "@effect-launchkey/transport/Transport"
import * as HttpApiClient from "@effect/platform/HttpApiClient"
import type * as HttpApp from "@effect/platform/HttpApp"
import * as HttpClient from "@effect/platform/HttpClient"
import * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import * as HttpServerRequest from "@effect/platform/HttpServerRequest"
import * as HttpServerResponse from "@effect/platform/HttpServerResponse"
import { assert, describe, it } from "@effect/vitest"
import { Clock, Deferred, Effect, Layer, Queue, Redacted, Ref, type Scope, TestClock } from "effect"

/** All generated keys are one: making them takes longer than all else. */
const JoseLive = Layer.effect(
  Jose.Jose,
  Effect.gen(function*() {
    const jose = yield* Jose.Jose
    const privateKey = yield* jose.importPrivateKey(TestKeys.device.privateKey)
    return { ...jose, generateKey: () => Effect.succeed({ privateKey, privateKeyPem: TestKeys.device.privateKey }) }
  })
).pipe(Layer.provide(Jose.layer))

const Live = PlatformKeys.layer({
  signingKey: TestKeys.platform.privateKey,
  userHashSecret: Redacted.make(new Uint8Array(32))
}).pipe(Layer.provideMerge(JoseLive), Layer.merge(WebhookEgress.layerInProcess))

const effect = <A, E>(
  name: string,
  test: () => Effect.Effect<A, E, Layer.Layer.Success<typeof Live> | Scope.Scope>
) => it.scoped(name, () => Effect.provide(test(), Live))

const origin = "http://127.0.0.1:8080"

const call = (app: HttpApp.Default) => {
  const client = InProcess.make(app)
  return (method: "GET" | "POST", path: string, body?: unknown) =>
    Effect.gen(function*() {
      const request = HttpClientRequest.make(method)(`http://localhost/sandbox/${path}`)
      const response = yield* client.execute(
        body === undefined ? request : HttpClientRequest.bodyUnsafeJson(request, body)
      )
      const text = yield* response.text
      return { status: response.status, body: text === "" ? undefined : JSON.parse(text) }
    })
}

/** A sandbox with an organization, a directory and a service that have webhooks, and a user who has linked a device. */
const scene = Effect.gen(function*() {
  yield* TestClock.setTime(Date.parse("2030-01-01T00:00:00Z"))
  const app = yield* Sandbox.httpApp({ port: 4321 })
  const sandbox = call(app)
  const keys = [{ public_key: TestKeys.organization.publicKey }]
  const { body: { organization_id: organizationId } } = yield* sandbox("POST", "organizations", { keys })
  const keyring = yield* Keyring.make({ signingKey: TestKeys.organization.privateKey })
  const transport = yield* Transport.make({ issuer: `org:${organizationId}`, baseUrl: "http://localhost" }).pipe(
    Effect.provideService(Keyring.Keyring, keyring),
    Effect.provideService(HttpClient.HttpClient, InProcess.make(app)),
    Effect.provideServiceEffect(RemoteApi.RemoteApi, RemoteApi.make)
  )
  const client = <Group extends "organization" | "directory" | "directoryServices" | "service">(
    group: Group,
    subject: Entity.EntityIdentifier
  ) => HttpApiClient.group(Api, { group, httpClient: transport.httpClient(subject) })
  const organization = Entity.organization(Entity.OrganizationId.make(organizationId))
  const owner = yield* client("organization", organization)
  const { id: directoryId } = yield* owner.createDirectory({ payload: { name: "Directory" } })
  yield* owner.generateSdkKey({ payload: { directoryId } })
  yield* owner.updateDirectory({ payload: { id: directoryId, webhookUrl: `${origin}/directory` } })
  const services = yield* client("directoryServices", Entity.directory(directoryId))
  const { id: serviceId } = yield* services.createService({
    payload: { name: "Service", callbackUrl: `${origin}/service` }
  })
  const directory = yield* client("directory", Entity.directory(directoryId))
  const service = yield* client("service", Entity.service(serviceId))
  const link = Effect.gen(function*() {
    const { code } = yield* directory.linkDevice({ payload: { user: "ada" } })
    const { body } = yield* sandbox("POST", "devices", { linking_code: code })
    return `devices/${body.device_id}`
  })

  /** What its receiver made of each delivery, by an `openWebhook` that remembers: nothing, or why it was refused. */
  const receiving = (subject: Entity.EntityIdentifier) =>
    Effect.gen(function*() {
      const verdicts = yield* Queue.unbounded<string>()
      const seen = yield* Ref.make<ReadonlyArray<string>>([])
      const platform = yield* PlatformKeys.PlatformKeys
      const jose = yield* Jose.Jose
      const open = Effect.gen(function*() {
        const { arrayBuffer, headers, method, url } = yield* HttpServerRequest.HttpServerRequest
        const opened = yield* Envelope.openWebhook({
          keyring,
          findKey: (id) =>
            id === platform.current.keyId
              ? Effect.succeed(platform.current)
              : Effect.fail(new Refusal({ reason: "KeyUnknown" })),
          firstSeen: ({ tokenId }) => Ref.modify(seen, (all) => [!all.includes(tokenId), [...all, tokenId]]),
          audience: organization,
          subject,
          token: headers["x-iov-jwt"],
          method,
          path: url,
          body: new Uint8Array(yield* Effect.orDie(arrayBuffer)),
          now: (yield* Clock.currentTimeMillis) / 1000,
          leeway: 5
        })
        return JSON.parse(new TextDecoder().decode(opened.body))
      })
      const host: HttpApp.Default = open.pipe(
        Effect.matchEffect({
          onFailure: ({ reason }) => Effect.as(Queue.offer(verdicts, reason), 401),
          onSuccess: (event) => Effect.as(Queue.offer(verdicts, event.type ?? Object.keys(event).join(" ")), 204)
        }),
        Effect.map((status) => HttpServerResponse.empty({ status })),
        Effect.provideService(Jose.Jose, jose)
      )
      const { serve } = yield* WebhookEgress.WebhookReceivers
      yield* serve(origin, host)
      return verdicts
    })

  /** The log, once nothing in it is pending. */
  const settled: Effect.Effect<ReadonlyArray<Record<string, unknown>>, never> = Effect.flatMap(
    Effect.orDie(sandbox("GET", "webhooks")),
    ({ body }) =>
      body.some(({ state }: { readonly state: string }) => state === "PENDING")
        ? Effect.zipRight(Effect.yieldNow(), settled)
        : Effect.succeed(body)
  )
  return { sandbox, directory, directoryId, link, receiving, service, serviceId, settled }
})

describe("the sandbox", () => {
  effect("tells a directory of the device that it links", () =>
    Effect.gen(function*() {
      const { directoryId, link, receiving, settled } = yield* scene
      const verdicts = yield* receiving(Entity.directory(directoryId))
      yield* link
      assert.strictEqual(yield* Queue.take(verdicts), "DEVICE_LINK_COMPLETION")
      assert.deepStrictEqual(yield* settled, [{
        id: 1,
        kind: "DEVICE_LINK_COMPLETION",
        url: `${origin}/directory`,
        subject: `dir:${directoryId}`,
        created: "2030-01-01T00:00:00.000Z",
        state: "DELIVERED",
        attempts: [{ at: "2030-01-01T00:00:00.000Z", status: 204, failure: null }]
      }])
    }))

  effect("tells a service of answers and of logouts", () =>
    Effect.gen(function*() {
      const { link, receiving, sandbox, service, serviceId } = yield* scene
      const verdicts = yield* receiving(Entity.service(serviceId))
      const device = yield* link
      assert.strictEqual(yield* Queue.take(verdicts), "SubjectMismatch")
      yield* service.createAuthorization({ payload: { user: "ada" } })
      yield* sandbox("POST", `${device}/respond`, { action: "approve" })
      assert.strictEqual(yield* Queue.take(verdicts), "AUTHORIZATION_RESPONSE")
      yield* service.startSession({ payload: { user: "ada" } })
      yield* sandbox("POST", `${device}/logout`, {})
      assert.strictEqual(yield* Queue.take(verdicts), "service_user_hash api_time")
      yield* service.startSession({ payload: { user: "ada" } })
      // what the service ends itself is told to nobody
      yield* service.endSession({ payload: { user: "ada" } })
      const { body } = yield* sandbox("GET", "webhooks")
      assert.deepStrictEqual(body.map(({ kind }: { readonly kind: string }) => kind), [
        "DEVICE_LINK_COMPLETION",
        "AUTHORIZATION_RESPONSE",
        "SESSION_END"
      ])
    }))

  for (const encrypted of [true, false]) {
    effect(
      `sends ${
        encrypted ? "an encrypted" : "a plain"
      } webhook again, honest or forged, each refused for its own reason`,
      () =>
        Effect.gen(function*() {
          const { link, receiving, sandbox, service, serviceId } = yield* scene
          const verdicts = yield* receiving(Entity.service(serviceId))
          const device = yield* link
          assert.strictEqual(yield* Queue.take(verdicts), "SubjectMismatch")
          if (encrypted) {
            yield* service.createAuthorization({ payload: { user: "ada" } })
            yield* sandbox("POST", `${device}/respond`, { action: "deny" })
          } else {
            yield* service.startSession({ payload: { user: "ada" } })
            yield* sandbox("POST", `${device}/logout`, {})
          }
          const kind = encrypted ? "AUTHORIZATION_RESPONSE" : "service_user_hash api_time"
          assert.strictEqual(yield* Queue.take(verdicts), kind)
          const resent = (as: string) =>
            Effect.gen(function*() {
              const { body, status } = yield* sandbox("POST", "webhooks/2/resend", { as })
              assert.strictEqual(status, 200)
              return [body, yield* Queue.take(verdicts)]
            })
          const refused = { status: 401, failure: null }
          assert.deepStrictEqual(yield* resent("replayed"), [refused, "Replayed"])
          assert.deepStrictEqual(yield* resent("again"), [{ status: 204, failure: null }, kind])
          assert.deepStrictEqual(yield* resent("replayed"), [refused, "Replayed"])
          assert.deepStrictEqual(yield* resent("tampered"), [refused, "HashMismatch"])
          assert.deepStrictEqual(yield* resent("late"), [refused, "Expired"])
          assert.deepStrictEqual(yield* resent("wrong-key"), [refused, "SignatureInvalid"])
          assert.deepStrictEqual(yield* resent("unknown-key"), [refused, "KeyUnknown"])
        })
    )
  }

  effect(
    "says why a webhook that it sends again got no answer, and that there is none of the id",
    () =>
      Effect.gen(function*() {
        const { link, receiving, directoryId, sandbox } = yield* scene
        yield* Effect.scoped(Effect.gen(function*() {
          const verdicts = yield* receiving(Entity.directory(directoryId))
          yield* link
          yield* Queue.take(verdicts)
        }))
        const unreached = yield* sandbox("POST", "webhooks/1/resend", { as: "again" })
        assert.deepStrictEqual(unreached, { status: 200, body: { status: null, failure: "ConnectionFailed" } })
        const unknown = yield* sandbox("POST", "webhooks/2/resend", { as: "again" })
        assert.strictEqual(unknown.status, 404)
        assert.match(unknown.body.error, /no such webhook/)
        for (const [path, body] of [["1", { as: "never" }], ["1", {}], ["one", { as: "again" }]] as const) {
          assert.strictEqual((yield* sandbox("POST", `webhooks/${path}/resend`, body)).status, 400)
        }
      })
  )

  effect("delivers nothing more of before a reset, and lists nothing of it", () =>
    Effect.gen(function*() {
      const { link, sandbox } = yield* scene
      const arrived = yield* Deferred.make<void>()
      const interrupted = yield* Deferred.make<void>()
      const { serve } = yield* WebhookEgress.WebhookReceivers
      yield* serve(
        origin,
        Effect.zipRight(Deferred.succeed(arrived, undefined), Effect.never).pipe(
          Effect.onInterrupt(() => Deferred.succeed(interrupted, undefined))
        )
      )
      yield* link
      yield* Deferred.await(arrived)
      yield* sandbox("POST", "reset")
      assert.isTrue(yield* Deferred.isDone(interrupted))
      assert.deepStrictEqual((yield* sandbox("GET", "webhooks")).body, [])
    }))
})
