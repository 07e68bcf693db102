/**
 * The page of the authenticator, served beside a platform: under `/authenticator/` of the same origin, since the page may
 * talk to nobody else.
 *
 * @see docs/authenticator.md
 * @since 0.1.0
 */
import type { LinkingCode, SdkKey } from "@effect-launchkey/core/Device"
import type * as HttpApp from "@effect/platform/HttpApp"
import * as HttpServerRequest from "@effect/platform/HttpServerRequest"
import * as HttpServerResponse from "@effect/platform/HttpServerResponse"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"

/**
 * Where the page is, below the platform's base URL.
 *
 * @since 0.1.0
 * @category models
 */
export const path = "/authenticator/"

/**
 * A file of the page.
 *
 * @since 0.1.0
 * @category models
 */
export interface Asset {
  /** Below {@link path}; empty for the page itself. */
  readonly name: string
  readonly contentType: string
  readonly body: Uint8Array
  /** A strong validator, with its quotes. */
  readonly etag: string
  /** Whether what stands under the name never changes, since the name has a hash of it. */
  readonly immutable: boolean
}

/**
 * The files of the page cannot be had.
 *
 * @since 0.1.0
 * @category errors
 */
export class AssetsMissing extends Schema.TaggedError<AssetsMissing>(
  "@effect-launchkey/authenticator/AuthenticatorPage/AssetsMissing"
)("AssetsMissing", { cause: Schema.optional(Schema.Defect) }) {
  override get message(): string {
    return "The authenticator's page was not built, and cannot be built here. Install the published package, "
      + "which has it, or esbuild beside its sources."
  }
}

/**
 * @since 0.1.0
 * @category models
 */
export interface Options {
  /** Read once, when the page is first asked for. */
  readonly assets: Effect.Effect<ReadonlyArray<Asset>, AssetsMissing>
  /**
   * The SDK key that the page links with where the link does not bring its own: one of the directory whose users it is
   * for. Default: the page asks for it.
   */
  readonly sdkKey?: SdkKey | undefined
}

/**
 * Has an app serve the page as well.
 *
 * @since 0.1.0
 * @category models
 */
export type Middleware = <E, R>(
  app: HttpApp.Default<E, R>
) => HttpApp.Default<E, R>

/** What the page may do: run its own script and style, talk to its own origin, see and be located by its user alone. */
const headers = {
  "content-security-policy": [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "connect-src 'self'",
    "img-src 'self' data:",
    "form-action 'none'",
    "frame-ancestors 'none'",
    "base-uri 'none'",
    "require-trusted-types-for 'script'",
    "trusted-types 'none'"
  ].join("; "),
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
  "permissions-policy": "camera=(self), geolocation=(self), microphone=(), payment=(), usb=()",
  "referrer-policy": "no-referrer",
  "x-content-type-options": "nosniff",
  "x-frame-options": "DENY"
}

const plain = (status: number, text: string, more: Readonly<Record<string, string>> = {}) =>
  HttpServerResponse.text(text, { status, headers: { ...headers, "cache-control": "no-store", ...more } })

/** The place in the page where the SDK key stands, and what stands there where there is none. */
const sdkKeyPlace = "<meta name=\"sdk-key\" content=\"\">"

const utf8 = { encoder: new TextEncoder(), decoder: new TextDecoder() }

const withSdkKey = (page: Asset, sdkKey: SdkKey): Asset => ({
  ...page,
  body: utf8.encoder.encode(
    utf8.decoder.decode(page.body).replace(sdkKeyPlace, sdkKeyPlace.replace("\"\">", `"${sdkKey}">`))
  ),
  etag: page.etag.replace(/"$/, `.${sdkKey}"`)
})

const serve = (asset: Asset, request: HttpServerRequest.HttpServerRequest) => {
  const own = {
    ...headers,
    etag: asset.etag,
    "cache-control": asset.immutable ? "public, max-age=31536000, immutable" : "no-cache"
  }
  const known = (request.headers["if-none-match"] ?? "").split(",").map((etag) => etag.trim().replace(/^W\//, ""))
  if (known.includes(asset.etag) || known.includes("*")) return HttpServerResponse.empty({ status: 304, headers: own })
  return request.method === "HEAD"
    ? HttpServerResponse.empty({
      status: 200,
      headers: { ...own, "content-type": asset.contentType, "content-length": String(asset.body.length) }
    })
    : HttpServerResponse.uint8Array(asset.body, { headers: own, contentType: asset.contentType })
}

/**
 * Serves the page under {@link path}, and leaves all else to the app.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = ({ assets, sdkKey }: Options): Effect.Effect<Middleware> =>
  Effect.gen(function*() {
    const byName = yield* assets.pipe(
      Effect.map((all) =>
        new Map(
          all.map((
            asset
          ) => [asset.name, asset.name === "" && sdkKey !== undefined ? withSdkKey(asset, sdkKey) : asset])
        )
      ),
      Effect.cached
    )
    const page = (name: string, request: HttpServerRequest.HttpServerRequest) =>
      request.method !== "GET" && request.method !== "HEAD"
        ? Effect.succeed(plain(405, "The page is only read: use GET.", { allow: "GET, HEAD" }))
        : byName.pipe(
          Effect.map((found) => {
            const asset = found.get(name)
            return asset === undefined ? plain(404, "The page has no such file.") : serve(asset, request)
          }),
          Effect.catchAll((error) => Effect.as(Effect.logError(error.message, error.cause), plain(503, error.message)))
        )
    const middleware: Middleware = (app) =>
      Effect.flatMap(HttpServerRequest.HttpServerRequest, (request) => {
        const [url = ""] = request.url.split("?", 1)
        if (url.startsWith(path)) return page(url.slice(path.length), request)
        return `${url}/` === path
          ? Effect.succeed(plain(308, "The page is one slash further.", { location: "authenticator/" }))
          : app
      })
    return middleware
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
