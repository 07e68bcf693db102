import type { AuthorizationPackage } from "@effect-launchkey/core/Authorization"
import { AuthorizationRequestId } from "@effect-launchkey/core/Authorization"
import { ServiceId } from "@effect-launchkey/core/EntityIdentifier"
import { KeyId } from "@effect-launchkey/core/KeyId"
import { assert, describe, it } from "@effect/vitest"
import * as Array from "effect/Array"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import type * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import { type Key, type PendingAuthorization, PendingAuthorizations } from "../src/PendingAuthorizations.ts"
import type { StoreUnavailable } from "../src/StoreUnavailable.ts"

const numbered = (group: number, n: number) =>
  `00000000-0000-4000-8${group.toString().padStart(3, "0")}-${n.toString().padStart(12, "0")}`

/** Another service for each test, as one store may serve them all. */
const of = (test: number) => {
  const serviceId = ServiceId.make(numbered(test, 0))
  return {
    serviceId,
    key: (n: number): Key => ({ serviceId, id: AuthorizationRequestId.make(numbered(test, n)) })
  }
}

/** Told apart by its user. */
export const answerOf = (user: string): AuthorizationPackage => ({
  oaep: Option.none(),
  jwe: Option.some("sealed"),
  serviceUserHash: user,
  organizationUserHash: Option.none(),
  userPushId: "54631005-5987-5b88-b59e-62bac03cc155",
  keyId: KeyId.make("00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00")
})

/** Created this many seconds ago, and open for this many more. */
export const requestOf = (key: Key, { age = 0, open = 300 } = {}): Effect.Effect<PendingAuthorization> =>
  Effect.map(DateTime.now, (now) => ({
    ...key,
    created: DateTime.subtract(now, { seconds: age }),
    expires: DateTime.add(now, { seconds: open })
  }))

