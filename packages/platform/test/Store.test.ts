import { AuthorizationRequestId, DeviceId } from "@effect-launchkey/core/Authorization"
import * as AuthPolicy from "@effect-launchkey/core/AuthPolicy"
import { LinkingCode } from "@effect-launchkey/core/Device"
import * as EffectivePolicy from "@effect-launchkey/core/EffectivePolicy"
import * as Entity from "@effect-launchkey/core/EntityIdentifier"
import * as ServicePolicy from "@effect-launchkey/core/ServicePolicy"
import * as MemoryStore from "@effect-launchkey/platform/MemoryStore"
import * as Metrics from "@effect-launchkey/platform/Metrics"
import * as Store from "@effect-launchkey/platform/Store"
import * as TestKeys from "@effect-launchkey/testing/TestKeys"
import { assert, describe, it } from "@effect/vitest"
import { DateTime, Duration, Effect, Either, Metric, Option, TestClock } from "effect"
import * as crypto from "node:crypto"

const user: Store.UserKey = {
  directoryId: Entity.DirectoryId.make("9c0f6f3a-7d1c-11ee-b962-0242ac120002"),
  identifier: "alice"
}
const serviceId = Entity.ServiceId.make("a5a2d6d4-7d1c-11ee-b962-0242ac120002")
const otherServiceId = Entity.ServiceId.make("b5a2d6d4-7d1c-11ee-b962-0242ac120002")
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

const device = (id: string = crypto.randomUUID()): Store.Device => ({
  id: DeviceId.make(id),
  user,
  status: "LINK_PENDING",
  name: Option.none(),
  type: Option.none(),
  created: at(0),
  updated: at(0)
})

const code = LinkingCode.make("abcdefg")

const asLinked = (pending: Store.Device): Store.Device => ({ ...pending, status: "LINKED" })

const many = { concurrency: "unbounded" } as const

const store = MemoryStore.make()

