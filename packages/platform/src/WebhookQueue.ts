/**
 * The webhooks that are on their way, and what became of the latest: a port, so that they can outlive the process, and
 * its implementation in memory. A `WebhookSender` claims what is due, for a limited time: what one that died has
 * claimed is due again afterwards, so that each is delivered at least once.
 *
 * @see docs/protocol.md "Delivery"
 * @since 0.1.0
 */
import type { EntityIdentifier } from "@effect-launchkey/core/EntityIdentifier"
import type { StoreUnavailable } from "@effect-launchkey/core/StoreUnavailable"
import * as Context from "effect/Context"
import * as Data from "effect/Data"
import * as DateTime from "effect/DateTime"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
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
  /** Without user name, password, query and fragment; empty where what is registered is no URL. */
  readonly url: string
  readonly subject: EntityIdentifier
  readonly created: DateTime.Utc
  readonly state: typeof State.Type
  /** The latest 32, oldest first. */
  readonly attempts: ReadonlyArray<Attempt>
}

/**
 * A delivery that is one sender's to attempt, for some time.
 *
 * @since 0.1.0
 * @category models
 */
export interface Claim {
  readonly id: number
  readonly webhook: Webhook
  /** Which claim of this delivery it is: a later one makes it worthless. */
  readonly ticket: number
  /** Failed attempts since the delivery was added, or since its replay. */
  readonly failures: number
  /** When the first of them failed. */
  readonly failingSince: Option.Option<DateTime.Utc>
  readonly attempts: ReadonlyArray<Attempt>
}

/**
 * What is to become of a delivery after an attempt.
 *
 * @since 0.1.0
 * @category models
 */
export type Outcome = Data.TaggedEnum<{
  Delivered: {}
  GivenUp: {}
  /** Another attempt, at a time. */
  Again: { readonly due: DateTime.Utc }
}>

/**
 * @since 0.1.0
 * @category constructors
 */
export const Outcome = Data.taggedEnum<Outcome>()

/**
 * @since 0.1.0
 * @category models
 */
export interface ClaimOptions {
  readonly now: DateTime.Utc
  /** Until when the claims hold: longer than an attempt takes. */
  readonly until: DateTime.Utc
  readonly limit: number
  /** How many deliveries the sender attempts at an origin already. */
  readonly busy: ReadonlyMap<string, number>
  /** How many it may attempt at one. */
  readonly perOrigin: number
}

/**
 * @since 0.1.0
 * @category models
 */
export interface Service<Unavailable = StoreUnavailable> {
  /** Adds a delivery that is due at once, or one that is refused: as a part of the transaction that is open, if one is. */
  readonly enqueue: (webhook: Webhook, now: DateTime.Utc) => Effect.Effect<Delivery, Unavailable>
  /** Some that are due, those that have been for longest first; none of them is another claim's, until this one ends. */
  readonly claim: (options: ClaimOptions) => Effect.Effect<ReadonlyArray<Claim>, Unavailable>
  /** Notes an attempt and what is to follow. False, and nothing is noted, where the claim has ended and another followed. */
  readonly settle: (
    claim: Claim,
    attempt: Option.Option<Attempt>,
    outcome: Outcome
  ) => Effect.Effect<boolean, Unavailable>
  /** Ends a claim without an attempt: its delivery is due again. */
  readonly release: (claim: Claim, now: DateTime.Utc) => Effect.Effect<void, Unavailable>
  /** How many are on their way, and when the next of them is due, those at the named origins left out. */
  readonly outlook: (except: ReadonlyArray<string>) => Effect.Effect<{
    readonly open: number
    readonly next: Option.Option<DateTime.Utc>
  }, Unavailable>
  /**
   * Lets a delivery that has ended, however it did, begin anew. None where it is still on its way, its URL is none, or the
   * log does not hold it.
   */
  readonly replay: (id: number, now: DateTime.Utc) => Effect.Effect<Option.Option<Delivery>, Unavailable>
  /** The latest deliveries, oldest first. */
  readonly log: Effect.Effect<ReadonlyArray<Delivery>, Unavailable>
  /** Tells that there may be something to claim. It may fail to: see `interval`. */
  readonly hints: Stream.Stream<void>
  /** How often to look whatever was told: none where nobody but this process adds anything. */
  readonly interval: Option.Option<Duration.Duration>
}

/**
 * @since 0.1.0
 * @category tags
 */
export class WebhookQueue extends Context.Tag("@effect-launchkey/platform/WebhookQueue")<WebhookQueue, Service>() {}

/**
 * How many attempts of a delivery the log shows, the latest.
 *
 * @since 0.1.0
 * @category models
 */
export const maximumAttempts = 32

/**
 * What of a registered URL is shown, and where it leads. None where it is no URL.
 *
 * @since 0.1.0
 * @category conversions
 */
export const addressOf: (
  url: string
) => Option.Option<{ readonly shown: string; readonly origin: string }> = Option.liftThrowable((text: string) => {
  const { host, origin, pathname, protocol } = new URL(text)
  return { shown: `${protocol}//${host}${pathname}`, origin }
})

interface Item {
  readonly webhook: Webhook
  readonly origin: string
  readonly delivery: Delivery
  readonly due: number
  readonly ticket: number
  readonly failures: number
  readonly failingSince: Option.Option<DateTime.Utc>
}

const earlier = (a: Item, b: Item): boolean => a.due < b.due || (a.due === b.due && a.delivery.id < b.delivery.id)

/** Items by when they are due. */
const insert = (items: Array<Item>, item: Item): void => {
  let [low, high] = [0, items.length]
  while (low < high) {
    const middle = (low + high) >> 1
    const other = items[middle]
    if (other !== undefined && earlier(other, item)) low = middle + 1
    else high = middle
  }
  items.splice(low, 0, item)
}

