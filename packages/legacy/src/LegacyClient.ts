/**
 * What an application does over the API v1: ask a user to log in or to approve, read the answer and report what it made
 * of it, end sessions, and take callbacks.
 *
 * Nothing that the platform answers is signed: TLS alone speaks for it, save for what is in an auth package or a logout.
 *
 * @see docs/legacy.md
 * @since 0.1.0
 */
import type { InvalidParameters } from "@effect-launchkey/core/ApiError"
import type { InvalidKey } from "@effect-launchkey/transport/InvalidKey"
import * as Jose from "@effect-launchkey/transport/Jose"
import { TransportError } from "@effect-launchkey/transport/TransportError"
import type * as HttpClient from "@effect/platform/HttpClient"
import * as HttpServerRequest from "@effect/platform/HttpServerRequest"
import * as UrlParams from "@effect/platform/UrlParams"
import * as Config from "effect/Config"
import type * as ConfigError from "effect/ConfigError"
import * as Context from "effect/Context"
import type * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Predicate from "effect/Predicate"
import type * as Redacted from "effect/Redacted"
import * as Schedule from "effect/Schedule"
import * as Schema from "effect/Schema"
import type { AppPin } from "./AppPins.ts"
import * as AuthPackage from "./AuthPackage.ts"
import * as Callback from "./Callback.ts"
import * as base64 from "./internal/base64.ts"
import { type CallError, type Connection, make as connect } from "./internal/connection.ts"
import * as memories from "./internal/memories.ts"
import { check, notEmpty, passing } from "./internal/validate.ts"
import type * as LegacyError from "./LegacyError.ts"
import { pending } from "./LegacyError.ts"
import { LegacyPolicy } from "./LegacyPolicy.ts"
import * as Redaction from "./Redaction.ts"
import * as WhiteLabelAnswer from "./WhiteLabelAnswer.ts"

/**
 * @since 0.1.0
 * @category models
 */
export interface Options {
  /** Without the version, such as `"https://mfa.example.com"`: there is no default. HTTPS, save on a loopback host. */
  readonly baseUrl: string
  /** The segment after the base URL. Default `"v1"`. */
  readonly version?: string | undefined
  /** Ten digits. A dashboard may call it the service's key. */
  readonly appKey: string | number
  readonly appSecret: Redacted.Redacted<string>
  /** PKCS#1 or PKCS#8 PEM: signs calls and opens answers. */
  readonly privateKey: Redacted.Redacted<string>
  /** Of one HTTP exchange. Default 10 seconds. */
  readonly timeout?: Duration.DurationInput | undefined
  /** How long the platform's key and time are kept. Default 300 seconds. */
  readonly keyLifetime?: Duration.DurationInput | undefined
  /** When a ping or a poll is tried again to which no answer came; nothing else is. Default {@link retrySchedule}. */
  readonly retrySchedule?: Schedule.Schedule<unknown> | undefined
  /**
   * `"GET"` has the credentials of a poll in its URL, which servers and proxies log; `"POST"` with `METHOD=GET` has them
   * in its body, which not every platform may take. Default `"GET"`.
   */
  readonly pollBy?: "GET" | "POST" | undefined
  /** How old a logout may be. It must be younger. Default 300 seconds. */
  readonly maximumAge?: Duration.DurationInput | undefined
  /** How far a logout may be ahead of the platform's clock. Default 60 seconds. */
  readonly maximumLead?: Duration.DurationInput | undefined
  /**
   * Whether this application started the request and has had no answer to it yet: true once for each, as from a row that
   * is removed. An answer by callback is believed only then. Default a memory of this client, which knows for six minutes
   * what it started, and forgets when its process ends.
   */
  readonly takeStarted?: ((authRequest: string) => Effect.Effect<boolean>) | undefined
}

/**
 * @since 0.1.0
 * @category models
 */
export interface AuthorizeOptions {
  /**
   * True: a session, which the device lists until the user or the application ends it. False: a transaction, approved
   * once, that nobody ends. Default true.
   */
  readonly session?: boolean | undefined
  /** Whether the answer is to have a user push id, by which the user can be asked again. Default false. */
  readonly userPushId?: boolean | undefined
  /** What the user is asked to approve: at most 400 characters. */
  readonly context?: string | undefined
  readonly policy?: LegacyPolicy | undefined
}

