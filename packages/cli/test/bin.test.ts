import { assert, layer } from "@effect/vitest"
import { Deferred, Effect } from "effect"
import { spawn } from "node:child_process"
import { root, Sandboxed, sandboxed } from "./support/launchkey.ts"

/** The command as a shell starts it. */
const child = (folder: string, args: ReadonlyArray<string>, onError: (text: string) => void = () => {}) =>
  Effect.gen(function*() {
    const ended = yield* Deferred.make<{ readonly code: number | null; readonly out: string; readonly err: string }>()
    const process_ = yield* Effect.acquireRelease(
      Effect.sync(() =>
        spawn(process.execPath, ["--import", "tsx", "packages/cli/src/bin.ts", ...args], {
          cwd: root,
          env: { ...process.env, XDG_CONFIG_HOME: folder }
        })
      ),
      (child) => Effect.sync(() => child.kill("SIGKILL"))
    )
    let out = ""
    let err = ""
    process_.stdout.on("data", (chunk) => out += String(chunk))
    process_.stderr.on("data", (chunk) => onError(err += String(chunk)))
    process_.on("close", (code) => Deferred.unsafeDone(ended, Effect.succeed({ code, out, err })))
    return { ended: Deferred.await(ended), interrupt: Effect.sync(() => process_.kill("SIGINT")) }
  })

layer(sandboxed, { excludeTestServices: true, timeout: 60_000 })("bin", (it) => {
  it.scoped("ends with the code of the end, and keeps standard output for the result", () =>
    Effect.gen(function*() {
      const { folder, organizationId } = yield* Sandboxed
      const [shown, refused] = yield* Effect.all([
        Effect.flatMap(child(folder, ["profile", "show", "organization", "--json"]), ({ ended }) => ended),
        Effect.flatMap(child(folder, ["directory", "get", "somewhere"]), ({ ended }) => ended)
      ], { concurrency: "unbounded" })
      assert.deepStrictEqual([shown.code, shown.err], [0, ""])
      assert.propertyVal(JSON.parse(shown.out), "entity", `org:${organizationId}`)
      assert.deepStrictEqual([refused.code, refused.out], [2, ""])
      assert.match(refused.err, /^Problem: That is no id of a directory\./)
    }), 60_000)

  it.scoped("ends with 130 on Ctrl-C while it waits for a device", () =>
    Effect.gen(function*() {
      const { folder, result } = yield* Sandboxed
      const { id } = yield* result("directory", "create", "Ctrl-C")
      const waits = yield* Deferred.make<void>()
      const { ended, interrupt } = yield* child(
        folder,
        ["device", "link", "ada", "--directory", String(id)],
        (err) => {
          if (err.includes("Waiting for the device")) Deferred.unsafeDone(waits, Effect.void)
        }
      )
      yield* Deferred.await(waits)
      yield* interrupt
      const { code, out } = yield* ended
      assert.deepStrictEqual([code, out], [130, ""])
    }), 60_000)
})
