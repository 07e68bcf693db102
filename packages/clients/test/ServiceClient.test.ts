import { ServiceApi } from "@effect-launchkey/core/api/ServiceApi"
import * as ApiError from "@effect-launchkey/core/ApiError"
import { AuthorizationRequestId } from "@effect-launchkey/core/Authorization"
import * as AuthPolicy from "@effect-launchkey/core/AuthPolicy"
import * as DenialReason from "@effect-launchkey/core/DenialReason"
import * as DerivedClient from "@effect-launchkey/transport/DerivedClient"
import * as Transport from "@effect-launchkey/transport/Transport"
import { MessageRejected, TransportError } from "@effect-launchkey/transport/TransportError"
import * as HttpClient from "@effect/platform/HttpClient"
import { assert, describe, it } from "@effect/vitest"
import * as Cause from "effect/Cause"
import * as Config from "effect/Config"
import * as ConfigProvider from "effect/ConfigProvider"
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import { OutcomeUnknown } from "../src/OutcomeUnknown.ts"
import * as ServiceClient from "../src/ServiceClient.ts"
import { triesAll } from "./methods.ts"
import { answered, created, id, otherId, pending, refusal, script, serviceId } from "./support.ts"

const reasons = [
  { id: "nf1", reason: "Not me today", fraud: false },
  { id: "f1", reason: "Somebody else", fraud: true }
]

/** What a caller without types may pass. */
const untyped = <A>(value: unknown): A => value as A

/** The whole body of one authorize call. */
const bodyOf = (user: string, options?: ServiceClient.AuthorizeOptions) =>
  Effect.gen(function*() {
    const { client, sent } = yield* script([created])
    yield* client.authorize(user, options)
    const requests = yield* sent
    assert.strictEqual(requests.length, 1)
    return requests[0]?.body
  })

