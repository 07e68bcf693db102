/**
 * What a service does: ask its users for authorization, tell them about their sessions, and verify their one-time codes.
 *
 * @see docs/protocol.md "Authorizations"
 * @since 0.1.0
 */
import { routeOf } from "@effect-launchkey/core/api/Contract"
import { ServiceApi } from "@effect-launchkey/core/api/ServiceApi"
import {
  type AuthorizationInProgress,
  type AuthorizationRequestCanceled,
  type AuthorizationResponseExists,
  type EntityNotFound,
  InvalidParameters,
  type InvalidPolicyInput,
  type PolicyFailure,
  type RateLimited,
  type RequestTimedOut
} from "@effect-launchkey/core/ApiError"
import {
  type AuthorizationPackage,
  AuthorizationRequest,
  AuthorizationRequestId,
  type AuthorizationResponse,
  CreateAuthorization,
  defaultTimeToLive,
  Pending,
  TimeToLive,
  User
} from "@effect-launchkey/core/Authorization"
import type { AuthPolicy } from "@effect-launchkey/core/AuthPolicy"
import { type DenialReason, DenialReasons } from "@effect-launchkey/core/DenialReason"
import * as EntityIdentifier from "@effect-launchkey/core/EntityIdentifier"
import type { ExpectedUser } from "@effect-launchkey/transport/Answer"
import * as DerivedClient from "@effect-launchkey/transport/DerivedClient"
import { Transport } from "@effect-launchkey/transport/Transport"
import * as Config from "effect/Config"
import type * as ConfigError from "effect/ConfigError"
import * as Context from "effect/Context"
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import type * as Schedule from "effect/Schedule"
import * as Schema from "effect/Schema"
import { type CallError, validate } from "./internal/call.ts"
import { created } from "./internal/certainty.ts"
import { durationInput, exact, given } from "./internal/inputs.ts"
import { measured } from "./internal/measured.ts"
import * as waiting from "./internal/waiting.ts"
import type { OutcomeUnknown } from "./OutcomeUnknown.ts"
import { type PendingAuthorization, PendingAuthorizations } from "./PendingAuthorizations.ts"

/**
 * @since 0.1.0
 * @category models
 */
export interface Options {
  /** The service to act for: a UUID, in any case. The issuer of the transport is it, or owns it. */
  readonly serviceId: string
}

/**
 * What a user is asked, and how. Texts are counted in Unicode code points.
 *
 * @see docs/protocol.md "Creating an authorization request"
 * @since 0.1.0
 * @category models
 */
export interface AuthorizeOptions {
  /** What the user is asked to approve: at most 400 code points. */
  readonly context?: string | undefined
  /** Shown above the context: at most 200 code points. Directory services only. */
  readonly title?: string | undefined
  /** How long the request waits for its answer: 30 to 600 seconds, in whole seconds. Default 300 seconds. */
  readonly ttl?: Duration.DurationInput | undefined
  /** Title of the push notification. Directory services with push credentials only. */
  readonly pushTitle?: string | undefined
  /** Text of the push notification. Directory services with push credentials only. */
  readonly pushBody?: string | undefined
  /** May ask for more than the policy of the service does, never for less. */
  readonly policy?: AuthPolicy | undefined
  /**
   * Offered to a user who denies: at least two with different ids, at least one fraudulent and one not. Only where the
   * directory asks for the context of denials.
   */
  readonly denialReasons?: ReadonlyArray<DenialReason | typeof DenialReason.Encoded> | undefined
  /**
   * Whether the user has to enter a number to approve, which the request then has (`numberMatch`): show it where the user
   * signs in. Fails with `NumberMatchUnsupported` where the platform knows no such thing. Default false.
   */
  readonly numberMatch?: boolean | undefined
  /**
   * What to do where it is not known whether the request was created: fail with `OutcomeUnknown`, or ask the platform
   * once more first, which either creates the request, or names the one that is open. Default `"fail"`: a user who
   * answered the first within that moment is asked a second time by `"askAgain"`, which takes up to twice as long.
   */
  readonly whenUnknown?: "fail" | "askAgain" | undefined
}

/**
 * @since 0.1.0
 * @category models
 */
export interface GetResponseOptions {
  /** Whom the answer must be about. Each member that is given must equal what the platform says. Default: not checked. */
  readonly user?: ExpectedUser | undefined
}

/**
 * @since 0.1.0
 * @category models
 */
