import * as ServiceWebhook from "@effect-launchkey/clients/ServiceWebhook"
import * as WebhookHost from "@effect-launchkey/clients/WebhookHost"
import * as WebhookInbox from "@effect-launchkey/clients/WebhookInbox"
import type { ServiceEvent } from "@effect-launchkey/core/Webhook"
import * as TestPlatform from "@effect-launchkey/testing/TestPlatform"
import * as TestWebhooks from "@effect-launchkey/testing/TestWebhooks"
import { TransportError } from "@effect-launchkey/transport/TransportError"
import { assert, describe, it } from "@effect/vitest"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import * as Option from "effect/Option"
import * as Ref from "effect/Ref"
import express from "express"
import fastify from "fastify"
import { request as httpRequest } from "node:http"
import { onEvent, Sessions } from "../src/sessions.ts"
import { type Host, hosts, listen, listenFastify } from "./support/hosts.ts"

/** What the program was told, and whether it can do anything about it. */
class Program extends Context.Tag("Program")<Program, {
  readonly events: Ref.Ref<ReadonlyArray<ServiceEvent>>
  readonly failing: Ref.Ref<boolean>
}>() {}

const failure = new TransportError({ reason: "TimedOut", operation: "DELETE /service/v3/sessions" })

const program = Layer.effectContext(Effect.gen(function*() {
  const events = yield* Ref.make<ReadonlyArray<ServiceEvent>>([])
  const failing = yield* Ref.make(false)
  return Context.make(Program, { events, failing }).pipe(Context.add(Sessions, {
    login: () => Effect.dieMessage("nobody logs in"),
    userOf: () => Effect.dieMessage("nobody asks"),
    logout: () => Effect.dieMessage("nobody logs out"),
    onEvent: (event) =>
      Effect.zipRight(
        Effect.flatMap(Ref.get(failing), (fails) => fails ? Effect.fail(failure) : Effect.void),
        Ref.update(events, (all) => [...all, event])
      )
  }))
}))

const told = Effect.flatMap(Program, ({ events }) => Ref.get(events))

interface Options {
  /** The callback URL, as the platform calls it. */
  readonly url?: string
  /** As the receiver is told that the platform calls it. */
  readonly path?: string
}

const Live = ({ path, url }: Options) =>
  Layer.merge(
    program,
    ServiceWebhook.layer({ serviceId: TestPlatform.serviceId, ...(path === undefined ? {} : { path }) })
  ).pipe(
    Layer.provide(WebhookInbox.layerMemory()),
    Layer.provideMerge(TestWebhooks.layer({ url }))
  )

interface Answer {
  readonly status: number | undefined
  readonly body: string
}

/** By hand, as nothing may touch its path and its octets. `to` is the path that a proxy made of it. */
const send = (port: number, { body, headers, method, url }: TestWebhooks.Delivery, to?: string) =>
  Effect.async<Answer, Error>((resume) => {
    const path = to ?? url.slice(new URL(url).origin.length)
    const request = httpRequest({ host: "127.0.0.1", port, method, path, headers, agent: false }, (response) => {
      let text = ""
      response.setEncoding("utf8").on("data", (chunk) => text += chunk)
      response.on("end", () => resume(Effect.succeed({ status: response.statusCode, body: text })))
    })
    request.on("error", (error) => resume(Effect.fail(error)))
    request.end(body)
    return Effect.sync(() => request.destroy())
  })

const handled: Answer = { status: 204, body: "" }
const refused: Answer = { status: 401, body: "" }

