/** Client CPU per call, as a ratio to what the same cryptography costs bare. */
import * as Fixture from "./fixture.ts"
import * as FloorJose from "./floorJose.ts"
import * as FloorNode from "./floorNode.ts"
import { compare, type Settings, type Spread, spread } from "./measure.ts"
import * as Ours from "./ours.ts"

export interface Row {
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

export const measure = async (
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
