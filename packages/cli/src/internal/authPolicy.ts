/** The dynamic policy of one authorization request, from a command line or a file. */
import * as AuthPolicy from "@effect-launchkey/core/AuthPolicy"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as ParseResult from "effect/ParseResult"
import * as Schema from "effect/Schema"
import { circle } from "./servicePolicy.ts"
import { Unusable } from "./unusable.ts"

/** What a command line says of a policy. */
export interface Flags {
  readonly require: Option.Option<string>
  readonly geofence: ReadonlyArray<string>
  readonly denyRooted: boolean
}

/** Whether they say anything. */
export const given = ({ denyRooted, geofence, require }: Flags): boolean =>
  Option.isSome(require) || geofence.length > 0 || denyRooted

/** `2`: so many methods. `knowledge,possession`: these factors. */
const requirement = (text: string) =>
  /^\s*-?\d+\s*$/.test(text)
    ? { any: Number(text) }
    : { factors: text.split(",").map((factor) => factor.trim().toLowerCase()) }

/** Every problem of the policy at once. */
export const fromFlags = (
  { denyRooted, geofence, require }: Flags
): Effect.Effect<AuthPolicy.AuthPolicy, AuthPolicy.InvalidPolicy> =>
  Effect.suspend(() =>
    AuthPolicy.fromOptions({
      ...Option.match(require, { onNone: () => ({}), onSome: requirement }),
      denyRootedJailbroken: denyRooted,
      geofences: geofence.map(circle)
    })
  )

const Json = Schema.parseJson(Schema.Record({ key: Schema.String, value: Schema.Unknown }))

/** By its JSON, as it is sent. A member that there is not is refused, and not left out: somebody counts on it. */
export const fromJson = (
  text: string
): Effect.Effect<AuthPolicy.AuthPolicy, Unusable | AuthPolicy.InvalidPolicy> =>
  Effect.gen(function*() {
    const json = yield* Effect.mapError(
      Schema.decode(Json)(text),
      () =>
        new Unusable({
          what: "File",
          problem: "The policy is not a JSON object",
          next: "Write it as --dry-run prints one, under \"policy\"."
        })
    )
    return yield* Effect.mapError(
      Schema.decodeUnknown(AuthPolicy.AuthPolicy, { errors: "all", onExcessProperty: "error" })(json),
      ({ issue }) =>
        new AuthPolicy.InvalidPolicy({
          issues: ParseResult.ArrayFormatter.formatIssueSync(issue).map(({ message, path }) => ({
            path: path.join("."),
            problem: message
          }))
        })
    )
  })
