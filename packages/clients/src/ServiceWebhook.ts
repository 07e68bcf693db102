/**
 * Receives what the platform tells a service: what its users' devices answered, and which sessions have ended.
 *
 * @see docs/protocol.md "Webhooks"
 * @since 0.1.0
 */
import type { InvalidParameters } from "@effect-launchkey/core/ApiError"
import * as EntityIdentifier from "@effect-launchkey/core/EntityIdentifier"
import {
  AuthorizationResponded,
  AuthorizationWebhook,
  type ServiceEvent,
  SessionEnded,
  SessionEndWebhook,
  UnknownEvent
} from "@effect-launchkey/core/Webhook"
import * as Redaction from "@effect-launchkey/transport/Redaction"
import { Transport } from "@effect-launchkey/transport/Transport"
import { MessageRejected } from "@effect-launchkey/transport/TransportError"
import * as Config from "effect/Config"
import type * as ConfigError from "effect/ConfigError"
import * as Context from "effect/Context"
import * as DateTime from "effect/DateTime"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import { validate } from "./internal/call.ts"
import { given } from "./internal/inputs.ts"
import * as receiver from "./internal/receiver.ts"
import { PendingAuthorizations } from "./PendingAuthorizations.ts"
import type { Receiver } from "./Webhook.ts"
import type { WebhookInbox } from "./WebhookInbox.ts"

/**
 * @since 0.1.0
 * @category models
 */
export interface Options {
  /** The service that listens: a UUID, in any case. */
  readonly serviceId: string
  /**
   * Of the service's callback URL, such as `"/webhook"`, where requests arrive here with another: behind a proxy that
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
 * Receives webhooks that are meant for the issuer of the transport: those that its own calls led to. Requests that a
 * directory or an organization makes for its services are answered to it, so its transport is the one to receive them
 * by, once for each service.
 *
 * `handle` gives an answer to `PendingAuthorizations` first, where there is such a layer, for `awaitResponse` to find:
 * then the handler need not do anything with it.
 *
 * An answer is not yet compared with a request: it counts for the request and the user that it names, and for no other.
 *
 * @since 0.1.0
 * @category models
 */
export interface Service extends Receiver<ServiceEvent> {}

/**
 * @since 0.1.0
 * @category tags
 */
export class ServiceWebhook
  extends Context.Tag("@effect-launchkey/clients/ServiceWebhook")<ServiceWebhook, Service>()
{}

const validateOptions = validate(Schema.Struct({ serviceId: EntityIdentifier.ServiceId, ...receiver.fields }))

const readAuthorization = receiver.decode(AuthorizationWebhook)

const readSessionEnd = receiver.decode(SessionEndWebhook)

/**
 * @since 0.1.0
 * @category constructors
 */
export const make = (options: Options): Effect.Effect<Service, InvalidParameters, Transport | WebhookInbox> =>
  Effect.gen(function*() {
    const { lease, path, serviceId } = yield* validateOptions(given(options))
    const subject = EntityIdentifier.service(serviceId)
    const transport = yield* Transport
    const pending = yield* Effect.serviceOption(PendingAuthorizations)

    const answered = Effect.fnUntraced(function*(message: receiver.Message) {
      const relayed = yield* readAuthorization(message)
      const response = yield* Effect.mapError(
        transport.openAnswer(relayed, {}),
        ({ kind, reason }) => new MessageRejected({ kind, reason, operation: message.operation })
      )
      const { authorizationRequestId: id, serviceUserHash } = response
      const told: receiver.Told<ServiceEvent> = {
        event: new AuthorizationResponded({ response }),
        // A device can name another user's request in its own answer. That must not stand in the way of the true one.
        key: `${subject} authorization ${id} ${serviceUserHash}`,
        before: Option.match(pending, {
          onNone: () => Effect.void,
          onSome: (waiting) => waiting.complete({ serviceId, id }, relayed)
        })
      }
      return told
    })

    const ended = Effect.fnUntraced(function*(message: receiver.Message) {
      const event = new SessionEnded(yield* readSessionEnd(message))
      const told: receiver.Told<ServiceEvent> = {
        event,
        at: event.ended,
        key: `${subject} session-end ${event.serviceUserHash} ${DateTime.formatIso(event.ended)}`
      }
      return told
    })

    return yield* receiver.make<ServiceEvent>({
      name: "ServiceWebhook",
      subject,
      path,
      lease,
      tell: (message) => {
        const { encrypted, json, type } = message
        if (encrypted && (json.type === undefined || json.type === "AUTHORIZATION_RESPONSE")) return answered(message)
        if (!encrypted && "service_user_hash" in json && "api_time" in json) return ended(message)
        return Effect.succeed(receiver.unknown(subject, message, new UnknownEvent({ type })))
      }
    })
  })

/**
 * @since 0.1.0
 * @category layers
 */
export const layer = (
  options: Options
): Layer.Layer<ServiceWebhook, InvalidParameters, Transport | WebhookInbox> =>
  Layer.merge(Layer.effect(ServiceWebhook, make(options)), Redaction.layer)

/**
 * @since 0.1.0
 * @category layers
 */
export const layerConfig = (
  config: Config.Config.Wrap<Options>
): Layer.Layer<ServiceWebhook, InvalidParameters | ConfigError.ConfigError, Transport | WebhookInbox> =>
  Layer.unwrapEffect(Effect.map(Config.unwrap(config), layer))
