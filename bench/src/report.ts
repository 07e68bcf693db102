/** What was measured, for people and for programs. */
import * as Fs from "node:fs"
import * as Os from "node:os"
import * as Path from "node:path"
import type { Row } from "./calls.ts"
import type { Settings, Spread } from "./measure.ts"

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
    "| operation | in flight | ours, µs | jose, µs | ours / jose | node:crypto, µs | ours / node:crypto |",
    "| --- | --: | --: | --: | --: | --: | --: |",
    ...rows.map((row) =>
      `| ${
        [
          row.operation,
          row.inFlight,
          figures(row.ours, 0),
          figures(row.jose, 0),
          figures(row.toJose, 2),
          figures(row.node, 0),
          figures(row.toNode, 2)
        ].join(" | ")
      } |`
    )
  ].join("\n")

const folder = Path.resolve(import.meta.dirname, "..")
const begin = "<!-- calls: begin -->"
const end = "<!-- calls: end -->"

/** Writes `results.json`, and the table between its markers in the README. */
export const write = (rows: ReadonlyArray<Row>, settings: Settings): void => {
  const on = machine()
  Fs.writeFileSync(
    Path.join(folder, "results.json"),
    `${JSON.stringify({ machine: on, settings, calls: rows }, round, 2)}\n`
  )
  const readme = Path.join(folder, "README.md")
  const text = Fs.readFileSync(readme, "utf8")
  const [from, to] = [text.indexOf(begin), text.indexOf(end)]
  if (from < 0 || to < from) throw new Error(`${readme} has no ${begin} … ${end}`)
  const note =
    `${on.cores} cores, ${on.cpu}, ${on.os}, Node ${on.node}, OpenSSL ${on.openssl}; ${settings.rounds} rounds, ` +
    "median (least–most)."
  Fs.writeFileSync(readme, `${text.slice(0, from)}${begin}\n\n${note}\n\n${table(rows)}\n\n${text.slice(to)}`)
}

const round = (_: string, value: unknown) => typeof value === "number" ? Math.round(value * 1000) / 1000 : value
