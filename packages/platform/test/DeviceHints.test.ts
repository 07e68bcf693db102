import { AuthorizationRequestId, DeviceId } from "@effect-launchkey/core/Authorization"
import * as AuthPolicy from "@effect-launchkey/core/AuthPolicy"
import { LinkingCode } from "@effect-launchkey/core/Device"
import * as EffectivePolicy from "@effect-launchkey/core/EffectivePolicy"
import * as Entity from "@effect-launchkey/core/EntityIdentifier"
import * as ServicePolicy from "@effect-launchkey/core/ServicePolicy"
import type { StoreUnavailable } from "@effect-launchkey/core/StoreUnavailable"
import * as Caller from "@effect-launchkey/platform/Caller"
import * as DeviceHints from "@effect-launchkey/platform/DeviceHints"
import * as DeviceNotices from "@effect-launchkey/platform/DeviceNotices"
import * as MemoryStore from "@effect-launchkey/platform/MemoryStore"
import * as Store from "@effect-launchkey/platform/Store"
import * as TestKeys from "@effect-launchkey/testing/TestKeys"
import * as HttpServerRequest from "@effect/platform/HttpServerRequest"
import { assert, describe, it } from "@effect/vitest"
import { Chunk, DateTime, Effect, Exit, Fiber, Option, Queue, Scope, Stream, TestClock } from "effect"

const user: Store.UserKey = {
  directoryId: Entity.DirectoryId.make("9c0f6f3a-7d1c-11ee-b962-0242ac120002"),
  identifier: "alice"
}
const serviceId = Entity.ServiceId.make("a5a2d6d4-7d1c-11ee-b962-0242ac120002")
const id = DeviceId.make("eba60cb8-c649-11e7-abc4-cec278b6b50a")
const otherId = DeviceId.make("fba60cb8-c649-11e7-abc4-cec278b6b50a")
const now = DateTime.unsafeMake(0)

const requester: Store.Requester = {
  issuer: Entity.service(serviceId),
  recipient: { id: TestKeys.service.keyId, pem: TestKeys.service.publicKey }
}

const request: Store.Authorization = {
  id: AuthorizationRequestId.make("b1d05c28-0b18-41e4-94a0-853758eeefc8"),
  serviceId,
  user,
  request: { user: user.identifier },
  policy: EffectivePolicy.merge(ServicePolicy.none, AuthPolicy.none()),
  deviceIds: [id],
  requester,
  created: now,
  expires: DateTime.unsafeMake(60_000),
  state: { _tag: "Open" }
}

const session: Store.SessionRecord = {
  user,
  serviceId,
  authorizationRequestId: Option.none(),
  issuer: requester.issuer,
  created: now
}

const linked = (id: DeviceId, code: string) => (store: Store.Service) =>
  store.insertLinking({ code: LinkingCode.make(code), deviceId: id, expires: now, requester: Option.none() }, {
    id,
    user,
    status: "LINKED",
    name: Option.none(),
    type: Option.none(),
    created: now,
    updated: now
  })

/** A store with two devices of a user, and what is told of it. */
const world = Effect.gen(function*() {
  const notices = yield* DeviceNotices.makeMemory
  const store = DeviceNotices.announcing(yield* MemoryStore.make(), notices)
  yield* linked(id, "abcdefg")(store)
  yield* linked(otherId, "bcdefgh")(store)
  const app = yield* DeviceHints.make.pipe(
    Effect.provideService(Store.Store, store),
    Effect.provideService(DeviceNotices.DeviceNotices, notices)
  )
  const ask = (subject: Entity.EntityIdentifier) =>
    app.pipe(
      Effect.provideService(
        Caller.Caller,
        Option.some({ issuer: subject, subject, signingKeyId: TestKeys.device.keyId })
      ),
      Effect.provideService(
        HttpServerRequest.HttpServerRequest,
        HttpServerRequest.fromWeb(new Request("http://platform/device/v3/events"))
      ),
      Effect.scoped
    )

  /** What a device is sent, piece by piece, and how the stream ends. */
  const listening = (deviceId: DeviceId = id) =>
    Effect.gen(function*() {
      const { body } = yield* ask(Entity.device(deviceId))
      if (body._tag !== "Stream") return yield* Effect.dieMessage("not a stream")
      const pieces = yield* Queue.unbounded<string>()
      const fiber = yield* body.stream.pipe(
        Stream.decodeText(),
        Stream.runForEach((piece) => Queue.offer(pieces, piece)),
        Effect.fork
      )
      assert.strictEqual(yield* Queue.take(pieces), "data: change\n\n")
      return { next: Queue.take(pieces), taken: Effect.map(Queue.takeAll(pieces), Chunk.toReadonlyArray), fiber }
    })

  return { store, notices, ask, listening }
})

const change = "data: change\n\n"

