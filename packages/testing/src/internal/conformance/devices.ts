import { LinkingApi } from "@effect-launchkey/core/api/DeviceApi"
import { LinkDevice, type PendingAuthorization } from "@effect-launchkey/core/Device"
import * as LinkedDevice from "@effect-launchkey/platform/LinkedDevice"
import * as PlatformSettings from "@effect-launchkey/platform/PlatformSettings"
import * as DerivedClient from "@effect-launchkey/transport/DerivedClient"
import * as Jose from "@effect-launchkey/transport/Jose"
import * as HttpClient from "@effect/platform/HttpClient"
import * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import { assert, describe } from "@effect/vitest"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { ConformanceTarget } from "../../ConformanceTarget.ts"
import { advance, fresh, type It, service } from "./scene.ts"
import { nowhere, ownDirectory, tenant } from "./tenant.ts"

const tagOf = <A, E extends { readonly _tag: string }, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.map(Effect.flip(effect), ({ _tag }) => _tag)

/** A user, and a device of theirs that keeps what it was shown. */
const linked = Effect.gen(function*() {
  const { baseUrl, keys, sdkKey } = yield* ConformanceTarget
  const directory = yield* (yield* ownDirectory).directoryClient
  const user = yield* fresh("user")
  const { code } = yield* directory.linkDevice(user)
  const key = yield* Effect.flatMap(Jose.Jose, (jose) => jose.importPrivateKey(keys.device.privateKey))
  const deviceId = yield* LinkedDevice.link({ baseUrl, code, sdkKey, name: "Phone", type: "Android", key })
  return { user, service: yield* service, device: yield* LinkedDevice.make({ baseUrl, deviceId, key }) }
})

const denied = (device: LinkedDevice.LinkedDevice, request: PendingAuthorization) =>
  device.answer(request, LinkedDevice.denied({ fraud: false }), { methods: [] })

const shown = (device: LinkedDevice.LinkedDevice) =>
  Effect.flatMap(device.pending, ([request]) => Effect.orDie(Option.fromNullable(request)))

const answering = (it: It) =>
  describe("an answer of a device that comes too late", () => {
    it.effect("fails with AuthorizationResponseExists where it is the second", () =>
      Effect.gen(function*() {
        const { device, service, user } = yield* linked
        yield* service.authorize(user)
        const request = yield* shown(device)
        yield* denied(device, request)
        assert.strictEqual(yield* tagOf(denied(device, request)), "AuthorizationResponseExists")
      }))

    it.effect("fails with AuthorizationRequestCanceled where nobody wants it any more", () =>
      Effect.gen(function*() {
        const { device, service, user } = yield* linked
        const { id } = yield* service.authorize(user)
        const request = yield* shown(device)
        yield* service.cancel(id)
        assert.strictEqual(yield* tagOf(denied(device, request)), "AuthorizationRequestCanceled")
      }))

    it.effect("fails with RequestTimedOut where the request has expired", () =>
      Effect.gen(function*() {
        const { device, service, user } = yield* linked
        yield* service.authorize(user, { ttl: "30 seconds" })
        const request = yield* shown(device)
        yield* advance("30 seconds")
        assert.strictEqual(yield* tagOf(denied(device, request)), "RequestTimedOut")
      }))

    it.effect("fails with EntityNotFound where another user was asked, who still is", () =>
      Effect.gen(function*() {
        const { device, service, user } = yield* linked
        const other = yield* linked
        yield* service.authorize(user)
        const request = yield* shown(device)
        assert.strictEqual(yield* tagOf(denied(other.device, request)), "EntityNotFound")
        assert.lengthOf(yield* device.pending, 1)
      }))
  })

const linking = (it: It) =>
  describe("a device that is to be linked", () => {
    const link = Effect.gen(function*() {
      const { baseUrl, keys } = yield* ConformanceTarget
      const { directory, directoryId, organization } = yield* tenant
      const httpClient = HttpClient.mapRequest(yield* HttpClient.HttpClient, HttpClientRequest.prependUrl(baseUrl))
      const api = DerivedClient.make(LinkingApi, httpClient)
      const payload = {
        code: LinkDevice.fields.code.make((yield* directory.linkDevice(yield* fresh("user"))).code),
        sdkKey: yield* organization.generateSdkKey(directoryId),
        name: "Phone",
        type: "Android",
        publicKey: keys.device.publicKey
      }
      return (change: Partial<typeof payload>) => api.link({ payload: { ...payload, ...change } })
    })

    it.effect("with a key that is none fails with InvalidPublicKey, and the code serves on", () =>
      Effect.gen(function*() {
        const linkWith = yield* link
        assert.strictEqual(yield* tagOf(linkWith({ publicKey: "no key" })), "InvalidPublicKey")
        yield* linkWith({})
      }))

    it.effect("tries SDK keys on one code so often and no more: RateLimited, which tells when again", () =>
      Effect.gen(function*() {
        const linkWith = yield* link
        const { sdkKey } = yield* ConformanceTarget
        const { limit } = PlatformSettings.defaults.sdkKeyAttempts
        for (let attempt = 0; attempt < limit; attempt++) {
          assert.strictEqual(yield* tagOf(linkWith({ sdkKey })), "InvalidSdkKey")
        }
        const limited = yield* Effect.flip(linkWith({ sdkKey }))
        assert(limited._tag === "RateLimited")
        const wait = Option.getOrThrow(limited.retryAfter)
        assert.isTrue(Duration.between(wait, { minimum: "50 seconds", maximum: "60 seconds" }))
        yield* linkWith({})
      }))
  })

const pushes = (it: It) =>
  it.effect("a device subscribes to pushes, by a key, where the platform sends them; else EntityNotFound", () =>
    Effect.gen(function*() {
      const { device } = yield* linked
      const subscribed = yield* Effect.either(device.subscribePush("https://push.example.com/1"))
      assert.strictEqual(
        subscribed._tag === "Right" ? subscribed._tag : subscribed.left._tag,
        Option.isSome(yield* device.pushKey) ? "Right" : "EntityNotFound"
      )
      yield* device.unsubscribePush
    }))

const publicKeys = (it: It) =>
  it.effect("the platform's key is told by its id too, and one that it never had is not", () =>
    Effect.gen(function*() {
      const { baseUrl, keys } = yield* ConformanceTarget
      const get = (id: string) => HttpClient.get(`${baseUrl}/public/v3/public-key${id}`)
      const current = yield* get("")
      const byId = yield* get(`/${current.headers["x-iov-key-id"]}`)
      assert.deepStrictEqual([byId.status, yield* byId.text], [200, yield* current.text])
      for (const id of [keys.stranger.keyId, nowhere.keyId]) assert.strictEqual((yield* get(`/${id}`)).status, 404)
    }))

export const devices = (it: It): void => {
  answering(it)
  linking(it)
  pushes(it)
  publicKeys(it)
}
