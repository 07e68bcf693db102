/** A policy out of a file, of either kind. */
import { InvalidPolicy } from "@effect-launchkey/core/AuthPolicy"
import * as Issues from "@effect-launchkey/core/Issues"
import * as Effect from "effect/Effect"
import type * as ParseResult from "effect/ParseResult"
import * as Schema from "effect/Schema"
import { Unusable } from "./unusable.ts"

export const Json = Schema.parseJson(Schema.Record({ key: Schema.String, value: Schema.Unknown }))

/** The members of the object that the text is. */
export const read = (text: string, next: string): Effect.Effect<typeof Json.Type, Unusable> =>
  Effect.mapError(
    Schema.decode(Json)(text),
    () => new Unusable({ what: "File", problem: "The policy is not a JSON object", next })
  )

export const invalid = ({ issue }: ParseResult.ParseError): InvalidPolicy =>
  new InvalidPolicy({ issues: Issues.of(issue) })
