import { routeOf, routes } from "@effect-launchkey/core/Api"
import * as HttpClient from "@effect/platform/HttpClient"
import * as HttpClientError from "@effect/platform/HttpClientError"
import * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import type { HttpMethod } from "@effect/platform/HttpMethod"
import { assert, describe, layer } from "@effect/vitest"
import { Deferred, Duration, Effect, Fiber, Option, Ref, Schedule, TestClock, Tracer } from "effect"
import * as Keyring from "../src/Keyring.ts"
import * as RemoteApi from "../src/RemoteApi.ts"
import type * as RetryPolicy from "../src/RetryPolicy.ts"
import * as Transport from "../src/Transport.ts"
import * as scripted from "./support/scripted.ts"
import * as known from "./support/vectors.ts"
import { Known } from "./support/vectors.ts"

const baseUrl = "https://api.example.com"
const auths = "/service/v3/auths"
const auth = `${auths}/${known.entities.auth_request}`

const atOnce: RetryPolicy.Options = { schedule: Schedule.recurs(3) }

/** A transport to a platform that answers as the script says. */
const connected = Effect.fnUntraced(function*(
  script?: (seen: scripted.Seen) => scripted.Answer | undefined,
  options: Partial<Transport.Options> = {}
) {
  yield* TestClock.setTime(known.now * 1000)
  const platform = yield* scripted.make(script)
  const keys = yield* Known
  const remoteApi = yield* RemoteApi.make
  const make = (more: Partial<Transport.Options> = {}) =>
    Transport.make({ issuer: known.service, baseUrl, retry: atOnce, ...options, ...more }).pipe(
      Effect.provideService(Keyring.Keyring, keys.service),
      Effect.provideService(RemoteApi.RemoteApi, remoteApi),
      Effect.provideService(HttpClient.HttpClient, platform.client)
    )
  return { ...platform, make, http: (yield* make()).httpClient(known.service, routeOf) }
})

const isPublic = (seen: scripted.Seen) => seen.path.startsWith("/public/")

/** The script for sealed calls; the public endpoints answer as ever. */
const onCall = (script: (seen: scripted.Seen) => scripted.Answer | undefined) => (seen: scripted.Seen) =>
  isPublic(seen) ? undefined : script(seen)

const plainly = (status: number, headers: { readonly [name: string]: string } = {}) =>
  Effect.sync(() => new Response(null, { status, headers }))

const broken = (cause: object): scripted.Answer =>
  Effect.fail(
    new HttpClientError.RequestError({
      request: HttpClientRequest.get("/"),
      reason: "Transport",
      cause: Object.assign(new Error("it failed"), cause)
    })
  )

const refused = broken({ code: "ECONNREFUSED", syscall: "connect" })
const reset = broken({ code: "ECONNRESET", syscall: "read" })

/** Answers in turn, the last again and again. */
const inTurn = (answers: ReadonlyArray<(seen: scripted.Seen) => scripted.Answer>) =>
  Effect.map(
    Ref.make(0),
    (count) => (seen: scripted.Seen) =>
      Effect.flatMap(Ref.getAndUpdate(count, (n) => n + 1), (index) =>
        (answers[index] ?? answers.at(-1) ?? (() => refused))(seen))
  )

const postJson = (path: string, body: unknown) =>
  HttpClientRequest.post(path).pipe(HttpClientRequest.bodyUnsafeJson(body))

