/** A service's webhook on plain `node:http`. */
import * as ServiceWebhook from "@effect-launchkey/clients/ServiceWebhook"
import * as WebhookHost from "@effect-launchkey/clients/WebhookHost"
import type * as ManagedRuntime from "effect/ManagedRuntime"
import type { RequestListener } from "node:http"
import { onEvent, type Sessions } from "./sessions.ts"

/** For `createServer`. */
export const listener = <E>(
  path: RegExp,
  runtime: ManagedRuntime.ManagedRuntime<ServiceWebhook.ServiceWebhook | Sessions, E>
): RequestListener => {
  const handler = WebhookHost.toNodeHandler(ServiceWebhook.ServiceWebhook, onEvent, { runtime })
  return (request, response) => {
    if (request.method === "POST" && path.test(request.url ?? "")) return handler(request, response)
    response.writeHead(404).end()
  }
}
