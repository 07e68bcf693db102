/**
 * What is counted of the calls to a platform, and how metrics of this project are defined: each has one home, with its
 * name, unit and labels. A label holds a name of the program or of the contract, never an id.
 *
 * @see docs/telemetry.md "Metrics"
 * @since 0.1.0
 */
import * as Metric from "effect/Metric"
import * as MetricBoundaries from "effect/MetricBoundaries"
import * as MetricKey from "effect/MetricKey"
import * as MetricLabel from "effect/MetricLabel"

/**
 * How a metric is known outside. Names end as Prometheus has it, so that they are the same by whichever exporter.
 *
 * @since 0.1.0
 * @category models
 */
export interface Definition<Label extends string = string> {
  readonly name: string
  readonly description: string
  /** Of UCUM, as OpenTelemetry writes it: `"s"`, `"{call}"`. Also the label `unit`, where exporters look for it. */
  readonly unit: string
  readonly labels: ReadonlyArray<Label>
}

/**
 * A metric for each combination of its labels' values. The same one for the same values, made once: it costs no more
 * than a metric without labels.
 *
 * @since 0.1.0
 * @category models
 */
export interface Family<M, Label extends string = string> extends Definition<Label> {
  readonly kind: "counter" | "gauge" | "histogram"
  readonly of: (values: { readonly [L in Label]: string }) => M
}

type Labels = ReadonlyArray<MetricLabel.MetricLabel>

const family = <M, Label extends string>(
  kind: Family<M>["kind"],
  { description, labels, name, unit }: Definition<Label>,
  make: (labels: Labels) => M
): Family<M, Label> => {
  const made = new Map<string, M>()
  return {
    name,
    description,
    unit,
    labels,
    kind,
    of: (values) => {
      let of = ""
      for (const label of labels) of += `${values[label]}\n`
      const known = made.get(of)
      if (known !== undefined) return known
      const metric = make([
        MetricLabel.make("unit", unit),
        ...labels.map((label) => MetricLabel.make(label, values[label]))
      ])
      made.set(of, metric)
      return metric
    }
  }
}

/**
 * Counts up.
 *
 * @since 0.1.0
 * @category constructors
 */
export const counter = <const Label extends string>(
  definition: Definition<Label>
): Family<Metric.Metric.Counter<number>, Label> =>
  family("counter", definition, (labels) => {
    const key = MetricKey.counter(definition.name, { description: definition.description, incremental: true })
    return Metric.fromMetricKey(MetricKey.taggedWithLabels(key, labels))
  })

/**
 * Goes up and down.
 *
 * @since 0.1.0
 * @category constructors
 */
export const gauge = <const Label extends string>(
  definition: Definition<Label>
): Family<Metric.Metric.Gauge<number>, Label> =>
  family("gauge", definition, (labels) => {
    const key = MetricKey.gauge(definition.name, { description: definition.description })
    return Metric.fromMetricKey(MetricKey.taggedWithLabels(key, labels))
  })

/**
 * Tells how many were within each of `boundaries`.
 *
 * @since 0.1.0
 * @category constructors
 */
export const histogram = <const Label extends string>(
  definition: Definition<Label> & { readonly boundaries: ReadonlyArray<number> }
): Family<Metric.Metric.Histogram<number>, Label> =>
  family("histogram", definition, (labels) => {
    const boundaries = MetricBoundaries.fromIterable(definition.boundaries)
    const key = MetricKey.histogram(definition.name, boundaries, definition.description)
    return Metric.fromMetricKey(MetricKey.taggedWithLabels(key, labels))
  })

/**
 * Seconds: of what is answered by a machine in milliseconds, or by a person in minutes.
 *
 * @since 0.1.0
 * @category models
 */
export const seconds = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 150, 300, 600] as const

/**
 * The label for what the contract has no endpoint of.
 *
 * @since 0.1.0
 * @category models
 */
export const otherOperation = "other"

/**
 * Sealed calls, each with all its attempts, by `operation`, such as `"GET /service/v3/auths/:id"`, and `outcome`: the
 * class of an answer's status, such as `"2xx"`, the reason of a `TransportError`, `"MessageRejected"`, or
 * `"Interrupted"`.
 *
 * @since 0.1.0
 * @category models
 */
export const calls = /* @__PURE__ */ counter({
  name: "launchkey_calls_total",
  description: "Sealed calls to the platform",
  unit: "{call}",
  labels: ["operation", "outcome"]
})

/**
 * @since 0.1.0
 * @category models
 */
export const attempts = /* @__PURE__ */ counter({
  name: "launchkey_attempts_total",
  description: "Attempts of sealed calls",
  unit: "{attempt}",
  labels: ["operation"]
})

/**
 * By `RetryPolicy.Reason`.
 *
 * @since 0.1.0
 * @category models
 */
export const retries = /* @__PURE__ */ counter({
  name: "launchkey_retries_total",
  description: "Attempts after the first",
  unit: "{attempt}",
  labels: ["reason"]
})

/**
 * Of each connection, by its base URL.
 *
 * @since 0.1.0
 * @category models
 */
export const retryBudget = /* @__PURE__ */ gauge({
  name: "launchkey_retry_budget",
  description: "Retries that are left",
  unit: "{attempt}",
  labels: ["base_url"]
})

/**
 * How far the platform's clock is ahead of this process's, as last measured, by base URL. Negative: behind.
 *
 * @since 0.1.0
 * @category models
 */
export const clockOffset = /* @__PURE__ */ gauge({
  name: "launchkey_clock_offset_seconds",
  description: "How far the platform's clock is ahead of ours",
  unit: "s",
  labels: ["base_url"]
})

/**
 * Of the platform's public keys: `"Hit"`, one that was at hand; `"Miss"`, one to be fetched; `"Refresh"`, one to be
 * fetched again after its time to live.
 *
 * @since 0.1.0
 * @category models
 */
export const keyLookups = /* @__PURE__ */ counter({
  name: "launchkey_key_lookups_total",
  description: "Lookups of the platform's public keys",
  unit: "{lookup}",
  labels: ["result"]
})