/** How often a request to each endpoint is sent to a platform that is down, by hand: of those that are sealed. */
const sealed: Readonly<Record<string, { readonly breaks: 1 | 4 }>> = {
  "DELETE /device/v3/device": { breaks: 1 },
  "DELETE /device/v3/push": { breaks: 4 },
  "DELETE /device/v3/sessions": { breaks: 4 },
  "DELETE /directory/v3/devices": { breaks: 1 },
  "DELETE /directory/v3/service/keys": { breaks: 1 },
  "DELETE /directory/v3/service/policy": { breaks: 4 },
  "DELETE /directory/v3/sessions": { breaks: 4 },
  "DELETE /directory/v3/totp": { breaks: 4 },
  "DELETE /organization/v3/directory/keys": { breaks: 1 },
  "DELETE /organization/v3/directory/sdk-keys": { breaks: 1 },
  "DELETE /organization/v3/service/keys": { breaks: 1 },
  "DELETE /organization/v3/service/policy": { breaks: 4 },
  "DELETE /service/v3/auths/:id": { breaks: 1 },
  "DELETE /service/v3/sessions": { breaks: 4 },
  "GET /device/v3/auths": { breaks: 4 },
  "GET /device/v3/push": { breaks: 4 },
  "GET /device/v3/sessions": { breaks: 4 },
  "GET /directory/v3/services": { breaks: 4 },
  "GET /organization/v3/directories": { breaks: 4 },
  "GET /organization/v3/services": { breaks: 4 },
  "GET /service/v3/auths/:id": { breaks: 4 },
  "PATCH /directory/v3/service/keys": { breaks: 4 },
  "PATCH /directory/v3/services": { breaks: 4 },
  "PATCH /organization/v3/directories": { breaks: 4 },
  "PATCH /organization/v3/directory/keys": { breaks: 4 },
  "PATCH /organization/v3/service/keys": { breaks: 4 },
  "PATCH /organization/v3/services": { breaks: 4 },
  "POST /directory/v3/devices": { breaks: 1 },
  "POST /directory/v3/devices/list": { breaks: 4 },
  "POST /directory/v3/service/keys": { breaks: 1 },
  "POST /directory/v3/service/keys/list": { breaks: 4 },
  "POST /directory/v3/service/policy/item": { breaks: 4 },
  "POST /directory/v3/services": { breaks: 1 },
  "POST /directory/v3/services/list": { breaks: 4 },
  "POST /directory/v3/sessions/list": { breaks: 4 },
  "POST /directory/v3/totp": { breaks: 1 },
  "POST /organization/v3/directories": { breaks: 1 },
  "POST /organization/v3/directories/list": { breaks: 4 },
  "POST /organization/v3/directory/keys": { breaks: 1 },
  "POST /organization/v3/directory/keys/list": { breaks: 4 },
  "POST /organization/v3/directory/sdk-keys": { breaks: 1 },
  "POST /organization/v3/directory/sdk-keys/list": { breaks: 4 },
  "POST /organization/v3/service/keys": { breaks: 1 },
  "POST /organization/v3/service/keys/list": { breaks: 4 },
  "POST /organization/v3/service/policy/item": { breaks: 4 },
  "POST /organization/v3/services": { breaks: 1 },
  "POST /organization/v3/services/list": { breaks: 4 },
  "POST /service/v3/auths": { breaks: 1 },
  "POST /service/v3/sessions": { breaks: 1 },
  "POST /service/v3/totp": { breaks: 1 },
  "PUT /device/v3/auths/:id": { breaks: 1 },
  "PUT /device/v3/push": { breaks: 4 },
  "PUT /directory/v3/service/policy": { breaks: 4 },
  "PUT /organization/v3/service/policy": { breaks: 4 }
}

layer(Known.layer)("a request to a platform that is down", (it) => {
  it.effect("is listed for every endpoint of the contract that is sealed", () =>
    Effect.sync(() =>
      assert.sameMembers(
        Object.keys(sealed),
        routes.map(({ method, template }) => `${method} ${template}`).filter((name) =>
          !name.includes(" /public/") && name !== "POST /device/v3/link"
        )
      )
    ))

  for (const [name, { breaks }] of Object.entries(sealed)) {
    it.effect(`${name} is sent ${breaks === 1 ? "once" : "four times"} where it breaks, four where it is refused`, () =>
      Effect.gen(function*() {
        const [method = "", template = ""] = name.split(" ")
        const request = HttpClientRequest.make(method as HttpMethod)(
          template.replace(":id", known.entities.auth_request)
        )
        for (
          const [answer, count] of [[reset, breaks], [plainly(503), breaks], [refused, 4], [plainly(501), 1]] as const
        ) {
          const { calls, http } = yield* connected(onCall(() => answer))
          yield* Effect.either(http.execute(request))
          assert.lengthOf(yield* calls, count)
        }
      }))
  }
})

