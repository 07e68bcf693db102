/**
 * `launchkey device`: the devices of a directory's users.
 *
 * @see docs/cli.md
 * @since 0.1.0
 */
import type * as DirectoryClient from "@effect-launchkey/clients/DirectoryClient"
import * as LinkQrCode from "@effect-launchkey/clients/LinkQrCode"
import { DeviceId } from "@effect-launchkey/core/Authorization"
import type { LinkStarted } from "@effect-launchkey/core/Device"
import * as Args from "@effect/cli/Args"
import * as Options from "@effect/cli/Options"
import * as Console from "effect/Console"
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schedule from "effect/Schedule"
import * as Schema from "effect/Schema"
import * as Acting from "../internal/acting.ts"
import * as Given from "../internal/given.ts"
import * as Interruption from "../internal/interruption.ts"
import * as Leaf from "../internal/leaf.ts"
import { fields, none, rows } from "../internal/text.ts"
import { NotYet } from "../internal/unusable.ts"
import { withTimeLeft } from "../internal/waiting.ts"

const acting = { directory: Acting.directoryOption, ...Acting.profile }

const Shown = Schema.Struct({
  id: DeviceId,
  name: Schema.OptionFromNullOr(Schema.String),
  type: Schema.OptionFromNullOr(Schema.String),
  status: Schema.Literal("LINK_PENDING", "LINKED", "UNLINK_PENDING"),
  created: Schema.OptionFromNullOr(Schema.DateTimeUtc),
  updated: Schema.OptionFromNullOr(Schema.DateTimeUtc)
})

const statuses = {
  LINK_PENDING: "waits for its link",
  LINKED: "linked",
  UNLINK_PENDING: "about to be unlinked"
} as const

const Linked = Schema.Struct({
  deviceId: DeviceId,
  code: Schema.String,
  qrCodeUrl: Schema.String,
  /** Null where the link was not waited for. */
  device: Schema.OptionFromNullOr(Shown)
})

/** How long a link is waited for where nothing is said. The code serves as long, and not for the platform's day. */
const patience = Duration.minutes(15)

const howToLink = (link: Pick<LinkStarted, "code" | "qrCodeUrl" | "deviceId">, darkOnLight: boolean) =>
  `${LinkQrCode.text(link, { darkOnLight })}\n${
    fields([["Linking code", link.code], ["As an image", link.qrCodeUrl], ["Device", link.deviceId]])
  }`

const awaitLink = (client: DirectoryClient.Service, user: string, { deviceId }: LinkStarted, ttl: Duration.Duration) =>
  withTimeLeft(
    client.listDevices(user).pipe(
      Effect.flatMap((devices) => Option.fromNullable(devices.find(({ active, id }) => active && id === deviceId))),
      Effect.catchTag(
        "NoSuchElementException",
        () =>
          new NotYet({
            problem: "No device has completed the link, and its code serves no longer",
            next: "Start another."
          })
      ),
      Effect.retry({
        while: ({ _tag }) => _tag === "NotYet",
        schedule: Schedule.exponential("500 millis").pipe(
          Schedule.union(Schedule.spaced("2 seconds")),
          Schedule.upTo(ttl)
        )
      })
    ),
    "Waiting for the device",
    ttl
  )

const link = Leaf.make("link", {
  description: "Starts the link of a device to a user, shows its code, and waits until the device has completed it.",
  config: {
    user: Given.userArgument,
    ttl: Given.durationOption(
      "ttl",
      "How long the code serves: 300 seconds to a day, such as 1h. Default 15m; with --no-wait the platform's own."
    ),
    noWait: Options.boolean("no-wait").pipe(Options.withDescription("Print the code, and do not wait for the device.")),
    darkOnLight: Given.darkOnLight,
    ...acting
  },
  result: Linked,
  text: (link, { darkOnLight }) =>
    Option.match(link.device, {
      onNone: () => howToLink(link, darkOnLight),
      onSome: (device) => `Linked device ${device.id}, ${Option.getOrElse(device.name, () => none)}.`
    })
}, (given) =>
  Effect.gen(function*() {
    const client = yield* Acting.directory(given)
    const ttl = given.noWait ? given.ttl : Option.orElse(given.ttl, () => Option.some(patience))
    const started = yield* client.linkDevice(given.user, { ttl: Option.getOrUndefined(ttl) })
    const { code, deviceId, qrCodeUrl } = started
    if (!given.noWait) {
      yield* Console.error(howToLink(started, given.darkOnLight))
      yield* Interruption.leaves({
        problem: "The link is not completed, and its code serves on for its time.",
        details: { deviceId, code },
        next: "Look with `launchkey device list` whether a device has taken it."
      })
    }
    return {
      deviceId,
      code,
      qrCodeUrl,
      device: given.noWait
        ? Option.none()
        : Option.some(yield* awaitLink(client, given.user, started, Option.getOrElse(ttl, () => patience)))
    }
  }))

const list = Leaf.make("list", {
  description: "Lists the devices of a user, those whose link is not completed too.",
  config: { user: Given.userArgument, ...acting },
  result: Schema.Array(Shown),
  text: (devices) =>
    rows(
      ["Device", "Name", "Type", "Status", "Created"],
      devices.map(({ created, id, name, status, type }) => [
        id,
        Option.getOrElse(name, () => none),
        Option.getOrElse(type, () => none),
        statuses[status],
        Option.match(created, { onNone: () => none, onSome: DateTime.formatIso })
      ]),
      "No devices."
    )
}, (given) => Effect.flatMap(Acting.directory(given), (client) => client.listDevices(given.user)))

const unlink = Leaf.make("unlink", {
  description: "Unlinks a device of a user.",
  config: {
    user: Given.userArgument,
    device: Args.text({ name: "DEVICE" }).pipe(Args.withDescription("Id of the device.")),
    ...acting
  },
  result: Schema.Struct({ deviceId: DeviceId }),
  text: ({ deviceId }) => `Unlinked device ${deviceId}.`
}, (given) =>
  Effect.gen(function*() {
    const deviceId = yield* Given.deviceId(given.device)
    yield* (yield* Acting.directory(given)).unlinkDevice(given.user, deviceId)
    return { deviceId }
  }))

/**
 * @since 0.1.0
 * @category constructors
 */
export const command = Leaf.group("device", "The devices of a directory's users.", [link, list, unlink])
