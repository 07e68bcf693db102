/**
 * What a directory does: link devices to its users, look after their devices, sessions and one-time codes, and manage
 * its services.
 *
 * @see docs/protocol.md "Management"
 * @since 0.1.0
 */
import { routeOf } from "@effect-launchkey/core/api/Contract"
import { DirectoryApi } from "@effect-launchkey/core/api/DirectoryApi"
import { DirectoryServicesApi } from "@effect-launchkey/core/api/ServiceManagementApi"
import type { EntityNotFound, InvalidDirectoryIdentifier, InvalidParameters } from "@effect-launchkey/core/ApiError"
import { DeviceId, User } from "@effect-launchkey/core/Authorization"
import { type Device, type LinkStarted, StartLink } from "@effect-launchkey/core/Device"
import * as EntityIdentifier from "@effect-launchkey/core/EntityIdentifier"
import type { Session } from "@effect-launchkey/core/Session"
import type { TotpConfiguration } from "@effect-launchkey/core/Totp"
import * as DerivedClient from "@effect-launchkey/transport/DerivedClient"
import { Transport } from "@effect-launchkey/transport/Transport"
import * as Config from "effect/Config"
import type * as ConfigError from "effect/ConfigError"
import * as Context from "effect/Context"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Predicate from "effect/Predicate"
import * as Schema from "effect/Schema"
import { type CallError, validate } from "./internal/call.ts"
import { durationInput, exact, given } from "./internal/inputs.ts"
import { measured } from "./internal/measured.ts"
import * as serviceManagement from "./internal/serviceManagement.ts"
import type { ManagementError, ServiceManagement } from "./ServiceManagement.ts"

/**
 * @since 0.1.0
 * @category models
 */
export interface Options {
  /** The directory to act for: a UUID, in any case. The issuer of the transport is it, or the organization it is of. */
  readonly directoryId: string
}

/**
 * @since 0.1.0
 * @category models
 */
export interface LinkDeviceOptions {
  /** How long the linking code serves: 300 to 86400 seconds, in whole seconds. Default: the platform's own. */
  readonly ttl?: Duration.DurationInput | undefined
}

/**
 * @since 0.1.0
 * @category errors
 */
export type LinkDeviceError = CallError | InvalidDirectoryIdentifier

/**
 * @since 0.1.0
 * @category errors
 */
export type UnlinkDeviceError = CallError | EntityNotFound

/**
 * @since 0.1.0
 * @category errors
 */
export type ListSessionsError = CallError | EntityNotFound

/**
 * @since 0.1.0
 * @category errors
 */
export type EndAllSessionsError = CallError | EntityNotFound

/**
 * @since 0.1.0
 * @category errors
 */
export type GenerateTotpError = CallError | InvalidDirectoryIdentifier

/**
 * A `user` is the identifier under which the directory knows the user: a text of the application's own, sent as it is.
 * Let it be the user's alone and for good, as a primary key is: another identifier is another user, without devices.
 *
 * Every method may fail as those of `ServiceManagement`: with `Forbidden` where the issuer may not act for the directory,
 * or, of those about users, where the directory is inactive.
 *
 * @since 0.1.0
 * @category models
 */
export interface Service extends ServiceManagement {
  /**
   * Starts the link of a device, creating the user where there is none. The user completes it with the code, as a text
   * or as an image: see `LinkQrCode`.
   *
   * - `InvalidDirectoryIdentifier`: the platform does not accept the identifier.
   */
  readonly linkDevice: (user: string, options?: LinkDeviceOptions) => Effect.Effect<LinkStarted, LinkDeviceError>
  /** All devices of the user, those whose link is not completed too; none of a user that does not exist. */
  readonly listDevices: (user: string) => Effect.Effect<ReadonlyArray<Device>, ManagementError>
  /**
   * - `EntityNotFound`: no such user, or the user has no such device.
   */
  readonly unlinkDevice: (user: string, deviceId: DeviceId) => Effect.Effect<void, UnlinkDeviceError>
  /**
   * The sessions of the user with all services of the directory.
   *
   * - `EntityNotFound`: no such user.
   */
  readonly listSessions: (user: string) => Effect.Effect<ReadonlyArray<Session>, ListSessionsError>
  /**
   * Ends the user's sessions with all services of the directory. Succeeds where there is none.
   *
   * - `EntityNotFound`: no such user.
   */
  readonly endAllSessions: (user: string) => Effect.Effect<void, EndAllSessionsError>
  /**
   * A new configuration for one-time codes, in place of any there was, creating the user where there is none. Its `uri`
   * is what a code application reads.
   *
   * - `InvalidDirectoryIdentifier`: the platform does not accept the identifier.
   */
  readonly generateTotp: (user: string) => Effect.Effect<TotpConfiguration, GenerateTotpError>
  /** Succeeds where the user has none, or does not exist. */
  readonly removeTotp: (user: string) => Effect.Effect<void, ManagementError>
}

