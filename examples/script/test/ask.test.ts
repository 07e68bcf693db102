/** The depths at which a program is tested: take the shallowest that can fail for the reason under test. */
import * as ServiceClient from "@effect-launchkey/clients/ServiceClient"
import * as TestPlatform from "@effect-launchkey/testing/TestPlatform"
import * as TestTransport from "@effect-launchkey/testing/TestTransport"
import { assert, it } from "@effect/vitest"
import { Effect, Layer, Schedule } from "effect"
import { ask } from "../src/ask.ts"

const Client = ServiceClient.layer({ serviceId: TestPlatform.serviceId })

/** What it makes of an answer: canned replies, without cryptography. */
const NoSuchUser = Layer.provide(Client, TestTransport.layerReplies([TestTransport.error(404, "HTTP-404")]))

it.effect("says that there is no such user", () =>
  Effect.map(
    Effect.provide(ask("nobody", "Deploy"), NoSuchUser),
    (verdict) => assert.strictEqual(verdict, "there is no such user, or no device")
  ))

/** Whether it works at all: a platform and a device in this process. */
const InProcess = Layer.provideMerge(Client, TestPlatform.layer)

for (const [answer, expected] of [["approve", "approved"], ["deny", "denied"]] as const) {
  it.live(`is ${expected} where the user does so`, () =>
    Effect.gen(function*() {
      const { linkedDevice } = yield* TestPlatform.TestPlatform
      const device = yield* linkedDevice("ada")
      const answers = Effect.retry(device[answer](), Schedule.spaced("20 millis"))
      const [verdict] = yield* Effect.all([ask("ada", "Deploy"), answers], { concurrency: "unbounded" })
      assert.strictEqual(verdict, expected)
    }).pipe(Effect.provide(InProcess)))
}
