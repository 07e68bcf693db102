/**
 * Times of the API v1: `YYYY-MM-DD HH:MM:SS` in UTC, without a mark that says so; in its last year ISO 8601 with a `Z`.
 *
 * @see docs/legacy.md "Time"
 * @since 0.1.0
 */
import * as DateTime from "effect/DateTime"
import * as Option from "effect/Option"

const form = /^(\d{4})-(\d\d)-(\d\d)(?:( )|T)(\d\d):(\d\d):(\d\d)(?:\.(\d{1,6}))?(Z)?$/

/**
 * Reads either form, with or without a fraction of a second of at most six digits. None for anything else, and for
 * days that no calendar has.
 *
 * @since 0.1.0
 * @category conversions
 */
export const parse = (text: string): Option.Option<DateTime.Utc> => {
  const [whole, year, month, day, blank, hour, minute, second, fraction = "0", zulu] = form.exec(text) ?? []
  if (whole === undefined || (blank === undefined) !== (zulu === "Z")) return Option.none()
  const seconds = `${year}-${month}-${day}T${hour}:${minute}:${second}`
  return DateTime.make(`${seconds}.${fraction.padEnd(3, "0").slice(0, 3)}Z`).pipe(
    // 30 February is read as 1 March
    Option.filter((date) => DateTime.formatIso(date).startsWith(seconds))
  )
}

/**
 * `"2016-05-01 12:00:00"`: whole seconds, the rest cut off.
 *
 * @since 0.1.0
 * @category conversions
 */
export const format = (date: DateTime.Utc): string => DateTime.formatIso(date).slice(0, 19).replace("T", " ")

/**
 * `"2016-05-01T12:00:00Z"`: whole seconds, the rest cut off.
 *
 * @since 0.1.0
 * @category conversions
 */
export const formatIso = (date: DateTime.Utc): string => `${DateTime.formatIso(date).slice(0, 19)}Z`