/**
 * What {@link Service.isAuthorized} makes of an answer.
 *
 * @since 0.1.0
 * @category models
 */
export interface DecideOptions {
  /** Whether the device is the one it was: see `AppPins.advance`. Not authorized where it is not. */
  readonly validatePins?: ((pins: ReadonlyArray<AppPin>, deviceId: string) => Effect.Effect<boolean>) | undefined
  /**
   * Where the platform could not be told: fail with `DecisionUnreported`, or go on with `reported: false`. Default
   * `"fail"`.
   */
  readonly whenUnreported?: "fail" | "goOn" | undefined
}

/**
 * What the platform relays once a user has answered. Whether it is a yes, only {@link Service.decide} tells.
 *
 * @since 0.1.0
 * @category models
 */
export interface Answer {
  readonly authRequest: string
  /** The auth package, base64 without the platform's line breaks and backslashes. */
  readonly auth: string
  /** Names the user to this application for good. Keep it with the session: a logout comes with it. */
  readonly userHash: string
  /** Names the user to all applications of the organization. */
  readonly organizationUser: Option.Option<string>
  /** Where it was asked for: takes the place of the username in later requests. */
  readonly userPushId: Option.Option<string>
}

/**
 * @since 0.1.0
 * @category models
 */
export interface Decision extends AuthPackage.AuthPackage {
  /** Whether the platform knows of it. */
  readonly reported: boolean
}

/**
 * A callback that is believed. What to do with it:
 *
 * - `Answered`: go on as after polling; it is decided and reported already
 * - `LoggedOut`: end the user's sessions here, then `logout` for the auth request of each
 *
 * @since 0.1.0
 * @category models
 */
export type Event =
  | { readonly _tag: "Answered"; readonly answer: Answer; readonly decision: Decision }
  | { readonly _tag: "LoggedOut"; readonly userHash: string; readonly loggedOutAt: DateTime.Utc }

/**
 * The schedule ended before anyone answered. The request is open as before, on the user's device too.
 *
 * @since 0.1.0
 * @category errors
 */
export class LegacyAwaitTimedOut extends Schema.TaggedError<LegacyAwaitTimedOut>(
  "@effect-launchkey/legacy/LegacyClient/LegacyAwaitTimedOut"
)("LegacyAwaitTimedOut", { authRequest: Schema.String }) {
  override get message(): string {
    return `No answer to auth request ${this.authRequest} within the schedule; it is still open. Await it again.`
  }
}

/**
 * The user answered, and the platform could not be told what came of it. `authorized` is what the user said, so that no
 * yes is taken for a no.
 *
 * @since 0.1.0
 * @category errors
 */
export class DecisionUnreported extends Schema.TaggedError<DecisionUnreported>(
  "@effect-launchkey/legacy/LegacyClient/DecisionUnreported"
)("DecisionUnreported", {
  authRequest: Schema.String,
  authorized: Schema.Boolean,
  cause: Schema.Defect
}) {
  override get message(): string {
    return `The user ${
      this.authorized ? "approved" : "denied"
    } auth request ${this.authRequest}, and the platform could `
      + "not be told. Decide again, or with whenUnreported \"goOn\" without it."
  }
}

type Proved = LegacyError.InvalidSignature | LegacyError.InvalidCredentials | LegacyError.StampExpired

/**
 * @since 0.1.0
 * @category errors
 */
export type AuthorizeError =
  | InvalidParameters
  | CallError
  | Proved
  | LegacyError.NoSuchUser
  | LegacyError.NoPairedDevices
  | LegacyError.TooManyAttempts

/**
 * @since 0.1.0
 * @category errors
 */
export type PollError =
  | InvalidParameters
  | CallError
  | Proved
  | LegacyError.UnknownAuthRequest
  | LegacyError.AuthRequestExpired

/**
 * @since 0.1.0
 * @category errors
 */
