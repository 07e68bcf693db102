import { ServiceClient } from "@effect-launchkey/clients"
import { Effect } from "effect"

/** A part of a program, with a span of its own: those of the client are within it. */
export const open = Effect.fn("Vault.open")(function*(user: string) {
  const service = yield* ServiceClient.ServiceClient
  const request = yield* service.authorize(user, { context: "Open the vault" })
  const response = yield* service.awaitResponse(request)
  return response.authorized
})
