import * as ServiceClient from "@effect-launchkey/clients/ServiceClient"
import * as TestPlatform from "@effect-launchkey/testing/TestPlatform"
import * as NodeHttpServer from "@effect/platform-node/NodeHttpServer"
import * as HttpRouter from "@effect/platform/HttpRouter"
import * as HttpServer from "@effect/platform/HttpServer"
import * as HttpServerRequest from "@effect/platform/HttpServerRequest"
import * as HttpServerResponse from "@effect/platform/HttpServerResponse"
import { assert, it } from "@effect/vitest"
import { Chunk, Effect, Layer, Queue, Schedule, Schema } from "effect"
import { createServer } from "node:http"
import { open } from "../src/open.ts"
import { Telemetry } from "../src/telemetry.ts"

const Traces = Schema.Struct({
  resourceSpans: Schema.Array(Schema.Struct({
    scopeSpans: Schema.Array(Schema.Struct({
      spans: Schema.Array(Schema.Struct({
        name: Schema.String,
        spanId: Schema.String,
        parentSpanId: Schema.optional(Schema.String),
        traceId: Schema.String
      }))
    }))
  }))
})

const Metrics = Schema.Struct({
  resourceMetrics: Schema.Array(Schema.Struct({
    scopeMetrics: Schema.Array(Schema.Struct({
      metrics: Schema.Array(Schema.Struct({ name: Schema.String, unit: Schema.String }))
    }))
  }))
})

const collected = <A, I>(queue: Queue.Queue<A>, schema: Schema.Schema<A, I>) =>
  HttpServerRequest.schemaBodyJson(schema).pipe(
    Effect.flatMap((body) => Queue.offer(queue, body)),
    Effect.as(HttpServerResponse.unsafeJson({}))
  )

/** A collector on loopback that keeps what comes. */
const collector = Effect.gen(function*() {
  const traces = yield* Queue.unbounded<typeof Traces.Type>()
  const metrics = yield* Queue.unbounded<typeof Metrics.Type>()
  const server = yield* NodeHttpServer.make(createServer, { port: 0, host: "127.0.0.1" })
  yield* HttpServer.serveEffect(
    HttpRouter.empty.pipe(
      HttpRouter.post("/v1/traces", collected(traces, Traces)),
      HttpRouter.post("/v1/metrics", collected(metrics, Metrics)),
      HttpRouter.post("/v1/logs", HttpServerResponse.unsafeJson({}))
    )
  ).pipe(Effect.provideService(HttpServer.HttpServer, server))
  const baseUrl = HttpServer.formatAddress(server.address)
  return { baseUrl, traces: Queue.takeAll(traces), metrics: Queue.takeAll(metrics) }
})

const Client = ServiceClient.layer({ serviceId: TestPlatform.serviceId }).pipe(
  Layer.provideMerge(TestPlatform.layer)
)

const program = Effect.gen(function*() {
  const { linkedDevice } = yield* TestPlatform.TestPlatform
  const device = yield* linkedDevice("ada")
  const answered = Effect.retry(device.approve(), Schedule.spaced("20 millis"))
  const [authorized] = yield* Effect.all([open("ada"), answered], { concurrency: "unbounded" })
  return authorized
})

it.scopedLive("the program's spans and metrics arrive at the collector once it ends", () =>
  Effect.gen(function*() {
    const { baseUrl, metrics, traces } = yield* collector
    const authorized = yield* Effect.provide(program, Layer.provideMerge(Client, Telemetry(baseUrl)))
    assert.isTrue(authorized)

    const spans = Chunk.toReadonlyArray(yield* traces)
      .flatMap(({ resourceSpans }) => resourceSpans)
      .flatMap(({ scopeSpans }) => scopeSpans)
      .flatMap(({ spans }) => spans)
    const vault = spans.find(({ name }) => name === "Vault.open")
    assert(vault !== undefined)
    assert.sameMembers(
      spans.filter(({ parentSpanId }) => parentSpanId === vault.spanId).map(({ name }) => name),
      ["ServiceClient.authorize", "ServiceClient.awaitResponse"]
    )
    const within = spans.filter(({ traceId }) => traceId === vault.traceId).map(({ name }) => name)
    assert.includeMembers(within, [
      "ServiceClient.getResponse",
      "Transport.exchange",
      "Transport.seal",
      "Transport.open"
    ])

    const units = new Map(
      Chunk.toReadonlyArray(yield* metrics)
        .flatMap(({ resourceMetrics }) => resourceMetrics)
        .flatMap(({ scopeMetrics }) => scopeMetrics)
        .flatMap(({ metrics }) => metrics)
        .map(({ name, unit }) => [name, unit])
    )
    assert.strictEqual(units.get("launchkey_operations_total"), "{operation}")
    assert.strictEqual(units.get("launchkey_operation_duration_seconds"), "s")
    assert.strictEqual(units.get("launchkey_calls_total"), "{call}")
  }))
