/**
 * Sessions that end wherever their user ends them: here, or on a device.
 *
 * What is kept is in memory, so that the recipe fits on one page. In a program it is two tables of its database: users
 * by their hash, and sessions by their id with the hash that they belong to.
 */
import * as ServiceClient from "@effect-launchkey/clients/ServiceClient"
import type { ServiceEvent } from "@effect-launchkey/core/Webhook"
import * as Context from "effect/Context"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import * as HashMap from "effect/HashMap"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Ref from "effect/Ref"

/** What a cookie holds. */
export type SessionId = string

export class LoginDenied extends Data.TaggedError("LoginDenied")<{ readonly fraud: boolean }> {}

export interface Service {
  readonly login: (user: string) => Effect.Effect<
    SessionId,
    LoginDenied | ServiceClient.AuthorizeError | ServiceClient.AwaitResponseError | ServiceClient.SessionStartError
  >
  /** Whose session it is; none where it has ended. */
  readonly userOf: (session: SessionId) => Effect.Effect<Option.Option<string>>
  readonly logout: (session: SessionId) => Effect.Effect<void, ServiceClient.SessionEndError>
  /** The handler of the service's webhook. */
  readonly onEvent: (event: ServiceEvent) => Effect.Effect<void, ServiceClient.SessionEndError>
}

export class Sessions extends Context.Tag("@effect-launchkey/examples/sessions/Sessions")<Sessions, Service>() {}

export const make: Effect.Effect<Service, never, ServiceClient.ServiceClient> = Effect.gen(function*() {
  const service = yield* ServiceClient.ServiceClient
  const users = yield* Ref.make(HashMap.empty<string, string>())
  const sessions = yield* Ref.make(HashMap.empty<SessionId, string>())

  const close = (session: SessionId) =>
    Ref.modify(sessions, (all) => [HashMap.get(all, session), HashMap.remove(all, session)])

  const isLoggedIn = (serviceUserHash: string) =>
    Effect.map(Ref.get(sessions), HashMap.some((owner) => owner === serviceUserHash))

  /** Clears the entry on the user's devices. */
  const tellEnded = (serviceUserHash: string) =>
    Effect.flatMap(Ref.get(users), (all) =>
      Option.match(HashMap.get(all, serviceUserHash), {
        onNone: () => Effect.void,
        // A user who is gone has no devices either: a retry would not change it.
        onSome: (user) => Effect.catchTag(service.sessionEnd(user), "EntityNotFound", () => Effect.void)
      }))

  return {
    login: Effect.fn("Sessions.login")(function*(user) {
      const request = yield* service.authorize(user, { context: "Log in" })
      const { authorized, fraud, serviceUserHash } = yield* service.awaitResponse(request)
      if (!authorized) return yield* new LoginDenied({ fraud: Option.contains(fraud, true) })
      const session: SessionId = yield* Effect.sync(() => crypto.randomUUID())
      yield* Ref.update(users, HashMap.set(serviceUserHash, user))
      yield* Ref.update(sessions, HashMap.set(session, serviceUserHash))
      // After the session is kept: the user can end it from the very moment that the platform knows of it.
      yield* Effect.onError(
        service.sessionStart(user, { authorizationRequestId: request.id }),
        () => close(session)
      )
      return session
    }),
    userOf: (session) =>
      Effect.map(
        Effect.all([Ref.get(sessions), Ref.get(users)]),
        ([open, named]) => Option.flatMap(HashMap.get(open, session), (owner) => HashMap.get(named, owner))
      ),
    logout: Effect.fn("Sessions.logout")(function*(session) {
      const owner = yield* close(session)
      if (Option.isSome(owner) && !(yield* isLoggedIn(owner.value))) yield* tellEnded(owner.value)
    }),
    onEvent: (event) => {
      switch (event._tag) {
        // Whoever awaits the response has it by now: PendingAuthorizations took it.
        case "AuthorizationResponded":
          return Effect.void
        case "SessionEnded":
          // The local sessions first, whatever becomes of the call. Should that fail, the webhook comes again.
          return Effect.zipRight(
            Ref.update(sessions, HashMap.filter((owner) => owner !== event.serviceUserHash)),
            tellEnded(event.serviceUserHash)
          )
        case "UnknownEvent":
          return Effect.logInfo("A webhook of a kind that this program does not know")
      }
    }
  }
})

export const layer: Layer.Layer<Sessions, never, ServiceClient.ServiceClient> = Layer.effect(Sessions, make)

/** For hosts that look it up when an event comes. */
export const onEvent = (event: ServiceEvent) => Effect.flatMap(Sessions, (sessions) => sessions.onEvent(event))
