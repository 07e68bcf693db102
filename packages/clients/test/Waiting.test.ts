import * as ApiError from "@effect-launchkey/core/ApiError"
import {
  AuthorizationPackage,
  AuthorizationRequest,
  AuthorizationRequestId
} from "@effect-launchkey/core/Authorization"
import { ServiceId } from "@effect-launchkey/core/EntityIdentifier"
import * as TestTransport from "@effect-launchkey/testing/TestTransport"
import { MessageRejected, TransportError } from "@effect-launchkey/transport/TransportError"
import { assert, describe, it } from "@effect/vitest"
import * as Array from "effect/Array"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import * as LogLevel from "effect/LogLevel"
import * as Option from "effect/Option"
import * as Schedule from "effect/Schedule"
import * as Schema from "effect/Schema"
import * as TestClock from "effect/TestClock"
import * as PendingAuthorizations from "../src/PendingAuthorizations.ts"
import * as ServiceClient from "../src/ServiceClient.ts"
import { StoreUnavailable } from "../src/StoreUnavailable.ts"
import { answered, id, otherId, pending, refusal, script, serviceId as service } from "./support.ts"

const serviceId = ServiceId.make(service)
const key: PendingAuthorizations.Key = { serviceId, id }

const requestOf = (ttl: Duration.DurationInput = "300 seconds", named = id) =>
  new AuthorizationRequest({
    id: named,
    ttl: Duration.decode(ttl),
    deviceIds: Option.none(),
    pushPackage: Option.none()
  })

const push = (n: number) => `00000000-0000-5000-8000-${n.toString().padStart(12, "0")}`

const decodeId = Schema.decodeSync(AuthorizationRequestId)

const idOf = (n: number) => decodeId(push(n))

const decodePackage = Schema.decodeUnknownSync(AuthorizationPackage)

/** What a webhook brings: told from other answers by its user push id. */
const webhook = (
  n = 0,
  options: TestTransport.AnsweredOptions = {},
  named: AuthorizationRequestId = id
): AuthorizationPackage =>
  decodePackage(
    answered({ userPushId: push(n), ...options })({
      method: "GET",
      path: `/service/v3/auths/${named}`,
      subject: "",
      body: undefined,
      at: 0
    }).body
  )

const memory = PendingAuthorizations.makeMemory()

/** Who the answer must be about, so that a webhook's is believed as it is. */
const from = (n: number) => ({ user: { userPushId: push(n) } })

/** A client that waits for webhooks too. */
const wired = (store: PendingAuthorizations.Service, reply: TestTransport.Responder = pending) =>
  Effect.gen(function*() {
    const client = yield* ServiceClient.ServiceClient
    const { requests } = yield* TestTransport.TestTransport
    return { client, sent: requests, times: Effect.map(requests, Array.map(({ at }) => at)) }
  }).pipe(
    Effect.provide(Layer.provideMerge(
      Layer.provide(
        ServiceClient.layer({ serviceId }),
        Layer.succeed(PendingAuthorizations.PendingAuthorizations, store)
      ),
      TestTransport.layerReplies(reply)
    )),
    Effect.orDie
  )

const nobodyWaits = (store: PendingAuthorizations.Memory) =>
  Effect.map(store.size, ({ awaited }) => assert.strictEqual(awaited, 0))

/** What was logged from the level of warnings on, in full. */
const warnings = <A, E, R>(effect: Effect.Effect<A, E, R>) => {
  const lines: Array<string> = []
  const logger = Logger.make(({ logLevel, message }) => {
    if (LogLevel.greaterThanEqual(logLevel, LogLevel.Warning)) lines.push(Array.ensure(message).map(String).join(" "))
  })
  return Effect.map(
    Effect.provide(effect, Logger.replace(Logger.defaultLogger, logger)),
    (result) => ({ result, lines })
  )
}

