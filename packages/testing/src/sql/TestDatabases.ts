/**
 * Databases of a test's own: files that go with its scope, and schemas or whole databases of a PostgreSQL that
 * `TEST_DATABASE_URL` names.
 *
 * Needs the packages `@effect/sql` and `@effect/sql-pg`.
 *
 * @since 0.1.0
 */
import * as PgClient from "@effect/sql-pg/PgClient"
import * as SqlClient from "@effect/sql/SqlClient"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import type * as Scope from "effect/Scope"
import * as Crypto from "node:crypto"
import * as Fs from "node:fs"
import * as Os from "node:os"
import * as Path from "node:path"

/**
 * The PostgreSQL; undefined where its suites cannot run.
 *
 * @since 0.1.0
 * @category models
 */
export const serverUrl: string | undefined = process.env["TEST_DATABASE_URL"]

/**
 * Asks the server itself, to do to a database what it cannot do to itself. Dies where that fails.
 *
 * @since 0.1.0
 * @category constructors
 */
export const admin = <A, E>(use: (sql: SqlClient.SqlClient) => Effect.Effect<A, E>): Effect.Effect<A> =>
  Effect.orDie(Effect.scoped(
    Effect.flatMap(
      Layer.build(PgClient.layer({ url: Redacted.make(serverUrl ?? "") })),
      (context) => Effect.flatMap(Effect.provide(SqlClient.SqlClient, context), use)
    )
  ))

/**
 * @since 0.1.0
 * @category models
 */
export interface PgPlace {
  readonly name: string
  readonly url: Redacted.Redacted
}

const place = (change: (url: URL, name: string) => void): PgPlace => {
  const name = `test_${Crypto.randomUUID().replaceAll("-", "")}`
  const url = new URL(serverUrl ?? "postgres://localhost")
  change(url, name)
  return { name, url: Redacted.make(url.href) }
}

/**
 * An empty schema, dropped with its scope: what comes first in the search path of whoever uses its URL.
 *
 * @since 0.1.0
 * @category constructors
 */
export const pgSchema: Effect.Effect<PgPlace, never, Scope.Scope> = Effect.acquireRelease(
  Effect.suspend(() => {
    const schema = place((url, name) => url.searchParams.set("options", `-c search_path=${name}`))
    return Effect.as(admin((sql) => sql`CREATE SCHEMA ${sql(schema.name)}`), schema)
  }),
  ({ name }) => admin((sql) => sql`DROP SCHEMA IF EXISTS ${sql(name)} CASCADE`)
)

/**
 * An empty database, dropped with its scope. Takes longer.
 *
 * @since 0.1.0
 * @category constructors
 */
export const pgDatabase: Effect.Effect<PgPlace, never, Scope.Scope> = Effect.acquireRelease(
  Effect.suspend(() => {
    const database = place((url, name) => {
      url.pathname = `/${name}`
    })
    return Effect.as(admin((sql) => sql`CREATE DATABASE ${sql(database.name)}`), database)
  }),
  ({ name }) => admin((sql) => sql`DROP DATABASE IF EXISTS ${sql(name)} WITH (FORCE)`)
)

/**
 * A layer over an empty schema.
 *
 * @since 0.1.0
 * @category layers
 */
export const withPg = <A, E>(make: (place: PgPlace) => Layer.Layer<A, E>): Layer.Layer<A, E> =>
  Layer.unwrapScoped(Effect.map(pgSchema, make))

/**
 * The name of a file that is not there yet, in a folder that goes with its scope.
 *
 * @since 0.1.0
 * @category constructors
 */
export const filename: Effect.Effect<string, never, Scope.Scope> = Effect.map(
  Effect.acquireRelease(
    Effect.sync(() => Fs.mkdtempSync(Path.join(Os.tmpdir(), "launchkey-"))),
    (folder) => Effect.sync(() => Fs.rmSync(folder, { recursive: true, force: true }))
  ),
  (folder) => Path.join(folder, "100% of #1?.db")
)

/**
 * A layer over a new file.
 *
 * @since 0.1.0
 * @category layers
 */
export const withFile = <A, E>(make: (filename: string) => Layer.Layer<A, E>): Layer.Layer<A, E> =>
  Layer.unwrapScoped(Effect.map(filename, make))

/**
 * The URL of a file, whose name may have characters that mean something in one.
 *
 * @since 0.1.0
 * @category conversions
 */
export const urlOf = (filename: string): string => `file:${encodeURI(filename).replace("#", "%23").replace("?", "%3F")}`
