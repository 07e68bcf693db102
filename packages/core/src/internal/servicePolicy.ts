/** The values of a service's policy. */
import type * as Arr from "effect/Array"
import * as Data from "effect/Data"
import * as ParseResult from "effect/ParseResult"
import { type Pipeable, pipeArguments } from "effect/Pipeable"
import * as Predicate from "effect/Predicate"
import * as Schema from "effect/Schema"
import { Factor, factorSet } from "../Factor.ts"
import { Fence, GeoCircleFence, Location } from "../Fence.ts"
import { TimeFence } from "../TimeFence.ts"
import { JsonObject, list } from "./json.ts"
import {
  amountFrom,
  boolean,
  Factors as FactorsFromSelf,
  type Requirement,
  RequirementFromSelf,
  uniquelyNamed
} from "./policy.ts"

export const TypeId: unique symbol = Symbol.for("@effect-launchkey/core/ServicePolicy")

export type TypeId = typeof TypeId

interface Kind extends Pipeable {
  readonly [TypeId]: TypeId
}

export interface Restricted extends Kind {
  /** The device has to be in one of them, if there are any. Names, where given, differ without regard to case. */
  readonly fences: ReadonlyArray<Fence>
  /** The device refuses when it finds itself rooted or jailbroken. */
  readonly denyRootedJailbroken: boolean
  /** The device refuses when it finds itself to be an emulator or a simulator. */
  readonly denyEmulatorSimulator: boolean
}

/**
 * Any `amount` of methods, 0 to 7; 0 asks for none.
 *
 * @see docs/protocol.md "Method amount"
 * @since 0.1.0
 * @category models
 */
export interface MethodAmount extends Restricted {
  readonly _tag: "MethodAmount"
  readonly amount: number
}

/**
 * Each of `factors`: at least one, each once, in the order of `Factor.allFactors`.
 *
 * @see docs/protocol.md "Factors"
 * @since 0.1.0
 * @category models
 */
export interface Factors extends Restricted {
  readonly _tag: "Factors"
  readonly factors: ReadonlyArray<Factor>
}

/**
 * A policy that only requires: it has no fences and denies no device. The constructors yield it where they are given
 * nothing else; of any other policy `isUnrestricted` tells.
 *
 * @since 0.1.0
 * @category models
 */
export type Unrestricted<Policy extends MethodAmount | Factors> = Policy & {
  readonly fences: readonly []
  readonly denyRootedJailbroken: false
  readonly denyEmulatorSimulator: false
}

/**
 * What a conditional geofence requires in one of its places: the places and the devices belong to the whole.
 *
 * @since 0.1.0
 * @category models
 */
export type Branch = Unrestricted<MethodAmount> | Unrestricted<Factors>

/**
 * One requirement for a device in one of `fences` (at least one), another for a device elsewhere.
 *
 * @see docs/protocol.md "Conditional geofence"
 * @since 0.1.0
 * @category models
 */
export interface ConditionalGeofence extends Restricted {
  readonly _tag: "ConditionalGeofence"
  readonly fences: Arr.NonEmptyReadonlyArray<Fence>
  readonly inside: Branch
  readonly outside: Branch
}

/**
 * The first form of a service's policy: like that of an authorization request, and times besides. It knows circles
 * alone, and no emulators.
 *
 * @see docs/protocol.md "Legacy policy"
 * @since 0.1.0
 * @category models
 */
export interface Legacy extends Kind {
  readonly _tag: "Legacy"
  readonly requirement: Requirement
  /** The device refuses when it finds itself rooted or jailbroken. */
  readonly denyRootedJailbroken: boolean
  /** The device has to be in one of them, if there are any. */
  readonly geofences: ReadonlyArray<GeoCircleFence>
  /** It has to be within one of them, if there are any. */
  readonly timeFences: ReadonlyArray<TimeFence>
}

/**
 * A policy of a type, or with a branch of a type, that this version does not know, or of no type and no known form: the
 * JSON as it was read, written back unchanged. Two of them are equal only if they hold the same object.
 *
 * @since 0.1.0
 * @category models
 */
export interface UnknownPolicy extends Kind {
  readonly _tag: "UnknownPolicy"
  readonly json: JsonObject
}

/**
 * A policy whose meaning this version knows.
 *
 * @since 0.1.0
 * @category models
 */
export type KnownPolicy = MethodAmount | Factors | ConditionalGeofence | Legacy

/**
 * The stored policy of a service, equal to another by its members (`Equal.equals`). Build it with the constructors or
 * `fromOptions`: there is no other way, so no illegal one exists.
 *
 * @see docs/protocol.md "The policy of a service"
 * @since 0.1.0
 * @category models
 */
export type ServicePolicy = KnownPolicy | UnknownPolicy

/** The members of a policy, before they are its value. */
export type Members<Policy> = Policy extends Kind ? { readonly [Key in Exclude<keyof Policy, keyof Kind>]: Policy[Key] }
  : never

type BranchMembers =
  | { readonly _tag: "MethodAmount"; readonly amount: number }
  | { readonly _tag: "Factors"; readonly factors: ReadonlyArray<Factor> }

class Policy extends Data.Class {
  get [TypeId](): TypeId {
    return TypeId
  }
  pipe() {
    return pipeArguments(this, arguments)
  }
}

const value = <Of>(members: Members<Of>): Members<Of> & Kind => Object.assign(new Policy(), members)

export const methodAmount = ({ fences, ...members }: Members<MethodAmount>): MethodAmount =>
  value<MethodAmount>({ ...members, fences: Data.array(fences) })

