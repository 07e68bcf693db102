/** Mutants of valid messages: which operator, on which message, with which choices follows from the seed alone. */
import { Cause, Effect, Exit, FastCheck } from "effect"
import { bodyOperators } from "./bodyOperators.ts"
import { claimOperators } from "./claimOperators.ts"
import { type Base, bases, forge, type Forgery, freshTokenId, isSealed, type Surface } from "./messages.ts"
import { type Operator, type Pick, pickWith } from "./operator.ts"
import { type Outcome, Receivers } from "./receivers.ts"
import { tokenOperators } from "./tokenOperators.ts"

export const operators: ReadonlyArray<Operator> = [...tokenOperators, ...claimOperators, ...bodyOperators]

/** An operator and the messages that it applies to. */
interface Applied {
  readonly operator: Operator
  readonly bases: ReadonlyArray<Base>
}

const basesOf = (surfaces: ReadonlyArray<Surface>): ReadonlyArray<Base> => surfaces.flatMap((surface) => bases[surface])

const everySurface: ReadonlyArray<Surface> = ["request", "response", "webhook", "answer"]

/** The operators that apply to messages of these surfaces. */
const appliedTo = (surfaces: ReadonlyArray<Surface> = everySurface): ReadonlyArray<Applied> =>
  operators.map((operator) => ({
    operator,
    bases: basesOf(surfaces).filter((base) => operator.refused[base.surface] !== undefined && operator.when(base))
  })).filter(({ bases }) => bases.length > 0)

interface Count {
  /** Of the messages that were refused as expected or not. */
  readonly mutants: number
  /** Of these, signed or encrypted by a key that the receiver believes. */
  readonly sealed: number
  readonly surfaces: ReadonlySet<string>
  readonly reasons: ReadonlySet<string>
}

export interface Finding {
  readonly kind: "accepted" | "defect" | "wrong reason"
  /** Which mutant: the same seed makes it again. */
  readonly index: number
  readonly operator: string
  readonly message: string
  readonly outcome: string
}

export interface Report {
  readonly mutants: number
  readonly accepted: number
  readonly defects: number
  readonly wrongReasons: number
  /** By the operator's name. */
  readonly counts: ReadonlyMap<string, Count>
  /** The first of them. */
  readonly findings: ReadonlyArray<Finding>
}

const chunk = 500

interface Mutant {
  readonly index: number
  readonly operator: Operator
  readonly base: Base
  readonly pick: Pick
}

const choices = FastCheck.record({
  operator: FastCheck.nat(1_000_000),
  base: FastCheck.nat(1_000_000),
  generate: FastCheck.gen()
})

const mutantsOf = (applied: ReadonlyArray<Applied>, seed: number, number: number): ReadonlyArray<Mutant> =>
  // the seeds of neighbouring runs must not be those of each other's chunks
  FastCheck.sample(choices, { seed: Math.imul(seed, 1_000_003) + number, numRuns: chunk }).map((choice, at) => {
    const { bases, operator } = applied[choice.operator % applied.length] as Applied
    const base = bases[choice.base % bases.length] as Base
    return { index: number * chunk + at, operator, base, pick: pickWith(choice.generate) }
  })

const judge = (operator: Operator, base: Base, outcome: Outcome): Finding["kind"] | undefined => {
  if (outcome === "accepted") return "accepted"
  return operator.refused[base.surface]?.includes(outcome) === true ? undefined : "wrong reason"
}

const findingsKept = 20

export interface Options {
  readonly seed: number
  readonly from: number
  readonly to: number
  /** Default all four. */
  readonly surfaces?: ReadonlyArray<Surface> | undefined
  /** Whether each message has a token of its own, for a receiver that remembers. Default no, which is faster. */
  readonly fresh?: boolean | undefined
}

/**
 * Makes the mutants from `from` up to `to` and has each opened. Numbers are those of the whole run, so that it can be
 * divided among processes.
 */
export const run = (options: Options) =>
  Effect.gen(function*() {
    const applied = appliedTo(options.surfaces)
    const { open } = yield* Receivers
    const counts = new Map<string, { mutants: number; sealed: number; surfaces: Set<string>; reasons: Set<string> }>()
    const findings: Array<Finding> = []
    const totals = { accepted: 0, defect: 0, "wrong reason": 0 }
    let mutants = 0

    const found = (finding: Finding) => {
      totals[finding.kind] += 1
      if (findings.length < findingsKept) findings.push(finding)
    }

    const attack = Effect.fnUntraced(function*({ base, index, operator, pick }: Mutant) {
      const at = { index, operator: operator.name, message: `${base.surface} ${base.name}` }
      const count = counts.get(operator.name) ?? { mutants: 0, sealed: 0, surfaces: new Set(), reasons: new Set() }
      counts.set(operator.name, count)
      count.mutants += 1
      count.surfaces.add(base.surface)
      mutants += 1
      // a failure to make the mutant is the fuzzer's own, and no less a defect
      const exit = yield* Effect.exit(Effect.suspend(() => {
        const forgery: Forgery = operator.spoil(base, pick)
        count.sealed += isSealed(forgery) ? 1 : 0
        return Effect.flatMap(forge(base, forgery, options.fresh === true ? freshTokenId() : undefined), open)
      }))
      if (Exit.isFailure(exit)) return found({ ...at, kind: "defect", outcome: Cause.pretty(exit.cause) })
      count.reasons.add(exit.value)
      const kind = judge(operator, base, exit.value)
      if (kind !== undefined) found({ ...at, kind, outcome: exit.value })
    })

    for (let number = Math.floor(options.from / chunk); number * chunk < options.to; number++) {
      const wanted = mutantsOf(applied, options.seed, number).filter(({ index }) =>
        index >= options.from && index < options.to
      )
      yield* Effect.forEach(wanted, attack, { concurrency: 16, discard: true })
    }
    const report: Report = {
      mutants,
      accepted: totals.accepted,
      defects: totals.defect,
      wrongReasons: totals["wrong reason"],
      counts,
      findings
    }
    return report
  })

/** What would make every refusal worthless: valid messages that are refused. */
export const refusedThoughValid = (surfaces: ReadonlyArray<Surface> = everySurface) =>
  Effect.gen(function*() {
    const { open } = yield* Receivers
    const refused = yield* Effect.filter(basesOf(surfaces), (base) =>
      Effect.map(Effect.flatMap(forge(base, {}, freshTokenId()), open), (outcome) => outcome !== "accepted"))
    return refused.map(({ name, surface }) =>
      `${surface} ${name}`
    )
  })

/** Of one run, from what its parts report. */
export const merge = (reports: ReadonlyArray<Report>): Report => {
  const counts = new Map<string, Count>()
  for (const [name, count] of reports.flatMap((report) => [...report.counts])) {
    const known = counts.get(name)
    counts.set(
      name,
      known === undefined ? count : {
        mutants: known.mutants + count.mutants,
        sealed: known.sealed + count.sealed,
        surfaces: new Set([...known.surfaces, ...count.surfaces]),
        reasons: new Set([...known.reasons, ...count.reasons])
      }
    )
  }
  const sum = (of: (report: Report) => number) => reports.reduce((total, report) => total + of(report), 0)
  return {
    mutants: sum(({ mutants }) => mutants),
    accepted: sum(({ accepted }) => accepted),
    defects: sum(({ defects }) => defects),
    wrongReasons: sum(({ wrongReasons }) => wrongReasons),
    counts,
    findings: reports.flatMap(({ findings }) => findings).sort((a, b) => a.index - b.index)
  }
}
