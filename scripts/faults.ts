/**
 * Has every operation of the clients meet every fault, in memory under a clock of the test's own and over a proxy on
 * loopback in real time, and compares what each ends with to the rules in packages/testing/test/faults/support/expected.ts.
 *
 *     pnpm faults [--memory] [--wire] [--operation TEXT] [--fault TEXT]
 *
 * Succeeds only if every cell is as expected, no call in memory lasts beyond its deadline, the 99th percentile of calls
 * over the proxy ends within 100 milliseconds of it, and no socket is left.
 */
import { Console, Effect, Logger, LogLevel, TestClock, TestContext } from "effect"
import { parseArgs } from "node:util"
import * as Faults from "../packages/testing/src/Faults.ts"
import * as Cells from "../packages/testing/test/faults/support/cells.ts"
import type { Settings } from "../packages/testing/test/faults/support/expected.ts"
import * as Operations from "../packages/testing/test/faults/support/operations.ts"
import * as World from "../packages/testing/test/faults/support/world.ts"

const { values } = parseArgs({
  options: {
    /** Not over the proxy. */
    memory: { type: "boolean", default: false },
    /** Not in memory. */
    wire: { type: "boolean", default: false },
    /** Operations and faults whose names contain this. */
    operation: { type: "string", default: "" },
    fault: { type: "string", default: "" },
    /** Cells at a time over the proxy, for each of four operations: of those that wait, and of all others. */
    waiting: { type: "string", default: "16" },
    working: { type: "string", default: "1" }
  }
})

const operations = Operations.all.filter(({ name }) => name.includes(values.operation))
const cellsOf = (operation: Operations.Operation, on: Settings["on"]) =>
  Cells.cellsOf([operation], on).filter(({ fault }) => fault.name.includes(values.fault))

const english = new Intl.NumberFormat("en")

const told = (result: Cells.Result) =>
  result.mismatch === undefined ? Effect.void : Console.error(`${Cells.nameOf(result)}: ${result.mismatch}`)

const inMemory = Effect.forEach(operations, (operation) =>
  Effect.gen(function*() {
    yield* TestClock.setTime(Date.UTC(2026, 0, 1))
    // One platform for each operation, so that none lists what others made.
    const run = Cells.runCell(yield* World.inMemory(Cells.memory), Cells.memory)
    return yield* Effect.forEach(cellsOf(operation, "Memory"), (cell) => Effect.tap(run(cell), told))
  }).pipe(Effect.scoped, Effect.provide(TestContext.TestContext)))

let again = 0

const onWire = Effect.gen(function*() {
  const waiting = Number(values.waiting)
  const working = Number(values.working)
  // One platform for each operation, and several at a time: while some wait, others work.
  const first = yield* Effect.forEach(
    operations,
    (operation) =>
      Effect.flatMap(
        World.onWire(Cells.wire),
        (world) => Cells.runOnWire(world, cellsOf(operation, "Wire"), { waiting, working })
      ).pipe(Effect.scoped),
    { concurrency: 4 }
  )
  return yield* Effect.forEach(first, (results) => {
    const count = results.filter((result) => !Cells.isAsExpected(result)).length
    again += count
    return count === 0 ?
      Effect.succeed(results) :
      Effect.flatMap(
        World.onWire(Cells.wire),
        (world) => Effect.tap(Cells.triedAgain(world, results), (results) => Effect.forEach(results, told))
      ).pipe(Effect.scoped)
  })
})

const openSockets = Effect.sync(() =>
  process.getActiveResourcesInfo().filter((name) => /^(TCP|TLS)\w*Wrap$/.test(name)).length
)

const quietly = <A, E>(effect: Effect.Effect<A, E>): Promise<A> =>
  Effect.runPromise(Logger.withMinimumLogLevel(effect, LogLevel.None))

const start = performance.now()
const inMemoryResults = values.wire ? [] : await quietly(inMemory)
const between = performance.now()
const onWireResults = values.memory ? [] : await quietly(onWire)
const end = performance.now()

const program = Effect.gen(function*() {
  yield* Effect.sleep("200 millis")
  const sockets = yield* openSockets
  const results = [inMemoryResults, onWireResults].map((all) => all.flat())
  const mismatches = results.flat().filter(({ mismatch }) => mismatch !== undefined).length
  const longest = Math.max(0, ...(results[0] ?? []).map(({ observed }) => observed.elapsed))
  const beyond = (results[1] ?? []).map(({ observed }) => Math.max(0, observed.elapsed - Cells.wire.deadline))
    .sort((a, b) => a - b)
  const p99 = beyond[Math.ceil(beyond.length * 0.99) - 1] ?? 0
  const seconds = (millis: number) => `${Math.round(millis / 1000)} s`
  const holds = mismatches === 0 && longest <= Cells.memory.deadline && p99 <= Cells.allowance && sockets === 0
  yield* Console.log(
    `faults: ${holds ? "holds" : "FAILS"}: ${operations.length} operations, ${Faults.all.length} faults; `
      + `${english.format(results.flat().length)} cells (${english.format(results[0]?.length ?? 0)} in memory, `
      + `${seconds(between - start)}; ${english.format(results[1]?.length ?? 0)} over the proxy, ${
        seconds(end - between)
      }), `
      + `${mismatches} mismatches; in memory no call beyond ${longest} of ${Cells.memory.deadline} ms, over the proxy p99 `
      + `${p99} ms beyond the deadline, ${again} tried again alone; ${sockets} sockets left`
  )
  return holds
})

if (!await quietly(program)) process.exitCode = 1
