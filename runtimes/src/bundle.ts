/** Makes of the packages' own test files one module that any runtime can load. */
import * as esbuild from "esbuild"
import * as Fs from "node:fs"
import * as Path from "node:path"
import { fileURLToPath } from "node:url"

export const root = fileURLToPath(new URL("../../", import.meta.url))

/** Test files that say themselves that they are about Node, or that look at values as only Node shows them. */
const onNodeAlone: Readonly<Record<string, string>> = {
  "packages/clients/test/WebhookHost.test.ts": "hosts of node:http",
  "packages/core/test/Totp.test.ts": "inspects values by node:util",
  "packages/transport/test/DeviceKey.test.ts": "compares with node:crypto",
  "packages/transport/test/Jose.test.ts": "compares both engines with node:crypto",
  "packages/transport/test/Keyring.test.ts": "inspects values by node:util",
  "packages/transport/test/Transport.test.ts": "serves by node:http",
  "packages/transport/test/bytes.test.ts": "compares both engines with node:crypto",
  "packages/transport/test/causes.test.ts": "inspects values by node:util",
  "packages/transport/test/rfc.test.ts": "compares both engines with node:crypto",
  "packages/transport/test/unsent.test.ts": "clients and servers of Node",
  "packages/transport/test/userAgent.test.ts": "expects Node's name in it",
  "packages/transport/test/wycheproof.test.ts": "a corpus of files"
}

const testsOf = (folder: string): ReadonlyArray<string> =>
  Fs.readdirSync(Path.join(root, folder)).filter((name) => name.endsWith(".test.ts")).sort()
    .map((name) => `${folder}/${name}`)

const absolute = (file: string): string => Path.join(root, file)

/** Every test of these packages, and what is here. */
export const files: ReadonlyArray<string> = [
  "packages/core/test",
  "packages/transport/test",
  "packages/clients/test",
  "runtimes/src/body"
].flatMap(testsOf).filter((file) => onNodeAlone[file] === undefined)

const body = "runtimes/src/body"

/** Each module that is left to the runtime to have: none may be. */
const closed = (wanted: ReadonlyArray<string>): esbuild.Plugin => ({
  name: "closed",
  setup: (build) => {
    build.onResolve({ filter: /^runtimes:files$/ }, ({ path }) => ({ path, namespace: "files" }))
    build.onLoad({ filter: /.*/, namespace: "files" }, () => ({
      contents: `export const files = [${
        wanted.map((file) => `[${JSON.stringify(file)}, () => import(${JSON.stringify(absolute(file))})]`).join(",\n")
      }]`,
      resolveDir: root
    }))
    build.onResolve({ filter: /^vitest$/ }, () => ({ path: absolute(`${body}/vitest.ts`) }))
    build.onResolve({ filter: /\/bare\.ts$/ }, () => ({ path: absolute(`${body}/bare.ts`) }))
    build.onResolve({ filter: /^node:/ }, ({ importer, path }) => ({
      errors: [{ text: `${Path.relative(root, importer)} imports ${path}, which not every runtime has` }]
    }))
  }
})

/** The module's text. Rejects where one of the files reaches for a module of Node's. */
export const make = async (wanted: ReadonlyArray<string> = files): Promise<string> => {
  const { outputFiles: [output] } = await esbuild.build({
    entryPoints: [absolute(`${body}/main.ts`)],
    absWorkingDir: root,
    bundle: true,
    write: false,
    format: "esm",
    platform: "browser",
    conditions: ["workerd", "worker", "browser"],
    target: "es2022",
    keepNames: true,
    legalComments: "none",
    logLevel: "error",
    // by which node-forge would take itself to be on Node, and look for node:crypto
    define: { "process.versions": "undefined", self: "globalThis" },
    plugins: [closed(wanted)]
  })
  if (output === undefined) throw new Error("esbuild made nothing")
  return output.text
}
