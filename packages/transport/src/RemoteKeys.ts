/**
 * The platform's public keys: the current one, to encrypt to, and any by its id, to verify with.
 *
 * @see docs/protocol.md "Public endpoints"
 * @since 0.1.0
 */
import type { KeyId } from "@effect-launchkey/core/KeyId"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as refreshing from "./internal/refreshing.ts"
import * as Jose from "./Jose.ts"
import { Refusal } from "./Rejection.ts"
import { TransportError } from "./TransportError.ts"

/**
 * How long keys are kept, how long after that they serve while the platform is away, and how long it is remembered
 * that there is no key of an id. Failures of the network and of the platform itself are never remembered.
 *
 * @since 0.1.0
 * @category models
 */
export const lifetimes = {
  timeToLive: Duration.seconds(300),
  serveStaleFor: Duration.seconds(300),
  retryAfter: Duration.seconds(10),
  unknown: Duration.seconds(60)
} as const

/** Enough for every rotation that is under way, and a bound on what unknown ids can take. */
const capacity = 64

/**
 * @since 0.1.0
 * @category models
 */
export interface RemoteKeys {
  /** The key to encrypt to. Its id was recomputed from the key itself. */
  readonly current: Effect.Effect<Jose.PublicKey, TransportError>
  /** The key of this id, recomputed likewise. Refuses with `KeyUnknown`. */
  readonly get: (keyId: KeyId) => Effect.Effect<Jose.PublicKey, Refusal | TransportError>
}

/**
 * How the keys are fetched: what the public endpoints answer.
 *
 * @since 0.1.0
 * @category models
 */
export interface Source {
  readonly current: Effect.Effect<{ readonly pem: string; readonly keyId: string | undefined }, TransportError>
  /** None where the platform has no such key. */
  readonly byId: (keyId: KeyId) => Effect.Effect<Option.Option<string>, TransportError>
}

/**
 * @since 0.1.0
 * @category constructors
 */
export const make = (
  source: Source,
  timeToLive: Duration.Duration = lifetimes.timeToLive
): Effect.Effect<RemoteKeys, never, Jose.Jose> =>
  Effect.gen(function*() {
    const jose = yield* Jose.Jose
    const importKey = (pem: string, operation: string) =>
      Effect.mapError(
        jose.importPublicKey(pem),
        (cause) => new TransportError({ reason: "AnswerUnusable", operation, cause })
      )

    const current = yield* refreshing.make({
      capacity: 1,
      ...lifetimes,
      timeToLive,
      lookup: (operation: string) =>
        Effect.gen(function*() {
          const { keyId, pem } = yield* source.current
          const key = yield* importKey(pem, operation)
          return key.keyId === keyId ? key : yield* new TransportError({ reason: "AnswerUnusable", operation })
        }),
      final: () => Option.none()
    })

    const byId = yield* refreshing.make<KeyId, Jose.PublicKey, Refusal | TransportError, never>({
      capacity,
      ...lifetimes,
      timeToLive,
      lookup: (keyId) =>
        Effect.gen(function*() {
          const pem = yield* source.byId(keyId)
          if (Option.isNone(pem)) return yield* new Refusal({ reason: "KeyUnknown" })
          const key = yield* importKey(pem.value, "GET /public/v3/public-key/…")
          return key.keyId === keyId ? key : yield* new Refusal({ reason: "KeyUnknown" })
        }),
      final: (error) => error._tag === "Refusal" ? Option.some(lifetimes.unknown) : Option.none()
    })

    return { current: current.get("GET /public/v3/public-key"), get: byId.get }
  })
