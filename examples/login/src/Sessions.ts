/** Who is logged in, kept under the hash by which the platform names a user when it says that the user logged out. */
import * as ServiceClient from "@effect-launchkey/clients/ServiceClient"
import type { ServiceEvent } from "@effect-launchkey/core/Webhook"
import * as Context from "effect/Context"
import * as Data from "effect/Data"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Changes from "./Changes.ts"
import * as Store from "./Store.ts"
import * as Token from "./Token.ts"

/** There is no session without an approval. */
class NotApproved extends Data.TaggedError("NotApproved")<{}> {
  override get message(): string {
    return "The login was not approved, so it starts no session."
  }
}

export interface Service {
  /** Starts the session of a login that was approved, here and on the user's devices. */
  readonly start: (login: Store.Login) => Effect.Effect<Store.Session, NotApproved | ServiceClient.SessionStartError>
  readonly find: (token: Token.Token) => Effect.Effect<Option.Option<Store.Session>>
  /** Ends the session; with the user's last one, on the user's devices too. */
  readonly end: (token: Token.Token) => Effect.Effect<void>
  /** The handler of the service's webhook. */
  readonly onEvent: (event: ServiceEvent) => Effect.Effect<void, ServiceClient.SessionEndError>
}

export class Sessions extends Context.Tag("@effect-launchkey/example-login/Sessions")<Sessions, Service>() {}

const lifetime = "12 hours"

export const layer: Layer.Layer<
  Sessions,
  never,
  ServiceClient.ServiceClient | Store.Store | Changes.Changes
> = Layer.effect(
  Sessions,
  Effect.gen(function*() {
    const service = yield* ServiceClient.ServiceClient
    const store = yield* Store.Store
    const changes = yield* Changes.Changes

    /** Clears the entry on the user's devices. One who is gone has no devices either. */
    const tellEnded = (user: string) => Effect.catchTag(service.sessionEnd(user), "EntityNotFound", () => Effect.void)

    return {
      start: Effect.fn("Sessions.start")(function*({ request, status, user }) {
        if (status._tag !== "Approved") return yield* new NotApproved()
        const { serviceUserHash } = status
        const started = yield* DateTime.now
        const session: Store.Session = {
          token: yield* Token.random,
          user,
          serviceUserHash,
          started,
          expires: DateTime.addDuration(started, lifetime)
        }
        yield* store.saveKnown({ user, serviceUserHash })
        yield* store.saveSession(session)
        // After the session is kept: the user can end it from the very moment that the platform knows of it.
        yield* Effect.onError(
          service.sessionStart(user, { authorizationRequestId: request }),
          () => store.endSession(session.token)
        )
        return session
      }),
      find: store.session,
      end: Effect.fn("Sessions.end")(function*(token) {
        const ended = yield* store.endSession(token)
        yield* changes.announce(token)
        if (Option.isNone(ended)) return
        const { serviceUserHash, user } = ended.value
        if ((yield* store.sessionsOf(serviceUserHash)).length > 0) return
        // The user is logged out in any case. An entry that stays on a device is an annoyance, and no more.
        yield* Effect.catchAll(
          tellEnded(user),
          ({ message }) => Effect.logWarning("The user's devices still show a session that has ended", message)
        )
      }),
      onEvent: Effect.fn("Sessions.onEvent")(function*(event) {
        switch (event._tag) {
          // Whoever waits for the answer has it by now, by way of PendingAuthorizations.
          case "AuthorizationResponded": {
            const login = yield* store.loginOf(event.response.authorizationRequestId)
            if (Option.isNone(login)) yield* Effect.logInfo("An answer to a request that nobody waits for here")
            return
          }
          case "SessionEnded": {
            // The sessions here first, whatever becomes of the call. Should that fail, the webhook comes again.
            const { serviceUserHash } = event
            const ended = yield* store.endSessionsOf(serviceUserHash)
            yield* Effect.forEach(ended, ({ token }) => changes.announce(token), { discard: true })
            const known = yield* store.knownAs({ serviceUserHash })
            yield* Effect.transposeMapOption(known, ({ user }) => tellEnded(user))
            return
          }
          case "UnknownEvent":
            return yield* Effect.logInfo("A webhook of a kind that is not known here")
        }
      })
    }
  })
)
