/**
 * An audit log beside the platform's store: what is recorded in a transaction of the store is kept with it, or not at all.
 *
 * @see docs/operating.md "Audit log"
 * @since 0.1.0
 */
import * as Database from "@effect-launchkey/sql/Database"
import * as Rows from "@effect-launchkey/sql/Rows"
import type * as SqlClient from "@effect/sql/SqlClient"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import * as AuditLog from "../AuditLog.ts"

/** The columns of a row, whose numbers PostgreSQL tells as texts. */
interface Row {
  readonly act: string
  readonly actor: string
  readonly at: number | string
  readonly hash: string
  readonly key_id: string | null
  readonly previous: string
  readonly sequence: number | string
  readonly target: string
}

const decodeEntry = Schema.decodeUnknown(AuditLog.Entry)

const encodeEntry = Schema.encodeSync(AuditLog.Entry)

/**
 * The tables are there: see `Migrations`.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make: Effect.Effect<AuditLog.Service, never, SqlClient.SqlClient> = Effect.gen(function*() {
  const { join, locking, sql, transaction } = yield* Database.make

  const read = (operation: string) => (rows: ReadonlyArray<Row>) =>
    Effect.mapError(
      Effect.forEach(rows, ({ at, key_id: keyId, sequence, target, ...row }) =>
        decodeEntry({ ...row, at: Number(at), keyId, on: target, sequence: Number(sequence) })),
      Rows.unreadable(operation)
    )

  const head = (operation: string, lock = sql.literal("")) =>
    Effect.map(
      join(
        operation,
        sql<{ sequence: number | string; hash: string }>`
          SELECT sequence, hash FROM platform_audit_head WHERE one = 1 ${lock}`
      ),
      ([row]): AuditLog.Head =>
        row === undefined
          ? AuditLog.origin
          : { sequence: Number(row.sequence), hash: row.hash }
    )

  return {
    record: (recorded) => {
      const operation = "AuditLog.record"
      return transaction(
        operation,
        Effect.gen(function*() {
          // Held to the end of the transaction, so that of those who record at once each follows on another.
          const entry = yield* AuditLog.following(yield* head(operation, locking), recorded)
          const { act, actor, at, hash, keyId, on, previous, sequence } = encodeEntry(entry)
          yield* join(
            operation,
            sql`INSERT INTO platform_audit (sequence, act, actor, at, target, key_id, previous, hash)
              VALUES (${sequence}, ${act}, ${actor}, ${at}, ${on}, ${keyId}, ${previous}, ${hash})`
          )
          yield* join(
            operation,
            sql`UPDATE platform_audit_head SET sequence = ${sequence}, hash = ${hash} WHERE one = 1`
          )
        })
      )
    },
    entries: ({ after = 0, limit }) => {
      const operation = "AuditLog.entries"
      return Effect.flatMap(
        join(
          operation,
          sql<Row>`
            SELECT act, actor, at, hash, key_id, previous, sequence, target FROM platform_audit
            WHERE sequence > ${after} ORDER BY sequence LIMIT ${limit}`
        ),
        read(operation)
      )
    },
    head: Effect.map(
      head("AuditLog.head"),
      (head) => head.sequence === 0 ? Option.none() : Option.some(head)
    )
  }
})

/**
 * @since 0.1.0
 * @category layers
 */
export const layer: Layer.Layer<never, never, SqlClient.SqlClient> = Layer.effect(AuditLog.AuditLog, make)
