/**
 * Serves the console's API: see `ConsoleApi`.
 *
 * Needs the package `@simplewebauthn/server`.
 *
 * @see docs/console.md
 * @since 0.1.0
 */
import { EntityNotFound } from "@effect-launchkey/core/ApiError"
import * as HttpApiBuilder from "@effect/platform/HttpApiBuilder"
import type * as HttpApp from "@effect/platform/HttpApp"
import * as HttpIncomingMessage from "@effect/platform/HttpIncomingMessage"
import * as HttpServer from "@effect/platform/HttpServer"
import * as HttpServerRequest from "@effect/platform/HttpServerRequest"
import * as HttpServerResponse from "@effect/platform/HttpServerResponse"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import type * as Admin from "./Admin.ts"
import * as Administration from "./Administration.ts"
import * as AuditLog from "./AuditLog.ts"
import {
  CallRefused,
  ConsoleApi,
  CurrentSession,
  LastPasskey,
  live,
  prefix,
  RecentlyVerified,
  SignedIn
} from "./ConsoleApi.ts"
import * as ConsoleRequests from "./internal/consoleRequests.ts"
import * as ConsoleSessions from "./internal/consoleSessions.ts"
import * as Operating from "./internal/operating.ts"
import { identifier } from "./Operator.ts"
import * as Operators from "./Operators.ts"
import * as PlatformClock from "./PlatformClock.ts"
import * as RelyingParty from "./RelyingParty.ts"
import * as Store from "./Store.ts"

/**
 * @since 0.1.0
 * @category models
 */
export interface Options {
  /** Where browsers find the platform: what the console's passkeys are for. */
  readonly baseUrl: string
}

/**
 * @since 0.1.0
 * @category models
 */
export type Services = Admin.Services

/** The largest of them sets a policy. */
const maximumBody = 1_048_576

const access = (sessions: ConsoleSessions.ConsoleSessions) =>
  HttpApiBuilder.group(ConsoleApi, "access", (handlers) =>
    handlers
      .handle("signInOptions", () => sessions.signInOptions)
      .handle("signIn", ({ payload }) => sessions.signIn(payload))
      .handle("invitationOptions", ({ payload: { token } }) => sessions.invitationOptions(token))
      .handle("acceptInvitation", ({ payload }) => sessions.acceptInvitation(payload)))

/** What is done is recorded in the name of whoever is signed in. */
const acting = <A, E, R>(
  act: (session: typeof CurrentSession.Service) => Effect.Effect<A, E, R>
): Effect.Effect<A, E, R | CurrentSession> =>
  Effect.flatMap(
    CurrentSession,
    (session) => Effect.provideService(act(session), AuditLog.Acting, identifier(session.operator.id))
  )

const account = (sessions: ConsoleSessions.ConsoleSessions) =>
  HttpApiBuilder.group(ConsoleApi, "account", (handlers) =>
    Effect.gen(function*() {
      const clock = yield* PlatformClock.PlatformClock
      const log = yield* AuditLog.AuditLog
      const operators = yield* Operators.Operators
      const store = yield* Store.Store

      return handlers
        .handle("session", () => CurrentSession)
        .handle("verificationOptions", () => Effect.flatMap(CurrentSession, sessions.verificationOptions))
        .handle("verify", ({ payload }) => acting((session) => sessions.verify(session, payload)))
        .handle("signOut", () => Effect.flatMap(CurrentSession, sessions.signOut))
        .handle("listSessions", () =>
          Effect.gen(function*() {
            const { id: current, operator } = yield* CurrentSession
            const own = yield* operators.sessions(operator.id, yield* clock.now)
            return own.map(({ id, lastUsed, passkeyId, started, until }) => ({
              id,
              passkeyId,
              started,
              lastUsed,
              expires: until,
              current: id === current
            }))
          }))
        .handle(
          "endSession",
          ({ payload: { id } }) =>
            Effect.asVoid(Effect.flatMap(CurrentSession, ({ operator }) => operators.endSession(operator.id, id)))
        )
        .handle("listPasskeys", () => Effect.flatMap(CurrentSession, ({ operator }) => operators.passkeys(operator.id)))
        .handle("passkeyOptions", () => Effect.flatMap(CurrentSession, sessions.passkeyOptions))
        .handle(
          "addPasskey",
          ({ payload: { name, response } }) => acting((session) => sessions.addPasskey(session, name, response))
        )
        .handle("removePasskey", ({ payload: { id } }) =>
          acting(({ operator }) =>
            store.transaction(Effect.gen(function*() {
              const removed = yield* operators.removePasskey(operator.id, id)
              if (Either.isLeft(removed)) {
                return yield* removed.left === "Last" ? new LastPasskey() : new EntityNotFound({ detail: undefined })
              }
              yield* log.record({ act: "operator.passkey.remove", on: identifier(operator.id) })
            }))
          ))
    }))

