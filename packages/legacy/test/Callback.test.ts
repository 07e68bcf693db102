import * as HttpServerRequest from "@effect/platform/HttpServerRequest"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as TestClock from "effect/TestClock"
import type * as Callback from "../src/Callback.ts"
import { client, ok, ping, refusal } from "./support.ts"
import { atServerTime, config, vectors } from "./vectors.ts"

const { callbacks } = vectors

const outcomes: Readonly<Record<keyof typeof callbacks, Callback.CallbackRejected["reason"] | undefined>> = {
  deorbit: undefined,
  clear: undefined,
  deorbit_api_time: undefined,
  deorbit_spaced: undefined,
  exactly_299_seconds_old: undefined,
  exactly_300_seconds_old: "TooOld",
  stale: "TooOld",
  future: "InTheFuture",
  wrong_key: "SignatureInvalid",
  tampered: "SignatureInvalid",
  carriage_return_inserted: "SignatureInvalid",
  missing_user_hash: "Malformed"
}

describe("logout callbacks, by the vectors", () => {
  for (const [name, reason] of Object.entries(outcomes)) {
    const vector = callbacks[name as keyof typeof callbacks]

    it.effect(
      reason === undefined ? `takes ${name} by its query` : `refuses ${name} as ${reason}`,
      () =>
        Effect.gen(function*() {
          yield* atServerTime
          assert.strictEqual(vector.expected !== null, reason === undefined)
          const { client: legacy } = yield* client()
          const event = yield* Effect.either(legacy.handleCallback(new URLSearchParams(vector.query_string)))
          if (event._tag === "Left") {
            assert(event.left._tag === "CallbackRejected")
            assert.strictEqual(event.left.reason, reason)
          } else {
            assert(event.right._tag === "LoggedOut")
            assert.strictEqual(event.right.userHash, vector.expected)
          }
        })
    )

    it.effect(`${reason === undefined ? "takes" : "refuses"} ${name} by its values`, () =>
      Effect.gen(function*() {
        yield* atServerTime
        const { client: legacy } = yield* client()
        const method = vector.parameter === "clear" ? legacy.clear : legacy.deorbit
        const userHash = yield* Effect.option(method(vector.payload, vector.signature))
        assert.deepStrictEqual(userHash, Option.fromNullable(vector.expected))
      }))
  }
})

describe("a logout", () => {
  const { deorbit } = callbacks

  const logout = (payload: string, signature: string) =>
    Effect.gen(function*() {
      yield* atServerTime
      const { client: legacy } = yield* client()
      return yield* Effect.flip(legacy.clear(payload, signature))
    })

  it.effect("is taken once", () =>
    Effect.gen(function*() {
      yield* atServerTime
      const { client: legacy } = yield* client()
      yield* legacy.clear(deorbit.payload, deorbit.signature)
      assert.deepInclude(yield* Effect.flip(legacy.deorbit(deorbit.payload, deorbit.signature)), { reason: "Repeated" })
    }))

  it.effect("whose signature lost its plus signs to a form decoder has an invalid signature", () =>
    Effect.map(
      logout(deorbit.payload, deorbit.signature.replaceAll("+", " ")),
      (error) => assert.deepInclude(error, { _tag: "CallbackRejected", reason: "SignatureInvalid" })
    ))

  it.effect("without a signature has an invalid one", () =>
    Effect.map(logout(deorbit.payload, ""), (error) => assert.deepInclude(error, { reason: "SignatureInvalid" })))

  it.effect("has the platform's key asked for again where it does not fit, once in ten seconds", () =>
    Effect.gen(function*() {
      yield* atServerTime
      const before = ok({ ...vectors.ping.old_form, key: vectors.keys.other.public_key_pem })
      const { client: legacy, sent } = yield* client({ "GET /ping": [before, ping] })
      yield* legacy.ping()
      yield* TestClock.adjust("10 seconds")
      assert.strictEqual(yield* legacy.clear(deorbit.payload, deorbit.signature), config.user_hash)
      const { wrong_key } = callbacks
      yield* Effect.forEach(
        Array.from({ length: 3 }),
        () => Effect.flip(legacy.clear(wrong_key.payload, wrong_key.signature))
      )
      assert.strictEqual((yield* sent).length, 2)
    }))

  it.effect("is measured by the platform's clock, however wrong ours is", () =>
    Effect.gen(function*() {
      const { client: legacy } = yield* client({ "GET /ping": ok(vectors.ping.old_form) })
      assert.strictEqual(yield* legacy.clear(deorbit.payload, deorbit.signature), config.user_hash)
    }))
})

