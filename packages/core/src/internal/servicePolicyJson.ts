/** A service's policy ⇄ its JSON: what the contract needs, without the constructors and their list of states. */
import type * as Effect from "effect/Effect"
import * as ParseResult from "effect/ParseResult"
import * as Schema from "effect/Schema"
import type { ParseOptions } from "effect/SchemaAST"
import { type WireForm, wireForm } from "../api/WireForm.ts"
import { Factor } from "../Factor.ts"
import { Fence, type GeoCircleFence, Location } from "../Fence.ts"
import { TimeFence } from "../TimeFence.ts"
import { JsonObject, list, nullsAsAbsent, withoutNulls } from "./json.ts"
import {
  amountFrom,
  distinct,
  Flag,
  forced,
  gather,
  minimumsOf,
  requirementOf,
  requirementOfOptions,
  twinMessage,
  uniquelyNamed,
  wireBoolean,
  wireFactorFields,
  WireMinimums
} from "./policy.ts"
import * as Policy from "./servicePolicy.ts"

const orFalse = Schema.optionalWith(wireBoolean, { exact: true, default: () => false })

const orEmpty = <A, I, R>(self: Schema.Schema<ReadonlyArray<A>, I, R>) =>
  Schema.optionalWith(self, { exact: true, default: () => [] })

const WireFactors = list(
  Schema.transform(
    Schema.Literal("INHERENCE", "KNOWLEDGE", "POSSESSION").annotations({
      message: () => ({
        message: "not a factor; give \"INHERENCE\", \"KNOWLEDGE\" or \"POSSESSION\"",
        override: true
      })
    }),
    Schema.typeSchema(Factor),
    {
      strict: true,
      decode: (name) => ({ INHERENCE: "inherence", KNOWLEDGE: "knowledge", POSSESSION: "possession" } as const)[name],
      encode: (factor) =>
        ({ inherence: "INHERENCE", knowledge: "KNOWLEDGE", possession: "POSSESSION" } as const)[factor]
    }
  )
).pipe(distinct("factor", ""))

const wireAmount = { type: Schema.Literal("METHOD_AMOUNT") }
const wireFactors = { type: Schema.Literal("FACTORS") }

const denials = { deny_rooted_jailbroken: orFalse, deny_emulator_simulator: orFalse }

const WireMethodAmount = nullsAsAbsent(
  Schema.Struct({ ...wireAmount, fences: orEmpty(Policy.Fences), amount: amountFrom(0), ...denials })
)

const WireFactorsPolicy = nullsAsAbsent(
  Schema.Struct({ ...wireFactors, fences: orEmpty(Policy.Fences), factors: WireFactors, ...denials })
)

const notNested = Schema.optionalWith(
  Schema.Never.annotations({
    message: () => ({ message: "belongs to the conditional geofence as a whole; leave it out here", override: true })
  }),
  { exact: true }
)

// The Java SDK leaves out the fences that the others write as none; the vendor's API refused the denials here.
const nestedFields = {
  fences: orEmpty(
    list(Schema.Unknown).pipe(
      Schema.filter((fences) =>
        fences.length === 0 || "fences belong to the conditional geofence as a whole; leave them out here"
      )
    )
  ),
  deny_rooted_jailbroken: notNested,
  deny_emulator_simulator: notNested
}

const NestedAmount = nullsAsAbsent(Schema.Struct({ ...wireAmount, ...nestedFields, amount: amountFrom(0) }))

const NestedFactors = nullsAsAbsent(Schema.Struct({ ...wireFactors, ...nestedFields, factors: WireFactors }))

const WireBranch = Schema.transformOrFail(JsonObject, Schema.typeSchema(Policy.BranchFromSelf), {
  strict: true,
  decode: (json, options, ast) => {
    switch (json["type"]) {
      case "METHOD_AMOUNT":
        return ParseResult.map(
          ParseResult.decodeUnknown(NestedAmount)(json, options),
          ({ amount }) => ({ _tag: "MethodAmount" as const, amount })
        )
      case "FACTORS":
        return ParseResult.map(
          ParseResult.decodeUnknown(NestedFactors)(json, options),
          ({ factors }) => ({ _tag: "Factors" as const, factors })
        )
      default:
        return ParseResult.fail(
          new ParseResult.Pointer(
            "type",
            json,
            new ParseResult.Type(
              ast,
              json,
              "a conditional geofence nests METHOD_AMOUNT or FACTORS alone; give one of them"
            )
          )
        )
    }
  },
  encode: (branch, options) =>
    branch._tag === "MethodAmount"
      ? ParseResult.encode(NestedAmount)({ type: "METHOD_AMOUNT", fences: [], amount: branch.amount }, options)
      : ParseResult.encode(NestedFactors)({ type: "FACTORS", fences: [], factors: branch.factors }, options)
}).annotations({ [wireForm]: (() => Schema.Union(NestedAmount, NestedFactors)) satisfies WireForm })

const WireConditional = nullsAsAbsent(Schema.Struct({
  type: Schema.Literal("COND_GEO"),
  fences: Policy.SomeFences,
  inside: WireBranch,
  outside: WireBranch,
  ...denials
}))

