/** What no half of a change leaves behind, by the rows themselves. Nothing is written. */
import { defaultRetention } from "@effect-launchkey/platform/MemoryStore"
import type { SqlClient } from "@effect/sql/SqlClient"
import type { Fragment } from "@effect/sql/Statement"
import { Clock, Duration, Effect } from "effect"

/** Queries that find what must not be: their rows are named. */
const queries = (sql: SqlClient, now: number): Readonly<Record<string, Fragment>> => {
  const member = (column: string, name: string) =>
    sql.literal(sql.onDialectOrElse({
      pg: () => `(CAST(${column} AS json)->>'${name}')`,
      orElse: () => `(${column}->>'${name}')`
    }))
  const status = (column: string, is: number) =>
    sql`${
      sql.literal(sql.onDialectOrElse({
        pg: () => `CAST(CAST(${column} AS json)->>'status' AS INTEGER)`,
        orElse: () => `(${column}->>'status')`
      }))
    } = ${is}`
  const orphans = (row: string, table: string, has: string) =>
    sql.literal(`SELECT ${row} AS what FROM ${table} WHERE NOT EXISTS (${has})`)
  return {
    "a device that is linked, without a key": sql`
      SELECT id AS what FROM platform_devices WHERE ${status("record", 1)}
        AND NOT EXISTS (SELECT 1 FROM platform_keys WHERE entity = 'dev:' || platform_devices.id AND list <> '[]')`,
    "a device that is linked, whose code still serves": sql`
      SELECT id AS what FROM platform_devices WHERE ${status("record", 1)}
        AND EXISTS (SELECT 1 FROM platform_linkings WHERE device_id = platform_devices.id)`,
    "a device that waits for its link, without a code": sql`
      SELECT id AS what FROM platform_devices WHERE ${status("record", 0)}
        AND NOT EXISTS (SELECT 1 FROM platform_linkings WHERE device_id = platform_devices.id)`,
    "a device that waits for its link, with a key": sql`
      SELECT id AS what FROM platform_devices WHERE ${status("record", 0)}
        AND EXISTS (SELECT 1 FROM platform_keys WHERE entity = 'dev:' || platform_devices.id)`,
    "a code without a device": orphans(
      "device_id",
      "platform_linkings",
      "SELECT 1 FROM platform_devices WHERE id = platform_linkings.device_id"
    ),
    "a device without its user": orphans(
      "id",
      "platform_devices",
      "SELECT 1 FROM platform_users AS u WHERE u.directory_id = platform_devices.directory_id" +
        " AND u.identifier = platform_devices.identifier"
    ),
    "a key of a device that is not there": sql`
      SELECT entity AS what FROM platform_keys WHERE entity LIKE 'dev:%'
        AND NOT EXISTS (SELECT 1 FROM platform_devices WHERE 'dev:' || id = entity)`,
    "a user who is asked what is not open": sql`
      SELECT slot.id AS what FROM platform_open_authorizations AS slot
        LEFT JOIN platform_authorizations AS asked ON asked.id = slot.id
        WHERE asked.id IS NULL OR ${member("asked.state", "_tag")} <> 'Open'`,
    "an open request that does not wait for its user": sql`
      SELECT id AS what FROM platform_authorizations AS asked
        WHERE ${member("asked.state", "_tag")} = 'Open' AND asked.until > ${now + Duration.toMillis(defaultRetention)}
          AND NOT EXISTS (SELECT 1 FROM platform_open_authorizations AS slot WHERE slot.id = asked.id)`,
    "a service without its directory": sql`
      SELECT id AS what FROM platform_services WHERE ${member("record", "directoryId")} IS NOT NULL
        AND owner_id NOT IN (SELECT id FROM platform_directories)`,
    "a directory without its organization": orphans(
      "id",
      "platform_directories",
      "SELECT 1 FROM platform_organizations WHERE id = platform_directories.organization_id"
    ),
    "a name of nobody, or somebody without a name": sql`
      SELECT owner AS what FROM (
        SELECT owner, count(*) AS names FROM platform_names GROUP BY owner
      ) AS named
      FULL JOIN (
        SELECT 'directory ' || organization_id AS had, count(*) AS things FROM platform_directories GROUP BY had
        UNION ALL
        SELECT 'service ' || owner_id AS had, count(*) AS things FROM platform_services GROUP BY had
      ) AS owned ON had = owner
      WHERE owner IS NULL OR had IS NULL OR names <> things`,
    "a directory that no entry of the audit log tells of": sql`
      SELECT id AS what FROM platform_directories WHERE NOT EXISTS (
        SELECT 1 FROM platform_audit WHERE act = 'directory.create' AND target = 'dir:' || id)`,
    "a service that no entry of the audit log tells of": sql`
      SELECT id AS what FROM platform_services WHERE NOT EXISTS (
        SELECT 1 FROM platform_audit WHERE act = 'service.create' AND target = 'svc:' || id)`,
    "an entry of the audit log of what is not there": sql`
      SELECT target AS what FROM platform_audit WHERE
        (act = 'directory.create' AND NOT EXISTS (SELECT 1 FROM platform_directories WHERE target = 'dir:' || id)) OR
        (act = 'service.create' AND NOT EXISTS (SELECT 1 FROM platform_services WHERE target = 'svc:' || id)) OR
        (act = 'device.unlink' AND EXISTS (SELECT 1 FROM platform_devices WHERE target = 'dev:' || id))`,
    "a head of the audit log that is not its last entry": sql`
      SELECT hash AS what FROM platform_audit_head
        WHERE sequence <> (SELECT count(*) FROM platform_audit)
          OR sequence > 0 AND hash <> (SELECT hash FROM platform_audit ORDER BY sequence DESC LIMIT 1)`
  }
}

