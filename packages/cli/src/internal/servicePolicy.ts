/** The stored policy of a service, from a command line or a file. */
import { InvalidPolicy } from "@effect-launchkey/core/AuthPolicy"
import * as ServicePolicy from "@effect-launchkey/core/ServicePolicy"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Predicate from "effect/Predicate"
import * as Schema from "effect/Schema"
import * as PolicyFile from "./policyFile.ts"
import { Unusable } from "./unusable.ts"

/** What a command line says of a policy. */
export interface Flags {
  readonly require: Option.Option<string>
  readonly inside: Option.Option<string>
  readonly outside: Option.Option<string>
  readonly geofence: ReadonlyArray<string>
  readonly territory: ReadonlyArray<string>
  readonly denyRooted: boolean
  readonly denyEmulator: boolean
}

/** `2`: so many methods. `knowledge,possession`: these factors. */
const requirement = (text: string) =>
  /^\s*-?\d+\s*$/.test(text)
    ? { _tag: "MethodAmount", amount: Number(text) }
    : { _tag: "Factors", factors: text.split(",").map((factor) => factor.trim().toLowerCase()) }

/** `Vault=36.12,-115.15,250`: the name may be left out. */
const named = (text: string): readonly [rest: string, name: { readonly name?: string }] => {
  const at = text.indexOf("=")
  return at === -1 ? [text, {}] : [text.slice(at + 1), { name: text.slice(0, at).trim() }]
}

const number = (text = "") => text.trim() === "" ? Number.NaN : Number(text)

/** `Vault=36.12,-115.15,250`: a member that is missing or none is told where the policy is made. */
export const circle = (text: string) => {
  const [rest, name] = named(text)
  const [latitude, longitude, radius, ...more] = rest.split(",")
  return more.length > 0
    ? { ...name }
    : { ...name, latitude: number(latitude), longitude: number(longitude), radius: number(radius) }
}

/** `US`, `US-NV`, `US-NV/89101`. */
const territory = (text: string) => {
  const [rest, name] = named(text)
  const [place = "", postalCode] = rest.split("/")
  return {
    ...name,
    country: place.split("-", 1)[0]?.trim(),
    ...(place.includes("-") ? { administrativeArea: place.trim() } : {}),
    ...(postalCode === undefined ? {} : { postalCode: postalCode.trim() })
  }
}

/** By flags. Every problem of the policy at once. */
export const fromFlags = (flags: Flags): Effect.Effect<ServicePolicy.KnownPolicy, Unusable | InvalidPolicy> =>
  Effect.gen(function*() {
    const restrictions = {
      fences: [...flags.geofence.map(circle), ...flags.territory.map(territory)],
      denyRootedJailbroken: flags.denyRooted,
      denyEmulatorSimulator: flags.denyEmulator
    }
    const { inside, outside, require } = flags
    if (Option.isSome(require) && Option.isNone(inside) && Option.isNone(outside)) {
      return yield* ServicePolicy.fromOptions({ ...requirement(require.value), ...restrictions })
    }
    if (Option.isNone(require) && Option.isSome(inside) && Option.isSome(outside)) {
      return yield* ServicePolicy.fromOptions({
        _tag: "ConditionalGeofence",
        inside: requirement(inside.value),
        outside: requirement(outside.value),
        ...restrictions
      })
    }
    return yield* new Unusable({
      what: "Arguments",
      problem: "What the policy requires has to be said once",
      next: "Give --require, or --inside together with --outside, or --file."
    })
  })

/** Where members of what was read are missing from what is made of it. */
const lost = (read: unknown, made: unknown, path: string): ReadonlyArray<string> => {
  if (read === null) return []
  if (Array.isArray(read)) {
    return read.flatMap((value, i) => lost(value, Array.isArray(made) ? made[i] : undefined, `${path}[${i}]`))
  }
  if (!Predicate.isRecord(read)) return made === undefined ? [path] : []
  return Predicate.isRecord(made)
    ? Object.entries(read).flatMap(([name, value]) => lost(value, made[name], path === "" ? name : `${path}.${name}`))
    : [path]
}

/**
 * By its JSON, as `policy get --json` prints it. A member that there is not is refused, and not left out: somebody counts
 * on it. A legacy policy has several forms, and is taken as it is read.
 */
export const fromJson = (text: string): Effect.Effect<ServicePolicy.KnownPolicy, Unusable | InvalidPolicy> =>
  Effect.gen(function*() {
    const json = yield* PolicyFile.read(text, "Write it as `launchkey service policy get --json` prints one.")
    const policy = yield* Effect.mapError(
      Schema.decode(ServicePolicy.KnownPolicy, { errors: "all" })(json),
      PolicyFile.invalid
    )
    const unknown = policy._tag === "Legacy" ? [] : lost(json, yield* toJson(policy), "")
    return unknown.length === 0 ? policy : yield* new InvalidPolicy({
      issues: unknown.map((path) => ({
        path,
        problem: "not a member of such a policy; leave it out, or correct its name"
      }))
    })
  })

/** As it is sent. */
export const toJson = (policy: ServicePolicy.ServicePolicy): Effect.Effect<typeof PolicyFile.Json.Type> =>
  // What was read or constructed can be written.
  Effect.orDie(Schema.encode(ServicePolicy.ServicePolicy)(policy))
