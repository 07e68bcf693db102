import * as OrganizationCredentials from "@effect-launchkey/clients/OrganizationCredentials"
import * as Authenticator from "@effect-launchkey/platform/Authenticator"
import * as TestKeys from "@effect-launchkey/testing/TestKeys"
import * as Keyring from "@effect-launchkey/transport/Keyring"
import { assert, layer } from "@effect/vitest"
import { Effect, Fiber, Predicate, Schedule } from "effect"
import { launchkey } from "./support/launchkey.ts"
import { configured, environment } from "./support/served.ts"

/** A platform in a file of its own, which can be started and stopped. */
const kept = Effect.map(
  configured({ store: "file:platform.db", operations: { enabled: false } }),
  ({ start, ...there }) => ({ ...there, startAt: start, start: Effect.map(start, ({ fiber }) => fiber) })
)

layer(environment, { excludeTestServices: true, timeout: 60_000 })("a platform in a file", (it) => {
  it.scoped("is operated while it is served, and while it is not", () =>
    Effect.gen(function*() {
      const { admin, folder, fs, start } = yield* kept
      const created = yield* admin("organization", "create", "Kept", "--key", `${folder}/organization.pub.pem`)
      assert.strictEqual(created.code, 0, created.err)
      assert.strictEqual((yield* fs.stat(`${folder}/platform.db`)).mode & 0o777, 0o600)
      const keys = yield* admin("platform-key", "list")

      const fiber = yield* start
      assert.include((yield* admin("organization", "list")).out, "Kept")
      assert.strictEqual((yield* admin("platform-key", "list")).out, keys.out)
      const rotated = yield* admin("platform-key", "rotate")
      assert.match(rotated.out, /announced/)
      assert.strictEqual((yield* admin("platform-key", "rotate")).code, 1)
      yield* Fiber.interrupt(fiber)

      assert.match((yield* admin("platform-key", "list")).out, /signing.*\n.*announced/)
      assert.match((yield* admin("audit", "verify")).out, /^All 3 entries hold\./)
    }))

  it.scoped("is one process's, and opens under its key alone", () =>
    Effect.gen(function*() {
      const { admin, file, folder, fs, start } = yield* kept
      const fiber = yield* start
      const elsewhere = { LAUNCHKEY_SERVE_ADMIN_SOCKET: "elsewhere.sock" }
      const second = yield* launchkey({ env: elsewhere }, "admin", "organization", "list", "--config", file)
      assert.deepStrictEqual([second.code, second.err.includes("is in use by another process")], [1, true])
      yield* Fiber.interrupt(fiber)
      yield* fs.writeFileString(`${folder}/key`, "B".repeat(43))
      const other = yield* admin("organization", "list")
      assert.deepStrictEqual([other.code, other.err.includes("asks for key-encryption key")], [1, true])
      yield* fs.writeFileString(`${folder}/key`, "short")
      assert.strictEqual((yield* admin("organization", "list")).code, 2)
      yield* fs.writeFileString(file, JSON.stringify({ baseUrl: "https://mfa.example.com", store: "file:platform.db" }))
      const none = yield* admin("organization", "list")
      assert.deepStrictEqual([none.code, none.err.includes("keyEncryptionKeyFile")], [2, true])
    }))

  it.scoped("is copied while it is served, and comes back from a copy that is whole", () =>
    Effect.gen(function*() {
      const { admin, folder, fs, start } = yield* kept
      const create = (name: string) => admin("organization", "create", name, "--key", `${folder}/organization.pub.pem`)
      const fiber = yield* start
      yield* create("Before")
      const copied = yield* admin("backup", `${folder}/copy.db`)
      assert.strictEqual(copied.code, 0, copied.err)
      assert.match(copied.out, /The database is sound\.\n.*\nAll 2 entries of the audit log hold\./)
      assert.strictEqual((yield* fs.stat(`${folder}/copy.db`)).mode & 0o777, 0o600)
      assert.strictEqual((yield* admin("backup", `${folder}/copy.db`)).code, 2)
      yield* create("After")
      assert.include((yield* admin("check")).out, "All 4 entries")
      assert.include((yield* admin("restore", `${folder}/copy.db`, "--replace")).err, "The platform is served")
      yield* Fiber.interrupt(fiber)

      assert.include((yield* admin("restore", `${folder}/copy.db`)).err, "--replace")
      const broken = yield* admin("restore", `${folder}/key`, "--replace")
      assert.notStrictEqual(broken.code, 0)
      assert.include((yield* admin("organization", "list")).out, "After")
      const restored = yield* admin("restore", `${folder}/copy.db`, "--replace")
      assert.strictEqual(restored.code, 0, restored.err)
      const { out } = yield* admin("organization", "list")
      assert.deepStrictEqual([out.includes("Before"), out.includes("After")], [true, false])
      assert.isTrue(yield* fs.exists(`${folder}/platform.db.replaced`))
      const again = yield* admin("restore", `${folder}/copy.db`, "--replace")
      assert.deepStrictEqual([again.code, again.err.includes("is there already")], [2, true])
      yield* fs.rename(`${folder}/platform.db.replaced`, `${folder}/elsewhere.db`)
      yield* fs.writeFileString(`${folder}/platform.db`, "damaged ".repeat(1000))
      yield* fs.writeFileString(`${folder}/platform.db-wal`, "its log")
      const mended = yield* admin("restore", `${folder}/copy.db`, "--replace")
      assert.strictEqual(mended.code, 0, mended.err)
      assert.strictEqual(yield* fs.readFileString(`${folder}/platform.db.replaced`), "damaged ".repeat(1000))
      assert.include((yield* admin("organization", "list")).out, "Before")
      yield* start
    }))

  it.scoped("delivers a webhook once more, which the audit log tells, while it is served and while it is not", () =>
    Effect.gen(function*() {
      const { admin, folder, startAt } = yield* kept
      const key = `${folder}/organization.pub.pem`
      const { json } = yield* admin("organization", "create", "Kept", "--json", "--key", key)
      assert(Predicate.isRecord(json))
      const { address, fiber } = yield* startAt
      const credentials = yield* Effect.provideServiceEffect(
        OrganizationCredentials.make({ organizationId: String(json["id"]), baseUrl: address }),
        Keyring.Keyring,
        Keyring.make({ signingKey: TestKeys.organization.privateKey })
      )
      const organization = yield* credentials.organizationClient
      const directoryId = yield* organization.createDirectory("Employees")
      const sdkKey = yield* organization.generateSdkKey(directoryId)
      // Without TLS it is given up at once.
      yield* organization.updateDirectory(directoryId, { webhookUrl: "http://localhost/hooks" })
      const { code } = yield* (yield* credentials.directoryClient(directoryId)).linkDevice("ada@example.com")
      yield* (yield* Authenticator.make({ baseUrl: address, name: "Phone" })).link(code, sdkKey)

      const listed = Effect.map(admin("webhook", "list"), ({ out }) => out)
      const until = (line: RegExp) =>
        Effect.repeat(listed, {
          until: (out) => line.test(out),
          schedule: Schedule.upTo(Schedule.spaced("20 millis"), "20 seconds")
        })
      const replayed = Effect.map(admin("webhook", "replay", "1"), ({ err, out }) => `${out}${err}`)

      yield* until(/^1 .* given up +1 /m)
      assert.include(yield* replayed, "Delivery 1 is on its way again.")
      yield* until(/^1 .* given up +2 /m)
      assert.strictEqual((yield* admin("webhook", "replay", "2")).code, 1)
      yield* Fiber.interrupt(fiber)

      assert.include(yield* replayed, "Delivery 1 is on its way again.")
      assert.match(yield* listed, /^1 .* pending +2 /m)
      assert.notInclude(yield* replayed, "on its way again")
      yield* startAt
      yield* until(/^1 .* given up +3 /m)
      assert.match(yield* listed, /^1 .* given up +3 +UrlRefused /m)
      assert.lengthOf((yield* admin("audit", "list")).out.match(/ webhook\.replay +dir:/g) ?? [], 2)
      assert.match((yield* admin("audit", "verify")).out, /^All \d+ entries hold\./)
    }))
})
