import * as ClientMetrics from "@effect-launchkey/clients/Metrics"
import * as PlatformMetrics from "@effect-launchkey/platform/Metrics"
import * as TransportMetrics from "@effect-launchkey/transport/Metrics"
import { assert, it } from "@effect/vitest"
import { Predicate } from "effect"
import dashboard from "../dashboard.json" with { type: "json" }

const isFamily = (value: unknown): value is TransportMetrics.Family<unknown> =>
  Predicate.isRecord(value) && typeof value["of"] === "function"

const families = [TransportMetrics, ClientMetrics, PlatformMetrics].flatMap((module) =>
  Object.values<unknown>(module).filter(isFamily)
)

const queries = dashboard.panels.flatMap(({ targets, title }) => targets.map(({ expr }) => ({ expr, title })))

const named = (expr: string) => {
  const name = /launchkey_\w+/.exec(expr)?.[0] ?? ""
  return families.find((family) =>
    family.kind === "histogram" ? `${family.name}_bucket` === name : family.name === name
  )
}

for (const { expr, title } of queries) {
  it(`"${title}" asks for a metric that there is, by labels that it has: ${expr}`, () => {
    const family = named(expr)
    assert(family !== undefined)
    const by = /by \(([^)]*)\)/.exec(expr)?.[1]?.split(", ") ?? []
    const known: ReadonlyArray<string> = family.kind === "histogram" ? ["le", ...family.labels] : family.labels
    assert.deepStrictEqual(by.filter((label) => !known.includes(label)), [])
  })
}

it("every metric is on the dashboard", () => {
  const shown = new Set(queries.map(({ expr }) => named(expr)))
  assert.deepStrictEqual(families.filter((family) => !shown.has(family)).map(({ name }) => name), [])
})
