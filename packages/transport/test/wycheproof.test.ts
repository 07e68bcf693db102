import { assert } from "@effect/vitest"
import { Effect } from "effect"
import * as Jose from "../src/Jose.ts"
import { Refusal } from "../src/Rejection.ts"
import { onEach } from "./support/engines.ts"
import * as Corpus from "./support/wycheproof/corpus.ts"
import * as Report from "./support/wycheproof/report.ts"
import * as Run from "./support/wycheproof/run.ts"

const folder = Corpus.folder()

onEach(folder === undefined ? `Wycheproof, skipped: ${Corpus.absence}:` : "Wycheproof", (it) => {
  const whenPresent = it.effect.skipIf(folder === undefined)
  const read = (name: string, kind: Corpus.File["kind"]) => Effect.sync(() => Corpus.read(folder ?? "", name, kind))

  for (const [name, kind] of Corpus.names) {
    whenPresent(
      `is agreed with over ${name} within the protocol's lists, and all else in it is refused`,
      () =>
        Effect.gen(function*() {
          const run = yield* Run.make
          const file = yield* read(name, kind)
          const tally = Report.tally(yield* run(file))
          assert.deepStrictEqual(tally.unexplained, [])
          assert.strictEqual(tally.explained, Report.listedFor(name), "deviations that are listed")
          assert.strictEqual(tally.vectors, file.numberOfTests)
          assert.isTrue(Report.isAccountedFor(tally))
        }),
      60_000
    )
  }

  whenPresent(
    "would notice a port that believes every signature, and one that believes none",
    () =>
      Effect.gen(function*() {
        const file = yield* read("json_web_signature", "jose")
        const unexplainedBy = (verify: Jose.Service["verify"]) =>
          Run.make.pipe(
            Effect.flatMap((run) => run(file)),
            Effect.map((outcomes) => Report.tally(outcomes).unexplained.length),
            Effect.provideService(Jose.Jose, { ...Jose.make, verify })
          )
        // each that is refused by its signature, and each that is accepted by it
        assert.strictEqual(yield* unexplainedBy(({ payload }) => Effect.succeed(payload)), 216)
        assert.strictEqual(yield* unexplainedBy(() => Effect.fail(new Refusal({ reason: "SignatureInvalid" }))), 13)
      })
  )

  whenPresent(
    "is asked about every vector of the files, and agrees but for few, each with a reason",
    () =>
      Effect.gen(function*() {
        const files = yield* Effect.forEach(Corpus.names, ([name, kind]) => read(name, kind))
        assert.strictEqual(files.reduce((sum, { numberOfTests }) => sum + numberOfTests, 0), Corpus.total)
        assert.isAtMost(Report.listed, Report.maximumDeviations)
      })
  )
})
