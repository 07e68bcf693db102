/**
 * Gives every vector of C2SP/wycheproof that speaks of this protocol's algorithms to our own `Jose` port, and holds
 * its answers to Wycheproof's within the algorithms, key sizes and exponents of the protocol, and to refusal outside of
 * them. How each kind of vector reaches the port is told in packages/transport/test/support/wycheproof/run.ts.
 *
 *     WYCHEPROOF=<a checkout's testvectors_v1 folder> pnpm wycheproof
 *
 * Succeeds only if every vector is accounted for, none is answered otherwise than expected but for those in the list of
 * deviations, and the list has no entry too many.
 */
import { Console, Effect } from "effect"
import * as Jose from "../packages/transport/src/Jose.ts"
import * as Corpus from "../packages/transport/test/support/wycheproof/corpus.ts"
import * as Report from "../packages/transport/test/support/wycheproof/report.ts"
import * as Run from "../packages/transport/test/support/wycheproof/run.ts"

const columns = ["in: valid acc.", "invalid ref.", "choice ref.", "choice acc.", "out: ref.", "deviations"] as const
const wide = Math.max(...Corpus.names.map(([name]) => name.length))

const line = (name: string, cells: ReadonlyArray<string | number>): string =>
  [
    name.padEnd(wide),
    ...cells.map((cell, index) => String(cell).padStart([7, ...columns.map(({ length }) => length)][index] ?? 0))
  ]
    .join("  ")

const cellsOf = (tally: Report.Tally): ReadonlyArray<number> => [
  tally.vectors,
  tally.validAccepted,
  tally.invalidRefused,
  tally.acceptableRefused,
  tally.acceptableAccepted,
  tally.outOfScopeRefused,
  tally.explained + tally.unexplained.length
]

const english = new Intl.NumberFormat("en")

const program = Effect.gen(function*() {
  const folder = Corpus.folder()
  if (folder === undefined) {
    yield* Console.error(`wycheproof: nothing was run: ${Corpus.absence}`)
    return false
  }
  const run = yield* Run.make
  yield* Console.log(line("file", ["vectors", ...columns]))
  const outcomes = yield* Effect.forEach(Corpus.names, ([name, kind]) =>
    Effect.gen(function*() {
      const found = yield* run(Corpus.read(folder, name, kind))
      yield* Console.log(line(name, cellsOf(Report.tally(found))))
      return found
    }))
  const tally = Report.tally(outcomes.flat())
  yield* Console.log(line("all", cellsOf(tally)))

  const { check, key, parse } = tally.refusedAt
  yield* Console.log(
    `\nRefused by form, header or algorithm: ${english.format(parse)}; for the key: ${english.format(key)}; by `
      + `signature, padding or tag: ${english.format(check)}.`
      + "\nThe kid alone was exchanged for one of the protocol's form where the port had no other objection to a header."
      + "\nThe content cipher's tags were made anew for a JWE header as AAD, wrong in the same bits as the vector's."
      + "\nRaw signatures and OAEP with SHA-256 were given to WebCrypto with the port's own keys, past the rest of it."
  )
  yield* Console.log("\nDeviations that are explained:")
  for (const explanation of Report.explanations) yield* Console.log(`- ${explanation}`)
  for (const deviation of tally.unexplained) yield* Console.error(`\nUnexpected: ${deviation}`)
  if (tally.explained !== Report.listed) {
    yield* Console.error(
      `\n${Report.listed - tally.explained} listed deviations did not occur: take them out of the list.`
    )
  }

  const holds = tally.unexplained.length === 0 && tally.explained === Report.listed
    && Report.listed <= Report.maximumDeviations && Report.isAccountedFor(tally) && tally.vectors === Corpus.total
  yield* Console.log(
    `\nwycheproof: ${holds ? "holds" : "FAILS"}: ${english.format(tally.vectors)} of ${english.format(Corpus.total)} `
      + `vectors; in scope ${english.format(tally.validAccepted)} valid accepted, `
      + `${english.format(tally.invalidRefused)} invalid refused, ${tally.acceptableRefused} of free choice refused, `
      + `${tally.acceptableAccepted} accepted; out of scope ${english.format(tally.outOfScopeRefused)} refused; `
      + `${tally.explained} deviations explained, ${tally.unexplained.length} not`
  )
  return holds
})

if (!await Effect.runPromise(Effect.provide(program, Jose.layer))) process.exitCode = 1
