import * as TestKeys from "@effect-launchkey/testing/TestKeys"
import * as NodeContext from "@effect/platform-node/NodeContext"
import * as FetchHttpClient from "@effect/platform/FetchHttpClient"
import * as FileSystem from "@effect/platform/FileSystem"
import { assert, layer } from "@effect/vitest"
import { Effect, Layer, Predicate, Redacted } from "effect"
import { type Given, launchkey } from "./support/launchkey.ts"

const organization = "org:5b1c4f4e-7d1c-11ee-b962-0242ac120002"
const directory = "dir:9c0f6f3a-7d1c-11ee-b962-0242ac120002"
const pem = Redacted.value(TestKeys.organization.privateKey)

/** An empty home with a key in it. */
const home = Effect.gen(function*() {
  const fs = yield* FileSystem.FileSystem
  const folder = yield* fs.makeTempDirectoryScoped({ prefix: "launchkey-" })
  yield* fs.writeFileString(`${folder}/key.pem`, pem, { mode: 0o600 })
  const env = { HOME: folder }
  return {
    fs,
    folder,
    env,
    file: `${folder}/.config/launchkey/profiles.json`,
    run: (line: string, given: Given = {}) => launchkey({ env, ...given }, ...line.split(" ")),
    add: (name: string, more = "") =>
      launchkey(
        { env },
        ...`profile add ${name} --base-url https://mfa.example.com --entity ${organization} --key-file ${folder}/key.pem${more}`
          .split(" ")
      )
  }
})

const modeOf = (path: string) =>
  Effect.flatMap(FileSystem.FileSystem, (fs) => Effect.map(fs.stat(path), ({ mode }) => mode & 0o777))

