import { AuthorizationRequestId } from "@effect-launchkey/core/Authorization"
import * as AuthPolicy from "@effect-launchkey/core/AuthPolicy"
import * as DenialReason from "@effect-launchkey/core/DenialReason"
import * as EffectivePolicy from "@effect-launchkey/core/EffectivePolicy"
import * as ServicePolicy from "@effect-launchkey/core/ServicePolicy"
import * as Jose from "@effect-launchkey/transport/Jose"
import { assert, describe } from "@effect/vitest"
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import * as Schedule from "effect/Schedule"
import { ConformanceTarget } from "../../ConformanceTarget.ts"
import { advance, approve, ask, fresh, type It, linked, now, responseTo, scene, service } from "./scene.ts"
import { otherService, ownDirectory } from "./tenant.ts"

const never = Effect.map(Effect.flatMap(Jose.Jose, (_) => _.randomUuid), (id) => AuthorizationRequestId.make(id))

const creating = (it: It) =>
  describe("creating a request", () => {
    it.effect("asks all linked devices of the user and names them (B-216)", () =>
      Effect.gen(function*() {
        const { device, service, user } = yield* scene()
        const second = yield* linked(user, { name: "Second" })
        const request = yield* service.authorize(user)
        const devices = yield* (yield* (yield* ownDirectory).directoryClient).listDevices(user)
        assert.deepStrictEqual(request.deviceIds, Option.some(devices.map(({ id }) => id)))
        assert.lengthOf(devices, 2)
        for (const asked of [device, second]) {
          assert.deepStrictEqual((yield* asked.pending).map(({ id }) => id), [request.id])
        }
      }))

    it.effect("shows the device what the service said", () =>
      Effect.gen(function*() {
        const { device, service, user } = yield* scene()
        const reasons = [DenialReason.ordinary("A", "Not now"), DenialReason.fraudulent("B", "Not me")]
        const policy = AuthPolicy.any(2)
        const request = yield* service.authorize(user, {
          title: "Title",
          context: "Context 🔑",
          ttl: "1 minute",
          policy,
          denialReasons: reasons,
          pushTitle: "Push title",
          pushBody: "Push body"
        })
        const [pending] = yield* device.pending
        assert(pending !== undefined)
        assert.strictEqual(pending.serviceId, (yield* ConformanceTarget).serviceId)
        assert.deepStrictEqual(pending.title, Option.some("Title"))
        assert.deepStrictEqual(pending.context, Option.some("Context 🔑"))
        assert.deepStrictEqual(pending.policy, EffectivePolicy.merge(ServicePolicy.none, policy))
        assert.deepStrictEqual(pending.denialReasons, reasons)
        assert.deepStrictEqual(request.ttl, Duration.minutes(1))
        assert.strictEqual(DateTime.distance(pending.created, pending.expires), 60_000)
      }))

    it.effect("beyond its limits is not sent: InvalidParameters names what is (B-236, B-237, B-239)", () =>
      Effect.gen(function*() {
        const { device, service, user } = yield* scene()
        const [ordinary, fraudulent] = [DenialReason.ordinary("1", "Not now"), DenialReason.fraudulent("2", "Not me")]
        const beyond = [
          ["ttl", { ttl: "29 seconds" }],
          ["ttl", { ttl: "601 seconds" }],
          ["context", { context: "🔑".repeat(401) }],
          ["title", { title: "🔑".repeat(201) }],
          ["denialReasons", { denialReasons: [ordinary] }],
          ["denialReasons", { denialReasons: [ordinary, DenialReason.ordinary("2", "Not here")] }],
          ["denialReasons", { denialReasons: [fraudulent, DenialReason.fraudulent("1", "Stolen")] }],
          ["denialReasons", { denialReasons: [ordinary, DenialReason.fraudulent("1", "Not me")] }]
        ] as const
        for (const [member, options] of beyond) {
          const failure = yield* Effect.flip(service.authorize(user, options))
          assert.deepInclude(failure, { _tag: "InvalidParameters", origin: "Client" })
          assert(failure._tag === "InvalidParameters")
          assert.isTrue(failure.issues.length > 0 && failure.issues.every(({ path }) => path.startsWith(member)))
        }
        assert.deepStrictEqual(yield* device.pending, [])
        yield* service.authorize(user, { context: "🔑".repeat(400), title: "🔑".repeat(200), ttl: "10 minutes" })
      }))

    it.effect("for a user the directory does not know fails with EntityNotFound, whatever else is asked (B-210, B-211, B-212, B-214, B-215)", () =>
      Effect.gen(function*() {
        const client = yield* service
        const user = yield* fresh("nobody")
        const fences = [
          { radius: 150, latitude: 23.4, longitude: -56.7 },
          { radius: 100, latitude: -23.4, longitude: 56.7 }
        ]
        for (
          const options of [
            {},
            { context: "Hello iovation!" },
            { policy: AuthPolicy.any(3) },
            { policy: AuthPolicy.factors(["inherence", "knowledge", "possession"]) },
            { policy: AuthPolicy.none({ geofences: fences }) }
          ]
        ) {
          assert.strictEqual((yield* Effect.flip(client.authorize(user, options)))._tag, "EntityNotFound")
        }
      }))

    it.effect("for a user whose only device is not linked yet fails with EntityNotFound (B-213)", () =>
      Effect.gen(function*() {
        const client = yield* service
        const identifier = yield* fresh("user")
        yield* (yield* (yield* ownDirectory).directoryClient).linkDevice(identifier)
        const plain = yield* Effect.flip(client.authorize(identifier))
        const constrained = yield* Effect.flip(
          client.authorize(identifier, { policy: AuthPolicy.any(1), context: "Hello" })
        )
        assert.deepStrictEqual([plain._tag, constrained._tag], ["EntityNotFound", "EntityNotFound"])
      }))

    it.effect("while one is open fails with AuthorizationInProgress, which tells the open one (B-244)", () =>
      Effect.gen(function*() {
        const { service, user } = yield* scene()
        const created = yield* now
        const request = yield* service.authorize(user, { ttl: "1 minute" })
        const blocked = yield* Effect.flip(service.authorize(user))
        assert(blocked._tag === "AuthorizationInProgress")
        assert.deepStrictEqual(blocked.authorizationRequestId, Option.some(request.id))
        assert.isTrue(blocked.fromSameService)
        const expires = Option.getOrThrow(blocked.expires)
        assert.approximately(DateTime.distance(created, expires), 60_000, 2_000)
      }))

    it.effect("while one of another service is open says so (B-244)", () =>
      Effect.gen(function*() {
        const { service, user } = yield* scene()
        const request = yield* service.authorize(user)
        const blocked = yield* Effect.flip(Effect.flatMap(otherService, (other) => other.authorize(user)))
        assert(blocked._tag === "AuthorizationInProgress")
        assert.deepStrictEqual(blocked.authorizationRequestId, Option.some(request.id))
        assert.isFalse(blocked.fromSameService)
      }))

    it.effect("succeeds again once the open one is answered, canceled by the id that the refusal tells, or expired (B-245)", () =>
      Effect.gen(function*() {
        const { device, service, user } = yield* scene()
        yield* service.authorize(user)
        yield* device.approve()
        yield* service.authorize(user)
        const blocked = yield* Effect.flip(service.authorize(user))
        assert(blocked._tag === "AuthorizationInProgress" && blocked.fromSameService)
        yield* Effect.flatMap(blocked.authorizationRequestId, service.cancel)
        yield* service.authorize(user, { ttl: "30 seconds" })
        yield* advance("31 seconds")
        const last = yield* service.authorize(user)
        assert.deepStrictEqual((yield* device.pending).map(({ id }) => id), [last.id])
      }))

    it.effect("may name the user by the push id of an earlier response", () =>
      Effect.gen(function*() {
        const world = yield* scene()
        const { userPushId } = yield* ask(world, approve)
        const request = yield* world.service.authorize(userPushId)
        yield* world.device.approve(request.id)
        assert.isTrue((yield* responseTo(world.service, request)).authorized)
      }))

    it.effect("may not name the user by the push id that another service was told", () =>
      Effect.gen(function*() {
        const { userPushId } = yield* ask(yield* scene(), approve)
        const refused = yield* Effect.flip(Effect.flatMap(otherService, (other) => other.authorize(userPushId)))
        assert.strictEqual(refused._tag, "EntityNotFound")
      }))

    it.effect("for a user who has unlinked every device fails with EntityNotFound", () =>
      Effect.gen(function*() {
        const { device, service, user } = yield* scene()
        const second = yield* linked(user)
        yield* device.unlink
        const request = yield* service.authorize(user)
        assert.lengthOf(Option.getOrThrow(request.deviceIds), 1)
        yield* second.approve()
        yield* second.unlink
        assert.strictEqual((yield* Effect.flip(service.authorize(user)))._tag, "EntityNotFound")
      }))
  })