layer(Known.layer)("each attempt", (it) => {
  it.effect("is sealed anew: no two tokens or bodies are the same, and what they say is", () =>
    Effect.gen(function*() {
      const { calls, http } = yield* connected(onCall(() => refused))
      yield* Effect.flip(http.execute(postJson(auths, { username: "user" })))
      const sent = yield* calls
      assert.lengthOf(sent, 4)
      const claims = sent.map(scripted.claimsOf)
      assert.strictEqual(new Set(claims.map(({ jti }) => jti)).size, 4)
      assert.strictEqual(new Set(claims.map(({ request }) => request.hash)).size, 4)
      assert.strictEqual(new Set(sent.map(({ body }) => body)).size, 4)
      assert.deepStrictEqual(
        new Set(claims.map(({ request }) => `${request.meth} ${request.path}`)),
        new Set([`POST ${auths}`])
      )
    }))

  it.effect("is believed only as the answer to itself", () =>
    Effect.gen(function*() {
      const first = yield* Deferred.make<scripted.Seen>()
      const answer = yield* inTurn([
        (seen) => Effect.zipRight(Deferred.succeed(first, seen), plainly(503)),
        () => Effect.flatMap(Deferred.await(first), (seen) => scripted.sealed(seen))
      ])
      const { http } = yield* connected(onCall(answer))
      const error = yield* Effect.flip(http.get(auth))
      assert(error._tag === "MessageRejected")
      assert.strictEqual(error.reason, "TokenIdMismatch")
    }))

  it.effect("has a span that tells which it is, of which endpoint, and no id", () =>
    Effect.gen(function*() {
      const spans = yield* Ref.make<ReadonlyArray<Tracer.Span>>([])
      const native = yield* Effect.tracer
      const tracer = Tracer.make({
        span: (...args) => {
          const span = native.span(...args)
          Effect.runSync(Ref.update(spans, (all) => [...all, span]))
          return span
        },
        context: native.context
      })
      const answer = yield* inTurn([() => plainly(503), (seen) => scripted.sealed(seen)])
      const { http } = yield* connected(onCall(answer))
      yield* Effect.withTracer(http.get(auth), tracer)
      const seen = (yield* Ref.get(spans)).filter(({ name }) => name === "Transport.exchange")
      assert.deepStrictEqual(
        seen.map(({ attributes }) => Object.fromEntries(attributes)),
        [1, 2].map((attempt) => ({
          attempt,
          operation: "GET /service/v3/auths/…",
          "http.request.method": "GET",
          "http.response.status_code": attempt === 1 ? 503 : 204,
          "server.address": "api.example.com",
          "url.template": "/service/v3/auths/:id"
        }))
      )
    }))

  it.effect("tells nobody of the trace that it is in, unless it was asked to", () =>
    Effect.gen(function*() {
      const { calls, http, make } = yield* connected()
      const native = yield* Effect.tracer
      const tracer = Tracer.make({ span: (...args) => native.span(...args), context: native.context })
      const traced = (client: typeof http) => Effect.withTracer(Effect.withSpan(client.get(auth), "mine"), tracer)
      yield* traced(http)
      const open = (yield* make({ propagateTraceContext: true })).httpClient(known.service, routeOf)
      yield* traced(open)
      yield* Effect.withTracerEnabled(traced(open), false)
      yield* open.get(auth)
      const sent = (yield* calls).map(({ headers }) => Object.keys(headers).filter((name) => /trace|b3/.test(name)))
      assert.deepStrictEqual(sent, [[], ["traceparent"], [], []])
      const [, carried] = yield* calls
      assert.match(carried?.headers["traceparent"] ?? "", /^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/)
    }))
})

