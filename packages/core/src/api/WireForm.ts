/**
 * The JSON of schemas that check it by hand, for who describes the contract rather than speaks it.
 *
 * @since 0.1.0
 */
import type * as Schema from "effect/Schema"

/**
 * An annotation of a schema whose encoded side says no more than "an object", since which one it is depends on its
 * members: what the JSON is. Its value is a {@link WireForm}.
 *
 * @since 0.1.0
 * @category models
 */
export const wireForm: unique symbol = Symbol.for("@effect-launchkey/core/api/WireForm")

/**
 * Given when it is asked for, so that schemas may be named before they are made.
 *
 * @since 0.1.0
 * @category models
 */
export type WireForm = () => Schema.Schema.All
