/**
 * A platform for tests in any language: the platform, in memory unless told otherwise, and beside it, under `/sandbox`, an
 * API that moves its clock, its users' devices and its faults. It is for tests alone: whoever reaches it rules the platform. A platform that
 * is not a sandbox has nothing there.
 *
 * @see docs/sandbox.md
 * @since 0.1.0
 */
import * as Issues from "@effect-launchkey/core/Issues"
import type { StoreUnavailable } from "@effect-launchkey/core/StoreUnavailable"
import * as Redaction from "@effect-launchkey/transport/Redaction"
import * as HttpApiBuilder from "@effect/platform/HttpApiBuilder"
import type { HttpApiDecodeError } from "@effect/platform/HttpApiError"
import type * as HttpApp from "@effect/platform/HttpApp"
import * as HttpMethod from "@effect/platform/HttpMethod"
import * as HttpMiddleware from "@effect/platform/HttpMiddleware"
import * as HttpServer from "@effect/platform/HttpServer"
import * as HttpServerRequest from "@effect/platform/HttpServerRequest"
import * as HttpServerResponse from "@effect/platform/HttpServerResponse"
import * as Cause from "effect/Cause"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Predicate from "effect/Predicate"
import type * as Scope from "effect/Scope"
import * as ApiReference from "./ApiReference.ts"
import * as SandboxHandlers from "./handlers/SandboxHandlers.ts"
import * as PlainRequest from "./internal/plainRequest.ts"
import * as PlatformKeys from "./PlatformKeys.ts"
import * as PlatformSettings from "./PlatformSettings.ts"
import { SandboxApi, SandboxRefused } from "./SandboxApi.ts"
import * as SandboxState from "./SandboxState.ts"

/**
 * @since 0.1.0
 * @category models
 */
export interface Options<Unavailable extends StoreUnavailable = never> {
  /** Of the sandbox's own address, for the addresses of QR images. */
  readonly port: number
  /** See {@link SandboxState.Options}. Default: in memory. */
  readonly backing?: SandboxState.Options<Unavailable>["backing"]
  /** See {@link SandboxState.Options}. Default: all zero, since only the host knows. */
  readonly stats?: SandboxState.Options["stats"] | undefined
  /** Ends a connection, for the fault `drop`. Default: the request is answered by 503, unsigned. */
  readonly disconnect?: SandboxState.Options["disconnect"] | undefined
}

const said = (status: number, error: string) => HttpServerResponse.unsafeJson({ error }, { status })

const badRequests = HttpApiBuilder.middleware(
  SandboxApi,
  (app) =>
    Effect.mapError(app, (error) =>
      Predicate.isTagged(error, "HttpApiDecodeError")
        ? new SandboxRefused({ error: Issues.summary((error as HttpApiDecodeError).issues) })
        : error)
)

const routes = HttpApiBuilder.api(SandboxApi).pipe(
  Layer.provide([SandboxHandlers.layer, badRequests]),
  Layer.provideMerge(Layer.merge(HttpApiBuilder.Router.Live, HttpApiBuilder.Middleware.layer))
)

/** What the control API answers that none of its routes does. */
const elsewhere = (cause: Cause.Cause<unknown>) => {
  const failure = Cause.squash(cause)
  if (Predicate.isTagged(failure, "RouteNotFound")) {
    return Effect.succeed(said(404, "The sandbox has no such path or method: see docs/sandbox.md."))
  }
  return Effect.as(Effect.logError("A call to the sandbox failed", cause), said(500, "The sandbox failed."))
}

const readJson = Option.liftThrowable((text: string): unknown => JSON.parse(text))

/**
 * The call as its routes read it. A body has to say that it is JSON, which no page of another origin can do unasked; and
 * what such a page can send, a call without a body, is told by the browser.
 */
