/**
 * Which tests show each row of this project's list of behaviours, in memory and over a socket, for `supported.ts`: found
 * in the names of the tests, which vitest tells, or the report of a run of all.
 */
import { spawnSync } from "node:child_process"
import * as Fs from "node:fs"
import * as Path from "node:path"
import { conformance, conformanceRun, tests, textsOf } from "./supported-sources.ts"
import * as TestReport from "./test-report.ts"
import * as Workspace from "./workspace.ts"

/** The last row of the list. */
export const highestId = 279

/** What the outermost `describe` of such a test begins with. */
const ways = { "in memory": "memory", "over a socket": "socket", "a sandbox at its base URL": "socket" } as const

export type Way = (typeof ways)[keyof typeof ways]

export interface Shown {
  readonly ids: ReadonlyArray<number>
  /** As it is without the way: a `describe`, and what the test says of it. */
  readonly group: string
  readonly title: string
  /** The file that has the test, and the one that vitest runs. */
  readonly file: string
  readonly runs: string
  /** By the full name of the test there, as vitest's reports have it. */
  readonly names: ReadonlyMap<string, Way>
}

interface Listed {
  readonly name: string
  readonly file: string
}

const listed = (files: ReadonlyArray<string>): ReadonlyArray<Listed> => {
  const { results } = TestReport
  if (results !== undefined) {
    return files.flatMap((file) =>
      results.filter(({ name }) => name === file)
        .flatMap(({ assertionResults }) => assertionResults.map((test) => ({ file, name: TestReport.nameOf(test) })))
    )
  }
  const env = Object.entries(process.env).filter(([name]) => !name.startsWith("CONFORMANCE_"))
  const vitest = Path.join(Workspace.root, "node_modules/vitest/vitest.mjs")
  const { status, stderr, stdout } = spawnSync(process.execPath, [vitest, "list", ...files, "--json"], {
    cwd: Workspace.root,
    encoding: "utf8",
    env: Object.fromEntries(env),
    maxBuffer: 2 ** 26
  })
  if (status !== 0) throw new Error(`vitest could not list the tests: ${stderr}`)
  return JSON.parse(stdout)
}

/** `B-001`, `B-003–B-005`. */
const idsIn = (text: string): ReadonlyArray<number> =>
  Array.from(text.matchAll(/B-(\d{3})(?:–B-(\d{3}))?/g)).flatMap(([, first, last = first]) =>
    Array.from({ length: Number(last) - Number(first) + 1 }, (_, i) => Number(first) + i)
  )

/** Every text in the suite, the longest first. */
const texts = tests.filter(({ label }) => label.startsWith(conformance))
  .flatMap((test) => textsOf(test).map((text) => ({ text, file: test.file })))
  .filter(({ text }) => text !== "")
  .sort((a, b) => b.text.length - a.text.length)

/** The part of the suite that has the title, or as much of it as stands before what each owner puts in. */
const partWith = (title: string): string => texts.find(({ text }) => title.startsWith(text))?.file ?? conformanceRun

const wayOf = (outermost: string): Way | undefined =>
  Object.entries(ways).find(([beginning]) => outermost.startsWith(beginning))?.[1]

const files = [
  conformanceRun,
  ...Workspace.sources(Path.join(Workspace.root, "packages/testing/test"))
    .filter((file) => file.endsWith(".test.ts") && /\(B-\d{3}/.test(Fs.readFileSync(file, "utf8")))
]

const found = new Map<string, Shown & { readonly names: Map<string, Way> }>()

for (const { file, name } of listed(files)) {
  const [outermost = "", group = "", ...rest] = name.split(TestReport.separator)
  const [, title, suffix] = /^(.*) \((B-[^()]*)\)$/.exec(rest.join(TestReport.separator)) ?? []
  const way = wayOf(outermost)
  if (title === undefined || suffix === undefined || way === undefined) continue
  const key = [file, group, title].join(TestReport.separator)
  const shown = found.get(key) ?? {
    ids: idsIn(suffix),
    group,
    title,
    file: file === conformanceRun ? partWith(`${title} (${suffix})`) : file,
    runs: file,
    names: new Map<string, Way>()
  }
  shown.names.set(name, way)
  found.set(key, shown)
}

/** In the order in which they run. */
export const shown: ReadonlyArray<Shown> = Array.from(found.values())

/** The behaviours that a text names. */
export const named = idsIn

/** In which ways each behaviour is shown. */
export const waysOf = (id: number): ReadonlySet<Way> =>
  new Set(shown.filter(({ ids }) => ids.includes(id)).flatMap(({ names }) => Array.from(names.values())))
