/**
 * `launchkey keys`: key pairs, and the ids of keys.
 *
 * @see docs/cli.md
 * @since 0.1.0
 */
import { KeyId } from "@effect-launchkey/core/KeyId"
import { InvalidKey } from "@effect-launchkey/transport/InvalidKey"
import * as Jose from "@effect-launchkey/transport/Jose"
import * as Args from "@effect/cli/Args"
import * as Options from "@effect/cli/Options"
import * as FileSystem from "@effect/platform/FileSystem"
import * as Path from "@effect/platform/Path"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import * as Acting from "../internal/acting.ts"
import * as Given from "../internal/given.ts"
import * as Leaf from "../internal/leaf.ts"
import * as OwnKeys from "../internal/ownKeys.ts"
import { fields, none, printable, rows } from "../internal/text.ts"
import { Unusable } from "../internal/unusable.ts"
import * as Profile from "../Profile.ts"

const Generated = Schema.Struct({
  keyId: KeyId,
  bits: Schema.Int,
  privateKeyFile: Schema.String,
  publicKeyFile: Schema.String
})

/** `org.pem` and `org.pub.pem`. */
const publicFile = (file: string): string => `${file.replace(/\.pem$/, "")}.pub.pem`

const absent = (file: string, force: boolean) =>
  Effect.gen(function*() {
    const fs = yield* FileSystem.FileSystem
    // What cannot even be looked at cannot be written either, and is told then.
    if (force || !(yield* Effect.orElseSucceed(fs.exists(file), () => false))) return
    return yield* new Unusable({
      what: "File",
      problem: `${file} is there already`,
      next: "Give another name, or --force to lose what is in it: a private key that is lost is lost for good."
    })
  })

const generate = Leaf.make("generate", {
  description: "Generates an RSA key pair: the private half into a file of mode 0600, the public half beside it.",
  config: {
    file: Args.text({ name: "FILE" }).pipe(
      Args.withDescription("Of the private half, as org.pem; the public half is then in org.pub.pem.")
    ),
    bits: Options.choiceWithValue("bits", [["2048", 2048 as const], ["3072", 3072 as const], ["4096", 4096 as const]])
      .pipe(Options.withDescription("Length of the modulus. Default 2048."), Options.withDefault(2048 as const)),
    type: Options.choice("type", ["both", "signature", "encryption"]).pipe(
      Options.withDescription("What it is meant for: `key add --type` says it to the platform. Default both."),
      Options.withDefault("both" as const)
    ),
    force: Options.boolean("force").pipe(Options.withDescription("Replace files that are there."))
  },
  result: Generated,
  text: ({ bits, keyId, privateKeyFile, publicKeyFile }) =>
    fields([
      ["Key", keyId],
      ["Bits", String(bits)],
      ["Private half", `${privateKeyFile} (mode 0600)`],
      ["Public half", publicKeyFile]
    ])
}, ({ bits, file, force, type }) =>
  Effect.gen(function*() {
    const path = yield* Path.Path
    const fs = yield* FileSystem.FileSystem
    const privateKeyFile = path.resolve(file)
    const publicKeyFile = publicFile(privateKeyFile)
    yield* absent(privateKeyFile, force)
    yield* absent(publicKeyFile, force)
    const { privateKey, privateKeyPem } = yield* (yield* Jose.Jose).generateKey(bits)
    yield* Profile.writePrivate(privateKeyFile, Redacted.value(privateKeyPem))
    yield* Effect.mapError(fs.writeFileString(publicKeyFile, privateKey.publicKey.pem), () =>
      new Unusable({
        what: "File",
        problem: `${publicKeyFile} cannot be written; the private half is in ${privateKeyFile}`,
        next: "Check the path and its permissions."
      }))
    if (type === "both") {
      yield* Console.error(
        "Note: one key for both purposes, to sign and to decrypt by. Two with --type signature and --type encryption can be " +
          "kept and replaced apart."
      )
    }
    return { keyId: privateKey.keyId, bits: privateKey.modulusLength, privateKeyFile, publicKeyFile }
  }))

