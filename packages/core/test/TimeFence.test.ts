import { assert, describe, it } from "@effect/vitest"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Equal from "effect/Equal"
import * as ParseResult from "effect/ParseResult"
import * as Schema from "effect/Schema"
import { InvalidPolicy } from "../src/AuthPolicy.ts"
import * as TimeFence from "../src/TimeFence.ts"

const read = (json: unknown) => Schema.decodeUnknown(TimeFence.TimeFence)(json)

const weekDays: TimeFence.Options = {
  name: "Week Days",
  days: ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday"],
  start: { hour: 0, minute: 0 },
  end: { hour: 23, minute: 59 },
  timeZone: "America/Los_Angeles"
}

const wire = {
  name: "Week Days",
  days: ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday"],
  "start hour": 0,
  "start minute": 0,
  "end hour": 23,
  "end minute": 59,
  timezone: "America/Los_Angeles"
}

describe("the JSON of a time fence", () => {
  it("is that of the official SDKs", () =>
    assert.strictEqual(
      JSON.stringify(Schema.encodeSync(TimeFence.TimeFence)(TimeFence.make(weekDays))),
      JSON.stringify(wire)
    ))

  it.effect("is read with days in any order and case, and keeps the name of the time zone", () =>
    Effect.gen(function*() {
      const fence = yield* read({
        ...wire,
        days: ["sunday", "MONDAY", "Sunday"],
        timezone: "Asia/Kolkata",
        color: null
      })
      assert.deepStrictEqual(fence.days, ["Monday", "Sunday"])
      assert.strictEqual(fence.timeZone, "Asia/Kolkata")
      assert.isTrue(DateTime.isTimeZoneNamed(fence.zone))
    }))

  it.effect.prop("is read back", [TimeFence.TimeFence], ([fence]) =>
    Effect.gen(function*() {
      const json = yield* Schema.encode(TimeFence.TimeFence)(fence)
      assert.isTrue(Equal.equals(yield* read(JSON.parse(JSON.stringify(json))), fence))
    }))

  for (
    const [name, json, path, message] of [
      ["no day", { days: [] }, ["days"], "no day is named; name at least one"],
      ["an unknown day", { days: ["Mon"] }, ["days", 0], "not a day; give an English name such as \"Monday\""],
      ["a day that is no text", { days: [1] }, ["days", 0], "the name of a day is not a text; give a string"],
      ["hour 24", { "end hour": 24 }, ["end hour"], "the hour is 24; give a whole number from 0 to 23"],
      ["minute 60", { "start minute": 60 }, ["start minute"], "the minute is 60; give a whole number from 0 to 59"],
      [
        "an hour in text",
        { "start hour": "9" },
        ["start hour"],
        "the hour is not a number; give a whole number from 0 to 23"
      ],
      ["half an hour", { "start hour": 9.5 }, ["start hour"], "the hour is 9.5; give a whole number from 0 to 23"],
      ["an empty name", { name: "" }, ["name"], "the name of a time fence is empty; give at least 1 character"],
      [
        "an unknown time zone",
        { timezone: "Mars/Base" },
        ["timezone"],
        "the time zone is not known; give an IANA name such as \"America/Los_Angeles\""
      ],
      [
        "an offset for a time zone",
        { timezone: "+01:00" },
        ["timezone"],
        "the time zone is not known; give an IANA name such as \"America/Los_Angeles\""
      ],
      ["no time zone", { timezone: null }, ["timezone"], "is missing"]
    ] as const
  ) {
    it.effect(`is refused with ${name}`, () =>
      Effect.gen(function*() {
        const error = yield* Effect.flip(read({ ...wire, ...json }))
        assert.deepStrictEqual(
          ParseResult.ArrayFormatter.formatErrorSync(error).map(({ message, path }) => ({ path, message })),
          [{ path: [...path], message }]
        )
      }))
  }

  it.effect("is not written for a plain object", () =>
    Effect.gen(function*() {
      const error = yield* Effect.flip(Schema.encodeUnknown(TimeFence.TimeFence)(weekDays))
      assert.include(error.message, "not a time fence; build one with TimeFence.make")
    }))
})

describe("a time fence", () => {
  it("equals another by its members, whatever the order of its days", () => {
    const fence = TimeFence.make(weekDays)
    assert.isTrue(Equal.equals(fence, TimeFence.make({ ...weekDays, days: [...weekDays.days].reverse() })))
    assert.isTrue(Equal.equals(fence, TimeFence.make(fence)))
    assert.isTrue(TimeFence.isTimeFence(fence))
    assert.isFalse(TimeFence.isTimeFence(weekDays))
  })

  it("is the options of itself", () =>
    assert.deepStrictEqual(Schema.encodeSync(TimeFence.TimeFenceFromOptions)(TimeFence.make(weekDays)), weekDays))

  it.effect("reports every mistake in its options at once", () =>
    Effect.gen(function*() {
      const error = yield* Effect.flip(
        TimeFence.fromOptions({ ...weekDays, end: { hour: -1, minute: 61 }, timeZone: "", until: "noon" })
      )
      assert.deepStrictEqual(error.issues.map(({ path }) => path), ["until", "end.hour", "end.minute", "timeZone"])
    }))

  it("throws the typed error for an illegal literal", () =>
    assert.throws(() => TimeFence.make({ ...weekDays, days: [] }), InvalidPolicy))
})

describe("an instant", () => {
  const within = (fence: Partial<TimeFence.Options>, instant: string) =>
    TimeFence.contains(TimeFence.make({ ...weekDays, ...fence }), DateTime.unsafeMake(instant))

  it("is measured on the clock of the fence's time zone", () => {
    // 2030-01-04 is a Friday; Los Angeles is eight hours behind.
    assert.isTrue(within({}, "2030-01-05T07:59:59Z"))
    assert.isFalse(within({}, "2030-01-05T08:00:00Z"))
    assert.isTrue(within({ timeZone: "UTC" }, "2030-01-04T23:59:59.999Z"))
    assert.isFalse(within({ timeZone: "UTC" }, "2030-01-05T00:00:00Z"))
  })

  it("follows the zone into summer", () => {
    const nine = { start: { hour: 9, minute: 0 }, end: { hour: 9, minute: 0 } }
    assert.isTrue(within(nine, "2030-01-04T17:00:30Z"))
    assert.isTrue(within(nine, "2030-07-05T16:00:30Z"))
    assert.isFalse(within(nine, "2030-07-05T16:01:00Z"))
  })

  it("after midnight belongs to the day on which the fence began", () => {
    const night: Partial<TimeFence.Options> = {
      days: ["Friday", "Sunday"],
      start: { hour: 22, minute: 0 },
      end: { hour: 6, minute: 0 },
      timeZone: "UTC"
    }
    assert.isFalse(within(night, "2030-01-04T21:59:59Z"))
    assert.isTrue(within(night, "2030-01-04T22:00:00Z"))
    assert.isTrue(within(night, "2030-01-05T06:00:59Z"))
    assert.isFalse(within(night, "2030-01-05T06:01:00Z"))
    assert.isFalse(within(night, "2030-01-05T22:00:00Z"))
    assert.isTrue(within(night, "2030-01-06T23:00:00Z"))
    assert.isTrue(within(night, "2030-01-07T00:00:00Z"))
    assert.isFalse(within(night, "2030-01-04T03:00:00Z"))
  })
})
