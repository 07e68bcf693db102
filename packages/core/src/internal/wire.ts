import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Option from "effect/Option"
import * as ParseResult from "effect/ParseResult"
import * as Schema from "effect/Schema"
import { Uuid } from "../EntityIdentifier.ts"

export const AuthorizationRequestId = Uuid.pipe(Schema.brand("AuthorizationRequestId"))

// beside the ids, as the public endpoints know it and nothing else of devices
export const LinkingCode = Schema.transform(
  Schema.String,
  Schema.String.pipe(
    Schema.pattern(/^[a-z0-9]{7}$/, {
      message: () => "expected a linking code of seven letters and digits",
      arbitrary: () => (fc) => fc.stringMatching(/^[a-z0-9]{7}$/)
    })
  ),
  { strict: true, decode: (text) => text.trim().toLowerCase(), encode: (text) => text }
).pipe(Schema.brand("LinkingCode"))

// A date without its offset would be whatever zone the reader's machine is in.
const dateTime = /^(\d{4}-\d\d-\d\d)T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d+)?(?:Z|[+-][0-2]\d:[0-5]\d)$/

/** The instant of such a text. None for a day that its month does not have, which the engine would count on from. */
const instantOf = (text: string): Option.Option<DateTime.Utc> => {
  const [, day] = dateTime.exec(text) ?? []
  return day === undefined
    ? Option.none()
    : Option.filter(
      Option.map(DateTime.make(text), DateTime.toUtc),
      () => Option.exists(DateTime.make(`${day}T00:00:00Z`), (midnight) => DateTime.formatIsoDateUtc(midnight) === day)
    )
}

/** `YYYY-MM-DDTHH:MM:SSZ`: written in whole seconds, read with a fraction or an offset too. */
export const UtcSeconds = Schema.transformOrFail(
  Schema.String,
  Schema.DateTimeUtcFromSelf.annotations({
    arbitrary: () => (fc) => fc.integer({ min: 0, max: 4_102_444_800 }).map((unix) => DateTime.unsafeMake(unix * 1000))
  }),
  {
    strict: true,
    decode: (text, _, ast) =>
      Option.match(instantOf(text), {
        onNone: () => ParseResult.fail(new ParseResult.Type(ast, text, "expected a date such as 2030-01-01T00:00:00Z")),
        onSome: ParseResult.succeed
      }),
    encode: (utc) => ParseResult.succeed(DateTime.formatIso(utc).replace(/\.\d+Z$/, "Z"))
  }
)

/** A member that is null or absent where there is nothing, and written as null. */
export const orNull = <A, I, R>(schema: Schema.Schema<A, I, R>) =>
  Schema.optionalToRequired(Schema.NullOr(schema), Schema.OptionFromSelf(Schema.typeSchema(schema)), {
    decode: Option.flatMapNullable((value) => value),
    encode: (value) => Option.some(Option.getOrNull(value))
  })

/** A boolean, or the text that one of the official SDKs writes for it. */
export const lenientBoolean = (message: string) =>
  Schema.transform(
    Schema.Union(Schema.Boolean, Schema.Literal("True", "False", "true", "false")).annotations({
      message: () => ({ message, override: true })
    }),
    Schema.Boolean,
    {
      strict: true,
      decode: (value) => typeof value === "boolean" ? value : value.toLowerCase() === "true",
      encode: (value) => value
    }
  )

export const LenientBoolean = lenientBoolean("expected true or false")

/** Whole seconds between two bounds, as a duration. */
export const seconds = (minimum: number, maximum: number, otherwise: string) =>
  Schema.transform(Schema.Number, Schema.DurationFromSelf, {
    strict: true,
    decode: (value) => Duration.seconds(value),
    encode: (duration) => Duration.toSeconds(duration)
  }).pipe(
    Schema.filter((duration) => {
      const value = Duration.toSeconds(duration)
      return Number.isInteger(value) && value >= minimum && value <= maximum
        ? undefined
        : `${value} s is not a whole number of seconds from ${minimum} to ${maximum}; choose one within, or ${otherwise}`
    }),
    Schema.annotations({ arbitrary: () => (fc) => fc.integer({ min: minimum, max: maximum }).map(Duration.seconds) })
  )
