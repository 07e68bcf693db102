/** The command, loaded and then held until a line of standard input has its arguments, as JSON. */
import { once } from "node:events"

await import("../../src/Cli.ts")

process.stdout.write("loaded\n")
const [line] = await once(process.stdin, "data")
process.stdin.destroy()
process.argv = [process.execPath, "launchkey", ...JSON.parse(String(line))]
await import("../../src/bin.ts")
