/**
 * The dynamic policy of one authorization request: the only policy the wire takes there. It can make the policy of the
 * service stricter, never weaker.
 *
 * @since 0.1.0
 */
import * as Data from "effect/Data"
import * as Either from "effect/Either"
import { dual } from "effect/Function"
import * as ParseResult from "effect/ParseResult"
import { type Pipeable, pipeArguments } from "effect/Pipeable"
import * as Predicate from "effect/Predicate"
import * as Schema from "effect/Schema"
import { Factor, factorSet } from "./Factor.ts"
import { GeoCircleFence, Location } from "./Fence.ts"
import { list, nullsAsAbsent } from "./internal/json.ts"

/**
 * A circle in which the user's device has to be: `radius` in metres, `latitude` and `longitude` in decimal degrees
 * (WGS 84), and a name where you want one.
 *
 * @see docs/protocol.md "Authorization policy"
 * @since 0.1.0
 * @category schemas
 */
export { GeoCircleFence as Geofence }

/**
 * @since 0.1.0
 * @category models
 */
export const TypeId: unique symbol = Symbol.for("@effect-launchkey/core/AuthPolicy")

/**
 * @since 0.1.0
 * @category models
 */
export type TypeId = typeof TypeId

/**
 * What the user has to prove: nothing beyond the policy of the service, any `amount` of methods (1 to 7), or each of
 * `factors` (at least one, each once, in the order of `Factor.allFactors`).
 *
 * @since 0.1.0
 * @category models
 */
export type Requirement =
  | { readonly _tag: "None" }
  | { readonly _tag: "Amount"; readonly amount: number }
  | { readonly _tag: "Factors"; readonly factors: ReadonlyArray<Factor> }

interface Members {
  readonly requirement: Requirement
  /** The device refuses when it finds itself rooted or jailbroken. */
  readonly denyRootedJailbroken: boolean
  /** The device has to be in one of them, if there are any. Names, where given, differ without regard to case. */
  readonly geofences: ReadonlyArray<GeoCircleFence>
}

/**
 * A legal dynamic policy, equal to another by its members (`Equal.equals`). Build it with {@link any}, {@link factors},
 * {@link none} or {@link fromOptions}: there is no other way, so no illegal one exists.
 *
 * @see docs/protocol.md "Authorization policy"
 * @since 0.1.0
 * @category models
 */
export interface AuthPolicy extends Members, Pipeable {
  readonly [TypeId]: TypeId
}

class Policy extends Data.Class<Members> {
  get [TypeId](): TypeId {
    return TypeId
  }
  pipe() {
    return pipeArguments(this, arguments)
  }
}

const construct = ({ denyRootedJailbroken, geofences, requirement }: Members): AuthPolicy =>
  new Policy({
    requirement: requirement._tag === "Factors"
      ? Data.struct({ _tag: requirement._tag, factors: Data.array(factorSet(requirement.factors)) })
      : Data.struct(requirement),
    denyRootedJailbroken,
    geofences: Data.array(geofences)
  })

/**
 * @since 0.1.0
 * @category guards
 */
export const isAuthPolicy = (u: unknown): u is AuthPolicy => Predicate.hasProperty(u, TypeId)

/**
 * A policy that cannot be: every problem, with its place in the options, such as `geofences[1].radius`.
 *
 * @since 0.1.0
 * @category errors
 */
export class InvalidPolicy
  extends Schema.TaggedError<InvalidPolicy>("@effect-launchkey/core/AuthPolicy/InvalidPolicy")("InvalidPolicy", {
    issues: Schema.Array(Schema.Struct({
      /** Empty where the problem is the whole. */
      path: Schema.String,
      problem: Schema.String
    }))
  })
{
  override get message(): string {
    const issues = this.issues.map(({ path, problem }) => path === "" ? problem : `${path}: ${problem}`)
    return `The policy cannot be: ${issues.join("; ")}.`
  }
}