describe("awaitResponse with webhooks", () => {
  it.effect("has the answer of the expected user from the webhook, and asks the platform for nothing", () =>
    Effect.gen(function*() {
      const store = yield* memory
      const { client, times } = yield* wired(store)
      const fiber = yield* Effect.fork(client.awaitResponse(requestOf(), from(1)))
      yield* TestClock.adjust("8 seconds")
      assert.isTrue(yield* store.complete(key, webhook(1, { type: "DENIED", reason: "DISAPPROVED" })))
      const response = yield* Fiber.join(fiber)
      assert.isFalse(response.authorized)
      assert.strictEqual(response.userPushId, push(1))
      assert.deepStrictEqual(yield* times, [])
      yield* nobodyWaits(store)
    }))

  it.effect("has the answer from the platform where the webhook is lost, and keeps it: one that comes after is none", () =>
    Effect.gen(function*() {
      const store = yield* memory
      const { client, times } = yield* wired(store, answered({ userPushId: push(1) }))
      const fiber = yield* Effect.fork(client.awaitResponse(requestOf()))
      yield* TestClock.adjust("54 seconds")
      assert.strictEqual((yield* Fiber.join(fiber)).userPushId, push(1))
      assert.lengthOf(yield* times, 1)
      assert.isFalse(yield* store.complete(key, webhook(2)))
      assert.strictEqual((yield* client.awaitResponse(id)).userPushId, push(1))
      yield* nobodyWaits(store)
    }))

  it.effect("asks the platform, once and when the webhook comes, where it is not known who the user is", () =>
    Effect.gen(function*() {
      const store = yield* memory
      const { client, times } = yield* wired(store, answered({ userPushId: push(1) }))
      for (const user of [undefined, {}, { userPushId: undefined }]) {
        const before = (yield* times).length
        const fiber = yield* Effect.fork(client.awaitResponse(requestOf(), { user }))
        yield* TestClock.adjust("3 seconds")
        assert.lengthOf(yield* times, before)
        yield* store.complete(key, webhook(1))
        assert.strictEqual((yield* Fiber.join(fiber)).userPushId, push(1))
        assert.lengthOf(yield* times, before + 1)
        yield* store.forget(key)
      }
      yield* nobodyWaits(store)
    }))

  it.effect("has one answer where both come at once", () =>
    Effect.gen(function*() {
      const store = yield* memory
      const { client, times } = yield* wired(store, (request) =>
        Effect.as(Effect.orDie(store.complete(key, webhook(1))), answered({ userPushId: push(1) })(request)))
      const fiber = yield* Effect.fork(client.awaitResponse(requestOf()))
      yield* TestClock.adjust("54 seconds")
      assert.strictEqual((yield* Fiber.join(fiber)).userPushId, push(1))
      assert.isAtMost((yield* times).length, 2)
    }))

  it.effect("has the answer that is kept where the platform's cannot be read, also where the store is slow to tell", () =>
    Effect.gen(function*() {
      const store = yield* memory
      for (const reply of [answered({ authorizationRequestId: otherId }), () => refusal(408, "HTTP-408")]) {
        yield* store.forget(key)
        const { client } = yield* wired(
          { ...store, awaitAnswer: () => Effect.never },
          (request) => Effect.as(Effect.orDie(store.complete(key, webhook(1))), reply(request))
        )
        assert.strictEqual((yield* client.awaitResponse(id, from(1))).userPushId, push(1))
      }
    }))

  it.effect("has the first of many webhooks, and only that one is kept", () =>
    Effect.gen(function*() {
      const store = yield* memory
      const { client } = yield* wired(store)
      const fiber = yield* Effect.fork(client.awaitResponse(requestOf(), from(1)))
      yield* TestClock.adjust("1 second")
      const kept = yield* Effect.forEach([1, 2, 3], (n) => store.complete(key, webhook(n)))
      assert.deepStrictEqual(kept, [true, false, false])
      assert.strictEqual((yield* Fiber.join(fiber)).userPushId, push(1))
    }))

  it.effect("has an answer that came before it began to wait, and asks the platform for nothing", () =>
    Effect.gen(function*() {
      const store = yield* memory
      const { client, times } = yield* wired(store)
      yield* store.complete(key, webhook(1))
      const request = yield* PendingAuthorizations.fromRequest(serviceId, requestOf())
      yield* store.remember(request)
      assert.deepStrictEqual(yield* store.list(serviceId), [])
      for (const named of [requestOf(), id, request]) {
        assert.strictEqual((yield* client.awaitResponse(named, from(1))).userPushId, push(1))
      }
      const scheduled = yield* client.awaitResponse(id, { ...from(1), schedule: Schedule.stop })
      assert.strictEqual(scheduled.userPushId, push(1))
      assert.deepStrictEqual(yield* times, [])
    }))

  it.effect("does not have the answer to another request, nor of another service's", () =>
    Effect.gen(function*() {
      const store = yield* memory
      const { client } = yield* wired(store)
      const fiber = yield* Effect.fork(client.awaitResponse(requestOf(), from(3)))
      yield* TestClock.adjust("1 second")
      yield* store.complete({ serviceId, id: otherId }, webhook(1, {}, otherId))
      yield* store.complete({ serviceId: ServiceId.make(otherId), id }, webhook(2))
      yield* TestClock.adjust("1 second")
      assert.deepStrictEqual(yield* Fiber.poll(fiber), Option.none())
      yield* store.complete(key, webhook(3))
      assert.strictEqual((yield* Fiber.join(fiber)).userPushId, push(3))
    }))

  it.effect("tells everyone who waits for one request the same, and keeps one answer, whoever reads it", () =>
    Effect.gen(function*() {
      const store = yield* memory
      const kept: Array<boolean> = []
      const counted: PendingAuthorizations.Service = {
        ...store,
        complete: (...args) => Effect.tap(store.complete(...args), (first) => Effect.sync(() => kept.push(first)))
      }
      let reads = 0
      const nodes = yield* Effect.replicateEffect(
        wired(counted, (request) => ++reads <= 4 ? pending : answered({ userPushId: push(1) })(request)),
        4
      )
      const fiber = yield* Effect.forkAll(nodes.map(({ client }) => client.awaitResponse(id)))
      yield* TestClock.adjust("54 seconds")
      const told = new Set((yield* Fiber.join(fiber)).map(({ userPushId }) => userPushId))
      yield* counted.complete(key, webhook(1))
      assert.strictEqual(told.size, 1)
      assert.lengthOf(kept.filter((first) => first), 1)
      assert.isAtLeast(kept.length, 2)
    }))

  it.effect("awaits again after a restart, what was remembered for what is left of its time, from its user", () =>
    Effect.gen(function*() {
      const store = yield* memory
      const before = yield* wired(store)
      const user = { userPushId: push(1) }
      yield* store.remember(yield* PendingAuthorizations.fromRequest(serviceId, requestOf("60 seconds"), { user }))
      const lost = yield* Effect.fork(before.client.awaitResponse(requestOf("60 seconds")))
      yield* TestClock.adjust("40 seconds")
      yield* Fiber.interrupt(lost)

      const after = yield* wired(store)
      const [remembered] = yield* store.list(serviceId)
      assert.isDefined(remembered)
      const again = yield* Effect.fork(Effect.flip(after.client.awaitResponse(remembered)))
      yield* TestClock.adjust("45 seconds")
      assert.instanceOf(yield* Fiber.join(again), ServiceClient.AwaitTimedOut)
      const [first, ...others] = yield* after.times
      assert.strictEqual(first, 40_000)
      assert.isAtMost(others.at(-1) ?? 0, 82_000)

      yield* store.complete(key, webhook(1))
      assert.strictEqual((yield* after.client.awaitResponse(remembered)).userPushId, push(1))
    }))

  it.effect("reads the platform's verdict on what was remembered and is over", () =>
    Effect.gen(function*() {
      const store = yield* memory
      const { client } = yield* wired(store, refusal(408, "HTTP-408"))
      const request = yield* PendingAuthorizations.fromRequest(serviceId, requestOf("30 seconds"))
      yield* TestClock.adjust("1 hour")
      assert.instanceOf(yield* Effect.flip(client.awaitResponse(request)), ApiError.RequestTimedOut)
    }))

  it.effect("refuses what was remembered for another service, before anything is sent", () =>
    Effect.gen(function*() {
      const { client, sent } = yield* wired(yield* memory)
      const request = yield* PendingAuthorizations.fromRequest(ServiceId.make(otherId), requestOf())
      const error = yield* Effect.flip(client.awaitResponse(request))
      assert.instanceOf(error, ApiError.InvalidParameters)
      assert.deepStrictEqual(error.issues.map(({ path }) => path), ["serviceId"])
      assert.deepStrictEqual(yield* sent, [])
    }))
})

