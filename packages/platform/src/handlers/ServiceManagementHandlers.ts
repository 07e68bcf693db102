/**
 * Serves the owners of services, organizations and directories alike: services, their keys and their policies.
 *
 * @see docs/protocol.md "Management"
 * @since 0.1.0
 */
import { type Forbidden, InvalidPolicyInput, ServiceNotFound } from "@effect-launchkey/core/ApiError"
import * as Entity from "@effect-launchkey/core/EntityIdentifier"
import type { KeyId } from "@effect-launchkey/core/KeyId"
import type { NewPublicKey, PublicKeyChange } from "@effect-launchkey/core/PublicKey"
import * as ServicePolicy from "@effect-launchkey/core/ServicePolicy"
import type { NewService, ServiceChange } from "@effect-launchkey/core/ServiceProfile"
import * as HttpApiBuilder from "@effect/platform/HttpApiBuilder"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Administration from "../Administration.ts"
import * as Caller from "../Caller.ts"
import { ownService } from "../internal/ownServices.ts"
import { orForbidden, toPublicKey, toServiceProfile } from "../internal/records.ts"
import { isStorable } from "../internal/storable.ts"
import { ServedApi } from "../ServedApi.ts"
import * as Store from "../Store.ts"

const detail = undefined

interface OfService {
  readonly serviceId: Entity.ServiceId
}

/** What every owner does with its services: only who the owner is differs. */
const management = (owner: Effect.Effect<Entity.OrganizationId | Entity.DirectoryId, Forbidden>) =>
  Effect.gen(function*() {
    const administration = yield* Administration.Administration
    const store = yield* Store.Store

    const own = (id: Entity.ServiceId) => Effect.flatMap(owner, (ownerId) => ownService(store, ownerId, id))

    /** The calls about policies have an error of their own for it. */
    const ownForPolicy = (id: Entity.ServiceId) =>
      Effect.gen(function*() {
        yield* owner
        const service = yield* Effect.option(own(id))
        return Option.isSome(service) ? service.value : yield* new ServiceNotFound({ detail })
      })

    return {
      create: (profile: typeof NewService.Type) =>
        Effect.gen(function*() {
          const { id } = yield* administration.createService(yield* owner, profile)
          return { id }
        }).pipe(orForbidden),
      all: Effect.map(Effect.flatMap(owner, store.services), (services) => services.map(toServiceProfile)),
      list: (ids: ReadonlyArray<Entity.ServiceId>) =>
        Effect.forEach(new Set(ids), (id) => Effect.map(own(id), toServiceProfile)),
      update: (change: typeof ServiceChange.Type) =>
        Effect.zipRight(own(change.id), orForbidden(administration.updateService(change))),
      addKey: ({ pem, serviceId, ...key }: OfService & typeof NewPublicKey.Type) =>
        Effect.gen(function*() {
          yield* own(serviceId)
          return { keyId: yield* administration.addKey(Entity.service(serviceId), pem, key) }
        }).pipe(orForbidden),
      keys: ({ serviceId }: OfService) =>
        Effect.gen(function*() {
          yield* own(serviceId)
          return (yield* store.keys(Entity.service(serviceId))).map(toPublicKey)
        }),
      updateKey: ({ serviceId, ...change }: OfService & typeof PublicKeyChange.Type) =>
        Effect.zipRight(own(serviceId), administration.updateKey(Entity.service(serviceId), change)),
      removeKey: ({ keyId, serviceId }: OfService & { readonly keyId: KeyId }) =>
        Effect.zipRight(own(serviceId), administration.removeKey(Entity.service(serviceId), keyId)),
      setPolicy: ({ policy, serviceId }: OfService & { readonly policy: ServicePolicy.ServicePolicy }) =>
        Effect.gen(function*() {
          yield* ownForPolicy(serviceId)
          if (!isStorable(policy)) {
            return yield* new InvalidPolicyInput({ detail: { policy: "expected policies and fences of known types" } })
          }
          yield* administration.setPolicy(serviceId, policy)
        }),
      policy: ({ serviceId }: OfService) => Effect.map(ownForPolicy(serviceId), ({ policy }) => policy),
      removePolicy: ({ serviceId }: OfService) =>
        Effect.zipRight(ownForPolicy(serviceId), administration.setPolicy(serviceId, ServicePolicy.none))
    }
  })

const group = (
  name: "organizationServices" | "directoryServices",
  owner: Effect.Effect<Entity.OrganizationId | Entity.DirectoryId, Forbidden>
) =>
  HttpApiBuilder.group(ServedApi, name, (handlers) =>
    Effect.map(management(owner), (_) =>
      handlers
        .handle("createService", ({ payload }) => _.create(payload))
        .handle("allServices", () => _.all)
        .handle("listServices", ({ payload }) => _.list(payload.ids))
        .handle("updateService", ({ payload }) => _.update(payload))
        .handle("addServiceKey", ({ payload }) => _.addKey(payload))
        .handle("listServiceKeys", ({ payload }) => _.keys(payload))
        .handle("updateServiceKey", ({ payload }) => _.updateKey(payload))
        .handle("removeServiceKey", ({ payload }) => _.removeKey(payload))
        .handle("setServicePolicy", ({ payload }) => _.setPolicy(payload))
        .handle("getServicePolicy", ({ payload }) => _.policy(payload))
        .handle("removeServicePolicy", ({ payload }) => _.removePolicy(payload))))

/**
 * @since 0.1.0
 * @category layers
 */
export const layer = Layer.mergeAll(
  group("organizationServices", Caller.organizationId),
  group("directoryServices", Effect.map(Caller.directory, ({ directoryId }) => directoryId))
)
