/**
 * What an operator may choose of the platform.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"

/**
 * @since 0.1.0
 * @category models
 */
export interface Limit {
  readonly limit: number
  readonly window: Duration.Duration
}

/**
 * @since 0.1.0
 * @category models
 */
export interface Settings {
  /** Where an image of a linking code is fetched from: a host with a dot in its name, for the official SDKs' sake. */
  readonly qrCodeUrl: (code: string) => string
  /** Authorization requests for one user. */
  readonly authorizations: Limit
  /** One-time codes tried for one user. */
  readonly totpAttempts: Limit
  /** Links tried with one SDK key, right or wrong. */
  readonly linkAttempts: Limit
  /** Wrong SDK keys tried with one linking code. */
  readonly sdkKeyAttempts: Limit
}

/**
 * @since 0.1.0
 * @category models
 */
export const defaults: Settings = {
  qrCodeUrl: (code) => `http://platform.localhost/public/v3/qr/${code}`,
  authorizations: { limit: 20, window: Duration.minutes(1) },
  totpAttempts: { limit: 10, window: Duration.minutes(1) },
  linkAttempts: { limit: 600, window: Duration.minutes(1) },
  sdkKeyAttempts: { limit: 10, window: Duration.minutes(1) }
}

/**
 * @since 0.1.0
 * @category tags
 */
export class PlatformSettings extends Context.Reference<PlatformSettings>()(
  "@effect-launchkey/platform/PlatformSettings",
  { defaultValue: () => defaults }
) {}
