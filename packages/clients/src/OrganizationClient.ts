/**
 * What an organization does: manage its directories, their keys and their SDK keys, and services of its own.
 *
 * @see docs/protocol.md "Management"
 * @since 0.1.0
 */
import { routeOf } from "@effect-launchkey/core/api/Contract"
import { OrganizationApi } from "@effect-launchkey/core/api/OrganizationApi"
import { OrganizationServicesApi } from "@effect-launchkey/core/api/ServiceManagementApi"
import type {
  DirectoryNameInUse,
  InvalidParameters,
  InvalidSdkKey,
  LastRemainingSdkKey
} from "@effect-launchkey/core/ApiError"
import { SdkKey } from "@effect-launchkey/core/Device"
import { type Directory, DirectoryChange, DirectoryName } from "@effect-launchkey/core/Directory"
import * as EntityIdentifier from "@effect-launchkey/core/EntityIdentifier"
import { KeyId } from "@effect-launchkey/core/KeyId"
import type { PublicKey } from "@effect-launchkey/core/PublicKey"
import { WebUrl } from "@effect-launchkey/core/ServiceProfile"
import * as DerivedClient from "@effect-launchkey/transport/DerivedClient"
import { Transport } from "@effect-launchkey/transport/Transport"
import * as Config from "effect/Config"
import type * as ConfigError from "effect/ConfigError"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import { type CallError, only, validate } from "./internal/call.ts"
import { exact, given, keyChange, newKey, Pkcs12 } from "./internal/inputs.ts"
import { measured } from "./internal/measured.ts"
import * as serviceManagement from "./internal/serviceManagement.ts"
import type {
  AddKeyError,
  AddKeyOptions,
  ManagementError,
  RemoveKeyError,
  ServiceManagement,
  UpdateKeyError,
  UpdateKeyOptions
} from "./ServiceManagement.ts"

/**
 * @since 0.1.0
 * @category models
 */
export interface Options {
  /** The organization to act for: a UUID, in any case. The issuer of the transport is it. */
  readonly organizationId: string
}

/**
 * What of a directory is to change: what is absent stays, null clears.
 *
 * @since 0.1.0
 * @category models
 */
export interface UpdateDirectoryOptions {
  /** An inactive directory blocks its services and its users, not its management. */
  readonly active?: boolean | undefined
  /** Key of the push service for Android. */
  readonly androidKey?: string | null | undefined
  /** Certificate and key for pushes to iOS: a PKCS#12 without a password, as bytes or as their base64. */
  readonly iosP12?: Uint8Array | string | Redacted.Redacted<Uint8Array | string> | null | undefined
  /** Whether requests may offer reasons for a denial. */
  readonly denialContextInquiryEnabled?: boolean | undefined
  /** Where webhooks of the directory go: http or https, at most 2048 characters. */
  readonly webhookUrl?: string | null | undefined
}

/**
 * @since 0.1.0
 * @category errors
 */
export type CreateDirectoryError = CallError | DirectoryNameInUse

/**
 * @since 0.1.0
 * @category errors
 */
export type RemoveSdkKeyError = CallError | InvalidSdkKey | LastRemainingSdkKey

/**
 * Every method may fail as those of `ServiceManagement`: with `Forbidden` where the directory is another organization's
 * or nobody's.
 *
 * @since 0.1.0
 * @category models
 */
