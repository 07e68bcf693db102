/**
 * The way out for webhooks: a port that sends one request to an address that somebody else chose, and its
 * implementations in this process. Over the network it is `NodeWebhookEgress`.
 *
 * @see docs/protocol.md "Delivery"
 * @since 0.1.0
 */
import type * as HttpApp from "@effect/platform/HttpApp"
import * as HttpClient from "@effect/platform/HttpClient"
import * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import * as HttpServerResponse from "@effect/platform/HttpServerResponse"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as HashMap from "effect/HashMap"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Ref from "effect/Ref"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import * as InProcess from "./InProcess.ts"

/**
 * A `POST` as it is to arrive: nothing is added to it but what HTTP itself needs.
 *
 * @since 0.1.0
 * @category models
 */
export interface Request {
  /** Of the delivery in the sender's log; 0 for what is no webhook. */
  readonly delivery: number
  /** Http or https. */
  readonly url: URL
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>
  readonly body: Uint8Array
}

/**
 * Why a request got no answer.
 *
 * - `NoEgress`: this platform has no way out
 * - `UrlRefused`: such a URL is not called: not https, or with a user name in it
 * - `NameUnresolved`: the host has no address
 * - `AddressRefused`: an address of the host is not one that may be called
 * - `ConnectionFailed`: no connection, no trust in its certificate, or no answer over it
 * - `TimedOut`: no answer in time
 *
 * @since 0.1.0
 * @category schemas
 */
export const UnsentReason = Schema.Literal(
  "NoEgress",
  "UrlRefused",
  "NameUnresolved",
  "AddressRefused",
  "ConnectionFailed",
  "TimedOut"
)

/**
 * @since 0.1.0
 * @category models
 */
export type UnsentReason = typeof UnsentReason.Type

const remedies: Readonly<Record<UnsentReason, string>> = {
  NoEgress: "this platform sends none; provide a WebhookEgress, such as NodeWebhookEgress.layer()",
  UrlRefused: "its URL is not called; register one over https, without user name and password",
  NameUnresolved: "its host has no address; look at the registered URL",
  AddressRefused:
    "its host has an address that is not public; allow it where the platform's egress is made, if it is meant",
  ConnectionFailed: "its host gave no answer; see whether it listens and what its certificate is",
  TimedOut: "its host gave no answer in time; answer first and work after"
}

/**
 * A request that got no answer. Whether it arrived is not known.
 *
 * @since 0.1.0
 * @category errors
 */
export class WebhookUnsent extends Schema.TaggedError<WebhookUnsent>(
  "@effect-launchkey/platform/WebhookEgress/WebhookUnsent"
)("WebhookUnsent", { reason: UnsentReason, cause: Schema.optional(Schema.Defect) }) {
  override get message(): string {
    return `The webhook was not delivered: ${remedies[this.reason]}.`
  }
}

/**
 * @since 0.1.0
 * @category models
 */
export interface Service {
  /**
   * Yields the status of the answer, whatever it is; a redirect is an answer, and not followed. Interruption, by which
   * its sender limits the time, ends the connection.
   */
  readonly post: (request: Request) => Effect.Effect<number, WebhookUnsent>
}

/**
 * Lets nothing out.
 *
 * @since 0.1.0
 * @category constructors
 */
export const none: Service = { post: () => new WebhookUnsent({ reason: "NoEgress" }) }

/**
 * By default nothing is let out.
 *
 * @since 0.1.0
 * @category tags
 */
export class WebhookEgress extends Context.Reference<WebhookEgress>()(
  "@effect-launchkey/platform/WebhookEgress",
  { defaultValue: () => none }
) {}

/** As a server does. */
const answering = (app: HttpApp.Default): HttpApp.Default =>
  Effect.catchAllCause(
    app,
    (cause) =>
      Effect.as(Effect.logError("A receiver of webhooks failed", cause), HttpServerResponse.empty({ status: 500 }))
  )

/**
 * Every request enters this app, whatever its host: no socket, the same clock.
 *
 * @since 0.1.0
 * @category constructors
 */
export const fromHttpApp = (app: HttpApp.Default): Service => {
  // A URL that somebody registered does not belong into a span.
  const client = HttpClient.withTracerDisabledWhen(InProcess.make(answering(app)), () => true)
  return {
    post: ({ body, headers, url }) =>
      HttpClientRequest.post(url).pipe(
        HttpClientRequest.bodyUint8Array(body, headers["content-type"]),
        HttpClientRequest.setHeaders(headers),
        client.execute,
        Effect.mapBoth({
          onFailure: (cause) => new WebhookUnsent({ reason: "ConnectionFailed", cause }),
          onSuccess: ({ status }) => status
        })
      )
  }
}

/**
 * Receivers of webhooks in this process, by the origin of their URL.
 *
 * @since 0.1.0
 * @category models
 */
export interface Receivers {
  /**
   * From now on, until the scope ends, what is sent to the origin, such as `"https://example.com"`, enters the app; an
   * app that was there before is replaced.
   */
  readonly serve: (origin: string, app: HttpApp.Default) => Effect.Effect<void, never, Scope.Scope>
}

/**
 * @since 0.1.0
 * @category tags
 */
export class WebhookReceivers
  extends Context.Tag("@effect-launchkey/platform/WebhookEgress/WebhookReceivers")<WebhookReceivers, Receivers>()
{}

/**
 * A way out that ends in this process: for tests of programs that receive webhooks from a platform that they embed. A
 * receiver needs the platform's keys, and so is made after the platform; until it is, and where none is, what is sent
 * fails with `ConnectionFailed`.
 *
 * @since 0.1.0
 * @category layers
 */
export const layerInProcess: Layer.Layer<WebhookEgress | WebhookReceivers> = Layer.effectContext(
  Effect.map(Ref.make(HashMap.empty<string, Service>()), (served) => {
    const egress: Service = {
      post: (request) =>
        Effect.flatMap(Ref.get(served), (receivers) =>
          Option.match(HashMap.get(receivers, request.url.origin), {
            onNone: () => new WebhookUnsent({ reason: "ConnectionFailed" }),
            onSome: ({ post }) => post(request)
          }))
    }
    const receivers: Receivers = {
      serve: (origin, app) => {
        const receiver = fromHttpApp(app)
        return Effect.acquireRelease(
          Ref.update(served, HashMap.set(origin, receiver)),
          () =>
            Ref.update(
              served,
              (all) => Option.contains(HashMap.get(all, origin), receiver) ? HashMap.remove(all, origin) : all
            )
        )
      }
    }
    return Context.make(WebhookEgress, egress).pipe(Context.add(WebhookReceivers, receivers))
  })
)
