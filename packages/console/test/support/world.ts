/** The page over a socket, before the fake of its API. */
import * as NodeHttpServer from "@effect/platform-node/NodeHttpServer"
import * as HttpServer from "@effect/platform/HttpServer"
import { Context, Effect, Layer } from "effect"
import { createServer } from "node:http"
import * as ConsolePage from "../../src/ConsolePage.ts"
import * as NodeConsolePage from "../../src/NodeConsolePage.ts"
import * as Fake from "./fake.ts"

export class World extends Context.Tag("test/World")<World, {
  /** Its address has a name, since passkeys belong to no number. */
  readonly page: string
  readonly state: Fake.State
}>() {}

export const layer: Layer.Layer<World> = Layer.unwrapScoped(Effect.gen(function*() {
  const server = createServer()
  yield* Effect.addFinalizer(() => Effect.sync(() => server.closeAllConnections()))
  const state = Fake.state()
  const served = Layer.unwrapEffect(Effect.gen(function*() {
    const middleware = yield* NodeConsolePage.make()
    return HttpServer.serve(middleware(yield* Fake.app(state)))
  }))
  return Layer.unwrapEffect(HttpServer.addressFormattedWith((address) =>
    Effect.succeed(Layer.succeed(World, {
      page: `${address.replace(/\/\/[^:]+/, "//localhost")}${ConsolePage.path}`,
      state
    }))
  )).pipe(
    Layer.provide(served),
    Layer.provide(Layer.orDie(NodeHttpServer.layer(() => server, { port: 0, host: "127.0.0.1" })))
  )
}))
