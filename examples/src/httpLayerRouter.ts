/** A service's webhook on Effect's `HttpLayerRouter`. */
import * as ServiceWebhook from "@effect-launchkey/clients/ServiceWebhook"
import * as Webhook from "@effect-launchkey/clients/Webhook"
import * as HttpLayerRouter from "@effect/platform/HttpLayerRouter"
import * as Effect from "effect/Effect"
import { Sessions } from "./sessions.ts"

/** To be served with the other routes of the program, by `HttpLayerRouter.serve`. */
export const route = (path: HttpLayerRouter.PathInput) =>
  HttpLayerRouter.use((router) =>
    Effect.gen(function*() {
      const webhook = yield* ServiceWebhook.ServiceWebhook
      const { onEvent } = yield* Sessions
      yield* router.add("POST", path, Webhook.respond(webhook, onEvent))
    })
  )
