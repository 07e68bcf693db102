/** Four eyes, of which two are enough: asks one user, and another where nothing comes of the first. */
import * as ServiceClient from "@effect-launchkey/clients/ServiceClient"
import * as Effect from "effect/Effect"

const approves = (user: string) =>
  Effect.gen(function*() {
    const service = yield* ServiceClient.ServiceClient
    const request = yield* service.authorize(user, { context: "Publish the release", ttl: "1 minute" })
    const { authorized } = yield* service.awaitResponse(request)
    return authorized
  })

/** A denial is an answer: then nobody else is asked. */
export const eitherOf = (first: string, second: string) =>
  Effect.catchTags(approves(first), {
    EntityNotFound: () => approves(second),
    AuthorizationInProgress: () => approves(second),
    RequestTimedOut: () => approves(second)
  })
