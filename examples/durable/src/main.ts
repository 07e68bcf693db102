/**
 * Has an order approved. Stop it while it waits, start it again with the same order, and it goes on waiting.
 *
 *     BASE_URL=… ISSUER=svc:… SIGNING_KEY=… SERVICE_ID=… tsx src/main.ts order-1 ada@example.com
 */
import { ServiceClient } from "@effect-launchkey/clients"
import { Transport } from "@effect-launchkey/transport"
import { NodeHttpClient, NodeRuntime } from "@effect/platform-node"
import { Config, Console, Effect, Layer } from "effect"
import { Approval, layer } from "./approval.ts"
import { engine } from "./engine.ts"

const Client = ServiceClient.layerConfig({ serviceId: Config.string("SERVICE_ID") }).pipe(
  Layer.provide(Transport.layerConfig({
    issuer: Config.string("ISSUER"),
    baseUrl: Config.string("BASE_URL"),
    signingKey: Config.redacted("SIGNING_KEY")
  })),
  Layer.provide(NodeHttpClient.layerUndici)
)

const [order = "order-1", user = "ada@example.com"] = process.argv.slice(2)

const program = Approval.execute({ order, user, context: `Approve ${order}` }).pipe(
  Effect.flatMap((approved) => Console.log(approved ? "approved" : "denied")),
  Effect.catchTag("Undecided", ({ problem }) => Console.error(problem))
)

NodeRuntime.runMain(
  program.pipe(
    Effect.provide(layer.pipe(Layer.provide(Client), Layer.provideMerge(engine("approvals.db"))))
  )
)
