import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as LegacyError from "../src/LegacyError.ts"
import { client, ok, refusal } from "./support.ts"
import { atServerTime, config, vectors } from "./vectors.ts"

const { auth_request, username } = config

const calls = {
  ping: { operation: "GET /ping", run: (legacy) => legacy.ping() },
  auths: { operation: "POST /auths", run: (legacy) => legacy.authorize(username) },
  poll: { operation: "GET /poll", run: (legacy) => legacy.poll(auth_request) },
  logs: { operation: "PUT /logs", run: (legacy) => legacy.logout(auth_request) },
  users: { operation: "POST /users", run: (legacy) => legacy.createWhiteLabelUser(username) }
} as const satisfies Record<string, {
  readonly operation: string
  readonly run: (
    legacy: Effect.Effect.Success<ReturnType<typeof client>>["client"]
  ) => Effect.Effect<unknown, { readonly _tag: string }>
}>

/** The refusals of each call, as published. */
const codes: Readonly<Record<keyof typeof calls, Readonly<Record<number, LegacyError.Tag>>>> = {
  auths: {
    40421: "InvalidRequest",
    40422: "InvalidCredentials",
    40423: "InvalidCredentials",
    40424: "NoPairedDevices",
    40425: "InvalidCredentials",
    40426: "NoSuchUser",
    40428: "InvalidSignature",
    40429: "InvalidCredentials",
    40431: "StampExpired",
    40432: "InvalidSignature",
    40433: "InvalidCredentials",
    40434: "InvalidCredentials",
    40435: "InvalidCredentials",
    40436: "TooManyAttempts",
    40437: "InvalidRequest"
  },
  logs: {
    50441: "InvalidRequest",
    50442: "InvalidCredentials",
    50443: "InvalidCredentials",
    50444: "InvalidCredentials",
    50445: "InvalidCredentials",
    50446: "InvalidRequest",
    50447: "InvalidCredentials",
    50448: "InvalidSignature",
    50449: "InvalidCredentials",
    50451: "StampExpired",
    50452: "InvalidSignature",
    50453: "InvalidCredentials",
    50454: "InvalidCredentials",
    50455: "InvalidRequest",
    50456: "UnknownAuthRequest",
    50457: "InvalidRequest"
  },
  ping: { 60401: "InvalidRequest" },
  poll: {
    70401: "InvalidRequest",
    70402: "UnknownAuthRequest",
    70404: "AuthRequestExpired",
    40422: "InvalidCredentials",
    40428: "InvalidSignature",
    40431: "StampExpired"
  },
  users: { 40422: "InvalidCredentials", 40428: "InvalidSignature", 40431: "StampExpired" }
}

const outcome = (call: keyof typeof calls, reply: ReturnType<typeof refusal>) =>
  Effect.gen(function*() {
    yield* atServerTime
    const { operation, run } = calls[call]
    const { client: legacy } = yield* client({ [operation]: reply })
    const error = yield* Effect.flip<unknown, { readonly _tag: string }, never>(run(legacy))
    // for assertions about members that only some have
    return error as Readonly<Record<string, unknown>> & typeof error
  })

/**
 * `auths_object_message` as its octets might be: what the platform says of a user's name is not that name, which no
 * error may show, and so the member is spelled in a way of its own.
 */
const objectMessage = String
  .raw`{"successful":false,"status_code":400,"message":{"\u0075sername":"Invalid character used"},"message_code":40421,"response":""}`