const operating = HttpApiBuilder.group(ConsoleApi, "operating", (handlers) =>
  Effect.gen(function*() {
    const _ = yield* Operating.make
    const administration = yield* Administration.Administration
    const clock = yield* PlatformClock.PlatformClock
    const log = yield* AuditLog.AuditLog
    const operators = yield* Operators.Operators
    const store = yield* Store.Store

    return handlers
      .handle("listOrganizations", () => _.listOrganizations)
      .handle("createOrganization", ({ payload }) => acting(() => _.createOrganization(payload)))
      .handle("listDirectories", ({ payload }) => _.listDirectories(payload))
      .handle("createDirectory", ({ payload: { name, organizationId } }) =>
        acting(() =>
          Effect.map(administration.createDirectory(organizationId, name), ({ id }) => ({ id }))
        ))
      .handle("updateDirectory", ({ payload }) =>
        acting(() =>
          // Of what it could refuse, nothing is in the payload.
          Effect.catchTag(administration.updateDirectory(payload), "InvalidParameters", Effect.die)
        ))
      .handle("listServices", ({ payload }) => _.listServices(payload))
      .handle(
        "createService",
        ({ payload }) => acting(() => Effect.map(_.createService(payload), ({ id }) => ({ id })))
      )
      .handle("updateService", ({ payload }) => acting(() => _.updateService(payload)))
      .handle("setPolicy", ({ payload }) => acting(() => _.setPolicy(payload)))
      .handle("listKeys", ({ payload }) => _.listKeys(payload))
      .handle("addKey", ({ payload }) => acting(() => _.addKey(payload)))
      .handle("updateKey", ({ payload }) => acting(() => _.updateKey(payload)))
      .handle("removeKey", ({ payload }) => acting(() => _.removeKey(payload)))
      .handle("listDevices", ({ payload }) => _.listDevices(payload))
      .handle("unlinkDevice", ({ payload }) => acting(() => _.unlinkDevice(payload)))
      .handle(
        "listRequests",
        ({ payload }) => Effect.zipWith(clock.now, store.latestAuthorizations(payload), ConsoleRequests.shown)
      )
      .handle("listDeliveries", () => _.listDeliveries)
      .handle("replayDelivery", ({ payload }) => acting(() => _.replayDelivery(payload)))
      .handle("listPlatformKeys", () => _.listPlatformKeys)
      .handle("rotatePlatformKey", () => acting(() => _.rotatePlatformKey))
      .handle("retirePlatformKey", ({ payload }) => acting(() => _.retirePlatformKey(payload)))
      .handle("listAudit", ({ payload }) => AuditLog.latest(log, payload))
      .handle("verifyAudit", ({ payload }) => _.verifyAudit(payload))
      .handle("listFraud", ({ payload: { limit } }) => store.fraudReports(limit))
      .handle("liftFraud", ({ payload }) => acting(() => _.liftFraud(payload)))
      .handle("listOperators", () => operators.operators)
  }))

const refused = (reason: CallRefused["reason"]) =>
  HttpServerResponse.unsafeJson(Schema.encodeSync(CallRefused)(new CallRefused({ reason })), { status: 403 })

/**
 * A browser sends a cookie for whatever page asks, of an older kind even for another site's; and no page of another
 * origin may ask. Nothing but JSON is read: what a form can send is none.
 */
const fromOwnPage = (app: HttpApp.Default, { origin }: RelyingParty.RelyingParty): HttpApp.Default =>
  Effect.flatMap(HttpServerRequest.HttpServerRequest, ({ headers, method }) => {
    const site = headers["sec-fetch-site"]
    if (site !== undefined && site !== "same-origin") return Effect.succeed(refused("Origin"))
    if (method !== "GET") {
      if (headers["origin"] !== origin) return Effect.succeed(refused("Origin"))
      if (!/^application\/json(?:;|$)/i.test(headers["content-type"] ?? "")) {
        return Effect.succeed(refused("ContentType"))
      }
    }
    return app
  })

const noStore = HttpServerResponse.setHeaders({ "cache-control": "no-store", "x-content-type-options": "nosniff" })

/**
 * The console's API as an app of its own. Fails where browsers make no passkeys for the base URL.
 *
 * @since 0.1.0
 * @category constructors
 */
export const httpApp = (
  options: Options
): Effect.Effect<HttpApp.Default, RelyingParty.NoPasskeysThere, Services> =>
  Effect.gen(function*() {
    const relyingParty = yield* RelyingParty.fromBaseUrl(options.baseUrl)
    const hosting = yield* Effect.scoped(Layer.build(HttpServer.layerContext))
    const sessions = yield* ConsoleSessions.make(relyingParty)
    const middleware = Layer.merge(
      Layer.succeed(SignedIn, sessions.current({ renews: true })),
      Layer.succeed(RecentlyVerified, sessions.recent)
    )
    const routes = HttpApiBuilder.api(ConsoleApi).pipe(
      Layer.provide([access(sessions), account(sessions), operating]),
      Layer.provide(middleware),
      Layer.provideMerge(Layer.merge(HttpApiBuilder.Router.Live, HttpApiBuilder.Middleware.layer))
    )
    const api = Effect.provide(yield* Effect.provide(HttpApiBuilder.httpApp, routes), hosting)
    const watching = yield* ConsoleRequests.make(sessions)
    const app = Effect.flatMap(
      HttpServerRequest.HttpServerRequest,
      ({ method, url }) => method === "GET" && url.replace(/\?.*$/, "") === live.path ? watching : api
    )
    return Effect.map(
      fromOwnPage(HttpIncomingMessage.withMaxBodySize(app, Option.some(maximumBody)), relyingParty),
      noStore
    )
  })

/**
 * Serves the console's API beside an app.
 *
 * @since 0.1.0
 * @category constructors
 */
export const beside = (
  options: Options
): Effect.Effect<(app: HttpApp.Default) => HttpApp.Default, RelyingParty.NoPasskeysThere, Services> =>
  Effect.map(
    httpApp(options),
    (api) => (app) =>
      Effect.flatMap(HttpServerRequest.HttpServerRequest, ({ url }) => url.startsWith(`${prefix}/`) ? api : app)
  )
