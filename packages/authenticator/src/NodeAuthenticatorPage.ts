/**
 * The page of the authenticator on Node, with its files: those that the package was published with, or, from its sources,
 * made in memory.
 *
 * @see docs/authenticator.md
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Fs from "node:fs/promises"
import * as Path from "node:path"
import { fileURLToPath } from "node:url"
import * as AuthenticatorPage from "./AuthenticatorPage.ts"
import * as bundle from "./internal/bundle.ts"

const folder = Path.dirname(fileURLToPath(import.meta.url))

/** Compiled files stand where the build puts the page, and have no sources to trust beside them. */
const load = import.meta.url.endsWith(".ts")
  ? () => bundle.make(folder)
  : async () => {
    const built = Path.join(folder, bundle.builtFolder)
    const names = await Fs.readdir(built)
    return Promise.all(names.map(async (name) => bundle.asset(name, await Fs.readFile(Path.join(built, name)))))
  }

/**
 * @since 0.1.0
 * @category constructors
 */
export const assets: Effect.Effect<ReadonlyArray<AuthenticatorPage.Asset>, AuthenticatorPage.AssetsMissing> = Effect
  .tryPromise({
    try: load,
    catch: (cause) => new AuthenticatorPage.AssetsMissing({ cause })
  })

/**
 * {@link AuthenticatorPage.make} with {@link assets}.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (
  options?: Omit<AuthenticatorPage.Options, "assets">
): Effect.Effect<AuthenticatorPage.Middleware> => AuthenticatorPage.make({ ...options, assets })
