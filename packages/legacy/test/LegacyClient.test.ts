import * as Jose from "@effect-launchkey/transport/Jose"
import * as HttpClient from "@effect/platform/HttpClient"
import { assert, describe, it } from "@effect/vitest"
import * as Config from "effect/Config"
import * as ConfigProvider from "effect/ConfigProvider"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Schedule from "effect/Schedule"
import * as TestClock from "effect/TestClock"
import { inspect } from "node:util"
import * as AppPins from "../src/AppPins.ts"
import * as LegacyClient from "../src/LegacyClient.ts"
import * as LegacyPolicy from "../src/LegacyPolicy.ts"
import * as SecretKey from "../src/SecretKey.ts"
import { broken, client, ok, options, ping, refusal, type Sent } from "./support.ts"
import { atServerTime, config, privateKey, publicKey, vectors } from "./vectors.ts"

const { auth_request, username } = config
const { responses } = vectors

const told = { "POST /auths": ok(responses.auths_ok.body), "PUT /logs": ok(responses.logs_ok.body) }

/** What the proof of a call says; fails where it is not signed. */
const proofOf = (parameters: URLSearchParams) =>
  Effect.gen(function*() {
    const ciphertext = Option.getOrThrow(SecretKey.octets(parameters.get("secret_key") ?? ""))
    const signature = Option.getOrThrow(SecretKey.octets(parameters.get("signature") ?? ""))
    assert.isTrue(yield* Jose.make.verifyBytes(ciphertext, signature, yield* publicKey("app")))
    const { secret, stamped } = Option.getOrThrow(
      SecretKey.parse(yield* Jose.make.decryptOaep(ciphertext, yield* privateKey("api")))
    )
    return { secret: Redacted.value(secret), stamped: DateTime.formatIso(stamped) }
  })

const names = (parameters: URLSearchParams) => [...parameters.keys()].sort()

const only = (sent: ReadonlyArray<Sent>, path: string) => {
  const found = sent.filter((one) => one.path === path)
  assert.lengthOf(found, 1)
  assert(found[0] !== undefined)
  return found[0]
}

describe("LegacyClient.ping", () => {
  for (const form of ["old_form", "later_form"] as const) {
    it.effect(`reads the ${form.replace("_", " ")}, whose PEM has blank lines`, () =>
      Effect.gen(function*() {
        yield* atServerTime
        assert.include(vectors.ping[form].key, "-----\n\n")
        const { client: legacy } = yield* client({ "GET /ping": ok(vectors.ping[form]) })
        const { platformKey, platformTime } = yield* legacy.ping()
        assert.strictEqual(platformKey.keyId, vectors.keys.api.spki_der_md5_fingerprint)
        assert.strictEqual(DateTime.formatIso(platformTime), "2016-05-01T12:00:00.000Z")
      }))
  }

  it.effect("is asked for once in five minutes, unless by force", () =>
    Effect.gen(function*() {
      yield* atServerTime
      const { client: legacy, sent } = yield* client()
      yield* Effect.all([legacy.ping(), legacy.ping(), legacy.ping()], { concurrency: "unbounded" })
      yield* TestClock.adjust("299 seconds")
      yield* legacy.ping()
      assert.lengthOf(yield* sent, 1)
      yield* TestClock.adjust("2 seconds")
      yield* legacy.ping()
      assert.lengthOf(yield* sent, 2)
      yield* legacy.ping({ force: true })
      assert.lengthOf(yield* sent, 3)
    }))

  for (
    const [what, body] of [
      ["a key", { api_time: "2016-05-01T12:00:00Z" }],
      ["a time", { key: vectors.ping.old_form.key }],
      ["a time that is one", { key: vectors.ping.old_form.key, api_time: "noon" }],
      ["a key that is one", { key: "-----BEGIN PUBLIC KEY-----", api_time: "2016-05-01T12:00:00Z" }]
    ] as const
  ) {
    it.effect(`without ${what} is no ping, and nothing of the call was sent`, () =>
      Effect.gen(function*() {
        const { client: legacy, sent } = yield* client({ ...told, "GET /ping": ok(body) })
        const error = yield* Effect.flip(legacy.authorize(username))
        assert.deepInclude(error, { _tag: "TransportError", reason: "AnswerUnusable", sent: false })
        assert.lengthOf(yield* sent, 1)
      }))
  }

  it.effect("is tried again where no answer comes", () =>
    Effect.gen(function*() {
      yield* atServerTime
      const { client: legacy, sent } = yield* client({ "GET /ping": [broken, broken, ping] }, {
        retrySchedule: Schedule.recurs(2)
      })
      yield* legacy.ping()
      assert.lengthOf(yield* sent, 3)
    }))
})

