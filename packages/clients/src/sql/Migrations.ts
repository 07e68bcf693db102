/**
 * The tables that the stores of this folder keep, and how they came to be: on PostgreSQL and on SQLite. All of their
 * names begin with `launchkey_`.
 *
 * @since 0.1.0
 */
import * as Migrations from "@effect-launchkey/sql/Migrations"
import type * as SqlClient from "@effect/sql/SqlClient"
import type * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type { StoreUnavailable } from "../StoreUnavailable.ts"

const { clustered, key, statements } = Migrations

/**
 * The table that keeps which migrations have run.
 *
 * @since 0.1.0
 * @category models
 */
export const table = "launchkey_migrations"

/**
 * Every migration, by number and name. What is here has run somewhere: it is added to, never changed.
 *
 * Times are milliseconds since the epoch, save those of a token: seconds.
 *
 * @since 0.1.0
 * @category models
 */
export const migrations: Readonly<Record<string, Migrations.Migration>> = {
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

/**
 * Brings the tables up to date; does nothing where they are. On PostgreSQL, processes that start together take turns.
 *
 * @since 0.1.0
 * @category constructors
 */
export const run: Effect.Effect<void, StoreUnavailable, SqlClient.SqlClient> = Migrations.run({
  table,
  migrations,
  lock: 5_286_734_190
})

/**
 * @since 0.1.0
 * @category layers
 */
export const layer: Layer.Layer<never, StoreUnavailable, SqlClient.SqlClient> = Layer.effectDiscard(run)
