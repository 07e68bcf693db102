import * as Entity from "@effect-launchkey/core/EntityIdentifier"
import * as Platform from "@effect-launchkey/platform/Platform"
import * as PlatformKeys from "@effect-launchkey/platform/PlatformKeys"
import * as PlatformSettings from "@effect-launchkey/platform/PlatformSettings"
import * as WebhookEgress from "@effect-launchkey/platform/WebhookEgress"
import * as WebhookQueue from "@effect-launchkey/platform/WebhookQueue"
import * as WebhookSender from "@effect-launchkey/platform/WebhookSender"
import * as TestKeys from "@effect-launchkey/testing/TestKeys"
import * as Envelope from "@effect-launchkey/transport/Envelope"
import * as Jose from "@effect-launchkey/transport/Jose"
import * as Keyring from "@effect-launchkey/transport/Keyring"
import { assert, describe, it } from "@effect/vitest"
import {
  Cause,
  Clock,
  Deferred,
  Duration,
  Effect,
  Exit,
  HashMap,
  Layer,
  Logger,
  LogLevel,
  Option,
  Queue,
  Redacted,
  Ref,
  Scope,
  TestClock
} from "effect"

const serviceId = Entity.ServiceId.make("a5a2d6d4-7d1c-11ee-b962-0242ac120002")
const subject = Entity.service(serviceId)
const payload = JSON.stringify({ secret: "grüße" })

const webhook: WebhookQueue.Webhook = {
  kind: "AUTHORIZATION_RESPONSE",
  url: "https://example.com/hooks/launchkey?tenant=7",
  subject,
  audience: subject,
  recipient: Option.some({ id: TestKeys.service.keyId, pem: TestKeys.service.publicKey }),
  payload
}

const Live = Layer.provideMerge(
  Layer.orDie(PlatformKeys.layer({
    signingKey: TestKeys.platform.privateKey,
    userHashSecret: Redacted.make(new Uint8Array(32))
  })),
  Jose.layer
)

type Answer = Effect.Effect<number, WebhookEgress.WebhookUnsent>

const failing = (reason: WebhookEgress.UnsentReason): Answer =>
  Effect.suspend(() => new WebhookEgress.WebhookUnsent({ reason }))

/** A sender whose attempts a test takes one by one, and answers. */
const scene = (settings: Partial<PlatformSettings.Webhooks> = {}) =>
  Effect.gen(function*() {
    const attempts = yield* Queue.unbounded<WebhookEgress.Request>()
    const answers = yield* Queue.unbounded<Answer>()
    const sender = yield* Effect.flatMap(WebhookQueue.makeMemory, WebhookSender.makeWith).pipe(
      Effect.provideService(WebhookEgress.WebhookEgress, {
        post: (request) => Effect.zipRight(Queue.offer(attempts, request), Effect.flatten(Queue.take(answers)))
      }),
      Effect.provideService(PlatformSettings.PlatformSettings, {
        ...PlatformSettings.defaults,
        webhooks: { ...PlatformSettings.defaults.webhooks, ...settings }
      })
    )
    const found = (id: number) =>
      Effect.map(sender.log, (log) => {
        const delivery = log.find((entry) => entry.id === id)
        assert(delivery !== undefined)
        return delivery
      })
    /** The delivery, once the log holds of it what is awaited. */
    const until = (
      id: number,
      awaited: (delivery: WebhookQueue.Delivery) => boolean
    ): Effect.Effect<WebhookQueue.Delivery> =>
      Effect.flatMap(
        Effect.zipRight(Effect.yieldNow(), found(id)),
        (delivery) => awaited(delivery) ? Effect.succeed(delivery) : until(id, awaited)
      )
    return {
      ...sender,
      attempts,
      /** The next attempt, answered. */
      next: (answer: number | Answer) =>
        Effect.zipLeft(
          Queue.take(attempts),
          Queue.offer(answers, typeof answer === "number" ? Effect.succeed(answer) : answer)
        ),
      answer: (status: number) => Queue.offer(answers, Effect.succeed(status)),
      found,
      until,
      ended: (id: number) => until(id, ({ state }) => state !== "PENDING")
    }
  })

