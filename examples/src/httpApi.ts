/** A service's webhook as an endpoint of an Effect `HttpApi`. */
import * as ServiceWebhook from "@effect-launchkey/clients/ServiceWebhook"
import * as Webhook from "@effect-launchkey/clients/Webhook"
import * as HttpApi from "@effect/platform/HttpApi"
import * as HttpApiBuilder from "@effect/platform/HttpApiBuilder"
import * as HttpApiEndpoint from "@effect/platform/HttpApiEndpoint"
import * as HttpApiGroup from "@effect/platform/HttpApiGroup"
import * as HttpApiSchema from "@effect/platform/HttpApiSchema"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { Sessions } from "./sessions.ts"

/** Without a payload: the receiver needs the body as it was sent, and reads it itself. */
export const api = (path: `/${string}`) =>
  HttpApi.make("program").add(
    HttpApiGroup.make("webhooks").add(HttpApiEndpoint.post("service", path).addSuccess(HttpApiSchema.NoContent))
  )

/** To be served by `HttpApiBuilder.serve`. */
export const layer = (path: `/${string}`) => {
  const program = api(path)
  return HttpApiBuilder.api(program).pipe(
    Layer.provide(HttpApiBuilder.group(program, "webhooks", (handlers) =>
      Effect.gen(function*() {
        const webhook = yield* ServiceWebhook.ServiceWebhook
        const { onEvent } = yield* Sessions
        return handlers.handleRaw("service", () => Webhook.respond(webhook, onEvent))
      })))
  )
}