const WireLegacyFactor = nullsAsAbsent(Schema.Struct({
  factor: Schema.Literal("device integrity", "geofence", "timefence").annotations({
    message: () => ({
      message: "not a factor of a legacy policy; give \"device integrity\", \"geofence\" or \"timefence\"",
      override: true
    })
  }),
  ...wireFactorFields,
  attributes: Schema.optionalWith(
    nullsAsAbsent(Schema.Struct({
      "factor enabled": Schema.optionalWith(Flag, { exact: true }),
      locations: Schema.optionalWith(list(Location), { exact: true }),
      "time fences": Schema.optionalWith(list(TimeFence), { exact: true })
    })),
    { exact: true, default: () => ({}) }
  )
}))

const WireLegacy = nullsAsAbsent(Schema.Struct({
  type: Schema.optionalWith(Schema.Literal("LEGACY"), { exact: true }),
  minimum_requirements: orEmpty(WireMinimums),
  factors: orEmpty(list(WireLegacyFactor))
}))

// The form in which the Python SDK alone writes a legacy policy of its own class.
const WireFlatLegacy = nullsAsAbsent(
  Schema.Struct({
    amount: Schema.optionalWith(amountFrom(0), { exact: true, default: () => 0 }),
    inherence_required: orFalse,
    knowledge_required: orFalse,
    possession_required: orFalse,
    deny_rooted_jailbroken: orFalse,
    fences: orEmpty(
      list(Fence.pipe(
        Schema.filter((fence): fence is GeoCircleFence => fence._tag === "GeoCircleFence", {
          message: () => "a legacy policy knows circles alone; give one, or a policy of another type"
        })
      )).pipe(uniquelyNamed("fence"))
    ),
    time_restrictions: orEmpty(list(TimeFence).pipe(uniquelyNamed("time fence", "")))
  }).pipe(
    Schema.filter((flat) =>
      flat.amount > 0 && (flat.inherence_required || flat.knowledge_required || flat.possession_required)
        ? { path: ["amount"], message: "an amount and specific factors exclude each other; ask for one of them" }
        : undefined
    )
  )
)

type Parsed<A> = Effect.Effect<A, ParseResult.ParseIssue>

const fromLegacy = (
  wire: typeof WireLegacy.Type,
  ast: ParseResult.Type["ast"]
): Parsed<Policy.Legacy> => {
  const geofences = gather(wire.factors, "geofence", "locations", ({ attributes }) => attributes.locations)
  const timeFences = gather(wire.factors, "timefence", "time fences", ({ attributes }) => attributes["time fences"])
  const twin = geofences.twins.map(({ at, first }) => ({ at, message: twinMessage("geofence", first) })).concat(
    timeFences.twins.map(({ at, first }) => ({ at, message: twinMessage("time fence", first, "") }))
  )[0]
  return twin !== undefined
    ? ParseResult.fail(new ParseResult.Pointer(twin.at, wire, new ParseResult.Type(ast, wire, twin.message)))
    : ParseResult.succeed(Policy.legacy({
      _tag: "Legacy",
      requirement: requirementOf(wire.minimum_requirements),
      denyRootedJailbroken: wire.factors.some(({ attributes, factor }) =>
        factor === "device integrity" && attributes["factor enabled"] === true
      ),
      geofences: geofences.elements,
      timeFences: timeFences.elements
    }))
}

const fromFlatLegacy = (flat: typeof WireFlatLegacy.Type): Policy.Legacy =>
  Policy.legacy({
    _tag: "Legacy",
    requirement: requirementOfOptions({
      any: flat.amount,
      ...(flat.inherence_required || flat.knowledge_required || flat.possession_required
        ? {
          factors: [
            ...(flat.inherence_required ? ["inherence" as const] : []),
            ...(flat.knowledge_required ? ["knowledge" as const] : []),
            ...(flat.possession_required ? ["possession" as const] : [])
          ]
        }
        : {})
    }),
    denyRootedJailbroken: flat.deny_rooted_jailbroken,
    geofences: flat.fences,
    timeFences: flat.time_restrictions
  })

const toLegacy = (policy: Policy.Legacy): typeof WireLegacy.Type => ({
  type: "LEGACY",
  minimum_requirements: minimumsOf(policy.requirement),
  factors: [
    ...(policy.geofences.length === 0
      ? []
      : [{ factor: "geofence" as const, ...forced, attributes: { locations: policy.geofences } }]),
    ...(policy.timeFences.length === 0
      ? []
      : [{ factor: "timefence" as const, ...forced, attributes: { "time fences": policy.timeFences } }]),
    ...(policy.denyRootedJailbroken
      ? [{ factor: "device integrity" as const, ...forced, attributes: { "factor enabled": true } }]
      : [])
  ]
})

const fromRestricted = (wire: {
  readonly deny_rooted_jailbroken: boolean
  readonly deny_emulator_simulator: boolean
}) => ({
  denyRootedJailbroken: wire.deny_rooted_jailbroken,
  denyEmulatorSimulator: wire.deny_emulator_simulator
})

