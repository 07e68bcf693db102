/**
 * Asks a user, and ends with 0 where the user approves: for the command line and for scripts.
 *
 *     BASE_URL=… ISSUER=svc:… SIGNING_KEY=… SERVICE_ID=… tsx src/main.ts ada@example.com "Deploy to production" && ./deploy.sh
 */
import { ServiceClient } from "@effect-launchkey/clients"
import { Transport } from "@effect-launchkey/transport"
import { NodeHttpClient, NodeRuntime } from "@effect/platform-node"
import { Config, Console, Effect, Layer } from "effect"
import { ask } from "./ask.ts"

const Live = ServiceClient.layerConfig({ serviceId: Config.string("SERVICE_ID") }).pipe(
  Layer.provide(Transport.layerConfig({
    issuer: Config.string("ISSUER"),
    baseUrl: Config.string("BASE_URL"),
    signingKey: Config.redacted("SIGNING_KEY")
  })),
  Layer.provide(NodeHttpClient.layerUndici)
)

const [user = "ada@example.com", context = "Go on"] = process.argv.slice(2)

const program = Effect.gen(function*() {
  const verdict = yield* ask(user, context)
  yield* Console.log(verdict)
  if (verdict !== "approved") process.exitCode = 1
})

NodeRuntime.runMain(Effect.provide(program, Live))
