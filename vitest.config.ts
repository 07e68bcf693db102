import { defineConfig } from "vitest/config"

const enough = { lines: 95, branches: 90 }

// where a machine-readable report is wanted; people read the default one
const report = process.env["TEST_REPORT"]

export default defineConfig({
  test: {
    include: ["packages/*/test/**/*.test.ts", "examples/test/**/*.test.ts"],
    testTimeout: 20_000,
    reporters: report === undefined ? ["default"] : ["default", ["json", { outputFile: report }]],
    coverage: {
      provider: "v8",
      // counts statements and branches of the source rather than of what the compiler makes of it
      experimentalAstAwareRemapping: true,
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