export interface AwaitResponseOptions extends GetResponseOptions {
  /**
   * When to ask again while there is no answer; the first time is at once. Default `Polling.defaultSchedule`, or with
   * `PendingAuthorizations` `Polling.safetyNetSchedule`, for the time to live of the request: for 300 seconds
   * where only its id is given.
   */
  readonly schedule?: Schedule.Schedule<unknown, Option.Option<AuthorizationResponse>> | undefined
  /**
   * Whether to cancel the request on the platform when the waiting is interrupted, as by `Effect.timeout`: the
   * interruption then takes as long as that does. That it failed is logged. Default false.
   */
  readonly cancelOnInterrupt?: boolean | undefined
  /** Done each time that the platform was asked and nobody had answered yet. */
  readonly onPending?: Effect.Effect<unknown> | undefined
}

/**
 * @since 0.1.0
 * @category models
 */
export interface SessionStartOptions {
  /** The authorization request that the user approved to log in. */
  readonly authorizationRequestId?: AuthorizationRequestId | undefined
}

/**
 * The schedule ended before anyone answered. It is this program's patience that ended: the request is open as before,
 * on the user's device too, unless the platform says otherwise. Compare `RequestTimedOut`, which is the platform's.
 *
 * @since 0.1.0
 * @category errors
 */
export class AwaitTimedOut extends Schema.TaggedError<AwaitTimedOut>(
  "@effect-launchkey/clients/ServiceClient/AwaitTimedOut"
)("AwaitTimedOut", { id: AuthorizationRequestId }) {
  override get message(): string {
    return `No response to authorization request ${this.id} within the schedule; it is still open. ` +
      "Await it again with this id, or cancel it."
  }
}

/**
 * The platform asked the user without a number, as it knows no number matching; the request was canceled, as far as that
 * could be done.
 *
 * @since 0.1.0
 * @category errors
 */
export class NumberMatchUnsupported extends Schema.TaggedError<NumberMatchUnsupported>(
  "@effect-launchkey/clients/ServiceClient/NumberMatchUnsupported"
)("NumberMatchUnsupported", { id: AuthorizationRequestId }) {
  override get message(): string {
    return `The platform knows no number matching, so authorization request ${this.id} was canceled. ` +
      "Ask without, or of a platform that does."
  }
}

/**
 * @since 0.1.0
 * @category errors
 */
export type AuthorizeError =
  | CallError
  | InvalidPolicyInput
  | PolicyFailure
  | EntityNotFound
  | AuthorizationInProgress
  | RateLimited
  | OutcomeUnknown
  | NumberMatchUnsupported

/**
 * @since 0.1.0
 * @category errors
 */
export type GetResponseError = CallError | AuthorizationRequestCanceled | RequestTimedOut

/**
 * @since 0.1.0
 * @category errors
 */
export type AwaitResponseError = GetResponseError | AwaitTimedOut

/**
 * @since 0.1.0
 * @category errors
 */
export type CancelError = CallError | AuthorizationResponseExists | AuthorizationRequestCanceled | EntityNotFound

/**
 * @since 0.1.0
 * @category errors
 */
export type SessionStartError = CallError | EntityNotFound

/**
 * @since 0.1.0
 * @category errors
 */
export type SessionEndError = CallError | EntityNotFound

/**
 * @since 0.1.0
 * @category errors
 */
export type VerifyTotpError = CallError | EntityNotFound | RateLimited

/**
 * A `user` is the identifier under which the directory knows the user, or the user push id of an earlier response; it
 * is sent as it is.
 *
 * Every method may fail with:
 *
 * - `InvalidParameters`: an argument is not acceptable. With `origin` `"Client"` nothing was sent.
 * - `InvalidRoute`: the platform has no such endpoint. Check the base URL.
 * - `Unauthorized`, `Forbidden`: the platform did not accept the signature, or the issuer may not act for the service.
 * - `UnexpectedApiError`: the platform refused for a reason that is none of those listed.
 * - `TransportError`: no answer. Whether the platform has acted is not known, unless `sent` is false: then it has not.
 * - `MessageRejected`: an answer that is not believed.
 *
 * @since 0.1.0
 * @category models
 */
