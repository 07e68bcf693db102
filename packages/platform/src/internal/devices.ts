import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import type * as Store from "../Store.ts"

/**
 * The devices of a user, without those whose link was never completed in its time. These are forgotten besides, a minute
 * later: another node, whose clock is behind, may be completing one.
 */
export const devicesOf = (store: Store.Service, user: Store.UserKey, now: DateTime.Utc) =>
  Effect.flatMap(
    store.devices(user),
    Effect.filter(({ id, linkExpires, status }) => {
      if (status !== "LINK_PENDING" || linkExpires === undefined || DateTime.lessThan(now, linkExpires)) {
        return Effect.succeed(true)
      }
      return DateTime.lessThan(now, DateTime.add(linkExpires, { minutes: 1 }))
        ? Effect.succeed(false)
        : Effect.as(store.removeDevice(id), false)
    })
  )
