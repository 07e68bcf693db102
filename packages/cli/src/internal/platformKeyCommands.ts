/** `list`, `rotate`, `retire` and `rewrap` for the platform's own keys. */
import { KeyId } from "@effect-launchkey/core/KeyId"
import * as AdminApi from "@effect-launchkey/platform/AdminApi"
import * as Args from "@effect/cli/Args"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import * as Admin from "./admin.ts"
import * as KeyCommands from "./keyCommands.ts"
import * as Leaf from "./leaf.ts"
import { none, rows } from "./text.ts"

const time = Option.match({ onNone: () => none, onSome: DateTime.formatIso })

const shown = (keys: ReadonlyArray<typeof AdminApi.PlatformKey.Type>) =>
  rows(
    ["Key", "State", "Created", "Signs from"],
    keys.map(({ created, id, signsFrom, state }) => [id, state.toLowerCase(), time(created), time(signsFrom)]),
    "No keys."
  )

const list = Leaf.make("list", {
  description: "Lists the platform's own keys.",
  config: Admin.option,
  result: Schema.Array(AdminApi.PlatformKey),
  text: shown
}, ({ config }) => Effect.flatMap(Admin.connect(config), (admin) => Admin.answered(admin.listPlatformKeys())))

const rotate = Leaf.make("rotate", {
  description: "Announces a new key, which signs once every process of the platform knows it.",
  config: Admin.option,
  result: AdminApi.PlatformKey,
  text: (key) => shown([key])
}, ({ config }) => Effect.flatMap(Admin.connect(config), (admin) => Admin.answered(admin.rotatePlatformKey())))

const retire = Leaf.make("retire", {
  description: "Erases a key that signs no more: nobody can fetch it then, or be read who encrypts to it.",
  config: {
    key: Args.text({ name: "KEY" }).pipe(Args.withDescription("Id of the key, as `list` prints it.")),
    ...Admin.option
  },
  result: Schema.Struct({ keyId: KeyId }),
  text: ({ keyId }) => `Retired key ${keyId}.`
}, ({ config, key }) =>
  Effect.gen(function*() {
    const keyId = yield* KeyCommands.keyId(key)
    yield* Admin.answered((yield* Admin.connect(config)).retirePlatformKey({ payload: { keyId } }))
    return { keyId }
  }))

const rewrap = Leaf.make("rewrap", {
  description: "Seals what is kept under the first key-encryption key: after that was exchanged.",
  config: Admin.option,
  result: Schema.Struct({ rewrapped: Schema.Int }),
  text: ({ rewrapped }) => `Sealed ${rewrapped} anew.`
}, ({ config }) => Effect.flatMap(Admin.connect(config), (admin) => Admin.answered(admin.rewrapPlatformKeys())))

export const commands = [list, rotate, retire, rewrap] as const
