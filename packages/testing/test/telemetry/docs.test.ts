/** That docs/telemetry.md has every span and metric there is, and no other. */
import * as ClientMetrics from "@effect-launchkey/clients/Metrics"
import * as PlatformMetrics from "@effect-launchkey/platform/Metrics"
import * as TransportMetrics from "@effect-launchkey/transport/Metrics"
import { assert, it } from "@effect/vitest"
import { Predicate } from "effect"
import * as Fs from "node:fs"
import * as Path from "node:path"

const root = Path.resolve(import.meta.dirname, "../../../..")
const page = Fs.readFileSync(Path.join(root, "docs/telemetry.md"), "utf8")

const section = (title: string) => page.split(`\n## ${title}\n`)[1]?.split("\n## ")[0] ?? ""

const isFamily = (value: unknown): value is TransportMetrics.Family<unknown> =>
  Predicate.isRecord(value) && typeof value["of"] === "function"

const families = [TransportMetrics, ClientMetrics, PlatformMetrics].flatMap((module) =>
  Object.values<unknown>(module).filter(isFamily)
)

it("lists each metric as it is defined", () => {
  const rows = section("Metrics").split("\n").filter((line) => line.startsWith("| `launchkey"))
  const expected = families.map(({ description, kind, labels, name, unit }) =>
    `| \`${name}\` | ${kind} | ${unit} | ${labels.map((label) => `\`${label}\``).join(", ")} | ${description} |`
      .replace("|  |", "| |")
  )
  assert.deepStrictEqual([...rows].sort(), [...expected].sort())
})

it("has one metric of a name, and a label that is called as labels are", () => {
  assert.strictEqual(new Set(families.map(({ name }) => name)).size, families.length)
  for (const { kind, labels, name, unit } of families) {
    assert.match(name, /^launchkey(?:_[a-z]+)+$/)
    assert.strictEqual(name.endsWith("_total"), kind === "counter", name)
    assert.strictEqual(name.endsWith("_seconds"), unit === "s", name)
    for (const label of labels) assert.match(label, /^[a-z]+(?:_[a-z]+)*$/)
  }
})

const sources = ["transport", "clients", "platform"].flatMap((name) => {
  const directory = Path.join(root, "packages", name, "src")
  return Fs.readdirSync(directory, { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".ts"))
    .map((file) => Fs.readFileSync(Path.join(directory, file), "utf8"))
})

/** As they stand in calls that make spans: `"Module.method"`, or a template whose beginning is put in. */
const spanNames = new Set(
  sources.flatMap((source) =>
    [...source.matchAll(/(?:Effect\.fn|withSpan|traced)\(\s*(?:[^()]*?\)+,\s*)?["`]([\w${}.]+)["`]/g)].map(
      ([, name]) => name ?? ""
    )
  )
)

it("lists each span", () => {
  const rows = [...section("Spans").matchAll(/^\| (`[^|]+)\|/gm)].flatMap(([, cell]) =>
    [...(cell ?? "").matchAll(/`([^`]+)`/g)].map(([, name]) => name ?? "")
  )
  const listed = (name: string) => rows.some((row) => row === name || row === name.replace(/\.\w+$/, ".*"))
  const put = (name: string) =>
    name.startsWith("${prefix}")
      ? ["OrganizationClient", "DirectoryClient"].map((client) => name.replace("${prefix}", client))
      : name.startsWith("${name}")
      ? ["ServiceWebhook", "DirectoryWebhook"].map((receiver) => name.replace("${name}", receiver))
      : [name]
  const made = [...spanNames].flatMap(put)
  assert.isAbove(made.length, 40)
  assert.deepStrictEqual(made.filter((name) => !listed(name)), [], "spans that are not listed")
  const prefixes = new Set(made.map((name) => name.replace(/\.\w+$/, ".*")))
  assert.deepStrictEqual(
    rows.filter((row) => !made.includes(row) && !prefixes.has(row)),
    [],
    "rows of spans that there are not"
  )
})
