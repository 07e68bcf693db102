import { ServiceClient } from "@effect-launchkey/clients"
import { AuthPolicy } from "@effect-launchkey/core"
import { Transport } from "@effect-launchkey/transport"
import { NodeHttpClient, NodeRuntime } from "@effect/platform-node"
import { Config, Console, Effect, Layer } from "effect"

const program = Effect.gen(function*() {
  const service = yield* ServiceClient.ServiceClient
  const request = yield* service.authorize("ada@example.com", { context: "Open the vault", policy: AuthPolicy.any(2) })
  const response = yield* service.awaitResponse(request)
  yield* Console.log(response.authorized ? "approved" : "denied")
}).pipe(
  Effect.catchTag("EntityNotFound", () => Console.log("no such user, or no linked device")),
  Effect.catchTag("RequestTimedOut", () => Console.log("nobody answered in time"))
)

const Live = ServiceClient.layerConfig({ serviceId: Config.string("SERVICE_ID") }).pipe(
  Layer.provide(Transport.layerConfig({
    issuer: Config.string("ISSUER"), // "svc:<uuid>"
    baseUrl: Config.string("BASE_URL"),
    signingKey: Config.redacted("SIGNING_KEY") // PEM
  })),
  Layer.provide(NodeHttpClient.layerUndici)
)

NodeRuntime.runMain(Effect.provide(program, Live))
