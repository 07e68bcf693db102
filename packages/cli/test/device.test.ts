import { assert, layer } from "@effect/vitest"
import { Deferred, Effect, Fiber, Predicate } from "effect"
import { launchkey, Sandboxed, sandboxed } from "./support/launchkey.ts"

/** A directory in which devices can link, and a service of it. */
const directory = (name: string) =>
  Effect.gen(function*() {
    const { result } = yield* Sandboxed
    const { id } = yield* result("directory", "create", name)
    yield* result("directory", "sdk-key", "generate", String(id))
    return String(id)
  })

const env = Effect.map(Sandboxed, ({ folder }) => ({ XDG_CONFIG_HOME: folder }))

layer(sandboxed, { excludeTestServices: true })("launchkey device", (it) => {
  it.effect("shows the code of a link and the time left, and ends once the device has completed it", () =>
    Effect.gen(function*() {
      const { control } = yield* Sandboxed
      const id = yield* directory("Live")
      const waits = yield* Deferred.make<string>()
      const given = {
        env: yield* env,
        interactive: true,
        onError: (text: string) => {
          const code = /Linking code {2}(\w{7})/.exec(text)?.[1]
          if (code !== undefined) Deferred.unsafeDone(waits, Effect.succeed(code))
        }
      }
      const linking = yield* Effect.fork(launchkey(given, "device", "link", "ada", "--directory", id, "--ttl", "5m"))
      const linked = yield* control("devices", { linking_code: yield* Deferred.await(waits), name: "Phone\u001b[2J" })
      const { code, err, out } = yield* Fiber.join(linking)
      assert.deepStrictEqual([code, out], [0, `Linked device ${linked["device_id"]}, Phone\\u001b[2J.\n`])
      assert.match(err, /▀|█/)
      assert.include(err, "\r\u001b[2KWaiting for the device: 5:00 left. Ctrl-C stops the waiting.")
      assert.isTrue(err.endsWith("\r\u001b[2K"))
    }))

  it.effect("says once that it waits where nobody sees a line change, and has one document of it all", () =>
    Effect.gen(function*() {
      const { control } = yield* Sandboxed
      const id = yield* directory("Piped")
      const waits = yield* Deferred.make<string>()
      const given = {
        env: yield* env,
        onError: (text: string) => {
          const code = /Linking code {2}(\w{7})/.exec(text)?.[1]
          if (code !== undefined) Deferred.unsafeDone(waits, Effect.succeed(code))
        }
      }
      const linking = yield* Effect.fork(launchkey(given, "device", "link", "ada", "--directory", id, "--json"))
      const code = yield* Deferred.await(waits)
      const linked = yield* control("devices", { linking_code: code })
      const { err, json } = yield* Fiber.join(linking)
      assert(Predicate.isRecord(json) && Predicate.isRecord(json["device"]))
      assert.deepStrictEqual([json["code"], json["deviceId"]], [code, linked["device_id"]])
      assert.strictEqual(json["device"]["status"], "LINKED")
      assert.include(err, "Waiting for the device, for up to 15:00.\n")
      assert.notInclude(err, "\r")
    }))

  it.effect("tells what it leaves when the waiting is interrupted, in place of the line", () =>
    Effect.gen(function*() {
      const id = yield* directory("Interrupted")
      const waits = yield* Deferred.make<void>()
      let shown = ""
      const given = {
        env: yield* env,
        interactive: true,
        onError: (text: string) => {
          shown += text
          if (text.includes("left.")) Deferred.unsafeDone(waits, Effect.void)
        }
      }
      const linking = yield* Effect.fork(launchkey(given, "device", "link", "ada", "--directory", id))
      yield* Deferred.await(waits)
      yield* Fiber.interrupt(linking)
      assert.match(shown.split("\u001b[2K").at(-1) ?? "", /^Problem: The link is not completed, and its code serves on/)
    }))

  it.effect("refuses a time that no code has, before anything is sent", () =>
    Effect.gen(function*() {
      const { launchkey } = yield* Sandboxed
      const id = yield* directory("Short")
      const { code, err } = yield* launchkey("device", "link", "ada", "--directory", id, "--ttl", "10s")
      assert.strictEqual(code, 2)
      assert.match(err, /^Problem: An argument is not acceptable\. Nothing was sent\.\n {2}ttl: /)
      const { err: soon } = yield* launchkey("device", "link", "ada", "--directory", id, "--ttl", "soon")
      assert.include(soon, "'soon' is no length of time: give seconds, or a number with s, m, h or d, such as 5m")
    }))
})
