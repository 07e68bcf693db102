/**
 * Serves a directory: the devices, sessions and one-time codes of its users.
 *
 * @see docs/protocol.md "Management"
 * @since 0.1.0
 */
import { EntityNotFound, Forbidden, InvalidDirectoryIdentifier } from "@effect-launchkey/core/ApiError"
import { DeviceId } from "@effect-launchkey/core/Authorization"
import { Device, LinkStarted } from "@effect-launchkey/core/Device"
import * as HttpApiBuilder from "@effect/platform/HttpApiBuilder"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Administration from "../Administration.ts"
import * as Caller from "../Caller.ts"
import { devicesOf } from "../internal/devices.ts"
import { orForbidden } from "../internal/records.ts"
import * as Permissions from "../Permissions.ts"
import * as PlatformClock from "../PlatformClock.ts"
import * as PlatformSettings from "../PlatformSettings.ts"
import { ServedApi } from "../ServedApi.ts"
import * as Store from "../Store.ts"
import * as Totps from "../Totps.ts"
import * as UserSessions from "../UserSessions.ts"

const detail = undefined

/**
 * @since 0.1.0
 * @category layers
 */
export const layer = HttpApiBuilder.group(ServedApi, "directory", (handlers) =>
  Effect.gen(function*() {
    const administration = yield* Administration.Administration
    const store = yield* Store.Store
    const clock = yield* PlatformClock.PlatformClock
    const totps = yield* Totps.Totps
    const permissions = yield* Permissions.make
    const { qrCodeUrl } = yield* PlatformSettings.PlatformSettings

    /** An inactive directory's users are out of reach. */
    const userOf = (identifier: string) =>
      Effect.gen(function*() {
        const { directoryId } = yield* Caller.directory
        const directory = yield* store.directory(directoryId)
        if (!Option.exists(directory, ({ active }) => active)) {
          return yield* new Forbidden({ detail: "the directory is inactive" })
        }
        return { directoryId, identifier }
      })

    const known = (identifier: string) =>
      Effect.tap(userOf(identifier), (user) =>
        Effect.flatMap(store.hasUser(user), (exists) =>
          exists ? Effect.void : Effect.fail(new EntityNotFound({ detail: "no such user" }))))

    return handlers
      .handle("linkDevice", ({ payload }) =>
        Effect.gen(function*() {
          const user = yield* userOf(payload.user)
          const { issuer, signingKeyId } = yield* Caller.directory
          const recipient = yield* permissions.encryptionKey(issuer, signingKeyId)
          const { code, deviceId } = yield* administration.linkDevice(user, {
            ttl: payload.ttl,
            requester: Option.getOrUndefined(
              Option.map(recipient, ({ id, pem }) => ({ issuer, recipient: { id, pem } }))
            )
          })
          return new LinkStarted({ code, deviceId, qrCodeUrl: qrCodeUrl(code) })
        }).pipe(orForbidden))
      .handle("listDevices", ({ payload }) =>
        Effect.gen(function*() {
          const devices = yield* devicesOf(store, yield* userOf(payload.user), yield* clock.now)
          return devices.map((device) =>
            new Device({ ...device, created: Option.some(device.created), updated: Option.some(device.updated) })
          )
        }))
      .handle("unlinkDevice", ({ payload }) =>
        Effect.flatMap(known(payload.user), (user) =>
          administration.unlinkDevice(user, DeviceId.make(payload.deviceId.toLowerCase()))))
      .handle("listSessions", ({ payload }) =>
        Effect.flatMap(known(payload.user), UserSessions.list))
      .handle("endSessions", ({ payload }) =>
        Effect.flatMap(known(payload.user), (user) =>
          UserSessions.end(user)))
      .handle("generateTotp", ({ payload }) =>
        Effect.gen(function*() {
          const user = yield* userOf(payload.user)
          if (!Administration.isIdentifier(user.identifier)) {
            return yield* new InvalidDirectoryIdentifier({ detail })
          }
          yield* store.ensureUser(user)
          return yield* totps.generate(user)
        }))
      .handle("removeTotp", ({ payload }) =>
        Effect.flatMap(userOf(payload.user), (user) =>
          store.setTotp(user, Option.none())))
  }))
