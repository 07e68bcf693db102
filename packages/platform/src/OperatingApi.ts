/**
 * What whoever operates a platform can do, on its own machine or in its console: one definition of each call for both.
 *
 * @see docs/operating.md "Administration"
 * @since 0.1.0
 */
import { Wire } from "@effect-launchkey/core/api/ErrorWire"
import { AuthorizationRequestId, DeviceId } from "@effect-launchkey/core/Authorization"
import { DeviceStatus } from "@effect-launchkey/core/Device"
import * as Entity from "@effect-launchkey/core/EntityIdentifier"
import { KeyId } from "@effect-launchkey/core/KeyId"
import { KeyType as PublicKeyType } from "@effect-launchkey/core/PublicKey"
import * as ServicePolicy from "@effect-launchkey/core/ServicePolicy"
import * as HttpApiEndpoint from "@effect/platform/HttpApiEndpoint"
import * as HttpApiSchema from "@effect/platform/HttpApiSchema"
import * as Schema from "effect/Schema"
import * as AuditEntry from "./AuditEntry.ts"
import * as KeyRotation from "./KeyRotation.ts"
import { UnsentReason } from "./WebhookEgress.ts"
import * as WebhookQueue from "./WebhookQueue.ts"

const KeyType = Schema.typeSchema(PublicKeyType)

const orNull = <A, I>(schema: Schema.Schema<A, I>) => Schema.OptionFromNullOr(schema)

/**
 * @since 0.1.0
 * @category schemas
 */
export const Organization = Schema.Struct({ id: Entity.OrganizationId, name: Schema.String })

/**
 * A directory, with the number of its SDK keys in their place.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Directory = Schema.Struct({
  id: Entity.DirectoryId,
  organizationId: Entity.OrganizationId,
  name: Schema.String,
  active: Schema.Boolean,
  denialContextInquiryEnabled: Schema.Boolean,
  webhookUrl: orNull(Schema.String),
  sdkKeys: Schema.Int
})

/**
 * @since 0.1.0
 * @category schemas
 */
export const Service = Schema.Struct({
  id: Entity.ServiceId,
  organizationId: Entity.OrganizationId,
  directoryId: orNull(Entity.DirectoryId),
  name: Schema.String,
  description: orNull(Schema.String),
  icon: orNull(Schema.String),
  callbackUrl: orNull(Schema.String),
  active: Schema.Boolean,
  policy: ServicePolicy.ServicePolicy
})

/**
 * @since 0.1.0
 * @category schemas
 */
export const PublicKey = Schema.Struct({
  id: KeyId,
  pem: Schema.String,
  type: KeyType,
  active: Schema.Boolean,
  created: Schema.DateTimeUtc,
  expires: orNull(Schema.DateTimeUtc)
})

/**
 * @since 0.1.0
 * @category schemas
 */
export const Device = Schema.Struct({
  id: DeviceId,
  name: orNull(Schema.String),
  type: orNull(Schema.String),
  status: Schema.typeSchema(DeviceStatus),
  created: Schema.DateTimeUtc,
  updated: Schema.DateTimeUtc
})

/**
 * @since 0.1.0
 * @category schemas
 */
export const Delivery = Schema.Struct({
  id: Schema.Int,
  kind: WebhookQueue.Kind,
  url: Schema.String,
  subject: Entity.EntityIdentifier,
  created: Schema.DateTimeUtc,
  state: WebhookQueue.State,
  attempts: Schema.Array(Schema.Struct({
    at: Schema.DateTimeUtc,
    status: orNull(Schema.Int),
    failure: orNull(UnsentReason)
  }))
})

/**
 * A user's report of fraud, which does not say who the user is.
 *
 * @since 0.1.0
 * @category schemas
 */
export const FraudReport = Schema.Struct({
  authorizationRequestId: AuthorizationRequestId,
  serviceId: Entity.ServiceId,
  directoryId: Entity.DirectoryId,
  deviceId: DeviceId,
  at: Schema.DateTimeUtc
})

/**
 * One of the platform's own keys. Of one that ends with the process, no times are known.
 *
 * @since 0.1.0
 * @category schemas
 */
export const PlatformKey = Schema.Struct({
  id: KeyId,
  state: KeyRotation.State,
  created: orNull(Schema.DateTimeUtc),
  signsFrom: orNull(Schema.DateTimeUtc)
})

/**
 * The platform's own keys end with its process, and so cannot be rotated.
 *
 * @since 0.1.0
 * @category errors
 */
export class KeysNotKept extends Schema.TaggedError<KeysNotKept>("@effect-launchkey/platform/OperatingApi/KeysNotKept")(
  "KeysNotKept",
  {}
) {
  override get message(): string {
    return "The platform's own keys end with its process. Give it a store that stays: then they are kept, and can be rotated."
  }
}

