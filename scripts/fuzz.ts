/**
 * Mutants of valid messages against every surface that strangers reach, on every core:
 *
 *     npx -y pnpm@12 fuzz [--mutants N] [--seed S]
 *
 * Each has to be refused by a typed error for a reason that its operator names. One in twenty requests goes through the
 * platform as it is served, the others through the codec alone. Ends with one line of figures; exit code 0 only if
 * nothing was accepted, nothing died and no reason was another. The same seed makes the same mutants.
 */
import { Effect } from "effect"
import { fork } from "node:child_process"
import * as Os from "node:os"
import { fileURLToPath } from "node:url"
import { parseArgs } from "node:util"
import * as fuzz from "../packages/testing/test/support/forging/fuzz.ts"
import * as platform from "../packages/testing/test/support/forging/platform.ts"
import * as receivers from "../packages/testing/test/support/forging/receivers.ts"

interface Part {
  readonly seed: number
  readonly from: number
  readonly to: number
  readonly served: boolean
}

const runPart = ({ from, seed, served, to }: Part): Promise<fuzz.Report> =>
  Effect.runPromise(
    served
      ? Effect.provide(fuzz.run({ seed, from, to, surfaces: ["request"], fresh: true }), platform.receivers)
      : Effect.provide(fuzz.run({ seed, from, to }), receivers.layer)
  )

const wholeNumber = (name: string, text: string): number => {
  const value = Number(text)
  if (!Number.isSafeInteger(value) || value < 0) {
    process.stderr.write(`--${name} ${text}: give a whole number\n`)
    process.exit(2)
  }
  return value
}

/** Small enough that every core has work until the end. */
const partLength = 5000

const parts = (mutants: number, seed: number): ReadonlyArray<Part> => {
  const served = Math.floor(mutants / 20)
  const cut = (length: number, served: boolean) =>
    Array.from({ length: Math.ceil(length / partLength) }, (_, i): Part => ({
      seed,
      from: i * partLength,
      to: Math.min(length, (i + 1) * partLength),
      served
    }))
  return [...cut(served, true), ...cut(mutants - served, false)]
}

/** In processes of their own, since a thread would not know the loader of this one. */
const inProcesses = (all: ReadonlyArray<Part>, done: (part: number) => void): Promise<ReadonlyArray<fuzz.Report>> => {
  const reports: Array<fuzz.Report> = []
  const waiting = [...all]
  const worker = () =>
    new Promise<void>((resolve, reject) => {
      const child = fork(fileURLToPath(import.meta.url), [], { serialization: "advanced" })
      const next = () => {
        const part = waiting.shift()
        if (part === undefined) child.disconnect()
        else child.send(part)
      }
      child.on("message", (report: fuzz.Report) => {
        reports.push(report)
        done(reports.length)
        next()
      })
      child.on("error", reject)
      child.on("exit", (code) => code === 0 ? resolve() : reject(new Error(`A worker ended with ${String(code)}`)))
      next()
    })
  return Promise.all(Array.from({ length: Math.min(Os.availableParallelism(), all.length) }, worker)).then(() =>
    reports
  )
}

const main = async (): Promise<void> => {
  const { values } = parseArgs({ options: { mutants: { type: "string" }, seed: { type: "string" } } })
  const mutants = wholeNumber("mutants", values.mutants ?? "20000")
  const seed = wholeNumber("seed", values.seed ?? "1")
  const started = performance.now()
  const seconds = () => (performance.now() - started) / 1000
  const all = parts(mutants, seed)
  const tell = (part: number) => {
    if (part % 20 === 0) process.stderr.write(`${part} of ${all.length} parts, ${seconds().toFixed(0)} s\n`)
  }
  const report = fuzz.merge(await inProcesses(all, tell))
  for (const { name } of fuzz.operators) {
    const { mutants, reasons, sealed, surfaces } = report.counts.get(name) ??
      { mutants: 0, sealed: 0, surfaces: new Set(), reasons: new Set() }
    process.stdout.write(
      `${String(mutants).padStart(7)} ${sealed > 0 ? "sealed" : "      "}  ${name}` +
        ` (${[...surfaces].sort().join(", ")}): ${[...reasons].sort().join(", ")}\n`
    )
  }
  for (const { index, kind, message, operator, outcome } of report.findings) {
    process.stdout.write(`${kind}: mutant ${index} of seed ${seed}, ${message}, ${operator}: ${outcome}\n`)
  }
  const operators = Array.from(report.counts.values())
  process.stdout.write(
    `${operators.length} operators, ${operators.filter(({ sealed }) => sealed > 0).length} of them under good seals, ` +
      `${Math.round(report.mutants / seconds())} mutants/s, seed ${seed}\n`
  )
  process.stdout.write(
    `${report.mutants} mutants, ${report.accepted} accepted, ${report.defects} defects, ` +
      `${report.wrongReasons} wrong reasons, ${seconds().toFixed(1)} seconds\n`
  )
  const held = report.mutants === mutants && report.accepted + report.defects + report.wrongReasons === 0
  process.exitCode = held ? 0 : 1
}

if (process.send === undefined) await main()
else {
  process.on("message", (part: Part) => {
    void runPart(part).then((report) => process.send?.(report))
  })
}
