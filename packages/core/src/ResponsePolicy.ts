/**
 * The policy the user's device reports with its answer: what it found to be required, not how each was met.
 *
 * @since 0.1.0
 */
import * as Data from "effect/Data"
import * as Option from "effect/Option"
import * as ParseResult from "effect/ParseResult"
import * as Schema from "effect/Schema"
import type { AuthPolicy } from "./AuthPolicy.ts"
import type { EffectivePolicy } from "./EffectivePolicy.ts"
import { allFactors, Factor, factorSet } from "./Factor.ts"
import { Fence, ReportedFence } from "./Fence.ts"
import { list, nullsAsAbsent } from "./internal/json.ts"

/**
 * What kind of policy applied: an amount of methods, factors by type, a conditional geofence, or one this version does
 * not know.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Requirement = Schema.Literal("AMOUNT", "TYPES", "COND_GEO", "OTHER")

/**
 * @since 0.1.0
 * @category models
 */
export type Requirement = typeof Requirement.Type

interface Members {
  /** None where nothing was required beyond the user's consent. */
  readonly requirement: Option.Option<Requirement>
  /** How many methods; 0 unless the requirement is `AMOUNT`. */
  readonly amount: number
  /** A set, in the order of `Factor.allFactors`; empty unless the requirement is `TYPES`. */
  readonly factors: ReadonlyArray<Factor>
  /** Those of the policy that applied, met or not. */
  readonly fences: ReadonlyArray<Fence>
}

/**
 * The reported policy, equal to another by its members (`Equal.equals`).
 *
 * @see docs/protocol.md "Response policy"
 * @since 0.1.0
 * @category models
 */
export interface ResponsePolicy extends Members {
  readonly inherenceRequired: boolean
  readonly knowledgeRequired: boolean
  readonly possessionRequired: boolean
}

class Policy extends Data.Class<Members> {
  get inherenceRequired(): boolean {
    return this.factors.includes("inherence")
  }
  get knowledgeRequired(): boolean {
    return this.factors.includes("knowledge")
  }
  get possessionRequired(): boolean {
    return this.factors.includes("possession")
  }
}

const construct = ({ amount, factors, fences, requirement }: Members): ResponsePolicy =>
  new Policy({
    requirement,
    amount: Option.contains(requirement, "AMOUNT") ? amount : 0,
    factors: Data.array(Option.contains(requirement, "TYPES") ? factorSet(factors) : []),
    fences: Data.array(fences)
  })

const Amount = Schema.Number.annotations({ message: () => "the amount of methods is not a number" }).pipe(
  Schema.filter((amount) =>
    (Number.isInteger(amount) && amount >= 0) ||
    `the amount of methods is ${amount}; give a whole number of 0 or more`, {
    arbitrary: () => (fc) => fc.nat(7)
  })
)

const MembersFromSelf = Schema.typeSchema(Schema.Struct({
  requirement: Schema.OptionFromSelf(Requirement),
  amount: Amount,
  factors: list(Factor),
  fences: list(Fence)
}))

const itself = (input: unknown, _: unknown, ast: ParseResult.Type["ast"]) =>
  input instanceof Policy ? ParseResult.succeed(input) : ParseResult.fail(new ParseResult.Type(ast, input))

const ResponsePolicyFromSelf = Schema.declare([MembersFromSelf], {
  decode: () => itself,
  encode: () => itself
}, {
  identifier: "@effect-launchkey/core/ResponsePolicy/ResponsePolicyFromSelf",
  message: () => "not a response policy; build one with ResponsePolicy.make or fromAuthPolicy",
  arbitrary: (members) => (fc) => members(fc).map(construct)
})

/**
 * What a device found to be required. `fences` defaults to none.
 *
 * @since 0.1.0
 * @category models
 */
export type Options =
  & { readonly fences?: ReadonlyArray<Fence> | undefined }
  & (
    | { readonly requirement?: undefined }
    | { readonly requirement: "AMOUNT"; readonly amount: number }
    | { readonly requirement: "TYPES"; readonly factors: Iterable<Factor> }
    | { readonly requirement: "COND_GEO" | "OTHER" }
  )