export type DecideError = InvalidParameters | AuthPackage.AuthPackageRejected | DecisionUnreported

/**
 * @since 0.1.0
 * @category errors
 */
export type LogoutError = InvalidParameters | CallError | Proved | LegacyError.UnknownAuthRequest

/**
 * @since 0.1.0
 * @category errors
 */
export type CreateUserError = InvalidParameters | CallError | Proved | WhiteLabelAnswer.WhiteLabelAnswerRejected

/**
 * @since 0.1.0
 * @category errors
 */
export type ClearError = Callback.CallbackRejected | CallError

/**
 * Every call may fail with `TransportError` where no answer of this API came, and with `UnexpectedLegacyError` or
 * `InvalidRequest` where the platform refused it. Calls that carry credentials, that is all but `ping`, may fail with
 * `InvalidCredentials`, `InvalidSignature` and `StampExpired`; those with arguments with `InvalidParameters`, and then
 * nothing was sent.
 *
 * @since 0.1.0
 * @category models
 */
export interface Service {
  /** The platform's time and key, as kept, or with `force` as they are now. */
  readonly ping: (options?: { readonly force?: boolean | undefined }) => Effect.Effect<
    { readonly platformTime: DateTime.Utc; readonly platformKey: Jose.PublicKey },
    CallError
  >
  /**
   * Asks a user, once, and yields the request's handle. `username` is a username, a user push id or the identifier of a
   * white label user.
   *
   * - `NoSuchUser`, `NoPairedDevices`: nobody who could answer
   * - `TooManyAttempts`: wait before the next one
   */
  readonly authorize: (username: string, options?: AuthorizeOptions) => Effect.Effect<string, AuthorizeError>
  /**
   * Reads the answer once; none while there is none. As long as a session lasts it has its answer.
   *
   * - `AuthRequestExpired`: nobody answered within five minutes, or the session was ended on the device
   * - `UnknownAuthRequest`
   */
  readonly poll: (authRequest: string) => Effect.Effect<Option.Option<Answer>, PollError>
  /**
   * Reads the answer on a schedule, by default {@link pollSchedule}, until there is one.
   *
   * - `LegacyAwaitTimedOut`: the schedule ended first
   * - otherwise as `poll`
   */
  readonly awaitAnswer: (
    authRequest: string,
    options?: { readonly schedule?: Schedule.Schedule<unknown, Option.Option<Answer>> | undefined }
  ) => Effect.Effect<Answer, PollError | LegacyAwaitTimedOut>
  /**
   * Opens an answer to this request and reports to the platform what comes of it: a denial as one, and what is no answer
   * to this request as a denial. Authorized are the user's yes and, where they are validated, the right PINs.
   *
   * - `AuthPackageRejected`: no answer to this request. Take it for a no
   * - `DecisionUnreported`: the platform could not be told
   */
  readonly decide: (
    authRequest: string,
    answer: string | { readonly auth: string },
    options?: DecideOptions
  ) => Effect.Effect<Decision, DecideError>
  /** `decide`, and of that whether to go on. */
  readonly isAuthorized: (
    authRequest: string,
    answer: string | { readonly auth: string },
    options?: DecideOptions
  ) => Effect.Effect<boolean, DecideError>
  /**
   * Tells the platform that a session has ended, so that it leaves the user's devices. Not for transactions.
   *
   * - `UnknownAuthRequest`
   */
  readonly logout: (authRequest: string) => Effect.Effect<void, LogoutError>
  /**
   * Verifies a logout by the values of its parameters, as received: signed by the platform, fresh, for the first time.
   * Yields the user's hash.
   *
   * - `CallbackRejected`
   */
  readonly clear: (payload: string, signature: string) => Effect.Effect<string, ClearError>
  /** What `clear` was called. */
  readonly deorbit: (payload: string, signature: string) => Effect.Effect<string, ClearError>
  /**
   * Takes any callback by its query. Answer 200 where it succeeds, and to `Repeated`; otherwise another status, and
   * nothing more.
   *
   * - `CallbackRejected`: it is not believed
   * - `DecisionUnreported`: the answer counts as taken, and a repetition is not believed. A poll has it once more, or
   *   `whenUnreported: "goOn"` at once
   * - otherwise as `decide`
   */
  readonly handleCallback: (
    query: UrlParams.Input,
    options?: DecideOptions
  ) => Effect.Effect<Event, ClearError | DecideError>
  /** `handleCallback` of the request at hand, by any method, its parameters in the query or in a form. */
  readonly receive: (
    options?: DecideOptions
  ) => Effect.Effect<Event, ClearError | DecideError, HttpServerRequest.HttpServerRequest>
  /**
   * Creates a white label user, or starts to link one more device to one that exists. `identifier` stays the user's for
   * good: an id, and no mail address.
   *
   * - `WhiteLabelAnswerRejected`
   */
  readonly createWhiteLabelUser: (
    identifier: string
  ) => Effect.Effect<WhiteLabelAnswer.WhiteLabelAnswer, CreateUserError>
}

