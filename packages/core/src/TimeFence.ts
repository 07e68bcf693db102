/**
 * Hours of the week, in a time zone, outside of which a policy is not met.
 *
 * @since 0.1.0
 */
import * as Data from "effect/Data"
import * as DateTime from "effect/DateTime"
import * as Either from "effect/Either"
import { dual } from "effect/Function"
import * as Option from "effect/Option"
import * as ParseResult from "effect/ParseResult"
import * as Schema from "effect/Schema"
import { InvalidPolicy } from "./AuthPolicy.ts"
import { list, nullsAsAbsent } from "./internal/json.ts"
import { maxCodePoints, minCodePoints, text } from "./internal/text.ts"
import * as Issues from "./Issues.ts"

const days = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"] as const

/**
 * @since 0.1.0
 * @category schemas
 */
export const Day = Schema.Literal(...days).annotations({
  identifier: "@effect-launchkey/core/TimeFence/Day",
  message: () => ({ message: "not a day; give an English name such as \"Monday\"", override: true })
})

/**
 * @since 0.1.0
 * @category models
 */
export type Day = typeof Day.Type

/**
 * Every day, in the order in which the wire lists them.
 *
 * @since 0.1.0
 * @category models
 */
export const allDays: ReadonlyArray<Day> = days

/**
 * A time of day on the wall clock: `hour` 0 to 23, `minute` 0 to 59.
 *
 * @since 0.1.0
 * @category models
 */
export interface TimeOfDay {
  readonly hour: number
  readonly minute: number
}

interface Members {
  /** 1 to 255 characters; no two of a policy have the same, without regard to case. */
  readonly name: string
  /** A set of at least one, in the order of {@link allDays}. */
  readonly days: ReadonlyArray<Day>
  readonly start: TimeOfDay
  /** Its whole minute belongs to the fence. Earlier than `start`, it is on the day after. */
  readonly end: TimeOfDay
  /** IANA name, as it was given: `"America/Los_Angeles"`. */
  readonly timeZone: string
}

/**
 * From the start of one minute to the end of another, on each of some days: 0:00 to 23:59 is the whole day, 9:00 to 9:00
 * one minute. A fence that starts later than it ends spans midnight, and its days are those on which it starts: Friday
 * 22:00 to 6:00 ends on Saturday.
 *
 * @see docs/protocol.md "Time fences"
 * @since 0.1.0
 * @category models
 */
export interface TimeFence extends Members {
  /** The time zone itself. */
  readonly zone: DateTime.TimeZone.Named
}

class Fence extends Data.Class<Members> {
  get zone(): DateTime.TimeZone.Named {
    return DateTime.zoneUnsafeMakeNamed(this.timeZone)
  }
}

const construct = ({ days, end, name, start, timeZone }: Members): TimeFence =>
  new Fence({
    name,
    days: Data.array(allDays.filter((day) => days.includes(day))),
    start: Data.struct(start),
    end: Data.struct(end),
    timeZone
  })

/**
 * @since 0.1.0
 * @category guards
 */
export const isTimeFence = (u: unknown): u is TimeFence => u instanceof Fence

const whole = (what: string, max: number) => {
  const message = (issue: ParseResult.ParseIssue) =>
    typeof issue.actual === "number"
      ? `${what} is ${issue.actual}; give a whole number from 0 to ${max}`
      : `${what} is not a number; give a whole number from 0 to ${max}`
  return Schema.Number.annotations({ message }).pipe(Schema.int({ message }), Schema.between(0, max, { message }))
}

const Hour = whole("the hour", 23)
const Minute = whole("the minute", 59)

const Name = text("the name of a time fence").pipe(
  minCodePoints(1, "the name of a time fence"),
  maxCodePoints(255, "the name of a time fence")
)

const TimeZone = text("the time zone").pipe(
  Schema.filter((zone) =>
    // Some engines take an offset for a zone; it is not one, since it knows no summer.
    (!/^[+-]/.test(zone) && Option.isSome(DateTime.zoneMakeNamed(zone))) ||
    "the time zone is not known; give an IANA name such as \"America/Los_Angeles\""
  )
).annotations({
  arbitrary: () => (fc) => fc.constantFrom("UTC", "America/Los_Angeles", "Asia/Kolkata", "Europe/Berlin")
})

const someDay = <I, R>(self: Schema.Schema<ReadonlyArray<Day>, I, R>) =>
  self.pipe(Schema.filter((days) => days.length > 0 || "no day is named; name at least one"))

const Time = nullsAsAbsent(Schema.Struct({ hour: Hour, minute: Minute }))

const MembersFromSelf = Schema.Struct({
  name: Name,
  days: list(Day).pipe(someDay),
  start: Time,
  end: Time,
  timeZone: TimeZone
})

const itself = (input: unknown, _: unknown, ast: ParseResult.Type["ast"]) =>
  isTimeFence(input) ? ParseResult.succeed(input) : ParseResult.fail(new ParseResult.Type(ast, input))

