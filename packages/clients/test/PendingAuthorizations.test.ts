import { AuthorizationRequest, AuthorizationRequestId } from "@effect-launchkey/core/Authorization"
import { ServiceId } from "@effect-launchkey/core/EntityIdentifier"
import { assert, describe, it } from "@effect/vitest"
import * as Array from "effect/Array"
import * as Chunk from "effect/Chunk"
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import * as TestClock from "effect/TestClock"
import * as PendingAuthorizations from "../src/PendingAuthorizations.ts"
import { StoreUnavailable } from "../src/StoreUnavailable.ts"
import { answerOf, pendingContract, requestOf } from "./pendingContract.ts"
import { id, serviceId as aService } from "./support.ts"

const serviceId = ServiceId.make(aService)

const key = (n: number): PendingAuthorizations.Key => ({
  serviceId,
  id: AuthorizationRequestId.make(`00000000-0000-4000-8000-${n.toString().padStart(12, "0")}`)
})

const rememberAll = (store: PendingAuthorizations.Service, numbers: ReadonlyArray<number>, open = 300) =>
  Effect.forEach(numbers, (n) => Effect.flatMap(requestOf(key(n), { open }), store.remember), { discard: true })

pendingContract("in memory", PendingAuthorizations.layerMemory())

describe("fromRequest", () => {
  const request = new AuthorizationRequest({
    id,
    ttl: Duration.seconds(90),
    deviceIds: Option.none(),
    pushPackage: Option.none()
  })

  it.effect("ends with the time to live, from now on", () =>
    Effect.gen(function*() {
      yield* TestClock.adjust("1 hour")
      const now = yield* DateTime.now
      assert.deepStrictEqual(yield* PendingAuthorizations.fromRequest(serviceId, request), {
        serviceId,
        id,
        created: now,
        expires: DateTime.add(now, { seconds: 90 })
      })
    }))

  it.effect("keeps whom the answer must be about", () =>
    Effect.gen(function*() {
      const user = { serviceUserHash: "hash" }
      assert.deepStrictEqual((yield* PendingAuthorizations.fromRequest(serviceId, request, { user })).user, user)
    }))
})

describe("the store in memory", () => {
  it.effect("keeps requests and answers for the retention, each from when it came", () =>
    Effect.gen(function*() {
      const store = yield* PendingAuthorizations.makeMemory({ retention: "10 minutes" })
      yield* rememberAll(store, [1, 2])
      yield* TestClock.adjust("4 minutes")
      yield* store.complete(key(1), answerOf("u"))
      yield* rememberAll(store, [2])
      yield* TestClock.adjust("359999 millis")
      assert.deepStrictEqual(yield* store.size, { requests: 2, answers: 1, awaited: 0 })
      yield* TestClock.adjust("1 millis")
      assert.deepStrictEqual(yield* store.find(key(1)), Option.none())
      assert.isTrue(Option.isSome(yield* store.find(key(2))))
      assert.deepStrictEqual(yield* store.answer(key(1)), Option.some(answerOf("u")))
      yield* TestClock.adjust("4 minutes")
      assert.deepStrictEqual(yield* store.size, { requests: 0, answers: 0, awaited: 0 })
    }))

  it.effect("has an answer after its retention as though it never came", () =>
    Effect.gen(function*() {
      const store = yield* PendingAuthorizations.makeMemory()
      yield* store.complete(key(1), answerOf("u"))
      yield* TestClock.adjust(PendingAuthorizations.defaultRetention)
      const waiting = yield* Effect.fork(store.awaitAnswer(key(1)))
      yield* Effect.yieldNow()
      assert.isTrue(yield* store.complete(key(1), answerOf("v")))
      assert.deepStrictEqual(yield* Fiber.join(waiting), answerOf("v"))
    }))

  it.effect("makes room for a request by the oldest that is finished, and refuses one while all are open", () =>
    Effect.gen(function*() {
      const store = yield* PendingAuthorizations.makeMemory({ capacity: 3 })
      yield* rememberAll(store, [1])
      yield* rememberAll(store, [2], 30)
      yield* rememberAll(store, [3])
      const error = yield* Effect.flip(rememberAll(store, [4]))
      assert.instanceOf(error, StoreUnavailable)
      assert.strictEqual(error.operation, "PendingAuthorizations.remember")
      assert.include(String(error.cause), "3 requests are open, as many as this store holds; give it a larger capacity")

      yield* rememberAll(store, [3])
      yield* store.complete(key(3), answerOf("u"))
      yield* TestClock.adjust("30 seconds")
      yield* rememberAll(store, [4])
      assert.deepStrictEqual(yield* store.find(key(2)), Option.none())
      yield* rememberAll(store, [5])
      assert.deepStrictEqual(yield* store.find(key(3)), Option.none())
      assert.deepStrictEqual(
        (yield* store.list(serviceId)).map((request) => request.id),
        [1, 4, 5].map((n) => key(n).id)
      )
      assert.strictEqual((yield* Effect.flip(rememberAll(store, [6])))._tag, "StoreUnavailable")
    }))

  it.effect("makes room for an answer by the oldest, and still tells it to whoever waits", () =>
    Effect.gen(function*() {
      const store = yield* PendingAuthorizations.makeMemory({ capacity: 2 })
      const waiting = yield* Effect.forkAll([1, 2, 3].map((n) => store.awaitAnswer(key(n))))
      yield* Effect.yieldNow()
      for (const n of [1, 2, 3]) assert.isTrue(yield* store.complete(key(n), answerOf(`${n}`)))
      assert.deepStrictEqual(yield* Fiber.join(waiting), [1, 2, 3].map((n) => answerOf(`${n}`)))
      assert.deepStrictEqual(yield* store.answer(key(1)), Option.none())
      assert.deepStrictEqual(yield* store.answer(key(2)), Option.some(answerOf("2")))
      assert.deepStrictEqual(yield* store.size, { requests: 0, answers: 2, awaited: 0 })
    }))

  it.effect("holds nothing of those who waited and were interrupted, however many they were", () =>
    Effect.gen(function*() {
      const store = yield* PendingAuthorizations.makeMemory()
      for (const round of [1, 2, 3]) {
        const waiting = yield* Effect.forEach(
          Array.range(1, 200),
          (n) => Effect.fork(store.awaitAnswer(key(n % 50 + round)))
        )
        yield* Effect.yieldNow()
        assert.deepStrictEqual(yield* store.size, { requests: 0, answers: 0, awaited: 50 })
        yield* Fiber.interruptAll(waiting)
        assert.deepStrictEqual(yield* store.size, { requests: 0, answers: 0, awaited: 0 })
      }
    }))

  it.effect("lets 5,000 wait at once, with an entry each and nothing that runs", () =>
    Effect.gen(function*() {
      const store = yield* PendingAuthorizations.makeMemory()
      const numbers = Array.range(1, 5_000)
      const waiting = yield* Effect.forEach(numbers, (n) => Effect.fork(store.awaitAnswer(key(n))))
      yield* Effect.yieldNow()
      assert.strictEqual((yield* store.size).awaited, 5_000)
      assert.strictEqual(Chunk.size(yield* TestClock.sleeps()), 0)
      yield* Effect.forEach(numbers, (n) => store.complete(key(n), answerOf(`${n}`)), { discard: true })
      const answers = yield* Fiber.join(Fiber.all(waiting))
      assert.isTrue(answers.every(({ serviceUserHash }, index) => serviceUserHash === `${index + 1}`))
      assert.deepStrictEqual(yield* store.size, { requests: 0, answers: 5_000, awaited: 0 })
    }), 30_000)
})