describe("seen tokens", () => {
  const token = { issuer: "svc:a", tokenId: "1", until: 20 }

  it.effect("are seen for the first time once, however many ask at once", () =>
    Effect.gen(function*() {
      const { firstSeen } = yield* store
      const answers = yield* Effect.all(Array.from({ length: 50 }, () => firstSeen(token)), many)
      assert.lengthOf(answers.filter((first) => first), 1)
    }))

  it.effect("are an issuer's own", () =>
    Effect.gen(function*() {
      const { firstSeen } = yield* store
      assert.isTrue(yield* firstSeen(token))
      assert.isTrue(yield* firstSeen({ ...token, issuer: "svc:b" }))
      assert.isTrue(yield* firstSeen({ ...token, tokenId: "2" }))
      assert.isFalse(yield* firstSeen(token))
    }))

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
  it.effect("are open one at a time for a user, however many are created at once", () =>
    Effect.gen(function*() {
      const { openAuthorization, openAuthorizations } = yield* store
      const requests = Array.from({ length: 50 }, (_, i) =>
        authorization(0, { serviceId: i % 2 === 0 ? serviceId : otherServiceId }))
      const opened = yield* Effect.all(
        requests.map((request) =>
          openAuthorization(request)
        ),
        many
      )
      const winners = requests.filter((_, i) => Either.isRight(opened[i] ?? Either.left(undefined)))
      assert.lengthOf(winners, 1)
      for (const outcome of opened) {
        if (Either.isLeft(outcome)) assert.deepStrictEqual(outcome.left, winners[0])
      }
      assert.deepStrictEqual(yield* openAuthorizations(user, at(1)), winners)
    }))

  it.effect("of another user or directory are in nobody's way", () =>
    Effect.gen(function*() {
      const { openAuthorization } = yield* store
      const others = [
        user,
        { ...user, identifier: "Alice" },
        { ...user, directoryId: Entity.DirectoryId.make(crypto.randomUUID()) }
      ]
      const opened = yield* Effect.forEach(others, (other) => openAuthorization(authorization(0, { user: other })))
      assert.isTrue(opened.every(Either.isRight))
    }))

  it.effect("make way when their time has passed", () =>
    Effect.gen(function*() {
      const { openAuthorization, openAuthorizations } = yield* store
      const first = authorization(0)
      yield* openAuthorization(first)
      assert.isTrue(Either.isLeft(yield* openAuthorization(authorization(59))))
      assert.deepStrictEqual(yield* openAuthorizations(user, at(60)), [])
      assert.isTrue(Either.isRight(yield* openAuthorization(authorization(60))))
    }))

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

  it.effect("are closed once, however many try at once", () =>
    Effect.gen(function*() {
      const { authorization: find, closeAuthorization, openAuthorization } = yield* store
      const request = authorization(0)
      yield* openAuthorization(request)
      const before = yield* Effect.all(
        Array.from({ length: 50 }, () => closeAuthorization(request.id, at(1), { _tag: "Canceled" })),
        many
      )
      const states = before.map((found) => Option.getOrThrow(found).state._tag)
      assert.lengthOf(states.filter((state) => state === "Open"), 1)
      assert.strictEqual(Option.getOrThrow(yield* find(request.id)).state._tag, "Canceled")
    }))

  it.effect("that have expired or never were are not closed", () =>
    Effect.gen(function*() {
      const { authorization: find, closeAuthorization, openAuthorization } = yield* store
      const request = authorization(0)
      yield* openAuthorization(request)
      yield* closeAuthorization(request.id, at(60), { _tag: "Canceled" })
      assert.deepStrictEqual(yield* find(request.id), Option.some(request))
      assert.isTrue(Option.isNone(yield* closeAuthorization(authorization(0).id, at(0), { _tag: "Canceled" })))
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

describe("linking codes", () => {
  it.effect("link one device, however many use them at once", () =>
    Effect.gen(function*() {
      const { completeLinking, device: find, insertLinking } = yield* store
      const pending = device()
      yield* insertLinking({ code, deviceId: pending.id, expires: at(60), requester: Option.none() }, pending)
      const linked = yield* Effect.all(
        Array.from({ length: 50 }, () => completeLinking(code, at(1), asLinked)),
        many
      )
      assert.lengthOf(linked.filter(Option.isSome), 1)
      assert.strictEqual(Option.getOrThrow(yield* find(pending.id)).status, "LINKED")
    }))

  it.effect("link nothing once they have expired", () =>
    Effect.gen(function*() {
      const { completeLinking, device: find, insertLinking } = yield* store
      const pending = device()
      yield* insertLinking({ code, deviceId: pending.id, expires: at(60), requester: Option.none() }, pending)
      assert.isTrue(Option.isNone(yield* completeLinking(code, at(60), asLinked)))
      assert.strictEqual(Option.getOrThrow(yield* find(pending.id)).status, "LINK_PENDING")
    }))

  it.effect("are given to one device at a time", () =>
    Effect.gen(function*() {
      const { devices, insertLinking } = yield* store
      const inserted = yield* Effect.all(
        Array.from({ length: 10 }, () => {
          const pending = device()
          return insertLinking({ code, deviceId: pending.id, expires: at(60), requester: Option.none() }, pending)
        }),
        many
      )
      assert.lengthOf(inserted.filter((fresh) => fresh), 1)
      assert.lengthOf(yield* devices(user), 1)
    }))

  it.effect("go with their device", () =>
    Effect.gen(function*() {
      const { completeLinking, devices, insertLinking, linking, removeDevice } = yield* store
      const pending = device()
      yield* insertLinking({ code, deviceId: pending.id, expires: at(60), requester: Option.none() }, pending)
      yield* removeDevice(pending.id)
      yield* removeDevice(pending.id)
      assert.isTrue(Option.isNone(yield* linking(code)))
      assert.isTrue(Option.isNone(yield* completeLinking(code, at(1), asLinked)))
      assert.deepStrictEqual(yield* devices(user), [])
    }))
})

describe("devices", () => {
  it.effect("are listed in the order in which they were added, and take their keys with them", () =>
    Effect.gen(function*() {
      const { devices, insertKey, insertLinking, keys, removeDevice } = yield* store
      const [first, second] = [device(), device()]
      yield* insertLinking({ code, deviceId: first.id, expires: at(60), requester: Option.none() }, first)
      yield* insertLinking({
        code: LinkingCode.make("hijklmn"),
        deviceId: second.id,
        expires: at(60),
        requester: Option.none()
      }, second)
      assert.deepStrictEqual((yield* devices(user)).map(({ id }) => id), [first.id, second.id])
      const key: Store.EntityKey = {
        id: TestKeys.device.keyId,
        pem: TestKeys.device.publicKey,
        type: "BOTH",
        active: true,
        created: at(0),
        expires: Option.none()
      }
      assert.isTrue(yield* insertKey(Entity.device(first.id), key))
      assert.isFalse(yield* insertKey(Entity.device(first.id), key))
      assert.isTrue(yield* insertKey(Entity.device(second.id), key))
      yield* removeDevice(first.id)
      assert.deepStrictEqual(yield* keys(Entity.device(first.id)), [])
      assert.lengthOf(yield* keys(Entity.device(second.id)), 1)
      assert.deepStrictEqual((yield* devices(user)).map(({ id }) => id), [second.id])
    }))
})

describe("users", () => {
  it.effect("exist from when they are first needed, and keep what they have", () =>
    Effect.gen(function*() {
      const { devices, ensureUser, hasUser, insertLinking } = yield* store
      assert.isFalse(yield* hasUser(user))
      yield* ensureUser(user)
      assert.isTrue(yield* hasUser(user))
      const pending = device()
      yield* insertLinking({ code, deviceId: pending.id, expires: at(60), requester: Option.none() }, pending)
      yield* ensureUser(user)
      assert.lengthOf(yield* devices(user), 1)
    }))

  it.effect("are found by the push id of a service, and by no other's", () =>
    Effect.gen(function*() {
      const { rememberPushId, userByPushId } = yield* store
      yield* rememberPushId("push", serviceId, user)
      assert.deepStrictEqual(yield* userByPushId("push", serviceId), Option.some(user))
      assert.deepStrictEqual(yield* userByPushId("push", otherServiceId), Option.none())
    }))
})

describe("attempts", () => {
  const limit = { limit: 3, window: Duration.minutes(1) }

  it.effect("are refused beyond the limit until the oldest no longer counts, and a refused one does not count", () =>
    Effect.gen(function*() {
      const store = yield* MemoryStore.make()
      const waits = yield* Effect.forEach(
        [0, 10, 20, 30, 59, 60, 61],
        (second) => store.attempt("x", limit, at(second))
      )
      assert.deepStrictEqual(waits.map(Option.map(Duration.toSeconds)), [
        Option.none(),
        Option.none(),
        Option.none(),
        Option.some(30),
        Option.some(1),
        Option.none(),
        Option.some(9)
      ])
    }))

  it.effect("of one kind leave those of another alone", () =>
    Effect.gen(function*() {
      const store = yield* MemoryStore.make()
      yield* Effect.replicateEffect(store.attempt("x", limit, at(0)), 3)
      assert.deepStrictEqual(yield* store.attempt("y", limit, at(0)), Option.none())
      // long after, when what no longer counts has been forgotten
      assert.deepStrictEqual(yield* store.attempt("x", limit, at(3600)), Option.none())
    }))
})
