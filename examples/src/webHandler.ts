/**
 * A service's webhook on Hono. Whatever takes a Web `Request` and gives a `Response` takes the same handler: Next
 * (`export const POST = handler`), Bun and Deno (`serve({ fetch: handler })`), Workers (`export default { fetch: handler }`).
 */
import * as ServiceWebhook from "@effect-launchkey/clients/ServiceWebhook"
import * as WebhookHost from "@effect-launchkey/clients/WebhookHost"
import type * as ManagedRuntime from "effect/ManagedRuntime"
import { Hono } from "hono"
import { onEvent, type Sessions } from "./sessions.ts"

export const app = <E>(
  path: string,
  runtime: ManagedRuntime.ManagedRuntime<ServiceWebhook.ServiceWebhook | Sessions, E>
) => {
  const handler = WebhookHost.toWebHandler(ServiceWebhook.ServiceWebhook, onEvent, { runtime })
  return new Hono().post(path, (context) => handler(context.req.raw))
}
