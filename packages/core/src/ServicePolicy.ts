/**
 * The stored policy of a service: what it demands of every authorization. Another type than the policy of one
 * authorization request, which can only make it stricter: see `EffectivePolicy`.
 *
 * @since 0.1.0
 */
import type * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import { dual } from "effect/Function"
import * as ParseResult from "effect/ParseResult"
import * as Predicate from "effect/Predicate"
import * as Schema from "effect/Schema"
import * as AuthPolicy from "./AuthPolicy.ts"
import type { Factor } from "./Factor.ts"
import { Fence, Location, TerritoryFence, UnknownFence } from "./Fence.ts"
import { territoryProblem } from "./internal/iso3166.ts"
import { JsonObject, list, nullsAsAbsent } from "./internal/json.ts"
import {
  amountFrom,
  boolean,
  exclusive,
  Factors as FactorList,
  requirementOfOptions,
  requirementOptions,
  uniquelyNamed,
  withoutNamed
} from "./internal/policy.ts"
import * as Policy from "./internal/servicePolicy.ts"
import * as Issues from "./Issues.ts"
import * as TimeFence from "./TimeFence.ts"

export {
  type Branch,
  type ConditionalGeofence,
  type Factors,
  isServicePolicy,
  type Legacy,
  type MethodAmount,
  TypeId,
  type UnknownPolicy,
  type Unrestricted
} from "./internal/servicePolicy.ts"

export { KnownPolicy, ServicePolicy } from "./internal/servicePolicyJson.ts"

/**
 * A fence, or the members of one. The country and the administrative area of a territory have to exist: in ISO 3166-1
 * and, within the country, in ISO 3166-2. (A policy that is read may name newer ones.)
 *
 * @since 0.1.0
 * @category models
 */
export type FenceInput = Fence | AuthPolicy.GeofenceInput | TerritoryInput

/**
 * The members of a `Fence.TerritoryFence`; undefined is none.
 *
 * @since 0.1.0
 * @category models
 */
export interface TerritoryInput {
  readonly name?: string | undefined
  /** ISO 3166-1 alpha-2, upper case: `"CA"`. */
  readonly country: string
  /** ISO 3166-2, upper case, within the country: `"CA-ON"`. */
  readonly administrativeArea?: string | undefined
  /** 1 to 16 code points. */
  readonly postalCode?: string | undefined
}

/**
 * What may accompany a requirement. `fences` default to none: the device may be anywhere. The denials make the device
 * refuse when it finds itself rooted or jailbroken, or to be an emulator or simulator; default false.
 *
 * @since 0.1.0
 * @category models
 */
export interface Restrictions {
  readonly fences?: ReadonlyArray<FenceInput> | undefined
  readonly denyRootedJailbroken?: boolean | undefined
  readonly denyEmulatorSimulator?: boolean | undefined
}

/**
 * @since 0.1.0
 * @category models
 */
export interface ConditionalOptions extends Restrictions {
  /** At least one. */
  readonly fences: ReadonlyArray<FenceInput>
  /** Of a device in one of the fences: `methodAmount(1)`, or `factors(["possession"])`. */
  readonly inside: Policy.Branch
  /** Of a device in none of the fences. */
  readonly outside: Policy.Branch
}

/**
 * A geofence of a legacy policy.
 *
 * @since 0.1.0
 * @category models
 */
export interface NamedGeofenceInput extends AuthPolicy.GeofenceInput {
  readonly name: string
}

/**
 * As for the policy of an authorization request, and times besides. A geofence needs a name, because a reader in use
 * refuses a legacy policy with one that has none.
 *
 * @since 0.1.0
 * @category models
 */
export type LegacyOptions =
  & Omit<AuthPolicy.Restrictions, "geofences">
  & {
    readonly geofences?: ReadonlyArray<NamedGeofenceInput> | undefined
    readonly timeFences?: ReadonlyArray<TimeFence.Options> | undefined
  }
  & (
    | { readonly any?: number | undefined; readonly factors?: undefined }
    | { readonly any?: undefined; readonly factors: ReadonlyArray<Factor> }
  )

/**
 * A policy in one object. A policy that has fences, of the three newer kinds, is also options of itself.
 *
 * @since 0.1.0
 * @category models
 */
export type Options =
  | Restrictions & { readonly _tag: "MethodAmount"; readonly amount: number }
  | Restrictions & { readonly _tag: "Factors"; readonly factors: ReadonlyArray<Factor> }
  | ConditionalOptions & { readonly _tag: "ConditionalGeofence" }
  | LegacyOptions & { readonly _tag: "Legacy" }

