/**
 * The webhooks that are on their way in a SQL database, which outlives the process and which several share. Whoever
 * claims one has it until its lease runs out; what was claimed by a process that died is due again then, and in a file, which
 * one process has at a time, as soon as the next one opens it.
 *
 * What a webhook tells is in its row, for as long as the log holds it, so that it can be told again.
 *
 * @see docs/protocol.md "Delivery"
 * @since 0.1.0
 */
import { EntityIdentifier } from "@effect-launchkey/core/EntityIdentifier"
import { KeyId } from "@effect-launchkey/core/KeyId"
import * as Database from "@effect-launchkey/sql/Database"
import * as Hints from "@effect-launchkey/sql/Hints"
import * as Rows from "@effect-launchkey/sql/Rows"
import type * as SqlClient from "@effect/sql/SqlClient"
import type { SqlError } from "@effect/sql/SqlError"
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as PubSub from "effect/PubSub"
import * as Schedule from "effect/Schedule"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import * as PlatformSettings from "../PlatformSettings.ts"
import * as WebhookEgress from "../WebhookEgress.ts"
import * as WebhookQueue from "../WebhookQueue.ts"

/**
 * @since 0.1.0
 * @category models
 */
export interface Options {
  /** How often to look for what other processes added, unless a hint comes before. Default 1 second. */
  readonly interval?: Duration.DurationInput | undefined
  /** What brings word of what other processes added: `listen` of a `PgClient`. Default none. */
  readonly listen?: ((channel: string) => Stream.Stream<string, SqlError>) | undefined
}

const channel = "platform_deliveries"

/** How many rows that the log no longer holds one statement deletes, and how often. */
const sweep = { size: 1000, every: Duration.minutes(1) } as const

const Time = Schema.compose(Rows.Int64, Schema.DateTimeUtcFromNumber)

const Attempts = Schema.parseJson(Schema.Array(Schema.Struct({
  at: Schema.DateTimeUtcFromNumber,
  status: Schema.OptionFromNullOr(Schema.Int),
  failure: Schema.OptionFromNullOr(WebhookEgress.UnsentReason)
})))

const Record = Schema.parseJson(Schema.Struct({
  kind: WebhookQueue.Kind,
  url: Schema.String,
  subject: EntityIdentifier,
  audience: EntityIdentifier,
  recipient: Schema.OptionFromNullOr(Schema.Struct({ id: KeyId, pem: Schema.String })),
  payload: Schema.String
}))

const Claimed = Schema.Struct({
  id: Rows.Int64,
  webhook: Schema.propertySignature(Record).pipe(Schema.fromKey("record")),
  ticket: Schema.Int,
  failures: Schema.Int,
  failingSince: Schema.propertySignature(Schema.OptionFromNullOr(Time)).pipe(Schema.fromKey("failing_since")),
  attempts: Attempts
})

const Logged = Schema.Struct({
  id: Rows.Int64,
  kind: WebhookQueue.Kind,
  url: Schema.String,
  subject: EntityIdentifier,
  created: Time,
  state: WebhookQueue.State,
  attempts: Attempts
})

const Outlook = Schema.Tuple(Schema.Struct({ open: Rows.Int64, next: Schema.OptionFromNullOr(Time) }))

