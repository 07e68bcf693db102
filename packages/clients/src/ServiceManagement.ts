/**
 * What an owner of services, an organization or a directory, does with them: the profile of each, its keys and its
 * policy. `OrganizationClient` and `DirectoryClient` both have these methods, each for the services that it owns itself.
 *
 * @see docs/protocol.md "Management"
 * @since 0.1.0
 */
import type {
  InvalidPolicyInput,
  InvalidPublicKey,
  LastRemainingKey,
  PublicKeyAlreadyInUse,
  PublicKeyDoesNotExist,
  ServiceNameTaken,
  ServiceNotFound
} from "@effect-launchkey/core/ApiError"
import type { ServiceId } from "@effect-launchkey/core/EntityIdentifier"
import type { KeyId } from "@effect-launchkey/core/KeyId"
import type { KeyType, PublicKey } from "@effect-launchkey/core/PublicKey"
import type { ServicePolicy } from "@effect-launchkey/core/ServicePolicy"
import type { ServiceProfile } from "@effect-launchkey/core/ServiceProfile"
import type * as DateTime from "effect/DateTime"
import type * as Effect from "effect/Effect"
import type { CallError } from "./internal/call.ts"

/**
 * What users see of a service, and where its webhooks go.
 *
 * @since 0.1.0
 * @category models
 */
export interface CreateServiceOptions {
  /** At most 1024 code points. */
  readonly description?: string | undefined
  /** Address of an image: http or https, at most 2048 characters. */
  readonly icon?: string | undefined
  /** Where webhooks of the service go: http or https, at most 2048 characters. */
  readonly callbackUrl?: string | undefined
  /** An inactive service cannot ask its users for anything. Default true. */
  readonly active?: boolean | undefined
}

/**
 * What of a service is to change: what is absent stays, null clears.
 *
 * @since 0.1.0
 * @category models
 */
export interface UpdateServiceOptions {
  /** 1 to 128 code points. */
  readonly name?: string | undefined
  /** At most 1024 code points. */
  readonly description?: string | null | undefined
  /** Address of an image: http or https, at most 2048 characters. */
  readonly icon?: string | null | undefined
  /** Where webhooks of the service go: http or https, at most 2048 characters. */
  readonly callbackUrl?: string | null | undefined
  /** An inactive service cannot ask its users for anything. */
  readonly active?: boolean | undefined
}

/**
 * @since 0.1.0
 * @category models
 */
export interface AddKeyOptions {
  /** What the key may be used for. Default `"BOTH"`. */
  readonly type?: KeyType | undefined
  /** An inactive key is kept and not used. Default true. */
  readonly active?: boolean | undefined
  /** After it the key is no longer used; sent in whole seconds. Default never. */
  readonly expires?: DateTime.Utc | undefined
}

/**
 * What of a key is to change: what is absent stays; `expires: null` takes the end away.
 *
 * @since 0.1.0
 * @category models
 */
export interface UpdateKeyOptions {
  /** An inactive key is kept and not used. */
  readonly active?: boolean | undefined
  /** After it the key is no longer used; sent in whole seconds. */
  readonly expires?: DateTime.Utc | null | undefined
}

/**
 * Of every call that has no errors of its own.
 *
 * @since 0.1.0
 * @category errors
 */
export type ManagementError = CallError

/**
 * @since 0.1.0
 * @category errors
 */
export type CreateServiceError = CallError | ServiceNameTaken

/**
 * @since 0.1.0
 * @category errors
 */
export type UpdateServiceError = CallError | ServiceNameTaken

/**
 * @since 0.1.0
 * @category errors
 */
export type AddKeyError = CallError | InvalidPublicKey | PublicKeyAlreadyInUse

/**
 * @since 0.1.0
 * @category errors
 */
export type UpdateKeyError = CallError | PublicKeyDoesNotExist

/**
 * @since 0.1.0
 * @category errors
 */
export type RemoveKeyError = CallError | PublicKeyDoesNotExist | LastRemainingKey

