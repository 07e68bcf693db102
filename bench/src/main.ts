/**
 * Runs the benchmarks, or the one that is named, and keeps what a full run found.
 *
 *     pnpm bench [name] [--quick] [--ours]
 */
import { parseArgs } from "node:util"
import * as Calls from "./calls.ts"
import * as Report from "./report.ts"
import * as Waiting from "./waiting.ts"

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: {
    /** Whether everything runs, in seconds: its figures mean little and are not kept. */
    quick: { type: "boolean", default: false },
    /** Without the floors, for a profile of our own path. Not kept. */
    ours: { type: "boolean", default: false }
  }
})

const benchmarks = ["calls", "waiting"]

const unknown = positionals.filter((name) => !benchmarks.includes(name))
if (unknown.length > 0) {
  console.error(`There is no benchmark "${unknown.join(" ")}". There are: ${benchmarks.join(", ")}.`)
  process.exit(2)
}

const tell = (text: string) => console.error(text)
const wanted = (name: string) => positionals.length === 0 || positionals.includes(name)

if (wanted("calls")) {
  const settings = values.quick
    ? { warmUpCalls: 32, rounds: 3, sliceMillis: 30 }
    : { warmUpCalls: 1000, rounds: 15, sliceMillis: 300 }
  const rows = await Calls.measure({ ...settings, onlyOurs: values.ours }, tell)
  if (!values.ours) console.log(Report.table(rows))
  if (!values.quick && !values.ours) Report.write(rows, settings)
}

if (wanted("waiting")) {
  const settings = { waits: values.quick ? 200 : 5000 }
  const rows = await Waiting.measure(settings, tell)
  console.log(Report.waitingTable(rows))
  if (!values.quick) Report.writeWaiting(rows, settings)
}