describe("LegacyClient.authorize", () => {
  it.effect("sends all in the body, with a stamp of the platform's time", () =>
    Effect.gen(function*() {
      yield* TestClock.setTime(Date.parse("2024-01-01T00:00:00Z"))
      const { client: legacy, sent } = yield* client(told)
      yield* legacy.ping()
      yield* TestClock.adjust("70 seconds")
      yield* legacy.authorize(username)
      const { contentType, form, method, query } = only(yield* sent, "/v1/auths")
      assert.strictEqual(method, "POST")
      assert.strictEqual(contentType, "application/x-www-form-urlencoded")
      assert.deepStrictEqual(names(query), [])
      assert.deepStrictEqual(names(form), ["app_key", "secret_key", "session", "signature", "user_push_id", "username"])
      assert.deepStrictEqual(
        [form.get("app_key"), form.get("username"), form.get("session"), form.get("user_push_id")],
        [String(config.app_key), username, "true", "false"]
      )
      assert.deepStrictEqual(yield* proofOf(form), {
        secret: config.app_secret,
        stamped: "2016-05-01T12:01:10.000Z"
      })
    }))

  it.effect("asks for a transaction, a push id, and under a policy", () =>
    Effect.gen(function*() {
      yield* atServerTime
      const { client: legacy, sent } = yield* client(told)
      const location = { radius: 150, latitude: 27.175, longitude: 78.0422 }
      yield* legacy.authorize(username, {
        session: false,
        userPushId: true,
        context: "Pay",
        policy: LegacyPolicy.all(2, { locations: [location] })
      })
      const { form } = only(yield* sent, "/v1/auths")
      assert.deepStrictEqual(
        [form.get("session"), form.get("user_push_id"), form.get("context")],
        ["false", "true", "Pay"]
      )
      assert.deepStrictEqual(JSON.parse(form.get("policy") ?? ""), {
        minimum_requirements: [{ requirement: "authenticated", all: 2, knowledge: 0, inherence: 0, possession: 0 }],
        factors: [{
          factor: "geofence",
          requirement: "forced requirement",
          quickfail: true,
          priority: 1,
          attributes: { locations: [location] }
        }]
      })
    }))

  it.effect("passes on a username, a push id and an identifier as they are", () =>
    Effect.gen(function*() {
      yield* atServerTime
      const { client: legacy, sent } = yield* client(told)
      const given = ["demo", config.user_push_id, "user 4711 & so=on"]
      yield* Effect.forEach(given, (one) => legacy.authorize(one))
      assert.deepStrictEqual(
        (yield* sent).filter(({ path }) => path === "/v1/auths").map(({ form }) => form.get("username")),
        given
      )
    }))

  it.effect("is sent once, whatever becomes of it", () =>
    Effect.gen(function*() {
      yield* atServerTime
      const { client: legacy, sent } = yield* client({ "POST /auths": broken })
      assert.deepInclude(yield* Effect.flip(legacy.authorize(username)), { _tag: "TransportError", sent: true })
      only(yield* sent, "/v1/auths")
    }))

  for (const body of [{}, { auth_request: "" }, { auth_request: 7 }, []]) {
    it.effect(`takes ${JSON.stringify(body)} for no answer`, () =>
      Effect.gen(function*() {
        yield* atServerTime
        const { client: legacy } = yield* client({ "POST /auths": ok(body) })
        assert.deepInclude(yield* Effect.flip(legacy.authorize(username)), {
          _tag: "TransportError",
          reason: "AnswerUnusable"
        })
      }))
  }

  it.effect("takes JSON that does not say that it is JSON for no answer", () =>
    Effect.gen(function*() {
      yield* atServerTime
      const { client: legacy } = yield* client({
        "POST /auths": { status: 200, body: responses.auths_ok.body, contentType: "text/html" }
      })
      assert.deepInclude(yield* Effect.flip(legacy.authorize(username)), { reason: "AnswerUnusable" })
    }))

  for (
    const [path, call] of [
      ["username", (legacy: LegacyClient.Service) => legacy.authorize("")],
      ["username", (legacy: LegacyClient.Service) => legacy.authorize("  ")],
      ["context", (legacy: LegacyClient.Service) => legacy.authorize("demo", { context: "x".repeat(401) })],
      ["policy", (legacy: LegacyClient.Service) => legacy.authorize("demo", { policy: LegacyPolicy.all(-1) })],
      ["authRequest", (legacy: LegacyClient.Service) => legacy.poll("")],
      ["authRequest", (legacy: LegacyClient.Service) => legacy.logout("")],
      ["authRequest", (legacy: LegacyClient.Service) => legacy.isAuthorized("", "x")],
      ["identifier", (legacy: LegacyClient.Service) => legacy.createWhiteLabelUser("")]
    ] as const
  ) {
    it.effect(`sends nothing with a ${path} that is out of its limits: ${String(call).slice(10)}`, () =>
      Effect.gen(function*() {
        const { client: legacy, sent } = yield* client(told)
        const error = yield* Effect.flip<unknown, unknown, never>(call(legacy))
        assert.deepInclude(error, { _tag: "InvalidParameters", origin: "Client" })
        assert.deepNestedPropertyVal(error, "issues[0].path", path)
        assert.lengthOf(yield* sent, 0)
      }))
  }

  it.effect("takes a context of 400 characters that are two code units each", () =>
    Effect.gen(function*() {
      yield* atServerTime
      const { client: legacy } = yield* client(told)
      yield* legacy.authorize(username, { context: "🔑".repeat(400) })
    }))
})

