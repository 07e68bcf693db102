import type { Route } from "@effect-launchkey/core/api/Contract"
import * as HttpClientError from "@effect/platform/HttpClientError"
import * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import * as HttpClientResponse from "@effect/platform/HttpClientResponse"
import { assert, describe, it } from "@effect/vitest"
import {
  Clock,
  Duration,
  Effect,
  Either,
  Fiber,
  HashMap,
  Logger,
  LogLevel,
  Metric,
  Option,
  Ref,
  Schedule,
  TestClock
} from "effect"
import * as attempts from "../src/internal/attempts.ts"
import type { Answer } from "../src/internal/exchange.ts"
import * as Metrics from "../src/Metrics.ts"
import * as RetryPolicy from "../src/RetryPolicy.ts"
import { MessageRejected, TransportError } from "../src/TransportError.ts"

const operation = "GET /service/v3/auths/…"

const route = (repeatable: boolean): Route => ({
  method: "GET",
  template: "/service/v3/auths/:id",
  endpoint: "service.getAuthorization",
  repeatable
})

const request = HttpClientRequest.get("/")

const answered = (status: number, retryAfter?: number): Effect.Effect<Answer> =>
  Effect.succeed({
    response: HttpClientResponse.fromWeb(request, new Response(null, { status })),
    retryAfter
  })

const failed = (reason: TransportError["reason"], sent = true, cause?: unknown) =>
  Effect.fail(new TransportError({ reason, operation, sent, cause }))

const rejected = Effect.fail(new MessageRejected({ kind: "Response", reason: "HashMismatch", operation }))

type Outcome = Effect.Effect<Answer, TransportError | MessageRejected>

/** Waits of exactly 100, 200, 400 … milliseconds. */
const doubling = Schedule.exponential("100 millis").pipe(Schedule.intersect(Schedule.recurs(3)))

interface Scene {
  readonly retry?: RetryPolicy.Options
  readonly repeatable?: boolean
  readonly deadline?: Duration.DurationInput
  readonly budget?: RetryPolicy.Budget
  /** How long each attempt takes. */
  readonly latency?: Duration.DurationInput
}

/** A call whose attempts end as the script says, the last line of it again and again. */
const script = (outcomes: ReadonlyArray<Outcome>, scene: Scene = {}) =>
  Effect.gen(function*() {
    const seen: Array<number> = []
    const budget = scene.budget ?? (yield* RetryPolicy.makeBudget("https://api.example.com"))
    const make = attempts.make({
      attemptTimeout: RetryPolicy.defaults.attemptTimeout,
      budget,
      deadline: Duration.decode(scene.deadline ?? "30 seconds"),
      retry: { schedule: doubling, ...scene.retry }
    })
    const call = make({ operation, route: route(scene.repeatable ?? true) }, (progress) =>
      Effect.gen(function*() {
        const now = yield* Clock.currentTimeMillis
        seen.push(now)
        if (scene.latency !== undefined) yield* Effect.sleep(scene.latency)
        const outcome = outcomes[progress.attempt - 1] ?? outcomes.at(-1)
        const result = yield* Effect.either(outcome ?? Effect.never)
        progress.sent = Either.isRight(result) || result.left._tag !== "TransportError" || result.left.sent
        return yield* result
      }))
    return {
      budget,
      call,
      /** When each attempt began, in milliseconds. */
      attempts: Effect.sync(() => Array.from(seen)),
      /** How the call ends within a minute. */
      result: Effect.gen(function*() {
        const fiber = yield* Effect.fork(Effect.either(call))
        yield* TestClock.adjust("1 minute")
        return yield* Fiber.join(fiber)
      })
    }
  })

const told = (result: Either.Either<HttpClientResponse.HttpClientResponse, TransportError | MessageRejected>) =>
  Either.match(result, {
    onLeft: (error) =>
      error._tag === "TransportError" ? `${error.reason}${error.sent ? "" : ", not sent"}` : error._tag,
    onRight: ({ status }) => status
  })

const answerOfPing = (status: number) =>
  new HttpClientError.ResponseError({
    request,
    response: HttpClientResponse.fromWeb(request, new Response(null, { status })),
    reason: "StatusCode"
  })