const Territory = Schema.typeSchema(Schema.Struct(TerritoryFence.fields)).pipe(
  Schema.filter((territory) =>
    territory.administrativeArea === undefined || territory.administrativeArea.startsWith(`${territory.country}-`)
      ? territoryProblem(territory)
      : {
        path: ["administrativeArea"],
        message: "administrative area lies in another country; give one that begins with the country's code"
      }
  )
)

const isTerritory = (u: object) => "country" in u || "administrativeArea" in u || "postalCode" in u

const isCircle = (u: object) => "latitude" in u || "longitude" in u || "radius" in u

const noFence = "not a fence; give a circle (latitude, longitude, radius) or a territory (country)"

/** `kept` are fences of a policy that there is already: they are not asked again. */
const fencesFrom = (kept: ReadonlyArray<Fence> = []) => {
  const input = Schema.transformOrFail(Schema.Unknown, Schema.typeSchema(Fence), {
    strict: true,
    decode: (u, options, ast): Effect.Effect<Fence, ParseResult.ParseIssue> =>
      u instanceof UnknownFence || kept.some((fence) => fence === u)
        ? ParseResult.decodeUnknown(Schema.typeSchema(Fence))(u, options)
        : Predicate.isRecord(u) && isTerritory(u)
        ? ParseResult.map(
          ParseResult.decodeUnknown(nullsAsAbsent(Territory))(u, options),
          (territory) => new TerritoryFence(territory)
        )
        : Predicate.isRecord(u) && isCircle(u)
        ? ParseResult.decodeUnknown(Location)(u, options)
        : ParseResult.fail(new ParseResult.Type(ast, u, noFence)),
    encode: ParseResult.succeed
  })
  return list(input).pipe(uniquelyNamed("fence"))
}

const orFalse = Schema.optionalWith(boolean, { exact: true, default: () => false })

const denials = { denyRootedJailbroken: orFalse, denyEmulatorSimulator: orFalse }

const restrictions = { fences: Schema.optionalWith(fencesFrom(), { exact: true, default: () => [] }), ...denials }

const whole = "belongs to the conditional geofence as a whole; give it there"

const notNested = Schema.optionalWith(Schema.Literal(false).annotations({ message: () => whole }), { exact: true })

const nested = {
  fences: Schema.optionalWith(list(Schema.Unknown).pipe(Schema.filter((fences) => fences.length === 0 || whole)), {
    exact: true
  }),
  denyRootedJailbroken: notNested,
  denyEmulatorSimulator: notNested
}

const NestedAmount = nullsAsAbsent(
  Schema.TaggedStruct("MethodAmount", { amount: amountFrom(0), ...nested })
)

const NestedFactors = nullsAsAbsent(Schema.TaggedStruct("Factors", { factors: FactorList, ...nested }))

const refuseTag = (u: object, ast: ParseResult.Type["ast"], problem: string) =>
  ParseResult.fail(new ParseResult.Pointer("_tag", u, new ParseResult.Type(ast, u, problem)))

const BranchOptions = Schema.transformOrFail(JsonObject, Policy.BranchFromSelf, {
  strict: true,
  decode: (json, options, ast) => {
    switch (json["_tag"]) {
      case "MethodAmount":
        return ParseResult.map(
          ParseResult.decodeUnknown(NestedAmount)(json, options),
          ({ _tag, amount }) => ({ _tag, amount })
        )
      case "Factors":
        return ParseResult.map(
          ParseResult.decodeUnknown(NestedFactors)(json, options),
          ({ _tag, factors }) => ({ _tag, factors })
        )
      default:
        return refuseTag(
          json,
          ast,
          "a conditional geofence nests an amount of methods or factors alone; give one of them"
        )
    }
  },
  encode: ParseResult.succeed
})

const AmountOptions = Schema.TaggedStruct("MethodAmount", { amount: amountFrom(0), ...restrictions })

const FactorsOptions = Schema.TaggedStruct("Factors", { factors: FactorList, ...restrictions })

const ConditionalGeofenceOptions = Schema.TaggedStruct("ConditionalGeofence", {
  fences: fencesFrom().pipe(Policy.some(Policy.noFence)),
  inside: BranchOptions,
  outside: BranchOptions,
  ...denials
})

const NamedGeofence = Location.pipe(
  Schema.filter(({ name }) =>
    name === undefined
      ? {
        path: ["name"],
        message: "a geofence of a legacy policy needs a name, without which a reader in use refuses it"
      }
      : undefined
  )
)

