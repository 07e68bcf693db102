/** What a supervisor, a load balancer and Prometheus ask of a platform that is served. */
import * as Metrics from "@effect-launchkey/platform/PrometheusMetrics"
import type * as HttpApp from "@effect/platform/HttpApp"
import * as HttpServerRequest from "@effect/platform/HttpServerRequest"
import * as HttpServerResponse from "@effect/platform/HttpServerResponse"
import * as Effect from "effect/Effect"
import * as Metric from "effect/Metric"

/** Whether the platform can do its work now; what it lacks, by a word. */
export type Ready = Effect.Effect<ReadonlyArray<string>>

const memory = Metric.gauge("process_resident_memory_bytes", { description: "Memory that the process holds" })

const processor = Metric.counter("process_cpu_seconds_total", {
  description: "Processor time that the process has used",
  incremental: true
})

const uptime = Metric.gauge("process_uptime_seconds", { description: "How long the process has run" })

const noted = Effect.gen(function*() {
  const { system, user } = process.cpuUsage()
  const before = yield* Metric.value(processor)
  yield* Metric.set(memory, process.memoryUsage.rss())
  yield* Metric.incrementBy(processor, Math.max(0, (user + system) / 1e6 - before.count))
  yield* Metric.set(uptime, process.uptime())
})

const said = (status: number, body: unknown) =>
  HttpServerResponse.unsafeJson(body, { status, headers: { "cache-control": "no-store" } })

export const app = (ready: Ready): HttpApp.Default =>
  Effect.gen(function*() {
    const { method, url } = yield* HttpServerRequest.HttpServerRequest
    if (method !== "GET" && method !== "HEAD") return said(405, { error: "Only GET is answered here." })
    switch (url.replace(/\?.*$/, "")) {
      case "/health":
        return said(200, { live: true })
      case "/ready": {
        const lacks = yield* ready
        return said(lacks.length === 0 ? 200 : 503, { ready: lacks.length === 0, lacks })
      }
      case "/metrics":
        yield* noted
        return HttpServerResponse.text(yield* Metrics.render, {
          contentType: Metrics.contentType,
          headers: { "cache-control": "no-store" }
        })
      default:
        return said(404, { error: "There is /health, /ready and /metrics." })
    }
  })
