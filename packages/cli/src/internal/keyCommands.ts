/** `add`, `list`, `update` and `remove` for the public keys of a directory or a service. */
import type { AddKeyOptions, UpdateKeyOptions } from "@effect-launchkey/clients/ServiceManagement"
import { KeyId } from "@effect-launchkey/core/KeyId"
import * as Args from "@effect/cli/Args"
import type * as Command from "@effect/cli/Command"
import * as Options from "@effect/cli/Options"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import type { Failure } from "../Failure.ts"
import * as Given from "./given.ts"
import * as Leaf from "./leaf.ts"
import { none, rows, yesNo } from "./text.ts"

const Listed = Schema.Struct({
  id: KeyId,
  type: Schema.Literal("BOTH", "ENCRYPTION", "SIGNATURE", "OTHER"),
  active: Schema.Boolean,
  created: Schema.DateTimeUtc,
  expires: Schema.OptionFromNullOr(Schema.DateTimeUtc),
  pem: Schema.String
})

/** The keys of one entity. */
export interface Keys {
  readonly add: (pem: string, options: AddKeyOptions) => Effect.Effect<KeyId, Failure>
  readonly list: Effect.Effect<ReadonlyArray<typeof Listed.Type>, Failure>
  readonly update: (id: KeyId, change: UpdateKeyOptions) => Effect.Effect<void, Failure>
  readonly remove: (id: KeyId) => Effect.Effect<void, Failure>
}

const Named = Schema.Struct({ keyId: KeyId })

const keyArgument = Args.text({ name: "KEY" }).pipe(
  Args.withDescription("Id of the key: its fingerprint, as `list` prints it.")
)

const decodeKeyId = Given.decoded(
  KeyId,
  "That is no id of a key",
  "Give sixteen hex octets joined by colons, as `list` prints them."
)

export const keyId = (text: string) => decodeKeyId(text.toLowerCase())

const expires = Given.instantOption("expires", "When it is used no longer: 2031-01-01T00:00:00Z.")

/** `owner` is what the keys are of: `"directory"`. */
export const make = <const Config extends Command.Command.Config, R>(
  owner: string,
  config: Config,
  keysOf: (given: Command.Command.ParseConfig<Config>) => Effect.Effect<Keys, Failure, R>
) => {
  // The library's type of a parsed config does not see through a generic one.
  const of = (given: unknown) => keysOf((given as { of: Command.Command.ParseConfig<Config> }).of)
  const add = Leaf.make("add", {
    description: `Adds a public key to the ${owner}.`,
    config: {
      of: config,
      file: Args.text({ name: "FILE" }).pipe(
        Args.withDescription("PEM of an RSA public key of 2048 bits or more; - for standard input.")
      ),
      type: Options.choiceWithValue("type", [
        ["both", "BOTH" as const],
        ["encryption", "ENCRYPTION" as const],
        ["signature", "SIGNATURE" as const]
      ]).pipe(Options.withDescription("What it may be used for. Default both."), Options.optional),
      active: Given.yesOrNo("active", "An inactive key is kept and not used. Default yes."),
      expires
    },
    result: Named,
    text: ({ keyId }) => `Added key ${keyId}.`
  }, (given) =>
    Effect.gen(function*() {
      const keys = yield* of(given)
      const pem = yield* Given.text(given.file)
      return {
        keyId: yield* keys.add(pem, {
          type: Option.getOrUndefined(given.type),
          active: Option.getOrUndefined(given.active),
          expires: Option.getOrUndefined(given.expires)
        })
      }
    }))
  const list = Leaf.make("list", {
    description: `Lists the public keys of the ${owner}, inactive and expired ones too.`,
    config: { of: config },
    result: Schema.Array(Listed),
    text: (keys) =>
      rows(
        ["Key", "Type", "Active", "Created", "Expires"],
        keys.map(({ active, created, expires, id, type }) => [
          id,
          type.toLowerCase(),
          yesNo(active),
          DateTime.formatIso(created),
          Option.match(expires, { onNone: () => none, onSome: DateTime.formatIso })
        ]),
        "No keys."
      )
  }, (given) => Effect.flatMap(of(given), (keys) => keys.list))
  const update = Leaf.make("update", {
    description: `Changes a public key of the ${owner}: what is not named stays.`,
    config: {
      of: config,
      key: keyArgument,
      active: Given.yesOrNo("active", "An inactive key is kept and not used."),
      expires,
      clearExpires: Given.clear("expires")
    },
    result: Named,
    text: ({ keyId }) => `Changed key ${keyId}.`
  }, (given) =>
    Effect.gen(function*() {
      const id = yield* keyId(given.key)
      const change = {
        active: Option.getOrUndefined(given.active),
        expires: yield* Given.change("expires", given.expires, given.clearExpires)
      }
      yield* Given.somethingOf(change)
      yield* (yield* of(given)).update(id, change)
      return { keyId: id }
    }))
  const remove = Leaf.make("remove", {
    description: `Removes a public key of the ${owner}. The last one stays.`,
    config: { of: config, key: keyArgument },
    result: Named,
    text: ({ keyId }) => `Removed key ${keyId}.`
  }, (given) =>
    Effect.gen(function*() {
      const id = yield* keyId(given.key)
      yield* (yield* of(given)).remove(id)
      return { keyId: id }
    }))
  return [add, list, update, remove] as const
}