const invalid = (issue: ParseResult.ParseIssue): InvalidPolicy =>
  new InvalidPolicy({
    issues: ParseResult.ArrayFormatter.formatIssueSync(issue).map(({ message, path }) => ({
      path: path.reduce<string>(
        (whole, key) =>
          typeof key === "number" ? `${whole}[${key}]` : whole === "" ? String(key) : `${whole}.${String(key)}`,
        ""
      ),
      problem: message
    }))
  })

const amountFrom = (least: number) => {
  const message = (issue: ParseResult.ParseIssue) =>
    typeof issue.actual === "number"
      ? `the amount of methods is ${issue.actual}; give a whole number from ${least} to 7`
      : `the amount of methods is not a number; give a whole number from ${least} to 7`
  return Schema.Number.annotations({ message }).pipe(Schema.int({ message }), Schema.between(least, 7, { message }))
}

const boolean = Schema.Boolean.annotations({ message: () => "not a boolean; give true or false" })

const Factors = list(Factor).pipe(Schema.filter((factors) =>
  factors.length === 0
    ? "no factor is named; name at least one, or leave the factors out"
    : new Set(factors).size < factors.length
    ? "a factor is named twice; name each once"
    : undefined
)).annotations({
  arbitrary: () => (fc) => fc.subarray([...Factor.literals], { minLength: 1 })
})

interface Twin<At> {
  readonly at: At
  readonly first: number
}

const twins = <At>(
  fences: ReadonlyArray<{ readonly at: At; readonly fence: GeoCircleFence }>
): ReadonlyArray<Twin<At>> => {
  const seen = new Map<string, number>()
  return fences.flatMap(({ at, fence }, index) => {
    const name = fence.name?.toLowerCase()
    if (name === undefined) return []
    const first = seen.get(name)
    if (first !== undefined) return [{ at, first }]
    seen.set(name, index)
    return []
  })
}

const twinMessage = (first: number) =>
  `geofence number ${first + 1} has this name already (without regard to case); give each geofence its own, or none`

const Geofences = list(Location).pipe(
  Schema.filter((geofences) =>
    twins(geofences.map((fence, at) => ({ at, fence }))).map(({ at, first }) => ({
      path: [at, "name"],
      message: twinMessage(first)
    }))
  )
)

const MembersFromSelf = Schema.typeSchema(Schema.Struct({
  requirement: Schema.Union(
    Schema.TaggedStruct("None", {}),
    Schema.TaggedStruct("Amount", { amount: amountFrom(1) }),
    Schema.TaggedStruct("Factors", { factors: Factors })
  ),
  denyRootedJailbroken: boolean,
  geofences: Geofences
}))

const itself = (input: unknown, _: unknown, ast: ParseResult.Type["ast"]) =>
  isAuthPolicy(input) ? ParseResult.succeed(input) : ParseResult.fail(new ParseResult.Type(ast, input))

const AuthPolicyFromSelf = Schema.declare([MembersFromSelf], {
  decode: () => itself,
  encode: () => itself
}, {
  identifier: "@effect-launchkey/core/AuthPolicy/AuthPolicyFromSelf",
  message: () => "not an authorization policy; build one with AuthPolicy.any, factors, none or fromOptions",
  arbitrary: (members) => (fc) => members(fc).map(construct)
})

/**
 * What may accompany any requirement. Geofences are instances or plain objects of the same members; default none.
 * `denyRootedJailbroken` makes the device refuse when it finds itself rooted or jailbroken; default false.
 *
 * @since 0.1.0
 * @category models
 */
export interface Restrictions {
  readonly denyRootedJailbroken?: boolean | undefined
  readonly geofences?: ReadonlyArray<GeofenceInput> | undefined
}

/**
 * The members of a {@link Geofence}; a name of undefined is none.
 *
 * @since 0.1.0
 * @category models
 */
export interface GeofenceInput {
  readonly name?: string | undefined
  /** Metres, greater than 0. */
  readonly radius: number
  /** Decimal degrees, WGS 84. */
  readonly latitude: number
  /** Decimal degrees, WGS 84. */
  readonly longitude: number
}

/**
 * A policy in one object: `any` is an amount of methods, 0 to 7, where 0 asks for nothing; with an amount there are no
 * factors.
 *
 * @since 0.1.0
 * @category models
 */
