/**
 * Authorization requests that programs wait for, and the answers that webhooks bring: a port, and its implementation in
 * memory. It is where a webhook that one process receives meets the program that waits in another.
 *
 * @see docs/protocol.md "Webhooks"
 * @since 0.1.0
 */
import type { AuthorizationPackage, AuthorizationRequestId } from "@effect-launchkey/core/Authorization"
import type { ServiceId } from "@effect-launchkey/core/EntityIdentifier"
import type { ExpectedUser } from "@effect-launchkey/transport/Answer"
import * as Context from "effect/Context"
import type * as DateTime from "effect/DateTime"
import type * as Duration from "effect/Duration"
import type * as Effect from "effect/Effect"
import type * as Option from "effect/Option"
import type { StoreUnavailable } from "./StoreUnavailable.ts"

/**
 * A request of a service, by which it is found again.
 *
 * @since 0.1.0
 * @category models
 */
export interface Key {
  readonly serviceId: ServiceId
  readonly id: AuthorizationRequestId
}

/**
 * @since 0.1.0
 * @category models
 */
export interface PendingAuthorization extends Key {
  readonly created: DateTime.Utc
  /** When its time to live ends. */
  readonly expires: DateTime.Utc
  /** Whom its answer must be about, where the program knows. */
  readonly user?: ExpectedUser | undefined
}

/**
 * Answers are kept as the platform relayed them, still sealed by the device: whoever awaits one opens it.
 *
 * @since 0.1.0
 * @category models
 */
export interface Service {
  /** Keeps a request to be awaited after a restart, or by others. The same again replaces it. */
  readonly remember: (request: PendingAuthorization) => Effect.Effect<void, StoreUnavailable>
  /** Those remembered that have no answer yet and whose time to live has not ended, oldest first. */
  readonly list: (serviceId: ServiceId) => Effect.Effect<ReadonlyArray<PendingAuthorization>, StoreUnavailable>
  readonly find: (key: Key) => Effect.Effect<Option.Option<PendingAuthorization>, StoreUnavailable>
  /** Keeps the answer, of a request that was remembered or not. False where one is kept already: that one stays. */
  readonly complete: (key: Key, answer: AuthorizationPackage) => Effect.Effect<boolean, StoreUnavailable>
  readonly answer: (key: Key) => Effect.Effect<Option.Option<AuthorizationPackage>, StoreUnavailable>
  /** Waits for the answer for as long as it is let. Interrupted, it leaves nothing behind. */
  readonly awaitAnswer: (key: Key) => Effect.Effect<AuthorizationPackage, StoreUnavailable>
  /** Forgets request and answer. */
  readonly forget: (key: Key) => Effect.Effect<void, StoreUnavailable>
}

/**
 * @since 0.1.0
 * @category tags
 */
export class PendingAuthorizations
  extends Context.Tag("@effect-launchkey/clients/PendingAuthorizations")<PendingAuthorizations, Service>()
{}

/**
 * @since 0.1.0
 * @category models
 */
export interface Options {
  /** How long requests and answers are kept, from when they came. Default 1 hour. */
  readonly retention?: Duration.DurationInput | undefined
}
