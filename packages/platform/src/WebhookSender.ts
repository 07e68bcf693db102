/**
 * Delivers webhooks in the background: each attempt sealed anew, failed ones repeated for some time, and what became of
 * each in a log. What is on its way is in memory, and ends with the platform.
 *
 * @see docs/protocol.md "Delivery"
 * @since 0.1.0
 */
import type { EntityIdentifier } from "@effect-launchkey/core/EntityIdentifier"
import * as Claims from "@effect-launchkey/transport/Claims"
import * as Envelope from "@effect-launchkey/transport/Envelope"
import * as Jose from "@effect-launchkey/transport/Jose"
import type * as Keyring from "@effect-launchkey/transport/Keyring"
import * as Tracing from "@effect-launchkey/transport/Tracing"
import * as Context from "effect/Context"
import * as Data from "effect/Data"
import * as DateTime from "effect/DateTime"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as FiberSet from "effect/FiberSet"
import * as HashMap from "effect/HashMap"
import * as Layer from "effect/Layer"
import * as Metric from "effect/Metric"
import * as Option from "effect/Option"
import * as RcMap from "effect/RcMap"
import * as Ref from "effect/Ref"
import * as Schedule from "effect/Schedule"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import * as Metrics from "./Metrics.ts"
import * as PlatformKeys from "./PlatformKeys.ts"
import * as PlatformSettings from "./PlatformSettings.ts"
import type { Recipient } from "./Records.ts"
import * as WebhookEgress from "./WebhookEgress.ts"

/**
 * @since 0.1.0
 * @category schemas
 */
export const Kind = Schema.Literal("AUTHORIZATION_RESPONSE", "SESSION_END", "DEVICE_LINK_COMPLETION")

/**
 * @since 0.1.0
 * @category models
 */
export type Kind = typeof Kind.Type

/**
 * An event on its way to whom it is told.
 *
 * @since 0.1.0
 * @category models
 */
export interface Webhook {
  readonly kind: Kind
  /** As it was registered. */
  readonly url: string
  /** The service or directory that the event is about. */
  readonly subject: EntityIdentifier
  /** Whose call led to it. */
  readonly audience: EntityIdentifier
  /** The key to encrypt to; without one the event is sent as it is. */
  readonly recipient: Option.Option<Recipient>
  /** JSON. */
  readonly payload: string
}

/**
 * How an attempt ended: with the status of an answer, or without one.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Attempt = Schema.Struct({
  at: Schema.DateTimeUtcFromSelf,
  status: Schema.OptionFromSelf(Schema.Int),
  failure: Schema.OptionFromSelf(WebhookEgress.UnsentReason)
})

/**
 * @since 0.1.0
 * @category models
 */
export type Attempt = typeof Attempt.Type

/**
 * - `PENDING`: attempted, or waiting for the next attempt
 * - `DELIVERED`: answered with a 2xx
 * - `GIVEN_UP`: failed as long as it is attempted, or in a way that no further attempt changes
 * - `REFUSED`: never attempted, as too many were on their way, or its URL is none
 *
 * @since 0.1.0
 * @category schemas
 */
export const State = Schema.Literal("PENDING", "DELIVERED", "GIVEN_UP", "REFUSED")

/**
 * What became of a webhook, without what it told.
 *
 * @since 0.1.0
 * @category models
 */
export interface Delivery {
  /** Counts from 1. */
  readonly id: number
  readonly kind: Kind
  /** Without user name, password, query and fragment. */
  readonly url: string
  readonly subject: EntityIdentifier
  readonly created: DateTime.Utc
  readonly state: typeof State.Type
  /** The latest 32, oldest first. */
  readonly attempts: ReadonlyArray<Attempt>
}

/**
 * @since 0.1.0
 * @category models
 */
export interface Service {
  /** Starts a delivery and waits for none of it. Yields its id in the log. */
  readonly send: (webhook: Webhook) => Effect.Effect<number>
  /** The latest deliveries, oldest first. */
  readonly log: Effect.Effect<ReadonlyArray<Delivery>>
}

/**
 * @since 0.1.0
 * @category tags
 */
export class WebhookSender extends Context.Tag("@effect-launchkey/platform/WebhookSender")<WebhookSender, Service>() {}