/**
 * The client of one directory.
 *
 * @example
 * ```ts
 * import { DirectoryClient, LinkQrCode } from "@effect-launchkey/clients"
 * import { Effect } from "effect"
 *
 * const enroll = (user: string) =>
 *   Effect.gen(function*() {
 *     const directory = yield* DirectoryClient.DirectoryClient
 *     const link = yield* directory.linkDevice(user, { ttl: "1 hour" })
 *     return { code: link.code, image: LinkQrCode.svg(link) }
 *   })
 * ```
 *
 * @since 0.1.0
 * @category tags
 */
export class DirectoryClient
  extends Context.Tag("@effect-launchkey/clients/DirectoryClient")<DirectoryClient, Service>()
{}

const validateDirectoryId = validate(EntityIdentifier.DirectoryId, "directoryId")

const LinkTimeToLive = Schema.pluck(Schema.typeSchema(StartLink), "ttl").pipe(
  Schema.typeSchema,
  Schema.filter(Predicate.isNotUndefined),
  (schema) => durationInput(schema, "from 300 to 86400 seconds such as \"1 hour\"")
)

const validateLink = validate(Schema.Struct({ user: User, ttl: Schema.optionalWith(LinkTimeToLive, exact) }))

const validateUser = validate(Schema.Struct({ user: User }))

const validateDevice = validate(
  Schema.Struct({ user: User, deviceId: EntityIdentifier.Uuid.pipe(Schema.compose(DeviceId)) })
)

const routes = routeOf(DirectoryApi, DirectoryServicesApi)

/**
 * @since 0.1.0
 * @category constructors
 */
export const make = (options: Options): Effect.Effect<Service, InvalidParameters, Transport> =>
  Effect.gen(function*() {
    const transport = yield* Transport
    const directoryId = yield* validateDirectoryId(options.directoryId)
    const httpClient = transport.httpClient(EntityIdentifier.directory(directoryId), routes)
    const api = DerivedClient.make(DirectoryApi, httpClient)
    const services = DerivedClient.make(DirectoryServicesApi, httpClient)

    const client: Service = {
      ...serviceManagement.make("Directory", services),
      linkDevice: Effect.fn("DirectoryClient.linkDevice")(function*(user, options = {}) {
        return yield* api.linkDevice({ payload: yield* validateLink({ ...given(options), user }) })
      }),
      listDevices: Effect.fn("DirectoryClient.listDevices")(function*(user) {
        return yield* api.listDevices({ payload: yield* validateUser({ user }) })
      }),
      unlinkDevice: Effect.fn("DirectoryClient.unlinkDevice")(function*(user, deviceId) {
        yield* api.unlinkDevice({ payload: yield* validateDevice({ user, deviceId }) })
      }),
      listSessions: Effect.fn("DirectoryClient.listSessions")(function*(user) {
        return yield* api.listSessions({ payload: yield* validateUser({ user }) })
      }),
      endAllSessions: Effect.fn("DirectoryClient.endAllSessions")(function*(user) {
        yield* api.endSessions({ payload: yield* validateUser({ user }) })
      }),
      generateTotp: Effect.fn("DirectoryClient.generateTotp")(function*(user) {
        return yield* api.generateTotp({ payload: yield* validateUser({ user }) })
      }),
      removeTotp: Effect.fn("DirectoryClient.removeTotp")(function*(user) {
        yield* api.removeTotp({ payload: yield* validateUser({ user }) })
      })
    }
    return measured("DirectoryClient", client)
  })

/**
 * @since 0.1.0
 * @category layers
 */
export const layer = (options: Options): Layer.Layer<DirectoryClient, InvalidParameters, Transport> =>
  Layer.effect(DirectoryClient, make(options))

/**
 * @since 0.1.0
 * @category layers
 */
export const layerConfig = (
  config: Config.Config.Wrap<Options>
): Layer.Layer<DirectoryClient, InvalidParameters | ConfigError.ConfigError, Transport> =>
  Layer.unwrapEffect(Effect.map(Config.unwrap(config), layer))
