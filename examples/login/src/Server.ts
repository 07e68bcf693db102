/** The server of Node that the application listens with. */
import * as NodeHttpServer from "@effect/platform-node/NodeHttpServer"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { createServer } from "node:http"

/** Port 0 is any that is free. */
export const layer = (options: { readonly host: string; readonly port: number }) =>
  Layer.suspend(() => {
    const server = createServer()
    // Pages that are open are told of changes over connections that last, and would hold up the end.
    const closing = Layer.scopedDiscard(Effect.addFinalizer(() => Effect.sync(() => server.closeAllConnections())))
    return Layer.provideMerge(closing, NodeHttpServer.layer(() => server, options))
  })
