/**
 * The platform as a whole: an `HttpApp` that speaks the protocol, embedded or served.
 *
 * @since 0.1.0
 */
import { hints } from "@effect-launchkey/core/api/DeviceApi"
import { Wire } from "@effect-launchkey/core/api/ErrorWire"
import {
  type Definition,
  EntityNotFound,
  InvalidParameters,
  InvalidPolicyInput,
  ServiceNotFound,
  table
} from "@effect-launchkey/core/ApiError"
import { ServiceId } from "@effect-launchkey/core/EntityIdentifier"
import * as Issues from "@effect-launchkey/core/Issues"
import * as Redaction from "@effect-launchkey/transport/Redaction"
import * as HttpApiBuilder from "@effect/platform/HttpApiBuilder"
import type { HttpApiDecodeError } from "@effect/platform/HttpApiError"
import type * as HttpApp from "@effect/platform/HttpApp"
import * as HttpMiddleware from "@effect/platform/HttpMiddleware"
import * as HttpServer from "@effect/platform/HttpServer"
import * as HttpServerRequest from "@effect/platform/HttpServerRequest"
import * as HttpServerResponse from "@effect/platform/HttpServerResponse"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Predicate from "effect/Predicate"
import * as Schema from "effect/Schema"
import * as Administration from "./Administration.ts"
import * as ApiReference from "./ApiReference.ts"
import * as Caller from "./Caller.ts"
import * as DeviceHints from "./DeviceHints.ts"
import * as DeviceNotices from "./DeviceNotices.ts"
import * as DeviceHandlers from "./handlers/DeviceHandlers.ts"
import * as DirectoryHandlers from "./handlers/DirectoryHandlers.ts"
import * as OrganizationHandlers from "./handlers/OrganizationHandlers.ts"
import * as PublicHandlers from "./handlers/PublicHandlers.ts"
import * as ServiceHandlers from "./handlers/ServiceHandlers.ts"
import * as ServiceManagementHandlers from "./handlers/ServiceManagementHandlers.ts"
import { ownService } from "./internal/ownServices.ts"
import * as MemoryStore from "./MemoryStore.ts"
import * as Metrics from "./Metrics.ts"
import * as PlatformClock from "./PlatformClock.ts"
import * as PlatformKeys from "./PlatformKeys.ts"
import * as SealedHttpApp from "./SealedHttpApp.ts"
import { ServedApi } from "./ServedApi.ts"
import * as Store from "./Store.ts"
import * as Totps from "./Totps.ts"
import * as WebhookSender from "./WebhookSender.ts"
import * as WebPush from "./WebPush.ts"

/**
 * What the platform's app stands on.
 *
 * @since 0.1.0
 * @category models
 */
export type Services =
  | Store.Store
  | PlatformKeys.PlatformKeys
  | PlatformClock.PlatformClock
  | WebhookSender.WebhookSender

/** The first problem of each member, by its path: nested as the request is. */
const problems = (error: HttpApiDecodeError): unknown => {
  const detail: Record<string, unknown> = {}
  for (const { message, path } of error.issues) {
    let level = detail
    path.slice(0, -1).forEach((name) => {
      const inner = level[String(name)]
      level = (Predicate.isRecord(inner) ? inner : level[String(name)] = {}) as Record<string, unknown>
    })
    level[String(path.at(-1) ?? "body")] ??= Issues.withoutValue(message)
  }
  return detail
}

/** Whether all that is wrong is a user of null, which SDKs in use send for a user whom their program does not have. */
const asksForNobody = (error: HttpApiDecodeError) =>
  error.issues.every(({ path }) => path[0] === "username")
    ? Effect.flatMap(HttpServerRequest.HttpServerRequest, ({ json }) => json).pipe(
      Effect.map((body) => Predicate.isRecord(body) && body["username"] === null),
      Effect.orElseSucceed(() => false)
    )
    : Effect.succeed(false)

const answerOf = <A, I>({ status }: Definition, wire: Schema.Schema<A, I>, error: A) =>
  HttpServerResponse.unsafeJson(Schema.encodeSync(wire)(error), { status })

const readServiceId = Schema.decodeUnknownOption(Schema.Struct({ service_id: ServiceId }))

/** Nothing is said of a policy to a caller who may not set that of the service, or for a service that is not there. */
const policyRefusal = (store: Store.Service, error: HttpApiDecodeError) =>
  Effect.gen(function*() {
    const { json, method, url } = yield* HttpServerRequest.HttpServerRequest
    const owner = method !== "PUT"
      ? undefined
      : url.startsWith("/organization/")
      ? Caller.organizationId
      : Effect.map(Caller.directory, ({ directoryId }) => directoryId)
    if (owner !== undefined) {
      const ownerId = yield* owner
      const body = Option.flatMap(yield* Effect.option(json), readServiceId)
      const service = yield* Effect.transposeMapOption(body, ({ service_id }) => ownService(store, ownerId, service_id))
        .pipe(Effect.catchTag("Forbidden", () => new ServiceNotFound({ detail: undefined })))
      if (Option.isNone(service)) return yield* new ServiceNotFound({ detail: undefined })
    }
    return answerOf(
      table.InvalidPolicyInput,
      Wire.InvalidPolicyInput,
      new InvalidPolicyInput({ detail: problems(error) })
    )
  }).pipe(
    Effect.catchTags({
      Forbidden: (forbidden) => Effect.succeed(answerOf(table.Forbidden, Wire.Forbidden, forbidden)),
      ServiceNotFound: (notFound) => Effect.succeed(answerOf(table.ServiceNotFound, Wire.ServiceNotFound, notFound))
    })
  )

