import * as ApiError from "@effect-launchkey/core/ApiError"
import { AuthorizationRequest } from "@effect-launchkey/core/Authorization"
import { TransportError } from "@effect-launchkey/transport/TransportError"
import { assert, describe, it } from "@effect/vitest"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import * as Schedule from "effect/Schedule"
import * as TestClock from "effect/TestClock"
import * as Polling from "../src/Polling.ts"
import { AwaitTimedOut } from "../src/ServiceClient.ts"
import { answered, id, otherId, pending, refusal, type Script, script } from "./support.ts"

const requestOf = (ttl: Duration.DurationInput) =>
  new AuthorizationRequest({
    id,
    ttl: Duration.decode(ttl),
    deviceIds: Option.none(),
    pushPackage: Option.none()
  })

const everySecond = Schedule.spaced("1 second")

const times = (script: Script) => Effect.map(script.sent, (all) => all.map(({ at }) => at))

describe("awaitResponse", () => {
  it.effect("has an answer that is there at once with one read", () =>
    Effect.gen(function*() {
      const scripted = yield* script([answered()])
      const response = yield* scripted.client.awaitResponse(requestOf("300 seconds"))
      assert.isTrue(response.authorized)
      assert.deepStrictEqual(yield* times(scripted), [0])
    }))

  it.effect("reads at the schedule's times and not before, and returns the answer of the last", () =>
    Effect.gen(function*() {
      const scripted = yield* script([pending, pending, pending, answered({ type: "DENIED", reason: "DISAPPROVED" })])
      const fiber = yield* Effect.fork(scripted.client.awaitResponse(id, { schedule: everySecond }))
      yield* TestClock.adjust("900 millis")
      assert.deepStrictEqual(yield* times(scripted), [0])
      yield* TestClock.adjust("5 seconds")
      assert.isFalse((yield* Fiber.join(fiber)).authorized)
      assert.deepStrictEqual(yield* times(scripted), [0, 1_000, 2_000, 3_000])
      assert.isTrue((yield* scripted.sent).every(({ path }) => path === `/service/v3/auths/${id}`))
    }))

  it.effect("ends with the platform's verdict where that comes first", () =>
    Effect.gen(function*() {
      const scripted = yield* script([pending, pending, refusal(408, "HTTP-408")])
      const fiber = yield* Effect.fork(Effect.flip(scripted.client.awaitResponse(id, { schedule: everySecond })))
      yield* TestClock.adjust("3 seconds")
      assert.instanceOf(yield* Fiber.join(fiber), ApiError.RequestTimedOut)
      assert.deepStrictEqual(yield* times(scripted), [0, 1_000, 2_000])
    }))

  it.effect("ends with any other error of a read, at once", () =>
    Effect.gen(function*() {
      for (
        const reply of [
          refusal(400, "SVC-007"),
          refusal(503, "HTTP-503"),
          answered({ authorizationRequestId: otherId }),
          new TransportError({ reason: "Unreachable", operation: "test" })
        ]
      ) {
        const scripted = yield* script([reply])
        const error = yield* Effect.flip(scripted.client.awaitResponse(id, { schedule: everySecond }))
        assert.notInstanceOf(error, AwaitTimedOut)
        assert.deepStrictEqual(yield* times(scripted), [0])
      }
    }))

  it.effect("gives up exactly when the given schedule ends, and names the request, which it leaves open", () =>
    Effect.gen(function*() {
      const scripted = yield* script([pending])
      const schedule = Schedule.intersect(everySecond, Schedule.recurs(3))
      const fiber = yield* Effect.fork(
        Effect.flip(scripted.client.awaitResponse(requestOf("30 seconds"), { schedule }))
      )
      yield* TestClock.adjust("2900 millis")
      assert.isTrue(Option.isNone(yield* Fiber.poll(fiber)))
      yield* TestClock.adjust("100 millis")
      assert.isTrue(Option.isSome(yield* Fiber.poll(fiber)))
      const error = yield* Fiber.join(fiber)
      assert.instanceOf(error, AwaitTimedOut)
      assert.strictEqual(error.id, id)
      const sent = yield* scripted.sent
      assert.deepStrictEqual(sent.map(({ at }) => at), [0, 1_000, 2_000, 3_000])
      assert.isTrue(sent.every(({ method }) => method === "GET"))
    }))

  it.effect("reads once where the schedule never recurs", () =>
    Effect.gen(function*() {
      const scripted = yield* script([pending])
      const error = yield* Effect.flip(scripted.client.awaitResponse(id, { schedule: Schedule.stop }))
      assert.instanceOf(error, AwaitTimedOut)
      assert.deepStrictEqual(yield* times(scripted), [0])
    }))

  it.effect("shows the schedule every read", () =>
    Effect.gen(function*() {
      const scripted = yield* script([pending, answered()])
      const seen: Array<boolean> = []
      yield* scripted.client.awaitResponse(id, {
        schedule: Schedule.tapInput(
          Schedule.recurs(5),
          (read: Option.Option<unknown>) => Effect.sync(() => seen.push(Option.isSome(read)))
        )
      })
      assert.deepStrictEqual(seen, [false, true])
    }))

  it.effect("sends nothing after it is interrupted", () =>
    Effect.gen(function*() {
      const scripted = yield* script([pending])
      const fiber = yield* Effect.fork(scripted.client.awaitResponse(id, { schedule: everySecond }))
      yield* TestClock.adjust("1500 millis")
      assert.isTrue(Exit.isInterrupted(yield* Fiber.interrupt(fiber)))
      yield* TestClock.adjust("10 seconds")
      assert.deepStrictEqual((yield* scripted.sent).map(({ at, method }) => [method, at]), [["GET", 0], ["GET", 1_000]])
    }))
})

