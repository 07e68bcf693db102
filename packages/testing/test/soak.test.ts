import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { spawn } from "node:child_process"
import { fileURLToPath } from "node:url"

const root = fileURLToPath(new URL("../../../", import.meta.url))

const run = (...args: ReadonlyArray<string>) =>
  Effect.async<{ readonly code: number | null; readonly lastLine: string; readonly errors: string }>((resume) => {
    const child = spawn(process.execPath, ["--import", "tsx", "scripts/soak.ts", ...args], { cwd: root })
    let output = ""
    let errors = ""
    child.stdout.on("data", (chunk) => output += String(chunk))
    child.stderr.on("data", (chunk) => errors += String(chunk))
    child.on(
      "close",
      (code) => resume(Effect.succeed({ code, errors, lastLine: output.trim().split("\n").at(-1) ?? "" }))
    )
    return Effect.sync(() => child.kill())
  })

describe("the soak", () => {
  it.live("leaves no fiber and no socket behind, by its short version", () =>
    Effect.gen(function*() {
      const { code, errors, lastLine } = yield* run("--openings", "500", "--for", "3 seconds")
      assert.match(lastLine, /^5\d\d openings \(\d+ encrypted\)/, errors)
      assert.match(lastLine, /fibers [\d,]+ started, \d+ before and 0 after closing/)
      assert.match(lastLine, /sockets \d+ before and 0 after closing/)
      assert.match(lastLine, /; 0 unexpected; ok$/)
      assert.match(lastLine, / [1-9][\d,]* calls in /)
      assert.strictEqual(code, 0)
    }), 120_000)

  it.live("is refused where it is told no number", () =>
    Effect.gen(function*() {
      const { code, errors } = yield* run("--openings", "many")
      assert.match(errors, /--openings many: give a whole number/)
      assert.strictEqual(code, 2)
    }), 60_000)
})
