import * as NodeHttpServer from "@effect/platform-node/NodeHttpServer"
import * as FetchHttpClient from "@effect/platform/FetchHttpClient"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as Schedule from "effect/Schedule"
import { spawn } from "node:child_process"
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { createServer } from "node:http"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import * as ts from "typescript"
import * as TestKeys from "../src/TestKeys.ts"
import * as TestPlatform from "../src/TestPlatform.ts"

const root = fileURLToPath(new URL("../../../", import.meta.url))

const snippetsOf = (document: string) =>
  Array.from(
    readFileSync(join(root, document), "utf8").matchAll(/^```ts\n([\s\S]*?)^```/gm),
    ([, code]) => code ?? ""
  )

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

const run = (file: string, env: Record<string, string>) =>
  Effect.async<{ readonly code: number | null; readonly output: string }>((resume) => {
    const child = spawn(process.execPath, ["--import", "tsx", file], { cwd: root, env: { ...process.env, ...env } })
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

  it.scopedLive("every snippet of it and of docs/ compiles under the strict options", () =>
    Effect.gen(function*() {
      const { files } = yield* written(
        ["README.md", "docs/legacy.md", "docs/migrating.md", "docs/webhooks.md"].flatMap(snippetsOf)
      )
      const config = ts.readConfigFile(join(root, "tsconfig.check.json"), ts.sys.readFile)
      const { options } = ts.parseJsonConfigFileContent(config.config, ts.sys, root)
      const program = ts.createProgram(files, { ...options, noUnusedLocals: false })
      const problems = ts.getPreEmitDiagnostics(program).map(({ messageText }) =>
        ts.flattenDiagnosticMessageText(messageText, "\n")
      )
      assert.deepStrictEqual(problems, [])
    }), 120_000)
})