describe("an attempt", () => {
  const cases: ReadonlyArray<readonly [what: string, outcome: Outcome, asRepeatable: number, asOther: number]> = [
    ["that ended in success", answered(200), 1, 1],
    ["that ended in 204", answered(204), 1, 1],
    ["that ended in 400", answered(400), 1, 1],
    ["that ended in 401", answered(401), 1, 1],
    ["that ended in 404", answered(404), 1, 1],
    ["that ended in 408, which is final", answered(408), 1, 1],
    ["that ended in 409", answered(409), 1, 1],
    ["that ended in 429", answered(429), 1, 1],
    ["that ended in 500", answered(500), 4, 1],
    ["that ended in 501", answered(501), 1, 1],
    ["that ended in 502", answered(502), 4, 1],
    ["that ended in 503", answered(503), 4, 1],
    ["that ended in 504", answered(504), 4, 1],
    ["that ended in 505", answered(505), 1, 1],
    ["that was not sent", failed("Unreachable", false), 4, 4],
    ["for which the time was not had in time", failed("TimedOut", false), 4, 4],
    [
      "for which the time was not had of a platform in trouble",
      failed("AnswerUnusable", false, answerOfPing(503)),
      4,
      4
    ],
    [
      "for which the time was not had of what is no platform",
      failed("AnswerUnusable", false, answerOfPing(404)),
      1,
      1
    ],
    ["for which a key made no sense", failed("AnswerUnusable", false, new Error("no key")), 1, 1],
    ["that cannot be sent", failed("RequestUnsupported", false), 1, 1],
    ["whose answer did not come", failed("Unreachable"), 4, 1],
    ["whose answer did not come in time", failed("TimedOut"), 4, 1],
    ["whose answer was too large", failed("AnswerTooLarge"), 1, 1],
    ["whose answer was encoded", failed("AnswerEncoded"), 1, 1],
    ["whose answer was unusable", failed("AnswerUnusable", true, answerOfPing(503)), 1, 1],
    ["whose answer was not believed", rejected, 1, 1]
  ]
  for (const [what, outcome, asRepeatable, asOther] of cases) {
    const times = (count: number) => count === 1 ? "once" : `${count} times`

    it.effect(`${what} is made ${times(asRepeatable)} where it may be repeated, else ${times(asOther)}`, () =>
      Effect.gen(function*() {
        const once = told(yield* Effect.either(Effect.map(outcome, ({ response }) => response)))
        for (const [repeatable, count] of [[true, asRepeatable], [false, asOther]] as const) {
          const { attempts, result } = yield* script([outcome], { repeatable })
          assert.strictEqual(told(yield* result), once)
          assert.lengthOf(yield* attempts, count)
        }
      }))
  }

  it.effect("of an endpoint that the contract does not have is repeated only where it was not sent", () =>
    Effect.gen(function*() {
      const budget = yield* RetryPolicy.makeBudget("https://api.example.com")
      const make = attempts.make({ ...RetryPolicy.defaults, budget, retry: { schedule: Schedule.recurs(3) } })
      for (const [sent, count] of [[true, 1], [false, 4]] as const) {
        let made = 0
        yield* Effect.flip(make({ operation, route: undefined }, () => {
          made++
          return failed("Unreachable", sent)
        }))
        assert.strictEqual(made, count)
      }
    }))

  it.effect("is followed by no other once one succeeds", () =>
    Effect.gen(function*() {
      const { attempts, result } = yield* script([failed("Unreachable"), answered(503), answered(200)])
      assert.strictEqual(told(yield* result), 200)
      assert.deepStrictEqual(yield* attempts, [0, 100, 300])
    }))

  it.effect("that was not sent does not hide that an earlier one may have been", () =>
    Effect.gen(function*() {
      const { result } = yield* script([failed("TimedOut"), failed("Unreachable", false)])
      assert.strictEqual(told(yield* result), "Unreachable")
      const after503 = yield* script([answered(503), failed("Unreachable", false)])
      assert.strictEqual(told(yield* after503.result), "Unreachable")
      const afterNothing = yield* script([failed("Unreachable", false)])
      assert.strictEqual(told(yield* afterNothing.result), "Unreachable, not sent")
    }))
})