const reading = (it: It) =>
  describe("reading a response", () => {
    it.effect("yields nothing while nobody has answered (B-250)", () =>
      Effect.gen(function*() {
        const { service, user } = yield* scene()
        const request = yield* service.authorize(user)
        assert.deepStrictEqual(yield* service.getResponse(request.id), Option.none())
      }))

    it.effect("yields nothing for a request that never was (B-209)", () =>
      Effect.gen(function*() {
        assert.deepStrictEqual(yield* (yield* service).getResponse(yield* never), Option.none())
      }))

    it.effect("yields nothing for another service's request, answered or not", () =>
      Effect.gen(function*() {
        const { device, service, user } = yield* scene()
        const request = yield* service.authorize(user)
        const other = yield* otherService
        assert.deepStrictEqual(yield* other.getResponse(request.id), Option.none())
        yield* device.approve()
        assert.deepStrictEqual(yield* other.getResponse(request.id), Option.none())
      }))

    it.effect("yields the same as often as it is read", () =>
      Effect.gen(function*() {
        const world = yield* scene()
        const first = yield* ask(world, approve)
        yield* advance("1 hour")
        assert.deepStrictEqual(yield* world.service.getResponse(first.authorizationRequestId), Option.some(first))
      }))

    it.effect("fails with RequestTimedOut once the time given has passed (B-249)", () =>
      Effect.gen(function*() {
        const { device, service, user } = yield* scene()
        const request = yield* service.authorize(user, { ttl: "30 seconds" })
        yield* advance("28 seconds")
        assert.deepStrictEqual(yield* service.getResponse(request.id), Option.none())
        yield* advance("2 seconds")
        assert.strictEqual((yield* Effect.flip(service.getResponse(request.id)))._tag, "RequestTimedOut")
        assert.deepStrictEqual(yield* device.pending, [])
        const late = yield* Effect.flip(device.approve(request.id))
        assert.strictEqual(late._tag, "NothingPending")
      }))

    it.effect("fails with RequestTimedOut after five minutes where no time was given (B-235)", () =>
      Effect.gen(function*() {
        const { service, user } = yield* scene()
        const request = yield* service.authorize(user)
        assert.deepStrictEqual(request.ttl, Duration.minutes(5))
        yield* advance("295 seconds")
        assert.deepStrictEqual(yield* service.getResponse(request.id), Option.none())
        yield* advance("5 seconds")
        assert.strictEqual((yield* Effect.flip(service.getResponse(request.id)))._tag, "RequestTimedOut")
      }))

    it.effect("refuses an answer about another user than the expected one", () =>
      Effect.gen(function*() {
        const world = yield* scene()
        const earlier = yield* ask(world, approve)
        const stranger = yield* ask(yield* scene(), approve)
        const request = yield* world.service.authorize(world.user)
        yield* world.device.approve()
        const get = (user: { readonly serviceUserHash: string }) => world.service.getResponse(request.id, { user })
        assert.deepInclude(yield* Effect.flip(get(stranger)), { kind: "DeviceAnswer", reason: "UserMismatch" })
        assert.isTrue(Option.isSome(yield* get({ serviceUserHash: earlier.serviceUserHash })))
      }))
  })

