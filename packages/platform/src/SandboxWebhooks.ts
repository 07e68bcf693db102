/**
 * The webhooks of a sandbox: what became of them, and how a receiver meets them again, honest or forged.
 *
 * @see docs/sandbox.md
 * @since 0.1.0
 */
import * as Jose from "@effect-launchkey/transport/Jose"
import * as Keyring from "@effect-launchkey/transport/Keyring"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as HashMap from "effect/HashMap"
import * as Option from "effect/Option"
import * as Ref from "effect/Ref"
import type * as Scope from "effect/Scope"
import { computedOnce } from "./internal/computedOnce.ts"
import { otherLastPart } from "./internal/tamper.ts"
import * as PlatformKeys from "./PlatformKeys.ts"
import * as PlatformSettings from "./PlatformSettings.ts"
import type { Resend } from "./SandboxApi.ts"
import * as WebhookEgress from "./WebhookEgress.ts"
import type * as WebhookQueue from "./WebhookQueue.ts"
import * as WebhookSender from "./WebhookSender.ts"

/**
 * @since 0.1.0
 * @category models
 */
export interface Webhooks {
  readonly sender: WebhookSender.Service
  /**
   * Sends what a delivery told once more, as `Resend` says, and yields the status of the answer. None where the log does
   * not hold the delivery, or nothing of it was sent yet.
   */
  readonly resend: (
    id: number,
    as: typeof Resend.Type
  ) => Effect.Effect<Option.Option<number>, WebhookEgress.WebhookUnsent>
}

/** What is kept of a delivery: all that its log leaves out. */
interface Kept {
  readonly webhook: WebhookQueue.Webhook
  /** As it was sent last. */
  readonly sent: WebhookEgress.Request
}

/** Seconds: longer than a token serves, and than any receiver tolerates. */
const late = 120

const utf8 = { encoder: new TextEncoder(), decoder: new TextDecoder() }

/** Of the same form as before, so that nothing but its hash finds it. */
const otherBody = (body: Uint8Array): Uint8Array => {
  const text = utf8.decoder.decode(body)
  return utf8.encoder.encode(text.startsWith("{") ? `${text} ` : otherLastPart(text))
}

/**
 * @since 0.1.0
 * @category constructors
 */
export const make = (
  queue: WebhookQueue.Service
): Effect.Effect<Webhooks, never, PlatformKeys.PlatformKeys | Scope.Scope> =>
  Effect.gen(function*() {
    const { webhooks: settings } = yield* PlatformSettings.PlatformSettings
    const context = yield* Effect.context<never>()
    const jose = yield* Jose.Jose
    const { keyring } = yield* PlatformKeys.PlatformKeys
    const egress = yield* WebhookEgress.WebhookEgress
    const told = yield* Ref.make(HashMap.empty<number, WebhookQueue.Webhook>())
    const sent = yield* Ref.make(HashMap.empty<number, WebhookEgress.Request>())

    /** As many as the log holds. */
    const keep = <A>(ref: Ref.Ref<HashMap.HashMap<number, A>>, id: number, value: A) =>
      Ref.update(ref, (all) => HashMap.remove(HashMap.set(all, id, value), id - settings.log))

    const recording: WebhookEgress.Service = {
      post: (request) => Effect.zipRight(keep(sent, request.delivery, request), egress.post(request))
    }

    const inner = yield* Effect.provideService(
      WebhookSender.makeWith(queue),
      WebhookEgress.WebhookEgress,
      recording
    )

    const stranger = yield* computedOnce(
      Effect.flatMap(jose.generateKey(), ({ privateKey }) => Keyring.fromKeys({ signing: privateKey, decryption: [] }))
        .pipe(Effect.provide(context))
    )

    /** The platform's, save that a key which it does not serve signs. */
    const strangers = Effect.map(stranger, ({ sign, signingKeyId }): Keyring.Service => ({
      ...keyring,
      sign,
      signingKeyId
    }))

    /** The same, under the header that the platform's own key puts on a token. */
    const disguised = Effect.map(strangers, (forging): Keyring.Service => ({
      ...forging,
      sign: (payload, options) =>
        Effect.zipWith(
          keyring.sign(payload, options),
          forging.sign(payload, options),
          (ours, theirs) => [...ours.split(".").slice(0, 1), ...theirs.split(".").slice(1)].join(".")
        )
    }))

    const forge = Effect.fnUntraced(function*({ sent, webhook }: Kept, as: typeof Resend.Type) {
      const now = DateTime.toEpochMillis(yield* DateTime.now) / 1000
      const honest = { delivery: sent.delivery, url: sent.url, keyring, now }
      switch (as) {
        case "again":
          return yield* WebhookSender.seal(webhook, honest)
        case "replayed":
          return sent
        case "tampered": {
          const sealed = yield* WebhookSender.seal(webhook, honest)
          return { ...sealed, body: otherBody(sealed.body) }
        }
        case "late":
          return yield* WebhookSender.seal(webhook, { ...honest, now: now - late })
        case "wrong-key":
          return yield* WebhookSender.seal(webhook, { ...honest, keyring: yield* disguised })
        case "unknown-key":
          return yield* WebhookSender.seal(webhook, { ...honest, keyring: yield* strangers })
      }
    })

    return {
      sender: {
        ...inner,
        send: (webhook) => Effect.tap(inner.send(webhook), (id) => keep(told, id, webhook))
      },
      resend: (id, as) =>
        Effect.gen(function*() {
          const kept = Option.all({
            webhook: HashMap.get(yield* Ref.get(told), id),
            sent: HashMap.get(yield* Ref.get(sent), id)
          })
          return yield* Effect.transposeMapOption(kept, (known) =>
            Effect.flatMap(forge(known, as), (as === "again" ? recording : egress).post).pipe(
              Effect.timeoutFail({
                duration: settings.timeout,
                onTimeout: () => new WebhookEgress.WebhookUnsent({ reason: "TimedOut" })
              })
            ))
        }).pipe(Effect.provide(context))
    }
  })
