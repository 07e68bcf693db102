/**
 * Writes SUPPORTED.md: where each endpoint of the contract is called, served and tested, where each capability of the
 * official SDKs is, and which tests show each behaviour. Found in the sources, and so as current as they are.
 *
 *     pnpm supported                       write
 *     pnpm supported --check               write nothing, fail if something would change
 *     pnpm supported --results tests.json  fail if a test or file it names did not pass in that vitest report
 *
 * Fails where an endpoint has no client, handler or test, where a capability names what does not exist, and where a
 * behaviour is not shown both in memory and over a socket, unless it is said not to hold.
 */
import * as Fs from "node:fs"
import * as Path from "node:path"
import * as Behaviours from "./supported-behaviours.ts"
import { type Endpoint, endpoints, ids, keyOf, uncalled, withinTransport } from "./supported-contract.ts"
import { deviations, highestId, sections } from "./supported-parity.ts"
import { callers, conformance, exists, handlers, testsOf } from "./supported-sources.ts"
import * as TestReport from "./test-report.ts"
import * as Workspace from "./workspace.ts"

const target = Path.join(Workspace.root, "SUPPORTED.md")

const problems: Array<Workspace.Problem> = []

const found = (problem: string): void => {
  problems.push({ file: target, line: 1, problem })
}

const used = new Set<string>()

const link = (file: string, label: string): string => `[\`${label}\`](${Workspace.relative(file)})`

const row = (endpoint: Endpoint): string => {
  const key = keyOf(endpoint)
  const clients = callers.get(key) ?? []
  const handler = handlers.get(key)
  const own = testsOf(endpoint, clients)
  const lacks = (what: string): string => {
    found(`${key} has no ${what}`)
    return "**none**"
  }
  for (const { runs } of own) used.add(runs)
  if (ids.has(key) && endpoint.group !== withinTransport && !own.some(({ label }) => label.startsWith(conformance))) {
    lacks("test in the conformance suite")
  }
  const client = uncalled[key] ??
    (clients.length === 0 ? lacks("client") : Array.from(
      new Set(
        clients.flatMap(({ members, module }) =>
          members.length === 0 ? [`\`${module}\``] : members.map((member) => `\`${module}.${member}\``)
        )
      )
    ).join(", "))
  const cells = [
    ids.get(key) ?? "–",
    `\`${endpoint.method} ${endpoint.path}\``,
    client,
    handler === undefined ? lacks("handler on the platform") : link(handler.file, handler.module),
    own.length === 0 ? lacks("test") : own.map(({ file, label }) => link(file, label)).join(", ")
  ]
  return `| ${cells.join(" | ")} |`
}

const table = (those: ReadonlyArray<Endpoint>): string =>
  [
    "| Id | Endpoint | Client | Platform | Tests |",
    "|---|---|---|---|---|",
    ...those.map(row)
  ].join("\n")

for (const key of ids.keys()) {
  if (!endpoints.some((endpoint) => keyOf(endpoint) === key)) {
    found(`${key} has an id in scripts/supported-contract.ts and is no endpoint of the contract`)
  }
}

const idOf = (endpoint: Endpoint): string => ids.get(keyOf(endpoint)) ?? ""
const official = endpoints.filter((endpoint) => idOf(endpoint) !== "").sort((a, b) => idOf(a).localeCompare(idOf(b)))
const ours = endpoints.filter((endpoint) => idOf(endpoint) === "")

const seen = new Map<number, string>()

/** `F-001, F-003–F-005`. */
const idsText = (letter: string, numbers: Iterable<number>): string => {
  const text = (id: number) => `${letter}-${String(id).padStart(3, "0")}`
  const ranges: Array<[number, number]> = []
  for (const id of [...new Set(numbers)].sort((a, b) => a - b)) {
    const last = ranges.at(-1)
    if (last !== undefined && last[1] === id - 1) last[1] = id
    else ranges.push([id, id])
  }
  return ranges.map(([from, to]) => from === to ? text(from) : `${text(from)}–${text(to)}`).join(", ")
}

const inRepository = (file: string): string => Path.join(Workspace.root, file)

const exampleOf = (file: string): string => {
  if (!Fs.existsSync(inRepository(file))) found(`${file} is not there`)
  return link(inRepository(file), file)
}

/** Titles rather than files: a test file shows much, and a title says what. */
const shownBy = (what: string, file: string, titles: ReadonlyArray<string>): string => {
  const path = inRepository(file)
  const text = Fs.existsSync(path) ? Fs.readFileSync(path, "utf8") : ""
  for (const title of titles) {
    if (!text.includes(`("${title}"`)) found(`"${what}" is to be shown by "${title}", which is not in ${file}`)
  }
  used.add(path)
  return titles.map((title) => `[“${title}”](${file})`).join(", ")
}

const parity = sections.map(({ capabilities, title }) =>
  [
    `### ${title}`,
    "",
    "| Capability | Here | Ids |",
    "|---|---|---|",
    ...capabilities.map(({ example, ids, missing, note, ours = [], shown = {}, what }) => {
      for (const reference of ours) {
        if (!exists(reference)) found(`"${what}" names ${reference}, which is not there`)
      }
      for (const id of ids) {
        const before = seen.get(id)
        if (before !== undefined) found(`F-${id} stands for "${before}" and for "${what}"`)
        seen.set(id, what)
      }
      const here = missing !== undefined
        ? `**${missing.kind}**: ${missing.why}`
        : [
          ...(example === undefined ? [] : [exampleOf(example)]),
          ...(ours.length === 0 ? [] : [ours.map((reference) => `\`${reference}\``).join(", ")]),
          ...(note === undefined ? [] : [note]),
          ...Object.entries(shown).map(([file, titles]) => shownBy(what, file, titles))
        ].join("; ")
      return `| ${what} | ${here} | ${idsText("F", ids)} |`
    })
  ].join("\n")
)

