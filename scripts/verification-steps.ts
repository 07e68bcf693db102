/**
 * Proves that every check on a message from outside has a test of its own: takes the checks away one at a time, runs
 * the tests that speak of them, and expects some of them to fail.
 *
 *     pnpm verification-steps
 *
 * The tree is left alone: all of it happens in copies of packages/transport under the system's temporary folder.
 * Prints each step beside the tests that noticed its absence, and fails if nothing did.
 */
import { spawn } from "node:child_process"
import * as Fs from "node:fs"
import * as Os from "node:os"
import * as Path from "node:path"
import ts from "typescript"
import * as Workspace from "./workspace.ts"

interface Source {
  /** Below src. */
  readonly file: string
  /** Below test. */
  readonly tests: ReadonlyArray<string>
  /** Checks that are no statements: what stands there, and what is to stand there without the check. */
  readonly expressions?: ReadonlyArray<readonly [text: string, without: string]>
}

const sources: ReadonlyArray<Source> = [
  { file: "Envelope.ts", tests: ["Envelope.test.ts", "Dialect.test.ts"] },
  {
    file: "internal/checks.ts",
    tests: ["Envelope.test.ts", "Dialect.test.ts"],
    expressions: [["payload: yield* jose.verify(jws, key)", "payload: (yield* Effect.succeed(jws)).payload"]]
  },
  { file: "Answer.ts", tests: ["Answer.test.ts"] },
  {
    file: "Jose.ts",
    tests: ["Jose.test.ts", "Envelope.test.ts"],
    expressions: [["jws.header.kid !== key.keyId", "false"]]
  },
  { file: "internal/compact.ts", tests: ["Jose.test.ts", "Envelope.test.ts"] },
  {
    file: "internal/strictJson.ts",
    tests: ["strictJson.test.ts"],
    expressions: [["if (isUnambiguous(json)) return", "return"]]
  },
  {
    file: "RemoteKeys.ts",
    tests: ["RemoteKeys.test.ts"],
    expressions: [
      ["key.keyId === keyId ? key : yield* new TransportError", "true ? key : yield* new TransportError"],
      ["key.keyId === keyId ? key : yield* new Refusal", "true ? key : yield* new Refusal"],
      ["!(yield* afford(keyId))", "false"],
      ["(key) => key.keyId === keyId ? Effect.as", "(key) => true ? Effect.as"]
    ]
  }
]

/** A check, and the source without it. */
interface Step {
  readonly source: Source
  readonly line: number
  readonly text: string
  readonly mutated: string
}

const transport = Path.join(Workspace.root, "packages", "transport")

const oneLine = (text: string): string => text.replace(/\s+/g, " ").trim()

