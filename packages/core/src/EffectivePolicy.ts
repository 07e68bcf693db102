/**
 * What one authorization has to meet: the policy of the service and that of the request together. Where both say
 * something, the stricter wins, so that a request never loosens what its service demands.
 *
 * @since 0.1.0
 */
import type * as Arr from "effect/Array"
import * as Data from "effect/Data"
import { dual } from "effect/Function"
import * as Option from "effect/Option"
import * as ParseResult from "effect/ParseResult"
import * as Schema from "effect/Schema"
import type { AuthPolicy } from "./AuthPolicy.ts"
import { Factor, factorSet } from "./Factor.ts"
import { Fence } from "./Fence.ts"
import { list } from "./internal/json.ts"
import { amountFrom, boolean } from "./internal/policy.ts"
import { type Branch, type KnownPolicy, some } from "./internal/servicePolicy.ts"
import { TimeFence } from "./TimeFence.ts"

/**
 * `amount` methods (0 to 7) **and** each of `factors`, a set in the order of `Factor.allFactors`. A method that proves one
 * of the factors counts for the amount too.
 *
 * @since 0.1.0
 * @category models
 */
export interface Demand {
  readonly amount: number
  readonly factors: ReadonlyArray<Factor>
}

/**
 * What the device has to meet in one of `fences`, and what elsewhere: each the whole of it there.
 *
 * @since 0.1.0
 * @category models
 */
export interface Conditional {
  readonly fences: Arr.NonEmptyReadonlyArray<Fence>
  readonly inside: Demand
  readonly outside: Demand
}

interface Members extends Demand {
  /**
   * Whether a policy counts methods, even to 0: devices report such a policy as one of an amount. It demands nothing
   * that `amount` does not.
   */
  readonly countsMethods: boolean
  /** The device refuses when it finds itself rooted or jailbroken. */
  readonly denyRootedJailbroken: boolean
  /** The device refuses when it finds itself to be an emulator or a simulator. */
  readonly denyEmulatorSimulator: boolean
  /** The device has to be in one fence of each group. */
  readonly fences: ReadonlyArray<Arr.NonEmptyReadonlyArray<Fence>>
  /** It has to be within one of them, if there are any. */
  readonly timeFences: ReadonlyArray<TimeFence>
  /** Where there is one, its demands contain those of the whole, which hold everywhere. */
  readonly conditional: Option.Option<Conditional>
}

/**
 * The demands of an authorization, equal to others by their members (`Equal.equals`). They come from {@link merge} alone.
 *
 * @see docs/protocol.md "The policy in effect"
 * @since 0.1.0
 * @category models
 */
export interface EffectivePolicy extends Members {
  readonly _tag: "EffectivePolicy"
}

class Policy extends Data.TaggedClass("EffectivePolicy")<Members> {}

const demand = ({ amount, factors }: Demand): Demand => Data.struct({ amount, factors: Data.array(factorSet(factors)) })

const stricter = (self: Demand, that: Demand): Demand =>
  demand({ amount: Math.max(self.amount, that.amount), factors: [...self.factors, ...that.factors] })

const construct = (members: Members): EffectivePolicy =>
  new Policy({
    ...demand(members),
    countsMethods: members.countsMethods || members.amount > 0,
    denyRootedJailbroken: members.denyRootedJailbroken,
    denyEmulatorSimulator: members.denyEmulatorSimulator,
    fences: Data.array(members.fences.map((group) => Data.array(group))),
    timeFences: Data.array(members.timeFences),
    conditional: Option.map(members.conditional, ({ fences, inside, outside }) =>
      Data.struct({
        fences: Data.array(fences),
        inside: stricter(inside, members),
        outside: stricter(outside, members)
      }))
  })

/**
 * @since 0.1.0
 * @category guards
 */
export const isEffectivePolicy = (u: unknown): u is EffectivePolicy => u instanceof Policy

const nothing: Demand = { amount: 0, factors: [] }

const demandOf = (requirement: AuthPolicy["requirement"]): Demand => {
  switch (requirement._tag) {
    case "None":
      return nothing
    case "Amount":
      return { amount: requirement.amount, factors: [] }
    case "Factors":
      return { amount: 0, factors: requirement.factors }
  }
}

const demandIn = (branch: Branch): Demand =>
  branch._tag === "MethodAmount" ? { amount: branch.amount, factors: [] } : { amount: 0, factors: branch.factors }

const group = (fences: ReadonlyArray<Fence>): ReadonlyArray<Arr.NonEmptyReadonlyArray<Fence>> => {
  const [first, ...others] = fences
  return first === undefined ? [] : [[first, ...others]]
}

