/**
 * What a receiver of webhooks remembers: which tokens it has seen, and which events it has handled. A port, and its
 * implementation in memory.
 *
 * @see docs/protocol.md "Webhooks"
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import * as Data from "effect/Data"
import type * as Duration from "effect/Duration"
import type * as Effect from "effect/Effect"
import type { StoreUnavailable } from "./StoreUnavailable.ts"

/**
 * @since 0.1.0
 * @category models
 */
export interface Token {
  /** `aud` */
  readonly audience: string
  /** `jti` */
  readonly tokenId: string
  /** When it may be forgotten, since it is refused for its age from then on: seconds since the epoch. */
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
