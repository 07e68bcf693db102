/**
 * The page of the authenticator, served beside a platform: under `/authenticator/` of the same origin, since the page may
 * talk to nobody else.
 *
 * @see docs/authenticator.md
 * @since 0.1.0
 */
import type { LinkingCode, SdkKey } from "@effect-launchkey/core/Device"
import * as StaticPage from "@effect-launchkey/platform/StaticPage"
import type * as Effect from "effect/Effect"

/**
 * Where the page is, below the platform's base URL.
 *
 * @since 0.1.0
 * @category models
 */
export const path = "/authenticator/"

/**
 * @since 0.1.0
 * @category models
 */
export interface Options extends Pick<StaticPage.Options, "assets"> {
  /**
   * The SDK key that the page links with where the link does not bring its own: one of the directory whose users it is
   * for. Default: the page asks for it.
   */
  readonly sdkKey?: SdkKey | undefined
}

/** The place in the page where the SDK key stands, and what stands there where there is none. */
const sdkKeyPlace = "<meta name=\"sdk-key\" content=\"\">"

const utf8 = { encoder: new TextEncoder(), decoder: new TextDecoder() }

const withSdkKey = (sdkKey: SdkKey) => (page: StaticPage.Asset): StaticPage.Asset => ({
  ...page,
  body: utf8.encoder.encode(
    utf8.decoder.decode(page.body).replace(sdkKeyPlace, sdkKeyPlace.replace("\"\">", `"${sdkKey}">`))
  ),
  etag: page.etag.replace(/"$/, `.${sdkKey}"`)
})

/**
 * Serves the page under {@link path}, and leaves all else to the app. Its user alone sees it, and is located by it.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = ({ assets, sdkKey }: Options): Effect.Effect<StaticPage.Middleware> =>
  StaticPage.make({
    path,
    assets,
    worker: true,
    permissions: "camera=(self), geolocation=(self), microphone=(), payment=(), usb=()",
    document: sdkKey === undefined ? undefined : withSdkKey(sdkKey)
  })

/**
 * The address that links a device by a click or a QR image. The code stands in its fragment, which browsers send to
 * nobody.
 *
 * @since 0.1.0
 * @category conversions
 */
export const linkUrl = (
  /** Of the platform. */
  baseUrl: string,
  link: { readonly code: LinkingCode | string; readonly sdkKey?: SdkKey | string | undefined }
): string => {
  const fragment = new URLSearchParams({
    code: link.code,
    ...(link.sdkKey === undefined ? {} : { sdk_key: link.sdkKey })
  })
  return `${baseUrl.replace(/\/+$/, "")}${path}#${fragment.toString()}`
}
