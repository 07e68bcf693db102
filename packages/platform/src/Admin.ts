/**
 * Serves whoever operates the platform: see `AdminApi`.
 *
 * @since 0.1.0
 */
import { EntityNotFound, InvalidPublicKey } from "@effect-launchkey/core/ApiError"
import * as Entity from "@effect-launchkey/core/EntityIdentifier"
import * as Jose from "@effect-launchkey/transport/Jose"
import * as HttpApiBuilder from "@effect/platform/HttpApiBuilder"
import type * as HttpApp from "@effect/platform/HttpApp"
import * as HttpServer from "@effect/platform/HttpServer"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as AccountImport from "./AccountImport.ts"
import { AdminApi, KeysNotKept, type PlatformKey } from "./AdminApi.ts"
import * as Administration from "./Administration.ts"
import * as AuditLog from "./AuditLog.ts"
import * as Backups from "./Backups.ts"
import * as Prompts from "./internal/prompts.ts"
import * as KeyRotation from "./KeyRotation.ts"
import * as PlatformClock from "./PlatformClock.ts"
import * as PlatformKeys from "./PlatformKeys.ts"
import * as Store from "./Store.ts"
import * as WebhookSender from "./WebhookSender.ts"

/**
 * @since 0.1.0
 * @category models
 */
export type Services =
  | Administration.Administration
  | PlatformClock.PlatformClock
  | PlatformKeys.PlatformKeys
  | Store.Store
  | WebhookSender.WebhookSender

const detail = undefined

const found = <A, E, R>(
  option: Effect.Effect<Option.Option<A>, E, R>
): Effect.Effect<A, E | EntityNotFound, R> =>
  Effect.flatMap(
    option,
    Option.match({ onNone: () => Effect.fail(new EntityNotFound({ detail })), onSome: Effect.succeed })
  )

const toPlatformKey = ({ created, id, signsFrom, state }: KeyRotation.SigningKey): typeof PlatformKey.Type => ({
  id,
  state,
  created: Option.some(created),
  signsFrom: Option.some(signsFrom)
})