describe("an answer by callback", () => {
  const { query_string } = vectors.auth_callback

  const replies = {
    "POST /auths": ok(vectors.responses.auths_ok.body),
    "PUT /logs": ok(vectors.responses.logs_ok.body)
  }

  it.effect("is decided, reported, and told with the user's names", () =>
    Effect.gen(function*() {
      yield* atServerTime
      const { client: legacy, sent } = yield* client(replies)
      yield* legacy.authorize(config.username)
      const event = yield* legacy.handleCallback(new URLSearchParams(query_string))
      assert(event._tag === "Answered")
      assert.isTrue(event.decision.authorized)
      assert.isTrue(event.decision.reported)
      assert.deepInclude(event.answer, {
        userHash: config.user_hash,
        organizationUser: Option.some(config.organization_user),
        userPushId: Option.some(config.user_push_id)
      })
      const [report] = (yield* sent).filter(({ path }) => path === "/v1/logs")
      assert.deepStrictEqual(
        [report?.form.get("action"), report?.form.get("status"), report?.form.get("auth_request")],
        ["Authenticate", "true", config.auth_request]
      )
    }))

  it.effect("is believed once", () =>
    Effect.gen(function*() {
      yield* atServerTime
      const { client: legacy } = yield* client(replies)
      yield* legacy.authorize(config.username)
      yield* legacy.handleCallback(new URLSearchParams(query_string))
      assert.deepInclude(yield* Effect.flip(legacy.handleCallback(new URLSearchParams(query_string))), {
        reason: "NotAwaited"
      })
    }))

  it.effect("to a request that this application did not start is refused, and nothing is reported", () =>
    Effect.gen(function*() {
      yield* atServerTime
      const { client: legacy, sent } = yield* client(replies)
      assert.deepInclude(yield* Effect.flip(legacy.handleCallback(new URLSearchParams(query_string))), {
        _tag: "CallbackRejected",
        reason: "NotAwaited"
      })
      assert.lengthOf(yield* sent, 0)
    }))

  it.effect("that a stranger forged leaves the request to the device's answer", () =>
    Effect.gen(function*() {
      yield* atServerTime
      const { client: legacy, sent } = yield* client(replies)
      yield* legacy.authorize(config.username)
      const forged = new URLSearchParams(query_string)
      forged.set("auth", vectors.auth_package.mismatched_auth_request.auth)
      assert.deepInclude(yield* Effect.flip(legacy.handleCallback(forged)), { reason: "OtherRequest" })
      assert.lengthOf((yield* sent).filter(({ path }) => path === "/v1/logs"), 0)
      const event = yield* legacy.handleCallback(new URLSearchParams(query_string))
      assert.strictEqual(event._tag, "Answered")
    }))

  it.effect("asks the application's own store where it has one", () =>
    Effect.gen(function*() {
      yield* atServerTime
      const asked: Array<string> = []
      const takeStarted = (authRequest: string) => Effect.sync(() => asked.push(authRequest) === 1)
      const { client: legacy } = yield* client(replies, { takeStarted })
      yield* legacy.handleCallback(new URLSearchParams(query_string))
      assert.deepStrictEqual(asked, [config.auth_request])
    }))

  it.effect("that cannot be reported is told as such, with what the user said", () =>
    Effect.gen(function*() {
      yield* atServerTime
      const { client: legacy } = yield* client({ ...replies, "PUT /logs": refusal(50456) })
      yield* legacy.authorize(config.username)
      const error = yield* Effect.flip(legacy.handleCallback(new URLSearchParams(query_string)))
      assert.deepInclude(error, { _tag: "DecisionUnreported", authorized: true })
    }))
})

describe("what is no callback", () => {
  const { deorbit } = callbacks
  const answer = new URLSearchParams(vectors.auth_callback.query_string)

  for (
    const [what, query] of [
      ["nothing", ""],
      ["a logout without a signature", new URLSearchParams({ deorbit: deorbit.payload }).toString()],
      ["a signature alone", new URLSearchParams({ signature: deorbit.signature }).toString()],
      ["a parameter twice", `${deorbit.query_string}&signature=x`],
      ["a deorbit and a clear", `${deorbit.query_string}&clear=x`],
      ["an answer and a logout", `${deorbit.query_string}&${answer}`],
      [
        "an answer without a user hash",
        (() => {
          const without = new URLSearchParams(answer)
          without.delete("user_hash")
          return without.toString()
        })()
      ]
    ] as const
  ) {
    it.effect(`${what} is not recognised`, () =>
      Effect.gen(function*() {
        yield* atServerTime
        const { client: legacy, sent } = yield* client()
        const error = yield* Effect.flip(legacy.handleCallback(new URLSearchParams(query)))
        assert.deepInclude(error, { _tag: "CallbackRejected", reason: "Unrecognised" })
        assert.lengthOf(yield* sent, 0)
      }))
  }
})

describe("on a server, a callback", () => {
  const { clear } = callbacks

  const receive = (request: Request) =>
    Effect.gen(function*() {
      yield* atServerTime
      const { client: legacy } = yield* client()
      return yield* Effect.provideService(
        legacy.receive(),
        HttpServerRequest.HttpServerRequest,
        HttpServerRequest.fromWeb(request)
      )
    })

  const form = "application/x-www-form-urlencoded"

  for (
    const [what, request] of [
      [
        "in the query of a POST with JSON for its type and no body",
        () =>
          new Request(`https://app.example.com/callback?${clear.query_string}`, {
            method: "POST",
            headers: { "content-type": "application/json", "content-length": "0" }
          })
      ],
      [
        "beside a parameter with a question mark",
        () => new Request(`https://app.example.com/callback?why=?&${clear.query_string}`)
      ],
      ["in the query of a GET", () => new Request(`https://app.example.com/callback?${clear.query_string}`)],
      ["in a form", () =>
        new Request("https://app.example.com/callback", {
          method: "POST",
          headers: { "content-type": form },
          body: clear.query_string
        })]
    ] as const
  ) {
    it.effect(`is taken ${what}`, () =>
      Effect.map(
        receive(request()),
        (event) => assert.deepInclude(event, { _tag: "LoggedOut", userHash: config.user_hash })
      ))
  }

  it.effect("in a form of more than 64 KiB is refused", () =>
    Effect.gen(function*() {
      const body = `${clear.query_string}&x=${"x".repeat(64 * 1024)}`
      const error = yield* Effect.flip(receive(
        new Request("https://app.example.com/callback", { method: "POST", headers: { "content-type": form }, body })
      ))
      assert.deepInclude(error, { _tag: "CallbackRejected", reason: "BodyTooLarge" })
    }))
})
