/**
 * Copies of a platform's database, and a look at the whole of one.
 *
 * @see docs/operating.md "Backup"
 * @since 0.1.0
 */
import * as Database from "@effect-launchkey/sql/Database"
import { newest } from "@effect-launchkey/sql/Migrations"
import type * as SqlClient from "@effect/sql/SqlClient"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as AuditLog from "../AuditLog.ts"
import * as Backups from "../Backups.ts"
import { migrations, table } from "./Migrations.ts"
import * as SqlAuditLog from "./SqlAuditLog.ts"

/**
 * The tables are there: see `Migrations`.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make: Effect.Effect<Backups.Service, never, SqlClient.SqlClient> = Effect.gen(function*() {
  const { dialect, join, sql } = yield* Database.make
  const log = yield* SqlAuditLog.make
  return {
    copyTo: (filename) =>
      dialect === "sqlite"
        ? join("Backups.copyTo", sql`VACUUM INTO ${filename}`)
        : Effect.fail(new Backups.NotAFile()),
    check: Effect.gen(function*() {
      const sound = dialect !== "sqlite" || (yield* join(
        "Backups.check",
        sql<{ integrity_check: string }>`PRAGMA integrity_check`
      )).every(({ integrity_check: found }) => found === "ok")
      const [row] = yield* join(
        "Backups.check",
        sql<{ newest: number | null }>`SELECT max(migration_id) AS newest FROM ${sql(table)}`
      )
      const migration = row?.newest ?? 0
      return {
        sound,
        migration,
        known: migration <= newest(migrations),
        audit: yield* AuditLog.verify(log)
      }
    })
  }
})

/**
 * @since 0.1.0
 * @category layers
 */
export const layer: Layer.Layer<Backups.Backups, never, SqlClient.SqlClient> = Layer.effect(Backups.Backups, make)
