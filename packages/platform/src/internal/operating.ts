/** What whoever operates the platform can do, on its own machine or in the console. */
import { EntityNotFound, InvalidPolicyInput, InvalidPublicKey } from "@effect-launchkey/core/ApiError"
import * as Entity from "@effect-launchkey/core/EntityIdentifier"
import type { ServicePolicy } from "@effect-launchkey/core/ServicePolicy"
import type { NewService, ServiceChange } from "@effect-launchkey/core/ServiceProfile"
import * as Jose from "@effect-launchkey/transport/Jose"
import type * as HttpApiEndpoint from "@effect/platform/HttpApiEndpoint"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Administration from "../Administration.ts"
import * as AuditLog from "../AuditLog.ts"
import * as KeyRotation from "../KeyRotation.ts"
import { type endpoints, KeysNotKept, type PlatformKey } from "../OperatingApi.ts"
import * as PlatformKeys from "../PlatformKeys.ts"
import * as Store from "../Store.ts"
import * as WebhookSender from "../WebhookSender.ts"
import * as Prompts from "./prompts.ts"
import { isStorable } from "./storable.ts"

const detail = undefined

type Owner = typeof Entity.Organization.Type | typeof Entity.Directory.Type

type Payload<Name extends keyof typeof endpoints> = HttpApiEndpoint.HttpApiEndpoint.Payload<(typeof endpoints)[Name]>

export const found = <A, E, R>(
  option: Effect.Effect<Option.Option<A>, E, R>
): Effect.Effect<A, E | EntityNotFound, R> =>
  Effect.flatMap(
    option,
    Option.match({ onNone: () => Effect.fail(new EntityNotFound({ detail })), onSome: Effect.succeed })
  )

const toPlatformKey = ({ created, id, signsFrom, state }: KeyRotation.SigningKey): typeof PlatformKey.Type => ({
  id,
  state,
  created: Option.some(created),
  signsFrom: Option.some(signsFrom)
})

