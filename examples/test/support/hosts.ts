/** Each example, served on a free port of this machine until the scope ends; it takes webhooks on any path of one segment. */
import type * as ServiceWebhook from "@effect-launchkey/clients/ServiceWebhook"
import * as NodeHttpServer from "@effect/platform-node/NodeHttpServer"
import * as HttpApiBuilder from "@effect/platform/HttpApiBuilder"
import * as HttpLayerRouter from "@effect/platform/HttpLayerRouter"
import * as HttpServer from "@effect/platform/HttpServer"
import { createAdaptorServer } from "@hono/node-server"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as FiberRef from "effect/FiberRef"
import * as Layer from "effect/Layer"
import * as ManagedRuntime from "effect/ManagedRuntime"
import type * as Scope from "effect/Scope"
import type { FastifyInstance } from "fastify"
import { createServer, type RequestListener, type Server } from "node:http"
import type { AddressInfo } from "node:net"
import * as Express from "../../src/express.ts"
import * as Fastify from "../../src/fastify.ts"
import * as Api from "../../src/httpApi.ts"
import * as Routed from "../../src/httpLayerRouter.ts"
import * as NodeHttp from "../../src/nodeHttp.ts"
import type { Sessions } from "../../src/sessions.ts"
import * as WebHandler from "../../src/webHandler.ts"

type Services = ServiceWebhook.ServiceWebhook | Sessions

/** The port that it listens on. */
export type Host = Effect.Effect<number, never, Scope.Scope | Services>

const portOf = (server: Server) => (server.address() as AddressInfo).port

/** Of the services, and of the loggers, that the test has. */
const runtime = Effect.gen(function*() {
  const services = yield* Effect.context<Services>()
  const loggers = yield* FiberRef.get(FiberRef.currentLoggers)
  const layer = Layer.merge(
    Layer.succeedContext(services),
    Layer.scopedDiscard(Effect.locallyScoped(FiberRef.currentLoggers, loggers))
  )
  return yield* Effect.acquireRelease(
    Effect.sync(() => ManagedRuntime.make(layer)),
    ({ disposeEffect }) => disposeEffect
  )
})

const listening = (server: Server): Effect.Effect<number, never, Scope.Scope> =>
  Effect.acquireRelease(
    Effect.async<Server>((resume) => {
      server.listen(0, "127.0.0.1", () => resume(Effect.succeed(server)))
    }),
    () =>
      Effect.async<void>((resume) => {
        server.close(() => resume(Effect.void))
        server.closeAllConnections()
      })
  ).pipe(Effect.map(portOf))

/** A host of a listener that is made of a runtime. */
export const listen = (
  make: (runtime: ManagedRuntime.ManagedRuntime<Services, never>) => RequestListener
): Host => Effect.flatMap(runtime, (made) => listening(createServer(make(made))))

export const listenFastify = (
  make: (runtime: ManagedRuntime.ManagedRuntime<Services, never>) => FastifyInstance
): Host =>
  Effect.flatMap(runtime, (made) => {
    const app = make(made)
    return Effect.acquireRelease(
      Effect.promise(() => app.listen({ port: 0, host: "127.0.0.1" })),
      () => Effect.promise(() => app.close())
    ).pipe(Effect.map(() => portOf(app.server)))
  })

const server = Layer.orDie(NodeHttpServer.layer(createServer, { host: "127.0.0.1", port: 0 }))

const built = <R>(layer: Layer.Layer<HttpServer.HttpServer, never, R>) =>
  Effect.map(Layer.build(layer), (context) => {
    const { address } = Context.get(context, HttpServer.HttpServer)
    return address._tag === "TcpAddress" ? address.port : 0
  })

export const hosts: Readonly<Record<string, Host>> = {
  HttpLayerRouter: built(
    HttpLayerRouter.serve(Routed.route("/:any"), { disableLogger: true, disableListenLog: true }).pipe(
      Layer.provideMerge(server)
    )
  ),
  HttpApi: built(HttpApiBuilder.serve().pipe(Layer.provide(Api.layer("/:any")), Layer.provideMerge(server))),
  "a Web handler, in Hono": Effect.flatMap(
    runtime,
    (made) => listening(createAdaptorServer({ fetch: WebHandler.app("/:any", made).fetch }) as Server)
  ),
  "node:http": listen((made) => NodeHttp.listener(/^\/[^/]+$/, made)),
  Express: listen((made) => Express.app("/:any", made)),
  Fastify: listenFastify((made) => Fastify.app("/:any", made))
}