describe("the safety net under a webhook", () => {
  for (
    const [name, request, first] of [
      ["a request that was just created, after 36 seconds at the earliest", requestOf(), [36_000, 54_021]],
      ["a request of which only the id is known, at once", id, [0, 0]]
    ] as const
  ) {
    it.effect(`reads ${name}, then seldom, and the platform's verdict soon`, () =>
      Effect.gen(function*() {
        const store = yield* memory
        const { client, times } = yield* wired(
          store,
          ({ at }) => at < 300_000 ? pending : refusal(408, "HTTP-408")
        )
        const fiber = yield* Effect.fork(Effect.flip(client.awaitResponse(request)))
        yield* TestClock.adjust("305 seconds")
        assert.instanceOf(yield* Fiber.join(fiber), ApiError.RequestTimedOut)
        const at = yield* times
        assert.isAtLeast(at[0] ?? -1, first[0])
        assert.isAtMost(at[0] ?? -1, first[1])
        assert.isAtMost(at.length, 6)
        // one of the seldom ones may come at the very end, and has the verdict then
        assert.isAtLeast(at.at(-1) ?? 0, 300_000)
        assert.isAtMost(at.at(-1) ?? 0, 304_021)
        assert.isAtMost(Math.max(...at.slice(1).map((time, index) => time - (at[index] ?? 0))), 108_021)
        yield* nobodyWaits(store)
      }))
  }

  it.effect("asks less than once in a minute for each of many that nobody answers, and for each at a time of its own", () =>
    Effect.gen(function*() {
      const store = yield* memory
      const { client, times } = yield* wired(store)
      const many = Array.makeBy(40, (n) => requestOf("300 seconds", idOf(n)))
      const fiber = yield* Effect.forkAll(many.map((request) => client.awaitResponse(request)))
      for (const minute of [1, 2, 3, 4, 5]) {
        yield* TestClock.adjust("1 minute")
        const asked = (yield* times).filter((time) => time > (minute - 1) * 60_000)
        assert.isAtMost(asked.length, many.length)
      }
      const all = yield* times
      assert.isAtLeast(all.length, 2 * many.length)
      // of some fifty seconds in which they may be asked for
      assert.isAtLeast(new Set(all.map((time) => Math.floor(time / 1000))).size, 20)
      yield* Fiber.interrupt(fiber)
      yield* nobodyWaits(store)
    }))

  it.effect("is asked no more when nobody waits, by waits that began later and by a store that cannot be listened to", () =>
    Effect.gen(function*() {
      const store = yield* memory
      const { client, times } = yield* wired({ ...store, awaitAnswer: (key) => store.awaitAnswer(key) })
      const slow = yield* Effect.fork(client.awaitResponse(requestOf(), from(1)))
      yield* TestClock.adjust("30 seconds")
      const soon = yield* Effect.fork(Effect.flip(client.awaitResponse(requestOf("30 seconds", idOf(1)))))
      yield* store.complete(key, webhook(1))
      assert.strictEqual((yield* Fiber.join(slow)).userPushId, push(1))
      yield* TestClock.adjust("51 seconds")
      assert.instanceOf(yield* Fiber.join(soon), ServiceClient.AwaitTimedOut)
      assert.isTrue((yield* times).every((time) => time > 60_000))
      yield* nobodyWaits(store)
    }))

  it.effect("ends 15 seconds after the time to live, and leaves the request open", () =>
    Effect.gen(function*() {
      const store = yield* memory
      const { client, sent, times } = yield* wired(store)
      const fiber = yield* Effect.fork(Effect.flip(client.awaitResponse(requestOf("30 seconds"))))
      yield* TestClock.adjust("45 seconds")
      assert.deepStrictEqual(yield* Fiber.poll(fiber), Option.none())
      yield* TestClock.adjust("6 seconds")
      assert.instanceOf(yield* Fiber.join(fiber), ServiceClient.AwaitTimedOut)
      // none before the end of its time, and some for the verdict
      assert.isAtMost((yield* times).length, 5)
      assert.isAtLeast((yield* times).filter((time) => time > 30_000).length, 3)
      assert.isTrue((yield* sent).every(({ method }) => method === "GET"))
      yield* nobodyWaits(store)
    }))

  it.effect("is the schedule that is given, read at once and at its times", () =>
    Effect.gen(function*() {
      const store = yield* memory
      const { client, times } = yield* wired(store)
      const schedule = Schedule.intersect(Schedule.spaced("7 seconds"), Schedule.recurs(3))
      const fiber = yield* Effect.fork(Effect.flip(client.awaitResponse(requestOf(), { schedule })))
      yield* TestClock.adjust("21 seconds")
      assert.instanceOf(yield* Fiber.join(fiber), ServiceClient.AwaitTimedOut)
      assert.deepStrictEqual(yield* times, [0, 7_000, 14_000, 21_000])
      yield* nobodyWaits(store)
    }))

  it.effect("ends the waiting with any error of a read", () =>
    Effect.gen(function*() {
      for (
        const reply of [
          refusal(400, "SVC-007"),
          refusal(503, "HTTP-503"),
          new TransportError({ reason: "Unreachable", operation: "test" })
        ]
      ) {
        const store = yield* memory
        const { client } = yield* wired(store, reply)
        const error = yield* Effect.flip(client.awaitResponse(id))
        assert.include(["AuthorizationRequestCanceled", "UnexpectedApiError", "TransportError"], error._tag)
        yield* nobodyWaits(store)
      }
    }))

  it.effect("yields to a webhook that comes while the platform says that it is too late", () =>
    Effect.gen(function*() {
      const store = yield* memory
      const { client } = yield* wired(store, () =>
        Effect.as(Effect.orDie(store.complete(key, webhook(1))), refusal(408, "HTTP-408")))
      for (const schedule of [undefined, Schedule.stop]) {
        yield* store.forget(key)
        assert.strictEqual((yield* client.awaitResponse(id, { ...from(1), schedule })).userPushId, push(1))
      }
    }))
})