export type Options =
  & Restrictions
  & (
    | { readonly any?: number | undefined; readonly factors?: undefined }
    | { readonly any?: undefined; readonly factors: ReadonlyArray<Factor> }
  )

const OptionsSchema = nullsAsAbsent(
  Schema.Struct({
    any: Schema.optionalWith(amountFrom(0), { exact: true, default: () => 0 }),
    factors: Schema.optionalWith(Factors, { exact: true }),
    denyRootedJailbroken: Schema.optionalWith(boolean, { exact: true, default: () => false }),
    geofences: Schema.optionalWith(Geofences, { exact: true, default: () => [] })
  }).pipe(Schema.filter(({ any, factors }) =>
    any > 0 && factors !== undefined
      ? { path: ["factors"], message: "an amount (any) and factors exclude each other; give one of them" }
      : undefined
  ))
)

/**
 * The policy of options that come from outside. Every problem is reported at once, a member of another name included.
 *
 * @since 0.1.0
 * @category constructors
 */
export const fromOptions = (options: unknown): Either.Either<AuthPolicy, InvalidPolicy> =>
  Either.mapBoth(
    ParseResult.decodeUnknownEither(OptionsSchema)(options, { errors: "all", onExcessProperty: "error" }),
    {
      onLeft: invalid,
      onRight: ({ any, denyRootedJailbroken, factors, geofences }) =>
        construct({
          requirement: factors !== undefined
            ? { _tag: "Factors", factors }
            : any > 0
            ? { _tag: "Amount", amount: any }
            : { _tag: "None" },
          denyRootedJailbroken,
          geofences
        })
    }
  )

/**
 * The policy of these options. Throws {@link InvalidPolicy} where the types let an illegal one pass: for literals in
 * source. For anything from outside there is {@link fromOptions}.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (options: Options): AuthPolicy => Either.getOrThrowWith(fromOptions(options), (error) => error)

/**
 * Any so many methods, a whole number from 0 to 7; 0 asks for nothing. Throws {@link InvalidPolicy}: for literals in
 * source.
 *
 * @since 0.1.0
 * @category constructors
 */
export const any = (amount: number, restrictions: Restrictions = {}): AuthPolicy =>
  make({ ...restrictions, any: amount })

/**
 * Each of these factors, at least one, none twice. Throws {@link InvalidPolicy}: for literals in source.
 *
 * @since 0.1.0
 * @category constructors
 */
export const factors = (required: ReadonlyArray<Factor>, restrictions: Restrictions = {}): AuthPolicy =>
  make({ ...restrictions, factors: required })

/**
 * No requirement beyond the policy of the service. Throws {@link InvalidPolicy}: for literals in source.
 *
 * @since 0.1.0
 * @category constructors
 */
export const none = (restrictions: Restrictions = {}): AuthPolicy => make(restrictions)

/**
 * The policy, restricted to these geofences too. Refused where a geofence is illegal or two have the same name;
 * the issue's index counts the geofences the policy had before.
 *
 * @since 0.1.0
 * @category combinators
 */
export const withGeofences: {
  (geofences: Iterable<GeofenceInput>): (self: AuthPolicy) => Either.Either<AuthPolicy, InvalidPolicy>
  (self: AuthPolicy, geofences: Iterable<GeofenceInput>): Either.Either<AuthPolicy, InvalidPolicy>
} = dual(
  2,
  (self: AuthPolicy, geofences: Iterable<GeofenceInput>): Either.Either<AuthPolicy, InvalidPolicy> =>
    Either.map(
      fromOptions({ geofences: [...self.geofences, ...geofences] }),
      (restricted) => construct({ ...self, geofences: restricted.geofences })
    )
)

/**
 * {@link withGeofences} for one geofence.
 *
 * @since 0.1.0
 * @category combinators
 */
export const withGeofence: {
  (geofence: GeofenceInput): (self: AuthPolicy) => Either.Either<AuthPolicy, InvalidPolicy>
  (self: AuthPolicy, geofence: GeofenceInput): Either.Either<AuthPolicy, InvalidPolicy>
} = dual(2, (self: AuthPolicy, geofence: GeofenceInput) => withGeofences(self, [geofence]))

