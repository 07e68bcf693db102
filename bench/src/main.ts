/**
 * Runs the benchmarks, or those that are named, and keeps what a full run found.
 *
 *     pnpm bench [name …] [--quick] [--ours] [--minutes N]
 *     pnpm side-by-side [--python CHECKOUT [--pythonpath PATH]] [--java CLASSPATH] [--quick]
 */
import { parseArgs } from "node:util"
import type { Benchmark, Options } from "./benchmark.ts"
import * as Calls from "./calls.ts"
import * as Codec from "./codec.ts"
import * as Contract from "./contract.ts"
import * as Loopback from "./loopback.ts"
import * as Memory from "./memory.ts"
import * as Nodes from "./nodes.ts"
import * as Opening from "./opening.ts"
import * as Platform from "./platform.ts"
import * as Report from "./report.ts"
import * as SideBySide from "./sideBySide.ts"
import * as Size from "./size.ts"
import * as Waiting from "./waiting.ts"

const benchmarks: ReadonlyArray<Benchmark> = [
  Calls.benchmark,
  Loopback.benchmark,
  Opening.benchmark,
  Codec.benchmark,
  Contract.benchmark,
  Memory.benchmark,
  Size.benchmark,
  Waiting.benchmark,
  Platform.benchmark,
  Nodes.benchmark,
  SideBySide.benchmark
]

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: {
    quick: { type: "boolean", default: false },
    ours: { type: "boolean", default: false },
    minutes: { type: "string", default: "1" },
    python: { type: "string" },
    pythonpath: { type: "string" },
    java: { type: "string" }
  }
})

const options: Options = { ...values, minutes: Number(values.minutes) }

const names = benchmarks.map(({ name }) => name)
const unknown = positionals.filter((name) => !names.includes(name))
if (unknown.length > 0) {
  console.error(`There is no benchmark "${unknown.join(" ")}". There are: ${names.join(", ")}.`)
  process.exit(2)
}

for (const { name, run } of benchmarks) {
  if (positionals.length > 0 && !positionals.includes(name)) continue
  const outcome = await run(options, (text) => console.error(`${name}: ${text}`))
  if (outcome === undefined) continue
  console.log(`${outcome.tables}\n`)
  if (!options.quick && !options.ours) Report.write(name, outcome, names)
}
