/**
 * A process that takes webhooks, on a free port of the loopback interface that it tells its parent. It appends the name
 * of each event that it handles to a file, which knows nothing of the store: that is the proof.
 */
import type { ServiceEvent } from "@effect-launchkey/core/Webhook"
import * as TestPlatform from "@effect-launchkey/testing/TestPlatform"
import * as TestWebhooks from "@effect-launchkey/testing/TestWebhooks"
import * as NodeJose from "@effect-launchkey/transport/NodeJose"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import * as LogLevel from "effect/LogLevel"
import * as ManagedRuntime from "effect/ManagedRuntime"
import * as Schema from "effect/Schema"
import * as Fs from "node:fs/promises"
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import * as ServiceWebhook from "../../../src/ServiceWebhook.ts"
import * as WebhookHost from "../../../src/WebhookHost.ts"
import { failsAtFirst, indexOf, nameOfEvent } from "./events.ts"
import { layer, Place } from "./store.ts"

const Settings = Schema.parseJson(Schema.Struct({ place: Place, log: Schema.String }))

// of the refusals too
Error.stackTraceLimit = 0

const settings = Schema.decodeUnknownSync(Settings)(process.argv[2])
const log = await Fs.open(settings.log, "a")
const failed = new Set<string>()

const handler = (event: ServiceEvent) =>
  Effect.gen(function*() {
    const name = nameOfEvent(event)
    if (failsAtFirst(indexOf(name)) && !failed.has(name)) {
      failed.add(name)
      return yield* Effect.fail("the first time is to fail")
    }
    yield* Effect.tryPromise(() => log.write(`${name}\n`))
  })

const runtime = ManagedRuntime.make(
  ServiceWebhook.layer({ serviceId: TestPlatform.serviceId }).pipe(
    Layer.provide(layer(settings.place)),
    Layer.provide(TestWebhooks.layer()),
    Layer.provide(NodeJose.layer),
    // a refusal of each replay is what is wanted
    Layer.merge(Logger.minimumLogLevel(LogLevel.None)),
    Layer.merge(Layer.setTracerEnabled(false))
  )
)

const server = createServer(WebhookHost.toNodeHandler(ServiceWebhook.ServiceWebhook, handler, { runtime }))

const stop = async () => {
  server.close()
  server.closeAllConnections()
  await runtime.dispose()
  await log.close()
  if (process.connected) process.send?.({ maxRss: process.resourceUsage().maxRSS * 1024 }, () => process.disconnect())
}

process.on("message", () => void stop())
// with its parent, however that ends
process.on("disconnect", () => process.exit())
await runtime.runPromise(ServiceWebhook.ServiceWebhook)
server.listen(0, "127.0.0.1", () => process.send?.({ port: (server.address() as AddressInfo).port }))
