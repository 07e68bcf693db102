/**
 * Calls of ours, as the drivers of the other SDKs make them: `<base URL> <service id>`, the service's key in SERVICE_KEY.
 *
 * Takes a line at a time, `create <user> …` or `pending` or `answered`, makes a call for each user of the last create, and
 * says how many microseconds of CPU time the process used for them, on all its threads.
 */
import * as ServiceClient from "@effect-launchkey/clients/ServiceClient"
import type { AuthorizationRequestId } from "@effect-launchkey/core/Authorization"
import { ServiceId } from "@effect-launchkey/core/EntityIdentifier"
import * as NodeJose from "@effect-launchkey/transport/NodeJose"
import * as Transport from "@effect-launchkey/transport/Transport"
import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as ManagedRuntime from "effect/ManagedRuntime"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import { createInterface } from "node:readline"

const [baseUrl = "", id = ""] = process.argv.slice(2)
const serviceId = ServiceId.make(id)

const runtime = ManagedRuntime.make(
  ServiceClient.layer({ serviceId }).pipe(
    Layer.provide(Transport.layer({
      issuer: `svc:${serviceId}`,
      baseUrl,
      signingKey: Redacted.make(process.env["SERVICE_KEY"] ?? "")
    })),
    Layer.provide(Layer.merge(NodeJose.layer, NodeHttpClient.layerUndici))
  )
)
const client = await runtime.runPromise(ServiceClient.ServiceClient)

const create = (user: string) =>
  Effect.map(client.authorize(user, { context: "Order 1234 over 99 euros", title: "Shop" }), ({ id }) => id)

const poll = (request: AuthorizationRequestId, answered: boolean) =>
  Effect.map(client.getResponse(request), (response) => {
    if (Option.exists(response, ({ authorized }) => authorized) !== answered) {
      throw new Error("The answer to a poll is not as it was to be")
    }
  })

let requests: ReadonlyArray<AuthorizationRequestId> = []
console.log("ready")
for await (const line of createInterface(process.stdin)) {
  const [operation, ...users] = line.split(" ")
  const before = process.cpuUsage()
  if (operation === "create") requests = await runtime.runPromise(Effect.forEach(users, create))
  else await runtime.runPromise(Effect.forEach(requests, (request) => poll(request, operation === "answered")))
  const { system, user } = process.cpuUsage(before)
  console.log(user + system)
}
await runtime.dispose()
