/** The platform under load from another process, and what it holds in memory. */
import * as Fs from "node:fs"
import * as Path from "node:path"
import { atLeast, atMost, type Benchmark, table } from "./benchmark.ts"
import * as Built from "./built.ts"
import type { Load } from "./platformLoad.ts"
import type { Memory } from "./platformMemory.ts"
import { said, start, type Used } from "./process.ts"

/** Calls under way at a time: half of them wait for the platform's one thread while it answers the others. */
const lanes = 16

/** So many that nobody is asked more often than the platform lets. */
const users = 1000

const quantile = (sorted: ReadonlyArray<number>, share: number): number =>
  sorted[Math.min(sorted.length - 1, Math.ceil(sorted.length * share) - 1)] ?? Number.NaN

/** What came of calls that took these times. */
export const row = (call: string, times: ReadonlyArray<number>, seconds: number) => {
  const sorted = [...times].sort((one, other) => one - other)
  return {
    call,
    calls: times.length,
    perSecond: times.length / seconds,
    median: quantile(sorted, 0.5),
    p99: quantile(sorted, 0.99),
    longest: quantile(sorted, 1)
  }
}

const load = async (folder: string, seconds: number, tell: (text: string) => void) => {
  const server = start(Path.join(folder, "platformServer.mjs"), [users])
  const { baseUrl } = await said<{ readonly baseUrl: string }>(server)
  const usedBy = () => {
    server.send("used")
    return said<Used>(server)
  }
  const idle = await usedBy()
  const clients = start(Path.join(folder, "platformLoad.mjs"), [baseUrl, lanes, users, seconds])
  await said<"warm">(clients)
  const before = await usedBy()
  const { errors, seconds: took, times, used } = await said<Load>(clients)
  const after = await usedBy()
  server.disconnect()
  for (const error of new Set(errors)) tell(error)
  return {
    rows: [
      ...Object.entries(times).map(([call, times]) => row(call, times, took)),
      row("all", Object.values(times).flat(), took)
    ],
    errors: errors.length,
    /** Milliseconds of CPU time. */
    cpu: { platform: after.cpu - before.cpu, load: used.cpu },
    rss: { before: idle.rss, after: after.rss }
  }
}

const memoryAt = async (folder: string, users: number, open: number) => {
  const child = start(Path.join(folder, "platformMemory.mjs"), [users, open])
  return { users, open, ...await said<Memory>(child) }
}

const perCall = (millis: number, { calls }: { readonly calls: number }) => (millis / calls).toFixed(2)

const megabytes = (bytes: number) => (bytes / 1e6).toFixed(0)

export const benchmark: Benchmark = {
  name: "platform",
  run: async ({ minutes, quick }, tell) => {
    const seconds = quick ? 2 : 60 * minutes
    const folder = Built.install("testing")
    Built.scripts(folder, ["platformServer", "platformLoad", "platformMemory"])
    const { cpu, errors, rows, rss } = await load(folder, seconds, tell)
    const all = rows.at(-1) ?? row("all", [], seconds)
    tell(
      `${all.perSecond.toFixed(0)} calls/s, p99 ${all.p99.toFixed(0)} ms, ${errors} errors; ` +
        `${perCall(cpu.platform, all)} ms of CPU time of the platform, ${perCall(cpu.load, all)} ms of the load`
    )
    const memory = quick ? await memoryAt(folder, 1000, 100) : await memoryAt(folder, 100_000, 10_000)
    Fs.rmSync(folder, { recursive: true })
    return {
      figures: { settings: { lanes, users, seconds }, rows, errors, cpu, rss, memory },
      goals: [
        atLeast(400, all.perSecond, {
          goal: `sealed calls that the platform answers in ${seconds} s of load`,
          unit: "/s"
        }),
        atMost(100, all.p99, { goal: "… the slowest hundredth of them", unit: "ms" }),
        atMost(0, errors, { goal: "… errors", unit: "" })
      ],
      how: `${seconds} s, ${lanes} calls in flight, ${users} users`,
      tables: [
        table(
          ["call", "calls", "calls/s", "p50, ms", "p99, ms", "longest, ms"],
          rows.map(({ call, calls, longest, median, p99, perSecond }) => [
            call,
            calls,
            perSecond.toFixed(0),
            median.toFixed(1),
            p99.toFixed(1),
            longest.toFixed(0)
          ])
        ),
        `${errors} errors. CPU time of a call: ${perCall(cpu.platform, all)} ms of the platform, ${
          perCall(cpu.load, all)
        } ms of the load. The platform's process grew from ${megabytes(rss.before)} to ${megabytes(rss.after)} MB.`,
        table(
          ["held in memory", "number", "bytes each"],
          [
            ["users with a linked device", memory.users, memory.bytesPerUser.toFixed(0)],
            ["open requests", memory.open, memory.bytesPerOpenRequest.toFixed(0)]
          ]
        ),
        `Together ${megabytes(memory.heap)} MB of heap; the process grew by ${megabytes(memory.rss)} MB.`
      ].join("\n\n")
    }
  }
}
