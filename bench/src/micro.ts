/** Small things on the main thread, by tinybench: what takes microseconds of one thread needs no CPU clock. */
import { Bench } from "tinybench"
import { figures, table } from "./benchmark.ts"
import { ratio, type Spread, spread } from "./measure.ts"

/** Ours, and the least that does the same. */
export interface Pair {
  readonly name: string
  readonly ours: () => unknown
  readonly bare: () => unknown
}

export interface Row {
  readonly name: string
  /** Microseconds: of each round the median of all its turns, of these the spread. */
  readonly ours: Spread
  readonly bare: Spread
  readonly ratio: Spread
}

export interface Settings {
  readonly rounds: number
  /** For how long each of a pair runs in each round, milliseconds. */
  readonly time: number
}

const median = async (name: string, turn: () => unknown, time: number): Promise<number> => {
  const bench = new Bench({ time, warmup: true, warmupTime: time / 4, throws: true })
  bench.add(name, turn)
  const [task] = await bench.run()
  if (task?.result.state !== "completed") throw new Error(`${name} did not complete`)
  return task.result.latency.p50 * 1000
}

export const measure = async (
  pairs: ReadonlyArray<Pair>,
  { rounds, time }: Settings,
  tell: (text: string) => void
): Promise<ReadonlyArray<Row>> => {
  const rows: Array<Row> = []
  for (const { bare, name, ours } of pairs) {
    const found = { ours: [] as Array<number>, bare: [] as Array<number> }
    for (let round = 0; round < rounds; round++) {
      found.ours.push(await median(name, ours, time))
      found.bare.push(await median(name, bare, time))
    }
    rows.push({ name, ours: spread(found.ours), bare: spread(found.bare), ratio: ratio(found.ours, found.bare) })
    tell(`${name}: ${spread(found.ours).median.toFixed(2)} µs`)
  }
  return rows
}

export const tableOf = (what: string, rows: ReadonlyArray<Row>): string =>
  table(
    [what, "ours, µs", "bare, µs", "ratio"],
    rows.map(({ bare, name, ours, ratio }) => [name, figures(ours, 2), figures(bare, 2), figures(ratio, 1)])
  )
