import { AuthorizationRequestId } from "@effect-launchkey/core/Authorization"
import * as AuthPolicy from "@effect-launchkey/core/AuthPolicy"
import * as EffectivePolicy from "@effect-launchkey/core/EffectivePolicy"
import * as Entity from "@effect-launchkey/core/EntityIdentifier"
import * as ServicePolicy from "@effect-launchkey/core/ServicePolicy"
import * as MemoryStore from "@effect-launchkey/platform/MemoryStore"
import * as Metrics from "@effect-launchkey/platform/Metrics"
import * as Store from "@effect-launchkey/platform/Store"
import * as TestKeys from "@effect-launchkey/testing/TestKeys"
import { assert, describe, it } from "@effect/vitest"
import { DateTime, Duration, Effect, Metric, Option, TestClock } from "effect"
import * as crypto from "node:crypto"

const user: Store.UserKey = {
  directoryId: Entity.DirectoryId.make("9c0f6f3a-7d1c-11ee-b962-0242ac120002"),
  identifier: "alice"
}
const serviceId = Entity.ServiceId.make("a5a2d6d4-7d1c-11ee-b962-0242ac120002")
const at = (seconds: number) => DateTime.unsafeMake(seconds * 1000)

const authorization = (created: number, options: Partial<Store.Authorization> = {}): Store.Authorization => ({
  id: AuthorizationRequestId.make(crypto.randomUUID()),
  serviceId,
  user,
  request: { user: user.identifier },
  policy: EffectivePolicy.merge(ServicePolicy.none, AuthPolicy.none()),
  deviceIds: [],
  requester: {
    issuer: Entity.service(serviceId),
    recipient: { id: TestKeys.service.keyId, pem: TestKeys.service.publicKey }
  },
  created: at(created),
  expires: at(created + 60),
  state: { _tag: "Open" },
  ...options
})

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
      const others = ["Alice", "Bob"].map((identifier) => authorization(0, { user: { ...user, identifier } }))
      yield* openAuthorization(authorization(0))
      yield* Effect.forEach(others, openAuthorization)
      yield* openAuthorization(authorization(1))
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
  const another = (created: number) => authorization(created, { user: { ...user, identifier: crypto.randomUUID() } })

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
      yield* openAuthorization(authorization(0))
      const current = authorization(60)
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