describe("authorize", () => {
  it.effect("makes one POST for the service, with the user alone where nothing else is given", () =>
    Effect.gen(function*() {
      const { client, sent } = yield* script([created])
      yield* client.authorize("u")
      assert.deepStrictEqual(yield* sent, [
        { method: "POST", path: "/service/v3/auths", subject: `svc:${serviceId}`, body: { username: "u" }, at: 0 }
      ])
    }))

  it.effect("writes no member for options that are undefined", () =>
    Effect.gen(function*() {
      const body = yield* bodyOf("u", {
        context: undefined,
        title: undefined,
        ttl: undefined,
        pushTitle: undefined,
        pushBody: undefined,
        policy: undefined,
        denialReasons: undefined
      })
      assert.deepStrictEqual(body, { username: "u" })
    }))

  it.effect("writes every option under its wire name", () =>
    Effect.gen(function*() {
      const body = yield* bodyOf("my-user-1", {
        context: "Wire of 10 EUR",
        title: "Confirm",
        ttl: "2 minutes",
        pushTitle: "Bank",
        pushBody: "A wire waits",
        policy: AuthPolicy.any(2, {
          geofences: [{ name: "office", latitude: 36.17, longitude: -115.14, radius: 250 }]
        }),
        denialReasons: reasons
      })
      assert.deepStrictEqual(body, {
        username: "my-user-1",
        context: "Wire of 10 EUR",
        title: "Confirm",
        ttl: 120,
        push_title: "Bank",
        push_body: "A wire waits",
        policy: {
          minimum_requirements: [{ requirement: "authenticated", any: 2, knowledge: 0, inherence: 0, possession: 0 }],
          factors: [
            {
              factor: "device integrity",
              requirement: "forced requirement",
              quickfail: false,
              priority: 1,
              attributes: { "factor enabled": 0 }
            },
            {
              factor: "geofence",
              requirement: "forced requirement",
              quickfail: false,
              priority: 1,
              attributes: { locations: [{ name: "office", radius: 250, latitude: 36.17, longitude: -115.14 }] }
            }
          ]
        },
        denial_reasons: reasons
      })
    }))

  it.effect("writes denial reasons that are values of DenialReason like plain ones", () =>
    Effect.gen(function*() {
      const body = yield* bodyOf("u", {
        denialReasons: [DenialReason.ordinary("nf1", "Not me today"), DenialReason.fraudulent("f1", "Somebody else")]
      })
      assert.deepStrictEqual(body, { username: "u", denial_reasons: reasons })
    }))

  it.effect("passes the user on as it is", () =>
    Effect.gen(function*() {
      for (const user of [" Ünïcødé @ex ", "x".repeat(255), "54631005-5987-5B88-B59E-62BAC03CC155"]) {
        assert.deepStrictEqual(yield* bodyOf(user), { username: user })
      }
    }))

  it.effect("counts a context in code points: 400 keys pass", () =>
    Effect.gen(function*() {
      const context = "🔑".repeat(400)
      assert.deepStrictEqual(yield* bodyOf("u", { context }), { username: "u", context })
    }))

  it.effect("accepts both ends of the time to live", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(yield* bodyOf("u", { ttl: "30 seconds" }), { username: "u", ttl: 30 })
      assert.deepStrictEqual(yield* bodyOf("u", { ttl: Duration.minutes(10) }), { username: "u", ttl: 600 })
    }))

  it.effect("returns what the platform tells of the request", () =>
    Effect.gen(function*() {
      const { client } = yield* script([{
        status: 200,
        body: { auth_request: id, device_ids: ["77616b20-f49f-11e7-a34e-967362b04474"], push_package: "package" }
      }])
      const request = yield* client.authorize("u", { ttl: "90 seconds" })
      assert.strictEqual(request.id, id)
      assert.deepStrictEqual(request.ttl, Duration.seconds(90))
      assert.deepStrictEqual(
        Option.map(request.deviceIds, (ids) => ids.map(String)),
        Option.some(["77616b20-f49f-11e7-a34e-967362b04474"])
      )
      assert.deepStrictEqual(request.pushPackage, Option.some("package"))
    }))

  it.effect("returns the number to show where it was asked for", () =>
    Effect.gen(function*() {
      const { client, sent } = yield* script([{ status: 200, body: { auth_request: id, number_match: "42" } }])
      assert.deepStrictEqual((yield* client.authorize("u", { numberMatch: true })).numberMatch, Option.some("42"))
      assert.deepStrictEqual((yield* sent)[0]?.body, { username: "u", number_match: true })
    }))

  it.effect("cancels the request, and fails, where a number was asked for and the platform knows none", () =>
    Effect.gen(function*() {
      const { client, sent } = yield* script([created, { status: 204 }])
      const error = yield* Effect.flip(client.authorize("u", { numberMatch: true }))
      assert.deepInclude(error, { _tag: "NumberMatchUnsupported", id })
      assert.deepStrictEqual((yield* sent).map(({ method, path }) => `${method} ${path}`), [
        "POST /service/v3/auths",
        `DELETE /service/v3/auths/${id}`
      ])
    }))

  it.effect("returns 300 seconds and no devices where neither side said otherwise", () =>
    Effect.gen(function*() {
      const { client } = yield* script([{ status: 200, body: { auth_request: id, device_ids: null } }])
      const request = yield* client.authorize("u")
      assert.deepStrictEqual(request.ttl, Duration.seconds(300))
      assert.deepStrictEqual(request.deviceIds, Option.none())
      assert.deepStrictEqual(request.pushPackage, Option.none())
    }))

  it.effect("tells which request is open, where the platform says so", () =>
    Effect.gen(function*() {
      const { client } = yield* script([
        refusal(409, "SVC-005", {
          auth_request: otherId,
          expires: "2030-01-01T00:00:00Z",
          from_same_service: true
        })
      ])
      const error = yield* Effect.flip(client.authorize("u"))
      assert.instanceOf(error, ApiError.AuthorizationInProgress)
      assert.deepStrictEqual(error.authorizationRequestId, Option.some(otherId))
      assert.deepStrictEqual(
        Option.map(error.expires, DateTime.formatIso),
        Option.some("2030-01-01T00:00:00.000Z")
      )
      assert.isTrue(error.fromSameService)
    }))

  it.effect("keeps that error where its data is malformed", () =>
    Effect.gen(function*() {
      for (const data of [{ auth_request: 7, expires: "soon", from_same_service: "yes" }, {}]) {
        const { client } = yield* script([refusal(409, "SVC-005", data)])
        const error = yield* Effect.flip(client.authorize("u"))
        assert.instanceOf(error, ApiError.AuthorizationInProgress)
        assert.deepStrictEqual(error.authorizationRequestId, Option.none())
        assert.isFalse(error.fromSameService)
      }
    }))

  it.effect("tells how long to wait, where the platform says so, and does not retry by itself", () =>
    Effect.gen(function*() {
      const { client, sent } = yield* script([refusal(429, "HTTP-429", { retry_after: 7 })])
      const error = yield* Effect.flip(client.authorize("u"))
      assert.instanceOf(error, ApiError.RateLimited)
      assert.deepStrictEqual(error.retryAfter, Option.some(Duration.seconds(7)))
      assert.strictEqual((yield* sent).length, 1)
    }))
})

