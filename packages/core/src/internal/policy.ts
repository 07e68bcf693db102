/** What the policies have in common: their limits, and the legacy form of what they require. */
import * as Either from "effect/Either"
import * as ParseResult from "effect/ParseResult"
import * as Schema from "effect/Schema"
import { Factor } from "../Factor.ts"
import { list, nullsAsAbsent } from "./json.ts"
import { lenientBoolean } from "./wire.ts"

export const amountFrom = (least: number) => {
  const message = (issue: ParseResult.ParseIssue) =>
    typeof issue.actual === "number"
      ? `the amount of methods is ${issue.actual}; give a whole number from ${least} to 7`
      : `the amount of methods is not a number; give a whole number from ${least} to 7`
  return Schema.Number.annotations({ message }).pipe(Schema.int({ message }), Schema.between(least, 7, { message }))
}

const notBoolean = "not a boolean; give true or false"

export const boolean = Schema.Boolean.annotations({ message: () => notBoolean })

export const wireBoolean = lenientBoolean(notBoolean)

/** As it is, without regard to order: at least one, each once. */
export const distinct = (what: string, otherwise: string) => <A, I, R>(self: Schema.Schema<ReadonlyArray<A>, I, R>) =>
  self.pipe(Schema.filter((elements) =>
    elements.length === 0
      ? `no ${what} is named; name at least one${otherwise}`
      : new Set(elements).size < elements.length
      ? `a ${what} is named twice; name each once`
      : undefined
  ))

export const Factors = list(Factor).pipe(distinct("factor", ", or leave the factors out")).annotations({
  arbitrary: () => (fc) => fc.subarray([...Factor.literals], { minLength: 1 })
})

interface Twin<At> {
  readonly at: At
  readonly first: number
}

/** Those whose name, in any case, one before them has. */
const twins = <At>(
  named: ReadonlyArray<{ readonly at: At; readonly name: string | undefined }>
): ReadonlyArray<Twin<At>> => {
  const seen = new Map<string, number>()
  return named.flatMap((one, index) => {
    const name = one.name?.toLowerCase()
    if (name === undefined) return []
    const first = seen.get(name)
    if (first !== undefined) return [{ at: one.at, first }]
    seen.set(name, index)
    return []
  })
}

export const twinMessage = (what: string, first: number, otherwise = ", or none"): string =>
  `${what} number ${first + 1} has this name already (without regard to case); give each ${what} its own${otherwise}`

/** Refuses a second one of a name. `what` names an element. */
export const uniquelyNamed =
  (what: string, otherwise?: string) => <A extends object, I, R>(self: Schema.Schema<ReadonlyArray<A>, I, R>) =>
    self.pipe(
      Schema.filter((elements) =>
        twins(elements.map((element, at) => ({ at, name: nameOf(element) }))).map(({ at, first }) => ({
          path: [at, "name"],
          message: twinMessage(what, first, otherwise)
        }))
      )
    )

const nameOf = (element: object): string | undefined =>
  "name" in element && typeof element.name === "string" ? element.name : undefined

const oneOf = <const Value extends string>(value: Value, message: string) =>
  Schema.optionalWith(Schema.Literal(value).annotations({ message: () => message }), {
    exact: true,
    default: (): Value => value
  })

