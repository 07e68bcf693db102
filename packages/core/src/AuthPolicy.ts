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
import { type Factor, factorSet } from "./Factor.ts"
import { GeoCircleFence, Location } from "./Fence.ts"
import { list, nullsAsAbsent } from "./internal/json.ts"
import {
  boolean,
  exclusive,
  Flag,
  forced,
  gather,
  minimumsOf,
  type Requirement,
  RequirementFromSelf,
  requirementOf,
  requirementOfOptions,
  requirementOptions,
  twinMessage,
  uniquelyNamed,
  wireFactorFields,
  WireMinimums,
  withoutNamed
} from "./internal/policy.ts"
import * as Issues from "./Issues.ts"

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
export type { Requirement }

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

const invalid = (issue: ParseResult.ParseIssue): InvalidPolicy => new InvalidPolicy({ issues: Issues.of(issue) })

const Geofences = list(Location).pipe(uniquelyNamed("geofence"))

const MembersFromSelf = Schema.typeSchema(Schema.Struct({
  requirement: RequirementFromSelf,
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
    ...requirementOptions,
    denyRootedJailbroken: Schema.optionalWith(boolean, { exact: true, default: () => false }),
    geofences: Schema.optionalWith(Geofences, { exact: true, default: () => [] })
  }).pipe(exclusive)
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
      onRight: ({ denyRootedJailbroken, geofences, ...requirement }) =>
        construct({ requirement: requirementOfOptions(requirement), denyRootedJailbroken, geofences })
    }
  )

/**
 * The policy of these options. Throws {@link InvalidPolicy} where the types let an illegal one pass: for literals in
 * source. For anything from outside there is {@link fromOptions}.
 *
 * @example
 * ```ts
 * import { AuthPolicy } from "@effect-launchkey/core"
 * import { Either } from "effect"
 *
 * const policy = AuthPolicy.make({ factors: ["knowledge", "possession"], denyRootedJailbroken: true })
 *
 * const vault = { name: "Vault", latitude: 36.120825, longitude: -115.157216, radius: 250 }
 * const there = AuthPolicy.withGeofence(policy, vault) // an Either, as the name may be taken
 *
 * const fromOutside = AuthPolicy.fromOptions({ any: 9 })
 * Either.match(fromOutside, {
 *   onLeft: ({ issues }) => issues.map(({ path, problem }) => `${path}: ${problem}`),
 *   onRight: () => []
 * })
 * ```
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
} = dual(
  2,
  (self: AuthPolicy, name: string): Either.Either<AuthPolicy, InvalidPolicy> =>
    Either.mapBoth(withoutNamed(self.geofences, name, "geofence", "geofences"), {
      onLeft: (issue) => new InvalidPolicy({ issues: [issue] }),
      onRight: (geofences) => construct({ ...self, geofences })
    })
)

/**
 * The policy, refusing rooted and jailbroken devices too.
 *
 * @since 0.1.0
 * @category combinators
 */
export const withJailbreakProtection = (self: AuthPolicy): AuthPolicy =>
  construct({ ...self, denyRootedJailbroken: true })

const WireFactor = nullsAsAbsent(Schema.Struct({
  factor: Schema.Literal("device integrity", "geofence").annotations({
    message: (issue) => ({
      message: issue.actual === "timefence"
        ? "time fences belong to the policy of a service; an authorization request cannot hold one"
        : "not a factor of an authorization request; give \"device integrity\" or \"geofence\"",
      override: true
    })
  }),
  ...wireFactorFields,
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
  minimum_requirements: Schema.optionalWith(WireMinimums, { exact: true, default: () => [] }),
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
      const geofences = gather(wire.factors, "geofence", "locations", ({ attributes }) => attributes.locations)
      const twin = geofences.twins[0]
      return twin !== undefined
        ? ParseResult.fail(
          new ParseResult.Pointer(twin.at, wire, new ParseResult.Type(ast, wire, twinMessage("geofence", twin.first)))
        )
        : ParseResult.succeed(construct({
          requirement: requirementOf(wire.minimum_requirements),
          denyRootedJailbroken: wire.factors.some(({ attributes, factor }) =>
            factor === "device integrity" && attributes["factor enabled"] === true
          ),
          geofences: geofences.elements
        }))
    },
    encode: ({ denyRootedJailbroken, geofences, requirement }) =>
      ParseResult.succeed({
        minimum_requirements: minimumsOf(requirement),
        factors: [
          { factor: "device integrity" as const, ...forced, attributes: { "factor enabled": denyRootedJailbroken } },
          ...(geofences.length === 0
            ? []
            : [{ factor: "geofence" as const, ...forced, attributes: { locations: geofences } }])
        ]
      })
  }
).annotations({ identifier: "@effect-launchkey/core/AuthPolicy" })
