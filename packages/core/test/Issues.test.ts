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

  describe("in one line", () => {
    const Call = Schema.Struct({
      action: Schema.Literal("approve", "deny", "fail"),
      pins: Schema.optionalWith(Schema.Array(Schema.String), { nullable: true }),
      keys: Schema.NonEmptyArray(
        Schema.Struct({ pem: Schema.propertySignature(Schema.String).pipe(Schema.fromKey("key")) })
      ),
      gone: Schema.optional(Schema.Null)
    })
    const summary = (input: unknown) =>
      Either.match(Schema.decodeUnknownEither(Call, { errors: "all" })(input), {
        onLeft: (error) => Issues.summary(ParseResult.ArrayFormatter.formatErrorSync(error)),
        onRight: () => ""
      })
    const keys = [{ key: "a" }]

    for (
      const [about, input, said] of [
        ["names a member that is missing", { keys }, "action: is missing"],
        ["says all that a member may be", { keys, action: "s" }, `action: expected "approve", "deny" or "fail"`],
        ["leaves out that a member may be absent", { keys, action: "deny", pins: 1 }, "pins: expected a list"],
        ["says so where it may be nothing else", { keys, action: "deny", gone: 1 }, "gone: expected null or undefined"],
        ["names places in lists", { keys: [...keys, 5], action: "deny" }, "keys[1]: expected an object"],
        ["tells of what is in a member alone", { keys, action: "deny", pins: ["1", 2] }, "pins[1]: expected string"],
        ["calls the whole by its name", [], "body: expected an object"],
        ["has all members", { keys: "-----BEGIN" }, "action: is missing; keys: expected a list"]
      ] as const
    ) {
      it(about, () => {
        assert.strictEqual(summary(input), said)
      })
    }
  })

  it("stands below what it is part of", () => {
    assert.strictEqual(Issues.pathOf(["fences", 0, "name"], "policy"), "policy.fences[0].name")
    assert.strictEqual(Issues.pathOf([], "user"), "user")
  })
})
