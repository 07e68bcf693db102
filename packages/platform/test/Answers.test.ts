import * as Entity from "@effect-launchkey/core/EntityIdentifier"
import { TotpConfiguration } from "@effect-launchkey/core/Totp"
import * as PlatformClock from "@effect-launchkey/platform/PlatformClock"
import * as Store from "@effect-launchkey/platform/Store"
import * as TestKeys from "@effect-launchkey/testing/TestKeys"
import * as TestPlatform from "@effect-launchkey/testing/TestPlatform"
import * as HttpClient from "@effect/platform/HttpClient"
import { assert, describe, layer } from "@effect/vitest"
import { Duration, Effect, Option, Redacted } from "effect"
import * as crypto from "node:crypto"
import * as bare from "./support/bare.ts"
import { codeOf, exchange, opened } from "./support/forge.ts"

const { directoryId, organizationId, sdkKey, serviceId } = TestPlatform

const organization = { issuer: Entity.organization(organizationId), key: TestKeys.organization }
const directory = { issuer: Entity.directory(directoryId), key: TestKeys.directory }
const service = { issuer: Entity.service(serviceId), key: TestKeys.service }

/** The JSON of an answer to a request by hand, none where there is no body. */
const asked = (by: typeof organization | typeof directory | typeof service, call: string, json?: object) =>
  Effect.gen(function*() {
    const [method = "", path = ""] = call.split(" ")
    const answer = yield* exchange({ ...by, method, path, ...(json === undefined ? {} : { json }) })
    const plaintext = opened(answer, by.key)
    assert.strictEqual(answer.received.status, plaintext === "" ? 204 : 200, plaintext)
    return plaintext === "" ? undefined : JSON.parse(plaintext) as unknown
  })

const idOf = (json: unknown) => (json as { readonly id: string }).id

