import * as NodeHttpServer from "@effect/platform-node/NodeHttpServer"
import * as FetchHttpClient from "@effect/platform/FetchHttpClient"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as Schedule from "effect/Schedule"
import { spawn } from "node:child_process"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { createServer } from "node:http"
import { join } from "node:path"
import * as TestKeys from "../src/TestKeys.ts"
import * as TestPlatform from "../src/TestPlatform.ts"
import * as MigrationTables from "./support/migrationTables.ts"
import { documents, examples, root, snippetsOf } from "./support/snippets.ts"

/** Files beside the packages, so that they find them as a project would. */
const written = (sources: ReadonlyArray<string>) =>
  Effect.acquireRelease(
    Effect.sync(() => {
      const folder = mkdtempSync(join(root, "node_modules/.readme-"))
      return {
        folder,
        files: sources.map((source, i) => {
          const file = join(folder, `snippet-${i}.mts`)
          writeFileSync(file, source)
          return file
        })
      }
    }),
    ({ folder }) => Effect.sync(() => rmSync(folder, { recursive: true }))
  )

const run = (file: string, env: Record<string, string>, options: ReadonlyArray<string> = []) =>
  Effect.async<{ readonly code: number | null; readonly output: string }>((resume) => {
    const child = spawn(process.execPath, ["--import", "tsx", file, ...options], {
      cwd: root,
      env: { ...process.env, ...env }
    })
    let output = ""
    child.stdout.on("data", (chunk) => output += String(chunk))
    child.stderr.on("data", (chunk) => output += String(chunk))
    child.on("close", (code) => resume(Effect.succeed({ code, output })))
    return Effect.sync(() => child.kill())
  })

const Live = TestPlatform.layerServed.pipe(
  Layer.provideMerge(NodeHttpServer.layer(createServer, { host: "127.0.0.1", port: 0 })),
  Layer.provideMerge(FetchHttpClient.layer)
)

describe("README", () => {
  it.scopedLive("its first program runs as printed and tells of the approval", () =>
    Effect.gen(function*() {
      const platform = yield* TestPlatform.TestPlatform
      const device = yield* platform.linkedDevice("ada@example.com")
      yield* Effect.forkScoped(device.approve().pipe(Effect.retry(Schedule.spaced("100 millis"))))
      const { files } = yield* written(snippetsOf("README.md").slice(0, 1))
      const { code, output } = yield* run(files[0] ?? "", {
        SERVICE_ID: TestPlatform.serviceId,
        ISSUER: `svc:${TestPlatform.serviceId}`,
        BASE_URL: platform.baseUrl,
        SIGNING_KEY: Redacted.value(TestKeys.service.privateKey)
      })
      assert.strictEqual(output, "approved\n")
      assert.strictEqual(code, 0)
    }).pipe(Effect.provide(Live)), 60_000)

  it.scopedLive(
    "the program of docs/getting-started.md runs as printed, against a platform that knows its user",
    () =>
      Effect.gen(function*() {
        const platform = yield* TestPlatform.TestPlatform
        const device = yield* platform.linkedDevice("newcomer@example.com")
        yield* Effect.forkScoped(device.approve().pipe(Effect.retry(Schedule.spaced("100 millis"))))
        const { files } = yield* written(snippetsOf("docs/getting-started.md").slice(0, 1))
        const { code, output } = yield* run(files[0] ?? "", {
          USER_NAME: "newcomer@example.com",
          BASE_URL: platform.baseUrl,
          ORGANIZATION_ID: TestPlatform.organizationId,
          ORGANIZATION_KEY: Redacted.value(TestKeys.organization.privateKey),
          DIRECTORY_ID: TestPlatform.directoryId,
          SERVICE_ID: TestPlatform.serviceId
        })
        assert.strictEqual(output, "Asking newcomer@example.com …\napproved\n")
        assert.strictEqual(code, 0)
        assert.strictEqual((yield* device.sessions).length, 1)
      }).pipe(Effect.provide(Live)),
    60_000
  )

  it.scopedLive(
    "every snippet of it, of docs/ and of docstrings compiles, and so does every call in the tables of migrating",
    () =>
      Effect.gen(function*() {
        assert.isAbove(examples.length, 5)
        const { files, folder } = yield* written(
          [...documents.flatMap(snippetsOf), ...examples, MigrationTables.program()]
        )
        // In a process of its own: a compiler that is at it for long would keep the runner of the tests waiting.
        writeFileSync(
          join(folder, "tsconfig.json"),
          JSON.stringify({
            extends: "../../tsconfig.check.json",
            compilerOptions: { noUnusedLocals: false },
            files,
            include: []
          })
        )
        const { code, output } = yield* run(join(root, "node_modules/typescript/bin/tsc"), {}, ["-p", folder])
        assert.strictEqual(output, "")
        assert.strictEqual(code, 0)
      }),
    120_000
  )
})
