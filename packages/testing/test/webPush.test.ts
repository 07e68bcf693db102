import * as ServiceClient from "@effect-launchkey/clients/ServiceClient"
import { Api } from "@effect-launchkey/core/Api"
import * as Entity from "@effect-launchkey/core/EntityIdentifier"
import * as MemoryStore from "@effect-launchkey/platform/MemoryStore"
import * as Metrics from "@effect-launchkey/platform/Metrics"
import * as NodeWebhookEgress from "@effect-launchkey/platform/NodeWebhookEgress"
import * as PlatformClock from "@effect-launchkey/platform/PlatformClock"
import * as PushKey from "@effect-launchkey/platform/PushKey"
import * as Store from "@effect-launchkey/platform/Store"
import * as WebPush from "@effect-launchkey/platform/WebPush"
import * as TestKeys from "@effect-launchkey/testing/TestKeys"
import * as TestPlatform from "@effect-launchkey/testing/TestPlatform"
import * as Keyring from "@effect-launchkey/transport/Keyring"
import * as Transport from "@effect-launchkey/transport/Transport"
import * as HttpApiClient from "@effect/platform/HttpApiClient"
import { assert, describe, layer } from "@effect/vitest"
import { Chunk, Context, Effect, Layer, Metric, Option, Queue, TestClock } from "effect"
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"

const { directoryId, serviceId } = TestPlatform

/** Of the event loop, on which servers and cryptography are. */
const turn = Effect.async<void>((resume) => {
  setImmediate(() => resume(Effect.void))
})

interface Push {
  readonly method: string | undefined
  readonly path: string | undefined
  readonly headers: Readonly<Record<string, unknown>>
  readonly body: string
}

/** A push service on this machine, which answers with what is put into `statuses`, else with 201. */
class PushService extends Context.Tag("test/PushService")<PushService, {
  readonly origin: string
  readonly statuses: Array<number>
  readonly pushes: Queue.Dequeue<Push>
}>() {}

const pushService = Layer.scoped(
  PushService,
  Effect.gen(function*() {
    const pushes = yield* Queue.unbounded<Push>()
    const statuses: Array<number> = []
    const server = createServer((request, response) => {
      let body = ""
      request.on("data", (chunk) => body += String(chunk))
      request.on("end", () => {
        const { headers, method, url } = request
        response.writeHead(statuses.shift() ?? 201).end(() => {
          Queue.unsafeOffer(pushes, { method, path: url, headers, body })
        })
      })
    })
    yield* Effect.acquireRelease(
      Effect.async<void>((resume) => {
        server.listen(0, "127.0.0.1", () => resume(Effect.void))
      }),
      () =>
        Effect.async<void>((resume) => {
          server.close(() => resume(Effect.void))
          server.closeAllConnections()
        })
    )
    const { port } = server.address() as AddressInfo
    return { origin: `http://127.0.0.1:${port}`, statuses, pushes }
  })
)

const store = MemoryStore.layer()

const pushing = WebPush.layer({ contact: "mailto:ops@example.com" }).pipe(
  Layer.provide([
    store,
    PlatformClock.layer,
    PushKey.layerGenerated,
    NodeWebhookEgress.layer({ insecureAllowLoopback: true })
  ])
)

const everything = ServiceClient.layer({ serviceId }).pipe(
  Layer.provideMerge(TestPlatform.layerOver(store)),
  Layer.provideMerge(pushing),
  Layer.provideMerge(pushService),
  Layer.orDie
)

const deviceOf = (user: string) =>
  Effect.gen(function*() {
    const { baseUrl, linkedDevice } = yield* TestPlatform.TestPlatform
    const device = yield* linkedDevice(user)
    const store = yield* Store.Store
    const [linked] = yield* store.devices({ directoryId, identifier: user })
    assert(linked !== undefined)
    const issuer = Entity.device(linked.id)
    const transport = yield* Transport.make({ issuer, baseUrl }).pipe(
      Effect.provideServiceEffect(Keyring.Keyring, Keyring.make({ signingKey: TestKeys.device.privateKey }))
    )
    const api = yield* HttpApiClient.group(Api, { group: "device", httpClient: transport.httpClient(issuer) })
    return { api, device, id: linked.id }
  })

/** A user whose device takes pushes at a path of the push service, which no device could say of itself: it is no https. */
const scene = (user: string) =>
  Effect.gen(function*() {
    const { origin, pushes, statuses } = yield* PushService
    const store = yield* Store.Store
    const { device, id } = yield* deviceOf(user)
    yield* store.setPushEndpoint(id, Option.some(`${origin}/${user}`))
    return { device, id, origin, pushes, statuses, store, service: yield* ServiceClient.ServiceClient, user }
  })

const counted = (outcome: string) =>
  Effect.map(Metric.value(Metrics.pushes.of({ outcome })), ({ count }) => Number(count))

/** Until so many more came to that. */
const ends = (outcome: string, before: number) =>
  Effect.repeat(Effect.zipRight(turn, counted(outcome)), { until: (count) => count > before })

const sleeping = Effect.repeat(Effect.zipRight(turn, TestClock.sleeps()), { until: Chunk.isNonEmpty })

