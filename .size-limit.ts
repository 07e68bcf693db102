/**
 * What an application has to load because of this project, minified and gzipped, and the most that it may be.
 *
 *     pnpm size
 */
import type { BuildOptions, Plugin } from "esbuild"
import type { SizeLimitConfig } from "size-limit"

/** What a user has anyway, or could have from elsewhere. */
const foreign = /^(?:effect|@effect\/platform|jose)(?:\/|$)/

const modulesOf = /^(?:@effect\/platform|jose)(?:\/|$)/

/**
 * Leaves of a foreign module the names alone. Left external, each module that imports it would have an import statement
 * and a name of its own for it, which no application's bundle has: it has one name for one thing, as this has.
 */
const withoutForeign: Plugin = {
  name: "without-foreign",
  setup: ({ onLoad, onResolve, resolve }) => {
    onResolve({ filter: foreign }, async ({ kind, path, pluginData, resolveDir }) => {
      if (pluginData === "found") return undefined
      const found = await resolve(path, { kind, resolveDir, pluginData: "found" })
      return { ...found, namespace: "foreign", sideEffects: false }
    })
    onLoad({ filter: /./, namespace: "foreign" }, async ({ path }) => {
      const names = Object.keys(await import(path)).filter((name) => name !== "default")
      const list = (each: (name: string) => string) => names.map(each).join(", ")
      return {
        contents: `let ${list((name) => `_${name}`)}; export { ${list((name) => `_${name} as ${name}`)} }`
      }
    })
  }
}

/** A module of HTTP or JOSE anywhere among the imports fails the build, used or not: Node would load it. */
const noneOf: Plugin = {
  name: "none-of",
  setup: ({ onResolve }) => {
    onResolve({ filter: modulesOf }, ({ importer, path }) => ({
      errors: [{ text: `${importer} imports "${path}": policies and identifiers load no HTTP and no jose` }]
    }))
  }
}

const bundled = (...plugins: ReadonlyArray<Plugin>) => ({
  gzip: true,
  ignore: ["node:*"],
  modifyEsbuildConfig: (config: BuildOptions): BuildOptions => ({
    ...config,
    format: "esm",
    platform: "neutral",
    mainFields: ["module", "main"],
    plugins: [...plugins]
  })
})

/** The program on the first screen of the README. */
const program = {
  path: "packages/clients/src/index.ts",
  import: {
    "packages/clients/src/index.ts": "{ ServiceClient }",
    "packages/core/src/index.ts": "{ AuthPolicy }",
    "packages/transport/src/index.ts": "{ Transport }"
  }
}

const config: SizeLimitConfig = [
  {
    name: "client: ServiceClient and Transport, without effect, @effect/platform and jose",
    ...program,
    ...bundled(withoutForeign),
    // the goal of bench/README.md
    limit: "40 kB"
  },
  {
    name: "client: ServiceClient and Transport, whole",
    ...program,
    ...bundled(),
    limit: "220 kB"
  },
  {
    name: "clients, every module, without effect, @effect/platform and jose",
    path: "packages/clients/src/index.ts",
    ...bundled(withoutForeign),
    limit: "60 kB"
  },
  {
    name: "core/AuthPolicy, without effect; no HTTP, no jose",
    path: "packages/core/src/AuthPolicy.ts",
    ...bundled(noneOf, withoutForeign),
    limit: "6 kB"
  },
  {
    name: "core/EntityIdentifier, without effect; no HTTP, no jose",
    path: "packages/core/src/EntityIdentifier.ts",
    ...bundled(noneOf, withoutForeign),
    limit: "1 kB"
  }
]

export default config
