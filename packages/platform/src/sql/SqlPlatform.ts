/**
 * Everything that a platform keeps, in one database: the store, its own keys, webhooks on their way, the audit log, who
 * operates it, and on PostgreSQL word of changes to devices on whichever node they listen. What is done in a transaction
 * of the store by any of them is kept whole, or not at all.
 *
 * @see docs/operating.md "The store"
 * @since 0.1.0
 */
import * as PgClient from "@effect/sql-pg/PgClient"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Libsql from "./Libsql.ts"
import * as Pg from "./Pg.ts"
import * as PgDeviceNotices from "./PgDeviceNotices.ts"
import * as SealedTotps from "./SealedTotps.ts"
import * as SqlAuditLog from "./SqlAuditLog.ts"
import * as SqlBackups from "./SqlBackups.ts"
import * as SqlOperators from "./SqlOperators.ts"
import * as SqlPlatformKeys from "./SqlPlatformKeys.ts"
import * as SqlWebhookQueue from "./SqlWebhookQueue.ts"

const common = Layer.mergeAll(SqlPlatformKeys.layer(), SqlAuditLog.layer, SqlBackups.layer, SqlOperators.layer)

/**
 * In a file of this process.
 *
 * @since 0.1.0
 * @category layers
 */
export const layerLibsql = (options: Libsql.Options) =>
  Layer.merge(common, SqlWebhookQueue.layer()).pipe(
    Layer.provideMerge(SealedTotps.layer),
    Layer.provideMerge(Libsql.layer(options))
  )

/**
 * In PostgreSQL, for any number of nodes.
 *
 * @since 0.1.0
 * @category layers
 */
export const layerPg = (options: Pg.Options) =>
  Layer.mergeAll(
    common,
    PgDeviceNotices.layer,
    Layer.unwrapEffect(Effect.map(PgClient.PgClient, ({ listen }) => SqlWebhookQueue.layer({ listen })))
  ).pipe(
    Layer.provideMerge(SealedTotps.layer),
    Layer.provideMerge(Pg.layer(options))
  )
