/**
 * `launchkey totp`: one-time codes of third parties' applications.
 *
 * @see docs/cli.md
 * @since 0.1.0
 */
import * as Args from "@effect/cli/Args"
import * as Options from "@effect/cli/Options"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import { renderUnicodeCompact } from "uqr"
import * as Acting from "../internal/acting.ts"
import * as Given from "../internal/given.ts"
import * as Leaf from "../internal/leaf.ts"
import { fields } from "../internal/text.ts"

const ofDirectory = { user: Given.userArgument, directory: Acting.directoryOption, ...Acting.profile }

const Generated = Schema.Struct({
  secret: Schema.Redacted(Schema.String),
  algorithm: Schema.String,
  digits: Schema.Int,
  /** Seconds. */
  period: Schema.Int,
  uri: Schema.Redacted(Schema.String)
})

/** The margin that readers may count on, in modules. */
const border = 4

const generate = Leaf.make("generate", {
  description: "Gives a user a new secret for one-time codes, in place of any there was, and prints it.",
  config: {
    ...ofDirectory,
    issuer: Options.text("issuer").pipe(
      Options.withDescription("Whom the code application names beside the code. Default LaunchKey."),
      Options.withDefault("LaunchKey")
    ),
    account: Given.optional("account", "The account that it names. Default: the user."),
    darkOnLight: Given.darkOnLight
  },
  result: Generated,
  text: ({ algorithm, digits, period, secret, uri }, { darkOnLight }) =>
    `${renderUnicodeCompact(Redacted.value(uri), { border, invert: darkOnLight })}\n${
      fields([
        ["Secret", Redacted.value(secret)],
        ["Algorithm", algorithm],
        ["Digits", String(digits)],
        ["Period", `${period} seconds`],
        ["Address", Redacted.value(uri)]
      ])
    }`
}, (given) =>
  Effect.gen(function*() {
    const configuration = yield* (yield* Acting.directory(given)).generateTotp(given.user)
    const { algorithm, digits, period, secret } = configuration
    const uri = configuration.uri({ issuer: given.issuer, account: Option.getOrElse(given.account, () => given.user) })
    return { secret, algorithm, digits, period, uri }
  }))

const verify = Leaf.make("verify", {
  description: "Verifies a one-time code of a user. It serves once.",
  config: {
    user: Given.userArgument,
    code: Args.text({ name: "CODE" }).pipe(
      Args.withDescription("The code as typed. Default: the first line of standard input."),
      Args.optional
    ),
    service: Acting.serviceOption,
    ...Acting.profile
  },
  result: Schema.Struct({ valid: Schema.Boolean }),
  text: ({ valid }) => valid ? "The code is valid." : "The code is not valid.",
  end: ({ valid }) => valid ? "done" : "negative"
}, (given) =>
  Effect.gen(function*() {
    const code = Option.isSome(given.code) ? given.code.value : (yield* Given.text("-")).split(/\r?\n/, 1)[0] ?? ""
    return { valid: yield* (yield* Acting.service(given)).verifyTotp(given.user, Redacted.make(code)) }
  }))

const remove = Leaf.make("remove", {
  description: "Takes a user's one-time codes away, where there are any.",
  config: ofDirectory,
  result: Schema.Struct({ removed: Schema.Literal(true) }),
  text: () => "The user has no one-time codes any more."
}, (given) =>
  Effect.gen(function*() {
    yield* (yield* Acting.directory(given)).removeTotp(given.user)
    return { removed: true as const }
  }))

/**
 * @since 0.1.0
 * @category constructors
 */
export const command = Leaf.group("totp", "One-time codes of users' code applications.", [generate, verify, remove])
