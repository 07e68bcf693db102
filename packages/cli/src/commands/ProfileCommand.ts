/**
 * `launchkey profile`: which platform to call, as whom, and where the keys are.
 *
 * @see docs/cli.md
 * @since 0.1.0
 */
import { Issuer } from "@effect-launchkey/core/EntityIdentifier"
import { KeyId } from "@effect-launchkey/core/KeyId"
import * as Args from "@effect/cli/Args"
import * as Options from "@effect/cli/Options"
import * as Path from "@effect/platform/Path"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Record from "effect/Record"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import { credentialsOf, profile as choice } from "../internal/acting.ts"
import * as Given from "../internal/given.ts"
import * as Leaf from "../internal/leaf.ts"
import { fields, none, rows, yesNo } from "../internal/text.ts"
import { Unusable } from "../internal/unusable.ts"
import * as Profile from "../Profile.ts"

const config = choice.config

const nameArgument = Args.text({ name: "NAME" }).pipe(Args.withDescription("The name of the profile."))

const Shown = Schema.Struct({ name: Schema.String, current: Schema.Boolean, ...Profile.Profile.fields })

const shown = (name: string, profile: Profile.Profile, current: string | undefined): typeof Shown.Type => ({
  ...profile,
  name,
  current: name === current
})

const asFields = (profile: typeof Shown.Type) =>
  fields([
    ["Name", profile.name],
    ["Platform", profile.baseUrl],
    ["Acts as", profile.entity],
    ["Signing key", Profile.describeSource(profile.signingKey)],
    ["Further keys", profile.decryptionKeys.map(Profile.describeSource).join(", ") || none],
    ["Platform keys trusted", profile.pinnedKeys?.join(", ") ?? "any that it serves"],
    ["Current", yesNo(profile.current)]
  ])

const nameOf = Given.decoded(
  Profile.ProfileName,
  "That is no name for a profile",
  "Take up to 64 letters, digits, dots, hyphens and underscores, with a letter or digit first."
)

const entityOf = Given.decoded(Issuer, "--entity names no entity", "Give org:, dir: or svc: and a UUID.")

const pinOf = Given.decoded(KeyId, "--pin is no id of a key", "Give sixteen lower-case hex octets joined by colons.")

const aKey = (
  problem: string,
  sources: { readonly file: Option.Option<string>; readonly env: Option.Option<string>; readonly stdin: boolean }
) =>
  [Option.isSome(sources.file), Option.isSome(sources.env), sources.stdin].filter((given) => given).length === 1
    ? Effect.void
    : Effect.fail(
      new Unusable({
        what: "Arguments",
        problem,
        next: "Give one of --key-file, --key-env and --key-stdin; a key itself has no place on a command line."
      })
    )