for (const [name, host] of Object.entries<Host>(hosts)) {
  describe(`a webhook on ${name}`, () => {
    const behaves = (
      behaviour: string,
      test: (
        port: number,
        webhooks: TestWebhooks.Service
      ) => Effect.Effect<void, Error, Program>,
      options: Options = {}
    ) =>
      it.scopedLive(
        behaviour,
        () =>
          Effect.flatMap(Effect.all([host, TestWebhooks.TestWebhooks]), ([port, webhooks]) => test(port, webhooks))
            .pipe(
              Effect.provide(Live(options)),
              Effect.provide(Logger.remove(Logger.defaultLogger))
            )
      )

    behaves("brings the program its event, and is answered 204", (port, webhooks) =>
      Effect.gen(function*() {
        const delivery = yield* webhooks.authorizationResponse({ serviceUserHash: "hash" })
        assert.deepStrictEqual(yield* send(port, delivery), handled)
        const events = yield* told
        assert.strictEqual(events.length, 1)
        assert.strictEqual(
          events[0]?._tag === "AuthorizationResponded" && events[0].response.serviceUserHash,
          "hash"
        )
      }))

    behaves(
      "that is hostile gets 401 and no word, and the program hears nothing",
      (port, webhooks) =>
        Effect.gen(function*() {
          const honest = yield* webhooks.authorizationResponse()
          for (const kind of ["tampered", "late", "wrongKey"] as const) {
            assert.deepStrictEqual(yield* send(port, yield* webhooks[kind](honest)), refused, kind)
          }
          assert.deepStrictEqual(yield* send(port, { ...honest, body: Uint8Array.of(0xff, 0, 0xfe) }), refused)
          assert.deepStrictEqual(yield* send(port, { ...honest, body: new Uint8Array(256 * 1024 + 1) }), refused)
          assert.deepStrictEqual(yield* told, [])
          assert.deepStrictEqual(yield* send(port, honest), handled)
          assert.deepStrictEqual(yield* send(port, honest), refused)
          assert.strictEqual((yield* told).length, 1)
        })
    )

    behaves(
      "that the program failed to handle gets 500, and its retry is handled, once",
      (port, webhooks) =>
        Effect.gen(function*() {
          const { failing } = yield* Program
          const delivery = yield* webhooks.sessionEnd()
          yield* Ref.set(failing, true)
          assert.deepStrictEqual(yield* send(port, delivery), { status: 500, body: "" })
          yield* Ref.set(failing, false)
          assert.deepStrictEqual(yield* send(port, yield* webhooks.again(delivery)), handled)
          assert.deepStrictEqual(yield* send(port, yield* webhooks.again(delivery)), handled)
          assert.deepStrictEqual((yield* told).map(({ _tag }) => _tag), ["SessionEnded"])
        })
    )

    behaves("is taken octet by octet, whatever they are", (port, webhooks) =>
      Effect.gen(function*() {
        const delivery = yield* webhooks.unknown({ type: "Þetta \u0000 er 𝄞 \\ nýtt" }, { encrypted: false })
        assert.deepStrictEqual(yield* send(port, delivery), handled)
        const [event] = yield* told
        assert.deepStrictEqual(
          event?._tag === "UnknownEvent" && event.type,
          Option.some("Þetta \u0000 er 𝄞 \\ nýtt")
        )
      }))

    behaves(
      "keeps an escaped path as it is, and its query aside",
      (port, webhooks) =>
        Effect.gen(function*() {
          assert.deepStrictEqual(yield* send(port, yield* webhooks.sessionEnd()), handled)
        }),
      { url: "https://example.com/a%2Fb?q=1&q=2" }
    )

    behaves(
      "behind a proxy that rewrites paths is believed where the external one is stated",
      (port, webhooks) =>
        Effect.gen(function*() {
          assert.deepStrictEqual(yield* send(port, yield* webhooks.sessionEnd(), "/internal?q=1"), handled)
        }),
      { url: "https://example.com/public/webhook?q=1", path: "/public/webhook" }
    )

    behaves(
      "behind such a proxy is refused where it is not",
      (port, webhooks) =>
        Effect.gen(function*() {
          assert.deepStrictEqual(yield* send(port, yield* webhooks.sessionEnd(), "/internal"), refused)
        }),
      { url: "https://example.com/public/webhook" }
    )
  })
}

describe("a parser of JSON before the webhook", () => {
  const broken: Readonly<Record<string, Host>> = {
    "express.json()": listen((runtime) =>
      express().use(express.json()).post(
        "/webhook",
        WebhookHost.toNodeHandler(ServiceWebhook.ServiceWebhook, onEvent, { runtime })
      )
    ),
    "Fastify's own": listenFastify((runtime) => {
      const app = fastify()
      app.post("/webhook", WebhookHost.toFastifyHandler(ServiceWebhook.ServiceWebhook, onEvent, { runtime }))
      return app
    })
  }

  for (const [name, host] of Object.entries(broken)) {
    it.scopedLive(`${name} is told as the mistake that it is, and costs no event`, () =>
      Effect.gen(function*() {
        const logged: Array<string> = []
        const capturing = Logger.replace(
          Logger.defaultLogger,
          Logger.make(({ message }) => void logged.push(String(message)))
        )
        yield* Effect.gen(function*() {
          const port = yield* host
          const webhooks = yield* TestWebhooks.TestWebhooks
          const { status } = yield* send(port, yield* webhooks.sessionEnd())
          assert.strictEqual(status, 500)
          assert.deepStrictEqual(yield* told, [])
        }).pipe(Effect.provide(Live({})), Effect.provide(capturing))
        assert.match(logged.join("\n"), /pars/)
        assert.include(logged.join("\n"), name.startsWith("express") ? "express" : "astify")
      }))
  }
})
