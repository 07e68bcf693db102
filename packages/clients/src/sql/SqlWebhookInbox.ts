/**
 * What a receiver of webhooks remembers, in a SQL database: in PostgreSQL for any number of processes, in a file of
 * SQLite for one. Every step is a single statement, and deliveries that come together share it.
 *
 * @see docs/protocol.md "Webhooks"
 * @since 0.1.0
 */
import * as Database from "@effect-launchkey/sql/Database"
import { prune } from "@effect-launchkey/sql/Pruning"
import type * as SqlClient from "@effect/sql/SqlClient"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Scope from "effect/Scope"
import { Claim, type Options, type Service, type Token, WebhookInbox } from "../WebhookInbox.ts"

interface Held {
  readonly event: string
  readonly ticket: string
}

interface Lease {
  readonly event: string
  readonly lease: Duration.Duration
}

const millis = (duration: Duration.Duration): number => Math.ceil(Duration.toMillis(duration))

const tokenKey = (audience: string, tokenId: string): string => JSON.stringify([audience, tokenId])

/**
 * Keeps pruning what it need not remember, as long as its scope is open. The tables are there: see `Migrations`.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (
  options: Pick<Options, "retention"> = {}
): Effect.Effect<Service, never, SqlClient.SqlClient | Scope.Scope> =>
  Effect.gen(function*() {
    const database = yield* Database.make
    const { batched, bytewise, given, locking, now, random, sql } = database
    const retention = millis(Duration.decode(options.retention ?? "24 hours"))

    const firstSeen = yield* batched("WebhookInbox.firstSeen", (tokens: ReadonlyArray<Token>) =>
      sql<{ audience: string; token_id: string }>`
        INSERT INTO launchkey_webhook_tokens (audience, token_id, until)
        SELECT given.value->>0, given.value->>1, CAST(given.value->>2 AS BIGINT)
        FROM ${given(tokens.map(({ audience, tokenId, until }) => [audience, tokenId, Math.ceil(until)]))}
        WHERE true
        ORDER BY (given.value->>0) ${bytewise}, (given.value->>1) ${bytewise}
        ON CONFLICT DO NOTHING
        RETURNING audience, token_id`.pipe(
        Effect.map((rows) => {
          const added = new Set(rows.map(({ audience, token_id }) =>
            tokenKey(audience, token_id)
          ))
          // of those that ask for one token together, one is the first
          return tokens.map(({ audience, tokenId }) => added.delete(tokenKey(audience, tokenId)))
        })
      ))

    const take = (leases: ReadonlyArray<Lease>) =>
      Effect.flatMap(now, (now) =>
        sql<Held>`
          INSERT INTO launchkey_webhook_events AS held (event, ticket, handled, until)
          SELECT given.value->>0, ${random}, 0, ${now} + CAST(given.value->>1 AS BIGINT)
          FROM ${given(leases.map(({ event, lease }) => [event, millis(lease)]))}
          WHERE true
          ORDER BY (given.value->>0) ${bytewise}
          ON CONFLICT (event) DO UPDATE
            SET ticket = excluded.ticket, handled = excluded.handled, until = excluded.until
            WHERE held.until <= ${now}
          RETURNING event, ticket`)

    const handled = (events: ReadonlyArray<string>) =>
      sql<{ event: string }>`
        SELECT held.event
        FROM ${given(events.map((event) => [event]))}
        JOIN launchkey_webhook_events AS held ON held.event = given.value->>0
        WHERE held.handled = 1`

    const claim = yield* batched("WebhookInbox.claim", (leases: ReadonlyArray<Lease>) =>
      Effect.gen(function*() {
        // of those that ask for one event together, one may have it
        const each = Array.from(new Map(leases.map((lease) => [lease.event, lease])).values())
        const tickets = new Map((yield* take(each)).map(({ event, ticket }) => [event, ticket]))
        const others = each.map(({ event }) => event).filter((event) => !tickets.has(event))
        const done = new Set(others.length === 0 ? [] : (yield* handled(others)).map(({ event }) => event))
        return leases.map(({ event }) => {
          const ticket = tickets.get(event)
          tickets.delete(event)
          return ticket !== undefined
            ? Claim.Claimed({ ticket })
            : done.has(event)
            ? Claim.Handled()
            : Claim.InProgress()
        })
      }))

    /** The claims that are still their tickets', also where their lease has passed and nobody took them over. */
    const mine = (held: ReadonlyArray<Held & { readonly lease?: Duration.Duration }>) =>
      sql`(
        SELECT held.event, CAST(given.value->>2 AS BIGINT) AS lease
        FROM ${given(held.map(({ event, lease, ticket }) => [event, ticket, lease === undefined ? 0 : millis(lease)]))}
        JOIN launchkey_webhook_events AS held
          ON held.event = given.value->>0 AND held.ticket = given.value->>1 AND held.handled = 0
        ORDER BY held.event ${bytewise} ${locking}
      ) AS mine`

    const among = (rows: ReadonlyArray<Held>, held: ReadonlyArray<Held>): ReadonlyArray<boolean> => {
      const tickets = new Map(rows.map(({ event, ticket }) => [event, ticket]))
      return held.map(({ event, ticket }) => tickets.get(event) === ticket && tickets.delete(event))
    }

    const renew = yield* batched("WebhookInbox.renew", (held: ReadonlyArray<Held & Lease>) =>
      Effect.flatMap(now, (now) =>
        sql<Held>`
          UPDATE launchkey_webhook_events
          SET until = ${now} + mine.lease
          FROM ${mine(held)}
          WHERE launchkey_webhook_events.event = mine.event
          RETURNING launchkey_webhook_events.event AS event, launchkey_webhook_events.ticket AS ticket`).pipe(
          Effect.map((rows) =>
            among(rows, held)
          )
        ))

    const complete = yield* batched("WebhookInbox.complete", (held: ReadonlyArray<Held>) =>
      Effect.flatMap(now, (now) =>
        sql<Held>`
          UPDATE launchkey_webhook_events
          SET handled = 1, until = ${now} + CAST(${retention} AS BIGINT)
          WHERE event IN (SELECT mine.event FROM ${mine(held)})
          RETURNING event, ticket`).pipe(
          Effect.map((rows) =>
            among(rows, held)
          )
        ))

    const release = yield* batched("WebhookInbox.release", (held: ReadonlyArray<Held>) =>
      Effect.as(
        sql`DELETE FROM launchkey_webhook_events WHERE event IN (SELECT mine.event FROM ${mine(held)})`,
        held.map(() =>
          undefined
        )
      ))

    yield* prune(database, "launchkey_webhook_tokens", ["audience", "token_id"], "seconds")
    yield* prune(database, "launchkey_webhook_events", ["event"], "milliseconds")

    return {
      firstSeen,
      claim: (event, lease) => Effect.uninterruptible(claim({ event, lease })),
      renew: (event, ticket, lease) => renew({ event, ticket, lease }),
      complete: (event, ticket) => complete({ event, ticket }),
      release: (event, ticket) => release({ event, ticket })
    }
  })

/**
 * @since 0.1.0
 * @category layers
 */
export const layer = (
  options?: Pick<Options, "retention">
): Layer.Layer<WebhookInbox, never, SqlClient.SqlClient> => Layer.scoped(WebhookInbox, make(options))
