import * as DateTime from "effect/DateTime"
import * as Option from "effect/Option"
import * as ParseResult from "effect/ParseResult"
import * as Schema from "effect/Schema"
import { Uuid } from "../EntityIdentifier.ts"

export const AuthorizationRequestId = Uuid.pipe(Schema.brand("AuthorizationRequestId"))

/** `YYYY-MM-DDTHH:MM:SSZ`: written in whole seconds, read with a fraction or an offset too. */
export const UtcSeconds = Schema.transformOrFail(Schema.String, Schema.DateTimeUtcFromSelf, {
  strict: true,
  decode: (text, _, ast) =>
    /^\d{4}-\d\d-\d\dT/.test(text)
      ? Option.match(DateTime.make(text), {
        onNone: () => ParseResult.fail(new ParseResult.Type(ast, text, "expected a date such as 2030-01-01T00:00:00Z")),
        onSome: (date) => ParseResult.succeed(DateTime.toUtc(date))
      })
      : ParseResult.fail(new ParseResult.Type(ast, text, "expected a date such as 2030-01-01T00:00:00Z")),
  encode: (utc) => ParseResult.succeed(DateTime.formatIso(utc).replace(/\.\d+Z$/, "Z"))
})
