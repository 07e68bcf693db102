import * as Entity from "@effect-launchkey/core/EntityIdentifier"
import * as ServicePolicy from "@effect-launchkey/core/ServicePolicy"
import { StoreUnavailable } from "@effect-launchkey/core/StoreUnavailable"
import * as PlatformClock from "@effect-launchkey/platform/PlatformClock"
import * as PlatformKeys from "@effect-launchkey/platform/PlatformKeys"
import * as SqlStore from "@effect-launchkey/platform/sql/SqlStore"
import * as SqlWebhookQueue from "@effect-launchkey/platform/sql/SqlWebhookQueue"
import * as Store from "@effect-launchkey/platform/Store"
import * as UserSessions from "@effect-launchkey/platform/UserSessions"
import * as WebhookSender from "@effect-launchkey/platform/WebhookSender"
import { assert, it } from "@effect/vitest"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import { newUser } from "../storeContract.ts"
import { onEachDatabase } from "../support/databases.ts"

const organizationId = Entity.OrganizationId.make("6ba7b810-9dad-11d1-80b4-00c04fd430c8")

const service: Store.ServiceRecord = {
  id: Entity.ServiceId.make("a5a2d6d4-7d1c-11ee-b962-0242ac120002"),
  organizationId,
  directoryId: Option.none(),
  name: "Service",
  description: Option.none(),
  icon: Option.none(),
  callbackUrl: Option.some("https://example.com/hooks"),
  active: true,
  policy: ServicePolicy.none
}

onEachDatabase("a session's end and its webhook", (database) => {
  it.scoped("are kept together, or neither of them", () =>
    Effect.gen(function*() {
      const { context } = yield* database
      yield* Effect.gen(function*() {
        const store = yield* Store.Store
        const queue = yield* SqlWebhookQueue.make()
        const user = newUser()
        yield* store.insertService(service, "service")
        yield* store.startSession({
          user,
          serviceId: service.id,
          authorizationRequestId: Option.none(),
          issuer: Entity.service(service.id),
          created: yield* DateTime.now
        })

        const ending = (then: Effect.Effect<void, StoreUnavailable>) =>
          Effect.provideService(UserSessions.end(user), WebhookSender.WebhookSender, {
            send: (webhook) =>
              Effect.flatMap(DateTime.now, (now) => queue.enqueue(webhook, now)).pipe(
                Effect.map(({ id }) => id),
                Effect.zipLeft(then)
              ),
            log: queue.log,
            replay: () => Effect.succeedNone
          })
        yield* Effect.flip(ending(new StoreUnavailable({ operation: "test" })))
        assert.lengthOf(yield* store.sessions(user), 1)
        assert.deepStrictEqual(yield* queue.log, [])

        yield* ending(Effect.void)
        assert.deepStrictEqual(yield* store.sessions(user), [])
        assert.deepStrictEqual((yield* queue.log).map(({ kind }) => kind), ["SESSION_END"])
      }).pipe(
        Effect.provide(Layer.mergeAll(SqlStore.layer(), PlatformClock.layer, PlatformKeys.layerGenerated)),
        Effect.provide(context)
      )
    }))
})
