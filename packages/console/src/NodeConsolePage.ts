/**
 * The page of the console on Node, with its files: those that the package was published with, or, from its sources, made
 * in memory.
 *
 * @see docs/console.md
 * @since 0.1.0
 */
import * as NodeStaticPage from "@effect-launchkey/platform/NodeStaticPage"
import type * as StaticPage from "@effect-launchkey/platform/StaticPage"
import type * as Effect from "effect/Effect"
import { createRequire } from "node:module"
import { fileURLToPath } from "node:url"
import * as ConsolePage from "./ConsolePage.ts"

/**
 * Where the page is made of.
 *
 * @since 0.1.0
 * @category models
 */
export const sources: NodeStaticPage.Sources = {
  name: "console",
  folder: fileURLToPath(new URL("internal/page", import.meta.url)),
  // the map's countries, which the page loads when it shows a map
  files: () => ({ "world.json": createRequire(import.meta.url).resolve("world-atlas/countries-50m.json") })
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
 * {@link ConsolePage.make} with {@link assets}.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (): Effect.Effect<StaticPage.Middleware> => ConsolePage.make({ assets })
