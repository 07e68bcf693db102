import * as TestKeys from "@effect-launchkey/testing/TestKeys"
import { assert, layer } from "@effect/vitest"
import { Effect, Redacted } from "effect"
import { launchkey, Sandboxed, sandboxed, words } from "./support/launchkey.ts"

layer(sandboxed, { excludeTestServices: true })("launchkey directory", (it) => {
  it.effect("leaves what is not named, clears what is told to be cleared, and refuses both at once", () =>
    Effect.gen(function*() {
      const { folder, launchkey: run, result } = yield* Sandboxed
      const { id } = yield* result("directory", "create", "Three states")
      const update = ["directory", "update", String(id)]
      const fed = yield* launchkey(
        { env: { XDG_CONFIG_HOME: folder }, input: "push-key\n" },
        ...update,
        "--android-key-file",
        "-",
        "--json"
      )
      assert.strictEqual(fed.code, 0)
      const changed = yield* result(...update, "--webhook-url", "https://example.com/hook")
      assert.deepStrictEqual([changed["androidKey"], changed["webhookUrl"]], ["push-key", "https://example.com/hook"])
      const cleared = yield* result(...update, "--clear-android-key-file", "--active", "no")
      assert.deepStrictEqual(
        [cleared["androidKey"], cleared["webhookUrl"], cleared["active"]],
        [null, "https://example.com/hook", false]
      )
      const both = yield* run(...update, "--webhook-url", "https://example.com", "--clear-webhook-url")
      assert.strictEqual(both.code, 2)
      assert.include(both.err, "--webhook-url and --clear-webhook-url contradict each other")
      const nothing = yield* run(...update)
      assert.strictEqual(nothing.code, 2)
      assert.include(nothing.err, "Nothing to change is given")
    }))

  it.effect("names what is wrong with an argument, and sends nothing", () =>
    Effect.gen(function*() {
      const { folder, launchkey: run, result } = yield* Sandboxed
      const { id } = yield* result("directory", "create", "Arguments")
      const { code, json } = yield* run(
        "directory",
        "update",
        String(id),
        "--webhook-url",
        "ftp://example.com",
        "--json"
      )
      assert.deepStrictEqual([code, json], [2, {
        error: {
          tag: "InvalidParameters",
          exitCode: 2,
          problem: "An argument is not acceptable. Nothing was sent.",
          details: { webhookUrl: "expected an absolute http or https URL of at most 2048 characters" },
          next: "Correct what is named, and try again."
        }
      }])
      // The platform reads it, and can tell that it is none.
      const other = yield* run("directory", "update", String(id), "--ios-p12-file", `${folder}/service.pem`)
      assert.strictEqual(other.code, 1)
      assert.match(other.err, /^Problem: The platform refused an argument \(ARG-001\)\.\n {2}platformSays: .*ios_p12/)
      const missing = yield* run("directory", "update", String(id), "--ios-p12-file", "/nowhere/push.p12")
      assert.deepStrictEqual([missing.code, missing.err], [
        2,
        "Problem: /nowhere/push.p12 cannot be read.\nNext:    Check the path and its permissions.\n"
      ])
    }))

  it.effect("takes a public key from standard input, and sends no private one", () =>
    Effect.gen(function*() {
      const { folder, launchkey: run, result } = yield* Sandboxed
      const { id } = yield* result("directory", "create", "Keys")
      const add = (input: string) =>
        launchkey(
          { env: { XDG_CONFIG_HOME: folder }, input },
          ...words(`directory key add ${id}`),
          "-",
          "--active",
          "no"
        )
      assert.strictEqual((yield* add(TestKeys.directory.publicKey)).out, `Added key ${TestKeys.directory.keyId}.\n`)
      const { out } = yield* run("directory", "key", "list", String(id))
      assert.match(out.split("\n")[1] ?? "", /both {2}no {6}/)
      const refused = yield* add(Redacted.value(TestKeys.service.privateKey))
      assert.strictEqual(refused.code, 2)
      assert.match(refused.err, /Nothing was sent\.\n {2}pem: it is a private key, and a public one belongs here/)
      const again = yield* add(TestKeys.directory.publicKey)
      assert.strictEqual(again.code, 1)
      assert.match(again.err, /^Problem: The public key is already attached to this entity \(KEY-002\)\./)
      const { code, err } = yield* launchkey(
        { env: { XDG_CONFIG_HOME: folder } },
        ...words(`directory key remove ${id} not-a-key`)
      )
      assert.strictEqual(code, 2)
      assert.include(err, "Give sixteen hex octets joined by colons")
    }))

  it.effect("is for the key of an organization, and says so to that of another", () =>
    Effect.gen(function*() {
      const { baseUrl, folder, launchkey: run, result } = yield* Sandboxed
      const { id } = yield* result("directory", "create", "Its own key")
      yield* result("directory", "key", "add", String(id), `${folder}/directory.pub.pem`)
      const adding = `profile add its-own --base-url ${baseUrl} --entity dir:${id} --key-file ${folder}/directory.pem`
      assert.strictEqual((yield* run(...adding.split(" "))).code, 0)
      const by = (...args: ReadonlyArray<string>) => run(...args, "--profile", "its-own")
      assert.deepStrictEqual(yield* by("directory", "list"), {
        code: 2,
        out: "",
        err: "Problem: This command needs the key of an organization, and the profile has that of a directory.\n" +
          "Next:    Choose another profile with --profile, or add one with `launchkey profile add`.\n",
        json: undefined
      })
      const { id: serviceId } = yield* Effect.map(by("service", "create", "Mine", "--json"), ({ json }) =>
        json as { readonly id: string })
      assert.strictEqual((yield* by("service", "list")).out.split("\n")[1]?.slice(0, 36), serviceId)
      assert.strictEqual((yield* by("device", "list", "ada", "--directory", String(id).toUpperCase())).code, 0)
      const another = yield* by("device", "list", "ada", "--directory", "9c0f6f3a-7d1c-11ee-b962-0242ac120002")
      assert.strictEqual(another.code, 2)
      assert.include(another.err, "--directory names another than the profile's own")
      assert.include((yield* by("totp", "verify", "ada", "000000")).err, "Give --service and its id.")
    }))

  it.effect("ends with 6 where the key is not the organization's, and with 5 where nobody answers", () =>
    Effect.gen(function*() {
      const { baseUrl, folder, launchkey: run, organizationId } = yield* Sandboxed
      const add = (name: string, url: string) =>
        run(
          ...`profile add ${name} --base-url ${url} --entity org:${organizationId} --key-file ${folder}/service.pem`
            .split(
              " "
            )
        )
      yield* add("stranger", baseUrl)
      const stranger = yield* run("directory", "list", "--profile", "stranger")
      assert.strictEqual(stranger.code, 6)
      assert.match(
        stranger.err,
        /^Problem: The platform did not accept the request's signature, key or time \(HTTP 401\)/
      )
      yield* add("nowhere", "http://127.0.0.1:9")
      const nowhere = yield* run("directory", "list", "--profile", "nowhere", "--json")
      assert.strictEqual(nowhere.code, 5)
      assert.propertyVal(
        (nowhere.json as { readonly error: { readonly details: object } }).error.details,
        "reason",
        "Unreachable"
      )
    }))
})