const refusedByAuthorize: ReadonlyArray<
  readonly [
    name: string,
    user: string,
    options: ServiceClient.AuthorizeOptions,
    issues: ReadonlyArray<readonly [path: string, problem: RegExp]>
  ]
> = [
  ["an empty user", "", {}, [["user", /empty; give/]]],
  ["a user that is no text", untyped(42), {}, [["user", /^the user is not a text/]]],
  ["a context of 401 code points", "u", { context: "x".repeat(401) }, [[
    "context",
    /401.*shorten it to at most 400/
  ]]],
  ["a title of 201 code points", "u", { title: "🔑".repeat(201) }, [["title", /201.*shorten it to at most 200/]]],
  ["29 seconds", "u", { ttl: "29 seconds" }, [["ttl", /^29 s .*from 30 to 600/]]],
  ["601 seconds", "u", { ttl: "601 seconds" }, [["ttl", /^601 s .*from 30 to 600/]]],
  ["a fraction of a second", "u", { ttl: "30500 millis" }, [["ttl", /^30.5 s .*whole number of seconds/]]],
  ["a time to live without end", "u", { ttl: Duration.infinity }, [["ttl", /from 30 to 600/]]],
  ["a ttl that is no duration", "u", { ttl: untyped("5 parsecs") }, [["ttl", /^not a duration; give one/]]],
  ["one denial reason", "u", { denialReasons: [{ id: "f", reason: "r", fraud: true }] }, [
    ["denialReasons", /give at least two/],
    ["denialReasons", /every denial reason is fraudulent; add one/]
  ]],
  ["no denial reason in a list", "u", { denialReasons: [] }, [["denialReasons", /give at least two/]]],
  ["two without a fraudulent one", "u", {
    denialReasons: [DenialReason.ordinary("a", "one"), DenialReason.ordinary("b", "two")]
  }, [["denialReasons", /no denial reason is fraudulent; add one/]]],
  ["two with one id", "u", {
    denialReasons: [{ id: "a", reason: "one", fraud: true }, { id: "a", reason: "two", fraud: false }]
  }, [["denialReasons[1].id", /give each its own/]]],
  ["a denial reason with an id of 6 code points", "u", {
    denialReasons: [{ id: "toolong", reason: "one", fraud: true }, { id: "b", reason: "two", fraud: false }]
  }, [["denialReasons[0].id", /at most 5/]]],
  ["a denial reason without its members", "u", { denialReasons: untyped([{ id: "a" }]) }, [
    ["denialReasons[0].reason", /missing/],
    ["denialReasons[0].fraud", /missing/]
  ]],
  ["a policy in plain JSON", "u", { policy: untyped({ minimum_requirements: [] }) }, [
    ["policy", /^not an authorization policy; build one/]
  ]],
  ["a policy in words", "u", { policy: untyped("any two") }, [["policy", /^not an authorization policy; build one/]]],
  ["an option of another name", "u", untyped({ Policy: AuthPolicy.any(2) }), [["Policy", /not an option/]]],
  ["null", "u", { context: untyped(null) }, [["context", /./]]],
  ["texts that are no text, and a number that is no boolean", "u", {
    title: untyped(7),
    pushTitle: untyped(7),
    pushBody: untyped(7),
    numberMatch: untyped("yes")
  }, [["title", /./], ["pushTitle", /./], ["pushBody", /./], ["numberMatch", /./]]],
  ["several at once", "", { context: "x".repeat(401), ttl: "1 second" }, [
    ["user", /empty/],
    ["context", /401/],
    ["ttl", /^1 s/]
  ]]
]

