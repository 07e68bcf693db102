/**
 * What stores read from their rows.
 *
 * @since 0.1.0
 */
import { StoreUnavailable } from "@effect-launchkey/core/StoreUnavailable"
import { ArrayFormatter, type ParseError } from "effect/ParseResult"
import * as Schema from "effect/Schema"

/**
 * A BIGINT, which PostgreSQL's driver reads as a text.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Int64 = Schema.Union(Schema.Number, Schema.NumberFromString)

/**
 * The failure of a row that this version cannot read, or of a value that it cannot write: as good as no store. It names
 * the places alone, as the schema's own words quote the row.
 *
 * @since 0.1.0
 * @category conversions
 */
export const unreadable = (operation: string) => (error: ParseError): StoreUnavailable => {
  const places = ArrayFormatter.formatErrorSync(error).map(({ path }) => path.join(".")).join(", ")
  const cause = new Error(`what is kept is not of the form that this version reads, at ${places || "its root"}`)
  return new StoreUnavailable({ operation, cause })
}
