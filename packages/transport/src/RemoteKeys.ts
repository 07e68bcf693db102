/**
 * The platform's public keys: the current one, to encrypt to, and any by its id, to verify with.
 *
 * @see docs/protocol.md "Public endpoints"
 * @since 0.1.0
 */
import type { KeyId } from "@effect-launchkey/core/KeyId"
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Metric from "effect/Metric"
import * as Option from "effect/Option"
import * as Ref from "effect/Ref"
import * as refreshing from "./internal/refreshing.ts"
import * as Jose from "./Jose.ts"
import * as Metrics from "./Metrics.ts"
import { Refusal } from "./Rejection.ts"
import { traced } from "./Tracing.ts"
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

/**
 * How many ids that no key is known for are asked for within how long. Whoever can send messages here can name any id;
 * the platform must not be asked for all of them.
 *
 * @since 0.1.0
 * @category models
 */
export const budget = { ids: 20, within: Duration.minutes(1) } as const

const currentKey = "GET /public/v3/public-key"

const keyById = "GET /public/v3/public-key/…"

const seen = (result: refreshing.Result) => Metric.increment(Metrics.keyLookups.of({ result }))

const lookup = (operation: string) => traced("RemoteKeys.lookup", () => ({ attributes: { operation } }))

/** Enough for every rotation that is under way, and a bound on what unknown ids can take. */
const capacity = 64

/**
 * @since 0.1.0
 * @category models
 */
export interface RemoteKeys {
  /** The key to encrypt to. Its id was recomputed from the key itself. */
  readonly current: Effect.Effect<Jose.PublicKey, TransportError>
  /**
   * The key of this id, recomputed likewise. Refuses with `KeyUnknown`; fails with `KeyWithheld` where the budget for
   * unknown ids is spent.
   */
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
): Effect.Effect<RemoteKeys> =>
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
        }).pipe(lookup(operation)),
      final: () => Option.none(),
      seen
    })

    const found = yield* Ref.make<ReadonlySet<KeyId>>(new Set())
    const asked = yield* Ref.make<ReadonlyArray<number>>([])
    const remember = (keyId: KeyId) =>
      Ref.update(found, (all) => new Set([...[...all].filter((other) => other !== keyId).slice(1 - capacity), keyId]))
    const forget = (keyId: KeyId) => Ref.update(found, (all) => new Set([...all].filter((other) => other !== keyId)))

    /** Whether an id may be asked for: those of keys always may, and others while the budget lasts. */
    const afford = (keyId: KeyId) =>
      Effect.gen(function*() {
        if ((yield* Ref.get(found)).has(keyId)) return true
        const now = yield* Clock.currentTimeMillis
        return yield* Ref.modify(asked, (all) => {
          const recent = all.filter((at) => at <= now && now - at < Duration.toMillis(budget.within))
          return recent.length < budget.ids ? [true, [...recent, now]] : [false, recent]
        })
      })

    const byId = yield* refreshing.make<KeyId, Jose.PublicKey, Refusal | TransportError, never>({
      capacity,
      ...lifetimes,
      timeToLive,
      lookup: (keyId) =>
        Effect.gen(function*() {
          if (!(yield* afford(keyId))) {
            return yield* new TransportError({ reason: "KeyWithheld", operation: keyById, sent: false })
          }
          const pem = yield* source.byId(keyId)
          if (Option.isNone(pem)) return yield* new Refusal({ reason: "KeyUnknown" })
          const key = yield* importKey(pem.value, keyById)
          return key.keyId === keyId ? key : yield* new Refusal({ reason: "KeyUnknown" })
        }).pipe(
          Effect.tap(() => remember(keyId)),
          Effect.tapErrorTag("Refusal", () => forget(keyId)),
          lookup(keyById)
        ),
      final: (error) => error._tag === "Refusal" ? Option.some(lifetimes.unknown) : Option.none(),
      seen
    })

    return {
      current: current.get(currentKey),
      // Most messages are signed by the current key, which whoever sends requests has at hand.
      get: (keyId) =>
        Effect.flatMap(
          current.peek(currentKey),
          Option.match({
            onNone: () => byId.get(keyId),
            onSome: (key) => key.keyId === keyId ? Effect.as(seen("Hit"), key) : byId.get(keyId)
          })
        )
    }
  })
