/** A route that goes on once a user has approved, and the webhook that tells so. */
import * as ServiceClient from "@effect-launchkey/clients/ServiceClient"
import * as ServiceWebhook from "@effect-launchkey/clients/ServiceWebhook"
import * as WebhookHost from "@effect-launchkey/clients/WebhookHost"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as ManagedRuntime from "effect/ManagedRuntime"
import { Hono } from "hono"

/** The status to answer with. A wait that is interrupted takes the request back from the user's device. */
const approve = (user: string, context: string) =>
  Effect.gen(function*() {
    const service = yield* ServiceClient.ServiceClient
    const request = yield* service.authorize(user, { context })
    const { authorized } = yield* service.awaitResponse(request, { cancelOnInterrupt: true })
    return authorized ? 200 : 403
  }).pipe(
    Effect.catchTags({
      EntityNotFound: () => Effect.succeed(404 as const),
      AuthorizationInProgress: () => Effect.succeed(409 as const),
      RequestTimedOut: () => Effect.succeed(403 as const)
    }),
    Effect.catchAll((error) => Effect.as(Effect.logWarning(`Not asked, or not answered: ${error._tag}`), 503 as const))
  )

export const app = <E>(
  runtime: ManagedRuntime.ManagedRuntime<ServiceClient.ServiceClient | ServiceWebhook.ServiceWebhook, E>
) => {
  // whoever awaits the answer has it before this runs
  const webhook = WebhookHost.toWebHandler(ServiceWebhook.ServiceWebhook, (event) => Effect.logDebug(event._tag), {
    runtime
  })
  return new Hono()
    .post("/transfers", async (context) => {
      const { amount, user } = await context.req.parseBody()
      if (typeof user !== "string" || typeof amount !== "string") return context.json({ made: false }, 400)
      const exit = await runtime.runPromiseExit(approve(user, `Transfer ${amount}`), { signal: context.req.raw.signal })
      if (Exit.isSuccess(exit)) return context.json({ made: exit.value === 200 }, exit.value)
      // whoever asked has gone, and reads it no more
      if (Exit.isInterrupted(exit)) return context.json({ made: false }, 503)
      throw Cause.squash(exit.cause)
    })
    .post("/webhook", (context) => webhook(context.req.raw))
}