/**
 * Throws a `ParseError` where the amount is not a whole number of 0 or more.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (options: Options = {}): ResponsePolicy =>
  construct(
    ParseResult.validateSync(MembersFromSelf)({
      requirement: Option.fromNullable(options.requirement),
      amount: options.requirement === "AMOUNT" ? options.amount : 0,
      factors: options.requirement === "TYPES" ? Array.from(options.factors) : [],
      fences: options.fences ?? []
    })
  )

/**
 * What a device reports where a dynamic policy alone applied: the same requirement and the same fences. Whether it
 * refuses rooted devices is not reported.
 *
 * @see docs/protocol.md "Response policy"
 * @since 0.1.0
 * @category conversions
 */
export const fromAuthPolicy = ({ geofences: fences, requirement }: AuthPolicy): ResponsePolicy => {
  switch (requirement._tag) {
    case "None":
      return make({ fences })
    case "Amount":
      return make({ requirement: "AMOUNT", amount: requirement.amount, fences })
    case "Factors":
      return make({ requirement: "TYPES", factors: requirement.factors, fences })
  }
}

/**
 * What a device reports where both the policy of the service and that of the request applied: every fence of either, and
 * of what was required the one kind that the wire holds: a condition before factors, and those before an amount.
 *
 * @see docs/protocol.md "Response policy"
 * @since 0.1.0
 * @category conversions
 */
export const fromEffectivePolicy = (policy: EffectivePolicy): ResponsePolicy => {
  const { amount, conditional, countsMethods, factors } = policy
  const fences = [
    ...Option.match(conditional, { onNone: () => [], onSome: ({ fences }) => fences }),
    ...policy.fences.flat()
  ]
  return Option.isSome(conditional)
    ? make({ requirement: "COND_GEO", fences })
    : factors.length > 0
    ? make({ requirement: "TYPES", factors, fences })
    : countsMethods
    ? make({ requirement: "AMOUNT", amount, fences })
    : make({ fences })
}

const WirePolicy = nullsAsAbsent(Schema.Struct({
  requirement: Schema.optionalWith(
    Schema.NullOr(Schema.String).annotations({
      message: () => ({ message: "the requirement is not a text", override: true })
    }),
    { exact: true, default: () => null }
  ),
  amount: Schema.optionalWith(Amount, { exact: true }),
  types: Schema.optionalWith(
    list(Schema.String.annotations({ message: () => "the type of a factor is not a text" })),
    { exact: true }
  ),
  geofences: Schema.optionalWith(list(ReportedFence), { exact: true, default: () => [] })
}))

/**
 * The JSON of a reported policy.
 *
 * @since 0.1.0
 * @category models
 */
export type ResponsePolicyJson = typeof WirePolicy.Encoded

const isRequirement = Schema.is(Requirement)

const requirementOf = (wire: string): Requirement => {
  const name = wire.toUpperCase()
  return isRequirement(name) ? name : "OTHER"
}

/**
 * The reported policy ⇄ its JSON. Names are read in any case, `types` as a set in any order, unknown types are passed
 * over and unknown fences kept. Written strictly, because readers in use refuse any member too many: `requirement` in
 * lower case or null, `amount` only with it, `types` only with it and in the order inherence, knowledge, possession,
 * `geofences` always.
 *
 * @see docs/protocol.md "Response policy"
 * @since 0.1.0
 * @category schemas
 */
export const ResponsePolicy: Schema.Schema<ResponsePolicy, ResponsePolicyJson> = Schema.transformOrFail(
  WirePolicy,
  ResponsePolicyFromSelf,
  {
    strict: true,
    decode: (wire) => {
      const types = new Set((wire.types ?? []).map((type) => type.toLowerCase()))
      return ParseResult.succeed(construct({
        requirement: Option.map(Option.fromNullable(wire.requirement), requirementOf),
        amount: wire.amount ?? 0,
        factors: allFactors.filter((factor) => types.has(factor)),
        fences: wire.geofences
      }))
    },
    encode: ({ amount, factors, fences, requirement }) =>
      ParseResult.succeed({
        requirement: Option.match(requirement, { onNone: () => null, onSome: (kind) => kind.toLowerCase() }),
        ...(Option.contains(requirement, "AMOUNT") ? { amount } : {}),
        ...(Option.contains(requirement, "TYPES") ? { types: factors } : {}),
        geofences: fences
      })
  }
).annotations({ identifier: "@effect-launchkey/core/ResponsePolicy" })
