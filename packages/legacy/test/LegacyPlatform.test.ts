import * as InMemory from "@effect-launchkey/testing/InMemory"
import * as Jose from "@effect-launchkey/transport/Jose"
import * as HttpClient from "@effect/platform/HttpClient"
import * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import * as HttpServerRequest from "@effect/platform/HttpServerRequest"
import * as HttpServerResponse from "@effect/platform/HttpServerResponse"
import { assert, describe, it } from "@effect/vitest"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as TestClock from "effect/TestClock"
import * as Callbacks from "../src/internal/platform/callbacks.ts"
import * as LegacyClient from "../src/LegacyClient.ts"
import * as LegacyError from "../src/LegacyError.ts"
import * as LegacyPlatform from "../src/LegacyPlatform.ts"
import { atServerTime, config, privateKey, publicKey, vectors } from "./vectors.ts"
import { inMemory, world, type WorldOptions } from "./world.ts"

const { secret_key } = vectors
const appKey = String(config.app_key)

/** The world at the time of the vectors, and its plain HTTP. */
const platform = (options: WorldOptions = {}) =>
  Effect.gen(function*() {
    yield* atServerTime
    const made = yield* world({ application: { callbackUrl: undefined }, ...options })
    yield* made.platform.createUser(config.username)
    const request = (given: HttpClientRequest.HttpClientRequest) =>
      given.pipe(
        HttpClientRequest.prependUrl(`${made.baseUrl}/v1`),
        made.httpClient.execute,
        Effect.flatMap((response) =>
          Effect.map(response.json, (body) => ({
            status: response.status,
            body: body as { readonly [member: string]: unknown }
          }))
        )
      )
    return { ...made, request }
  })

const credentials = (name: keyof typeof secret_key) => ({
  app_key: appKey,
  secret_key: secret_key[name].secret_key,
  signature: secret_key[name].signature
})

/** Credentials of the vectors' application, whose proof is this. */
const signed = (plaintext: string, to: "api" | "other" = "api") =>
  Effect.gen(function*() {
    const jose = Jose.make
    const ciphertext = yield* Effect.orDie(
      jose.encryptOaep(new TextEncoder().encode(plaintext), yield* publicKey(to))
    )
    const key = yield* Effect.orDie(jose.importPrivateKey(Redacted.make(vectors.keys.app.private_key_pem)))
    const signature = yield* jose.signBytes(ciphertext, key)
    const base64 = (octets: Uint8Array) => btoa(String.fromCharCode(...octets))
    return { app_key: appKey, secret_key: base64(ciphertext), signature: base64(signature) }
  })

const login = { username: config.username, session: "True", user_push_id: "False" }

