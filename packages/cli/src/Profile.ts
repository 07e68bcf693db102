/**
 * Profiles: which platform, as whom, and where the keys are. A profile holds no key: it names files and environment
 * variables.
 *
 * @see docs/cli.md
 * @since 0.1.0
 */
import * as EntityIdentifier from "@effect-launchkey/core/EntityIdentifier"
import { KeyId } from "@effect-launchkey/core/KeyId"
import type * as PlatformError from "@effect/platform/Error"
import * as FileSystem from "@effect/platform/FileSystem"
import * as Path from "@effect/platform/Path"
import * as Config from "effect/Config"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as ParseResult from "effect/ParseResult"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import { Unusable } from "./internal/unusable.ts"

/**
 * What the command reads from its environment.
 *
 * @since 0.1.0
 * @category models
 */
export const environment = {
  LAUNCHKEY_CONFIG: "The file of profiles, where `--config` names none.",
  LAUNCHKEY_PROFILE: "The profile, where `--profile` names none.",
  LAUNCHKEY_ENTITY: "Whose key signs, instead of a profile: `org:<uuid>`, `dir:<uuid>` or `svc:<uuid>`.",
  LAUNCHKEY_BASE_URL: "With `LAUNCHKEY_ENTITY`: the platform.",
  LAUNCHKEY_SIGNING_KEY: "With `LAUNCHKEY_ENTITY`: the private key, as PEM.",
  LAUNCHKEY_SIGNING_KEY_FILE: "With `LAUNCHKEY_ENTITY`: a file with the private key, in place of the key itself.",
  LAUNCHKEY_DECRYPTION_KEY_FILES: "With `LAUNCHKEY_ENTITY`: files with further private keys, separated by commas.",
  XDG_CONFIG_HOME: "The folder with `launchkey/profiles.json`. Default `~/.config`."
} as const

/**
 * Where a private key is: in a file that nobody else can read, or in an environment variable.
 *
 * @since 0.1.0
 * @category schemas
 */
export const KeySource = Schema.Union(
  Schema.Struct({ file: Schema.NonEmptyString }),
  Schema.Struct({ env: Schema.NonEmptyString })
)

/**
 * @since 0.1.0
 * @category models
 */
export type KeySource = typeof KeySource.Type

/**
 * Names a profile, and the file of a key that was written for it.
 *
 * @since 0.1.0
 * @category schemas
 */
export const ProfileName = Schema.String.pipe(
  Schema.pattern(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/, {
    message: () =>
      "expected up to 64 letters, digits, dots, hyphens and underscores, of which a letter or digit is first"
  })
)

/**
 * @since 0.1.0
 * @category models
 */
export class Profile extends Schema.Class<Profile>("@effect-launchkey/cli/Profile")({
  baseUrl: Schema.NonEmptyString,
  /** `"org:<uuid>"`, `"dir:<uuid>"` or `"svc:<uuid>"`: whose key signs. */
  entity: EntityIdentifier.Issuer,
  signingKey: KeySource,
  /** Further keys that answers may be encrypted to. */
  decryptionKeys: Schema.optionalWith(Schema.Array(KeySource), { default: () => [] }),
  /** The only keys of the platform to trust. Default: any that it serves. */
  pinnedKeys: Schema.optionalWith(Schema.Array(KeyId), { exact: true })
}) {}

/**
 * The file of profiles.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Profiles = Schema.Struct({
  /** The profile where none is named. */
  current: Schema.optionalWith(ProfileName, { exact: true }),
  profiles: Schema.Record({ key: ProfileName, value: Profile })
})

/**
 * @since 0.1.0
 * @category models
 */
export type Profiles = typeof Profiles.Type

const ProfilesJson = Schema.parseJson(Profiles, { space: 2 })

/**
 * What a command line says of profiles.
 *
 * @since 0.1.0
 * @category models
 */
export interface Choice {
  readonly config: Option.Option<string>
  readonly profile: Option.Option<string>
}

/** The variable's value; an empty one is none. */
const variable = (name: string): Effect.Effect<Option.Option<string>> =>
  Effect.map(
    Effect.option(Config.string(name)),
    Option.filter((value) => value !== "")
  )

const unusableFile = (doing: string, path: string) => (error: PlatformError.PlatformError) =>
  new Unusable({
    what: "File",
    problem: `${path} cannot be ${doing}: ${error._tag === "SystemError" ? error.reason : "it is no path"}`,
    next: error._tag === "SystemError" && error.reason === "NotFound"
      ? "Check the path."
      : "Check the path and its permissions."
  })

