/**
 * Tries a platform by the conformance suite: this one in memory, or any other by its base URL.
 *
 *     npx -y pnpm@12 conformance [--base-url URL [--sandbox] | --store libsql|postgres [--nodes N]] [-t TEXT]
 *
 * With a base URL, ORGANIZATION_ID and SIGNING_KEY (PEM), or SIGNING_KEY_FILE, are those of an organization there, in
 * which the suite makes directories and services of its own. A sandbox needs none: it makes organizations, too. What
 * needs time to pass or a second organization is skipped where only clients may act.
 *
 * `--store libsql` and `--store postgres` try this platform on a new file, and in the PostgreSQL of TEST_DATABASE_URL:
 *
 *     npx -y pnpm@12 postgres npx -y pnpm@12 conformance --store postgres
 *
 * With `--nodes`, so many processes serve it, and each request goes to another one than the request before. Organizations
 * are made at any of them; time is moved at all.
 *
 * `-t` runs the tests whose names contain the text. Succeeds only if no test fails.
 */
import { pgSchema } from "@effect-launchkey/testing/sql/TestDatabases"
import { Effect, Redacted } from "effect"
import { spawn } from "node:child_process"
import { once } from "node:events"
import * as Fs from "node:fs"
import { parseArgs } from "node:util"
import * as Cluster from "./nodes/cluster.ts"

const { values } = parseArgs({
  options: {
    "base-url": { type: "string" },
    sandbox: { type: "boolean", default: false },
    store: { type: "string" },
    nodes: { type: "string" },
    "test-name": { type: "string", short: "t", default: "" }
  }
})

const refuse = (message: string): never => {
  console.error(`conformance: ${message}`)
  process.exit(2)
}

const baseUrl = values["base-url"]?.replace(/\/+$/, "")
const { ORGANIZATION_ID: organizationId, SIGNING_KEY: pem, SIGNING_KEY_FILE: file } = process.env

const read = (file: string): string => {
  try {
    return Fs.readFileSync(file, "utf8")
  } catch {
    return refuse(`SIGNING_KEY_FILE names ${file}, which cannot be read. Name a file with a PEM.`)
  }
}

const key = pem ?? (file === undefined ? undefined : read(file))

if (baseUrl === undefined && values.sandbox) refuse("--sandbox is said of the platform at --base-url. Give one.")
if (baseUrl !== undefined && !values.sandbox && (organizationId === undefined || key === undefined)) {
  refuse(
    "there is nobody to act as. Give ORGANIZATION_ID and SIGNING_KEY, or SIGNING_KEY_FILE, of an organization of the "
      + "platform, or --sandbox where it is one."
  )
}

const { store } = values
if (store !== undefined && (baseUrl !== undefined || !["libsql", "postgres"].includes(store))) {
  refuse("--store is of this platform, not of one elsewhere: libsql or postgres.")
}
if (store === "postgres" && process.env["TEST_DATABASE_URL"] === undefined) {
  refuse("there is no PostgreSQL. Run this by `pnpm postgres`, or name one in TEST_DATABASE_URL.")
}

const count = values.nodes === undefined ? undefined : Number(values.nodes)
if (count !== undefined && (store !== "postgres" || !Number.isSafeInteger(count) || count < 1)) {
  refuse("--nodes is a number of processes that share one PostgreSQL: give --store postgres with it.")
}

const target = store !== undefined
  ? { CONFORMANCE_STORE: store }
  : baseUrl === undefined
  ? {}
  : {
    CONFORMANCE_BASE_URL: baseUrl,
    CONFORMANCE_SANDBOX: String(values.sandbox),
    ...(key === undefined ? {} : { SIGNING_KEY: key })
  }

const suite = baseUrl === undefined && store === undefined ? `in memory.*${values["test-name"]}` : values["test-name"]

const run = async (target: Readonly<Record<string, string>>): Promise<number> => {
  const child = spawn(
    "vitest",
    ["run", "packages/testing/test/conformance.test.ts", ...(suite === "" ? [] : ["-t", suite])],
    { stdio: "inherit", env: { ...process.env, ...target } }
  )
  const [code] = await once(child, "exit")
  return typeof code === "number" ? code : 1
}

const runOn = (count: number) =>
  Effect.gen(function*() {
    const { url } = yield* pgSchema
    const nodes = yield* Effect.acquireRelease(
      Effect.promise(() => Cluster.start(count, Redacted.value(url))),
      (nodes) => Effect.sync(() => nodes.forEach(({ stop }) => stop()))
    )
    const { port } = yield* Effect.acquireRelease(
      Effect.promise(() => Cluster.distribute(nodes)),
      ({ close }) => Effect.sync(close)
    )
    return yield* Effect.promise(() =>
      run({ CONFORMANCE_BASE_URL: `http://127.0.0.1:${port}`, CONFORMANCE_SANDBOX: "true" })
    )
  }).pipe(Effect.scoped, Effect.runPromise)

process.exitCode = await (count === undefined ? run(target) : runOn(count))