/** `yield* check(…)` as a statement, or an `if` that does nothing but refuse. */
const isCheck = (node: ts.Node): boolean =>
  ts.isExpressionStatement(node)
    ? node.getText().startsWith("yield* check(")
    : ts.isIfStatement(node) && node.elseStatement === undefined &&
      /^\{?\s*return (?:yield\* .*(?:refuse\(|new Refusal\()|refused\()/s.test(node.thenStatement.getText())

const stepsOf = (source: Source): ReadonlyArray<Step> => {
  const file = Path.join(transport, "src", source.file)
  const parsed = Workspace.parse(file)
  const steps: Array<Step> = []
  const add = (start: number, end: number, text: string, without: string): void => {
    steps.push({
      source,
      line: parsed.getLineAndCharacterOfPosition(start).line + 1,
      text: oneLine(text),
      mutated: parsed.text.slice(0, start) + without + parsed.text.slice(end)
    })
  }
  const visit = (node: ts.Node): void => {
    if (isCheck(node)) {
      add(node.getStart(), node.getEnd(), node.getText(), "")
    }
    ts.forEachChild(node, visit)
  }
  visit(parsed)
  for (const [text, without] of source.expressions ?? []) {
    const start = parsed.text.indexOf(text)
    if (start === -1) {
      throw new Error(
        `${Workspace.relative(file)} no longer has "${text}": bring scripts/verification-steps.ts up to date`
      )
    }
    add(start, start + text.length, text, without)
  }
  return steps.sort((a, b) => a.line - b.line)
}

const room = Fs.mkdtempSync(Path.join(Os.tmpdir(), "verification-steps-"))
process.on("exit", () => Fs.rmSync(room, { recursive: true, force: true }))
process.on("SIGINT", () => process.exit(130))

/** A copy of the package whose imports resolve as they do in the workspace. */
const makeCopy = (name: string): string => {
  const root = Path.join(room, name)
  const copy = Path.join(root, "packages", "transport")
  Fs.mkdirSync(copy, { recursive: true })
  for (const part of ["src", "test", "package.json"]) {
    Fs.cpSync(Path.join(transport, part), Path.join(copy, part), { recursive: true })
  }
  Fs.symlinkSync(Path.join(transport, "node_modules"), Path.join(copy, "node_modules"))
  Fs.symlinkSync(Path.join(Workspace.root, "node_modules"), Path.join(root, "node_modules"))
  return root
}

interface Outcome {
  readonly total: number
  readonly failed: ReadonlyArray<string>
  readonly output: string
}

interface Report {
  readonly testResults: ReadonlyArray<{
    readonly assertionResults: ReadonlyArray<{ readonly fullName: string; readonly status: string }>
  }>
}

const runTests = (root: string, tests: ReadonlyArray<string>): Promise<Outcome> =>
  new Promise((resolve) => {
    const report = Path.join(root, "report.json")
    Fs.rmSync(report, { force: true })
    const child = spawn(
      Path.join(Workspace.root, "node_modules", ".bin", "vitest"),
      [
        "run",
        `--root=${root}`,
        "--pool=threads",
        "--poolOptions.threads.singleThread",
        "--no-isolate",
        "--testTimeout=10000",
        "--reporter=json",
        `--outputFile=${report}`,
        ...tests.map((test) => `packages/transport/test/${test}`)
      ],
      { cwd: root, stdio: ["ignore", "pipe", "pipe"] }
    )
    let output = ""
    child.stdout.on("data", (data: Buffer) => output += data.toString())
    child.stderr.on("data", (data: Buffer) => output += data.toString())
    child.on("close", () => {
      const results = Fs.existsSync(report)
        ? (JSON.parse(Fs.readFileSync(report, "utf8")) as Report).testResults.flatMap((file) => file.assertionResults)
        : []
      resolve({
        total: results.length,
        failed: results.filter(({ status }) => status === "failed").map(({ fullName }) => fullName),
        output
      })
    })
  })

const shown = 3

const problems: Array<string> = []

const steps = sources.flatMap(stepsOf)

const print = (step: Step, outcome: Outcome): void => {
  const where = `${step.source.file}:${step.line}`
  console.log(`${where}  ${step.text}`)
  for (const name of outcome.failed.slice(0, shown)) console.log(`    ${name}`)
  if (outcome.failed.length > shown) console.log(`    and ${outcome.failed.length - shown} more`)
  if (outcome.failed.length === 0) {
    const problem = outcome.total === 0 ? "the tests did not run without it" : "no test notices its absence"
    problems.push(`${where}  ${step.text}: ${problem}`)
    console.log(`    ${problem.toUpperCase()}${outcome.total === 0 ? `\n${outcome.output}` : ""}`)
  }
}

const workers = ["a", "b"].map(makeCopy)

const whole = await runTests(workers[0] ?? room, [...new Set(sources.flatMap(({ tests }) => tests))])
if (whole.total === 0 || whole.failed.length > 0) {
  console.error(`The tests fail as they are, so they prove nothing:\n${whole.failed.join("\n") || whole.output}`)
  process.exit(1)
}

let next = 0
await Promise.all(workers.map(async (root) => {
  for (let step = steps[next++]; step !== undefined; step = steps[next++]) {
    const file = Path.join(root, "packages", "transport", "src", step.source.file)
    const original = Fs.readFileSync(file, "utf8")
    try {
      Fs.writeFileSync(file, step.mutated)
      print(step, await runTests(root, step.source.tests))
    } finally {
      Fs.writeFileSync(file, original)
    }
  }
}))

console.log(`\n${steps.length} steps, ${problems.length} unnoticed`)
for (const problem of problems) console.error(problem)
process.exitCode = problems.length === 0 ? 0 : 1
