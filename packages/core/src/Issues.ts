/**
 * What is wrong with data, for those who gave it: where, and what, without the data itself, which may be private.
 *
 * @since 0.1.0
 */
import * as ParseResult from "effect/ParseResult"

/**
 * @since 0.1.0
 * @category models
 */
export interface Issue {
  /** Such as `geofences[1].radius`; empty for the whole. */
  readonly path: string
  readonly problem: string
}

/**
 * `["geofences", 1, "radius"]` as `geofences[1].radius`, below `prefix`.
 *
 * @since 0.1.0
 * @category conversions
 */
export const pathOf = (path: ReadonlyArray<PropertyKey>, prefix = ""): string =>
  path.reduce<string>(
    (whole, key) =>
      typeof key === "number" ? `${whole}[${key}]` : whole === "" ? String(key) : `${whole}.${String(key)}`,
    prefix
  )

/**
 * What a schema says of a value, less the value: where a schema has no words of its own, the formatter's end with it.
 *
 * @since 0.1.0
 * @category conversions
 */
export const withoutValue = (message: string): string =>
  message.replace(/^Expected ([\s\S]*?), actual [\s\S]*$/, "expected $1")

/**
 * Every problem that a schema found.
 *
 * @since 0.1.0
 * @category conversions
 */
export const of = (issue: ParseResult.ParseIssue): ReadonlyArray<Issue> =>
  ParseResult.ArrayFormatter.formatIssueSync(issue).map(({ message, path }) => ({
    path: pathOf(path),
    problem: withoutValue(message)
  }))