describe("the schedule", () => {
  it.effect("is 100, 200 and 400 milliseconds by default, varied by a fifth", () =>
    Effect.gen(function*() {
      const { attempts, result } = yield* script([answered(503)], { retry: { schedule: RetryPolicy.defaultSchedule } })
      yield* result
      const [first = NaN, second = NaN, third = NaN, fourth = NaN, ...others] = yield* attempts
      assert.strictEqual(first, 0)
      assert.isTrue(second >= 80 && second <= 120)
      assert.isTrue(third - second >= 160 && third - second <= 240)
      assert.isTrue(fourth - third >= 320 && fourth - third <= 480)
      assert.deepStrictEqual(others, [])
    }))

  it.effect("may be any other, which is told what failed", () =>
    Effect.gen(function*() {
      const told = yield* Ref.make<ReadonlyArray<RetryPolicy.Failure>>([])
      const schedule = Schedule.spaced("1 second").pipe(
        Schedule.intersect(Schedule.recurs(5)),
        Schedule.tapInput((failure: RetryPolicy.Failure) => Ref.update(told, (all) => [...all, failure])),
        Schedule.whileInput(({ reason }) => reason !== "ServerError")
      )
      const outcomes = [failed("Unreachable", false), failed("TimedOut"), failed("Unreachable"), answered(500, 7)]
      const { attempts, result } = yield* script(outcomes, { retry: { schedule } })
      yield* result
      assert.deepStrictEqual(yield* attempts, [0, 1000, 2000, 3000])
      const none = Option.none()
      assert.deepStrictEqual(yield* Ref.get(told), [
        { operation, attempt: 1, reason: "NotSent", retryAfter: none },
        { operation, attempt: 2, reason: "TimedOut", retryAfter: none },
        { operation, attempt: 3, reason: "Unreachable", retryAfter: none },
        { operation, attempt: 4, reason: "ServerError", retryAfter: Option.some(Duration.seconds(7)) }
      ])
    }))

  it.effect("begins anew with each call", () =>
    Effect.gen(function*() {
      const { attempts, call } = yield* script([answered(503)])
      const twice = yield* Effect.fork(Effect.zipRight(call, call))
      yield* TestClock.adjust("1 minute")
      yield* Fiber.join(twice)
      assert.deepStrictEqual(yield* attempts, [0, 100, 300, 700, 700, 800, 1000, 1400])
    }))

  it.effect("that stops at once makes one attempt of everything", () =>
    Effect.gen(function*() {
      const { attempts, result } = yield* script([failed("Unreachable", false)], { retry: { schedule: Schedule.stop } })
      yield* result
      assert.lengthOf(yield* attempts, 1)
    }))
})

