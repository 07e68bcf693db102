/**
 * What a receiver of webhooks remembers: which tokens it has seen, and which events it has handled. A port, and its
 * implementation in memory.
 *
 * @see docs/protocol.md "Webhooks"
 * @since 0.1.0
 */
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Data from "effect/Data"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { StoreUnavailable } from "./StoreUnavailable.ts"

/**
 * @since 0.1.0
 * @category models
 */
export interface Token {
  /** `aud` */
  readonly audience: string
  /** `jti` */
  readonly tokenId: string
  /**
   * When it may be forgotten, since it is refused for its age from then on: seconds since the epoch, on Effect's
   * `Clock`. A store with a clock of its own is to compare how much time is left.
   */
  readonly until: number
}

/**
 * What came of asking for an event: it is the asker's to handle, under the ticket; or it has been handled; or somebody
 * else handles it now.
 *
 * @since 0.1.0
 * @category models
 */
export type Claim = Data.TaggedEnum<{
  Claimed: { readonly ticket: string }
  Handled: {}
  InProgress: {}
}>

/**
 * @since 0.1.0
 * @category constructors
 */
export const Claim = Data.taggedEnum<Claim>()

/**
 * Every method is one atomic step, whoever shares the store.
 *
 * A claim lasts for its lease. Whoever handles an event renews the claim while that takes, and completes or releases it
 * in the end; the claim of whoever died ends with its lease, and the next delivery is handled.
 *
 * @since 0.1.0
 * @category models
 */
export interface Service {
  /** Marks the token as seen. False where it was before. */
  readonly firstSeen: (token: Token) => Effect.Effect<boolean, StoreUnavailable>
  readonly claim: (event: string, lease: Duration.Duration) => Effect.Effect<Claim, StoreUnavailable>
  /** False where the claim is no longer the ticket's. */
  readonly renew: (event: string, ticket: string, lease: Duration.Duration) => Effect.Effect<boolean, StoreUnavailable>
  /** Marks the event as handled. False where the claim is no longer the ticket's. */
  readonly complete: (event: string, ticket: string) => Effect.Effect<boolean, StoreUnavailable>
  /** Gives the event back unhandled. Does nothing where the claim is no longer the ticket's. */
  readonly release: (event: string, ticket: string) => Effect.Effect<void, StoreUnavailable>
}

/**
 * @since 0.1.0
 * @category tags
 */
export class WebhookInbox extends Context.Tag("@effect-launchkey/clients/WebhookInbox")<WebhookInbox, Service>() {}

/**
 * @since 0.1.0
 * @category models
 */
export interface Options {
  /** How long it is remembered that an event was handled. Longer than any sender retries. Default 24 hours. */
  readonly retention?: Duration.DurationInput | undefined
}

/**
 * @since 0.1.0
 * @category models
 */
export interface MemoryOptions extends Options {
  /**
   * How many tokens that are not too old yet, and how many handled events, are kept at most. Default 100,000. Where
   * more tokens come than that, deliveries fail with `StoreUnavailable` until some are too old; of the handled events
   * the oldest are forgotten.
   */
  readonly capacity?: number | undefined
}

/** Entries are in the order in which they end, or nearly so. */
const dropEnded = (entries: Map<string, number>, now: number): void => {
  for (const [key, until] of entries) {
    if (until > now) return
    entries.delete(key)
  }
}

const dropAllEnded = (entries: Map<string, number>, now: number): void => {
  for (const [key, until] of entries) {
    if (until <= now) entries.delete(key)
  }
}

/**
 * Forgets everything when the process ends: a token may then be used again for as long as it is not too old, and an
 * event that is delivered again is handled again.
 *
 * @since 0.1.0
 * @category constructors
 */
export const makeMemory = (options: MemoryOptions = {}): Effect.Effect<Service> =>
  Effect.sync(() => {
    const retention = Duration.toMillis(Duration.decode(options.retention ?? Duration.hours(24)))
    const capacity = options.capacity ?? 100_000
    // Each map is read and written within one synchronous step, so no two fibers interleave.
    const tokens = new Map<string, number>()
    const handled = new Map<string, number>()
    const claims = new Map<string, { readonly ticket: string; readonly until: number }>()
    let tickets = 0

    const step = <A>(f: (now: number) => A): Effect.Effect<A> => Effect.map(Clock.currentTimeMillis, f)

    // Also where the lease has passed and nobody took it over.
    const holds = (event: string, ticket: string): boolean => claims.get(event)?.ticket === ticket

    return {
      firstSeen: ({ audience, tokenId, until }) =>
        Effect.flatten(step((now) => {
          const key = JSON.stringify([audience, tokenId])
          dropEnded(tokens, now)
          if (tokens.has(key)) return Effect.succeed(false)
          if (tokens.size >= capacity) dropAllEnded(tokens, now)
          if (tokens.size >= capacity) {
            return new StoreUnavailable({
              operation: "WebhookInbox.firstSeen",
              cause: new Error(
                `${capacity} tokens may still be used, as many as this store holds; give it a larger capacity`
              )
            })
          }
          tokens.set(key, until * 1000)
          return Effect.succeed(true)
        })),
      claim: (event, lease) =>
        step((now): Claim => {
          dropEnded(handled, now)
          if (handled.has(event)) return Claim.Handled()
          const held = claims.get(event)
          if (held !== undefined && held.until > now) return Claim.InProgress()
          const ticket = String(++tickets)
          claims.set(event, { ticket, until: now + Duration.toMillis(lease) })
          return Claim.Claimed({ ticket })
        }),
      renew: (event, ticket, lease) =>
        step((now) => {
          if (!holds(event, ticket)) return false
          claims.set(event, { ticket, until: now + Duration.toMillis(lease) })
          return true
        }),
      complete: (event, ticket) =>
        step((now) => {
          if (!holds(event, ticket)) return false
          claims.delete(event)
          for (const oldest of handled.keys()) {
            if (handled.size < capacity) break
            handled.delete(oldest)
          }
          handled.set(event, now + retention)
          return true
        }),
      release: (event, ticket) =>
        Effect.sync(() => {
          if (holds(event, ticket)) claims.delete(event)
        })
    }
  })

/**
 * @since 0.1.0
 * @category layers
 */
export const layerMemory = (options: MemoryOptions = {}): Layer.Layer<WebhookInbox> =>
  Layer.effect(WebhookInbox, makeMemory(options))
