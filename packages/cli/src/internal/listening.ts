/** A server on Node that ends in order: what it has begun to answer it answers. */
import * as Redaction from "@effect-launchkey/transport/Redaction"
import * as NodeHttpServer from "@effect/platform-node/NodeHttpServer"
import type * as HttpApp from "@effect/platform/HttpApp"
import * as HttpMiddleware from "@effect/platform/HttpMiddleware"
import * as HttpServer from "@effect/platform/HttpServer"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import type * as Scope from "effect/Scope"
import * as Http from "node:http"
import * as Https from "node:https"
import type * as Net from "node:net"
import { CannotListen } from "../CannotListen.ts"

interface Certificate {
  readonly cert: string
  readonly key: string
}

export interface Options {
  readonly at: { readonly host: string; readonly port: number } | { readonly path: string }
  readonly certificate?: Certificate | undefined
  readonly headerBytes?: number | undefined
  readonly requestTime?: Duration.Duration | undefined
  /** How long open requests may take to end, once the scope closes. Default: no time. */
  readonly patience?: Duration.Duration | undefined
}

export interface Listening {
  /** `http://127.0.0.1:8080`, or the path of a socket. */
  readonly address: string
  /** Has connections that come from now on use another certificate. */
  readonly renew: (certificate: Certificate) => Effect.Effect<void, unknown>
}

const addressOf = (address: HttpServer.Address, secure: boolean): string => {
  if (address._tag === "UnixAddress") return address.path
  const { hostname, port } = address
  return `${secure ? "https" : "http"}://${hostname.includes(":") ? `[${hostname}]` : hostname}:${port}`
}

/** A stream of events never ends by itself; whoever listens to one comes back. */
const isStream = (response: Http.ServerResponse): boolean =>
  String(response.getHeader("content-type")).startsWith("text/event-stream")

/** Refuses connections from now on, and lets the open ones end. */
const end = (server: Http.Server, open: ReadonlySet<Http.ServerResponse>, patience: Duration.Duration) =>
  Effect.gen(function*() {
    const ended = yield* Effect.async<void>((resume) => {
      server.close(() => resume(Effect.void))
      for (const response of open) {
        if (isStream(response)) response.destroy()
        else if (!response.headersSent) response.setHeader("connection", "close")
      }
    }).pipe(Effect.timeoutOption(patience))
    if (Option.isNone(ended) && open.size > 0) {
      yield* Effect.logWarning(`${open.size} requests were cut off, as they did not end in time`)
    }
    server.closeAllConnections()
  })

/** Answers by the app until the scope closes. */
export const listen = (app: HttpApp.Default, options: Options): Effect.Effect<Listening, CannotListen, Scope.Scope> =>
  Effect.gen(function*() {
    const { at, certificate, headerBytes, patience = Duration.zero, requestTime } = options
    const settings: Http.ServerOptions = {
      ...(headerBytes === undefined ? {} : { maxHeaderSize: headerBytes }),
      ...(requestTime === undefined ? {} : { requestTimeout: Duration.toMillis(requestTime) })
    }
    const secured = certificate === undefined ? undefined : Https.createServer({ ...settings, ...certificate })
    const server = secured ?? Http.createServer(settings)
    const open = new Set<Http.ServerResponse>()
    server.on("request", (_: Http.IncomingMessage, response: Http.ServerResponse) => {
      open.add(response)
      response.once("close", () => {
        open.delete(response)
        // The connection may be kept for a next request, and the end waits for it.
        if (!server.listening) server.closeIdleConnections()
      })
    })
    const listenOptions: Net.ListenOptions = "path" in at ? { path: at.path } : { host: at.host, port: at.port }
    const http = yield* Effect.mapError(
      NodeHttpServer.make(() => server, listenOptions),
      ({ cause }) => new CannotListen({ ..."path" in at ? { host: at.path, port: 0 } : at, cause })
    )
    yield* Layer.build(
      HttpServer.serve(app).pipe(
        // The server's own spans would show paths with their ids.
        HttpMiddleware.withTracerDisabledWhen(() => true),
        Layer.provide(Redaction.layer),
        Layer.provide(Layer.succeed(HttpServer.HttpServer, http))
      )
    )
    yield* Effect.addFinalizer(() => end(server, open, patience))
    return {
      address: addressOf(http.address, secured !== undefined),
      renew: (renewed) => Effect.try(() => secured?.setSecureContext(renewed))
    }
  })
