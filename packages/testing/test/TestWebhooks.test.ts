import * as DirectoryWebhook from "@effect-launchkey/clients/DirectoryWebhook"
import * as ServiceWebhook from "@effect-launchkey/clients/ServiceWebhook"
import * as WebhookInbox from "@effect-launchkey/clients/WebhookInbox"
import { AuthorizationRequestId, AuthorizationResponse, DeviceId } from "@effect-launchkey/core/Authorization"
import { Directory } from "@effect-launchkey/core/EntityIdentifier"
import * as ResponsePolicy from "@effect-launchkey/core/ResponsePolicy"
import * as Webhook from "@effect-launchkey/core/Webhook"
import { assert, describe, it } from "@effect/vitest"
import * as Cause from "effect/Cause"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Ref from "effect/Ref"
import * as TestClock from "effect/TestClock"
import * as TestKeys from "../src/TestKeys.ts"
import * as TestPlatform from "../src/TestPlatform.ts"
import * as TestWebhooks from "../src/TestWebhooks.ts"

const id = AuthorizationRequestId.make("9ecc57e0-fb0f-4971-ba12-399b630069dd")

const receivers = (options: TestWebhooks.Options = {}) =>
  Layer.merge(
    ServiceWebhook.layer({ serviceId: options.serviceId ?? TestPlatform.serviceId }),
    DirectoryWebhook.layer({ directoryId: options.directoryId ?? TestPlatform.directoryId })
  ).pipe(Layer.provide(WebhookInbox.layerMemory()))

/** A service's credentials. */
const asService = Layer.provideMerge(receivers(), TestWebhooks.layer())

/** A directory's, as which its services may be served too. */
const asDirectory = Layer.provideMerge(
  receivers(),
  TestWebhooks.layer({
    issuer: Directory.make(`dir:${TestPlatform.directoryId}`),
    signingKey: TestKeys.directory.privateKey
  })
)

