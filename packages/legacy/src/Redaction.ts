/**
 * What traces of HTTP must not show of this protocol.
 *
 * @since 0.1.0
 */
import * as HttpMiddleware from "@effect/platform/HttpMiddleware"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"

/** The names of what proves, signs or answers something: it travels in the query. */
const telling = /[?&](?:secret_key|signature|auth)=/

/**
 * Servers of `@effect/platform` write the whole URL of a request into its span, and in this protocol the query has
 * credentials and answers in it. From here on such requests have no span of the server's. Whatever is built upon this
 * layer heeds it, and `LegacyPlatform.layer` and `LegacyClient.layer` have it in them. A server that is built without
 * either needs it from its program.
 *
 * @since 0.1.0
 * @category layers
 */
export const layer: Layer.Layer<never> = Layer.scopedDiscard(
  Effect.locallyScopedWith(
    HttpMiddleware.currentTracerDisabledWhen,
    (disabled) => (request) => disabled(request) || telling.test(request.url)
  )
)