const toRestricted = (policy: Policy.Restricted) => ({
  fences: policy.fences,
  deny_rooted_jailbroken: policy.denyRootedJailbroken,
  deny_emulator_simulator: policy.denyEmulatorSimulator
})

const decode = (
  json: JsonObject,
  options: ParseOptions,
  ast: ParseResult.Type["ast"]
): Parsed<Policy.ServicePolicy> => {
  if (Policy.isUnknown(json)) return ParseResult.succeed(Policy.unknownPolicy(json))
  switch (json["type"]) {
    case "METHOD_AMOUNT":
      return ParseResult.map(
        ParseResult.decodeUnknown(WireMethodAmount)(json, options),
        ({ amount, fences, ...wire }) =>
          Policy.methodAmount({ _tag: "MethodAmount", amount, fences, ...fromRestricted(wire) })
      )
    case "FACTORS":
      return ParseResult.map(
        ParseResult.decodeUnknown(WireFactorsPolicy)(json, options),
        ({ factors: required, fences, ...wire }) =>
          Policy.factors({ _tag: "Factors", factors: required, fences, ...fromRestricted(wire) })
      )
    case "COND_GEO":
      return ParseResult.map(
        ParseResult.decodeUnknown(WireConditional)(json, options),
        ({ fences, inside, outside, ...wire }) =>
          Policy.conditionalGeofence({ _tag: "ConditionalGeofence", fences, inside, outside, ...fromRestricted(wire) })
      )
    default: {
      const { factors, minimum_requirements } = withoutNulls(json)
      return factors === undefined && minimum_requirements === undefined
        ? ParseResult.map(ParseResult.decodeUnknown(WireFlatLegacy)(json, options), fromFlatLegacy)
        : ParseResult.flatMap(
          ParseResult.decodeUnknown(WireLegacy)(json, options),
          (wire) => fromLegacy(wire, ast)
        )
    }
  }
}

const encode = (
  policy: Policy.ServicePolicy,
  options: ParseOptions
): Parsed<JsonObject> => {
  switch (policy._tag) {
    case "MethodAmount":
      return ParseResult.encode(WireMethodAmount)(
        { type: "METHOD_AMOUNT", amount: policy.amount, ...toRestricted(policy) },
        options
      )
    case "Factors":
      return ParseResult.encode(WireFactorsPolicy)(
        { type: "FACTORS", factors: policy.factors, ...toRestricted(policy) },
        options
      )
    case "ConditionalGeofence":
      return ParseResult.encode(WireConditional)({
        type: "COND_GEO",
        inside: policy.inside,
        outside: policy.outside,
        ...toRestricted(policy),
        fences: policy.fences
      }, options)
    case "Legacy":
      return ParseResult.encode(WireLegacy)(toLegacy(policy), options)
    case "UnknownPolicy":
      return ParseResult.succeed(policy.json)
  }
}

// Types of their own, as declarations of other packages name the place where a type is made, and none knows internal
// modules.

export type KnownPolicy = Exclude<Policy.ServicePolicy, Policy.UnknownPolicy>

export type ServicePolicy = KnownPolicy | Policy.UnknownPolicy

/**
 * The policy of a service ⇄ its JSON. Written in one form for each type, no null anywhere: `fences` and both denials
 * always, but no denial in a branch; a legacy policy with its `type`. Read with members missing, null or extra. Without a
 * type it is a legacy policy where `minimum_requirements` or `factors` is there, even null. What has neither, such as
 * `{}`, is of no known type: were it read as the policy that demands nothing, a mistake of who wrote it would be hidden.
 * A policy of a type that is not known is kept as it is.
 *
 * @see docs/protocol.md "The policy of a service"
 * @since 0.1.0
 * @category schemas
 */
export const ServicePolicy: Schema.Schema<ServicePolicy, { readonly [member: string]: unknown }> = Schema
  .transformOrFail(
    JsonObject,
    Policy.ServicePolicyFromSelf,
    { strict: true, decode, encode }
  ).annotations({
    identifier: "@effect-launchkey/core/internal/servicePolicyJson",
    [wireForm]: (() =>
      Schema.Union(WireMethodAmount, WireFactorsPolicy, WireConditional, WireLegacy)) satisfies WireForm
  })

/**
 * As {@link ServicePolicy}, but a policy of an unknown type is refused: for who has to enforce it.
 *
 * @see docs/protocol.md "The policy of a service"
 * @since 0.1.0
 * @category schemas
 */
export const KnownPolicy: Schema.Schema<KnownPolicy, { readonly [member: string]: unknown }> = ServicePolicy.pipe(
  Schema.filter((policy): policy is KnownPolicy => policy._tag !== "UnknownPolicy", {
    identifier: "@effect-launchkey/core/internal/servicePolicyJson/KnownPolicy",
    message: () => "the type of the policy is unknown; give METHOD_AMOUNT, FACTORS, COND_GEO or LEGACY"
  })
)
