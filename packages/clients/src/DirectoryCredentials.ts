/**
 * The credentials of a directory: clients for itself and for its services.
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
import * as ServiceClient from "./ServiceClient.ts"

/**
 * As for a transport, save its issuer: that is the directory.
 *
 * @since 0.1.0
 * @category models
 */
export interface Options extends Omit<Transport.Options, "issuer"> {
  /** The directory whose key signs: a UUID, in any case. */
  readonly directoryId: string
}

/**
 * @since 0.1.0
 * @category models
 */
export interface Service {
  readonly directoryClient: Effect.Effect<DirectoryClient.Service>
  /**
   * For a service of the directory. Fails where the id is no UUID; whether the directory may act for it is the
   * platform's to say, with `Forbidden`.
   */
  readonly serviceClient: (serviceId: string) => Effect.Effect<ServiceClient.Service, InvalidParameters>
}

/**
 * The credentials of one directory.
 *
 * @since 0.1.0
 * @category tags
 */
export class DirectoryCredentials
  extends Context.Tag("@effect-launchkey/clients/DirectoryCredentials")<DirectoryCredentials, Service>()
{}

const validateId = validate(EntityIdentifier.DirectoryId, "directoryId")

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
    const directoryId = yield* validateId(options.directoryId)
    const using = yield* credentials.transport(EntityIdentifier.directory(directoryId), options)
    return {
      directoryClient: Effect.succeed(yield* using(DirectoryClient.make({ directoryId }))),
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
): Layer.Layer<DirectoryCredentials, InvalidParameters, Keyring.Keyring | HttpClient.HttpClient> =>
  credentials.layerKeyring(DirectoryCredentials, make(options))

/**
 * With keys from PEM text.
 *
 * @since 0.1.0
 * @category layers
 */
export const layer = (
  options: Options & Keyring.Options
): Layer.Layer<DirectoryCredentials, InvalidParameters | InvalidKey, HttpClient.HttpClient> =>
  Layer.provide(layerKeyring(options), credentials.keyring(options))

/**
 * @since 0.1.0
 * @category layers
 */
export const layerConfig = (
  config: Config.Config.Wrap<Options & Keyring.Options>
): Layer.Layer<DirectoryCredentials, InvalidParameters | InvalidKey | ConfigError.ConfigError, HttpClient.HttpClient> =>
  Layer.unwrapEffect(Effect.map(Config.unwrap(config), layer))