const TimeFenceFromSelf = Schema.declare([Schema.typeSchema(MembersFromSelf)], {
  decode: () => itself,
  encode: () => itself
}, {
  identifier: "@effect-launchkey/core/TimeFence/TimeFenceFromSelf",
  message: () => "not a time fence; build one with TimeFence.make",
  arbitrary: (members) => (fc) => members(fc).map(construct)
})

/**
 * The members of a {@link TimeFence}; days in any order, one that is named twice counts once.
 *
 * @since 0.1.0
 * @category models
 */
export type Options = Members

/**
 * A time fence ⇄ its options. A fence is also options of itself.
 *
 * @since 0.1.0
 * @category schemas
 */
export const TimeFenceFromOptions: Schema.Schema<TimeFence, Options> = Schema.transform(
  nullsAsAbsent(MembersFromSelf),
  TimeFenceFromSelf,
  {
    strict: true,
    decode: construct,
    encode: ({ days, end, name, start, timeZone }) => ({ name, days, start, end, timeZone })
  }
).annotations({ identifier: "@effect-launchkey/core/TimeFence/TimeFenceFromOptions" })

/**
 * The time fence of options that come from outside. Every problem is reported at once, a member of another name included.
 *
 * @since 0.1.0
 * @category constructors
 */
export const fromOptions = (options: unknown): Either.Either<TimeFence, InvalidPolicy> =>
  Either.mapLeft(
    ParseResult.decodeUnknownEither(TimeFenceFromOptions)(options, { errors: "all", onExcessProperty: "error" }),
    (issue) => new InvalidPolicy({ issues: Issues.of(issue) })
  )

/**
 * Throws `InvalidPolicy` where the types let an illegal fence pass: for literals in source. For anything from outside
 * there is {@link fromOptions}.
 *
 * @example
 * ```ts
 * import { ServicePolicy, TimeFence } from "@effect-launchkey/core"
 *
 * const nights = TimeFence.make({
 *   name: "Weekend nights",
 *   days: ["Friday", "Saturday"],
 *   start: { hour: 22, minute: 0 },
 *   end: { hour: 6, minute: 0 }, // of the day after
 *   timeZone: "America/Toronto"
 * })
 *
 * const policy = ServicePolicy.legacy({ any: 2, timeFences: [nights] })
 * ```
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (options: Options): TimeFence => Either.getOrThrowWith(fromOptions(options), (error) => error)

/**
 * Whether the instant lies within the fence, on the clock of the fence's own time zone.
 *
 * @since 0.1.0
 * @category guards
 */
export const contains: {
  (instant: DateTime.DateTime): (self: TimeFence) => boolean
  (self: TimeFence, instant: DateTime.DateTime): boolean
} = dual(2, (self: TimeFence, instant: DateTime.DateTime): boolean => {
  const { hours, minutes, weekDay } = DateTime.toParts(DateTime.setZone(instant, self.zone))
  const now = hours * 60 + minutes
  const start = self.start.hour * 60 + self.start.minute
  const end = self.end.hour * 60 + self.end.minute
  // Sunday is day 0 of the calendar and the last of the list.
  const on = (day: number) => self.days.some((name) => name === allDays[(day + 6) % 7])
  return start <= end
    ? on(weekDay) && start <= now && now <= end
    : (on(weekDay) && start <= now) || (on(weekDay + 6) && now <= end)
})

const DayInAnyCase = Schema.transform(
  text("the name of a day"),
  Schema.compose(Schema.String, Day, { strict: false }),
  {
    strict: true,
    decode: (name) => `${name.slice(0, 1).toUpperCase()}${name.slice(1).toLowerCase()}`,
    encode: (name) => name
  }
)

const WireTimeFence = nullsAsAbsent(Schema.Struct({
  name: Name,
  days: list(DayInAnyCase).pipe(someDay),
  "start hour": Hour,
  "start minute": Minute,
  "end hour": Hour,
  "end minute": Minute,
  timezone: TimeZone
}))

/**
 * @since 0.1.0
 * @category models
 */
export type TimeFenceJson = typeof WireTimeFence.Encoded

/**
 * A time fence ⇄ its JSON, such as `{"name":"Nights","days":["Friday"],"start hour":22,"start minute":0,"end
 * hour":6,"end minute":0,"timezone":"UTC"}`. Days are read in any order and case, and written from Monday on.
 *
 * @see docs/protocol.md "Time fences"
 * @since 0.1.0
 * @category schemas
 */
export const TimeFence: Schema.Schema<TimeFence, TimeFenceJson> = Schema.transform(WireTimeFence, TimeFenceFromSelf, {
  strict: true,
  decode: (wire) =>
    construct({
      name: wire.name,
      days: wire.days,
      start: { hour: wire["start hour"], minute: wire["start minute"] },
      end: { hour: wire["end hour"], minute: wire["end minute"] },
      timeZone: wire.timezone
    }),
  encode: ({ days, end, name, start, timeZone }) => ({
    name,
    days,
    "start hour": start.hour,
    "start minute": start.minute,
    "end hour": end.hour,
    "end minute": end.minute,
    timezone: timeZone
  })
}).annotations({ identifier: "@effect-launchkey/core/TimeFence" })
