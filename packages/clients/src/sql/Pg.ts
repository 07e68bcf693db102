/**
 * The stores of this package in PostgreSQL 13 or later, which any number of processes and machines share.
 *
 * Needs the packages `@effect/sql` and `@effect/sql-pg`.
 *
 * @see docs/protocol.md "Webhooks"
 * @since 0.1.0
 */
import * as Pg from "@effect-launchkey/sql/Pg"
import * as PgClient from "@effect/sql-pg/PgClient"
import * as SqlClient from "@effect/sql/SqlClient"
import * as Config from "effect/Config"
import type * as ConfigError from "effect/ConfigError"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type { PendingAuthorizations } from "../PendingAuthorizations.ts"
import type { StoreUnavailable } from "../StoreUnavailable.ts"
import type { WebhookInbox } from "../WebhookInbox.ts"
import * as Migrations from "./Migrations.ts"
import * as SqlPendingAuthorizations from "./SqlPendingAuthorizations.ts"
import * as SqlWebhookInbox from "./SqlWebhookInbox.ts"

/**
 * @since 0.1.0
 * @category models
 */
export interface StoreOptions {
  readonly inbox?: Parameters<typeof SqlWebhookInbox.make>[0]
  readonly pending?: Omit<SqlPendingAuthorizations.Options, "listen"> | undefined
  /** Whether to bring the tables up to date first. Default true; false where another role runs `Migrations.run`. */
  readonly migrate?: boolean | undefined
  /**
   * Whether to hold one more connection that listens for answers. Default true; false behind a pooler that shares
   * connections between transactions: answers that come to other processes are then noticed by looking for them alone.
   */
  readonly listen?: boolean | undefined
}

/**
 * @since 0.1.0
 * @category models
 */
export interface Options extends Pg.Options, StoreOptions {}

/**
 * With a client of one's own, which the stores share with others. They take no part in its transactions.
 *
 * @since 0.1.0
 * @category layers
 */
export const layerClient = (
  options: StoreOptions = {}
): Layer.Layer<WebhookInbox | PendingAuthorizations, StoreUnavailable, PgClient.PgClient> =>
  Layer.unwrapEffect(
    Effect.map(PgClient.PgClient, (client) => {
      const listen = options.listen === false ? {} : { listen: client.listen }
      const stores = Layer.merge(
        SqlWebhookInbox.layer(options.inbox),
        SqlPendingAuthorizations.layer({ ...options.pending, ...listen })
      )
      const migrated = options.migrate === false ? stores : Layer.provide(stores, Migrations.layer)
      return Layer.provide(migrated, Layer.succeed(SqlClient.SqlClient, client))
    })
  )

/**
 * Fails where the database cannot be reached at the start.
 *
 * @since 0.1.0
 * @category layers
 */
export const layer = (
  options: Options
): Layer.Layer<WebhookInbox | PendingAuthorizations, StoreUnavailable> =>
  Layer.provide(
    layerClient(options),
    Pg.layer(options)
  )

/**
 * @since 0.1.0
 * @category layers
 */
export const layerConfig = (
  options: Config.Config.Wrap<Options>
): Layer.Layer<WebhookInbox | PendingAuthorizations, StoreUnavailable | ConfigError.ConfigError> =>
  Layer.unwrapEffect(Effect.map(Config.unwrap(options), layer))