describe("an answer that is not the expected one", () => {
  it.effect("of a device that names somebody else's request is not believed: the true one is had", () =>
    Effect.gen(function*() {
      const store = yield* memory
      const { client } = yield* wired(
        store,
        (request) => request.at < 20_000 ? pending : answered({ userPushId: push(1), type: "DENIED" })(request)
      )
      for (const schedule of [undefined, Schedule.spaced("4 seconds")]) {
        yield* store.forget(key)
        const fiber = yield* Effect.forkAll([
          client.awaitResponse(requestOf(), { schedule }),
          client.awaitResponse(requestOf(), { ...from(1), schedule }),
          client.awaitResponse(id, { schedule })
        ])
        yield* TestClock.adjust("1 second")
        yield* store.complete(key, webhook(2))
        yield* TestClock.adjust("30 seconds")
        for (const { authorized, userPushId } of yield* Fiber.join(fiber)) {
          assert.deepStrictEqual([authorized, userPushId], [false, push(1)])
        }
      }
      yield* nobodyWaits(store)
    }))

  it.effect("about another user, from the platform, is refused", () =>
    Effect.gen(function*() {
      const { client } = yield* wired(yield* memory, answered({ userPushId: push(2) }))
      const error = yield* Effect.flip(client.awaitResponse(id, from(1)))
      assert.instanceOf(error, MessageRejected)
      assert.deepStrictEqual([error.kind, error.reason], ["DeviceAnswer", "UserMismatch"])
    }))

  it.effect("to another request, in the store, does not stand in the way of the true one", () =>
    Effect.gen(function*() {
      const store = yield* memory
      const { client } = yield* wired(store, answered({ userPushId: push(1) }))
      yield* store.complete(key, webhook(1, { authorizationRequestId: otherId }))
      for (const options of [{}, from(1)]) {
        assert.strictEqual((yield* client.awaitResponse(id, options)).userPushId, push(1))
      }
    }))

  it.effect("to another request, from the platform, is refused and not kept", () =>
    Effect.gen(function*() {
      const store = yield* memory
      const { client } = yield* wired(store, answered({ authorizationRequestId: otherId }))
      const error = yield* Effect.flip(client.awaitResponse(id))
      assert.instanceOf(error, MessageRejected)
      assert.strictEqual(error.reason, "AuthorizationRequestMismatch")
      assert.deepStrictEqual(yield* store.answer(key), Option.none())
    }))
})

