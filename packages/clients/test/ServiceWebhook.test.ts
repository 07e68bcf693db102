import { AuthorizationRequestId } from "@effect-launchkey/core/Authorization"
import { ServiceId } from "@effect-launchkey/core/EntityIdentifier"
import { AuthorizationResponded, SessionEnded, UnknownEvent } from "@effect-launchkey/core/Webhook"
import type { RejectionReason } from "@effect-launchkey/transport/Rejection"
import { Transport } from "@effect-launchkey/transport/Transport"
import { MessageRejected } from "@effect-launchkey/transport/TransportError"
import { assert, describe, it } from "@effect/vitest"
import * as Config from "effect/Config"
import * as ConfigProvider from "effect/ConfigProvider"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Metric from "effect/Metric"
import * as Option from "effect/Option"
import * as Ref from "effect/Ref"
import * as TestClock from "effect/TestClock"
import * as Metrics from "../src/Metrics.ts"
import * as PendingAuthorizations from "../src/PendingAuthorizations.ts"
import * as ServiceWebhook from "../src/ServiceWebhook.ts"
import { StoreUnavailable } from "../src/StoreUnavailable.ts"
import * as WebhookInbox from "../src/WebhookInbox.ts"
import * as deliveries from "./deliveries.ts"
import { again, answer, deliver } from "./deliveries.ts"
import { id, otherId, serviceId } from "./support.ts"
import * as vectors from "./vectors.ts"

const vectorService = vectors.entities.service.slice(4)

const receiverOf = (vector: vectors.Vector) =>
  ServiceWebhook.layer({ serviceId: vectorService }).pipe(
    Layer.provideMerge(PendingAuthorizations.layerMemory()),
    Layer.provide(WebhookInbox.layerMemory()),
    Layer.provideMerge(vectors.transport(vector.expected_audience))
  )

const ofService = (vector: vectors.Vector) => vector.expected_subject.startsWith("svc:")

/** The reason that the vector's prose amounts to. A vector without a row here fails its test. */
const reasons: { readonly [vector: string]: RejectionReason } = {
  method_mismatch: "MethodMismatch",
  path_mismatch: "PathMismatch",
  body_tampered: "HashMismatch",
  hash_missing: "HashMissing",
  request_object_missing: "ClaimsMalformed",
  response_object_instead_of_request: "ClaimsMalformed",
  audience_of_other_service: "AudienceMismatch",
  subject_of_other_service: "SubjectMismatch",
  issuer_not_lka: "IssuerMismatch",
  stale_20s: "Expired",
  future_20s: "NotYetValid",
  jwt_header_absent: "TokenMissing",
  signed_by_unknown_key: "KeyUnknown"
}

/** Of those whose fault is that the answer is to another request: who waits for one sees it, not who receives it. */
const seenByWhoWaits = "device_auth_request_is_another"

