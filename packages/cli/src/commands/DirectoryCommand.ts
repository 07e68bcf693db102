/**
 * `launchkey directory`: the directories of an organization.
 *
 * @see docs/cli.md
 * @since 0.1.0
 */
import * as Device from "@effect-launchkey/core/Device"
import * as EntityIdentifier from "@effect-launchkey/core/EntityIdentifier"
import * as Args from "@effect/cli/Args"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import * as Acting from "../internal/acting.ts"
import * as Given from "../internal/given.ts"
import * as KeyCommands from "../internal/keyCommands.ts"
import * as Leaf from "../internal/leaf.ts"
import { fields, none, rows, yesNo } from "../internal/text.ts"

const { profile } = Acting

const idArgument = Args.text({ name: "DIRECTORY" }).pipe(Args.withDescription("Id of the directory."))

const Shown = Schema.Struct({
  id: EntityIdentifier.DirectoryId,
  name: Schema.String,
  active: Schema.Boolean,
  webhookUrl: Schema.OptionFromNullOr(Schema.String),
  denialContextInquiryEnabled: Schema.Boolean,
  androidKey: Schema.OptionFromNullOr(Schema.String),
  iosCertificateFingerprint: Schema.OptionFromNullOr(Schema.String),
  serviceIds: Schema.Array(EntityIdentifier.ServiceId),
  sdkKeys: Schema.Array(Device.SdkKey)
})

const orNone = Option.getOrElse(() => none)

const asFields = (directory: typeof Shown.Type) =>
  fields([
    ["Id", directory.id],
    ["Name", directory.name],
    ["Active", yesNo(directory.active)],
    ["Webhooks to", orNone(directory.webhookUrl)],
    ["Asks for context of denials", yesNo(directory.denialContextInquiryEnabled)],
    ["Android key", orNone(directory.androidKey)],
    ["iOS certificate", orNone(directory.iosCertificateFingerprint)],
    ["Services", directory.serviceIds.join(", ") || none],
    ["SDK keys", directory.sdkKeys.join(", ") || none]
  ])

const create = Leaf.make("create", {
  description: "Creates a directory. It has no keys yet; devices link once it has an SDK key.",
  config: {
    name: Args.text({ name: "NAME" }).pipe(Args.withDescription("1 to 128 characters, unique in the organization.")),
    ...profile
  },
  result: Schema.Struct({ id: EntityIdentifier.DirectoryId }),
  text: ({ id }) => `Created directory ${id}.`
}, (given) =>
  Effect.gen(function*() {
    const client = yield* Acting.organization(given)
    return { id: yield* client.createDirectory(given.name) }
  }))

const list = Leaf.make("list", {
  description: "Lists the directories of the organization.",
  config: profile,
  result: Schema.Array(Shown),
  text: (directories) =>
    rows(
      ["Id", "Name", "Active", "Services", "SDK keys"],
      directories.map(({ active, id, name, sdkKeys, serviceIds }) => [
        id,
        name,
        yesNo(active),
        String(serviceIds.length),
        String(sdkKeys.length)
      ]),
      "No directories."
    )
}, (given) => Effect.flatMap(Acting.organization(given), (client) => client.listDirectories))

const get = Leaf.make("get", {
  description: "Shows a directory.",
  config: { id: idArgument, ...profile },
  result: Shown,
  text: asFields
}, (given) =>
  Effect.gen(function*() {
    const id = yield* Given.directoryId(given.id)
    return yield* (yield* Acting.organization(given)).getDirectory(id)
  }))