const Geofences = list(NamedGeofence).pipe(uniquelyNamed("geofence", ""))

const TimeFences = list(TimeFence.TimeFenceFromOptions).pipe(uniquelyNamed("time fence", ""))

const LegacyPolicyOptions = Schema.TaggedStruct("Legacy", {
  ...requirementOptions,
  denyRootedJailbroken: orFalse,
  geofences: Schema.optionalWith(Geofences, { exact: true, default: () => [] }),
  timeFences: Schema.optionalWith(TimeFences, { exact: true, default: () => [] })
}).pipe(exclusive)

const parse = <A extends object, I extends object>(schema: Schema.Schema<A, I>) => {
  const decode = ParseResult.decodeUnknownEither(nullsAsAbsent(schema))
  return (options: unknown): Either.Either<A, AuthPolicy.InvalidPolicy> =>
    Either.mapLeft(
      decode(options, { errors: "all", onExcessProperty: "error" }),
      (issue) => new AuthPolicy.InvalidPolicy({ issues: Issues.of(issue) })
    )
}

const parseAmount = parse(AmountOptions)
const parseFactors = parse(FactorsOptions)
const parseConditional = parse(ConditionalGeofenceOptions)
const parseLegacy = parse(LegacyPolicyOptions)

const fromLegacyOptions = (
  { _tag, denyRootedJailbroken, geofences, timeFences, ...requirement }: typeof LegacyPolicyOptions.Type
): Policy.Legacy =>
  Policy.legacy({ _tag, requirement: requirementOfOptions(requirement), denyRootedJailbroken, geofences, timeFences })

const unknownTag = parse(Schema.Struct({
  _tag: Schema.Literal("MethodAmount", "Factors", "ConditionalGeofence", "Legacy").annotations({
    message: () => ({
      message: "not a kind of policy; give \"MethodAmount\", \"Factors\", \"ConditionalGeofence\" or \"Legacy\"",
      override: true
    })
  })
}))

/**
 * The policy of options that come from outside. Every problem is reported at once, a member of another name included.
 *
 * @since 0.1.0
 * @category constructors
 */
export const fromOptions = (options: unknown): Either.Either<Policy.KnownPolicy, AuthPolicy.InvalidPolicy> => {
  switch (Predicate.hasProperty(options, "_tag") ? options._tag : undefined) {
    case "MethodAmount":
      return Either.map(parseAmount(options), Policy.methodAmount)
    case "Factors":
      return Either.map(parseFactors(options), Policy.factors)
    case "ConditionalGeofence":
      return Either.map(parseConditional(options), Policy.conditionalGeofence)
    case "Legacy":
      return Either.map(parseLegacy(options), fromLegacyOptions)
    default:
      return Either.flatMap(unknownTag(options), fromOptions)
  }
}

const orThrow = <A>(either: Either.Either<A, AuthPolicy.InvalidPolicy>): A =>
  Either.getOrThrowWith(either, (error) => error)

/**
 * Any so many methods, a whole number from 0 to 7; 0 asks for none. Throws `InvalidPolicy`: for literals in source.
 *
 * @see docs/protocol.md "The policy of a service"
 * @since 0.1.0
 * @category constructors
 */
export function methodAmount(amount: number): Policy.Unrestricted<Policy.MethodAmount>
export function methodAmount(amount: number, restrictions: Restrictions): Policy.MethodAmount
export function methodAmount(amount: number, restrictions: Restrictions = {}): Policy.MethodAmount {
  return Policy.methodAmount(orThrow(parseAmount({ ...restrictions, _tag: "MethodAmount", amount })))
}

/**
 * Each of these factors, at least one, none twice. Throws `InvalidPolicy`: for literals in source.
 *
 * @see docs/protocol.md "The policy of a service"
 * @since 0.1.0
 * @category constructors
 */
export function factors(required: ReadonlyArray<Factor>): Policy.Unrestricted<Policy.Factors>
export function factors(required: ReadonlyArray<Factor>, restrictions: Restrictions): Policy.Factors
export function factors(required: ReadonlyArray<Factor>, restrictions: Restrictions = {}): Policy.Factors {
  return Policy.factors(orThrow(parseFactors({ ...restrictions, _tag: "Factors", factors: required })))
}