describe("the vectors", () => {
  for (const vector of vectors.webhooks.filter(ofService)) {
    it.effect(vector.name, () =>
      Effect.gen(function*() {
        yield* Ref.set(vectors.fetched, [])
        const webhook = yield* ServiceWebhook.ServiceWebhook
        const event = yield* webhook.open(vectors.deliveryOf(vector))
        if (vector.expect.outcome === "session_end") {
          assert.deepStrictEqual(
            event,
            new SessionEnded({
              serviceUserHash: vector.expect.service_user_hash ?? "",
              ended: DateTime.unsafeMake((vector.expect.api_time_unix ?? 0) * 1000)
            })
          )
        } else {
          assert.instanceOf(event, AuthorizationResponded)
          const expected = vectors.expectedAnswer(vector.expect.device_response)
          const { response } = event
          assert.deepStrictEqual<unknown>({
            authorized: response.authorized,
            type: Option.getOrNull(response.type),
            reason: Option.getOrNull(response.reason),
            fraud: Option.getOrNull(response.fraud),
            denial_reason: Option.getOrNull(response.denialReason),
            auth_request: response.authorizationRequestId,
            device_id: response.deviceId,
            service_pins: [...response.servicePins]
          }, expected)
          assert.strictEqual(response.serviceUserHash, vectors.entities.service_user_hash)
        }
        if (vector.expect.fetches !== undefined) assert.include(yield* Ref.get(vectors.fetched), vector.expect.fetches)
      }).pipe(Effect.provide(receiverOf(vector))))
  }

  for (const vector of vectors.negativeWebhooks.filter(({ name }) => name !== seenByWhoWaits)) {
    it.effect(vector.name, () =>
      Effect.gen(function*() {
        const webhook = yield* ServiceWebhook.ServiceWebhook
        const error = yield* Effect.flip(webhook.handle(vectors.deliveryOf(vector), () => Effect.die("handled")))
        assert.strictEqual(error._tag === "MessageRejected" && error.reason, reasons[vector.name])
        assert.strictEqual(error._tag === "MessageRejected" && error.kind, "Webhook")
      }).pipe(Effect.provide(receiverOf(vector))))
  }

  it("have a reason each, and no other", () => {
    assert.sameMembers(
      [...Object.keys(reasons), seenByWhoWaits],
      vectors.negativeWebhooks.map(({ name }) => name)
    )
  })

  it.effect(seenByWhoWaits, () =>
    Effect.gen(function*() {
      const webhook = yield* ServiceWebhook.ServiceWebhook
      const pending = yield* PendingAuthorizations.PendingAuthorizations
      const transport = yield* Transport
      const service = ServiceId.make(vectorService)
      const waitedFor = AuthorizationRequestId.make(vectors.entities.auth_request)
      const named = yield* Ref.make(waitedFor)
      yield* webhook.handle(vectors.deliveryOf(vectors.named(seenByWhoWaits)), (event) =>
        event._tag === "AuthorizationResponded" ? Ref.set(named, event.response.authorizationRequestId) : Effect.void)
      assert.notStrictEqual(yield* Ref.get(named), waitedFor)
      assert.deepStrictEqual(yield* pending.answer({ serviceId: service, id: waitedFor }), Option.none())
      const kept = yield* pending.answer({ serviceId: service, id: yield* Ref.get(named) })
      const error = yield* Effect.flip(
        transport.openAnswer(Option.getOrThrow(kept), { authorizationRequestId: waitedFor })
      )
      assert.strictEqual(error.reason, "AuthorizationRequestMismatch")
    }).pipe(Effect.provide(receiverOf(vectors.named(seenByWhoWaits)))))

  it.effect("are accepted once each: the same again is a replay", () =>
    Effect.gen(function*() {
      const webhook = yield* ServiceWebhook.ServiceWebhook
      const delivery = vectors.deliveryOf(vectors.named(vectors.replayCase.webhook))
      assert.strictEqual(yield* webhook.handle(delivery, () => Effect.void), "Handled")
      const error = yield* Effect.flip(webhook.handle(delivery, () => Effect.void))
      assert.strictEqual(error._tag === "MessageRejected" && error.reason, "Replayed")
    }).pipe(Effect.provide(receiverOf(vectors.named(vectors.replayCase.webhook)))))

  it.effect("are opened by a key that was replaced and is kept, although another signs now", () =>
    Effect.gen(function*() {
      const webhook = yield* ServiceWebhook.ServiceWebhook
      const event = yield* webhook.open(vectors.deliveryOf(vectors.named("service_auth_response_jwe")))
      assert.strictEqual(event._tag, "AuthorizationResponded")
    }).pipe(Effect.provide(receiverOf(vectors.named("service_auth_response_jwe")))))

  it.effect("name no value of a message in an error", () =>
    Effect.gen(function*() {
      const webhook = yield* ServiceWebhook.ServiceWebhook
      const vector = vectors.named("body_tampered")
      const error = yield* Effect.flip(webhook.open(vectors.deliveryOf(vector)))
      const shown = `${error.message} ${String(error)} ${JSON.stringify(error)}`
      for (const secret of [vector.body, vector.headers["X-IOV-JWT"] ?? "", vectors.entities.service_user_hash]) {
        assert.notInclude(shown, secret)
      }
    }).pipe(Effect.provide(receiverOf(vectors.named("body_tampered")))))
})

const stubbed = (options: Partial<ServiceWebhook.Options> = {}) =>
  ServiceWebhook.layer({ serviceId, ...options }).pipe(
    Layer.provide(WebhookInbox.layerMemory()),
    Layer.provide(deliveries.transport)
  )

const open = (delivery: ReturnType<typeof deliver>) =>
  Effect.flatMap(ServiceWebhook.ServiceWebhook, (webhook) => webhook.open(delivery))

const unknown = (type?: string) => new UnknownEvent({ type: Option.fromNullable(type) })

