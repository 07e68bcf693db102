/**
 * The rolling codes of a device, by which a copy of it can be told: each answer shows the last five, and the one before
 * showed all of these but the newest.
 *
 * @see docs/legacy.md "PINs"
 * @since 0.1.0
 */
import * as Option from "effect/Option"

/**
 * Decimal digits.
 *
 * @since 0.1.0
 * @category models
 */
export type AppPin = string

/**
 * How many a device shows.
 *
 * @since 0.1.0
 * @category models
 */
export const shown = 5

/**
 * Reads `"3722,861,8293"`: oldest first, empty for none.
 *
 * @since 0.1.0
 * @category conversions
 */
export const parse = (text: string): ReadonlyArray<AppPin> =>
  text.split(",").map((pin) => pin.trim()).filter((pin) => pin !== "")

const same = (a: ReadonlyArray<AppPin>, b: ReadonlyArray<AppPin>) =>
  a.length === b.length && a.every((pin, i) => pin === b[i])

/**
 * What to store for this user and device after an answer that shows `received`, given what was stored before; none where
 * they do not follow from it, and so may come from a copy. Ask once for each answer. This is the rule that an old SDK
 * outlines, and no more than an outline.
 *
 * @since 0.1.0
 * @category conversions
 */
export const advance = (
  before: ReadonlyArray<AppPin>,
  received: ReadonlyArray<AppPin>
): Option.Option<ReadonlyArray<AppPin>> => {
  const full = received.length >= shown
  if (before.length === 0) return received.length === 1 ? Option.some(received) : Option.none()
  if (same(received.slice(0, -1), before)) return Option.some(full ? received.slice(1) : received)
  if (same(received.slice(1), before)) return Option.some(full ? received.slice(0, -1) : received)
  return Option.none()
}