/**
 * @since 0.1.0
 * @category tags
 */
export class LegacyClient extends Context.Tag("@effect-launchkey/legacy/LegacyClient")<LegacyClient, Service>() {}

/**
 * Every three seconds, for five minutes, which is what a request lives, and a few seconds more: the platform's verdict
 * is read rather than guessed.
 *
 * @since 0.1.0
 * @category schedules
 */
export const pollSchedule: Schedule.Schedule<unknown> = Schedule.spaced("3 seconds").pipe(
  Schedule.upTo("309 seconds")
)

/**
 * Two more attempts, after about 200 and 400 milliseconds.
 *
 * @since 0.1.0
 * @category schedules
 */
export const retrySchedule: Schedule.Schedule<unknown> = Schedule.exponential("200 millis").pipe(
  Schedule.jittered,
  Schedule.intersect(Schedule.recurs(2))
)

const proved = ["InvalidRequest", "InvalidSignature", "InvalidCredentials", "StampExpired"] as const

const maximumContextLength = 400

const readAnswer = (
  authRequest: string,
  members: { readonly [member: string]: unknown }
): Effect.Effect<Answer, TransportError> => {
  const { auth, organization_user, user_hash, user_push_id } = members
  return typeof auth !== "string" || typeof user_hash !== "string" || user_hash === ""
    ? new TransportError({ reason: "AnswerUnusable", operation: "GET /poll" })
    : Effect.succeed({
      authRequest,
      auth: base64.clean(auth),
      userHash: user_hash,
      organizationUser: Option.filter(Option.some(organization_user), Predicate.isString),
      userPushId: Option.filter(Option.some(user_push_id), Predicate.isString)
    })
}

const isPolicy = Schema.is(LegacyPolicy)

const checkAuthorize = (username: string, { context = "", policy }: AuthorizeOptions) =>
  Effect.all([
    notEmpty("username", username),
    check(
      Array.from(context).length <= maximumContextLength,
      "context",
      `longer than ${maximumContextLength} characters; shorten it`
    ),
    check(policy === undefined || isPolicy(policy), "policy", "not a policy; make one with LegacyPolicy")
  ])

const notify = (connection: Connection, action: "Authenticate" | "Revoke", status: boolean, authRequest: string) =>
  connection.form([...proved, "UnknownAuthRequest"], "PUT", "/logs", {
    action,
    status: String(status),
    auth_request: authRequest
  })

