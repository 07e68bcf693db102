/**
 * What the platform's store is made of.
 *
 * @since 0.1.0
 */
import type {
  AuthorizationPackage,
  AuthorizationRequestId,
  CreateAuthorization,
  DeviceId,
  MatchNumber
} from "@effect-launchkey/core/Authorization"
import type { DeviceStatus, LinkingCode, SdkKey } from "@effect-launchkey/core/Device"
import type { EffectivePolicy } from "@effect-launchkey/core/EffectivePolicy"
import type { DirectoryId, EntityIdentifier, OrganizationId, ServiceId } from "@effect-launchkey/core/EntityIdentifier"
import type { KeyId } from "@effect-launchkey/core/KeyId"
import type { KeyType } from "@effect-launchkey/core/PublicKey"
import type { KnownPolicy } from "@effect-launchkey/core/ServicePolicy"
import * as DateTime from "effect/DateTime"
import * as Option from "effect/Option"

/**
 * @since 0.1.0
 * @category models
 */
export interface Organization {
  readonly id: OrganizationId
  readonly name: string
}

/**
 * @since 0.1.0
 * @category models
 */
export interface Directory {
  readonly id: DirectoryId
  readonly organizationId: OrganizationId
  readonly name: string
  readonly active: boolean
  /** Whether requests may offer denial reasons. */
  readonly denialContextInquiryEnabled: boolean
  readonly sdkKeys: ReadonlyArray<SdkKey>
  readonly androidKey: Option.Option<string>
  readonly iosCertificateFingerprint: Option.Option<string>
  readonly webhookUrl: Option.Option<string>
}

/**
 * A service of a directory, or of the organization itself.
 *
 * @since 0.1.0
 * @category models
 */
export interface ServiceRecord {
  readonly id: ServiceId
  readonly organizationId: OrganizationId
  readonly directoryId: Option.Option<DirectoryId>
  readonly name: string
  readonly description: Option.Option<string>
  readonly icon: Option.Option<string>
  readonly callbackUrl: Option.Option<string>
  readonly active: boolean
  /** `ServicePolicy.none` where none was set. */
  readonly policy: KnownPolicy
}

/**
 * A public key of an entity.
 *
 * @since 0.1.0
 * @category models
 */
export interface EntityKey {
  readonly id: KeyId
  /** SPKI. */
  readonly pem: string
  readonly type: KeyType
  readonly active: boolean
  readonly created: DateTime.Utc
  readonly expires: Option.Option<DateTime.Utc>
}

/**
 * A key that something is to be encrypted to. It is kept as it was, so that it serves on when the entity's own has expired
 * or was removed.
 *
 * @since 0.1.0
 * @category models
 */
export type Recipient = Pick<EntityKey, "id" | "pem">

/**
 * Whose call leads to an event, and the key to tell it under.
 *
 * @since 0.1.0
 * @category models
 */
export interface Requester {
  readonly issuer: EntityIdentifier
  readonly recipient: Recipient
}

/**
 * A user of a directory, by the identifier that the directory's owner gave.
 *
 * @since 0.1.0
 * @category models
 */
export interface UserKey {
  readonly directoryId: DirectoryId
  readonly identifier: string
}

/**
 * @since 0.1.0
 * @category models
 */
export interface Device {
  readonly id: DeviceId
  readonly user: UserKey
  readonly status: DeviceStatus
  /** Until when its link can be completed, while that is pending. */
  readonly linkExpires?: DateTime.Utc | undefined
  readonly name: Option.Option<string>
  readonly type: Option.Option<string>
  readonly created: DateTime.Utc
  readonly updated: DateTime.Utc
}

/**
 * @since 0.1.0
 * @category models
 */
export interface Linking {
  readonly code: LinkingCode
  readonly deviceId: DeviceId
  readonly expires: DateTime.Utc
  /** None where nobody is told of its completion. */
  readonly requester: Option.Option<Requester>
}

/**
 * Where an authorization request stands, save that an open one may have expired.
 *
 * @since 0.1.0
 * @category models
 */
export type AuthorizationState =
  | { readonly _tag: "Open" }
  | { readonly _tag: "Canceled" }
  | { readonly _tag: "Answered"; readonly answer: AuthorizationPackage }

/**
 * @since 0.1.0
 * @category models
 */
export interface Authorization {
  readonly id: AuthorizationRequestId
  readonly serviceId: ServiceId
  readonly user: UserKey
  /** As it was asked for. */
  readonly request: CreateAuthorization
  /** What the policies of service and request came to together when it was asked. */
  readonly policy: EffectivePolicy
  readonly deviceIds: ReadonlyArray<DeviceId>
  /** Who asked, with the key to which devices seal their answers. */
  readonly requester: Requester
  /** What the user enters to approve; absent where nothing is to be entered. */
  readonly number?: MatchNumber | undefined
  readonly created: DateTime.Utc
  readonly expires: DateTime.Utc
  readonly state: AuthorizationState
}

/**
 * That a user reported fraud. It does not say who.
 *
 * @since 0.1.0
 * @category models
 */
export interface FraudReport {
  readonly authorizationRequestId: AuthorizationRequestId
  readonly serviceId: ServiceId
  readonly directoryId: DirectoryId
  readonly deviceId: DeviceId
  readonly at: DateTime.Utc
}

/**
 * @since 0.1.0
 * @category models
 */
export interface SessionRecord {
  readonly user: UserKey
  readonly serviceId: ServiceId
  readonly authorizationRequestId: Option.Option<AuthorizationRequestId>
  /** Who started it. */
  readonly issuer: EntityIdentifier
  readonly created: DateTime.Utc
}

/**
 * Where a request stands once its expiry is taken into account.
 *
 * @since 0.1.0
 * @category guards
 */
export const isOpen = (authorization: Authorization, now: DateTime.Utc): boolean =>
  authorization.state._tag === "Open" && DateTime.lessThan(now, authorization.expires)
