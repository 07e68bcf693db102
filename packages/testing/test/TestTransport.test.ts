import * as ServiceClient from "@effect-launchkey/clients/ServiceClient"
import { AuthorizationRequestId } from "@effect-launchkey/core/Authorization"
import * as AuthPolicy from "@effect-launchkey/core/AuthPolicy"
import * as ResponsePolicy from "@effect-launchkey/core/ResponsePolicy"
import { TransportError } from "@effect-launchkey/transport/TransportError"
import { assert, describe, it } from "@effect/vitest"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as TestClock from "effect/TestClock"
import * as TestTransport from "../src/TestTransport.ts"

const serviceId = "6ba7b810-9dad-11d1-80b4-00c04fd430c8"
const id = AuthorizationRequestId.make("9ecc57e0-fb0f-4971-ba12-399b630069dd")
const otherId = AuthorizationRequestId.make("00000000-0000-4000-8000-000000000001")

const client = (replies: TestTransport.Responder | ReadonlyArray<TestTransport.Responder>) =>
  Layer.provideMerge(ServiceClient.layer({ serviceId }), TestTransport.layerReplies(replies))

describe("replies", () => {
  it.effect("are given one after the other, and each request is kept as it was made", () =>
    Effect.gen(function*() {
      const service = yield* ServiceClient.ServiceClient
      const request = yield* service.authorize("alice", { policy: AuthPolicy.any(2), context: "Log in" })
      yield* TestClock.adjust("3 seconds")
      assert.isTrue(Option.isNone(yield* service.getResponse(request.id)))
      const subject = `svc:${serviceId}`
      assert.deepStrictEqual(yield* TestTransport.requests, [
        {
          method: "POST",
          path: "/service/v3/auths",
          subject,
          body: {
            username: "alice",
            context: "Log in",
            policy: {
              minimum_requirements: [
                { requirement: "authenticated", any: 2, knowledge: 0, inherence: 0, possession: 0 }
              ],
              factors: [{
                factor: "device integrity",
                requirement: "forced requirement",
                quickfail: false,
                priority: 1,
                attributes: { "factor enabled": 0 }
              }]
            }
          },
          at: 0
        },
        { method: "GET", path: `/service/v3/auths/${id}`, subject, body: undefined, at: 3000 }
      ])
    }).pipe(Effect.provide(client([TestTransport.json(200, { auth_request: id }), TestTransport.noContent]))))

  it.effect("run out: the request that finds none left dies and is named", () =>
    Effect.gen(function*() {
      const service = yield* ServiceClient.ServiceClient
      yield* service.getResponse(id)
      const cause = yield* Effect.flip(Effect.sandbox(service.cancel(id)))
      assert.isTrue(Cause.isDie(cause))
      assert.include(String(Cause.squash(cause)), "no reply to request 2, DELETE /service/v3/auths/…: 1 given")
    }).pipe(Effect.provide(client([TestTransport.noContent]))))

  it.effect("given alone answer every request", () =>
    Effect.gen(function*() {
      const service = yield* ServiceClient.ServiceClient
      const waiting = yield* Effect.fork(Effect.flip(service.awaitResponse(id)))
      yield* TestClock.adjust("6 minutes")
      assert.strictEqual((yield* Fiber.join(waiting))._tag, "AwaitTimedOut")
      assert.isAbove((yield* TestTransport.requests).length, 50)
    }).pipe(Effect.provide(client(TestTransport.noContent))))

  it.effect("may be found by a function of the request", () =>
    Effect.gen(function*() {
      const service = yield* ServiceClient.ServiceClient
      yield* service.sessionStart("alice")
      assert.strictEqual((yield* Effect.flip(service.sessionEnd("alice")))._tag, "TransportError")
    }).pipe(Effect.provide(client(({ method }) =>
      method === "POST"
        ? TestTransport.noContent
        : Effect.fail(new TransportError({ reason: "TimedOut", operation: "DELETE /service/v3/sessions" }))
    ))))

  it.effect("may be failures of the transport itself", () =>
    Effect.gen(function*() {
      const service = yield* ServiceClient.ServiceClient
      const failure = yield* Effect.flip(service.sessionEnd("alice"))
      assert.strictEqual(failure._tag === "TransportError" && failure.reason, "Unreachable")
    }).pipe(Effect.provide(client(new TransportError({ reason: "Unreachable", operation: "DELETE /" })))))

  it.effect("may be refusals, with their data", () =>
    Effect.gen(function*() {
      const service = yield* ServiceClient.ServiceClient
      const failure = yield* Effect.flip(service.authorize("alice"))
      assert(failure._tag === "AuthorizationInProgress")
      assert.deepStrictEqual(failure.authorizationRequestId, Option.some(id))
      assert.isTrue(failure.fromSameService)
      assert.strictEqual(failure.detail, "busy")
    }).pipe(
      Effect.provide(
        client(TestTransport.error(409, "SVC-005", "busy", { auth_request: id, from_same_service: true }))
      )
    ))

  it.effect("without a body keep their status", () =>
    Effect.gen(function*() {
      const service = yield* ServiceClient.ServiceClient
      assert.strictEqual((yield* Effect.flip(service.getResponse(id)))._tag, "RequestTimedOut")
      const failure = yield* Effect.flip(service.getResponse(id))
      assert.deepInclude(failure, { _tag: "UnexpectedApiError", status: 503, code: "HTTP-503" })
    }).pipe(Effect.provide(client([{ status: 408 }, { status: 503 }]))))

  it.effect("may be no JSON", () =>
    Effect.gen(function*() {
      const service = yield* ServiceClient.ServiceClient
      const failure = yield* Effect.flip(service.getResponse(id))
      assert.deepInclude(failure, { _tag: "MessageRejected", kind: "Response", reason: "BodyMalformed" })
    }).pipe(Effect.provide(client({ status: 200, text: "<html>" }))))
})

