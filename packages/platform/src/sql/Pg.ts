/**
 * The platform's store in PostgreSQL 13 or later, which any number of processes and machines share.
 *
 * Needs the packages `@effect/sql` and `@effect/sql-pg`.
 *
 * @see docs/operating.md "The store"
 * @since 0.1.0
 */
import type { StoreUnavailable } from "@effect-launchkey/core/StoreUnavailable"
import * as Pg from "@effect-launchkey/sql/Pg"
import type * as PgClient from "@effect/sql-pg/PgClient"
import type * as SqlClient from "@effect/sql/SqlClient"
import * as Layer from "effect/Layer"
import type { Store } from "../Store.ts"
import * as Migrations from "./Migrations.ts"
import * as SqlStore from "./SqlStore.ts"

/**
 * @since 0.1.0
 * @category models
 */
export interface Options extends Pg.Options, SqlStore.Options {
  /** Whether to bring the tables up to date first. Default true; false where another role runs `Migrations.run`. */
  readonly migrate?: boolean | undefined
}

/**
 * The store, and the client that other ports share with it. Fails where the database cannot be reached at the start.
 *
 * @since 0.1.0
 * @category layers
 */
export const layer = (
  options: Options
): Layer.Layer<Store | PgClient.PgClient | SqlClient.SqlClient, StoreUnavailable> =>
  SqlStore.layer(options).pipe(
    Layer.provideMerge(options.migrate === false ? Layer.empty : Migrations.layer),
    Layer.provideMerge(Pg.layer(options))
  )
