import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Equal from "effect/Equal"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import * as Factor from "../src/Factor.ts"

const read = (json: unknown) => Schema.decodeUnknown(Factor.AuthMethod)(json)
const write = Schema.encodeSync(Factor.AuthMethod)

// As reported by a fresh device, in its order.
const reported = [
  { method: "wearables", set: false, active: false, allowed: true, supported: false },
  { method: "geofencing", set: null, active: true, allowed: true, supported: true },
  { method: "locations", set: false, active: false, allowed: true, supported: true },
  { method: "pin_code", set: false, active: false, allowed: true, supported: true },
  { method: "circle_code", set: false, active: false, allowed: true, supported: true },
  { method: "face", set: false, active: false, allowed: true, supported: false },
  { method: "fingerprint", set: false, active: false, allowed: true, supported: true }
].map((method) => ({ ...method, user_required: null, passed: null, error: null }))

describe("Factor", () => {
  it.effect("is one of three", () =>
    Effect.gen(function*() {
      const error = yield* Effect.flip(Schema.decodeUnknown(Factor.Factor)("smell"))
      assert.strictEqual(error.message, "not a factor; give \"inherence\", \"knowledge\" or \"possession\"")
    }))

  it("a set of factors has each once, in the order of the wire", () =>
    assert.deepStrictEqual(Factor.factorSet(["possession", "knowledge", "possession", "inherence"]), [
      "inherence",
      "knowledge",
      "possession"
    ]))

  it("every method proves one factor", () =>
    assert.deepStrictEqual(Factor.AuthMethodKind.literals.map((kind) => [kind, Factor.factorOf(kind)] as const), [
      ["PIN_CODE", "knowledge"],
      ["CIRCLE_CODE", "knowledge"],
      ["GEOFENCING", "inherence"],
      ["LOCATIONS", "inherence"],
      ["WEARABLES", "possession"],
      ["FINGERPRINT", "inherence"],
      ["FACE", "inherence"]
    ]))

  it("the service's geofencing and the user's locations count as one method", () => {
    assert.strictEqual(Factor.countMethods(["GEOFENCING", "LOCATIONS"]), 1)
    assert.strictEqual(Factor.countMethods(["PIN_CODE", "CIRCLE_CODE", "LOCATIONS", "PIN_CODE"]), 3)
    assert.strictEqual(Factor.countMethods([]), 0)
  })
})

describe("AuthMethod", () => {
  it.effect("a device's report is read and written back to the letter", () =>
    Effect.gen(function*() {
      const methods = yield* Effect.forEach(reported, read)
      assert.deepStrictEqual(methods.map(({ kind }) => kind), [
        "WEARABLES",
        "GEOFENCING",
        "LOCATIONS",
        "PIN_CODE",
        "CIRCLE_CODE",
        "FACE",
        "FINGERPRINT"
      ])
      assert.strictEqual(JSON.stringify(methods.map((method) => write(method))), JSON.stringify(reported))
    }))

  it.effect("names are read in any case and written in lower case", () =>
    Effect.gen(function*() {
      const method = yield* read({ method: "Pin_Code", passed: true })
      assert.strictEqual(method.method, "PIN_CODE")
      assert.deepStrictEqual(method.factor, Option.some("knowledge"))
      assert.strictEqual(write(method).method, "pin_code")
    }))

  it.effect("facts that are missing or null were not stated, and are written as null", () =>
    Effect.gen(function*() {
      const method = yield* read({ method: "face", set: null, colour: "red" })
      assert.deepStrictEqual(method, new Factor.AuthMethod({ method: "FACE" }))
      assert.deepStrictEqual(write(method), {
        method: "face",
        set: null,
        active: null,
        allowed: null,
        supported: null,
        user_required: null,
        passed: null,
        error: null
      })
    }))

  it.effect("a method this version does not know keeps its name", () =>
    Effect.gen(function*() {
      const method = yield* read({ method: "Iris_Scan", user_required: true })
      assert.deepStrictEqual(method.method, new Factor.OtherMethod({ wireName: "Iris_Scan" }))
      assert.strictEqual(method.kind, "OTHER")
      assert.strictEqual(method.userRequired, true)
      assert.deepStrictEqual(method.factor, Option.none())
      assert.strictEqual(write(method).method, "Iris_Scan")
    }))

  it("a known method cannot be an unknown one", () =>
    assert.throws(
      () => new Factor.OtherMethod({ wireName: "Face" }),
      "names a known method; use the method's own kind"
    ))

  it.effect("a report without a method is refused", () =>
    Effect.gen(function*() {
      const error = yield* Effect.flip(read({ set: true }))
      assert.include(error.message, "[\"method\"]")
      const number = yield* Effect.flip(read({ method: 5 }))
      assert.include(number.message, "expected the name of an authentication method")
    }))

  it.effect("a fact that is not a boolean is refused", () =>
    Effect.gen(function*() {
      const error = yield* Effect.flip(read({ method: "face", user_required: "yes" }))
      assert.include(error.message, "expected true, false or null")
      assert.notInclude(error.message, "yes")
    }))

  it.effect.prop(
    "is read back from its JSON of exactly eight members",
    [Factor.AuthMethod],
    ([method]) =>
      Effect.gen(function*() {
        const json = yield* Schema.encode(Factor.AuthMethod)(method)
        assert.lengthOf(Object.keys(json), 8)
        assert.isTrue(Equal.equals(yield* read(JSON.parse(JSON.stringify(json))), method))
      })
  )
})