describe("a forged webhook", () => {
  it.effect("brings the response that it was told to", () =>
    Effect.gen(function*() {
      const webhooks = yield* TestWebhooks.TestWebhooks
      const service = yield* ServiceWebhook.ServiceWebhook
      const policy = ResponsePolicy.make({ requirement: "AMOUNT", amount: 2 })
      const delivery = yield* webhooks.authorizationResponse({
        authorizationRequestId: id,
        type: "FAILED",
        reason: "SENSOR",
        denialReason: "x1",
        deviceId: "a-device",
        servicePins: ["1", "2"],
        serviceUserHash: "service hash",
        organizationUserHash: "organization hash",
        userPushId: "push id",
        policy,
        methods: []
      })
      assert.deepStrictEqual(
        yield* service.open(delivery),
        new Webhook.AuthorizationResponded({
          response: new AuthorizationResponse({
            authorizationRequestId: id,
            authorized: false,
            type: Option.some("FAILED"),
            reason: Option.some("SENSOR"),
            denialReason: Option.some("x1"),
            fraud: Option.some(false),
            deviceId: DeviceId.make("a-device"),
            servicePins: ["1", "2"],
            serviceUserHash: "service hash",
            organizationUserHash: Option.some("organization hash"),
            userPushId: "push id",
            policy: Option.some(policy),
            methods: Option.some([])
          })
        })
      )
    }).pipe(Effect.provide(asService)))

  it.effect("is an approval by default, of another request each time, and a denial where it is said", () =>
    Effect.gen(function*() {
      const webhooks = yield* TestWebhooks.TestWebhooks
      const service = yield* ServiceWebhook.ServiceWebhook
      const opened = (options?: TestWebhooks.AuthorizationResponseOptions) =>
        Effect.gen(function*() {
          const event = yield* Effect.flatMap(webhooks.authorizationResponse(options), service.open)
          return event._tag === "AuthorizationResponded" ? event.response : yield* Effect.dieMessage(event._tag)
        })
      const [first, second] = [yield* opened(), yield* opened()]
      assert.isTrue(first.authorized)
      assert.notStrictEqual(first.authorizationRequestId, second.authorizationRequestId)
      const denied = yield* opened({ authorized: false })
      assert.isFalse(denied.authorized)
      assert.deepStrictEqual([denied.type, denied.reason], [Option.some("DENIED"), Option.some("DISAPPROVED")])
      const fraud = yield* opened({ authorized: false, reason: "FRAUDULENT" })
      assert.deepStrictEqual(fraud.fraud, Option.some(true))
      const old = yield* opened({ legacy: true })
      assert.isTrue(old.authorized)
      assert.deepStrictEqual(old.type, Option.none())
    }).pipe(Effect.provide(asService)))

  it.effect("brings the end of a session, in plain JSON and whole seconds", () =>
    Effect.gen(function*() {
      const webhooks = yield* TestWebhooks.TestWebhooks
      const service = yield* ServiceWebhook.ServiceWebhook
      const delivery = yield* webhooks.sessionEnd({ serviceUserHash: "hash", ended: "2023-11-14T22:13:20Z" })
      assert.strictEqual(
        new TextDecoder().decode(delivery.body),
        "{\"service_user_hash\":\"hash\",\"api_time\":\"2023-11-14T22:13:20Z\"}"
      )
      assert.strictEqual(delivery.headers["content-type"], "application/json")
      assert.deepStrictEqual(
        yield* service.open(delivery),
        new Webhook.SessionEnded({ serviceUserHash: "hash", ended: DateTime.unsafeMake("2023-11-14T22:13:20Z") })
      )
      yield* TestClock.setTime(1_700_000_000_000)
      assert.deepStrictEqual(
        yield* Effect.flatMap(webhooks.sessionEnd(), service.open),
        new Webhook.SessionEnded({
          serviceUserHash: "B1R3RD7WFKjlr0g4RACl25c2phPqcunajeQeZdTkLkM",
          ended: DateTime.unsafeMake(1_700_000_000_000)
        })
      )
    }).pipe(Effect.provide(asService)))

  it.effect("brings a linked device to a directory", () =>
    Effect.gen(function*() {
      const webhooks = yield* TestWebhooks.TestWebhooks
      const directory = yield* DirectoryWebhook.DirectoryWebhook
      assert.deepStrictEqual(
        yield* Effect.flatMap(webhooks.deviceLink({ deviceId: "a-device" }), directory.open),
        new Webhook.DeviceLinkCompleted({
          deviceId: DeviceId.make("a-device"),
          publicKey: TestKeys.device.publicKey,
          publicKeyId: TestKeys.device.keyId
        })
      )
      assert.strictEqual(
        (yield* Effect.flatMap(webhooks.deviceLink(), directory.open))._tag,
        "DeviceLinkCompleted"
      )
    }).pipe(Effect.provide(asDirectory)))

  it.effect("reaches a service that is served with its directory's credentials", () =>
    Effect.gen(function*() {
      const webhooks = yield* TestWebhooks.TestWebhooks
      const service = yield* ServiceWebhook.ServiceWebhook
      const delivery = yield* webhooks.authorizationResponse()
      assert.strictEqual((yield* service.open(delivery))._tag, "AuthorizationResponded")
    }).pipe(Effect.provide(asDirectory)))

  it.effect("may be of a kind that nobody knows, encrypted or not, to either", () =>
    Effect.gen(function*() {
      const webhooks = yield* TestWebhooks.TestWebhooks
      const service = yield* ServiceWebhook.ServiceWebhook
      const directory = yield* DirectoryWebhook.DirectoryWebhook
      const unknown = new Webhook.UnknownEvent({ type: Option.some("NEWS") })
      const told = { type: "NEWS", service_user_hash: "hash" }
      assert.deepStrictEqual(yield* Effect.flatMap(webhooks.unknown(told), service.open), unknown)
      assert.deepStrictEqual(
        yield* Effect.flatMap(webhooks.unknown(told, { encrypted: false }), service.open),
        unknown
      )
      assert.deepStrictEqual(
        yield* Effect.flatMap(webhooks.unknown(told, { to: "directory" }), directory.open),
        unknown
      )
    }).pipe(Effect.provide(asService)))

  it.effect("is encrypted to whichever of the receiver's keys is named", () =>
    Effect.gen(function*() {
      const webhooks = yield* TestWebhooks.TestWebhooks
      const service = yield* ServiceWebhook.ServiceWebhook
      const kid = ({ body }: TestWebhooks.Delivery) =>
        JSON.parse(Buffer.from(new TextDecoder().decode(body).split(".")[0] ?? "", "base64url").toString()).kid
      const first = yield* webhooks.authorizationResponse()
      assert.strictEqual(kid(first), TestKeys.encryption.keyId)
      const second = yield* webhooks.authorizationResponse({ recipient: TestKeys.retired.keyId })
      assert.strictEqual(kid(second), TestKeys.retired.keyId)
      yield* Effect.forEach([first, second], service.open)
      const cause = yield* Effect.flip(
        Effect.sandbox(webhooks.authorizationResponse({ recipient: TestKeys.stranger.keyId }))
      )
      assert.include(String(Cause.squash(cause)), `no key ${TestKeys.stranger.keyId} to decrypt with`)
    }).pipe(Effect.provide(Layer.provideMerge(
      receivers(),
      TestWebhooks.layer({
        decryptWithSigningKey: false,
        decryptionKeys: [TestKeys.encryption.privateKey, TestKeys.retired.privateKey]
      })
    ))))

  it.effect("goes to the path of the callback URL, without its query", () =>
    Effect.gen(function*() {
      const webhooks = yield* TestWebhooks.TestWebhooks
      const service = yield* ServiceWebhook.ServiceWebhook
      const delivery = yield* webhooks.sessionEnd()
      assert.strictEqual(delivery.path, "/a%2Fb/hook")
      assert.strictEqual((yield* service.open(delivery))._tag, "SessionEnded")
      const request = TestWebhooks.toWebRequest(delivery)
      assert.strictEqual(request.url, "https://example.com/a%2Fb/hook?tenant=1")
      assert.strictEqual(request.method, "POST")
      assert.strictEqual(request.headers.get("X-IOV-JWT"), delivery.token)
      assert.deepStrictEqual(
        new Uint8Array(yield* TestWebhooks.toServerRequest(delivery).arrayBuffer),
        delivery.body
      )
      assert.strictEqual(TestWebhooks.toServerRequest(delivery).url, "/a%2Fb/hook?tenant=1")
      assert.strictEqual(
        TestWebhooks.toWebRequest(delivery, "http://127.0.0.1:8080").url,
        "http://127.0.0.1:8080/a%2Fb/hook?tenant=1"
      )
    }).pipe(Effect.provide(
      Layer.provideMerge(receivers(), TestWebhooks.layer({ url: "https://example.com/a%2Fb/hook?tenant=1" }))
    )))

  it.effect("is believed by the transport of the test platform too", () =>
    Effect.gen(function*() {
      const webhooks = yield* TestWebhooks.TestWebhooks
      const service = yield* ServiceWebhook.ServiceWebhook
      assert.strictEqual(
        (yield* Effect.flatMap(webhooks.authorizationResponse(), service.open))._tag,
        "AuthorizationResponded"
      )
    }).pipe(
      Effect.provide(Layer.provideMerge(receivers(), Layer.merge(TestPlatform.layer, TestWebhooks.layerForging())))
    ))

  it.effect("of options that cannot be used ends the test", () =>
    Effect.gen(function*() {
      const cause = yield* Effect.flip(
        Effect.sandbox(Effect.provide(Effect.void, TestWebhooks.layer({ serviceId: "7" })))
      )
      assert.isTrue(Cause.isDie(cause))
    }))
})