describe("the deadline", () => {
  const endless = { schedule: Schedule.spaced("1 second") }

  it.effect("is the end of a call, whatever an attempt does, and never later", () =>
    Effect.gen(function*() {
      const { call } = yield* script([answered(200)], { latency: "1 hour", deadline: "12 seconds" })
      const fiber = yield* Effect.fork(Effect.either(call))
      yield* TestClock.adjust("11999 millis")
      assert.isTrue(Option.isNone(yield* Fiber.poll(fiber)))
      yield* TestClock.adjust("1 millis")
      // nothing was sent before the attempt said so
      assert.strictEqual(told(yield* Fiber.join(fiber)), "TimedOut, not sent")
    }))

  it.effect("does not hide that something may have been sent", () =>
    Effect.gen(function*() {
      const budget = yield* RetryPolicy.makeBudget("https://api.example.com")
      const make = attempts.make({
        attemptTimeout: RetryPolicy.defaults.attemptTimeout,
        budget,
        deadline: Duration.seconds(5),
        retry: {}
      })
      const fiber = yield* Effect.fork(Effect.flip(make({ operation, route: route(false) }, (progress) => {
        progress.sent = true
        return Effect.never
      })))
      yield* TestClock.adjust("5 seconds")
      const error = yield* Fiber.join(fiber)
      assert.deepInclude({ ...error }, { _tag: "TransportError", reason: "TimedOut", operation, sent: true })
    }))

  it.effect("counts earlier attempts, of which one was sent", () =>
    Effect.gen(function*() {
      const { call } = yield* script([failed("TimedOut"), Effect.never], { deadline: "2 seconds" })
      const fiber = yield* Effect.fork(Effect.either(call))
      yield* TestClock.adjust("2 seconds")
      assert.strictEqual(told(yield* Fiber.join(fiber)), "TimedOut")
    }))

  it.effect("is not waited for: no wait begins that would end with it, and the last failure is told at once", () =>
    Effect.gen(function*() {
      const { attempts, call } = yield* script([failed("Unreachable")], { retry: endless, deadline: "3 seconds" })
      const fiber = yield* Effect.fork(Effect.either(call))
      yield* TestClock.adjust("2 seconds")
      assert.strictEqual(told(yield* Fiber.join(fiber)), "Unreachable")
      assert.deepStrictEqual(yield* attempts, [0, 1000, 2000])
    }))

  it.effect("ends even what cannot be interrupted", () =>
    Effect.gen(function*() {
      const { call } = yield* script([Effect.uninterruptible(Effect.never)], { deadline: "1 second" })
      const fiber = yield* Effect.fork(Effect.either(call))
      yield* TestClock.adjust("1 second")
      assert.strictEqual(told(yield* Fiber.join(fiber)), "TimedOut, not sent")
    }))
})

describe("a 429", () => {
  const optedIn = { rateLimited: true }

  for (const repeatable of [true, false]) {
    it.effect(`is waited for where that was asked for, also where ${repeatable ? "" : "nothing "}may be repeated`, () =>
      Effect.gen(function*() {
        const { attempts, result } = yield* script([answered(429, 7), answered(204)], { retry: optedIn, repeatable })
        assert.strictEqual(told(yield* result), 204)
        assert.deepStrictEqual(yield* attempts, [0, 7000])
      }))
  }

  it.effect("is waited for at least 100 milliseconds, also where it asks for none", () =>
    Effect.gen(function*() {
      const schedule = Schedule.recurs(1)
      for (const asked of [0, 0.01, undefined]) {
        const { attempts, result } = yield* script([answered(429, asked), answered(204)], {
          retry: { ...optedIn, schedule }
        })
        const before = yield* Clock.currentTimeMillis
        yield* result
        assert.deepStrictEqual((yield* attempts).map((at) => at - before), [0, 100])
      }
    }))

  it.effect("is waited for no shorter than the schedule says", () =>
    Effect.gen(function*() {
      const { attempts, result } = yield* script([answered(429, 1), answered(204)], {
        retry: { ...optedIn, schedule: Schedule.spaced("2 seconds") }
      })
      yield* result
      assert.deepStrictEqual(yield* attempts, [0, 2000])
    }))

  it.effect("is waited for thirty seconds at most, and for longer not at all", () =>
    Effect.gen(function*() {
      for (const [asked, count] of [[30, 2], [30.001, 1], [86_400, 1]] as const) {
        const { attempts, result } = yield* script([answered(429, asked), answered(204)], {
          retry: optedIn,
          deadline: "1 minute"
        })
        assert.strictEqual(told(yield* result), count === 1 ? 429 : 204)
        assert.lengthOf(yield* attempts, count)
      }
    }))

  it.effect("is not waited for beyond the deadline", () =>
    Effect.gen(function*() {
      const { attempts, call } = yield* script([answered(429, 30), answered(204)], { retry: optedIn })
      assert.strictEqual((yield* call).status, 429)
      assert.deepStrictEqual(yield* attempts, [0])
    }))

  it.effect("did not act: an attempt after it that is not sent leaves nothing sent", () =>
    Effect.gen(function*() {
      const { result } = yield* script([answered(429, 1), failed("Unreachable", false)], { retry: optedIn })
      assert.strictEqual(told(yield* result), "Unreachable, not sent")
    }))

  it.effect("aside, a 503 that asks to wait is waited for, too", () =>
    Effect.gen(function*() {
      const { attempts, result } = yield* script([answered(503, 3), answered(503, 60)], { deadline: "10 minutes" })
      assert.strictEqual(told(yield* result), 503)
      assert.deepStrictEqual(yield* attempts, [0, 3000])
    }))
})

