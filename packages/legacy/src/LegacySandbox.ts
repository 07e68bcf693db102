/**
 * The platform of the API v1 beside a sandbox, for tests in any language: what is below `/v1/`, and below
 * `/sandbox/legacy/` plain JSON that moves it. It is for tests alone: whoever reaches it rules the platform.
 *
 * @see docs/sandbox.md "The API v1"
 * @since 0.1.0
 */
import * as Issues from "@effect-launchkey/core/Issues"
import * as Jose from "@effect-launchkey/transport/Jose"
import type * as HttpApp from "@effect/platform/HttpApp"
import * as HttpRouter from "@effect/platform/HttpRouter"
import * as HttpServerRequest from "@effect/platform/HttpServerRequest"
import * as HttpServerResponse from "@effect/platform/HttpServerResponse"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as ParseResult from "effect/ParseResult"
import * as Redacted from "effect/Redacted"
import * as Ref from "effect/Ref"
import * as Schema from "effect/Schema"
import * as LegacyPlatform from "./LegacyPlatform.ts"
import * as Redaction from "./Redaction.ts"

/**
 * @since 0.1.0
 * @category models
 */
export type Options = Omit<LegacyPlatform.Options, "privateKey">

const optional = <A, I>(schema: Schema.Schema<A, I>) => Schema.optionalWith(schema, { nullable: true })

const NewApplication = Schema.Struct({
  public_key: Schema.String,
  app_key: optional(Schema.String.pipe(Schema.pattern(/^[0-9]{10}$/, { message: () => "expected ten digits" }))),
  app_secret: optional(Schema.Redacted(Schema.NonEmptyString)),
  callback_url: optional(Schema.URL),
  callback_form: optional(Schema.Literal("deorbit", "deorbitApiTime", "clear")),
  organization: optional(Schema.NonEmptyString)
})

const Username = Schema.NonEmptyString.annotations({ message: () => "expected a name" })

const Response = Schema.Struct({
  action: Schema.Literal("approve", "deny", "expire", "logout"),
  tampering: optional(Schema.Literal("otherRequest", "garbledResponse", "notJson", "otherKey"))
})

const said = (status: number, error: string) => HttpServerResponse.unsafeJson({ error }, { status })

const nothing = HttpServerResponse.empty({ status: 204 })

const problemsOf = (error: ParseResult.ParseError): string =>
  Issues.summary(ParseResult.ArrayFormatter.formatErrorSync(error))

/** A body that was sent as JSON, which no page of another origin can do unasked. */
const body = <A, I>(schema: Schema.Schema<A, I>) => {
  const decode = Schema.decodeUnknown(schema, { errors: "all" })
  return Effect.gen(function*() {
    const { headers, json } = yield* HttpServerRequest.HttpServerRequest
    const isJson = /^application\/json\b/i.test(headers["content-type"] ?? "")
    return yield* decode(isJson ? yield* json : undefined)
  })
}

const parameter = (name: string) => Effect.map(HttpRouter.params, (params) => params[name] ?? "")

const shown = ({ appKey, authRequest, context, session, state }: LegacyPlatform.Shown) => ({
  auth_request: authRequest,
  app_key: appKey,
  session,
  context: Option.getOrNull(context),
  state
})

