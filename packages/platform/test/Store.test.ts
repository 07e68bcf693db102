import { AuthorizationRequestId } from "@effect-launchkey/core/Authorization"
import * as MemoryStore from "@effect-launchkey/platform/MemoryStore"
import * as Metrics from "@effect-launchkey/platform/Metrics"
import { assert, describe, it } from "@effect/vitest"
import { Duration, Effect, Metric, Option, TestClock } from "effect"
import * as crypto from "node:crypto"
import { at, newRequest, newUser } from "./storeContract.ts"

const user = newUser()

const store = MemoryStore.make()

describe("seen tokens", () => {
  const token = { issuer: "svc:a", tokenId: "1", until: 20 }

  it.effect("are remembered until their time, and forgotten after it", () =>
    Effect.gen(function*() {
      const { firstSeen } = yield* store
      const lasting = { ...token, tokenId: "lasting", until: 3600 }
      yield* firstSeen(token)
      yield* firstSeen(lasting)
      yield* TestClock.adjust("19 seconds")
      assert.isFalse(yield* firstSeen(token))
      yield* TestClock.adjust("2 minutes")
      assert.isTrue(yield* firstSeen(token))
      assert.isFalse(yield* firstSeen(lasting))
    }))
})

describe("authorizations", () => {
  it.effect("are counted while they are open: until they are answered, canceled or expired", () =>
    Effect.gen(function*() {
      const { closeAuthorization, openAuthorization, openAuthorizations } = Metrics.counting(yield* store)
      const gauge = Metric.value(Metrics.openRequests.of({}))
      const before = (yield* gauge).value
      const open = Effect.map(gauge, ({ value }) => value - before)
      const others = ["Alice", "Bob"].map((identifier) => newRequest({ ...user, identifier }, 0))
      yield* openAuthorization(newRequest(user, 0))
      yield* Effect.forEach(others, openAuthorization)
      yield* openAuthorization(newRequest(user, 1))
      assert.strictEqual(yield* open, 3)
      const canceled = others[0]?.id ?? AuthorizationRequestId.make(crypto.randomUUID())
      yield* closeAuthorization(canceled, at(1), { _tag: "Canceled" })
      yield* closeAuthorization(canceled, at(1), { _tag: "Canceled" })
      assert.strictEqual(yield* open, 2)
      yield* openAuthorizations(user, at(61))
      assert.strictEqual(yield* open, 0)
    }))
})

describe("requests of long ago", () => {
  const another = (created: number) => newRequest({ ...user, identifier: crypto.randomUUID() }, created)

  it.effect("are remembered for as long after their end as was asked, and forgotten as others come", () =>
    Effect.gen(function*() {
      const { authorization: find, openAuthorization } = yield* MemoryStore.make({ retention: "10 minutes" })
      const requests = Array.from({ length: 20 }, () => another(0))
      const left = (now: number) =>
        Effect.gen(function*() {
          yield* Effect.forEach(Array.from({ length: 20 }), () => openAuthorization(another(now)))
          return (yield* Effect.forEach(requests, ({ id }) => find(id))).filter(Option.isSome).length
        })
      yield* Effect.forEach(requests, openAuthorization)
      assert.strictEqual(yield* left(659), 20)
      assert.strictEqual(yield* left(660), 0)
    }))

  it.effect("leave alone what is their user's now", () =>
    Effect.gen(function*() {
      const { openAuthorization, openAuthorizations } = yield* MemoryStore.make({ retention: 0 })
      yield* openAuthorization(newRequest(user, 0))
      const current = newRequest(user, 60)
      yield* openAuthorization(current)
      yield* Effect.forEach(Array.from({ length: 5 }), () => openAuthorization(another(61)))
      assert.deepStrictEqual(yield* openAuthorizations(user, at(61)), [current])
    }))
})

describe("attempts", () => {
  const limit = { limit: 3, window: Duration.minutes(1) }

  it.effect("of one kind leave those of another alone", () =>
    Effect.gen(function*() {
      const store = yield* MemoryStore.make()
      yield* Effect.replicateEffect(store.attempt("x", limit, at(0)), 3)
      assert.deepStrictEqual(yield* store.attempt("y", limit, at(0)), Option.none())
      // long after, when what no longer counts has been forgotten
      assert.deepStrictEqual(yield* store.attempt("x", limit, at(3600)), Option.none())
    }))
})