const Told = Schema.Struct({
  /** A path, `-`, or `$` and the name of a variable. */
  from: Schema.String,
  keyId: KeyId,
  half: Schema.Literal("private", "public"),
  bits: Schema.Int,
  /** Of a private half in a file: whether others can read it. */
  openToOthers: Schema.Boolean,
  /** Of a profile's key. */
  use: Schema.OptionFromNullOr(Schema.Literal("signs and decrypts", "decrypts"))
})

type Told = typeof Told.Type

const ofFile = (file: string) =>
  Effect.gen(function*() {
    const jose = yield* Jose.Jose
    const fs = yield* FileSystem.FileSystem
    const pem = yield* Given.text(file)
    const named = (error: InvalidKey) => new InvalidKey({ ...error, field: `The key in ${file}` })
    const half = yield* jose.importPrivateKey(Redacted.make(pem)).pipe(
      Effect.map(Option.some),
      Effect.catchIf(({ reason }) => reason === "NotPrivate", () => Effect.succeedNone),
      Effect.mapError(named)
    )
    if (Option.isNone(half)) {
      const { keyId, modulusLength } = yield* Effect.mapError(jose.importPublicKey(pem), named)
      return {
        from: file,
        keyId,
        half: "public",
        bits: modulusLength,
        openToOthers: false,
        use: Option.none()
      } as const
    }
    // Windows tells no such modes.
    const openToOthers = file !== "-" && process.platform !== "win32" &&
      (yield* Effect.orElseSucceed(Effect.map(fs.stat(file), ({ mode }) => (mode & 0o077) !== 0), () => false))
    if (openToOthers) {
      yield* Console.error(
        `Warning: the private key in ${
          printable(file)
        } is open to others. Close it with \`chmod 600\`; if others may ` +
          "have read it, replace the key."
      )
    }
    const { keyId, modulusLength } = half.value
    return { from: file, keyId, half: "private", bits: modulusLength, openToOthers, use: Option.none() } as const
  })

const ofProfile = ({ decryptionKeys, signingKey }: Profile.Profile) =>
  Effect.gen(function*() {
    const told = yield* Effect.forEach([signingKey, ...decryptionKeys], (source, i) =>
      Effect.map(OwnKeys.read(source), ({ keyId, modulusLength }): Told => ({
        from: Profile.describeSource(source),
        keyId,
        half: "private",
        bits: modulusLength,
        openToOthers: false,
        use: Option.some(i === 0 ? "signs and decrypts" : "decrypts")
      })))
    const [signing, ...others] = told.map(({ keyId }) =>
      keyId
    )
    if (signing !== undefined && !OwnKeys.apart(signing, others)) {
      yield* Console.error(`Warning: ${OwnKeys.oneForBoth.problem}. ${OwnKeys.oneForBoth.next}`)
    }
    return told
  })

/** The same private key in two files is a mistake, or one that serves two purposes. */
const warnOfTwins = (told: ReadonlyArray<Told>) =>
  Effect.forEach(
    told.filter(({ half, keyId }, i) =>
      half === "private" && told.slice(0, i).some((other) => other.half === "private" && other.keyId === keyId)
    ),
    ({ from, keyId }) =>
      Console.error(
        `Warning: the private key in ${printable(from)} is another file's too (${keyId}): one key serves both.`
      )
  )

const fingerprint = Leaf.make("fingerprint", {
  description: "Tells the ids of keys, which are their fingerprints: of those in files, or of a profile's own.",
  config: {
    files: Args.text({ name: "FILE" }).pipe(
      Args.withDescription("PEM of a private or public key; - for standard input. Without any: the profile's keys."),
      Args.repeated
    ),
    ...Acting.profile
  },
  result: Schema.Array(Told),
  text: (told) =>
    rows(
      ["Key", "Half", "Bits", "From", "Use"],
      told.map(({ bits, from, half, keyId, use }) => [
        keyId,
        half,
        String(bits),
        from,
        Option.getOrElse(use, () => none)
      ]),
      "No keys."
    )
}, (given) =>
  Effect.gen(function*() {
    if (given.files.length === 0) return yield* Effect.flatMap(Profile.choose(given), ofProfile)
    const told = yield* Effect.forEach(given.files, ofFile)
    yield* warnOfTwins(told)
    return told
  }))

/**
 * @since 0.1.0
 * @category constructors
 */
export const command = Leaf.group("keys", "Key pairs (RSA, PEM, 2048 bits or more), and the ids of keys.", [
  generate,
  fingerprint
])