const awaiting = (it: It) =>
  describe("awaiting a response", () => {
    const schedule = Schedule.spaced("20 millis")

    it.effect("yields it when the device has answered", () =>
      Effect.gen(function*() {
        const { device, service, user } = yield* scene()
        const request = yield* service.authorize(user)
        const waiting = yield* Effect.fork(service.awaitResponse(request, { schedule }))
        yield* device.approve()
        assert.isTrue((yield* Fiber.join(waiting)).authorized)
      }))

    it.effect("gives up with its schedule and leaves the request open", () =>
      Effect.gen(function*() {
        const { device, service, user } = yield* scene()
        const request = yield* service.authorize(user)
        const gone = yield* Effect.flip(
          service.awaitResponse(request, { schedule: Schedule.intersect(schedule, Schedule.recurs(1)) })
        )
        assert.deepInclude(gone, { _tag: "AwaitTimedOut", id: request.id })
        assert.lengthOf(yield* device.pending, 1)
      }))

    it.effect("ends with the platform's own verdict on an expired or canceled request", () =>
      Effect.gen(function*() {
        const { service, user } = yield* scene()
        const expiring = yield* service.authorize(user, { ttl: "30 seconds" })
        yield* advance("30 seconds")
        assert.strictEqual((yield* Effect.flip(service.awaitResponse(expiring)))._tag, "RequestTimedOut")
        const canceled = yield* service.authorize(user)
        yield* service.cancel(canceled.id)
        assert.strictEqual(
          (yield* Effect.flip(service.awaitResponse(canceled)))._tag,
          "AuthorizationRequestCanceled"
        )
      }))
  })

