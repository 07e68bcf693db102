/**
 * Receives what the platform tells a directory: that a device has completed its link.
 *
 * @see docs/protocol.md "Webhooks"
 * @since 0.1.0
 */
import type { InvalidParameters } from "@effect-launchkey/core/ApiError"
import * as EntityIdentifier from "@effect-launchkey/core/EntityIdentifier"
import {
  DeviceLinkCompleted,
  DeviceLinkWebhook,
  type DirectoryEvent,
  UnknownEvent
} from "@effect-launchkey/core/Webhook"
import * as Redaction from "@effect-launchkey/transport/Redaction"
import type { Transport } from "@effect-launchkey/transport/Transport"
import * as Config from "effect/Config"
import type * as ConfigError from "effect/ConfigError"
import * as Context from "effect/Context"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import { validate } from "./internal/call.ts"
import { given } from "./internal/inputs.ts"
import * as receiver from "./internal/receiver.ts"
import type { Receiver } from "./Webhook.ts"
import type { WebhookInbox } from "./WebhookInbox.ts"

/**
 * @since 0.1.0
 * @category models
 */
export interface Options {
  /** The directory that listens: a UUID, in any case. */
  readonly directoryId: string
  /**
   * Of the directory's webhook URL, such as `"/webhook"`, where requests arrive here with another: behind a proxy that
   * rewrites it. Default: the path of each request.
   */
  readonly path?: string | undefined
  /**
   * For how long nobody else handles the event of a process that has died meanwhile; one that lives renews it. At least
   * a second. Default 30 seconds.
   */
  readonly lease?: Duration.DurationInput | undefined
}

/**
 * Receives webhooks that are meant for the issuer of the transport: those of the links that it began.
 *
 * @since 0.1.0
 * @category models
 */
export interface Service extends Receiver<DirectoryEvent> {}

/**
 * @since 0.1.0
 * @category tags
 */
export class DirectoryWebhook
  extends Context.Tag("@effect-launchkey/clients/DirectoryWebhook")<DirectoryWebhook, Service>()
{}

const validateOptions = validate(Schema.Struct({ directoryId: EntityIdentifier.DirectoryId, ...receiver.fields }))

const readDeviceLink = receiver.decode(DeviceLinkWebhook)

/**
 * @since 0.1.0
 * @category constructors
 */
export const make = (options: Options): Effect.Effect<Service, InvalidParameters, Transport | WebhookInbox> =>
  Effect.gen(function*() {
    const { directoryId, lease, path } = yield* validateOptions(given(options))
    const subject = EntityIdentifier.directory(directoryId)
    return yield* receiver.make<DirectoryEvent>({
      name: "DirectoryWebhook",
      subject,
      path,
      lease,
      tell: (message) =>
        message.encrypted && message.json.type === "DEVICE_LINK_COMPLETION"
          ? Effect.map(readDeviceLink(message), ({ deviceId, publicKey, publicKeyId }) => ({
            event: new DeviceLinkCompleted({ deviceId, publicKey, publicKeyId }),
            key: `${subject} device-link ${deviceId} ${publicKeyId}`
          }))
          : Effect.succeed(receiver.unknown(subject, message, new UnknownEvent({ type: message.type })))
    })
  })

/**
 * @since 0.1.0
 * @category layers
 */
export const layer = (
  options: Options
): Layer.Layer<DirectoryWebhook, InvalidParameters, Transport | WebhookInbox> =>
  Layer.merge(Layer.effect(DirectoryWebhook, make(options)), Redaction.layer)

/**
 * @since 0.1.0
 * @category layers
 */
export const layerConfig = (
  config: Config.Config.Wrap<Options>
): Layer.Layer<DirectoryWebhook, InvalidParameters | ConfigError.ConfigError, Transport | WebhookInbox> =>
  Layer.unwrapEffect(Effect.map(Config.unwrap(config), layer))
