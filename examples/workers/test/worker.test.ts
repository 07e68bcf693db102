import { AuthorizationRequestId } from "@effect-launchkey/core/Authorization"
import * as Administration from "@effect-launchkey/platform/Administration"
import * as WebhookEgress from "@effect-launchkey/platform/WebhookEgress"
import * as TestKeys from "@effect-launchkey/testing/TestKeys"
import * as TestPlatform from "@effect-launchkey/testing/TestPlatform"
import * as NodeHttpServer from "@effect/platform-node/NodeHttpServer"
import * as FetchHttpClient from "@effect/platform/FetchHttpClient"
import * as HttpServerRequest from "@effect/platform/HttpServerRequest"
import * as HttpServerResponse from "@effect/platform/HttpServerResponse"
import { assert, describe, layer } from "@effect/vitest"
import { Context, Effect, Layer, Queue, Redacted } from "effect"
import { createServer } from "node:http"
import { inboxContract } from "../../../packages/clients/test/inboxContract.ts"
import * as Cells from "../src/cells.ts"
import * as Inbox from "../src/inbox.ts"
import * as Hosts from "./hosts.ts"

const Platform = TestPlatform.layerServed.pipe(
  Layer.provideMerge(NodeHttpServer.layer(createServer, { host: "127.0.0.1", port: 0 })),
  Layer.provideMerge(FetchHttpClient.layer)
)

const origin = "https://worker.example.com"

const key = "a key of the application's"

class World extends Context.Tag("World")<World, {
  readonly handle: Hosts.Handler
  /** What the application asks of the Worker. */
  readonly call: (method: string, path: string, body?: unknown) => Effect.Effect<Response>
  /** How the Worker answered a webhook. */
  readonly answers: Queue.Dequeue<number>
}>() {}

const world = (host: Hosts.Host) =>
  Layer.scoped(
    World,
    Effect.gen(function*() {
      const { baseUrl } = yield* TestPlatform.TestPlatform
      const handle = yield* host({
        BASE_URL: baseUrl,
        ISSUER: `svc:${TestPlatform.serviceId}`,
        SERVICE_ID: TestPlatform.serviceId,
        SIGNING_KEY: Redacted.value(TestKeys.service.privateKey),
        APPLICATION_KEY: key
      })
      const answers = yield* Queue.unbounded<number>()
      const { serve } = yield* WebhookEgress.WebhookReceivers
      yield* serve(
        origin,
        Effect.gen(function*() {
          const { arrayBuffer, headers, method, url } = yield* HttpServerRequest.HttpServerRequest
          const body = yield* Effect.orDie(arrayBuffer)
          const { status } = yield* Effect.promise(() =>
            handle(new Request(new URL(url, origin), { method, headers, body }))
          )
          yield* Queue.offer(answers, status)
          return HttpServerResponse.empty({ status })
        })
      )
      const { updateService } = yield* Administration.Administration
      yield* updateService({ id: TestPlatform.serviceId, callbackUrl: `${origin}/webhook` })
      return {
        handle,
        answers,
        call: (method, path, body) =>
          Effect.promise(() =>
            handle(
              new Request(`${origin}${path}`, {
                method,
                headers: { authorization: `Bearer ${key}` },
                ...(body === undefined ? {} : { body: JSON.stringify(body) })
              })
            )
          )
      }
    })
  ).pipe(Layer.provideMerge(Platform), Layer.orDie)

const json = (response: Response) =>
  Effect.promise(async (): Promise<Record<string, unknown>> => Object(await response.json()))

const asked = (user: string) =>
  Effect.gen(function*() {
    const { call } = yield* World
    const response = yield* call("POST", "/approvals", { user, context: "Open the vault" })
    assert.strictEqual(response.status, 202)
    return AuthorizationRequestId.make(String((yield* json(response))["id"]))
  })

const statusOf = (id: string) =>
  Effect.flatMap(World, ({ call }) => Effect.flatMap(call("GET", `/approvals/${id}`), json))

const suite = (name: string, host: Hosts.Host) =>
  layer(world(host), { excludeTestServices: true })(`a Worker ${name}`, (it) => {
    it.effect("asks users side by side, and has each answer from its webhook", () =>
      Effect.gen(function*() {
        const { answers } = yield* World
        const { linkedDevice } = yield* TestPlatform.TestPlatform
        const people = yield* Effect.forEach(
          ["ada", "grace", "hedy", "mary"],
          (user, i) => Effect.map(linkedDevice(user), (device) => ({ user, device, approves: i % 2 === 0 }))
        )
        // all at once while the Worker knows neither the platform's keys nor its clock
        const ids = yield* Effect.forEach(people, ({ user }) => asked(user), { concurrency: "unbounded" })
        assert.deepStrictEqual(yield* Effect.forEach(ids, statusOf), ids.map(() => ({ status: "pending" })))
        yield* Effect.forEach(
          people,
          ({ approves, device }) => approves ? device.approve() : device.deny(),
          { concurrency: "unbounded" }
        )
        assert.deepStrictEqual(yield* Effect.forEach(people, () => Queue.take(answers)), [204, 204, 204, 204])
        assert.deepStrictEqual(
          yield* Effect.forEach(ids, statusOf, { concurrency: "unbounded" }),
          people.map(({ approves }) => ({ status: approves ? "approved" : "denied" }))
        )
      }))

    it.effect("says with its status why nobody was asked", () =>
      Effect.gen(function*() {
        const { call } = yield* World
        const ask = (user: unknown) => call("POST", "/approvals", { user, context: "Open the vault" })
        assert.strictEqual((yield* ask("nobody")).status, 404)
        assert.strictEqual((yield* ask(1)).status, 400)
        const { linkedDevice } = yield* TestPlatform.TestPlatform
        yield* linkedDevice("busy")
        yield* asked("busy")
        assert.strictEqual((yield* ask("busy")).status, 409)
      }))

    it.effect("tells nothing of approvals that it did not ask for, and nothing to strangers", () =>
      Effect.gen(function*() {
        const { call, handle } = yield* World
        const id = "a5a2d6d4-7d1c-11ee-b962-0242ac120003"
        assert.strictEqual((yield* call("GET", `/approvals/${id}`)).status, 404)
        assert.strictEqual((yield* call("GET", "/approvals/1")).status, 400)
        const stranger = new Request(`${origin}/approvals/${id}`)
        assert.strictEqual((yield* Effect.promise(() => handle(stranger))).status, 401)
        const forged = new Request(`${origin}/webhook`, {
          method: "POST",
          headers: { "x-iov-jwt": "e30.e30.AA" },
          body: "{}"
        })
        assert.strictEqual((yield* Effect.promise(() => handle(forged))).status, 401)
      }))
  })

suite("in this process", Hosts.inProcess)

describe.skipIf(Hosts.workerdPath === undefined)("where workerd is at hand, as in `pnpm examples`", () => {
  suite("on workerd", Hosts.onWorkerd)
})

inboxContract("an inbox in cells", (options) => Layer.provide(Inbox.layer(options), Cells.layer(Hosts.namespace())))
