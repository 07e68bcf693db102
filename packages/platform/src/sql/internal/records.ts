/** The store's records ⇄ the texts that a database keeps of them. */
import {
  AuthorizationPackage,
  AuthorizationRequestId,
  CreateAuthorization,
  DeviceId,
  MatchNumber
} from "@effect-launchkey/core/Authorization"
import { DeviceStatus, LinkingCode, SdkKey } from "@effect-launchkey/core/Device"
import { EffectivePolicy } from "@effect-launchkey/core/EffectivePolicy"
import * as Entity from "@effect-launchkey/core/EntityIdentifier"
import { KeyId } from "@effect-launchkey/core/KeyId"
import { KeyType } from "@effect-launchkey/core/PublicKey"
import { KnownPolicy } from "@effect-launchkey/core/ServicePolicy"
import type { StoreUnavailable } from "@effect-launchkey/core/StoreUnavailable"
import { TotpConfiguration } from "@effect-launchkey/core/Totp"
import { unreadable } from "@effect-launchkey/sql/Rows"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type * as Records from "../../Records.ts"

export interface Codec<A> {
  readonly encode: (operation: string, value: A) => Effect.Effect<string, StoreUnavailable>
  readonly decode: (operation: string, text: string) => Effect.Effect<A, StoreUnavailable>
}

const codec = <A>() => <I>(schema: Schema.Schema<A, I>): Codec<A> => {
  const text = Schema.parseJson(schema)
  const encode = Schema.encode(text)
  const decode = Schema.decode(text)
  return {
    encode: (operation, value) => Effect.mapError(encode(value), unreadable(operation)),
    decode: (operation, json) => Effect.mapError(decode(json), unreadable(operation))
  }
}

const orNull = Schema.OptionFromNullOr
const Time = Schema.DateTimeUtcFromNumber

const UserKey = Schema.Struct({ directoryId: Entity.DirectoryId, identifier: Schema.String })

const Requester = Schema.Struct({
  issuer: Entity.EntityIdentifier,
  recipient: Schema.Struct({ id: KeyId, pem: Schema.String })
})

export const organization = codec<Records.Organization>()(
  Schema.Struct({ id: Entity.OrganizationId, name: Schema.String })
)

export const directory = codec<Records.Directory>()(Schema.Struct({
  id: Entity.DirectoryId,
  organizationId: Entity.OrganizationId,
  name: Schema.String,
  active: Schema.Boolean,
  denialContextInquiryEnabled: Schema.Boolean,
  sdkKeys: Schema.Array(SdkKey),
  androidKey: orNull(Schema.String),
  iosCertificateFingerprint: orNull(Schema.String),
  webhookUrl: orNull(Schema.String)
}))

export const service = codec<Omit<Records.ServiceRecord, "policy">>()(Schema.Struct({
  id: Entity.ServiceId,
  organizationId: Entity.OrganizationId,
  directoryId: orNull(Entity.DirectoryId),
  name: Schema.String,
  description: orNull(Schema.String),
  icon: orNull(Schema.String),
  callbackUrl: orNull(Schema.String),
  active: Schema.Boolean
}))

export const policy = codec<Records.ServiceRecord["policy"]>()(KnownPolicy)

export const keys = codec<ReadonlyArray<Records.EntityKey>>()(Schema.Array(Schema.Struct({
  id: KeyId,
  pem: Schema.String,
  type: KeyType,
  active: Schema.Boolean,
  created: Time,
  expires: orNull(Time)
})))

export const user = codec<Records.UserKey>()(UserKey)

export const device = codec<Records.Device>()(Schema.Struct({
  id: DeviceId,
  user: UserKey,
  status: DeviceStatus,
  linkExpires: Schema.optional(Time),
  name: orNull(Schema.String),
  type: orNull(Schema.String),
  created: Time,
  updated: Time
}))

export const linking = codec<Records.Linking>()(
  Schema.Struct({ code: LinkingCode, deviceId: DeviceId, expires: Time, requester: orNull(Requester) })
)

export const authorization = codec<Omit<Records.Authorization, "state">>()(Schema.Struct({
  id: AuthorizationRequestId,
  serviceId: Entity.ServiceId,
  user: UserKey,
  request: CreateAuthorization,
  policy: EffectivePolicy,
  deviceIds: Schema.Array(DeviceId),
  requester: Requester,
  number: Schema.optional(MatchNumber),
  created: Time,
  expires: Time
}))

export const state = codec<Records.AuthorizationState>()(Schema.Union(
  Schema.TaggedStruct("Open", {}),
  Schema.TaggedStruct("Canceled", {}),
  Schema.TaggedStruct("Answered", { answer: AuthorizationPackage })
))

export const fraudReport = codec<Records.FraudReport>()(Schema.Struct({
  authorizationRequestId: AuthorizationRequestId,
  serviceId: Entity.ServiceId,
  directoryId: Entity.DirectoryId,
  deviceId: DeviceId,
  at: Time
}))

export const session = codec<Records.SessionRecord>()(Schema.Struct({
  user: UserKey,
  serviceId: Entity.ServiceId,
  authorizationRequestId: orNull(AuthorizationRequestId),
  issuer: Entity.EntityIdentifier,
  created: Time
}))

export const totp = codec<TotpConfiguration>()(TotpConfiguration)

/** Epoch milliseconds, oldest first. */
export const times = codec<ReadonlyArray<number>>()(Schema.Array(Schema.Number))
