import { assert, describe, layer } from "@effect/vitest"
import { Effect, Schema } from "effect"
import * as ContentHash from "../src/ContentHash.ts"
import * as Jose from "../src/Jose.ts"
import { describeReason, Refusal, RejectionReason } from "../src/Rejection.ts"
import fixtures from "./vectors/sdk-fixtures.json" with { type: "json" }
import vectors from "./vectors/transport-vectors.json" with { type: "json" }

const utf8 = (text: string) => new TextEncoder().encode(text)
const isHashFunction = Schema.is(ContentHash.HashFunction)

layer(Jose.layer)("ContentHash", (it) => {
  const known = [
    ...vectors.content_hash_examples.flatMap((example) =>
      ContentHash.HashFunction.literals.map((func) => [func, example.input_utf8, example[func]] as const)
    ),
    ...fixtures.content_hashes.map(({ func, hash, input_utf8 }) => [func, input_utf8, hash] as const),
    ...vectors.requests.flatMap(({ body }) =>
      body === null || body === undefined
        ? []
        : ContentHash.HashFunction.literals.map((func) => [func, body.jwe_compact, body.content_hash[func]] as const)
    )
  ]
  for (const [index, [func, input, expected]] of known.entries()) {
    it.effect(`${func} of known input ${index} (${input.length} characters) is the known digest`, () =>
      Effect.gen(function*() {
        assert(isHashFunction(func))
        const jose = yield* Jose.Jose
        const digest = yield* jose.digest(func, utf8(input))
        assert.strictEqual(digest, expected)
        assert.isTrue(ContentHash.isDigest(func, digest))
        assert.isTrue(ContentHash.equals(digest, expected))
      }))
  }

  it.effect("S256 of \"abc\" is RFC 6234's", () =>
    Effect.gen(function*() {
      const jose = yield* Jose.Jose
      assert.strictEqual(
        yield* jose.digest(ContentHash.defaultHashFunction, utf8("abc")),
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
      )
    }))

  describe("equals", () => {
    it("tells case apart", () => assert.isFalse(ContentHash.equals("ab", "AB")))
    it("tells lengths apart", () => assert.isFalse(ContentHash.equals("ab", "abc")))
    it("sees a difference in the first and in the last character", () => {
      assert.isFalse(ContentHash.equals("0bcd", "abcd"))
      assert.isFalse(ContentHash.equals("abcd", "abc0"))
    })
  })

  describe("isDigest", () => {
    it("refuses upper case, another function's length and base64", () => {
      assert.isFalse(ContentHash.isDigest("S256", "A".repeat(64)))
      assert.isFalse(ContentHash.isDigest("S384", "a".repeat(64)))
      assert.isFalse(ContentHash.isDigest("S256", "z".repeat(64)))
      assert.isTrue(ContentHash.isDigest("S512", "0".repeat(128)))
    })
  })

  describe("Rejection", () => {
    it("describes every reason, and no other", () => {
      assert.deepStrictEqual(Object.keys(describeReason), [...RejectionReason.literals])
    })
    it("makes a sentence of a refusal", () => {
      assert.strictEqual(
        new Refusal({ reason: "SignatureInvalid" }).message,
        "The message was refused: the signature does not verify under the key that kid names."
      )
    })
  })
})
