import { type ServiceEvent, SessionEnded } from "@effect-launchkey/core/Webhook"
import type { RejectionReason } from "@effect-launchkey/transport/Rejection"
import { MessageRejected } from "@effect-launchkey/transport/TransportError"
import * as HttpServerRequest from "@effect/platform/HttpServerRequest"
import * as HttpServerResponse from "@effect/platform/HttpServerResponse"
import { assert, describe, it } from "@effect/vitest"
import * as Cause from "effect/Cause"
import * as DateTime from "effect/DateTime"
import * as Deferred from "effect/Deferred"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import * as Ref from "effect/Ref"
import * as TestClock from "effect/TestClock"
import * as ServiceWebhook from "../src/ServiceWebhook.ts"
import { StoreUnavailable } from "../src/StoreUnavailable.ts"
import * as Webhook from "../src/Webhook.ts"
import * as WebhookInbox from "../src/WebhookInbox.ts"
import * as deliveries from "./deliveries.ts"
import { again, deliver } from "./deliveries.ts"
import { serviceId } from "./support.ts"

/** A receiver with an inbox that can fail, and a handler that counts. */
const receiving = (options: Partial<ServiceWebhook.Options> = {}) =>
  Effect.gen(function*() {
    const inbox = yield* deliveries.faulty
    const webhook = yield* ServiceWebhook.make({ serviceId, ...options }).pipe(
      Effect.provideService(WebhookInbox.WebhookInbox, inbox.inbox),
      Effect.provide(deliveries.transport)
    )
    const handled = yield* Ref.make(0)
    const once = () => Ref.update(handled, (n) => n + 1)
    return { ...inbox, webhook, once, handled: Ref.get(handled), beside: { inbox: inbox.inbox, options } }
  })

/** Another process with the same store. */
const anotherReceiver = ({ inbox, options }: { inbox: WebhookInbox.Service; options: object }) =>
  ServiceWebhook.make({ serviceId, ...options }).pipe(
    Effect.provideService(WebhookInbox.WebhookInbox, inbox),
    Effect.provide(deliveries.transport)
  )

const sessionEnd = () => deliver(deliveries.sessionEnd, { encrypted: false })

const event = new SessionEnded({
  serviceUserHash: deliveries.userHash,
  ended: DateTime.unsafeMake("2023-11-14T22:13:20Z")
})

const sessionEndKey = `svc:${serviceId} session-end ${deliveries.userHash} 2023-11-14T22:13:20.000Z`

/** A handler that is still at it until it is let go. */
const gate = Effect.gen(function*() {
  const entered = yield* Deferred.make<void>()
  const open = yield* Deferred.make<void>()
  const through = Effect.zipRight(Deferred.succeed(entered, undefined), Deferred.await(open))
  return { through, entered: Deferred.await(entered), open: Deferred.succeed(open, undefined) }
})

