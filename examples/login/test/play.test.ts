import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { spawn } from "node:child_process"
import { existsSync, mkdtempSync, rmSync, statSync } from "node:fs"
import { createServer } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"

const root = fileURLToPath(new URL("../../../", import.meta.url))

/** A program in a process of its own, once it has said that it is ready. */
const started = (ready: string, args: ReadonlyArray<string>, env: Readonly<Record<string, string>> = {}) =>
  Effect.acquireRelease(
    Effect.async<{
      readonly output: string
      /** As Ctrl-C does; yields the exit code. */
      readonly interrupt: Effect.Effect<number | null>
    }>((resume) => {
      // Not the runner's environment: it has a BASE_URL of its own.
      const child = spawn(process.execPath, args, { cwd: root, env: { PATH: process.env["PATH"], ...env } })
      let output = ""
      const ended = new Promise<number | null>((resolve) => child.on("close", resolve))
      const interrupt = Effect.promise(() => {
        child.kill("SIGINT")
        return ended
      })
      const read = (chunk: Buffer) => {
        output += chunk.toString()
        if (output.includes(ready)) resume(Effect.succeed({ output, interrupt }))
      }
      child.stdout.on("data", read)
      child.stderr.on("data", read)
      child.on("close", () => resume(Effect.dieMessage(`The program has ended early: ${output}`)))
    }),
    ({ interrupt }) => interrupt
  )

const pageAt = (address: string) => Effect.promise(async () => (await fetch(address)).text())

const freePort = Effect.async<number>((resume) => {
  const server = createServer().listen(0, "127.0.0.1", () => {
    const address = server.address()
    server.close(() => resume(Effect.succeed(typeof address === "object" && address !== null ? address.port : 0)))
  })
})

describe("play", () => {
  it.scopedLive("says where everything is, lets a program in, and leaves nothing behind", () =>
    Effect.gen(function*() {
      const folder = yield* Effect.acquireRelease(
        Effect.sync(() => mkdtempSync(join(tmpdir(), "play-"))),
        (folder) => Effect.sync(() => rmSync(folder, { recursive: true }))
      )
      const env = join(folder, "play.env")
      const { interrupt, output } = yield* started("Ctrl-C", ["--import", "tsx", "scripts/play.ts", "--env", env])
      const [application = "", authenticator = ""] = output.match(/http:\/\/\S+/g) ?? []
      assert.include(yield* pageAt(application), "<title>Log in")
      assert.include(yield* pageAt(authenticator), "<title>Authenticator")
      assert.notStrictEqual(new URL(application).origin, new URL(authenticator).origin)
      assert.strictEqual(statSync(env).mode & 0o777, 0o600)

      // Such a program is the application itself, once more.
      const port = String(yield* freePort)
      const address = `http://127.0.0.1:${port}`
      const other = yield* started(
        `Ready: browsers find it at ${address}`,
        [`--env-file=${env}`, "--import", "tsx", "examples/login/src/main.ts"],
        { PORT: port, EXTERNAL_URL: address }
      )
      assert.include(yield* pageAt(address), "<title>Log in")
      assert.strictEqual(yield* other.interrupt, 0)

      assert.strictEqual(yield* interrupt, 0)
      assert.isFalse(existsSync(env))
    }), 120_000)
})
