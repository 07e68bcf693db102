import { AuthorizationRequestId } from "@effect-launchkey/core/Authorization"
import { filename, pgDatabase, serverUrl } from "@effect-launchkey/testing/sql/TestDatabases"
import * as TestWebhooks from "@effect-launchkey/testing/TestWebhooks"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import type * as Scope from "effect/Scope"
import * as Crypto from "node:crypto"
import * as children from "./children.ts"
import type { Place } from "./once/store.ts"
import { deliver, Said, user } from "./survival/messages.ts"

const start = (place: Place) =>
  Effect.gen(function*() {
    // A renewal that is late on a machine under load must not look like a death.
    const child = yield* children.start(new URL("./survival/program.ts", import.meta.url), {
      place,
      lease: "3 seconds"
    })
    const heard: Array<Said> = []
    /** Listens until it has said that so often. */
    const hear = (tag: Said["_tag"], times = 1) =>
      Effect.map(child.next(Said), (said) => {
        heard.push(said)
      }).pipe(
        Effect.unless(() => count(heard, tag) >= times),
        Effect.repeat({ until: () => count(heard, tag) >= times })
      )
    yield* hear("Ready")
    return {
      heard,
      hear,
      kill: child.kill,
      begin: (id: AuthorizationRequestId) => child.tell({ _tag: "Begin", id }),
      resume: (id: AuthorizationRequestId) => child.tell({ _tag: "Resume", id }),
      deliver: (delivery: TestWebhooks.Delivery, options?: { readonly hangs: boolean }) =>
        child.tell(deliver(delivery, options))
    }
  })

const count = (heard: ReadonlyArray<Said>, tag: Said["_tag"]) => heard.filter(({ _tag }) => _tag === tag).length

const firsts = (heard: ReadonlyArray<Said>) => heard.filter((said) => said._tag === "Completed" && said.first).length

const outcomes = (heard: ReadonlyArray<Said>) => heard.flatMap((said) => said._tag === "Outcome" ? [said.outcome] : [])

const approval = Effect.gen(function*() {
  const id = AuthorizationRequestId.make(Crypto.randomUUID())
  const { again, authorizationResponse } = yield* TestWebhooks.TestWebhooks
  const approved = yield* authorizationResponse({ authorizationRequestId: id, serviceUserHash: user })
  // sealed when it is delivered: processes take longer to start than a token lives
  return { id, approved: again(approved) }
})

const check = (promise: string, body: Effect.Effect<void, never, Scope.Scope | TestWebhooks.TestWebhooks>) =>
  it.scopedLive(promise, () => Effect.provide(body, TestWebhooks.layerForging()), 60_000)

describe("one process after the other on a file", () => {
  const file: Effect.Effect<Place, never, Scope.Scope> = Effect.map(
    filename,
    (filename) => ({ _tag: "Libsql", filename })
  )

  check(
    "picks up what a process that was killed had waited for, and completes it once",
    Effect.gen(function*() {
      const place = yield* file
      const { approved, id } = yield* approval
      const killed = yield* start(place)
      yield* killed.begin(id)
      yield* killed.hear("Waiting")
      yield* killed.kill

      const next = yield* start(place)
      yield* next.resume(id)
      yield* next.hear("Waiting")
      yield* Effect.forEach(
        [yield* approved, yield* approved, yield* approved],
        (delivery) => next.deliver(delivery)
      )
      yield* next.hear("Answered")
      yield* next.hear("Outcome", 3)
      assert.deepStrictEqual(
        next.heard.filter(({ _tag }) => _tag === "Answered"),
        [{ _tag: "Answered", id, authorized: true }]
      )
      assert.strictEqual(firsts(next.heard), 1)
      assert.strictEqual(count(next.heard, "Handling"), 1)
      assert.strictEqual(outcomes(next.heard).filter((outcome) => outcome === "Handled").length, 1)
    })
  )

  check(
    "finds the answer that a process took just before it was killed",
    Effect.gen(function*() {
      const place = yield* file
      const { approved, id } = yield* approval
      const killed = yield* start(place)
      yield* killed.begin(id)
      yield* killed.hear("Waiting")
      yield* killed.deliver(yield* approved, { hangs: true })
      yield* killed.hear("Completed")
      yield* killed.kill

      const next = yield* start(place)
      yield* next.resume(id)
      yield* next.hear("Answered")
      assert.deepStrictEqual(next.heard.at(-1), { _tag: "Answered", id, authorized: true })
    })
  )

  check(
    "handles the retry of a webhook whose handler was killed, once its lease has passed",
    Effect.gen(function*() {
      const place = yield* file
      const { approved } = yield* approval
      const killed = yield* start(place)
      yield* killed.deliver(yield* approved, { hangs: true })
      yield* killed.hear("Handling")
      yield* killed.kill

      const next = yield* start(place)
      yield* retried(next, Effect.flatMap(approved, next.deliver))
      yield* Effect.flatMap(approved, next.deliver)
      yield* next.hear("Outcome", outcomes(next.heard).length + 1)
      assert.deepStrictEqual(outcomes(next.heard).slice(-2), ["Handled", "HandledBefore"])
      assert.strictEqual(count(next.heard, "Handling"), 1)
    })
  )
})

