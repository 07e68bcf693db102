/**
 * What the platform of the API v1 posts to an application: an answer, or that a user has logged out. The data is in the
 * query, whatever the method.
 *
 * @see docs/legacy.md "Callbacks"
 * @since 0.1.0
 */
import * as Body from "@effect-launchkey/transport/Body"
import * as HttpServerRequest from "@effect/platform/HttpServerRequest"
import * as UrlParams from "@effect/platform/UrlParams"
import type * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Option from "effect/Option"
import * as Predicate from "effect/Predicate"
import * as Schema from "effect/Schema"
import { queryOf } from "./internal/query.ts"
import * as PlatformDate from "./PlatformDate.ts"

/**
 * A user answered. **Nobody signed this.**
 *
 * @since 0.1.0
 * @category models
 */
export interface UnverifiedAnswer {
  readonly _tag: "Answer"
  readonly authRequest: string
  /** As `AuthPackage.open` takes it. */
  readonly auth: string
  readonly userHash: string
  readonly organizationUser: Option.Option<string>
  readonly userPushId: Option.Option<string>
}

/**
 * A user logged out, says a text whose **signature nobody has checked**.
 *
 * @since 0.1.0
 * @category models
 */
export interface UnverifiedLogout {
  readonly _tag: "Logout"
  /** What is signed, octet for octet. */
  readonly payload: string
  readonly signature: string
}

/**
 * Why a callback is not believed:
 *
 * - `Unrecognised`: neither an answer nor a logout, or one with a parameter twice
 * - `BodyTooLarge`: its parameters are in a body of more than 64 KiB
 * - `SignatureInvalid`: not signed by the platform, or changed on the way, as by a framework that escapes texts
 * - `Malformed`: signed, and without a user hash or a time
 * - `TooOld`, `InTheFuture`: fresh ones only
 * - `Repeated`: it was accepted before; answer as if it were new
 * - `NotAwaited`: it answers no request of this application that still waits for its answer
 *
 * @since 0.1.0
 * @category schemas
 */
export const Reason = Schema.Literal(
  "Unrecognised",
  "BodyTooLarge",
  "SignatureInvalid",
  "Malformed",
  "TooOld",
  "InTheFuture",
  "Repeated",
  "NotAwaited"
)

const reasons: Readonly<Record<typeof Reason.Type, string>> = {
  Unrecognised: "it is neither an answer nor a logout",
  BodyTooLarge: "its body is too large",
  SignatureInvalid: "its signature is not the platform's. Check that no framework changes the text of the parameters",
  Malformed: "it has no user hash or no time",
  TooOld: "it was made too long ago. Check the clock",
  InTheFuture: "it was made in the future. Check the clock",
  Repeated: "it was accepted before",
  NotAwaited: "it answers no request of this application that waits for its answer"
}

/**
 * A callback that is not believed. Keep `reason` from whoever sent it.
 *
 * @since 0.1.0
 * @category errors
 */
export class CallbackRejected extends Schema.TaggedError<CallbackRejected>(
  "@effect-launchkey/legacy/Callback/CallbackRejected"
)("CallbackRejected", { reason: Reason }) {
  override get message(): string {
    return `The callback was refused: ${reasons[this.reason]}.`
  }
}

const rejected = (reason: typeof Reason.Type) => new CallbackRejected({ reason })

/** None where it is missing, nothing to go by where it is there twice. */
const single = (
  parameters: UrlParams.UrlParams,
  name: string
): Either.Either<Option.Option<string>, CallbackRejected> => {
  const values = UrlParams.getAll(parameters, name)
  return values.length > 1 ? Either.left(rejected("Unrecognised")) : Either.right(Option.fromNullable(values[0]))
}

/**
 * Tells an answer, which has `auth`, `auth_request` and `user_hash`, from a logout, which has `deorbit` or `clear`, and
 * `signature`. The values are those of the query, decoded once and unchanged.
 *
 * @since 0.1.0
 * @category conversions
 */