const update = Leaf.make("update", {
  description: "Changes a directory, and shows it: what is not named stays.",
  config: {
    id: idArgument,
    active: Given.yesOrNo("active", "An inactive directory blocks its services and users."),
    webhookUrl: Given.optional("webhook-url", "Where its webhooks go: http or https."),
    clearWebhookUrl: Given.clear("webhook-url"),
    denialContext: Given.yesOrNo("denial-context", "Whether requests may offer reasons for a denial."),
    androidKeyFile: Given.optional("android-key-file", "File with the key of the push service; - for standard input."),
    clearAndroidKey: Given.clear("android-key-file"),
    iosP12File: Given.optional("ios-p12-file", "PKCS#12 without a password, for pushes to iOS; - for standard input."),
    clearIosP12: Given.clear("ios-p12-file"),
    ...profile
  },
  result: Shown,
  text: asFields
}, (given) =>
  Effect.gen(function*() {
    const id = yield* Given.directoryId(given.id)
    const android = yield* Given.change("android-key-file", given.androidKeyFile, given.clearAndroidKey)
    const ios = yield* Given.change("ios-p12-file", given.iosP12File, given.clearIosP12)
    const change = {
      active: Option.getOrUndefined(given.active),
      webhookUrl: yield* Given.change("webhook-url", given.webhookUrl, given.clearWebhookUrl),
      denialContextInquiryEnabled: Option.getOrUndefined(given.denialContext),
      androidKey: typeof android === "string" ? (yield* Given.text(android)).trim() : android,
      iosP12: typeof ios === "string" ? yield* Given.octets(ios) : ios
    }
    yield* Given.somethingOf(change)
    const client = yield* Acting.organization(given)
    yield* client.updateDirectory(id, change)
    return yield* client.getDirectory(id)
  }))

const key = Leaf.group(
  "key",
  "The public keys of a directory.",
  KeyCommands.make("directory", { id: idArgument, ...profile }, (given) =>
    Effect.gen(function*() {
      const id = yield* Given.directoryId(given.id)
      const client = yield* Acting.organization(given)
      return {
        add: (pem, options) => client.addDirectoryKey(id, pem, options),
        list: client.listDirectoryKeys(id),
        update: (keyId, change) => client.updateDirectoryKey(id, keyId, change),
        remove: (keyId) => client.removeDirectoryKey(id, keyId)
      }
    }))
)

const SdkKeyNamed = Schema.Struct({ sdkKey: Device.SdkKey })

const generateSdkKey = Leaf.make("generate", {
  description: "Generates an SDK key: devices link only through a directory that has one.",
  config: { id: idArgument, ...profile },
  result: SdkKeyNamed,
  text: ({ sdkKey }) => `Generated SDK key ${sdkKey}.`
}, (given) =>
  Effect.gen(function*() {
    const id = yield* Given.directoryId(given.id)
    return { sdkKey: yield* (yield* Acting.organization(given)).generateSdkKey(id) }
  }))

const listSdkKeys = Leaf.make("list", {
  description: "Lists the SDK keys of a directory.",
  config: { id: idArgument, ...profile },
  result: Schema.Array(Device.SdkKey),
  text: (keys) => keys.length === 0 ? "No SDK keys: no device can link." : keys.join("\n")
}, (given) =>
  Effect.gen(function*() {
    const id = yield* Given.directoryId(given.id)
    return yield* (yield* Acting.organization(given)).listSdkKeys(id)
  }))

const sdkKeyOf = Given.decoded(
  Device.SdkKey,
  "That is no SDK key",
  "Give a UUID of 36 characters, as `launchkey directory sdk-key list` prints it."
)

const removeSdkKey = Leaf.make("remove", {
  description: "Removes an SDK key. The last one stays.",
  config: {
    id: idArgument,
    sdkKey: Args.text({ name: "SDK_KEY" }).pipe(Args.withDescription("As `list` prints it.")),
    ...profile
  },
  result: SdkKeyNamed,
  text: ({ sdkKey }) => `Removed SDK key ${sdkKey}.`
}, (given) =>
  Effect.gen(function*() {
    const id = yield* Given.directoryId(given.id)
    const sdkKey = yield* sdkKeyOf(given.sdkKey)
    yield* (yield* Acting.organization(given)).removeSdkKey(id, sdkKey)
    return { sdkKey }
  }))

const sdkKey = Leaf.group("sdk-key", "The SDK keys of a directory, with which authenticators link.", [
  generateSdkKey,
  listSdkKeys,
  removeSdkKey
])

/**
 * @since 0.1.0
 * @category constructors
 */
export const command = Leaf.group("directory", "The directories of an organization.", [
  create,
  list,
  get,
  update,
  key,
  sdkKey
])
