/**
 * A file for one process: SQLite by way of libsql, with a write-ahead log. What was answered is on the disk.
 *
 * Needs the packages `@effect/sql` and `@effect/sql-libsql`.
 *
 * @since 0.1.0
 */
import { StoreUnavailable } from "@effect-launchkey/core/StoreUnavailable"
import * as Reactivity from "@effect/experimental/Reactivity"
import * as LibsqlClient from "@effect/sql-libsql/LibsqlClient"
import * as SqlClient from "@effect/sql/SqlClient"
import { makeCompilerSqlite } from "@effect/sql/Statement"
import * as Context from "effect/Context"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as FiberId from "effect/FiberId"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import * as Scope from "effect/Scope"
import { codeOf } from "./Database.ts"

/**
 * Another process, or another layer of this one, has the file open. The operating system ends its lock with the
 * process, however that dies.
 *
 * @since 0.1.0
 * @category errors
 */
export class FileInUse extends Schema.TaggedError<FileInUse>("@effect-launchkey/sql/Libsql/FileInUse")(
  "FileInUse",
  { filename: Schema.String }
) {
  override get message(): string {
    return `${this.filename} is in use, and serves one process at a time. Stop the other, build the layer once, or share a PostgreSQL database.`
  }
}

/**
 * @since 0.1.0
 * @category models
 */
export interface Options {
  /** Made where there is none, in a folder that exists; on a disk of this machine, as locks fail on network drives. */
  readonly filename: string
}

const url = (filename: string): string =>
  `file:${filename.replace(/[%?#]/g, (character) => encodeURIComponent(character))}`

/**
 * The lock of SQLite's exclusive mode: a first write takes it, and the connection holds it to its end. It has to be the
 * one connection that there ever is, so no `withTransaction` of the driver's client, which would open another.
 */
const take = (sql: SqlClient.SqlClient, filename: string) =>
  sql`PRAGMA locking_mode = EXCLUSIVE`.pipe(
    Effect.zipRight(sql`PRAGMA journal_mode = WAL`),
    Effect.zipRight(sql`PRAGMA synchronous = FULL`),
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

const spanAttributes = [["db.system.name", "sqlite"]] as const

/**
 * One after the other, in the order in which they come. A semaphore would lose its permit to whoever is interrupted in the
 * moment in which it is given; here it is handed on.
 */
const makeTurns = Effect.sync(() => {
  let taken = false
  const waiting = new Set<Deferred.Deferred<void>>()
  const end = Effect.suspend(() => {
    const [next] = waiting
    taken = next !== undefined
    return next !== undefined && waiting.delete(next) ? Deferred.succeed(next, undefined) : Effect.void
  })
  const begin = Effect.suspend(() => {
    if (!taken) {
      taken = true
      return Effect.void
    }
    const mine = Deferred.unsafeMake<void>(FiberId.none)
    waiting.add(mine)
    return Effect.onExit(
      Effect.interruptible(Deferred.await(mine)),
      (exit) => Exit.isSuccess(exit) ? Effect.void : Effect.suspend(() => waiting.delete(mine) ? Effect.void : end)
    )
  })
  return Effect.uninterruptible(Effect.zipRight(begin, Effect.addFinalizer(() => end)))
})

/** A client of the one connection that `driver` has, whose transactions are on that connection too. */
const onOneConnection = (driver: SqlClient.SqlClient) =>
  Effect.gen(function*() {
    const turn = yield* makeTurns
    // To the end of its scope, so that a statement is never part of a transaction that began before it ran.
    const acquirer = Effect.uninterruptible(Effect.zipRight(turn, driver.reserve))
    const client = yield* SqlClient.make({ acquirer, compiler: makeCompilerSqlite(), spanAttributes })
    const withTransaction = SqlClient.makeWithTransaction({
      transactionTag: SqlClient.TransactionConnection,
      spanAttributes,
      acquireConnection: Effect.flatMap(Scope.make(), (scope) =>
        Effect.map(
          Scope.extend(acquirer, scope),
          (connection) => [scope, connection] as const
        )),
      begin: (connection) => connection.executeUnprepared("BEGIN IMMEDIATE", [], undefined),
      savepoint: (connection, id) => connection.executeUnprepared(`SAVEPOINT effect_sql_${id}`, [], undefined),
      // A commit that fails may leave the transaction open, and the next statements would be part of it.
      commit: (connection) =>
        Effect.tapError(
          connection.executeUnprepared("COMMIT", [], undefined),
          () => Effect.ignore(connection.executeUnprepared("ROLLBACK", [], undefined))
        ),
      // A full disk has rolled it back already.
      rollback: (connection) => Effect.ignore(connection.executeUnprepared("ROLLBACK", [], undefined)),
      rollbackSavepoint: (connection, id) =>
        Effect.ignore(connection.executeUnprepared(`ROLLBACK TO SAVEPOINT effect_sql_${id}`, [], undefined))
    })
    return Object.assign(client, { withTransaction })
  })

/**
 * Opens the file for this process alone. Statements and transactions of the client take turns: a statement outside a
 * transaction waits for the end of the one that is open, and is never part of it.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = ({ filename }: Options): Effect.Effect<
  SqlClient.SqlClient,
  StoreUnavailable | FileInUse,
  Scope.Scope
> =>
  Effect.gen(function*() {
    const driver = yield* Layer.build(LibsqlClient.layer({ url: url(filename) })).pipe(
      Effect.map(Context.get(SqlClient.SqlClient)),
      // It dies of a file that it cannot open.
      Effect.catchAllDefect((cause) => Effect.fail(new StoreUnavailable({ operation: "Libsql.layer", cause })))
    )
    yield* Effect.addFinalizer(() => giveBack(driver))
    yield* take(driver, filename)
    return yield* Effect.provide(onOneConnection(driver), Reactivity.layer)
  })

/**
 * @since 0.1.0
 * @category layers
 */
export const layer = (options: Options): Layer.Layer<SqlClient.SqlClient, StoreUnavailable | FileInUse> =>
  Layer.scoped(SqlClient.SqlClient, make(options))
