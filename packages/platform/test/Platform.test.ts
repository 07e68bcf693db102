import * as Administration from "@effect-launchkey/platform/Administration"
import * as Authenticator from "@effect-launchkey/platform/Authenticator"
import * as Platform from "@effect-launchkey/platform/Platform"
import * as PlatformKeys from "@effect-launchkey/platform/PlatformKeys"
import * as InMemory from "@effect-launchkey/testing/InMemory"
import * as TestKeys from "@effect-launchkey/testing/TestKeys"
import * as Jose from "@effect-launchkey/transport/Jose"
import * as RemoteApi from "@effect-launchkey/transport/RemoteApi"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Redacted } from "effect"

describe("a platform of one's own", () => {
  const Live = InMemory.layer(Platform.httpApp).pipe(
    Layer.provideMerge(Platform.layerMemory),
    Layer.provideMerge(Layer.provide(RemoteApi.layer, Jose.layer))
  )

  it.effect("makes its own keys and starts empty", () =>
    Effect.gen(function*() {
      const administration = yield* Administration.Administration
      const organization = yield* administration.createOrganization("Acme")
      const { id: directoryId } = yield* administration.createDirectory(organization.id, "Staff")
      const sdkKey = yield* administration.createSdkKey(directoryId)
      const { code, deviceId } = yield* administration.linkDevice({ directoryId, identifier: "alice" })
      const device = yield* Authenticator.make({ baseUrl: "http://localhost", name: "Phone" })
      assert.strictEqual(yield* device.link(code, sdkKey), deviceId)
      assert.deepStrictEqual(yield* device.pending, [])
    }).pipe(Effect.provide(Live)))

  it.effect("shares neither keys nor memory with another", () =>
    Effect.gen(function*() {
      const id = Effect.map(PlatformKeys.PlatformKeys, ({ current }) => current.keyId)
      const keys = yield* Effect.all([Effect.provide(id, Live), Effect.provide(id, Live)])
      assert.notStrictEqual(keys[0], keys[1])
    }))
})

describe("the platform's keys", () => {
  const options = { signingKey: TestKeys.platform.privateKey, userHashSecret: Redacted.make(new Uint8Array(32)) }

  it.effect("are the one that signs and those rotated out", () =>
    Effect.gen(function*() {
      const keys = yield* PlatformKeys.make({ ...options, retiredKeys: [TestKeys.retired.privateKey] })
      assert.strictEqual(keys.current.keyId, TestKeys.platform.keyId)
      assert.strictEqual(keys.keyring.signingKeyId, TestKeys.platform.keyId)
      assert.sameMembers([...keys.byId.keys()], [TestKeys.platform.keyId, TestKeys.retired.keyId])
    }).pipe(Effect.provide(Jose.layer)))

  it.effect("are refused where one is none", () =>
    Effect.gen(function*() {
      const failures = yield* Effect.all([
        Effect.flip(PlatformKeys.make({ ...options, signingKey: Redacted.make(TestKeys.platform.publicKey) })),
        Effect.flip(PlatformKeys.make({ ...options, retiredKeys: [Redacted.make("")] }))
      ])
      assert.deepStrictEqual(failures.map(({ _tag }) => _tag), ["InvalidKey", "InvalidKey"])
    }).pipe(Effect.provide(Jose.layer)))
})
