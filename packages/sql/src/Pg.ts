/**
 * PostgreSQL 13 or later, which any number of processes and machines share.
 *
 * Needs the packages `@effect/sql` and `@effect/sql-pg`.
 *
 * @since 0.1.0
 */
import { StoreUnavailable } from "@effect-launchkey/core/StoreUnavailable"
import * as PgClient from "@effect/sql-pg/PgClient"
import type * as SqlClient from "@effect/sql/SqlClient"
import * as Layer from "effect/Layer"

/**
 * As for a `PgClient`, whose defaults apply save for `connectTimeout`: 5 seconds, and `applicationName`: `"launchkey"`.
 *
 * @since 0.1.0
 * @category models
 */
export interface Options extends PgClient.PgClientConfig {}

/**
 * Fails where the database cannot be reached at the start.
 *
 * @since 0.1.0
 * @category layers
 */
export const layer = (
  options: Options
): Layer.Layer<PgClient.PgClient | SqlClient.SqlClient, StoreUnavailable> =>
  Layer.mapError(
    PgClient.layer({ connectTimeout: "5 seconds", applicationName: "launchkey", ...options }),
    (cause) => new StoreUnavailable({ operation: "Pg.layer", cause })
  )
