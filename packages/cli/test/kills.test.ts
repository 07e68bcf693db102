import { serverUrl } from "@effect-launchkey/testing/sql/TestDatabases"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import * as Trial from "./kills/trial.ts"

/** As `pnpm kills` does it two hundred times. */
const survives = (promise: string, store: Trial.Options["store"], kills: ReadonlyArray<Trial.Kind>) =>
  it.live(
    promise,
    () =>
      Effect.gen(function*() {
        const figures = yield* Trial.run({ store, kills, seed: 7, services: 1, hurry: true })
        assert.deepStrictEqual(figures.problems, [])
        assert.strictEqual(figures.kills, kills.length)
        assert.strictEqual(figures.webhooks.missing, 0)
        assert.strictEqual(figures.webhooks.held, 1)
        assert.isAtLeast(figures.webhooks.again, 1)
        assert.isAbove(figures.acknowledged, 0)
      }),
    240_000
  )

describe("a platform in a file that is killed", () =>
  survives("has all that it answered, and nothing by half", "libsql", ["delivery"]))

describe.skipIf(serverUrl === undefined)(
  "a platform in PostgreSQL that is killed",
  () => survives("has all that it answered, and nothing by half", "postgres", ["delivery"])
)
