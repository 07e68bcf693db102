/** Tells the platform at start where this application listens, so that nobody has to do it by hand. */
import * as DirectoryClient from "@effect-launchkey/clients/DirectoryClient"
import * as OrganizationClient from "@effect-launchkey/clients/OrganizationClient"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Settings from "./Settings.ts"

export const servicePath = "/webhooks/service"

export const directoryPath = "/webhooks/directory"

export const layer = Layer.effectDiscard(Effect.gen(function*() {
  const organization = yield* OrganizationClient.OrganizationClient
  const directory = yield* DirectoryClient.DirectoryClient
  const { directoryId, externalUrl, serviceId } = yield* Settings.Settings
  yield* organization.updateDirectory(directoryId, {
    webhookUrl: `${externalUrl}${directoryPath}`,
    // Users tell why they deny: see the reasons in Logins.
    denialContextInquiryEnabled: true
  })
  yield* directory.updateService(serviceId, { callbackUrl: `${externalUrl}${servicePath}` })
}))