for (let id = 1; id <= highestId; id++) {
  if (!seen.has(id)) found(`F-${id} stands in no row of scripts/supported-parity.ts`)
}

const unheld = new Set(deviations.flatMap(({ what }) => Behaviours.named(what)))
for (let id = 1; id <= Behaviours.highestId; id++) {
  const ways = Behaviours.waysOf(id)
  for (const way of ["memory", "socket"] as const) {
    if (!ways.has(way) && !unheld.has(id)) {
      found(`${idsText("B", [id])} is in the name of no test ${way === "memory" ? "in memory" : "over a socket"}`)
    }
  }
  if (unheld.has(id) && ways.size > 0) found(`${idsText("B", [id])} is said not to hold, and in the name of a test`)
}

const groups = new Map<string, Array<Behaviours.Shown>>()
for (const shown of Behaviours.shown) {
  const beyond = shown.ids.filter((id) => id < 1 || id > Behaviours.highestId)
  if (beyond.length > 0) found(`"${shown.title}" is to show ${idsText("B", beyond)}, which is in no list`)
  groups.set(shown.group, [...(groups.get(shown.group) ?? []), shown])
}

const groupRows = Array.from(groups, ([group, shown]) => {
  const files = Array.from(new Set(shown.map(({ file }) => file)))
  const at = files.map((file) => link(file, Path.basename(file).replace(/(\.test)?\.ts$/, ""))).join(", ")
  return `| ${group} | ${idsText("B", shown.flatMap(({ ids }) => ids))} | ${at} |`
})

const testRows = Array.from(Behaviours.shown)
  .sort((a, b) => Math.min(...a.ids) - Math.min(...b.ids))
  .map(({ group, ids, title }) => `| ${idsText("B", ids)} | ${group}: ${title} |`)

const runtimesSeen = inRepository("runtimes/seen.json")

const seenOn: Readonly<Record<string, { readonly version: string; readonly checks: number }>> = JSON.parse(
  Fs.readFileSync(runtimesSeen, "utf8")
)

const runtimes = [
  "| Runtime | Version seen | Checks |",
  "|---|---|---|",
  ...Object.entries(seenOn).map(([name, { checks, version }]) => `| ${name} | ${version} | ${checks} |`)
].join("\n")

const markdown = `<!-- Generated by \`pnpm supported\` from the sources. Do not edit. -->

# What is supported

E- and F- ids are the row ids of this project's lists of endpoints and capabilities.

## Endpoints

Of the LaunchKey API v3: which method calls each, which module of the platform serves it, and which tests call it.
Those under \`conformance/\` run in memory and over a socket.

${table(official)}

Of this project's own device API, which stands beside it ("The device API" in [docs/protocol.md](docs/protocol.md)):

${table(ours)}

## Capabilities

What the official SDKs for Python, Java and .NET can do, and where it is here: module and member. Left out are deprecated
twins of other calls and switches that turn the verification of TLS off. [docs/migrating.md](docs/migrating.md) has each
call of theirs beside ours.

${parity.join("\n\n")}

## Behaviours

What the suites of the official SDKs show, and what their documentation says, as ${Behaviours.highestId} rows of a list, B-001 to ${
  idsText("B", [Behaviours.highestId])
}:
each is shown by a test both in memory and over a socket, through the clients, save for those [that do not
hold](#what-does-not-hold). Only what no client sends, such as a key for a purpose that there is not, is sealed by hand.
The device is the simulated one. A test's name says what it shows, so that
\`npx -y pnpm@12 conformance -t B-061\` runs what shows one of them.

| What is tested | Ids | Tests |
|---|---|---|
${groupRows.join("\n")}

<details>
<summary>Each test</summary>

| Ids | Test |
|---|---|
${testRows.join("\n")}

</details>

## Runtimes

core, transport and clients need WebCrypto and \`fetch\` alone, save for modules whose names begin with \`Node\` and those
below \`clients/sql\`. Seen by \`npx -y pnpm@12 runtimes --record\`, which bundles their tests and a whole flow against a
sandbox into one module without any import, and runs that on each:

${runtimes}

Left out of it are tests that compare with \`node:crypto\`, or need another module of Node's themselves.

## What does not hold

${
  deviations.length === 0
    ? "No behaviour of the protocol is known that this project should have and has not, beyond what is \"not yet\" above."
    : ["| Behaviour | Why |", "|---|---|", ...deviations.map(({ what, why }) => `| ${what} | ${why} |`)].join("\n")
}
`

if (TestReport.path !== undefined && TestReport.results === undefined) {
  found(`there is no report of tests at "${TestReport.path}": run them with TEST_REPORT set to it`)
} else if (TestReport.results !== undefined) {
  const testResults = TestReport.results
  const passed = new Set(
    testResults.flatMap(({ assertionResults }) => assertionResults.filter(({ status }) => status === "passed"))
      .map(TestReport.nameOf)
  )
  for (const { names } of Behaviours.shown) {
    for (const name of names.keys()) if (!passed.has(name)) found(`"${name}" did not pass, or was skipped`)
  }
  for (const file of used) {
    const result = testResults.find(({ name }) => name === file)
    if (result?.status !== "passed") {
      found(`${Workspace.relative(file)} ${result === undefined ? "is not in the report" : "did not pass"}`)
    }
  }
}

const current = Fs.existsSync(target) ? Fs.readFileSync(target, "utf8") : ""
if (process.argv.includes("--check")) {
  if (current !== markdown) found("not what the sources say: run pnpm supported")
} else if (current !== markdown) {
  Fs.writeFileSync(target, markdown)
}

Workspace.report("supported", problems)