const away = <A>(operation: string): Effect.Effect<A, StoreUnavailable> =>
  Effect.fail(new StoreUnavailable({ operation, cause: new Error(`${push(7)} violates a constraint`) }))

/** Most of the default schedule's intervals are of about 5 seconds. */
const isNormalPace = (times: ReadonlyArray<number>) => {
  const gaps = times.slice(1).map((time, index) => time - (times[index] ?? 0))
  assert.isNotEmpty(gaps)
  assert.isAtMost(Math.max(...gaps), 6_001)
}

describe("with the store away", () => {
  for (const request of [requestOf(), id]) {
    it.effect(`from the start, polls at the normal pace: ${request === id ? "an id" : "a request"}`, () =>
      Effect.gen(function*() {
        const store = yield* memory
        const { client, times } = yield* wired(
          { ...store, answer: () => away("answer"), awaitAnswer: () => away("awaitAnswer"), complete: () => away("c") },
          (request) => request.at < 60_000 ? pending : answered({ userPushId: push(7) })(request)
        )
        const { lines, result } = yield* warnings(Effect.gen(function*() {
          const fiber = yield* Effect.fork(client.awaitResponse(request))
          yield* TestClock.adjust("66 seconds")
          return yield* Fiber.join(fiber)
        }))
        assert.isTrue(result.authorized)
        assert.strictEqual((yield* times)[0], 0)
        isNormalPace(yield* times)
        assert.lengthOf(lines, 1)
        assert.match(lines[0] ?? "", /the store did not answer, or refused.* goes on polling the platform/)
        assert.notInclude(lines[0], push(7))
      }))
  }

  it.effect("from the middle on, polls at the normal pace for what is left of the time", () =>
    Effect.gen(function*() {
      const store = yield* memory
      const { client, times } = yield* wired({
        ...store,
        awaitAnswer: (key) =>
          Effect.raceFirst(
            store.awaitAnswer(key),
            Effect.delay(away<never>("PendingAuthorizations.awaitAnswer"), "9 seconds")
          )
      })
      const { lines, result } = yield* warnings(Effect.gen(function*() {
        const fiber = yield* Effect.fork(Effect.flip(client.awaitResponse(requestOf("60 seconds"))))
        yield* TestClock.adjust("82 seconds")
        return yield* Fiber.join(fiber)
      }))
      assert.instanceOf(result, ServiceClient.AwaitTimedOut)
      const after = (yield* times).filter((time) => time >= 9_000)
      assert.strictEqual(after[0], 9_000)
      assert.isAtLeast(after.at(-1) ?? 0, 75_000)
      isNormalPace(after)
      assert.lengthOf(lines, 1)
      yield* nobodyWaits(store)
    }))

  it.effect("when the answer is to be kept, has it all the same, also where it does not answer at all", () =>
    Effect.gen(function*() {
      for (const complete of [() => away<boolean>("complete"), () => Effect.never]) {
        const store = yield* memory
        const { client, times } = yield* wired({ ...store, complete }, answered({ userPushId: push(7) }))
        const { lines, result } = yield* warnings(Effect.gen(function*() {
          const fiber = yield* Effect.fork(client.awaitResponse(id))
          yield* TestClock.adjust("5 seconds")
          return yield* Fiber.join(fiber)
        }))
        assert.strictEqual(result.userPushId, push(7))
        assert.lengthOf(yield* times, 1)
        assert.lengthOf(lines, 1)
        yield* nobodyWaits(store)
      }
    }))

  it.effect("keeps to a schedule that is given", () =>
    Effect.gen(function*() {
      const store = yield* memory
      const { client, times } = yield* wired({
        ...store,
        answer: () => away("answer"),
        awaitAnswer: () => Effect.delay(away("awaitAnswer"), "9 seconds")
      })
      const schedule = Schedule.intersect(Schedule.spaced("7 seconds"), Schedule.recurs(3))
      const { lines, result } = yield* warnings(Effect.gen(function*() {
        const fiber = yield* Effect.fork(Effect.flip(client.awaitResponse(requestOf(), { schedule })))
        yield* TestClock.adjust("21 seconds")
        return yield* Fiber.join(fiber)
      }))
      assert.instanceOf(result, ServiceClient.AwaitTimedOut)
      assert.deepStrictEqual(yield* times, [0, 7_000, 14_000, 21_000])
      assert.lengthOf(lines, 1)
    }))

  it.effect("says so once for all who wait, and again only after it worked", () =>
    Effect.gen(function*() {
      const store = yield* memory
      let broken = true
      const { client } = yield* wired(
        { ...store, awaitAnswer: (key) => broken ? away("awaitAnswer") : store.awaitAnswer(key) },
        ({ at }) => at < 1 ? pending : refusal(408, "HTTP-408")
      )
      const round = Effect.gen(function*() {
        const fiber = yield* Effect.forkAll(
          Array.makeBy(50, () => Effect.exit(client.awaitResponse(requestOf())))
        )
        yield* TestClock.adjust("1 second")
        yield* Fiber.interrupt(fiber)
      })
      // That of which the store has nothing to say to begin with.
      const broke = (yield* warnings(round)).lines
      broken = false
      yield* store.complete(key, webhook(1))
      yield* client.awaitResponse(requestOf(), from(1))
      broken = true
      assert.lengthOf(broke, 1)
      assert.lengthOf((yield* warnings(Effect.exit(client.awaitResponse(requestOf())))).lines, 1)
    }))
})

