import * as ServiceClient from "@effect-launchkey/clients/ServiceClient"
import { Api } from "@effect-launchkey/core/Api"
import * as Entity from "@effect-launchkey/core/EntityIdentifier"
import * as AuditLog from "@effect-launchkey/platform/AuditLog"
import * as Metrics from "@effect-launchkey/platform/Metrics"
import * as PlatformSettings from "@effect-launchkey/platform/PlatformSettings"
import * as Store from "@effect-launchkey/platform/Store"
import * as TestKeys from "@effect-launchkey/testing/TestKeys"
import * as TestPlatform from "@effect-launchkey/testing/TestPlatform"
import * as Answer from "@effect-launchkey/transport/Answer"
import * as Jose from "@effect-launchkey/transport/Jose"
import * as Keyring from "@effect-launchkey/transport/Keyring"
import * as Transport from "@effect-launchkey/transport/Transport"
import * as HttpApiClient from "@effect/platform/HttpApiClient"
import { assert, layer } from "@effect/vitest"
import { Effect, Layer, Metric, Option } from "effect"

const { directoryId, serviceId } = TestPlatform

const over = (numberTries: number) =>
  ServiceClient.layer({ serviceId }).pipe(
    Layer.provideMerge(TestPlatform.layer),
    Layer.provideMerge(Layer.merge(
      Layer.succeed(PlatformSettings.PlatformSettings, { ...PlatformSettings.defaults, numberTries }),
      AuditLog.layerMemory
    )),
    Layer.orDie
  )

const asked = (user: string) =>
  Effect.gen(function*() {
    const { linkedDevice } = yield* TestPlatform.TestPlatform
    const service = yield* ServiceClient.ServiceClient
    const device = yield* linkedDevice(user)
    const request = yield* service.authorize(user, { numberMatch: true })
    const number = Option.getOrThrow(request.numberMatch)
    return { device, number, request, service, wrong: number === "10" ? "11" : "10" }
  })

/** What a device could send that knows nothing of numbers, or would rather not. */
const approvedWithout = (user: string, more: { readonly outcome?: "APPROVED" | "NOT_APPROVED" }) =>
  Effect.gen(function*() {
    const { baseUrl } = yield* TestPlatform.TestPlatform
    const { request, service } = yield* asked(user)
    const [device] = yield* Effect.flatMap(Store.Store, (store) => store.devices({ directoryId, identifier: user }))
    assert(device !== undefined)
    const issuer = Entity.device(device.id)
    const transport = yield* Transport.make({ issuer, baseUrl }).pipe(
      Effect.provideServiceEffect(Keyring.Keyring, Keyring.make({ signingKey: TestKeys.device.privateKey }))
    )
    const api = yield* HttpApiClient.group(Api, { group: "device", httpClient: transport.httpClient(issuer) })
    const recipient = yield* Effect.flatMap(Jose.Jose, (jose) => jose.importPublicKey(TestKeys.service.publicKey))
    const sealed = yield* Answer.seal({
      type: "AUTHORIZED",
      reason: "APPROVED",
      denialReason: Option.none(),
      authorizationRequestId: request.id,
      deviceId: device.id,
      servicePins: [],
      policy: Option.none(),
      methods: Option.none()
    }, recipient)
    const answer = api.answerAuthorization({
      path: { id: request.id },
      payload: { ...sealed, keyId: recipient.keyId, ...more }
    })
    return { answer, response: service.getResponse(request.id) }
  })

layer(over(1))("number matching", (it) => {
  it.effect("refuses an approval that brings no number, whatever the device says of it", () =>
    Effect.gen(function*() {
      for (const [user, more] of [["old", {}], ["liar", { outcome: "NOT_APPROVED" }]] as const) {
        const { answer, response } = yield* approvedWithout(user, more)
        yield* answer
        const refused = yield* Effect.flip(response)
        assert.deepInclude(refused, { _tag: "MessageRejected", kind: "DeviceAnswer", reason: "NumberUnmatched" })
      }
      const { answer, response } = yield* approvedWithout("forgetful", { outcome: "APPROVED" })
      const told = yield* Effect.flip(answer)
      assert(told._tag === "InvalidParameters")
      assert.property(told.detail, "number")
      assert.deepStrictEqual(yield* response, Option.none())
    }))

  it.effect("records a wrong number, and counts it", () =>
    Effect.gen(function*() {
      const { device, wrong } = yield* asked("mistypes")
      const { count } = yield* Metric.value(Metrics.numberMismatches.of({}))
      yield* Effect.flip(device.approve(undefined, { number: wrong }))
      assert.strictEqual((yield* Metric.value(Metrics.numberMismatches.of({}))).count, count + 1)
      const entries = yield* (yield* AuditLog.AuditLog).entries({ limit: 100 })
      assert.deepInclude(entries.at(-1), { act: "number.mismatch", on: Entity.service(serviceId) })
    }))
})

layer(over(2))("number matching with two tries", (it) => {
  it.effect("leaves the request open after the first wrong number, and ends it after the second", () =>
    Effect.gen(function*() {
      const { device, request, service, wrong } = yield* asked("tries")
      const first = yield* Effect.flip(device.approve(undefined, { number: wrong }))
      assert.deepInclude(first, { _tag: "NumberMismatch", ended: false })
      assert.deepStrictEqual(yield* service.getResponse(request.id), Option.none())
      const second = yield* Effect.flip(device.approve(undefined, { number: wrong }))
      assert.deepInclude(second, { _tag: "NumberMismatch", ended: true })
      const response = Option.getOrThrow(yield* service.getResponse(request.id))
      assert.deepStrictEqual([response.authorized, response.type], [false, Option.some("FAILED")])
      const again = yield* asked("tries-well")
      yield* Effect.flip(again.device.approve(undefined, { number: again.wrong }))
      yield* again.device.approve(undefined, { number: again.number })
    }))
})
