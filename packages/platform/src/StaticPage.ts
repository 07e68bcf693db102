/**
 * Serves a page that was bundled: a document with a script and a style of its own, under a path of the platform's origin.
 * What the page may do stands in its headers: run its own script, and talk to the origin that it came from.
 *
 * @since 0.1.0
 */
import type * as HttpApp from "@effect/platform/HttpApp"
import * as HttpServerRequest from "@effect/platform/HttpServerRequest"
import * as HttpServerResponse from "@effect/platform/HttpServerResponse"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { computedOnce } from "./internal/computedOnce.ts"
import * as PageWorker from "./PageWorker.ts"

/**
 * A file of a page.
 *
 * @since 0.1.0
 * @category models
 */
export interface Asset {
  /** Below the page's path; empty for the page itself. */
  readonly name: string
  readonly contentType: string
  readonly body: Uint8Array
  /** A strong validator, with its quotes. */
  readonly etag: string
  /** Whether what stands under the name never changes, since the name has a hash of it. */
  readonly immutable: boolean
}

/**
 * The files of a page cannot be had.
 *
 * @since 0.1.0
 * @category errors
 */
export class AssetsMissing extends Schema.TaggedError<AssetsMissing>(
  "@effect-launchkey/platform/StaticPage/AssetsMissing"
)("AssetsMissing", {
  /** Of whom the page is: `"authenticator"`. */
  page: Schema.String,
  cause: Schema.optional(Schema.Defect)
}) {
  override get message(): string {
    return `The page of the ${this.page} was not built, and cannot be built here. Install the published package, `
      + "which has it, or esbuild beside its sources."
  }
}

/**
 * @since 0.1.0
 * @category models
 */
export interface Options {
  /** Of the page, from the root of the origin, with a slash at both ends: `"/authenticator/"`. */
  readonly path: string
  /** Read once, when the page is first asked for. */
  readonly assets: Effect.Effect<ReadonlyArray<Asset>, AssetsMissing>
  /** Which of the browser's powers the page has, as `Permissions-Policy` says it. */
  readonly permissions: string
  /** Whether the page registers a service worker, that of `PageWorker`. Default false. */
  readonly worker?: boolean | undefined
  /** What below the path is the app's: `"api/"`. Default: nothing. */
  readonly except?: string | undefined
  /** What the document is served as. Default: as it is. */
  readonly document?: ((page: Asset) => Asset) | undefined
}

/**
 * Has an app serve a page as well.
 *
 * @since 0.1.0
 * @category models
 */
export type Middleware = <E, R>(
  app: HttpApp.Default<E, R>
) => HttpApp.Default<E, R>

/** What a page may do: run its own script and style, and talk to its own origin. */
const headersWith = ({ permissions, worker: works = false }: Options): Readonly<Record<string, string>> => ({
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
    ...(works ? ["worker-src 'self'", `trusted-types ${PageWorker.policy}`] : ["trusted-types 'none'"])
  ].join("; "),
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
  "permissions-policy": permissions,
  "referrer-policy": "no-referrer",
  "x-content-type-options": "nosniff",
  "x-frame-options": "DENY"
})

/**
 * Serves the page under its path, and leaves all else to the app.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (options: Options): Effect.Effect<Middleware> =>
  Effect.gen(function*() {
    const { assets, document = (page) => page, except, path } = options
    const headers = headersWith(options)
    const plain = (status: number, text: string, more: Readonly<Record<string, string>> = {}) =>
      HttpServerResponse.text(text, { status, headers: { ...headers, "cache-control": "no-store", ...more } })
    const serve = (asset: Asset, request: HttpServerRequest.HttpServerRequest) => {
      const own = {
        ...headers,
        etag: asset.etag,
        "cache-control": asset.immutable ? "public, max-age=31536000, immutable" : "no-cache"
      }
      const known = (request.headers["if-none-match"] ?? "").split(",").map((etag) => etag.trim().replace(/^W\//, ""))
      if (known.includes(asset.etag) || known.includes("*")) {
        return HttpServerResponse.empty({ status: 304, headers: own })
      }
      return request.method === "HEAD"
        ? HttpServerResponse.empty({
          status: 200,
          headers: { ...own, "content-type": asset.contentType, "content-length": String(asset.body.length) }
        })
        : HttpServerResponse.uint8Array(asset.body, { headers: own, contentType: asset.contentType })
    }
    const byName = yield* assets.pipe(
      Effect.map((all) => new Map(all.map((asset) => [asset.name, asset.name === "" ? document(asset) : asset]))),
      computedOnce
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
        if (except !== undefined && url.startsWith(`${path}${except}`)) return app
        if (url.startsWith(path)) return page(url.slice(path.length), request)
        return `${url}/` === path
          ? Effect.succeed(plain(308, "The page is one slash further.", { location: path.slice(1) }))
          : app
      })
    return middleware
  })
