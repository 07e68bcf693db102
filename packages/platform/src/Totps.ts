/**
 * One-time codes by time: SHA-1, six digits, thirty seconds, which is what every code application can do.
 *
 * @see https://www.rfc-editor.org/rfc/rfc6238
 * @since 0.1.0
 */
import { EntityNotFound, RateLimited } from "@effect-launchkey/core/ApiError"
import type { StoreUnavailable } from "@effect-launchkey/core/StoreUnavailable"
import { TotpConfiguration } from "@effect-launchkey/core/Totp"
import * as Jose from "@effect-launchkey/transport/Jose"
import * as Context from "effect/Context"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as OTPAuth from "otpauth"
import * as PlatformClock from "./PlatformClock.ts"
import * as PlatformSettings from "./PlatformSettings.ts"
import * as Store from "./Store.ts"

/**
 * @since 0.1.0
 * @category models
 */
export interface Service {
  /** A fresh secret of 160 bits in place of the user's earlier one. */
  readonly generate: (user: Store.UserKey) => Effect.Effect<TotpConfiguration, StoreUnavailable>
  /**
   * Whether the code is the user's now, or one step before or after, and was not used before. What is no code of the
   * right form is simply wrong.
   */
  readonly verify: (
    user: Store.UserKey,
    code: Redacted.Redacted<string>
  ) => Effect.Effect<boolean, EntityNotFound | RateLimited | StoreUnavailable>
}

/**
 * @since 0.1.0
 * @category tags
 */
export class Totps extends Context.Tag("@effect-launchkey/platform/Totps")<Totps, Service>() {}

const secretLength = 20

/** How many steps the clock of a code application may be off, either way. */
const drift = 1

/**
 * @since 0.1.0
 * @category constructors
 */
export const make: Effect.Effect<Service, never, Store.Store | PlatformClock.PlatformClock> = Effect.gen(
  function*() {
    const jose = yield* Jose.Jose
    const store = yield* Store.Store
    const clock = yield* PlatformClock.PlatformClock
    const { totpAttempts } = yield* PlatformSettings.PlatformSettings

    return {
      generate: (user) =>
        Effect.gen(function*() {
          const bytes = yield* jose.randomBytes(secretLength)
          const totp = new TotpConfiguration({
            secret: Redacted.make(new OTPAuth.Secret({ buffer: new Uint8Array(bytes).buffer }).base32),
            algorithm: "SHA1",
            period: 30,
            digits: 6
          })
          yield* store.setTotp(user, Option.some(totp))
          return totp
        }),

      verify: (user, code) =>
        Effect.gen(function*() {
          const totp = yield* store.totp(user)
          if (Option.isNone(totp)) return yield* new EntityNotFound({ detail: "the user has no one-time codes" })
          const now = yield* clock.now
          const wait = yield* store.attempt(`totp ${user.directoryId} ${user.identifier}`, totpAttempts, now)
          if (Option.isSome(wait)) return yield* new RateLimited({ retryAfter: wait })
          const { algorithm, digits, period, secret } = totp.value
          const timestamp = DateTime.toEpochMillis(now)
          const token = Redacted.value(code)
          if (!/^\d+$/.test(token)) return false
          const delta = new OTPAuth.TOTP({ secret: Redacted.value(secret), algorithm, digits, period }).validate({
            token,
            timestamp,
            window: drift
          })
          return delta !== null && (yield* store.useTotpStep(user, Math.floor(timestamp / 1000 / period) + delta))
        })
    }
  }
)

/**
 * @since 0.1.0
 * @category layers
 */
export const layer: Layer.Layer<Totps, never, Store.Store | PlatformClock.PlatformClock> = Layer.effect(
  Totps,
  make
)
