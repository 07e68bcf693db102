/**
 * Tells devices by Web Push that something waits, without saying what: a push has no payload, so whoever carries it learns
 * nothing but that. It is a hint, and holds up nobody: devices ask by themselves as well.
 *
 * @see docs/protocol.md "Push"
 * @see https://www.rfc-editor.org/rfc/rfc8030
 * @since 0.1.0
 */
import type { DeviceId } from "@effect-launchkey/core/Authorization"
import * as Jose from "@effect-launchkey/transport/Jose"
import * as Context from "effect/Context"
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Encoding from "effect/Encoding"
import * as FiberSet from "effect/FiberSet"
import * as Layer from "effect/Layer"
import * as Metric from "effect/Metric"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import * as Metrics from "./Metrics.ts"
import * as PlatformClock from "./PlatformClock.ts"
import * as PushKey from "./PushKey.ts"
import { isOpen } from "./Records.ts"
import * as Store from "./Store.ts"
import * as WebhookEgress from "./WebhookEgress.ts"

/**
 * @since 0.1.0
 * @category models
 */
export interface Service {
  /** By which devices subscribe; none where no push is sent. */
  readonly publicKey: Option.Option<string>
  /** Begins to tell the devices of a request that was opened. */
  readonly notify: (authorization: Store.Authorization) => Effect.Effect<void>
}

/**
 * Sends none.
 *
 * @since 0.1.0
 * @category constructors
 */
export const none: Service = { publicKey: Option.none(), notify: () => Effect.void }

/**
 * Default: none is sent.
 *
 * @since 0.1.0
 * @category tags
 */
export class WebPush extends Context.Reference<WebPush>()("@effect-launchkey/platform/WebPush", {
  defaultValue: (): Service => none
}) {}

/**
 * Whom push services may ask about what is sent: a `mailto:` or `https:` URL.
 *
 * @see https://www.rfc-editor.org/rfc/rfc8292#section-2.1
 * @since 0.1.0
 * @category schemas
 */
export const Contact = Schema.String.pipe(
  Schema.filter((text) => URL.canParse(text) && /^(?:mailto:[^@\s]+@[^@\s]+|https:\/\/\S+)$/.test(text), {
    message: () => "expected a mailto: or https: URL"
  })
)

/**
 * @since 0.1.0
 * @category models
 */
export interface Options {
  readonly contact: typeof Contact.Type
}

/**
 * How a push is sent: so many at once, and so long until the push service has answered. What does not come through is
 * tried again, later each time, as long as the request is open.
 *
 * @since 0.1.0
 * @category models
 */
export const limits = {
  concurrency: 16,
  /** Those on their way, tried or waiting. Further ones are not sent. */
  open: 1000,
  timeout: Duration.seconds(10),
  delays: [Duration.seconds(1), Duration.seconds(4), Duration.seconds(16)]
} as const

/** For how long a push service believes one word of ours. */
const believed = Duration.hours(1)

/** The highest that is waited for: no device is to sleep on. */
const urgency = "high"

type Outcome = "Sent" | "Gone" | "Refused" | "Failed"

const outcomeOf = (status: number): Outcome =>
  status >= 200 && status < 300
    ? "Sent"
    : status === 404 || status === 410
    ? "Gone"
    : status === 429 || status >= 500
    ? "Failed"
    : "Refused"

const unsent: { readonly [Reason in WebhookEgress.UnsentReason]: Outcome } = {
  NoEgress: "Refused",
  UrlRefused: "Refused",
  AddressRefused: "Refused",
  NameUnresolved: "Failed",
  ConnectionFailed: "Failed",
  TimedOut: "Failed"
}

