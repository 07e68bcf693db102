/**
 * Delivers webhooks in the background: each attempt sealed anew, failed ones repeated for some time. Which are on their
 * way, and what became of each, is in a `WebhookQueue`.
 *
 * @see docs/protocol.md "Delivery"
 * @since 0.1.0
 */
import type { StoreUnavailable } from "@effect-launchkey/core/StoreUnavailable"
import * as Claims from "@effect-launchkey/transport/Claims"
import * as Envelope from "@effect-launchkey/transport/Envelope"
import * as Jose from "@effect-launchkey/transport/Jose"
import type * as Keyring from "@effect-launchkey/transport/Keyring"
import * as Tracing from "@effect-launchkey/transport/Tracing"
import * as Context from "effect/Context"
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as FiberSet from "effect/FiberSet"
import * as Layer from "effect/Layer"
import * as Metric from "effect/Metric"
import * as Option from "effect/Option"
import * as Queue from "effect/Queue"
import * as Random from "effect/Random"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import * as Metrics from "./Metrics.ts"
import * as PlatformKeys from "./PlatformKeys.ts"
import * as PlatformSettings from "./PlatformSettings.ts"
import * as WebhookEgress from "./WebhookEgress.ts"
import * as WebhookQueue from "./WebhookQueue.ts"

/**
 * @since 0.1.0
 * @category models
 */
export interface Service<Unavailable = StoreUnavailable> {
  /**
   * Adds a delivery to the queue, as a part of the transaction that is open, if one is, and waits for none of it. Yields its
   * id in the log.
   */
  readonly send: (webhook: WebhookQueue.Webhook) => Effect.Effect<number, Unavailable>
  /** The latest deliveries, oldest first. */
  readonly log: Effect.Effect<ReadonlyArray<WebhookQueue.Delivery>, Unavailable>
  /**
   * Delivers once more what has ended, however it did, as it would be sent the first time. None where it is still on its
   * way, its URL is none, or the log does not hold it.
   */
  readonly replay: (id: number) => Effect.Effect<Option.Option<WebhookQueue.Delivery>, Unavailable>
}

/**
 * @since 0.1.0
 * @category tags
 */
export class WebhookSender extends Context.Tag("@effect-launchkey/platform/WebhookSender")<WebhookSender, Service>() {}

const ended = (kind: WebhookQueue.Kind, state: "DELIVERED" | "GIVEN_UP" | "REFUSED") =>
  Metric.increment(Metrics.deliveries.of({ kind, state }))

const succeeded = (status: number): boolean => status >= 200 && status < 300

/** What another attempt does not change. */
const isFinal = (reason: WebhookEgress.UnsentReason): boolean => reason === "NoEgress" || reason === "UrlRefused"

/**
 * The wait after a number of failed attempts: from `firstDelay` on ever longer, give or take a fifth. Whole milliseconds.
 *
 * @since 0.1.0
 * @category schedules
 */
export const retryDelay = (
  { firstDelay, longestDelay }: Pick<PlatformSettings.Webhooks, "firstDelay" | "longestDelay">,
  failures: number
): Effect.Effect<Duration.Duration> =>
  Effect.map(Random.nextRange(0.8, 1.2), (jitter) => {
    const longest = Duration.toMillis(longestDelay)
    return Duration.millis(Math.ceil(jitter * Math.min(Duration.toMillis(firstDelay) * 2 ** (failures - 1), longest)))
  })

/**
 * Seals one attempt: a token with a new id over a body that is encrypted anew.
 *
 * @since 0.1.0
 * @category constructors
 */