describe("the platform, by the vectors", () => {
  const outcomes: Readonly<Record<keyof typeof secret_key, readonly [status: number, code: number | undefined]>> = {
    json: [200, undefined],
    python_repr: [200, undefined],
    python_repr_microseconds: [200, undefined],
    json_space_padded: [200, undefined],
    stale_stamp: [401, 40431],
    wrong_secret: [400, 40422],
    wrong_signer: [400, 40428]
  }

  for (const [name, [status, code]] of Object.entries(outcomes)) {
    it.scoped(`${code === undefined ? "takes" : `answers ${code} to`} the secret_key ${name}`, () =>
      Effect.gen(function*() {
        const { request } = yield* platform()
        const answer = yield* request(
          HttpClientRequest.post("/auths").pipe(
            HttpClientRequest.bodyUrlParams({ ...credentials(name as keyof typeof secret_key), ...login })
          )
        )
        assert.strictEqual(answer.status, status)
        assert.strictEqual(answer.body["message_code"], code)
        if (code === undefined) assert.match(String(answer.body["auth_request"]), /^[a-z0-9]{32}$/)
      }).pipe(Effect.provide(inMemory)))
  }

  const { auths: _, ...aboutRequests } = vectors.requests

  for (const [name, { as_query, method, parameters, path }] of Object.entries(aboutRequests)) {
    it.scoped(`takes the request ${name}, in the URL and in a form`, () =>
      Effect.gen(function*() {
        const { platform: made, request } = yield* platform({ platform: { insecureAllowReuse: true } })
        const begun = yield* request(
          HttpClientRequest.post("/auths", { urlParams: { ...credentials("json"), ...login } })
        )
        const id = String(begun.body["auth_request"])
        yield* name === "logs_authenticate_false" ? made.deny(id) : made.approve(id)
        if (name === "logs_revoke") {
          const first = { ...credentials("json"), action: "Authenticate", status: "True", auth_request: id }
          yield* request(HttpClientRequest.put("/logs").pipe(HttpClientRequest.bodyUrlParams(first)))
        }
        const asked = HttpClientRequest.make(method as "GET" | "PUT")
        const at = path.replace("/v1", "")
        // whose handle this platform did not give, but with credentials that it takes
        const unknown = yield* request(asked(`${at}?${as_query}`))
        assert.strictEqual(unknown.body["message_code"], name === "poll" ? 70402 : 50456)
        const given = { ...parameters, auth_request: id }
        assert.strictEqual((yield* request(asked(at, { urlParams: given }))).status, 200)
        const inForm = HttpClientRequest.post(`${at}?METHOD=${method}`).pipe(HttpClientRequest.bodyUrlParams(given))
        assert.strictEqual((yield* request(inForm)).status, 200)
      }).pipe(Effect.provide(inMemory)))
  }

  for (const form of ["old", "later"] as const) {
    it.scoped(`answers a ping in the ${form} form octet for octet`, () =>
      Effect.gen(function*() {
        const { request } = yield* platform({ platform: { pingForm: form } })
        const { body } = yield* request(HttpClientRequest.get("/ping"))
        const vector = vectors.ping[form === "old" ? "old_form" : "later_form"]
        assert.deepStrictEqual(body, {
          ...vector,
          ...(form === "old" && { date_stamp: "2016-05-01 12:00:00" })
        })
      }).pipe(Effect.provide(inMemory)))
  }

  it.scoped("leaves the key out of a ping of who has it", () =>
    Effect.gen(function*() {
      const { request } = yield* platform()
      const known = vectors.keys.api.spki_der_md5_fingerprint
      for (const urlParams of [{ fingerprint: known }, { date_stamp: "2016-05-01 12:00:00" }]) {
        assert.notProperty((yield* request(HttpClientRequest.get("/ping", { urlParams }))).body, "key")
      }
      for (const urlParams of [{ fingerprint: "x" }, { date_stamp: "2016-05-01 11:59:59" }]) {
        assert.property((yield* request(HttpClientRequest.get("/ping", { urlParams }))).body, "key")
      }
    }).pipe(Effect.provide(inMemory)))

  it.scoped("takes the creation of a user, whose body is signed, and nothing else in its place", () =>
    Effect.gen(function*() {
      const { raw_body, signature } = vectors.users.request
      const create = (body: string) =>
        HttpClientRequest.post("/users", { urlParams: { signature } }).pipe(
          HttpClientRequest.bodyText(body, "application/json")
        )
      const { request } = yield* platform()
      const forged = yield* request(create(raw_body.replace("user", "abcd")))
      assert.deepStrictEqual([forged.status, forged.body["message_code"]], [400, 40428])
      const { body, status } = yield* request(create(raw_body))
      assert.strictEqual(status, 201)
      assert.deepInclude(body, { successful: true, message_code: 10220 })
    }).pipe(Effect.provide(inMemory)))

  for (
    const [form, name, parameter] of [
      ["deorbit", "deorbit", "deorbit"],
      ["deorbitApiTime", "deorbit_api_time", "deorbit"],
      ["clear", "clear", "clear"]
    ] as const
  ) {
    it.effect(`writes and signs the logout ${name} octet for octet`, () =>
      Effect.gen(function*() {
        yield* TestClock.setTime(DateTime.unsafeMake("2016-05-01T11:59:30Z").epochMillis)
        const query = yield* Callbacks.logoutQuery(yield* privateKey("api"), form, config.user_hash).pipe(
          Effect.provide(Jose.layer)
        )
        const { payload, signature } = vectors.callbacks[name]
        assert.deepStrictEqual(query, { [parameter]: payload, signature })
      }))
  }
})

