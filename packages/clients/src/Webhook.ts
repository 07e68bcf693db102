/**
 * What receivers of webhooks have in common, and how a host within Effect answers the platform. `ServiceWebhook` and
 * `DirectoryWebhook` are the receivers, `WebhookHost` has the hosts outside Effect.
 *
 * @see docs/protocol.md "Webhooks"
 * @since 0.1.0
 */
import type { MessageRejected, TransportError } from "@effect-launchkey/transport/TransportError"
import * as HttpServerRequest from "@effect/platform/HttpServerRequest"
import * as HttpServerResponse from "@effect/platform/HttpServerResponse"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import * as hosting from "./internal/hosting.ts"
import type { StoreUnavailable } from "./StoreUnavailable.ts"

/**
 * An HTTP request that claims to be a webhook.
 *
 * @since 0.1.0
 * @category models
 */
export interface Delivery {
  /** Value of the header `X-IOV-JWT`; undefined where there is none. */
  readonly token: string | undefined
  readonly method: string
  /** As the platform called it; a query is not looked at. */
  readonly path: string
  /** The octets as they came: not parsed, not written anew. */
  readonly body: Uint8Array
}

/**
 * Another delivery of the same event is being handled, here or elsewhere. Whoever sent this one is to send it again, in
 * case that fails.
 *
 * @since 0.1.0
 * @category errors
 */
export class EventInProgress extends Schema.TaggedError<EventInProgress>(
  "@effect-launchkey/clients/Webhook/EventInProgress"
)("EventInProgress", {}) {
  override get message(): string {
    return "Another delivery of this event is being handled. Answer 503, so that it is sent again in case that fails."
  }
}

/**
 * - `MessageRejected`: not a webhook of the platform's for this receiver, or one that came before. Answer 401 with an
 *   empty body: the reason is for the log.
 * - `TransportError`: the platform's clock or key could not be asked for.
 * - `StoreUnavailable`: the inbox is away. Like the one before, it is answered with 503, so that nothing is lost.
 *
 * @since 0.1.0
 * @category errors
 */
export type OpenError = MessageRejected | TransportError | StoreUnavailable

/**
 * @since 0.1.0
 * @category errors
 */
export type HandleError = OpenError | EventInProgress

/**
 * `HandledBefore`: another delivery of the same event was handled, and the handler did not run again.
 *
 * @since 0.1.0
 * @category models
 */
export type Outcome = "Handled" | "HandledBefore"

/**
 * @since 0.1.0
 * @category models
 */
export interface Receiver<Event> {
  /**
   * What a webhook tells, once everything of it is verified. A delivery is opened once; but its sender may send the
   * event again, sealed anew: see `handle`.
   */
  readonly open: (delivery: Delivery) => Effect.Effect<Event, OpenError>
  /**
   * Opens a webhook and has its event handled, unless it was handled before. The event counts as handled when the
   * handler has succeeded: where it fails, dies or is interrupted, the next delivery is handled.
   *
   * While the handler runs nobody else handles the event; should this process die, somebody may once the lease has
   * passed. A handler whose effects must not happen twice even then keeps them in one transaction.
   */
  readonly handle: <E, R>(
    delivery: Delivery,
    handler: (event: Event) => Effect.Effect<unknown, E, R>
  ) => Effect.Effect<Outcome, HandleError | E, R>
}

/**
 * Handles the webhook that the current request brings, and answers it as its sender expects, without a body:
 *
 * - 204: the event is handled, now or before.
 * - 401: it is not believed. The log has the reason.
 * - 500: the handler failed, or the host has spoilt the body. The log says which. The sender tries again.
 * - 503: the platform or the inbox is away, or another delivery is being handled. The sender tries again.
 *
 * The path is the one that was asked for originally, before routers took prefixes away.
 *
 * @since 0.1.0
 * @category constructors
 */
export const respond = <Event, E, R>(
  receiver: Receiver<Event>,
  handler: (event: Event) => Effect.Effect<unknown, E, R>
): Effect.Effect<HttpServerResponse.HttpServerResponse, never, HttpServerRequest.HttpServerRequest | R> =>
  Effect.flatMap(HttpServerRequest.HttpServerRequest, (request) =>
    Effect.map(
      hosting.reply(receiver, hosting.fromEffect(request), handler),
      ({ headers, status }) => HttpServerResponse.empty({ status, headers })
    ))
