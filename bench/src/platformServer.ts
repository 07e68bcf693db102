/** The platform over loopback, in a process of its own: says where it is, and on request what it has used. */
import * as Platform from "@effect-launchkey/platform/Platform"
import * as TestPlatform from "@effect-launchkey/testing/TestPlatform"
import * as NodeJose from "@effect-launchkey/transport/NodeJose"
import * as NodeHttpServer from "@effect/platform-node/NodeHttpServer"
import * as HttpServer from "@effect/platform/HttpServer"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { createServer } from "node:http"
import * as Users from "./platformUsers.ts"
import { type Used, used } from "./process.ts"

export type ServerMessage = { readonly baseUrl: string } | Used

const users = Number(process.argv[2] ?? 0)

/** No connection ends while its client waits for its turn. */
const server = () => createServer({ keepAliveTimeout: 60_000 })

const ready = Effect.gen(function*() {
  for (let index = 0; index < users; index++) yield* Users.add(index)
  yield* HttpServer.addressFormattedWith((baseUrl) =>
    Effect.sync(() => process.send?.({ baseUrl } satisfies ServerMessage))
  )
})

process.on("message", () => process.send?.(used() satisfies ServerMessage))
process.on("disconnect", () => process.exit())

Layer.effectDiscard(ready).pipe(
  Layer.provide(Platform.serve),
  Layer.provide(NodeHttpServer.layer(server, { host: "127.0.0.1", port: 0 })),
  Layer.provide(TestPlatform.layerPlatform),
  Layer.provide(NodeJose.layer),
  Layer.launch,
  Effect.runFork
)