const canceling = (it: It) =>
  describe("canceling a request", () => {
    it.effect("withdraws it from the device; to read or cancel it again fails with AuthorizationRequestCanceled (B-246)", () =>
      Effect.gen(function*() {
        const { device, service, user } = yield* scene()
        const request = yield* service.authorize(user)
        yield* service.cancel(request.id)
        assert.deepStrictEqual(yield* device.pending, [])
        const failures = yield* Effect.all([
          Effect.flip(service.getResponse(request.id)),
          Effect.flip(service.cancel(request.id))
        ])
        assert.deepStrictEqual(
          failures.map(({ _tag }) => _tag),
          ["AuthorizationRequestCanceled", "AuthorizationRequestCanceled"]
        )
      }))

    it.effect("stays canceled after its time has passed", () =>
      Effect.gen(function*() {
        const { service, user } = yield* scene()
        const request = yield* service.authorize(user, { ttl: "30 seconds" })
        yield* service.cancel(request.id)
        yield* advance("1 minute")
        const failure = yield* Effect.flip(service.getResponse(request.id))
        assert.strictEqual(failure._tag, "AuthorizationRequestCanceled")
      }))

    it.effect("fails with AuthorizationResponseExists once it is answered, and the response stays (B-247)", () =>
      Effect.gen(function*() {
        const world = yield* scene()
        const response = yield* ask(world, approve)
        const failure = yield* Effect.flip(world.service.cancel(response.authorizationRequestId))
        assert.strictEqual(failure._tag, "AuthorizationResponseExists")
        assert.deepStrictEqual(yield* world.service.getResponse(response.authorizationRequestId), Option.some(response))
      }))

    it.effect("fails with EntityNotFound where it never was, has expired, or is another service's (B-248)", () =>
      Effect.gen(function*() {
        const { device, service, user } = yield* scene()
        const other = yield* otherService
        const expired = yield* service.authorize(user, { ttl: "30 seconds" })
        yield* advance("30 seconds")
        const open = yield* service.authorize(user)
        const failures = yield* Effect.all([
          Effect.flip(service.cancel(yield* never)),
          Effect.flip(service.cancel(expired.id)),
          Effect.flip(other.cancel(open.id))
        ])
        assert.deepStrictEqual(
          failures.map(({ _tag }) => _tag),
          ["EntityNotFound", "EntityNotFound", "EntityNotFound"]
        )
        assert.lengthOf(yield* device.pending, 1)
      }))
  })

export const requests = (it: It): void => {
  creating(it)
  reading(it)
  awaiting(it)
  canceling(it)
}