describe("LegacyClient.poll", () => {
  const answered = { status: 200, body: vectors.poll_response.raw_body }

  it.effect("reads the answer of the vectors, with its escaped slashes and line breaks", () =>
    Effect.gen(function*() {
      yield* atServerTime
      const { client: legacy, sent } = yield* client({ ...told, "GET /poll": answered })
      const answer = Option.getOrThrow(yield* legacy.poll(auth_request))
      assert.deepStrictEqual(answer, {
        authRequest: auth_request,
        auth: vectors.poll_response.expected_auth_cleaned,
        userHash: vectors.poll_response.expected_user_hash,
        organizationUser: Option.some(vectors.poll_response.expected_organization_user),
        userPushId: Option.some(vectors.poll_response.expected_user_push_id)
      })
      assert.isTrue(yield* legacy.isAuthorized(auth_request, answer))
      const { body, query } = only(yield* sent, "/v1/poll")
      assert.deepStrictEqual(names(query), ["app_key", "auth_request", "secret_key", "signature"])
      assert.strictEqual(body, "")
      assert.strictEqual((yield* proofOf(query)).secret, config.app_secret)
    }))

  it.effect("has its credentials in the body where it is told to", () =>
    Effect.gen(function*() {
      yield* atServerTime
      const { client: legacy, sent } = yield* client({ "POST /poll": answered }, { pollBy: "POST" })
      yield* legacy.poll(auth_request)
      const { form, query } = only(yield* sent, "/v1/poll")
      assert.deepStrictEqual([...query], [["METHOD", "GET"]])
      assert.deepStrictEqual(names(form), ["app_key", "auth_request", "secret_key", "signature"])
    }))

  it.effect("is tried again where no answer comes, with a proof of its own each time", () =>
    Effect.gen(function*() {
      yield* atServerTime
      const { client: legacy, sent } = yield* client({ "GET /poll": [broken, answered] }, {
        retrySchedule: Schedule.recurs(2)
      })
      yield* legacy.poll(auth_request)
      const proofs = (yield* sent).filter(({ path }) => path === "/v1/poll").map(({ query }) => query.get("secret_key"))
      assert.lengthOf(new Set(proofs), 2)
    }))

  it.effect("gives up with the error of the last attempt", () =>
    Effect.gen(function*() {
      yield* atServerTime
      const { client: legacy, sent } = yield* client({ "GET /poll": broken }, { retrySchedule: Schedule.recurs(2) })
      assert.deepInclude(yield* Effect.flip(legacy.poll(auth_request)), { reason: "Unreachable" })
      assert.lengthOf((yield* sent).filter(({ path }) => path === "/v1/poll"), 3)
    }))

  it.effect("takes an answer without a user hash for none of this API", () =>
    Effect.gen(function*() {
      yield* atServerTime
      const { client: legacy } = yield* client({ "GET /poll": ok({ auth: "x" }) })
      assert.deepInclude(yield* Effect.flip(legacy.poll(auth_request)), { reason: "AnswerUnusable" })
    }))
})

