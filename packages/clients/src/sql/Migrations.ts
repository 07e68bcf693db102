/**
 * The tables that the stores of this folder keep, and how they came to be: on PostgreSQL and on SQLite. All of their
 * names begin with `launchkey_`.
 *
 * @since 0.1.0
 */
import * as Migrator from "@effect/sql/Migrator"
import * as SqlClient from "@effect/sql/SqlClient"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { StoreUnavailable } from "../StoreUnavailable.ts"

/**
 * The table that keeps which migrations have run.
 *
 * @since 0.1.0
 * @category models
 */
export const table = "launchkey_migrations"

const statements = (make: (sql: SqlClient.SqlClient) => ReadonlyArray<Effect.Effect<unknown, unknown>>) =>
  Effect.flatMap(SqlClient.SqlClient, (sql) => Effect.all(make(sql), { discard: true }))

/** Keys are compared and ordered byte by byte: no language's order, which a system may change under an index. */
const key = (sql: SqlClient.SqlClient) =>
  sql.literal(sql.onDialectOrElse({ pg: () => "TEXT COLLATE \"C\" NOT NULL", orElse: () => "TEXT NOT NULL" }))

/** Rows of SQLite live in the index of their key. */
const clustered = (sql: SqlClient.SqlClient) =>
  sql.literal(sql.onDialectOrElse({ pg: () => "", orElse: () => "WITHOUT ROWID" }))

/**
 * Every migration, by number and name. What is here has run somewhere: it is added to, never changed.
 *
 * Times are milliseconds since the epoch, save those of a token: seconds.
 *
 * @since 0.1.0
 * @category models
 */
export const migrations: Readonly<Record<string, Effect.Effect<void, unknown, SqlClient.SqlClient>>> = {
  "0001_webhook_inbox": statements((sql) => [
    sql`CREATE TABLE launchkey_webhook_tokens (
      audience ${key(sql)},
      token_id ${key(sql)},
      until BIGINT NOT NULL,
      PRIMARY KEY (audience, token_id)
    ) ${clustered(sql)}`,
    sql`CREATE INDEX launchkey_webhook_tokens_until ON launchkey_webhook_tokens (until)`,
    sql`CREATE TABLE launchkey_webhook_events (
      event ${key(sql)},
      ticket TEXT,
      handled INTEGER NOT NULL,
      until BIGINT NOT NULL,
      PRIMARY KEY (event)
    ) ${clustered(sql)}`,
    sql`CREATE INDEX launchkey_webhook_events_until ON launchkey_webhook_events (until)`
  ]),
  "0002_pending_authorizations": statements((sql) => [
    sql`CREATE TABLE launchkey_authorizations (
      service_id ${key(sql)},
      id ${key(sql)},
      created BIGINT,
      expires BIGINT,
      expected_user TEXT,
      request_until BIGINT NOT NULL DEFAULT 0,
      answer TEXT,
      answer_until BIGINT NOT NULL DEFAULT 0,
      until BIGINT NOT NULL,
      PRIMARY KEY (service_id, id)
    ) ${clustered(sql)}`,
    sql`CREATE INDEX launchkey_authorizations_until ON launchkey_authorizations (until)`,
    sql`CREATE INDEX launchkey_authorizations_expires ON launchkey_authorizations (service_id, expires)`
  ])
}

const newest = Math.max(...Object.keys(migrations).map((name) => Number.parseInt(name, 10)))

const migrate = Migrator.make({})({ table, loader: Migrator.fromRecord({ ...migrations }) })

/** Whether there is nothing to do: a start then takes no lock, and needs no right to change tables. */
const upToDate = (sql: SqlClient.SqlClient) =>
  sql<{ newest: number | null }>`SELECT max(migration_id) AS newest FROM ${sql(table)}`.pipe(
    Effect.map(([row]) => (row?.newest ?? 0) >= newest),
    // no such table, as before the first migration; anything else will stop the migration itself
    Effect.orElseSucceed(() => false)
  )

/** Any number that nobody else locks by. */
const advisoryLock = 5_286_734_190

/** Alone, as the migrator looks for its table and makes it in two steps, and two processes may be between them. */
const alone = (sql: SqlClient.SqlClient) =>
  sql.withTransaction(
    sql`SELECT pg_advisory_xact_lock(${advisoryLock})`.pipe(
      Effect.zipRight(sql`CREATE TABLE IF NOT EXISTS ${sql(table)} (
        migration_id INTEGER PRIMARY KEY,
        created_at TIMESTAMP WITH TIME ZONE NOT NULL DEFAULT now(),
        name TEXT NOT NULL
      )`),
      Effect.zipRight(migrate)
    )
  )

const unavailable = (cause: unknown) => new StoreUnavailable({ operation: "Migrations.run", cause })

/**
 * Brings the tables up to date; does nothing where they are. On PostgreSQL, processes that start together take turns.
 *
 * @since 0.1.0
 * @category constructors
 */
export const run: Effect.Effect<void, StoreUnavailable, SqlClient.SqlClient> = Effect.gen(function*() {
  const sql = (yield* SqlClient.SqlClient).withoutTransforms()
  const needed = sql.onDialectOrElse({
    pg: () => alone(sql),
    sqlite: () => migrate,
    orElse: () =>
      Effect.dieMessage("effect-launchkey's stores run on PostgreSQL and SQLite; give a client of one of them")
  })
  yield* Effect.provideService(needed, SqlClient.SqlClient, sql).pipe(
    Effect.unlessEffect(upToDate(sql)),
    Effect.mapError(unavailable),
    // The migrator dies of a migration that fails, and a transaction of an error at its commit.
    Effect.catchAllDefect((defect) => Effect.fail(unavailable(defect)))
  )
})

/**
 * @since 0.1.0
 * @category layers
 */
export const layer: Layer.Layer<never, StoreUnavailable, SqlClient.SqlClient> = Layer.effectDiscard(run)
