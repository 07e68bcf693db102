import type * as ServiceManagement from "@effect-launchkey/clients/ServiceManagement"
import type { KeyId } from "@effect-launchkey/core/KeyId"
import type { PublicKey } from "@effect-launchkey/core/PublicKey"
import { assert, describe } from "@effect/vitest"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { ConformanceTarget, type Services } from "../../ConformanceTarget.ts"
import { fresh, type It } from "./scene.ts"
import { foreignService, nowhere, owners, type Rows, rowsOf, tenant } from "./tenant.ts"

/** The calls about the keys of one entity. */
interface Keys {
  readonly add: (
    pem: string,
    options?: ServiceManagement.AddKeyOptions
  ) => Effect.Effect<KeyId, ServiceManagement.AddKeyError>
  readonly list: Effect.Effect<ReadonlyArray<PublicKey>, ServiceManagement.ManagementError>
  readonly update: (
    id: KeyId,
    change: ServiceManagement.UpdateKeyOptions
  ) => Effect.Effect<void, ServiceManagement.UpdateKeyError>
  readonly remove: (id: KeyId) => Effect.Effect<void, ServiceManagement.RemoveKeyError>
}

interface Holder {
  /** Of a new entity, which has no keys. */
  readonly keys: Keys
  /** Of an entity that never was. */
  readonly nobodys: Keys
}

/** Three keys to register. */
const some = Effect.map(
  ConformanceTarget,
  ({ keys: { encryption, service, stranger } }) => [service, encryption, stranger] as const
)

const directory = Effect.map(tenant, ({ directoryId, organization }): Holder => {
  const of = (id: typeof directoryId): Keys => ({
    add: (pem, options) => organization.addDirectoryKey(id, pem, options),
    list: organization.listDirectoryKeys(id),
    update: (keyId, change) => organization.updateDirectoryKey(id, keyId, change),
    remove: (keyId) => organization.removeDirectoryKey(id, keyId)
  })
  return { keys: of(directoryId), nobodys: of(nowhere.directoryId) }
})

const serviceKeys = (client: ServiceManagement.ServiceManagement, id: typeof nowhere.serviceId): Keys => ({
  add: (pem, options) => client.addServiceKey(id, pem, options),
  list: client.listServiceKeys(id),
  update: (keyId, change) => client.updateServiceKey(id, keyId, change),
  remove: (keyId) => client.removeServiceKey(id, keyId)
})

const serviceOf = ({ services }: (typeof owners)[number]) =>
  Effect.gen(function*() {
    const client = yield* services
    const id = yield* client.createService(yield* fresh("service"))
    const holder: Holder = { keys: serviceKeys(client, id), nobodys: serviceKeys(client, nowhere.serviceId) }
    return holder
  })

const longAgo = DateTime.unsafeMake("2000-01-01T00:00:00Z")
const later = DateTime.unsafeMake("2001-02-03T04:05:06Z")

