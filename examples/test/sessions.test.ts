import * as PendingAuthorizations from "@effect-launchkey/clients/PendingAuthorizations"
import * as ServiceClient from "@effect-launchkey/clients/ServiceClient"
import * as ServiceWebhook from "@effect-launchkey/clients/ServiceWebhook"
import * as WebhookInbox from "@effect-launchkey/clients/WebhookInbox"
import * as Administration from "@effect-launchkey/platform/Administration"
import * as UserNames from "@effect-launchkey/platform/UserNames"
import * as WebhookEgress from "@effect-launchkey/platform/WebhookEgress"
import * as TestPlatform from "@effect-launchkey/testing/TestPlatform"
import * as TestWebhooks from "@effect-launchkey/testing/TestWebhooks"
import { TransportError } from "@effect-launchkey/transport/TransportError"
import * as HttpLayerRouter from "@effect/platform/HttpLayerRouter"
import { assert, describe, it } from "@effect/vitest"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Queue from "effect/Queue"
import * as Ref from "effect/Ref"
import { route } from "../src/httpLayerRouter.ts"
import * as Sessions from "../src/sessions.ts"

type User = "ada" | "grace" | "mallory"

/** Users whose devices answer as soon as they are asked, and a platform that can be away when a session is to end. */
class World extends Context.Tag("World")<World, {
  readonly sessionsOnDevices: (user: User) => Effect.Effect<number>
  readonly logoutOnDevice: (user: User) => Effect.Effect<void>
  readonly away: Ref.Ref<boolean>
}>() {}

const unanswered = new TransportError({ reason: "TimedOut", operation: "DELETE /service/v3/sessions" })

const world = Layer.effectContext(Effect.gen(function*() {
  const platform = yield* TestPlatform.TestPlatform
  const service = yield* ServiceClient.make({ serviceId: TestPlatform.serviceId })
  const away = yield* Ref.make(false)
  const unlessAway = Effect.flatMap(Ref.get(away), (gone) => gone ? Effect.fail(unanswered) : Effect.void)
  const devices = {
    ada: yield* platform.linkedDevice("ada"),
    grace: yield* platform.linkedDevice("grace"),
    mallory: yield* platform.linkedDevice("mallory")
  }
  return Context.make(ServiceClient.ServiceClient, {
    ...service,
    authorize: (user, options) =>
      Effect.tap(
        service.authorize(user, options),
        () => Effect.orDie(user === "mallory" ? devices.mallory.deny() : devices[user as User].approve())
      ),
    sessionEnd: (user) => Effect.zipRight(unlessAway, service.sessionEnd(user))
  }).pipe(Context.add(World, {
    logoutOnDevice: (user) => Effect.orDie(devices[user].endSessions()),
    sessionsOnDevices: (user) => Effect.map(Effect.orDie(devices[user].sessions), (sessions) => sessions.length),
    away
  }))
}))

const Live = Sessions.layer.pipe(
  Layer.provideMerge(world),
  Layer.provideMerge(ServiceWebhook.layer({ serviceId: TestPlatform.serviceId })),
  Layer.provideMerge(WebhookInbox.layerMemory()),
  Layer.provideMerge(TestWebhooks.layerForging()),
  Layer.provideMerge(TestPlatform.layer)
)

const isOpen = (session: Sessions.SessionId) =>
  Effect.flatMap(Sessions.Sessions, ({ userOf }) => Effect.map(userOf(session), Option.isSome))

/** As the platform tells it when the user logs out on a device. */
const logoutOf = (user: User) =>
  Effect.gen(function*() {
    const webhooks = yield* TestWebhooks.TestWebhooks
    const key = { directoryId: TestPlatform.directoryId, identifier: user }
    return yield* webhooks.sessionEnd({
      serviceUserHash: yield* UserNames.serviceUserHash(TestPlatform.serviceId, key)
    })
  })

const receive = (delivery: TestWebhooks.Delivery) =>
  Effect.gen(function*() {
    const webhook = yield* ServiceWebhook.ServiceWebhook
    const { onEvent } = yield* Sessions.Sessions
    return yield* webhook.handle(delivery, onEvent)
  })

