/** Where the platform speaks to this application. Its signature stands in for cookies and origins. */
import * as DirectoryWebhook from "@effect-launchkey/clients/DirectoryWebhook"
import * as ServiceWebhook from "@effect-launchkey/clients/ServiceWebhook"
import * as Webhook from "@effect-launchkey/clients/Webhook"
import * as HttpLayerRouter from "@effect/platform/HttpLayerRouter"
import * as Effect from "effect/Effect"
import * as Links from "../Links.ts"
import * as Registration from "../Registration.ts"
import * as Sessions from "../Sessions.ts"

export const routes = HttpLayerRouter.use((router) =>
  Effect.gen(function*() {
    const service = yield* ServiceWebhook.ServiceWebhook
    const directory = yield* DirectoryWebhook.DirectoryWebhook
    const sessions = yield* Sessions.Sessions
    const links = yield* Links.Links
    yield* router.add("POST", Registration.servicePath, Webhook.respond(service, sessions.onEvent))
    yield* router.add("POST", Registration.directoryPath, Webhook.respond(directory, links.onEvent))
  })
)
