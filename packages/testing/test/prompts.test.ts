import * as ServiceClient from "@effect-launchkey/clients/ServiceClient"
import * as Entity from "@effect-launchkey/core/EntityIdentifier"
import * as Admin from "@effect-launchkey/platform/Admin"
import { AdminApi } from "@effect-launchkey/platform/AdminApi"
import * as AuditLog from "@effect-launchkey/platform/AuditLog"
import * as InProcess from "@effect-launchkey/platform/InProcess"
import * as Metrics from "@effect-launchkey/platform/Metrics"
import * as Operators from "@effect-launchkey/platform/Operators"
import * as PlatformSettings from "@effect-launchkey/platform/PlatformSettings"
import * as Store from "@effect-launchkey/platform/Store"
import * as TestPlatform from "@effect-launchkey/testing/TestPlatform"
import * as HttpApiClient from "@effect/platform/HttpApiClient"
import { assert, describe, layer } from "@effect/vitest"
import { Duration, Effect, Layer, Metric, Option, TestClock } from "effect"

const { directoryId, serviceId } = TestPlatform

const few = Layer.merge(
  Layer.succeed(PlatformSettings.PlatformSettings, {
    ...PlatformSettings.defaults,
    unapprovedPrompts: { limit: 3, window: Duration.minutes(10) },
    fraudPause: Duration.minutes(5)
  }),
  AuditLog.layerMemory
)

const everything = ServiceClient.layer({ serviceId }).pipe(
  Layer.provideMerge(TestPlatform.layer),
  Layer.provideMerge(few),
  Layer.orDie
)

const scene = (user: string) =>
  Effect.gen(function*() {
    const { linkedDevice } = yield* TestPlatform.TestPlatform
    const service = yield* ServiceClient.ServiceClient
    return {
      device: yield* linkedDevice(user),
      ask: service.authorize(user),
      /** What the user is asked, and nobody approves. */
      bother: Effect.flatMap(service.authorize(user), ({ id }) => service.cancel(id)),
      refused: Effect.flatMap(Effect.flip(service.authorize(user)), (error) => {
        assert(error._tag === "RateLimited", error._tag)
        return Effect.map(error.retryAfter, Duration.toSeconds)
      })
    }
  })

const acts = Effect.flatMap(
  AuditLog.AuditLog,
  ({ entries }) => Effect.map(entries({ limit: 100 }), (all) => all.map(({ act }) => act))
)

const administering = Effect.flatMap(Effect.provide(Admin.httpApp, Operators.layerMemory), (app) =>
  Effect.map(
    HttpApiClient.makeWith(AdminApi, { httpClient: InProcess.make(app), baseUrl: "http://launchkey" }),
    ({ admin }) => admin
  ))

layer(everything)("what users are spared", (it) => {
  describe("a user who approves nothing", () => {
    it.effect("is asked so often and no more, until the first of it is long ago", () =>
      Effect.gen(function*() {
        const { bother, device, refused } = yield* scene("bothered")
        yield* bother
        yield* TestClock.adjust("1 minute")
        yield* bother
        yield* bother
        assert.strictEqual(yield* refused, 540)
        assert.deepStrictEqual(yield* device.pending, [])
        yield* TestClock.adjust("9 minutes")
        yield* bother
        assert.strictEqual(yield* refused, 60)
      }))

    it.effect("is recorded once within an hour, by who asks and not by name", () =>
      Effect.gen(function*() {
        const { bother, refused } = yield* scene("recorded")
        const { entries } = yield* AuditLog.AuditLog
        const before = (yield* entries({ limit: 100 })).length
        yield* Effect.repeatN(bother, 2)
        yield* Effect.repeatN(refused, 3)
        const [entry, ...others] = yield* entries({ after: before, limit: 100 })
        assert.deepInclude(entry, {
          act: "prompt.limit",
          actor: Entity.service(serviceId),
          on: Entity.service(serviceId)
        })
        assert.deepStrictEqual(others, [])
      }))

    it.effect("may be asked again once something was approved; a denial or failure changes nothing", () =>
      Effect.gen(function*() {
        const { ask, device, refused } = yield* scene("approves")
        yield* ask
        yield* device.deny()
        yield* ask
        yield* device.fail("AUTHENTICATION")
        yield* ask
        yield* refused
        yield* device.approve()
        for (const _ of [1, 2, 3]) {
          yield* ask
          yield* device.approve()
        }
      }))
  })

  describe("a report of fraud", () => {
    it.effect("keeps the service, and no other, from asking the user for a while", () =>
      Effect.gen(function*() {
        const { ask, device, refused } = yield* scene("reports")
        const other = yield* scene("reports-not")
        yield* ask
        yield* device.deny({ fraud: true })
        assert.strictEqual(yield* refused, 300)
        yield* other.ask
        yield* TestClock.adjust("5 minutes")
        yield* ask
        assert.include(yield* acts, "fraud.report")
      }))

    it.effect("is seen by the operator, without a name, and counted", () =>
      Effect.gen(function*() {
        const { ask, device } = yield* scene("seen")
        const { count } = yield* Metric.value(Metrics.fraudReports.of({}))
        const { id } = yield* ask
        yield* device.deny({ fraud: true })
        assert.strictEqual((yield* Metric.value(Metrics.fraudReports.of({}))).count, count + 1)
        const store = yield* Store.Store
        const [linked] = yield* store.devices({ directoryId, identifier: "seen" })
        assert(linked !== undefined)
        const [report] = yield* (yield* administering).listFraud({ payload: { limit: 1 } })
        assert.deepInclude(report, { authorizationRequestId: id, serviceId, directoryId, deviceId: linked.id })
        assert.notInclude(JSON.stringify(report), "seen")
        const entry = (yield* (yield* AuditLog.AuditLog).entries({ limit: 100 })).at(-1)
        assert.deepInclude(entry, {
          act: "fraud.report",
          actor: Entity.device(linked.id),
          on: Entity.service(serviceId)
        })
      }))

    it.effect("holds until the operator lifts it", () =>
      Effect.gen(function*() {
        const { ask, device, refused } = yield* scene("lifted")
        yield* ask
        yield* device.deny({ fraud: true })
        yield* refused
        const admin = yield* administering
        yield* admin.liftFraud({ payload: { directoryId, user: "lifted", serviceId } })
        yield* ask
        assert.strictEqual((yield* acts).at(-1), "fraud.lift")
        const nobody = yield* Effect.flip(admin.liftFraud({ payload: { directoryId, user: "nobody", serviceId } }))
        assert.strictEqual(nobody._tag, "EntityNotFound")
      }))

    it.effect("by a device that tells nothing more is none, and its answers count as wanted", () =>
      Effect.gen(function*() {
        const { ask, device } = yield* scene("untold")
        const { fraudReports } = yield* Store.Store
        const before = (yield* fraudReports(1000)).length
        for (const _ of [1, 2, 3, 4]) {
          yield* ask
          yield* device.deny({ fraud: true, format: "legacy" })
        }
        assert.strictEqual((yield* fraudReports(1000)).length, before)
        assert.deepStrictEqual(yield* Effect.map(ask, ({ deviceIds }) => Option.isSome(deviceIds)), true)
      }))
  })
})
