/** What a whole run tells a tracer and a reader of metrics: a link, a call, a wait, a webhook, a refusal. */
import * as ClientMetrics from "@effect-launchkey/clients/Metrics"
import * as ServiceClient from "@effect-launchkey/clients/ServiceClient"
import * as ServiceWebhook from "@effect-launchkey/clients/ServiceWebhook"
import * as Webhook from "@effect-launchkey/clients/Webhook"
import * as WebhookInbox from "@effect-launchkey/clients/WebhookInbox"
import * as Administration from "@effect-launchkey/platform/Administration"
import * as PlatformMetrics from "@effect-launchkey/platform/Metrics"
import * as WebhookEgress from "@effect-launchkey/platform/WebhookEgress"
import * as TestPlatform from "@effect-launchkey/testing/TestPlatform"
import * as Metrics from "@effect-launchkey/transport/Metrics"
import { assert, it } from "@effect/vitest"
import { Deferred, Effect, Layer, Metric, MetricState, Option, Schedule, type Tracer } from "effect"
import { attributesOf, recorder, treeOf } from "./support/recorded.ts"

const origin = "https://receiver.example.com"
const user = "ada.lovelace@example.com"

const layer = ServiceClient.layer({ serviceId: TestPlatform.serviceId }).pipe(
  Layer.merge(
    Layer.provide(ServiceWebhook.layer({ serviceId: TestPlatform.serviceId }), WebhookInbox.layerMemory())
  ),
  Layer.provideMerge(TestPlatform.layer)
)

const run = Effect.gen(function*() {
  const service = yield* ServiceClient.ServiceClient
  const webhook = yield* ServiceWebhook.ServiceWebhook
  const { updateService } = yield* Administration.Administration
  const { linkedDevice } = yield* TestPlatform.TestPlatform
  const { serve } = yield* WebhookEgress.WebhookReceivers

  const handled = yield* Deferred.make<void>()
  yield* serve(origin, Webhook.respond(webhook, () => Deferred.succeed(handled, undefined)))
  yield* updateService({ id: TestPlatform.serviceId, callbackUrl: `${origin}/webhook` })
  const device = yield* linkedDevice(user)

  const request = yield* service.authorize(user)
  const waiting = Metric.value(ClientMetrics.waiting.of({}))
  const before = yield* waiting
  // Answered once the first poll has found no answer.
  const whileOpen = Schedule.forever.pipe(
    Schedule.tapInput((response: Option.Option<unknown>) =>
      Option.isSome(response) ? Effect.void : Effect.gen(function*() {
        assert.strictEqual((yield* waiting).value, before.value + 1)
        yield* Effect.orDie(device.approve(request.id))
      })
    )
  )
  const response = yield* service.awaitResponse(request, { schedule: whileOpen })
  assert.strictEqual((yield* waiting).value, before.value)
  yield* Deferred.await(handled)
  yield* Effect.flip(service.authorize("nobody"))
  yield* webhook.open({ token: undefined, method: "POST", path: "/webhook", body: new Uint8Array(0) }).pipe(Effect.flip)
  return { request, response }
})

/** The tracer is there before anything is built, so that what runs in the background has it too. */
const recorded = Effect.gen(function*() {
  const { spans, tracer } = yield* recorder
  const told = yield* run.pipe(Effect.provide(layer), Effect.scoped, Effect.withTracer(tracer))
  return { ...told, spans }
})

const ofClient = (name: string) => /^(?:ServiceClient|Transport|RemoteKeys|ServerClock)\./.test(name)

const find = (spans: ReadonlyArray<Tracer.Span>, name: string, index = 0) => {
  const found = spans.filter((span) => span.name === name)[index]
  assert(found !== undefined, name)
  return found
}

const exchange = ["Transport.exchange", "Transport.seal", "Transport.open"] as const

