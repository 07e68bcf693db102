/** One, two and three nodes of a platform on the same PostgreSQL, under the same load. */
import * as Pg from "@effect-launchkey/platform/sql/Pg"
import { pgSchema, serverUrl } from "@effect-launchkey/testing/sql/TestDatabases"
import * as TestPlatform from "@effect-launchkey/testing/TestPlatform"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as Cluster from "../../scripts/nodes/cluster.ts"
import { atMost, type Benchmark, table } from "./benchmark.ts"
import { row } from "./platform.ts"
import type { Load } from "./platformLoad.ts"
import * as Users from "./platformUsers.ts"
import { said, start } from "./process.ts"

const lanes = 16

/** So many that nobody is asked more often than the platform lets. */
const users = 1000

const seeded = (url: Redacted.Redacted) =>
  Effect.forEach(Array.from({ length: users }, (_, index) => index), Users.add, { concurrency: 8, discard: true }).pipe(
    Effect.provide(TestPlatform.layerPlatformOver(Pg.layer({ url })))
  )

/** The same load, spread over so many nodes: each request goes to another one than the one before. */
const measure = async (count: number, url: Redacted.Redacted, seconds: number, tell: (text: string) => void) => {
  const nodes = await Cluster.start(count, Redacted.value(url))
  const baseUrls = nodes.map(({ port }) => `http://127.0.0.1:${port}`).join(",")
  const clients = start("platformLoad.ts", [baseUrls, lanes, users, seconds])
  await said<"warm">(clients)
  const used = () => Promise.all(nodes.map(({ used }) => used()))
  const before = await used()
  const { errors, seconds: took, times, used: load } = await said<Load>(clients)
  const after = await used()
  for (const { stop } of nodes) stop()
  for (const error of new Set(errors)) tell(error)
  const cpu = (all: typeof before) => all.reduce((sum, { cpu }) => sum + cpu, 0)
  const { call: _, ...figures } = row("all", Object.values(times).flat(), took)
  tell(`${count} nodes: ${figures.perSecond.toFixed(0)} calls/s, p99 ${figures.p99.toFixed(0)} ms`)
  return { nodes: count, ...figures, errors: errors.length, cpu: { nodes: cpu(after) - cpu(before), load: load.cpu } }
}

export const benchmark: Benchmark = {
  name: "nodes",
  run: async ({ minutes, quick }, tell) => {
    if (serverUrl === undefined) {
      tell("left out, as there is no PostgreSQL: run it by `npx -y pnpm@12 postgres npx -y pnpm@12 bench nodes`")
      return undefined
    }
    const seconds = quick ? 2 : 60 * minutes
    const rows = await Effect.runPromise(Effect.scoped(Effect.gen(function*() {
      const { url } = yield* pgSchema
      yield* seeded(url)
      return yield* Effect.forEach([1, 2, 3], (count) => Effect.promise(() => measure(count, url, seconds, tell)))
    })))
    const errors = rows.reduce((sum, row) => sum + row.errors, 0)
    return {
      figures: { settings: { lanes, users, seconds }, rows },
      goals: [
        atMost(0, errors, { goal: "sealed calls on one, two and three nodes of one PostgreSQL: errors", unit: "" })
      ],
      how: `${seconds} s each, ${lanes} calls in flight, ${users} users`,
      tables: table(
        ["nodes", "calls", "calls/s", "p50, ms", "p99, ms", "errors", "CPU of the nodes, ms a call", "of the load"],
        rows.map(({ calls, cpu, errors, median, nodes, p99, perSecond }) => [
          nodes,
          calls,
          perSecond.toFixed(0),
          median.toFixed(1),
          p99.toFixed(1),
          errors,
          (cpu.nodes / calls).toFixed(2),
          (cpu.load / calls).toFixed(2)
        ])
      )
    }
  }
}