describe("sessions", () => {
  it.effect("open with an approved login, on the user's devices too", () =>
    Effect.gen(function*() {
      const sessions = yield* Sessions.Sessions
      const { sessionsOnDevices } = yield* World
      const session = yield* sessions.login("ada")
      assert.deepStrictEqual(yield* sessions.userOf(session), Option.some("ada"))
      assert.strictEqual(yield* sessionsOnDevices("ada"), 1)
    }).pipe(Effect.provide(Live)))

  it.effect("do not open where the user denies", () =>
    Effect.gen(function*() {
      const sessions = yield* Sessions.Sessions
      const error = yield* Effect.flip(sessions.login("mallory"))
      assert.strictEqual(error._tag, "LoginDenied")
      assert.strictEqual(yield* (yield* World).sessionsOnDevices("mallory"), 0)
    }).pipe(Effect.provide(Live)))

  it.effect("leave the user's devices with the last logout of the user", () =>
    Effect.gen(function*() {
      const sessions = yield* Sessions.Sessions
      const { sessionsOnDevices } = yield* World
      const laptop = yield* sessions.login("ada")
      const tablet = yield* sessions.login("ada")
      yield* sessions.logout(laptop)
      assert.deepStrictEqual([yield* isOpen(laptop), yield* isOpen(tablet)], [false, true])
      assert.strictEqual(yield* sessionsOnDevices("ada"), 1)
      yield* sessions.logout(tablet)
      assert.strictEqual(yield* sessionsOnDevices("ada"), 0)
      yield* sessions.logout(tablet)
    }).pipe(Effect.provide(Live)))

  it.effect("all end when their user logs out on a device, and nobody else's do", () =>
    Effect.gen(function*() {
      const sessions = yield* Sessions.Sessions
      const { sessionsOnDevices } = yield* World
      const adas = [yield* sessions.login("ada"), yield* sessions.login("ada")]
      const graces = yield* sessions.login("grace")
      assert.strictEqual(yield* Effect.flatMap(logoutOf("ada"), receive), "Handled")
      assert.deepStrictEqual(yield* Effect.forEach(adas, isOpen), [false, false])
      assert.isTrue(yield* isOpen(graces))
      assert.deepStrictEqual([yield* sessionsOnDevices("ada"), yield* sessionsOnDevices("grace")], [0, 1])
    }).pipe(Effect.provide(Live)))

  it.effect("end at once even if the platform is away, which is told with the next delivery", () =>
    Effect.gen(function*() {
      const webhooks = yield* TestWebhooks.TestWebhooks
      const { away, sessionsOnDevices } = yield* World
      const session = yield* (yield* Sessions.Sessions).login("ada")
      const delivery = yield* logoutOf("ada")
      yield* Ref.set(away, true)
      assert.strictEqual((yield* Effect.flip(receive(delivery)))._tag, "TransportError")
      assert.isFalse(yield* isOpen(session))
      assert.strictEqual(yield* sessionsOnDevices("ada"), 1)
      yield* Ref.set(away, false)
      assert.strictEqual(yield* Effect.flatMap(webhooks.again(delivery), receive), "Handled")
      assert.strictEqual(yield* sessionsOnDevices("ada"), 0)
    }).pipe(Effect.provide(Live)))

  it.effect("are not touched by what is not about them", () =>
    Effect.gen(function*() {
      const webhooks = yield* TestWebhooks.TestWebhooks
      const session = yield* (yield* Sessions.Sessions).login("ada")
      yield* Effect.flatMap(webhooks.authorizationResponse(), receive)
      yield* Effect.flatMap(webhooks.unknown({ type: "NEWS" }), receive)
      yield* Effect.flatMap(webhooks.sessionEnd({ serviceUserHash: "nobody" }), receive)
      assert.isTrue(yield* isOpen(session))
    }).pipe(Effect.provide(Live)))
})

describe("sessions of an embedded platform", () => {
  const Embedded = Sessions.layer.pipe(
    Layer.provideMerge(world),
    Layer.provideMerge(ServiceWebhook.layer({ serviceId: TestPlatform.serviceId })),
    Layer.provideMerge(Layer.merge(WebhookInbox.layerMemory(), PendingAuthorizations.layerMemory())),
    Layer.provideMerge(TestPlatform.layer)
  )

  /** What each webhook is answered that the platform sends from now on. */
  const receiving = Effect.gen(function*() {
    const answers = yield* Queue.unbounded<number>()
    const context = yield* Effect.context<ServiceWebhook.ServiceWebhook | Sessions.Sessions>()
    const app = Effect.provide(yield* HttpLayerRouter.toHttpEffect(route("/webhook")), context)
    const { serve } = yield* WebhookEgress.WebhookReceivers
    yield* serve(
      "https://example.com",
      Effect.tap(Effect.scoped(Effect.orDie(app)), ({ status }) => Queue.offer(answers, status))
    )
    const { updateService } = yield* Administration.Administration
    yield* updateService({ id: TestPlatform.serviceId, callbackUrl: "https://example.com/webhook" })
    return answers
  })

  // The clock stands still, so nobody polls: what arrives has come by webhook.
  it.scoped("open and end by webhooks alone", () =>
    Effect.gen(function*() {
      const answers = yield* receiving
      const sessions = yield* Sessions.Sessions
      const { logoutOnDevice, sessionsOnDevices } = yield* World
      const [ada, grace] = [yield* sessions.login("ada"), yield* sessions.login("grace")]
      assert.deepStrictEqual([yield* Queue.take(answers), yield* Queue.take(answers)], [204, 204])
      assert.deepStrictEqual([yield* isOpen(ada), yield* isOpen(grace)], [true, true])
      yield* logoutOnDevice("ada")
      assert.strictEqual(yield* Queue.take(answers), 204)
      assert.deepStrictEqual([yield* isOpen(ada), yield* isOpen(grace)], [false, true])
      assert.deepStrictEqual([yield* sessionsOnDevices("ada"), yield* sessionsOnDevices("grace")], [0, 1])
    }).pipe(Effect.provide(Embedded)))
})
