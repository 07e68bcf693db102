/**
 * How the command ends, kept where it survives an interruption.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Ref from "effect/Ref"
import type { End } from "./ExitCode.ts"

/**
 * The end that there would be now: `interrupted` until something else is certain.
 *
 * @since 0.1.0
 * @category tags
 */
export class Ending extends Context.Tag("@effect-launchkey/cli/Ending")<Ending, Ref.Ref<End>>() {}

/**
 * @since 0.1.0
 * @category constructors
 */
export const make: Effect.Effect<Ref.Ref<End>> = Ref.make<End>("interrupted")

/**
 * @since 0.1.0
 * @category layers
 */
export const layer: Layer.Layer<Ending> = Layer.effect(Ending, make)

/**
 * Tells how it ends.
 *
 * @since 0.1.0
 * @category combinators
 */
export const as = (end: End): Effect.Effect<void, never, Ending> => Effect.flatMap(Ending, Ref.set(end))
