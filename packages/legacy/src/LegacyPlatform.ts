/**
 * A platform that speaks the API v1, in memory: for tests, and for integrations whose platform is gone. Its state ends
 * with it.
 *
 * @see docs/legacy.md "The platform"
 * @since 0.1.0
 */
import type { InvalidKey } from "@effect-launchkey/transport/InvalidKey"
import * as Jose from "@effect-launchkey/transport/Jose"
import type * as HttpApp from "@effect/platform/HttpApp"
import * as HttpServerRequest from "@effect/platform/HttpServerRequest"
import * as HttpServerResponse from "@effect/platform/HttpServerResponse"
import * as Context from "effect/Context"
import * as DateTime from "effect/DateTime"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Ref from "effect/Ref"
import * as Schema from "effect/Schema"
import * as AppPins from "./AppPins.ts"
import * as AuthPackage from "./AuthPackage.ts"
import * as callbacks from "./internal/platform/callbacks.ts"
import * as handlers from "./internal/platform/handlers.ts"
import * as names from "./internal/platform/names.ts"
import * as parameters from "./internal/platform/parameters.ts"
import * as random from "./internal/platform/random.ts"
import * as refusals from "./internal/platform/refusals.ts"
import {
  type Application,
  type AuthRequest,
  type CallbackForm,
  type Delivery,
  type LogEntry,
  type State,
  userKey,
  withEntry
} from "./internal/platform/state.ts"
import type { LegacyPolicy } from "./LegacyPolicy.ts"
import * as Redaction from "./Redaction.ts"

export type { Egress } from "./internal/platform/callbacks.ts"
export type { CallbackForm, Delivery, LogEntry } from "./internal/platform/state.ts"

/**
 * @since 0.1.0
 * @category models
 */
export interface Options {
  /** PEM of the platform's key. Default a new one. */
  readonly privateKey?: Redacted.Redacted<string> | undefined
  /** `"old"`: `launchkey_time` and `date_stamp`; `"later"`: `api_time` and `fingerprint`. Default `"old"`. */
  readonly pingForm?: "old" | "later" | undefined
  /** How an auth package is written: in lines and with backslashes, as recorded, or plain. Default `"recorded"`. */
  readonly authForm?: "recorded" | "clean" | undefined
  /** How callbacks go out, such as a `WebhookEgress`. Default not at all. */
  readonly egress?: callbacks.Egress | undefined
  /** For each user and application. Default one in 5 seconds and three in 60; none for no limit. */
  readonly rateLimits?:
    | ReadonlyArray<{ readonly requests: number; readonly within: Duration.DurationInput }>
    | undefined
  /** Where the image of a link's code would be. Default below `https://example.com/qrcode/`, where there is none. */
  readonly qrcodeUrl?: ((code: string) => URL) | undefined
  /**
   * Takes one `secret_key` more than once, as the old platform may have: whoever sees a call can then make others with
   * its credentials for two minutes. Default false.
   */
  readonly insecureAllowReuse?: boolean | undefined
}

/**
 * @since 0.1.0
 * @category models
 */
export interface NewApplication {
  /** Ten digits. Default made up. */
  readonly appKey?: string | undefined
  /** Default 32 characters made up. */
  readonly appSecret?: Redacted.Redacted<string> | undefined
  /** PEM. */
  readonly publicKey: string
  readonly callbackUrl?: URL | undefined
  /** Default `"deorbit"`, the first of them. */
  readonly callbackForm?: CallbackForm | undefined
  /** Applications of one organization know each user by one more hash. */
  readonly organization?: string | undefined
}

/**
 * - `pending`, `expired`, `denied`: as it says
 * - `approved`: the application has not said yet that it knows
 * - `transaction`: an approval that the application knows of, and that nobody ends
 * - `session`: active, on the list of the user's devices
 * - `ending`: the user has ended it, the application has not said yet that it knows
 * - `ended`: over
 *
 * @since 0.1.0
 * @category models
 */
