import * as Jose from "@effect-launchkey/transport/Jose"
import * as NodeJose from "@effect-launchkey/transport/NodeJose"
import { assert, describe, it, layer } from "@effect/vitest"
import { Effect, Layer } from "effect"
import * as fuzz from "./support/forging/fuzz.ts"
import * as platform from "./support/forging/platform.ts"
import * as receivers from "./support/forging/receivers.ts"

/** Another one at will: `pnpm fuzz --seed` is for more of them than a test has time for. */
const seed = 20_231_114

const nothing = { accepted: 0, defects: 0, wrongReasons: 0, findings: [] }

const verdict = ({ accepted, defects, findings, wrongReasons }: fuzz.Report) => ({
  accepted,
  defects,
  wrongReasons,
  findings
})

// the script and the families of attacks run over WebCrypto
layer(Layer.provide(receivers.layerJose, NodeJose.layer))("mutants of valid messages", (it) => {
  it.effect("come from messages that are accepted as they are", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(yield* fuzz.refusedThoughValid(), [])
    }))

  it.effect("20,000 of them: each is refused, for a reason that its operator names", () =>
    Effect.gen(function*() {
      const report = yield* fuzz.run({ seed, from: 0, to: 20_000 })
      assert.deepStrictEqual(verdict(report), nothing)
      assert.strictEqual(report.mutants, 20_000)
      const counts = Array.from(report.counts.values())
      assert.strictEqual(counts.length, fuzz.operators.length, "every operator was applied")
      assert.isAtLeast(counts.length, 60)
      // signed, or encrypted, by a key that the receiver believes: what refuses them are the checks behind that
      assert.isAtLeast(counts.filter(({ sealed }) => sealed > 0).length, counts.length / 2)
      assert.isAtLeast(counts.reduce((sum, { sealed }) => sum + sealed, 0), 10_000)
    }), 150_000)

  it.effect("are the same for the same seed, whoever makes which of them", () =>
    Effect.gen(function*() {
      const totals = ({ counts }: fuzz.Report) =>
        new Map(Array.from(counts, ([name, { mutants, reasons }]) => [name, { mutants, reasons }]))
      const whole = yield* fuzz.run({ seed: 7, from: 0, to: 300 })
      const first = yield* fuzz.run({ seed: 7, from: 0, to: 130 })
      const second = yield* fuzz.run({ seed: 7, from: 130, to: 300 })
      assert.deepStrictEqual(totals(fuzz.merge([second, first])), totals(whole))
    }))
})

layer(platform.receivers)("mutants of valid requests", (it) => {
  it.effect("come from requests that the platform believes", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(yield* fuzz.refusedThoughValid(["request"]), [])
    }))

  it.effect(
    "1,000 of them: the platform as it is served refuses each, and tells nobody why",
    () =>
      Effect.gen(function*() {
        const report = yield* fuzz.run({ seed, from: 0, to: 1000, surfaces: ["request"], fresh: true })
        assert.deepStrictEqual(verdict(report), nothing)
      }),
    60_000
  )
})

describe("what is wrong is found:", () => {
  const receiversWith = (hole: Partial<Jose.Service>) =>
    Layer.provide(receivers.layerJose, Layer.succeed(Jose.Jose, { ...Jose.make, ...hole }))

  it.effect("a signature that is not verified", () =>
    Effect.gen(function*() {
      const report = yield* fuzz.run({ seed, from: 0, to: 500 })
      assert.isAtLeast(report.accepted, 5)
    }).pipe(Effect.provide(receiversWith({ verify: ({ payload }) => Effect.succeed(payload) }))))

  it.effect("a failure that is not typed", () =>
    Effect.gen(function*() {
      const report = yield* fuzz.run({ seed, from: 0, to: 500 })
      assert.isAtLeast(report.defects, 5)
      assert.include(report.findings[0]?.outcome, "unforeseen")
    }).pipe(Effect.provide(receiversWith({ decrypt: () => Effect.dieMessage("unforeseen") }))))

  it.effect("a refusal for another reason", () =>
    Effect.gen(function*() {
      const report = yield* fuzz.run({ seed, from: 0, to: 500 })
      assert.isAtLeast(report.wrongReasons, 5)
    }).pipe(Effect.provide(receiversWith({ digest: () => Effect.succeed("0") }))))
})
