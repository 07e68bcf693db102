/** An administration whose every act is recorded once it is done. */
import * as Entity from "@effect-launchkey/core/EntityIdentifier"
import * as Effect from "effect/Effect"
import type { Service } from "../Administration.ts"
import type * as AuditLog from "../AuditLog.ts"

export const audited = (administration: Service, { record }: AuditLog.Service): Service => ({
  ...administration,
  createOrganization: (name) =>
    Effect.tap(
      administration.createOrganization(name),
      ({ id }) => record({ act: "organization.create", on: Entity.organization(id) })
    ),
  createDirectory: (organizationId, name) =>
    Effect.tap(
      administration.createDirectory(organizationId, name),
      ({ id }) => record({ act: "directory.create", on: Entity.directory(id) })
    ),
  updateDirectory: (change) =>
    Effect.tap(
      administration.updateDirectory(change),
      () => record({ act: "directory.update", on: Entity.directory(change.id) })
    ),
  createSdkKey: (id) =>
    Effect.tap(
      administration.createSdkKey(id),
      () => record({ act: "directory.sdk-key.create", on: Entity.directory(id) })
    ),
  removeSdkKey: (id, sdkKey) =>
    Effect.tap(
      administration.removeSdkKey(id, sdkKey),
      () => record({ act: "directory.sdk-key.remove", on: Entity.directory(id) })
    ),
  createService: (owner, profile) =>
    Effect.tap(
      administration.createService(owner, profile),
      ({ id }) => record({ act: "service.create", on: Entity.service(id) })
    ),
  updateService: (change) =>
    Effect.tap(
      administration.updateService(change),
      () => record({ act: "service.update", on: Entity.service(change.id) })
    ),
  setPolicy: (id, policy) =>
    Effect.tap(
      administration.setPolicy(id, policy),
      () => record({ act: "service.policy.set", on: Entity.service(id) })
    ),
  addKey: (entity, pem, options) =>
    Effect.tap(administration.addKey(entity, pem, options), (keyId) => record({ act: "key.add", on: entity, keyId })),
  updateKey: (entity, change) =>
    Effect.tap(
      administration.updateKey(entity, change),
      () => record({ act: "key.update", on: entity, keyId: change.keyId })
    ),
  removeKey: (entity, keyId) =>
    Effect.tap(administration.removeKey(entity, keyId), () => record({ act: "key.remove", on: entity, keyId })),
  unlinkDevice: (user, deviceId) =>
    Effect.tap(
      administration.unlinkDevice(user, deviceId),
      () => record({ act: "device.unlink", on: Entity.device(deviceId) })
    )
})