/** An attempt that did not end with a 2xx. */
class NotDelivered extends Data.TaggedError("NotDelivered")<{
  readonly status: Option.Option<number>
  readonly failure: Option.Option<WebhookEgress.UnsentReason>
}> {}

interface Log {
  readonly next: number
  /** Those that are on their way, which may be more than the log holds. */
  readonly open: number
  readonly deliveries: HashMap.HashMap<number, Delivery>
}

const maximumAttempts = 32

const ended = (kind: Kind, state: Exclude<typeof State.Type, "PENDING">) =>
  Metric.increment(Metrics.deliveries.of({ kind, state }))

const readUrl = Option.liftThrowable((url: string) => new URL(url))

const shown = ({ host, pathname, protocol }: URL): string => `${protocol}//${host}${pathname}`

const succeeded = (status: number): boolean => status >= 200 && status < 300

/** What another attempt does not change. */
const isFinal = ({ failure }: NotDelivered): boolean =>
  Option.exists(failure, (reason) => reason === "NoEgress" || reason === "UrlRefused")

/**
 * The wait between attempts: from one second on ever longer, give or take a fifth, for some time after the first.
 *
 * @since 0.1.0
 * @category schedules
 */
export const retrySchedule = ({ firstDelay, longestDelay, retryFor }: {
  readonly firstDelay: Duration.DurationInput
  readonly longestDelay: Duration.DurationInput
  readonly retryFor: Duration.DurationInput
}): Schedule.Schedule<unknown> =>
  Schedule.exponential(firstDelay).pipe(
    Schedule.union(Schedule.spaced(longestDelay)),
    Schedule.jittered,
    Schedule.upTo(retryFor)
  )

/**
 * Seals one attempt: a token with a new id over a body that is encrypted anew.
 *
 * @since 0.1.0
 * @category constructors
 */