const add = Leaf.make("add", {
  description: "Adds a profile, or replaces the one of that name.",
  config: {
    name: nameArgument,
    baseUrl: Options.text("base-url").pipe(Options.withDescription("The platform, such as https://mfa.example.com.")),
    entity: Options.text("entity").pipe(
      Options.withDescription("Whose key signs: org:<uuid>, dir:<uuid> or svc:<uuid>.")
    ),
    keyFile: Options.text("key-file").pipe(
      Options.withDescription("The file with the private key. It stays where it is, and nobody else may read it."),
      Options.optional
    ),
    keyEnv: Options.text("key-env").pipe(
      Options.withDescription("The environment variable in which the private key is whenever the profile is used."),
      Options.optional
    ),
    keyStdin: Options.boolean("key-stdin").pipe(
      Options.withDescription("Read the private key from standard input, and keep it beside the profiles.")
    ),
    decryptionKeyFile: Options.text("decryption-key-file").pipe(
      Options.withDescription("A further private key that answers may be encrypted to, such as one rotated out."),
      Options.repeated
    ),
    pin: Options.text("pin").pipe(
      Options.withDescription("Id of a key of the platform. Where any is given, no other is trusted."),
      Options.repeated
    ),
    config
  },
  result: Shown,
  text: (added) => `Added:\n${asFields(added)}`
}, (given) =>
  Effect.gen(function*() {
    const path = yield* Path.Path
    const name = yield* nameOf(given.name)
    const entity = yield* entityOf(given.entity)
    const pins = yield* Effect.forEach(given.pin, pinOf)
    yield* aKey("Where the private key is has to be said once", {
      file: given.keyFile,
      env: given.keyEnv,
      stdin: given.keyStdin
    })
    const file = yield* Profile.location(given.config)
    const kept = path.join(path.dirname(file), "keys", `${name}.pem`)
    const profile = new Profile.Profile({
      baseUrl: given.baseUrl,
      entity,
      signingKey: Option.match(given.keyEnv, {
        onNone: () => ({ file: path.resolve(Option.getOrElse(given.keyFile, () => kept)) }),
        onSome: (env) => ({ env })
      }),
      decryptionKeys: given.decryptionKeyFile.map((file) => ({ file: path.resolve(file) })),
      ...(pins.length === 0 ? {} : { pinnedKeys: pins })
    })
    const profiles = yield* Profile.load(file)
    const repeated = profile.decryptionKeys.some((source) =>
      Profile.describeSource(source) === Profile.describeSource(profile.signingKey)
    )
    if (repeated) {
      yield* Console.error("Note: the signing key decrypts as well; naming it as a further key changes nothing.")
    }
    // What would fail at the first call fails here, before it takes the place of a key that serves.
    if (given.keyStdin) {
      const pem = yield* Given.text("-")
      yield* credentialsOf(profile, { key: Redacted.make(pem), from: "standard input" })
      yield* Profile.writePrivate(kept, pem)
    } else if (Option.isNone(given.keyEnv)) {
      // A variable may be set only where the profile is used.
      yield* credentialsOf(profile)
    }
    const current = profiles.current ?? name
    yield* Profile.save(file, { current, profiles: { ...profiles.profiles, [name]: profile } })
    return shown(name, profile, current)
  }))

const list = Leaf.make("list", {
  description: "Lists the profiles.",
  config: { config },
  result: Schema.Array(Shown),
  text: (profiles) =>
    rows(
      ["Name", "Acts as", "Platform", "Current"],
      profiles.map(({ baseUrl, current, entity, name }) => [name, entity, baseUrl, yesNo(current)]),
      "No profiles. Add one with `launchkey profile add`."
    )
}, (given) =>
  Effect.gen(function*() {
    const { current, profiles } = yield* Profile.load(yield* Profile.location(given.config))
    return Object.entries(profiles).map(([name, profile]) => shown(name, profile, current))
  }))

const show = Leaf.make("show", {
  description: "Shows a profile: where its keys are, and nothing of them.",
  config: { name: nameArgument, config },
  result: Shown,
  text: asFields
}, (given) =>
  Effect.gen(function*() {
    const profile = yield* Profile.get(given.name, given)
    const { current } = yield* Profile.load(yield* Profile.location(given.config))
    return shown(given.name, profile, current)
  }))

const use = Leaf.make("use", {
  description: "Makes a profile the current one, by which commands act where none is named.",
  config: { name: nameArgument, config },
  result: Shown,
  text: ({ entity, name }) => `Commands now act by profile ${name}, as ${entity}.`
}, (given) =>
  Effect.gen(function*() {
    const profile = yield* Profile.get(given.name, given)
    const file = yield* Profile.location(given.config)
    yield* Profile.save(file, { ...(yield* Profile.load(file)), current: given.name })
    return shown(given.name, profile, given.name)
  }))

const Removed = Schema.Struct({ removed: Schema.String, current: Schema.NullOr(Schema.String) })

const remove = Leaf.make("remove", {
  description: "Removes a profile. Key files stay.",
  config: { name: nameArgument, config },
  result: Removed,
  text: ({ current, removed }) =>
    `Removed profile ${removed}. Its key file was left where it is. ${
      current === null ? "There is no current profile now." : `The current profile is ${current}.`
    }`
}, (given) =>
  Effect.gen(function*() {
    yield* Profile.get(given.name, given)
    const file = yield* Profile.location(given.config)
    const { current, profiles } = yield* Profile.load(file)
    const kept = current === given.name ? undefined : current
    yield* Profile.save(file, {
      ...(kept === undefined ? {} : { current: kept }),
      profiles: Record.remove(profiles, given.name)
    })
    return { removed: given.name, current: kept ?? null }
  }))

/**
 * @since 0.1.0
 * @category constructors
 */
export const command = Leaf.group("profile", "Which platform to call, as whom, and where the keys are.", [
  add,
  list,
  show,
  use,
  remove
])
