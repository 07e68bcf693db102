/**
 * Runs the benchmarks, or the one that is named, and keeps what a full run found.
 *
 *     pnpm bench [name] [--quick] [--ours]
 */
import { parseArgs } from "node:util"
import * as Calls from "./calls.ts"
import * as Report from "./report.ts"

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: {
    /** Whether everything runs, in seconds: its figures mean little and are not kept. */
    quick: { type: "boolean", default: false },
    /** Without the floors, for a profile of our own path. Not kept. */
    ours: { type: "boolean", default: false }
  }
})

const unknown = positionals.filter((name) => name !== "calls")
if (unknown.length > 0) {
  console.error(`There is no benchmark "${unknown.join(" ")}". There is: calls.`)
  process.exit(2)
}

const settings = values.quick
  ? { warmUpCalls: 32, rounds: 3, sliceMillis: 30 }
  : { warmUpCalls: 1000, rounds: 15, sliceMillis: 300 }
const rows = await Calls.measure({ ...settings, onlyOurs: values.ours }, (text) => console.error(text))
if (!values.ours) console.log(Report.table(rows))
if (!values.quick && !values.ours) Report.write(rows, settings)