/** What any store of pending authorizations promises. */
export const pendingContract = <E>(name: string, live: Layer.Layer<PendingAuthorizations, E>): void => {
  describe(name, () => {
    const check = (promise: string, body: Effect.Effect<void, StoreUnavailable, PendingAuthorizations>) =>
      it.live(promise, () => Effect.provide(body, live))

    check(
      "finds what was remembered, with the user that is expected, and nothing else",
      Effect.gen(function*() {
        const store = yield* PendingAuthorizations
        const { key } = of(1)
        const request = { ...(yield* requestOf(key(1))), user: { serviceUserHash: "hash", userPushId: "push" } }
        yield* store.remember(request)
        assert.deepStrictEqual(yield* store.find(key(1)), Option.some(request))
        assert.deepStrictEqual(yield* store.find(key(2)), Option.none())
        assert.deepStrictEqual(yield* store.find({ ...of(999), ...key(2) }), Option.none())
      })
    )

    check(
      "replaces a request that is remembered again",
      Effect.gen(function*() {
        const store = yield* PendingAuthorizations
        const { key, serviceId } = of(2)
        yield* store.remember({ ...(yield* requestOf(key(1))), user: { serviceUserHash: "hash" } })
        const again = yield* requestOf(key(1), { open: 30 })
        yield* store.remember(again)
        assert.deepStrictEqual(yield* store.find(key(1)), Option.some(again))
        assert.deepStrictEqual(yield* store.list(serviceId), [again])
      })
    )

    check(
      "lists what a service waits for: without those answered or over, oldest first",
      Effect.gen(function*() {
        const store = yield* PendingAuthorizations
        const { key, serviceId } = of(3)
        const requests = yield* Effect.forEach(
          [[1, 10, 300], [2, 30, 300], [3, 20, 300], [4, 400, -100], [5, 5, 300], [6, 10, 300]],
          ([n = 0, age = 0, open = 0]) => requestOf(key(n), { age, open })
        )
        yield* Effect.forEach(requests, store.remember, { discard: true })
        yield* store.remember(yield* requestOf(of(4).key(1)))
        yield* store.complete(key(5), answerOf("u"))
        const same = requests.filter(({ id }) => id === key(1).id || id === key(6).id)
        const ids = (yield* store.list(serviceId)).map(({ id }) => id)
        assert.deepStrictEqual(ids.slice(0, 2), [key(2).id, key(3).id])
        assert.lengthOf(same, 2)
        assert.deepStrictEqual(ids.slice(2).sort(), [key(1).id, key(6).id])
        assert.isTrue(Option.isSome(yield* store.find(key(4))))
        assert.isTrue(Option.isSome(yield* store.find(key(5))))
      })
    )

    check(
      "keeps the first of two answers, whether the request was remembered or not",
      Effect.gen(function*() {
        const store = yield* PendingAuthorizations
        const { key } = of(5)
        yield* store.remember(yield* requestOf(key(1)))
        for (const n of [1, 2]) {
          assert.deepStrictEqual(yield* store.answer(key(n)), Option.none())
          assert.isTrue(yield* store.complete(key(n), answerOf("first")))
          assert.isFalse(yield* store.complete(key(n), answerOf("second")))
          assert.deepStrictEqual(yield* store.answer(key(n)), Option.some(answerOf("first")))
        }
      })
    )

    check(
      "keeps an answer that came before its request was remembered",
      Effect.gen(function*() {
        const store = yield* PendingAuthorizations
        const { key, serviceId } = of(6)
        yield* store.complete(key(1), answerOf("u"))
        yield* store.remember(yield* requestOf(key(1)))
        assert.deepStrictEqual(yield* store.list(serviceId), [])
        assert.deepStrictEqual(yield* store.awaitAnswer(key(1)), answerOf("u"))
      })
    )

    check(
      "keeps every member of an answer",
      Effect.gen(function*() {
        const store = yield* PendingAuthorizations
        const { key } = of(7)
        const answers = [
          answerOf("u"),
          { ...answerOf("ü\u0001\"'\\"), oaep: Option.some("a\r\nb"), organizationUserHash: Option.some("org") },
          { ...answerOf("v"), jwe: Option.none(), oaep: Option.some("") }
        ]
        yield* Effect.forEach(answers, (answer, n) => store.complete(key(n + 1), answer))
        assert.deepStrictEqual(
          yield* Effect.forEach(answers, (_, n) => store.awaitAnswer(key(n + 1))),
          answers
        )
      })
    )

    check(
      "tells everyone who waits the same one answer, and one only of those who bring one that it is kept",
      Effect.gen(function*() {
        const store = yield* PendingAuthorizations
        const { key } = of(8)
        const waiting = yield* Effect.forkAll(Array.makeBy(20, () => store.awaitAnswer(key(1))))
        yield* Effect.yieldNow()
        const first = yield* Effect.forEach(
          Array.makeBy(20, (n) => answerOf(`u${n}`)),
          (answer) => store.complete(key(1), answer),
          { concurrency: "unbounded" }
        )
        const kept = Option.getOrThrow(yield* store.answer(key(1)))
        assert.lengthOf(first.filter((one) => one), 1)
        assert.deepStrictEqual(yield* Fiber.join(waiting), Array.makeBy(20, () => kept))
      })
    )

    check(
      "does not tell of the answer to another request, nor of another service's",
      Effect.gen(function*() {
        const store = yield* PendingAuthorizations
        const { key } = of(9)
        const waiting = yield* Effect.fork(store.awaitAnswer(key(1)))
        yield* Effect.yieldNow()
        yield* store.complete(key(2), answerOf("other request"))
        yield* store.complete({ ...key(1), serviceId: of(10).serviceId }, answerOf("other service"))
        yield* Effect.yieldNow()
        assert.deepStrictEqual(yield* Fiber.poll(waiting), Option.none())
        yield* store.complete(key(1), answerOf("u"))
        assert.deepStrictEqual(yield* Fiber.join(waiting), answerOf("u"))
      })
    )

    check(
      "goes on waiting where another who waited is interrupted",
      Effect.gen(function*() {
        const store = yield* PendingAuthorizations
        const { key } = of(11)
        const stays = yield* Effect.fork(store.awaitAnswer(key(1)))
        const goes = yield* Effect.fork(store.awaitAnswer(key(1)))
        yield* Effect.yieldNow()
        yield* Fiber.interrupt(goes)
        yield* store.complete(key(1), answerOf("u"))
        assert.deepStrictEqual(yield* Fiber.join(stays), answerOf("u"))
      })
    )

    check(
      "forgets request and answer; whoever waits has the next one",
      Effect.gen(function*() {
        const store = yield* PendingAuthorizations
        const { key, serviceId } = of(12)
        yield* store.remember(yield* requestOf(key(1)))
        yield* store.complete(key(1), answerOf("wrong"))
        yield* store.forget(key(1))
        yield* store.forget(key(2))
        assert.deepStrictEqual(yield* store.find(key(1)), Option.none())
        assert.deepStrictEqual(yield* store.answer(key(1)), Option.none())
        assert.deepStrictEqual(yield* store.list(serviceId), [])
        const waiting = yield* Effect.fork(store.awaitAnswer(key(1)))
        yield* Effect.yieldNow()
        yield* store.forget(key(1))
        assert.isTrue(yield* store.complete(key(1), answerOf("right")))
        assert.deepStrictEqual(yield* Fiber.join(waiting), answerOf("right"))
      })
    )
  })
}
