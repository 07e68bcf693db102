import { assert, describe, it } from "@effect/vitest"
import { DateTime, Duration, Effect, Fiber, Ref, TestClock } from "effect"
import * as ServerClock from "../src/ServerClock.ts"
import { TransportError } from "../src/TransportError.ts"

const local = 1_700_000_000_000

const away = new TransportError({ reason: "Unreachable", operation: "GET /public/v3/ping" })

/** A platform whose clock is ahead of ours by `offset` milliseconds and that takes `latency` each way. */
const platform = Effect.fnUntraced(function*(options: { readonly offset: number; readonly latency?: number }) {
  yield* TestClock.setTime(local)
  const pings = yield* Ref.make(0)
  const offset = yield* Ref.make(options.offset)
  const reachable = yield* Ref.make(true)
  const ping = Effect.gen(function*() {
    yield* Ref.update(pings, (n) => n + 1)
    yield* Effect.sleep(Duration.millis(options.latency ?? 0))
    if (!(yield* Ref.get(reachable))) return yield* away
    const now = yield* DateTime.now
    const answer = DateTime.add(now, { millis: yield* Ref.get(offset) })
    yield* Effect.sleep(Duration.millis(options.latency ?? 0))
    return answer
  })
  const clock = yield* ServerClock.make(ping)
  return {
    clock,
    pings: Ref.get(pings),
    setOffset: (millis: number) => Ref.set(offset, millis),
    leave: Ref.set(reachable, false),
    comeBack: Ref.set(reachable, true)
  }
})

const seconds = local / 1000

describe("ServerClock", () => {
  it.effect("tells the platform's time", () =>
    Effect.gen(function*() {
      const { clock } = yield* platform({ offset: 90_000 })
      assert.strictEqual(yield* clock.now, seconds + 90)
    }))

  it.effect("takes half of the round trip for the way back", () =>
    Effect.gen(function*() {
      const { clock } = yield* platform({ offset: -4000, latency: 600 })
      const fiber = yield* Effect.fork(clock.now)
      yield* TestClock.adjust("1200 millis")
      assert.strictEqual(yield* Fiber.join(fiber), seconds + 1.2 - 4)
    }))

  it.effect("goes on with our own clock between two pings", () =>
    Effect.gen(function*() {
      const { clock, pings } = yield* platform({ offset: 1000 })
      yield* clock.now
      yield* TestClock.adjust("2500 millis")
      assert.strictEqual(yield* clock.now, seconds + 3.5)
      assert.strictEqual(yield* pings, 1)
    }))

  it.effect("measures anew after 300 seconds", () =>
    Effect.gen(function*() {
      const { clock, pings, setOffset } = yield* platform({ offset: 1000 })
      yield* clock.now
      yield* setOffset(5000)
      yield* TestClock.adjust("300 seconds")
      assert.strictEqual(yield* clock.now, seconds + 300 + 1)
      yield* TestClock.adjust("1 millis")
      assert.strictEqual(yield* clock.now, seconds + 300.001 + 5)
      assert.strictEqual(yield* pings, 2)
    }))

  it.effect("measures once for all who ask at the same time", () =>
    Effect.gen(function*() {
      const { clock, pings } = yield* platform({ offset: 0, latency: 100 })
      const fiber = yield* Effect.fork(
        Effect.all(Array.from({ length: 20 }, () => clock.now), { concurrency: "unbounded" })
      )
      yield* TestClock.adjust("200 millis")
      yield* Fiber.join(fiber)
      assert.strictEqual(yield* pings, 1)
    }))

  it.effect("measures anew once invalidated", () =>
    Effect.gen(function*() {
      const { clock, pings, setOffset } = yield* platform({ offset: 1000 })
      yield* clock.now
      yield* setOffset(2000)
      yield* clock.invalidate
      assert.strictEqual(yield* clock.now, seconds + 2)
      assert.strictEqual(yield* pings, 2)
    }))

  it.effect("keeps its measure for an hour more while the platform is away, and no longer", () =>
    Effect.gen(function*() {
      const { clock, leave } = yield* platform({ offset: 1000 })
      yield* clock.now
      yield* leave
      yield* TestClock.adjust("3899 seconds")
      assert.strictEqual(yield* clock.now, seconds + 3899 + 1)
      yield* TestClock.adjust("2 seconds")
      assert.deepStrictEqual(yield* Effect.flip(clock.now), away)
    }))

  it.effect("fails while there is no measure, and remembers no failure", () =>
    Effect.gen(function*() {
      const { clock, comeBack, leave } = yield* platform({ offset: 1000 })
      yield* leave
      assert.deepStrictEqual(yield* Effect.flip(clock.now), away)
      yield* comeBack
      assert.strictEqual(yield* clock.now, seconds + 1)
    }))
})