export interface Service extends ServiceManagement {
  /**
   * A name has 1 to 128 code points. The directory is active, asks for the context of denials, and has no keys yet.
   *
   * - `DirectoryNameInUse`: the organization has a directory of that name, compared without case and outer space.
   */
  readonly createDirectory: (name: string) => Effect.Effect<EntityIdentifier.DirectoryId, CreateDirectoryError>
  /** All directories of the organization. */
  readonly listDirectories: Effect.Effect<ReadonlyArray<Directory>, ManagementError>
  /** Fails with `Forbidden` if any of them is not the organization's. */
  readonly getDirectories: (
    ids: ReadonlyArray<EntityIdentifier.DirectoryId>
  ) => Effect.Effect<ReadonlyArray<Directory>, ManagementError>
  /** An answer without the directory is not believed: `MessageRejected`. */
  readonly getDirectory: (id: EntityIdentifier.DirectoryId) => Effect.Effect<Directory, ManagementError>
  /** Fails with `InvalidParameters` of the platform where it cannot read the PKCS#12. */
  readonly updateDirectory: (
    id: EntityIdentifier.DirectoryId,
    change: UpdateDirectoryOptions
  ) => Effect.Effect<void, ManagementError>
  /**
   * Adds the PEM (SPKI or PKCS#1) of an RSA public key. A private key is refused here and not sent.
   *
   * - `InvalidPublicKey`: the platform does not accept the key.
   * - `PublicKeyAlreadyInUse`: the directory has it already.
   */
  readonly addDirectoryKey: (
    directoryId: EntityIdentifier.DirectoryId,
    pem: string,
    options?: AddKeyOptions
  ) => Effect.Effect<KeyId, AddKeyError>
  /** All keys of the directory: inactive and expired ones too. */
  readonly listDirectoryKeys: (
    directoryId: EntityIdentifier.DirectoryId
  ) => Effect.Effect<ReadonlyArray<PublicKey>, ManagementError>
  /**
   * - `PublicKeyDoesNotExist`: the directory has no such key.
   */
  readonly updateDirectoryKey: (
    directoryId: EntityIdentifier.DirectoryId,
    keyId: KeyId,
    change: UpdateKeyOptions
  ) => Effect.Effect<void, UpdateKeyError>
  /**
   * - `PublicKeyDoesNotExist`: the directory has no such key.
   * - `LastRemainingKey`: it is the only one. Add another first, or set it inactive.
   */
  readonly removeDirectoryKey: (
    directoryId: EntityIdentifier.DirectoryId,
    keyId: KeyId
  ) => Effect.Effect<void, RemoveKeyError>
  /** A new SDK key for the directory: devices link only through a directory that has one. */
  readonly generateSdkKey: (
    directoryId: EntityIdentifier.DirectoryId
  ) => Effect.Effect<SdkKey, ManagementError>
  readonly listSdkKeys: (
    directoryId: EntityIdentifier.DirectoryId
  ) => Effect.Effect<ReadonlyArray<SdkKey>, ManagementError>
  /**
   * - `InvalidSdkKey`: the directory has no such SDK key.
   * - `LastRemainingSdkKey`: it is the only one. Generate another first.
   */
  readonly removeSdkKey: (
    directoryId: EntityIdentifier.DirectoryId,
    sdkKey: SdkKey
  ) => Effect.Effect<void, RemoveSdkKeyError>
}

/**
 * The client of one organization.
 *
 * @example
 * ```ts
 * import { OrganizationClient } from "@effect-launchkey/clients"
 * import { Effect } from "effect"
 *
 * const addDirectory = (name: string, pem: string) =>
 *   Effect.gen(function*() {
 *     const organization = yield* OrganizationClient.OrganizationClient
 *     const id = yield* organization.createDirectory(name)
 *     yield* organization.addDirectoryKey(id, pem, { type: "SIGNATURE" })
 *     // What is absent stays, null clears, a value sets.
 *     yield* organization.updateDirectory(id, { androidKey: null, webhookUrl: "https://example.com/hooks" })
 *     return yield* organization.getDirectory(id)
 *   })
 * ```
 *
 * @since 0.1.0
 * @category tags
 */
export class OrganizationClient
  extends Context.Tag("@effect-launchkey/clients/OrganizationClient")<OrganizationClient, Service>()
{}

const validateOrganizationId = validate(EntityIdentifier.OrganizationId, "organizationId")

const validateName = validate(DirectoryName, "name")

const validateId = validate(EntityIdentifier.DirectoryId, "id")

const validateIds = validate(Schema.Array(EntityIdentifier.DirectoryId), "ids")

const AndroidKey = Schema.String.annotations({ message: () => "not a text; give a string, or null to clear" }).pipe(
  Schema.filter((key) => key !== "" || "empty; give null to clear")
)

const validateChange = validate(
  Schema.typeSchema(DirectoryChange).pipe(
    Schema.pick("active", "denialContextInquiryEnabled"),
    Schema.extend(Schema.Struct({
      id: EntityIdentifier.DirectoryId,
      androidKey: Schema.optionalWith(Schema.NullOr(AndroidKey), exact),
      iosP12: Schema.optionalWith(Schema.NullOr(Pkcs12), exact),
      webhookUrl: Schema.optionalWith(Schema.NullOr(WebUrl), exact)
    }))
  )
)

const OfDirectory = Schema.Struct({ directoryId: EntityIdentifier.DirectoryId })

const validateDirectory = validate(OfDirectory)

