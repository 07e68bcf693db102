import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as ParseResult from "effect/ParseResult"
import * as Schema from "effect/Schema"
import * as DenialReason from "../src/DenialReason.ts"

const fraud = DenialReason.fraudulent("f1", "Somebody else")
const notNow = DenialReason.ordinary("nf1", "Not me today")

const problems = (reasons: unknown) =>
  Schema.decodeUnknown(DenialReason.DenialReasons)(reasons).pipe(
    Effect.flip,
    Effect.map((error) =>
      ParseResult.ArrayFormatter.formatErrorSync(error).map(({ message, path }) => ({ path, message }))
    )
  )

describe("DenialReason", () => {
  it("is written as id, reason and fraud", () => {
    assert.strictEqual(
      JSON.stringify(Schema.encodeSync(DenialReason.DenialReasons)([notNow, fraud])),
      "[{\"id\":\"nf1\",\"reason\":\"Not me today\",\"fraud\":false},{\"id\":\"f1\",\"reason\":\"Somebody else\",\"fraud\":true}]"
    )
  })

  it("is read with the texts that one SDK writes for booleans", () => {
    const read = (fraud: unknown) =>
      Schema.decodeUnknownSync(DenialReason.DenialReason)({ id: "1", reason: "a", fraud })
    assert.deepStrictEqual(["True", "False", true].map((fraud) => read(fraud).fraud), [true, false, true])
    assert.throws(() => read("perhaps"), "fraud is not a boolean; give true or false")
  })

  it("has an id of 1 to 5 characters, counted in code points", () => {
    assert.doesNotThrow(() => DenialReason.ordinary("🔑🔑🔑🔑🔑", "Lost"))
    assert.throws(
      () => DenialReason.ordinary("denial", "Lost"),
      "the id of a denial reason has 6 characters; shorten it to at most 5"
    )
    assert.throws(() => DenialReason.fraudulent("", "Lost"), "the id of a denial reason is empty")
  })

  it("has a text of 1 to 255 characters, which the refusal does not repeat", () => {
    assert.doesNotThrow(() => DenialReason.ordinary("a", "x".repeat(255)))
    assert.throws(() => DenialReason.ordinary("a", ""), "the text of a denial reason is empty")
    assert.throws(
      () => DenialReason.ordinary("a", "x".repeat(256)),
      /the text of a denial reason has 256 characters; shorten it to at most 255$/
    )
  })
})

describe("DenialReasons", () => {
  it.effect("one reason is too few, and says what is missing", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(yield* problems([{ ...notNow }]), [
        { path: [], message: "1 denial reason given; give at least two, one of them fraudulent, or none at all" },
        { path: [], message: "no denial reason is fraudulent; add one with fraud true" }
      ])
    }))

  it.effect("none is too few", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual((yield* problems([])).map(({ message }) => message), [
        "0 denial reasons given; give at least two, one of them fraudulent, or none at all"
      ])
    }))

  it.effect("one has to be fraudulent", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(yield* problems([{ ...notNow }, { ...notNow, id: "nf2" }]), [
        { path: [], message: "no denial reason is fraudulent; add one with fraud true" }
      ])
    }))

  it.effect("one has to be ordinary", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(yield* problems([{ ...fraud }, { ...fraud, id: "f2" }]), [
        { path: [], message: "every denial reason is fraudulent; add one with fraud false" }
      ])
    }))

  it.effect("ids differ", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(yield* problems([{ ...fraud }, { ...notNow, id: "x" }, { ...notNow, id: "f1" }]), [
        { path: [2, "id"], message: "the denial reason has the id of number 1; give each its own" }
      ])
    }))

  it.effect("other elements are refused", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual((yield* problems([{ ...fraud, fraud: 1 }, { ...notNow }])).map(({ message }) => message), [
        "fraud is not a boolean; give true or false"
      ])
      assert.deepStrictEqual(yield* problems({}), [{ path: [], message: "expected a list" }])
    }))

  it.effect.prop("are read back from their JSON", [DenialReason.DenialReasons], ([reasons]) =>
    Effect.gen(function*() {
      const json = JSON.stringify(yield* Schema.encode(DenialReason.DenialReasons)(reasons))
      assert.deepStrictEqual(yield* Schema.decodeUnknown(DenialReason.DenialReasons)(JSON.parse(json)), reasons)
    }))
})