export const read = (
  parameters: UrlParams.UrlParams
): Either.Either<UnverifiedAnswer | UnverifiedLogout, CallbackRejected> =>
  Either.gen(function*() {
    const auth = yield* single(parameters, "auth")
    const authRequest = yield* single(parameters, "auth_request")
    const userHash = yield* single(parameters, "user_hash")
    const organizationUser = yield* single(parameters, "organization_user")
    const userPushId = yield* single(parameters, "user_push_id")
    const deorbit = yield* single(parameters, "deorbit")
    const clear = yield* single(parameters, "clear")
    const signature = yield* single(parameters, "signature")
    const answer = Option.all({ auth, authRequest, userHash })
    const payload = Option.isSome(deorbit) && Option.isSome(clear)
      ? Option.none<string>()
      : Option.orElse(deorbit, () => clear)
    const logout = Option.all({ payload, signature })
    // one that is both is neither
    if (Option.isSome(answer) === Option.isSome(logout)) return yield* Either.left(rejected("Unrecognised"))
    return Option.isSome(answer)
      ? { _tag: "Answer", ...answer.value, organizationUser, userPushId } as const
      : { _tag: "Logout", ...Option.getOrThrow(logout) } as const
  })

/**
 * How old a logout may be, and how far ahead of the platform's clock.
 *
 * @since 0.1.0
 * @category models
 */
export interface Freshness {
  /** It is younger than this. */
  readonly maximumAge: Duration.Duration
  /** It is at most so far in the future. */
  readonly maximumLead: Duration.Duration
}

/**
 * @since 0.1.0
 * @category models
 */
export const defaultFreshness: Freshness = { maximumAge: Duration.minutes(5), maximumLead: Duration.minutes(1) }

const utf8 = new TextEncoder()

/**
 * What a logout says, once its signature was found to be the platform's. `now` is the platform's, in seconds since the
 * epoch.
 *
 * @since 0.1.0
 * @category conversions
 */
export const readLogout = (
  payload: string,
  { freshness, now }: { readonly now: number; readonly freshness: Freshness }
): Either.Either<{ readonly userHash: string; readonly loggedOutAt: DateTime.Utc }, CallbackRejected> =>
  Either.gen(function*() {
    const malformed = () => rejected("Malformed")
    const members = yield* Body.json(utf8.encode(payload)).pipe(
      Either.mapLeft(malformed),
      Either.filterOrLeft(Predicate.isRecord, malformed)
    )
    const time = members.api_time ?? members.launchkey_time
    const userHash = members.user_hash
    if (typeof time !== "string" || typeof userHash !== "string" || userHash === "") {
      return yield* Either.left(malformed())
    }
    const loggedOutAt = yield* Either.fromOption(PlatformDate.parse(time), malformed)
    const age = now - loggedOutAt.epochMillis / 1000
    if (age >= Duration.toSeconds(freshness.maximumAge)) return yield* Either.left(rejected("TooOld"))
    if (-age > Duration.toSeconds(freshness.maximumLead)) return yield* Either.left(rejected("InTheFuture"))
    return { userHash, loggedOutAt }
  })

const maximumBodyLength = 64 * 1024

/**
 * The parameters of a callback on a server: those of the query, and those of a form in the body after them.
 *
 * @since 0.1.0
 * @category constructors
 */
export const parameters: Effect.Effect<
  UrlParams.UrlParams,
  CallbackRejected,
  HttpServerRequest.HttpServerRequest
> = Effect.gen(function*() {
  const request = yield* HttpServerRequest.HttpServerRequest
  const inQuery = UrlParams.fromInput(queryOf(request.url))
  const isForm = /^application\/x-www-form-urlencoded\s*(;|$)/i.test(request.headers["content-type"] ?? "")
  if (request.method === "GET" || !isForm || request.headers["content-length"] === "0") return inQuery
  const body = yield* Body.collect(request.stream, maximumBodyLength).pipe(
    Effect.mapError((error) => rejected(error._tag === "Refusal" ? "BodyTooLarge" : "Unrecognised"))
  )
  return UrlParams.appendAll(inQuery, UrlParams.fromInput(new URLSearchParams(new TextDecoder().decode(body))))
})