export const seal = Effect.fnUntraced(function*(
  { audience, payload, recipient, subject }: Webhook,
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

/**
 * Deliveries end with the scope, attempted or not.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make: Effect.Effect<Service, never, PlatformKeys.PlatformKeys | Scope.Scope> = Effect.gen(
  function*() {
    const { webhooks: settings } = yield* PlatformSettings.PlatformSettings
    const egress = yield* WebhookEgress.WebhookEgress
    const { keyring } = yield* PlatformKeys.PlatformKeys
    const log = yield* Ref.make<Log>({ next: 1, open: 0, deliveries: HashMap.empty() })
    const all = yield* Effect.makeSemaphore(settings.concurrency)
    const origins = yield* RcMap.make({
      lookup: (_: string) => Effect.makeSemaphore(settings.concurrencyPerOrigin)
    })
    // Not on the fiber that sends: a delivery would hold on to the request that led to it, and to its clock.
    const run = yield* FiberSet.makeRuntime()

    const admit = (delivery: Omit<Delivery, "id" | "state" | "attempts">, valid: boolean) =>
      Ref.modify(log, ({ deliveries, next, open }): [Delivery, Log] => {
        const admitted = valid && open < settings.open
        const entry: Delivery = { ...delivery, id: next, state: admitted ? "PENDING" : "REFUSED", attempts: [] }
        return [entry, {
          next: next + 1,
          open: admitted ? open + 1 : open,
          deliveries: HashMap.remove(HashMap.set(deliveries, next, entry), next - settings.log)
        }]
      })

    const note = (id: number, change: (delivery: Delivery) => Delivery) =>
      Ref.update(log, (state) => ({ ...state, deliveries: HashMap.modify(state.deliveries, id, change) }))

    const attempt = (webhook: Webhook, id: number, url: URL) =>
      Effect.gen(function*() {
        const at = yield* DateTime.now
        const now = DateTime.toEpochMillis(at) / 1000
        const request = yield* seal(webhook, { delivery: id, url, keyring, now })
        const answer = yield* egress.post(request).pipe(
          Effect.timeoutFail({
            duration: settings.timeout,
            onTimeout: () => new WebhookEgress.WebhookUnsent({ reason: "TimedOut" })
          }),
          Effect.either
        )
        const ended = answer._tag === "Right"
          ? { status: Option.some(answer.right), failure: Option.none() }
          : { status: Option.none(), failure: Option.some(answer.left.reason) }
        yield* Tracing.annotated(
          answer._tag === "Right" ? { "http.response.status_code": answer.right } : { reason: answer.left.reason }
        )
        yield* Metric.increment(Metrics.deliveryAttempts.of({
          kind: webhook.kind,
          outcome: answer._tag === "Right" ? `${Math.floor(answer.right / 100)}xx` : answer.left.reason
        }))
        const delivered = answer._tag === "Right" && succeeded(answer.right)
        yield* note(id, (delivery) => ({
          ...delivery,
          state: delivered ? "DELIVERED" : delivery.state,
          attempts: [...delivery.attempts, { at, ...ended }].slice(-maximumAttempts)
        }))
        if (!delivered) {
          yield* answer._tag === "Left"
            ? Effect.logDebug("A webhook was not delivered", answer.left)
            : Effect.logDebug(`A webhook was not delivered: its receiver answered ${answer.right}`)
          return yield* new NotDelivered(ended)
        }
      }).pipe(
        Tracing.traced("WebhookSender.attempt", () => ({
          kind: "client",
          attributes: { "http.request.method": "POST", "server.address": url.host }
        }))
      )

    /** An origin's turn comes before the turn among all, so that those who wait for a slow one hold nobody up. */
    const inTurn = <A, E, R>(origin: string, self: Effect.Effect<A, E, R>) =>
      Effect.scoped(
        Effect.flatMap(RcMap.get(origins, origin), (own) => own.withPermits(1)(all.withPermits(1)(self)))
      )

    const deliver = (webhook: Webhook, id: number, url: URL) =>
      inTurn(url.origin, attempt(webhook, id, url)).pipe(
        Effect.retry({ schedule: retrySchedule(settings), while: (error) => !isFinal(error) }),
        Effect.zipRight(ended(webhook.kind, "DELIVERED")),
        Effect.catchTag("NotDelivered", ({ failure, status }) =>
          Effect.zipRight(
            Effect.zipRight(
              ended(webhook.kind, "GIVEN_UP"),
              note(id, (delivery) => ({ ...delivery, state: "GIVEN_UP" }))
            ),
            Effect.logWarning(
              `A webhook was given up: its last attempt ended with ${
                Option.getOrElse(failure, () => `status ${Option.getOrElse(status, () => 0)}`)
              }`
            )
          )),
        Effect.tapDefect((cause) => Effect.logError("The delivery of a webhook failed", cause)),
        Effect.ensuring(
          Effect.zipRight(
            Ref.update(log, (state) => ({ ...state, open: state.open - 1 })),
            Metric.incrementBy(Metrics.openDeliveries.of({}), -1)
          )
        ),
        Effect.annotateLogs({ delivery: id, kind: webhook.kind, subject: webhook.subject }),
        Tracing.traced("WebhookSender.deliver", () => ({
          kind: "producer",
          root: true,
          attributes: { delivery: id, kind: webhook.kind }
        }))
      )

    return {
      send: (webhook) =>
        Effect.gen(function*() {
          const { kind, subject } = webhook
          const url = readUrl(webhook.url)
          const entry = yield* admit({
            kind,
            url: Option.match(url, { onNone: () => "", onSome: shown }),
            subject,
            created: yield* DateTime.now
          }, Option.isSome(url))
          if (entry.state === "REFUSED" || Option.isNone(url)) {
            yield* ended(kind, "REFUSED")
            yield* Effect.logWarning(
              Option.isNone(url)
                ? "A webhook was refused: what is registered is no URL"
                : `A webhook was refused: ${settings.open} are on their way already`
            ).pipe(Effect.annotateLogs({ delivery: entry.id, kind, subject }))
          } else {
            yield* Metric.increment(Metrics.openDeliveries.of({}))
            yield* Effect.sync(() => {
              // A sender may be made where nothing is interrupted; what it does later may be.
              run(Effect.interruptible(deliver(webhook, entry.id, url.value)), { immediate: false })
            })
          }
          return entry.id
        }),
      log: Effect.map(
        Ref.get(log),
        ({ deliveries }) => Array.from(HashMap.values(deliveries)).sort((a, b) => a.id - b.id)
      )
    }
  }
)

/**
 * Goes out by the `WebhookEgress` of the context, which by default is none.
 *
 * @since 0.1.0
 * @category layers
 */
export const layer: Layer.Layer<WebhookSender, never, PlatformKeys.PlatformKeys> = Layer.scoped(
  WebhookSender,
  make
)