export const seal = Effect.fnUntraced(function*(
  { audience, payload, recipient, subject }: WebhookQueue.Webhook,
  options: {
    readonly delivery: number
    readonly url: URL
    readonly keyring: Keyring.Service
    /** Seconds since the epoch. */
    readonly now: number
  }
) {
  const jose = yield* Jose.Jose
  const { body, contentType, token } = yield* Envelope.sealWebhook({
    keyring: options.keyring,
    audience,
    subject,
    method: "POST",
    path: options.url.pathname,
    now: options.now,
    body: {
      plaintext: new TextEncoder().encode(payload),
      // It was imported when it was registered.
      recipient: Option.getOrUndefined(
        yield* Effect.transposeMapOption(recipient, ({ pem }) => Effect.orDie(jose.importPublicKey(pem)))
      )
    }
  })
  const request: WebhookEgress.Request = {
    delivery: options.delivery,
    url: options.url,
    headers: { "content-type": contentType, [Claims.tokenHeader]: token },
    body
  }
  return request
})

/** What is due and could not be claimed is another sender's for a moment. */
const leastRest = Duration.millis(1)

/** How soon a queue is asked again that could not be. */
const queueRetry = Duration.seconds(1)

/** What a claim holds longer than an attempt may take: time to seal, and to note how it ended. */
const leaseMargin = Duration.seconds(30)

const text = ({ failure, status }: WebhookQueue.Attempt): string =>
  Option.getOrElse(failure, () => `status ${Option.getOrElse(status, () => 0)}`)

/** What a sender does for whoever has something to tell. */
const adding = <Unavailable>(
  queue: WebhookQueue.Service<Unavailable>,
  { added, now, settings }: {
    readonly settings: PlatformSettings.Webhooks
    readonly now: Effect.Effect<DateTime.Utc>
    /** There may be something to attempt. */
    readonly added: Effect.Effect<unknown>
  }
): Service<Unavailable> => {
  const warnOfRefusal = ({ id, kind, subject, url }: WebhookQueue.Delivery) =>
    Effect.logWarning(
      url === ""
        ? "A webhook was refused: what is registered is no URL"
        : `A webhook was refused: ${settings.open} are on their way already`
    ).pipe(Effect.annotateLogs({ delivery: id, kind, subject }))

  return {
    send: (webhook) =>
      Effect.gen(function*() {
        const delivery = yield* queue.enqueue(webhook, yield* now)
        if (delivery.state === "REFUSED") {
          yield* ended(webhook.kind, "REFUSED")
          yield* warnOfRefusal(delivery)
        } else {
          yield* added
        }
        return delivery.id
      }),
    log: queue.log,
    replay: (id) => Effect.tap(Effect.flatMap(now, (at) => queue.replay(id, at)), () => added)
  }
}

/**
 * With a queue at hand. Attempts end with the scope; what they were to deliver is due again.
 *
 * @since 0.1.0
 * @category constructors
 */
