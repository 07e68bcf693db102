import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { spawn } from "node:child_process"
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"

const root = fileURLToPath(new URL("../../../", import.meta.url))

/** The command as its script runs it, in a process of its own. */
const played = (...options: ReadonlyArray<string>) =>
  Effect.acquireRelease(
    Effect.async<{
      readonly output: string
      /** As Ctrl-C does; yields the exit code. */
      readonly interrupt: Effect.Effect<number | null>
    }>((resume) => {
      const child = spawn(process.execPath, ["--import", "tsx", "scripts/play.ts", ...options], { cwd: root })
      let output = ""
      const ended = new Promise<number | null>((resolve) => child.on("close", resolve))
      const interrupt = Effect.promise(() => {
        child.kill("SIGINT")
        return ended
      })
      const read = (chunk: Buffer) => {
        output += chunk.toString()
        if (output.includes("Ctrl-C")) resume(Effect.succeed({ output, interrupt }))
      }
      child.stdout.on("data", read)
      child.stderr.on("data", read)
      child.on("close", () => resume(Effect.dieMessage(`play has ended early: ${output}`)))
    }),
    ({ interrupt }) => interrupt
  )

describe("play", () => {
  it.scopedLive("says where everything is, lets a program in, and leaves nothing behind", () =>
    Effect.gen(function*() {
      const folder = yield* Effect.acquireRelease(
        Effect.sync(() => mkdtempSync(join(tmpdir(), "play-"))),
        (folder) => Effect.sync(() => rmSync(folder, { recursive: true }))
      )
      const env = join(folder, "play.env")
      const { interrupt, output } = yield* played("--env", env)
      const [application = "", authenticator = ""] = output.match(/http:\/\/\S+/g) ?? []
      const pages = yield* Effect.promise(() =>
        Promise.all([application, authenticator].map(async (address) => (await fetch(address)).text()))
      )
      assert.include(pages[0], "<title>Log in")
      assert.include(pages[1], "<title>Authenticator")
      assert.notStrictEqual(new URL(application).origin, new URL(authenticator).origin)

      assert.strictEqual(statSync(env).mode & 0o777, 0o600)
      const names = readFileSync(env, "utf8").split("\n").map((line) => line.replace(/=.*/, ""))
      assert.deepStrictEqual(names, [
        "BASE_URL",
        "ORGANIZATION_ID",
        "ORGANIZATION_KEY",
        "DIRECTORY_ID",
        "SERVICE_ID",
        ""
      ])
      assert.strictEqual(yield* interrupt, 0)
      assert.isFalse(existsSync(env))
    }), 60_000)
})