/**
 * The policy without the geofence of this name, in any case. Refused where there is none, naming those there are.
 *
 * @since 0.1.0
 * @category combinators
 */
export const withoutGeofence: {
  (name: string): (self: AuthPolicy) => Either.Either<AuthPolicy, InvalidPolicy>
  (self: AuthPolicy, name: string): Either.Either<AuthPolicy, InvalidPolicy>
} = dual(2, (self: AuthPolicy, name: string): Either.Either<AuthPolicy, InvalidPolicy> => {
  const geofences = self.geofences.filter((fence) => fence.name?.toLowerCase() !== name.toLowerCase())
  if (geofences.length < self.geofences.length) return Either.right(construct({ ...self, geofences }))
  const names = self.geofences.flatMap((fence) => fence.name === undefined ? [] : [JSON.stringify(fence.name)])
  return Either.left(
    new InvalidPolicy({
      issues: [{
        path: "geofences",
        problem: `no geofence has the name to remove; ${
          names.length === 0 ? "none of this policy has a name" : `the names are ${names.join(", ")}`
        }`
      }]
    })
  )
})

/**
 * The policy, refusing rooted and jailbroken devices too.
 *
 * @since 0.1.0
 * @category combinators
 */
export const withJailbreakProtection = (self: AuthPolicy): AuthPolicy =>
  construct({ ...self, denyRootedJailbroken: true })

const oneOf = <const Value extends string>(value: Value, message: string) =>
  Schema.optionalWith(Schema.Literal(value).annotations({ message: () => message }), {
    exact: true,
    default: (): Value => value
  })

const Flag = Schema.transform(
  Schema.Union(Schema.Boolean, Schema.Literal(0, 1, "0", "1")).annotations({
    message: () => ({ message: "not a flag; give 0 or 1", override: true })
  }),
  Schema.Boolean,
  {
    strict: true,
    decode: (flag) => flag === true || flag === 1 || flag === "1",
    encode: (flag): 0 | 1 => flag ? 1 : 0
  }
)

const flagOrUnset = Schema.optionalWith(Flag, { exact: true, default: () => false })

const WireMinimum = nullsAsAbsent(
  Schema.Struct({
    requirement: oneOf("authenticated", "only the requirement \"authenticated\" is supported"),
    any: Schema.optionalWith(amountFrom(0), { exact: true, default: () => 0 }),
    // an older name of the amount, read by the Python SDK where `any` asks for nothing
    all: Schema.optionalWith(amountFrom(0), { exact: true }),
    knowledge: flagOrUnset,
    inherence: flagOrUnset,
    possession: flagOrUnset
  }).pipe(
    Schema.filter((minimum) =>
      (minimum.any || minimum.all || 0) > 0 && (minimum.knowledge || minimum.inherence || minimum.possession)
        ? { path: ["any"], message: "an amount (any) and specific factors exclude each other; ask for one of them" }
        : undefined
    )
  )
)

const WireFactor = nullsAsAbsent(Schema.Struct({
  factor: Schema.Literal("device integrity", "geofence").annotations({
    message: (issue) => ({
      message: issue.actual === "timefence"
        ? "time fences belong to the policy of a service; an authorization request cannot hold one"
        : "not a factor of an authorization request; give \"device integrity\" or \"geofence\"",
      override: true
    })
  }),
  // Anything but "forced" would weaken what the sender may rely on, and nobody sends it.
  requirement: oneOf("forced requirement", "only the requirement \"forced requirement\" is supported"),
  quickfail: Schema.optionalWith(boolean, { exact: true, default: () => false }),
  priority: Schema.optionalWith(Schema.Number.annotations({ message: () => "priority is not a number" }), {
    exact: true,
    default: () => 1
  }),
  attributes: Schema.optionalWith(
    nullsAsAbsent(Schema.Struct({
      "factor enabled": Schema.optionalWith(Flag, { exact: true }),
      locations: Schema.optionalWith(list(Location), { exact: true })
    })),
    { exact: true, default: () => ({}) }
  )
}))

