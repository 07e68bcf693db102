import * as ServicePolicy from "@effect-launchkey/core/ServicePolicy"
import * as TestKeys from "@effect-launchkey/testing/TestKeys"
import * as FileSystem from "@effect/platform/FileSystem"
import { assert, layer } from "@effect/vitest"
import { Context, Effect, Layer, Predicate, Schema } from "effect"
import { launchkey } from "./support/launchkey.ts"
import { configured, environment } from "./support/served.ts"

/** A platform that is served, and what its operator does. */
class Operated extends Context.Tag("test/Operated")<Operated, {
  readonly folder: string
  readonly admin: (...args: ReadonlyArray<string>) => ReturnType<typeof launchkey>
  /** As `admin --json`, of a command that ends with 0. */
  readonly result: (
    ...args: ReadonlyArray<string>
  ) => Effect.Effect<unknown, never, Effect.Effect.Context<ReturnType<typeof launchkey>>>
}>() {}

const operated = Layer.scoped(
  Operated,
  Effect.gen(function*() {
    const { admin, folder, fs, start } = yield* configured({
      store: "memory:",
      console: { enabled: true },
      adminSocket: "admin.sock",
      operations: { enabled: false }
    })
    for (const name of ["directory", "service"] as const) {
      yield* fs.writeFileString(`${folder}/${name}.pub.pem`, TestKeys[name].publicKey)
    }
    yield* start
    return {
      folder,
      admin,
      result: (...args) =>
        Effect.map(admin(...args, "--json"), ({ code, json, out }) => {
          assert.strictEqual(code, 0, out)
          return json
        })
    }
  })
).pipe(Layer.provideMerge(environment))

const ids = {
  organization: "5b1c4f4e-7d1c-11ee-b962-0242ac120002",
  directory: "9c0f6f3a-7d1c-11ee-b962-0242ac120002",
  service: "a5a2d6d4-7d1c-11ee-b962-0242ac120002"
}

const account = {
  organizations: [{
    id: ids.organization,
    name: "Acme",
    publicKeys: [{ publicKey: TestKeys.organization.publicKey }],
    directories: [{
      id: ids.directory,
      name: "Employees",
      webhookUrl: "https://example.com/directory",
      sdkKeys: ["b1d05c28-0b18-41e4-94a0-853758eeefc8"],
      publicKeys: [{ publicKey: TestKeys.directory.publicKey, type: "ENCRYPTION" }],
      services: [{
        id: ids.service,
        name: "Payroll",
        callbackUrl: "https://example.com/payroll",
        policy: Schema.encodeSync(ServicePolicy.ServicePolicy)(ServicePolicy.methodAmount(2)),
        publicKeys: [{ publicKey: TestKeys.service.publicKey, active: false }]
      }]
    }]
  }]
}

const json = (value: unknown) => JSON.stringify(value)