describe("interrupting the wait", () => {
  it.effect("leaves nothing behind: no reading, nobody in the store, and the request open", () =>
    Effect.gen(function*() {
      const store = yield* memory
      const { client, sent } = yield* wired(store)
      for (const _ of Array.range(1, 50)) {
        const fibers = yield* Effect.forEach(
          [requestOf(), id, requestOf("30 seconds", otherId)],
          (request) => Effect.fork(client.awaitResponse(request))
        )
        yield* TestClock.adjust("1 second")
        assert.strictEqual((yield* store.size).awaited, 2)
        yield* Fiber.interruptAll(fibers)
        assert.deepStrictEqual(yield* store.size, { requests: 0, answers: 0, awaited: 0 })
      }
      const before = yield* sent
      yield* TestClock.adjust("10 minutes")
      assert.deepStrictEqual(yield* sent, before)
      assert.isTrue(before.every(({ method }) => method === "GET"))
    }))

  const cancelled = (sent: ReadonlyArray<TestTransport.Request>) =>
    sent.filter(({ method }) => method === "DELETE").map(({ path }) => path)

  it.effect("cancels the request once where that is asked for, with webhooks and without", () =>
    Effect.gen(function*() {
      const store = yield* memory
      for (const { client, sent } of [yield* wired(store), yield* script([pending])]) {
        const fiber = yield* Effect.fork(client.awaitResponse(requestOf(), { cancelOnInterrupt: true }))
        yield* TestClock.adjust("5 seconds")
        assert.deepStrictEqual(cancelled(yield* sent), [])
        assert.isTrue(Exit.isInterrupted(yield* Fiber.interrupt(fiber)))
        assert.deepStrictEqual(cancelled(yield* sent), [`/service/v3/auths/${id}`])

        const impatient = yield* Effect.fork(
          Effect.timeoutOption(client.awaitResponse(id, { cancelOnInterrupt: true }), "5 seconds")
        )
        yield* TestClock.adjust("5 seconds")
        assert.deepStrictEqual(yield* Fiber.join(impatient), Option.none())
        assert.lengthOf(cancelled(yield* sent), 2)
      }
      yield* nobodyWaits(store)
    }))

  it.effect("is the only end of it that cancels", () =>
    Effect.gen(function*() {
      for (
        const reply of [
          answered(),
          refusal(408, "HTTP-408"),
          new TransportError({ reason: "Unreachable", operation: "test" }),
          pending
        ]
      ) {
        const { client, sent } = yield* wired(yield* memory, reply)
        yield* Effect.exit(client.awaitResponse(id, { cancelOnInterrupt: true, schedule: Schedule.stop }))
        assert.deepStrictEqual((yield* sent).map(({ method }) => method), ["GET"])
      }
    }))

  const failing = [
    ["needs no cancelling", refusal(400, "SVC-006"), 0],
    ["is canceled already", refusal(400, "SVC-007"), 0],
    ["cannot be canceled", refusal(503, "HTTP-503"), 1],
    ["is out of reach", new TransportError({ reason: "Unreachable", operation: "test" }), 1]
  ] as const
  for (const [name, reply, count] of failing) {
    it.effect(`is an interruption and nothing else where the request ${name}, ${count === 0 ? "of which nothing" : "which"} is logged`, () =>
      Effect.gen(function*() {
        const { client, sent } = yield* wired(
          yield* memory,
          ({ method }) => method === "GET" ? pending : reply instanceof TransportError ? Effect.fail(reply) : reply
        )
        const { lines, result } = yield* warnings(Effect.gen(function*() {
          const fiber = yield* Effect.fork(client.awaitResponse(requestOf(), { cancelOnInterrupt: true }))
          yield* TestClock.adjust("1 second")
          return yield* Fiber.interrupt(fiber)
        }))
        assert.isTrue(Exit.isInterrupted(result))
        assert.lengthOf(cancelled(yield* sent), 1)
        assert.lengthOf(lines, count)
        if (count === 1) assert.include(lines[0], `Authorization request ${id} is still open, as cancelling failed`)
      }))
  }

  it.effect("waits for the cancelling no longer than that may take", () =>
    Effect.gen(function*() {
      const timedOut = new TransportError({ reason: "TimedOut", operation: "test" })
      const { client } = yield* wired(
        yield* memory,
        ({ method }) =>
          method === "GET"
            ? pending
            : Effect.timeoutFail(Effect.never, { duration: "10 seconds", onTimeout: () => timedOut })
      )
      const { lines } = yield* warnings(Effect.gen(function*() {
        const fiber = yield* Effect.fork(client.awaitResponse(requestOf(), { cancelOnInterrupt: true }))
        yield* TestClock.adjust("1 second")
        yield* Fiber.interruptFork(fiber)
        yield* TestClock.adjust("9 seconds")
        assert.deepStrictEqual(yield* Fiber.poll(fiber), Option.none())
        yield* TestClock.adjust("1 second")
        assert.isTrue(Exit.isInterrupted(yield* Fiber.await(fiber)))
      }))
      assert.lengthOf(lines, 1)
    }))
})

describe("a burst", () => {
  it.effect(
    "of 5,000 waits in one process costs the platform nothing where webhooks come",
    () =>
      Effect.gen(function*() {
        const store = yield* memory
        const { client, times } = yield* wired(store)
        const requests = Array.makeBy(
          5_000,
          (n) => requestOf("300 seconds", decodeId(`00000000-0000-4000-8000-${n.toString().padStart(12, "0")}`))
        )
        const fibers = yield* Effect.forEach(
          requests,
          (request, n) => Effect.fork(client.awaitResponse(request, from(n)))
        )
        yield* TestClock.adjust("5 seconds")
        assert.strictEqual((yield* store.size).awaited, 5_000)
        yield* Effect.forEach(
          requests,
          (request, n) => store.complete({ serviceId, id: request.id }, webhook(n, {}, request.id)),
          { discard: true }
        )
        const responses = yield* Effect.forEach(fibers, Fiber.join)
        assert.isTrue(responses.every(({ userPushId }, n) => userPushId === push(n)))
        assert.deepStrictEqual(yield* times, [])
        yield* nobodyWaits(store)
      }),
    30_000
  )
})