describe("the budget", () => {
  it.effect("is ten retries, of which each answered call gives a tenth back, and no more", () =>
    Effect.gen(function*() {
      const { budget, call } = yield* script([answered(200)])
      assert.strictEqual(yield* budget.left, 10)
      yield* call
      assert.strictEqual(yield* budget.left, 10)
      for (let i = 0; i < 10; i++) assert.isTrue(yield* budget.withdraw)
      assert.isFalse(yield* budget.withdraw)
      assert.strictEqual(yield* budget.left, 0)
      yield* Effect.repeatN(call, 8)
      assert.isFalse(yield* budget.withdraw)
      yield* call
      assert.strictEqual(yield* budget.left, 1)
      assert.isTrue(yield* budget.withdraw)
    }))

  it.effect("gets nothing from failures, from errors of the platform, and from a 429", () =>
    Effect.gen(function*() {
      const budget = yield* RetryPolicy.makeBudget("https://api.example.com")
      yield* budget.withdraw
      for (const outcome of [answered(500), answered(501), answered(429), failed("TimedOut"), rejected]) {
        const { call } = yield* script([outcome], { budget, repeatable: false })
        yield* Effect.either(call)
      }
      assert.strictEqual(yield* budget.left, 9)
      const { call } = yield* script([answered(404)], { budget })
      yield* call
      assert.strictEqual(yield* budget.left, 9.1)
    }))

  it.effect("drained, sends a platform that is down one request per call, and comes back with it", () =>
    Effect.gen(function*() {
      const up = yield* Ref.make(false)
      const outcome = Effect.flatMap(Ref.get(up), (up): Outcome => up ? answered(200) : failed("Unreachable", false))
      const { attempts, budget, call } = yield* script([outcome], { retry: { schedule: Schedule.recurs(3) } })
      const calls = (count: number) =>
        Effect.gen(function*() {
          const before = (yield* attempts).length
          yield* Effect.repeatN(Effect.either(call), count - 1)
          return (yield* attempts).length - before
        })
      assert.strictEqual(yield* calls(200), 210)
      assert.strictEqual(yield* calls(200), 200)
      yield* Ref.set(up, true)
      assert.strictEqual(yield* calls(100), 100)
      assert.strictEqual(yield* budget.left, 10)
      yield* Ref.set(up, false)
      assert.strictEqual(yield* calls(10), 20)
    }))

  it.effect("sends a platform that answers every second request at most 1.1 per call once drained", () =>
    Effect.gen(function*() {
      const requests = yield* Ref.make(0)
      const outcome = Effect.flatMap(
        Ref.updateAndGet(requests, (n) => n + 1),
        (n): Outcome => n % 2 === 0 ? answered(200) : answered(503)
      )
      const budget = yield* RetryPolicy.makeBudget("https://api.example.com")
      for (let i = 0; i < 10; i++) yield* budget.withdraw
      const { attempts, call } = yield* script([outcome], { budget, retry: { schedule: Schedule.recurs(3) } })
      yield* Effect.repeatN(call, 999)
      assert.isAtMost((yield* attempts).length, 1100)
      assert.isAbove((yield* attempts).length, 1040)
    }))
})

describe("an interruption", () => {
  for (
    const [when, outcome] of [
      ["of an attempt", Effect.never],
      ["of the wait before the next", failed("Unreachable")]
    ] as const
  ) {
    it.effect(`${when} ends the call at once and leaves nothing running`, () =>
      Effect.gen(function*() {
        const running = yield* Ref.make(0)
        const counted = Effect.acquireUseRelease(
          Ref.update(running, (n) => n + 1),
          () => outcome,
          () => Ref.update(running, (n) => n - 1)
        )
        const { attempts, call } = yield* script([counted], { retry: { schedule: Schedule.spaced("5 seconds") } })
        const fiber = yield* Effect.fork(call)
        yield* TestClock.adjust("1 second")
        assert.lengthOf(yield* attempts, 1)
        yield* Fiber.interrupt(fiber)
        yield* TestClock.adjust("1 minute")
        assert.lengthOf(yield* attempts, 1)
        assert.strictEqual(yield* Ref.get(running), 0)
        assert.lengthOf([...(yield* TestClock.sleeps())], 0)
      }))
  }
})

