/**
 * The tables that the platform keeps, and how they came to be: on PostgreSQL and on SQLite. All of their names begin
 * with `platform_`.
 *
 * @since 0.1.0
 */
import type { StoreUnavailable } from "@effect-launchkey/core/StoreUnavailable"
import * as Migrations from "@effect-launchkey/sql/Migrations"
import type * as SqlClient from "@effect/sql/SqlClient"
import type * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"

const { clustered, key, statements } = Migrations

/** Orders rows by when they were added. */
const position = (sql: SqlClient.SqlClient) =>
  sql.literal(sql.onDialectOrElse({
    pg: () => "BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY",
    orElse: () => "INTEGER PRIMARY KEY AUTOINCREMENT"
  }))

/**
 * The table that keeps which migrations have run.
 *
 * @since 0.1.0
 * @category models
 */
export const table = "platform_migrations"

/**
 * Every migration, by number and name. What is here has run somewhere: it is added to, never changed.
 *
 * Times are milliseconds since the epoch, save those of a token: seconds. Texts of keys are as in JSON, without its
 * quotes; whatever is called a record, state, policy, user or list is JSON.
 *
 * @since 0.1.0
 * @category models
 */
export const migrations: Readonly<Record<string, Migrations.Migration>> = {
  "0001_store": statements((sql) => [
    sql`CREATE TABLE platform_organizations (
      id ${key(sql)},
      record TEXT NOT NULL,
      PRIMARY KEY (id)
    ) ${clustered(sql)}`,
    sql`CREATE TABLE platform_names (
      owner ${key(sql)},
      name ${key(sql)},
      PRIMARY KEY (owner, name)
    ) ${clustered(sql)}`,
    sql`CREATE TABLE platform_directories (
      position ${position(sql)},
      id ${key(sql)} UNIQUE,
      organization_id ${key(sql)},
      record TEXT NOT NULL
    )`,
    sql`CREATE INDEX platform_directories_of ON platform_directories (organization_id, position)`,
    sql`CREATE TABLE platform_services (
      position ${position(sql)},
      id ${key(sql)} UNIQUE,
      owner_id ${key(sql)},
      record TEXT NOT NULL,
      policy TEXT NOT NULL
    )`,
    sql`CREATE INDEX platform_services_of ON platform_services (owner_id, position)`,
    sql`CREATE TABLE platform_keys (
      entity ${key(sql)},
      list TEXT NOT NULL,
      PRIMARY KEY (entity)
    ) ${clustered(sql)}`,
    sql`CREATE TABLE platform_users (
      directory_id ${key(sql)},
      identifier ${key(sql)},
      PRIMARY KEY (directory_id, identifier)
    ) ${clustered(sql)}`,
    sql`CREATE TABLE platform_push_ids (
      service_id ${key(sql)},
      push_id ${key(sql)},
      owner TEXT NOT NULL,
      PRIMARY KEY (service_id, push_id)
    ) ${clustered(sql)}`,
    sql`CREATE TABLE platform_devices (
      position ${position(sql)},
      id ${key(sql)} UNIQUE,
      directory_id ${key(sql)},
      identifier ${key(sql)},
      record TEXT NOT NULL
    )`,
    sql`CREATE INDEX platform_devices_of ON platform_devices (directory_id, identifier, position)`,
    sql`CREATE TABLE platform_linkings (
      code ${key(sql)},
      device_id ${key(sql)},
      expires BIGINT NOT NULL,
      until BIGINT NOT NULL,
      record TEXT NOT NULL,
      PRIMARY KEY (code)
    ) ${clustered(sql)}`,
    sql`CREATE INDEX platform_linkings_device ON platform_linkings (device_id)`,
    sql`CREATE INDEX platform_linkings_until ON platform_linkings (until)`,
    sql`CREATE TABLE platform_authorizations (
      id ${key(sql)},
      until BIGINT NOT NULL,
      record TEXT NOT NULL,
      state TEXT NOT NULL,
      PRIMARY KEY (id)
    ) ${clustered(sql)}`,
    sql`CREATE INDEX platform_authorizations_until ON platform_authorizations (until)`,
    sql`CREATE TABLE platform_open_authorizations (
      directory_id ${key(sql)},
      identifier ${key(sql)},
      id ${key(sql)},
      until BIGINT NOT NULL,
      PRIMARY KEY (directory_id, identifier)
    ) ${clustered(sql)}`,
    sql`CREATE INDEX platform_open_authorizations_until ON platform_open_authorizations (until)`,
    sql`CREATE TABLE platform_sessions (
      directory_id ${key(sql)},
      identifier ${key(sql)},
      service_id ${key(sql)},
      created BIGINT NOT NULL,
      record TEXT NOT NULL,
      PRIMARY KEY (directory_id, identifier, service_id)
    ) ${clustered(sql)}`,
    sql`CREATE TABLE platform_totps (
      directory_id ${key(sql)},
      identifier ${key(sql)},
      record TEXT NOT NULL,
      used_step BIGINT NOT NULL,
      PRIMARY KEY (directory_id, identifier)
    ) ${clustered(sql)}`,
    sql`CREATE TABLE platform_attempts (
      attempt ${key(sql)},
      list TEXT NOT NULL,
      until BIGINT NOT NULL,
      PRIMARY KEY (attempt)
    ) ${clustered(sql)}`,
    sql`CREATE INDEX platform_attempts_until ON platform_attempts (until)`,
    sql`CREATE TABLE platform_tokens (
      issuer ${key(sql)},
      token_id ${key(sql)},
      until BIGINT NOT NULL,
      PRIMARY KEY (issuer, token_id)
    ) ${clustered(sql)}`,
    sql`CREATE INDEX platform_tokens_until ON platform_tokens (until)`
  ]),
  "0002_own_keys": statements((sql) => [
    sql`CREATE TABLE platform_signing_keys (
      number INTEGER NOT NULL,
      id ${key(sql)} UNIQUE,
      sealed TEXT NOT NULL,
      created BIGINT NOT NULL,
      signs_from BIGINT NOT NULL,
      PRIMARY KEY (number)
    )`,
    sql`CREATE TABLE platform_secrets (
      name ${key(sql)},
      sealed TEXT NOT NULL,
      PRIMARY KEY (name)
    ) ${clustered(sql)}`
  ]),
  "0003_audit_log": statements((sql) => [
    sql`CREATE TABLE platform_audit (
      sequence BIGINT NOT NULL,
      act TEXT NOT NULL,
      actor TEXT NOT NULL,
      at BIGINT NOT NULL,
      target TEXT NOT NULL,
      key_id TEXT,
      previous TEXT NOT NULL,
      hash TEXT NOT NULL,
      PRIMARY KEY (sequence)
    ) ${clustered(sql)}`,
    sql`CREATE TABLE platform_audit_head (
      one INTEGER NOT NULL,
      sequence BIGINT NOT NULL,
      hash TEXT NOT NULL,
      PRIMARY KEY (one)
    )`,
    sql`INSERT INTO platform_audit_head (one, sequence, hash) VALUES (1, 0, ${"0".repeat(64)})`
  ]),
  "0004_deliveries": statements((sql) => [
    sql`CREATE TABLE platform_deliveries (
      id ${position(sql)},
      kind TEXT NOT NULL,
      url TEXT NOT NULL,
      origin TEXT NOT NULL,
      subject TEXT NOT NULL,
      created BIGINT NOT NULL,
      state TEXT NOT NULL,
      due BIGINT NOT NULL,
      ticket INTEGER NOT NULL DEFAULT 0,
      failures INTEGER NOT NULL DEFAULT 0,
      failing_since BIGINT,
      attempts TEXT NOT NULL,
      record TEXT NOT NULL
    )`,
    sql`CREATE INDEX platform_deliveries_due ON platform_deliveries (due, id) WHERE state = 'PENDING'`,
    sql`CREATE INDEX platform_deliveries_ended ON platform_deliveries (id) WHERE state <> 'PENDING'`
  ]),
  "0005_push_and_fraud": statements((sql) => [
    sql`CREATE TABLE platform_push_endpoints (
      device_id ${key(sql)},
      endpoint TEXT NOT NULL,
      PRIMARY KEY (device_id)
    ) ${clustered(sql)}`,
    sql`CREATE TABLE platform_fraud_reports (
      position ${position(sql)},
      until BIGINT NOT NULL,
      record TEXT NOT NULL
    )`,
    sql`CREATE INDEX platform_fraud_reports_until ON platform_fraud_reports (until)`
  ]),
  "0006_console": statements((sql) => [
    sql`CREATE TABLE platform_operators (
      id ${key(sql)},
      name TEXT NOT NULL,
      created BIGINT NOT NULL,
      PRIMARY KEY (id)
    ) ${clustered(sql)}`,
    // One per operator, so that whoever prunes it may read it whole.
    sql`CREATE TABLE platform_operator_invitations (
      operator_id ${key(sql)},
      hash ${key(sql)} UNIQUE,
      until BIGINT NOT NULL,
      PRIMARY KEY (operator_id)
    ) ${clustered(sql)}`,
    sql`CREATE TABLE platform_operator_passkeys (
      id ${key(sql)},
      operator_id ${key(sql)},
      name TEXT NOT NULL,
      public_key TEXT NOT NULL,
      counter BIGINT NOT NULL,
      transports TEXT NOT NULL,
      synced INTEGER NOT NULL,
      created BIGINT NOT NULL,
      last_used BIGINT,
      PRIMARY KEY (id)
    ) ${clustered(sql)}`,
    sql`CREATE INDEX platform_operator_passkeys_of ON platform_operator_passkeys (operator_id)`,
    sql`CREATE TABLE platform_operator_challenges (
      challenge ${key(sql)},
      purpose TEXT NOT NULL,
      until BIGINT NOT NULL,
      PRIMARY KEY (challenge)
    ) ${clustered(sql)}`,
    sql`CREATE INDEX platform_operator_challenges_until ON platform_operator_challenges (until)`,
    sql`CREATE TABLE platform_operator_sessions (
      hash ${key(sql)},
      id ${key(sql)} UNIQUE,
      operator_id ${key(sql)},
      passkey_id ${key(sql)},
      started BIGINT NOT NULL,
      last_used BIGINT NOT NULL,
      verified BIGINT NOT NULL,
      until BIGINT NOT NULL,
      PRIMARY KEY (hash)
    ) ${clustered(sql)}`,
    sql`CREATE INDEX platform_operator_sessions_of ON platform_operator_sessions (operator_id)`,
    sql`CREATE INDEX platform_operator_sessions_until ON platform_operator_sessions (until)`,
    // Requests of before have none, and are pruned within hours.
    sql`ALTER TABLE platform_authorizations ADD COLUMN created BIGINT`,
    sql`ALTER TABLE platform_authorizations ADD COLUMN service_id TEXT`,
    sql`ALTER TABLE platform_authorizations ADD COLUMN directory_id TEXT`,
    sql`CREATE INDEX platform_authorizations_latest ON platform_authorizations (created, id)`,
    sql`CREATE INDEX platform_authorizations_of_service ON platform_authorizations (service_id, created, id)`,
    sql`CREATE INDEX platform_authorizations_of_directory ON platform_authorizations (directory_id, created, id)`
  ]),
  "0007_claims": statements((sql) => [
    sql`ALTER TABLE platform_deliveries ADD COLUMN claimed INTEGER NOT NULL DEFAULT 0`
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
  lock: 5_286_734_191
})

/**
 * @since 0.1.0
 * @category layers
 */
export const layer: Layer.Layer<never, StoreUnavailable, SqlClient.SqlClient> = Layer.effectDiscard(run)
