import * as ParseResult from "effect/ParseResult"
import * as Predicate from "effect/Predicate"
import * as Schema from "effect/Schema"

export type JsonObject = { readonly [member: string]: unknown }

/** The same object without its members that are null or undefined. Not deep: a hostile body may be nested deeply. */
export const withoutNulls = (json: object): JsonObject =>
  Object.fromEntries(Object.entries(json).filter(([, value]) => Predicate.isNotNullable(value)))

/** An object that is not an array. */
export const JsonObject = Schema.declare(
  (input): input is JsonObject => Predicate.isRecord(input),
  { message: () => "expected a JSON object", arbitrary: () => (fc) => fc.dictionary(fc.string(), fc.string()) }
)

/** Reads a member that is null like a member that is missing, as the official SDKs write either. */
export const nullsAsAbsent = <A, I extends object, R>(self: Schema.Schema<A, I, R>): Schema.Schema<A, I, R> =>
  Schema.transformOrFail(
    // The encoded side promises `I`, although only "an object" has been checked here: `self` checks the rest.
    JsonObject as Schema.Schema.AnyNoContext as Schema.Schema<I>,
    self,
    { strict: true, decode: (json) => ParseResult.succeed(withoutNulls(json) as I), encode: ParseResult.succeed }
  )

/** A list whose refusal does not repeat the value. */
export const list = <A, I, R>(element: Schema.Schema<A, I, R>): Schema.Array$<Schema.Schema<A, I, R>> =>
  Schema.Array(element).annotations({ message: () => "expected a list" })