layer(operated, { excludeTestServices: true, timeout: 60_000 })("launchkey admin", (it) => {
  it.effect("creates an organization, and manages its keys", () =>
    Effect.gen(function*() {
      const { admin, folder, result } = yield* Operated
      const created = yield* result("organization", "create", "First", "--key", `${folder}/organization.pub.pem`)
      assert(Predicate.isRecord(created))
      const entity = `org:${created["id"]}`
      assert.deepInclude(yield* result("organization", "list"), { id: created["id"], name: "First" })
      yield* result("key", "add", entity, `${folder}/service.pub.pem`, "--type", "encryption")
      yield* result("key", "update", entity, TestKeys.service.keyId, "--active", "no")
      const listed = yield* admin("key", "list", entity)
      assert.match(listed.out, new RegExp(`${TestKeys.service.keyId} +encryption +no`))
      yield* result("key", "remove", entity, TestKeys.service.keyId)
      const last = yield* admin("key", "remove", entity, TestKeys.organization.keyId, "--json")
      assert.deepStrictEqual([last.code, last.out.includes("LastRemainingKey")], [1, true])
      const refused = yield* admin("organization", "create", "Second", "--key", `${folder}/serve.json`)
      assert.deepStrictEqual([refused.code, refused.err.includes("KEY-001")], [1, true])
      assert.notInclude(json(yield* result("organization", "list")), "Second")
    }))

  it.effect("imports an account once, whole, after a look at it", () =>
    Effect.gen(function*() {
      const { folder, result } = yield* Operated
      const fs = yield* FileSystem.FileSystem
      const file = `${folder}/account.json`
      yield* fs.writeFileString(file, json(account))
      const one = { added: 1, kept: 0 }
      const counted = { organizations: one, directories: one, services: one, publicKeys: { added: 3, kept: 0 } }
      assert.deepStrictEqual(yield* result("import", file, "--dry-run"), { dryRun: true, ...counted })
      assert.notInclude(json(yield* result("organization", "list")), ids.organization)
      assert.deepStrictEqual(yield* result("import", file), { dryRun: false, ...counted })
      const same = { added: 0, kept: 1 }
      assert.deepStrictEqual(yield* result("import", file), {
        dryRun: false,
        organizations: same,
        directories: same,
        services: same,
        publicKeys: { added: 0, kept: 3 }
      })
      const directories = json(yield* result("directory", "list", ids.organization))
      assert.include(directories, "https://example.com/directory")
      assert.include(directories, "\"sdkKeys\":1")
      const services = json(yield* result("service", "list", `dir:${ids.directory}`))
      assert.include(services, "METHOD_AMOUNT")
      const keys = json(yield* result("key", "list", `svc:${ids.service}`))
      assert.include(keys, TestKeys.service.keyId)
      assert.include(keys, "\"active\":false")
    }))

  it.effect("imports nothing of an account with anything wrong, and tells all of it", () =>
    Effect.gen(function*() {
      const { admin, folder, result } = yield* Operated
      const fs = yield* FileSystem.FileSystem
      const file = `${folder}/broken.json`
      const service = (id: string, name: string) => ({ id, name, publicKeys: [{ publicKey: "no key" }] })
      yield* fs.writeFileString(
        file,
        json({
          organizations: [{
            id: "6b1c4f4e-7d1c-11ee-b962-0242ac120002",
            name: "Broken",
            services: [service(ids.service, "Taken"), service("b5a2d6d4-7d1c-11ee-b962-0242ac120002", "taken ")]
          }]
        })
      )
      yield* result("import", `${folder}/account.json`)
      const { code, json: told } = yield* admin("import", file, "--json")
      assert.strictEqual(code, 1)
      assert(
        Predicate.isRecord(told) && Predicate.isRecord(told["error"]) && Predicate.isRecord(told["error"]["details"])
      )
      assert.deepStrictEqual(Object.keys(told["error"]["details"]).sort(), [
        "organizations[0].services[0].id",
        "organizations[0].services[0].publicKeys[0].publicKey",
        "organizations[0].services[1].name",
        "organizations[0].services[1].publicKeys[0].publicKey"
      ])
      assert.notInclude(json(yield* result("organization", "list")), "Broken")
      yield* fs.writeFileString(file, json({ organizations: [{ id: "no", name: "", colour: 1 }] }))
      const shape = yield* admin("import", file)
      assert.strictEqual(shape.code, 1)
      for (const path of ["id", "name", "colour"]) assert.include(shape.err, `organizations[0].${path}: `)
    }))

  it.effect("tells who changed what, and that nothing of it was changed", () =>
    Effect.gen(function*() {
      const { admin, result } = yield* Operated
      const listed = yield* admin("audit", "list", "--limit", "2")
      assert.match(listed.out, /^1 +\S+ +admin +organization\.create +org:\S+ +–$/m)
      const verified = yield* admin("audit", "verify")
      assert.match(verified.out, /^All \d+ entries hold\.\nHead: \d+:[0-9a-f]{64}$/m)
      const [, head = ""] = /Head: (\S+)/.exec(verified.out) ?? []
      yield* result("audit", "verify", "--anchor", head)
      const lost = yield* admin("audit", "verify", "--anchor", `900${head}`)
      assert.deepStrictEqual([lost.code, lost.out.includes("Missing")], [3, true])
    }))

  it.effect("tells what users reported as fraud, and lifts what follows from it", () =>
    Effect.gen(function*() {
      const { admin, result } = yield* Operated
      assert.include((yield* admin("fraud", "list")).out, "No reports.")
      assert.deepStrictEqual(yield* result("fraud", "list", "--limit", "1"), [])
      const nobody = yield* admin("fraud", "lift", ids.directory, "nobody@example.com", ids.service)
      assert.deepStrictEqual([nobody.code, nobody.err.includes("nobody@example.com")], [1, false])
    }))

  it.effect("invites operators to the console, lists them, ends their sessions and removes them", () =>
    Effect.gen(function*() {
      const { admin, result } = yield* Operated
      assert.include((yield* admin("operator", "list")).out, "No operators.")
      const invited = yield* result("operator", "invite", "--name", "Grace")
      assert(Predicate.isRecord(invited) && typeof invited["operatorId"] === "string")
      const id = invited["operatorId"]
      assert.match(String(invited["url"]), /^https:\/\/mfa\.example\.com\/console\/#invite=[\w-]{43}$/)
      const again = yield* admin("operator", "invite", "--operator", id)
      assert.match(again.out, new RegExp(`^Operator ${id} is let in once, until `))
      assert.notInclude(again.out, String(invited["url"]))
      assert.match((yield* admin("operator", "list")).out, new RegExp(`^${id} +Grace +\\S+ +0$`, "m"))
      assert.include((yield* admin("operator", "sessions", "end", id)).out, "Ended 0 sessions.")
      assert.include((yield* admin("audit", "list", "--limit", "1000")).out, `operator.invite`)
      assert.deepStrictEqual(yield* result("operator", "remove", id), { operatorId: id })
      assert.deepStrictEqual(yield* result("operator", "list"), [])
    }))

  it.effect("refuses an operator who is not said, is not known, or has nowhere to go", () =>
    Effect.gen(function*() {
      const { admin, folder } = yield* Operated
      const fs = yield* FileSystem.FileSystem
      const refused = (...args: ReadonlyArray<string>) =>
        Effect.map(admin("operator", ...args, "--json"), ({ code, json: told }) => {
          assert(Predicate.isRecord(told) && Predicate.isRecord(told["error"]))
          return [code, told["error"]["tag"], told["error"]["problem"]]
        })
      const unsaid = [2, "Unusable", "It is not said who is invited."]
      assert.deepStrictEqual(yield* refused("invite"), unsaid)
      assert.deepStrictEqual(yield* refused("invite", "--name", "Grace", "--operator", ids.service), unsaid)
      const nameless = [2, "Unusable", "That is no name of an operator."]
      assert.deepStrictEqual(yield* refused("invite", "--name", ""), nameless)
      assert.deepStrictEqual(yield* refused("invite", "--name", "G".repeat(129)), nameless)
      for (const command of [["remove"], ["sessions", "end"], ["invite", "--operator"]]) {
        const unread = yield* refused(...command, "Grace")
        assert.deepStrictEqual(unread, [2, "Unusable", "That is no id of an operator."])
        assert.deepStrictEqual((yield* refused(...command, ids.service)).slice(0, 2), [1, "EntityNotFound"])
      }
      const without = { baseUrl: "https://mfa.example.com", store: "memory:", adminSocket: "admin.sock" }
      yield* fs.writeFileString(`${folder}/without.json`, json(without))
      const args = ["admin", "operator", "invite", "--name", "Grace", "--config", `${folder}/without.json`]
      const nowhere = yield* launchkey({}, ...args)
      assert.deepStrictEqual([nowhere.code, nowhere.err.includes("This platform serves no console")], [2, true])
    }))

  it.effect("says what there is not", () =>
    Effect.gen(function*() {
      const { admin, result } = yield* Operated
      const nobody = yield* admin("device", "list", ids.directory, "nobody@example.com")
      assert.deepStrictEqual([nobody.code, nobody.err.includes("nobody@example.com")], [1, false])
      assert.strictEqual((yield* admin("service", "list", "svc:somewhere")).code, 2)
      assert.deepStrictEqual(yield* result("webhook", "list"), [])
      assert.strictEqual((yield* admin("webhook", "replay", "1")).code, 1)
      assert.match((yield* admin("platform-key", "list")).out, /^[0-9a-f:]{47} +signing /m)
      const rotated = yield* admin("platform-key", "rotate")
      assert.deepStrictEqual([rotated.code, rotated.err.includes("end with its process")], [1, true])
    }))

  it.effect("is for the user alone who serves, and says so where nobody does", () =>
    Effect.gen(function*() {
      const { folder } = yield* Operated
      const fs = yield* FileSystem.FileSystem
      assert.strictEqual((yield* fs.stat(`${folder}/admin.sock`)).mode & 0o777, 0o600)
      const unserved = { baseUrl: "https://mfa.example.com", store: "memory:", adminSocket: "nobody.sock" }
      yield* fs.writeFileString(`${folder}/unserved.json`, json(unserved))
      const { code, err } = yield* launchkey({}, "admin", "organization", "list", "--config", `${folder}/unserved.json`)
      assert.deepStrictEqual([code, err.includes("No process serves this platform")], [2, true])
    }))
})