const heldBy = <E>(
  it: It,
  name: string,
  rows: Rows,
  holder: Effect.Effect<Holder, E, Services>
) =>
  describe(`a key of ${name}`, () => {
    const empty = Effect.map(holder, ({ keys }) => keys)

    const withFirst = (options?: ServiceManagement.AddKeyOptions) =>
      Effect.gen(function*() {
        const [first, second] = yield* some
        const keys = yield* empty
        yield* keys.add(first.publicKey, options)
        return { keys, first, second }
      })

    /** The one key there is. */
    const only = (keys: Keys) =>
      Effect.map(keys.list, ([key, ...others]) => {
        assert.deepStrictEqual(others, [])
        assert(key !== undefined)
        return key
      })

    it.effect(`is none at first${rows([65], [108], [178])}`, () =>
      Effect.gen(function*() {
        assert.deepStrictEqual(yield* (yield* empty).list, [])
      }))

    it.effect(
      `is listed as it was added, for both purposes, active and without an end${rows([58, 60], [101, 103], [174])}`,
      () =>
        Effect.gen(function*() {
          const keys = yield* empty
          const [first] = yield* some
          assert.strictEqual(yield* keys.add(first.publicKey), first.keyId)
          const { active, expires, id, pem, type } = yield* only(keys)
          assert.deepStrictEqual({ active, expires, id, type }, {
            active: true,
            expires: Option.none(),
            id: first.keyId,
            type: "BOTH"
          })
          assert.strictEqual(pem.trim(), first.publicKey.trim())
        })
    )

    it.effect(`is listed for the purpose it was added for${rows([59], [102])}`, () =>
      Effect.gen(function*() {
        const keys = yield* empty
        const [first, second, third] = yield* some
        const added = [[first, "BOTH"], [second, "ENCRYPTION"], [third, "SIGNATURE"]] as const
        for (const [key, type] of added) yield* keys.add(key.publicKey, { type })
        assert.deepStrictEqual(
          (yield* keys.list).map(({ id, type }) => `${id} ${type}`),
          added.map(([{ keyId }, type]) => `${keyId} ${type}`)
        )
      }))

    it.effect(`is one of as many as are added, oldest first${rows([62], [105], [175])}`, () =>
      Effect.gen(function*() {
        const { first, keys, second } = yield* withFirst()
        yield* keys.add(second.publicKey)
        assert.deepStrictEqual((yield* keys.list).map(({ id }) => id), [first.keyId, second.keyId])
      }))

    it.effect(`is added once: PublicKeyAlreadyInUse${rows([64], [107], [177])}`, () =>
      Effect.gen(function*() {
        const { first, keys } = yield* withFirst()
        const failure = yield* Effect.flip(keys.add(first.publicKey, { type: "SIGNATURE" }))
        assert.strictEqual(failure._tag, "PublicKeyAlreadyInUse")
        assert.strictEqual((yield* only(keys)).type, "BOTH")
      }))

    it.effect("that is no public key of RSA fails with InvalidPublicKey", () =>
      Effect.gen(function*() {
        const keys = yield* empty
        const failure = yield* Effect.flip(keys.add("-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----"))
        assert.strictEqual(failure._tag, "InvalidPublicKey")
        assert.deepStrictEqual(yield* keys.list, [])
      }))

    it.effect(`may be added inactive, and with an end that has passed${rows([66], [109], [179])}`, () =>
      Effect.gen(function*() {
        const { keys } = yield* withFirst({ active: false, expires: longAgo })
        const key = yield* only(keys)
        assert.isFalse(key.active)
        assert.deepStrictEqual(key.expires, Option.some(longAgo))
      }))

    it.effect(`is made inactive, and keeps its end${rows([72], [115], [185])}`, () =>
      Effect.gen(function*() {
        const { first, keys } = yield* withFirst({ expires: longAgo })
        yield* keys.update(first.keyId, { active: false })
        const key = yield* only(keys)
        assert.isFalse(key.active)
        assert.deepStrictEqual(key.expires, Option.some(longAgo))
      }))

    it.effect(`is given another end, and stays active${rows([73], [116], [186])}`, () =>
      Effect.gen(function*() {
        const { first, keys } = yield* withFirst({ expires: longAgo })
        yield* keys.update(first.keyId, { expires: later })
        const key = yield* only(keys)
        assert.isTrue(key.active)
        assert.deepStrictEqual(key.expires, Option.some(later))
      }))

    it.effect("loses its end by null, and nothing by being given nothing", () =>
      Effect.gen(function*() {
        const { first, keys } = yield* withFirst({ active: false, expires: longAgo })
        yield* keys.update(first.keyId, {})
        assert.deepStrictEqual((yield* only(keys)).expires, Option.some(longAgo))
        yield* keys.update(first.keyId, { expires: null })
        const key = yield* only(keys)
        assert.isFalse(key.active)
        assert.deepStrictEqual(key.expires, Option.none())
      }))

    it.effect(`is gone once it is removed${rows([68], [111], [181])}`, () =>
      Effect.gen(function*() {
        const { first, keys, second } = yield* withFirst()
        yield* keys.add(second.publicKey)
        yield* keys.remove(first.keyId)
        assert.strictEqual((yield* only(keys)).id, second.keyId)
      }))

    it.effect(`stays where it is the last, whatever its state: LastRemainingKey${rows([69], [112], [182])}`, () =>
      Effect.gen(function*() {
        const { first, keys } = yield* withFirst()
        assert.strictEqual((yield* Effect.flip(keys.remove(first.keyId)))._tag, "LastRemainingKey")
        yield* keys.update(first.keyId, { active: false })
        assert.strictEqual((yield* Effect.flip(keys.remove(first.keyId)))._tag, "LastRemainingKey")
        assert.strictEqual((yield* only(keys)).id, first.keyId)
      }))

    it.effect(
      `that is not there is neither changed nor removed: PublicKeyDoesNotExist${
        rows([71, 75], [114, 118], [184, 188])
      }`,
      () =>
        Effect.gen(function*() {
          const { keys, second } = yield* withFirst()
          const failures = yield* Effect.all([
            Effect.flip(keys.update(nowhere.keyId, { active: false })),
            Effect.flip(keys.remove(nowhere.keyId)),
            Effect.flip(keys.remove(second.keyId))
          ])
          assert.deepStrictEqual(failures.map(({ _tag }) => _tag), Array(3).fill("PublicKeyDoesNotExist"))
        })
    )

    it.effect(
      `of one that never was fails with Forbidden, whatever is asked${
        rows([63, 67, 70, 74], [106, 110, 113, 117], [176, 180, 183, 187])
      }`,
      () => Effect.gen(function*() {
        yield* allForbidden((yield* holder).nobodys)
      })
    )
  })

const allForbidden = (keys: Keys) =>
  Effect.gen(function*() {
    const [first] = yield* some
    const failures = yield* Effect.all([
      Effect.flip(keys.add(first.publicKey)),
      Effect.flip(keys.list),
      Effect.flip(keys.update(first.keyId, { active: false })),
      Effect.flip(keys.remove(first.keyId))
    ])
    assert.deepStrictEqual(failures.map(({ _tag }) => _tag), Array(4).fill("Forbidden"))
  })

export const keys = (it: It): void => {
  const [byDirectory, byOrganization] = owners
  heldBy(it, "a directory's service", rowsOf(0), serviceOf(byDirectory))
  heldBy(it, "a directory", rowsOf(1), directory)
  heldBy(it, "an organization's service", rowsOf(2), serviceOf(byOrganization))

  describe("keys", () => {
    for (const { owner, services } of owners) {
      it.effect(`of another owner's service are not ${owner}'s to see or change`, () =>
        Effect.gen(function*() {
          yield* allForbidden(serviceKeys(yield* services, yield* foreignService))
        }))
    }

    it.effect("may be a directory's and its services' at once (B-279)", () =>
      Effect.gen(function*() {
        const { directory, directoryId, organization } = yield* tenant
        const [first] = yield* some
        yield* organization.addDirectoryKey(directoryId, first.publicKey)
        for (const name of ["one", "other"]) {
          const id = yield* directory.createService(yield* fresh(name))
          assert.strictEqual(yield* directory.addServiceKey(id, first.publicKey), first.keyId)
        }
      }))
  })
}
