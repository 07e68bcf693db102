import * as ApiError from "@effect-launchkey/core/ApiError"
import * as TestTransport from "@effect-launchkey/testing/TestTransport"
import { MessageRejected, TransportError } from "@effect-launchkey/transport/TransportError"
import { assert, describe, it } from "@effect/vitest"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as TestClock from "effect/TestClock"
import { OutcomeUnknown } from "../src/OutcomeUnknown.ts"
import type { AuthorizeOptions } from "../src/ServiceClient.ts"
import { created, id, otherId, refusal, script } from "./support.ts"

const operation = "POST /service/v3/auths"

const failure = (reason: TransportError["reason"], sent = true) => new TransportError({ reason, operation, sent })

const rejected = (kind: MessageRejected["kind"]) => new MessageRejected({ kind, reason: "KeyUnknown", operation })

const unsigned = (status: number): TestTransport.Reply =>
  TestTransport.json(status, {
    error_code: `HTTP-${status}`,
    error_detail: "",
    error_data: { authenticated: false }
  })

const inProgress = (data: object) => refusal(409, "SVC-005", data)

const now = DateTime.unsafeMake("2026-03-01T12:00:00Z")

const authorize = (
  replies: readonly [TestTransport.Responder, ...Array<TestTransport.Responder>],
  options?: AuthorizeOptions
) =>
  Effect.gen(function*() {
    yield* TestClock.setTime(DateTime.toEpochMillis(now))
    const { client, sent } = yield* script(replies)
    const result = yield* Effect.either(client.authorize("u", options))
    return { result, bodies: (yield* sent).map(({ body }) => body) }
  })

const unknown = (
  replies: readonly [TestTransport.Responder, ...Array<TestTransport.Responder>],
  options?: AuthorizeOptions
) =>
  Effect.map(authorize(replies, options), ({ bodies, result }) => {
    assert(result._tag === "Left" && result.left._tag === "OutcomeUnknown")
    return { error: result.left, bodies }
  })

describe("whether an authorization request was created is not known", () => {
  for (
    const [what, reply, cause] of [
      ["where no answer came", failure("Unreachable"), "TransportError"],
      ["where none came in time", failure("TimedOut"), "TransportError"],
      ["where the answer was too large", failure("AnswerTooLarge"), "TransportError"],
      ["where the answer was encoded", failure("AnswerEncoded"), "TransportError"],
      ["where the answer was unusable", failure("AnswerUnusable"), "TransportError"],
      ["where the answer is not believed", rejected("Response"), "MessageRejected"],
      ["where a success has no id", TestTransport.json(200, {}), "MessageRejected"],
      ["where a success is not the endpoint's", TestTransport.noContent, "MessageRejected"],
      ["of a 500", refusal(500, "HTTP-500"), "UnexpectedApiError"],
      ["of a 503 that nobody signed", unsigned(503), "UnexpectedApiError"],
      ["of a redirect", refusal(302, "HTTP-302"), "UnexpectedApiError"],
      ["of a 401 that nobody signed", unsigned(401), "Unauthorized"]
    ] as const
  ) {
    it.effect(`${what}: asked once, nothing to await, and over a minute after its time to live`, () =>
      Effect.gen(function*() {
        const { bodies, error } = yield* unknown([reply], { ttl: "2 minutes" })
        assert.strictEqual(error.cause._tag, cause)
        assert.deepStrictEqual(error.candidate, Option.none())
        assert.strictEqual(DateTime.formatIso(error.until), "2026-03-01T12:03:00.000Z")
        assert.lengthOf(bodies, 1)
      }))
  }

  it.effect("for six minutes where no time to live was given", () =>
    Effect.gen(function*() {
      const { error } = yield* unknown([failure("TimedOut")])
      assert.strictEqual(DateTime.formatIso(error.until), "2026-03-01T12:06:00.000Z")
    }))
})

describe("an authorization request was certainly not created", () => {
  for (
    const [what, reply, tag] of [
      ["where nothing was sent", failure("Unreachable", false), "TransportError"],
      ["where the platform's time was not had in time", failure("TimedOut", false), "TransportError"],
      ["where the platform's key is not to be trusted", rejected("Request"), "MessageRejected"],
      ["of a 400 of an unknown code", refusal(400, "ARG-999"), "UnexpectedApiError"],
      ["of a 408", refusal(408, "HTTP-408"), "UnexpectedApiError"],
      ["of an argument", refusal(400, "ARG-001"), "InvalidParameters"],
      ["of an unknown route", refusal(400, "ARG-002"), "InvalidRoute"],
      ["of a 401 that the platform signed", refusal(401, "HTTP-401"), "Unauthorized"],
      ["of a 403", refusal(403, "HTTP-403"), "Forbidden"],
      ["of a 404", refusal(404, "HTTP-404"), "EntityNotFound"],
      ["of a 429", refusal(429, "HTTP-429"), "RateLimited"],
      ["of an invalid policy", refusal(400, "SVC-002"), "InvalidPolicyInput"],
      ["of a policy that cannot be met", refusal(400, "SVC-003"), "PolicyFailure"],
      [
        "of another that is open",
        inProgress({ auth_request: otherId, from_same_service: true }),
        "AuthorizationInProgress"
      ]
    ] as const
  ) {
    for (const whenUnknown of ["fail", "askAgain"] as const) {
      it.effect(`${what}, so nobody is asked again (${whenUnknown})`, () =>
        Effect.gen(function*() {
          const { bodies, result } = yield* authorize([reply, created], { whenUnknown })
          assert(result._tag === "Left")
          assert.strictEqual(result.left._tag, tag)
          assert.lengthOf(bodies, 1)
        }))
    }
  }
})