describe("what authorize refuses before anything is sent", () => {
  for (const [name, user, options, issues] of refusedByAuthorize) {
    it.effect(name, () =>
      Effect.gen(function*() {
        const { client, sent } = yield* script([created])
        const error = yield* Effect.flip(client.authorize(user, options))
        assert.instanceOf(error, ApiError.InvalidParameters)
        assert.strictEqual(error.origin, "Client")
        const byPath = <A extends { readonly path: string }>(all: ReadonlyArray<A>) =>
          [...all].sort((a, b) => a.path.localeCompare(b.path))
        const found = byPath(error.issues)
        const wanted = byPath(issues.map(([path, problem]) => ({ path, problem })))
        assert.deepStrictEqual(found.map(({ path }) => path), wanted.map(({ path }) => path))
        found.forEach(({ problem }, index) => assert.match(problem, wanted[index]?.problem ?? /^$/))
        assert.deepStrictEqual(yield* sent, [])
      }))
  }

  it.effect("never repeats a value that may be private", () =>
    Effect.gen(function*() {
      const { client } = yield* script([created])
      const secret = "hunter2"
      const error = yield* Effect.flip(client.authorize(untyped({ secret }), {
        context: untyped([secret]),
        title: secret.repeat(100),
        policy: untyped(secret),
        ttl: untyped(secret),
        pushTitle: untyped({ secret }),
        pushBody: untyped(Symbol(secret)),
        denialReasons: untyped([secret, { id: secret, reason: { secret }, fraud: secret }])
      }))
      assert.instanceOf(error, ApiError.InvalidParameters)
      assert.notInclude(JSON.stringify(error.issues), secret)
      assert.notInclude(error.message, secret)
      assert.isAtLeast(error.issues.length, 8)
    }))
})

describe("getResponse", () => {
  it.effect("reads once, and has none while nobody has answered", () =>
    Effect.gen(function*() {
      const { client, sent } = yield* script([pending])
      assert.deepStrictEqual(yield* client.getResponse(id), Option.none())
      assert.deepStrictEqual(yield* sent, [
        { method: "GET", path: `/service/v3/auths/${id}`, subject: `svc:${serviceId}`, body: undefined, at: 0 }
      ])
    }))

  it.effect("returns an approval with what the device and the platform tell", () =>
    Effect.gen(function*() {
      const { client } = yield* script([
        answered({ servicePins: ["1234", "3456"], userPushId: "54631005-5987-5b88-b59e-62bac03cc155" })
      ])
      const response = Option.getOrThrow(yield* client.getResponse(id))
      assert.isTrue(response.authorized)
      assert.strictEqual(response.authorizationRequestId, id)
      assert.deepStrictEqual(response.servicePins, ["1234", "3456"])
      assert.strictEqual(response.userPushId, "54631005-5987-5b88-b59e-62bac03cc155")
    }))

  it.effect("returns a denial as a value", () =>
    Effect.gen(function*() {
      const { client } = yield* script([answered({ type: "DENIED", reason: "FRAUDULENT", denialReason: "f1" })])
      const response = Option.getOrThrow(yield* client.getResponse(id))
      assert.isFalse(response.authorized)
      assert.deepStrictEqual(response.fraud, Option.some(true))
      assert.deepStrictEqual(response.denialReason, Option.some("f1"))
    }))

  it.effect("has the answer opened as one to this request, about the user that is expected", () =>
    Effect.gen(function*() {
      const user = { userPushId: "54631005-5987-5b88-b59e-62bac03cc155" }
      const { client, expected } = yield* script([answered(user)])
      yield* client.getResponse(id)
      yield* client.getResponse(id, { user })
      yield* client.awaitResponse(id, { user })
      assert.deepStrictEqual(yield* expected, [
        { authorizationRequestId: id, user: undefined },
        { authorizationRequestId: id, user },
        { authorizationRequestId: id, user }
      ])
    }))

  it.effect("refuses an answer to another request", () =>
    Effect.gen(function*() {
      const { client } = yield* script([answered({ authorizationRequestId: otherId })])
      const error = yield* Effect.flip(client.getResponse(id))
      assert.instanceOf(error, MessageRejected)
      assert.strictEqual(error.kind, "DeviceAnswer")
      assert.strictEqual(error.reason, "AuthorizationRequestMismatch")
    }))

  it.effect("reads an id in any case and asks in lower case", () =>
    Effect.gen(function*() {
      const { client, sent } = yield* script([pending])
      yield* client.getResponse(untyped<AuthorizationRequestId>(id.toUpperCase()))
      assert.strictEqual((yield* sent)[0]?.path, `/service/v3/auths/${id}`)
    }))
})

