/**
 * Runs a command that finds workerd at WORKERD_PATH: the package's, which is fetched when it is asked for. Where it cannot
 * be had, the command runs without, and its tests of workerd are skipped.
 *
 *     tsx runtimes/src/withWorkerd.ts -- vitest run examples/workers
 */
import { spawnSync } from "node:child_process"
import * as Os from "node:os"
import { findWorkerd } from "./places.ts"

const path = process.env["WORKERD_PATH"] ?? await findWorkerd(Os.tmpdir())
if (path === undefined) console.log("workerd: skipped: npx did not find it in the package registry")

const [command = "true", ...args] = process.argv.slice(process.argv.indexOf("--") + 1)
const { status } = spawnSync(command, args, {
  stdio: "inherit",
  env: path === undefined ? process.env : { ...process.env, WORKERD_PATH: path }
})
process.exitCode = status ?? 1