describe("the platform takes the parameters of", () => {
  const all = { ...credentials("json"), ...login }
  const form = new FormData()
  for (const [name, value] of Object.entries(all)) form.set(name, value)

  for (
    const [what, request] of [
      ["python: in the URL", HttpClientRequest.post("/auths", { urlParams: all })],
      [
        "python: in the URL, as the vectors have it",
        HttpClientRequest.post(`/auths?${vectors.requests.auths.as_query}`)
      ],
      ["java, ruby, go and php: in a form", HttpClientRequest.bodyUrlParams(HttpClientRequest.post("/auths"), all)],
      [
        "ios: in JSON",
        HttpClientRequest.post("/auths").pipe(
          HttpClientRequest.bodyText(JSON.stringify({ ...all, session: true, user_push_id: false }), "application/json")
        )
      ],
      ["C: with a slash at the end", HttpClientRequest.bodyUrlParams(HttpClientRequest.post("/auths/"), all)],
      [
        "old Python: the proof in lines",
        HttpClientRequest.bodyUrlParams(HttpClientRequest.post("/auths"), {
          ...all,
          secret_key: (all.secret_key.match(/.{1,76}/g) ?? []).map((line) => `${line}\n`).join("")
        })
      ]
    ] as const
  ) {
    it.scoped(what, () =>
      Effect.gen(function*() {
        const { request: send } = yield* platform()
        assert.strictEqual((yield* send(request)).status, 200)
      }).pipe(Effect.provide(inMemory)))
  }

  it.scoped("C: in a multipart form", () =>
    Effect.gen(function*() {
      const { platform: { httpApp } } = yield* platform()
      const response = yield* Effect.provideService(
        httpApp,
        HttpServerRequest.HttpServerRequest,
        HttpServerRequest.fromWeb(new Request("https://x/v1/auths/", { method: "POST", body: form }))
      )
      assert.strictEqual(response.status, 200)
    }).pipe(Effect.provide(inMemory)))

  it.scoped("php: a poll by POST, and dotnet: a refusal with HTTP 200", () =>
    Effect.gen(function*() {
      const { request: send } = yield* platform()
      const unknown = HttpClientRequest.post("/poll?METHOD=GET").pipe(
        HttpClientRequest.bodyUrlParams({
          ...credentials("json"),
          auth_request: config.auth_request,
          SUPPRESS_RESPONSE_CODES: "TRUE"
        })
      )
      const { body, status } = yield* send(unknown)
      assert.strictEqual(status, 200)
      assert.deepInclude(body, { successful: false, status_code: 400, message_code: 70402 })
    }).pipe(Effect.provide(inMemory)))

  for (const value of ["true", "True", "1", "false", "False", "0"]) {
    it.scoped(`any of them: ${value} for a truth value`, () =>
      Effect.gen(function*() {
        const { platform: made, request: send } = yield* platform()
        yield* send(HttpClientRequest.bodyUrlParams(HttpClientRequest.post("/auths"), { ...all, session: value }))
        const [shown] = yield* made.requests(config.username)
        assert.strictEqual(shown?.session, ["true", "True", "1"].includes(value))
      }).pipe(Effect.provide(inMemory)))
  }

  it.scoped("nobody whose form is of more than 64 KiB", () =>
    Effect.gen(function*() {
      const { platform: { httpApp } } = yield* platform()
      const body = new URLSearchParams({ ...all, context: "x".repeat(64 * 1024) })
      const response = yield* Effect.provideService(
        httpApp,
        HttpServerRequest.HttpServerRequest,
        HttpServerRequest.fromWeb(new Request("https://x/v1/auths", { method: "POST", body }))
      )
      assert.strictEqual(response.status, 413)
    }).pipe(Effect.provide(inMemory)))
})

