import * as Entity from "@effect-launchkey/core/EntityIdentifier"
import { KeyId } from "@effect-launchkey/core/KeyId"
import * as ServicePolicy from "@effect-launchkey/core/ServicePolicy"
import * as TestKeys from "@effect-launchkey/testing/TestKeys"
import { assert, describe, it, layer } from "@effect/vitest"
import { Effect, Layer, Option, TestClock } from "effect"
import { createHash } from "node:crypto"
import * as Administration from "../src/Administration.ts"
import * as AuditLog from "../src/AuditLog.ts"
import * as Caller from "../src/Caller.ts"
import * as MemoryStore from "../src/MemoryStore.ts"
import * as PlatformClock from "../src/PlatformClock.ts"
import * as Store from "../src/Store.ts"

const organization = Entity.organization(Entity.OrganizationId.make("8a6b1e9e-7d1c-11ee-b962-0242ac120002"))
const keyId = KeyId.make("14:a5:78:2a:e7:16:ec:40:ad:90:d4:ac:0c:f2:ec:54")

/** A log with so many entries, and what a reader of it finds once `change` has had its hands on them. */
const tampered = (change: (entries: ReadonlyArray<AuditLog.Entry>) => ReadonlyArray<AuditLog.Entry>) =>
  Effect.gen(function*() {
    const log = yield* AuditLog.makeMemory
    yield* Effect.replicateEffect(log.record({ act: "key.add", on: organization, keyId }), 4)
    const entries = change(yield* log.entries({ limit: 10 }))
    const verdict = yield* AuditLog.verify({
      head: Effect.succeedNone,
      entries: ({ after = 0, limit }) =>
        Effect.succeed(entries.filter(({ sequence }) => sequence > after).slice(0, limit))
    })
    return Option.map(verdict.broken, ({ reason, sequence }) => `${sequence} ${reason}`)
  })

describe("AuditLog", () => {
  it.effect("chains entries by the hash of their canonical JSON", () =>
    Effect.gen(function*() {
      const log = yield* AuditLog.makeMemory
      yield* TestClock.adjust("1 second")
      yield* log.record({ act: "key.add", on: organization, keyId })
      yield* log.record({ act: "platform.import", on: "platform" })
      const [first, second] = yield* log.entries({ limit: 10 })
      const sha256 = (text: string) => createHash("sha256").update(text).digest("hex")
      assert.strictEqual(
        first?.hash,
        sha256(
          `{"act":"key.add","actor":"admin","at":1000,"keyId":"${keyId}","on":"${organization}","previous":"${
            "0".repeat(64)
          }","sequence":1}`
        )
      )
      assert.strictEqual(
        second?.hash,
        sha256(
          `{"act":"platform.import","actor":"admin","at":1000,"keyId":null,"on":"platform","previous":"${first?.hash}","sequence":2}`
        )
      )
      assert.deepStrictEqual(yield* log.head, Option.some({ sequence: 2, hash: second?.hash ?? "" }))
    }))

  it.effect("keeps its chain where many record at once, and over several pages", () =>
    Effect.gen(function*() {
      const log = yield* AuditLog.makeMemory
      yield* Effect.replicateEffect(log.record({ act: "key.add", on: organization }), 12, {
        concurrency: "unbounded"
      })
      const verdict = yield* AuditLog.verify({ ...log, entries: ({ after }) => log.entries({ after, limit: 5 }) })
      assert.deepStrictEqual([verdict.holds, verdict.broken, verdict.head], [12, Option.none(), yield* log.head])
    }))

  it.effect("records in the name of whoever's request is served", () =>
    Effect.gen(function*() {
      const log = yield* AuditLog.makeMemory
      yield* Effect.provideService(
        log.record({ act: "directory.create", on: organization }),
        Caller.Caller,
        Option.some({ issuer: organization, subject: organization, signingKeyId: keyId })
      )
      assert.deepStrictEqual((yield* log.entries({ limit: 1 })).map(({ actor }) => actor), [organization])
    }))

  it.effect("names the first entry that was changed, taken out or put in", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(yield* tampered((entries) => entries), Option.none())
      assert.deepStrictEqual(
        yield* tampered((entries) =>
          entries.map((entry) => entry.sequence === 2 ? { ...entry, act: "key.remove" } : entry)
        ),
        Option.some("2 Altered")
      )
      assert.deepStrictEqual(
        yield* tampered((entries) => entries.filter(({ sequence }) => sequence !== 3)),
        Option.some("3 Missing")
      )
      assert.deepStrictEqual(
        yield* tampered((entries) =>
          entries.map((entry) => entry.sequence === 4 ? { ...entry, previous: AuditLog.origin.hash } : entry)
        ),
        Option.some("4 Detached")
      )
    }))

  it.effect("shows by a head kept elsewhere that the end is gone, or that all was written anew", () =>
    Effect.gen(function*() {
      const log = yield* AuditLog.makeMemory
      yield* log.record({ act: "key.add", on: organization })
      const anchor = Option.getOrThrow(yield* log.head)
      assert.deepStrictEqual((yield* AuditLog.verify(log, { anchor })).broken, Option.none())
      assert.deepStrictEqual(
        (yield* AuditLog.verify(AuditLog.none, { anchor })).broken,
        Option.some({ sequence: 1, reason: "Missing" })
      )
      const other = yield* AuditLog.makeMemory
      yield* other.record({ act: "key.remove", on: organization })
      assert.deepStrictEqual(
        (yield* AuditLog.verify(other, { anchor })).broken,
        Option.some({ sequence: 1, reason: "Replaced" })
      )
    }))
})

