import * as Jose from "@effect-launchkey/transport/Jose"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Encoding from "effect/Encoding"
import * as Option from "effect/Option"
import * as Ref from "effect/Ref"
import * as PlatformDate from "../../PlatformDate.ts"
import { appended, type Application, type CallbackForm, type Delivery, type State } from "./state.ts"

/** A way out, such as the platform package's `WebhookEgress`. */
export interface Egress {
  readonly post: (request: {
    readonly delivery: number
    readonly url: URL
    readonly headers: Readonly<Record<string, string>>
    readonly body: Uint8Array
  }) => Effect.Effect<number, unknown>
}

const payloadOf = (form: CallbackForm, now: DateTime.Utc, userHash: string): string =>
  JSON.stringify(
    form === "deorbit"
      ? { launchkey_time: PlatformDate.format(now), user_hash: userHash }
      : { api_time: PlatformDate.formatIso(now), user_hash: userHash }
  )

/** The query of a logout, signed. */
export const logoutQuery = (key: Jose.PrivateKey, form: CallbackForm, userHash: string) =>
  Effect.gen(function*() {
    const jose = yield* Jose.Jose
    const payload = payloadOf(form, yield* DateTime.now, userHash)
    const signature = yield* jose.signBytes(new TextEncoder().encode(payload), key)
    return { [form === "clear" ? "clear" : "deorbit"]: payload, signature: Encoding.encodeBase64(signature) }
  })

/** Posts once, with everything in the query. What came of it is told, and no error of who caused it. */
export const send = (
  ref: Ref.Ref<State>,
  egress: Option.Option<Egress>,
  { appKey, callbackUrl }: Application,
  event: Delivery["event"],
  query: Readonly<Record<string, string | undefined>>
): Effect.Effect<void> =>
  Option.match(callbackUrl, {
    onNone: () => Effect.void,
    onSome: (base) =>
      Effect.gen(function*() {
        const url = new URL(base)
        for (const [name, value] of Object.entries(query)) {
          if (value !== undefined) url.searchParams.append(name, value)
        }
        // a blank that any decoder reads as one
        url.search = url.searchParams.toString().replaceAll("+", "%20")
        const status = yield* Option.match(egress, {
          onNone: () => Effect.succeedNone,
          onSome: ({ post }) =>
            Effect.flatMap(Ref.get(ref), ({ deliveries }) =>
              Effect.option(post({
                delivery: deliveries.length + 1,
                url,
                headers: { "content-type": "application/json", "content-length": "0" },
                body: new Uint8Array(0)
              })))
        })
        yield* Ref.update(ref, (state) => ({
          ...state,
          deliveries: appended(state.deliveries, { appKey, event, status })
        }))
      })
  })
