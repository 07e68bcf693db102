/**
 * The application, of its parts.
 *
 *     routes ─▶ Logins, Links, Sessions ─▶ Store, Changes
 *                                       └▶ the clients and webhooks of the SDK ─▶ Transport
 */
import * as DirectoryClient from "@effect-launchkey/clients/DirectoryClient"
import * as DirectoryWebhook from "@effect-launchkey/clients/DirectoryWebhook"
import * as OrganizationClient from "@effect-launchkey/clients/OrganizationClient"
import * as PendingAuthorizations from "@effect-launchkey/clients/PendingAuthorizations"
import * as ServiceClient from "@effect-launchkey/clients/ServiceClient"
import * as ServiceWebhook from "@effect-launchkey/clients/ServiceWebhook"
import * as WebhookInbox from "@effect-launchkey/clients/WebhookInbox"
import * as HttpLayerRouter from "@effect/platform/HttpLayerRouter"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Changes from "./Changes.ts"
import * as Links from "./Links.ts"
import * as Logins from "./Logins.ts"
import * as Registration from "./Registration.ts"
import * as Sessions from "./Sessions.ts"
import * as Settings from "./Settings.ts"
import * as Store from "./Store.ts"
import * as AccountRoutes from "./web/AccountRoutes.ts"
import * as AssetRoutes from "./web/AssetRoutes.ts"
import * as Cookies from "./web/Cookies.ts"
import * as Guard from "./web/Guard.ts"
import * as LinkRoutes from "./web/LinkRoutes.ts"
import * as LoginRoutes from "./web/LoginRoutes.ts"
import * as Respond from "./web/Respond.ts"
import * as Views from "./web/Views.ts"
import * as WebhookRoutes from "./web/WebhookRoutes.ts"

/**
 * What the SDK does for it. All of it acts in the name of one issuer, since the platform answers by webhook whoever has
 * asked: an organization may act for its directories and their services.
 */
export const sdk = Layer.unwrapEffect(Effect.map(
  Settings.Settings,
  ({ directoryId, organizationId, serviceId }) =>
    Layer.mergeAll(
      OrganizationClient.layer({ organizationId }),
      DirectoryClient.layer({ directoryId }),
      ServiceClient.layer({ serviceId }),
      ServiceWebhook.layer({ serviceId }),
      DirectoryWebhook.layer({ directoryId })
    )
)).pipe(
  // Clients and webhooks share these two: so an answer finds whoever waits for it.
  Layer.provide([PendingAuthorizations.layerMemory(), WebhookInbox.layerMemory()])
)

const domain = Layer.mergeAll(Links.layer, Logins.layer, Sessions.layer).pipe(
  Layer.provide(Store.layerMemory),
  Layer.provideMerge(Changes.layerMemory)
)

const elsewhere = HttpLayerRouter.add("*", "/*", Respond.page(Views.notFound, { status: 404 }))

const pages = Layer.mergeAll(AccountRoutes.routes, LinkRoutes.routes, LoginRoutes.routes).pipe(
  Layer.provide(Guard.ownForms.layer),
  Layer.provide(Cookies.layer)
)

const routes = Layer.mergeAll(pages, WebhookRoutes.routes, AssetRoutes.routes, elsewhere, Guard.securityHeaders)

/** Needs a server, its settings and the SDK, which is {@link sdk} with a transport. */
export const layer = Registration.layer.pipe(
  // From the moment on when the platform knows the address it may call, so somebody listens there already.
  Layer.provideMerge(HttpLayerRouter.serve(routes, { disableLogger: true, disableListenLog: true })),
  Layer.provide(domain)
)