describe("cancel, sessionStart and sessionEnd", () => {
  it.effect("send exactly what they have to", () =>
    Effect.gen(function*() {
      const { client, sent } = yield* script([{ status: 204 }])
      assert.isUndefined(yield* client.cancel(id))
      assert.isUndefined(yield* client.sessionStart("u"))
      assert.isUndefined(yield* client.sessionStart("u", { authorizationRequestId: undefined }))
      assert.isUndefined(yield* client.sessionStart("u", { authorizationRequestId: id }))
      assert.isUndefined(yield* client.sessionEnd("u"))
      const on = { subject: `svc:${serviceId}`, at: 0 }
      assert.deepStrictEqual(yield* sent, [
        { ...on, method: "DELETE", path: `/service/v3/auths/${id}`, body: undefined },
        { ...on, method: "POST", path: "/service/v3/sessions", body: { username: "u" } },
        { ...on, method: "POST", path: "/service/v3/sessions", body: { username: "u" } },
        { ...on, method: "POST", path: "/service/v3/sessions", body: { username: "u", auth_request: id } },
        { ...on, method: "DELETE", path: "/service/v3/sessions", body: { username: "u" } }
      ])
    }))
})

describe("verifyTotp", () => {
  it.effect("sends the code as it was typed, and returns whether it is valid", () =>
    Effect.gen(function*() {
      for (const valid of [true, false]) {
        const { client, sent } = yield* script([{ status: 200, body: { valid } }])
        assert.strictEqual(yield* client.verifyTotp("u", "012345"), valid)
        assert.strictEqual(yield* client.verifyTotp("u", Redacted.make(" not valid ")), valid)
        const on = { method: "POST", path: "/service/v3/totp", subject: `svc:${serviceId}`, at: 0 }
        assert.deepStrictEqual(yield* sent, [
          { ...on, body: { identifier: "u", otp: "012345" } },
          { ...on, body: { identifier: "u", otp: " not valid " } }
        ])
      }
    }))

  it.effect("tells how long to wait after too many wrong codes", () =>
    Effect.gen(function*() {
      const { client } = yield* script([refusal(429, "HTTP-429", { retry_after: 30 })])
      const error = yield* Effect.flip(client.verifyTotp("u", "123456"))
      assert.instanceOf(error, ApiError.RateLimited)
      assert.deepStrictEqual(error.retryAfter, Option.some(Duration.seconds(30)))
    }))

  it.effect("never repeats a code that it refuses", () =>
    Effect.gen(function*() {
      const { client, sent } = yield* script([{ status: 200, body: { valid: true } }])
      for (const code of [untyped<string>(654321), Redacted.make(untyped<string>(654321))]) {
        const error = yield* Effect.flip(client.verifyTotp("", code))
        assert.instanceOf(error, ApiError.InvalidParameters)
        assert.deepStrictEqual(error.issues.map(({ path }) => path), ["user", "code"])
        assert.include(error.message, "code: the code is not a text; give a string, as its zeros in front count")
        assert.notInclude(error.message, "654321")
      }
      assert.deepStrictEqual(yield* sent, [])
    }))
})

const bad = untyped<AuthorizationRequestId>

const refusedByOthers: ReadonlyArray<
  readonly [
    name: string,
    path: string,
    call: (client: ServiceClient.Service) => Effect.Effect<unknown, { readonly _tag: string }>
  ]