describe("whoever operates the program", () => {
  it.effect("reads of each retry why and when, and of none that the budget forbids but in detail", () =>
    Effect.gen(function*() {
      const lines = yield* Ref.make<ReadonlyArray<string>>([])
      const logger = Logger.make(({ annotations, logLevel, message }) => {
        const at = Object.fromEntries(HashMap.toEntries(annotations))
        const line = `${logLevel.label} ${at["package"]} ${at["module"]} ${String(message)}`
        Effect.runSync(Ref.update(lines, (all) => [...all, line]))
      })
      const budget = yield* RetryPolicy.makeBudget("https://api.example.com")
      for (let i = 0; i < 8; i++) yield* budget.withdraw
      const { result } = yield* script([failed("TimedOut"), answered(503)], { budget })
      yield* result.pipe(
        Effect.provide(Logger.replace(Logger.defaultLogger, logger)),
        Effect.provide(Logger.add(logger)),
        Logger.withMinimumLogLevel(LogLevel.Debug)
      )
      const by = "@effect-launchkey/transport Transport"
      assert.deepStrictEqual([...new Set(yield* Ref.get(lines))], [
        `WARN ${by} ${operation}: attempt 1 failed (TimedOut); trying again in 100ms.`,
        `WARN ${by} ${operation}: attempt 2 failed (ServerError); trying again in 200ms.`,
        `DEBUG ${by} ${operation}: not tried again (ServerError), as the retry budget is drained.`
      ])
    }))

  it.effect("sees calls, attempts, retries by their reason, and what is left of each budget", () =>
    Effect.gen(function*() {
      const operation = "GET /service/v3/auths/:id"
      const retries = (reason: RetryPolicy.Reason) => Metric.value(Metrics.retries.of({ reason }))
      const read = Effect.all([
        Metric.value(Metrics.calls.of({ operation, outcome: "2xx" })),
        Metric.value(Metrics.attempts.of({ operation })),
        retries("TimedOut"),
        retries("ServerError")
      ]).pipe(Effect.map((all) => all.map(({ count }) => count)))
      const before = yield* read
      const budget = yield* RetryPolicy.makeBudget("https://metrics.example.com")
      const { result } = yield* script([failed("TimedOut"), answered(503), answered(503), answered(204)], { budget })
      yield* result
      const after = yield* read
      assert.deepStrictEqual(after.map((count, index) => count - (before[index] ?? 0)), [1, 4, 1, 2])
      const gauge = Metrics.retryBudget.of({ base_url: "https://metrics.example.com" })
      assert.strictEqual((yield* Metric.value(gauge)).value, 7.1)
    }))

  it.effect("counts a call by how it ended", () =>
    Effect.gen(function*() {
      const count = (outcome: string) =>
        Effect.map(
          Metric.value(Metrics.calls.of({ operation: "GET /service/v3/auths/:id", outcome })),
          ({ count }) => count
        )
      const ends = [
        ["5xx", script([answered(501)])],
        ["Unreachable", script([failed("Unreachable")], { retry: { schedule: Schedule.stop } })],
        ["MessageRejected", script([rejected])],
        ["Defect", script([Effect.die("a bug")])]
      ] as const
      for (const [outcome, scene] of ends) {
        const before = yield* count(outcome)
        yield* Effect.exit((yield* scene).result)
        assert.strictEqual((yield* count(outcome)) - before, 1, outcome)
      }
      const before = yield* count("Interrupted")
      const { call } = yield* script([], { latency: "1 minute" })
      const fiber = yield* Effect.fork(call)
      yield* Effect.yieldNow()
      yield* Fiber.interrupt(fiber)
      assert.strictEqual((yield* count("Interrupted")) - before, 1)
    }))
})
