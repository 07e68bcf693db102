import { assert, describe, it } from "@effect/vitest"
import { Effect, Metric, MetricBoundaries } from "effect"
import * as Metrics from "../src/Metrics.ts"
import * as PrometheusMetrics from "../src/PrometheusMetrics.ts"

/** The lines about one metric. */
const told = (metric: string) =>
  Effect.map(
    PrometheusMetrics.render,
    (text) => text.split("\n").filter((line) => line.includes(metric))
  )

describe("PrometheusMetrics", () => {
  it.effect("tells a counter with its labels, and its unit by its name alone", () =>
    Effect.gen(function*() {
      yield* Metric.increment(Metrics.refusals.of({ reason: "Prometheus" }))
      assert.deepStrictEqual(
        (yield* told("launchkey_platform_refusals_total")).filter((line) =>
          line.startsWith("#") || line.includes("Prometheus")
        ),
        [
          "# HELP launchkey_platform_refusals_total Requests that the platform did not believe",
          "# TYPE launchkey_platform_refusals_total counter",
          "launchkey_platform_refusals_total{reason=\"Prometheus\"} 1"
        ]
      )
    }))

  it.effect("tells a histogram by buckets that hold those before them", () =>
    Effect.gen(function*() {
      const histogram = Metric.histogram("prometheus_test_seconds", MetricBoundaries.fromIterable([1, 2]))
      for (const value of [0.5, 1.5, 1.5, 9]) yield* Metric.update(histogram, value)
      assert.deepStrictEqual(yield* told("prometheus_test_seconds"), [
        "# TYPE prometheus_test_seconds histogram",
        "prometheus_test_seconds_bucket{le=\"1\"} 1",
        "prometheus_test_seconds_bucket{le=\"2\"} 3",
        "prometheus_test_seconds_bucket{le=\"+Inf\"} 4",
        "prometheus_test_seconds_sum 12.5",
        "prometheus_test_seconds_count 4"
      ])
    }))

  it.effect("escapes labels, and makes names that Prometheus takes", () =>
    Effect.gen(function*() {
      yield* Metric.set(Metric.tagged(Metric.gauge("prometheus.test-gauge"), "a.b", "say \"\\\n\""), -2)
      assert.deepStrictEqual(yield* told("prometheus_test_gauge"), [
        "# TYPE prometheus_test_gauge gauge",
        "prometheus_test_gauge{a_b=\"say \\\"\\\\\\n\\\"\"} -2"
      ])
    }))

  it.effect("tells frequencies and summaries", () =>
    Effect.gen(function*() {
      yield* Metric.update(Metric.frequency("prometheus_test_frequency"), "seen")
      const summary = Metric.summary({
        name: "prometheus_test_summary",
        maxAge: "1 minute",
        maxSize: 10,
        error: 0,
        quantiles: [0.5]
      })
      yield* Metric.update(summary, 3)
      assert.deepStrictEqual(yield* told("prometheus_test_frequency"), [
        "# TYPE prometheus_test_frequency counter",
        "prometheus_test_frequency{key=\"seen\"} 1"
      ])
      assert.deepStrictEqual(yield* told("prometheus_test_summary"), [
        "# TYPE prometheus_test_summary summary",
        "prometheus_test_summary{quantile=\"0.5\"} 3",
        "prometheus_test_summary_sum 3",
        "prometheus_test_summary_count 1"
      ])
    }))
})