/** As many keys and SDK keys as the audit log says were added and not removed. */
const counted = (sql: SqlClient) => {
  const length = (column: string) =>
    sql.literal(sql.onDialectOrElse({
      pg: () => `json_array_length(CAST(${column} AS json))`,
      orElse: () => `json_array_length(${column})`
    }))
  const sdkKeys = sql.literal(sql.onDialectOrElse({
    pg: () => "json_array_length(CAST(record AS json)->'sdkKeys')",
    orElse: () => "json_array_length(record, '$.sdkKeys')"
  }))
  return {
    "keys that the audit log does not account for": sql`
      SELECT entity AS what FROM platform_keys WHERE entity NOT LIKE 'dev:%' AND ${length("list")} <>
        (SELECT count(*) FROM platform_audit WHERE act = 'key.add' AND target = entity) -
        (SELECT count(*) FROM platform_audit WHERE act = 'key.remove' AND target = entity)`,
    "SDK keys that the audit log does not account for": sql`
      SELECT id AS what FROM platform_directories WHERE ${sdkKeys} <>
        (SELECT count(*) FROM platform_audit WHERE act = 'directory.sdk-key.create' AND target = 'dir:' || id) -
        (SELECT count(*) FROM platform_audit WHERE act = 'directory.sdk-key.remove' AND target = 'dir:' || id)`
  }
}

/** What is wrong, a line each. */
export const broken = (sql: SqlClient): Effect.Effect<ReadonlyArray<string>> =>
  Effect.orDie(sql.withTransaction(Effect.gen(function*() {
    const pg = sql.onDialectOrElse({ pg: () => true, orElse: () => false })
    if (pg) yield* sql`SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY`
    const found: Array<string> = []
    for (const [name, query] of Object.entries({ ...queries(sql, yield* Clock.currentTimeMillis), ...counted(sql) })) {
      const rows = yield* sql<{ what: string | null }>`SELECT what FROM (${query}) AS wrong LIMIT 3`
      if (rows.length > 0) found.push(`${name}: ${rows.map(({ what }) => what ?? "null").join(", ")}`)
    }
    if (!pg) {
      const sound = yield* sql<{ integrity_check: string }>`PRAGMA integrity_check`
      if (sound[0]?.integrity_check !== "ok") found.push("the file is damaged")
    }
    return found
  })))
