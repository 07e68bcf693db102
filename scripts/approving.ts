/**
 * A platform on loopback with one user, whose device approves whatever it is asked. Writes what the README's program has to
 * know of it, as JSON, into the file that is its argument, and goes on until it is ended.
 */
import * as TestKeys from "@effect-launchkey/testing/TestKeys"
import * as TestPlatform from "@effect-launchkey/testing/TestPlatform"
import { FetchHttpClient } from "@effect/platform"
import { NodeHttpServer, NodeRuntime } from "@effect/platform-node"
import { Effect, Layer, Redacted, Schedule } from "effect"
import * as Fs from "node:fs"
import { createServer } from "node:http"

const Live = TestPlatform.layerServed.pipe(
  Layer.provideMerge(NodeHttpServer.layer(createServer, { host: "127.0.0.1", port: 0 })),
  Layer.provideMerge(FetchHttpClient.layer)
)

const program = Effect.gen(function*() {
  const platform = yield* TestPlatform.TestPlatform
  const device = yield* platform.linkedDevice("ada@example.com")
  const [, , file = ""] = process.argv
  // whoever waits for it reads it as soon as it is there
  Fs.writeFileSync(
    `${file}.new`,
    JSON.stringify({
      SERVICE_ID: TestPlatform.serviceId,
      ISSUER: `svc:${TestPlatform.serviceId}`,
      BASE_URL: platform.baseUrl,
      SIGNING_KEY: Redacted.value(TestKeys.service.privateKey)
    })
  )
  Fs.renameSync(`${file}.new`, file)
  yield* device.approve().pipe(Effect.ignore, Effect.repeat(Schedule.spaced("100 millis")))
}).pipe(Effect.provide(Live))

NodeRuntime.runMain(program)