describe("a refusal of the platform reaches the client as its tag:", () => {
  type World = Effect.Effect.Success<ReturnType<typeof world>>

  type Change = (
    request: HttpClientRequest.HttpClientRequest
  ) => Effect.Effect<HttpClientRequest.HttpClientRequest>

  /** A client whose calls, but for pings unless told otherwise, become something else on their way. */
  const through = ({ baseUrl, httpClient }: World, change: Change, { pings = false } = {}) =>
    LegacyClient.make({
      baseUrl,
      appKey,
      appSecret: Redacted.make(config.app_secret),
      privateKey: Redacted.make(vectors.keys.app.private_key_pem),
      timeout: "1 hour"
    }).pipe(
      Effect.provide(Jose.layer),
      Effect.provideService(
        HttpClient.HttpClient,
        HttpClient.mapRequestEffect(
          httpClient,
          (request) => request.url.endsWith("/ping") === pings ? change(request) : Effect.succeed(request)
        )
      )
    )

  const late: Change = (request) => Effect.as(TestClock.adjust("121 seconds"), request)

  /** Other parameters: those of the URL count before those of the body. */
  const saying = (parameters: Readonly<Record<string, string>>): Change => (request) =>
    Effect.succeed(HttpClientRequest.setUrlParams(request, parameters))

  const proving = (proof: ReturnType<typeof signed>): Change => (request) =>
    Effect.map(proof, (parameters) => HttpClientRequest.setUrlParams(request, parameters))

  const forAnother = signed(secret_key.json.plaintext_utf8, "other")

  const ofNothing = signed("secret")

  /** The calls that have codes of their own. */
  const authorizing = (client: LegacyClient.Service) => client.authorize(config.username)
  const loggingOut = (client: LegacyClient.Service) => client.logout(config.auth_request)

  const changed = <A, E>(
    change: Change,
    call: (client: LegacyClient.Service) => Effect.Effect<A, E>,
    options?: { readonly pings: boolean }
  ) =>
  (made: World) => Effect.flatMap(Effect.orDie(through(made, change, options)), call)

  const twice = <A, E>(call: (client: LegacyClient.Service) => Effect.Effect<A, E>) => (made: World) =>
    Effect.flatMap(
      Effect.orDie(through(made, saying(credentials("json")))),
      (client) => Effect.zipRight(Effect.ignore(call(client)), call(client))
    )

  const cases: ReadonlyArray<
    readonly [
      code: number,
      tag: string,
      options: WorldOptions,
      run: (world: World) => Effect.Effect<unknown, { readonly _tag: string }>
    ]
  > = [
    // what our client would not send
    [40421, "InvalidRequest", {}, changed(saying({ session: "perhaps" }), authorizing)],
    [
      40422,
      "InvalidCredentials",
      { client: { appSecret: Redacted.make("not the application's") } },
      ({ client }) => client.authorize(config.username)
    ],
    [
      40424,
      "NoPairedDevices",
      {},
      ({ client, platform }) => Effect.zipRight(platform.createUser("ada", { devices: 0 }), client.authorize("ada"))
    ],
    [
      40425,
      "InvalidCredentials",
      { client: { appKey: "9999999999" } },
      ({ client }) => client.authorize(config.username)
    ],
    [40426, "NoSuchUser", {}, ({ client }) => client.authorize("nobody")],
    [
      40428,
      "InvalidSignature",
      { client: { privateKey: Redacted.make(vectors.keys.other.private_key_pem) } },
      ({ client }) => client.authorize(config.username)
    ],
    [40429, "InvalidCredentials", { platform: { rateLimits: [] } }, twice(authorizing)],
    [40431, "StampExpired", {}, changed(late, authorizing)],
    [40432, "InvalidSignature", {}, changed(saying({ signature: "%" }), authorizing)],
    [40433, "InvalidCredentials", {}, changed(proving(forAnother), authorizing)],
    [40434, "InvalidCredentials", {}, changed(proving(ofNothing), authorizing)],
    [
      40435,
      "InvalidCredentials",
      {},
      ({ client, platform }) =>
        Effect.zipRight(platform.enableApplication(appKey, false), client.authorize(config.username))
    ],
    [
      40436,
      "TooManyAttempts",
      {},
      ({ client }) => Effect.zipRight(client.authorize(config.username), client.authorize(config.username))
    ],
    [50441, "InvalidRequest", {}, changed(saying({ status: "perhaps" }), loggingOut)],
    [
      50442,
      "InvalidCredentials",
      { client: { appSecret: Redacted.make("not the application's") } },
      ({ client }) => client.logout(config.auth_request)
    ],
    [
      50443,
      "InvalidCredentials",
      {},
      ({ client, platform }) =>
        Effect.zipRight(platform.enableApplication(appKey, false), client.logout(config.auth_request))
    ],
    [
      50445,
      "InvalidCredentials",
      { client: { appKey: "9999999999" } },
      ({ client }) => client.logout(config.auth_request)
    ],
    [
      50448,
      "InvalidSignature",
      { client: { privateKey: Redacted.make(vectors.keys.other.private_key_pem) } },
      ({ client }) => client.logout(config.auth_request)
    ],
    [50446, "InvalidRequest", {}, ({ client, platform }) =>
      Effect.gen(function*() {
        const id = yield* client.authorize(config.username, { session: false })
        yield* platform.approve(id)
        yield* client.decide(id, Option.getOrThrow(yield* client.poll(id)))
        return yield* client.logout(id)
      })],
    [50449, "InvalidCredentials", {}, twice(loggingOut)],
    [50451, "StampExpired", {}, changed(late, loggingOut)],
    [50452, "InvalidSignature", {}, changed(saying({ signature: "%" }), loggingOut)],
    [50453, "InvalidCredentials", {}, changed(proving(forAnother), loggingOut)],
    [50454, "InvalidCredentials", {}, changed(proving(ofNothing), loggingOut)],
    [50455, "InvalidRequest", {}, ({ client }) => Effect.flatMap(client.authorize(config.username), client.logout)],
    [50456, "UnknownAuthRequest", {}, ({ client }) => client.logout(config.auth_request)],
    [
      60401,
      "InvalidRequest",
      {},
      changed(saying({ date_stamp: "yesterday" }), (client) => client.ping(), { pings: true })
    ],
    [70401, "InvalidRequest", {}, changed(saying({ auth_request: "" }), (client) => client.poll(config.auth_request))],
    [70402, "UnknownAuthRequest", {}, ({ client }) => client.poll(config.auth_request)],
    [
      70404,
      "AuthRequestExpired",
      {},
      ({ client }) =>
        Effect.flatMap(
          client.authorize(config.username),
          (id) => Effect.zipRight(TestClock.adjust("5 minutes"), client.poll(id))
        )
    ]
  ]

  // whose own codes nobody knows: those of auths serve
  const others: typeof cases = [
    [40422, "InvalidCredentials", {}, (made) =>
      Effect.flatMap(
        Effect.orDie(through(made, proving(signed(`{"secret":"k3pt4p4rt","stamped":"2016-05-01 12:00:00"}`)))),
        (client) => client.poll(config.auth_request)
      )],
    [
      40428,
      "InvalidSignature",
      { client: { privateKey: Redacted.make(vectors.keys.other.private_key_pem) } },
      ({ client }) => client.createWhiteLabelUser(config.username)
    ]
  ]

  it("has every code that a call has, but those of which nobody knows what they mean, or that others say already", () => {
    const all = Object.values(LegacyError.table).flatMap(({ codes }) => codes)
    const shown = cases.map(([code]) => code)
    assert.lengthOf(new Set(shown), shown.length)
    assert.sameMembers(all.filter((code) => !shown.includes(code)), [40423, 40437, 50444, 50447, 50457])
  })

  for (const [name, all] of [["", cases], [" of a call without codes of its own", others]] as const) {
    for (const [code, tag, options, run] of all) {
      it.scoped(`${code}${name} as ${tag}`, () =>
        Effect.gen(function*() {
          const error = yield* Effect.flip(run(yield* platform(options)))
          assert.deepInclude(error as object, { _tag: tag, code })
        }).pipe(Effect.provide(inMemory)))
    }
  }
})