export const makeWith = <Unavailable>(
  queue: WebhookQueue.Service<Unavailable>
): Effect.Effect<Service<Unavailable>, never, PlatformKeys.PlatformKeys | Scope.Scope> =>
  Effect.gen(function*() {
    const { webhooks: settings } = yield* PlatformSettings.PlatformSettings
    const egress = yield* WebhookEgress.WebhookEgress
    const { keyring } = yield* PlatformKeys.PlatformKeys
    const clock = yield* Effect.clock
    // Of the sender, wherever it is asked: what is due is seen by the same time as what was added.
    const now = Effect.withClock(DateTime.now, clock)
    const lease = Duration.sum(settings.timeout, leaseMargin)
    const wake = yield* Queue.sliding<void>(1)
    const attempts = yield* FiberSet.make<void>()
    /** How many attempts this sender makes at an origin. */
    const busy = new Map<string, number>()

    const took = (origin: string) => busy.set(origin, (busy.get(origin) ?? 0) + 1)
    const gave = (origin: string) => {
      const left = (busy.get(origin) ?? 0) - 1
      if (left > 0) busy.set(origin, left)
      else busy.delete(origin)
    }

    const attempt = (claim: WebhookQueue.Claim, url: URL) =>
      Effect.gen(function*() {
        const at = yield* DateTime.now
        const request = yield* seal(claim.webhook, {
          delivery: claim.id,
          url,
          keyring,
          now: DateTime.toEpochMillis(at) / 1000
        })
        const answer = yield* egress.post(request).pipe(
          Effect.timeoutFail({
            duration: settings.timeout,
            onTimeout: () => new WebhookEgress.WebhookUnsent({ reason: "TimedOut" })
          }),
          Effect.either
        )
        yield* Tracing.annotated(
          Either.isRight(answer) ? { "http.response.status_code": answer.right } : { reason: answer.left.reason }
        )
        yield* Metric.increment(Metrics.deliveryAttempts.of({
          kind: claim.webhook.kind,
          outcome: Either.isRight(answer) ? `${Math.floor(answer.right / 100)}xx` : answer.left.reason
        }))
        if (Either.isLeft(answer)) {
          yield* Effect.logDebug("A webhook was not delivered", answer.left)
        } else if (!succeeded(answer.right)) {
          yield* Effect.logDebug(`A webhook was not delivered: its receiver answered ${answer.right}`)
        }
        const made: WebhookQueue.Attempt = {
          at,
          status: Either.getRight(answer),
          failure: Option.map(Either.getLeft(answer), ({ reason }) => reason)
        }
        return made
      }).pipe(
        Tracing.traced("WebhookSender.attempt", () => ({
          kind: "client",
          attributes: { "http.request.method": "POST", "server.address": url.host }
        }))
      )

    const outcomeOf = (claim: WebhookQueue.Claim, made: WebhookQueue.Attempt) =>
      Effect.gen(function*() {
        if (Option.exists(made.status, succeeded)) return WebhookQueue.Outcome.Delivered()
        const at = yield* DateTime.now
        const since = Option.getOrElse(claim.failingSince, () => made.at)
        const spent = Duration.greaterThan(DateTime.distanceDuration(since, at), settings.retryFor)
        if (spent || Option.exists(made.failure, isFinal)) return WebhookQueue.Outcome.GivenUp()
        const delay = yield* retryDelay(settings, claim.failures + 1)
        return WebhookQueue.Outcome.Again({ due: DateTime.addDuration(at, delay) })
      })

    const settle = (
      claim: WebhookQueue.Claim,
      made: Option.Option<WebhookQueue.Attempt>,
      outcome: WebhookQueue.Outcome
    ) =>
      Effect.gen(function*() {
        const noted = yield* queue.settle(claim, made, outcome)
        if (!noted || outcome._tag === "Again") return
        yield* ended(claim.webhook.kind, outcome._tag === "Delivered" ? "DELIVERED" : "GIVEN_UP")
        if (outcome._tag === "GivenUp" && Option.isSome(made)) {
          yield* Effect.logWarning(`A webhook was given up: its last attempt ended with ${text(made.value)}`)
        }
      })

    const deliver = (claim: WebhookQueue.Claim, url: URL) =>
      Effect.uninterruptibleMask((restore) =>
        restore(attempt(claim, url)).pipe(
          // What was answered is noted, whatever ends the sender.
          Effect.flatMap((made) =>
            Effect.flatMap(outcomeOf(claim, made), (outcome) => settle(claim, Option.some(made), outcome))
          ),
          Effect.onInterrupt(() => Effect.ignore(Effect.flatMap(now, (at) => queue.release(claim, at)))),
          Effect.catchAllDefect((defect) =>
            Effect.zipRight(
              Effect.logError("The delivery of a webhook failed", defect),
              settle(claim, Option.none(), WebhookQueue.Outcome.GivenUp())
            )
          ),
          // Its claim ends some time, and another attempt is made.
          Effect.catchAll((error) => Effect.logWarning("It could not be noted what became of a webhook", error))
        )
      ).pipe(
        Effect.annotateLogs({ delivery: claim.id, kind: claim.webhook.kind, subject: claim.webhook.subject }),
        Tracing.traced("WebhookSender.deliver", () => ({
          kind: "producer",
          root: true,
          attributes: { delivery: claim.id, kind: claim.webhook.kind }
        })),
        Effect.ensuring(Effect.suspend(() => {
          gave(url.origin)
          return Queue.offer(wake, undefined)
        })),
        Effect.asVoid
      )

    const free = () => Array.from(busy.values()).reduce((left, taken) => left - taken, settings.concurrency)

    /** Attempts what is due as far as there is room. Yields how many. */
    const begin = Effect.uninterruptibleMask((restore) =>
      Effect.gen(function*() {
        const limit = free()
        if (limit <= 0) return 0
        const at = yield* now
        // Not to be interrupted: what it claims would be nobody's until the lease runs out.
        const claims = yield* queue.claim({
          now: at,
          until: DateTime.addDuration(at, lease),
          limit,
          busy,
          perOrigin: settings.concurrencyPerOrigin
        })
        for (const claim of claims) {
          const url = new URL(claim.webhook.url)
          took(url.origin)
          yield* FiberSet.run(attempts, restore(deliver(claim, url)))
        }
        return claims.length
      })
    )

    /** Until there may be something to attempt again. */
    const rest = Effect.gen(function*() {
      const full = Array.from(busy).flatMap(([origin, taken]) => taken >= settings.concurrencyPerOrigin ? [origin] : [])
      // An interrupted statement is canceled, which may reach the next one of its connection.
      const { next, open } = yield* Effect.uninterruptible(queue.outlook(full))
      yield* Metric.set(Metrics.openDeliveries.of({}), open)
      const at = yield* now
      const due = Option.map(
        Option.filter(next, () => free() > 0),
        (time) => Duration.max(Duration.millis(DateTime.toEpochMillis(time) - DateTime.toEpochMillis(at)), leastRest)
      )
      const waits = [...Option.toArray(due), ...Option.toArray(queue.interval)]
      yield* waits.length === 0
        ? Queue.take(wake)
        : Effect.timeoutOption(Queue.take(wake), waits.reduce((a, b) => Duration.min(a, b)))
    })

    yield* begin.pipe(
      Effect.flatMap((begun) => begun > 0 ? Effect.void : rest),
      // Of whatever kind: nothing would be delivered until the process is started anew.
      Effect.catchAllCause((cause) =>
        Effect.zipRight(Effect.logWarning("The queue of webhooks could not be asked", cause), Effect.sleep(queueRetry))
      ),
      Effect.forever,
      Effect.interruptible,
      Effect.forkScoped
    )
    yield* queue.hints.pipe(
      Stream.runForEach(() => Queue.offer(wake, undefined)),
      Effect.interruptible,
      Effect.forkScoped
    )

    return adding(queue, { settings, now, added: Queue.offer(wake, undefined) })
  })