describe("a hostile webhook", () => {
  const cases = {
    tampered: "HashMismatch",
    late: "Expired",
    early: "NotYetValid",
    wrongKey: "KeyUnknown",
    wrongSignature: "SignatureInvalid",
    misaddressed: "AudienceMismatch"
  } as const
  const names = Object.keys(cases) as ReadonlyArray<keyof typeof cases>

  for (const name of names) {
    it.effect(`made \`${name}\` is refused as ${cases[name]}, encrypted or not, and its original is handled`, () =>
      Effect.gen(function*() {
        const webhooks = yield* TestWebhooks.TestWebhooks
        const service = yield* ServiceWebhook.ServiceWebhook
        for (const original of [yield* webhooks.authorizationResponse(), yield* webhooks.sessionEnd()]) {
          const error = yield* Effect.flip(Effect.flatMap(webhooks[name](original), service.open))
          assert.strictEqual(error._tag, "MessageRejected")
          assert.strictEqual(error._tag === "MessageRejected" && error.reason, cases[name])
          yield* service.open(original)
        }
      }).pipe(Effect.provide(asService)))
  }

  it.effect("that was seen before is refused as Replayed", () =>
    Effect.gen(function*() {
      const webhooks = yield* TestWebhooks.TestWebhooks
      const service = yield* ServiceWebhook.ServiceWebhook
      const delivery = yield* webhooks.sessionEnd()
      yield* service.open(delivery)
      const error = yield* Effect.flip(service.open(delivery))
      assert.strictEqual(error._tag === "MessageRejected" && error.reason, "Replayed")
    }).pipe(Effect.provide(asService)))
})

describe("an honest retry", () => {
  it.effect("is handled once", () =>
    Effect.gen(function*() {
      const webhooks = yield* TestWebhooks.TestWebhooks
      const service = yield* ServiceWebhook.ServiceWebhook
      const seen = yield* Ref.make(0)
      const handler = () => Ref.update(seen, (n) => n + 1)
      for (const original of [yield* webhooks.authorizationResponse(), yield* webhooks.sessionEnd()]) {
        yield* Ref.set(seen, 0)
        assert.strictEqual(yield* service.handle(original, handler), "Handled")
        const retry = yield* webhooks.again(original)
        assert.notStrictEqual(retry.token, original.token)
        assert.strictEqual(yield* service.handle(retry, handler), "HandledBefore")
        assert.strictEqual(yield* Ref.get(seen), 1)
      }
    }).pipe(Effect.provide(asService)))
})