const unconditional = { countsMethods: false, timeFences: [], conditional: Option.none() }

const ofService = (policy: KnownPolicy): Members => {
  switch (policy._tag) {
    case "MethodAmount":
      return { ...unconditional, ...policy, countsMethods: true, factors: [], fences: group(policy.fences) }
    case "Factors":
      return { ...unconditional, ...policy, amount: 0, fences: group(policy.fences) }
    case "ConditionalGeofence":
      return {
        ...unconditional,
        ...nothing,
        denyRootedJailbroken: policy.denyRootedJailbroken,
        denyEmulatorSimulator: policy.denyEmulatorSimulator,
        fences: [],
        conditional: Option.some({
          fences: policy.fences,
          inside: demandIn(policy.inside),
          outside: demandIn(policy.outside)
        })
      }
    case "Legacy":
      return {
        ...unconditional,
        ...demandOf(policy.requirement),
        denyRootedJailbroken: policy.denyRootedJailbroken,
        denyEmulatorSimulator: false,
        fences: group(policy.geofences),
        timeFences: policy.timeFences
      }
  }
}

/**
 * The stricter of each: the larger amount, the factors of both, either's denials, the fences of both (one of each), and
 * the service's times and conditions. What the request demands, it demands in both places of a condition.
 *
 * A service's policy of an unknown type has no place here: nobody can tell what it demands.
 *
 * @see docs/protocol.md "The policy in effect"
 * @since 0.1.0
 * @category combinators
 */
export const merge: {
  (request: AuthPolicy): (service: KnownPolicy) => EffectivePolicy
  (service: KnownPolicy, request: AuthPolicy): EffectivePolicy
} = dual(2, (service: KnownPolicy, request: AuthPolicy): EffectivePolicy => {
  const members = ofService(service)
  return construct({
    ...members,
    ...stricter(members, demandOf(request.requirement)),
    denyRootedJailbroken: members.denyRootedJailbroken || request.denyRootedJailbroken,
    fences: [...members.fences, ...group(request.geofences)]
  })
})

const Amount = amountFrom(0)

const FactorSet = list(Factor).annotations({ arbitrary: () => (fc) => fc.subarray([...Factor.literals]) })

const DemandMembers = { amount: Amount, factors: FactorSet }

const Fences = list(Fence).pipe(some("a group of fences is empty; give at least one fence, or leave the group out"))

const WirePolicy = Schema.Struct({
  ...DemandMembers,
  countsMethods: boolean,
  denyRootedJailbroken: boolean,
  denyEmulatorSimulator: boolean,
  fences: list(Fences),
  timeFences: list(TimeFence),
  conditional: Schema.NullOr(
    Schema.Struct({ fences: Fences, inside: Schema.Struct(DemandMembers), outside: Schema.Struct(DemandMembers) })
  )
})

const itself = (input: unknown, _: unknown, ast: ParseResult.Type["ast"]) =>
  isEffectivePolicy(input) ? ParseResult.succeed(input) : ParseResult.fail(new ParseResult.Type(ast, input))

const fromWire = (wire: typeof WirePolicy.Type): EffectivePolicy =>
  construct({ ...wire, conditional: Option.fromNullable(wire.conditional) })

const EffectivePolicyFromSelf = Schema.declare([Schema.typeSchema(WirePolicy)], {
  decode: () => itself,
  encode: () => itself
}, {
  identifier: "@effect-launchkey/core/EffectivePolicy/EffectivePolicyFromSelf",
  message: () => "not a policy in effect; make one with EffectivePolicy.merge",
  arbitrary: (wire) => (fc) => wire(fc).map(fromWire)
})

/**
 * @since 0.1.0
 * @category models
 */
export type EffectivePolicyJson = typeof WirePolicy.Encoded

/**
 * The policy in effect ⇄ its JSON, as the platform shows it to devices: all members always, `conditional` null where
 * there is none. None may be missing on reading, since what is overlooked is not met.
 *
 * @see docs/protocol.md "The policy in effect"
 * @since 0.1.0
 * @category schemas
 */
export const EffectivePolicy: Schema.Schema<EffectivePolicy, EffectivePolicyJson> = Schema.transform(
  WirePolicy,
  EffectivePolicyFromSelf,
  {
    strict: true,
    decode: fromWire,
    encode: ({ _tag, ...members }) => ({ ...members, conditional: Option.getOrNull(members.conditional) })
  }
).annotations({ identifier: "@effect-launchkey/core/EffectivePolicy" })