layer(everything)("a push", (it) => {
  it.effect("says that something waits, to whom it may be said, for how long and by whom, and nothing else", () =>
    Effect.gen(function*() {
      const { origin, pushes, service, user } = yield* scene("told")
      const before = yield* counted("Sent")
      yield* service.authorize(user, { ttl: "90 seconds", context: "Open the vault" })
      const { body, headers, method, path } = yield* Queue.take(pushes)
      assert.deepStrictEqual([method, path, body], ["POST", "/told", ""])
      const { authorization, topic } = headers
      assert.deepInclude(headers, { ttl: "90", urgency: "high", "content-length": "0" })
      assert.match(String(topic), /^[\w-]{32}$/)
      const [, claims = ""] = /^vapid t=[\w-]+\.([\w-]+)\.[\w-]+, k=[\w-]{87}$/.exec(String(authorization)) ?? []
      assert.deepStrictEqual(JSON.parse(Buffer.from(claims, "base64url").toString()), {
        aud: origin,
        exp: 3600,
        sub: "mailto:ops@example.com"
      })
      yield* ends("Sent", before)
    }))

  it.effect("goes to every device that takes one, each under its own topic", () =>
    Effect.gen(function*() {
      const { id, origin, pushes, service, store, user } = yield* scene("two")
      yield* deviceOf(user)
      yield* deviceOf(user)
      const others = (yield* store.devices({ directoryId, identifier: user })).filter((device) => device.id !== id)
      yield* store.setPushEndpoint(others[0]?.id ?? id, Option.some(`${origin}/other`))
      yield* service.authorize(user)
      const sent = [yield* Queue.take(pushes), yield* Queue.take(pushes)]
      assert.deepStrictEqual(sent.map(({ path }) => path).sort(), ["/other", "/two"])
      assert.strictEqual(new Set(sent.map(({ headers }) => headers["topic"])).size, 2)
    }))

  it.effect("is tried again while the request is open, and the push service cannot take it", () =>
    Effect.gen(function*() {
      const { pushes, service, statuses, user } = yield* scene("retried")
      const before = yield* counted("Sent")
      statuses.push(503, 429)
      yield* service.authorize(user, { ttl: "60 seconds" })
      yield* Queue.take(pushes)
      yield* sleeping
      yield* TestClock.adjust(WebPush.limits.delays[0])
      yield* Queue.take(pushes)
      yield* sleeping
      yield* TestClock.adjust(WebPush.limits.delays[1])
      assert.strictEqual((yield* Queue.take(pushes)).headers["ttl"], "55")
      yield* ends("Sent", before)
    }))

  it.effect("is given up once the request has been answered", () =>
    Effect.gen(function*() {
      const { device, pushes, service, statuses, user } = yield* scene("answered")
      const before = yield* counted("Failed")
      statuses.push(500)
      yield* service.authorize(user)
      yield* Queue.take(pushes)
      yield* sleeping
      yield* device.approve()
      yield* TestClock.adjust(WebPush.limits.delays[0])
      yield* ends("Failed", before)
      assert.strictEqual(yield* Queue.size(pushes), 0)
    }))

  it.effect("ends the subscription that the push service knows no more", () =>
    Effect.gen(function*() {
      for (const status of [404, 410]) {
        const { id, pushes, service, statuses, store, user } = yield* scene(`gone-${status}`)
        const before = yield* counted("Gone")
        statuses.push(status)
        const request = yield* service.authorize(user)
        yield* Queue.take(pushes)
        yield* ends("Gone", before)
        assert.deepStrictEqual(yield* store.pushEndpoint(id), Option.none())
        yield* service.cancel(request.id)
      }
    }))

  it.effect("that is refused is not tried again", () =>
    Effect.gen(function*() {
      const { id, pushes, service, statuses, store, user } = yield* scene("refused")
      const before = yield* counted("Refused")
      statuses.push(403)
      yield* service.authorize(user)
      yield* Queue.take(pushes)
      yield* ends("Refused", before)
      assert.isTrue(Option.isSome(yield* store.pushEndpoint(id)))
    }))

  it.effect("goes to no address of a private network", () =>
    Effect.gen(function*() {
      const { id, service, store, user } = yield* scene("private")
      const before = yield* counted("Refused")
      yield* store.setPushEndpoint(id, Option.some("https://10.0.0.1/push"))
      yield* service.authorize(user)
      yield* ends("Refused", before)
    }))

  describe("a device", () => {
    it.effect("subscribes by the platform's key, at one place, and unsubscribes", () =>
      Effect.gen(function*() {
        const { api, id } = yield* deviceOf("subscribes")
        const store = yield* Store.Store
        const { publicKey } = yield* api.pushKey({})
        assert.match(Option.getOrThrow(publicKey), /^B[\w-]{86}$/)
        for (const endpoint of ["https://push.example.com/1", "https://push.example.com/2?a=b"]) {
          yield* api.subscribePush({ payload: { endpoint } })
          assert.deepStrictEqual(yield* store.pushEndpoint(id), Option.some(endpoint))
        }
        yield* api.unsubscribePush({})
        assert.deepStrictEqual(yield* store.pushEndpoint(id), Option.none())
      }))
  })
})

describe("where a push may go", () => {
  layer(TestPlatform.layer)((it) => {
    it.effect("is nowhere where the platform sends none", () =>
      Effect.gen(function*() {
        const { api } = yield* deviceOf("nowhere")
        assert.deepStrictEqual((yield* api.pushKey({})).publicKey, Option.none())
        const refused = yield* Effect.flip(api.subscribePush({ payload: { endpoint: "https://push.example.com/1" } }))
        assert.strictEqual(refused._tag, "EntityNotFound")
      }))

    it.effect("is looked at before it is kept", () =>
      Effect.gen(function*() {
        const { api } = yield* deviceOf("looked-at")
        for (
          const endpoint of [
            "http://push.example.com/1",
            "https://user:secret@push.example.com/1",
            "https://push.example.com/#1",
            "javascript:alert(1)",
            "",
            `https://push.example.com/${"1".repeat(2048)}`
          ]
        ) {
          const refused = yield* Effect.flip(api.subscribePush({ payload: { endpoint } }))
          assert.include(["ParseError", "InvalidParameters"], refused._tag, endpoint)
        }
      }))
  })
})
