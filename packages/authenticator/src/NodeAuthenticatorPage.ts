/**
 * The page of the authenticator on Node, with its files: those that the package was published with, or, from its sources,
 * made in memory.
 *
 * @see docs/authenticator.md
 * @since 0.1.0
 */
import * as NodeStaticPage from "@effect-launchkey/platform/NodeStaticPage"
import type * as StaticPage from "@effect-launchkey/platform/StaticPage"
import type * as Effect from "effect/Effect"
import { fileURLToPath } from "node:url"
import * as AuthenticatorPage from "./AuthenticatorPage.ts"

/**
 * Where the page is made of.
 *
 * @since 0.1.0
 * @category models
 */
export const sources: NodeStaticPage.Sources = {
  name: "authenticator",
  worker: true,
  folder: fileURLToPath(new URL("internal/page", import.meta.url))
}

/**
 * @since 0.1.0
 * @category constructors
 */
export const assets: Effect.Effect<ReadonlyArray<StaticPage.Asset>, StaticPage.AssetsMissing> = NodeStaticPage.assets(
  import.meta.url,
  sources
)

/**
 * {@link AuthenticatorPage.make} with {@link assets}.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (
  options?: Omit<AuthenticatorPage.Options, "assets">
): Effect.Effect<StaticPage.Middleware> => AuthenticatorPage.make({ ...options, assets })
