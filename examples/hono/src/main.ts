/**
 * Serves the routes on port 3000.
 *
 *     BASE_URL=… ISSUER=svc:… SIGNING_KEY=… SERVICE_ID=… tsx src/main.ts
 */
import * as PendingAuthorizations from "@effect-launchkey/clients/PendingAuthorizations"
import * as ServiceClient from "@effect-launchkey/clients/ServiceClient"
import * as ServiceWebhook from "@effect-launchkey/clients/ServiceWebhook"
import * as WebhookInbox from "@effect-launchkey/clients/WebhookInbox"
import * as Transport from "@effect-launchkey/transport/Transport"
import * as FetchHttpClient from "@effect/platform/FetchHttpClient"
import { serve } from "@hono/node-server"
import * as Config from "effect/Config"
import * as Layer from "effect/Layer"
import * as ManagedRuntime from "effect/ManagedRuntime"
import { app } from "./app.ts"

const serviceId = Config.string("SERVICE_ID")

const runtime = ManagedRuntime.make(
  Layer.merge(ServiceClient.layerConfig({ serviceId }), ServiceWebhook.layerConfig({ serviceId })).pipe(
    // the same for both: so the answer that a webhook brings ends the wait
    Layer.provide([PendingAuthorizations.layerMemory(), WebhookInbox.layerMemory()]),
    Layer.provide(Transport.layerConfig({
      issuer: Config.string("ISSUER"),
      baseUrl: Config.string("BASE_URL"),
      signingKey: Config.redacted("SIGNING_KEY")
    })),
    Layer.provide(FetchHttpClient.layer)
  )
)

serve({ fetch: app(runtime).fetch, port: 3000 })