/**
 * One requirement inside the fences and another outside. Throws `InvalidPolicy`: for literals in source.
 *
 * @example
 * ```ts
 * import { ServicePolicy } from "@effect-launchkey/core"
 *
 * const policy = ServicePolicy.conditionalGeofence({
 *   fences: [
 *     { name: "Office", latitude: 43.6532, longitude: -79.3832, radius: 300 },
 *     { country: "CA", administrativeArea: "CA-ON" }
 *   ],
 *   inside: ServicePolicy.methodAmount(1),
 *   outside: ServicePolicy.factors(["inherence", "possession"]),
 *   denyRootedJailbroken: true
 * })
 * ```
 *
 * @see docs/protocol.md "The policy of a service"
 * @since 0.1.0
 * @category constructors
 */
export const conditionalGeofence = (options: ConditionalOptions): Policy.ConditionalGeofence =>
  Policy.conditionalGeofence(orThrow(parseConditional({ ...options, _tag: "ConditionalGeofence" })))

/**
 * A policy of the first form: `legacy({ any: 2, timeFences: […] })`. Throws `InvalidPolicy`: for literals in source.
 *
 * @see docs/protocol.md "The policy of a service"
 * @since 0.1.0
 * @category constructors
 */
export const legacy = (options: LegacyOptions = {}): Policy.Legacy =>
  fromLegacyOptions(orThrow(parseLegacy({ ...options, _tag: "Legacy" })))

/**
 * What a service has that no policy was set for, or whose policy was removed: it demands nothing.
 *
 * @since 0.1.0
 * @category constructors
 */
export const none: Policy.Legacy = legacy()

/**
 * Whether the policy only requires, so that a conditional geofence may nest it.
 *
 * @since 0.1.0
 * @category guards
 */
export const isUnrestricted = (policy: Policy.ServicePolicy): policy is Policy.Branch =>
  (policy._tag === "MethodAmount" || policy._tag === "Factors") &&
  policy.fences.length === 0 && !policy.denyRootedJailbroken && !policy.denyEmulatorSimulator

/**
 * One case for each kind of policy.
 *
 * @since 0.1.0
 * @category combinators
 */
export const match: {
  <A, B, C, D, E>(cases: Cases<A, B, C, D, E>): (self: Policy.ServicePolicy) => A | B | C | D | E
  <A, B, C, D, E>(self: Policy.ServicePolicy, cases: Cases<A, B, C, D, E>): A | B | C | D | E
} = dual(2, <A, B, C, D, E>(self: Policy.ServicePolicy, cases: Cases<A, B, C, D, E>): A | B | C | D | E => {
  switch (self._tag) {
    case "MethodAmount":
      return cases.MethodAmount(self)
    case "Factors":
      return cases.Factors(self)
    case "ConditionalGeofence":
      return cases.ConditionalGeofence(self)
    case "Legacy":
      return cases.Legacy(self)
    case "UnknownPolicy":
      return cases.UnknownPolicy(self)
  }
})

interface Cases<A, B, C, D, E> {
  readonly MethodAmount: (policy: Policy.MethodAmount) => A
  readonly Factors: (policy: Policy.Factors) => B
  readonly ConditionalGeofence: (policy: Policy.ConditionalGeofence) => C
  readonly Legacy: (policy: Policy.Legacy) => D
  readonly UnknownPolicy: (policy: Policy.UnknownPolicy) => E
}

type Fenced = Policy.MethodAmount | Policy.Factors | Policy.ConditionalGeofence

/** Of the same kind, but no longer known to be unrestricted. */
type Like<P extends Policy.KnownPolicy> = Extract<Policy.KnownPolicy, { readonly _tag: P["_tag"] }>

type Changed<P extends Policy.KnownPolicy> = Either.Either<Like<P>, AuthPolicy.InvalidPolicy>

const fenced = (
  self: Fenced,
  fences: ReadonlyArray<FenceInput>
): Either.Either<Policy.KnownPolicy, AuthPolicy.InvalidPolicy> => {
  const schema = fencesFrom(self.fences)
  if (self._tag === "ConditionalGeofence") {
    return Either.map(
      parse(Schema.Struct({ fences: schema.pipe(Policy.some(Policy.noFence)) }))({ fences }),
      ({ fences }) => Policy.conditionalGeofence({ ...self, fences })
    )
  }
  return Either.map(
    parse(Schema.Struct({ fences: schema }))({ fences }),
    ({ fences }) =>
      self._tag === "MethodAmount" ? Policy.methodAmount({ ...self, fences }) : Policy.factors({ ...self, fences })
  )
}

/**
 * The policy with these fences too: the device may be in any of them. Refused where a fence is illegal or two have the
 * same name; the issue's index counts the fences the policy had before.
 *
 * @since 0.1.0
 * @category combinators
 */
