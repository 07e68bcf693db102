/**
 * The time by which the platform's own deadlines pass. Tokens and the ping stay on Effect's `Clock`, so that moving
 * this clock expires requests without making callers look early or late.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Ref from "effect/Ref"

/**
 * @since 0.1.0
 * @category models
 */
export interface Service {
  readonly now: Effect.Effect<DateTime.Utc>
  /** Moves the clock forward, for tests and demonstrations. */
  readonly advance: (by: Duration.DurationInput) => Effect.Effect<void>
}

/**
 * @since 0.1.0
 * @category tags
 */
export class PlatformClock extends Context.Tag("@effect-launchkey/platform/PlatformClock")<PlatformClock, Service>() {}

/**
 * @since 0.1.0
 * @category constructors
 */
export const make: Effect.Effect<Service> = Effect.map(Ref.make(Duration.zero), (offset) => ({
  now: Effect.zipWith(DateTime.now, Ref.get(offset), (now, by) => DateTime.addDuration(now, by)),
  advance: (by) => Ref.update(offset, Duration.sum(by))
}))

/**
 * @since 0.1.0
 * @category layers
 */
export const layer: Layer.Layer<PlatformClock> = Layer.effect(PlatformClock, make)
