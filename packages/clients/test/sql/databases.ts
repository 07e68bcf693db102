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

const named = (database: string): string => {
  const url = new URL(serverUrl ?? "postgres://localhost")
  url.pathname = `/${database}`
  return url.href
}

/** Of the server itself, to do to a database what it cannot do to itself. */
export const admin = <A, E>(
  use: (sql: SqlClient.SqlClient) => Effect.Effect<A, E>
): Effect.Effect<A, E | Error> =>
  Effect.scoped(
    Effect.flatMap(
      Layer.build(PgClient.layer({ url: Redacted.make(serverUrl ?? "") })),
      (context) => Effect.flatMap(Effect.provide(SqlClient.SqlClient, context), use)
    )
  )

export interface PgDatabase {
  readonly name: string
  readonly url: Redacted.Redacted
}

/** An empty database, dropped with its scope. */
export const pgDatabase: Effect.Effect<PgDatabase, never, Scope.Scope> = Effect.acquireRelease(
  Effect.gen(function*() {
    const name = `test_${Crypto.randomUUID().replaceAll("-", "")}`
    yield* admin((sql) => sql`CREATE DATABASE ${sql(name)}`)
    return { name, url: Redacted.make(named(name)) }
  }),
  ({ name }) => admin((sql) => sql`DROP DATABASE IF EXISTS ${sql(name)} WITH (FORCE)`)
).pipe(Effect.orDie)

/** A layer over an empty database. */
export const withPg = <A, E>(make: (database: PgDatabase) => Layer.Layer<A, E>): Layer.Layer<A, E> =>
  Layer.unwrapScoped(Effect.map(pgDatabase, make))

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