layer(Known.layer)("what a call needs first", (it) => {
  it.effect("is asked for again with it, whatever the call: nothing was sent", () =>
    Effect.gen(function*() {
      let failures = 2
      const { calls, count, http } = yield* connected((seen) =>
        seen.path.endsWith("/ping") && failures-- > 0 ? plainly(503) : undefined
      )
      assert.strictEqual((yield* http.execute(postJson(auths, {}))).status, 204)
      assert.strictEqual(yield* count("/ping"), 3)
      assert.lengthOf(yield* calls, 1)
    }))

  for (
    const [what, answer, reason] of [
      ["is broken", reset, "Unreachable"],
      ["is a page", Effect.sync(() => new Response("<html>")), "AnswerUnusable"]
    ] as const
  ) {
    it.effect(`leaves the call unsent where it ${what}`, () =>
      Effect.gen(function*() {
        const { calls, http } = yield* connected((seen) => seen.path.endsWith("/public-key") ? answer : undefined)
        const error = yield* Effect.flip(http.execute(postJson(auths, {})))
        assert(error._tag === "TransportError")
        assert.deepInclude({ ...error }, { reason, operation: "GET /public/v3/public-key", sent: false })
        assert.lengthOf(yield* calls, 0)
      }))
  }

  it.effect("leaves the call unsent where its key is not one to trust, which no other attempt would change", () =>
    Effect.gen(function*() {
      const { count, http } = yield* connected(undefined, { pinnedKeys: [known.keys.api_previous.kid] })
      const error = yield* Effect.flip(http.execute(postJson(auths, {})))
      assert(error._tag === "MessageRejected")
      assert.deepInclude({ ...error }, { kind: "Request", reason: "KeyUnknown", operation: `POST ${auths}` })
      assert.strictEqual(yield* count("/public-key"), 1)
    }))

  it.effect("after the answer came is no longer first: the call was sent", () =>
    Effect.gen(function*() {
      const { calls, http } = yield* connected((seen) =>
        isPublic(seen) && !seen.path.endsWith("/ping") ? refused : undefined
      )
      const error = yield* Effect.flip(http.del(auth))
      assert(error._tag === "TransportError")
      assert.isTrue(error.sent)
      assert.lengthOf(yield* calls, 1)
    }))
})

layer(Known.layer)("a request that cannot be sent", (it) => {
  it.effect("was not sent", () =>
    Effect.gen(function*() {
      const { http } = yield* connected()
      const error = yield* Effect.flip(http.get(`${auth}?a=b`))
      assert(error._tag === "TransportError")
      assert.deepInclude({ ...error }, { reason: "RequestUnsupported", sent: false })
    }))
})

