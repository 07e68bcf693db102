/**
 * `launchkey doctor`: what stands between this machine and the platform.
 *
 * @see docs/cli.md
 * @since 0.1.0
 */
import { AuthorizationRequestId } from "@effect-launchkey/core/Authorization"
import * as Jose from "@effect-launchkey/transport/Jose"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Schema from "effect/Schema"
import { type End, table } from "../ExitCode.ts"
import * as Failure from "../Failure.ts"
import * as Acting from "../internal/acting.ts"
import { connect } from "../internal/connecting.ts"
import * as Leaf from "../internal/leaf.ts"
import * as OwnKeys from "../internal/ownKeys.ts"
import { printable } from "../internal/text.ts"
import { Unusable } from "../internal/unusable.ts"
import * as Profile from "../Profile.ts"

const names = {
  profile: "Profile",
  keys: "Keys",
  purposes: "Purposes of keys",
  connection: "Connection",
  clock: "Clock",
  platformKey: "Key of the platform",
  call: "Signed call"
} as const

type Name = keyof typeof names

const Check = Schema.Struct({
  name: Schema.Literal("profile", "keys", "purposes", "connection", "clock", "platformKey", "call"),
  /** `skipped`: one that it needs has failed. */
  status: Schema.Literal("ok", "warning", "failed", "skipped"),
  found: Schema.NullOr(Schema.String),
  /** Where it failed: the error's name. */
  tag: Schema.NullOr(Schema.String),
  next: Schema.NullOr(Schema.String)
})

type Check = typeof Check.Type

const Result = Schema.Struct({
  healthy: Schema.Boolean,
  /** What the command ends with: the code of the first check that failed. */
  exitCode: Schema.Int,
  /** By how much the platform's clock is ahead of this machine's; null where it was not measured. */
  clockOffsetSeconds: Schema.NullOr(Schema.Number),
  checks: Schema.Array(Check)
})

interface Made<A> {
  readonly check: Check
  readonly value: Either.Either<A, End>
}

interface Found<A> {
  readonly value: A
  readonly found: string
  /** Where it is well enough, but could be better. */
  readonly next?: string
}

const make = <A, E extends Failure.Failure, R>(
  name: Name,
  look: Effect.Effect<Found<A>, E, R>
): Effect.Effect<Made<A>, never, R> =>
  Effect.match(look, {
    onSuccess: ({ found, next, value }) => ({
      check: { name, status: next === undefined ? "ok" : "warning", found, tag: null, next: next ?? null },
      value: Either.right(value)
    }),
    onFailure: (error) => {
      const { details = {}, end, next, problem } = Failure.describe(error)
      const values = Object.entries(details).filter(([, value]) => value !== undefined)
      return {
        check: {
          name,
          status: "failed",
          found: [
            problem,
            ...values.map(([name, value]) => `${name}: ${typeof value === "string" ? value : JSON.stringify(value)}`)
          ].join(" "),
          tag: error._tag,
          next
        },
        value: Either.left(end)
      }
    }
  })

const skipped = (name: Name): Check => ({ name, status: "skipped", found: null, tag: null, next: null })

/** By how many seconds clocks may differ before it is worth a word: the ping has whole seconds, and takes its time. */
const tolerance = 3

const marks = { ok: "ok      ", warning: "warning ", failed: "FAILED  ", skipped: "–       " } as const

const checkText = ({ found, name, next, status }: Check): string =>
  [
    `${marks[status]}${names[name]}${found === null ? "" : `: ${printable(found)}`}`,
    ...(next === null ? [] : [`        Next: ${printable(next)}`])
  ].join("\n")

const count = (n: number, one: string, many: string): string => `${n} ${n === 1 ? one : many}`

const keys = ({ decryptionKeys, signingKey }: Profile.Profile) =>
  Effect.map(
    Effect.forEach([signingKey, ...decryptionKeys], OwnKeys.read),
    (all): Found<ReadonlyArray<Jose.PrivateKey>> => ({
      value: all,
      found: all.map(({ keyId, modulusLength }, i) =>
        `${i === 0 ? "signs" : "decrypts"} ${keyId} (${modulusLength} bits)`
      ).join(", ")
    })
  )

const purposes = ([signing, ...others]: ReadonlyArray<Jose.PrivateKey>): Found<void> =>
  signing !== undefined && !OwnKeys.apart(signing.keyId, others.map(({ keyId }) => keyId))
    ? { value: undefined, found: `${OwnKeys.oneForBoth.problem}.`, next: OwnKeys.oneForBoth.next }
    : { value: undefined, found: "one key signs, another decrypts" }

