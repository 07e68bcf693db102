/**
 * Effect's metrics in the text that Prometheus and its kin read.
 *
 * @see https://prometheus.io/docs/instrumenting/exposition_formats/
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Metric from "effect/Metric"
import * as MetricKeyType from "effect/MetricKeyType"
import type * as MetricPair from "effect/MetricPair"
import * as MetricState from "effect/MetricState"
import * as Option from "effect/Option"

/**
 * @since 0.1.0
 * @category models
 */
export const contentType = "text/plain; version=0.0.4; charset=utf-8"

type Labels = ReadonlyArray<readonly [name: string, value: string]>

const name = (text: string): string => text.replace(/[^a-zA-Z0-9_:]/g, "_").replace(/^(?=\d)/, "_")

const escaped = (text: string): string => text.replaceAll("\\", "\\\\").replaceAll("\n", "\\n")

const number = (value: number | bigint): string =>
  value === Infinity ? "+Inf" : value === -Infinity ? "-Inf" : String(value)

const sample = (metric: string, labels: Labels, value: number | bigint): string => {
  const told = labels.map(([label, value]) => `${name(label)}="${escaped(value).replaceAll("\"", "\\\"")}"`)
  return `${metric}${told.length === 0 ? "" : `{${told.join(",")}}`} ${number(value)}`
}

const typeOf = ({ keyType }: MetricPair.MetricPair.Untyped["metricKey"]): string =>
  MetricKeyType.isCounterKey(keyType)
    ? keyType.incremental ? "counter" : "gauge"
    : MetricKeyType.isFrequencyKey(keyType)
    ? "counter"
    : MetricKeyType.isHistogramKey(keyType)
    ? "histogram"
    : MetricKeyType.isSummaryKey(keyType)
    ? "summary"
    : "gauge"

const samplesOf = (metric: string, labels: Labels, state: unknown): ReadonlyArray<string> => {
  if (MetricState.isCounterState(state)) return [sample(metric, labels, state.count)]
  if (MetricState.isGaugeState(state)) return [sample(metric, labels, state.value)]
  if (MetricState.isFrequencyState(state)) {
    return Array.from(state.occurrences, ([key, count]) => sample(metric, [...labels, ["key", key]], count))
  }
  const total = (state: { readonly count: number; readonly sum: number }) => [
    sample(`${metric}_sum`, labels, state.sum),
    sample(`${metric}_count`, labels, state.count)
  ]
  if (MetricState.isHistogramState(state)) {
    const buckets = [
      ...Array.from(state.buckets).filter(([boundary]) => boundary !== Infinity),
      [
        Infinity,
        state.count
      ] as const
    ]
    return [
      ...buckets.map(([boundary, count]) => sample(`${metric}_bucket`, [...labels, ["le", number(boundary)]], count)),
      ...total(state)
    ]
  }
  if (MetricState.isSummaryState(state)) {
    return [
      ...Array.from(state.quantiles).flatMap(([quantile, value]) =>
        Option.toArray(value).map((value) => sample(metric, [...labels, ["quantile", number(quantile)]], value))
      ),
      ...total(state)
    ]
  }
  return []
}

/** `unit` is for exporters that look for it there; here it is the end of the name. */
const labelsOf = ({ tags }: MetricPair.MetricPair.Untyped["metricKey"]): Labels =>
  tags.filter(({ key }) => key !== "unit").map(({ key, value }) => [key, value])

/**
 * What all metrics of this process are now, in the order of their names.
 *
 * @since 0.1.0
 * @category conversions
 */
export const render: Effect.Effect<string> = Effect.map(Metric.snapshot, (pairs) => {
  const families = new Map<string, Array<MetricPair.MetricPair.Untyped>>()
  for (const pair of pairs) {
    const metric = name(pair.metricKey.name)
    families.set(metric, [...(families.get(metric) ?? []), pair])
  }
  return Array.from(families).sort(([one], [other]) => one < other ? -1 : 1).map(([metric, pairs]) => {
    const [first] = pairs
    const description = Option.flatMap(Option.fromNullable(first), ({ metricKey }) => metricKey.description)
    return [
      ...Option.toArray(description).map((text) => `# HELP ${metric} ${escaped(text)}`),
      ...Option.toArray(Option.fromNullable(first)).map(({ metricKey }) => `# TYPE ${metric} ${typeOf(metricKey)}`),
      ...pairs.flatMap(({ metricKey, metricState }) => samplesOf(metric, labelsOf(metricKey), metricState)),
      ""
    ].join("\n")
  }).join("")
})
