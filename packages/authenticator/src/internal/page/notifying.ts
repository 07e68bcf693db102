/** How the browser is asked to take pushes: a port, for the browser and for tests. */
import * as PageWorker from "@effect-launchkey/platform/PageWorker"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import * as Encoding from "effect/Encoding"
import * as Option from "effect/Option"

const problems = {
  Denied: "The browser does not let this page notify you. Allow it in the browser's settings.",
  Unsupported: "This browser cannot be notified. Keep the page open to be asked at once.",
  Kept: "This browser did not let go of the page's notifications. Forbid them in the browser's settings."
} as const

/**
 * - `Denied`: the user said no, now or before
 * - `Unsupported`: the browser knows no pushes, or no push service
 * - `Kept`: it did not end what it was subscribed to
 */
export class CannotNotify extends Data.TaggedError("CannotNotify")<{ readonly reason: keyof typeof problems }> {
  override get message(): string {
    return problems[this.reason]
  }
}

export interface Notifying {
  /** Whether it is subscribed. */
  readonly current: Effect.Effect<boolean>
  /** Asks the user, who has just clicked for it. */
  readonly permit: Effect.Effect<void, CannotNotify>
  /** Yields where pushes are to be sent. */
  readonly subscribe: (key: string) => Effect.Effect<string, CannotNotify>
  readonly unsubscribe: Effect.Effect<void, CannotNotify>
}

const unsupported = () => new CannotNotify({ reason: "Unsupported" })

/** The one script that may be named: a page whose types are trusted names no other. */
const scriptUrl = (): string => {
  const { name, policy } = PageWorker
  const types = (globalThis as {
    readonly trustedTypes?: {
      readonly createPolicy: (name: string, rules: { readonly createScriptURL: () => string }) => {
        readonly createScriptURL: (text: string) => string
      }
    }
  }).trustedTypes
  return types === undefined ? name : types.createPolicy(policy, { createScriptURL: () => name }).createScriptURL(name)
}

let script: string | undefined

const registration = Effect.tryPromise({
  try: async () => {
    await navigator.serviceWorker.register(script ??= scriptUrl())
    return navigator.serviceWorker.ready
  },
  catch: unsupported
})

/** A browser that knows no pushes has none. */
const subscription = Effect.tryPromise(async () =>
  (await navigator.serviceWorker.getRegistration())?.pushManager.getSubscription()
).pipe(Effect.orElseSucceed(() => undefined), Effect.map(Option.fromNullable))

export const browser: Notifying = {
  current: Effect.map(subscription, Option.isSome),
  permit: Effect.suspend(() =>
    !("Notification" in globalThis) || !("serviceWorker" in navigator) || !("PushManager" in globalThis)
      ? unsupported()
      : Effect.filterOrFail(
        Effect.tryPromise({ try: () => Notification.requestPermission(), catch: unsupported }),
        (permission) => permission === "granted",
        () => new CannotNotify({ reason: "Denied" })
      )
  ),
  subscribe: (key) =>
    Effect.gen(function*() {
      const { pushManager } = yield* registration
      const applicationServerKey = yield* Effect.mapError(Encoding.decodeBase64Url(key), unsupported)
      const { endpoint } = yield* Effect.tryPromise({
        try: async () => {
          // One by another key, as of a platform of before, would be refused.
          await (await pushManager.getSubscription())?.unsubscribe()
          return pushManager.subscribe({
            userVisibleOnly: true,
            applicationServerKey: new Uint8Array(applicationServerKey)
          })
        },
        catch: unsupported
      })
      return endpoint
    }),
  unsubscribe: Effect.flatMap(
    subscription,
    Option.match({
      onNone: () => Effect.void,
      onSome: (found) =>
        Effect.tryPromise(() => found.unsubscribe()).pipe(
          Effect.filterOrFail((ended) => ended),
          Effect.mapError(() => new CannotNotify({ reason: "Kept" })),
          Effect.asVoid
        )
    })
  )
}
