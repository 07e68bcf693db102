import * as Faults from "@effect-launchkey/testing/Faults"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Logger from "effect/Logger"
import * as LogLevel from "effect/LogLevel"
import * as TestClock from "effect/TestClock"
import * as Cells from "./support/cells.ts"
import * as Operations from "./support/operations.ts"
import * as World from "./support/world.ts"

/** One cell of so many, another share of each operation: `pnpm faults` runs all. */
const share = 50

const mismatchesOf = (results: ReadonlyArray<Cells.Result>): ReadonlyArray<string> =>
  results.flatMap((result) => result.mismatch === undefined ? [] : [`${Cells.nameOf(result)}: ${result.mismatch}`])

describe("operations that meet faults in memory", () => {
  Operations.all.forEach((operation, i) => {
    const cells = Cells.cellsOf([operation], "Memory").filter((_, j) => (i * 7 + j) % share === 0)
    it.effect(`${operation.name} ends as the rules say, at its deadline at the latest`, () =>
      Effect.gen(function*() {
        yield* TestClock.setTime(Date.UTC(2026, 0, 1))
        const run = Cells.runCell(yield* World.inMemory(Cells.memory), Cells.memory)
        assert.isAtLeast(cells.length, 2)
        assert.deepStrictEqual(mismatchesOf(yield* Effect.forEach(cells, run)), [])
      }).pipe(Effect.scoped, Logger.withMinimumLogLevel(LogLevel.None)), 60_000)
  })
})

describe("operations that meet faults on connections", () => {
  const onlyOnWire = Faults.all.filter(({ comesTo, on }) =>
    // Those that wait take seconds each: `pnpm faults` runs them.
    on === "Wire" && !("reason" in comesTo && comesTo.reason === "TimedOut")
  )
  for (const name of ["service.authorize", "organization.getService"]) {
    it.live(`${name} ends as the rules say`, () =>
      Effect.gen(function*() {
        const cells = Cells.cellsOf(Operations.all.filter((operation) => operation.name === name), "Wire")
          .filter(({ fault }) =>
            onlyOnWire.includes(fault) || fault.name === "reset-in-body" || fault.name === "refused"
          )
        const world = yield* World.onWire(Cells.wire)
        const first = yield* Cells.runOnWire(world, cells, { waiting: 8, working: 4 })
        const results = yield* Cells.triedAgain(world, first)
        assert.isAtLeast(results.length, onlyOnWire.length)
        assert.deepStrictEqual(mismatchesOf(results), [])
      }).pipe(Effect.scoped, Logger.withMinimumLogLevel(LogLevel.None)), 60_000)
  }
})
