/**
 * Whether webhooks are handled exactly once, however often and wherever they are delivered:
 *
 *     npx -y pnpm@12 once [--events N]
 *
 * Each event is delivered three times at once, first the same bytes and then honestly signed retries, to two processes
 * that share a PostgreSQL, and to one process on a file of libsql. The last line has the figures; exit code 0 only if
 * they hold. Without a PostgreSQL on this machine, the file alone is tried, and the exit code is 3.
 */
import * as Undici from "@effect/platform-node/Undici"
import { Duration, Effect } from "effect"
import { spawnSync } from "node:child_process"
import { fileURLToPath } from "node:url"
import { parseArgs } from "node:util"
import * as Trial from "../packages/clients/test/sql/once/trial.ts"

const { values } = parseArgs({ options: { events: { type: "string", default: "100000" } } })
const events = Number(values.events)
if (!Number.isSafeInteger(events) || events < 1) {
  console.error(`--events ${values.events}: give a whole number`)
  process.exit(2)
}

const here = fileURLToPath(import.meta.url)
const noPostgres = 3

if (process.env["TEST_DATABASE_URL"] === undefined) {
  const again = [process.execPath, ...process.execArgv, here, ...process.argv.slice(2)]
  const postgres = fileURLToPath(new URL("./postgres.ts", import.meta.url))
  const { status } = spawnSync(process.execPath, [...process.execArgv, postgres, "--", ...again], { stdio: "inherit" })
  if (status !== noPostgres) process.exit(status ?? 1)
  console.error("PostgreSQL is left out, so that this is not the whole trial.")
}

const dispatcher = new Undici.Agent({ connections: 96, pipelining: 1 })

const post: Trial.Options["post"] = async (port, { body, headers, method, path }) => {
  const response = await Undici.request(`http://127.0.0.1:${port}${path}`, { method, headers, body, dispatcher })
  await response.body.dump()
  return response.statusCode
}

const names = {
  Pg: "two processes on PostgreSQL",
  Libsql: "one process on libsql",
  same: "the same bytes",
  resigned: "signed anew"
} as const

const megabytes = (bytes: number) => `${(bytes / 1e6).toFixed(1)} MB`

const trial = async (store: "Libsql" | "Pg", copies: "same" | "resigned") => {
  const name = `${names[store]}, ${names[copies]}`
  const started = performance.now()
  const step = Math.max(1, Math.floor(events / 20))
  let done = 0
  const tell = () => {
    done++
    if (done % step === 0) {
      console.error(`${name}: ${done} of ${events} events, ${((performance.now() - started) / 1000).toFixed(0)} s`)
    }
  }
  const figures = await Effect.runPromise(Trial.run({ store, copies, events, post, tell }))
  const { bytes, deliveries, due, duration, left, memory, once, rows, statuses, strange, twice } = figures
  console.log(
    `${name}: ${once} of ${events} handled exactly once, ${twice} twice, ${strange} strange; ${deliveries} deliveries, ` +
      `${Object.entries(statuses).map(([status, count]) => `${count} answered ${status}`).join(", ")}; ` +
      `${Duration.toSeconds(duration).toFixed(1)} s, ${Math.round(deliveries / Duration.toSeconds(duration))}/s; ` +
      `store ${rows.tokens} tokens, ${rows.events} events, ${rows.answers} answers (at least ${due.events} and ${due.answers} due), ${
        megabytes(bytes)
      }, ` +
      `${left} rows once expired; receiver up to ${megabytes(memory)}`
  )
  return { store, copies, figures, held: Trial.holds(figures) }
}

const whole = process.env["TEST_DATABASE_URL"] !== undefined
const began = performance.now()
const trials = []
for (const store of whole ? ["Pg", "Libsql"] as const : ["Libsql"] as const) {
  for (const copies of ["same", "resigned"] as const) trials.push(await trial(store, copies))
}
await dispatcher.close()

const held = trials.every(({ held }) => held)
console.log(
  `once: ${
    trials.map(({ copies, figures, store }) =>
      `${names[store]}, ${names[copies]}: ${figures.once}/${figures.events} once, ${figures.twice} twice, ` +
      `${figures.deliveries} deliveries, ${
        figures.rows.tokens + figures.rows.events + figures.rows.answers
      } rows, then ${figures.left}`
    ).join("; ")
  }; ${((performance.now() - began) / 1000).toFixed(0)} s; ${held ? "held" : "NOT HELD"}${
    whole ? "" : ", without PostgreSQL"
  }`
)
process.exit(!held ? 1 : whole ? 0 : noPostgres)
