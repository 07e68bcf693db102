/** A route that goes on once a user has approved, and the webhook that tells so: without Effect. */
import type * as PromiseClients from "@effect-launchkey/clients/PromiseClients"
import express from "express"

const statuses: Readonly<Record<string, number>> = {
  EntityNotFound: 404,
  AuthorizationInProgress: 409,
  RequestTimedOut: 403
}

const statusOf = (error: unknown): number =>
  (error instanceof Error && "_tag" in error ? statuses[String(error._tag)] : undefined) ?? 503

/** Which user is logged in, your application knows; here the form says so. */
export const app = async (clients: PromiseClients.Clients, serviceId: string) => {
  const service = await clients.service(serviceId)
  const webhooks = await clients.serviceWebhooks(serviceId)
  return express()
    // Before all parsers: it needs the octets as they came.
    .post("/webhook", webhooks.toNodeHandler(() => undefined))
    .use(express.urlencoded())
    .post("/transfers", async ({ body: { amount, user } }, response) => {
      const gone = new AbortController()
      response.once("close", () => gone.abort())
      const { signal } = gone
      try {
        const request = await service.authorize(String(user), { context: `Transfer ${amount}`, signal })
        const { authorized } = await service.awaitResponse(request, { cancelOnInterrupt: true, signal })
        response.status(authorized ? 200 : 403).json({ made: authorized })
      } catch (error) {
        if (!signal.aborted) response.status(statusOf(error)).json({ made: false })
      }
    })
}
