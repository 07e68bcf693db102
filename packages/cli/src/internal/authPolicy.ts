/** The dynamic policy of one authorization request, from a command line or a file. */
import * as AuthPolicy from "@effect-launchkey/core/AuthPolicy"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import * as PolicyFile from "./policyFile.ts"
import { circle } from "./servicePolicy.ts"
import type { Unusable } from "./unusable.ts"

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

/** By its JSON, as it is sent. A member that there is not is refused, and not left out: somebody counts on it. */
export const fromJson = (
  text: string
): Effect.Effect<AuthPolicy.AuthPolicy, Unusable | AuthPolicy.InvalidPolicy> =>
  Effect.gen(function*() {
    const json = yield* PolicyFile.read(text, "Write it as --dry-run prints one, under \"policy\".")
    return yield* Effect.mapError(
      Schema.decodeUnknown(AuthPolicy.AuthPolicy, { errors: "all", onExcessProperty: "error" })(json),
      PolicyFile.invalid
    )
  })
