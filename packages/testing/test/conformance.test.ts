/**
 * The suite over every way to a platform, or with CONFORMANCE_BASE_URL over that platform alone, or with CONFORMANCE_STORE
 * over a store on SQL: see scripts/conformance.ts, which sets them.
 */
import * as NodeWebhookEgress from "@effect-launchkey/platform/NodeWebhookEgress"
import * as Sandbox from "@effect-launchkey/platform/Sandbox"
import * as Libsql from "@effect-launchkey/platform/sql/Libsql"
import * as Pg from "@effect-launchkey/platform/sql/Pg"
import * as Conformance from "@effect-launchkey/testing/Conformance"
import * as ConformanceTarget from "@effect-launchkey/testing/ConformanceTarget"
import { withFile, withPg } from "@effect-launchkey/testing/sql/TestDatabases"
import * as TestPlatform from "@effect-launchkey/testing/TestPlatform"
import * as NodeJose from "@effect-launchkey/transport/NodeJose"
import * as Redaction from "@effect-launchkey/transport/Redaction"
import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import * as NodeHttpServer from "@effect/platform-node/NodeHttpServer"
import * as FetchHttpClient from "@effect/platform/FetchHttpClient"
import * as HttpServer from "@effect/platform/HttpServer"
import { assert, it } from "@effect/vitest"
import * as Config from "effect/Config"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import { createServer } from "node:http"
import { type Recorder, recorder } from "./support/answered.ts"

const server = NodeHttpServer.layer(createServer, { port: 0, host: "127.0.0.1" })

/** Webhooks that a platform on this machine sends arrive on a socket of their own. */
const receiving = Effect.gen(function*() {
  const { address, serve } = yield* NodeHttpServer.make(createServer, { port: 0, host: "127.0.0.1" })
  const { app, receiver } = yield* ConformanceTarget.webhookReceiver(HttpServer.formatAddress(address))
  // The spans of this server would have the webhooks' tokens, wherever nothing else of this process redacts them.
  yield* Effect.provide(serve(app), Redaction.layer)
  return receiver
})

const sandboxHere = (baseUrl: string) =>
  Layer.unwrapScoped(Effect.map(receiving, (webhooks) => ConformanceTarget.layerSandbox(baseUrl, { webhooks })))

const elsewhere = process.env["CONFORMANCE_BASE_URL"]

const onSql = {
  libsql: () => withFile((filename) => Libsql.layer({ filename })),
  postgres: () => withPg(({ url }) => Pg.layer({ url }))
}

const store = process.env["CONFORMANCE_STORE"]

/**
 * Shown of each endpoint by requests that are made by hand, in packages/platform/test/Endpoints.test.ts; the route that
 * is none is what no endpoint answers.
 */
const ofEveryEndpoint = ["InvalidParameters", "InvalidRoute", "Unauthorized", "Forbidden"] as const

/** What the contract declares and this platform answers nobody who asks by the clients, and why. */
const unanswered = {
  "service.createAuthorization: PolicyFailure":
    "the platform does not know what a device has set up: the device itself answers FAILED for POLICY",
  "device.subscribePush: 204": "this platform sends no pushes; one that does is in webPush.test.ts"
}

const complete = ({ missing, undeclared }: Recorder) =>
  it("every success and every error that the contract declares of an endpoint was answered in memory", () => {
    assert.deepStrictEqual(missing(ofEveryEndpoint), Object.keys(unanswered))
    assert.deepStrictEqual(undeclared(), [])
  })

if (store === "libsql" || store === "postgres") {
  Conformance.conformance(`on ${store}`, Layer.provide(TestPlatform.layerOver(onSql[store]()), NodeJose.layer))
} else if (elsewhere === undefined) {
  const recorded = recorder()
  Conformance.conformance("in memory, by node:crypto", Layer.provide(recorded.layer, NodeJose.layer))

  complete(recorded)

  Conformance.conformance(
    "a sandbox at its base URL, by fetch and node:crypto",
    Layer.unwrapEffect(HttpServer.addressFormattedWith((url) => Effect.succeed(sandboxHere(url))))
      .pipe(
        Layer.provideMerge(FetchHttpClient.layer),
        Layer.provide(Sandbox.serve()),
        Layer.provide([server, NodeJose.layer, NodeWebhookEgress.layer({ insecureAllowLoopback: true })])
      )
  )

  Conformance.serviceConformance(
    "over a socket, by undici and WebCrypto",
    Layer.provideMerge(TestPlatform.layerServed, Layer.merge(server, NodeHttpClient.layerUndici))
  )
} else {
  const organization = Config.all({
    organizationId: Config.string("ORGANIZATION_ID"),
    organizationKey: Config.redacted("SIGNING_KEY")
  })

  const target = Effect.gen(function*() {
    const sandbox = yield* Config.withDefault(Config.boolean("CONFORMANCE_SANDBOX"), false)
    const given = yield* sandbox ? Config.option(organization) : Config.map(organization, Option.some)
    const webhooks = sandbox && ["127.0.0.1", "localhost"].includes(new URL(elsewhere).hostname)
      ? yield* receiving
      : undefined
    return Option.match(given, {
      onNone: () => ConformanceTarget.layerSandbox(elsewhere, { webhooks }),
      onSome: (given) => ConformanceTarget.layer({ baseUrl: elsewhere, sandbox, webhooks, ...given })
    })
  })

  Conformance.conformance(
    `at ${elsewhere}`,
    Layer.provideMerge(Layer.unwrapScoped(target), NodeHttpClient.layerUndici)
  )
}