const validateNewKey = validate(Schema.Struct({ ...OfDirectory.fields, ...newKey }))

const validateKeyChange = validate(Schema.Struct({ ...OfDirectory.fields, ...keyChange }))

const validateKey = validate(Schema.Struct({ ...OfDirectory.fields, keyId: KeyId }))

const validateSdkKey = validate(Schema.Struct({ ...OfDirectory.fields, sdkKey: SdkKey }))

const routes = routeOf(OrganizationApi, OrganizationServicesApi)

/**
 * @since 0.1.0
 * @category constructors
 */
export const make = (options: Options): Effect.Effect<Service, InvalidParameters, Transport> =>
  Effect.gen(function*() {
    const transport = yield* Transport
    const organizationId = yield* validateOrganizationId(options.organizationId)
    const httpClient = transport.httpClient(EntityIdentifier.organization(organizationId), routes)
    const api = DerivedClient.make(OrganizationApi, httpClient)
    const services = DerivedClient.make(OrganizationServicesApi, httpClient)
    const get = (ids: ReadonlyArray<EntityIdentifier.DirectoryId>) => api.listDirectories({ payload: { ids } })

    const client: Service = {
      ...serviceManagement.make("Organization", services),
      createDirectory: Effect.fn("OrganizationClient.createDirectory")(function*(name) {
        return (yield* api.createDirectory({ payload: { name: yield* validateName(name) } })).id
      }),
      listDirectories: Effect.withSpan(
        Effect.suspend(() => api.allDirectories({})),
        "OrganizationClient.listDirectories"
      ),
      getDirectories: Effect.fn("OrganizationClient.getDirectories")(function*(ids) {
        return yield* get(yield* validateIds(ids))
      }),
      getDirectory: Effect.fn("OrganizationClient.getDirectory")(function*(named) {
        const id = yield* validateId(named)
        return yield* only(yield* get([id]), id, "POST /organization/v3/directories/list")
      }),
      updateDirectory: Effect.fn("OrganizationClient.updateDirectory")(function*(id, change) {
        yield* api.updateDirectory({ payload: yield* validateChange({ ...given(change), id }) })
      }),
      addDirectoryKey: Effect.fn("OrganizationClient.addDirectoryKey")(function*(directoryId, pem, options = {}) {
        const payload = yield* validateNewKey({ ...given(options), directoryId, pem })
        return (yield* api.addDirectoryKey({ payload })).keyId
      }),
      listDirectoryKeys: Effect.fn("OrganizationClient.listDirectoryKeys")(function*(directoryId) {
        return yield* api.listDirectoryKeys({ payload: yield* validateDirectory({ directoryId }) })
      }),
      updateDirectoryKey: Effect.fn("OrganizationClient.updateDirectoryKey")(function*(directoryId, keyId, change) {
        const payload = yield* validateKeyChange({ ...given(change), directoryId, keyId })
        yield* api.updateDirectoryKey({ payload })
      }),
      removeDirectoryKey: Effect.fn("OrganizationClient.removeDirectoryKey")(function*(directoryId, keyId) {
        yield* api.removeDirectoryKey({ payload: yield* validateKey({ directoryId, keyId }) })
      }),
      generateSdkKey: Effect.fn("OrganizationClient.generateSdkKey")(function*(directoryId) {
        return (yield* api.generateSdkKey({ payload: yield* validateDirectory({ directoryId }) })).sdkKey
      }),
      listSdkKeys: Effect.fn("OrganizationClient.listSdkKeys")(function*(directoryId) {
        return yield* api.listSdkKeys({ payload: yield* validateDirectory({ directoryId }) })
      }),
      removeSdkKey: Effect.fn("OrganizationClient.removeSdkKey")(function*(directoryId, sdkKey) {
        yield* api.removeSdkKey({ payload: yield* validateSdkKey({ directoryId, sdkKey }) })
      })
    }
    return measured("OrganizationClient", client)
  })

/**
 * @since 0.1.0
 * @category layers
 */
export const layer = (options: Options): Layer.Layer<OrganizationClient, InvalidParameters, Transport> =>
  Layer.effect(OrganizationClient, make(options))

/**
 * @since 0.1.0
 * @category layers
 */
export const layerConfig = (
  config: Config.Config.Wrap<Options>
): Layer.Layer<OrganizationClient, InvalidParameters | ConfigError.ConfigError, Transport> =>
  Layer.unwrapEffect(Effect.map(Config.unwrap(config), layer))
