/** The platform under load from another process, and what it holds in memory. */
import { atLeast, atMost, type Benchmark, table } from "./benchmark.ts"
import type { Load } from "./platformLoad.ts"
import type { Memory } from "./platformMemory.ts"
import { said, start, type Used } from "./process.ts"

/** Calls under way at a time: half of them wait for the platform's one thread while it answers the others. */
const lanes = 16

/** So many that nobody is asked more often than the platform lets. */
const users = 1000

const quantile = (sorted: ReadonlyArray<number>, share: number): number =>
  sorted[Math.min(sorted.length - 1, Math.ceil(sorted.length * share) - 1)] ?? Number.NaN

const row = (call: string, times: ReadonlyArray<number>, seconds: number) => {
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

const load = async (seconds: number, tell: (text: string) => void) => {
  const server = start("platformServer.ts", [users])
  const { baseUrl } = await said<{ readonly baseUrl: string }>(server)
  const usedBy = () => {
    server.send("used")
    return said<Used>(server)
  }
  const before = await usedBy()
  const clients = start("platformLoad.ts", [baseUrl, lanes, users, seconds])
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
    /** Milliseconds of CPU time, of the platform with its start-up and warm-up. */
    cpu: { platform: after.cpu - before.cpu, load: used.cpu },
    rss: { before: before.rss, after: after.rss }
  }
}

const memoryAt = async (users: number, open: number) => {
  const child = start("platformMemory.ts", [users, open])
  return { users, open, ...await said<Memory>(child) }
}

const megabytes = (bytes: number) => (bytes / 1e6).toFixed(0)

export const benchmark: Benchmark = {
  name: "platform",
  run: async ({ minutes, quick }, tell) => {
    const seconds = quick ? 2 : 60 * minutes
    const { cpu, errors, rows, rss } = await load(seconds, tell)
    const all = rows.at(-1) ?? row("all", [], seconds)
    tell(`${all.perSecond.toFixed(0)} calls/s, p99 ${all.p99.toFixed(0)} ms, ${errors} errors`)
    const memory = quick ? await memoryAt(1000, 100) : await memoryAt(100_000, 10_000)
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
        `${errors} errors. CPU time of the load ${
          (cpu.load / 1000).toFixed(1)
        } s, of the platform, with its warm-up, ` +
        `${(cpu.platform / 1000).toFixed(1)} s; its process grew from ${megabytes(rss.before)} to ${
          megabytes(rss.after)
        } MB.`,
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
