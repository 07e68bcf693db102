import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Logger from "effect/Logger"
import * as LogLevel from "effect/LogLevel"
import * as TestClock from "effect/TestClock"
import * as Creates from "./support/creates.ts"

describe("creates of which a fifth meet faults", () => {
  it.effect("are accounted for each, and no user is asked twice", () =>
    Effect.gen(function*() {
      yield* TestClock.setTime(Date.UTC(2026, 0, 1))
      const found = yield* Creates.run(200, 1)
      assert.deepStrictEqual(found.problems, [])
      assert.strictEqual(found.created + found.notCreated + found.unknown, 200)
      assert.isAbove(found.unknownAndCreated, 0)
      assert.isBelow(found.unknownAndCreated, found.unknown)
      assert.isAbove(found.notCreated, 0)
    }).pipe(Logger.withMinimumLogLevel(LogLevel.None)), 60_000)

  it.effect("would be found to ask a user twice if what is not known were asked again", () =>
    Effect.gen(function*() {
      yield* TestClock.setTime(Date.UTC(2026, 0, 1))
      const found = yield* Creates.run(60, 1, (client, user) =>
        Effect.catchTag(client.authorize(user), "OutcomeUnknown", () =>
          client.authorize(user)))
      assert.isAbove(
        found.problems.filter((problem) =>
          problem.endsWith("asked 2 times")
        ).length,
        0
      )
    }).pipe(Logger.withMinimumLogLevel(LogLevel.None)), 60_000)
})