/**
 * Where the profiles are: `--config`, `LAUNCHKEY_CONFIG`, or `launchkey/profiles.json` in the user's folder for such.
 *
 * @since 0.1.0
 * @category constructors
 */
export const location = (config: Option.Option<string>): Effect.Effect<string, Unusable, Path.Path> =>
  Effect.gen(function*() {
    const path = yield* Path.Path
    const told = yield* variable("LAUNCHKEY_CONFIG")
    const named = Option.orElse(config, () => told)
    if (Option.isSome(named)) return path.resolve(named.value)
    // Windows has the second.
    const profile = yield* variable("USERPROFILE")
    const home = Option.map(
      Option.orElse(yield* variable("HOME"), () => profile),
      (home) => path.join(home, ".config")
    )
    const folder = Option.orElse(yield* variable("XDG_CONFIG_HOME"), () => home)
    return path.join(
      yield* Effect.mapError(folder, () =>
        new Unusable({
          what: "Environment",
          problem: "There is no folder for profiles: neither XDG_CONFIG_HOME nor HOME is set",
          next: "Give the file with --config or LAUNCHKEY_CONFIG."
        })),
      "launchkey",
      "profiles.json"
    )
  })

/**
 * The profiles in that file; none where there is no file.
 *
 * @since 0.1.0
 * @category constructors
 */
export const load = (file: string): Effect.Effect<Profiles, Unusable, FileSystem.FileSystem> =>
  Effect.gen(function*() {
    const fs = yield* FileSystem.FileSystem
    const text = yield* fs.readFileString(file).pipe(
      Effect.catchIf(
        (error) => error._tag === "SystemError" && error.reason === "NotFound",
        () => Effect.succeed("{\"profiles\":{}}")
      ),
      Effect.mapError(unusableFile("read", file))
    )
    return yield* Effect.mapError(
      Schema.decode(ProfilesJson)(text),
      ({ issue }) =>
        new Unusable({
          what: "File",
          problem: `${file} is no file of profiles: ${
            ParseResult.ArrayFormatter.formatIssueSync(issue).map(({ message, path }) =>
              [path.join("."), message.replace(/, actual [\s\S]*$/, "")].filter((part) => part !== "").join(": ")
            ).join("; ")
          }`,
          next: "Correct it, or move it away and add the profiles anew."
        })
    )
  })

/** Only their owner reads them. */
const ours = 0o600

/**
 * Writes a file that only its owner can read or write, and its folder where there is none, in one step: whoever reads it
 * meanwhile sees the old one or the new one.
 *
 * @since 0.1.0
 * @category constructors
 */
export const writePrivate = (
  file: string,
  text: string
): Effect.Effect<void, Unusable, FileSystem.FileSystem | Path.Path> =>
  Effect.gen(function*() {
    const fs = yield* FileSystem.FileSystem
    const path = yield* Path.Path
    const folder = path.dirname(file)
    yield* fs.makeDirectory(folder, { recursive: true, mode: 0o700 })
    const draft = path.join(folder, `.${path.basename(file)}.${process.pid}`)
    yield* Effect.onError(
      Effect.zipRight(
        fs.writeFileString(draft, text, { mode: ours }),
        Effect.zipRight(fs.chmod(draft, ours), fs.rename(draft, file))
      ),
      () => Effect.ignore(fs.remove(draft))
    )
  }).pipe(Effect.mapError(unusableFile("written", file)))

/**
 * @since 0.1.0
 * @category constructors
 */
export const save = (
  file: string,
  profiles: Profiles
): Effect.Effect<void, Unusable, FileSystem.FileSystem | Path.Path> =>
  Effect.flatMap(
    Effect.orDie(Schema.encode(ProfilesJson)(profiles)),
    (text) => writePrivate(file, `${text}\n`)
  )

/**
 * The key of that source. Refuses a file that others can read.
 *
 * @since 0.1.0
 * @category constructors
 */
