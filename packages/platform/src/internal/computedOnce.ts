import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"

/**
 * An effect that computes it when it is first asked for. Whoever asks may leave meanwhile: the next begins anew, where
 * `Effect.cached` would end everybody who asks later, as it hands on that the first was interrupted.
 */
export const computedOnce: <A, E, R>(self: Effect.Effect<A, E, R>) => Effect.Effect<Effect.Effect<A, E>, never, R> =
  Effect.cachedWithTTL(Duration.infinity)
