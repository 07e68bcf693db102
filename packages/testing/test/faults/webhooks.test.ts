import * as Entity from "@effect-launchkey/core/EntityIdentifier"
import * as Faults from "@effect-launchkey/testing/Faults"
import * as TestPlatform from "@effect-launchkey/testing/TestPlatform"
import * as TestWebhooks from "@effect-launchkey/testing/TestWebhooks"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Logger from "effect/Logger"
import * as LogLevel from "effect/LogLevel"
import * as TestClock from "effect/TestClock"
import { memory } from "./support/cells.ts"
import * as World from "./support/world.ts"

/** What is asked before a webhook can be believed: the time, and the key that it names. */
const faults = Faults.all.filter(({ comesTo, on, target }) =>
  on !== "Wire" && target !== "Call" && (comesTo._tag === "NotSent" || (comesTo._tag === "KeyMissing" && !comesTo.byId))
)

describe("the opening of a webhook", () => {
  for (const fault of faults) {
    it.effect(
      `fails with its documented error where it meets ${fault.name}, and uses up no token`,
      () =>
        Effect.gen(function*() {
          yield* TestClock.setTime(Date.UTC(2026, 0, 1))
          const world = yield* World.inMemory(memory)
          const { around, desk, transport } = yield* world.connect("service")
          const webhooks = yield* Effect.provide(
            TestWebhooks.make({ serviceId: TestPlatform.serviceId }),
            world.platform
          )
          const subject = Entity.service(TestPlatform.serviceId)
          let marked = 0
          const open = (delivery: TestWebhooks.Delivery) =>
            around(transport.openWebhook({
              ...delivery,
              subject,
              firstSeen: () => Effect.sync(() => ++marked === 1)
            }))
          const delivery = yield* webhooks.authorizationResponse()
          yield* desk.meet(fault)
          const error = yield* Effect.flip(open(delivery))
          const reason = "reason" in fault.comesTo ? fault.comesTo.reason : undefined
          assert.deepStrictEqual([error._tag, error.reason, marked], ["TransportError", reason, 0])
          yield* desk.heal
          // The platform sends it again, sealed anew.
          yield* open(yield* webhooks.again(delivery))
          assert.strictEqual(marked, 1)
        }).pipe(Effect.scoped, Logger.withMinimumLogLevel(LogLevel.None)),
      60_000
    )
  }
})