describe("the platform's credentials", () => {
  const answerTo = (given: Readonly<Record<string, string>>, path = "/auths", method: "POST" | "PUT" = "POST") =>
    Effect.gen(function*() {
      const { request } = yield* platform()
      const { body, status } = yield* request(
        HttpClientRequest.make(method)(path).pipe(HttpClientRequest.bodyUrlParams(given))
      )
      return [body["message_code"], status]
    }).pipe(Effect.provide(inMemory), Effect.scoped)

  const logs = { action: "Revoke", status: "true", auth_request: config.auth_request }

  for (
    const [what, change, auths, ofLogs] of [
      ["none", { secret_key: "" }, 40421, 50441],
      ["a signature that is not base64", { signature: "%" }, 40432, 50452],
      ["a secret_key that is not base64", { secret_key: "%" }, 40428, 50448],
      ["those of a stranger", credentials("wrong_signer"), 40428, 50448],
      ["an old stamp", credentials("stale_stamp"), 40431, 50451],
      ["another secret", credentials("wrong_secret"), 40422, 50442]
    ] as const
  ) {
    it.effect(`are refused by ${auths} and ${ofLogs}: ${what}`, () =>
      Effect.gen(function*() {
        const status = auths === 40431 ? 401 : 400
        assert.deepStrictEqual(yield* answerTo({ ...credentials("json"), ...login, ...change }), [auths, status])
        assert.deepStrictEqual(
          yield* answerTo({ ...credentials("json"), ...logs, ...change }, "/logs", "PUT"),
          [ofLogs, status]
        )
      }))
  }

  it.effect("are refused by 40433 and 50453 where they are for another platform", () =>
    Effect.gen(function*() {
      const foreign = yield* signed(secret_key.json.plaintext_utf8, "other")
      assert.deepStrictEqual(yield* answerTo({ ...foreign, ...login }), [40433, 400])
      assert.deepStrictEqual(yield* answerTo({ ...foreign, ...logs }, "/logs", "PUT"), [50453, 400])
    }))

  it.effect("are refused by 40434 and 50454 where they decrypt to something else", () =>
    Effect.gen(function*() {
      const malformed = yield* signed("secret")
      assert.deepStrictEqual(yield* answerTo({ ...malformed, ...login }), [40434, 400])
      assert.deepStrictEqual(yield* answerTo({ ...malformed, ...logs }, "/logs", "PUT"), [50454, 400])
    }))

  it.effect("may be ahead of time, as the clock of an old SDK is, by less than an hour", () =>
    Effect.gen(function*() {
      const stamped = (time: string) =>
        Effect.flatMap(signed(`{"secret":"${config.app_secret}","stamped":"2016-05-01 ${time}"}`), (proof) =>
          answerTo({ ...proof, ...login }))
      assert.deepStrictEqual(yield* stamped("12:59:59"), [undefined, 200])
      assert.deepStrictEqual(yield* stamped("13:00:01"), [40431, 401])
    }))

  it.scoped("serve once, unless told otherwise", () =>
    Effect.gen(function*() {
      const call = HttpClientRequest.post("/poll?METHOD=GET").pipe(
        HttpClientRequest.bodyUrlParams({ ...credentials("json"), auth_request: config.auth_request })
      )
      const twice = (options: LegacyPlatform.Options) =>
        Effect.flatMap(platform({ platform: options }), ({ request }) =>
          Effect.map(Effect.all([request(call), request(call)]), (answers) =>
            answers.map(({ body }) =>
              body["message_code"]
            )))
      assert.deepStrictEqual(yield* twice({}), [70402, 40429])
      assert.deepStrictEqual(yield* twice({ insecureAllowReuse: true }), [70402, 70402])
    }).pipe(Effect.provide(inMemory)))

  it.scoped(
    "are of the key before as well after a change of keys, and answers are of the new one",
    () =>
      Effect.gen(function*() {
        const { client, platform: made } = yield* platform()
        yield* client.ping()
        yield* made.rotateKey
        yield* client.authorize(config.username)
        const { platformKey } = yield* client.ping({ force: true })
        assert.strictEqual(platformKey.keyId, (yield* made.publicKey).keyId)
        assert.notStrictEqual(platformKey.keyId, vectors.keys.api.spki_der_md5_fingerprint)
      }).pipe(Effect.provide(inMemory)),
    30_000
  )
})

