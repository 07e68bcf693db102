/** Client CPU per call, as a ratio to what the same cryptography costs bare. */
import * as Fixture from "./fixture.ts"
import * as FloorJose from "./floorJose.ts"
import * as FloorNode from "./floorNode.ts"
import { compare, type Settings, type Spread, spread } from "./measure.ts"
import * as Ours from "./ours.ts"

export interface Row {
  readonly operation: Fixture.Operation
  readonly inFlight: number
  /** Microseconds of CPU time per call. */
  readonly ours: Spread
  readonly jose: Spread
  /** Ours divided by it, round by round. */
  readonly toJose: Spread
  readonly node: Spread
  readonly toNode: Spread
}

/** More ids than calls in flight; every subject goes through the same. */
const ringSize = 128

export const measure = async (
  options: Settings & { readonly onlyOurs: boolean },
  tell: (text: string) => void
): Promise<ReadonlyArray<Row>> => {
  const fixture = await Fixture.make(ringSize)
  const ours = await Ours.make(fixture)
  const floors = options.onlyOurs ? [] : [await FloorJose.make(fixture), FloorNode.make(fixture)]
  const rows: Array<Row> = []
  for (const inFlight of [1, 32]) {
    for (const operation of Fixture.operations) {
      const micros = await compare([ours, ...floors], operation, inFlight, options)
      const of = (name: string) => micros.get(name) ?? []
      const ratio = (name: string) =>
        spread(of(name).map((floor, round) => (of(ours.name)[round] ?? Number.NaN) / floor))
      rows.push({
        operation,
        inFlight,
        ours: spread(of(ours.name)),
        jose: spread(of("jose")),
        toJose: ratio("jose"),
        node: spread(of("node:crypto")),
        toNode: ratio("node:crypto")
      })
      tell(`${operation}, ${inFlight} in flight: ${spread(of(ours.name)).median.toFixed(0)} µs`)
    }
  }
  await ours.end()
  return rows
}
