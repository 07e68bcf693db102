import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import * as Body from "../src/Body.ts"

const bytes = (text: string) => new TextEncoder().encode(text)

describe("the JSON of a body", () => {
  it.effect("is read", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual<unknown>(yield* Body.json(bytes(`{"a":[{"b":1},{"b":2}]}`)), { a: [{ b: 1 }, { b: 2 }] })
    }))

  const refused: ReadonlyArray<readonly [string, string]> = [
    ["with a member twice", `{"a":1,"a":1}`],
    ["with a member twice, once in escapes, within a list", `[{"alg":1,"al\\u0067":1}]`],
    ["behind a byte order mark", "\uFEFF{}"],
    ["nested too deep", `${"[".repeat(33)}${"]".repeat(33)}`],
    ["with more behind it", "{} {}"]
  ]
  for (const [what, text] of refused) {
    it.effect(`is refused ${what}, and not repeated`, () =>
      Effect.gen(function*() {
        const refusal = yield* Effect.flip(Body.json(bytes(text)))
        assert.strictEqual(refusal.reason, "BodyMalformed")
        assert.isUndefined(refusal.cause)
      }))
  }
})