layer(Layer.merge(NodeContext.layer, FetchHttpClient.layer), { excludeTestServices: true })(
  "launchkey profile",
  (it) => {
    it.scoped("adds a profile without its key, in a file of the user's own, and makes the first the current one", () =>
      Effect.gen(function*() {
        const { add, file, folder, fs, run } = yield* home
        const added = yield* add("acme")
        assert.deepStrictEqual([added.code, added.err], [0, ""])
        assert.strictEqual(
          added.out,
          `Added:
Name                   acme
Platform               https://mfa.example.com
Acts as                ${organization}
Signing key            ${folder}/key.pem
Further keys           –
Platform keys trusted  any that it serves
Current                yes
`
        )
        assert.deepStrictEqual(JSON.parse(yield* fs.readFileString(file)), {
          current: "acme",
          profiles: {
            acme: {
              baseUrl: "https://mfa.example.com",
              entity: organization,
              signingKey: { file: `${folder}/key.pem` },
              decryptionKeys: []
            }
          }
        })
        assert.strictEqual(yield* modeOf(file), 0o600)
        yield* add("second")
        assert.strictEqual(
          (yield* run("profile list")).out,
          `Name    Acts as                                   Platform                 Current
acme    ${organization}  https://mfa.example.com  yes
second  ${organization}  https://mfa.example.com  no
`
        )
      }))

    it.scoped("chooses another current one, and has none once that is removed", () =>
      Effect.gen(function*() {
        const { add, fs, folder, run } = yield* home
        yield* add("acme")
        yield* add("second")
        assert.strictEqual(
          (yield* run("profile use second")).out,
          `Commands now act by profile second, as ${organization}.\n`
        )
        const shown = yield* run("profile show acme --json")
        assert(Predicate.isRecord(shown.json))
        assert.strictEqual(shown.json["current"], false)
        const { json } = yield* run("profile remove second --json")
        assert.deepStrictEqual(json, { removed: "second", current: null })
        assert.isTrue(yield* fs.exists(`${folder}/key.pem`))
        const lost = yield* run("directory list")
        assert.deepStrictEqual([lost.code, lost.out], [2, ""])
        assert.match(lost.err, /^Problem: No profile is chosen, and .* has no current one\.\nNext: {4}Add one with /)
      }))

    it.scoped("keeps a key from standard input where nobody else reads it", () =>
      Effect.gen(function*() {
        const { folder, fs, run } = yield* home
        const added = yield* run(
          `profile add acme --base-url https://mfa.example.com --entity ${organization} --key-stdin --json`,
          { input: pem }
        )
        const kept = `${folder}/.config/launchkey/keys/acme.pem`
        assert(Predicate.isRecord(added.json))
        assert.deepStrictEqual(added.json["signingKey"], { file: kept })
        assert.strictEqual(yield* fs.readFileString(kept), pem)
        assert.strictEqual(yield* modeOf(kept), 0o600)
      }))

    it.scoped("keeps the key that serves where the one to replace it does not", () =>
      Effect.gen(function*() {
        const { folder, fs, run } = yield* home
        const add = `profile add acme --base-url https://mfa.example.com --entity ${organization} --key-stdin`
        yield* run(add, { input: pem })
        const { code, err } = yield* run(add, { input: "garbage" })
        assert.strictEqual(code, 2)
        assert.match(err, /^Problem: The key in standard input cannot be used: it is not one well-formed PEM/)
        assert.strictEqual(yield* fs.readFileString(`${folder}/.config/launchkey/keys/acme.pem`), pem)
      }))

    it.scoped("refuses a key that cannot be used, and adds nothing", () =>
      Effect.gen(function*() {
        const { file, folder, fs, run } = yield* home
        yield* fs.writeFileString(`${folder}/public.pem`, TestKeys.organization.publicKey, { mode: 0o600 })
        const add = `profile add acme --base-url https://mfa.example.com --entity ${organization}`
        const refused = yield* run(`${add} --key-file ${folder}/public.pem`)
        assert.strictEqual(refused.code, 2)
        assert.match(refused.err, /^Problem: The key in \S+public\.pem cannot be used: it is a public key/)
        const missing = yield* run(`${add} --key-file ${folder}/nowhere.pem`)
        assert.deepStrictEqual(missing, {
          code: 2,
          out: "",
          err: `Problem: ${folder}/nowhere.pem cannot be read: NotFound.\nNext:    Check the path.\n`,
          json: undefined
        })
        assert.isFalse(yield* fs.exists(file))
      }))

    it.scoped("refuses a key that others can read, and tells how to close it", () =>
      Effect.gen(function*() {
        const { add, folder, fs, run } = yield* home
        yield* add("acme")
        for (const [mode, shown] of [[0o640, "0640"], [0o602, "0602"]] as const) {
          yield* fs.chmod(`${folder}/key.pem`, mode)
          const { code, err } = yield* run("directory list")
          assert.strictEqual(code, 2)
          assert.strictEqual(
            err,
            `Problem: The key file ${folder}/key.pem is open to others (mode ${shown}).\n` +
              `Next:    Close it with \`chmod 600 ${folder}/key.pem\`. If others may have read it, replace the key.\n`
          )
        }
      }))

    it.scoped("takes one source of the key, and no key on the command line", () =>
      Effect.gen(function*() {
        const { run } = yield* home
        const add = `profile add acme --base-url https://mfa.example.com --entity ${organization}`
        for (const keys of ["", " --key-file key.pem --key-env KEY", " --key-env KEY --key-stdin"]) {
          const { code, err } = yield* run(`${add}${keys}`)
          assert.strictEqual(code, 2, keys)
          assert.include(err, "Give one of --key-file, --key-env and --key-stdin")
        }
      }))

    it.scoped("refuses names, entities, platforms and pins that cannot be, each with what to give", () =>
      Effect.gen(function*() {
        const { folder, run } = yield* home
        const key = `--key-file ${folder}/key.pem`
        const url = "--base-url https://mfa.example.com"
        const cases = [
          [`profile add ../evil ${url} --entity ${organization} ${key}`, "no name for a profile"],
          [`profile add a ${url} --entity usr:1 ${key}`, "Give org:, dir: or svc: and a UUID."],
          [`profile add a --base-url http://mfa.example.com --entity ${organization} ${key}`, "not https"],
          [`profile add a ${url} --entity ${organization} ${key} --pin abc`, "--pin is no id of a key"]
        ] as const
        for (const [line, problem] of cases) {
          const { code, err } = yield* run(line)
          assert.strictEqual(code, 2, line)
          assert.include(err, problem)
        }
      }))

    it.scoped("notes a further key that is the signing key", () =>
      Effect.gen(function*() {
        const { add, folder } = yield* home
        const { code, err } = yield* add("acme", ` --decryption-key-file ${folder}/key.pem`)
        assert.strictEqual(code, 0)
        assert.match(err, /^Note: the signing key decrypts as well/)
      }))

    it.scoped("does not take a broken file of profiles for an empty one", () =>
      Effect.gen(function*() {
        const { folder, fs, run } = yield* home
        const file = `${folder}/mine.json`
        for (const text of ["{", "{\"profiles\":{\"acme\":{\"baseUrl\":\"https://mfa.example.com\"}}}"]) {
          yield* fs.writeFileString(file, text)
          const { code, err } = yield* run(`profile list --config ${file}`)
          assert.strictEqual(code, 2)
          assert.match(err, /mine\.json is no file of profiles: [\s\S]*\nNext: {4}Correct it, or move it away/)
        }
      }))

    it.scoped("acts by the environment, unless a profile is named", () =>
      Effect.gen(function*() {
        const { add, env, folder } = yield* home
        yield* add("acme")
        const ci = {
          ...env,
          LAUNCHKEY_ENTITY: directory,
          LAUNCHKEY_BASE_URL: "https://mfa.example.com",
          LAUNCHKEY_SIGNING_KEY: pem
        }
        const asDirectory = "and the profile has that of a directory"
        assert.include((yield* launchkey({ env: ci }, "directory", "list")).err, asDirectory)
        const { LAUNCHKEY_SIGNING_KEY: _, ...withFile } = { ...ci, LAUNCHKEY_SIGNING_KEY_FILE: `${folder}/key.pem` }
        const files = { ...withFile, LAUNCHKEY_DECRYPTION_KEY_FILES: `${folder}/key.pem,${folder}/key.pem` }
        assert.include((yield* launchkey({ env: files }, "directory", "list")).err, asDirectory)
        for (
          const [without, problem] of [
            [
              "LAUNCHKEY_SIGNING_KEY",
              "The environment variable LAUNCHKEY_SIGNING_KEY, which the key is to be in, is not"
            ],
            ["LAUNCHKEY_BASE_URL", "LAUNCHKEY_ENTITY is set, and LAUNCHKEY_BASE_URL is not"]
          ] as const
        ) {
          const { code, err } = yield* launchkey({ env: { ...ci, [without]: "" } }, "directory", "list")
          assert.strictEqual(code, 2)
          assert.include(err, problem)
        }
        for (const named of [{ args: ["--profile", "nobody"] }, { args: [], env: { LAUNCHKEY_PROFILE: "nobody" } }]) {
          const { err } = yield* launchkey({ env: { ...ci, ...named.env } }, "directory", "list", ...named.args)
          assert.include(err, "There is no profile of that name")
        }
      }))

    it.scoped("finds its profiles where the environment or the command line says", () =>
      Effect.gen(function*() {
        const { folder, run } = yield* home
        const of = (env: Readonly<Record<string, string>>) => run("profile use nobody", { env })
        const told = { LAUNCHKEY_CONFIG: `${folder}/b.json`, XDG_CONFIG_HOME: `${folder}/xdg`, HOME: folder }
        assert.include((yield* of(told)).err, `${folder}/b.json`)
        const { LAUNCHKEY_CONFIG: _, ...xdg } = told
        assert.include((yield* of(xdg)).err, `${folder}/xdg/launchkey/profiles.json`)
        assert.include(
          (yield* run(`profile use nobody --config ${folder}/c.json`, { env: told })).err,
          `${folder}/c.json`
        )
        const { code, err } = yield* of({})
        assert.strictEqual(code, 2)
        assert.include(err, "Give the file with --config or LAUNCHKEY_CONFIG.")
      }))
  }
)
