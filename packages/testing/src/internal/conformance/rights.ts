import * as Entity from "@effect-launchkey/core/EntityIdentifier"
import * as PlatformSettings from "@effect-launchkey/platform/PlatformSettings"
import { assert, describe } from "@effect/vitest"
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import { ConformanceTarget } from "../../ConformanceTarget.ts"
import type { TestKey } from "../../TestKeys.ts"
import {
  advance,
  fresh,
  type It,
  linked,
  now,
  organizationWith,
  responseTo,
  scene,
  serviceActedForBy
} from "./scene.ts"
import { completeLink, directoryCredentials, organizationCredentials, ownDirectory, tenant } from "./tenant.ts"

const tagOf = <A, E extends { readonly _tag: string }, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.map(Effect.flip(effect), ({ _tag }) => _tag)

/** Registered with nobody yet. */
const free = Effect.map(
  ConformanceTarget,
  ({ keys: { encryption, stranger: signature } }) => ({ encryption, signature })
)

const purposes = (it: It) =>
  describe("an organization with a key for each purpose", () => {
    /** Its client, by these of its keys. */
    const client = (by: (keys: Effect.Effect.Success<typeof free>) => readonly [TestKey, ReadonlyArray<TestKey>?]) =>
      Effect.gen(function*() {
        const { keys } = yield* ConformanceTarget
        const { encryption, signature } = yield* free
        const id = yield* organizationWith([
          [keys.directory, "BOTH"],
          [encryption, "ENCRYPTION"],
          [signature, "SIGNATURE"]
        ])
        const credentials = yield* organizationCredentials(id, ...by({ encryption, signature }))
        return yield* credentials.organizationClient
      })

    it.effect("is served when it signs with the one and can open with the other (B-082)", () =>
      Effect.gen(function*() {
        const { createDirectory, getDirectory } = yield* client((
          { encryption, signature }
        ) => [signature, [encryption]])
        const id = yield* createDirectory(yield* fresh("directory"))
        assert.strictEqual((yield* getDirectory(id)).id, id)
      }))

    it.effect("is refused with Unauthorized when it signs with the key for encryption (B-083, B-267)", () =>
      Effect.gen(function*() {
        const { listDirectories } = yield* client(({ encryption }) => [encryption])
        assert.deepInclude(yield* Effect.flip(listDirectories), { _tag: "Unauthorized", authenticated: true })
      }))

    it.effect("cannot open an answer with the key for signatures alone (B-084)", () =>
      Effect.gen(function*() {
        const { listDirectories } = yield* client(({ signature }) => [signature])
        assert.deepInclude(yield* Effect.flip(listDirectories), {
          _tag: "MessageRejected",
          reason: "DecryptionKeyUnknown"
        })
      }))

    it.effect("is told nothing in confidence where it has no key for encryption at all (B-268)", () =>
      Effect.gen(function*() {
        const { encryption, signature } = yield* free
        const id = yield* organizationWith([[signature, "SIGNATURE"]])
        const { organizationClient } = yield* organizationCredentials(id, signature, [encryption])
        assert.strictEqual(yield* tagOf((yield* organizationClient).listDirectories), "Unauthorized")
      }))
  })

/** A service of the target's directory, whoever manages it, and a user that the directory knows. */
const managed = Effect.gen(function*() {
  const directory = yield* (yield* ownDirectory).directoryClient
  const serviceId = yield* directory.createService(yield* fresh("service"))
  const user = yield* fresh("user")
  yield* directory.linkDevice(user)
  return { directory, serviceId, user, ...yield* free }
})