/** At 1970-01-01T00:00:00Z, where the clock of tests begins. */
layer(TestPlatform.layer)("what the platform answers, in full", (it) => {
  describe("tells", () => {
    it.effect("a directory", () =>
      Effect.gen(function*() {
        const all = yield* asked(organization, "GET /organization/v3/directories")
        const expected = {
          id: directoryId,
          name: "Directory",
          active: true,
          service_ids: [serviceId],
          sdk_keys: [sdkKey],
          premium: false,
          android_key: null,
          ios_certificate_fingerprint: null,
          denial_context_inquiry_enabled: true,
          webhook_url: null
        }
        // The name by which an SDK in use reads it from this endpoint alone.
        assert.deepStrictEqual(all, [{ ...expected, Active: true }])
        const one = yield* asked(organization, "POST /organization/v3/directories/list", {
          directory_ids: [directoryId.toUpperCase()]
        })
        assert.deepStrictEqual(one, [expected])
      }))

    it.effect("a service, and takes the words True and False of an SDK in use (B-010)", () =>
      Effect.gen(function*() {
        const given = {
          name: "told",
          description: "Super Awesome Service",
          icon: "https://www.iovation.com/icon",
          callback_url: "https://www.iovation.com/callback"
        }
        const call = "POST /directory/v3/services"
        const id = idOf(yield* asked(directory, call, { ...given, active: "True" }))
        const off = idOf(yield* asked(directory, call, { name: "off", active: "False" }))
        assert.deepStrictEqual(
          yield* asked(directory, "POST /directory/v3/services/list", { service_ids: [id, off] }),
          [
            { id, ...given, active: true },
            { id: off, name: "off", description: null, icon: null, callback_url: null, active: false }
          ]
        )
        yield* asked(directory, "PATCH /directory/v3/services", {
          service_id: id,
          icon: null,
          name: null,
          active: null
        })
        const [changed] = (yield* asked(directory, "POST /directory/v3/services/list", { service_ids: [id] })) as [
          object
        ]
        assert.deepStrictEqual(changed, { id, ...given, icon: null, active: true })
      }))

    it.effect("a key", () =>
      Effect.gen(function*() {
        const id = idOf(yield* asked(organization, "POST /organization/v3/services", { name: "keys" }))
        const key = { service_id: id, public_key: TestKeys.stranger.publicKey, key_type: 2, active: false }
        const added = yield* asked(organization, "POST /organization/v3/service/keys", {
          ...key,
          date_expires: "2030-01-01T00:00:00.1234567Z"
        })
        assert.deepInclude(added, { key_id: TestKeys.stranger.keyId })
        const [told, ...others] = (yield* asked(organization, "POST /organization/v3/service/keys/list", {
          service_id: id
        })) as Array<{ readonly public_key: string }>
        assert.deepStrictEqual(others, [])
        assert.deepStrictEqual({ ...told, public_key: told?.public_key.trim() }, {
          id: TestKeys.stranger.keyId,
          public_key: TestKeys.stranger.publicKey.trim(),
          date_created: "1970-01-01T00:00:00Z",
          date_expires: "2030-01-01T00:00:00Z",
          active: false,
          key_type: 2
        })
      }))

    it.effect("a policy: a blank one of the first form where there is none, else with all of its members", () =>
      Effect.gen(function*() {
        const service_id = idOf(yield* asked(directory, "POST /directory/v3/services", { name: "policy" }))
        const read = asked(directory, "POST /directory/v3/service/policy/item", { service_id })
        assert.deepStrictEqual(yield* read, { type: "LEGACY", minimum_requirements: [], factors: [] })
        const set = (policy: object) => asked(directory, "PUT /directory/v3/service/policy", { service_id, policy })
        yield* set({ type: "METHOD_AMOUNT", amount: 2, fences: null })
        assert.deepStrictEqual(yield* read, {
          type: "METHOD_AMOUNT",
          amount: 2,
          fences: [],
          deny_rooted_jailbroken: false,
          deny_emulator_simulator: false
        })
        const branch = { type: "FACTORS", factors: ["KNOWLEDGE"], fences: [] }
        const fences = [{ type: "TERRITORY", name: "US-NV", country: "US", administrative_area: "US-NV" }]
        yield* set({ type: "COND_GEO", fences, inside: { ...branch, fences: undefined }, outside: branch })
        assert.deepStrictEqual(yield* read, {
          type: "COND_GEO",
          fences,
          inside: branch,
          outside: branch,
          deny_rooted_jailbroken: false,
          deny_emulator_simulator: false
        })
      }))

    it.effect("a link and its device", () =>
      Effect.gen(function*() {
        const user = { identifier: "linked" }
        const link = (yield* asked(directory, "POST /directory/v3/devices", user)) as {
          readonly code: string
          readonly device_id: string
        }
        assert.deepStrictEqual<object>(link, {
          code: link.code,
          qrcode: `http://platform.localhost/public/v3/qr/${link.code}`,
          device_id: link.device_id
        })
        assert.deepStrictEqual(yield* asked(directory, "POST /directory/v3/devices/list", user), [{
          id: link.device_id,
          name: null,
          type: null,
          status: 0,
          created: "1970-01-01T00:00:00Z",
          updated: "1970-01-01T00:00:00Z"
        }])
      }))

    it.effect("a session", () =>
      Effect.gen(function*() {
        yield* asked(directory, "POST /directory/v3/devices", { identifier: "session" })
        yield* asked(service, "POST /service/v3/sessions", { username: "session" })
        assert.deepStrictEqual(yield* asked(directory, "POST /directory/v3/sessions/list", { identifier: "session" }), [
          {
            auth_request: null,
            date_created: "1970-01-01T00:00:00Z",
            service_icon: null,
            service_id: serviceId,
            service_name: "Service"
          }
        ])
      }))

    it.effect("a new request, without a push package where nobody pushes (B-270)", () =>
      Effect.gen(function*() {
        yield* Effect.flatMap(TestPlatform.TestPlatform, ({ linkedDevice }) => linkedDevice("asked"))
        const devices = yield* Effect.flatMap(Store.Store, (_) => _.devices({ directoryId, identifier: "asked" }))
        const request = { username: "asked", policy: null, context: null, title: null, denial_reasons: [] }
        const created = (yield* asked(service, "POST /service/v3/auths", request)) as { readonly auth_request: string }
        assert.deepStrictEqual<object>(created, {
          auth_request: created.auth_request,
          device_ids: devices.map(({ id }) => id)
        })
      }))
  })

  it.effect("keeps the keys that signed before at their own address (B-275)", () =>
    Effect.gen(function*() {
      const { baseUrl } = yield* TestPlatform.TestPlatform
      for (const { keyId, publicKey } of [TestKeys.platform, TestKeys.retired]) {
        const answer = yield* HttpClient.get(`${baseUrl}/public/v3/public-key/${keyId}`)
        assert.strictEqual(answer.headers["x-iov-key-id"], keyId)
        assert.strictEqual((yield* answer.text).trim(), publicKey.trim())
      }
    }))

  describe("one-time codes", () => {
    /** Those of RFC 6238, appendix B, by the last six of their digits. */
    const vectors = [
      [59, "287082"],
      [1111111109, "081804"],
      [1111111111, "050471"],
      [1234567890, "005924"],
      [2000000000, "279037"]
    ] as const

    it.effect("are those of the RFC (B-261)", () =>
      Effect.gen(function*() {
        const clock = yield* PlatformClock.PlatformClock
        const user = { directoryId, identifier: "rfc 6238" }
        yield* Effect.flatMap(Store.Store, (store) =>
          Effect.zipRight(
            store.ensureUser(user),
            store.setTotp(
              user,
              Option.some(
                new TotpConfiguration({
                  secret: Redacted.make("GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"),
                  algorithm: "SHA1",
                  digits: 6,
                  period: 30
                })
              )
            )
          ))
        let now = 0
        for (const [seconds, otp] of vectors) {
          yield* clock.advance(Duration.seconds(seconds - now))
          now = seconds
          const wrong = otp.replace(/.$/, (digit) => String((Number(digit) + 1) % 10))
          const verify = (code: string) =>
            asked(service, "POST /service/v3/totp", { identifier: user.identifier, otp: code })
          assert.deepStrictEqual(yield* verify(wrong), { valid: false })
          assert.deepStrictEqual(yield* verify(otp), { valid: true })
          assert.deepStrictEqual(yield* verify(otp), { valid: false })
        }
      }))
  })

  describe("tells of a request", () => {
    const ask = (username: string, more: object = {}) =>
      Effect.map(
        asked(service, "POST /service/v3/auths", { username, ...more }),
        (created) => (created as { readonly auth_request: string }).auth_request
      )
    const poll = (id: string) => exchange({ ...service, method: "GET", path: `/service/v3/auths/${id}` })
    const lettersAndDigits = /^[\w-]{43}$/
    const uuid = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/

    it.effect("what a device answered, with every member that an SDK in use takes for given", () =>
      Effect.gen(function*() {
        const device = yield* Effect.flatMap(TestPlatform.TestPlatform, ({ linkedDevice }) => linkedDevice("answered"))
        const [{ id: deviceId } = { id: "" }] = yield* Effect.flatMap(
          Store.Store,
          (_) => _.devices({ directoryId, identifier: "answered" })
        )
        const id = yield* ask("answered")
        yield* device.approve(undefined, { servicePins: ["1234"] })
        const relayed = JSON.parse(opened(yield* poll(id))) as Record<string, string>
        const { auth, auth_jwe, org_user_hash, public_key_id, service_user_hash, user_push_id, ...others } = relayed
        assert.deepStrictEqual(others, {})
        assert.strictEqual(public_key_id, TestKeys.service.keyId)
        assert.match(service_user_hash ?? "", lettersAndDigits)
        assert.match(org_user_hash ?? "", lettersAndDigits)
        assert.match(user_push_id ?? "", uuid)

        const key = Redacted.value(TestKeys.service.privateKey)
        const first = crypto.privateDecrypt({ key, oaepHash: "sha1" }, Buffer.from(auth ?? "", "base64")).toString()
        assert.deepStrictEqual(JSON.parse(first), {
          auth_request: id,
          device_id: deviceId,
          response: true,
          service_pins: ["1234"]
        })
        const { header, plaintext } = bare.openJwe(auth_jwe ?? "", key)
        assert.deepInclude(header, { alg: "RSA-OAEP", enc: "A256CBC-HS512", kid: TestKeys.service.keyId })
        const { auth_methods, ...answer } = JSON.parse(plaintext) as { readonly auth_methods: ReadonlyArray<object> }
        assert.deepStrictEqual<object>(answer, {
          auth_request: id,
          device_id: deviceId,
          type: "AUTHORIZED",
          reason: "APPROVED",
          service_pins: ["1234"],
          auth_policy: { requirement: null, geofences: [] }
        })
        assert.strictEqual(auth_methods.length, 7)
        for (const method of auth_methods) {
          const { active, allowed, method: name, supported } = method as Record<string, unknown>
          assert.deepStrictEqual(
            [typeof name, typeof active, typeof allowed, typeof supported],
            ["string", "boolean", "boolean", "boolean"]
          )
        }
      }))

    it.effect("that nobody has answered yet by 204 without a body, and that nobody did by 408", () =>
      Effect.gen(function*() {
        yield* Effect.flatMap(TestPlatform.TestPlatform, ({ linkedDevice }) => linkedDevice("silent"))
        const id = yield* ask("silent", { ttl: 30 })
        const waiting = yield* poll(id)
        assert.deepStrictEqual([waiting.received.status, opened(waiting)], [204, ""])
        yield* Effect.flatMap(PlatformClock.PlatformClock, ({ advance }) => advance(Duration.seconds(31)))
        const expired = yield* poll(id)
        assert.deepStrictEqual([expired.received.status, codeOf(opened(expired))], [408, "HTTP-408"])
      }))
  })
})
