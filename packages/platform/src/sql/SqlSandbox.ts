/**
 * A sandbox's platform in a SQL database, whose rows are gone with every reset.
 *
 * @see docs/sandbox.md
 * @since 0.1.0
 */
import type { StoreUnavailable } from "@effect-launchkey/core/StoreUnavailable"
import * as Database from "@effect-launchkey/sql/Database"
import * as SqlClient from "@effect/sql/SqlClient"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import type * as SandboxState from "../SandboxState.ts"
import * as SqlStore from "./SqlStore.ts"
import * as SqlWebhookQueue from "./SqlWebhookQueue.ts"

/**
 * The database holds a platform already, which a sandbox would forget at its first reset.
 *
 * @since 0.1.0
 * @category errors
 */
export class NotEmpty extends Schema.TaggedError<NotEmpty>("@effect-launchkey/platform/sql/SqlSandbox/NotEmpty")(
  "NotEmpty",
  { organizations: Schema.Int }
) {
  override get message(): string {
    const what = this.organizations === 1 ? "an organization" : `${this.organizations} organizations`
    return `The store has ${what} already, which a sandbox would forget. Give it an empty one.`
  }
}

/** What migrations keep of themselves, and the audit log, whose chain begins with a row of theirs and has no other here. */
const staying = /^platform_(?:migrations|audit|audit_head)$/

/**
 * What a sandbox has for its backing: each is the database without its rows. Fails where there are some of somebody
 * else's. The tables are there: see `Migrations`.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make: Effect.Effect<
  Effect.Effect<SandboxState.Backing, StoreUnavailable, Scope.Scope>,
  StoreUnavailable | NotEmpty,
  SqlClient.SqlClient
> = Effect.gen(function*() {
  const context = yield* Effect.context<SqlClient.SqlClient>()
  const { join, run, sql, transaction } = yield* Database.make

  const [found] = yield* run(
    "SqlSandbox.make",
    sql<{ organizations: number | string }>`SELECT count(*) AS organizations FROM platform_organizations`
  )
  const organizations = Number(found?.organizations ?? 0)
  if (organizations > 0) return yield* new NotEmpty({ organizations })

  const tables = sql.onDialectOrElse({
    pg: () =>
      sql<{ name: string }>`
        SELECT tablename AS name FROM pg_tables
        WHERE schemaname = current_schema() AND tablename LIKE 'platform\\_%' ORDER BY name`,
    orElse: () =>
      sql<{ name: string }>`
        SELECT name FROM sqlite_master WHERE type = 'table' AND name LIKE 'platform\\_%' ESCAPE '\\' ORDER BY name`
  })

  const emptied = transaction(
    "SqlSandbox.emptied",
    Effect.flatMap(join("SqlSandbox.emptied", tables), (found) =>
      Effect.forEach(
        found.filter(({ name }) => !staying.test(name)),
        ({ name }) => join("SqlSandbox.emptied", sql`DELETE FROM ${sql(name)}`),
        { discard: true }
      ))
  )

  return Effect.zipRight(emptied, Effect.all({ store: SqlStore.make(), queue: SqlWebhookQueue.make() })).pipe(
    Effect.provide(context)
  )
})
