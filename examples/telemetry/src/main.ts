/**
 * Asks whether a user may open the vault, and tells a collector how that went.
 *
 *     BASE_URL=… ISSUER=svc:… SIGNING_KEY=… SERVICE_ID=… OTEL_EXPORTER_OTLP_ENDPOINT=http://localhost:4318 \
 *       tsx src/main.ts ada@example.com
 */
import { ServiceClient } from "@effect-launchkey/clients"
import { Transport } from "@effect-launchkey/transport"
import { NodeHttpClient, NodeRuntime } from "@effect/platform-node"
import { Config, Console, Effect, Layer } from "effect"
import { open } from "./open.ts"
import { Telemetry } from "./telemetry.ts"

const Live = ServiceClient.layerConfig({ serviceId: Config.string("SERVICE_ID") }).pipe(
  Layer.provide(Transport.layerConfig({
    issuer: Config.string("ISSUER"),
    baseUrl: Config.string("BASE_URL"),
    signingKey: Config.redacted("SIGNING_KEY")
  })),
  Layer.provide(NodeHttpClient.layerUndici)
)

const Collected = Layer.unwrapEffect(
  Effect.map(
    Config.string("OTEL_EXPORTER_OTLP_ENDPOINT").pipe(Config.withDefault("http://localhost:4318")),
    Telemetry
  )
)

const program = Effect.flatMap(
  open(process.argv[2] ?? "ada@example.com"),
  (authorized) => Console.log(authorized ? "open" : "closed")
)

NodeRuntime.runMain(Effect.provide(program, Layer.provideMerge(Live, Collected)))
