import { assert, describe, it } from "@effect/vitest"
import * as Either from "effect/Either"
import * as Option from "effect/Option"

describe("what a test compares", () => {
  const different = [
    [Option.some(1), Option.none()],
    [Option.none(), Option.some(1)],
    [Option.some(1), Option.some(2)],
    [{ a: [Option.some(1)] }, { a: [Option.none()] }],
    [Either.right(1), Either.left(1)]
  ]
  for (const [one, other] of different) {
    it(`tells ${String(one)} from ${String(other)}`, () => {
      assert.notDeepEqual(one, other)
      assert.throws(() => assert.deepStrictEqual(one, other))
    })
  }

  it("takes the same for the same", () => {
    assert.deepStrictEqual({ a: [Option.some({ b: 1 }), Option.none()] }, { a: [Option.some({ b: 1 }), Option.none()] })
  })
})