> = [
  ["getResponse: an empty id", "id", (client) => client.getResponse(bad(""))],
  ["getResponse: an id that would be another path", "id", (client) => client.getResponse(bad(`../${id}`))],
  ["getResponse: an id that is no text", "id", (client) => client.getResponse(bad(undefined))],
  ["awaitResponse: an empty id", "id", (client) => client.awaitResponse(bad(""))],
  ["cancel: an empty id", "id", (client) => client.cancel(bad(""))],
  ["sessionStart: an empty user", "user", (client) => client.sessionStart("")],
  [
    "sessionStart: no UUID",
    "authorizationRequestId",
    (client) => client.sessionStart("u", { authorizationRequestId: bad("x") })
  ],
  ["sessionEnd: an empty user", "user", (client) => client.sessionEnd("")],
  ["verifyTotp: an empty user", "user", (client) => client.verifyTotp("", "123456")],
  ["verifyTotp: a code that is no text", "code", (client) => client.verifyTotp("u", untyped(123_456))]
]

describe("what the other methods refuse before anything is sent", () => {
  for (const [name, path, call] of refusedByOthers) {
    it.effect(name, () =>
      Effect.gen(function*() {
        const { client, sent } = yield* script([{ status: 204 }])
        const error = yield* Effect.flip(call(client))
        assert.instanceOf(error, ApiError.InvalidParameters)
        assert.strictEqual(error.origin, "Client")
        assert.deepStrictEqual(error.issues.map((issue) => issue.path), [path])
        assert.deepStrictEqual(yield* sent, [])
      }))
  }
})

const everywhere = ["InvalidParameters", "InvalidRoute", "Unauthorized", "Forbidden"] as const

const methods: Record<
  Exclude<keyof ServiceClient.Service, "awaitResponse">,
  {
    readonly operation: string
    readonly call: (client: ServiceClient.Service) => Effect.Effect<unknown, { readonly _tag: string }>
    readonly declared: ReadonlyArray<keyof typeof ApiError.table>
  }
> = {
  authorize: {
    operation: "POST /service/v3/auths",
    call: (client) => client.authorize("u"),
    declared: [
      ...everywhere,
      "InvalidPolicyInput",
      "PolicyFailure",
      "EntityNotFound",
      "AuthorizationInProgress",
      "RateLimited"
    ]
  },
  getResponse: {
    operation: "GET /service/v3/auths/…",
    call: (client) => client.getResponse(id),
    declared: [...everywhere, "AuthorizationRequestCanceled", "RequestTimedOut"]
  },
  cancel: {
    operation: "DELETE /service/v3/auths/…",
    call: (client) => client.cancel(id),
    declared: [...everywhere, "AuthorizationResponseExists", "AuthorizationRequestCanceled", "EntityNotFound"]
  },
  sessionStart: {
    operation: "POST /service/v3/sessions",
    call: (client) => client.sessionStart("u", { authorizationRequestId: id }),
    declared: [...everywhere, "EntityNotFound"]
  },
  sessionEnd: {
    operation: "DELETE /service/v3/sessions",
    call: (client) => client.sessionEnd("u"),
    declared: [...everywhere, "EntityNotFound"]
  },
  verifyTotp: {
    operation: "POST /service/v3/totp",
    call: (client) => client.verifyTotp("u", "123456"),
    declared: [...everywhere, "EntityNotFound", "RateLimited"]
  }
}

describe("what is refused before anything is sent", () => {
  triesAll<ServiceClient.Service>([
    ...refusedByAuthorize.map(([, user, options, issues]) => ({
      call: (client: ServiceClient.Service) => client.authorize(user, options),
      issues
    })),
    ...refusedByOthers.map(([, path, call]) => ({ call, issues: [[path, /./] as const] }))
  ], methods)
})

/** What became of the call; OutcomeUnknown.test.ts has which of it leaves a create open. */
const flipped = <A, E>(call: Effect.Effect<A, E>) =>
  Effect.map(Effect.flip(call), (error) => error instanceof OutcomeUnknown ? error.cause : error)

