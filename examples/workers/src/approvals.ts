/**
 * Approvals that nobody waits for in a request: one request asks, a webhook brings the answer, and others read it.
 */
import * as ServiceClient from "@effect-launchkey/clients/ServiceClient"
import type { AuthorizationRequestId } from "@effect-launchkey/core/Authorization"
import type { ServiceEvent } from "@effect-launchkey/core/Webhook"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { Cells } from "./cells.ts"

const kept = Duration.hours(1)

const nameOf = (id: AuthorizationRequestId): string => `approval ${id}`

/** Held for as long as the platform need not be asked again. */
const asked = (id: AuthorizationRequestId): string => `asked ${id}`

const safetyNet = Duration.seconds(45)

export const ask = (user: string, context: string) =>
  Effect.gen(function*() {
    const service = yield* ServiceClient.ServiceClient
    const cells = yield* Cells
    const { id } = yield* service.authorize(user, { context })
    yield* cells.take(asked(id), "", safetyNet)
    // where the webhook was faster, its answer stays
    yield* cells.take(nameOf(id), "pending", kept)
    return id
  })

const settle = (id: AuthorizationRequestId, verdict: string) =>
  Effect.flatMap(
    Cells,
    (cells) =>
      Effect.flatMap(cells.take(nameOf(id), verdict, kept), (before) =>
        Option.contains(before, "pending")
          ? cells.swap(nameOf(id), "pending", Option.some(verdict), kept)
          : Effect.void)
  )

/** Asks the platform, which keeps answers by their request. */
const read = (id: AuthorizationRequestId) =>
  Effect.flatMap(ServiceClient.ServiceClient, (service) => service.getResponse(id)).pipe(
    Effect.flatMap(Option.match({
      onNone: () => Effect.void,
      onSome: ({ authorized }) => settle(id, authorized ? "approved" : "denied")
    })),
    Effect.catchTags({
      RequestTimedOut: () => settle(id, "expired"),
      AuthorizationRequestCanceled: () => settle(id, "canceled")
    })
  )

/** Which request a webhook is about, only the device within it says: so it is a reason to ask, and no answer yet. */
export const onEvent = (event: ServiceEvent) =>
  event._tag === "AuthorizationResponded" ? read(event.response.authorizationRequestId) : Effect.void

/** None where nobody has asked. A webhook that was lost costs three quarters of a minute, and not the answer. */
export const standing = (id: AuthorizationRequestId) =>
  Effect.gen(function*() {
    const cells = yield* Cells
    const now = yield* cells.read(nameOf(id))
    if (!Option.contains(now, "pending") || Option.isSome(yield* cells.take(asked(id), "", safetyNet))) return now
    yield* read(id)
    return yield* cells.read(nameOf(id))
  })