/** Moves the clock to the next attempt, and yields how long that was. */
const waited = (range: readonly [least: number, most: number]) =>
  Effect.gen(function*() {
    const now = yield* Clock.currentTimeMillis
    const due: Effect.Effect<number> = Effect.flatMap(
      Effect.zipRight(Effect.yieldNow(), TestClock.sleeps()),
      (all) => {
        const at = Array.from(all).find((at) => at - now >= range[0] && at - now <= range[1])
        return at === undefined ? due : Effect.succeed(at)
      }
    )
    yield* Effect.flatMap(due, TestClock.setTime)
  })

interface Seen {
  readonly tokenId: string
  readonly until: number
}

const opened = ({ body, headers, url }: WebhookEgress.Request, seen?: Array<Seen>) =>
  Effect.gen(function*() {
    const platform = yield* PlatformKeys.PlatformKeys
    return yield* Envelope.openWebhook({
      keyring: yield* Keyring.make({ signingKey: TestKeys.service.privateKey }),
      findKey: () => Effect.succeed(platform.current),
      firstSeen: (token) => Effect.as(Effect.sync(() => seen?.push(token)), true),
      audience: subject,
      subject,
      token: headers["x-iov-jwt"],
      method: "POST",
      path: url.pathname,
      body,
      now: (yield* Clock.currentTimeMillis) / 1000,
      leeway: 0
    })
  })

const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes)

const effect = <A, E>(
  name: string,
  test: () => Effect.Effect<A, E, Jose.Jose | PlatformKeys.PlatformKeys | Scope.Scope>
) => it.scoped(name, () => Effect.provide(test(), Live))

/** As long as it takes for no time limit to be met. */
const patient = { timeout: Duration.hours(24) }

const statusesOf = ({ attempts }: WebhookQueue.Delivery) => attempts.map(({ status }) => Option.getOrNull(status))

