import { assert, describe, it } from "@effect/vitest"
import * as Array from "effect/Array"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Layer from "effect/Layer"
import type { StoreUnavailable } from "../src/StoreUnavailable.ts"
import { Claim, type Options, type Token, WebhookInbox } from "../src/WebhookInbox.ts"

const lease = Duration.minutes(10)

/** A lease that has passed as soon as it is given. */
const lapsed = Duration.zero

export const tokenOf = (tokenId: string, audience = "svc:one"): Effect.Effect<Token> =>
  Effect.map(Effect.clock, (clock) => ({
    audience,
    tokenId,
    until: Math.floor(clock.unsafeCurrentTimeMillis() / 1000) + 600
  }))

export const ticketOf = (claim: Claim): string => {
  assert.strictEqual(claim._tag, "Claimed")
  return claim._tag === "Claimed" ? claim.ticket : ""
}

/** What any inbox promises. */
export const inboxContract = <E>(name: string, live: (options?: Options) => Layer.Layer<WebhookInbox, E>): void => {
  describe(name, () => {
    const check = (
      promise: string,
      body: Effect.Effect<void, StoreUnavailable, WebhookInbox>,
      options?: Options
    ) => it.live(promise, () => Effect.provide(body, live(options)))

    check(
      "sees a token first once, of each audience",
      Effect.gen(function*() {
        const inbox = yield* WebhookInbox
        assert.isTrue(yield* inbox.firstSeen(yield* tokenOf("a")))
        assert.isFalse(yield* inbox.firstSeen(yield* tokenOf("a")))
        assert.isTrue(yield* inbox.firstSeen(yield* tokenOf("A")))
        assert.isTrue(yield* inbox.firstSeen(yield* tokenOf("a", "svc:two")))
        assert.isFalse(yield* inbox.firstSeen({ ...(yield* tokenOf("a")), until: 4e9 + 0.5 }))
      })
    )

    check(
      "sees a token first once where it comes many times together",
      Effect.gen(function*() {
        const inbox = yield* WebhookInbox
        const token = yield* tokenOf("a")
        const other = yield* tokenOf("b")
        const seen = yield* Effect.forEach(
          Array.flatMap(Array.makeBy(50, () => token), (token) => [token, other]),
          inbox.firstSeen,
          { concurrency: "unbounded" }
        )
        assert.lengthOf(seen.filter((first) => first), 2)
      })
    )

    check(
      "gives an event to one of many that claim it together",
      Effect.gen(function*() {
        const inbox = yield* WebhookInbox
        const claims = yield* Effect.forEach(
          Array.makeBy(50, () => "event"),
          (event) => inbox.claim(event, lease),
          { concurrency: "unbounded" }
        )
        assert.lengthOf(claims.filter(Claim.$is("Claimed")), 1)
        assert.lengthOf(claims.filter(Claim.$is("InProgress")), 49)
      })
    )

    check(
      "says of an event that it is in progress, and then that it was handled",
      Effect.gen(function*() {
        const inbox = yield* WebhookInbox
        const ticket = ticketOf(yield* inbox.claim("event", lease))
        assert.deepStrictEqual(yield* inbox.claim("event", lease), Claim.InProgress())
        assert.strictEqual((yield* inbox.claim("another", lease))._tag, "Claimed")
        assert.isTrue(yield* inbox.complete("event", ticket))
        assert.deepStrictEqual(yield* inbox.claim("event", lease), Claim.Handled())
        assert.deepStrictEqual(
          yield* Effect.all([inbox.claim("event", lapsed), inbox.claim("event", lease)], { concurrency: 2 }),
          [Claim.Handled(), Claim.Handled()]
        )
      })
    )

    check(
      "completes an event once, and by its ticket alone",
      Effect.gen(function*() {
        const inbox = yield* WebhookInbox
        const ticket = ticketOf(yield* inbox.claim("event", lease))
        const other = ticketOf(yield* inbox.claim("another", lease))
        assert.isFalse(yield* inbox.complete("event", other))
        assert.isFalse(yield* inbox.complete("unknown", ticket))
        assert.deepStrictEqual(yield* inbox.claim("event", lease), Claim.InProgress())
        const together = [
          inbox.complete("event", other),
          inbox.complete("event", ticket),
          inbox.complete("event", ticket)
        ]
        assert.deepStrictEqual(
          (yield* Effect.all(together, { concurrency: "unbounded" })).filter((completed) => completed),
          [true]
        )
        assert.isFalse(yield* inbox.complete("event", ticket))
        assert.isFalse(yield* inbox.renew("event", ticket, lease))
      })
    )

    check(
      "gives an event to the next one after it was released",
      Effect.gen(function*() {
        const inbox = yield* WebhookInbox
        const ticket = ticketOf(yield* inbox.claim("event", lease))
        yield* inbox.release("event", ticketOf(yield* inbox.claim("another", lease)))
        assert.deepStrictEqual(yield* inbox.claim("event", lease), Claim.InProgress())
        yield* inbox.release("event", ticket)
        const next = ticketOf(yield* inbox.claim("event", lease))
        assert.notStrictEqual(next, ticket)
        assert.isFalse(yield* inbox.complete("event", ticket))
        yield* inbox.release("event", ticket)
        assert.isTrue(yield* inbox.complete("event", next))
        yield* inbox.release("event", next)
        assert.deepStrictEqual(yield* inbox.claim("event", lease), Claim.Handled())
      })
    )

    check(
      "gives an event to the next one after its lease, and nothing to the one before",
      Effect.gen(function*() {
        const inbox = yield* WebhookInbox
        const before = ticketOf(yield* inbox.claim("event", lapsed))
        const ticket = ticketOf(yield* inbox.claim("event", lease))
        assert.isFalse(yield* inbox.renew("event", before, lease))
        assert.isFalse(yield* inbox.complete("event", before))
        yield* inbox.release("event", before)
        assert.deepStrictEqual(yield* inbox.claim("event", lease), Claim.InProgress())
        assert.isTrue(yield* inbox.complete("event", ticket))
      })
    )

    check(
      "leaves an event to whoever overran the lease, as long as nobody has taken it over",
      Effect.gen(function*() {
        const inbox = yield* WebhookInbox
        const ticket = ticketOf(yield* inbox.claim("event", lapsed))
        assert.isTrue(yield* inbox.complete("event", ticket))
        assert.deepStrictEqual(yield* inbox.claim("event", lease), Claim.Handled())
      })
    )

    check(
      "prolongs a claim",
      Effect.gen(function*() {
        const inbox = yield* WebhookInbox
        const ticket = ticketOf(yield* inbox.claim("event", lapsed))
        assert.isTrue(yield* inbox.renew("event", ticket, lease))
        assert.deepStrictEqual(yield* inbox.claim("event", lease), Claim.InProgress())
        assert.isTrue(yield* inbox.renew("event", ticket, lapsed))
        assert.strictEqual((yield* inbox.claim("event", lease))._tag, "Claimed")
      })
    )

    check(
      "handles an event again once it has forgotten it",
      Effect.gen(function*() {
        const inbox = yield* WebhookInbox
        const ticket = ticketOf(yield* inbox.claim("event", lease))
        assert.isTrue(yield* inbox.complete("event", ticket))
        assert.strictEqual((yield* inbox.claim("event", lease))._tag, "Claimed")
      }),
      { retention: Duration.zero }
    )

    check(
      "tells names apart, whatever characters are in them",
      Effect.gen(function*() {
        const inbox = yield* WebhookInbox
        const names = ["a", "a ", "A", "ä", "a\u0308", "'; --", "\"", "\\", "\u0001", "[1]", "😀", ""]
        for (const name of names) {
          assert.isTrue(yield* inbox.firstSeen(yield* tokenOf(name)), name)
          assert.strictEqual((yield* inbox.claim(name, lease))._tag, "Claimed", name)
        }
      })
    )
  })
}