const isTag = (name: string): name is keyof typeof ApiError.table => name in ApiError.table
const tags = Object.keys(ApiError.table).filter(isTag)

for (const [name, { call, declared, operation }] of Object.entries(methods)) {
  describe(`what the platform refuses ${name}`, () => {
    for (const tag of tags) {
      const { codes, status } = ApiError.table[tag]
      for (const code of codes.length === 0 ? [ApiError.statusCode(status)] : codes) {
        it.effect(`${code} is ${declared.includes(tag) ? tag : "unexpected, with its status, code and detail"}`, () =>
          Effect.gen(function*() {
            const { client, sent } = yield* script([refusal(status, code, {}, { nested: ["detail"] })])
            const error = yield* flipped(call(client))
            if (declared.includes(tag)) {
              assert.strictEqual(error._tag, tag)
              if ("detail" in error) assert.deepStrictEqual(error.detail, { nested: ["detail"] })
            } else {
              assert.instanceOf(error, ApiError.UnexpectedApiError)
              const { detail, ...others } = error
              assert.deepStrictEqual(detail, { nested: ["detail"] })
              assert.strictEqual(others.status, status)
              assert.strictEqual(others.code, code)
            }
            assert.strictEqual((yield* sent).length, 1)
          }))
      }
    }

    for (
      const [status, code] of [
        [400, "ARG-999"],
        [409, "SVC-999"],
        [418, "HTTP-418"],
        [500, "HTTP-500"],
        [503, "HTTP-503"],
        [302, "HTTP-302"]
      ] as const
    ) {
      it.effect(`${status} ${code} is unexpected, with its status, code and detail`, () =>
        Effect.gen(function*() {
          const { client } = yield* script([refusal(status, code)])
          const error = yield* flipped(call(client))
          assert.instanceOf(error, ApiError.UnexpectedApiError)
          assert.strictEqual(error.status, status)
          assert.strictEqual(error.code, code)
          assert.strictEqual(error.detail, "what it said")
        }))
    }

    it.effect("a refusal in another shape keeps its status", () =>
      Effect.gen(function*() {
        for (
          const text of [
            "",
            "<html>",
            "{\"error_code\":7}",
            "{\"_tag\":\"HttpApiDecodeError\",\"issues\":[],\"message\":\"\"}"
          ]
        ) {
          const { client } = yield* script([{ status: 400, text }])
          const error = yield* flipped(call(client))
          assert.instanceOf(error, ApiError.UnexpectedApiError)
          assert.strictEqual(error.status, 400)
          assert.strictEqual(error.code, "HTTP-400")
        }
      }))

    it.effect("a success that is not this endpoint's is not believed", () =>
      Effect.gen(function*() {
        for (const reply of [{ status: 202, text: "{}" }, { status: 206 }]) {
          const { client } = yield* script([reply])
          const error = yield* flipped(call(client))
          assert.instanceOf(error, MessageRejected)
          assert.strictEqual(error.kind, "Response")
          assert.strictEqual(error.reason, "BodyMalformed")
          assert.strictEqual(error.operation, operation)
        }
      }))

    it.effect("a failure of the transport passes through", () =>
      Effect.gen(function*() {
        const failure = new TransportError({ reason: "TimedOut", operation: "test" })
        const { client } = yield* script([failure])
        const error = yield* flipped(call(client))
        assert.instanceOf(error, TransportError)
        assert.strictEqual(error.reason, "TimedOut")
        assert.strictEqual(error.operation, "test")
      }))
  })
}

describe("a success with another body", () => {
  for (const text of ["", "null", "not JSON", "{}", "{\"auth_request\":\"\"}", "[]"]) {
    it.effect(`is not believed: ${text === "" ? "none" : text}`, () =>
      Effect.gen(function*() {
        for (const method of [methods.authorize, methods.getResponse]) {
          const { client } = yield* script([{ status: 200, text }])
          const error = yield* flipped(method.call(client))
          assert.instanceOf(error, MessageRejected)
          assert.strictEqual(error.kind, "Response")
          assert.strictEqual(error.reason, "BodyMalformed")
          assert.strictEqual(error.operation, method.operation)
          assert.isUndefined(error.cause)
        }
      }))
  }
})

