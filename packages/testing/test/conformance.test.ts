import * as Conformance from "@effect-launchkey/testing/Conformance"
import * as TestPlatform from "@effect-launchkey/testing/TestPlatform"
import * as NodeJose from "@effect-launchkey/transport/NodeJose"
import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import * as NodeHttpServer from "@effect/platform-node/NodeHttpServer"
import * as FetchHttpClient from "@effect/platform/FetchHttpClient"
import * as Layer from "effect/Layer"
import { createServer } from "node:http"

const server = NodeHttpServer.layer(createServer, { port: 0, host: "127.0.0.1" })

Conformance.conformance("in memory", TestPlatform.layer)

Conformance.conformance(
  "over a socket, by fetch and node:crypto",
  TestPlatform.layerServed.pipe(
    Layer.provide(NodeJose.layer),
    Layer.provideMerge(Layer.merge(server, FetchHttpClient.layer))
  )
)

Conformance.serviceConformance(
  "over a socket, by undici",
  Layer.provideMerge(TestPlatform.layerServed, Layer.merge(server, NodeHttpClient.layerUndici))
)