/** Sends until it is handled, as senders do; all that may stand in the way is the lease of whoever died. */
const retried = (by: Effect.Effect.Success<ReturnType<typeof start>>, retry: Effect.Effect<void>) =>
  Effect.gen(function*() {
    const before = outcomes(by.heard).length
    yield* Effect.suspend(() => Effect.zipRight(retry, by.hear("Outcome", outcomes(by.heard).length + 1))).pipe(
      Effect.repeat({ until: () => outcomes(by.heard).at(-1) === "Handled" })
    )
    const refused = outcomes(by.heard).slice(before, -1)
    assert.deepStrictEqual(refused, refused.map(() => "EventInProgress"))
  })

describe.skipIf(serverUrl === undefined)("side by side on PostgreSQL", () => {
  const database: Effect.Effect<Place, never, Scope.Scope> = Effect.map(
    pgDatabase,
    ({ url }) => ({ _tag: "Pg", url: Redacted.value(url) })
  )

  check(
    "picks up what a process that was killed had waited for, and completes it once",
    Effect.gen(function*() {
      const place = yield* database
      const { approved, id } = yield* approval
      const [killed, waiter, other] = yield* Effect.all([start(place), start(place), start(place)], {
        concurrency: "unbounded"
      })
      yield* killed.begin(id)
      yield* killed.hear("Waiting")
      yield* waiter.resume(id)
      yield* waiter.hear("Waiting")
      yield* killed.kill

      yield* waiter.deliver(yield* approved)
      yield* other.deliver(yield* approved)
      yield* other.deliver(yield* approved)
      yield* waiter.hear("Answered")
      yield* waiter.hear("Outcome")
      yield* other.hear("Outcome", 2)
      const heard = [...waiter.heard, ...other.heard]
      assert.deepStrictEqual(
        heard.filter(({ _tag }) => _tag === "Answered"),
        [{ _tag: "Answered", id, authorized: true }]
      )
      assert.strictEqual(firsts(heard), 1)
      assert.strictEqual(count(heard, "Handling"), 1)
      assert.strictEqual(outcomes(heard).filter((outcome) => outcome === "Handled").length, 1)
    })
  )

  check(
    "handles the retry of a webhook whose handler was killed, once its lease has passed and not before",
    Effect.gen(function*() {
      const place = yield* database
      const { approved } = yield* approval
      const [killed, other] = yield* Effect.all([start(place), start(place)], { concurrency: "unbounded" })
      yield* killed.deliver(yield* approved, { hangs: true })
      yield* killed.hear("Handling")
      yield* Effect.flatMap(approved, other.deliver)
      yield* other.hear("Outcome")
      assert.deepStrictEqual(outcomes(other.heard), ["EventInProgress"])
      yield* killed.kill

      yield* retried(other, Effect.flatMap(approved, other.deliver))
      yield* Effect.flatMap(approved, other.deliver)
      yield* other.hear("Outcome", outcomes(other.heard).length + 1)
      assert.deepStrictEqual(outcomes(other.heard).slice(-2), ["Handled", "HandledBefore"])
      assert.strictEqual(count(other.heard, "Handling"), 1)
    })
  )
})
