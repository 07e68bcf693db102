/** An approval that survives a restart: asked once, whatever happens to the process, and awaited until it is answered. */
import { ServiceClient } from "@effect-launchkey/clients"
import { Authorization } from "@effect-launchkey/core"
import { Activity, Workflow } from "@effect/workflow"
import { Effect, Schema } from "effect"

/** Nobody has decided, and `problem` says why. */
class Undecided extends Schema.TaggedError<Undecided>()("Undecided", { problem: Schema.String }) {}

/** The same order is the same approval: executed again, it has the answer of the first, or waits for it too. */
export const Approval = Workflow.make({
  name: "Approval",
  payload: { order: Schema.String, user: Schema.String, context: Schema.String },
  success: Schema.Boolean,
  error: Undecided,
  idempotencyKey: ({ order }) => order
})

const undecided = (error: { readonly message: string }) => new Undecided({ problem: error.message })

export const layer = Approval.toLayer(Effect.fn(function*({ context, user }) {
  const service = yield* ServiceClient.ServiceClient
  // Its id is kept when it is there: after a restart nobody is asked again.
  const id = yield* Activity.make({
    name: "Ask",
    success: Authorization.AuthorizationRequestId,
    error: Undecided,
    execute: service.authorize(user, { context }).pipe(
      Effect.map((request) => request.id),
      Effect.mapError(undecided)
    )
  })
  // After a restart this begins anew, with the same id.
  return yield* Activity.make({
    name: "Await",
    success: Schema.Boolean,
    error: Undecided,
    execute: service.awaitResponse(id).pipe(
      Effect.map((response) => response.authorized),
      Effect.mapError(undecided)
    )
  })
}))