export interface Service {
  /**
   * Asks a user to authorize, once: nothing that may have been sent is sent again, as each may notify the user.
   *
   * It ends as a request; as `OutcomeUnknown`; or as any other error, and then the request was certainly not created.
   *
   * - `OutcomeUnknown`: whether it was created is not known. Has what can be known, and what to do.
   * - `EntityNotFound`: no such user, or no linked device.
   * - `AuthorizationInProgress`: the user has another request open.
   * - `InvalidPolicyInput`, `PolicyFailure`: the policy is refused, or the user's devices cannot satisfy it.
   * - `RateLimited`: too many requests for this user.
   * - `NumberMatchUnsupported`: `numberMatch` was asked for, and the platform does not know it.
   */
  readonly authorize: (
    user: string,
    options?: AuthorizeOptions
  ) => Effect.Effect<AuthorizationRequest, AuthorizeError>
  /**
   * Reads the response once; none while nobody has answered, or where the platform does not know the request. A denial
   * is a response like any other: see `authorized`.
   *
   * The device's answer is verified to name this request, and the user where `options` tells who that is:
   * `MessageRejected` of kind `DeviceAnswer` where it does not.
   *
   * - `RequestTimedOut`: the request expired unanswered.
   * - `AuthorizationRequestCanceled`: it was canceled.
   */
  readonly getResponse: (
    id: AuthorizationRequestId,
    options?: GetResponseOptions
  ) => Effect.Effect<Option.Option<AuthorizationResponse>, GetResponseError>
  /**
   * Reads the response on a schedule until there is one. Any error of a single read ends the waiting.
   *
   * Where the client was made with a `PendingAuthorizations`, it is the webhook's answer or the platform's, whichever
   * comes first, and reading is but a safety net: a request that was just created is asked for only after 45 seconds.
   * A webhook's answer is believed where `user` tells whom it must be about, and it is: only the answering device says
   * which request it means. Otherwise the webhook is a hint to ask the platform, once, whose word binds an answer to its
   * request. While that store is away, it is read as often as without; that is logged once, and no error.
   *
   * A request that was remembered is awaited for what is left of its time to live, and its `user` is expected.
   *
   * Interrupting it stops the reading and nothing else, unless `cancelOnInterrupt`: the request stays open until it is
   * canceled or expires.
   *
   * - `AwaitTimedOut`: the schedule ended first. The request is still open.
   * - otherwise as `getResponse`
   */
  readonly awaitResponse: (
    request: AuthorizationRequest | AuthorizationRequestId | PendingAuthorization,
    options?: AwaitResponseOptions
  ) => Effect.Effect<AuthorizationResponse, AwaitResponseError>
  /**
   * Withdraws a request that is not answered yet.
   *
   * - `EntityNotFound`: no such request, or it belongs to another service.
   * - `AuthorizationResponseExists`: it is answered already.
   * - `AuthorizationRequestCanceled`: it is canceled already.
   */
  readonly cancel: (id: AuthorizationRequestId) => Effect.Effect<void, CancelError>
  /**
   * Tells the platform that a user is logged in, for the user to see and to end on each device.
   *
   * - `EntityNotFound`: no such user.
   */
  readonly sessionStart: (user: string, options?: SessionStartOptions) => Effect.Effect<void, SessionStartError>
  /**
   * Tells the platform that a user is logged out. Succeeds where the user has no session.
   *
   * - `EntityNotFound`: no such user.
   */
  readonly sessionEnd: (user: string) => Effect.Effect<void, SessionEndError>
  /**
   * Whether this is the user's one-time code now: the text as typed. One that is no code at all is false too. A code
   * serves once, so ask once for each that was typed.
   *
   * - `EntityNotFound`: no such user, or one without a configuration for one-time codes.
   * - `RateLimited`: too many wrong codes for this user.
   */
  readonly verifyTotp: (
    user: string,
    code: Redacted.Redacted<string> | string
  ) => Effect.Effect<boolean, VerifyTotpError>
}

/**
 * The client of one service.
 *
 * @example
 * ```ts
 * import { ServiceClient } from "@effect-launchkey/clients"
 * import { Effect } from "effect"
 *
 * const login = (user: string) =>
 *   Effect.gen(function*() {
 *     const service = yield* ServiceClient.ServiceClient
 *     const request = yield* service.authorize(user, { context: "Log in", ttl: "2 minutes" })
 *     const { authorized } = yield* service.awaitResponse(request)
 *     if (authorized) yield* service.sessionStart(user, { authorizationRequestId: request.id })
 *     return authorized
 *   }).pipe(
 *     Effect.catchTag("RequestTimedOut", () => Effect.succeed(false))
 *   )
 * ```
 *
 * @since 0.1.0
 * @category tags
 */