const routes = (platform: LegacyPlatform.Service) =>
  HttpRouter.empty.pipe(
    HttpRouter.post(
      "/applications",
      Effect.gen(function*() {
        const given = yield* body(NewApplication)
        const { appKey, appSecret } = yield* platform.createApplication({
          publicKey: given.public_key,
          appKey: given.app_key,
          appSecret: given.app_secret,
          callbackUrl: given.callback_url,
          callbackForm: given.callback_form,
          organization: given.organization
        })
        return HttpServerResponse.unsafeJson(
          { app_key: appKey, app_secret: Redacted.value(appSecret) },
          { status: 201 }
        )
      })
    ),
    HttpRouter.post(
      "/applications/:app",
      Effect.gen(function*() {
        const { enabled } = yield* body(Schema.Struct({ enabled: Schema.Boolean }))
        yield* platform.enableApplication(yield* parameter("app"), enabled)
        return nothing
      })
    ),
    HttpRouter.post(
      "/users",
      Effect.gen(function*() {
        const { devices, username } = yield* body(
          Schema.Struct({ username: Username, devices: optional(Schema.Int.pipe(Schema.between(0, 100))) })
        )
        yield* platform.createUser(username, { devices })
        return nothing
      })
    ),
    HttpRouter.post(
      "/users/requests",
      Effect.gen(function*() {
        const { username } = yield* body(Schema.Struct({ username: Username }))
        return HttpServerResponse.unsafeJson((yield* platform.requests(username)).map(shown))
      })
    ),
    HttpRouter.post(
      "/users/logout",
      Effect.gen(function*() {
        const { username } = yield* body(Schema.Struct({ username: Username }))
        yield* platform.endAllSessions(username)
        return nothing
      })
    ),
    HttpRouter.post(
      "/devices",
      Effect.gen(function*() {
        const { linking_code: code } = yield* body(Schema.Struct({ linking_code: Schema.String }))
        yield* platform.linkDevice(code)
        return nothing
      })
    ),
    HttpRouter.post(
      "/requests/:request/respond",
      Effect.gen(function*() {
        const { action, tampering } = yield* body(Response)
        const id = yield* parameter("request")
        yield* action === "expire"
          ? platform.expire(id)
          : action === "logout"
          ? platform.endSession(id)
          : platform.answer(id, action === "approve", { tampering })
        return nothing
      })
    ),
    HttpRouter.post("/rotate-key", Effect.as(platform.rotateKey, nothing)),
    HttpRouter.get(
      "/logs",
      Effect.map(platform.journal, (journal) =>
        HttpServerResponse.unsafeJson(journal.map(({ action, appKey, at, authRequest, status }) => ({
          app_key: appKey,
          auth_request: authRequest,
          action,
          status,
          at: DateTime.formatIso(at)
        }))))
    ),
    HttpRouter.get(
      "/callbacks",
      Effect.map(platform.deliveries, (deliveries) =>
        HttpServerResponse.unsafeJson(deliveries.map(({ appKey, event, status }) => ({
          app_key: appKey,
          event,
          status: Option.getOrNull(status)
        }))))
    ),
    HttpRouter.prefixAll("/sandbox/legacy"),
    Effect.catchTags({
      RouteNotFound: () =>
        Effect.succeed(said(404, "The sandbox has no such path or method: see docs/sandbox.md, \"The API v1\".")),
      ParseError: (error) =>
        Effect.succeed(said(400, problemsOf(error))),
      RequestError: () =>
        Effect.succeed(said(400, "The body is not JSON: give a JSON object.")),
      InvalidKey: ({ message }) =>
        Effect.succeed(said(400, message)),
      DeviceRefused: ({ message }) =>
        Effect.succeed(said(404, message))
    })
  )

/**
 * What puts the API v1 and its control beside a sandbox: an option of `Sandbox.serve`. Whatever else is asked goes to the
 * sandbox. When that is reset, by `POST /sandbox/reset`, this begins anew with it, under the key that it had.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (
  options: Options = {}
): Effect.Effect<(sandbox: HttpApp.Default) => HttpApp.Default> =>
  Effect.gen(function*() {
    const context = yield* Effect.context<never>()
    const { privateKeyPem } = yield* Effect.flatMap(Jose.Jose, (jose) => jose.generateKey())
    const begun = LegacyPlatform.make({ ...options, privateKey: privateKeyPem }).pipe(
      // the key is our own
      Effect.orDie,
      Effect.map((platform) => ({ platform, control: routes(platform) })),
      Effect.provide(context)
    )
    const current = yield* Effect.flatMap(begun, Ref.make)
    return (sandbox) =>
      Effect.flatMap(HttpServerRequest.HttpServerRequest, ({ method, url }): HttpApp.Default => {
        const [path = ""] = url.split("?", 1)
        if (path.startsWith("/v1/")) return Effect.flatMap(Ref.get(current), ({ platform }) => platform.httpApp)
        if (path.startsWith("/sandbox/legacy/")) return Effect.flatMap(Ref.get(current), ({ control }) => control)
        return method === "POST" && path === "/sandbox/reset"
          ? Effect.zipRight(Effect.flatMap(begun, (anew) => Ref.set(current, anew)), sandbox)
          : sandbox
      })
  })

/**
 * A sandbox that is served with the API v1 beside it: `serve` is given what {@link make} makes. What polls have in their
 * URLs is kept out of the server's spans.
 *
 * @since 0.1.0
 * @category layers
 */
export const layer = <A, E, R>(
  options: Options,
  serve: (middleware: (sandbox: HttpApp.Default) => HttpApp.Default) => Layer.Layer<A, E, R>
): Layer.Layer<A, E, R> =>
  Layer.unwrapEffect(Effect.map(Effect.provide(make(options), Jose.layer), serve)).pipe(Layer.provide(Redaction.layer))
