/**
 * `launchkey sandbox`: a platform for tests in any language, with an API that controls it.
 *
 * @see docs/sandbox.md
 * @since 0.1.0
 */
import * as AuthenticatorPage from "@effect-launchkey/authenticator/AuthenticatorPage"
import * as NodeAuthenticatorPage from "@effect-launchkey/authenticator/NodeAuthenticatorPage"
import type { StoreUnavailable } from "@effect-launchkey/core/StoreUnavailable"
import * as NodeWebhookEgress from "@effect-launchkey/platform/NodeWebhookEgress"
import * as Sandbox from "@effect-launchkey/platform/Sandbox"
import * as Migrations from "@effect-launchkey/platform/sql/Migrations"
import * as SqlSandbox from "@effect-launchkey/platform/sql/SqlSandbox"
import * as WebhookEgress from "@effect-launchkey/platform/WebhookEgress"
import * as Libsql from "@effect-launchkey/sql/Libsql"
import * as Pg from "@effect-launchkey/sql/Pg"
import * as Command from "@effect/cli/Command"
import * as Options from "@effect/cli/Options"
import * as NodeHttpServer from "@effect/platform-node/NodeHttpServer"
import * as NodeHttpServerRequest from "@effect/platform-node/NodeHttpServerRequest"
import * as HttpServer from "@effect/platform/HttpServer"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import { identity } from "effect/Function"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import { createServer, type Server } from "node:http"
import { CannotListen } from "../CannotListen.ts"
import { StoreUrl } from "../ServeConfig.ts"

/**
 * @since 0.1.0
 * @category models
 */
export interface Address {
  readonly host: string
  /** 0 for any that is free. */
  readonly port: number
  /** Whether the API v1 is spoken too. Default false. */
  readonly legacy?: boolean | undefined
  /** As `launchkey serve` names one: `file:<path>` or `postgres://…`, which is empty. Default `memory:`. */
  readonly store?: Redacted.Redacted | undefined
}

/**
 * Why a sandbox is not served.
 *
 * @since 0.1.0
 * @category errors
 */
export type Failure = CannotListen | SqlSandbox.NotEmpty | StoreUnavailable | Libsql.FileInUse

/** Where a client finds a server that listens on this. */
const reachable = ({ hostname, port }: HttpServer.TcpAddress): string => {
  const host = hostname === "0.0.0.0" ? "127.0.0.1" : hostname
  return `http://${host.includes(":") ? `[${host}]` : host}:${port}`
}

const baseUrl = HttpServer.addressWith((address) =>
  address._tag === "TcpAddress" ? Effect.succeed(reachable(address)) : Effect.dieMessage("a socket has no URL")
)

const stats = Effect.sync(() => ({ ...process.cpuUsage(), rss: process.memoryUsage.rss() }))

const disconnect: NonNullable<Sandbox.Options["disconnect"]> = (request) =>
  Effect.sync(() => {
    NodeHttpServerRequest.toIncomingMessage(request).socket.destroy()
  })

const sqlAt = (store: string) =>
  store.startsWith("file:")
    ? Libsql.layer({ filename: store.slice("file:".length) })
    : Pg.layer({ url: Redacted.make(store) })

const backing = (store: string) =>
  store === "memory:"
    ? Effect.succeed(undefined)
    : Effect.flatMap(
      Layer.build(Layer.provideMerge(Migrations.layer, sqlAt(store))),
      (context) => Effect.provide(SqlSandbox.make, context)
    )

/** Whoever calls before the platform is there is told so: the port is open by then, and nobody would answer. */
const answerEarly = (server: Server) =>
  server.on("request", (_, response) => {
    if (server.listenerCount("request") > 1) return
    response.writeHead(503, { "retry-after": "1" }).end("This sandbox is not ready. Try again in a second.\n")
  })

type Middleware = NonNullable<Sandbox.ServeOptions["middleware"]>

