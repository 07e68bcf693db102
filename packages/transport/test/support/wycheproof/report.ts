/** What became of the vectors, counted, and held to what is expected of them. */
import deviations from "./deviations.json" with { type: "json" }
import type { Outcome } from "./run.ts"

/** More than these are no longer exceptions. */
export const maximumDeviations = 20

export interface Tally {
  readonly vectors: number
  /** In scope, and as Wycheproof says. */
  readonly validAccepted: number
  readonly invalidRefused: number
  /** In scope, where Wycheproof leaves the choice. */
  readonly acceptableAccepted: number
  readonly acceptableRefused: number
  /** Not of this protocol's algorithms, sizes or exponents, whatever Wycheproof says of them. */
  readonly outOfScopeRefused: number
  /** Of all that was refused: where. The last is by signature, padding or tag. */
  readonly refusedAt: { readonly parse: number; readonly key: number; readonly check: number }
  /** Other than expected, and in the list with a reason. */
  readonly explained: number
  /** Other than expected, and not in the list: nothing but an empty list is a success. */
  readonly unexplained: ReadonlyArray<string>
}

const said = (outcome: Outcome): "accepted" | "refused" | "other content" =>
  typeof outcome.said === "string" ? outcome.said : "refused"

const isExpected = (outcome: Outcome): boolean =>
  outcome.inScope && outcome.result === "acceptable"
    ? said(outcome) !== "other content"
    : said(outcome) === (outcome.inScope && outcome.result === "valid" ? "accepted" : "refused")

const isExplained = (outcome: Outcome): boolean =>
  deviations.some(({ file, ours, tcIds, wycheproof }) =>
    file === outcome.file && tcIds.includes(outcome.tcId) && wycheproof === outcome.result && ours === said(outcome)
  )

const describe = ({ comment, file, inScope, result, said, tcId }: Outcome): string =>
  `${file} ${tcId} (${comment || "no comment"}), ${inScope ? "in" : "out of"} scope and ${result}: `
  + (typeof said === "string" ? said : `refused at ${said.at} for ${said.reason}`)

export const tally = (outcomes: ReadonlyArray<Outcome>): Tally => {
  const count = (predicate: (outcome: Outcome) => boolean) => outcomes.filter(predicate).length
  const asExpected = (inScope: boolean, result?: Outcome["result"], what?: "accepted" | "refused") =>
    count((outcome) =>
      isExpected(outcome) && outcome.inScope === inScope && (result ?? outcome.result) === outcome.result
      && (what ?? said(outcome)) === said(outcome)
    )
  const refusedAt = (place: "parse" | "key" | "check") =>
    count((outcome) => typeof outcome.said !== "string" && outcome.said.at === place)
  const deviating = outcomes.filter((outcome) => !isExpected(outcome))
  return {
    vectors: outcomes.length,
    validAccepted: asExpected(true, "valid"),
    invalidRefused: asExpected(true, "invalid"),
    acceptableAccepted: asExpected(true, "acceptable", "accepted"),
    acceptableRefused: asExpected(true, "acceptable", "refused"),
    outOfScopeRefused: asExpected(false),
    refusedAt: { parse: refusedAt("parse"), key: refusedAt("key"), check: refusedAt("check") },
    explained: deviating.filter(isExplained).length,
    unexplained: deviating.filter((outcome) => !isExplained(outcome)).map(describe)
  }
}

/** How many vectors the list speaks of: one that no longer deviates is to be taken out of it. */
export const listed: number = deviations.flatMap(({ tcIds }) => tcIds).length

export const listedFor = (name: string): number =>
  deviations.filter(({ file }) => file === name).flatMap(({ tcIds }) => tcIds).length

/** One line per entry of the list. */
export const explanations: ReadonlyArray<string> = deviations.map(({ file, ours, reason, tcIds, wycheproof }) =>
  `${file} ${tcIds.join(", ")}: Wycheproof says ${wycheproof}, ${ours} here. ${reason}`
)

/** Whether every vector is in exactly one of the counts. */
export const isAccountedFor = (tally: Tally): boolean =>
  tally.validAccepted + tally.invalidRefused + tally.acceptableAccepted + tally.acceptableRefused
      + tally.outOfScopeRefused + tally.explained + tally.unexplained.length === tally.vectors
