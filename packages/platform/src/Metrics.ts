/**
 * What a platform counts of the requests to it and of the webhooks that it sends.
 *
 * @see docs/telemetry.md "Metrics"
 * @since 0.1.0
 */
import { counter, gauge, histogram, seconds } from "@effect-launchkey/transport/Metrics"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Metric from "effect/Metric"
import * as Option from "effect/Option"
import { isOpen } from "./Records.ts"
import type * as Store from "./Store.ts"

/**
 * By `operation`, such as `"GET /service/v3/auths/:id"`, and the `status` of the answer.
 *
 * @since 0.1.0
 * @category models
 */
export const requests = /* @__PURE__ */ counter({
  name: "launchkey_platform_requests_total",
  description: "Requests to the platform",
  unit: "{request}",
  labels: ["operation", "status"]
})

/**
 * @since 0.1.0
 * @category models
 */
export const duration = /* @__PURE__ */ histogram({
  name: "launchkey_platform_request_duration_seconds",
  description: "How long the platform takes to answer",
  unit: "s",
  labels: ["operation"],
  boundaries: seconds
})

/**
 * Requests that were not believed, by `Rejection.RejectionReason`.
 *
 * @since 0.1.0
 * @category models
 */
export const refusals = /* @__PURE__ */ counter({
  name: "launchkey_platform_refusals_total",
  description: "Requests that the platform did not believe",
  unit: "{request}",
  labels: ["reason"]
})

/**
 * Opened in this process, and neither answered, canceled nor expired, as of the latest look at any of them.
 *
 * @since 0.1.0
 * @category models
 */
export const openRequests = /* @__PURE__ */ gauge({
  name: "launchkey_platform_open_requests",
  description: "Authorization requests that are open",
  unit: "{request}",
  labels: []
})

/**
 * Webhooks by `kind` and the `state` that they ended in: `"DELIVERED"`, `"GIVEN_UP"` or `"REFUSED"`.
 *
 * @since 0.1.0
 * @category models
 */
export const deliveries = /* @__PURE__ */ counter({
  name: "launchkey_platform_deliveries_total",
  description: "Webhooks that were delivered or not",
  unit: "{message}",
  labels: ["kind", "state"]
})

/**
 * By `kind` and `outcome`: the class of the answer's status, such as `"2xx"`, or `WebhookEgress.UnsentReason`.
 *
 * @since 0.1.0
 * @category models
 */
export const deliveryAttempts = /* @__PURE__ */ counter({
  name: "launchkey_platform_delivery_attempts_total",
  description: "Attempts to deliver webhooks",
  unit: "{attempt}",
  labels: ["kind", "outcome"]
})

/**
 * Attempted, or waiting for the next attempt: all of the queue, whichever node tells it.
 *
 * @since 0.1.0
 * @category models
 */
export const openDeliveries = /* @__PURE__ */ gauge({
  name: "launchkey_platform_open_deliveries",
  description: "Webhooks that are on their way",
  unit: "{message}",
  labels: []
})

/**
 * Requests that users were not asked, by `reason`: `"Rate"`, for too many at once; `"Unapproved"`, as they approved none
 * of the latest; `"Fraud"`, as they reported the service.
 *
 * @since 0.1.0
 * @category models
 */
export const promptRefusals = /* @__PURE__ */ counter({
  name: "launchkey_platform_prompt_refusals_total",
  description: "Authorization requests that users were spared",
  unit: "{request}",
  labels: ["reason"]
})

/**
 * Numbers that were not those shown where the user signs in.
 *
 * @since 0.1.0
 * @category models
 */
export const numberMismatches = /* @__PURE__ */ counter({
  name: "launchkey_platform_number_mismatches_total",
  description: "Wrong numbers that users entered to approve",
  unit: "{attempt}",
  labels: []
})

/**
 * @since 0.1.0
 * @category models
 */
export const fraudReports = /* @__PURE__ */ counter({
  name: "launchkey_platform_fraud_reports_total",
  description: "Authorization requests that users reported as fraud",
  unit: "{report}",
  labels: []
})

/**
 * Pushes to devices, by `outcome`: `"Sent"`; `"Gone"`, where the device takes none any more; `"Refused"`, by the push service
 * or by the platform's own rules; `"Failed"`, also after several attempts; `"Dropped"`, where too many were on their way.
 *
 * @since 0.1.0
 * @category models
 */
export const pushes = /* @__PURE__ */ counter({
  name: "launchkey_platform_pushes_total",
  description: "Pushes to devices",
  unit: "{message}",
  labels: ["outcome"]
})

/**
 * The store, which counts the authorization requests that are open. Nobody tells of those that expire, so they are
 * counted by when they will: forgotten at the next look at any of them.
 *
 * @since 0.1.0
 * @category combinators
 */
export const counting = (store: Store.Service): Store.Service => {
  const gauge = openRequests.of({})
  const expiring = new Map<number, number>()
  const secondOf = (time: DateTime.Utc) => Math.ceil(DateTime.toEpochMillis(time) / 1000)

  const change = (expires: DateTime.Utc, by: number) =>
    Effect.suspend(() => {
      const second = secondOf(expires)
      const left = (expiring.get(second) ?? 0) + by
      // What was opened before this process, or by another, was not counted here.
      if (left < 0) return Effect.void
      expiring.set(second, left)
      return Metric.incrementBy(gauge, by)
    })

  const forgetExpired = (now: DateTime.Utc) =>
    Effect.suspend(() => {
      const second = DateTime.toEpochMillis(now) / 1000
      let expired = 0
      for (const [until, count] of expiring) {
        if (until <= second) {
          expired += count
          expiring.delete(until)
        }
      }
      return expired === 0 ? Effect.void : Metric.incrementBy(gauge, -expired)
    })

  return {
    ...store,
    openAuthorization: (authorization) =>
      store.openAuthorization(authorization).pipe(
        Effect.tap((opened) => Either.isRight(opened) ? change(authorization.expires, 1) : Effect.void),
        Effect.zipLeft(forgetExpired(authorization.created))
      ),
    closeAuthorization: (id, now, state) =>
      store.closeAuthorization(id, now, state).pipe(
        Effect.tap((before) =>
          Option.isSome(before) && isOpen(before.value, now) ? change(before.value.expires, -1) : Effect.void
        ),
        Effect.zipLeft(forgetExpired(now))
      ),
    openAuthorizations: (user, now) => Effect.zipLeft(store.openAuthorizations(user, now), forgetExpired(now))
  }
}
