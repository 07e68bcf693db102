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

/** Undefined where the suites of PostgreSQL cannot run: `pnpm test:pg` gives them one. */
export const serverUrl = process.env["TEST_DATABASE_URL"]

/** Of the server itself, to do to a database what it cannot do to itself. */
export const admin = <A, E>(use: (sql: SqlClient.SqlClient) => Effect.Effect<A, E>): Effect.Effect<A> =>
  Effect.orDie(Effect.scoped(
    Effect.flatMap(
      Layer.build(PgClient.layer({ url: Redacted.make(serverUrl ?? "") })),
      (context) => Effect.flatMap(Effect.provide(SqlClient.SqlClient, context), use)
    )
  ))

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

/** An empty schema, dropped with its scope: what comes first in the search path of whoever uses its URL. */
export const pgSchema: Effect.Effect<PgPlace, never, Scope.Scope> = Effect.acquireRelease(
  Effect.suspend(() => {
    const schema = place((url, name) => url.searchParams.set("options", `-c search_path=${name}`))
    return Effect.as(admin((sql) => sql`CREATE SCHEMA ${sql(schema.name)}`), schema)
  }),
  ({ name }) => admin((sql) => sql`DROP SCHEMA IF EXISTS ${sql(name)} CASCADE`)
)

/** An empty database, dropped with its scope. Takes longer. */
export const pgDatabase: Effect.Effect<PgPlace, never, Scope.Scope> = Effect.acquireRelease(
  Effect.suspend(() => {
    const database = place((url, name) => {
      url.pathname = `/${name}`
    })
    return Effect.as(admin((sql) => sql`CREATE DATABASE ${sql(database.name)}`), database)
  }),
  ({ name }) => admin((sql) => sql`DROP DATABASE IF EXISTS ${sql(name)} WITH (FORCE)`)
)

/** A layer over an empty schema. */
export const withPg = <A, E>(make: (place: PgPlace) => Layer.Layer<A, E>): Layer.Layer<A, E> =>
  Layer.unwrapScoped(Effect.map(pgSchema, make))

/** The name of a file that is not there yet, in a folder that goes with its scope. */
export const filename: Effect.Effect<string, never, Scope.Scope> = Effect.map(
  Effect.acquireRelease(
    Effect.sync(() => Fs.mkdtempSync(Path.join(Os.tmpdir(), "launchkey-"))),
    (folder) => Effect.sync(() => Fs.rmSync(folder, { recursive: true, force: true }))
  ),
  (folder) => Path.join(folder, "100% of #1?.db")
)

/** A layer over a new file. */
export const withFile = <A, E>(make: (filename: string) => Layer.Layer<A, E>): Layer.Layer<A, E> =>
  Layer.unwrapScoped(Effect.map(filename, make))

/** A name may have characters that mean something in a URL. */
export const urlOf = (filename: string): string => `file:${encodeURI(filename).replace("#", "%23").replace("?", "%3F")}`