describe("LegacyClient.awaitAnswer", () => {
  const pending = ok(responses.poll_pending.body, 400)
  const answered = { status: 200, body: vectors.poll_response.raw_body }

  it.effect("asks until there is an answer", () =>
    Effect.gen(function*() {
      yield* atServerTime
      const { client: legacy, sent } = yield* client({ "GET /poll": [pending, pending, answered] })
      const { auth } = yield* legacy.awaitAnswer(auth_request, { schedule: Schedule.recurs(10) })
      assert.strictEqual(auth, vectors.auth_package.approved.auth)
      assert.lengthOf((yield* sent).filter(({ path }) => path === "/v1/poll"), 3)
    }))

  it.effect("ends with the schedule, and leaves the request open", () =>
    Effect.gen(function*() {
      yield* atServerTime
      const { client: legacy } = yield* client({ "GET /poll": pending })
      const error = yield* Effect.flip(legacy.awaitAnswer(auth_request, { schedule: Schedule.recurs(2) }))
      assert.deepInclude(error, { _tag: "LegacyAwaitTimedOut", authRequest: auth_request })
    }))

  it.effect("ends with the platform's verdict", () =>
    Effect.gen(function*() {
      yield* atServerTime
      const { client: legacy } = yield* client({ "GET /poll": [pending, ok(responses.poll_expired.body, 400)] })
      const error = yield* Effect.flip(legacy.awaitAnswer(auth_request, { schedule: Schedule.recurs(10) }))
      assert.strictEqual(error._tag, "AuthRequestExpired")
    }))

  it.effect("asks every three seconds for as long as a request lives, and a little more", () =>
    Effect.gen(function*() {
      const times = yield* Effect.fork(Schedule.run(LegacyClient.pollSchedule, 0, Array.from({ length: 200 })))
      yield* TestClock.adjust("10 minutes")
      const asked = (yield* Fiber.join(times)).length
      assert.isAtLeast(asked, 101)
      assert.isAtMost(asked, 105)
    }))
})

