/**
 * What traces of HTTP must not show of this protocol.
 *
 * @since 0.1.0
 */
import * as Headers from "@effect/platform/Headers"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { tokenHeader } from "./Claims.ts"

/**
 * Servers and clients of `@effect/platform` write every header into their spans, save those that they redact, as they do
 * `Authorization` by default: from here on the header of tokens too. Whatever is built upon this layer heeds it, and the
 * layers of receivers, and those that serve a platform, have it in them. A server that is built without any of them needs
 * it from its program.
 *
 * @since 0.1.0
 * @category layers
 */
export const layer: Layer.Layer<never> = Layer.scopedDiscard(
  Effect.locallyScopedWith(
    Headers.currentRedactedNames,
    (names) => names.includes(tokenHeader) ? names : [...names, tokenHeader]
  )
)
