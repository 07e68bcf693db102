/**
 * A node of a platform on PostgreSQL, in a process of its own: says where it is, and on request what it has used. What a
 * sandbox's control API has of time and organizations it has too, so that the conformance suite can try it; time is moved
 * in this node alone, so that whoever moves it has to tell every node.
 */
import * as Entity from "@effect-launchkey/core/EntityIdentifier"
import * as Administration from "@effect-launchkey/platform/Administration"
import * as KeyVault from "@effect-launchkey/platform/KeyVault"
import * as NodeWebhookEgress from "@effect-launchkey/platform/NodeWebhookEgress"
import * as Platform from "@effect-launchkey/platform/Platform"
import * as PlatformClock from "@effect-launchkey/platform/PlatformClock"
import { NewOrganization } from "@effect-launchkey/platform/SandboxApi"
import * as SqlPlatform from "@effect-launchkey/platform/sql/SqlPlatform"
import * as WebhookSender from "@effect-launchkey/platform/WebhookSender"
import * as NodeJose from "@effect-launchkey/transport/NodeJose"
import * as NodeHttpServer from "@effect/platform-node/NodeHttpServer"
import * as HttpRouter from "@effect/platform/HttpRouter"
import * as HttpServer from "@effect/platform/HttpServer"
import * as HttpServerRequest from "@effect/platform/HttpServerRequest"
import * as HttpServerResponse from "@effect/platform/HttpServerResponse"
import { Config, DateTime, Duration, Effect, Layer, Redacted, Schema } from "effect"
import { createServer } from "node:http"
import type { FromNode } from "./cluster.ts"

const say = (message: FromNode) => process.send?.(message)

process.on("message", () => {
  const { system, user } = process.cpuUsage()
  say({ cpu: (user + system) / 1000, rss: process.memoryUsage.rss() })
})
process.on("disconnect", () => process.exit())

const control = Effect.gen(function*() {
  const clock = yield* PlatformClock.PlatformClock
  const administration = yield* Administration.Administration
  return HttpRouter.empty.pipe(
    HttpRouter.post(
      "/sandbox/clock",
      Effect.gen(function*() {
        const body = yield* HttpServerRequest.schemaBodyJson(Schema.Struct({ advance_seconds: Schema.Number }))
        yield* clock.advance(Duration.seconds(body.advance_seconds))
        return HttpServerResponse.unsafeJson({ now: DateTime.formatIso(yield* clock.now) })
      })
    ),
    HttpRouter.post(
      "/sandbox/organizations",
      Effect.gen(function*() {
        const { keys, name } = yield* HttpServerRequest.schemaBodyJson(NewOrganization)
        const { id } = yield* administration.createOrganization(name ?? "Organization")
        const keyIds = yield* Effect.forEach(
          keys,
          ({ pem, type }) => administration.addKey(Entity.organization(id), pem, { type })
        )
        return HttpServerResponse.unsafeJson({ organization_id: id, key_ids: keyIds }, { status: 201 })
      })
    )
  )
})

const app = Effect.gen(function*() {
  const [platform, controls] = [yield* Platform.httpApp, yield* control]
  return Effect.flatMap(
    HttpServerRequest.HttpServerRequest,
    ({ url }) => url.startsWith("/sandbox/") ? controls : platform
  )
})

const backend = Administration.layer.pipe(
  Layer.provideMerge(WebhookSender.layer),
  Layer.provide(NodeWebhookEgress.layer({ insecureAllowLoopback: true })),
  Layer.provideMerge(Layer.unwrapEffect(
    Effect.map(Config.redacted("NODE_DATABASE_URL"), (url) => SqlPlatform.layerPg({ url }))
  )),
  Layer.provideMerge(PlatformClock.layer),
  Layer.provide(KeyVault.layer({ keys: Redacted.make("A".repeat(43)) }))
)

/** No connection ends while its client waits for its turn. */
const server = () => createServer({ keepAliveTimeout: 60_000 })

Layer.effectDiscard(
  HttpServer.addressWith((address) => Effect.sync(() => address._tag === "TcpAddress" && say({ port: address.port })))
).pipe(
  Layer.provide(Layer.unwrapEffect(Effect.map(app, (app) => HttpServer.serve(app)))),
  Layer.provide(NodeHttpServer.layer(server, { host: "127.0.0.1", port: 0 })),
  Layer.provide(backend),
  Layer.provide(NodeJose.layer),
  Layer.launch,
  Effect.runFork
)
