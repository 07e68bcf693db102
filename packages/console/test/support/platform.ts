/** The page over a socket, before a whole platform in memory: its console, a device of a user, and who hears of webhooks. */
import * as ServiceClient from "@effect-launchkey/clients/ServiceClient"
import * as Admin from "@effect-launchkey/platform/Admin"
import { AdminApi } from "@effect-launchkey/platform/AdminApi"
import * as Administration from "@effect-launchkey/platform/Administration"
import * as AuditLog from "@effect-launchkey/platform/AuditLog"
import * as Console from "@effect-launchkey/platform/Console"
import * as InProcess from "@effect-launchkey/platform/InProcess"
import * as Operators from "@effect-launchkey/platform/Operators"
import * as Platform from "@effect-launchkey/platform/Platform"
import * as PlatformClock from "@effect-launchkey/platform/PlatformClock"
import * as WebhookEgress from "@effect-launchkey/platform/WebhookEgress"
import * as TestPlatform from "@effect-launchkey/testing/TestPlatform"
import * as NodeHttpServer from "@effect/platform-node/NodeHttpServer"
import * as HttpApiClient from "@effect/platform/HttpApiClient"
import * as HttpServer from "@effect/platform/HttpServer"
import * as HttpServerResponse from "@effect/platform/HttpServerResponse"
import { Context, Effect, Layer, Redacted, Ref } from "effect"
import { createServer } from "node:http"
import * as ConsolePage from "../../src/ConsolePage.ts"
import * as NodeConsolePage from "../../src/NodeConsolePage.ts"

const { directoryId, organizationId, serviceId } = TestPlatform

/** Where the service hears of answers. */
const receiver = "https://vault.example.com"

const make = (baseUrl: string) =>
  Effect.gen(function*() {
    const { admin } = yield* HttpApiClient.makeWith(AdminApi, {
      httpClient: InProcess.make(yield* Admin.httpApp),
      baseUrl: "http://launchkey"
    })
    const clock = yield* PlatformClock.PlatformClock
    const service = yield* ServiceClient.ServiceClient
    const { linkedDevice } = yield* TestPlatform.TestPlatform
    const heard = yield* Ref.make(0)
    const receivers = yield* WebhookEgress.WebhookReceivers
    yield* receivers.serve(receiver, Effect.as(Ref.update(heard, (n) => n + 1), HttpServerResponse.empty()))
    const administration = yield* Administration.Administration
    yield* administration.updateService({ id: serviceId, name: "Vault", callbackUrl: `${receiver}/launchkey` })
    return {
      page: `${baseUrl}${ConsolePage.path}`,
      path: `#/org/${organizationId}/dir/${directoryId}/svc/${serviceId}`,
      /** What is in the address by which somebody new comes in. */
      invite: (name: string) =>
        Effect.map(admin.inviteOperator({ payload: { name } }), ({ token }) => `#invite=${Redacted.value(token)}`),
      /** Moves what the console goes by. */
      pass: clock.advance,
      linkedDevice,
      ask: (user: string) => Effect.map(service.authorize(user), ({ id }) => id),
      /** How many webhooks have come. */
      heard: Ref.get(heard)
    }
  })

export class Served extends Context.Tag("test/Served")<
  Served,
  Effect.Effect.Success<ReturnType<typeof make>>
>() {}

export const layer: Layer.Layer<Served> = Layer.unwrapScoped(Effect.gen(function*() {
  const server = createServer()
  yield* Effect.addFinalizer(() => Effect.sync(() => server.closeAllConnections()))
  return Layer.unwrapEffect(HttpServer.addressFormattedWith((address) => {
    const baseUrl = address.replace(/\/\/[^:]+/, "//localhost")
    const served = Layer.unwrapEffect(Effect.gen(function*() {
      const console = yield* Console.beside({ baseUrl })
      const page = yield* NodeConsolePage.make()
      return HttpServer.serve(page(console(yield* Platform.httpApp)))
    }))
    return Effect.succeed(Layer.merge(served, Layer.scoped(Served, make(baseUrl))))
  })).pipe(
    Layer.provide(Layer.orDie(NodeHttpServer.layer(() => server, { port: 0, host: "127.0.0.1" }))),
    Layer.provide(Layer.orDie(ServiceClient.layer({ serviceId }))),
    Layer.provide(TestPlatform.layer),
    Layer.provide(Layer.merge(AuditLog.layerMemory, Operators.layerMemory)),
    Layer.orDie
  )
}))
