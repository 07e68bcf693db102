/** An administration whose every act is recorded, together with what it changes or not at all. */
import * as Entity from "@effect-launchkey/core/EntityIdentifier"
import * as Effect from "effect/Effect"
import type { Service } from "../Administration.ts"
import type * as AuditLog from "../AuditLog.ts"
import type * as Store from "../Store.ts"

export const audited = (
  administration: Service,
  { transaction }: Store.Service,
  { record }: AuditLog.Service
): Service => {
  const recorded = <A, E>(act: Effect.Effect<A, E>, of: (result: A) => AuditLog.Recorded) =>
    transaction(Effect.tap(act, (result) => record(of(result))))
  return {
    ...administration,
    createOrganization: (name) =>
      recorded(administration.createOrganization(name), ({ id }) => ({
        act: "organization.create",
        on: Entity.organization(id)
      })),
    createDirectory: (organizationId, name) =>
      recorded(administration.createDirectory(organizationId, name), ({ id }) => ({
        act: "directory.create",
        on: Entity.directory(id)
      })),
    updateDirectory: (change) =>
      recorded(administration.updateDirectory(change), () => ({
        act: "directory.update",
        on: Entity.directory(change.id)
      })),
    createSdkKey: (id) =>
      recorded(administration.createSdkKey(id), () => ({ act: "directory.sdk-key.create", on: Entity.directory(id) })),
    removeSdkKey: (id, sdkKey) =>
      recorded(administration.removeSdkKey(id, sdkKey), () => ({
        act: "directory.sdk-key.remove",
        on: Entity.directory(id)
      })),
    createService: (owner, profile) =>
      recorded(administration.createService(owner, profile), ({ id }) => ({
        act: "service.create",
        on: Entity.service(id)
      })),
    updateService: (change) =>
      recorded(administration.updateService(change), () => ({ act: "service.update", on: Entity.service(change.id) })),
    setPolicy: (id, policy) =>
      recorded(administration.setPolicy(id, policy), () => ({ act: "service.policy.set", on: Entity.service(id) })),
    addKey: (entity, pem, options) =>
      recorded(administration.addKey(entity, pem, options), (keyId) => ({ act: "key.add", on: entity, keyId })),
    updateKey: (entity, change) =>
      recorded(administration.updateKey(entity, change), () => ({
        act: "key.update",
        on: entity,
        keyId: change.keyId
      })),
    removeKey: (entity, keyId) =>
      recorded(administration.removeKey(entity, keyId), () => ({ act: "key.remove", on: entity, keyId })),
    unlinkDevice: (user, deviceId) =>
      recorded(administration.unlinkDevice(user, deviceId), () => ({
        act: "device.unlink",
        on: Entity.device(deviceId)
      }))
  }
}