describe("handle", () => {
  it.effect("gives the handler what was told, and says that it is handled", () =>
    Effect.gen(function*() {
      const { webhook } = yield* receiving()
      const seen = yield* Ref.make<unknown>(undefined)
      assert.strictEqual(yield* webhook.handle(sessionEnd(), (event) => Ref.set(seen, event)), "Handled")
      assert.deepStrictEqual(yield* Ref.get(seen), event)
    }))

  it.effect("handles one of three deliveries of the same bytes", () =>
    Effect.gen(function*() {
      const { handled, once, webhook } = yield* receiving()
      const delivery = sessionEnd()
      const results = yield* Effect.all(
        [1, 2, 3].map(() => Effect.either(webhook.handle(delivery, once))),
        { concurrency: "unbounded" }
      )
      assert.deepStrictEqual(results.filter(Either.isRight).map(({ right }) => right), ["Handled"])
      const errors = results.filter(Either.isLeft).map(({ left }) => left)
      assert.deepStrictEqual(
        errors.map((error) => error._tag === "MessageRejected" && error.reason),
        ["Replayed", "Replayed"]
      )
      assert.strictEqual(yield* handled, 1)
    }))

  it.effect("handles one of three deliveries that were sealed anew, and has the others come again", () =>
    Effect.gen(function*() {
      const { handled, once, webhook } = yield* receiving()
      const { entered, open, through } = yield* gate
      const delivery = sessionEnd()
      const first = yield* Effect.fork(webhook.handle(delivery, () => Effect.zipRight(through, once())))
      yield* entered
      for (const _ of [2, 3]) {
        assert.strictEqual((yield* Effect.flip(webhook.handle(again(delivery), once)))._tag, "EventInProgress")
      }
      yield* open
      assert.strictEqual(yield* Fiber.join(first), "Handled")
      for (const _ of [2, 3]) {
        assert.strictEqual(yield* webhook.handle(again(delivery), once), "HandledBefore")
      }
      assert.strictEqual(yield* handled, 1)
    }))

  it.effect("does not call the handler for what was handled before", () =>
    Effect.gen(function*() {
      const { webhook } = yield* receiving()
      const delivery = sessionEnd()
      let calls = 0
      const handler = () => {
        calls++
        return Effect.void
      }
      yield* webhook.handle(delivery, handler)
      assert.strictEqual(yield* webhook.handle(again(delivery), handler), "HandledBefore")
      assert.strictEqual(calls, 1)
    }))

  it.effect("handles different events side by side", () =>
    Effect.gen(function*() {
      const { webhook } = yield* receiving()
      const { entered, open, through } = yield* gate
      const first = yield* Effect.fork(webhook.handle(sessionEnd(), () => through))
      yield* entered
      const other = deliver({ ...deliveries.sessionEnd, api_time: "2023-11-14T22:13:21Z" }, { encrypted: false })
      assert.strictEqual(yield* webhook.handle(other, () => Effect.void), "Handled")
      yield* open
      yield* Fiber.join(first)
    }))

  it.effect("fails as the handler does, and handles the retry", () =>
    Effect.gen(function*() {
      const { handled, once, webhook } = yield* receiving()
      const delivery = sessionEnd()
      assert.strictEqual(yield* Effect.flip(webhook.handle(delivery, () => Effect.fail("no" as const))), "no")
      assert.strictEqual(yield* webhook.handle(again(delivery), once), "Handled")
      assert.strictEqual(yield* handled, 1)
    }))

  it.effect("dies as the handler does, and handles the retry", () =>
    Effect.gen(function*() {
      const { once, webhook } = yield* receiving()
      const delivery = sessionEnd()
      const exit = yield* Effect.exit(webhook.handle(delivery, () => Effect.die("a bug")))
      assert.deepStrictEqual(Exit.isFailure(exit) && Option.getOrNull(Cause.dieOption(exit.cause)), "a bug")
      assert.strictEqual(yield* webhook.handle(again(delivery), once), "Handled")
    }))

  it.effect("gives the event back when it is interrupted", () =>
    Effect.gen(function*() {
      const { once, webhook } = yield* receiving()
      const { entered, through } = yield* gate
      const delivery = sessionEnd()
      const interrupted = yield* Deferred.make<void>()
      const fiber = yield* Effect.fork(
        webhook.handle(delivery, () => Effect.onInterrupt(through, () => Deferred.succeed(interrupted, undefined)))
      )
      yield* entered
      yield* Fiber.interrupt(fiber)
      yield* Deferred.await(interrupted)
      assert.strictEqual(yield* webhook.handle(again(delivery), once), "Handled")
    }))

  it.effect("counts what a handler has done, although it is interrupted at that moment", () =>
    Effect.gen(function*() {
      const { once, webhook } = yield* receiving()
      const { entered, open, through } = yield* gate
      const delivery = sessionEnd()
      const fiber = yield* Effect.fork(webhook.handle(delivery, () => Effect.uninterruptible(through)))
      yield* entered
      yield* Fiber.interruptFork(fiber)
      yield* open
      yield* Fiber.await(fiber)
      assert.strictEqual(yield* webhook.handle(again(delivery), once), "HandledBefore")
    }))

  it.effect("lets nobody take an event over as long as its handler runs", () =>
    Effect.gen(function*() {
      const { beside, count, once, webhook } = yield* receiving({ lease: "30 seconds" })
      const another = yield* anotherReceiver(beside)
      const { entered, open, through } = yield* gate
      const delivery = sessionEnd()
      const first = yield* Effect.fork(webhook.handle(delivery, () => through))
      yield* entered
      for (let seconds = 29; seconds < 200; seconds += 29) {
        yield* TestClock.adjust("29 seconds")
        assert.strictEqual((yield* Effect.flip(another.handle(again(delivery), once)))._tag, "EventInProgress")
      }
      assert.strictEqual(yield* count("renew"), 17)
      yield* open
      assert.strictEqual(yield* Fiber.join(first), "Handled")
      yield* TestClock.adjust("1 hour")
      assert.strictEqual(yield* count("renew"), 17)
    }))

  it.effect("takes an event over once the lease of whoever died has passed", () =>
    Effect.gen(function*() {
      const { beside, once, webhook } = yield* receiving({ lease: "30 seconds" })
      // As a process leaves it that is killed within its handler.
      const claim = yield* beside.inbox.claim(sessionEndKey, Duration.seconds(30))
      assert.strictEqual(claim._tag, "Claimed")
      yield* TestClock.adjust("29999 millis")
      assert.strictEqual((yield* Effect.flip(webhook.handle(sessionEnd(), once)))._tag, "EventInProgress")
      yield* TestClock.adjust("1 millis")
      assert.strictEqual(yield* webhook.handle(sessionEnd(), once), "Handled")
    }))

  it.effect("stops a handler whose event was taken over, and has the delivery come again", () =>
    Effect.gen(function*() {
      const { beside, fail, webhook } = yield* receiving({ lease: "30 seconds" })
      const { entered, through } = yield* gate
      const stopped = yield* Ref.make(false)
      const delivery = sessionEnd()
      const { log } = yield* deliveries.logged(Effect.gen(function*() {
        const first = yield* Effect.fork(Effect.flip(
          webhook.handle(delivery, () => Effect.onInterrupt(through, () => Ref.set(stopped, true)))
        ))
        yield* entered
        yield* fail("renew")
        yield* TestClock.adjust("35 seconds")
        assert.isFalse(yield* Ref.get(stopped))
        // The store is back, and another process was faster.
        yield* fail()
        assert.strictEqual((yield* beside.inbox.claim(sessionEndKey, Duration.seconds(30)))._tag, "Claimed")
        yield* TestClock.adjust("5 seconds")
        assert.strictEqual((yield* Fiber.join(first))._tag, "EventInProgress")
      }))
      assert.isTrue(yield* Ref.get(stopped))
      assert.include(log, "was not renewed")
    }))

  it.effect("says in the log when an event was taken over before its handler was done", () =>
    Effect.gen(function*() {
      const { beside, fail, webhook } = yield* receiving({ lease: "1 seconds" })
      const { log, value } = yield* deliveries.logged(
        webhook.handle(sessionEnd(), () =>
          Effect.gen(function*() {
            yield* fail("renew")
            yield* TestClock.adjust("1 seconds")
            assert.strictEqual((yield* beside.inbox.claim(sessionEndKey, Duration.seconds(30)))._tag, "Claimed")
          }))
      )
      assert.strictEqual(value, "Handled")
      assert.include(log, "give a longer lease")
    }))

  describe("while the inbox is away", () => {
    for (const name of ["firstSeen", "claim"] as const) {
      it.effect(`fails at ${name}, and handles the retry once it is back`, () =>
        Effect.gen(function*() {
          const { fail, handled, once, webhook } = yield* receiving()
          const delivery = sessionEnd()
          yield* fail(name)
          const error = yield* Effect.flip(webhook.handle(delivery, once))
          assert.strictEqual(error._tag === "StoreUnavailable" && error.operation, `WebhookInbox.${name}`)
          assert.strictEqual(yield* handled, 0)
          yield* fail()
          assert.strictEqual(yield* webhook.handle(again(delivery), once), "Handled")
        }))
    }

    it.effect("tries for three seconds to mark what is handled", () =>
      Effect.gen(function*() {
        const { fail, handled, once, webhook } = yield* receiving()
        const delivery = sessionEnd()
        yield* fail("complete")
        const first = yield* Effect.fork(webhook.handle(delivery, once))
        yield* TestClock.adjust("2 seconds")
        yield* fail()
        yield* TestClock.adjust("2 seconds")
        assert.strictEqual(yield* Fiber.join(first), "Handled")
        assert.strictEqual(yield* webhook.handle(again(delivery), once), "HandledBefore")
        assert.strictEqual(yield* handled, 1)
      }))

    it.effect("does not say that an event is handled which it could not mark", () =>
      Effect.gen(function*() {
        const { fail, once, webhook } = yield* receiving()
        yield* fail("complete")
        const first = yield* Effect.fork(Effect.flip(webhook.handle(sessionEnd(), once)))
        yield* TestClock.adjust("10 seconds")
        const error = yield* Fiber.join(first)
        assert.strictEqual(error._tag === "StoreUnavailable" && error.operation, "WebhookInbox.complete")
      }))

    it.effect("fails as the handler does where the event cannot be given back, which its lease then does", () =>
      Effect.gen(function*() {
        const { fail, once, webhook } = yield* receiving({ lease: "30 seconds" })
        const delivery = sessionEnd()
        yield* fail("release")
        const { log, value } = yield* deliveries.logged(
          Effect.flip(webhook.handle(delivery, () => Effect.fail("no" as const)))
        )
        assert.strictEqual(value, "no")
        assert.include(log, "not given back")
        yield* fail()
        assert.strictEqual((yield* Effect.flip(webhook.handle(again(delivery), once)))._tag, "EventInProgress")
        yield* TestClock.adjust("30 seconds")
        assert.strictEqual(yield* webhook.handle(again(delivery), once), "Handled")
      }))
  })

  it.effect("runs no handler of what it does not believe, and remembers nothing of it", () =>
    Effect.gen(function*() {
      const { count, handled, once, webhook } = yield* receiving()
      const error = yield* Effect.flip(
        webhook.handle(deliver(deliveries.sessionEnd, { reason: "SignatureInvalid" }), once)
      )
      assert.strictEqual(error._tag === "MessageRejected" && error.reason, "SignatureInvalid")
      assert.strictEqual(yield* handled, 0)
      assert.strictEqual(yield* count("claim"), 0)
    }))
})