const lives = (it: It) =>
  describe("a key", () => {
    const bySelf = (serviceId: Entity.ServiceId, key: TestKey, kept: ReadonlyArray<TestKey> = []) =>
      serviceActedForBy(serviceId, Entity.service(serviceId), key, kept)

    it.effect("that is inactive is refused with Unauthorized, the last one too, until it is active again (B-262, B-266)", () =>
      Effect.gen(function*() {
        const { directory, serviceId, signature, user } = yield* managed
        const keyId = yield* directory.addServiceKey(serviceId, signature.publicKey)
        const service = yield* bySelf(serviceId, signature)
        yield* service.sessionEnd(user)
        yield* directory.updateServiceKey(serviceId, keyId, { active: false })
        assert.strictEqual(yield* tagOf(service.sessionEnd(user)), "Unauthorized")
        yield* directory.updateServiceKey(serviceId, keyId, { active: true })
        yield* service.sessionEnd(user)
      }))

    it.effect("is refused with Unauthorized from its end on, until it is given another (B-266)", () =>
      Effect.gen(function*() {
        const { directory, serviceId, signature, user } = yield* managed
        const expires = DateTime.add(yield* now, { hours: 1 })
        const keyId = yield* directory.addServiceKey(serviceId, signature.publicKey, { expires })
        const service = yield* bySelf(serviceId, signature)
        yield* service.sessionEnd(user)
        yield* advance("1 hours")
        assert.strictEqual(yield* tagOf(service.sessionEnd(user)), "Unauthorized")
        yield* directory.updateServiceKey(serviceId, keyId, { expires: null })
        yield* service.sessionEnd(user)
      }))

    it.effect("of a directory is refused as one of a service is (B-266)", () =>
      Effect.gen(function*() {
        const { directoryId, organization } = yield* tenant
        const { signature } = yield* free
        const keyId = yield* organization.addDirectoryKey(directoryId, signature.publicKey)
        const { directoryClient } = yield* directoryCredentials(directoryId, signature)
        const directory = yield* directoryClient
        assert.deepStrictEqual(yield* directory.listServices, [])
        yield* organization.updateDirectoryKey(directoryId, keyId, { active: false })
        assert.strictEqual(yield* tagOf(directory.listServices), "Unauthorized")
        yield* organization.updateDirectoryKey(directoryId, keyId, { active: true, expires: yield* now })
        assert.strictEqual(yield* tagOf(directory.listServices), "Unauthorized")
      }))

    it.effect("is exchanged for another while calls are under way, and none of them fails", () =>
      Effect.gen(function*() {
        const { directory, encryption: after, serviceId, signature: before, user } = yield* managed
        const many = (service: Effect.Effect.Success<ReturnType<typeof bySelf>>) =>
          Effect.all(Array.from({ length: 8 }, () => service.sessionStart(user)), { concurrency: 4, discard: true })

        yield* directory.addServiceKey(serviceId, before.publicKey)
        const old = yield* bySelf(serviceId, before)
        const first = yield* Effect.fork(many(old))
        yield* directory.addServiceKey(serviceId, after.publicKey)
        const next = yield* bySelf(serviceId, after, [before])
        const second = yield* Effect.fork(many(next))
        yield* Fiber.join(first)
        yield* directory.removeServiceKey(serviceId, before.keyId)
        yield* Fiber.join(second)
        yield* many(next)
        assert.strictEqual(yield* tagOf(old.sessionStart(user)), "Unauthorized")
      }))

    it.effect("that was exchanged still opens what was asked for before, where it is kept for that", () =>
      Effect.gen(function*() {
        const { directory, encryption: after, serviceId, signature: before } = yield* managed
        const user = yield* fresh("user")
        const device = yield* linked(user)
        yield* directory.addServiceKey(serviceId, before.publicKey)
        const old = yield* bySelf(serviceId, before)
        const request = yield* old.authorize(user)
        yield* directory.addServiceKey(serviceId, after.publicKey)
        yield* directory.removeServiceKey(serviceId, before.keyId)
        yield* device.approve()
        const next = yield* bySelf(serviceId, after, [before])
        assert.isTrue((yield* responseTo(next, request)).authorized)
        const forgetful = yield* bySelf(serviceId, after)
        assert.deepInclude(yield* Effect.flip(forgetful.getResponse(request.id)), {
          kind: "DeviceAnswer",
          reason: "DecryptionKeyUnknown"
        })
      }))
  })

const levels = (it: It) =>
  describe("credentials of each level", () => {
    it.effect("manage what is theirs by a key of their own", () =>
      Effect.gen(function*() {
        const { directoryId, organization } = yield* tenant
        const { signature } = yield* free
        yield* organization.addDirectoryKey(directoryId, signature.publicKey)
        const credentials = yield* directoryCredentials(directoryId, signature)
        const directory = yield* credentials.directoryClient
        const user = yield* fresh("user")
        yield* directory.linkDevice(user)
        const service = yield* credentials.serviceClient(yield* directory.createService(yield* fresh("service")))
        yield* service.sessionStart(user)
        assert.lengthOf(yield* directory.listSessions(user), 1)
      }))

    it.effect("of a directory act for no service of another: Forbidden", () =>
      Effect.gen(function*() {
        const { directoryId, organization } = yield* tenant
        const { signature } = yield* free
        yield* organization.addDirectoryKey(directoryId, signature.publicKey)
        const credentials = yield* directoryCredentials(directoryId, signature)
        const service = yield* credentials.serviceClient((yield* ConformanceTarget).serviceId)
        assert.strictEqual(yield* tagOf(service.sessionEnd("anyone")), "Forbidden")
      }))

    it.effect("of an organization act for nothing of another: Forbidden", () =>
      Effect.gen(function*() {
        const { directoryId, serviceId } = yield* ConformanceTarget
        const { signature } = yield* free
        const id = yield* organizationWith([[signature, "BOTH"]])
        const credentials = yield* organizationCredentials(id, signature)
        const directory = yield* credentials.directoryClient(directoryId)
        const service = yield* credentials.serviceClient(serviceId)
        const organization = yield* credentials.organizationClient
        assert.deepStrictEqual(
          yield* Effect.all([
            tagOf(directory.listServices),
            tagOf(directory.listDevices("anyone")),
            tagOf(service.sessionEnd("anyone")),
            tagOf(organization.getDirectory(directoryId))
          ]),
          ["Forbidden", "Forbidden", "Forbidden", "Forbidden"]
        )
        assert.deepStrictEqual(yield* organization.listDirectories, [])
      }))
  })

