/** The keys of those who call, at every level: what each may be used for, and one exchanged for another. */
import * as ServiceClient from "@effect-launchkey/clients/ServiceClient"
import * as Entity from "@effect-launchkey/core/EntityIdentifier"
import type { KeyType } from "@effect-launchkey/core/PublicKey"
import * as Administration from "@effect-launchkey/platform/Administration"
import * as TestKeys from "@effect-launchkey/testing/TestKeys"
import * as TestPlatform from "@effect-launchkey/testing/TestPlatform"
import * as Jose from "@effect-launchkey/transport/Jose"
import * as Keyring from "@effect-launchkey/transport/Keyring"
import * as Transport from "@effect-launchkey/transport/Transport"
import * as HttpClient from "@effect/platform/HttpClient"
import { assert, describe, layer } from "@effect/vitest"
import { Deferred, Effect, Fiber, Layer, Option } from "effect"

const { directoryId, organizationId, serviceId } = TestPlatform
const { encryption: next, stranger: last } = TestKeys

/** The service, by whoever acts for it with these keys; `onSession` comes before the platform sees a call about sessions. */
const actingFor = (
  issuer: Entity.EntityIdentifier,
  options: Omit<Keyring.Options, "signingKey"> & { readonly key: TestKeys.TestKey },
  onSession: Effect.Effect<unknown> = Effect.void
) =>
  Effect.gen(function*() {
    const { baseUrl } = yield* TestPlatform.TestPlatform
    const keyring = yield* Keyring.make({ ...options, signingKey: options.key.privateKey })
    const http = HttpClient.tapRequest(
      yield* HttpClient.HttpClient,
      ({ url }) => url.endsWith("/sessions") ? onSession : Effect.void
    )
    const transport = yield* Transport.make({ issuer, baseUrl }).pipe(
      Effect.provideService(Keyring.Keyring, keyring),
      Effect.provideService(HttpClient.HttpClient, http)
    )
    return yield* ServiceClient.make({ serviceId }).pipe(Effect.provideService(Transport.Transport, transport))
  })

const many = (service: ServiceClient.Service, user: string) =>
  Effect.all(Array.from({ length: 8 }, () => service.sessionStart(user)), { concurrency: 4, discard: true })

const levels = {
  "a service": Entity.service(serviceId),
  "the directory of a service": Entity.directory(directoryId),
  "the organization of a service": Entity.organization(organizationId)
}

for (const [who, issuer] of Object.entries(levels)) {
  layer(Layer.merge(TestPlatform.layer, Jose.layer))(who, (it) => {
    const added = (key: TestKeys.TestKey, type?: KeyType) =>
      Effect.flatMap(Administration.Administration, ({ addKey }) => addKey(issuer, key.publicKey, { type }))

    const without = (...keys: ReadonlyArray<TestKeys.TestKey>) =>
      Effect.flatMap(
        Administration.Administration,
        ({ removeKey }) => Effect.forEach(keys, ({ keyId }) => removeKey(issuer, keyId), { discard: true })
      )

    it.effect("exchanges its key for another while calls are under way, and none of them fails", () =>
      Effect.gen(function*() {
        const user = "of an exchange"
        const device = yield* (yield* TestPlatform.TestPlatform).linkedDevice(user)
        yield* added(last)
        const underWay = yield* Deferred.make<void>()
        const before = yield* actingFor(issuer, { key: last }, Deferred.succeed(underWay, undefined))
        const request = yield* before.authorize(user)

        const first = yield* Effect.fork(many(before, user))
        yield* Deferred.await(underWay)
        yield* added(next)
        const kept = { decryptionKeys: [last.privateKey] }
        const after = yield* actingFor(issuer, { key: next, ...kept })
        const second = yield* Effect.fork(many(after, user))
        yield* Fiber.join(first)
        yield* without(last)
        yield* Fiber.join(second)
        yield* many(after, user)
        assert.strictEqual((yield* Effect.flip(before.sessionStart(user)))._tag, "Unauthorized")

        // What was asked by the old key is answered to it, by the device.
        yield* device.approve()
        assert.isTrue(Option.getOrThrow(yield* after.getResponse(request.id)).authorized)
        const forgetful = yield* Effect.flip((yield* actingFor(issuer, { key: next })).getResponse(request.id))
        assert.deepInclude(forgetful, { kind: "DeviceAnswer", reason: "DecryptionKeyUnknown" })
        yield* without(next)
      }))

    describe("with a key for each purpose", () => {
      const purposes = Effect.zipRight(added(last, "SIGNATURE"), added(next, "ENCRYPTION"))

      it.effect("signs with the one, and opens with the other what is asked and what a device answers", () =>
        Effect.gen(function*() {
          yield* purposes
          const user = "of both"
          const device = yield* (yield* TestPlatform.TestPlatform).linkedDevice(user)
          const service = yield* actingFor(issuer, {
            key: last,
            decryptWithSigningKey: false,
            decryptionKeys: [next.privateKey]
          })
          const request = yield* service.authorize(user)
          yield* device.approve()
          assert.isTrue(Option.getOrThrow(yield* service.getResponse(request.id)).authorized)
          yield* without(last, next)
        }))

      it.effect("is refused with Unauthorized where it signs with the one for encryption", () =>
        Effect.gen(function*() {
          yield* purposes
          const refused = yield* Effect.flip((yield* actingFor(issuer, { key: next })).sessionEnd("anyone"))
          assert.deepInclude(refused, { _tag: "Unauthorized", authenticated: true })
          yield* without(last, next)
        }))

      it.effect("is sent nothing that is encrypted to the one for signatures", () =>
        Effect.gen(function*() {
          yield* purposes
          const service = yield* actingFor(issuer, { key: last })
          assert.deepInclude(yield* Effect.flip(service.sessionEnd("nobody")), {
            _tag: "MessageRejected",
            reason: "DecryptionKeyUnknown"
          })
          yield* without(last, next)
        }))
    })
  })
}