export class ServiceClient extends Context.Tag("@effect-launchkey/clients/ServiceClient")<ServiceClient, Service>() {}

const TimeToLiveInput = durationInput(TimeToLive, "from 30 to 600 seconds such as \"2 minutes\"")

const WhenUnknown = Schema.Literal("fail", "askAgain").annotations({
  message: () => ({ message: "neither \"fail\" nor \"askAgain\"", override: true })
})

const validateAuthorize = validate(
  Schema.typeSchema(CreateAuthorization).pipe(
    Schema.omit("ttl", "denialReasons"),
    Schema.extend(Schema.Struct({
      ttl: Schema.optionalWith(TimeToLiveInput, exact),
      denialReasons: Schema.optionalWith(DenialReasons, exact),
      whenUnknown: Schema.optionalWith(WhenUnknown, exact)
    }))
  )
)

const validateSessionStart = validate(
  Schema.Struct({ user: User, authorizationRequestId: Schema.optionalWith(AuthorizationRequestId, exact) })
)

const TotpCode = Schema.String.annotations({
  message: () => "the code is not a text; give a string, as its zeros in front count"
})

const validateTotp = validate(Schema.Struct({ user: User, code: TotpCode }))

const validateUser = validate(User, "user")

const validateId = validate(AuthorizationRequestId, "id")

/** Whether it says anything of the user. */
const tells = (user: ExpectedUser = {}): boolean => Object.values(user).some((value) => value !== undefined)

const validateServiceId = validate(EntityIdentifier.ServiceId, "serviceId")

/** What was decoded needs no validation. */
const decoded = { disableValidation: true }

/** A request that needs no cancelling any more. */
const settled: ReadonlySet<string> = new Set<CancelError["_tag"]>([
  "AuthorizationResponseExists",
  "AuthorizationRequestCanceled"
])

const awaited = (
  request: AuthorizationRequest | AuthorizationRequestId | PendingAuthorization,
  serviceId: EntityIdentifier.ServiceId
): Effect.Effect<
  {
    readonly id: AuthorizationRequestId
    readonly ttl: Duration.Duration
    readonly user?: ExpectedUser | undefined
  },
  InvalidParameters
> => {
  if (typeof request === "string") return Effect.succeed({ id: request, ttl: defaultTimeToLive })
  if (!("serviceId" in request)) return Effect.succeed({ id: request.id, ttl: request.ttl })
  const { expires, id, user } = request
  return request.serviceId === serviceId
    ? Effect.map(DateTime.now, (now) => ({
      id,
      user,
      ttl: Duration.millis(Math.max(0, DateTime.distance(now, expires)))
    }))
    : new InvalidParameters({
      origin: "Client",
      issues: [{ path: "serviceId", problem: "another service's request; await it with the client of that service" }],
      detail: undefined
    })
}

