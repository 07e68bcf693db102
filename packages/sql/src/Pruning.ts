/**
 * Keeps a table from growing: forgets, in the background, what has expired.
 *
 * @since 0.1.0
 */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Schedule from "effect/Schedule"
import type * as Scope from "effect/Scope"
import type { Database } from "./Database.ts"

const interval = Duration.minutes(1)

/** Expired rows are told by their time and may stay for a while; a clock that runs ahead must not forget too early. */
const margin = Duration.minutes(10)

/** Rows that one statement deletes at most: others wait for it. */
const batchSize = 1000

/**
 * Prunes as long as the scope is open. `until` of the table is in the unit.
 *
 * @since 0.1.0
 * @category constructors
 */
export const prune = (
  { lockingWhatIsFree, now, run, sql }: Database,
  table: string,
  key: ReadonlyArray<string>,
  unit: "seconds" | "milliseconds"
): Effect.Effect<void, never, Scope.Scope> => {
  const columns = sql.literal(key.join(", "))
  const perUnit = sql.literal(unit === "seconds" ? "1000" : "1")
  const some = Effect.flatMap(now, (now) =>
    run(
      `prune ${table}`,
      sql`
        DELETE FROM ${sql(table)}
        WHERE (${columns}) IN (
          SELECT ${columns} FROM ${sql(table)}
          WHERE until < (${now} - ${sql.literal(String(Duration.toMillis(margin)))}) / ${perUnit}
          LIMIT ${sql.literal(String(batchSize))}
          ${lockingWhatIsFree}
        )
        RETURNING 1 AS gone`
    ))
  return some.pipe(
    Effect.repeat({ while: (rows) => rows.length === batchSize }),
    // Of whatever kind: the table would grow until the process is started anew.
    Effect.catchAllCause((cause) => Effect.logDebug(`${table} could not be pruned; it will be tried again`, cause)),
    Effect.repeat(Schedule.jittered(Schedule.spaced(interval))),
    // wherever the store is made: else its scope could not end
    Effect.interruptible,
    Effect.forkScoped,
    Effect.asVoid
  )
}
