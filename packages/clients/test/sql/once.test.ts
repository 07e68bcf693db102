import { serverUrl } from "@effect-launchkey/testing/sql/TestDatabases"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { failsAtFirst, isAnswer } from "./once/events.ts"
import * as Trial from "./once/trial.ts"

const events = 200

const indices = Array.from({ length: events }, (_, index) => index)

const post: Trial.Options["post"] = async (port, { body, headers, method, path }) => {
  const { status } = await fetch(`http://127.0.0.1:${port}${path}`, { method, headers, body: new Uint8Array(body) })
  return status
}

const check = (store: Trial.Options["store"]) => {
  const once = { once: events, twice: 0, strange: 0 }
  const kept = { events, answers: indices.filter(isAnswer).length }
  const failing = indices.filter(failsAtFirst).length

  it.live(
    "handles each event exactly once, of the same bytes delivered three times at once",
    () =>
      Effect.gen(function*() {
        const { left, rows, statuses, ...counts } = yield* Trial.run({ store, copies: "same", events, post })
        assert.deepInclude(counts, once)
        // one of each event's three is taken, and those whose handler failed, or outlasted its lease on a slow machine,
        // came again under a token of their own
        assert.isAtLeast(statuses[204] ?? 0, events)
        assert.isAtLeast(statuses[401] ?? 0, 2 * events)
        assert.isAtLeast(statuses[500] ?? 0, failing)
        assert.deepInclude(rows, kept)
        assert.strictEqual(left, 0)
      }),
    120_000
  )

  it.live(
    "handles each event exactly once, of retries that are signed anew and come at once",
    () =>
      Effect.gen(function*() {
        const { left, rows, statuses, ...counts } = yield* Trial.run({ store, copies: "resigned", events, post })
        assert.deepInclude(counts, once)
        assert.strictEqual(statuses[204], 3 * events)
        assert.deepInclude(rows, kept)
        assert.strictEqual(left, 0)
      }),
    120_000
  )
}

describe("one process on a file", () => check("Libsql"))

describe.skipIf(serverUrl === undefined)("two processes on one PostgreSQL", () => check("Pg"))
