import { KeyId } from "@effect-launchkey/core/KeyId"
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Either from "effect/Either"
import * as Encoding from "effect/Encoding"
import * as Option from "effect/Option"
import * as ParseResult from "effect/ParseResult"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"

export const exact = { exact: true } as const

/** An option that is undefined is one that is not given. */
export const given = (options: object): object =>
  Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined))

const isDurationInput = (input: unknown): input is Duration.DurationInput =>
  Option.isSome(Duration.decodeUnknown(input))

/** Anything that is a duration, as one. `example` ends the refusal of anything else. */
export const durationInput = <I>(
  schema: Schema.Schema<Duration.Duration, I>,
  example: string
): Schema.Schema<Duration.Duration, Duration.DurationInput> =>
  Schema.transform(
    Schema.declare(isDurationInput, { message: () => `not a duration; give one ${example}` }),
    Schema.typeSchema(schema),
    { strict: true, decode: (input) => Duration.decode(input), encode: (duration) => duration }
  )

// The wire's dates have years of four digits.
const Expires = Schema.DateTimeUtcFromSelf.annotations({
  message: () => "not a DateTime.Utc; make one with DateTime.make or DateTime.unsafeMake"
}).pipe(
  Schema.filter((date) => {
    const year = DateTime.getPartUtc(date, "year")
    return year >= 0 && year <= 9999 || "its year does not have four digits; give an earlier date, or none"
  })
)

const PublicPem = Schema.String.annotations({ message: () => "not a text; give the PEM of an RSA public key" }).pipe(
  Schema.filter((pem) => pem.trim() !== "" || "empty; give the PEM of an RSA public key"),
  // Whether a public key is acceptable is for the platform to say, but a private one must not even reach it.
  Schema.filter((pem) =>
    !pem.includes("PRIVATE KEY") ||
    "it is a private key, and a public one belongs here; pass the output of `openssl pkey -in key.pem -pubout`"
  )
)

const KeyTypeInput = Schema.Literal("BOTH", "ENCRYPTION", "SIGNATURE").annotations({
  message: () => ({ message: "not a key type; give \"BOTH\", \"ENCRYPTION\" or \"SIGNATURE\"", override: true })
})

export const newKey = {
  pem: PublicPem,
  type: Schema.optionalWith(KeyTypeInput, exact),
  active: Schema.optionalWith(Schema.Boolean, exact),
  expires: Schema.optionalWith(Expires, exact)
}

export const keyChange = {
  keyId: KeyId,
  active: Schema.optionalWith(Schema.Boolean, exact),
  expires: Schema.optionalWith(Schema.NullOr(Expires), exact)
}

const base64 = "not base64; give the bytes, or their base64, of a PKCS#12"

/** Bytes or their base64, as base64 without line breaks. */
export const Pkcs12 = Schema.transformOrFail(
  Schema.Unknown,
  Schema.String,
  {
    strict: true,
    decode: (input, _, ast) => {
      const value = Redacted.isRedacted(input) ? Redacted.value(input) : input
      const problem = (words: string) => ParseResult.fail(new ParseResult.Type(ast, input, words))
      if (!(value instanceof Uint8Array) && typeof value !== "string") return problem(base64)
      const bytes = typeof value === "string" ? Encoding.decodeBase64(value.replace(/\s/g, "")) : Either.right(value)
      return Either.isLeft(bytes)
        ? problem(base64)
        : bytes.right.length === 0
        ? problem("empty; give null to clear")
        : ParseResult.succeed(Encoding.encodeBase64(bytes.right))
    },
    encode: ParseResult.succeed
  }
)
