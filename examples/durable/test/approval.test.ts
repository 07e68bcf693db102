import * as ServiceClient from "@effect-launchkey/clients/ServiceClient"
import * as TestPlatform from "@effect-launchkey/testing/TestPlatform"
import { assert, it } from "@effect/vitest"
import { Effect, Fiber, Layer, Schedule } from "effect"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Approval, layer } from "../src/approval.ts"
import { engine } from "../src/engine.ts"

const folder = Effect.acquireRelease(
  Effect.sync(() => mkdtempSync(join(tmpdir(), "durable-"))),
  (path) => Effect.sync(() => rmSync(path, { recursive: true, force: true }))
)

const Client = ServiceClient.layer({ serviceId: TestPlatform.serviceId })

const Platform = Layer.provideMerge(Client, TestPlatform.layer)

/** A process: what it remembers beside the file ends with it. */
const inProcess = <A, E, R>(file: string, effect: Effect.Effect<A, E, R>) =>
  Effect.provide(effect, Layer.fresh(Layer.provideMerge(layer, engine(file))))

const order = { order: "order-1", user: "ada", context: "Approve order 1" }

it.scopedLive(
  "a request survives the process that made it: awaited again, and nobody is asked twice",
  () =>
    Effect.gen(function*() {
      const file = join(yield* folder, "approvals.db")
      const device = yield* Effect.flatMap(TestPlatform.TestPlatform, (_) => _.linkedDevice("ada"))

      const first = yield* Effect.fork(inProcess(file, Approval.execute(order)))
      const asked = yield* device.pending.pipe(
        Effect.filterOrFail((requests) => requests.length > 0),
        Effect.retry(Schedule.spaced("20 millis"))
      )
      yield* Fiber.interrupt(first)
      yield* device.approve(asked[0]?.id)

      assert.isTrue(yield* inProcess(file, Approval.execute(order)))
      assert.deepStrictEqual(yield* device.pending, [])
    }).pipe(Effect.provide(Platform)),
  60_000
)
