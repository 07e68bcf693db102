/**
 * What a client's process needs above one that has imported Effect and done nothing: as the operating system counts it,
 * at its peak, and on the heap.
 */
import { transformSync } from "esbuild"
import { type ChildProcess, fork } from "node:child_process"
import { once } from "node:events"
import * as Fs from "node:fs"
import * as Path from "node:path"
import { atMost, type Benchmark, figures, type Goal, table } from "./benchmark.ts"
import * as Built from "./built.ts"
import * as Fixture from "./fixture.ts"
import { type Spread, spread } from "./measure.ts"
import * as Peer from "./peerProcess.ts"

/** What a client is to do. */
export interface Job {
  readonly baseUrl: string
  readonly calls: number
  readonly engine: "WebCrypto" | "NodeJose"
  readonly inFlight: number
  readonly issuer: string
  readonly requests: { readonly open: typeof Fixture.openRequestId; readonly answered: typeof Fixture.requestId }
  readonly serviceId: string
  readonly signingKey: string
  readonly tokenIds: ReadonlyArray<string>
  readonly user: string
}

/** Of a process at its end, megabytes. */
export interface Used {
  readonly peakRss: number
  readonly peakHeap: number
  readonly keptHeap: number
}

interface Row {
  readonly process: string
  readonly peakRss: Spread
  readonly peakHeap: Spread
  readonly keptHeap: Spread
  /** Of the peak, above the idle process of the same round. */
  readonly above: Spread
}

const message = async (child: ChildProcess): Promise<unknown> => {
  const [first] = await Promise.race([
    once(child, "message"),
    once(child, "exit").then(([code]) => {
      throw new Error(`The client ended with ${code} before it was done; what it said is above`)
    })
  ])
  return first
}

const run = async (script: string, job: Job | "idle", execArgv: ReadonlyArray<string> = []): Promise<Used> => {
  // without what runs this file: it is plain JavaScript
  const child = fork(script, { execArgv: [...execArgv] })
  await message(child)
  const used = message(child)
  child.send(job)
  return await used as Used
}

/** A collector that is asked for room earlier: shows what of a peak is garbage that nobody has asked for yet. */
const limited = ["--max-old-space-size=80", "--max-semi-space-size=2"]

const goals = (rows: ReadonlyArray<Row>): ReadonlyArray<Goal> => [
  atMost(30, Math.max(...rows.map(({ above }) => above.median)), {
    goal: "peak memory of a client doing 10,000 calls, 32 in flight, above bare Node with effect and @effect/platform",
    unit: "MB"
  })
]

export const benchmark: Benchmark = {
  name: "memory",
  run: async ({ quick }, tell) => {
    const settings = { calls: quick ? 64 : 10_000, inFlight: 32, rounds: quick ? 1 : 3 }
    const folder = Built.install("clients")
    const peer = await Peer.start()
    try {
      const script = Path.join(folder, "memoryClient.mjs")
      const source = Fs.readFileSync(Path.join(import.meta.dirname, "memoryClient.ts"), "utf8")
      Fs.writeFileSync(script, transformSync(source, { loader: "ts", format: "esm" }).code)
      const job = {
        baseUrl: peer.baseUrl,
        calls: settings.calls,
        inFlight: settings.inFlight,
        issuer: Fixture.service,
        requests: { open: Fixture.openRequestId, answered: Fixture.requestId },
        serviceId: Fixture.serviceId,
        signingKey: Fixture.servicePrivatePem,
        tokenIds: peer.tokenIds,
        user: Fixture.user
      }
      const names = ["idle", "over WebCrypto", "by NodeJose", `by NodeJose, ${limited.join(" ")}`]
      const found: ReadonlyArray<Array<Used>> = names.map(() => [])
      for (let round = 0; round < settings.rounds; round++) {
        found[0]?.push(await run(script, "idle"))
        found[1]?.push(await run(script, { ...job, engine: "WebCrypto" }))
        found[2]?.push(await run(script, { ...job, engine: "NodeJose" }))
        found[3]?.push(await run(script, { ...job, engine: "NodeJose" }, limited))
      }
      const rows = found.map((uses, index): Row => ({
        process: names[index] ?? "",
        peakRss: spread(uses.map(({ peakRss }) => peakRss)),
        peakHeap: spread(uses.map(({ peakHeap }) => peakHeap)),
        keptHeap: spread(uses.map(({ keptHeap }) => keptHeap)),
        above: spread(uses.map(({ peakRss }, round) => peakRss - (found[0]?.[round]?.peakRss ?? Number.NaN)))
      }))
      for (const { above, process } of rows) tell(`${process}: ${above.median.toFixed(1)} MB above idle`)
      return {
        figures: { settings, rows },
        goals: goals(rows.slice(1, 3)),
        how: `${settings.calls} calls, ${settings.inFlight} in flight, ${settings.rounds} rounds, median (least–most)`,
        tables: table(
          ["process", "peak RSS, MB", "above idle, MB", "peak heap, MB", "heap kept, MB"],
          rows.map((row) => [
            row.process,
            figures(row.peakRss, 1),
            figures(row.above, 1),
            figures(row.peakHeap, 1),
            figures(row.keptHeap, 1)
          ])
        )
      }
    } finally {
      peer.end()
      Fs.rmSync(folder, { recursive: true })
    }
  }
}
