import * as ServiceClient from "@effect-launchkey/clients/ServiceClient"
import { AuthorizationRequestCanceled, RequestTimedOut } from "@effect-launchkey/core/ApiError"
import {
  AuthorizationRequest,
  AuthorizationRequestId,
  AuthorizationResponse,
  DeviceId
} from "@effect-launchkey/core/Authorization"
import { MessageRejected, TransportError } from "@effect-launchkey/transport/TransportError"
import { assert, describe, it } from "@effect/vitest"
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Queue from "effect/Queue"
import * as TestClock from "effect/TestClock"
import * as Changes from "../src/Changes.ts"
import * as Logins from "../src/Logins.ts"
import * as Store from "../src/Store.ts"

const request = new AuthorizationRequest({
  id: AuthorizationRequestId.make("9ecc57e0-7d1c-11ee-b962-0242ac120002"),
  ttl: Duration.minutes(2),
  deviceIds: Option.none(),
  pushPackage: Option.none()
})

const approval = new AuthorizationResponse({
  authorizationRequestId: request.id,
  authorized: true,
  type: Option.some("AUTHORIZED"),
  reason: Option.some("APPROVED"),
  denialReason: Option.none(),
  fraud: Option.some(false),
  deviceId: DeviceId.make("device"),
  servicePins: [],
  serviceUserHash: "hash",
  organizationUserHash: Option.none(),
  userPushId: "push",
  policy: Option.none(),
  methods: Option.none()
})

const away = new TransportError({ reason: "TimedOut", operation: "GET /service/v3/auths" })

/** Logins over a service that creates every request, and of which the waiting for an answer goes as the test says. */
const withAnswer = (awaitResponse: ServiceClient.Service["awaitResponse"]) =>
  Logins.layer.pipe(
    Layer.provide(Layer.mock(ServiceClient.ServiceClient, {
      authorize: () => Effect.succeed(request),
      cancel: () => Effect.void,
      awaitResponse
    })),
    Layer.provideMerge(Layer.merge(Store.layerMemory, Changes.layerMemory))
  )

/** How a login ends whose time passes without anybody cancelling it. */
const statusAfter = (time: Duration.DurationInput) =>
  Effect.gen(function*() {
    const logins = yield* Logins.Logins
    const { token } = yield* logins.begin("ada", Option.none())
    yield* TestClock.adjust(time)
    return Option.map(yield* logins.find(token), ({ status }) => status._tag)
  })

describe("a login that waits", () => {
  it.effect("has expired when the platform says that its request has", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(yield* statusAfter(0), Option.some("Expired"))
    }).pipe(Effect.provide(withAnswer(() => new RequestTimedOut({ detail: undefined })))))

  it.effect("is canceled when somebody else has taken the request back", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(yield* statusAfter(0), Option.some("Canceled"))
    }).pipe(Effect.provide(withAnswer(() => new AuthorizationRequestCanceled({ detail: undefined })))))

  it.effect("logs nobody in by an answer that is not believed", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(yield* statusAfter(0), Option.some("Unknown"))
    }).pipe(Effect.provide(withAnswer(() =>
      new MessageRejected({ kind: "DeviceAnswer", reason: "UserMismatch", operation: "GET /service/v3/auths" })
    ))))

  it.effect("goes on waiting while the platform cannot be reached", () =>
    Effect.gen(function*() {
      const answers = yield* Queue.unbounded<Effect.Effect<AuthorizationResponse, TransportError>>()
      yield* Queue.offerAll(answers, [away, away, Effect.succeed(approval)])
      const status = statusAfter("4 seconds").pipe(
        Effect.provide(withAnswer(() => Effect.flatten(Queue.take(answers))))
      )
      assert.deepStrictEqual(yield* status, Option.some("Approved"))
    }))

  it.effect("is given up when its time has passed without the platform", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(yield* statusAfter("130 seconds"), Option.some("Unknown"))
    }).pipe(Effect.provide(withAnswer(() => away))))

  it.effect("is forgotten a minute after its time", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(yield* statusAfter("3 minutes"), Option.none())
    }).pipe(Effect.provide(withAnswer(() => Effect.never))))

  it.effect("expects the user whom it was before", () =>
    Effect.gen(function*() {
      const expected = yield* Queue.unbounded<string | undefined>()
      const awaited = withAnswer((_, options) =>
        Effect.as(Queue.offer(expected, options?.user?.serviceUserHash), approval)
      )
      yield* Effect.gen(function*() {
        const logins = yield* Logins.Logins
        const store = yield* Store.Store
        yield* logins.begin("ada", Option.none())
        assert.isUndefined(yield* Queue.take(expected))
        yield* store.saveKnown({ user: "ada", serviceUserHash: "hash" })
        yield* logins.begin("ada", Option.none())
        assert.strictEqual(yield* Queue.take(expected), "hash")
      }).pipe(Effect.provide(awaited))
    }))

  it.effect("is taken once", () =>
    Effect.gen(function*() {
      const logins = yield* Logins.Logins
      const { deadline, token } = yield* logins.begin("ada", Option.none())
      assert.strictEqual(DateTime.toEpochMillis(deadline), 120_000)
      yield* TestClock.adjust(0)
      assert.deepStrictEqual(
        Option.map(yield* logins.take(token), ({ status }) => status),
        Option.some(Store.LoginStatus.Approved({ serviceUserHash: "hash" }))
      )
      assert.deepStrictEqual(yield* logins.take(token), Option.none())
    }).pipe(Effect.provide(withAnswer(() => Effect.succeed(approval)))))
})
