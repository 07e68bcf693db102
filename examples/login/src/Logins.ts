/**
 * Logins that wait for their user's device.
 *
 * A login belongs to the browser that began it: that one alone sees how it ends, may cancel it, and gets the session.
 * Otherwise whoever types another user's name while that user logs in would be logged in by the user's approval.
 */
import * as ServiceClient from "@effect-launchkey/clients/ServiceClient"
import type { AuthorizationInProgress } from "@effect-launchkey/core/ApiError"
import type { AuthorizationRequest, AuthorizationResponse } from "@effect-launchkey/core/Authorization"
import * as DenialReason from "@effect-launchkey/core/DenialReason"
import * as Context from "effect/Context"
import * as Data from "effect/Data"
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as FiberMap from "effect/FiberMap"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Schedule from "effect/Schedule"
import * as Changes from "./Changes.ts"
import * as Store from "./Store.ts"
import * as Token from "./Token.ts"

/** The user's device asks something already. */
export class LoginInProgress extends Data.TaggedError("LoginInProgress")<{
  /** `ours`: this very browser waits for it. `here`: another browser does. */
  readonly of: "ours" | "here" | "another service"
  readonly expires: Option.Option<DateTime.Utc>
}> {
  override get message(): string {
    return "The user's device is asking something already. Wait for that to be answered, or resume or cancel it."
  }
}

type BeginError = LoginInProgress | Exclude<ServiceClient.AuthorizeError, AuthorizationInProgress>

export interface Service {
  /** Asks the user's devices. `previous` is the login that the browser began before: it is withdrawn. */
  readonly begin: (
    user: string,
    previous: Option.Option<Token.Token>
  ) => Effect.Effect<Store.Login, BeginError>
  readonly find: (token: Token.Token) => Effect.Effect<Option.Option<Store.Login>>
  /** Takes the request back from the user's devices, and forgets the login. Yields it, where there was one. */
  readonly cancel: (token: Token.Token) => Effect.Effect<Option.Option<Store.Login>, ServiceClient.CancelError>
  /** Takes the login away, for its end to be used once. */
  readonly take: (token: Token.Token) => Effect.Effect<Option.Option<Store.Login>>
}

export class Logins extends Context.Tag("@effect-launchkey/example-login/Logins")<Logins, Service>() {}

/** Long enough to fetch a phone; a login that nobody waits for any more should not ask for long. */
const timeToLive = Duration.minutes(2)

/** For an answer of the last moment, and for the page that tells how it ended. */
const grace = Duration.minutes(1)

const denialReasons = [
  DenialReason.ordinary("later", "Not now"),
  DenialReason.fraudulent("fraud", "I am not logging in")
]

const statusOf = ({ authorized, fraud, serviceUserHash, type }: AuthorizationResponse): Store.LoginStatus => {
  if (authorized) return Store.LoginStatus.Approved({ serviceUserHash })
  return Option.contains(type, "FAILED")
    ? Store.LoginStatus.Failed()
    : Store.LoginStatus.Denied({ fraud: Option.contains(fraud, true) })
}

const statusWithout = (error: ServiceClient.AwaitResponseError): Store.LoginStatus => {
  switch (error._tag) {
    case "RequestTimedOut":
    case "AwaitTimedOut":
      return Store.LoginStatus.Expired()
    case "AuthorizationRequestCanceled":
      return Store.LoginStatus.Canceled()
    default:
      return Store.LoginStatus.Unknown()
  }
}

export const layer: Layer.Layer<
  Logins,
  never,
  ServiceClient.ServiceClient | Store.Store | Changes.Changes
> = Layer.scoped(
  Logins,
  Effect.gen(function*() {
    const service = yield* ServiceClient.ServiceClient
    const store = yield* Store.Store
    const changes = yield* Changes.Changes
    const waiting = yield* FiberMap.make<Token.Token>()

    /** However it ends, the pages that wait are told. */
    const settle = (token: Token.Token, status: Store.LoginStatus) =>
      Effect.zipRight(store.settleLogin(token, status), changes.announce(token))

    const answer = ({ request, token, user }: Store.Login, created: AuthorizationRequest) =>
      Effect.gen(function*() {
        // Who has logged in before must be the same user to the platform, whatever a device says.
        const known = Option.getOrUndefined(yield* store.knownAs({ user }))
        const response = yield* service.awaitResponse(created, {
          user: { serviceUserHash: known?.serviceUserHash }
        }).pipe(
          Effect.retry({
            while: ({ _tag }) => _tag === "TransportError",
            schedule: Schedule.spaced("2 seconds").pipe(Schedule.upTo(timeToLive))
          })
        )
        if (Option.contains(response.fraud, true)) yield* Effect.logWarning("A user has reported a login as fraud")
        yield* settle(token, statusOf(response))
      }).pipe(
        Effect.catchAll((error) =>
          Effect.zipRight(
            Effect.logInfo("A login has ended without an answer", error.message),
            settle(token, statusWithout(error))
          )
        ),
        Effect.annotateLogs({ authorizationRequest: request })
      )

    const inProgress = (previous: Option.Option<Token.Token>) => (open: AuthorizationInProgress) =>
      Effect.gen(function*() {
        const login = yield* Effect.transposeMapOption(open.authorizationRequestId, store.loginOf)
        const ours = Option.exists(Option.flatten(login), ({ token }) => Option.contains(previous, token))
        return yield* new LoginInProgress({
          of: ours ? "ours" : open.fromSameService ? "here" : "another service",
          expires: open.expires
        })
      })

    const cancel = Effect.fn("Logins.cancel")(function*(token: Token.Token) {
      yield* FiberMap.remove(waiting, token)
      const login = yield* store.takeLogin(token)
      if (Option.exists(login, ({ status }) => status._tag === "Waiting")) {
        yield* Effect.transposeMapOption(login, ({ request }) =>
          service.cancel(request).pipe(
            // It has ended some other way, and nobody will use how.
            Effect.catchTags({
              AuthorizationRequestCanceled: () => Effect.void,
              AuthorizationResponseExists: () => Effect.void,
              EntityNotFound: () => Effect.void
            })
          ))
      }
      return login
    })

    return {
      begin: Effect.fn("Logins.begin")(function*(user, previous) {
        const digits = yield* Token.randomDigits
        const created = yield* service.authorize(user, {
          title: "Log in to Lighthouse",
          context: `Approve only if the page shows the number ${digits}.`,
          ttl: timeToLive,
          denialReasons
        }).pipe(Effect.catchTag("AuthorizationInProgress", inProgress(previous)))
        const deadline = DateTime.addDuration(yield* DateTime.now, created.ttl)
        const login: Store.Login = {
          token: yield* Token.random,
          user,
          request: created.id,
          digits,
          status: Store.LoginStatus.Waiting(),
          deadline,
          expires: DateTime.addDuration(deadline, grace)
        }
        yield* store.saveLogin(login)
        yield* FiberMap.run(waiting, login.token, answer(login, created))
        yield* Effect.catchAll(
          Effect.transposeMapOption(previous, cancel),
          ({ message }) => Effect.logWarning("A login that nobody waits for stays open until it expires", message)
        )
        return login
      }),
      find: store.login,
      cancel,
      take: store.takeLogin
    }
  })
)
