/**
 * Serves an organization: its directories, their keys and their SDK keys.
 *
 * @see docs/protocol.md "Management"
 * @since 0.1.0
 */
import { Forbidden } from "@effect-launchkey/core/ApiError"
import { Directory } from "@effect-launchkey/core/Directory"
import * as Entity from "@effect-launchkey/core/EntityIdentifier"
import * as HttpApiBuilder from "@effect/platform/HttpApiBuilder"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Administration from "../Administration.ts"
import * as Caller from "../Caller.ts"
import { orForbidden, toPublicKey } from "../internal/records.ts"
import { ServedApi } from "../ServedApi.ts"
import * as Store from "../Store.ts"

const detail = undefined

/**
 * @since 0.1.0
 * @category layers
 */
export const layer = HttpApiBuilder.group(ServedApi, "organization", (handlers) =>
  Effect.gen(function*() {
    const administration = yield* Administration.Administration
    const store = yield* Store.Store

    /** A directory of another organization is as forbidden as one that never was. */
    const own = (id: Entity.DirectoryId) =>
      Effect.gen(function*() {
        const organizationId = yield* Caller.organizationId
        const directory = Option.filter(yield* store.directory(id), (_) => _.organizationId === organizationId)
        return Option.isSome(directory) ? directory.value : yield* new Forbidden({ detail })
      })

    const toDirectory = (directory: Store.Directory) =>
      Effect.map(store.services(directory.id), (services) =>
        new Directory({ ...directory, serviceIds: services.map(({ id }) => id), premium: false }))

    return handlers
      .handle("createDirectory", ({ payload }) =>
        Effect.gen(function*() {
          const { id } = yield* administration.createDirectory(yield* Caller.organizationId, payload.name)
          return { id }
        }).pipe(orForbidden))
      .handle("allDirectories", () =>
        Effect.gen(function*() {
          return yield* Effect.forEach(yield* store.directories(yield* Caller.organizationId), toDirectory)
        }))
      .handle("listDirectories", ({ payload }) =>
        Effect.forEach(new Set(payload.ids), (id) =>
          Effect.flatMap(own(id), toDirectory)))
      .handle("updateDirectory", ({ payload }) =>
        Effect.zipRight(own(payload.id), orForbidden(administration.updateDirectory(payload))))
      .handle("addDirectoryKey", ({ payload: { directoryId, pem, ...key } }) =>
        Effect.gen(function*() {
          yield* own(directoryId)
          return { keyId: yield* administration.addKey(Entity.directory(directoryId), pem, key) }
        }).pipe(orForbidden))
      .handle("listDirectoryKeys", ({ payload }) =>
        Effect.gen(function*() {
          yield* own(payload.directoryId)
          return (yield* store.keys(Entity.directory(payload.directoryId))).map(toPublicKey)
        }))
      .handle("updateDirectoryKey", ({ payload: { directoryId, ...change } }) =>
        Effect.zipRight(own(directoryId), administration.updateKey(Entity.directory(directoryId), change)))
      .handle("removeDirectoryKey", ({ payload: { directoryId, keyId } }) =>
        Effect.zipRight(own(directoryId), administration.removeKey(Entity.directory(directoryId), keyId)))
      .handle("generateSdkKey", ({ payload }) =>
        Effect.gen(function*() {
          yield* own(payload.directoryId)
          return { sdkKey: yield* administration.createSdkKey(payload.directoryId) }
        }).pipe(orForbidden))
      .handle("listSdkKeys", ({ payload }) =>
        Effect.map(own(payload.directoryId), ({ sdkKeys }) =>
          sdkKeys))
      .handle("removeSdkKey", ({ payload: { directoryId, sdkKey } }) =>
        Effect.zipRight(own(directoryId), orForbidden(administration.removeSdkKey(directoryId, sdkKey))))
  }))