describe("a device of the platform", () => {
  for (
    const [tampering, reason] of [
      ["otherRequest", "OtherRequest"],
      ["garbledResponse", "ResponseInvalid"],
      ["notJson", "Malformed"],
      ["otherKey", "Undecipherable"]
    ] as const
  ) {
    it.scoped(`can answer wrongly on purpose (${tampering}), and the client refuses it as ${reason}`, () =>
      Effect.gen(function*() {
        const { client, platform: made } = yield* platform()
        const id = yield* client.authorize(config.username)
        yield* made.answer(id, true, { tampering })
        const answer = Option.getOrThrow(yield* client.poll(id))
        assert.deepInclude(yield* Effect.flip(client.isAuthorized(id, answer)), { _tag: "AuthPackageRejected", reason })
      }).pipe(Effect.provide(inMemory)))
  }

  it.scoped("answers once, what is there and has not expired", () =>
    Effect.gen(function*() {
      const { client, platform: made } = yield* platform({ platform: { rateLimits: [] } })
      const id = yield* client.authorize(config.username)
      yield* made.approve(id)
      assert.deepInclude(yield* Effect.flip(made.deny(id)), { _tag: "DeviceRefused", reason: "NotPending" })
      assert.deepInclude(yield* Effect.flip(made.approve("x")), { reason: "NotPending" })
      const other = yield* client.authorize(config.username)
      yield* made.expire(other)
      assert.deepInclude(yield* Effect.flip(made.approve(other)), { reason: "NotPending" })
      assert.strictEqual((yield* Effect.flip(client.poll(other)))._tag, "AuthRequestExpired")
    }).pipe(Effect.provide(inMemory)))

  it.scoped("shows one more PIN with each answer, and the last five", () =>
    Effect.gen(function*() {
      const { client, platform: made } = yield* platform({ platform: { rateLimits: [] } })
      const shown: Array<ReadonlyArray<string>> = []
      for (let i = 0; i < 7; i++) {
        const id = yield* client.authorize(config.username)
        yield* made.approve(id)
        const { pins } = yield* client.decide(id, Option.getOrThrow(yield* client.poll(id)))
        shown.push(pins)
      }
      assert.deepStrictEqual(shown.map((pins) => pins.length), [1, 2, 3, 4, 5, 5, 5])
      assert.deepStrictEqual(shown[6]?.slice(0, 4), shown[5]?.slice(1))
    }).pipe(Effect.provide(inMemory)))

  it.scoped("logs out everywhere, which each application is told once", () =>
    Effect.gen(function*() {
      const { client, events, platform: made } = yield* platform({
        platform: { rateLimits: [] },
        application: { callbackForm: "deorbitApiTime" }
      })
      const first = yield* client.authorize(config.username)
      const second = yield* client.authorize(config.username)
      yield* made.approve(first)
      yield* made.approve(second)
      yield* made.endAllSessions(config.username)
      assert.deepStrictEqual((yield* events).map(({ _tag }) => _tag), ["Answered", "Answered", "LoggedOut"])
      assert.deepStrictEqual((yield* made.requests(config.username)).map(({ state }) => state), ["ending", "ending"])
    }).pipe(Effect.provide(inMemory)))

  it.scoped("is not held up by a receiver that is away", () =>
    Effect.gen(function*() {
      const { client, platform: made } = yield* platform({
        platform: { egress: { post: () => Effect.fail("away") } },
        application: {}
      })
      yield* made.approve(yield* client.authorize(config.username))
      assert.deepStrictEqual(yield* made.deliveries, [{ appKey, event: "Answer", status: Option.none() }])
    }).pipe(Effect.provide(inMemory)))
})

