/** What was measured, for people and for programs. */
import * as Fs from "node:fs"
import * as Os from "node:os"
import * as Path from "node:path"
import { type Goal, measured, type Outcome } from "./benchmark.ts"

interface Machine {
  readonly cpu: string
  readonly cores: number
  readonly os: string
  readonly node: string
  readonly openssl: string
}

const machine = (): Machine => ({
  cpu: Os.cpus()[0]?.model ?? "unknown",
  cores: Os.cpus().length,
  os: `${Os.type()} ${Os.arch()}`,
  node: process.versions.node,
  openssl: process.versions.openssl
})

const folder = Path.resolve(import.meta.dirname, "..")
const results = Path.join(folder, "results.json")

/** Everything that is known of one benchmark, as `results.json` has it. */
interface Kept {
  readonly machine: Machine
  readonly goals?: ReadonlyArray<Goal>
}

const kept = (): Readonly<Record<string, Kept>> => JSON.parse(Fs.readFileSync(results, "utf8"))

/** Keeps the figures of a benchmark beside those of the others. */
const keep = (name: string, figures: Kept): void => {
  Fs.writeFileSync(results, `${JSON.stringify({ ...kept(), [name]: figures }, round, 2)}\n`)
}

const readme = Path.join(folder, "README.md")

/** Writes the text between the markers of a benchmark in the README. */
const show = (name: string, text: string): void => {
  const [begin, end] = [`<!-- ${name}: begin -->`, `<!-- ${name}: end -->`]
  const all = Fs.readFileSync(readme, "utf8")
  const [from, to] = [all.indexOf(begin), all.indexOf(end)]
  if (from < 0 || to < from) throw new Error(`${readme} has no ${begin} … ${end}`)
  Fs.writeFileSync(readme, `${all.slice(0, from)}${begin}\n\n${text}\n\n${all.slice(to)}`)
}

/** A link to the section of the README that has this heading, or begins with `<benchmark>:`. */
const section = (name: string, heading: string | undefined): string => {
  const headings = Array.from(Fs.readFileSync(readme, "utf8").matchAll(/^#+ (.+)$/gm), ([, text = ""]) => text)
  const found = headings.find((text) => heading === undefined ? text.startsWith(`${name}:`) : text === heading)
  if (found === undefined) throw new Error(`${readme} has no section "${heading ?? `${name}: …`}"`)
  const anchor = found.toLowerCase().replaceAll(/[^\w\- ]/g, "").replaceAll(" ", "-")
  return `[${heading ?? name}](#${anchor})`
}

/** Of all benchmarks whose results are kept, in the order given. */
const goalsTable = (names: ReadonlyArray<string>): string => {
  const all = kept()
  return [
    "| goal | | measured | command: `npx -y pnpm@12 bench …` | |",
    "| --- | --: | --: | --- | --- |",
    ...names.flatMap((name) =>
      (all[name]?.goals ?? []).map((goal) =>
        `| ${
          [
            goal.goal,
            `${goal.target} ${goal.unit}`.trim(),
            measured(goal),
            `\`${name}\``,
            goal.holds ? "holds" : `falls short: see ${section(name, goal.see)}`
          ].join(" | ")
        } |`
      )
    )
  ].join("\n")
}

const described = ({ cores, cpu, node, openssl, os }: Machine): string =>
  `${cores} cores, ${cpu}, ${os}, Node ${node}, OpenSSL ${openssl}`

/** Keeps what a benchmark found, and writes it and the table of goals into the README. */
export const write = (name: string, outcome: Outcome, names: ReadonlyArray<string>): void => {
  const on = machine()
  keep(name, { machine: on, ...outcome.figures, goals: outcome.goals })
  show(name, `${described(on)}; ${outcome.how}.\n\n${outcome.tables}`)
  show("goals", goalsTable(names))
}

const round = (_: string, value: unknown) => typeof value === "number" ? Math.round(value * 1000) / 1000 : value