/**
 * Ends with the process.
 *
 * @since 0.1.0
 * @category constructors
 */
export const makeMemory: Effect.Effect<Service<never>> = Effect.gen(function*() {
  const { webhooks: limits } = yield* PlatformSettings.PlatformSettings
  return yield* Effect.sync((): Service<never> => {
    const items = new Map<number, Item>()
    /** Those that are on their way, by origin. */
    const waiting = new Map<string, Array<Item>>()
    let open = 0
    let last = 0

    const wait = (item: Item): void => {
      const others = waiting.get(item.origin)
      if (others === undefined) waiting.set(item.origin, [item])
      else insert(others, item)
      items.set(item.delivery.id, item)
    }

    const stopWaiting = (item: Item): void => {
      const left = (waiting.get(item.origin) ?? []).filter((other) => other !== item)
      if (left.length === 0) waiting.delete(item.origin)
      else waiting.set(item.origin, left)
    }

    /** The log may hold fewer than are on their way, and those stay. */
    const forget = (id: number): void => {
      const item = items.get(id)
      if (item !== undefined && item.delivery.state !== "PENDING") items.delete(id)
    }

    const end = (item: Item, state: "DELIVERED" | "GIVEN_UP"): void => {
      open -= 1
      items.set(item.delivery.id, { ...item, delivery: { ...item.delivery, state } })
      if (item.delivery.id <= last - limits.log) forget(item.delivery.id)
    }

    const held = (claim: Claim): Item | undefined => {
      const item = items.get(claim.id)
      return item?.delivery.state === "PENDING" && item.ticket === claim.ticket ? item : undefined
    }

    return {
      enqueue: (webhook, now) =>
        Effect.sync(() => {
          const address = addressOf(webhook.url)
          const admitted = Option.isSome(address) && open < limits.open
          last += 1
          const delivery: Delivery = {
            id: last,
            kind: webhook.kind,
            url: Option.match(address, { onNone: () => "", onSome: ({ shown }) => shown }),
            subject: webhook.subject,
            created: now,
            state: admitted ? "PENDING" : "REFUSED",
            attempts: []
          }
          const item: Item = {
            webhook,
            delivery,
            origin: Option.match(address, { onNone: () => "", onSome: ({ origin }) => origin }),
            due: DateTime.toEpochMillis(now),
            ticket: 0,
            failures: 0,
            failingSince: Option.none()
          }
          if (admitted) {
            open += 1
            wait(item)
          } else {
            items.set(last, item)
          }
          forget(last - limits.log)
          return delivery
        }),

      claim: ({ busy, limit, now, perOrigin, until }) =>
        Effect.sync(() => {
          const at = DateTime.toEpochMillis(now)
          const due = Array.from(waiting).flatMap(([origin, others]) => {
            const room = Math.max(0, Math.min(limit, perOrigin - (busy.get(origin) ?? 0)))
            return others.slice(0, room).filter((item) => item.due <= at)
          })
          return due.sort((a, b) => earlier(a, b) ? -1 : 1).slice(0, limit).map((item): Claim => {
            const claimed = { ...item, due: DateTime.toEpochMillis(until), ticket: item.ticket + 1 }
            stopWaiting(item)
            wait(claimed)
            const { delivery, failingSince, failures, ticket, webhook } = claimed
            return { id: delivery.id, webhook, ticket, failures, failingSince, attempts: delivery.attempts }
          })
        }),

      settle: (claim, attempt, outcome) =>
        Effect.sync(() => {
          const item = held(claim)
          if (item === undefined) return false
          stopWaiting(item)
          const attempts = [...item.delivery.attempts, ...Option.toArray(attempt)].slice(-maximumAttempts)
          const noted: Item = { ...item, delivery: { ...item.delivery, attempts } }
          if (outcome._tag === "Again") {
            wait({
              ...noted,
              due: DateTime.toEpochMillis(outcome.due),
              failures: item.failures + 1,
              failingSince: Option.orElse(item.failingSince, () => Option.map(attempt, ({ at }) => at))
            })
          } else {
            end(noted, outcome._tag === "Delivered" ? "DELIVERED" : "GIVEN_UP")
          }
          return true
        }),

      release: (claim, now) =>
        Effect.sync(() => {
          const item = held(claim)
          if (item === undefined) return
          stopWaiting(item)
          wait({ ...item, due: DateTime.toEpochMillis(now) })
        }),

      outlook: (except) =>
        Effect.sync(() => {
          let next = Infinity
          for (const [origin, [first]] of waiting) {
            if (first !== undefined && !except.includes(origin)) next = Math.min(next, first.due)
          }
          return { open, next: next === Infinity ? Option.none() : Option.some(DateTime.unsafeMake(next)) }
        }),

      replay: (id, now) =>
        Effect.sync(() => {
          const item = items.get(id)
          const held = id > last - limits.log
          if (item === undefined || !held || item.origin === "" || item.delivery.state === "PENDING") {
            return Option.none()
          }
          const delivery: Delivery = { ...item.delivery, state: "PENDING" }
          open += 1
          wait({ ...item, delivery, due: DateTime.toEpochMillis(now), failures: 0, failingSince: Option.none() })
          return Option.some(delivery)
        }),

      log: Effect.sync(() =>
        Array.from(items.values(), ({ delivery }) => delivery)
          .filter(({ id }) => id > last - limits.log)
          .sort((a, b) => a.id - b.id)
      ),

      hints: Stream.empty,
      interval: Option.none()
    }
  })
})

/**
 * Webhooks that are on their way when the process ends are not delivered.
 *
 * @since 0.1.0
 * @category layers
 */
export const layerMemory: Layer.Layer<WebhookQueue> = Layer.effect(WebhookQueue, makeMemory)
