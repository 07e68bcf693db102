import { assert, layer } from "@effect/vitest"
import { Effect, Schema } from "effect"
import * as Launchkey from "./support/launchkey.ts"
import { Sandboxed } from "./support/launchkey.ts"
import { Linked, linked } from "./support/linked.ts"

const Told = Schema.Struct({
  healthy: Schema.Boolean,
  exitCode: Schema.Int,
  clockOffsetSeconds: Schema.NullOr(Schema.Number),
  checks: Schema.Array(Schema.Struct({
    name: Schema.String,
    status: Schema.String,
    found: Schema.NullOr(Schema.String),
    tag: Schema.NullOr(Schema.String),
    next: Schema.NullOr(Schema.String)
  }))
})

const told = ({ code, json }: Launchkey.Ended) => {
  const { checks, clockOffsetSeconds, exitCode, healthy } = Schema.decodeUnknownSync(Told)(json)
  assert.strictEqual(code, exitCode)
  const failed = checks.find(({ status }) => status === "failed")
  return { checks, clockOffsetSeconds, healthy, code, failed, statuses: checks.map(({ status }) => status).join(" ") }
}

const organization = "5b1c4f4e-7d1c-11ee-b962-0242ac120002"

layer(linked, { excludeTestServices: true, timeout: "30 seconds" })("launchkey doctor", (it) => {
  it.effect("finds nothing in the way of an organization, a directory and a service", () =>
    Effect.gen(function*() {
      const { launchkey } = yield* Sandboxed
      const { asService } = yield* Linked
      const { code, out } = yield* launchkey("doctor")
      assert.strictEqual(code, 0)
      assert.match(
        out,
        /^ok {6}Profile: acts as org:\S+, at http:\S+\nok {6}Keys: signs \S+ \(2048 bits\)\nwarning Purposes of keys: One key/
      )
      assert.match(out, /\nok {6}Signed call: accepted; the platform has 1 directory\n\nNothing stands in the way\.\n$/)
      const directory = told(yield* launchkey("doctor", "--json", "--profile", "directory"))
      assert.deepStrictEqual([directory.healthy, directory.statuses], [true, "ok ok warning ok ok ok ok"])
      const service = told(yield* launchkey("doctor", "--json", ...asService))
      assert.strictEqual(service.statuses, "ok ok warning ok ok ok ok")
      assert(service.clockOffsetSeconds !== null && Math.abs(service.clockOffsetSeconds) < 3)
    }))

  it.effect("measures how far the clock is off, which is in nobody's way", () =>
    Effect.gen(function*() {
      const { control, launchkey } = yield* Sandboxed
      yield* control("clock", { advance_seconds: 90, tokens: true })
      const { checks, clockOffsetSeconds, code } = told(yield* launchkey("doctor", "--json"))
      assert.strictEqual(code, 0)
      assert(clockOffsetSeconds !== null && clockOffsetSeconds > 85 && clockOffsetSeconds < 95)
      const clock = checks.find(({ name }) => name === "clock")
      assert.strictEqual(clock?.status, "warning")
      assert.match(clock?.found ?? "", /^\d+(?:\.\d)? seconds behind the platform's$/)
    }))

  it.effect("ends with the code of the first check that fails, tells its remedy, and skips what needs it", () =>
    Effect.gen(function*() {
      const { baseUrl, folder, launchkey, organizationId, result } = yield* Sandboxed
      const doctor = (...args: ReadonlyArray<string>) => Effect.map(launchkey("doctor", "--json", ...args), told)
      const add = (name: string, url: string, id: string, ...more: ReadonlyArray<string>) =>
        result(
          ..."profile add".split(" "),
          name,
          "--base-url",
          url,
          "--entity",
          `org:${id}`,
          "--key-file",
          `${folder}/organization.pem`,
          ...more
        )
      const nobody = yield* doctor("--profile", "nobody")
      assert.deepStrictEqual([nobody.code, nobody.statuses], [
        2,
        "failed skipped skipped skipped skipped skipped skipped"
      ])
      assert.include(nobody.failed?.next ?? "", "launchkey profile add")

      const open = told(
        yield* Launchkey.launchkey(
          {
            env: {
              LAUNCHKEY_ENTITY: `org:${organizationId}`,
              LAUNCHKEY_BASE_URL: baseUrl,
              LAUNCHKEY_SIGNING_KEY_FILE: `${folder}/open.pem`
            }
          },
          "doctor",
          "--json"
        )
      )
      assert.deepStrictEqual([open.code, open.failed?.name, open.failed?.tag], [2, "keys", "Unusable"])
      assert.include(open.failed?.next ?? "", "chmod 600")

      yield* add("away", "http://127.0.0.1:1", organizationId)
      const away = yield* doctor("--profile", "away")
      assert.deepStrictEqual([away.code, away.failed?.name, away.failed?.tag], [5, "connection", "TransportError"])
      assert.strictEqual(away.statuses, "ok ok warning failed skipped skipped skipped")

      yield* add("pinned", baseUrl, organizationId, "--pin", "00:".repeat(15) + "00")
      const pinned = yield* doctor("--profile", "pinned")
      assert.deepStrictEqual([pinned.code, pinned.failed?.name], [2, "platformKey"])

      yield* add("stranger", baseUrl, organization)
      const stranger = yield* doctor("--profile", "stranger")
      assert.deepStrictEqual([stranger.code, stranger.failed?.name, stranger.failed?.tag], [6, "call", "Unauthorized"])
      const shown = yield* launchkey("doctor", "--profile", "stranger")
      assert.match(shown.out, /\nFAILED {2}Signed call: [^\n]+\n {8}Next: [^\n]+\n\n1 check failed\.\n$/)
    }))
})