/**
 * What does not decode is answered in the protocol's own words: a policy, wherever it was sent, in those for policies.
 */
const badRequests = HttpApiBuilder.middleware(
  ServedApi,
  Effect.map(Store.Store, (store) => (app) => {
    // The type says that it cannot fail; the routes that it is made of say otherwise, in this way and in others.
    const failing: HttpApp.Default<HttpApiDecodeError> = app
    return Effect.catchTag(failing, "HttpApiDecodeError", (error) =>
      Effect.gen(function*() {
        if (error.issues.every(({ path }) => path[0] === "policy")) return yield* policyRefusal(store, error)
        if (yield* asksForNobody(error)) {
          return answerOf(table.EntityNotFound, Wire.EntityNotFound, new EntityNotFound({ detail: "no such user" }))
        }
        return yield* new InvalidParameters({ origin: "Platform", issues: [], detail: problems(error) })
      }))
  })
)

const handlers = Layer.mergeAll(
  PublicHandlers.layer,
  OrganizationHandlers.layer,
  ServiceManagementHandlers.layer,
  DirectoryHandlers.layer,
  ServiceHandlers.layer,
  DeviceHandlers.linking,
  DeviceHandlers.device
).pipe(Layer.provide([Administration.layer, Totps.layer]))

const routes = HttpApiBuilder.api(ServedApi).pipe(
  Layer.provide([handlers, badRequests]),
  Layer.provideMerge(Layer.merge(HttpApiBuilder.Router.Live, HttpApiBuilder.Middleware.layer))
)

/**
 * What the platform answers to opened requests: plain JSON, without any of the protocol's cryptography. For apps that
 * wrap it before they seal it.
 *
 * Devices that listen are told of changes by the `DeviceNotices` of the context; where there are none, by some in memory,
 * of this app alone. They are told by push as well where there is a `WebPush`.
 *
 * @since 0.1.0
 * @category constructors
 */
export const plainHttpApp: Effect.Effect<HttpApp.Default, never, Services> = Effect.gen(function*() {
  const hosting = yield* Effect.scoped(Layer.build(HttpServer.layerContext))
  const notices = yield* Effect.flatMap(
    Effect.serviceOption(DeviceNotices.DeviceNotices),
    Option.match({ onNone: () => DeviceNotices.makeMemory, onSome: Effect.succeed })
  )
  const store = WebPush.telling(
    DeviceNotices.announcing(Metrics.counting(yield* Store.Store), notices),
    yield* WebPush.WebPush
  )
  const app = yield* HttpApiBuilder.httpApp.pipe(Effect.provide(routes), Effect.provideService(Store.Store, store))
  const hinting = yield* Effect.provideService(DeviceHints.make, DeviceNotices.DeviceNotices, notices)
  return Effect.flatMap(
    HttpServerRequest.HttpServerRequest,
    ({ method, url }) => method === "GET" && url === hints.path ? hinting : Effect.provide(app, hosting)
  )
})

/**
 * The platform as one app, for any server, or none. Beside the API it serves what describes it: see `ApiReference`.
 *
 * @since 0.1.0
 * @category constructors
 */
export const httpApp: Effect.Effect<HttpApp.Default, never, Services> = plainHttpApp.pipe(
  Effect.flatMap(SealedHttpApp.make),
  Effect.map(ApiReference.withReference)
)

/**
 * Serves the platform over the given server. The server's own spans, which would show paths with their ids, are off: each
 * request has one of the platform's.
 *
 * @since 0.1.0
 * @category layers
 */
export const serve: Layer.Layer<never, never, HttpServer.HttpServer | Services> = Layer.unwrapEffect(
  Effect.map(httpApp, (app) => HttpServer.serve(app))
).pipe(HttpMiddleware.withTracerDisabledWhen(() => true), Layer.provide(Redaction.layer))

/**
 * A platform of one's own in this process: generated keys, and a memory that ends with it. Its webhooks go out by the
 * `WebhookEgress` that it is provided with, and nowhere by default.
 *
 * @since 0.1.0
 * @category layers
 */
export const layerMemory: Layer.Layer<Services | Administration.Administration> = Administration.layer.pipe(
  Layer.provideMerge(WebhookSender.layerMemory),
  Layer.provideMerge(Layer.mergeAll(MemoryStore.layer(), PlatformClock.layer, PlatformKeys.layerGenerated))
)