layer(Known.layer)("a 429", (it) => {
  const limited = (seen: scripted.Seen, headers: { readonly [name: string]: string } = {}) =>
    scripted.sealed(seen, { status: 429, headers })

  it.effect("is the answer where nothing else was asked for", () =>
    Effect.gen(function*() {
      const { calls, http } = yield* connected(onCall((seen) => limited(seen, { "retry-after": "7" })))
      const response = yield* http.get(auth)
      assert.strictEqual(response.status, 429)
      assert.deepInclude(yield* response.json, { error_data: { retry_after: 7, authenticated: true } })
      assert.lengthOf(yield* calls, 1)
    }))

  it.effect("that nobody signed is none", () =>
    Effect.gen(function*() {
      const { calls, http } = yield* connected(onCall(() => plainly(429, { "retry-after": "1" })), {
        retry: { ...atOnce, rateLimited: true }
      })
      const error = yield* Effect.flip(http.execute(postJson(auths, {})))
      assert.strictEqual(error._tag, "MessageRejected")
      assert.lengthOf(yield* calls, 1)
    }))

  for (
    const [what, headers, offset] of [
      ["seconds", { "retry-after": "20" }, 0],
      [
        "a date, on the platform's clock",
        { "retry-after": new Date((known.now - 300 + 20) * 1000).toUTCString() },
        -300_000
      ]
    ] as const
  ) {
    it.effect(`is waited out where that was asked for, told by ${what}`, () =>
      Effect.gen(function*() {
        const waiting = yield* Deferred.make<RetryPolicy.Failure>()
        const times = yield* Ref.make<ReadonlyArray<number>>([])
        const answer = yield* inTurn([
          (seen) => scripted.sealed(seen, { status: 429, headers, offset }),
          (seen) => scripted.sealed(seen, { offset })
        ])
        const noting = (seen: scripted.Seen) =>
          Effect.zipRight(
            Effect.flatMap(TestClock.currentTimeMillis, (now) => Ref.update(times, (all) => [...all, now])),
            answer(seen)
          )
        const { http } = yield* connected(
          (seen) => isPublic(seen) ? scripted.publicAnswer(seen, offset) : noting(seen),
          {
            retry: {
              schedule: Schedule.recurs(1).pipe(
                Schedule.tapInput((failure: RetryPolicy.Failure) => Deferred.succeed(waiting, failure))
              ),
              rateLimited: true
            }
          }
        )
        const fiber = yield* Effect.fork(http.execute(postJson(auths, {})))
        const failure = yield* Deferred.await(waiting)
        assert.deepStrictEqual(failure, {
          operation: `POST ${auths}`,
          attempt: 1,
          reason: "RateLimited",
          retryAfter: Option.some(Duration.seconds(20))
        })
        yield* TestClock.adjust("20 seconds")
        assert.strictEqual((yield* Fiber.join(fiber)).status, 204)
        const start = known.now * 1000
        assert.deepStrictEqual(yield* Ref.get(times), [start, start + 20_000])
      }))
  }
})

layer(Known.layer)("the retry budget", (it) => {
  it.effect("is one for all that calls over a connection", () =>
    Effect.gen(function*() {
      const { calls, http, make } = yield* connected(onCall(() => plainly(503)))
      const other = (yield* make({ deadline: "1 minute" })).httpClient(known.directory, routeOf)
      yield* http.get(auth)
      yield* other.get(auth)
      yield* http.get(auth)
      assert.lengthOf(yield* calls, 12)
      yield* other.get(auth)
      assert.lengthOf(yield* calls, 14)
      for (let i = 0; i < 10; i++) yield* http.get(auth)
      assert.lengthOf(yield* calls, 24)
    }))

  it.effect("is another for each platform", () =>
    Effect.gen(function*() {
      const { calls, http, make } = yield* connected(onCall(() => plainly(503)))
      for (let i = 0; i < 10; i++) yield* http.get(auth)
      assert.lengthOf(yield* calls, 20)
      const other = (yield* make({ baseUrl: "https://other.example.com" })).httpClient(known.service, routeOf)
      yield* other.get(auth)
      assert.lengthOf(yield* calls, 24)
    }))
})