export type RequestState =
  | "pending"
  | "expired"
  | "denied"
  | "approved"
  | "transaction"
  | "session"
  | "ending"
  | "ended"

/**
 * What a device shows of a request.
 *
 * @since 0.1.0
 * @category models
 */
export interface Shown {
  readonly authRequest: string
  readonly appKey: string
  readonly username: string
  readonly session: boolean
  readonly context: Option.Option<string>
  readonly policy: Option.Option<LegacyPolicy>
  readonly state: RequestState
}

/**
 * What is wrong with an answer on purpose: it names another request, says neither yes nor no, is no JSON, or is for the
 * platform's own key.
 *
 * @since 0.1.0
 * @category models
 */
export type Tampering = "otherRequest" | "garbledResponse" | "notJson" | "otherKey"

/**
 * What a device cannot do: the request is not in a state to be answered or ended, or the code links nothing.
 *
 * @since 0.1.0
 * @category errors
 */
export class DeviceRefused extends Schema.TaggedError<DeviceRefused>(
  "@effect-launchkey/legacy/LegacyPlatform/DeviceRefused"
)("DeviceRefused", { reason: Schema.Literal("NotPending", "NoSession", "NoSuchCode") }) {
  override get message(): string {
    return this.reason === "NotPending"
      ? "No request of that handle waits for an answer. List the user's requests."
      : this.reason === "NoSession"
      ? "No session of that handle is active; a transaction has none. List the user's requests."
      : "The code links no device: it is wrong, or was used. Create the user again for another."
  }
}

/**
 * @since 0.1.0
 * @category models
 */
export interface Service {
  /** Answers below `/v1/`, with or without a slash at the end; to anything else 404. */
  readonly httpApp: HttpApp.Default
  /** The platform's key in force. */
  readonly publicKey: Effect.Effect<Jose.PublicKey>
  /** Signs and is handed out from now on; the one before still decrypts. */
  readonly rotateKey: Effect.Effect<void>
  readonly createApplication: (
    application: NewApplication
  ) => Effect.Effect<{ readonly appKey: string; readonly appSecret: Redacted.Redacted<string> }, InvalidKey>
  /** What an application that is not enabled calls, is refused. */
  readonly enableApplication: (appKey: string, enabled: boolean) => Effect.Effect<void>
  /** With one device unless told otherwise. One of that name is replaced. */
  readonly createUser: (username: string, options?: { readonly devices?: number | undefined }) => Effect.Effect<void>
  /** Links a device to the white label user to whom the code was given. */
  readonly linkDevice: (code: string) => Effect.Effect<void, DeviceRefused>
  /** Newest last. */
  readonly requests: (username: string) => Effect.Effect<ReadonlyArray<Shown>>
  /** Answers as the user's first device does, and posts the callback where the application has an address for it. */
  readonly answer: (
    authRequest: string,
    authorized: boolean,
    options?: { readonly tampering?: Tampering | undefined }
  ) => Effect.Effect<void, DeviceRefused>
  readonly approve: (authRequest: string) => Effect.Effect<void, DeviceRefused>
  readonly deny: (authRequest: string) => Effect.Effect<void, DeviceRefused>
  /** As if its five minutes were over. */
  readonly expire: (authRequest: string) => Effect.Effect<void, DeviceRefused>
  /** The user logs out on the device: the application is told by callback. */
  readonly endSession: (authRequest: string) => Effect.Effect<void, DeviceRefused>
  /** The user logs out everywhere: each application is told once. */
  readonly endAllSessions: (username: string) => Effect.Effect<void>
  /** What applications reported, newest last: the last thousand. */
  readonly journal: Effect.Effect<ReadonlyArray<LogEntry>>
  /** What became of callbacks, newest last: the last thousand. */
  readonly deliveries: Effect.Effect<ReadonlyArray<Delivery>>
}

