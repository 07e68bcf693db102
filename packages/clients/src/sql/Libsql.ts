/**
 * The stores of this package in a file, for one process: SQLite by way of libsql, with a write-ahead log. What was
 * answered is on the disk.
 *
 * Needs the packages `@effect/sql` and `@effect/sql-libsql`.
 *
 * @see docs/protocol.md "Webhooks"
 * @since 0.1.0
 */
import * as LibsqlClient from "@effect/sql-libsql/LibsqlClient"
import * as SqlClient from "@effect/sql/SqlClient"
import type { SqlError } from "@effect/sql/SqlError"
import * as Config from "effect/Config"
import type * as ConfigError from "effect/ConfigError"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import type { PendingAuthorizations } from "../PendingAuthorizations.ts"
import { StoreUnavailable } from "../StoreUnavailable.ts"
import type { WebhookInbox } from "../WebhookInbox.ts"
import { codeOf } from "./internal/database.ts"
import * as Migrations from "./Migrations.ts"
import * as SqlPendingAuthorizations from "./SqlPendingAuthorizations.ts"
import * as SqlWebhookInbox from "./SqlWebhookInbox.ts"

/**
 * Another process, or another layer of this one, has the file open. The operating system ends its lock with the
 * process, however that dies.
 *
 * @since 0.1.0
 * @category errors
 */
export class FileInUse extends Schema.TaggedError<FileInUse>("@effect-launchkey/clients/sql/Libsql/FileInUse")(
  "FileInUse",
  { filename: Schema.String }
) {
  override get message(): string {
    return `${this.filename} is in use, and serves one process at a time. Stop the other, build the layer once, or share a PostgreSQL database (clients/sql/Pg).`
  }
}

/**
 * @since 0.1.0
 * @category models
 */
export interface StoreOptions {
  readonly inbox?: Parameters<typeof SqlWebhookInbox.make>[0]
  readonly pending?: Omit<SqlPendingAuthorizations.Options, "listen"> | undefined
}

/**
 * @since 0.1.0
 * @category models
 */
export interface Options extends StoreOptions {
  /** Made where there is none, in a folder that exists; on a disk of this machine, as locks fail on network drives. */
  readonly filename: string
}

const url = (filename: string): string =>
  `file:${filename.replace(/[%?#]/g, (character) => encodeURIComponent(character))}`

/**
 * The lock of SQLite's exclusive mode: a first write takes it, and the connection holds it to its end. It has to be the
 * one connection that there ever is, so no `withTransaction` of the client, which would open another.
 */
const take = (sql: SqlClient.SqlClient, filename: string) =>
  sql`PRAGMA locking_mode = EXCLUSIVE`.pipe(
    Effect.zipRight(sql`PRAGMA journal_mode = WAL`),
    Effect.zipRight(sql`BEGIN IMMEDIATE`),
    Effect.zipRight(sql`COMMIT`),
    Effect.mapError((cause) =>
      codeOf(cause).startsWith("SQLITE_BUSY")
        ? new FileInUse({ filename })
        : new StoreUnavailable({ operation: "Libsql.layer", cause })
    )
  )

/**
 * The driver closes a connection for good when its statements are garbage, and the lock would last as long. Outside the
 * write-ahead log a connection that reads in normal mode keeps no lock.
 */
const giveBack = (sql: SqlClient.SqlClient) =>
  Effect.ignore(sql`PRAGMA journal_mode = DELETE`).pipe(
    Effect.zipRight(sql`PRAGMA locking_mode = NORMAL`),
    Effect.zipRight(sql`SELECT count(*) AS tables FROM sqlite_master`),
    Effect.ignore
  )

/** Only while nobody else uses the connection: their statements would be part of it. */
const withTransaction =
  (sql: SqlClient.SqlClient): SqlClient.SqlClient["withTransaction"] =>
  <R, E, A>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E | SqlError, R> =>
    Effect.uninterruptibleMask((restore) =>
      Effect.gen(function*() {
        yield* sql`BEGIN IMMEDIATE`
        const exit = yield* Effect.exit(restore(effect))
        yield* Exit.isSuccess(exit) ? sql`COMMIT` : Effect.ignore(sql`ROLLBACK`)
        return yield* exit
      })
    )

const client = ({ filename }: Options) =>
  Effect.gen(function*() {
    const sql = yield* Layer.build(LibsqlClient.layer({ url: url(filename) })).pipe(
      Effect.map(Context.get(SqlClient.SqlClient)),
      // It dies of a file that it cannot open.
      Effect.catchAllDefect((cause) => Effect.fail(new StoreUnavailable({ operation: "Libsql.layer", cause })))
    )
    yield* Effect.addFinalizer(() => giveBack(sql))
    yield* take(sql, filename)
    const replaced = withTransaction(sql)
    yield* Effect.provideService(
      Migrations.run,
      SqlClient.SqlClient,
      new Proxy<SqlClient.SqlClient>(sql, {
        get: (target, name) => name === "withTransaction" ? replaced : Reflect.get(target, name)
      })
    )
    return sql
  })

const stores = (options: StoreOptions): Layer.Layer<WebhookInbox | PendingAuthorizations, never, SqlClient.SqlClient> =>
  Layer.merge(SqlWebhookInbox.layer(options.inbox), SqlPendingAuthorizations.layer(options.pending))

/**
 * With a client of one's own, of libsql or another SQLite, which the stores share with others. They take no part in its
 * transactions, and nothing refuses a second process: it is for you to see to that.
 *
 * @since 0.1.0
 * @category layers
 */
export const layerClient = (
  options: StoreOptions = {}
): Layer.Layer<WebhookInbox | PendingAuthorizations, StoreUnavailable, SqlClient.SqlClient> =>
  Layer.provide(stores(options), Migrations.layer)

/**
 * @since 0.1.0
 * @category layers
 */
export const layer = (
  options: Options
): Layer.Layer<WebhookInbox | PendingAuthorizations, StoreUnavailable | FileInUse> =>
  Layer.provide(
    stores(options),
    Layer.scoped(SqlClient.SqlClient, client(options))
  )

/**
 * @since 0.1.0
 * @category layers
 */
export const layerConfig = (
  options: Config.Config.Wrap<Options>
): Layer.Layer<WebhookInbox | PendingAuthorizations, StoreUnavailable | FileInUse | ConfigError.ConfigError> =>
  Layer.unwrapEffect(Effect.map(Config.unwrap(options), layer))