export const readKey = (
  source: KeySource
): Effect.Effect<Redacted.Redacted<string>, Unusable, FileSystem.FileSystem> =>
  Effect.gen(function*() {
    if ("env" in source) {
      return Redacted.make(
        yield* Effect.mapError(Effect.flatten(variable(source.env)), () =>
          new Unusable({
            what: "Key",
            problem: `The environment variable ${source.env}, which the key is to be in, is not set`,
            next: "Set it to the PEM of the private key."
          }))
      )
    }
    const fs = yield* FileSystem.FileSystem
    const { file } = source
    const { mode } = yield* Effect.mapError(fs.stat(file), unusableFile("read", file))
    // Windows tells no such modes.
    if (process.platform !== "win32" && (mode & 0o077) !== 0) {
      return yield* new Unusable({
        what: "Key",
        problem: `The key file ${file} is open to others (mode ${(mode & 0o777).toString(8).padStart(4, "0")})`,
        next: `Close it with \`chmod 600 ${file}\`. If others may have read it, replace the key.`
      })
    }
    return Redacted.make(yield* Effect.mapError(fs.readFileString(file), unusableFile("read", file)))
  })

/**
 * A source in words: a path, or the name of a variable.
 *
 * @since 0.1.0
 * @category conversions
 */
export const describeSource = (source: KeySource): string => "env" in source ? `$${source.env}` : source.file

const fromEnvironment = (entity: string) =>
  Effect.gen(function*() {
    const path = yield* Path.Path
    const baseUrl = yield* Effect.mapError(Effect.flatten(variable("LAUNCHKEY_BASE_URL")), () =>
      new Unusable({
        what: "Environment",
        problem: "LAUNCHKEY_ENTITY is set, and LAUNCHKEY_BASE_URL is not",
        next: "Set it to the base URL of the platform, or unset LAUNCHKEY_ENTITY to use a profile."
      }))
    const file = yield* variable("LAUNCHKEY_SIGNING_KEY_FILE")
    const others = Option.getOrElse(yield* variable("LAUNCHKEY_DECRYPTION_KEY_FILES"), () => "")
    const issuer = yield* Effect.mapError(Schema.decode(EntityIdentifier.Issuer)(entity), () =>
      new Unusable({
        what: "Environment",
        problem: "LAUNCHKEY_ENTITY names no entity",
        next: "Set it to org:, dir: or svc: and a UUID."
      }))
    return new Profile({
      baseUrl,
      entity: issuer,
      signingKey: Option.match(file, {
        onNone: () => ({ env: "LAUNCHKEY_SIGNING_KEY" }),
        onSome: (file) => ({ file: path.resolve(file) })
      }),
      decryptionKeys: others.split(",").map((file) => file.trim()).filter((file) => file !== "").map((file) => ({
        file: path.resolve(file)
      }))
    })
  })

const named = (name: string, file: string, { profiles }: Profiles) => {
  const names = Object.keys(profiles)
  const profile = Option.fromNullable(Object.hasOwn(profiles, name) ? profiles[name] : undefined)
  return Effect.mapError(profile, () =>
    new Unusable({
      what: "Profile",
      problem: `There is no profile of that name in ${file}`,
      next: names.length === 0
        ? "Add one with `launchkey profile add`."
        : `Choose one of these, or add it with \`launchkey profile add\`: ${names.join(", ")}.`
    }))
}

/**
 * The profile to act by: of `--profile`, of `LAUNCHKEY_PROFILE`, of the environment where it has `LAUNCHKEY_ENTITY`, or
 * the current one.
 *
 * @since 0.1.0
 * @category constructors
 */
export const choose = (
  { config, profile }: Choice
): Effect.Effect<Profile, Unusable, FileSystem.FileSystem | Path.Path> =>
  Effect.gen(function*() {
    const told = yield* variable("LAUNCHKEY_PROFILE")
    const wanted = Option.orElse(profile, () => told)
    const entity = yield* variable("LAUNCHKEY_ENTITY")
    if (Option.isNone(wanted) && Option.isSome(entity)) return yield* fromEnvironment(entity.value)
    const file = yield* location(config)
    const all = yield* load(file)
    const chosen = Option.orElse(wanted, () => Option.fromNullable(all.current))
    return yield* named(
      yield* Effect.mapError(chosen, () =>
        new Unusable({
          what: "Profile",
          problem: `No profile is chosen, and ${file} has no current one`,
          next: "Add one with `launchkey profile add`, or choose one with --profile or `launchkey profile use`."
        })),
      file,
      all
    )
  })

/**
 * @since 0.1.0
 * @category constructors
 */
export const get = (
  name: string,
  { config }: Pick<Choice, "config">
): Effect.Effect<Profile, Unusable, FileSystem.FileSystem | Path.Path> =>
  Effect.flatMap(location(config), (file) => Effect.flatMap(load(file), (all) => named(name, file, all)))
