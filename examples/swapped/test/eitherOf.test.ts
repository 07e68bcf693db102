import * as ServiceClient from "@effect-launchkey/clients/ServiceClient"
import * as TestPlatform from "@effect-launchkey/testing/TestPlatform"
import * as TestTransport from "@effect-launchkey/testing/TestTransport"
import { TransportError } from "@effect-launchkey/transport/TransportError"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, Layer, Schedule, TestClock } from "effect"
import { eitherOf } from "../src/eitherOf.ts"

const Client = ServiceClient.layer({ serviceId: TestPlatform.serviceId })

const created = TestTransport.json(200, { auth_request: "6ba7b810-9dad-11d1-80b4-00c04fd430c8" })

const asked = Effect.map(
  TestTransport.requests,
  (requests) => requests.filter(({ method }) => method === "POST").map(({ body }) => Object(body)["username"])
)

const within = (...replies: ReadonlyArray<TestTransport.Responder>) =>
  Layer.provideMerge(Client, TestTransport.layerReplies(replies))

describe("with a client that is replaced", () => {
  it.effect("a bug in it is the program's to see: nobody is asked twice", () =>
    Effect.gen(function*() {
      const users: Array<string> = []
      const Mock = Layer.mock(ServiceClient.ServiceClient, {
        authorize: (user) => {
          users.push(user)
          return Effect.fail(new TransportError({ reason: "Unreachable", operation: "POST", sent: false }))
        }
      })
      const error = yield* Effect.flip(Effect.provide(eitherOf("ada", "grace"), Mock))
      assert.strictEqual(error._tag, "TransportError")
      assert.deepStrictEqual(users, ["ada"])
    }))
})

describe("with a transport that is swapped", () => {
  it.effect("asks the second where the first has no device", () =>
    Effect.gen(function*() {
      assert.isTrue(yield* eitherOf("ada", "grace"))
      assert.deepStrictEqual(yield* asked, ["ada", "grace"])
    }).pipe(Effect.provide(
      within(TestTransport.error(404, "HTTP-404"), created, TestTransport.answered())
    )))

  it.effect("asks the second where the first lets the request expire, a minute on a clock that costs none", () =>
    Effect.gen(function*() {
      const running = yield* Effect.fork(eitherOf("ada", "grace"))
      yield* TestClock.adjust("1 minute")
      assert.isTrue(yield* Fiber.join(running))
      assert.deepStrictEqual(yield* asked, ["ada", "grace"])
    }).pipe(Effect.provide(
      within(created, TestTransport.noContent, TestTransport.error(408, "HTTP-408"), created, TestTransport.answered())
    )))

  it.effect("takes the first one's denial for the answer", () =>
    Effect.gen(function*() {
      assert.isFalse(yield* eitherOf("ada", "grace"))
      assert.deepStrictEqual(yield* asked, ["ada"])
    }).pipe(Effect.provide(within(created, TestTransport.answered({ type: "DENIED", reason: "DISAPPROVED" })))))

  it.effect("asks nobody else where the platform is away", () =>
    Effect.gen(function*() {
      const error = yield* Effect.flip(eitherOf("ada", "grace"))
      assert.strictEqual(error._tag, "TransportError")
      assert.deepStrictEqual(yield* asked, ["ada"])
    }).pipe(Effect.provide(
      within(new TransportError({ reason: "Unreachable", operation: "POST /service/v3/auths", sent: false }))
    )))
})

describe("with nothing swapped", () => {
  it.live("has the second one's device answer", () =>
    Effect.gen(function*() {
      const { linkedDevice } = yield* TestPlatform.TestPlatform
      const device = yield* linkedDevice("grace")
      const [approved] = yield* Effect.all(
        [eitherOf("ada", "grace"), Effect.retry(device.approve(), Schedule.spaced("20 millis"))],
        { concurrency: "unbounded" }
      )
      assert.isTrue(approved)
    }).pipe(Effect.provide(Layer.provideMerge(Client, TestPlatform.layer))))
})