layer(Known.layer)("the deadline of a call", (it) => {
  it.effect("is thirty seconds by default, over all its attempts", () =>
    Effect.gen(function*() {
      const sent = yield* Deferred.make<void>()
      const { http } = yield* connected(
        onCall(() => Effect.zipRight(Deferred.succeed(sent, undefined), Effect.never)),
        { attemptTimeout: "1 hour" }
      )
      const fiber = yield* Effect.fork(Effect.flip(http.execute(postJson(auths, {}))))
      yield* Deferred.await(sent)
      yield* TestClock.adjust("29999 millis")
      assert.isTrue(Option.isNone(yield* Fiber.poll(fiber)))
      yield* TestClock.adjust("1 millis")
      const error = yield* Fiber.join(fiber)
      assert.deepInclude({ ...error }, {
        _tag: "TransportError",
        reason: "TimedOut",
        operation: `POST ${auths}`,
        sent: true
      })
    }))

  it.effect("counts the time that the platform's clock takes, and then nothing was sent", () =>
    Effect.gen(function*() {
      const asked = yield* Deferred.make<void>()
      const { http } = yield* connected(
        () => Effect.zipRight(Deferred.succeed(asked, undefined), Effect.never),
        { deadline: "3 seconds" }
      )
      const fiber = yield* Effect.fork(Effect.flip(http.execute(postJson(auths, {}))))
      yield* Deferred.await(asked)
      yield* TestClock.adjust("3 seconds")
      const error = yield* Fiber.join(fiber)
      assert.deepInclude({ ...error }, { _tag: "TransportError", reason: "TimedOut", sent: false })
    }))

  it.effect("leaves the next attempt to ask anew for the time that did not come within one", () =>
    Effect.gen(function*() {
      const asked = yield* Deferred.make<void>()
      const { count, http } = yield* connected(
        (seen) =>
          seen.path.endsWith("/ping")
            ? Effect.flatMap(
              Deferred.succeed(asked, undefined),
              (first) => first ? Effect.never : scripted.publicAnswer(seen)
            )
            : undefined,
        { attemptTimeout: "1 seconds" }
      )
      const fiber = yield* Effect.fork(http.get(auth))
      yield* Deferred.await(asked)
      yield* TestClock.adjust("1 seconds")
      assert.strictEqual((yield* Fiber.join(fiber)).status, 204)
      assert.strictEqual(yield* count("/ping"), 2)
    }))

  it.effect("ends what a webhook waits for after the time of an attempt, too", () =>
    Effect.gen(function*() {
      const asked = yield* Deferred.make<void>()
      const { make } = yield* connected(() => Effect.zipRight(Deferred.succeed(asked, undefined), Effect.never))
      const { openWebhook } = yield* make({ attemptTimeout: "1 seconds" })
      const delivery = {
        subject: known.service,
        token: undefined,
        method: "POST",
        path: "/hooks",
        body: new Uint8Array(0),
        firstSeen: () => Effect.succeed(true)
      }
      const fiber = yield* Effect.fork(Effect.flip(openWebhook(delivery)))
      yield* Deferred.await(asked)
      yield* TestClock.adjust("1 seconds")
      assert.deepInclude(yield* Fiber.join(fiber), { _tag: "TransportError", reason: "TimedOut" })
    }))

  it.effect("gives the platform's time as long as an attempt, where that is more than usual", () =>
    Effect.gen(function*() {
      const asked = yield* Deferred.make<void>()
      const { http } = yield* connected(
        (seen) =>
          seen.path.endsWith("/ping")
            ? Effect.zipRight(
              Deferred.succeed(asked, undefined),
              Effect.delay(scripted.publicAnswer(seen), "15 seconds")
            )
            : undefined,
        { attemptTimeout: "20 seconds", retry: { schedule: Schedule.stop } }
      )
      const fiber = yield* Effect.fork(http.get(auth))
      yield* Deferred.await(asked)
      yield* TestClock.adjust("15 seconds")
      assert.strictEqual((yield* Fiber.join(fiber)).status, 204)
    }))

  describe("is refused", () => {
    for (const path of ["deadline", "attemptTimeout"] as const) {
      for (const time of ["0 seconds", "-1 seconds", Duration.infinity] as const) {
        it.effect(`as ${path}: ${String(time)}`, () =>
          Effect.gen(function*() {
            const error = yield* Effect.flip(connected(undefined, { [path]: time as Duration.DurationInput }))
            assert.strictEqual(error._tag, "InvalidParameters")
            assert.deepStrictEqual(error.issues.map((issue) => issue.path), [path])
          }))
      }
    }
  })
})