/**
 * With a `PendingAuthorizations` in the context, `awaitResponse` waits for webhooks too.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (options: Options): Effect.Effect<Service, InvalidParameters, Transport> =>
  Effect.gen(function*() {
    const transport = yield* Transport
    const serviceId = yield* validateServiceId(options.serviceId)
    const subject = EntityIdentifier.service(serviceId)
    const api = DerivedClient.make(ServiceApi, transport.httpClient(subject, routeOf(ServiceApi)))

    const open = (
      authorizationRequestId: AuthorizationRequestId,
      { user }: GetResponseOptions
    ) =>
    (relayed: AuthorizationPackage) => transport.openAnswer(relayed, { authorizationRequestId, user })

    const read = Effect.fn("ServiceClient.getResponse")(function*(
      id: AuthorizationRequestId,
      options: GetResponseOptions = {}
    ) {
      const authorizationRequestId = yield* validateId(id)
      const relayed = yield* api.getAuthorization({ path: { id: authorizationRequestId } })
      if (relayed instanceof Pending) return Option.none<waiting.Answer>()
      return Option.some({ relayed, response: yield* open(authorizationRequestId, options)(relayed) })
    })

    const cancel = Effect.fn("ServiceClient.cancel")(function*(id: AuthorizationRequestId) {
      yield* api.cancelAuthorization({ path: { id: yield* validateId(id) } })
    })

    const withdraw = (id: AuthorizationRequestId) =>
      cancel(id).pipe(
        Effect.catchAll((error) =>
          settled.has(error._tag)
            ? Effect.logDebug(`Authorization request ${id} needed no cancelling: ${error._tag}`)
            : Effect.logWarning(`Authorization request ${id} is still open, as cancelling failed: ${error.message}`)
        ),
        Effect.annotateLogs({ package: "@effect-launchkey/clients", module: "ServiceClient" }),
        // In a fiber that is not interrupted itself, where the transport's own time limits work.
        Effect.interruptible,
        Effect.forkDaemon,
        Effect.flatMap(Fiber.join)
      )

    const named = (request: Parameters<Service["awaitResponse"]>[0]) =>
      Effect.flatMap(awaited(request, serviceId), ({ id, ...rest }) =>
        Effect.map(validateId(id), (id) => ({ id, ...rest })))

    const wait = yield* Effect.flatMap(
      Effect.serviceOption(PendingAuthorizations),
      Option.match({
        onNone: () =>
          Effect.succeed(waiting.byPolling),
        onSome: waiting.make
      })
    )

    const awaitResponse: Service["awaitResponse"] = (request, options = {}) =>
      waiting.spanned(({ atEnd, traced }) =>
        Effect.flatMap(traced(named(request)), ({ id, ttl, user }) => {
          const expected = { user: options.user ?? user }
          const response = wait({
            key: { serviceId, id },
            ttl,
            fresh: request instanceof AuthorizationRequest,
            schedule: options.schedule,
            atEnd,
            traced,
            read: Effect.suspend(() =>
              Effect.tap(traced(read(id, expected)), (found) => Option.isNone(found) ? options.onPending : undefined)
            ),
            open: tells(expected.user)
              ? Option.some((relayed) => traced(open(id, expected)(relayed)))
              : Option.none()
          })
          return Effect.flatMap(
            options.cancelOnInterrupt === true ? Effect.onInterrupt(response, () => traced(withdraw(id))) : response,
            (found) => Option.isSome(found) ? Effect.succeed(found.value) : new AwaitTimedOut({ id })
          )
        })
      )

    const client: Omit<Service, "awaitResponse"> = {
      authorize: Effect.fn("ServiceClient.authorize")(function*(user, options = {}) {
        const { whenUnknown, ...payload } = yield* validateAuthorize({ ...given(options), user })
        const ttl = payload.ttl ?? defaultTimeToLive
        const { deviceIds, id, numberMatch, pushPackage } = yield* created(api.createAuthorization({ payload }), {
          askAgain: whenUnknown === "askAgain",
          ttl
        })
        if (payload.numberMatch === true && numberMatch === undefined) {
          yield* withdraw(id)
          return yield* new NumberMatchUnsupported({ id })
        }
        return new AuthorizationRequest({
          id,
          ttl,
          deviceIds: Option.fromNullable(deviceIds),
          pushPackage: Option.fromNullable(pushPackage),
          numberMatch: Option.fromNullable(numberMatch)
        }, decoded)
      }),
      getResponse: (id, options) => Effect.map(read(id, options), Option.map(({ response }) => response)),
      cancel,
      sessionStart: Effect.fn("ServiceClient.sessionStart")(function*(user, options = {}) {
        yield* api.startSession({ payload: yield* validateSessionStart({ ...given(options), user }) })
      }),
      sessionEnd: Effect.fn("ServiceClient.sessionEnd")(function*(user) {
        yield* api.endSession({ payload: { user: yield* validateUser(user) } })
      }),
      verifyTotp: Effect.fn("ServiceClient.verifyTotp")(function*(user, code) {
        const typed = yield* validateTotp({ user, code: Redacted.isRedacted(code) ? Redacted.value(code) : code })
        return (yield* api.verifyTotp({ payload: { user: typed.user, code: Redacted.make(typed.code) } })).valid
      })
    }
    return { ...measured("ServiceClient", client), awaitResponse }
  })

/**
 * Provide it with a `PendingAuthorizations`, the one that the receiver of webhooks is provided with, and `awaitResponse`
 * waits for webhooks too.
 *
 * @since 0.1.0
 * @category layers
 */
export const layer = (options: Options): Layer.Layer<ServiceClient, InvalidParameters, Transport> =>
  Layer.effect(ServiceClient, make(options))

/**
 * @since 0.1.0
 * @category layers
 */
export const layerConfig = (
  config: Config.Config.Wrap<Options>
): Layer.Layer<ServiceClient, InvalidParameters | ConfigError.ConfigError, Transport> =>
  Layer.unwrapEffect(Effect.map(Config.unwrap(config), layer))
