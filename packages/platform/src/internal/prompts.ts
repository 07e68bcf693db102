/** What spares users prompts that nobody wanted: limits, and pauses of services that users report. */
import { RateLimited } from "@effect-launchkey/core/ApiError"
import type { DeviceId } from "@effect-launchkey/core/Authorization"
import type { ToldOutcome } from "@effect-launchkey/core/Device"
import * as Entity from "@effect-launchkey/core/EntityIdentifier"
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Metric from "effect/Metric"
import * as Option from "effect/Option"
import * as Order from "effect/Order"
import * as AuditLog from "../AuditLog.ts"
import * as Metrics from "../Metrics.ts"
import * as PlatformSettings from "../PlatformSettings.ts"
import * as Store from "../Store.ts"

const keyOf = (what: string, { directoryId, identifier }: Store.UserKey) => `${what} ${directoryId} ${identifier}`

const pauseKey = (serviceId: Entity.ServiceId, user: Store.UserKey) => keyOf(`fraud ${serviceId}`, user)

const unapprovedKey = (user: Store.UserKey) => keyOf("prompts", user)

/** How often something about one user and service is recorded, so that nobody fills the log. */
const recordedOnce = { limit: 1, window: Duration.hours(1) }

const longest = Order.max(Option.getOrder(Duration.Order))

export const make = Effect.gen(function*() {
  const store = yield* Store.Store
  const log = yield* AuditLog.AuditLog
  const { authorizations, fraudPause, unapprovedPrompts } = yield* PlatformSettings.PlatformSettings

  const pause = { limit: 1, window: fraudPause }

  const recordSeldom = (
    act: AuditLog.Act,
    serviceId: Entity.ServiceId,
    user: Store.UserKey,
    now: DateTime.Utc
  ) =>
    store.transaction(Effect.gen(function*() {
      const recorded = yield* store.attempt(keyOf(`recorded ${act} ${serviceId}`, user), recordedOnce, now)
      if (Option.isNone(recorded)) yield* log.record({ act, on: Entity.service(serviceId) })
    }))

  const refuse = Effect.fnUntraced(function*(
    reason: "Rate" | "Unapproved" | "Fraud",
    serviceId: Entity.ServiceId,
    user: Store.UserKey,
    now: DateTime.Utc,
    retryAfter: Option.Option<Duration.Duration>
  ) {
    yield* Metric.increment(Metrics.promptRefusals.of({ reason }))
    if (reason !== "Rate") yield* recordSeldom("prompt.limit", serviceId, user, now)
    return yield* new RateLimited({ retryAfter })
  })

  return {
    recordSeldom,

    /** Counts that a service wants to ask the user, and refuses where it may not, or not now. */
    admit: Effect.fnUntraced(function*(serviceId: Entity.ServiceId, user: Store.UserKey, now: DateTime.Utc) {
      const wait = yield* store.attempt(keyOf("auths", user), authorizations, now)
      if (Option.isSome(wait)) return yield* refuse("Rate", serviceId, user, now, wait)
      const paused = yield* store.attempted(pauseKey(serviceId, user), pause, now)
      const unapproved = yield* store.attempted(unapprovedKey(user), unapprovedPrompts, now)
      if (Option.isSome(paused)) return yield* refuse("Fraud", serviceId, user, now, longest(paused, unapproved))
      if (Option.isSome(unapproved)) return yield* refuse("Unapproved", serviceId, user, now, unapproved)
    }),

    /** The user was asked, and has not approved yet. */
    asked: (user: Store.UserKey, now: DateTime.Utc) => store.attempt(unapprovedKey(user), unapprovedPrompts, now),

    /** The device has answered a request that was open. */
    answered: (
      { id, serviceId, user }: Store.Authorization,
      deviceId: DeviceId,
      outcome: ToldOutcome | undefined,
      now: DateTime.Utc
    ) => {
      switch (outcome) {
        case "NOT_APPROVED":
          return Effect.void
        case "FRAUDULENT":
          return Effect.gen(function*() {
            const { directoryId } = user
            yield* store.recordFraud({ authorizationRequestId: id, serviceId, directoryId, deviceId, at: now })
            yield* store.attempt(pauseKey(serviceId, user), pause, now)
            yield* log.record({ act: "fraud.report", on: Entity.service(serviceId) })
            yield* Metric.increment(Metrics.fraudReports.of({}))
          })
        // What a device does not tell is held against nobody.
        case "APPROVED":
        case undefined:
          return store.forgetAttempts(unapprovedKey(user))
      }
    },

    /** The service may ask the user again. */
    lift: (serviceId: Entity.ServiceId, user: Store.UserKey) =>
      store.transaction(
        Effect.zipRight(
          store.forgetAttempts(pauseKey(serviceId, user)),
          log.record({ act: "fraud.lift", on: Entity.service(serviceId) })
        )
      )
  }
})
