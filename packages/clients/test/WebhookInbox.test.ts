import { assert, describe, it } from "@effect/vitest"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as TestClock from "effect/TestClock"
import * as WebhookInbox from "../src/WebhookInbox.ts"

const lease = Duration.seconds(30)

const token = (tokenId: string, until: number): WebhookInbox.Token => ({ audience: "svc:one", tokenId, until })

const handle = (inbox: WebhookInbox.Service, event: string) =>
  Effect.gen(function*() {
    const claim = yield* inbox.claim(event, lease)
    assert.strictEqual(claim._tag, "Claimed")
    return claim._tag === "Claimed" && (yield* inbox.complete(event, claim.ticket))
  })

// What any inbox promises is tried on this one together with those in databases.
describe("an inbox in memory", () => {
  it.effect("remembers a token until the moment that was named, and no longer", () =>
    Effect.gen(function*() {
      const inbox = yield* WebhookInbox.makeMemory({ capacity: 1 })
      assert.isTrue(yield* inbox.firstSeen(token("a", 10)))
      yield* TestClock.setTime(9999)
      assert.isFalse(yield* inbox.firstSeen(token("a", 10)))
      yield* TestClock.setTime(10_000)
      assert.isTrue(yield* inbox.firstSeen(token("a", 10)))
    }))

  it.effect("forgets no token that may be used again, and says so when it is full of them", () =>
    Effect.gen(function*() {
      const inbox = yield* WebhookInbox.makeMemory({ capacity: 2 })
      yield* inbox.firstSeen(token("a", 60))
      yield* inbox.firstSeen(token("b", 10))
      const error = yield* Effect.flip(inbox.firstSeen(token("c", 10)))
      assert.strictEqual(error._tag, "StoreUnavailable")
      assert.strictEqual(error.operation, "WebhookInbox.firstSeen")
      assert.include(String(error.cause), "larger capacity")
      assert.isFalse(yield* inbox.firstSeen(token("a", 60)))
      yield* TestClock.adjust("10 seconds")
      // Whichever of them is too old makes room.
      assert.isTrue(yield* inbox.firstSeen(token("c", 20)))
      assert.isFalse(yield* inbox.firstSeen(token("a", 60)))
    }))

  it.effect("remembers for 24 hours that an event was handled", () =>
    Effect.gen(function*() {
      const inbox = yield* WebhookInbox.makeMemory()
      yield* handle(inbox, "event")
      yield* TestClock.adjust("86399 seconds")
      assert.strictEqual((yield* inbox.claim("event", lease))._tag, "Handled")
      yield* TestClock.adjust("1 seconds")
      assert.strictEqual((yield* inbox.claim("event", lease))._tag, "Claimed")
    }))

  it.effect("remembers it for as long as it is told to", () =>
    Effect.gen(function*() {
      const inbox = yield* WebhookInbox.makeMemory({ retention: "1 minute" })
      yield* handle(inbox, "event")
      yield* TestClock.adjust("1 minute")
      assert.strictEqual((yield* inbox.claim("event", lease))._tag, "Claimed")
    }))

  it.effect("forgets the oldest of the handled events when there are more than it holds", () =>
    Effect.gen(function*() {
      const inbox = yield* WebhookInbox.makeMemory({ capacity: 2 })
      for (const event of ["a", "b", "c"]) yield* handle(inbox, event)
      assert.strictEqual((yield* inbox.claim("b", lease))._tag, "Handled")
      assert.strictEqual((yield* inbox.claim("c", lease))._tag, "Handled")
      assert.strictEqual((yield* inbox.claim("a", lease))._tag, "Claimed")
    }))

  it.effect("gives an event to somebody else once its lease has passed, and not before", () =>
    Effect.gen(function*() {
      const inbox = yield* WebhookInbox.makeMemory()
      const first = yield* inbox.claim("event", lease)
      yield* TestClock.adjust("20 seconds")
      if (first._tag === "Claimed") assert.isTrue(yield* inbox.renew("event", first.ticket, lease))
      yield* TestClock.adjust("29999 millis")
      assert.strictEqual((yield* inbox.claim("event", lease))._tag, "InProgress")
      yield* TestClock.adjust("1 millis")
      assert.strictEqual((yield* inbox.claim("event", lease))._tag, "Claimed")
      if (first._tag === "Claimed") assert.isFalse(yield* inbox.renew("event", first.ticket, lease))
    }))
})
