/**
 * The platform's store in a file, for one process: SQLite by way of libsql, with a write-ahead log. What was answered is
 * on the disk.
 *
 * Needs the packages `@effect/sql` and `@effect/sql-libsql`.
 *
 * @see docs/operating.md "The store"
 * @since 0.1.0
 */
import type { StoreUnavailable } from "@effect-launchkey/core/StoreUnavailable"
import * as Libsql from "@effect-launchkey/sql/Libsql"
import type * as SqlClient from "@effect/sql/SqlClient"
import * as Layer from "effect/Layer"
import type { Store } from "../Store.ts"
import * as Migrations from "./Migrations.ts"
import * as SqlStore from "./SqlStore.ts"

/**
 * @since 0.1.0
 * @category models
 */
export interface Options extends Libsql.Options, SqlStore.Options {}

/**
 * The store, and the client that other ports share with it. Fails with `FileInUse` where another process has the file.
 *
 * @since 0.1.0
 * @category layers
 */
export const layer = (
  options: Options
): Layer.Layer<Store | SqlClient.SqlClient, StoreUnavailable | Libsql.FileInUse> =>
  SqlStore.layer(options).pipe(
    Layer.provideMerge(Migrations.layer),
    Layer.provideMerge(Libsql.layer(options))
  )
