/** A service's webhook on Express. */
import * as ServiceWebhook from "@effect-launchkey/clients/ServiceWebhook"
import * as WebhookHost from "@effect-launchkey/clients/WebhookHost"
import type * as ManagedRuntime from "effect/ManagedRuntime"
import express from "express"
import { onEvent, type Sessions } from "./sessions.ts"

export const app = <E>(
  path: string,
  runtime: ManagedRuntime.ManagedRuntime<ServiceWebhook.ServiceWebhook | Sessions, E>
) =>
  express()
    // Before express.json() and its like, which would take the body away.
    .post(path, WebhookHost.toNodeHandler(ServiceWebhook.ServiceWebhook, onEvent, { runtime }))
    .use(express.json())
