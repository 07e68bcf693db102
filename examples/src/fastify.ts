/** A service's webhook on Fastify. */
import * as ServiceWebhook from "@effect-launchkey/clients/ServiceWebhook"
import * as WebhookHost from "@effect-launchkey/clients/WebhookHost"
import type * as ManagedRuntime from "effect/ManagedRuntime"
import fastify from "fastify"
import { onEvent, type Sessions } from "./sessions.ts"

export const app = <E>(
  path: string,
  runtime: ManagedRuntime.ManagedRuntime<ServiceWebhook.ServiceWebhook | Sessions, E>
) => {
  const handler = WebhookHost.toFastifyHandler(ServiceWebhook.ServiceWebhook, onEvent, { runtime })
  // A scope of its own, so that the parsers of the other routes stay as they are.
  return fastify().register((scope, _, done) => {
    scope.removeAllContentTypeParsers()
    scope.addContentTypeParser("*", { parseAs: "buffer" }, (_request, body, parsed) => parsed(null, body))
    scope.post(path, handler)
    done()
  })
}
