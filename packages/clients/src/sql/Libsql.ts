/**
 * The stores of this package in a file, for one process: SQLite by way of libsql, with a write-ahead log. What was
 * answered is on the disk.
 *
 * Needs the packages `@effect/sql` and `@effect/sql-libsql`.
 *
 * @see docs/protocol.md "Webhooks"
 * @since 0.1.0
 */
import * as Libsql from "@effect-launchkey/sql/Libsql"
import type * as SqlClient from "@effect/sql/SqlClient"
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

export {
  /**
   * Another process, or another layer of this one, has the file open.
   *
   * @since 0.1.0
   * @category errors
   */
  FileInUse
} from "@effect-launchkey/sql/Libsql"

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
export interface Options extends StoreOptions, Libsql.Options {}

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
): Layer.Layer<WebhookInbox | PendingAuthorizations, StoreUnavailable | Libsql.FileInUse> =>
  Layer.provide(layerClient(options), Libsql.layer(options))

/**
 * @since 0.1.0
 * @category layers
 */
export const layerConfig = (
  options: Config.Config.Wrap<Options>
): Layer.Layer<WebhookInbox | PendingAuthorizations, StoreUnavailable | Libsql.FileInUse | ConfigError.ConfigError> =>
  Layer.unwrapEffect(Effect.map(Config.unwrap(options), layer))
