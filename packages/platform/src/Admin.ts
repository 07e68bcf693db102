/**
 * Serves whoever operates the platform: see `AdminApi`.
 *
 * @since 0.1.0
 */
import * as Jose from "@effect-launchkey/transport/Jose"
import * as HttpApiBuilder from "@effect/platform/HttpApiBuilder"
import type * as HttpApp from "@effect/platform/HttpApp"
import * as HttpServer from "@effect/platform/HttpServer"
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as AccountImport from "./AccountImport.ts"
import { AdminApi } from "./AdminApi.ts"
import type * as Administration from "./Administration.ts"
import * as AuditLog from "./AuditLog.ts"
import * as Backups from "./Backups.ts"
import * as Operating from "./internal/operating.ts"
import * as Tokens from "./internal/tokens.ts"
import { identifier, type Operator, OperatorId } from "./Operator.ts"
import * as Operators from "./Operators.ts"
import * as PlatformClock from "./PlatformClock.ts"
import type * as PlatformKeys from "./PlatformKeys.ts"
import * as Store from "./Store.ts"
import type * as WebhookSender from "./WebhookSender.ts"

/**
 * @since 0.1.0
 * @category models
 */
export type Services =
  | Administration.Administration
  | Operators.Operators
  | PlatformClock.PlatformClock
  | PlatformKeys.PlatformKeys
  | Store.Store
  | WebhookSender.WebhookSender

const invitationLifetime = Duration.minutes(15)

const handlers = HttpApiBuilder.group(AdminApi, "admin", (handlers) =>
  Effect.gen(function*() {
    const _ = yield* Operating.make
    const clock = yield* PlatformClock.PlatformClock
    const store = yield* Store.Store

    const jose = yield* Jose.Jose
    const log = yield* AuditLog.AuditLog
    const operators = yield* Operators.Operators

    const invite = (operator: Operator) =>
      Effect.gen(function*() {
        const token = yield* Tokens.random
        const hash = yield* Tokens.hashOf(token)
        const now = yield* clock.now
        const until = DateTime.addDuration(now, invitationLifetime)
        yield* store.transaction(Effect.zipRight(
          operators.invite(operator, { hash, until }, now),
          log.record({ act: "operator.invite", on: identifier(operator.id) })
        ))
        return { operator, token: Redacted.make(token), expires: until }
      })

    const backups = yield* Effect.serviceOption(Backups.Backups)
    const copying = Effect.mapError(backups, () => new Backups.NotAFile())

    return handlers
      .handle("listOrganizations", () => _.listOrganizations)
      .handle("createOrganization", ({ payload }) => _.createOrganization(payload))
      .handle("listDirectories", ({ payload }) => _.listDirectories(payload))
      .handle("listServices", ({ payload }) => _.listServices(payload))
      .handle("listKeys", ({ payload }) => _.listKeys(payload))
      .handle("addKey", ({ payload }) => _.addKey(payload))
      .handle("updateKey", ({ payload }) => _.updateKey(payload))
      .handle("removeKey", ({ payload }) => _.removeKey(payload))
      .handle("listDevices", ({ payload }) => _.listDevices(payload))
      .handle("unlinkDevice", ({ payload }) => _.unlinkDevice(payload))
      .handle("listDeliveries", () => _.listDeliveries)
      .handle("replayDelivery", ({ payload }) => _.replayDelivery(payload))
      .handle("listPlatformKeys", () => _.listPlatformKeys)
      .handle("rotatePlatformKey", () => _.rotatePlatformKey)
      .handle("retirePlatformKey", ({ payload }) => _.retirePlatformKey(payload))
      .handle("rewrapPlatformKeys", () => _.rewrapPlatformKeys)
      .handle("listAudit", ({ payload }) => _.listAudit(payload))
      .handle("verifyAudit", ({ payload }) => _.verifyAudit(payload))
      .handle("listFraud", ({ payload: { limit } }) => store.fraudReports(limit))
      .handle("liftFraud", ({ payload }) => _.liftFraud(payload))
      .handle("copyTo", ({ payload: { filename } }) => Effect.flatMap(copying, (_) => _.copyTo(filename)))
      .handle("check", () => Effect.flatMap(copying, (_) => _.check))
      .handle("importAccount", ({ payload: { account, dryRun } }) =>
        AccountImport.run(account, { dryRun }).pipe(
          Effect.provideService(Store.Store, store),
          Effect.provideService(PlatformClock.PlatformClock, clock)
        ))
      .handle("inviteOperator", ({ payload }) =>
        Effect.flatMap(
          "operatorId" in payload
            ? Operating.found(operators.operator(payload.operatorId))
            : Effect.map(jose.randomUuid, (id) => ({ id: OperatorId.make(id), name: payload.name })),
          invite
        ))
      .handle("listOperators", () => operators.operators)
      .handle("removeOperator", ({ payload: { operatorId } }) =>
        store.transaction(Effect.gen(function*() {
          yield* Operating.found(operators.operator(operatorId))
          yield* operators.removeOperator(operatorId)
          yield* log.record({ act: "operator.remove", on: identifier(operatorId) })
        })))
      .handle("endOperatorSessions", ({ payload: { operatorId } }) =>
        store.transaction(Effect.gen(function*() {
          yield* Operating.found(operators.operator(operatorId))
          const ended = yield* operators.endSessions(operatorId)
          yield* log.record({ act: "operator.sessions.end", on: identifier(operatorId) })
          return { ended }
        })))
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
