import { ServiceClient } from "@effect-launchkey/clients"
import { AuthPolicy } from "@effect-launchkey/core"
import { Effect } from "effect"

/** In words for a terminal. A wait that is interrupted, as by Ctrl-C, takes the request back from the user's device. */
export const ask = (user: string, context: string) =>
  Effect.gen(function*() {
    const service = yield* ServiceClient.ServiceClient
    const request = yield* service.authorize(user, { context, policy: AuthPolicy.any(1), ttl: "2 minutes" })
    const response = yield* service.awaitResponse(request, { cancelOnInterrupt: true })
    return response.authorized ? "approved" : "denied"
  }).pipe(
    Effect.catchTags({
      EntityNotFound: () => Effect.succeed("there is no such user, or no device"),
      AuthorizationInProgress: () => Effect.succeed("the user has another request open"),
      RequestTimedOut: () => Effect.succeed("nobody answered in two minutes")
    })
  )