describe("a call after one that could not be read", () => {
  it.effect("is judged by its own answer", () =>
    Effect.gen(function*() {
      const { client } = yield* script([refusal(503, "HTTP-503"), { status: 200, text: "{}" }, created])
      assert.strictEqual((yield* flipped(client.authorize("u")))._tag, "UnexpectedApiError")
      assert.strictEqual((yield* flipped(client.authorize("u")))._tag, "MessageRejected")
      assert.strictEqual((yield* client.authorize("u")).id, id)
    }))

  it.effect("is judged by its own answer among many at once", () =>
    Effect.gen(function*() {
      const { client } = yield* script([refusal(503, "HTTP-503"), refusal(418, "HTTP-418"), refusal(400, "ARG-999")])
      const found = yield* Effect.forEach(
        [1, 2, 3],
        () => Effect.flip(Effect.zipRight(Effect.yieldNow(), client.sessionEnd("u"))),
        { concurrency: "unbounded" }
      )
      assert.deepStrictEqual(
        found.map((error) => error._tag === "UnexpectedApiError" ? error.status : 0).sort(),
        [400, 418, 503]
      )
    }))
})

describe("a call that the derived client does not send", () => {
  it.effect("is a bug, as its arguments were validated: a defect, and no error of the platform", () =>
    Effect.gen(function*() {
      const nobody = HttpClient.make(() => Effect.dieMessage("nothing is to be sent"))
      const noId = AuthorizationRequestId.make("no id", { disableValidation: true })
      const exit = yield* Effect.exit(DerivedClient.make(ServiceApi, nobody).getAuthorization({ path: { id: noId } }))
      assert.isTrue(Exit.isFailure(exit) && Cause.isDie(exit.cause))
    }))
})

describe("make", () => {
  it.effect("acts for the service in lower case", () =>
    Effect.gen(function*() {
      const { client, sent } = yield* script([pending], { serviceId: serviceId.toUpperCase() })
      yield* client.getResponse(id)
      assert.strictEqual((yield* sent)[0]?.subject, `svc:${serviceId}`)
    }))

  // Whatever is asked of it is a defect.
  const Unused = Layer.mock(Transport.Transport, {
    issuer: untyped<Transport.Service["issuer"]>(undefined),
    httpClient: untyped<Transport.Service["httpClient"]>(undefined)
  })

  it.effect("refuses an id that is no UUID, before anything is sent", () =>
    Effect.gen(function*() {
      for (const wrong of ["", `svc:${serviceId}`, `${serviceId}0`, untyped<string>(7)]) {
        const error = yield* Effect.flip(Effect.provide(ServiceClient.make({ serviceId: wrong }), Unused))
        assert.strictEqual(error.origin, "Client")
        assert.deepStrictEqual(error.issues.map(({ path }) => path), ["serviceId"])
        assert.notInclude(error.message, "actual")
      }
    }))

  it.effect("takes its options from the configuration too", () =>
    Effect.gen(function*() {
      const live = ServiceClient.layerConfig({ serviceId: Config.string("SERVICE_ID") }).pipe(Layer.provide(Unused))
      const build = (entries: Iterable<readonly [string, string]>) =>
        Effect.flip(Effect.provide(ServiceClient.ServiceClient, live)).pipe(
          Effect.withConfigProvider(ConfigProvider.fromMap(new Map(entries)))
        )
      const invalid = yield* build([["SERVICE_ID", "x"]])
      assert.instanceOf(invalid, ApiError.InvalidParameters)
      const missing = yield* build([])
      assert.strictEqual("_op" in missing ? missing._op : missing._tag, "MissingData")
    }))
})

describe("AwaitTimedOut", () => {
  it("says what is open and what to do, and survives a wire", () => {
    const error = new ServiceClient.AwaitTimedOut({ id })
    assert.strictEqual(
      error.message,
      `No response to authorization request ${id} within the schedule; it is still open. Await it again with this id, or cancel it.`
    )
    assert.deepStrictEqual(Schema.encodeSync(ServiceClient.AwaitTimedOut)(error), { _tag: "AwaitTimedOut", id })
  })
})