/**
 * @since 0.1.0
 * @category errors
 */
export type SetServicePolicyError = CallError | ServiceNotFound | InvalidPolicyInput

/**
 * @since 0.1.0
 * @category errors
 */
export type ServicePolicyError = CallError | ServiceNotFound

/**
 * Every method may fail with:
 *
 * - `InvalidParameters`: an argument is not acceptable. With `origin` `"Client"` nothing was sent.
 * - `Forbidden`: the issuer may not act for the owner, or the service is another's or nobody's.
 * - `InvalidRoute`, `Unauthorized`, `UnexpectedApiError`, `TransportError`, `MessageRejected`: as for `ServiceClient`.
 *
 * @since 0.1.0
 * @category models
 */
export interface ServiceManagement {
  /**
   * A name has 1 to 128 code points.
   *
   * - `ServiceNameTaken`: the owner has a service of that name, compared without case and outer space.
   */
  readonly createService: (
    name: string,
    options?: CreateServiceOptions
  ) => Effect.Effect<ServiceId, CreateServiceError>
  /** All services of the owner itself: those of an organization's directories are the directories'. */
  readonly listServices: Effect.Effect<ReadonlyArray<ServiceProfile>, ManagementError>
  /** Fails with `Forbidden` if any of them is not the owner's. */
  readonly getServices: (
    ids: ReadonlyArray<ServiceId>
  ) => Effect.Effect<ReadonlyArray<ServiceProfile>, ManagementError>
  /** An answer without the service is not believed: `MessageRejected`. */
  readonly getService: (id: ServiceId) => Effect.Effect<ServiceProfile, ManagementError>
  /**
   * - `ServiceNameTaken`: the owner has another service of that name, compared without case and outer space.
   */
  readonly updateService: (
    id: ServiceId,
    change: UpdateServiceOptions
  ) => Effect.Effect<void, UpdateServiceError>
  /**
   * Adds the PEM (SPKI or PKCS#1) of an RSA public key. A private key is refused here and not sent.
   *
   * - `InvalidPublicKey`: the platform does not accept the key.
   * - `PublicKeyAlreadyInUse`: the service has it already.
   */
  readonly addServiceKey: (
    serviceId: ServiceId,
    pem: string,
    options?: AddKeyOptions
  ) => Effect.Effect<KeyId, AddKeyError>
  /** All keys of the service: inactive and expired ones too. */
  readonly listServiceKeys: (serviceId: ServiceId) => Effect.Effect<ReadonlyArray<PublicKey>, ManagementError>
  /**
   * - `PublicKeyDoesNotExist`: the service has no such key.
   */
  readonly updateServiceKey: (
    serviceId: ServiceId,
    keyId: KeyId,
    change: UpdateKeyOptions
  ) => Effect.Effect<void, UpdateKeyError>
  /**
   * - `PublicKeyDoesNotExist`: the service has no such key.
   * - `LastRemainingKey`: it is the only one. Add another first, or set it inactive.
   */
  readonly removeServiceKey: (serviceId: ServiceId, keyId: KeyId) => Effect.Effect<void, RemoveKeyError>
  /**
   * Replaces the whole policy. The policy of an authorization request can only be stricter.
   *
   * - `ServiceNotFound`: the service is another's or nobody's.
   * - `InvalidPolicyInput`: the platform does not accept the policy.
   */
  readonly setServicePolicy: (
    serviceId: ServiceId,
    policy: ServicePolicy
  ) => Effect.Effect<void, SetServicePolicyError>
  /**
   * The policy as it is stored: a legacy one that demands nothing where none was set.
   *
   * - `ServiceNotFound`: the service is another's or nobody's.
   */
  readonly getServicePolicy: (serviceId: ServiceId) => Effect.Effect<ServicePolicy, ServicePolicyError>
  /**
   * Succeeds where none was set.
   *
   * - `ServiceNotFound`: the service is another's or nobody's.
   */
  readonly removeServicePolicy: (serviceId: ServiceId) => Effect.Effect<void, ServicePolicyError>
}