const inactive = (it: It) =>
  describe("what is inactive", () => {
    /** A directory with a user whose device is linked, and a service of it. */
    const world = Effect.gen(function*() {
      const { credentials, directory, directoryId, organization } = yield* tenant
      const sdkKey = yield* organization.generateSdkKey(directoryId)
      const user = yield* fresh("user")
      const { code } = yield* directory.linkDevice(user)
      const { device, deviceId } = yield* completeLink(code, sdkKey)
      const serviceId = yield* directory.createService(yield* fresh("service"))
      const service = yield* credentials.serviceClient(serviceId)
      return { organization, directory, directoryId, user, device, deviceId, serviceId, service, ...yield* free }
    })

    type World = Effect.Effect.Success<typeof world>

    const ofService = ({ service, user }: World) => [
      tagOf(service.authorize(user)),
      tagOf(service.sessionStart(user)),
      tagOf(service.sessionEnd(user)),
      tagOf(service.verifyTotp(user, "123456"))
    ]

    const ofUsers = ({ deviceId, directory, user }: World) => [
      tagOf(directory.linkDevice(user)),
      tagOf(directory.listDevices(user)),
      tagOf(directory.unlinkDevice(user, deviceId)),
      tagOf(directory.listSessions(user)),
      tagOf(directory.endAllSessions(user)),
      tagOf(directory.generateTotp(user)),
      tagOf(directory.removeTotp(user))
    ]

    it.effect("as a directory keeps its users and services from being asked: Forbidden (B-263)", () =>
      Effect.gen(function*() {
        const all = yield* world
        yield* all.organization.updateDirectory(all.directoryId, { active: false })
        const tags = yield* Effect.all([...ofService(all), ...ofUsers(all)])
        assert.deepStrictEqual(tags, Array(11).fill("Forbidden"))
        yield* all.organization.updateDirectory(all.directoryId, { active: true })
        yield* all.service.authorize(all.user)
      }))

    it.effect("as a directory is managed all the same (B-264)", () =>
      Effect.gen(function*() {
        const { directory, directoryId, organization, signature } = yield* world
        yield* organization.updateDirectory(directoryId, { active: false })
        yield* organization.updateDirectory(directoryId, { androidKey: "key" })
        const directoryNow = yield* organization.getDirectory(directoryId)
        assert.isFalse(directoryNow.active)
        assert.deepStrictEqual(directoryNow.androidKey, Option.some("key"))
        yield* organization.addDirectoryKey(directoryId, signature.publicKey)
        yield* organization.generateSdkKey(directoryId)
        yield* directory.createService(yield* fresh("service"))
        assert.lengthOf(yield* directory.listServices, 2)
      }))

    it.effect("as a service asks nobody anything: Forbidden; its owner manages it all the same (B-265)", () =>
      Effect.gen(function*() {
        const all = yield* world
        const { directory, service, serviceId, signature, user } = all
        const request = yield* service.authorize(user)
        yield* directory.updateService(serviceId, { active: false })
        assert.deepStrictEqual(yield* Effect.all(ofService(all)), Array(4).fill("Forbidden"))
        yield* directory.addServiceKey(serviceId, signature.publicKey)
        yield* directory.removeServicePolicy(serviceId)
        assert.isFalse((yield* directory.getService(serviceId)).active)
        yield* directory.updateService(serviceId, { active: true })
        yield* service.cancel(request.id)
      }))
  })

const limits = (it: It) =>
  describe("asking a user too often", () => {
    it.effect("fails with RateLimited, which tells when again; others are not kept waiting (B-251)", () =>
      Effect.gen(function*() {
        const { device, service, user } = yield* scene()
        const { limit } = PlatformSettings.defaults.authorizations
        const first = yield* service.authorize(user)
        for (let asked = 1; asked < limit; asked++) {
          assert.strictEqual(yield* tagOf(service.authorize(user)), "AuthorizationInProgress")
        }
        const limited = yield* Effect.flip(service.authorize(user))
        assert(limited._tag === "RateLimited")
        const wait = Option.getOrThrow(limited.retryAfter)
        assert.isTrue(Duration.between(wait, { minimum: "50 seconds", maximum: "60 seconds" }))
        assert.strictEqual(yield* device.approve(), first.id)
        const other = yield* scene()
        yield* other.service.authorize(other.user)
        yield* advance(wait)
        yield* service.authorize(user)
      }))
  })

export const rights = (it: It): void => {
  purposes(it)
  lives(it)
  levels(it)
  inactive(it)
  limits(it)
}
