/**
 * The credentials of an organization: clients for itself, for its directories and for every service below it.
 *
 * Give several credentials one layer of `RemoteApi`, and they share the keys and the clock of the platform: layers that
 * are built together do so by themselves, those that are made while a program runs by {@link make}.
 *
 * @see docs/protocol.md "Entities"
 * @since 0.1.0
 */
import type { InvalidParameters } from "@effect-launchkey/core/ApiError"
import * as EntityIdentifier from "@effect-launchkey/core/EntityIdentifier"
import type { InvalidKey } from "@effect-launchkey/transport/InvalidKey"
import type * as Keyring from "@effect-launchkey/transport/Keyring"
import type * as RemoteApi from "@effect-launchkey/transport/RemoteApi"
import type * as Transport from "@effect-launchkey/transport/Transport"
import type * as HttpClient from "@effect/platform/HttpClient"
import * as Config from "effect/Config"
import type * as ConfigError from "effect/ConfigError"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as DirectoryClient from "./DirectoryClient.ts"
import { validate } from "./internal/call.ts"
import * as credentials from "./internal/credentials.ts"
import * as OrganizationClient from "./OrganizationClient.ts"
import * as ServiceClient from "./ServiceClient.ts"

/**
 * As for a transport, save its issuer: that is the organization.
 *
 * @since 0.1.0
 * @category models
 */
export interface Options extends Omit<Transport.Options, "issuer"> {
  /** The organization whose key signs: a UUID, in any case. */
  readonly organizationId: string
}

/**
 * @since 0.1.0
 * @category models
 */
export interface Service {
  readonly organizationClient: Effect.Effect<OrganizationClient.Service>
  /**
   * For a directory of the organization. Fails where the id is no UUID; whether the organization may act for it is the
   * platform's to say, with `Forbidden`.
   */
  readonly directoryClient: (directoryId: string) => Effect.Effect<DirectoryClient.Service, InvalidParameters>
  /** For a service of the organization or of a directory of it. Fails as `directoryClient` does. */
  readonly serviceClient: (serviceId: string) => Effect.Effect<ServiceClient.Service, InvalidParameters>
}

/**
 * The credentials of one organization.
 *
 * @example
 * ```ts
 * import { OrganizationCredentials } from "@effect-launchkey/clients"
 * import { Effect } from "effect"
 *
 * const openTenant = (name: string) =>
 *   Effect.gen(function*() {
 *     const credentials = yield* OrganizationCredentials.OrganizationCredentials
 *     const organization = yield* credentials.organizationClient
 *     const directory = yield* credentials.directoryClient(yield* organization.createDirectory(name))
 *     return yield* credentials.serviceClient(yield* directory.createService("Login"))
 *   })
 * ```
 *
 * @since 0.1.0
 * @category tags
 */
export class OrganizationCredentials
  extends Context.Tag("@effect-launchkey/clients/OrganizationCredentials")<OrganizationCredentials, Service>()
{}

const validateId = validate(EntityIdentifier.OrganizationId, "organizationId")

/**
 * @since 0.1.0
 * @category constructors
 */
export const make = (options: Options): Effect.Effect<
  Service,
  InvalidParameters,
  Keyring.Keyring | RemoteApi.RemoteApi | HttpClient.HttpClient
> =>
  Effect.gen(function*() {
    const organizationId = yield* validateId(options.organizationId)
    const using = yield* credentials.transport(EntityIdentifier.organization(organizationId), options)
    return {
      organizationClient: Effect.succeed(yield* using(OrganizationClient.make({ organizationId }))),
      directoryClient: (directoryId) => using(DirectoryClient.make({ directoryId })),
      serviceClient: (serviceId) => using(ServiceClient.make({ serviceId }))
    }
  })

/**
 * With keys of one's own kind: a KMS, an HSM.
 *
 * @since 0.1.0
 * @category layers
 */
export const layerKeyring = (
  options: Options
): Layer.Layer<OrganizationCredentials, InvalidParameters, Keyring.Keyring | HttpClient.HttpClient> =>
  credentials.layerKeyring(OrganizationCredentials, make(options))

/**
 * With keys from PEM text.
 *
 * @since 0.1.0
 * @category layers
 */
export const layer = (
  options: Options & Keyring.Options
): Layer.Layer<OrganizationCredentials, InvalidParameters | InvalidKey, HttpClient.HttpClient> =>
  Layer.provide(layerKeyring(options), credentials.keyring(options))

/**
 * @since 0.1.0
 * @category layers
 */
export const layerConfig = (
  config: Config.Config.Wrap<Options & Keyring.Options>
): Layer.Layer<
  OrganizationCredentials,
  InvalidParameters | InvalidKey | ConfigError.ConfigError,
  HttpClient.HttpClient
> => Layer.unwrapEffect(Effect.map(Config.unwrap(config), layer))
