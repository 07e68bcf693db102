import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { parseJson } from "../src/internal/strictJson.ts"

const bytes = (text: string) => new TextEncoder().encode(text)
const parse = (text: string) => parseJson(bytes(text), "ClaimsMalformed")

describe("strictJson", () => {
  const readable: ReadonlyArray<readonly [name: string, json: string]> = [
    ["an object", `{"alg":"RS256","kid":"a"}`],
    ["white space of every kind", ` \t\r\n{ "a" :\t[ 1 , 2 ] }\n`],
    ["one name in two different objects", `{"a":{"x":1},"b":{"x":1},"x":[{"x":1},{"x":2}]}`],
    ["equal strings in an array", `["a","a",["a"]]`],
    ["a value equal to a name", `{"a":"a","b":"a","c":["a","b"]}`],
    ["names after a nested array or object", `{"a":[{"b":1},[2]],"c":{},"d":[],"e":"}"}`],
    ["braces, quotes and backslashes within strings", `{"a":"{\\"a\\":1,\\"a\\":2}","b\\\\":"\\\\","b\\"":",\\""}`],
    ["a member called __proto__, as an ordinary one", `{"__proto__":{"alg":"none"}}`],
    ["an empty name", `{"":1,"a":2}`],
    ["a bare scalar", `"a"`],
    ["32 levels", `${"[".repeat(32)}${"]".repeat(32)}`]
  ]
  for (const [name, json] of readable) {
    it.effect(`reads ${name}`, () =>
      Effect.gen(function*() {
        assert.deepStrictEqual(yield* parse(json), JSON.parse(json))
      }))
  }

  it.effect("does not take __proto__ for the prototype", () =>
    Effect.gen(function*() {
      const value = (yield* parse(`{"__proto__":{"alg":"none"}}`)) as { alg?: string }
      assert.isUndefined(value.alg)
    }))

  const ambiguous: ReadonlyArray<readonly [name: string, json: string]> = [
    ["a repeated member name", `{"alg":"RS256","alg":"none"}`],
    ["a name repeated in escaped form", `{"alg":"RS256","al\\u0067":"none"}`],
    ["a name repeated in an inner object", `{"a":{"b":1,"c":{},"b":2}}`],
    ["a name repeated within an array's object", `[1,{"b":1,"b":2}]`],
    ["a name repeated after a nested value", `{"a":[{"z":1}],"b":"x","a":null}`],
    ["a repeated __proto__", `{"__proto__":1,"__proto__":2}`],
    ["a repeated empty name", `{"":1,"":2}`],
    ["33 levels of arrays", `${"[".repeat(33)}${"]".repeat(33)}`],
    ["33 levels of objects", `${`{"a":`.repeat(33)}1${"}".repeat(33)}`],
    ["100,000 levels", `${"[".repeat(100_000)}${"]".repeat(100_000)}`]
  ]
  for (const [name, json] of ambiguous) {
    it.effect(`refuses ${name}, which JSON.parse would read`, () =>
      Effect.gen(function*() {
        assert.doesNotThrow(() => JSON.parse(json))
        const refusal = yield* Effect.flip(parse(json))
        assert.strictEqual(refusal._tag, "Refusal")
        assert.strictEqual(refusal.reason, "ClaimsMalformed")
      }))
  }

  const malformed: ReadonlyArray<readonly [name: string, octets: Uint8Array]> = [
    ["nothing", bytes("")],
    ["a byte order mark", Uint8Array.of(0xef, 0xbb, 0xbf, 0x7b, 0x7d)],
    ["a stray octet outside UTF-8", Uint8Array.of(0x22, 0xff, 0x22)],
    ["an overlong form", Uint8Array.of(0x22, 0xc0, 0xaf, 0x22)],
    ["an encoded surrogate", Uint8Array.of(0x22, 0xed, 0xa0, 0x80, 0x22)],
    ["a truncated character", Uint8Array.of(0x22, 0xe2, 0x82)],
    ["a trailing comma", bytes(`{"a":1,}`)],
    ["single quotes", bytes(`{'a':1}`)],
    ["a second text", bytes(`{}{}`)],
    ["an open string", bytes(`{"a`)],
    ["NaN", bytes(`{"a":NaN}`)]
  ]
  for (const [name, octets] of malformed) {
    it.effect(`refuses ${name}`, () =>
      Effect.gen(function*() {
        const refusal = yield* Effect.flip(parseJson(octets, "TokenMalformed"))
        assert.strictEqual(refusal.reason, "TokenMalformed")
        assert.isUndefined(refusal.cause)
      }))
  }
})