const malformed = (
  what: string,
  delivery: () => ReturnType<typeof deliver>,
  kind: MessageRejected["kind"] = "Webhook",
  reason: RejectionReason = "BodyMalformed"
) =>
  it.effect(`is ${reason} ${what}`, () =>
    Effect.gen(function*() {
      const error = yield* Effect.flip(open(delivery()))
      assert.instanceOf(error, MessageRejected)
      assert.deepStrictEqual([error.kind, error.reason, error.operation], [kind, reason, "POST /webhook"])
    }).pipe(Effect.provide(stubbed())))

describe("the lag", () => {
  const sum = (event: string) =>
    Effect.map(Metric.value(Metrics.webhookLag.of({ event })), ({ count, sum }) => ({ count, sum }))

  for (
    const [what, event, seconds, delivery] of [
      ["of an answer is from when its delivery was sealed", "AuthorizationResponded", 2, deliver(answer())],
      [
        "of a session's end is from when it ended, by the platform's clock",
        "SessionEnded",
        7,
        deliver(deliveries.sessionEnd, { encrypted: false })
      ]
    ] as const
  ) {
    it.effect(`${what}, and is counted once`, () =>
      Effect.gen(function*() {
        yield* TestClock.setTime(Date.parse(deliveries.sessionEnd.api_time) - 100_000 + 7_000)
        const webhook = yield* ServiceWebhook.ServiceWebhook
        const before = yield* sum(event)
        yield* webhook.handle(delivery, () => Effect.void)
        yield* webhook.handle(again(delivery), () => Effect.void)
        const after = yield* sum(event)
        assert.strictEqual(after.count - before.count, 1)
        assert.closeTo(after.sum - before.sum, seconds, 1e-6)
      }).pipe(Effect.provide(stubbed())))
  }
})

describe("an encrypted message", () => {
  for (const type of [undefined, "AUTHORIZATION_RESPONSE"]) {
    it.effect(`is an answer with ${type ?? "no"} type`, () =>
      Effect.gen(function*() {
        const event = yield* open(deliver(answer({ type })))
        assert.isTrue(event._tag === "AuthorizationResponded" && event.response.authorized)
      }).pipe(Effect.provide(stubbed())))
  }

  it.effect("is an answer also where it denies", () =>
    Effect.gen(function*() {
      const event = yield* open(deliver(answer({}, { type: "DENIED", reason: "FRAUDULENT" })))
      assert.instanceOf(event, AuthorizationResponded)
      assert.isFalse(event.response.authorized)
      assert.deepStrictEqual(event.response.fraud, Option.some(true))
    }).pipe(Effect.provide(stubbed())))

  const others: ReadonlyArray<readonly [string, object, UnknownEvent]> = [
    ["what a directory is told", deliveries.link, unknown("DEVICE_LINK_COMPLETION")],
    ["of another type", answer({ type: "authorization_response" }), unknown("authorization_response")],
    ["of a type that is no text", answer({ type: null }), unknown()],
    ["of a type in a list", answer({ type: ["AUTHORIZATION_RESPONSE"] }), unknown()],
    ["the end of a session with a type", { ...deliveries.sessionEnd, type: "SESSION_END" }, unknown("SESSION_END")]
  ]
  for (const [what, body, event] of others) {
    it.effect(`is unknown that is ${what}, and no approval`, () =>
      Effect.gen(function*() {
        assert.deepStrictEqual(yield* open(deliver(body)), event)
      }).pipe(Effect.provide(stubbed())))
  }

  malformed("without what an answer has", () => deliver(answer({ service_user_hash: undefined })))
  malformed("where it ends a session", () => deliver(deliveries.sessionEnd))
  malformed("where it is no object", () => deliver([answer()]))
  malformed("where it is no JSON", () => deliver("approved"))
  malformed("where a member stands twice", () => deliver(JSON.stringify(answer()).replace("{", `{"auth":"",`)))
  malformed(
    "where the device's answer within cannot be opened",
    () => deliver(answer({ auth_jwe: "sealed for somebody else" })),
    "DeviceAnswer",
    "DecryptionFailed"
  )
})