/**
 * @since 0.1.0
 * @category tags
 */
export class LegacyPlatform extends Context.Tag("@effect-launchkey/legacy/LegacyPlatform")<LegacyPlatform, Service>() {}

const stateOf = (request: AuthRequest, now: DateTime.Utc): RequestState => {
  const { answer, authenticated, endedByUser, revoked, session } = request
  if (handlers.isExpired(request, now)) return "expired"
  if (Option.isNone(answer)) return "pending"
  if (!answer.value.authorized || Option.contains(authenticated, false)) return "denied"
  if (revoked) return "ended"
  if (endedByUser) return "ending"
  if (Option.isNone(authenticated)) return "approved"
  return session ? "session" : "transaction"
}

const tampered = (
  tampering: Tampering,
  answer: AuthPackage.AuthPackage,
  keys: { readonly application: Jose.PublicKey; readonly platform: Jose.PublicKey }
) => {
  switch (tampering) {
    case "otherRequest":
      return AuthPackage.seal({ ...answer, authRequest: "0".repeat(32) }, keys.application)
    case "otherKey":
      return AuthPackage.seal(answer, keys.platform)
    default:
      return Effect.flatMap(Jose.Jose, (jose) =>
        jose.encryptOaep(
          new TextEncoder().encode(
            tampering === "notJson" ? "yes" : JSON.stringify({ response: "yes", auth_request: answer.authRequest })
          ),
          keys.application
        ))
  }
}

/**
 * @since 0.1.0
 * @category constructors
 */