it.live("a run has a span for each step of a call, of a wait and of a webhook, and none of them names anybody", () =>
  Effect.gen(function*() {
    const { request, response, spans } = yield* recorded

    assert.deepStrictEqual(treeOf(spans, find(spans, "ServiceClient.authorize"), ofClient), [
      "ServiceClient.authorize",
      exchange
    ])
    // What is learned for the first call, by the device, serves all of them.
    for (const once of ["ServerClock.measure", "RemoteKeys.lookup"]) {
      assert.lengthOf(spans.filter(({ name }) => name === once), 1, once)
    }
    assert.deepStrictEqual(treeOf(spans, find(spans, "ServiceClient.awaitResponse"), ofClient), [
      "ServiceClient.awaitResponse",
      ["ServiceClient.getResponse", exchange],
      ["ServiceClient.getResponse", exchange, "Transport.openAnswer"]
    ])
    assert.deepStrictEqual(attributesOf(find(spans, "Transport.exchange")), {
      operation: "POST /service/v3/auths",
      "http.request.method": "POST",
      "http.response.status_code": 200,
      "server.address": "localhost",
      "url.template": "/service/v3/auths",
      attempt: 1
    })

    const handle = find(spans, "ServiceWebhook.handle")
    assert.strictEqual(handle.kind, "consumer")
    assert.deepStrictEqual(attributesOf(handle), { event: "AuthorizationResponded" })
    assert.deepStrictEqual(treeOf(spans, handle, ofClient), [
      "ServiceWebhook.handle",
      "Transport.openWebhook",
      "Transport.openAnswer"
    ])

    const deliver = find(spans, "WebhookSender.deliver")
    assert.deepStrictEqual([deliver.kind, deliver.parent], ["producer", Option.none()])
    assert.deepStrictEqual(attributesOf(deliver), { delivery: 1, kind: "AUTHORIZATION_RESPONSE" })
    assert.deepStrictEqual(attributesOf(find(spans, "WebhookSender.attempt")), {
      "http.request.method": "POST",
      "http.response.status_code": 204,
      "server.address": "receiver.example.com"
    })
    const answers = spans.filter(({ name }) => name === "SealedHttpApp.answer").map(attributesOf)
    assert.deepInclude(answers, {
      "http.request.method": "GET",
      "http.response.status_code": 204,
      "http.route": "/service/v3/auths/:id"
    })

    const named = [user, request.id, response.serviceUserHash, response.userPushId]
    const id = /[0-9a-f]{8}-[0-9a-f]{4}-|(?:[0-9a-f]{2}:){15}|eyJ|BEGIN/i
    for (const span of spans) {
      const told = JSON.stringify([span.name, attributesOf(span)])
      assert.notMatch(told, id, span.name)
      for (const name of named) assert.notInclude(told, name, span.name)
    }
  }))

/** Everything that is registered, by name and labels. */
const snapshot = Effect.map(
  Metric.snapshot,
  (pairs) =>
    pairs.filter(({ metricKey }) => metricKey.name.startsWith("launchkey_")).map(({ metricKey, metricState }) => {
      const labels = metricKey.tags.flatMap(({ key, value }) => key === "unit" ? [] : [[key, value]])
      return { name: metricKey.name, labels: Object.fromEntries(labels), state: metricState }
    })
)

it.live("a run is counted by operation, outcome and tag, and no label names anybody", () =>
  Effect.gen(function*() {
    const { request, response } = yield* recorded
    const all = yield* snapshot
    const count = (metric: { readonly name: string }, labels: Record<string, string>) => {
      const found = all.find(({ labels: of, name }) =>
        name === metric.name && Object.entries(labels).every(([label, value]) => of[label] === value)
      )
      assert(found !== undefined, `${metric.name} ${JSON.stringify(labels)}`)
      const { state } = found
      if (MetricState.isCounterState(state) || MetricState.isHistogramState(state)) return Number(state.count)
      return MetricState.isGaugeState(state) ? Number(state.value) : undefined
    }
    const positive = [
      count(ClientMetrics.operations, { operation: "ServiceClient.authorize", outcome: "Success" }),
      count(ClientMetrics.operations, { operation: "ServiceClient.authorize", outcome: "Failure" }),
      count(ClientMetrics.errors, { operation: "ServiceClient.authorize", error: "EntityNotFound" }),
      count(ClientMetrics.duration, { operation: "ServiceClient.awaitResponse" }),
      count(ClientMetrics.webhooks, { receiver: "ServiceWebhook", outcome: "Handled" }),
      count(ClientMetrics.webhooks, { receiver: "ServiceWebhook", outcome: "MessageRejected" }),
      count(ClientMetrics.rejections, { kind: "Webhook", reason: "TokenMissing" }),
      count(ClientMetrics.webhookLag, { event: "AuthorizationResponded" }),
      count(Metrics.calls, { operation: "GET /service/v3/auths/:id", outcome: "2xx" }),
      count(Metrics.calls, { operation: "POST /service/v3/auths", outcome: "4xx" }),
      count(Metrics.attempts, { operation: "POST /service/v3/auths" }),
      count(PlatformMetrics.requests, { operation: "POST /service/v3/auths", status: "200" }),
      count(PlatformMetrics.duration, { operation: "GET /service/v3/auths/:id" }),
      count(PlatformMetrics.deliveries, { kind: "AUTHORIZATION_RESPONSE", state: "DELIVERED" }),
      count(PlatformMetrics.deliveryAttempts, { kind: "AUTHORIZATION_RESPONSE", outcome: "2xx" }),
      count(Metrics.keyLookups, { result: "Hit" }),
      count(Metrics.keyLookups, { result: "Miss" })
    ]
    assert.deepStrictEqual(positive.filter((value) => value === undefined || value < 1), [])
    // The clocks are one; what the platform tells of it is in whole seconds.
    assert.isBelow(Math.abs(count(Metrics.clockOffset, { base_url: "http://localhost" }) ?? NaN), 1.5)

    const named = [user, request.id, response.serviceUserHash, response.userPushId]
    for (const { labels, name } of all) {
      const told = JSON.stringify(labels)
      assert.notMatch(told, /[0-9a-f]{8}-[0-9a-f]{4}-|(?:[0-9a-f]{2}:){15}/i, name)
      for (const one of named) assert.notInclude(told, one, name)
    }
  }))