describe("LegacyClient.decide", () => {
  const { auth_package } = vectors

  const decided = (auth: string, given: LegacyClient.DecideOptions = {}, script: Parameters<typeof client>[0] = told) =>
    Effect.gen(function*() {
      yield* atServerTime
      const { client: legacy, sent } = yield* client(script)
      const decision = yield* Effect.either(legacy.decide(auth_request, auth, given))
      const reports = (yield* sent).filter(({ path }) => path === "/v1/logs").map(({ form }) => [
        form.get("action"),
        form.get("status"),
        form.get("auth_request")
      ])
      return { decision, reports }
    })

  for (
    const [name, authorized] of [
      ["approved", true],
      ["approved_boolean", true],
      ["approved_python_spelling", true],
      ["denied", false],
      ["denied_boolean", false]
    ] as const
  ) {
    it.effect(`reports what ${name} says`, () =>
      Effect.gen(function*() {
        const { decision, reports } = yield* decided(auth_package[name].auth)
        assert(decision._tag === "Right")
        assert.deepInclude(decision.right, { authorized, reported: true })
        assert.deepStrictEqual(reports, [["Authenticate", String(authorized), auth_request]])
      }))
  }

  const refused = [
    "mismatched_auth_request",
    "missing_response",
    "missing_auth_request",
    "garbled_response",
    "not_json"
  ] as const

  for (const name of refused) {
    it.effect(`refuses ${name}, and reports a denial of the request that was asked about`, () =>
      Effect.gen(function*() {
        const { decision, reports } = yield* decided(auth_package[name].auth)
        assert.strictEqual(decision._tag === "Left" && decision.left._tag, "AuthPackageRejected")
        assert.deepStrictEqual(reports, [["Authenticate", "false", auth_request]])
      }))
  }

  it.effect("reports nothing of what is not encrypted to the application", () =>
    Effect.gen(function*() {
      const { decision, reports } = yield* decided(auth_package.encrypted_to_other_key.auth)
      assert.strictEqual(decision._tag, "Left")
      assert.deepStrictEqual(reports, [])
    }))

  it.effect("refuses as well where the refusal cannot be reported", () =>
    Effect.gen(function*() {
      const { decision } = yield* decided(auth_package.not_json.auth, {}, { "PUT /logs": refusal(50456) })
      assert.strictEqual(decision._tag === "Left" && decision.left._tag, "AuthPackageRejected")
    }))

  it.effect("shows the PINs, and is no authorization where they are wrong", () =>
    Effect.gen(function*() {
      const { decision, reports } = yield* decided(auth_package.approved.auth, {
        validatePins: (pins, deviceId) => {
          assert.deepStrictEqual(pins, ["3722", "861", "8293", "2115", "2255"])
          assert.strictEqual(deviceId, config.device_id)
          return Effect.succeed(false)
        }
      })
      assert.isTrue(decision._tag === "Right" && !decision.right.authorized)
      assert.deepStrictEqual(reports, [["Authenticate", "false", auth_request]])
    }))

  it.effect("goes on without the report where it may", () =>
    Effect.gen(function*() {
      const script = { "PUT /logs": refusal(50442) }
      const { decision: failed } = yield* decided(auth_package.approved.auth, {}, script)
      assert(failed._tag === "Left" && failed.left._tag === "DecisionUnreported")
      assert.isTrue(failed.left.authorized)
      const { decision } = yield* decided(auth_package.approved.auth, { whenUnreported: "goOn" }, script)
      assert(decision._tag === "Right")
      assert.deepInclude(decision.right, { authorized: true, reported: false })
    }))
})