describe("a plain message", () => {
  it.effect("ends a session", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(
        yield* open(deliver(deliveries.sessionEnd, { encrypted: false })),
        new SessionEnded({
          serviceUserHash: deliveries.userHash,
          ended: DateTime.unsafeMake("2023-11-14T22:13:20Z")
        })
      )
    }).pipe(Effect.provide(stubbed())))

  const others: ReadonlyArray<readonly [string, object, UnknownEvent]> = [
    ["an answer", answer(), unknown()],
    ["an answer with its type", answer({ type: "AUTHORIZATION_RESPONSE" }), unknown("AUTHORIZATION_RESPONSE")],
    ["an object without members", {}, unknown()],
    ["half the end of a session", { service_user_hash: deliveries.userHash }, unknown()]
  ]
  for (const [what, body, event] of others) {
    it.effect(`is unknown that is ${what}, and no approval`, () =>
      Effect.gen(function*() {
        assert.deepStrictEqual(yield* open(deliver(body, { encrypted: false })), event)
      }).pipe(Effect.provide(stubbed())))
  }

  const plain = (body: unknown) => () => deliver(body, { encrypted: false })
  malformed("where the end of a session has no hash", plain({ ...deliveries.sessionEnd, service_user_hash: "" }))
  malformed("where the end of a session has no time", plain({ ...deliveries.sessionEnd, api_time: "now" }))
  malformed("where it is empty", plain(""))
})

describe("an event", () => {
  const outcomes = (first: ReturnType<typeof deliver>, second: ReturnType<typeof deliver>) =>
    Effect.gen(function*() {
      const webhook = yield* ServiceWebhook.ServiceWebhook
      return yield* Effect.forEach([first, second], (delivery) => webhook.handle(delivery, () => Effect.void))
    }).pipe(Effect.provide(stubbed()))

  const plain = { encrypted: false }

  const same: ReadonlyArray<readonly [string, () => [ReturnType<typeof deliver>, ReturnType<typeof deliver>]]> = [
    [
      "an answer to a request that was answered",
      () => [deliver(answer()), deliver(answer({}, { device_id: "other" }))]
    ],
    ["an end of a session", () => {
      const delivery = deliver(deliveries.sessionEnd, plain)
      return [delivery, again(delivery)]
    }],
    ["an unknown event", () => [deliver({ type: "NEW", n: 1 }), deliver({ type: "NEW", n: 1 })]]
  ]
  for (const [what, pair] of same) {
    it.effect(`is the same as before: ${what}`, () =>
      Effect.gen(function*() {
        assert.deepStrictEqual(yield* outcomes(...pair()), ["Handled", "HandledBefore"])
      }))
  }

  const different: ReadonlyArray<readonly [string, unknown, unknown, { readonly encrypted: boolean }?]> = [
    ["answers to two requests", answer(), answer({}, { auth_request: otherId })],
    // A device can name another user's request, and the true answer must not be lost for it.
    ["answers of two users to one request", answer(), answer({ service_user_hash: "another user" })],
    [
      "ends of two users' sessions",
      deliveries.sessionEnd,
      { ...deliveries.sessionEnd, service_user_hash: "another user" },
      plain
    ],
    [
      "two ends of a user's sessions",
      deliveries.sessionEnd,
      { ...deliveries.sessionEnd, api_time: "2023-11-14T22:13:21Z" },
      plain
    ],
    ["two unknown events", { type: "NEW", n: 1 }, { type: "NEW", n: 2 }]
  ]
  for (const [what, first, second, token] of different) {
    it.effect(`is another than before: ${what}`, () =>
      Effect.gen(function*() {
        assert.deepStrictEqual(
          yield* outcomes(deliver(first, token), deliver(second, token)),
          ["Handled", "Handled"]
        )
      }))
  }
})

