import { assert, describe, it } from "@effect/vitest"
import { Either, ParseResult, Schema } from "effect"
import * as Issues from "../src/Issues.ts"

const Place = Schema.Struct({ user: Schema.String, fences: Schema.Array(Schema.Struct({ radius: Schema.Number })) })

const found = (input: unknown) =>
  Either.match(ParseResult.decodeUnknownEither(Place, { errors: "all" })(input), {
    onLeft: Issues.of,
    onRight: () => []
  })

describe("what is wrong with data", () => {
  it("is told with its place and without the value", () => {
    assert.deepStrictEqual(found({ user: ["ada@example.com"], fences: [{ radius: 1 }, { radius: "a\nsecret" }] }), [
      { path: "user", problem: "expected string" },
      { path: "fences[1].radius", problem: "expected number" }
    ])
  })

  it("keeps a schema's own words", () => {
    assert.strictEqual(
      Issues.withoutValue("not a path; give one such as /webhook"),
      "not a path; give one such as /webhook"
    )
  })

  it("stands below what it is part of", () => {
    assert.strictEqual(Issues.pathOf(["fences", 0, "name"], "policy"), "policy.fences[0].name")
    assert.strictEqual(Issues.pathOf([], "user"), "user")
  })
})
