import { assert, describe, it } from "@effect/vitest"
import { Cause, Deferred, Effect, Exit, Fiber, Option, Ref, TestClock } from "effect"
import { within } from "../src/internal/within.ts"

const late = { atLeast: "10 seconds", onTimeout: () => "late" } as const

describe("within a time", () => {
  it.effect("what ends in time is the result, whether at once or later", () =>
    Effect.gen(function*() {
      assert.strictEqual(yield* within(Effect.succeed(1), late), 1)
      assert.strictEqual(yield* within(Effect.promise(() => Promise.resolve(2)), late), 2)
      assert.strictEqual(yield* Effect.flip(within(Effect.fail("no"), late)), "no")
      const defect = yield* Effect.exit(within(Effect.die("bug"), late))
      assert.isTrue(Exit.isFailure(defect) && Cause.isDie(defect.cause))
    }))

  it.effect("what takes longer fails when the time has passed, and is interrupted", () =>
    Effect.gen(function*() {
      const interrupted = yield* Ref.make(false)
      const work = Effect.onInterrupt(Effect.never, () => Ref.set(interrupted, true))
      const fiber = yield* Effect.fork(Effect.flip(within(work, late)))
      yield* TestClock.adjust("9999 millis")
      assert.isTrue(Option.isNone(yield* Fiber.poll(fiber)))
      yield* TestClock.adjust("1 millis")
      assert.strictEqual(yield* Fiber.join(fiber), "late")
      assert.isTrue(yield* Ref.get(interrupted))
    }))

  it.effect("there may be more time than at least, which is asked for when that has passed", () =>
    Effect.gen(function*() {
      let left = 500
      const fiber = yield* Effect.fork(Effect.flip(within(Effect.never, { ...late, left: () => left })))
      yield* TestClock.adjust("10 seconds")
      assert.isTrue(Option.isNone(yield* Fiber.poll(fiber)))
      left = 0
      yield* TestClock.adjust("500 millis")
      assert.strictEqual(yield* Fiber.join(fiber), "late")
    }))

  it.effect("nobody waits for what does not let go, neither the time nor whoever interrupts", () =>
    Effect.gen(function*() {
      const stubborn = Effect.uninterruptible(Effect.never)
      const timed = yield* Effect.fork(Effect.flip(within(stubborn, late)))
      yield* TestClock.adjust("10 seconds")
      assert.strictEqual(yield* Fiber.join(timed), "late")
      const fiber = yield* Effect.fork(within(stubborn, late))
      yield* Effect.yieldNow()
      assert.isTrue(Exit.isInterrupted(yield* Fiber.interrupt(fiber)))
    }))

  it.effect("whoever is interrupted takes the work along", () =>
    Effect.gen(function*() {
      const interrupted = yield* Deferred.make<void>()
      const started = yield* Deferred.make<void>()
      const work = Effect.zipRight(Deferred.succeed(started, undefined), Effect.never).pipe(
        Effect.onInterrupt(() => Deferred.succeed(interrupted, undefined))
      )
      const fiber = yield* Effect.fork(within(work, late))
      yield* Deferred.await(started)
      yield* Fiber.interrupt(fiber)
      yield* Deferred.await(interrupted)
    }))

  it.effect("time passes where nothing may interrupt, too", () =>
    Effect.gen(function*() {
      const fiber = yield* Effect.fork(Effect.uninterruptible(Effect.flip(within(Effect.never, late))))
      yield* TestClock.adjust("10 seconds")
      assert.strictEqual(yield* Fiber.join(fiber), "late")
    }))
})
