import { assert, describe, it } from "@effect/vitest"
import { Duration, Effect, Fiber, Option, Ref, TestClock } from "effect"
import * as refreshing from "../src/internal/refreshing.ts"

type Failure = "away" | "unknown"

/** A lookup that counts its runs and answers with their number, or fails as it is told. */
const counting = Effect.fnUntraced(function*(options: { readonly capacity?: number } = {}) {
  const runs = yield* Ref.make(0)
  const failure = yield* Ref.make<Option.Option<Failure>>(Option.none())
  const cache = yield* refreshing.make<string, string, Failure, never>({
    capacity: options.capacity ?? 4,
    timeToLive: Duration.seconds(300),
    serveStaleFor: Duration.seconds(300),
    retryAfter: Duration.seconds(10),
    final: (error) => error === "unknown" ? Option.some(Duration.seconds(60)) : Option.none(),
    lookup: (key) =>
      Effect.gen(function*() {
        const run = yield* Ref.updateAndGet(runs, (n) => n + 1)
        yield* Effect.sleep("1 second")
        return yield* Option.match(yield* Ref.get(failure), {
          onNone: () => Effect.succeed(`${key}${run}`),
          onSome: (error) => Effect.fail(error)
        })
      })
  })
  const get = (key = "k") =>
    Effect.gen(function*() {
      const fiber = yield* Effect.fork(cache.get(key))
      yield* TestClock.adjust("1 second")
      return yield* Fiber.join(fiber)
    })
  return {
    runs: Ref.get(runs),
    cache,
    get,
    failWith: (error: Failure) => Ref.set(failure, Option.some(error)),
    succeed: Ref.set(failure, Option.none())
  }
})

describe("a refreshing cache", () => {
  it.effect("looks up once for all who ask at the same time", () =>
    Effect.gen(function*() {
      const { cache, runs } = yield* counting()
      const fiber = yield* Effect.fork(Effect.all(Array.from({ length: 20 }, () => cache.get("k")), {
        concurrency: "unbounded"
      }))
      yield* TestClock.adjust("1 second")
      assert.deepStrictEqual(new Set(yield* Fiber.join(fiber)), new Set(["k1"]))
      assert.strictEqual(yield* runs, 1)
    }))

  it.effect("goes on for the others when the first who asked is interrupted", () =>
    Effect.gen(function*() {
      const { cache, runs } = yield* counting()
      const first = yield* Effect.fork(cache.get("k"))
      yield* TestClock.adjust("500 millis")
      const second = yield* Effect.fork(cache.get("k"))
      yield* TestClock.adjust("100 millis")
      yield* Fiber.interrupt(first)
      yield* TestClock.adjust("1 second")
      assert.strictEqual(yield* Fiber.join(second), "k1")
      assert.strictEqual(yield* runs, 1)
    }))

  it.effect("keeps what it found for its time to live, and no longer", () =>
    Effect.gen(function*() {
      const { get, runs } = yield* counting()
      yield* get()
      yield* TestClock.adjust("299 seconds")
      assert.strictEqual(yield* get(), "k1")
      yield* TestClock.adjust("1 millis")
      assert.strictEqual(yield* get(), "k2")
      assert.strictEqual(yield* runs, 2)
    }))

  it.effect("remembers a final failure for its time, and no longer", () =>
    Effect.gen(function*() {
      const { failWith, get, runs, succeed } = yield* counting()
      yield* failWith("unknown")
      assert.strictEqual(yield* Effect.flip(get()), "unknown")
      yield* succeed
      yield* TestClock.adjust("58 seconds")
      assert.strictEqual(yield* Effect.flip(get()), "unknown")
      assert.strictEqual(yield* runs, 1)
      yield* TestClock.adjust("2 seconds")
      assert.strictEqual(yield* get(), "k2")
    }))

  it.effect("never remembers a failure that may be over", () =>
    Effect.gen(function*() {
      const { failWith, get, succeed } = yield* counting()
      yield* failWith("away")
      assert.strictEqual(yield* Effect.flip(get()), "away")
      yield* succeed
      assert.strictEqual(yield* get(), "k2")
    }))

  it.effect("serves what it had while the peer is away, and asks again every ten seconds", () =>
    Effect.gen(function*() {
      const { failWith, get, runs, succeed } = yield* counting()
      yield* get()
      yield* failWith("away")
      yield* TestClock.adjust("301 seconds")
      assert.strictEqual(yield* get(), "k1")
      assert.strictEqual(yield* get(), "k1")
      assert.strictEqual(yield* runs, 2)
      yield* succeed
      yield* TestClock.adjust("10 seconds")
      assert.strictEqual(yield* get(), "k3")
    }))

  it.effect("serves it no longer than it is told", () =>
    Effect.gen(function*() {
      const { failWith, get } = yield* counting()
      yield* get()
      yield* failWith("away")
      yield* TestClock.adjust("597 seconds")
      assert.strictEqual(yield* get(), "k1")
      yield* TestClock.adjust("3 seconds")
      assert.strictEqual(yield* Effect.flip(get()), "away")
    }))

  it.effect("serves nothing in place of a final failure, nor once the peer is away after that", () =>
    Effect.gen(function*() {
      const { failWith, get } = yield* counting()
      yield* get()
      yield* failWith("unknown")
      yield* TestClock.adjust("301 seconds")
      assert.strictEqual(yield* Effect.flip(get()), "unknown")
      yield* failWith("away")
      yield* TestClock.adjust("61 seconds")
      assert.strictEqual(yield* Effect.flip(get()), "away")
    }))

  it.effect("looks up anew once invalidated, and serves what it had if that fails", () =>
    Effect.gen(function*() {
      const { cache, failWith, get } = yield* counting()
      yield* get()
      yield* cache.invalidate("k")
      assert.strictEqual(yield* get(), "k2")
      yield* failWith("away")
      yield* cache.invalidate("k")
      assert.strictEqual(yield* get(), "k2")
    }))

  for (const capacity of [1, 2]) {
    it.effect(`serves stale what it looked up last of more than ${capacity}`, () =>
      Effect.gen(function*() {
        const { failWith, get } = yield* counting({ capacity })
        for (const key of ["a", "b", "c"]) yield* get(key)
        yield* failWith("away")
        yield* TestClock.adjust("301 seconds")
        assert.strictEqual(yield* get("c"), "c3")
        assert.strictEqual(yield* Effect.flip(get("a")), "away")
      }))
  }
})