describe("the platform limits requests for a user", () => {
  it.scoped("to one in five seconds and three in a minute", () =>
    Effect.gen(function*() {
      const { client } = yield* platform()
      const asked = Effect.match(client.authorize(config.username), {
        onFailure: ({ _tag }) => _tag,
        onSuccess: () => "asked"
      })
      const outcomes: Array<string> = []
      for (
        const pause of [
          "0 seconds",
          "4999 millis",
          "1 millis",
          "5 seconds",
          "5 seconds",
          "44 seconds",
          "1 seconds"
        ] as const
      ) {
        yield* TestClock.adjust(pause)
        outcomes.push(yield* asked)
      }
      assert.deepStrictEqual(outcomes, [
        "asked",
        "TooManyAttempts",
        "asked",
        "asked",
        "TooManyAttempts",
        "TooManyAttempts",
        "asked"
      ])
    }).pipe(Effect.provide(inMemory)))
})

describe("LegacyPlatform.mount", () => {
  const other = HttpServerResponse.text("another generation")

  it.effect("has what is below /v1/ answered by it, and all else by the other app", () =>
    Effect.gen(function*() {
      const http = InMemory.make(yield* LegacyPlatform.mount(other))
      const text = (path: string) => Effect.flatMap(http.get(`https://x${path}`), (response) => response.text)
      assert.include(yield* text("/v1/ping"), "launchkey_time")
      assert.strictEqual(yield* text("/public/v3/ping"), "another generation")
      assert.strictEqual(yield* text("/v1"), "another generation")
      assert.strictEqual((yield* http.get("https://x/v1/other")).status, 404)
    }).pipe(Effect.provide(LegacyPlatform.layer()), Effect.provide(Layer.empty)), 30_000)
})