/**
 * Sends by the `WebhookEgress` of the context, under its rules, until the scope ends. Each device that was asked has one
 * push per request, by the node that opened it.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (options: Options): Effect.Effect<
  Service,
  never,
  Store.Store | PushKey.PushKey | PlatformClock.PlatformClock | Scope.Scope
> =>
  Effect.gen(function*() {
    const store = yield* Store.Store
    const jose = yield* Jose.Jose
    const clock = yield* PlatformClock.PlatformClock
    const key = yield* PushKey.PushKey
    const egress = yield* WebhookEgress.WebhookEgress
    const sending = yield* FiberSet.make<void>()
    const inTurn = (yield* Effect.makeSemaphore(limits.concurrency)).withPermits(1)

    /** Replaces what waits for the same device, and names it to nobody: 32 characters of base64url. */
    const topicOf = (deviceId: DeviceId) =>
      Effect.map(
        jose.digest("S256", new TextEncoder().encode(`topic ${deviceId}`)),
        (hex) => Encoding.encodeBase64Url(Uint8Array.from(hex.slice(0, 48).match(/../g) ?? [], (_) => parseInt(_, 16)))
      )

    const post = (endpoint: string, deviceId: DeviceId, left: Duration.Duration): Effect.Effect<Outcome> =>
      Effect.gen(function*() {
        if (!URL.canParse(endpoint)) return "Refused"
        const url = new URL(endpoint)
        const now = yield* DateTime.now
        const sent = yield* egress.post({
          delivery: 0,
          url,
          headers: {
            authorization: yield* key.authorization({
              aud: url.origin,
              exp: Math.floor(DateTime.toEpochMillis(DateTime.addDuration(now, believed)) / 1000),
              sub: options.contact
            }),
            ttl: String(Math.ceil(Duration.toSeconds(left))),
            urgency,
            topic: yield* topicOf(deviceId)
          },
          body: new Uint8Array()
        }).pipe(
          Effect.timeoutFail({
            duration: limits.timeout,
            onTimeout: () => new WebhookEgress.WebhookUnsent({ reason: "TimedOut" })
          }),
          inTurn,
          Effect.either
        )
        return Either.match(sent, { onLeft: ({ reason }) => unsent[reason], onRight: outcomeOf })
      })

    const attempt = (id: Store.Authorization["id"], deviceId: DeviceId) =>
      Effect.gen(function*() {
        const endpoint = yield* store.pushEndpoint(deviceId)
        if (Option.isNone(endpoint)) return Option.none<Outcome>()
        const now = yield* clock.now
        const asked = Option.filter(yield* store.authorization(id), (authorization) => isOpen(authorization, now))
        if (Option.isNone(asked)) return Option.none<Outcome>()
        const left = Duration.millis(DateTime.distance(now, asked.value.expires))
        const outcome = yield* post(endpoint.value, deviceId, left)
        if (outcome === "Gone") {
          // It may have subscribed anew since.
          const latest = yield* store.pushEndpoint(deviceId)
          if (Option.contains(latest, endpoint.value)) yield* store.setPushEndpoint(deviceId, Option.none())
        }
        return Option.some(outcome)
      })

    const tell = (id: Store.Authorization["id"], deviceId: DeviceId) =>
      Effect.gen(function*() {
        let outcome = yield* attempt(id, deviceId)
        for (const delay of limits.delays) {
          if (!Option.contains(outcome, "Failed")) break
          yield* Effect.sleep(delay)
          const again = yield* attempt(id, deviceId)
          // Nobody waits any more: what was is what came of it.
          if (Option.isNone(again)) break
          outcome = again
        }
        if (Option.isSome(outcome)) yield* Metric.increment(Metrics.pushes.of({ outcome: outcome.value }))
      }).pipe(
        Effect.catchAll((error) => Effect.logDebug("A device could not be told by push", error)),
        Effect.annotateLogs({ package: "@effect-launchkey/platform", module: "WebPush", device: deviceId })
      )

    return {
      publicKey: Option.some(key.publicKey),
      notify: ({ deviceIds, id }) =>
        Effect.flatMap(FiberSet.size(sending), (size) => {
          const told = deviceIds.slice(0, Math.max(0, limits.open - size))
          return Effect.zipRight(
            Metric.incrementBy(Metrics.pushes.of({ outcome: "Dropped" }), deviceIds.length - told.length),
            Effect.forEach(told, (deviceId) => FiberSet.run(sending, tell(id, deviceId)), { discard: true })
          )
        })
    }
  })

/**
 * @since 0.1.0
 * @category layers
 */
export const layer = (
  options: Options
): Layer.Layer<never, never, Store.Store | PushKey.PushKey | PlatformClock.PlatformClock> =>
  Layer.scoped(WebPush, make(options))

/**
 * The store, which has devices told of each request that is opened.
 *
 * @since 0.1.0
 * @category combinators
 */
export const telling = (store: Store.Service, { notify }: Service): Store.Service => ({
  ...store,
  openAuthorization: (authorization) =>
    Effect.tap(
      store.openAuthorization(authorization),
      (opened) => Either.isRight(opened) ? notify(authorization) : Effect.void
    )
})