export const make = (options: Options = {}): Effect.Effect<Service, InvalidKey> =>
  Effect.gen(function*() {
    const context = yield* Effect.context<never>()
    const jose = yield* Jose.Jose
    const generated = Effect.map(jose.generateKey(), ({ privateKey }) => privateKey)
    const first = yield* (options.privateKey === undefined ? generated : jose.importPrivateKey(options.privateKey))
    const egress = Option.fromNullable(options.egress)
    const ref = yield* Ref.make<State>({
      keys: [first],
      keySince: yield* DateTime.now,
      applications: new Map(),
      users: new Map(),
      requests: new Map(),
      links: new Map(),
      names: new Map(),
      pins: new Map(),
      used: new Map(),
      journal: [],
      deliveries: []
    })
    const routes = handlers.make(ref, {
      pingForm: options.pingForm ?? "old",
      authForm: options.authForm ?? "recorded",
      allowReuse: options.insecureAllowReuse ?? false,
      rateLimits: options.rateLimits ?? [{ requests: 1, within: "5 seconds" }, { requests: 3, within: "1 minute" }],
      qrcodeUrl: options.qrcodeUrl ?? ((code) => new URL(code, "https://example.com/qrcode/"))
    })

    const httpApp: HttpApp.Default = Effect.gen(function*() {
      const call = yield* parameters.read
      if (call === undefined) return HttpServerResponse.empty({ status: 413 })
      const handler = routes[`${call.method} ${call.path}`]
      if (handler === undefined) return HttpServerResponse.empty({ status: 404 })
      const suppressed = call.parameters.get("SUPPRESS_RESPONSE_CODES")?.toUpperCase() === "TRUE"
      return yield* handler(call).pipe(
        Effect.catchTag("Refused", (refused) => Effect.succeed(refusals.toResponse(refused, suppressed))),
        Effect.provide(context)
      )
    })

    /** Changes a request that is in that state. */
    const change = (id: string, from: RequestState, to: (request: AuthRequest) => AuthRequest) =>
      Effect.flatMap(DateTime.now, (now) =>
        Ref.modify(ref, (state) => {
          const request = state.requests.get(id)
          return request === undefined || stateOf(request, now) !== from
            ? [Option.none<AuthRequest>(), state]
            : [Option.some(request), { ...state, requests: withEntry(state.requests, id, to(request)) }]
        }))

    const refused = (reason: DeviceRefused["reason"]) => () => new DeviceRefused({ reason })

    const applicationOf = ({ appKey }: AuthRequest): Effect.Effect<Application> =>
      // never removed
      Effect.map(Ref.get(ref), ({ applications }) => Option.getOrThrow(Option.fromNullable(applications.get(appKey))))

    const nextPins = (request: AuthRequest) =>
      Effect.flatMap(random.text(4, random.digits), (pin) =>
        Ref.modify(ref, (state) => {
          const key = JSON.stringify([request.appKey, request.username])
          const pins = [...state.pins.get(key) ?? [], pin].slice(-AppPins.shown)
          return [pins, { ...state, pins: withEntry(state.pins, key, pins) }]
        }))

    const answer: Service["answer"] = Effect.fn("LegacyPlatform.answer")(function*(id, authorized, given = {}) {
      const state = yield* Ref.get(ref)
      const pending = yield* Effect.mapError(Option.fromNullable(state.requests.get(id)), refused("NotPending"))
      const application = yield* applicationOf(pending)
      const user = names.find(state, application, pending.username)
      const said: AuthPackage.AuthPackage = {
        authorized,
        authRequest: id,
        deviceId: Option.flatMap(user, ({ devices: [device] }) => Option.fromNullable(device)),
        pins: yield* nextPins(pending)
      }
      const keys = { application: application.publicKey, platform: state.keys[0].publicKey }
      const auth = yield* (given.tampering === undefined
        ? AuthPackage.seal(said, keys.application)
        : tampered(given.tampering, said, keys)).pipe(
          // what a device says is always shorter than a block
          Effect.orDie
        )
      const request = yield* Effect.flatMap(
        change(id, "pending", (one) => ({ ...one, answer: Option.some({ authorized, auth }) })),
        Effect.mapError(refused("NotPending"))
      )
      yield* callbacks.send(ref, egress, application, "Answer", {
        auth: AuthPackage.toText(auth, options.authForm ?? "recorded"),
        auth_request: id,
        ...(yield* names.ofAnswer(ref, application, request))
      })
    }, Effect.provide(context))

    const tellLogout = (request: AuthRequest) =>
      Effect.gen(function*() {
        const application = yield* applicationOf(request)
        const userHash = yield* names.userHash(ref, request.appKey, request.username)
        const { keys: [key] } = yield* Ref.get(ref)
        const query = yield* callbacks.logoutQuery(key, application.callbackForm, userHash)
        yield* callbacks.send(ref, egress, application, "Logout", query)
      })

    const ended = (id: string) =>
      Effect.flatMap(
        change(id, "session", (one) => ({ ...one, endedByUser: true })),
        Effect.mapError(refused("NoSession"))
      )

    const requests: Service["requests"] = (username) =>
      Effect.zipWith(Ref.get(ref), DateTime.now, (state, now) =>
        [...state.requests.values()].filter((one) =>
          one.username === username
        ).map((one) => ({
          authRequest: one.id,
          appKey: one.appKey,
          username,
          session: one.session,
          context: one.context,
          policy: one.policy,
          state: stateOf(one, now)
        })))

    return {
      httpApp,
      publicKey: Effect.map(Ref.get(ref), ({ keys: [key] }) =>
        key.publicKey),
      rotateKey: Effect.zip(generated, DateTime.now).pipe(
        Effect.flatMap(([key, keySince]) =>
          Ref.update(ref, (state) => ({ ...state, keySince, keys: [key, state.keys[0]] as const }))
        )
      ),
      createApplication: Effect.fn("LegacyPlatform.createApplication")(function*(given) {
        const application: Application = {
          appKey: given.appKey ?? `1${yield* random.text(9, random.digits)}`,
          appSecret: given.appSecret ?? Redacted.make(yield* random.text(32, random.lowerCase)),
          publicKey: yield* jose.importPublicKey(given.publicKey),
          enabled: true,
          callbackUrl: Option.fromNullable(given.callbackUrl),
          callbackForm: given.callbackForm ?? "deorbit",
          organization: Option.fromNullable(given.organization)
        }
        yield* Ref.update(ref, (state) => ({
          ...state,
          applications: withEntry(state.applications, application.appKey, application)
        }))
        return { appKey: application.appKey, appSecret: application.appSecret }
      }, Effect.provide(context)),
      enableApplication: (appKey, enabled) =>
        Ref.update(ref, (state) => {
          const application = state.applications.get(appKey)
          return application === undefined
            ? state
            : { ...state, applications: withEntry(state.applications, appKey, { ...application, enabled }) }
        }),
      createUser: Effect.fn("LegacyPlatform.createUser")(function*(username, { devices = 1 } = {}) {
        const ids = yield* Effect.replicateEffect(random.text(4, random.mixedCase), devices)
        const user = { username, whiteLabelOf: Option.none(), devices: ids }
        yield* Ref.update(ref, (state) => ({
          ...state,
          users: withEntry(state.users, userKey(Option.none(), username), user)
        }))
      }, Effect.provide(context)),
      linkDevice: Effect.fn("LegacyPlatform.linkDevice")(function*(code) {
        const device = yield* random.text(4, random.mixedCase)
        const linked = yield* Ref.modify(ref, (state) => {
          const key = state.links.get(code)
          const user = key === undefined ? undefined : state.users.get(key)
          if (key === undefined || user === undefined) return [false, state]
          const links = new Map(state.links)
          links.delete(code)
          const users = withEntry(state.users, key, { ...user, devices: [...user.devices, device] })
          return [true, { ...state, links, users }]
        })
        if (!linked) return yield* new DeviceRefused({ reason: "NoSuchCode" })
      }, Effect.provide(context)),
      requests,
      answer,
      approve: (id) => answer(id, true),
      deny: (id) => answer(id, false),
      expire: (id) =>
        change(id, "pending", (one) => ({ ...one, expired: true })).pipe(
          Effect.flatMap(Effect.mapError(refused("NotPending"))),
          Effect.asVoid
        ),
      endSession: (id) => Effect.provide(Effect.flatMap(ended(id), tellLogout), context),
      endAllSessions: (username) =>
        Effect.gen(function*() {
          const active = (yield* requests(username)).filter(({ state }) => state === "session")
          const over = yield* Effect.forEach(active, ({ authRequest }) => Effect.option(ended(authRequest)))
          const byApplication = new Map(over.flatMap(Option.toArray).map((one) => [one.appKey, one]))
          yield* Effect.forEach(byApplication.values(), tellLogout, { discard: true })
        }).pipe(Effect.provide(context)),
      journal: Effect.map(Ref.get(ref), ({ journal }) => journal),
      deliveries: Effect.map(Ref.get(ref), ({ deliveries }) => deliveries)
    }
  })

/**
 * @since 0.1.0
 * @category layers
 */
export const layer = (options: Options = {}): Layer.Layer<LegacyPlatform, InvalidKey> =>
  Layer.merge(Layer.effect(LegacyPlatform, make(options)), Redaction.layer)

/**
 * One app for both generations: what is below `/v1/` goes to this platform, all else to the other, such as the
 * platform package's `Platform.httpApp`.
 *
 * @since 0.1.0
 * @category combinators
 */
export const mount = <E, R>(
  other: HttpApp.Default<E, R>
): Effect.Effect<HttpApp.Default<E, R>, never, LegacyPlatform> =>
  Effect.map(
    LegacyPlatform,
    ({ httpApp }) =>
      Effect.flatMap(HttpServerRequest.HttpServerRequest, ({ url }): HttpApp.Default<E, R> =>
        url.startsWith("/v1/") ? httpApp : other)
  )
