import { assert, layer } from "@effect/vitest"
import { Clock, Effect } from "effect"
import { launchkey, Sandboxed, sandboxed, words } from "./support/launchkey.ts"
import { codeOf } from "./support/oneTimeCode.ts"

layer(sandboxed, { excludeTestServices: true })("launchkey totp", (it) => {
  it.effect("verifies a code of the secret that it printed, from the command line or standard input", () =>
    Effect.gen(function*() {
      const { folder, launchkey: run, result } = yield* Sandboxed
      const { id } = yield* result("directory", "create", "Codes")
      const { id: service } = yield* result("service", "create", "Codes", "--directory", String(id))
      const of = ["--directory", String(id)]
      const { secret, uri } = yield* result("totp", "generate", "ada", ...of, "--issuer", "Acme", "--account", "a@b.c")
      assert.match(String(uri), /^otpauth:\/\/totp\/Acme:a%40b\.c\?secret=[A-Z2-7]+&issuer=Acme&algorithm=SHA1/)
      const now = yield* Clock.currentTimeMillis
      const verify = ["totp", "verify", "ada"]
      const valid = yield* run(...verify, codeOf(String(secret), now), "--service", String(service))
      assert.deepStrictEqual([valid.code, valid.out], [0, "The code is valid.\n"])
      const given = { env: { XDG_CONFIG_HOME: folder }, input: `${codeOf(String(secret), now)}\n` }
      const again = yield* launchkey(given, ...verify, "--service", String(service))
      // A code serves once.
      assert.deepStrictEqual([again.code, again.out], [3, "The code is not valid.\n"])
    }))

  it.effect("asks by a service's own key, which acts for that service alone", () =>
    Effect.gen(function*() {
      const { baseUrl, folder, launchkey: run, result } = yield* Sandboxed
      const { id } = yield* result("directory", "create", "Own key")
      const { id: service } = yield* result("service", "create", "Own key", "--directory", String(id))
      yield* result(...words(`service key add ${service} ${folder}/service.pub.pem --directory ${id}`))
      yield* result("totp", "generate", "ada", "--directory", String(id))
      const added = yield* run(
        ...words(`profile add own --base-url ${baseUrl} --entity svc:${service} --key-file ${folder}/service.pem`)
      )
      assert.strictEqual(added.code, 0)
      const by = (line: string) => run(...words(line), "--profile", "own")
      assert.strictEqual((yield* by("totp verify ada nonsense")).code, 3)
      assert.strictEqual((yield* by(`totp verify ada nonsense --service ${service}`)).code, 3)
      const another = yield* by(`totp verify ada nonsense --service ${id}`)
      assert.strictEqual(another.code, 2)
      assert.include(another.err, "--service names another than the profile's own")
      for (const line of ["device list ada", "service list", "directory list"]) {
        const { code, err } = yield* by(line)
        assert.strictEqual(code, 2, line)
        assert.include(err, "and the profile has that of a service")
      }
    }))

  it.effect("draws the code for an application", () =>
    Effect.gen(function*() {
      const { launchkey: run, result } = yield* Sandboxed
      const { id } = yield* result("directory", "create", "Drawn")
      const { out } = yield* run("totp", "generate", "ada", "--directory", String(id))
      assert.match(
        out,
        /^(?:[█▀▄ ]+\n){20,}Secret {5}[A-Z2-7]{16,}\nAlgorithm {2}SHA1\nDigits {5}6\nPeriod {5}30 seconds\n/
      )
    }))
})
