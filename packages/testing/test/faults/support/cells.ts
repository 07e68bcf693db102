/**
 * Runs cells, operation by fault, and compares what each ends with to what the rules say.
 */
import * as Faults from "@effect-launchkey/testing/Faults"
import * as Effect from "effect/Effect"
import { type Expected, expected, type Settings, type Times, timesOf } from "./expected.ts"
import type { Operation } from "./operations.ts"
import type { Observed, World } from "./world.ts"

export interface Cell {
  readonly operation: Operation
  readonly fault: Faults.Fault
  readonly times: Times
}

export interface Result extends Cell {
  readonly expected: Expected
  readonly observed: Observed
  /** Why it is not as expected. */
  readonly mismatch: string | undefined
}

/** Those that there are where calls meet faults in this way. */
export const cellsOf = (operations: ReadonlyArray<Operation>, on: Settings["on"]): ReadonlyArray<Cell> =>
  operations.flatMap((operation) =>
    Faults.all.filter((fault) => fault.on === "Both" || fault.on === on).flatMap((fault) =>
      timesOf(operation, fault).map((times) => ({ operation, fault, times }))
    )
  )

const facts = ["tag", "reason", "status", "sent", "authenticated", "cause", "calls"] as const

const told = (outcome: Partial<Expected>): string =>
  facts.filter((fact) => outcome[fact] !== undefined).map((fact) => `${fact} ${outcome[fact]}`).join(", ")

const compare = (wanted: Expected, observed: Observed, { deadline, on }: Settings): string | undefined => {
  if (facts.some((fact) => wanted[fact] !== observed[fact])) return `expected ${told(wanted)}; found ${told(observed)}`
  // In real time a percentile of all cells is held to the deadline instead.
  return on === "Memory" && observed.elapsed > deadline ? `took ${observed.elapsed} ms` : undefined
}

export const runCell = (world: World, settings: Settings) => ({ fault, operation, times }: Cell) =>
  Effect.map(world.run(operation, fault, times), (observed): Result => {
    const wanted = expected(operation, fault, times, settings)
    return { operation, fault, times, expected: wanted, observed, mismatch: compare(wanted, observed, settings) }
  })

export const nameOf = ({ fault, operation, times }: Cell): string => `${operation.name} × ${fault.name}, ${times}`

/** Milliseconds that a call may end after its deadline, where time is real. */
export const allowance = 100

/** In memory, as users' clients are by default. */
export const memory: Settings = { on: "Memory", attemptTimeout: 10_000, deadline: 30_000, lookupTimeout: 10_000 }

/** Long enough for a machine that has other things to do. */
export const wire: Settings = { on: "Wire", attemptTimeout: 1_600, deadline: 5_000, lookupTimeout: 10_000 }

/** Those that spend their time waiting can be many at a time. */
const waits = ({ fault: { comesTo } }: Cell): boolean => "reason" in comesTo && comesTo.reason === "TimedOut"

/** Whether it is as the rules say, and in time. */
export const isAsExpected = ({ mismatch, observed }: Result): boolean =>
  mismatch === undefined && observed.elapsed <= wire.deadline + allowance

/** Cells in real time, many at a time of those that wait, and fewer of all others. */
export const runOnWire = (
  world: World,
  cells: ReadonlyArray<Cell>,
  options: { readonly waiting: number; readonly working: number }
) =>
  Effect.map(
    Effect.all([
      Effect.forEach(cells.filter(waits), runCell(world, wire), { concurrency: options.waiting }),
      Effect.forEach(cells.filter((cell) => !waits(cell)), runCell(world, wire), { concurrency: options.working })
    ]),
    (results) => results.flat()
  )

/**
 * A machine that is busy lets time pass that no client waited for, so what is not as expected is tried again alone, up
 * to twice, and then counts.
 */
export const triedAgain = (world: World, results: ReadonlyArray<Result>) => {
  const run = runCell(world, wire)
  return Effect.forEach(results, (result) =>
    isAsExpected(result)
      ? Effect.succeed(result)
      : Effect.flatMap(run(result), (second) => isAsExpected(second) ? Effect.succeed(second) : run(result)))
}
