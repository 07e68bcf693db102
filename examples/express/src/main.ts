/**
 * Serves the routes on port 3000.
 *
 *     BASE_URL=… SIGNING_KEY=… SERVICE_ID=… tsx src/main.ts
 */
import * as PromiseClients from "@effect-launchkey/clients/PromiseClients"
import { app } from "./app.ts"

const { BASE_URL = "", SERVICE_ID = "", SIGNING_KEY = "" } = process.env

const clients = PromiseClients.make({
  issuer: `svc:${SERVICE_ID}`,
  baseUrl: BASE_URL,
  signingKey: SIGNING_KEY,
  // waits for the webhook, and polls only in case that one is lost
  answersByWebhook: true
})

const routes = await app(clients, SERVICE_ID)

routes.listen(3000)
