/**
 * Whether a platform that is served survives `kill -9` at any moment:
 *
 *     npx -y pnpm@12 kills [--store libsql|postgres] [--kills 200] [--seed 1]
 *
 * Kills `launchkey serve` at random points while it starts, is called, delivers webhooks and ends, and looks after each
 * whether all that it acknowledged is there, and nothing is by half. The last line has the figures; exit code 0 only if
 * everything holds. Ctrl-C leaves out the kills that remain.
 */
import { Duration, Effect } from "effect"
import { spawnSync } from "node:child_process"
import { fileURLToPath } from "node:url"
import { parseArgs } from "node:util"
import * as Trial from "../packages/cli/test/kills/trial.ts"

const { values } = parseArgs({
  options: {
    store: { type: "string", default: "libsql" },
    kills: { type: "string", default: "200" },
    seed: { type: "string", default: "1" }
  }
})

const usage = (problem: string): never => {
  console.error(problem)
  process.exit(2)
}

const { store } = values
if (store !== "libsql" && store !== "postgres") usage(`--store ${store}: give libsql or postgres`)
const count = Number(values.kills)
if (!Number.isSafeInteger(count) || count < 1) usage(`--kills ${values.kills}: give a whole number`)
const seed = Number(values.seed)
if (!Number.isSafeInteger(seed)) usage(`--seed ${values.seed}: give a whole number`)

if (store === "postgres" && process.env["TEST_DATABASE_URL"] === undefined) {
  const again = [process.execPath, ...process.execArgv, fileURLToPath(import.meta.url), ...process.argv.slice(2)]
  const postgres = fileURLToPath(new URL("./postgres.ts", import.meta.url))
  const { status } = spawnSync(process.execPath, [...process.execArgv, postgres, "--", ...again], { stdio: "inherit" })
  process.exit(status ?? 1)
}

const english = new Intl.NumberFormat("en", { maximumFractionDigits: 0 })

let enough = false
for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => void (enough = true))

const { acknowledged, checked, duration, inDoubt, kills, problems, unsent, webhooks } = await Effect.runPromise(
  Trial.run({
    store: store === "postgres" ? "postgres" : "libsql",
    kills: Trial.kindsOf(count, Trial.randomOf(seed)),
    seed,
    services: 4,
    enough: () => enough,
    tell: (line) => console.error(line)
  })
)
for (const problem of problems) console.error(problem)
console.log(
  `kills: ${problems.length === 0 ? "holds" : "FAILS"}: ${store}, seed ${seed}: ${kills} kills in ${
    english.format(Duration.toSeconds(duration))
  } s; ${english.format(acknowledged)} changes acknowledged; ${english.format(inDoubt.all)} in doubt, of which ${
    english.format(inDoubt.made)
  } were made; ${english.format(unsent)} not sent; ${english.format(checked)} looks; ${
    english.format(webhooks.due)
  } webhooks due, ${english.format(webhooks.missing)} never told, ${english.format(webhooks.again)} told again (${
    english.format(webhooks.held)
  } by a kill before their answer), ${english.format(webhooks.refused)} refused at first; ${problems.length} problems`
)
if (problems.length > 0) process.exitCode = 1
