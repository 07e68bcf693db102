import * as Migrations from "@effect-launchkey/platform/sql/Migrations"
import * as Libsql from "@effect-launchkey/sql/Libsql"
import * as Pg from "@effect-launchkey/sql/Pg"
import { filename, pgSchema, serverUrl } from "@effect-launchkey/testing/sql/TestDatabases"
import * as SqlClient from "@effect/sql/SqlClient"
import { describe } from "@effect/vitest"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Scope from "effect/Scope"

/** A client of an empty database with the platform's tables, and others of the same where several may share it. */
export interface TestDatabase {
  readonly sql: SqlClient.SqlClient
  /** A client of another process, or the only one where the database is one process's. */
  readonly other: Effect.Effect<SqlClient.SqlClient, never, Scope.Scope>
  readonly context: Context.Context<SqlClient.SqlClient>
}

const clientOf = <A, E>(layer: Layer.Layer<A | SqlClient.SqlClient, E>) =>
  Effect.map(Effect.orDie(Layer.build(Layer.fresh(layer))), (context) => Context.get(context, SqlClient.SqlClient))

const migrated = (
  sql: SqlClient.SqlClient,
  other: TestDatabase["other"]
): Effect.Effect<TestDatabase> =>
  Effect.as(
    Effect.orDie(Effect.provideService(Migrations.run, SqlClient.SqlClient, sql)),
    { sql, other, context: Context.make(SqlClient.SqlClient, sql) }
  )

const file = Effect.gen(function*() {
  const sql = yield* clientOf(Libsql.layer({ filename: yield* filename }))
  return yield* migrated(sql, Effect.succeed(sql))
})

const server = Effect.gen(function*() {
  const { url } = yield* pgSchema
  const client = clientOf(Pg.layer({ url, maxConnections: 4 }))
  return yield* migrated(yield* client, client)
})

/** The same of every database that this machine has. */
export const onEachDatabase = (
  name: string,
  body: (database: Effect.Effect<TestDatabase, never, Scope.Scope>) => void
): void => {
  describe(`${name} in a file`, () => body(file))
  describe.skipIf(serverUrl === undefined)(`${name} in PostgreSQL`, () => body(server))
}
