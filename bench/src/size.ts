/** How long an entry takes to import in a new process, what it loads of others, and what it adds to a bundle. */
import { build } from "esbuild"
import { execFileSync } from "node:child_process"
import * as Fs from "node:fs"
import { createRequire } from "node:module"
import * as Path from "node:path"
import { atMost, type Benchmark, figures, type Goal, table } from "./benchmark.ts"
import * as Built from "./built.ts"
import { type Spread, spread } from "./measure.ts"

const scope = "@effect-launchkey/"

/** What is imported by users; the first two are what most of them have anyway. */
const entries = [
  "effect",
  "@effect/platform",
  `${scope}clients`,
  `${scope}clients/ServiceClient`,
  `${scope}transport`,
  `${scope}core`,
  `${scope}core/AuthPolicy`,
  `${scope}core/EntityIdentifier`
]

/** These load neither HTTP nor JOSE. */
const pure = [`${scope}core/AuthPolicy`, `${scope}core/EntityIdentifier`]

interface Import {
  readonly entry: string
  /** Milliseconds from the start of the import to its end, Node's own start not counted. */
  readonly millis: Spread
  /** Packages of others, and of the projects' own. */
  readonly loads: ReadonlyArray<string>
}

interface Bundle {
  readonly name: string
  /** Octets, minified and gzipped. */
  readonly size: number
  readonly sizeLimit: number
}

const timed = (folder: string, entry: string): number => {
  const script = `const t = performance.now(); await import(${
    JSON.stringify(entry)
  }); console.log(performance.now() - t)`
  return Number(execFileSync(process.execPath, ["--input-type=module", "-e", script], { cwd: folder }))
}

/** The packages of every module that is imported, by whatever it imports: as Node would load them. */
const loadedBy = async (folder: string, entry: string): Promise<ReadonlyArray<string>> => {
  const { metafile } = await build({
    stdin: { contents: `import * as all from ${JSON.stringify(entry)}; console.log(all)`, resolveDir: folder },
    absWorkingDir: folder,
    bundle: true,
    write: false,
    metafile: true,
    format: "esm",
    platform: "node",
    logLevel: "error"
  })
  const names = Object.keys(metafile.inputs).map((file) =>
    /.*node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(file)?.[1] ?? ""
  )
  return [...new Set(names)].filter((name) => name !== "").sort()
}

const limits = (): ReadonlyArray<Bundle> => {
  const require = createRequire(Path.join(Built.root, "package.json"))
  const bin = Path.join(Path.dirname(require.resolve("size-limit")), "bin.js")
  return JSON.parse(
    execFileSync(process.execPath, [bin, "--json"], {
      cwd: Built.root,
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"]
    })
  )
}

const heavy = /^(?:@effect\/platform|jose)/

const goals = (imports: ReadonlyArray<Import>, bundles: ReadonlyArray<Bundle>): ReadonlyArray<Goal> => [
  atMost(40, (bundles[0]?.size ?? Number.NaN) / 1000, {
    goal: "client of the README's program, without effect, @effect/platform and jose, minified and gzipped",
    unit: "kB"
  }),
  ...imports.filter(({ entry }) => pure.includes(entry)).map(({ entry, loads }) =>
    atMost(0, loads.filter((name) => heavy.test(name)).length, {
      goal: `of HTTP and jose, what ${entry} loads`,
      unit: "packages"
    })
  )
]

export const benchmark: Benchmark = {
  name: "size",
  run: async ({ quick }, tell) => {
    const settings = { rounds: quick ? 1 : 9 }
    const folder = Built.install("clients")
    try {
      const found = entries.map(() => [] as Array<number>)
      for (let round = 0; round < settings.rounds; round++) {
        entries.forEach((entry, index) => found[index]?.push(timed(folder, entry)))
      }
      const imports: Array<Import> = []
      for (const [index, entry] of entries.entries()) {
        imports.push({ entry, millis: spread(found[index] ?? []), loads: await loadedBy(folder, entry) })
      }
      tell(`${entries.length} entries imported`)
      const bundles = limits()
      return {
        figures: { settings, imports, bundles },
        goals: goals(imports, bundles),
        how: `${settings.rounds} new processes each, median (least–most)`,
        tables: [
          table(
            ["entry", "import, ms", "loads"],
            imports.map(({ entry, loads, millis }) => [
              `\`${entry}\``,
              figures(millis, 0),
              loads.map((name) => `\`${name}\``).join(", ")
            ])
          ),
          table(
            ["bundle", "minified and gzipped, kB", "limit"],
            bundles.map(({ name, size, sizeLimit }) => [name, (size / 1000).toFixed(1), (sizeLimit / 1000).toFixed(0)])
          )
        ].join("\n\n")
      }
    } finally {
      Fs.rmSync(folder, { recursive: true })
    }
  }
}