const clock = (offset: number): Found<number> => {
  const seconds = Math.round(offset * 10) / 10
  const found = `${Math.abs(seconds)} seconds ${seconds < 0 ? "ahead of" : "behind"} the platform's`
  return Math.abs(seconds) <= tolerance ? { value: seconds, found } : {
    value: seconds,
    found,
    next: "This command corrects it, and so does the SDK. Other programs do not: set it, by NTP for example."
  }
}

/** The platform's answer to something that changes nothing. */
const call = (profile: Profile.Profile) =>
  Effect.gen(function*() {
    const credentials = yield* Acting.credentialsOf(profile)
    switch (credentials._tag) {
      case "organization": {
        const directories = yield* (yield* credentials.service.organizationClient).listDirectories
        return count(directories.length, "directory", "directories")
      }
      case "directory": {
        const services = yield* (yield* credentials.service.directoryClient).listServices
        return count(services.length, "service", "services")
      }
      case "service": {
        const id = AuthorizationRequestId.make(yield* (yield* Jose.Jose).randomUuid)
        yield* (yield* credentials.service.serviceClient).getResponse(id)
        return "no authorization request of a new id"
      }
    }
  })

/**
 * @since 0.1.0
 * @category constructors
 */
export const command = Leaf.make("doctor", {
  description: "Looks for what stands between this machine and the platform: profile, keys, connection, clock, a call.",
  config: Acting.profile,
  result: Result,
  text: ({ checks }) => {
    const failed = checks.filter(({ status }) => status === "failed").length
    return `${checks.map(checkText).join("\n")}\n\n${
      failed === 0 ? "Nothing stands in the way." : `${count(failed, "check", "checks")} failed.`
    }`
  },
  end: ({ exitCode }) =>
    (Object.keys(table) as ReadonlyArray<End>).find((end) => table[end].code === exitCode) ?? "refused"
}, (given) =>
  Effect.gen(function*() {
    const checks: Array<Check> = []
    const ends: Array<End> = []
    const ask = <A, E extends Failure.Failure, R>(name: Name, look: Effect.Effect<Found<A>, E, R>) =>
      Effect.map(make(name, look), ({ check, value }) => {
        checks.push(check)
        if (Either.isLeft(value)) ends.push(value.left)
        return Either.getOrUndefined(value)
      })
    const done = (clockOffsetSeconds: number | null) => {
      for (const name of Check.fields.name.literals) {
        if (!checks.some((check) => check.name === name)) checks.push(skipped(name))
      }
      return {
        healthy: ends.length === 0,
        exitCode: table[ends[0] ?? "done"].code,
        clockOffsetSeconds,
        checks
      }
    }

    const profile = yield* ask(
      "profile",
      Effect.map(Profile.choose(given), (profile) => ({
        value: profile,
        found: `acts as ${profile.entity}, at ${profile.baseUrl}`
      }))
    )
    if (profile === undefined) return done(null)
    const own = yield* ask("keys", keys(profile))
    if (own === undefined) return done(null)
    yield* ask("purposes", Effect.succeed(purposes(own)))
    const reached = yield* ask(
      "connection",
      Effect.gen(function*() {
        const { connection } = yield* connect(profile)
        const started = yield* Clock.currentTimeMillis
        const platform = yield* connection.clock.now
        const ended = yield* Clock.currentTimeMillis
        return {
          value: { connection, offset: platform - ended / 1000 },
          found: `${connection.baseUrl} answers in ${ended - started} ms`
        }
      })
    )
    if (reached === undefined) return done(null)
    const offset = yield* ask("clock", Effect.succeed(clock(reached.offset)))
    const platformKey = yield* ask(
      "platformKey",
      Effect.flatMap(reached.connection.keys.current, ({ keyId, modulusLength }) =>
        profile.pinnedKeys === undefined || profile.pinnedKeys.includes(keyId)
          ? Effect.succeed({ value: keyId, found: `${keyId} (${modulusLength} bits)` })
          : new Unusable({
            what: "Profile",
            problem: `The platform's key is ${keyId}, which the profile does not trust`,
            next:
              "If the platform has announced that key, add it to the profile with --pin; otherwise somebody is in between."
          }))
    )
    if (platformKey === undefined) {
      return done(offset ?? null)
    }
    yield* ask(
      "call",
      Effect.map(call(profile), (found) => ({ value: undefined, found: `accepted; the platform has ${found}` }))
    )
    return done(offset ?? null)
  }))