const User = Schema.Struct({ directoryId: Entity.DirectoryId, user: Schema.NonEmptyString })

const OfEntity = Schema.Struct({ entity: Entity.EntityIdentifier })

/** Names of users are in bodies: addresses are what logs are full of. */
const post = HttpApiEndpoint.post

/**
 * The calls, each by its name.
 *
 * @since 0.1.0
 * @category models
 */
export const endpoints = {
  listOrganizations: post("listOrganizations", "/organizations/list").addSuccess(Schema.Array(Organization)),
  createOrganization: post("createOrganization", "/organizations")
    .setPayload(Schema.Struct({ name: Schema.NonEmptyString, publicKey: Schema.String }))
    .addSuccess(Schema.Struct({ id: Entity.OrganizationId, keyId: KeyId }))
    .addError(Wire.InvalidPublicKey),
  listDirectories: post("listDirectories", "/directories/list")
    .setPayload(Schema.Struct({ organizationId: Entity.OrganizationId }))
    .addSuccess(Schema.Array(Directory)),
  listServices: post("listServices", "/services/list")
    .setPayload(Schema.Struct({ owner: Schema.Union(Entity.Organization, Entity.Directory) }))
    .addSuccess(Schema.Array(Service)),
  listKeys: post("listKeys", "/keys/list").setPayload(OfEntity).addSuccess(Schema.Array(PublicKey)),
  addKey: post("addKey", "/keys")
    .setPayload(Schema.Struct({
      ...OfEntity.fields,
      pem: Schema.String,
      type: Schema.optional(KeyType),
      active: Schema.optional(Schema.Boolean),
      expires: Schema.optional(Schema.DateTimeUtc)
    }))
    .addSuccess(Schema.Struct({ keyId: KeyId }))
    .addError(Wire.InvalidPublicKey)
    .addError(Wire.PublicKeyAlreadyInUse),
  updateKey: post("updateKey", "/keys/update")
    .setPayload(Schema.Struct({
      ...OfEntity.fields,
      keyId: KeyId,
      active: Schema.optional(Schema.Boolean),
      expires: Schema.optional(Schema.NullOr(Schema.DateTimeUtc))
    }))
    .addSuccess(HttpApiSchema.NoContent)
    .addError(Wire.PublicKeyDoesNotExist),
  removeKey: post("removeKey", "/keys/remove")
    .setPayload(Schema.Struct({ ...OfEntity.fields, keyId: KeyId }))
    .addSuccess(HttpApiSchema.NoContent)
    .addError(Wire.PublicKeyDoesNotExist)
    .addError(Wire.LastRemainingKey),
  listDevices: post("listDevices", "/devices/list").setPayload(User).addSuccess(Schema.Array(Device)),
  unlinkDevice: post("unlinkDevice", "/devices/unlink")
    .setPayload(Schema.Struct({ ...User.fields, deviceId: DeviceId }))
    .addSuccess(HttpApiSchema.NoContent),
  listDeliveries: post("listDeliveries", "/webhooks/list").addSuccess(Schema.Array(Delivery)),
  replayDelivery: post("replayDelivery", "/webhooks/replay")
    .setPayload(Schema.Struct({ id: Schema.Int }))
    .addSuccess(Delivery),
  listPlatformKeys: post("listPlatformKeys", "/platform-keys/list").addSuccess(Schema.Array(PlatformKey)),
  rotatePlatformKey: post("rotatePlatformKey", "/platform-keys/rotate")
    .addSuccess(PlatformKey)
    .addError(KeysNotKept, { status: 409 })
    .addError(KeyRotation.RotationUnderWay, { status: 409 }),
  retirePlatformKey: post("retirePlatformKey", "/platform-keys/retire")
    .setPayload(Schema.Struct({ keyId: KeyId }))
    .addSuccess(HttpApiSchema.NoContent)
    .addError(KeysNotKept, { status: 409 })
    .addError(KeyRotation.NotRetired, { status: 409 }),
  listAudit: post("listAudit", "/audit/list")
    .setPayload(Schema.Struct({ after: Schema.Int, limit: Schema.Int.pipe(Schema.between(1, 1000)) }))
    .addSuccess(Schema.Array(AuditEntry.Entry)),
  verifyAudit: post("verifyAudit", "/audit/verify")
    .setPayload(Schema.Struct({ anchor: Schema.optional(AuditEntry.Head) }))
    .addSuccess(AuditEntry.Verdict),
  listFraud: post("listFraud", "/fraud/list")
    .setPayload(Schema.Struct({ limit: Schema.Int.pipe(Schema.between(1, 1000)) }))
    .addSuccess(Schema.Array(FraudReport)),
  liftFraud: post("liftFraud", "/fraud/lift")
    .setPayload(Schema.Struct({ ...User.fields, serviceId: Entity.ServiceId }))
    .addSuccess(HttpApiSchema.NoContent)
} as const
