/**
 * Runs the tests of core, transport and clients, and a whole flow against a sandbox, on other runtimes:
 *
 *     npx -y pnpm@12 runtimes [name…] [--only <part of a file's name>] [--record]
 *
 * The runtimes come from the package registry when they are asked for; one that cannot be had is skipped. `--record`
 * writes what was seen to runtimes/seen.json, for SUPPORTED.md to tell. The last line is
 * `N passed, N failed, N skipped`, in checks, and runtimes that were skipped.
 */
import { spawn } from "node:child_process"
import * as Fs from "node:fs"
import * as Os from "node:os"
import * as Path from "node:path"
import type { Check } from "./body/vitest.ts"
import * as Bundle from "./bundle.ts"
import { type Ready, runtimes } from "./places.ts"
import * as Runner from "./runner.ts"

/** How long a file's tests may take, on a machine with other work. */
const patience = 180_000

const sandbox = (): Promise<{ readonly baseUrl: string; readonly end: () => void }> =>
  new Promise((resolve, reject) => {
    const child = spawn(
      process.execPath,
      ["--import", "tsx", Path.join(Bundle.root, "scripts/sandbox.ts"), "--port", "0", "--json"],
      { cwd: Bundle.root, stdio: ["ignore", "pipe", "inherit"] }
    )
    let said = ""
    child.stdout.on("data", (chunk) => {
      said += String(chunk)
      const [line, ...more] = said.split("\n")
      if (line !== undefined && more.length > 0) {
        resolve({ baseUrl: JSON.parse(line).baseUrl, end: () => void child.kill() })
      }
    })
    child.on("close", (code) => reject(new Error(`the sandbox ended with ${code}`)))
  })

interface Result {
  readonly checks: ReadonlyArray<Check>
  /** Why it broke off, where it did. */
  readonly broken: string | undefined
}

const runOn = async (ready: Ready, baseUrl: string, runner: Runner.Runner): Promise<Result> => {
  const checks: Array<Check> = []
  let file = "the first file"
  let timer: ReturnType<typeof setTimeout> | undefined
  let running: ReturnType<Ready["run"]> | undefined
  try {
    const broken = await new Promise<string | undefined>((resolve) => {
      const patient = (): void => {
        clearTimeout(timer)
        timer = setTimeout(() => resolve(`${file}: nothing was heard for ${patience / 1000} s`), patience)
      }
      runner.listen({
        begins: (name) => {
          file = name
          patient()
        },
        checks: (those) => void checks.push(...those),
        done: () => resolve(undefined)
      })
      patient()
      running = ready.run({ baseUrl, runner: runner.url })
      void running.ended.then((said) => resolve(`${file}: the runtime ${said}`))
    })
    return { checks, broken }
  } finally {
    clearTimeout(timer)
    await running?.end()
  }
}

const values = process.argv.slice(2)
const at = values.indexOf("--only")
const only = at === -1 ? "" : values[at + 1] ?? ""
const names = values.filter((value, i) => !value.startsWith("--") && (at === -1 || i !== at + 1))
const unknown = names.filter((name) => !runtimes.some((runtime) => runtime.name === name))
if (unknown.length > 0) {
  console.error(
    `There is no runtime ${unknown.join(", ")}: choose from ${runtimes.map(({ name }) => name).join(", ")}.`
  )
  process.exit(2)
}

const room = Fs.mkdtempSync(Path.join(Os.tmpdir(), "runtimes-"))
const seenFile = Path.join(Bundle.root, "runtimes/seen.json")
const seen: Record<string, { readonly version: string; readonly checks: number }> = JSON.parse(
  Fs.readFileSync(seenFile, "utf8")
)
let [passed, failed, skipped] = [0, 0, 0]

const body = await Bundle.make(Bundle.files.filter((file) => file.includes(only)))
const { baseUrl, end } = await sandbox()
const runner = await Runner.start(baseUrl, body)
try {
  for (
    const { cannot = {}, name, prepare } of runtimes.filter(({ name }) => names.length === 0 || names.includes(name))
  ) {
    const folder = Path.join(room, name)
    Fs.mkdirSync(folder)
    Fs.writeFileSync(Path.join(folder, "body.mjs"), body)
    const ready = await prepare(folder)
    if (typeof ready === "string") {
      skipped += 1
      console.log(`${name}: skipped: ${ready}`)
      continue
    }
    const start = performance.now()
    const { broken, checks: all } = await runOn(ready, baseUrl, runner)
    const out = Object.entries(cannot).filter(([title]) => all.some((check) => check.name.endsWith(title)))
    const checks = all.filter((check) => !out.some(([title]) => check.name.endsWith(title)))
    for (const [title, why] of out) console.log(`${name}: left out: "${title}": ${why}`)
    const bad = checks.filter(({ ok }) => !ok)
    for (const { error, name: check } of bad) console.log(`${name}: FAILED: ${check}\n${error ?? ""}`)
    if (broken !== undefined) console.log(`${name}: BROKE OFF: ${broken}`)
    passed += checks.length - bad.length
    failed += bad.length + (broken === undefined ? 0 : 1)
    const seconds = ((performance.now() - start) / 1000).toFixed(1)
    console.log(`${name} ${ready.version}: ${checks.length - bad.length} of ${checks.length} checks, ${seconds} s`)
    if (bad.length === 0 && broken === undefined && only === "") {
      seen[name] = { version: ready.version, checks: checks.length }
    }
  }
  if (values.includes("--record")) {
    // in the order of the runtimes, whichever ran last
    const recorded = Object.fromEntries(
      runtimes.flatMap(({ name }) => seen[name] === undefined ? [] : [[name, seen[name]] as const])
    )
    Fs.writeFileSync(seenFile, `${JSON.stringify(recorded, null, 2)}\n`)
  }
} finally {
  runner.close()
  end()
  Fs.rmSync(room, { recursive: true, force: true })
}

console.log(`${passed} passed, ${failed} failed, ${skipped} skipped`)
process.exitCode = failed === 0 ? 0 : 1