const Services = Administration.layer.pipe(
  Layer.provideMerge(Layer.mergeAll(MemoryStore.layer(), PlatformClock.layer, AuditLog.layerMemory))
)

layer(Services)("Administration with a log", (it) => {
  it.effect("records each act once it is done, and none that failed", () =>
    Effect.gen(function*() {
      const administration = yield* Administration.Administration
      const store = yield* Store.Store
      const { id: organizationId } = yield* administration.createOrganization("Acme")
      const { id: directoryId } = yield* administration.createDirectory(organizationId, "Employees")
      yield* Effect.flip(administration.createDirectory(organizationId, "Employees"))
      yield* administration.updateDirectory({ id: directoryId, active: true })
      const sdkKey = yield* administration.createSdkKey(directoryId)
      yield* administration.createSdkKey(directoryId)
      yield* administration.removeSdkKey(directoryId, sdkKey)
      const { id: serviceId } = yield* administration.createService(directoryId, "Vault")
      yield* administration.updateService({ id: serviceId, active: false })
      yield* administration.setPolicy(serviceId, ServicePolicy.none)
      const service = Entity.service(serviceId)
      const key = yield* administration.addKey(service, TestKeys.service.publicKey)
      const other = yield* administration.addKey(service, TestKeys.directory.publicKey)
      yield* administration.updateKey(service, { keyId: key, active: false })
      yield* administration.removeKey(service, other)
      yield* Effect.flip(administration.removeKey(service, key))
      const user = { directoryId, identifier: "ada" }
      const { deviceId } = yield* administration.linkDevice(user)
      yield* administration.unlinkDevice(user, deviceId)
      assert.strictEqual((yield* Effect.flip(administration.unlinkDevice(user, deviceId)))._tag, "EntityNotFound")
      assert.deepStrictEqual(yield* store.devices(user), [])

      const log = yield* AuditLog.AuditLog
      const directory = Entity.directory(directoryId)
      assert.deepStrictEqual(
        (yield* log.entries({ limit: 100 })).map(({ act, keyId, on }) => [act, on, Option.getOrNull(keyId)]),
        [
          ["organization.create", Entity.organization(organizationId), null],
          ["directory.create", directory, null],
          ["directory.update", directory, null],
          ["directory.sdk-key.create", directory, null],
          ["directory.sdk-key.create", directory, null],
          ["directory.sdk-key.remove", directory, null],
          ["service.create", service, null],
          ["service.update", service, null],
          ["service.policy.set", service, null],
          ["key.add", service, key],
          ["key.add", service, other],
          ["key.update", service, key],
          ["key.remove", service, other],
          ["device.unlink", Entity.device(deviceId), null]
        ]
      )
    }))
})
