/**
 * The key by which push services know the platform, of a secret in its database that is sealed by a `KeyVault`: the same
 * for every node, and after a restart.
 *
 * @see docs/operating.md "Push"
 * @since 0.1.0
 */
import type { StoreUnavailable } from "@effect-launchkey/core/StoreUnavailable"
import type * as SqlClient from "@effect/sql/SqlClient"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as KeyVault from "../KeyVault.ts"
import * as PushKey from "../PushKey.ts"
import * as Secrets from "./internal/secrets.ts"

/**
 * The tables are there: see `Migrations`.
 *
 * @since 0.1.0
 * @category layers
 */
export const layer: Layer.Layer<
  PushKey.PushKey,
  StoreUnavailable | KeyVault.NotUnsealed,
  SqlClient.SqlClient | KeyVault.KeyVault
> = Layer.effect(
  PushKey.PushKey,
  Effect.flatMap(Secrets.make, ({ named }) => Effect.flatMap(named("push secret"), PushKey.make))
)
