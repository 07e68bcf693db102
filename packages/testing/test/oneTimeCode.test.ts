import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { oneTimeCode } from "../src/internal/conformance/oneTimeCode.ts"

/** Those of RFC 6238, appendix B, with its errata: each hash has a seed of its own length. */
const vectors: ReadonlyArray<readonly [seconds: number, algorithm: string, code: string]> = [
  [59, "SHA1", "94287082"],
  [59, "SHA256", "46119246"],
  [59, "SHA512", "90693936"],
  [1111111109, "SHA1", "07081804"],
  [1111111109, "SHA256", "68084774"],
  [1111111109, "SHA512", "25091201"],
  [2000000000, "SHA1", "69279037"],
  [20000000000, "SHA1", "65353130"],
  [20000000000, "SHA256", "77737706"],
  [20000000000, "SHA512", "47863826"]
]

const seeds: Readonly<Record<string, string>> = {
  SHA1: "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ",
  SHA256: "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQGEZA",
  SHA512: "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQGEZDGNA"
}

describe("the suite's own one-time codes", () => {
  for (const [seconds, algorithm, code] of vectors) {
    it.effect(`are those of the RFC: ${algorithm} at ${seconds} s`, () =>
      Effect.gen(function*() {
        const configuration = { algorithm, digits: 8, period: 30, secret: seeds[algorithm] ?? "" }
        assert.strictEqual(yield* oneTimeCode(configuration, seconds), code)
        const short = { ...configuration, digits: 6 }
        assert.strictEqual(yield* oneTimeCode(short, seconds), code.slice(2))
      }))
  }
})
