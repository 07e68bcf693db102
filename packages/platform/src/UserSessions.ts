/**
 * The sessions that services hold for a user, as the user's devices and directory see them.
 *
 * @see docs/protocol.md "Sessions"
 * @since 0.1.0
 */
import type { ServiceId } from "@effect-launchkey/core/EntityIdentifier"
import type { Session } from "@effect-launchkey/core/Session"
import type { StoreUnavailable } from "@effect-launchkey/core/StoreUnavailable"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { sessionEnded } from "./internal/webhooks.ts"
import * as PlatformClock from "./PlatformClock.ts"
import type * as PlatformKeys from "./PlatformKeys.ts"
import * as Store from "./Store.ts"
import * as UserNames from "./UserNames.ts"
import type * as WebhookSender from "./WebhookSender.ts"

/**
 * @since 0.1.0
 * @category constructors
 */
export const list = (user: Store.UserKey): Effect.Effect<ReadonlyArray<Session>, StoreUnavailable, Store.Store> =>
  Effect.gen(function*() {
    const store = yield* Store.Store
    return yield* Effect.forEach(
      yield* store.sessions(user),
      (session) =>
        Effect.map(store.service(session.serviceId), (service) => ({
          serviceId: session.serviceId,
          serviceName: Option.match(service, { onNone: () => "", onSome: ({ name }) => name }),
          serviceIcon: Option.flatMap(service, ({ icon }) => icon),
          authorizationRequestId: session.authorizationRequestId,
          created: session.created
        }))
    )
  })

/**
 * Ends the user's session with one service, or with all, and tells each of these services by its webhook.
 *
 * @since 0.1.0
 * @category constructors
 */
export const end = (
  user: Store.UserKey,
  serviceId?: ServiceId
): Effect.Effect<
  void,
  StoreUnavailable,
  Store.Store | PlatformClock.PlatformClock | PlatformKeys.PlatformKeys | WebhookSender.WebhookSender
> =>
  Effect.gen(function*() {
    const store = yield* Store.Store
    const clock = yield* PlatformClock.PlatformClock
    const held = (yield* store.sessions(user)).filter((session) =>
      serviceId === undefined || session.serviceId === serviceId
    )
    yield* Effect.forEach(held, (session) =>
      // A session that has ended is told of, whatever happens between the two.
      store.transaction(Effect.gen(function*() {
        const ended = yield* store.endSession(user, session.serviceId)
        const service = yield* store.service(session.serviceId)
        if (Option.isNone(ended) || Option.isNone(service)) return
        yield* sessionEnded(service.value, ended.value.issuer, {
          serviceUserHash: yield* UserNames.serviceUserHash(session.serviceId, user),
          ended: yield* clock.now
        })
      })), { discard: true })
  })