const serviceTypes: ReadonlyArray<unknown> = ["METHOD_AMOUNT", "FACTORS", "COND_GEO"]

const WirePolicy = nullsAsAbsent(Schema.Struct({
  type: Schema.optionalWith(
    Schema.Literal("LEGACY").annotations({
      message: (issue) =>
        serviceTypes.includes(issue.actual)
          ? `a policy of type ${issue.actual} belongs to a service; an authorization request takes one without a type`
          : "the type of the policy is unknown; an authorization request takes one without a type"
    }),
    { exact: true }
  ),
  minimum_requirements: Schema.optionalWith(
    list(WireMinimum).pipe(
      Schema.maxItems(1, { message: () => "more than one minimum requirement; give one that holds all" })
    ),
    { exact: true, default: () => [] }
  ),
  factors: Schema.optionalWith(list(WireFactor), { exact: true, default: () => [] })
}))

/**
 * The JSON of a dynamic policy. Every member may be missing or null on reading; see {@link AuthPolicy} for what is
 * written.
 *
 * @since 0.1.0
 * @category models
 */
export type AuthPolicyJson = typeof WirePolicy.Encoded

/**
 * A dynamic policy ⇄ its JSON. Written as the Python SDK 4 does: `minimum_requirements` empty where nothing is required,
 * the device integrity factor always and first, one geofence factor for all geofences and only where there are any, and
 * no null anywhere. Read in any order, with members missing, null or extra; what would weaken the policy if it were
 * overlooked (an unknown factor, a time fence, a service's policy) is refused.
 *
 * @see docs/protocol.md "Authorization policy"
 * @since 0.1.0
 * @category schemas
 */
export const AuthPolicy: Schema.Schema<AuthPolicy, AuthPolicyJson> = Schema.transformOrFail(
  WirePolicy,
  AuthPolicyFromSelf,
  {
    strict: true,
    decode: (wire, _, ast) => {
      const minimum = wire.minimum_requirements[0]
      const amount = minimum?.any || minimum?.all || 0
      const required = minimum === undefined ? [] : Factor.literals.filter((factor) => minimum[factor])
      const fences = wire.factors.flatMap(({ attributes, factor }, index) =>
        factor === "geofence"
          ? (attributes.locations ?? []).map((fence, location) => ({
            at: ["factors", index, "attributes", "locations", location, "name"] as const,
            fence
          }))
          : []
      )
      const twin = twins(fences)[0]
      return twin !== undefined
        ? ParseResult.fail(
          new ParseResult.Pointer(twin.at, wire, new ParseResult.Type(ast, wire, twinMessage(twin.first)))
        )
        : ParseResult.succeed(construct({
          requirement: required.length > 0
            ? { _tag: "Factors", factors: required }
            : amount > 0
            ? { _tag: "Amount", amount }
            : { _tag: "None" },
          denyRootedJailbroken: wire.factors.some(({ attributes, factor }) =>
            factor === "device integrity" && attributes["factor enabled"] === true
          ),
          geofences: fences.map(({ fence }) => fence)
        }))
    },
    encode: ({ denyRootedJailbroken, geofences, requirement }) => {
      const forced = { requirement: "forced requirement", quickfail: false, priority: 1 } as const
      const requires = (factor: Factor) => requirement._tag === "Factors" && requirement.factors.includes(factor)
      return ParseResult.succeed({
        minimum_requirements: requirement._tag === "None" ? [] : [{
          requirement: "authenticated" as const,
          any: requirement._tag === "Amount" ? requirement.amount : 0,
          knowledge: requires("knowledge"),
          inherence: requires("inherence"),
          possession: requires("possession")
        }],
        factors: [
          { factor: "device integrity" as const, ...forced, attributes: { "factor enabled": denyRootedJailbroken } },
          ...(geofences.length === 0
            ? []
            : [{ factor: "geofence" as const, ...forced, attributes: { locations: geofences } }])
        ]
      })
    }
  }
).annotations({ identifier: "@effect-launchkey/core/AuthPolicy" })
