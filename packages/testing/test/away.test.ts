import * as ServiceClient from "@effect-launchkey/clients/ServiceClient"
import { StoreUnavailable } from "@effect-launchkey/core/StoreUnavailable"
import * as MemoryStore from "@effect-launchkey/platform/MemoryStore"
import * as Store from "@effect-launchkey/platform/Store"
import * as TestPlatform from "@effect-launchkey/testing/TestPlatform"
import * as NodeJose from "@effect-launchkey/transport/NodeJose"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer } from "effect"

/** Which of the store's methods fail, from now on. */
const away = new Set<string>()

const unavailable = new StoreUnavailable({ operation: "hidden", cause: new Error("hidden") })

const store = Layer.effect(
  Store.Store,
  Effect.map(MemoryStore.make(), (memory): Store.Service => ({
    ...memory,
    keys: (entity) => away.has("keys") ? Effect.fail(unavailable) : memory.keys(entity),
    firstSeen: (token) => away.has("firstSeen") ? Effect.fail(unavailable) : memory.firstSeen(token),
    hasUser: (user) => away.has("hasUser") ? Effect.fail(unavailable) : memory.hasUser(user)
  }))
)

const live = Layer.provide(TestPlatform.layerOver(store), NodeJose.layer)

describe("a platform whose store is away", () => {
  for (const method of ["keys", "firstSeen", "hasUser"]) {
    it.live(`says so in a sealed answer, and not why: where ${method} fails`, () =>
      Effect.gen(function*() {
        const service = yield* ServiceClient.make({ serviceId: TestPlatform.serviceId })
        yield* Effect.addFinalizer(() => Effect.sync(() => away.clear()))
        away.add(method)
        const error = yield* Effect.flip(service.authorize("alice"))
        const told = JSON.stringify(error)
        assert.include(told, "503")
        assert.notInclude(told, "hidden")
        away.clear()
        assert.strictEqual((yield* Effect.flip(service.authorize("alice")))._tag, "EntityNotFound")
      }).pipe(Effect.scoped, Effect.provide(live)))
  }
})