describe("asking again where it is not known", () => {
  const again = { whenUnknown: "askAgain", ttl: "2 minutes", context: "Wire of 10 EUR" } as const

  it.effect("sends the same once more, and no word of it to the platform", () =>
    Effect.gen(function*() {
      const { bodies } = yield* authorize([failure("TimedOut"), created], again)
      const body = { username: "u", ttl: 120, context: "Wire of 10 EUR" }
      assert.deepStrictEqual<unknown>(bodies, [body, body])
    }))

  it.effect("ends as a request where the platform creates one", () =>
    Effect.gen(function*() {
      const { result } = yield* authorize([failure("TimedOut"), created], again)
      assert(result._tag === "Right")
      assert.strictEqual(result.right.id, id)
    }))

  it.effect("does not take an open request of this service for its own, but names it", () =>
    Effect.gen(function*() {
      const { error } = yield* unknown([
        failure("TimedOut"),
        inProgress({ auth_request: otherId, from_same_service: true, expires: "2026-03-01T12:01:30Z" })
      ], again)
      assert.deepStrictEqual(error.candidate, Option.some(otherId))
      assert.strictEqual(error.cause._tag, "TransportError")
      assert.strictEqual(DateTime.formatIso(error.until), "2026-03-01T12:03:00.000Z")
    }))

  it.effect("takes into account that the open request stays so for longer", () =>
    Effect.gen(function*() {
      const { error } = yield* unknown([
        failure("TimedOut"),
        inProgress({ auth_request: otherId, from_same_service: true, expires: "2026-03-01T12:09:30Z" })
      ], again)
      assert.strictEqual(DateTime.formatIso(error.until), "2026-03-01T12:09:30.000Z")
    }))

  for (
    const [what, reply] of [
      ["of an open request of another service", inProgress({ auth_request: otherId, from_same_service: false })],
      ["of an open request that is not told", inProgress({ from_same_service: true })],
      ["of an open request of which it is not told whose it is", inProgress({ auth_request: otherId })],
      ["where again no answer came", failure("Unreachable")],
      ["where nothing could be sent", failure("Unreachable", false)],
      ["of a 404", refusal(404, "HTTP-404")],
      ["of a 429", refusal(429, "HTTP-429")],
      ["of a 500", refusal(500, "HTTP-500")]
    ] as const
  ) {
    it.effect(`leaves it unknown ${what}, names nothing, and ends there`, () =>
      Effect.gen(function*() {
        const { bodies, error } = yield* unknown([failure("TimedOut"), reply], again)
        assert.deepStrictEqual(error.candidate, Option.none())
        assert.deepInclude({ ...error.cause }, { _tag: "TransportError", reason: "TimedOut" })
        assert.lengthOf(bodies, 2)
      }))
  }

  it.effect("is refused in other words, before anything is sent", () =>
    Effect.gen(function*() {
      const { bodies, result } = yield* authorize([created], { whenUnknown: "retry" as "askAgain" })
      assert(result._tag === "Left")
      assert.instanceOf(result.left, ApiError.InvalidParameters)
      assert.deepStrictEqual(result.left.issues.map(({ path }) => path), ["whenUnknown"])
      assert.lengthOf(bodies, 0)
    }))
})

describe("OutcomeUnknown", () => {
  const cause = failure("TimedOut")
  const until = DateTime.unsafeMake("2026-03-01T12:06:00Z")

  it("says until when to wait", () =>
    assert.strictEqual(
      new OutcomeUnknown({ cause, until, candidate: Option.none() }).message,
      "Whether the authorization request was created is not known (TransportError). "
        + "It cannot be open after 2026-03-01T12:06:00.000Z: ask again then."
    ))

  it("says what to do about a candidate", () =>
    assert.strictEqual(
      new OutcomeUnknown({ cause, until, candidate: Option.some(otherId) }).message,
      "Whether the authorization request was created is not known (TransportError). "
        + `Request ${otherId} of this service is open for the user: this one, or an earlier one. `
        + "Cancel it and ask again, or await it if it does not matter which it is."
    ))
})