export const factors = ({ factors, fences, ...members }: Members<Factors>): Factors =>
  value<Factors>({ ...members, factors: Data.array(factorSet(factors)), fences: Data.array(fences) })

const unrestricted = {
  fences: Data.array<readonly []>([]),
  denyRootedJailbroken: false,
  denyEmulatorSimulator: false
} as const

const branch = (members: BranchMembers): Branch =>
  members._tag === "MethodAmount"
    ? value<Unrestricted<MethodAmount>>({ _tag: members._tag, amount: members.amount, ...unrestricted })
    : value<Unrestricted<Factors>>({
      _tag: members._tag,
      factors: Data.array(factorSet(members.factors)),
      ...unrestricted
    })

export const conditionalGeofence = (
  { fences, inside, outside, ...members }:
    & Omit<Members<ConditionalGeofence>, "inside" | "outside">
    & { readonly inside: BranchMembers; readonly outside: BranchMembers }
): ConditionalGeofence =>
  value<ConditionalGeofence>({
    ...members,
    fences: Data.array(fences),
    inside: branch(inside),
    outside: branch(outside)
  })

export const legacy = ({ geofences, requirement, timeFences, ...members }: Members<Legacy>): Legacy =>
  value<Legacy>({
    ...members,
    requirement: requirement._tag === "Factors"
      ? Data.struct({ _tag: requirement._tag, factors: Data.array(factorSet(requirement.factors)) })
      : Data.struct(requirement),
    geofences: Data.array(geofences),
    timeFences: Data.array(timeFences)
  })

export const unknownPolicy = (json: JsonObject): UnknownPolicy => value<UnknownPolicy>({ _tag: "UnknownPolicy", json })

export const isServicePolicy = (u: unknown): u is ServicePolicy => Predicate.hasProperty(u, TypeId)

const isKnownType = (type: unknown) =>
  type === undefined || type === null || type === "LEGACY" || type === "METHOD_AMOUNT" || type === "FACTORS" ||
  type === "COND_GEO"

/** What has no type, and neither member that every writer of the form without one writes: not a policy of no demands. */
const isNothing = (json: JsonObject): boolean =>
  Predicate.isNullable(json["type"]) && !("minimum_requirements" in json) && !("factors" in json)

export const isUnknown = (json: JsonObject): boolean =>
  !isKnownType(json["type"]) || isNothing(json) ||
  (json["type"] === "COND_GEO" &&
    [json["inside"], json["outside"]].some((nested) => Predicate.isRecord(nested) && !isKnownType(nested["type"])))

export const BranchFromSelf = Schema.Union(
  Schema.TaggedStruct("MethodAmount", { amount: amountFrom(0) }),
  Schema.TaggedStruct("Factors", { factors: FactorsFromSelf })
)

export const Fences = list(Fence).pipe(uniquelyNamed("fence"))

export const noFence =
  "a conditional geofence has no fence; give at least one, or the policy that is to hold everywhere"

export const some = (message: string) => <I, R>(self: Schema.Schema<ReadonlyArray<Fence>, I, R>) =>
  self.pipe(
    Schema.filter((fences): fences is Arr.NonEmptyReadonlyArray<Fence> => fences.length > 0, { message: () => message })
  )

export const SomeFences = Fences.pipe(some(noFence))

const restrictions = { denyRootedJailbroken: boolean, denyEmulatorSimulator: boolean }

const MembersFromSelf = Schema.typeSchema(Schema.Union(
  Schema.TaggedStruct("MethodAmount", { amount: amountFrom(0), fences: Fences, ...restrictions }),
  Schema.TaggedStruct("Factors", { factors: FactorsFromSelf, fences: Fences, ...restrictions }),
  Schema.TaggedStruct("ConditionalGeofence", {
    fences: SomeFences,
    inside: BranchFromSelf,
    outside: BranchFromSelf,
    ...restrictions
  }),
  Schema.TaggedStruct("Legacy", {
    requirement: RequirementFromSelf,
    denyRootedJailbroken: boolean,
    geofences: list(Location).pipe(uniquelyNamed("geofence")),
    timeFences: list(TimeFence).pipe(uniquelyNamed("time fence"))
  }),
  Schema.TaggedStruct("UnknownPolicy", {
    json: JsonObject.pipe(Schema.filter(isUnknown)).annotations({
      arbitrary: () => (fc) =>
        fc.record({ type: fc.constantFrom("VOICE", "factors", 7, null), depth: fc.array(fc.nat()) })
    })
  })
))

export const construct = (members: typeof MembersFromSelf.Type): ServicePolicy => {
  switch (members._tag) {
    case "MethodAmount":
      return methodAmount(members)
    case "Factors":
      return factors(members)
    case "ConditionalGeofence":
      return conditionalGeofence(members)
    case "Legacy":
      return legacy(members)
    case "UnknownPolicy":
      return unknownPolicy(members.json)
  }
}

const itself = (input: unknown, _: unknown, ast: ParseResult.Type["ast"]) =>
  isServicePolicy(input) ? ParseResult.succeed(input) : ParseResult.fail(new ParseResult.Type(ast, input))

export const ServicePolicyFromSelf = Schema.declare([MembersFromSelf], {
  decode: () => itself,
  encode: () => itself
}, {
  identifier: "@effect-launchkey/core/internal/servicePolicy/ServicePolicyFromSelf",
  message: () => "not the policy of a service; build one with the constructors of ServicePolicy or fromOptions",
  arbitrary: (members) => (fc) => members(fc).map(construct)
})