describe("a device's answer", () => {
  const open = Effect.flatMap(ServiceClient.ServiceClient, (service) => service.getResponse(id))

  it.effect("approves the request that is asked about unless told otherwise", () =>
    Effect.gen(function*() {
      const response = Option.getOrThrow(yield* open)
      assert.isTrue(response.authorized)
      assert.strictEqual(response.authorizationRequestId, id)
    }).pipe(Effect.provide(client(TestTransport.answered()))))

  it.effect("says what it was told to say", () =>
    Effect.gen(function*() {
      const response = Option.getOrThrow(yield* open)
      assert.isFalse(response.authorized)
      assert.deepStrictEqual(response.fraud, Option.some(true))
      assert.deepStrictEqual(response.denialReason, Option.some("f1"))
      assert.deepStrictEqual(response.policy, Option.some(ResponsePolicy.make({ requirement: "AMOUNT", amount: 2 })))
      assert.deepStrictEqual(response.organizationUserHash, Option.some("organization hash"))
      assert.deepStrictEqual(response.servicePins, ["1234", "5678"])
    }).pipe(Effect.provide(client(TestTransport.answered({
      type: "DENIED",
      reason: "FRAUDULENT",
      denialReason: "f1",
      policy: ResponsePolicy.make({ requirement: "AMOUNT", amount: 2 }),
      organizationUserHash: "organization hash",
      servicePins: ["1234", "5678"]
    })))))

  it.effect("of the first generation says whether the user approved, and no more", () =>
    Effect.gen(function*() {
      const response = Option.getOrThrow(yield* open)
      assert.isFalse(response.authorized)
      assert.isTrue(Option.isNone(response.type))
      assert.isTrue(Option.isNone(response.fraud))
    }).pipe(Effect.provide(client(TestTransport.answeredLegacy({ authorized: false })))))

  it.effect("to another request is refused", () =>
    Effect.gen(function*() {
      assert.deepInclude(yield* Effect.flip(open), {
        _tag: "MessageRejected",
        kind: "DeviceAnswer",
        reason: "AuthorizationRequestMismatch"
      })
      assert.deepStrictEqual(yield* TestTransport.expectations, [{ authorizationRequestId: id, user: undefined }])
    }).pipe(Effect.provide(client(TestTransport.answered({ authorizationRequestId: otherId })))))

  it.effect("about another user than the expected one is refused", () =>
    Effect.gen(function*() {
      const service = yield* ServiceClient.ServiceClient
      const failure = yield* Effect.flip(service.getResponse(id, { user: { serviceUserHash: "of alice" } }))
      assert.deepInclude(failure, { kind: "DeviceAnswer", reason: "UserMismatch" })
    }).pipe(Effect.provide(client(TestTransport.answered({ serviceUserHash: "of bob" })))))
})
