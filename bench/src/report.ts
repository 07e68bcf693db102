/** What was measured, for people and for programs. */
import * as Fs from "node:fs"
import * as Os from "node:os"
import * as Path from "node:path"
import type { Row } from "./calls.ts"
import type { Settings, Spread } from "./measure.ts"
import type * as Waiting from "./waiting.ts"

export interface Machine {
  readonly cpu: string
  readonly cores: number
  readonly os: string
  readonly node: string
  readonly openssl: string
}

export const machine = (): Machine => ({
  cpu: Os.cpus()[0]?.model ?? "unknown",
  cores: Os.cpus().length,
  os: `${Os.type()} ${Os.arch()}`,
  node: process.versions.node,
  openssl: process.versions.openssl
})

const figures = ({ max, median, min }: Spread, digits: number) =>
  `${median.toFixed(digits)} (${min.toFixed(digits)}–${max.toFixed(digits)})`

export const table = (rows: ReadonlyArray<Row>): string =>
  [
    "| operation | in flight | ours, µs | jose, µs | ratio | ours by NodeJose, µs | node:crypto, µs | ratio |",
    "| --- | --: | --: | --: | --: | --: | --: | --: |",
    ...rows.map((row) =>
      `| ${
        [
          row.operation,
          row.inFlight,
          figures(row.ours, 0),
          figures(row.jose, 0),
          figures(row.toJose, 2),
          figures(row.oursByNode, 0),
          figures(row.node, 0),
          figures(row.toNode, 2)
        ].join(" | ")
      } |`
    )
  ].join("\n")

const folder = Path.resolve(import.meta.dirname, "..")
const results = Path.join(folder, "results.json")

/** Keeps the figures of a benchmark in `results.json` beside those of the others. */
const keep = (name: string, figures: object): void => {
  const others: object = JSON.parse(Fs.readFileSync(results, "utf8"))
  Fs.writeFileSync(results, `${JSON.stringify({ ...others, [name]: figures }, round, 2)}\n`)
}

/** Writes the text between the markers of a benchmark in the README. */
const show = (name: string, text: string): void => {
  const [begin, end] = [`<!-- ${name}: begin -->`, `<!-- ${name}: end -->`]
  const readme = Path.join(folder, "README.md")
  const all = Fs.readFileSync(readme, "utf8")
  const [from, to] = [all.indexOf(begin), all.indexOf(end)]
  if (from < 0 || to < from) throw new Error(`${readme} has no ${begin} … ${end}`)
  Fs.writeFileSync(readme, `${all.slice(0, from)}${begin}\n\n${text}\n\n${all.slice(to)}`)
}

const described = ({ cores, cpu, node, openssl, os }: Machine): string =>
  `${cores} cores, ${cpu}, ${os}, Node ${node}, OpenSSL ${openssl}`

export const write = (rows: ReadonlyArray<Row>, settings: Settings): void => {
  const on = machine()
  keep("calls", { machine: on, settings, rows })
  show("calls", `${described(on)}; ${settings.rounds} rounds, median (least–most).\n\n${table(rows)}`)
}

const seconds = (millis: number) => (millis / 1000).toFixed(1)

export const waitingTable = (rows: ReadonlyArray<Waiting.Row>): string =>
  [
    "| way | requests | heap per wait, KB | noticed after, s: p50 | p99 | longest | handed over in, ms: p50 | p99 | CPU, s |",
    "| --- | --: | --: | --: | --: | --: | --: | --: | --: |",
    ...rows.map(({ bytesPerWait, cpu, handedOver, noticed, requests, way }) =>
      `| ${
        [
          way,
          requests,
          (bytesPerWait / 1000).toFixed(1),
          seconds(noticed.median),
          seconds(noticed.p99),
          seconds(noticed.longest),
          handedOver?.median.toFixed(1) ?? "",
          handedOver?.p99.toFixed(1) ?? "",
          seconds(cpu)
        ].join(" | ")
      } |`
    )
  ].join("\n")

export const writeWaiting = (rows: ReadonlyArray<Waiting.Row>, settings: Waiting.Settings): void => {
  const on = machine()
  keep("waiting", { machine: on, settings, rows })
  show("waiting", `${described(on)}; ${settings.waits} waits.\n\n${waitingTable(rows)}`)
}

const round = (_: string, value: unknown) => typeof value === "number" ? Math.round(value * 1000) / 1000 : value