/**
 * Nothing is sent until a method is called.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (
  options: Options
): Effect.Effect<Service, InvalidParameters | InvalidKey, HttpClient.HttpClient> =>
  Effect.gen(function*() {
    const jose = yield* Jose.Jose
    const connection = yield* connect({
      baseUrl: options.baseUrl,
      version: options.version ?? "v1",
      appKey: options.appKey,
      appSecret: options.appSecret,
      privateKey: options.privateKey,
      timeout: options.timeout ?? "10 seconds",
      keyLifetime: options.keyLifetime ?? "300 seconds",
      retrySchedule: options.retrySchedule ?? retrySchedule,
      readBy: options.pollBy ?? "GET"
    })
    const freshness: Callback.Freshness = {
      maximumAge: yield* passing("maximumAge", options.maximumAge ?? Callback.defaultFreshness.maximumAge),
      maximumLead: yield* passing("maximumLead", options.maximumLead ?? Callback.defaultFreshness.maximumLead)
    }
    const started = yield* memories.once(Duration.minutes(6))
    const accepted = yield* memories.once(Duration.sum(freshness.maximumAge, freshness.maximumLead))
    const takeStarted = options.takeStarted ?? started.take

    const authorize = Effect.fn("LegacyClient.authorize")(function*(username: string, given: AuthorizeOptions = {}) {
      yield* checkAuthorize(username, given)
      const { auth_request } = yield* connection.form(
        [...proved, "NoSuchUser", "NoPairedDevices", "TooManyAttempts"],
        "POST",
        "/auths",
        {
          username,
          session: String(given.session ?? true),
          user_push_id: String(given.userPushId ?? false),
          ...(given.context !== undefined && { context: given.context }),
          ...(given.policy !== undefined && { policy: JSON.stringify(given.policy) })
        }
      )
      if (typeof auth_request !== "string" || auth_request === "") {
        return yield* new TransportError({ reason: "AnswerUnusable", operation: "POST /auths" })
      }
      yield* started.add(auth_request)
      return auth_request
    })

    const read = Effect.fnUntraced(function*(authRequest: string) {
      yield* notEmpty("authRequest", authRequest)
      return yield* connection.read([...proved, "UnknownAuthRequest", "AuthRequestExpired"], "/poll", {
        auth_request: authRequest
      }).pipe(
        Effect.flatMap((members) => readAnswer(authRequest, members)),
        Effect.asSome,
        Effect.catchIf(
          (error) => error._tag === "UnexpectedLegacyError" && Option.contains(error.code, pending),
          () => Effect.succeedNone
        )
      )
    })

    const awaitAnswer = Effect.fn("LegacyClient.awaitAnswer")(function*(
      authRequest: string,
      { schedule = pollSchedule }: {
        readonly schedule?: Schedule.Schedule<unknown, Option.Option<Answer>> | undefined
      } = {}
    ) {
      const last = yield* read(authRequest).pipe(
        Effect.repeat(schedule.pipe(Schedule.passthrough, Schedule.untilInput(Option.isSome)))
      )
      return yield* Effect.mapError(last, () => new LegacyAwaitTimedOut({ authRequest }))
    })

    const decide = Effect.fn("LegacyClient.decide")(function*(
      authRequest: string,
      answer: string | { readonly auth: string },
      { validatePins, whenUnreported = "fail" }: DecideOptions = {}
    ) {
      yield* notEmpty("authRequest", authRequest)
      const opened = yield* AuthPackage.open(typeof answer === "string" ? answer : answer.auth, {
        authRequest,
        privateKey: connection.privateKey
      }).pipe(
        Effect.provideService(Jose.Jose, jose),
        // what cannot be opened may be anybody's, and says nothing about the request
        Effect.tapError(({ reason }) =>
          reason === "Undecipherable" ? Effect.void : Effect.ignoreLogged(
            notify(connection, "Authenticate", false, authRequest)
          )
        )
      )
      const genuine = validatePins === undefined || !opened.authorized ||
        (yield* validatePins(opened.pins, Option.getOrElse(opened.deviceId, () => "")))
      const authorized = opened.authorized && genuine
      const reported = yield* notify(connection, "Authenticate", authorized, authRequest).pipe(
        Effect.as(true),
        Effect.catchAll((cause) =>
          whenUnreported === "goOn"
            ? Effect.as(Effect.logWarning("The platform could not be told what came of an answer", cause), false)
            : new DecisionUnreported({ authRequest, authorized, cause })
        )
      )
      return { ...opened, authorized, reported }
    })

    const verified = Effect.fnUntraced(function*({ payload, signature }: Callback.UnverifiedLogout) {
      const octets = new TextEncoder().encode(payload)
      const bySignature = Option.getOrElse(base64.decode(signature), () => new Uint8Array(0))
      const verify = Effect.flatMap(connection.now, ({ platformKey, seconds }) =>
        Effect.map(jose.verifyBytes(octets, bySignature, platformKey), (valid) => ({ valid, now: seconds })))
      const first = yield* verify
      // the platform may have a new key
      const { now, valid } = first.valid || !(yield* connection.doubt) ? first : yield* verify
      if (!valid) {
        return yield* new Callback.CallbackRejected({ reason: "SignatureInvalid" })
      }
      const logout = yield* Callback.readLogout(payload, { now, freshness })
      if (!(yield* accepted.add(yield* jose.digest("S256", octets)))) {
        return yield* new Callback.CallbackRejected({ reason: "Repeated" })
      }
      return logout
    })

    const clear = Effect.fn("LegacyClient.clear")((payload: string, signature: string) =>
      Effect.map(verified({ _tag: "Logout", payload, signature }), ({ userHash }) =>
        userHash)
    )

    const answered = Effect.fnUntraced(function*(callback: Callback.UnverifiedAnswer, given?: DecideOptions) {
      const { auth, authRequest, organizationUser, userHash, userPushId } = callback
      // opened before the request is taken, so that a stranger's post leaves it to the device
      yield* Effect.provideService(
        AuthPackage.open(auth, { authRequest, privateKey: connection.privateKey }),
        Jose.Jose,
        jose
      )
      if (!(yield* takeStarted(authRequest))) {
        return yield* new Callback.CallbackRejected({ reason: "NotAwaited" })
      }
      const decision = yield* decide(authRequest, auth, given)
      const answer = { authRequest, auth: base64.clean(auth), userHash, organizationUser, userPushId }
      return { _tag: "Answered", answer, decision } as const
    })

    const handleCallback = Effect.fn("LegacyClient.handleCallback")(function*(
      query: UrlParams.Input,
      given?: DecideOptions
    ): Effect.fn.Return<Event, ClearError | DecideError> {
      const callback = yield* Callback.read(UrlParams.fromInput(query))
      return callback._tag === "Answer"
        ? yield* answered(callback, given)
        : { _tag: "LoggedOut", ...(yield* verified(callback)) }
    })

    return {
      ping: Effect.fn("LegacyClient.ping")(({ force = false } = {}) =>
        connection.ping(force)
      ),
      authorize,
      poll: Effect.fn("LegacyClient.poll")(read),
      awaitAnswer,
      decide,
      isAuthorized: (authRequest, answer, given) =>
        Effect.map(decide(authRequest, answer, given), ({ authorized }) => authorized),
      logout: Effect.fn("LegacyClient.logout")(function*(authRequest) {
        yield* notEmpty("authRequest", authRequest)
        yield* notify(connection, "Revoke", true, authRequest)
      }),
      clear,
      deorbit: clear,
      handleCallback,
      receive: (given) => Effect.flatMap(Callback.parameters, (query) => handleCallback(query, given)),
      createWhiteLabelUser: Effect.fn("LegacyClient.createWhiteLabelUser")(function*(identifier) {
        yield* notEmpty("identifier", identifier)
        const { response } = yield* connection.signedJson(proved, "/users", { identifier })
        if (!Schema.is(WhiteLabelAnswer.Sealed)(response)) {
          return yield* new TransportError({ reason: "AnswerUnusable", operation: "POST /users" })
        }
        return yield* Effect.provideService(
          WhiteLabelAnswer.open(response, connection.privateKey),
          Jose.Jose,
          jose
        )
      })
    }
  })

/**
 * @since 0.1.0
 * @category layers
 */
export const layer = (
  options: Options
): Layer.Layer<LegacyClient, InvalidParameters | InvalidKey, HttpClient.HttpClient> =>
  Layer.merge(Layer.effect(LegacyClient, make(options)), Redaction.layer)

/**
 * @since 0.1.0
 * @category layers
 */
export const layerConfig = (
  options: Config.Config.Wrap<Options>
): Layer.Layer<LegacyClient, InvalidParameters | InvalidKey | ConfigError.ConfigError, HttpClient.HttpClient> =>
  Layer.unwrapEffect(Effect.map(Config.unwrap(options), layer))
