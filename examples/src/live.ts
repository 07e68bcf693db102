/**
 * What every host stands on: the service, its webhook and its sessions, from the environment.
 */
import * as PendingAuthorizations from "@effect-launchkey/clients/PendingAuthorizations"
import * as ServiceClient from "@effect-launchkey/clients/ServiceClient"
import * as ServiceWebhook from "@effect-launchkey/clients/ServiceWebhook"
import * as WebhookInbox from "@effect-launchkey/clients/WebhookInbox"
import * as Transport from "@effect-launchkey/transport/Transport"
import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import * as Config from "effect/Config"
import * as Layer from "effect/Layer"
import * as Sessions from "./sessions.ts"

const serviceId = Config.string("SERVICE_ID")

/** Effect hosts provide it to their routes; the others run on a `ManagedRuntime` of it, one for the whole program. */
export const layer = Sessions.layer.pipe(
  Layer.provideMerge(ServiceClient.layerConfig({ serviceId })),
  Layer.provideMerge(ServiceWebhook.layerConfig({ serviceId })),
  Layer.provide([PendingAuthorizations.layerMemory(), WebhookInbox.layerMemory()]),
  Layer.provide(Transport.layerConfig({
    issuer: Config.string("ISSUER"), // "svc:<uuid>"
    baseUrl: Config.string("BASE_URL"),
    signingKey: Config.redacted("SIGNING_KEY") // PEM
  })),
  Layer.provide(NodeHttpClient.layerUndici)
)
