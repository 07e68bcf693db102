/** The application as a program: what it has to know is in the environment. See README.md. */
import * as Transport from "@effect-launchkey/transport/Transport"
import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as Config from "effect/Config"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as App from "./App.ts"
import * as Server from "./Server.ts"
import * as Settings from "./Settings.ts"

const server = Layer.unwrapEffect(Effect.map(
  Config.all({
    host: Config.withDefault(Config.string("HOST"), "127.0.0.1"),
    port: Config.withDefault(Config.port("PORT"), 8080)
  }),
  Server.layer
))

const transport = Transport.layerConfig({
  issuer: Config.map(Config.string("ORGANIZATION_ID"), (id) => `org:${id}`),
  baseUrl: Config.string("BASE_URL"),
  signingKey: Config.redacted("ORGANIZATION_KEY") // PEM
})

const ready = Layer.effectDiscard(
  Effect.flatMap(Settings.Settings, ({ externalUrl }) => Effect.log(`Ready: browsers find it at ${externalUrl}`))
)

ready.pipe(
  Layer.provide(App.layer),
  Layer.provide(Layer.provide(App.sdk, transport)),
  Layer.provide([server, Settings.layerConfig, NodeHttpClient.layerUndici]),
  Layer.launch,
  NodeRuntime.runMain
)