/**
 * As `makeWith`, with the queue of the context.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make: Effect.Effect<
  Service,
  never,
  PlatformKeys.PlatformKeys | WebhookQueue.WebhookQueue | Scope.Scope
> = Effect.flatMap(WebhookQueue.WebhookQueue, makeWith)

/**
 * Goes out by the `WebhookEgress` of the context, which by default is none.
 *
 * @since 0.1.0
 * @category layers
 */
export const layer: Layer.Layer<
  WebhookSender,
  never,
  PlatformKeys.PlatformKeys | WebhookQueue.WebhookQueue
> = Layer.scoped(WebhookSender, make)

/**
 * Leaves what it adds to other senders of the same queue, and attempts nothing: for a process that ends soon, and whose
 * attempts its end would cut off.
 *
 * @since 0.1.0
 * @category layers
 */
export const layerAdding: Layer.Layer<WebhookSender, never, WebhookQueue.WebhookQueue> = Layer.effect(
  WebhookSender,
  Effect.gen(function*() {
    const { webhooks: settings } = yield* PlatformSettings.PlatformSettings
    return adding(yield* WebhookQueue.WebhookQueue, { settings, now: DateTime.now, added: Effect.void })
  })
)

/**
 * With a queue in memory: webhooks that are on their way when the process ends are not delivered.
 *
 * @since 0.1.0
 * @category layers
 */
export const layerMemory: Layer.Layer<WebhookSender, never, PlatformKeys.PlatformKeys> = Layer.provide(
  layer,
  WebhookQueue.layerMemory
)
