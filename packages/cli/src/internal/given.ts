/** What many commands are given, and how it is read. */
import { DeviceId } from "@effect-launchkey/core/Authorization"
import * as EntityIdentifier from "@effect-launchkey/core/EntityIdentifier"
import * as Args from "@effect/cli/Args"
import * as HelpDoc from "@effect/cli/HelpDoc"
import * as Options from "@effect/cli/Options"
import * as ValidationError from "@effect/cli/ValidationError"
import * as FileSystem from "@effect/platform/FileSystem"
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import { Stdio } from "../Stdio.ts"
import { Unusable } from "./unusable.ts"

const refuse = (problem: string) => Effect.fail(ValidationError.invalidValue(HelpDoc.p(problem)))

/** An option that may be left out. */
export const optional = (name: string, description: string) =>
  Options.text(name).pipe(Options.withDescription(description), Options.optional)

/** `--active yes`, `--active no`, or as it is. */
export const yesOrNo = (name: string, description: string) =>
  Options.choiceWithValue(name, [["yes", true], ["no", false]]).pipe(
    Options.withDescription(description),
    Options.optional
  )

const units = { s: "seconds", m: "minutes", h: "hours", d: "days" } as const

/** Seconds, or a number and its unit: `300`, `5m`, `1h`. */
const duration = (text: string) => {
  const [, amount, unit = "s"] = /^(\d{1,9}(?:\.\d+)?)\s*([smhd])?$/.exec(text.trim()) ?? []
  return amount === undefined
    ? refuse(`'${text}' is no length of time: give seconds, or a number with s, m, h or d, such as 5m`)
    : Effect.succeed(Duration.decode(`${Number(amount)} ${units[unit as keyof typeof units]}`))
}

export const durationOption = (name: string, description: string) =>
  Options.text(name).pipe(Options.withDescription(description), Options.mapEffect(duration), Options.optional)

const instant = (text: string) =>
  Option.match(DateTime.make(text), {
    onNone: () => refuse(`'${text}' is no time: give one such as 2031-01-01T00:00:00Z`),
    onSome: (date) => Effect.succeed(DateTime.toUtc(date))
  })

export const instantOption = (name: string, description: string) =>
  Options.text(name).pipe(Options.withDescription(description), Options.mapEffect(instant), Options.optional)

/** Takes the value away that `--<name>` sets. */
export const clear = (name: string) =>
  Options.boolean(`clear-${name}`).pipe(Options.withDescription(`Take the value of --${name} away.`))

/** What an update is told of one member: undefined leaves it, null clears it. */
export const change = <A>(
  name: string,
  value: Option.Option<A>,
  cleared: boolean
): Effect.Effect<A | null | undefined, Unusable> =>
  Option.isSome(value) && cleared
    ? Effect.fail(
      new Unusable({
        what: "Arguments",
        problem: `--${name} and --clear-${name} contradict each other`,
        next: "Give one of them."
      })
    )
    : Effect.succeed(cleared ? null : Option.getOrUndefined(value))

/** Refuses an update of nothing, which is a mistake. */
export const somethingOf = (members: Readonly<Record<string, unknown>>): Effect.Effect<void, Unusable> =>
  Object.values(members).every((value) => value === undefined)
    ? Effect.fail(
      new Unusable({ what: "Arguments", problem: "Nothing to change is given", next: "Give at least one option." })
    )
    : Effect.void

export const userArgument = Args.text({ name: "USER" }).pipe(
  Args.withDescription("Identifier under which the directory knows the user.")
)

export const darkOnLight = Options.boolean("dark-on-light").pipe(
  Options.withDescription("Draw the QR code for a light background.")
)

export const limit = Options.integer("limit").pipe(
  Options.withSchema(Schema.Int.pipe(Schema.between(1, 1000))),
  Options.withDescription("Lists so many at most: up to 1000. Default 100."),
  Options.withDefault(100)
)

/** A file as octets; `-` is standard input. */
export const octets = (file: string): Effect.Effect<Uint8Array, Unusable, FileSystem.FileSystem | Stdio> =>
  Effect.gen(function*() {
    const unreadable = (what: string) => () =>
      new Unusable({ what: "File", problem: `${what} cannot be read`, next: "Check the path and its permissions." })
    if (file === "-") return yield* Effect.mapError((yield* Stdio).input, unreadable("Standard input"))
    return yield* Effect.mapError((yield* FileSystem.FileSystem).readFile(file), unreadable(file))
  })

/** A file as text; `-` is standard input. */
export const text = (file: string): Effect.Effect<string, Unusable, FileSystem.FileSystem | Stdio> =>
  Effect.map(octets(file), (bytes) => new TextDecoder().decode(bytes))

/** What stands for a text, or what is wrong with it and what to give. */
export const decoded = <A>(schema: Schema.Schema<A, string>, problem: string, next: string) => (text: string) =>
  Effect.mapError(Schema.decode(schema)(text), () => new Unusable({ what: "Arguments", problem, next }))

/** An id in place of a text, or how to find one. */
export const id = <A>(schema: Schema.Schema<A, string>, what: string, found: string) =>
  decoded(
    schema,
    `That is no id of ${/^[aeiou]/.test(what) ? "an" : "a"} ${what}`,
    `Give a UUID of 36 characters, as \`launchkey ${found}\` prints it.`
  )

export const directoryId = id(EntityIdentifier.DirectoryId, "directory", "directory list")

export const serviceId = id(EntityIdentifier.ServiceId, "service", "service list")

export const deviceId = id(EntityIdentifier.Uuid.pipe(Schema.compose(DeviceId)), "device", "device list")

export const serviceArgument = Args.text({ name: "SERVICE" }).pipe(Args.withDescription("Id of the service."))

export const ServiceNamed = Schema.Struct({ serviceId: EntityIdentifier.ServiceId })