describe("the default schedule", () => {
  it.effect("is quick at first and gentle after: 400 milliseconds at least, 6 seconds at most", () =>
    Effect.gen(function*() {
      const scripted = yield* script([pending])
      const fiber = yield* Effect.fork(scripted.client.awaitResponse(requestOf("60 seconds")))
      yield* TestClock.adjust("60 seconds")
      yield* Fiber.interrupt(fiber)
      const at = yield* times(scripted)
      const intervals = at.slice(1).map((time, index) => time - (at[index] ?? 0))
      // the clock has whole milliseconds
      intervals.forEach((interval, index) => {
        const ideal = Math.min(5_000, 500 * 1.3 ** index)
        assert.isAtLeast(interval, 0.8 * ideal - 1)
        assert.isAtMost(interval, 1.2 * ideal + 1)
      })
      assert.isAtLeast(intervals.length, 15)
    }))

  for (
    const [name, request, seconds] of [
      ["the time to live of the request", requestOf("30 seconds"), 30],
      ["300 seconds where only an id is given", id, 300]
    ] as const
  ) {
    it.effect(`outlives ${name} by the margin of 15 seconds, and then gives up`, () =>
      Effect.gen(function*() {
        const scripted = yield* script([pending])
        const fiber = yield* Effect.fork(Effect.flip(scripted.client.awaitResponse(request)))
        yield* TestClock.adjust(Duration.seconds(seconds))
        const before = yield* times(scripted)
        yield* TestClock.adjust("15 seconds")
        assert.isTrue(Option.isNone(yield* Fiber.poll(fiber)))
        // at most 6 seconds apart: at least two more reads hear the platform's verdict
        assert.isAtLeast((yield* times(scripted)).length, before.length + 2)
        yield* TestClock.adjust("7 seconds")
        assert.instanceOf(yield* Fiber.join(fiber), AwaitTimedOut)
        const last = (yield* times(scripted)).at(-1) ?? 0
        assert.isAbove(last, seconds * 1_000 + 15_000)
        assert.isAtMost(last, seconds * 1_000 + 21_000)
      }))
  }

  it("has a margin of 15 seconds", () => {
    assert.deepStrictEqual(Polling.margin, Duration.seconds(15))
  })
})