export const make = Effect.gen(function*() {
  const administration = yield* Administration.Administration
  const jose = yield* Jose.Jose
  const keys = yield* PlatformKeys.PlatformKeys
  const log = yield* AuditLog.AuditLog
  const sender = yield* WebhookSender.WebhookSender
  const store = yield* Store.Store

  const prompts = yield* Prompts.make

  const rotation = yield* Effect.serviceOption(KeyRotation.KeyRotation)
  const rotating = Effect.mapError(rotation, () => new KeysNotKept())

  const ownerOf = (owner: Owner) =>
    Effect.gen(function*() {
      const id = Entity.uuidOf(owner)
      return Entity.typeOf(owner) === "org"
        ? (yield* found(store.organization(Entity.OrganizationId.make(id)))).id
        : (yield* found(store.directory(Entity.DirectoryId.make(id)))).id
    })

  const userOf = ({ directoryId, user }: { readonly directoryId: Entity.DirectoryId; readonly user: string }) =>
    Effect.gen(function*() {
      const key = { directoryId, identifier: user }
      yield* found(store.directory(directoryId))
      return (yield* store.hasUser(key)) ? key : yield* new EntityNotFound({ detail: "no such user" })
    })

  return {
    listOrganizations: store.organizations,
    createOrganization: ({ name, publicKey }: Payload<"createOrganization">) =>
      Effect.gen(function*() {
        // First, as a store in memory has no transactions.
        yield* Effect.mapError(
          jose.importPublicKey(publicKey),
          ({ message }) => new InvalidPublicKey({ detail: message })
        )
        return yield* store.transaction(Effect.gen(function*() {
          const { id } = yield* administration.createOrganization(name)
          const keyId = yield* administration.addKey(Entity.organization(id), publicKey).pipe(
            // It was made just now, and has no key.
            Effect.catchTag("PublicKeyAlreadyInUse", Effect.die)
          )
          return { id, keyId }
        }))
      }),
    listDirectories: ({ organizationId }: Payload<"listDirectories">) =>
      Effect.gen(function*() {
        yield* found(store.organization(organizationId))
        return (yield* store.directories(organizationId)).map((directory) => ({
          ...directory,
          sdkKeys: directory.sdkKeys.length
        }))
      }),
    listServices: ({ owner }: Payload<"listServices">) => Effect.flatMap(ownerOf(owner), store.services),
    createService: ({ owner, service }: { readonly owner: Owner; readonly service: typeof NewService.Type }) =>
      Effect.flatMap(ownerOf(owner), (id) => administration.createService(id, service)),
    updateService: (change: typeof ServiceChange.Type) => administration.updateService(change),
    setPolicy: ({ policy, serviceId }: { readonly policy: ServicePolicy; readonly serviceId: Entity.ServiceId }) =>
      Effect.gen(function*() {
        yield* found(store.service(serviceId))
        if (!isStorable(policy)) {
          return yield* new InvalidPolicyInput({ detail: { policy: "expected policies and fences of known types" } })
        }
        yield* administration.setPolicy(serviceId, policy)
      }),
    listKeys: ({ entity }: Payload<"listKeys">) => store.keys(entity),
    addKey: ({ entity, pem, ...options }: Payload<"addKey">) =>
      Effect.map(administration.addKey(entity, pem, options), (keyId) => ({ keyId })),
    updateKey: ({ entity, ...change }: Payload<"updateKey">) => administration.updateKey(entity, change),
    removeKey: ({ entity, keyId }: Payload<"removeKey">) => administration.removeKey(entity, keyId),
    listDevices: (user: Payload<"listDevices">) => Effect.flatMap(userOf(user), store.devices),
    unlinkDevice: ({ deviceId, ...user }: Payload<"unlinkDevice">) =>
      Effect.flatMap(userOf(user), (user) => administration.unlinkDevice(user, deviceId)),
    listDeliveries: sender.log,
    replayDelivery: ({ id }: Payload<"replayDelivery">) =>
      store.transaction(
        Effect.tap(found(sender.replay(id)), ({ subject }) => log.record({ act: "webhook.replay", on: subject }))
      ),
    listPlatformKeys: Option.match(rotation, {
      onNone: () =>
        Effect.succeed(Array.from(keys.byId.keys(), (id): typeof PlatformKey.Type => ({
          id,
          state: id === keys.current.keyId ? "SIGNING" : "PREVIOUS",
          created: Option.none(),
          signsFrom: Option.none()
        }))),
      onSome: ({ list }) => Effect.map(list, (keys) => keys.map(toPlatformKey))
    }),
    rotatePlatformKey: store.transaction(Effect.gen(function*() {
      const key = yield* (yield* rotating).rotate
      yield* log.record({ act: "platform.key.rotate", on: "platform", keyId: key.id })
      return toPlatformKey(key)
    })),
    retirePlatformKey: ({ keyId }: Payload<"retirePlatformKey">) =>
      store.transaction(Effect.gen(function*() {
        yield* (yield* rotating).retire(keyId)
        yield* log.record({ act: "platform.key.retire", on: "platform", keyId })
      })),
    rewrapPlatformKeys: store.transaction(Effect.gen(function*() {
      const rewrapped = yield* (yield* rotating).rewrap
      yield* log.record({ act: "platform.key.rewrap", on: "platform" })
      return { rewrapped }
    })),
    liftFraud: ({ serviceId, ...user }: Payload<"listDevices"> & { readonly serviceId: Entity.ServiceId }) =>
      Effect.gen(function*() {
        const of = yield* userOf(user)
        yield* found(store.service(serviceId))
        yield* prompts.lift(serviceId, of)
      }),
    listAudit: log.entries,
    verifyAudit: (options: Payload<"verifyAudit">) => AuditLog.verify(log, options)
  }
})