describe("open", () => {
  it.effect("tells what was told, of each delivery once", () =>
    Effect.gen(function*() {
      const { count, webhook } = yield* receiving()
      const delivery = sessionEnd()
      assert.deepStrictEqual(yield* webhook.open(delivery), event)
      const error = yield* Effect.flip(webhook.open(delivery))
      assert.strictEqual(error._tag === "MessageRejected" && error.reason, "Replayed")
      assert.strictEqual(yield* count("claim"), 0)
    }))
})

describe("respond", () => {
  const responding = <E>(
    request: Request,
    handler: (event: ServiceEvent) => Effect.Effect<unknown, E> = () => Effect.void,
    change: (request: HttpServerRequest.HttpServerRequest) => HttpServerRequest.HttpServerRequest = (same) => same
  ) =>
    Effect.gen(function*() {
      const { webhook, ...rest } = yield* receiving()
      const { log, value } = yield* deliveries.logged(
        Effect.provideService(
          Webhook.respond(webhook, handler),
          HttpServerRequest.HttpServerRequest,
          change(HttpServerRequest.fromWeb(request))
        )
      )
      return { ...rest, log, response: HttpServerResponse.toWeb(value) }
    })

  const requestOf = (delivery: Webhook.Delivery, changes: RequestInit = {}, url = "https://example.com/webhook") =>
    new Request(url, {
      method: delivery.method,
      headers: delivery.token === undefined ? {} : { "x-iov-jwt": delivery.token },
      body: new Uint8Array(delivery.body),
      ...changes
    })

  const status = (
    what: string,
    expected: number,
    delivery: () => Webhook.Delivery,
    logs: RegExp,
    handler?: (event: ServiceEvent) => Effect.Effect<unknown, unknown>
  ) =>
    it.effect(`answers ${expected} to ${what}, and no word`, () =>
      Effect.gen(function*() {
        const { log, response } = yield* responding(requestOf(delivery()), handler)
        assert.strictEqual(response.status, expected)
        assert.strictEqual(response.body, null)
        assert.strictEqual(response.headers.get("retry-after"), expected === 503 ? "5" : null)
        assert.match(log, logs)
        assert.notInclude(log, deliveries.userHash)
        assert.notInclude(log, "tokenId")
      }))

  status("what it has handled", 204, sessionEnd, /^$/)
  status("a message without a token", 401, () => ({ ...sessionEnd(), token: undefined }), /X-IOV-JWT/)
  status(
    "a failing handler",
    500,
    sessionEnd,
    /handler of a webhook failed[^]*out of order/,
    () => Effect.fail(new Error("out of order"))
  )
  status("a dying handler", 500, sessionEnd, /a bug/, () => Effect.die(new Error("a bug")))
  // What a handler fails with says nothing of the message.
  status(
    "a handler that does not believe another message",
    500,
    sessionEnd,
    /handler of a webhook failed/,
    () => new MessageRejected({ kind: "Response", reason: "SignatureInvalid", operation: "GET /service/v3/auths/…" })
  )
  status(
    "a handler whose store is away",
    500,
    sessionEnd,
    /handler of a webhook failed/,
    () => new StoreUnavailable({ operation: "PendingAuthorizations.find" })
  )
  status(
    "a message while the platform is away",
    503,
    () => ({ ...sessionEnd(), token: "away" }),
    /Unreachable|no answer/
  )

  const hints: ReadonlyArray<readonly [RejectionReason, RegExp]> = [
    ["HashMismatch", /parse the body and write it anew/],
    ["HashMissing", /change the body/],
    ["HashUnexpected", /body parser/],
    ["PathMismatch", /`path`/],
    ["MethodMismatch", /change the method/],
    ["AudienceMismatch", /credentials whose call/],
    ["SubjectMismatch", /URL of its own/],
    ["DecryptionKeyUnknown", /private keys that were replaced/],
    ["BodyTooLarge", /262144/],
    ["SignatureInvalid", /signature does not verify/]
  ]
  for (const [reason, hint] of hints) {
    status(`a message that is refused as ${reason}`, 401, () => deliver(deliveries.sessionEnd, { reason }), hint)
  }

  it.effect("answers 503 while another delivery is handled, or the inbox is away", () =>
    Effect.gen(function*() {
      const { fail, webhook } = yield* receiving()
      const { entered, open, through } = yield* gate
      const respond = (delivery: Webhook.Delivery) =>
        Effect.provideService(
          Webhook.respond(webhook, () => through),
          HttpServerRequest.HttpServerRequest,
          HttpServerRequest.fromWeb(requestOf(delivery))
        )
      const delivery = sessionEnd()
      const first = yield* Effect.fork(respond(delivery))
      yield* entered
      assert.strictEqual((yield* respond(again(delivery))).status, 503)
      yield* fail("firstSeen")
      const { log, value } = yield* deliveries.logged(respond(again(delivery)))
      assert.strictEqual(value.status, 503)
      assert.include(log, "the store did not answer")
      yield* fail()
      yield* open
      assert.strictEqual((yield* Fiber.join(first)).status, 204)
    }))

  it.effect("is interrupted with its host, and so is the handler", () =>
    Effect.gen(function*() {
      const { once, webhook } = yield* receiving()
      const { entered, through } = yield* gate
      const delivery = sessionEnd()
      const fiber = yield* Effect.fork(
        Effect.provideService(
          Webhook.respond(webhook, () => through),
          HttpServerRequest.HttpServerRequest,
          HttpServerRequest.fromWeb(requestOf(delivery))
        )
      )
      yield* entered
      assert.isTrue(Exit.isInterrupted(yield* Fiber.interrupt(fiber)))
      assert.strictEqual(yield* webhook.handle(again(delivery), once), "Handled")
    }))

  it.effect("takes the path that was asked for, whatever routers made of it, and no query", () =>
    Effect.gen(function*() {
      yield* Ref.set(deliveries.asked, [])
      yield* responding(
        requestOf(sessionEnd(), {}, "https://example.com/hooks/launchkey?a=/b"),
        undefined,
        (request) => request.modify({ url: "/launchkey?a=/b" })
      )
      assert.deepStrictEqual((yield* Ref.get(deliveries.asked)).map(({ path }) => path), ["/hooks/launchkey"])
    }))

  for (
    const [what, read] of [
      ["as text", (request: Request) => request.text()],
      ["as JSON", (request: Request) => request.json()]
    ] as const
  ) {
    it.effect(`answers 500 where the body was read before ${what}, and says what to do`, () =>
      Effect.gen(function*() {
        const request = requestOf(sessionEnd())
        yield* Effect.tryPromise(() => read(request))
        const { count, log, response } = yield* responding(request)
        assert.strictEqual(response.status, 500)
        assert.match(log, /was read before its receiver got it.*declare no payload/)
        assert.strictEqual(yield* count("firstSeen"), 0)
      }))
  }

  /** A body of chunks that counts what was taken of it. */
  const endless = (taken: { chunks: number }) =>
    new ReadableStream<Uint8Array>({
      pull: (controller) => {
        taken.chunks += 1
        controller.enqueue(new Uint8Array(64 * 1024))
      }
    }, { highWaterMark: 0 })

  it.effect("reads no more of a body than 256 KiB", () =>
    Effect.gen(function*() {
      const taken = { chunks: 0 }
      const init: RequestInit & { duplex: "half" } = { body: endless(taken), duplex: "half" }
      const { log, response } = yield* responding(requestOf(sessionEnd(), init))
      assert.strictEqual(response.status, 401)
      assert.include(log, "larger than is accepted")
      assert.isAtMost(taken.chunks, 6)
    }))

  it.effect("reads nothing of a body that says itself that it is larger", () =>
    Effect.gen(function*() {
      const taken = { chunks: 0 }
      const init: RequestInit & { duplex: "half" } = {
        body: endless(taken),
        duplex: "half",
        headers: { "content-length": "262145" }
      }
      const { response } = yield* responding(requestOf(sessionEnd(), init))
      assert.strictEqual(response.status, 401)
      assert.strictEqual(taken.chunks, 0)
    }))

  it.effect("answers 503 where the body breaks off", () =>
    Effect.gen(function*() {
      const init: RequestInit & { duplex: "half" } = {
        body: new ReadableStream({ pull: (controller) => controller.error(new Error("gone")) }),
        duplex: "half"
      }
      const { log, response } = yield* responding(requestOf(sessionEnd(), init))
      assert.strictEqual(response.status, 503)
      assert.include(log, "did not come")
    }))
})