const read = Effect.gen(function*() {
  const request = yield* HttpServerRequest.HttpServerRequest
  const { headers, method, url } = request
  if (!["same-origin", "none", undefined].includes(headers["sec-fetch-site"])) {
    return yield* Effect.fail(said(403, "A page of another origin may not call the sandbox."))
  }
  if (!HttpMethod.hasBody(method)) return request
  const text = yield* Effect.mapError(request.text, () => said(400, "The body cannot be read as text."))
  if (text !== "" && !/^application\/json\s*(?:;|$)/i.test(headers["content-type"] ?? "")) {
    return yield* Effect.fail(
      said(400, "The body is not sent as JSON: give the header content-type: application/json.")
    )
  }
  // What takes no member, or none that is needed, is called without a body too.
  const body = text === "" ? Option.some({}) : readJson(text)
  if (Option.isNone(body)) return yield* Effect.fail(said(400, "The body is not JSON: give a JSON object."))
  if (!Predicate.isReadonlyRecord(body.value)) {
    return yield* Effect.fail(said(400, "The body is not a JSON object: give its members in braces."))
  }
  return Option.getOrElse(PlainRequest.make(method, url, body), () => request)
})

const isControl = (url: string): boolean => /^\/sandbox(?:[/?]|$)/.test(url)

/**
 * The platform with its control API, as one app. Its webhooks go out by the `WebhookEgress` of the context, and
 * nowhere by default, until the scope ends.
 *
 * @since 0.1.0
 * @category constructors
 */
export const httpApp = <Unavailable extends StoreUnavailable = never>(
  { backing, disconnect, port, stats }: Options<Unavailable>
): Effect.Effect<HttpApp.Default, Unavailable, PlatformKeys.PlatformKeys | Scope.Scope> =>
  Effect.gen(function*() {
    const state = yield* SandboxState.make({
      backing,
      stats: stats ?? Effect.succeed({ user: 0, system: 0, rss: 0 }),
      disconnect: disconnect ?? (() => Effect.void),
      settings: {
        ...PlatformSettings.defaults,
        // Whoever tests what comes of a denial denies again and again, by a user who could be the same.
        unapprovedPrompts: { ...PlatformSettings.defaults.unapprovedPrompts, window: Duration.zero },
        fraudPause: Duration.zero,
        // The official SDKs want a host with a top-level domain, and browsers send this one to themselves.
        qrCodeUrl: (code) => `http://platform.localhost:${port}/public/v3/qr/${code}`
      }
    })
    const hosting = yield* Effect.scoped(Layer.build(HttpServer.layerContext))
    const control = yield* HttpApiBuilder.httpApp.pipe(
      Effect.provide(routes),
      Effect.provideService(SandboxState.SandboxState, state)
    )
    const sandbox = Effect.matchEffect(read, {
      onFailure: Effect.succeed,
      onSuccess: (request) =>
        Effect.provideService(Effect.provide(control, hosting), HttpServerRequest.HttpServerRequest, request).pipe(
          Effect.catchAllCause(elsewhere)
        )
    })
    return ApiReference.withReference(Effect.flatMap(
      HttpServerRequest.HttpServerRequest,
      ({ url }) => isControl(url) ? sandbox : Effect.flatMap(state.world, ({ app }) => app)
    ))
  })

/**
 * @since 0.1.0
 * @category models
 */
export interface ServeOptions<Unavailable extends StoreUnavailable = never> extends Omit<Options<Unavailable>, "port"> {
  /** Has the server answer more than the sandbox does, such as pages beside it. Default: nothing more. */
  readonly middleware?: ((app: HttpApp.Default) => HttpApp.Default) | undefined
}

/**
 * Serves a sandbox over the given server, with keys of its own. Its webhooks go out by the `WebhookEgress` that it is
 * provided with, and nowhere by default.
 *
 * @since 0.1.0
 * @category layers
 */
export const serve = <Unavailable extends StoreUnavailable = never>(
  { middleware = (app) => app, ...options }: ServeOptions<Unavailable> = {}
): Layer.Layer<never, Unavailable, HttpServer.HttpServer> =>
  Layer.unwrapScoped(
    HttpServer.addressWith((address) =>
      Effect.map(
        httpApp({ ...options, port: address._tag === "TcpAddress" ? address.port : 80 }),
        (app) => HttpServer.serve(middleware(app))
      )
    )
  ).pipe(
    // As those of a platform that is served: paths have ids in them.
    HttpMiddleware.withTracerDisabledWhen(() => true),
    Layer.provide(PlatformKeys.layerGenerated),
    Layer.provide(Redaction.layer)
  )
