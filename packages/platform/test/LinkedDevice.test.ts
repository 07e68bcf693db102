import { Api } from "@effect-launchkey/core/Api"
import { type AuthorizationPackage, DeviceId, Pending } from "@effect-launchkey/core/Authorization"
import * as Entity from "@effect-launchkey/core/EntityIdentifier"
import * as Administration from "@effect-launchkey/platform/Administration"
import * as LinkedDevice from "@effect-launchkey/platform/LinkedDevice"
import * as Store from "@effect-launchkey/platform/Store"
import * as WebPush from "@effect-launchkey/platform/WebPush"
import * as TestKeys from "@effect-launchkey/testing/TestKeys"
import * as TestPlatform from "@effect-launchkey/testing/TestPlatform"
import * as Jose from "@effect-launchkey/transport/Jose"
import * as Transport from "@effect-launchkey/transport/Transport"
import * as HttpApiClient from "@effect/platform/HttpApiClient"
import { assert, layer } from "@effect/vitest"
import { Effect, Layer, Option } from "effect"

const { serviceId } = TestPlatform

const key = Effect.flatMap(Jose.Jose, (jose) => jose.importPrivateKey(TestKeys.device.privateKey))

/** A device whose key is given, as one that keeps its own. */
const linked = (identifier: string) =>
  Effect.gen(function*() {
    const { baseUrl } = yield* TestPlatform.TestPlatform
    const administration = yield* Administration.Administration
    const { code } = yield* administration.linkDevice({ directoryId: TestPlatform.directoryId, identifier })
    const given = { baseUrl, key: yield* key }
    const deviceId = yield* LinkedDevice.link({
      ...given,
      code,
      sdkKey: TestPlatform.sdkKey,
      name: "Phone",
      type: "Browser"
    })
    return yield* LinkedDevice.make({ ...given, deviceId })
  })

const service = Effect.gen(function*() {
  const transport = yield* Transport.Transport
  const api = yield* HttpApiClient.group(Api, {
    group: "service",
    httpClient: transport.httpClient(Entity.service(serviceId))
  })
  return { ...api, openAnswer: transport.openAnswer }
})

layer(TestPlatform.layer)("a linked device", (it) => {
  it.effect("answers what waits for it under the key that it was given, and shares a PIN with who asked", () =>
    Effect.gen(function*() {
      const device = yield* linked("ada with a key")
      const { createAuthorization, getAuthorization, openAnswer } = yield* service
      const { id } = yield* createAuthorization({ payload: { user: "ada with a key", title: "Transfer" } })
      const [pending] = yield* device.pending
      assert(pending !== undefined)
      assert.strictEqual(pending.id, id)
      yield* device.answer(pending, LinkedDevice.denied({ fraud: true }), { methods: ["PIN_CODE"] })
      const answer = yield* Effect.filterOrDie(
        getAuthorization({ path: { id } }),
        (answer): answer is AuthorizationPackage => !(answer instanceof Pending),
        () => new Error("nobody answered")
      )
      const opened = yield* openAnswer(answer, { authorizationRequestId: id })
      assert.deepStrictEqual(opened.type, Option.some("DENIED"))
      assert.deepStrictEqual(opened.reason, Option.some("FRAUDULENT"))
      assert.strictEqual(opened.deviceId, device.deviceId)
      assert.lengthOf(opened.servicePins, 1)
      assert.deepStrictEqual(yield* device.pending, [])
    }))

  it.effect("is told by push nowhere where the platform sends none", () =>
    Effect.gen(function*() {
      const device = yield* linked("ada without pushes")
      assert.deepStrictEqual(yield* device.pushKey, Option.none())
      const refused = yield* Effect.flip(device.subscribePush("https://push.example.com/1"))
      assert.strictEqual(refused._tag, "EntityNotFound")
      yield* device.unsubscribePush
    }))

  it.effect("is told by push at the one place that it says", () =>
    Effect.gen(function*() {
      const store = yield* Store.Store
      const device = yield* linked("ada with pushes")
      assert.deepStrictEqual(yield* device.pushKey, Option.some("key"))
      for (const endpoint of ["https://push.example.com/1", "https://push.example.com/2?a=b"]) {
        yield* device.subscribePush(endpoint)
        assert.deepStrictEqual(yield* store.pushEndpoint(device.deviceId), Option.some(endpoint))
      }
      yield* device.unsubscribePush
      assert.deepStrictEqual(yield* store.pushEndpoint(device.deviceId), Option.none())
    }).pipe(Effect.provide(Layer.provide(
      TestPlatform.layer,
      Layer.succeed(WebPush.WebPush, { ...WebPush.none, publicKey: Option.some("key") })
    ))))

  it.effect("lists the user's sessions, and ends them", () =>
    Effect.gen(function*() {
      const device = yield* linked("ada who logs in")
      const { startSession } = yield* service
      yield* startSession({ payload: { user: "ada who logs in" } })
      assert.deepStrictEqual((yield* device.sessions).map((session) => session.serviceId), [serviceId])
      yield* device.endSessions(serviceId)
      assert.deepStrictEqual(yield* device.sessions, [])
    }))

  it.effect("is nobody once its link has ended", () =>
    Effect.gen(function*() {
      const device = yield* linked("ada who leaves")
      yield* device.unlink
      const error = yield* Effect.flip(device.pending)
      assert.deepInclude(error, { _tag: "Unauthorized", authenticated: true })
    }))

  it.effect("whose link names nothing that could be is told all that is wrong, and nothing of the values", () =>
    Effect.gen(function*() {
      const { baseUrl } = yield* TestPlatform.TestPlatform
      const error = yield* Effect.flip(
        LinkedDevice.link({ baseUrl, key: yield* key, code: "no code", sdkKey: "none", name: "", type: "Browser" })
      )
      assert(error._tag === "InvalidParameters")
      assert.strictEqual(error.origin, "Client")
      assert.deepStrictEqual(error.issues.map(({ path }) => path), ["code", "sdkKey", "name"])
      assert.notInclude(error.message, "no code")
    }))

  it.effect("that the platform does not know is refused", () =>
    Effect.gen(function*() {
      const { baseUrl } = yield* TestPlatform.TestPlatform
      const device = yield* LinkedDevice.make({
        baseUrl,
        key: yield* key,
        deviceId: DeviceId.make("00000000-0000-4000-8000-000000000000")
      })
      assert.strictEqual((yield* Effect.flip(device.pending))._tag, "Unauthorized")
    }))
})