describe("a refusal", () => {
  for (const [call, known] of Object.entries(codes) as ReadonlyArray<[keyof typeof calls, Record<number, string>]>) {
    for (const [code, tag] of Object.entries(known)) {
      it.effect(`of ${call} with ${code} is ${tag}`, () =>
        Effect.map(
          outcome(call, refusal(Number(code))),
          (error) => assert.deepInclude(error, { _tag: tag, code: Number(code), status: 400, detail: "what it said" })
        ))
    }
  }

  it("has a code in the table that one of the calls has, and no other", () => {
    const all = Object.values(LegacyError.table).flatMap(({ codes }) => codes)
    assert.sameMembers([...new Set(Object.values(codes).flatMap((known) => Object.keys(known).map(Number)))], all)
    assert.lengthOf(new Set(all), all.length)
  })

  it.effect("keeps what the platform says of each argument", () =>
    Effect.map(
      outcome("auths", ok(objectMessage, 400)),
      (error) => assert.deepInclude(error, { _tag: "InvalidRequest", detail: { username: "Invalid character used" } })
    ))

  it.effect("is one where HTTP was told to say nothing of it", () =>
    Effect.map(
      outcome("auths", ok(vectors.responses.auths_no_such_user.body, 200)),
      (error) => assert.deepInclude(error, { _tag: "NoSuchUser", status: 400 })
    ))

  it.effect("may have its code as a text", () =>
    Effect.map(
      outcome("auths", refusal("40426")),
      (error) => assert.deepInclude(error, { _tag: "NoSuchUser", code: 40426 })
    ))

  it.effect("of a stamp has its status, 401", () =>
    Effect.map(
      outcome("logs", refusal(50451, 401)),
      (error) => assert.deepInclude(error, { _tag: "StampExpired", status: 401 })
    ))

  for (
    const [what, call, reply, code] of [
      ["with a code that nobody knows", "auths", refusal(49999), Option.some(49999)],
      ["with the code of another call", "auths", refusal(50456), Option.some(50456)],
      ["that is a success of another generation", "logs", refusal(10220), Option.some(10220)],
      ["without JSON", "poll", { status: 502, body: "<html>", contentType: "text/html" }, Option.none()],
      ["without an envelope", "users", { status: 404, body: {} }, Option.none()],
      ["that leads elsewhere", "logs", { status: 302, body: {} }, Option.none()]
    ] as const
  ) {
    it.effect(`${what} is unexpected, and keeps what is known`, () =>
      Effect.map(
        outcome(call, reply),
        (error) => assert.deepInclude(error, { _tag: "UnexpectedLegacyError", code, status: reply.status })
      ))
  }

  it.effect("tells in words what to do, and nothing of the user or the credentials", () =>
    Effect.map(outcome("auths", refusal(40426, 400, `${username} is unknown`)), (error) => {
      assert(error instanceof LegacyError.NoSuchUser)
      assert.strictEqual(
        error.message,
        "The platform knows no user of that name (40426). Check the name, or create the user."
      )
    }))
})

describe("the answers of the vectors", () => {
  const { responses } = vectors
  for (
    const [name, call, tag] of [
      ["poll_unknown", "poll", "UnknownAuthRequest"],
      ["poll_expired", "poll", "AuthRequestExpired"],
      ["logs_unknown", "logs", "UnknownAuthRequest"],
      ["auths_no_such_user", "auths", "NoSuchUser"],
      ["auths_rate_limited", "auths", "TooManyAttempts"],
      ["auths_object_message", "auths", "InvalidRequest"]
    ] as const
  ) {
    it.effect(`${name} is ${tag}`, () =>
      Effect.map(
        outcome(
          call,
          ok(name === "auths_object_message" ? objectMessage : responses[name].body, responses[name].http_status)
        ),
        (error) => assert.strictEqual(error._tag, tag)
      ))
  }

  it.effect("poll_pending is no answer yet, and no error", () =>
    Effect.gen(function*() {
      yield* atServerTime
      const { client: legacy } = yield* client({ "GET /poll": ok(responses.poll_pending.body, 400) })
      assert.deepStrictEqual(yield* legacy.poll(auth_request), Option.none())
    }))

  it.effect("auths_ok is the request's handle, and logs_ok that it is told", () =>
    Effect.gen(function*() {
      yield* atServerTime
      const { client: legacy } = yield* client({
        "POST /auths": ok(responses.auths_ok.body),
        "PUT /logs": ok(responses.logs_ok.body)
      })
      assert.strictEqual(yield* legacy.authorize(username), auth_request)
      yield* legacy.logout(auth_request)
    }))
})