export const withFences: {
  (fences: Iterable<FenceInput>): <P extends Fenced>(self: P) => Changed<P>
  <P extends Fenced>(self: P, fences: Iterable<FenceInput>): Changed<P>
} = dual(2, (self: Fenced, fences: Iterable<FenceInput>) => fenced(self, [...self.fences, ...fences]))

/**
 * The policy without the fence of this name, in any case. Refused where there is none, naming those there are, and for
 * the last fence of a conditional geofence.
 *
 * @since 0.1.0
 * @category combinators
 */
export const withoutFence: {
  (name: string): <P extends Policy.KnownPolicy>(self: P) => Changed<P>
  <P extends Policy.KnownPolicy>(self: P, name: string): Changed<P>
} = dual(2, (self: Policy.KnownPolicy, name: string) =>
  self._tag === "Legacy"
    ? Either.map(without(self.geofences, name, "geofence", "geofences"), (geofences) =>
      Policy.legacy({ ...self, geofences }))
    : Either.flatMap(without(self.fences, name, "fence", "fences"), (fences) =>
      fenced(self, fences)))

const without = <A extends object>(elements: ReadonlyArray<A>, name: string, what: string, path: string) =>
  Either.mapLeft(
    withoutNamed(elements, name, what, path),
    (issue) => new AuthPolicy.InvalidPolicy({ issues: [issue] })
  )

/**
 * The policy with these geofences too; each needs a name. Refused as {@link withFences} is.
 *
 * @since 0.1.0
 * @category combinators
 */
export const withGeofences: {
  (geofences: Iterable<NamedGeofenceInput>): (self: Policy.Legacy) => Changed<Policy.Legacy>
  (self: Policy.Legacy, geofences: Iterable<NamedGeofenceInput>): Changed<Policy.Legacy>
} = dual(
  2,
  (self: Policy.Legacy, geofences: Iterable<NamedGeofenceInput>): Changed<Policy.Legacy> =>
    Either.map(
      parse(Schema.Struct({ geofences: Geofences }))({ geofences: [...self.geofences, ...geofences] }),
      ({ geofences }) => Policy.legacy({ ...self, geofences })
    )
)

/**
 * The policy with these time fences too: it may be within any of them. Refused as {@link withFences} is.
 *
 * @since 0.1.0
 * @category combinators
 */
export const withTimeFences: {
  (timeFences: Iterable<TimeFence.Options>): (self: Policy.Legacy) => Changed<Policy.Legacy>
  (self: Policy.Legacy, timeFences: Iterable<TimeFence.Options>): Changed<Policy.Legacy>
} = dual(
  2,
  (self: Policy.Legacy, timeFences: Iterable<TimeFence.Options>): Changed<Policy.Legacy> =>
    Either.map(
      parse(Schema.Struct({ timeFences: TimeFences }))({ timeFences: [...self.timeFences, ...timeFences] }),
      ({ timeFences }) => Policy.legacy({ ...self, timeFences })
    )
)

/**
 * The policy without the time fence of this name, in any case. Refused where there is none, naming those there are.
 *
 * @since 0.1.0
 * @category combinators
 */
export const withoutTimeFence: {
  (name: string): (self: Policy.Legacy) => Changed<Policy.Legacy>
  (self: Policy.Legacy, name: string): Changed<Policy.Legacy>
} = dual(
  2,
  (self: Policy.Legacy, name: string): Changed<Policy.Legacy> =>
    Either.map(
      without(self.timeFences, name, "time fence", "timeFences"),
      (timeFences) => Policy.legacy({ ...self, timeFences })
    )
)

/**
 * The policy, refusing rooted and jailbroken devices or not.
 *
 * @since 0.1.0
 * @category combinators
 */
export const withDenyRootedJailbroken: {
  (deny: boolean): <P extends Policy.KnownPolicy>(self: P) => Like<P>
  <P extends Policy.KnownPolicy>(self: P, deny: boolean): Like<P>
} = dual(
  2,
  (self: Policy.KnownPolicy, denyRootedJailbroken: boolean) => Policy.construct({ ...self, denyRootedJailbroken })
)

/**
 * The policy, refusing emulators and simulators or not. A legacy policy knows none.
 *
 * @since 0.1.0
 * @category combinators
 */
export const withDenyEmulatorSimulator: {
  (deny: boolean): <P extends Fenced>(self: P) => Like<P>
  <P extends Fenced>(self: P, deny: boolean): Like<P>
} = dual(2, (self: Fenced, denyEmulatorSimulator: boolean) => Policy.construct({ ...self, denyEmulatorSimulator }))