describe("pending authorizations", () => {
  const service = ServiceId.make(serviceId)

  const wired = (pending: Layer.Layer<PendingAuthorizations.PendingAuthorizations>) =>
    stubbed().pipe(Layer.provideMerge(pending))

  it.effect("are answered, also where the handler then fails", () =>
    Effect.gen(function*() {
      const webhook = yield* ServiceWebhook.ServiceWebhook
      const pending = yield* PendingAuthorizations.PendingAuthorizations
      yield* Effect.flip(webhook.handle(deliver(answer()), () => Effect.fail("no")))
      const kept = Option.getOrThrow(yield* pending.answer({ serviceId: service, id }))
      assert.strictEqual(kept.serviceUserHash, deliveries.userHash)
    }).pipe(Effect.provide(wired(PendingAuthorizations.layerMemory()))))

  it.effect("are answered before the handler runs", () =>
    Effect.gen(function*() {
      const webhook = yield* ServiceWebhook.ServiceWebhook
      const pending = yield* PendingAuthorizations.PendingAuthorizations
      const found = yield* Ref.make(false)
      yield* webhook.handle(deliver(answer()), () =>
        Effect.flatMap(pending.answer({ serviceId: service, id }), (kept) => Ref.set(found, Option.isSome(kept))))
      assert.isTrue(yield* Ref.get(found))
    }).pipe(Effect.provide(wired(PendingAuthorizations.layerMemory()))))

  it.effect("keep nothing of what only was opened, or of another kind", () =>
    Effect.gen(function*() {
      const webhook = yield* ServiceWebhook.ServiceWebhook
      const pending = yield* PendingAuthorizations.PendingAuthorizations
      yield* webhook.open(deliver(answer()))
      yield* webhook.handle(deliver(answer({ type: "NEW" })), () => Effect.void)
      assert.deepStrictEqual(yield* pending.answer({ serviceId: service, id }), Option.none())
    }).pipe(Effect.provide(wired(PendingAuthorizations.layerMemory()))))

  it.effect("that are away have the delivery come again, and the handler does not run", () =>
    Effect.gen(function*() {
      const memory = yield* PendingAuthorizations.makeMemory()
      const away = yield* Ref.make(true)
      const handled = yield* Ref.make(0)
      const pending = Layer.succeed(PendingAuthorizations.PendingAuthorizations, {
        ...memory,
        complete: (key, relayed) =>
          Effect.flatMap(Ref.get(away), (gone) =>
            gone
              ? new StoreUnavailable({ operation: "PendingAuthorizations.complete" })
              : memory.complete(key, relayed))
      })
      yield* Effect.gen(function*() {
        const webhook = yield* ServiceWebhook.ServiceWebhook
        const delivery = deliver(answer())
        const handler = () => Ref.update(handled, (n) => n + 1)
        assert.strictEqual((yield* Effect.flip(webhook.handle(delivery, handler)))._tag, "StoreUnavailable")
        assert.strictEqual(yield* Ref.get(handled), 0)
        yield* Ref.set(away, false)
        assert.strictEqual(yield* webhook.handle(again(delivery), handler), "Handled")
      }).pipe(Effect.provide(wired(pending)))
    }))
})

describe("the options", () => {
  const refused = (what: string, options: Partial<ServiceWebhook.Options>, path: string) =>
    it.effect(`do not take ${what}`, () =>
      Effect.gen(function*() {
        const error = yield* Effect.flip(Effect.provide(ServiceWebhook.ServiceWebhook, stubbed(options)))
        assert.strictEqual(error._tag, "InvalidParameters")
        assert.deepStrictEqual(error.issues.map((issue) => issue.path), [path])
      }))

  refused("a service that is none", { serviceId: "svc" }, "serviceId")
  refused("a URL for a path", { path: "https://example.com/webhook" }, "path")
  refused("a path with a query", { path: "/webhook?a" }, "path")
  refused("a lease below a second", { lease: "999 millis" }, "lease")
  refused("a lease without end", { lease: Infinity }, "lease")

  it.effect("state the path that the platform calls, and the service that listens", () =>
    Effect.gen(function*() {
      yield* Ref.set(deliveries.asked, [])
      yield* open(deliver(answer(), {}, { path: "/internal" }))
      const [asked] = yield* Ref.get(deliveries.asked)
      assert.strictEqual(asked?.path, "/external")
      assert.strictEqual(asked?.subject, `svc:${serviceId}`)
    }).pipe(Effect.provide(stubbed({ serviceId: serviceId.toUpperCase(), path: "/external" }))))

  it.effect("leave the path as it came otherwise, without its query", () =>
    Effect.gen(function*() {
      yield* Ref.set(deliveries.asked, [])
      yield* open(deliver(answer(), {}, { path: "/webhook?a=/b" }))
      assert.strictEqual((yield* Ref.get(deliveries.asked))[0]?.path, "/webhook")
    }).pipe(Effect.provide(stubbed())))

  it.effect("come from the configuration too", () =>
    Effect.gen(function*() {
      yield* open(deliver(answer()))
      const [asked] = yield* Ref.get(deliveries.asked)
      assert.strictEqual(asked?.path, "/external")
    }).pipe(
      Effect.provide(
        ServiceWebhook.layerConfig({
          serviceId: Config.string("SERVICE"),
          path: Config.string("PATH"),
          lease: Config.duration("LEASE")
        }).pipe(Layer.provide(WebhookInbox.layerMemory()), Layer.provide(deliveries.transport))
      ),
      Effect.withConfigProvider(
        ConfigProvider.fromMap(new Map([["SERVICE", serviceId], ["PATH", "/external"], ["LEASE", "1 minute"]]))
      ),
      (test) => Effect.zipRight(Ref.set(deliveries.asked, []), test)
    ))
})