const handlers = HttpApiBuilder.group(AdminApi, "admin", (handlers) =>
  Effect.gen(function*() {
    const administration = yield* Administration.Administration
    const jose = yield* Jose.Jose
    const clock = yield* PlatformClock.PlatformClock
    const keys = yield* PlatformKeys.PlatformKeys
    const log = yield* AuditLog.AuditLog
    const sender = yield* WebhookSender.WebhookSender
    const store = yield* Store.Store

    const prompts = yield* Prompts.make

    const rotation = yield* Effect.serviceOption(KeyRotation.KeyRotation)
    const rotating = Effect.mapError(rotation, () => new KeysNotKept())

    const backups = yield* Effect.serviceOption(Backups.Backups)
    const copying = Effect.mapError(backups, () => new Backups.NotAFile())

    const services = (owner: typeof Entity.Organization.Type | typeof Entity.Directory.Type) =>
      Effect.gen(function*() {
        if (Entity.typeOf(owner) === "org") {
          const { id } = yield* found(store.organization(Entity.OrganizationId.make(Entity.uuidOf(owner))))
          return yield* store.services(id)
        }
        const { id } = yield* found(store.directory(Entity.DirectoryId.make(Entity.uuidOf(owner))))
        return yield* store.services(id)
      })

    const userOf = ({ directoryId, user }: { readonly directoryId: Entity.DirectoryId; readonly user: string }) =>
      Effect.gen(function*() {
        const key = { directoryId, identifier: user }
        yield* found(store.directory(directoryId))
        return (yield* store.hasUser(key)) ? key : yield* new EntityNotFound({ detail: "no such user" })
      })

    return handlers
      .handle("listOrganizations", () => store.organizations)
      .handle("createOrganization", ({ payload: { name, publicKey } }) =>
        Effect.gen(function*() {
          // First, as a store in memory has no transactions.
          yield* Effect.mapError(
            jose.importPublicKey(publicKey),
            ({ message }) => new InvalidPublicKey({ detail: message })
          )
          return yield* store.transaction(Effect.gen(function*() {
            const { id } = yield* administration.createOrganization(name)
            const keyId = yield* administration.addKey(Entity.organization(id), publicKey).pipe(
              // It was made just now, and has no key.
              Effect.catchTag("PublicKeyAlreadyInUse", Effect.die)
            )
            return { id, keyId }
          }))
        }))
      .handle("listDirectories", ({ payload: { organizationId } }) =>
        Effect.gen(function*() {
          yield* found(store.organization(organizationId))
          return (yield* store.directories(organizationId)).map((directory) => ({
            ...directory,
            sdkKeys: directory.sdkKeys.length
          }))
        }))
      .handle("listServices", ({ payload: { owner } }) => services(owner))
      .handle("listKeys", ({ payload: { entity } }) => store.keys(entity))
      .handle(
        "addKey",
        ({ payload: { entity, pem, ...options } }) =>
          Effect.map(administration.addKey(entity, pem, options), (keyId) => ({ keyId }))
      )
      .handle("updateKey", ({ payload: { entity, ...change } }) => administration.updateKey(entity, change))
      .handle("removeKey", ({ payload: { entity, keyId } }) => administration.removeKey(entity, keyId))
      .handle("listDevices", ({ payload }) => Effect.flatMap(userOf(payload), store.devices))
      .handle(
        "unlinkDevice",
        ({ payload: { deviceId, ...user } }) =>
          Effect.flatMap(userOf(user), (user) => administration.unlinkDevice(user, deviceId))
      )
      .handle("listDeliveries", () => sender.log)
      .handle("replayDelivery", ({ payload: { id } }) =>
        store.transaction(
          Effect.tap(found(sender.replay(id)), ({ subject }) => log.record({ act: "webhook.replay", on: subject }))
        ))
      .handle("listPlatformKeys", () =>
        Option.match(rotation, {
          onNone: () =>
            Effect.succeed(Array.from(keys.byId.keys(), (id): typeof PlatformKey.Type => ({
              id,
              state: id === keys.current.keyId ? "SIGNING" : "PREVIOUS",
              created: Option.none(),
              signsFrom: Option.none()
            }))),
          onSome: ({ list }) => Effect.map(list, (keys) => keys.map(toPlatformKey))
        }))
      .handle("rotatePlatformKey", () =>
        store.transaction(Effect.gen(function*() {
          const key = yield* (yield* rotating).rotate
          yield* log.record({ act: "platform.key.rotate", on: "platform", keyId: key.id })
          return toPlatformKey(key)
        })))
      .handle("retirePlatformKey", ({ payload: { keyId } }) =>
        store.transaction(Effect.gen(function*() {
          yield* (yield* rotating).retire(keyId)
          yield* log.record({ act: "platform.key.retire", on: "platform", keyId })
        })))
      .handle("rewrapPlatformKeys", () =>
        store.transaction(Effect.gen(function*() {
          const rewrapped = yield* (yield* rotating).rewrap
          yield* log.record({ act: "platform.key.rewrap", on: "platform" })
          return { rewrapped }
        })))
      .handle("listAudit", ({ payload }) => log.entries(payload))
      .handle("verifyAudit", ({ payload }) => AuditLog.verify(log, payload))
      .handle("listFraud", ({ payload: { limit } }) => store.fraudReports(limit))
      .handle("liftFraud", ({ payload: { serviceId, ...user } }) =>
        Effect.gen(function*() {
          const of = yield* userOf(user)
          yield* found(store.service(serviceId))
          yield* prompts.lift(serviceId, of)
        }))
      .handle("copyTo", ({ payload: { filename } }) => Effect.flatMap(copying, (_) => _.copyTo(filename)))
      .handle("check", () => Effect.flatMap(copying, (_) => _.check))
      .handle("importAccount", ({ payload: { account, dryRun } }) =>
        AccountImport.run(account, { dryRun }).pipe(
          Effect.provideService(Store.Store, store),
          Effect.provideService(PlatformClock.PlatformClock, clock)
        ))
  }))

const routes = HttpApiBuilder.api(AdminApi).pipe(
  Layer.provide(handlers),
  Layer.provideMerge(Layer.merge(HttpApiBuilder.Router.Live, HttpApiBuilder.Middleware.layer))
)

/**
 * @since 0.1.0
 * @category constructors
 */
export const httpApp: Effect.Effect<HttpApp.Default, never, Services> = Effect.gen(function*() {
  const hosting = yield* Effect.scoped(Layer.build(HttpServer.layerContext))
  const app = yield* Effect.provide(HttpApiBuilder.httpApp, routes)
  return Effect.provide(app, hosting)
})
