/**
 * Creates authorization requests of which a fifth meet faults, half of those after the platform acted, and holds what
 * each create ended with to what the platform knows.
 *
 *     pnpm creates [--count 10000] [--seed 1]
 *
 * Succeeds only if every create is accounted for (a request that there is, certainly none, or not known) and no user
 * was asked twice for one create.
 */
import { Console, Effect, Logger, LogLevel, TestClock, TestContext } from "effect"
import { parseArgs } from "node:util"
import * as Creates from "../packages/testing/test/faults/support/creates.ts"

const { values } = parseArgs({
  options: { count: { type: "string", default: "10000" }, seed: { type: "string", default: "1" } }
})

const count = Number(values.count)
const english = new Intl.NumberFormat("en")

const start = performance.now()
const found = await Effect.runPromise(
  Effect.zipRight(TestClock.setTime(Date.UTC(2026, 0, 1)), Creates.run(count, Number(values.seed))).pipe(
    Effect.provide(TestContext.TestContext),
    Logger.withMinimumLogLevel(LogLevel.None)
  )
)
const seconds = Math.round((performance.now() - start) / 1000)
const accounted = found.created + found.notCreated + found.unknown
const doubles = found.problems.filter((problem) => / the user was asked \d+ times$/.test(problem)).length
const holds = found.problems.length === 0 && accounted === count && found.creates === count

await Effect.runPromise(Effect.forEach(found.problems, (problem) => Console.error(problem)))
await Effect.runPromise(Console.log(
  `creates: ${holds ? "holds" : "FAILS"}: ${
    english.format(found.creates)
  } creates in ${seconds} s, seed ${values.seed}; `
    + `${english.format(found.faults)} met faults, ${english.format(found.acted)} of them after the platform acted; `
    + `${english.format(found.created)} created, ${english.format(found.notCreated)} certainly not, `
    + `${english.format(found.unknown)} not known (of which ${english.format(found.unknownAndCreated)} were); `
    + `${english.format(accounted)} accounted for; ${doubles} double prompts, ${
      found.problems.length - doubles
    } other problems`
))
if (!holds) process.exitCode = 1