/**
 * Keeps the table from growing as long as its scope is open. The tables are there: see `Migrations`. In a file it ends all
 * claims, so it is made once.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (
  options: Options = {}
): Effect.Effect<WebhookQueue.Service, never, SqlClient.SqlClient | Scope.Scope> =>
  Effect.gen(function*() {
    const database = yield* Database.make
    const { afterCommit, dialect, given, join, lockingWhatIsFree, run, sql } = database
    const { webhooks: limits } = yield* PlatformSettings.PlatformSettings
    const hints = yield* PubSub.sliding<void>(1)

    const decoded = <A, I>(operation: string, schema: Schema.Schema<A, I>) => (rows: unknown) =>
      Effect.mapError(Schema.decodeUnknown(schema)(rows), Rows.unreadable(operation))

    const shown = sql.literal("id, kind, url, subject, created, state, attempts")

    const added = (webhook: WebhookQueue.Webhook, record: string, now: DateTime.Utc) => {
      const address = WebhookQueue.addressOf(webhook.url)
      const at = DateTime.toEpochMillis(now)
      return sql`
        INSERT INTO platform_deliveries (kind, url, origin, subject, created, state, due, attempts, record)
        SELECT CAST(${webhook.kind} AS TEXT), CAST(${
        Option.match(address, { onNone: () => "", onSome: (_) => _.shown })
      } AS TEXT),
          CAST(${Option.match(address, { onNone: () => "", onSome: (_) => _.origin })} AS TEXT),
          CAST(${webhook.subject} AS TEXT), CAST(${at} AS BIGINT),
          CASE WHEN ${
        Option.isSome(address) ? 1 : 0
      } = 1 AND count(*) < ${limits.open} THEN 'PENDING' ELSE 'REFUSED' END,
          CAST(${at} AS BIGINT), '[]', CAST(${record} AS TEXT)
        FROM (SELECT 1 FROM platform_deliveries WHERE state = 'PENDING' LIMIT ${limits.open}) AS others
        RETURNING ${shown}`
    }

    const claimed = ({ busy, limit, now, perOrigin, until }: WebhookQueue.ClaimOptions) => {
      const taken = given(Array.from(busy))
      return sql`
        WITH due AS (
          SELECT id, origin, due FROM platform_deliveries
          WHERE state = 'PENDING' AND due <= ${DateTime.toEpochMillis(now)} AND NOT EXISTS (
            SELECT 1 FROM ${taken}
            WHERE given.value->>0 = platform_deliveries.origin AND CAST(given.value->>1 AS INTEGER) >= ${perOrigin}
          )
          ORDER BY due, id
          LIMIT ${limit}
          ${lockingWhatIsFree}
        ), placed AS (
          SELECT id, origin, row_number() OVER (PARTITION BY origin ORDER BY due, id) AS place FROM due
        )
        UPDATE platform_deliveries
        SET due = ${DateTime.toEpochMillis(until)}, ticket = ticket + 1, claimed = 1
        WHERE id IN (
          SELECT placed.id FROM placed
          WHERE placed.place + coalesce((
            SELECT CAST(given.value->>1 AS INTEGER) FROM ${taken} WHERE given.value->>0 = placed.origin
          ), 0) <= ${perOrigin}
        )
        RETURNING id, record, ticket, failures, failing_since, attempts`
    }

    const forgotten = sql`
      DELETE FROM platform_deliveries
      WHERE id IN (
        SELECT id FROM platform_deliveries
        WHERE state <> 'PENDING'
          AND id <= (SELECT id FROM platform_deliveries ORDER BY id DESC LIMIT 1 OFFSET ${limits.log})
        ORDER BY id
        LIMIT ${sweep.size}
        ${lockingWhatIsFree}
      )
      RETURNING 1 AS gone`

    // By those who had the file before: none of them is there any more.
    const freed = sql`UPDATE platform_deliveries SET due = created, ticket = ticket + 1, claimed = 0
      WHERE state = 'PENDING' AND claimed = 1`
    if (dialect === "sqlite") {
      yield* Effect.catchAll(
        run("WebhookQueue.make", freed),
        (error) => Effect.logWarning("Webhooks that were on their way before wait until the claims to them end", error)
      )
    }
    yield* run("WebhookQueue.sweep", forgotten).pipe(
      Effect.repeat({ while: (rows) => rows.length === sweep.size }),
      // Of whatever kind: the table would grow until the process is started anew.
      Effect.catchAllCause((cause) =>
        Effect.logDebug("old deliveries could not be deleted; it will be tried again", cause)
      ),
      Effect.repeat(Schedule.jittered(Schedule.spaced(sweep.every))),
      Effect.interruptible,
      Effect.forkScoped
    )
    if (options.listen !== undefined) {
      const tell = Effect.asVoid(PubSub.publish(hints, undefined))
      yield* Hints.hints(database, options.listen(channel), { channel, onHint: () => tell, onListening: tell })
    }

    // The driver brings no empty payload.
    const tellOfOne = dialect === "pg"
      ? Effect.ignore((yield* Hints.telling(database, channel))("added"))
      : Effect.void

    return {
      enqueue: (webhook, now) =>
        Effect.gen(function*() {
          const operation = "WebhookQueue.enqueue"
          const record = yield* Effect.mapError(Schema.encode(Record)(webhook), Rows.unreadable(operation))
          const [delivery] = yield* Effect.flatMap(
            join(operation, added(webhook, record, now)),
            decoded(operation, Schema.Tuple(Logged))
          )
          yield* afterCommit(tellOfOne)
          return delivery
        }),

      claim: (given) =>
        Effect.flatMap(
          run("WebhookQueue.claim", claimed(given)),
          Effect.forEach((row) =>
            // One that cannot be read holds up no other.
            Effect.catchAll(
              Effect.asSome(decoded("WebhookQueue.claim", Claimed)(row)),
              (error) => Effect.as(Effect.logError("A webhook cannot be delivered", error), Option.none())
            )
          )
        ).pipe(Effect.map((claims) => claims.flatMap(Option.toArray).sort((a, b) => a.id - b.id))),

      settle: (claim, attempt, outcome) =>
        Effect.gen(function*() {
          const operation = "WebhookQueue.settle"
          const made = [...claim.attempts, ...Option.toArray(attempt)].slice(-WebhookQueue.maximumAttempts)
          const attempts = yield* Effect.mapError(Schema.encode(Attempts)(made), Rows.unreadable(operation))
          const since = Option.orElse(claim.failingSince, () => Option.map(attempt, ({ at }) => at))
          const change = outcome._tag === "Again"
            ? sql`due = ${DateTime.toEpochMillis(outcome.due)}, claimed = 0, failures = ${
              claim.failures + 1
            }, failing_since = ${Option.getOrNull(Option.map(since, DateTime.toEpochMillis))}`
            : sql`state = ${outcome._tag === "Delivered" ? "DELIVERED" : "GIVEN_UP"}`
          const rows = yield* run(
            operation,
            sql`UPDATE platform_deliveries SET attempts = ${attempts}, ${change}
              WHERE id = ${claim.id} AND ticket = ${claim.ticket} AND state = 'PENDING'
              RETURNING id`
          )
          return rows.length > 0
        }),

      release: (claim, now) =>
        Effect.asVoid(run(
          "WebhookQueue.release",
          sql`UPDATE platform_deliveries SET due = ${DateTime.toEpochMillis(now)}, claimed = 0
            WHERE id = ${claim.id} AND ticket = ${claim.ticket} AND state = 'PENDING'`
        )),

      outlook: (except) =>
        Effect.flatMap(
          run(
            "WebhookQueue.outlook",
            sql`SELECT count(*) AS open, min(
                CASE WHEN origin IN (SELECT given.value->>0 FROM ${given(except.map((origin) => [origin]))})
                  THEN NULL ELSE due END
              ) AS next
              FROM platform_deliveries WHERE state = 'PENDING'`
          ),
          decoded("WebhookQueue.outlook", Outlook)
        ).pipe(Effect.map(([outlook]) => outlook)),

      replay: (id, now) =>
        Effect.flatMap(
          join(
            "WebhookQueue.replay",
            sql`UPDATE platform_deliveries
              SET state = 'PENDING', due = ${DateTime.toEpochMillis(now)}, claimed = 0, failures = 0,
                failing_since = NULL
              WHERE id = ${id} AND state <> 'PENDING' AND origin <> '' AND id > coalesce(
                (SELECT id FROM platform_deliveries ORDER BY id DESC LIMIT 1 OFFSET ${limits.log}), 0)
              RETURNING ${shown}`
          ),
          decoded("WebhookQueue.replay", Schema.Array(Logged))
        ).pipe(Effect.map(([delivery]) => Option.fromNullable(delivery))),

      log: Effect.flatMap(
        run("WebhookQueue.log", sql`SELECT ${shown} FROM platform_deliveries ORDER BY id DESC LIMIT ${limits.log}`),
        decoded("WebhookQueue.log", Schema.Array(Logged))
      ).pipe(Effect.map((deliveries) => Array.from(deliveries).reverse())),

      hints: Stream.fromPubSub(hints),
      interval: dialect === "pg" ? Option.some(Duration.decode(options.interval ?? "1 second")) : Option.none()
    }
  })

/**
 * @since 0.1.0
 * @category layers
 */
export const layer = (
  options?: Options
): Layer.Layer<WebhookQueue.WebhookQueue, never, SqlClient.SqlClient> =>
  Layer.scoped(WebhookQueue.WebhookQueue, make(options))
