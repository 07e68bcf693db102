/** Client CPU per call, as a ratio to what the same cryptography costs bare. */
import { atMost, type Benchmark, figures, type Goal, table } from "./benchmark.ts"
import * as Fixture from "./fixture.ts"
import * as FloorJose from "./floorJose.ts"
import * as FloorNode from "./floorNode.ts"
import { compare, type Settings, type Spread, spread } from "./measure.ts"
import * as Ours from "./ours.ts"

interface Row {
  readonly operation: Fixture.Operation
  readonly inFlight: number
  /** Microseconds of CPU time per call: over WebCrypto, and what the same costs bare. */
  readonly ours: Spread
  readonly jose: Spread
  /** The one divided by the other, round by round. */
  readonly toJose: Spread
  /** The same over `NodeJose`. */
  readonly oursByNode: Spread
  readonly node: Spread
  readonly toNode: Spread
}

/** More ids than calls in flight; every subject goes through the same. */
const ringSize = 128

const measure = async (
  options: Settings & { readonly onlyOurs: boolean },
  tell: (text: string) => void
): Promise<ReadonlyArray<Row>> => {
  const fixture = await Fixture.make(ringSize)
  const ours = [await Ours.make(fixture, "ours"), await Ours.make(fixture, "ours, by NodeJose")]
  const floors = options.onlyOurs ? [] : [await FloorJose.make(fixture), FloorNode.make(fixture)]
  const rows: Array<Row> = []
  for (const inFlight of [1, 32]) {
    for (const operation of Fixture.operations) {
      const micros = await compare([...ours, ...floors], operation, inFlight, options)
      const of = (name: string) => micros.get(name) ?? []
      const ratio = (name: string, floor: string) =>
        spread(of(floor).map((micros, round) => (of(name)[round] ?? Number.NaN) / micros))
      rows.push({
        operation,
        inFlight,
        ours: spread(of("ours")),
        jose: spread(of("jose")),
        toJose: ratio("ours", "jose"),
        oursByNode: spread(of("ours, by NodeJose")),
        node: spread(of("node:crypto")),
        toNode: ratio("ours, by NodeJose", "node:crypto")
      })
      const each = ours.map(({ name }) => `${name} ${spread(of(name)).median.toFixed(0)} µs`)
      tell(`${operation}, ${inFlight} in flight: ${each.join(", ")}`)
    }
  }
  await Promise.all(ours.map(({ end }) => end()))
  return rows
}

const goals = (rows: ReadonlyArray<Row>): ReadonlyArray<Goal> => {
  const worst = (operation: Fixture.Operation, ratio: "toJose" | "toNode") =>
    Math.max(...rows.filter((row) => row.operation === operation).map((row) => row[ratio].median))
  return [
    ...Fixture.operations.map((operation) =>
      atMost(1.15, worst(operation, "toJose"), {
        goal: `CPU of a client's ${operation} over WebCrypto / the same bare with jose`,
        unit: ""
      })
    ),
    ...Fixture.operations.map((operation) =>
      atMost(operation === "pending poll" ? 1.6 : 1.3, worst(operation, "toNode"), {
        goal: `CPU of a client's ${operation} over NodeJose / the same bare with node:crypto`,
        unit: ""
      })
    )
  ]
}

const head = [
  "operation",
  "in flight",
  "ours, µs",
  "jose, µs",
  "ratio",
  "ours by NodeJose, µs",
  "node:crypto, µs",
  "ratio"
]

export const benchmark: Benchmark = {
  name: "calls",
  run: async ({ ours, quick }, tell) => {
    const settings = quick
      ? { warmUpCalls: 32, rounds: 3, sliceMillis: 30 }
      : { warmUpCalls: 1000, rounds: 15, sliceMillis: 300 }
    const rows = await measure({ ...settings, onlyOurs: ours }, tell)
    return {
      figures: { settings, rows },
      goals: goals(rows),
      how: `${settings.rounds} rounds, median (least–most)`,
      tables: table(
        head,
        rows.map((row) => [
          row.operation,
          row.inFlight,
          figures(row.ours, 0),
          figures(row.jose, 0),
          figures(row.toJose, 2),
          figures(row.oursByNode, 0),
          figures(row.node, 0),
          figures(row.toNode, 2)
        ])
      )
    }
  }
}
