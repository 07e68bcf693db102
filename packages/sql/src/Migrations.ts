/**
 * How tables come to be, on PostgreSQL and on SQLite: numbered steps, each of which runs once.
 *
 * @since 0.1.0
 */
import { StoreUnavailable } from "@effect-launchkey/core/StoreUnavailable"
import * as Migrator from "@effect/sql/Migrator"
import * as SqlClient from "@effect/sql/SqlClient"
import type { Fragment } from "@effect/sql/Statement"
import * as Effect from "effect/Effect"

/**
 * A step: what it does to the tables.
 *
 * @since 0.1.0
 * @category models
 */
export type Migration = Effect.Effect<void, unknown, SqlClient.SqlClient>

/**
 * @since 0.1.0
 * @category models
 */
export interface Options {
  /** The table that keeps which migrations have run. */
  readonly table: string
  /**
   * Every migration, by number and name: `"0001_users"`. What is here has run somewhere: it is added to, never changed.
   */
  readonly migrations: Readonly<Record<string, Migration>>
  /** Any number that nobody else locks by in the same database. */
  readonly lock: number
}

/**
 * A migration of these statements, one after the other.
 *
 * @since 0.1.0
 * @category constructors
 */
export const statements = (
  make: (sql: SqlClient.SqlClient) => ReadonlyArray<Effect.Effect<unknown, unknown>>
): Migration => Effect.flatMap(SqlClient.SqlClient, (sql) => Effect.all(make(sql), { discard: true }))

/**
 * The type of a column of keys. They are compared and ordered byte by byte: no language's order, which a system may
 * change under an index.
 *
 * @since 0.1.0
 * @category constructors
 */
export const key = (sql: SqlClient.SqlClient): Fragment =>
  sql.literal(sql.onDialectOrElse({ pg: () => "TEXT COLLATE \"C\" NOT NULL", orElse: () => "TEXT NOT NULL" }))

/**
 * Ends a `CREATE TABLE` whose rows SQLite keeps in the index of their key.
 *
 * @since 0.1.0
 * @category constructors
 */
export const clustered = (sql: SqlClient.SqlClient): Fragment =>
  sql.literal(sql.onDialectOrElse({ pg: () => "", orElse: () => "WITHOUT ROWID" }))

/**
 * The number of the last of these migrations.
 *
 * @since 0.1.0
 * @category conversions
 */
export const newest = (migrations: Options["migrations"]): number =>
  Math.max(...Object.keys(migrations).map((name) => Number.parseInt(name, 10)))

const unavailable = (cause: unknown) => new StoreUnavailable({ operation: "Migrations.run", cause })

/** Whether there is nothing to do: a start then takes no lock, and needs no right to change tables. */
const upToDate = (sql: SqlClient.SqlClient, { migrations, table }: Options) =>
  sql<{ newest: number | null }>`SELECT max(migration_id) AS newest FROM ${sql(table)}`.pipe(
    Effect.map(([row]) => row?.newest ?? 0),
    // no such table, as before the first migration; anything else will stop the migration itself
    Effect.orElseSucceed(() => 0),
    Effect.flatMap((found) => {
      const known = newest(migrations)
      return found <= known ? Effect.succeed(found === known) : Effect.fail(unavailable(
        new Error(
          `${table} is at migration ${found}, and this version knows none after ${known}: a later version has written `
            + "the database. Run that one, or restore a copy from before it."
        )
      ))
    })
  )

/** Alone, as the migrator looks for its table and makes it in two steps, and two processes may be between them. */
const alone = <E>(
  sql: SqlClient.SqlClient,
  { lock, table }: Options,
  migrate: Effect.Effect<unknown, E, SqlClient.SqlClient>
) =>
  sql.withTransaction(
    // as long as it takes, and as those take that come first
    sql`SET LOCAL statement_timeout = 0`.pipe(
      Effect.zipRight(sql`SELECT pg_advisory_xact_lock(${lock})`),
      Effect.zipRight(sql`CREATE TABLE IF NOT EXISTS ${sql(table)} (
        migration_id INTEGER PRIMARY KEY,
        created_at TIMESTAMP WITH TIME ZONE NOT NULL DEFAULT now(),
        name TEXT NOT NULL
      )`),
      Effect.zipRight(migrate)
    )
  )

/**
 * Brings the tables up to date; does nothing where they are, and fails where a later version has been. On PostgreSQL,
 * processes that start together take turns.
 *
 * @since 0.1.0
 * @category constructors
 */
export const run = (options: Options): Effect.Effect<void, StoreUnavailable, SqlClient.SqlClient> =>
  Effect.gen(function*() {
    const sql = (yield* SqlClient.SqlClient).withoutTransforms()
    const migrate = Migrator.make({})({
      table: options.table,
      loader: Migrator.fromRecord({ ...options.migrations })
    })
    const needed = sql.onDialectOrElse({
      pg: () => alone(sql, options, migrate),
      sqlite: () => migrate,
      orElse: () =>
        Effect.dieMessage("effect-launchkey's stores run on PostgreSQL and SQLite; give a client of one of them")
    })
    yield* Effect.provideService(needed, SqlClient.SqlClient, sql).pipe(
      Effect.mapError(unavailable),
      Effect.unlessEffect(upToDate(sql, options)),
      // The migrator dies of a migration that fails, and a transaction of an error at its commit.
      Effect.catchAllDefect((defect) => Effect.fail(unavailable(defect)))
    )
  })
