/** What a benchmark is, and the goals that it is held to. */
import type { Spread } from "./measure.ts"

export interface Options {
  /** Whether everything runs, in seconds: its figures mean little and are not kept. */
  readonly quick: boolean
  /** Without the floors, for a profile of our own path. Not kept. */
  readonly ours: boolean
  /** How long the platform is kept busy. */
  readonly minutes: number
  /** A checkout of the official Python SDK, and where what it needs is, as Python takes it. */
  readonly python?: string
  readonly pythonpath?: string
  /** A class path with the official Java SDK and what it needs. */
  readonly java?: string
}

/** A figure and what it is to be. `holds` follows from the two. */
export interface Goal {
  /** What is measured. */
  readonly goal: string
  /** As "≤ 30". */
  readonly target: string
  readonly measured: number
  /** Empty where it is a ratio. */
  readonly unit: string
  readonly holds: boolean
  /** The heading in the README under which it says why it falls short, where that is not the benchmark's own. */
  readonly see?: string
}

type About = Pick<Goal, "goal" | "unit" | "see">

export const atMost = (limit: number, measured: number, about: About): Goal => ({
  ...about,
  target: `≤ ${limit}`,
  measured,
  holds: measured <= limit
})

export const atLeast = (limit: number, measured: number, about: About): Goal => ({
  ...about,
  target: `≥ ${limit}`,
  measured,
  holds: measured >= limit
})

/** With as many digits as tell something. */
export const measured = ({ measured, unit }: Goal): string =>
  `${Number(measured.toPrecision(3)).toString()} ${unit}`.trim()

export interface Outcome {
  /** For programs: the settings and rows, as `results.json` has them. */
  readonly figures: object
  readonly goals: ReadonlyArray<Goal>
  /** For people, beside the machine: how much was measured, as "15 rounds". */
  readonly how: string
  /** For people: tables in Markdown. */
  readonly tables: string
}

export interface Benchmark {
  /** On the command line, in `results.json` and in the markers of the README. */
  readonly name: string
  /** Of nothing, where what it compares with is not given. */
  readonly run: (options: Options, tell: (text: string) => void) => Promise<Outcome | undefined>
}

/** The median, and the least and the most. */
export const figures = ({ max, median, min }: Spread, digits: number): string =>
  `${median.toFixed(digits)} (${min.toFixed(digits)}–${max.toFixed(digits)})`

/** A table in Markdown: texts to the left, numbers to the right. */
export const table = (
  head: ReadonlyArray<string>,
  rows: ReadonlyArray<ReadonlyArray<string | number>>
): string => {
  const line = (cells: ReadonlyArray<string | number>) => `| ${cells.join(" | ")} |`
  const numeric = head.map((_, column) => rows.every((row) => /^[-\d]|^$/.test(String(row[column] ?? ""))))
  return [line(head), line(numeric.map((right) => right ? "--:" : "---")), ...rows.map(line)].join("\n")
}
