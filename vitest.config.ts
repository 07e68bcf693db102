import { readFileSync } from "node:fs"
import { availableParallelism } from "node:os"
import ts from "typescript"
import { coverageConfigDefaults, defineConfig } from "vitest/config"

const enough = { lines: 95, branches: 90 }

// without a PostgreSQL (see `pnpm test:pg`) its suites are skipped
const skipped = process.env["TEST_DATABASE_URL"] === undefined ? ["packages/clients/src/sql/**"] : []

// where a machine-readable report is wanted; people read the default one
const report = process.env["TEST_REPORT"]

/** `docs/x.md?snippet=2` is the third snippet of TypeScript in that document, so that a test can run it. */
const snippets = {
  name: "snippets",
  load: (id: string) => {
    const [, file, i] = /^(.+\.md)\?snippet=(\d+)$/.exec(id) ?? []
    if (file === undefined) return undefined
    const [, code] = Array.from(readFileSync(file, "utf8").matchAll(/^```ts\n([\s\S]*?)^```/gm))[Number(i)] ?? []
    return ts.transpileModule(code ?? "", {
      compilerOptions: { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2022, verbatimModuleSyntax: true }
    }).outputText
  }
}

export default defineConfig({
  plugins: [snippets],
  test: {
    include: ["packages/*/test/**/*.test.ts", "examples/**/test/**/*.test.ts"],
    setupFiles: ["equality", "leaksSetup", "methods", "turn"].map((name) => `packages/testing/test/support/${name}.ts`),
    // a third of the time went into loading the same modules for each file again
    isolate: false,
    testTimeout: 20_000,
    // before the tests of a file keys and platforms are made, which takes its time on a machine with other work
    hookTimeout: 60_000,
    // two on two cores, where vitest leaves one idle
    maxWorkers: Math.max(2, availableParallelism() - 1),
    reporters: report === undefined ? ["default"] : ["default", ["json", { outputFile: report }]],
    coverage: {
      // in a run of everything, beside which a run of its own would do most of the work again
      enabled: process.env["COVERAGE"] !== undefined,
      provider: "v8",
      // counts statements and branches of the source rather than of what the compiler makes of it
      experimentalAstAwareRemapping: true,
      exclude: [...coverageConfigDefaults.exclude, ...skipped],
      include: ["packages/{core,transport,clients}/src/**/*.ts"],
      reporter: [["text", { skipFull: true }], "json-summary"],
      thresholds: {
        "packages/core/src/**": enough,
        "packages/transport/src/**": enough,
        "packages/clients/src/**": enough
      }
    }
  }
})
