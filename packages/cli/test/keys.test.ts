import * as TestKeys from "@effect-launchkey/testing/TestKeys"
import * as FileSystem from "@effect/platform/FileSystem"
import { assert, layer } from "@effect/vitest"
import { Effect } from "effect"
import * as Launchkey from "./support/launchkey.ts"
import { Sandboxed, sandboxed } from "./support/launchkey.ts"

layer(sandboxed, { excludeTestServices: true })("launchkey keys", (it) => {
  it.effect("generates a pair that the platform takes, and closes the private half to others", () =>
    Effect.gen(function*() {
      const { folder, launchkey, result } = yield* Sandboxed
      const fs = yield* FileSystem.FileSystem
      const { code, err, json } = yield* launchkey("keys", "generate", `${folder}/new/own.pem`, "--json")
      assert.strictEqual(code, 0)
      assert.match(err, /^Note: one key for both purposes/)
      const { keyId, privateKeyFile, publicKeyFile } = json as Record<string, string>
      assert.deepStrictEqual([privateKeyFile, publicKeyFile], [`${folder}/new/own.pem`, `${folder}/new/own.pub.pem`])
      assert.strictEqual((yield* fs.stat(`${folder}/new/own.pem`)).mode & 0o777, 0o600)
      const { id } = yield* result("directory", "create", "Generated")
      const added = yield* result("directory", "key", "add", String(id), `${folder}/new/own.pub.pem`)
      assert.strictEqual(added.keyId, keyId)
      const told = yield* launchkey("keys", "fingerprint", `${folder}/new/own.pem`, `${folder}/new/own.pub.pem`)
      assert.strictEqual(
        told.out,
        `Key                                              Half     Bits  From${" ".repeat(folder.length + 12 - 4)}  Use
${keyId}  private  2048  ${folder}/new/own.pem      –
${keyId}  public   2048  ${folder}/new/own.pub.pem  –
`.replace(/From +Use/, `From${" ".repeat(`${folder}/new/own.pub.pem`.length - 2)}Use`)
      )
      assert.strictEqual(told.err, "")
    }))

  it.effect("replaces nothing unless told to, and says nothing of purposes where there is one", () =>
    Effect.gen(function*() {
      const { folder, launchkey } = yield* Sandboxed
      const file = `${folder}/signing.pem`
      const generate = ["keys", "generate", file, "--type", "signature"]
      assert.strictEqual((yield* launchkey(...generate)).err, "")
      const first = yield* Launchkey.read(file)
      const again = yield* launchkey(...generate)
      assert.strictEqual(again.code, 2)
      assert.include(again.err, `Problem: ${file} is there already.`)
      assert.strictEqual(yield* Launchkey.read(file), first)
      assert.strictEqual((yield* launchkey(...generate, "--force")).code, 0)
      assert.notStrictEqual(yield* Launchkey.read(file), first)
      const nowhere = yield* launchkey("keys", "generate", `${file}/inside.pem`)
      assert.strictEqual(nowhere.code, 2)
      assert.include(nowhere.err, "cannot be written")
      const small = yield* launchkey("keys", "generate", `${folder}/small.pem`, "--bits", "1024")
      assert.strictEqual(small.code, 2)
    }))

  it.effect("tells the id of the documented key, from standard input too", () =>
    Effect.gen(function*() {
      const { folder } = yield* Sandboxed
      const { code, json } = yield* Launchkey.launchkey(
        { env: { XDG_CONFIG_HOME: folder }, input: TestKeys.service.publicKey },
        "keys",
        "fingerprint",
        "-",
        "--json"
      )
      assert.strictEqual(code, 0)
      assert.deepStrictEqual(json, [{
        from: "-",
        keyId: TestKeys.service.keyId,
        half: "public",
        bits: 2048,
        openToOthers: false,
        use: null
      }])
    }))

  it.effect("warns of a private key that is open to others, of one in two files, and of one for both purposes", () =>
    Effect.gen(function*() {
      const { folder, launchkey, result } = yield* Sandboxed
      const { code, err } = yield* launchkey("keys", "fingerprint", `${folder}/organization.pem`, `${folder}/open.pem`)
      assert.strictEqual(code, 0)
      assert.include(err, `Warning: the private key in ${folder}/open.pem is open to others.`)
      assert.include(err, `Warning: the private key in ${folder}/open.pem is another file's too`)
      const own = yield* launchkey("keys", "fingerprint", "--json")
      assert.deepStrictEqual(own.json, [{
        from: `${folder}/organization.pem`,
        keyId: TestKeys.organization.keyId,
        half: "private",
        bits: 2048,
        openToOthers: false,
        use: "signs and decrypts"
      }])
      assert.match(own.err, /^Warning: One key serves both purposes/)
      yield* result(
        "profile",
        "add",
        "apart",
        "--base-url",
        "http://127.0.0.1:1",
        "--entity",
        "org:5b1c4f4e-7d1c-11ee-b962-0242ac120002",
        "--key-file",
        `${folder}/organization.pem`,
        "--decryption-key-file",
        `${folder}/service.pem`
      )
      const apart = yield* launchkey("keys", "fingerprint", "--profile", "apart")
      assert.strictEqual(apart.err, "")
      assert.match(apart.out, /service\.pem +decrypts\n$/)
    }))

  it.effect("refuses what is no key, naming the file and nothing of it", () =>
    Effect.gen(function*() {
      const { folder, launchkey } = yield* Sandboxed
      const fs = yield* FileSystem.FileSystem
      yield* fs.writeFileString(`${folder}/hello.pem`, "hello, secret world")
      const { code, err } = yield* launchkey("keys", "fingerprint", `${folder}/hello.pem`)
      assert.strictEqual(code, 2)
      assert.match(err, /^Problem: The key in \S+hello\.pem cannot be used: it is not one well-formed PEM/)
      assert.notInclude(err, "secret world")
      assert.strictEqual((yield* launchkey("keys", "fingerprint", `${folder}/absent.pem`)).code, 2)
    }))
})
