/**
 * Who may do what: which keys may sign for an entity and open what is meant for it, and for whom an entity may act.
 *
 * @see docs/protocol.md "Entities"
 * @since 0.1.0
 */
import { DeviceId } from "@effect-launchkey/core/Authorization"
import * as Entity from "@effect-launchkey/core/EntityIdentifier"
import type { KeyId } from "@effect-launchkey/core/KeyId"
import * as Arr from "effect/Array"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as PlatformClock from "./PlatformClock.ts"
import * as Store from "./Store.ts"

const isUsable = (now: DateTime.Utc) => (key: Store.EntityKey): boolean =>
  key.active && Option.match(key.expires, { onNone: () => true, onSome: (end) => DateTime.lessThan(now, end) })

/**
 * By what a store holds at the time of the platform.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = Effect.gen(function*() {
  const store = yield* Store.Store
  const clock = yield* PlatformClock.PlatformClock

  /** The key of that id if it may sign for the entity now; of no id, the newest that may. */
  const signingKey = Effect.fnUntraced(function*(entity: Entity.EntityIdentifier, keyId: Option.Option<KeyId>) {
    const usable = isUsable(yield* clock.now)
    return Arr.findLast(
      yield* store.keys(entity),
      (key) => (Option.isNone(keyId) || key.id === keyId.value) && key.type !== "ENCRYPTION" && usable(key)
    )
  })

  /**
   * The key to encrypt to for an entity that signed with that key: the same where it may do both, else the newest that is
   * for encryption, else the newest that may do both. None where the entity has none that is active and unexpired.
   */
  const encryptionKey = Effect.fnUntraced(function*(entity: Entity.EntityIdentifier, signedWith: KeyId) {
    const usable = isUsable(yield* clock.now)
    const newestFirst = (yield* store.keys(entity)).filter(usable).reverse()
    return Option.fromNullable(
      newestFirst.find(({ id, type }) => id === signedWith && type === "BOTH") ??
        newestFirst.find(({ type }) => type === "ENCRYPTION") ??
        newestFirst.find(({ type }) => type === "BOTH")
    )
  })

  /** Whether the issuer may act for the subject: for itself, and an owner for what it owns. Unknown entities may nothing. */
  const mayActFor = Effect.fnUntraced(function*(issuer: Entity.EntityIdentifier, subject: Entity.EntityIdentifier) {
    const owners: ReadonlyArray<string> = yield* Effect.gen(function*() {
      const id = Entity.uuidOf(subject)
      switch (Entity.typeOf(subject)) {
        case "org":
          return Option.match(yield* store.organization(Entity.OrganizationId.make(id)), {
            onNone: () => [],
            onSome: () => [subject]
          })
        case "dir":
          return Option.match(yield* store.directory(Entity.DirectoryId.make(id)), {
            onNone: () => [],
            onSome: (directory) => [subject, Entity.organization(directory.organizationId)]
          })
        case "svc":
          return Option.match(yield* store.service(Entity.ServiceId.make(id)), {
            onNone: () => [],
            onSome: (service) => [
              subject,
              ...Option.toArray(Option.map(service.directoryId, Entity.directory)),
              Entity.organization(service.organizationId)
            ]
          })
        case "dev":
          return Option.match(yield* store.device(DeviceId.make(id)), { onNone: () => [], onSome: () => [subject] })
      }
    })
    return owners.includes(issuer)
  })

  return { signingKey, encryptionKey, mayActFor }
})