describe("WebhookSender", () => {
  effect("delivers once what is answered with any 2xx", () =>
    Effect.gen(function*() {
      const { attempts, ended, next, send } = yield* scene()
      for (const status of [200, 202, 204, 299]) {
        const id = yield* send(webhook)
        yield* next(status)
        const { attempts: made, state } = yield* ended(id)
        assert.deepStrictEqual(
          [state, made.map(({ failure, status }) => [status, failure])],
          ["DELIVERED", [[Option.some(status), Option.none()]]]
        )
      }
      yield* TestClock.adjust("1 day")
      assert.strictEqual(yield* Queue.size(attempts), 0)
    }))

  effect("posts to the registered URL what its receiver opens", () =>
    Effect.gen(function*() {
      const { next, send } = yield* scene()
      const id = yield* send(webhook)
      const request = yield* next(204)
      assert.strictEqual(request.url.href, webhook.url)
      assert.strictEqual(request.delivery, id)
      assert.sameMembers(Object.keys(request.headers), ["content-type", "x-iov-jwt"])
      assert.strictEqual(request.headers["content-type"], "application/jose")
      const { body, encrypted } = yield* opened(request)
      assert.deepStrictEqual([text(body), encrypted], [payload, true])
    }))

  effect("sends an event without a recipient as it is, signed", () =>
    Effect.gen(function*() {
      const { next, send } = yield* scene()
      yield* send({ ...webhook, kind: "SESSION_END", recipient: Option.none() })
      const request = yield* next(204)
      assert.strictEqual(request.headers["content-type"], "application/json")
      assert.strictEqual(text(request.body), payload)
      assert.isFalse((yield* opened(request)).encrypted)
    }))

  effect(
    "seals every attempt anew: another token and another body, at the time of the attempt",
    () =>
      Effect.gen(function*() {
        const { ended, next, send } = yield* scene(patient)
        const id = yield* send(webhook)
        const made: Array<string> = []
        const tokens: Array<Seen> = []
        const bodies: Array<string> = []
        for (const [index, status] of [503, 401, 204].entries()) {
          const request = yield* next(status)
          bodies.push(text(request.body))
          made.push(text((yield* opened(request, tokens)).body))
          if (status !== 204) yield* waited([800 * 2 ** index, 1200 * 2 ** index])
        }
        assert.deepStrictEqual(made, [payload, payload, payload])
        assert.strictEqual(new Set(tokens.map(({ tokenId }) => tokenId)).size, 3)
        assert.strictEqual(new Set(bodies).size, 3)
        // 5 seconds from the attempt on
        assert.deepStrictEqual([tokens[0]?.until, (tokens[2]?.until ?? 0) > 5], [5, true])
        const delivery = yield* ended(id)
        assert.deepStrictEqual([delivery.state, statusesOf(delivery)], ["DELIVERED", [503, 401, 204]])
      })
  )

  effect(
    "repeats whatever else, redirects too, ever more rarely, and gives up after a quarter of an hour",
    () =>
      Effect.gen(function*() {
        const { attempts, ended, next, send } = yield* scene(patient)
        const id = yield* send(webhook)
        const answers = [302, 500, failing("ConnectionFailed"), failing("NameUnresolved"), 404, 429]
        const delays = [1, 2, 4, 8, 16, 32]
        for (const [index, answer] of answers.entries()) {
          yield* next(answer)
          yield* waited([800 * (delays[index] ?? 0), 1200 * (delays[index] ?? 0)])
        }
        // from here on about a minute each
        const start = yield* Clock.currentTimeMillis
        let last = start
        while ((yield* Clock.currentTimeMillis) < 15 * 60_000) {
          yield* next(500)
          last = yield* Clock.currentTimeMillis
          yield* waited([48_000, 72_000])
        }
        yield* next(500)
        const delivery = yield* ended(id)
        assert.strictEqual(delivery.state, "GIVEN_UP")
        assert.isAtLeast(yield* Clock.currentTimeMillis, 15 * 60_000)
        assert.isBelow(last, 15 * 60_000)
        assert.deepStrictEqual(
          delivery.attempts.slice(0, 4).map(({ failure, status }) =>
            Option.isSome(status) ? status.value : Option.getOrNull(failure)
          ),
          [302, 500, "ConnectionFailed", "NameUnresolved"]
        )
        yield* TestClock.adjust("1 day")
        assert.strictEqual(yield* Queue.size(attempts), 0)
      })
  )

  effect("does not repeat what no further attempt changes", () =>
    Effect.gen(function*() {
      const { ended, next, send } = yield* scene()
      for (const reason of ["UrlRefused", "NoEgress"] as const) {
        const id = yield* send(webhook)
        yield* next(failing(reason))
        const { attempts, state } = yield* ended(id)
        assert.deepStrictEqual([state, attempts.map(({ failure }) => failure)], ["GIVEN_UP", [Option.some(reason)]])
      }
    }))

  effect("waits ten seconds for an answer, ends the attempt, and makes another", () =>
    Effect.gen(function*() {
      const interrupted = yield* Deferred.make<void>()
      const { answer, attempts, ended, next, send, until } = yield* scene()
      const id = yield* send(webhook)
      yield* next(Effect.onInterrupt(Effect.never, () => Deferred.succeed(interrupted, undefined)))
      yield* waited([10_000, 10_000])
      yield* Deferred.await(interrupted)
      const { attempts: made } = yield* until(id, ({ attempts }) => attempts.length === 1)
      assert.deepStrictEqual(made.map(({ failure }) => failure), [Option.some("TimedOut")])
      yield* waited([800, 1200])
      yield* Queue.take(attempts)
      yield* answer(204)
      assert.strictEqual((yield* ended(id)).state, "DELIVERED")
    }))

  effect("makes as many attempts at once as it may, and fewer of them at one origin", () =>
    Effect.gen(function*() {
      const { answer, attempts, send } = yield* scene({ ...patient, concurrency: 3, concurrencyPerOrigin: 2 })
      const origins = ["https://slow.example", "https://a.example", "https://b.example"]
      for (const origin of [0, 0, 0, 0, 1, 2]) yield* send({ ...webhook, url: `${origins[origin]}/` })
      const taken = yield* Queue.takeN(attempts, 3)
      const hosts = Array.from(taken, ({ url }) => url.hostname)
      assert.deepStrictEqual(hosts.filter((host) => host === "slow.example").length, 2)
      assert.include(hosts, "a.example")
      assert.strictEqual(yield* Queue.size(attempts), 0)
      for (let left = 3; left > 0; left--) {
        yield* answer(204)
        yield* Queue.take(attempts)
      }
    }))

  effect("refuses what is too much, and says so in the log and a warning", () =>
    Effect.gen(function*() {
      const warnings = yield* Ref.make<ReadonlyArray<unknown>>([])
      const logger = Logger.make<unknown, void>(({ annotations, logLevel, message }) => {
        if (logLevel === LogLevel.Warning) {
          Effect.runSync(Ref.update(warnings, (all) => [...all, [message, HashMap.get(annotations, "delivery")]]))
        }
      })
      yield* Effect.gen(function*() {
        const { ended, found, next, send } = yield* scene({ open: 2 })
        const [first, , third] = [yield* send(webhook), yield* send(webhook), yield* send(webhook)]
        assert.deepInclude(yield* found(third), { state: "REFUSED", attempts: [] })
        assert.deepStrictEqual(yield* Ref.get(warnings), [
          [["A webhook was refused: 2 are on their way already"], Option.some(third)]
        ])
        yield* next(204)
        yield* next(204)
        yield* ended(first)
        // the room is free again
        const fourth = yield* Effect.repeat(
          Effect.zipRight(Effect.yieldNow(), Effect.flatMap(send(webhook), found)),
          { until: ({ state }) => state === "PENDING" }
        )
        yield* next(204)
        assert.strictEqual((yield* ended(fourth.id)).state, "DELIVERED")
      }).pipe(Effect.provide(Logger.replace(Logger.defaultLogger, logger)))
    }))

  effect("refuses what is no URL", () =>
    Effect.gen(function*() {
      const { found, send } = yield* scene()
      const { state, url } = yield* found(yield* send({ ...webhook, url: "nowhere" }))
      assert.deepStrictEqual([state, url], ["REFUSED", ""])
    }))

  effect(
    "delivers once more what has ended, and nothing that is on its way or was no URL",
    () =>
      Effect.gen(function*() {
        const { ended, next, replay, send, until } = yield* scene()
        const id = yield* send(webhook)
        assert.deepStrictEqual(yield* replay(id), Option.none())
        yield* next(failing("UrlRefused"))
        assert.strictEqual((yield* ended(id)).state, "GIVEN_UP")
        assert.deepStrictEqual(Option.map(yield* replay(id), ({ state }) => state), Option.some("PENDING"))
        const request = yield* next(204)
        assert.strictEqual(text((yield* opened(request)).body), payload)
        const { attempts } = yield* until(id, ({ state }) => state === "DELIVERED")
        assert.lengthOf(attempts, 2)
        assert.deepStrictEqual(yield* replay(yield* send({ ...webhook, url: "nowhere" })), Option.none())
        assert.deepStrictEqual(yield* replay(1000), Option.none())
      })
  )

  effect("lists the latest alone, oldest first, and of its attempts the latest", () =>
    Effect.gen(function*() {
      const { ended, log, next, send } = yield* scene({
        ...patient,
        log: 3,
        firstDelay: Duration.seconds(1),
        longestDelay: Duration.seconds(1)
      })
      for (const _ of [1, 2, 3]) {
        const id = yield* send(webhook)
        yield* next(204)
        yield* ended(id)
      }
      const last = yield* send(webhook)
      for (let count = 0; count < 40; count++) {
        yield* next(500 + count)
        yield* waited([800, 1200])
      }
      yield* next(204)
      const { attempts } = yield* ended(last)
      assert.lengthOf(attempts, 32)
      assert.deepStrictEqual(attempts.at(0)?.status, Option.some(509))
      assert.deepStrictEqual((yield* log).map(({ id }) => id), [2, 3, 4])
    }))

  effect(
    "shows neither what it tells nor what a URL may hide, in its log or in what it logs",
    () =>
      Effect.gen(function*() {
        const lines = yield* Ref.make("")
        const logger = Logger.make<unknown, void>(({ annotations, cause, message }) => {
          const line = JSON.stringify([message, Array.from(annotations), Cause.pretty(cause)])
          Effect.runSync(Ref.update(lines, (all) => `${all}${line}\n`))
        })
        yield* Effect.gen(function*() {
          const { ended, next, send } = yield* scene()
          const id = yield* send({ ...webhook, url: "https://ada:hunter2@example.com:8443/path/?token=t0k3n#part" })
          const request = yield* next(failing("UrlRefused"))
          const delivery = yield* ended(id)
          assert.strictEqual(delivery.url, "https://example.com:8443/path/")
          const said = `${yield* Ref.get(lines)}${JSON.stringify(delivery)}`
          assert.include(said, "A webhook was given up: its last attempt ended with UrlRefused")
          for (
            const hidden of [
              "hunter2",
              "t0k3n",
              "grüße",
              "secret",
              request.headers["x-iov-jwt"] ?? "eyJ",
              text(request.body)
            ]
          ) {
            assert.notInclude(said, hidden)
          }
        }).pipe(
          Effect.provide(Logger.replace(Logger.defaultLogger, logger)),
          Logger.withMinimumLogLevel(LogLevel.All)
        )
      })
  )

  effect("goes on when its queue breaks once", () =>
    Effect.gen(function*() {
      const broken = yield* Ref.make(true)
      const posted = yield* Deferred.make<void>()
      const { send } = yield* Effect.flatMap(WebhookQueue.makeMemory, (queue) =>
        WebhookSender.makeWith({
          ...queue,
          claim: (options) =>
            Effect.flatMap(
              Ref.getAndSet(broken, false),
              (first) => first ? Effect.dieMessage("the driver broke") : queue.claim(options)
            )
        })).pipe(
          Effect.provideService(WebhookEgress.WebhookEgress, {
            post: () => Effect.as(Deferred.succeed(posted, undefined), 204)
          })
        )
      yield* send(webhook)
      yield* TestClock.adjust("1 second")
      yield* Deferred.await(posted)
    }))

  effect("that only adds leaves the attempts to others of its queue", () =>
    Effect.gen(function*() {
      const queue = yield* WebhookQueue.makeMemory
      const { send } = yield* Effect.provide(
        WebhookSender.WebhookSender,
        Layer.provide(WebhookSender.layerAdding, Layer.succeed(WebhookQueue.WebhookQueue, queue))
      )
      const id = yield* send(webhook)
      yield* TestClock.adjust("1 day")
      assert.deepStrictEqual((yield* queue.log).map((entry) => [entry.id, entry.state, entry.attempts]), [
        [id, "PENDING", []]
      ])
      const posted = yield* Deferred.make<void>()
      yield* Effect.provideService(WebhookSender.makeWith(queue), WebhookEgress.WebhookEgress, {
        post: () => Effect.as(Deferred.succeed(posted, undefined), 204)
      })
      yield* Deferred.await(posted)
    }))

  effect("ends its deliveries with its scope", () =>
    Effect.gen(function*() {
      const interrupted = yield* Deferred.make<void>()
      const scope = yield* Scope.make()
      const { next, send } = yield* Scope.extend(scene(), scope)
      yield* send(webhook)
      yield* next(Effect.onInterrupt(Effect.never, () => Deferred.succeed(interrupted, undefined)))
      yield* Scope.close(scope, Exit.void)
      yield* Deferred.await(interrupted)
    }))

  it.effect("of a platform that was given no way out gives up at once", () =>
    Effect.gen(function*() {
      const { log, send } = yield* WebhookSender.WebhookSender
      yield* send(webhook)
      const [delivery] = yield* Effect.repeat(Effect.zipRight(Effect.yieldNow(), log), {
        until: (all) => all.every(({ state }) => state === "GIVEN_UP")
      })
      assert.deepStrictEqual(delivery?.attempts.map(({ failure }) => failure), [Option.some("NoEgress")])
    }).pipe(Effect.provide(Platform.layerMemory)))
})