export const Flag = Schema.transform(
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

/** At most one minimum requirement. */
export const WireMinimums = list(WireMinimum).pipe(
  Schema.maxItems(1, { message: () => "more than one minimum requirement; give one that holds all" })
)

/** What the legacy form requires. */
export type Requirement =
  | { readonly _tag: "None" }
  | { readonly _tag: "Amount"; readonly amount: number }
  | { readonly _tag: "Factors"; readonly factors: ReadonlyArray<Factor> }

export const RequirementFromSelf = Schema.Union(
  Schema.TaggedStruct("None", {}),
  Schema.TaggedStruct("Amount", { amount: amountFrom(1) }),
  Schema.TaggedStruct("Factors", { factors: Factors })
)

/** An amount or factors, as options name them. */
export const requirementOptions = {
  any: Schema.optionalWith(amountFrom(0), { exact: true, default: () => 0 }),
  factors: Schema.optionalWith(Factors, { exact: true })
}

interface RequirementOptions {
  readonly any: number
  readonly factors?: ReadonlyArray<Factor>
}

export const exclusive = <A extends RequirementOptions, I, R>(self: Schema.Schema<A, I, R>) =>
  self.pipe(Schema.filter(({ any, factors }) =>
    any > 0 && factors !== undefined
      ? { path: ["factors"], message: "an amount (any) and factors exclude each other; give one of them" }
      : undefined
  ))

export const requirementOfOptions = ({ any, factors }: RequirementOptions): Requirement =>
  factors !== undefined
    ? { _tag: "Factors", factors }
    : any > 0
    ? { _tag: "Amount", amount: any }
    : { _tag: "None" }

export const requirementOf = (minimums: typeof WireMinimums.Type): Requirement => {
  const minimum = minimums[0]
  const amount = minimum?.any || minimum?.all || 0
  const factors = minimum === undefined ? [] : Factor.literals.filter((factor) => minimum[factor])
  return factors.length > 0
    ? { _tag: "Factors", factors }
    : amount > 0
    ? { _tag: "Amount", amount }
    : { _tag: "None" }
}

export const minimumsOf = (requirement: Requirement): typeof WireMinimums.Type => {
  const requires = (factor: Factor) => requirement._tag === "Factors" && requirement.factors.includes(factor)
  return requirement._tag === "None" ? [] : [{
    requirement: "authenticated",
    any: requirement._tag === "Amount" ? requirement.amount : 0,
    knowledge: requires("knowledge"),
    inherence: requires("inherence"),
    possession: requires("possession")
  }]
}

/** The members of a legacy factor beside its name and attributes. */
export const wireFactorFields = {
  // Anything but "forced" would weaken what the sender may rely on, and nobody sends it.
  requirement: oneOf("forced requirement", "only the requirement \"forced requirement\" is supported"),
  quickfail: Schema.optionalWith(wireBoolean, { exact: true, default: () => false }),
  priority: Schema.optionalWith(Schema.Number.annotations({ message: () => "priority is not a number" }), {
    exact: true,
    default: () => 1
  })
}

export const forced = { requirement: "forced requirement", quickfail: false, priority: 1 } as const

/** What the attributes of all factors of a kind hold together, each with the place of its name. */
export const gather = <F extends { readonly factor: string }, A extends { readonly name?: string }>(
  factors: ReadonlyArray<F>,
  factor: F["factor"],
  attribute: string,
  elements: (factor: F) => ReadonlyArray<A> | undefined
) => {
  const all = factors.flatMap((one, index) =>
    one.factor === factor
      ? (elements(one) ?? []).map((element, n) => ({
        at: ["factors", index, "attributes", attribute, n, "name"] as const,
        element
      }))
      : []
  )
  return {
    elements: all.map(({ element }) => element),
    twins: twins(all.map(({ at, element }) => ({ at, name: element.name })))
  }
}

/** Without the elements of this name, in any case; the issue where there is none names those there are. */
export const withoutNamed = <A extends object>(
  elements: ReadonlyArray<A>,
  name: string,
  what: string,
  path: string
): Either.Either<ReadonlyArray<A>, { readonly path: string; readonly problem: string }> => {
  const others = elements.filter((element) => nameOf(element)?.toLowerCase() !== name.toLowerCase())
  if (others.length < elements.length) return Either.right(others)
  const names = elements.map(nameOf).flatMap((name) => name === undefined ? [] : [JSON.stringify(name)])
  return Either.left({
    path,
    problem: `no ${what} has the name to remove; ${
      names.length === 0 ? "none of this policy has a name" : `the names are ${names.join(", ")}`
    }`
  })
}
