/**
 * The page of the console, served beside a platform: under `/console/` of the same origin, where its API is as well.
 *
 * @see docs/console.md
 * @since 0.1.0
 */
import * as StaticPage from "@effect-launchkey/platform/StaticPage"
import type * as Effect from "effect/Effect"

/**
 * Where the page is, below the platform's base URL.
 *
 * @since 0.1.0
 * @category models
 */
export const path = "/console/"

/**
 * The address that lets an operator in, once. The invitation's token stands in its fragment, which browsers send to
 * nobody.
 *
 * @since 0.1.0
 * @category conversions
 */
export const invitationUrl = (
  /** Of the platform. */
  baseUrl: string,
  token: string
): string => `${baseUrl.replace(/\/+$/, "")}${path}#invite=${token}`

/**
 * @since 0.1.0
 * @category models
 */
export type Options = Pick<StaticPage.Options, "assets">

/**
 * Serves the page under {@link path}, and leaves all else to the app: the API of the console too.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = ({ assets }: Options): Effect.Effect<StaticPage.Middleware> =>
  StaticPage.make({
    path,
    except: "api/",
    assets,
    permissions: "camera=(), geolocation=(), microphone=(), payment=(), usb=(), publickey-credentials-get=(self), "
      + "publickey-credentials-create=(self)"
  })
