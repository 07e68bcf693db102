/**
 * Both generations on one server: what is below /v1/ is answered by the platform of old integrations, all else by that
 * of the API v3. The callbacks of the one go out as the webhooks of the other do.
 */
import * as LegacyPlatform from "@effect-launchkey/legacy/LegacyPlatform"
import * as Platform from "@effect-launchkey/platform/Platform"
import * as WebhookEgress from "@effect-launchkey/platform/WebhookEgress"
import * as HttpServer from "@effect/platform/HttpServer"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"

export const Legacy = Layer.unwrapEffect(
  Effect.map(WebhookEgress.WebhookEgress, (egress) => LegacyPlatform.layer({ egress }))
)

export const Both = Layer.unwrapEffect(
  Effect.map(Effect.flatMap(Platform.httpApp, LegacyPlatform.mount), (app) => HttpServer.serve(app))
)
