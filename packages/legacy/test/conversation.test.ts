import { assert, layer } from "@effect/vitest"
import * as Effect from "effect/Effect"
import type * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Schedule from "effect/Schedule"
import * as LegacyPolicy from "../src/LegacyPolicy.ts"
import { inMemory, overSocket, type Wire, world } from "./world.ts"

const schedule = Schedule.intersect(Schedule.spaced("20 millis"), Schedule.recurs(200))

const soon = Schedule.intersect(Schedule.spaced("10 millis"), Schedule.recurs(200))

const unlimited = { platform: { rateLimits: [] } }

const conversations = <E>(name: string, wire: Layer.Layer<Wire, E>) => {
  layer(wire, { excludeTestServices: true })(name, (it) => {
    it.scoped("a user logs in and the application logs out again", () =>
      Effect.gen(function*() {
        const { client, platform } = yield* world({
          ...unlimited,
          application: { organization: "example", callbackUrl: undefined }
        })
        yield* platform.createUser("ada")
        const authRequest = yield* client.authorize("ada", {
          userPushId: true,
          context: "Log in",
          policy: LegacyPolicy.all(2, { locations: [{ radius: 150, latitude: 27.175, longitude: 78.0422 }] })
        })
        assert.deepStrictEqual(yield* client.poll(authRequest), Option.none())
        const [shown] = yield* platform.requests("ada")
        assert.deepInclude(shown, { context: Option.some("Log in"), session: true, state: "pending" })

        yield* Effect.forkScoped(Effect.retry(platform.approve(authRequest), soon))
        const answer = yield* client.awaitAnswer(authRequest, { schedule })
        assert.match(answer.userHash, /^[A-Za-z0-9]{43}$/)
        assert.isTrue(Option.isSome(answer.organizationUser))
        const decision = yield* client.decide(authRequest, answer)
        assert.deepInclude(decision, { authorized: true, reported: true })
        assert.lengthOf(decision.pins, 1)
        assert.strictEqual((yield* platform.requests("ada"))[0]?.state, "session")
        assert.deepStrictEqual(yield* Effect.map(client.poll(authRequest), Option.isSome), true)

        yield* client.logout(authRequest)
        assert.strictEqual((yield* platform.requests("ada"))[0]?.state, "ended")
        assert.strictEqual((yield* Effect.flip(client.poll(authRequest)))._tag, "AuthRequestExpired")
        assert.deepStrictEqual(
          (yield* platform.journal).map(({ action, status }) => [action, status]),
          [["Authenticate", true], ["Revoke", true]]
        )

        const again = yield* client.authorize(Option.getOrThrow(answer.userPushId), { session: false })
        assert.deepInclude((yield* platform.requests("ada"))[1], { authRequest: again, session: false })
      }), 30_000)

    it.scoped("a user logs in and out on the device, and callbacks tell both", () =>
      Effect.gen(function*() {
        const { client, events, platform } = yield* world({ ...unlimited, application: { callbackForm: "clear" } })
        yield* platform.createUser("ada")
        const authRequest = yield* client.authorize("ada")
        yield* platform.approve(authRequest)
        const [answered] = yield* events
        assert(answered?._tag === "Answered")
        assert.isTrue(answered.decision.authorized)
        assert.strictEqual(answered.answer.authRequest, authRequest)

        yield* platform.endSession(authRequest)
        const [, out] = yield* events
        assert(out?._tag === "LoggedOut")
        assert.strictEqual(out.userHash, answered.answer.userHash)
        assert.strictEqual((yield* platform.requests("ada"))[0]?.state, "ending")
        yield* client.logout(authRequest)
        assert.strictEqual((yield* platform.requests("ada"))[0]?.state, "ended")
        assert.deepStrictEqual(
          (yield* platform.deliveries).map(({ event, status }) => [event, Option.getOrNull(status)]),
          [["Answer", 200], ["Logout", 200]]
        )
      }), 30_000)

    it.scoped("a denial is decided and reported as one", () =>
      Effect.gen(function*() {
        const { client, platform } = yield* world({ ...unlimited, application: { callbackUrl: undefined } })
        yield* platform.createUser("ada")
        const authRequest = yield* client.authorize("ada")
        yield* platform.deny(authRequest)
        const answer = yield* client.awaitAnswer(authRequest)
        assert.isFalse(yield* client.isAuthorized(authRequest, answer))
        assert.deepInclude((yield* platform.journal)[0], { action: "Authenticate", status: false })
      }), 30_000)

    it.scoped("a transaction is approved, and nobody ends it", () =>
      Effect.gen(function*() {
        const { client, platform } = yield* world({ ...unlimited, application: { callbackUrl: undefined } })
        yield* platform.createUser("ada")
        const authRequest = yield* client.authorize("ada", { session: false })
        yield* platform.approve(authRequest)
        assert.isTrue(yield* client.isAuthorized(authRequest, yield* client.awaitAnswer(authRequest)))
        assert.strictEqual((yield* platform.requests("ada"))[0]?.state, "transaction")
        assert.deepInclude(yield* Effect.flip(platform.endSession(authRequest)), { reason: "NoSession" })
      }), 30_000)

    it.scoped("a white label user is created, links a device by the code, and logs in", () =>
      Effect.gen(function*() {
        const { client, platform } = yield* world({ ...unlimited, application: { callbackUrl: undefined } })
        const { code, qrcode } = yield* client.createWhiteLabelUser("user-4711")
        assert.isTrue(qrcode.href.endsWith(code))
        assert.strictEqual((yield* Effect.flip(client.authorize("user-4711")))._tag, "NoPairedDevices")
        yield* platform.linkDevice(code)
        assert.deepInclude(yield* Effect.flip(platform.linkDevice(code)), { reason: "NoSuchCode" })
        const authRequest = yield* client.authorize("user-4711")
        yield* platform.approve(authRequest)
        assert.isTrue(yield* client.isAuthorized(authRequest, yield* client.awaitAnswer(authRequest)))
      }), 30_000)

    it.scoped("a poll may have its credentials in its body", () =>
      Effect.gen(function*() {
        const { client, platform } = yield* world({ ...unlimited, client: { pollBy: "POST" } })
        yield* platform.createUser("ada")
        assert.deepStrictEqual(yield* client.poll(yield* client.authorize("ada")), Option.none())
      }), 30_000)
  })
}

conversations("in memory", inMemory)
conversations("over a socket", overSocket)