/** With a page for browsers, and with what else is to be beside it. */
const beside = (store: string) => (middleware: Middleware) =>
  Layer.unwrapScoped(Effect.gen(function*() {
    const page = yield* NodeAuthenticatorPage.make()
    return Sandbox.serve({
      stats,
      disconnect,
      backing: yield* backing(store),
      middleware: (app) => middleware(page(app))
    })
  }))

/** The API v1 is loaded where it is asked for, and nowhere else. */
const besideApiV1 = (store: string) =>
  Layer.unwrapEffect(Effect.gen(function*() {
    const LegacySandbox = yield* Effect.promise(() => import("@effect-launchkey/legacy/LegacySandbox"))
    return LegacySandbox.layer({ egress: yield* WebhookEgress.WebhookEgress }, beside(store))
  }))

/**
 * Serves a sandbox until it is interrupted. `ready` gets its base URL once calls are answered.
 *
 * @since 0.1.0
 * @category constructors
 */
export const serve = (
  { host, legacy = false, port, store = Redacted.make("memory:") }: Address,
  ready: (baseUrl: string) => Effect.Effect<void>
): Effect.Effect<never, Failure> =>
  Effect.suspend(() => {
    const server = answerEarly(createServer())
    // A call that is being answered, or delayed on purpose, does not hold up the end.
    const closing = Layer.scopedDiscard(Effect.addFinalizer(() => Effect.sync(() => server.closeAllConnections())))
    // Whose tests these are has their receivers of webhooks on this machine.
    const sandbox = Layer.provide(
      legacy ? besideApiV1(Redacted.value(store)) : beside(Redacted.value(store))(identity),
      Layer.orDie(NodeWebhookEgress.layer({ insecureAllowLoopback: true }))
    )
    return Layer.effectDiscard(Effect.flatMap(baseUrl, ready)).pipe(
      Layer.provide(Layer.merge(sandbox, closing)),
      Layer.provide(NodeHttpServer.layer(() => server, { host, port })),
      Layer.launch,
      Effect.catchTag("ServeError", ({ cause }) => new CannotListen({ host, port, cause }))
    )
  })

const options = {
  port: Options.integer("port").pipe(
    Options.withSchema(Schema.Int.pipe(Schema.between(0, 65_535))),
    Options.withDefault(0),
    Options.withDescription("Port to listen on; 0, the default, for any that is free.")
  ),
  host: Options.text("host").pipe(
    Options.withDefault("127.0.0.1"),
    Options.withDescription("Address to listen on. Whoever reaches it rules the sandbox.")
  ),
  legacy: Options.boolean("legacy").pipe(
    Options.withDescription("Speak the API v1 too, below /v1/, and be told about it below /sandbox/legacy/.")
  ),
  store: Options.text("store").pipe(
    Options.withSchema(StoreUrl),
    Options.withDefault(Redacted.make("memory:")),
    Options.withDescription(
      "Where it keeps what a reset forgets: memory:, the default, file:<path> or postgres://…, which is empty."
    )
  ),
  json: Options.boolean("json").pipe(
    Options.withDescription("Say where the sandbox is in one line of JSON: baseUrl, sandbox and authenticator.")
  )
}

/**
 * @since 0.1.0
 * @category constructors
 */
export const command = Command.make(
  "sandbox",
  options,
  ({ json, ...address }) =>
    serve(address, (baseUrl) =>
      Console.log(
        json
          ? JSON.stringify({
            baseUrl,
            sandbox: `${baseUrl}/sandbox`,
            authenticator: `${baseUrl}${AuthenticatorPage.path}`
          })
          : `The platform answers at ${baseUrl}, and is controlled at ${baseUrl}/sandbox. `
            + `An authenticator for browsers is at ${baseUrl}${AuthenticatorPage.path}. Ctrl-C ends it.`
      ))
).pipe(Command.withDescription("Serves a platform for tests, with an API that controls it."))