describe("LegacyClient.make", () => {
  const making = (given: Partial<LegacyClient.Options>) =>
    Effect.flip(Effect.provide(
      Layer.build(LegacyClient.layer({ ...options, ...given })),
      Layer.succeed(HttpClient.HttpClient, HttpClient.make(() => Effect.die("nothing is sent")))
    )).pipe(Effect.scoped)

  for (
    const [field, given] of [
      ["baseUrl", { baseUrl: "http://api.example.com" }],
      ["baseUrl", { baseUrl: "https://user:word@api.example.com" }],
      ["version", { version: "../v1" }],
      ["appKey", { appKey: 123456789 }],
      ["appKey", { appKey: "12345678901" }],
      ["appKey", { appKey: "123456789a" }],
      ["appSecret", { appSecret: Redacted.make("") }],
      ["appSecret", { appSecret: Redacted.make("x".repeat(170)) }],
      ["timeout", { timeout: 0 }],
      ["keyLifetime", { keyLifetime: 0 }],
      ["maximumAge", { maximumAge: 0 }],
      ["maximumLead", { maximumLead: 0 }]
    ] as const
  ) {
    it.effect(`refuses a ${field} such as ${JSON.stringify(given)}`, () =>
      Effect.map(making(given), (error) => {
        assert.strictEqual(error._tag, "InvalidParameters")
        assert.deepNestedPropertyVal(error, "issues[0].path", field)
      }))
  }

  it.effect("refuses a key that is none", () =>
    Effect.map(making({ privateKey: Redacted.make("secret text") }), (error) => {
      assert.strictEqual(error._tag, "InvalidKey")
      assert.notInclude(error.message, "secret text")
    }))

  it.effect("takes a secret as long as a block allows", () =>
    Effect.gen(function*() {
      yield* atServerTime
      const { client: legacy } = yield* client(told, { appSecret: Redacted.make("x".repeat(169)) })
      yield* legacy.authorize(username)
    }))

  it.effect("sends nothing, and shows no secret", () =>
    Effect.gen(function*() {
      const { client: legacy, sent } = yield* client()
      assert.lengthOf(yield* sent, 0)
      const shown = inspect(legacy, { depth: 10, showHidden: true })
      assert.notInclude(shown, config.app_secret)
      assert.notInclude(shown, "PRIVATE KEY")
    }))

  it.effect("can be made from a configuration", () =>
    Effect.gen(function*() {
      const made = yield* Effect.provide(
        LegacyClient.LegacyClient,
        LegacyClient.layerConfig({
          baseUrl: Config.string("BASE_URL"),
          appKey: Config.string("APP_KEY"),
          appSecret: Config.redacted("APP_SECRET"),
          privateKey: Config.redacted("PRIVATE_KEY")
        }).pipe(Layer.provide(Layer.succeed(HttpClient.HttpClient, HttpClient.make(() => Effect.die("not sent")))))
      )
      assert.isFunction(made.authorize)
    }).pipe(Effect.withConfigProvider(ConfigProvider.fromMap(
      new Map([
        ["BASE_URL", "https://api.example.com"],
        ["APP_KEY", String(config.app_key)],
        ["APP_SECRET", config.app_secret],
        ["PRIVATE_KEY", vectors.keys.app.private_key_pem]
      ])
    ))))
})

describe("AppPins.advance", () => {
  const after = (before: string, received: string) =>
    Option.map(AppPins.advance(AppPins.parse(before), AppPins.parse(received)), (pins) => pins.join(","))

  for (
    const [what, before, received, stored] of [
      ["the first", "", "1", "1"],
      ["the next", "1", "1,2", "1,2"],
      ["the fifth", "1,2,3,4", "1,2,3,4,5", "2,3,4,5"],
      ["each after it", "2,3,4,5", "2,3,4,5,6", "3,4,5,6"],
      ["those that show one more of the past", "2,3", "1,2,3", "1,2,3"]
    ] as const
  ) {
    it(`takes ${what}`, () => assert.deepStrictEqual(after(before, received), Option.some(stored)))
  }

  for (
    const [what, before, received] of [
      ["many where nothing is stored", "", "1,2"],
      ["none", "1", ""],
      ["those of a copy", "2,3,4,5", "2,3,4,9,6"],
      ["what skips one", "1,2", "1,2,3,4"]
    ] as const
  ) {
    it(`refuses ${what}`, () => assert.deepStrictEqual(after(before, received), Option.none()))
  }
})