describe("the hints of the platform", () => {
  it.effect("begin with one, since what happened before was not told", () =>
    Effect.gen(function*() {
      const { listening } = yield* world
      yield* listening()
    }))

  const changes: ReadonlyArray<
    readonly [what: string, (store: Store.Service) => Effect.Effect<unknown, StoreUnavailable>]
  > = [
    ["a request opens", (store) => store.openAuthorization(request)],
    [
      "a request is closed",
      (store) =>
        Effect.zipRight(
          store.openAuthorization(request),
          store.closeAuthorization(request.id, now, { _tag: "Canceled" })
        )
    ],
    ["a session starts", (store) => store.startSession(session)],
    [
      "a session ends",
      (store) => Effect.zipRight(store.startSession(session), store.endSession(user, serviceId))
    ],
    ["another device is unlinked", (store) => store.removeDevice(otherId)]
  ]
  for (const [what, happen] of changes) {
    it.effect(`tell that something changed when ${what}, and not what`, () =>
      Effect.gen(function*() {
        const { listening, store } = yield* world
        const { next } = yield* listening()
        yield* happen(store)
        assert.strictEqual(yield* next, change)
      }))
  }

  it.effect("are for each device of the user", () =>
    Effect.gen(function*() {
      const { listening, store } = yield* world
      const [one, other] = [yield* listening(), yield* listening(otherId)]
      yield* store.openAuthorization(request)
      assert.deepStrictEqual([yield* one.next, yield* other.next], [change, change])
    }))

  it.effect("say nothing where nothing came of it", () =>
    Effect.gen(function*() {
      const { listening, store } = yield* world
      const { taken } = yield* listening()
      yield* store.endSession(user, serviceId)
      yield* store.closeAuthorization(request.id, now, { _tag: "Canceled" })
      yield* store.openAuthorization({ ...request, user: { ...user, identifier: "bob" } })
      yield* TestClock.adjust("1 second")
      assert.deepStrictEqual(yield* taken, [])
    }))

  it.effect("show every fifteen seconds that the platform is there", () =>
    Effect.gen(function*() {
      const { listening } = yield* world
      const { taken } = yield* listening()
      yield* TestClock.adjust("46 seconds")
      assert.deepStrictEqual(yield* taken, [":\n\n", ":\n\n", ":\n\n"])
    }))

  it.effect("end after ten minutes, so that the device asks anew", () =>
    Effect.gen(function*() {
      const { listening } = yield* world
      const { fiber } = yield* listening()
      yield* TestClock.adjust("599 seconds")
      assert.isTrue(Option.isNone(yield* Fiber.poll(fiber)))
      yield* TestClock.adjust("1 second")
      yield* Fiber.join(fiber)
    }))

  it.effect("end when the device is unlinked", () =>
    Effect.gen(function*() {
      const { listening, store } = yield* world
      const { fiber, taken } = yield* listening()
      yield* store.removeDevice(id)
      yield* Fiber.join(fiber)
      assert.deepStrictEqual(yield* taken, [])
    }))

  it.effect("are refused to a device that is not linked", () =>
    Effect.gen(function*() {
      const { ask, store } = yield* world
      yield* store.removeDevice(id)
      assert.strictEqual((yield* ask(Entity.device(id))).status, 401)
    }))

  it.effect("are refused to who is no device", () =>
    Effect.gen(function*() {
      const { ask } = yield* world
      assert.strictEqual((yield* ask(Entity.service(serviceId))).status, 403)
    }))
})

describe("notices in memory", () => {
  const device = { id, user }

  it.effect("that nobody took yet are one", () =>
    Effect.gen(function*() {
      const notices = yield* DeviceNotices.makeMemory
      const heard = yield* notices.listen(device)
      yield* Effect.replicateEffect(notices.announce(user), 3)
      const fiber = yield* Effect.fork(Stream.runCount(Stream.interruptAfter(heard, "1 second")))
      yield* TestClock.adjust("1 second")
      assert.strictEqual(yield* Fiber.join(fiber), 1)
    }).pipe(Effect.scoped))

  it.effect("end for the first of five that listen for one device, and for no other", () =>
    Effect.gen(function*() {
      const notices = yield* DeviceNotices.makeMemory
      const other = yield* Effect.flatMap(notices.listen({ ...device, id: otherId }), (heard) =>
        Effect.fork(Stream.runDrain(heard)))
      const listen = Effect.flatMap(notices.listen(device), (heard) =>
        Effect.fork(Stream.runDrain(heard)))
      const first = yield* listen
      const others = [other, ...(yield* Effect.replicateEffect(listen, 4))]
      yield* Fiber.join(first)
      assert.isTrue((yield* Effect.forEach(others, Fiber.poll)).every(Option.isNone))
      yield* Effect.forEach(others, Fiber.interrupt)
    }).pipe(Effect.scoped))

  it.effect("are for those who still listen", () =>
    Effect.gen(function*() {
      const notices = yield* DeviceNotices.makeMemory
      const scope = yield* Scope.make()
      const gone = yield* Scope.extend(notices.listen(device), scope)
      yield* Scope.close(scope, Exit.void)
      yield* notices.announce(user)
      assert.strictEqual(yield* Stream.runCount(gone), 0)
    }))

  it.effect("all end with their layer", () =>
    Effect.gen(function*() {
      const heard = yield* Effect.provide(
        Effect.flatMap(DeviceNotices.DeviceNotices, (notices) => notices.listen(device)),
        DeviceNotices.layerMemory
      )
      yield* Stream.runDrain(heard)
    }).pipe(Effect.scoped))
})
