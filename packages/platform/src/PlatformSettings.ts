/**
 * What an operator may choose of the platform.
 *
 * @since 0.1.0
 */
import type { EntityIdentifier } from "@effect-launchkey/core/EntityIdentifier"
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
 * How webhooks are delivered.
 *
 * @see docs/protocol.md "Delivery"
 * @since 0.1.0
 * @category models
 */
export interface Webhooks {
  /** How long an attempt may take, until the head of the answer is there. Default 10 seconds. */
  readonly timeout: Duration.Duration
  /**
   * The wait after a first attempt that fails; each later one is twice as long, up to `longestDelay`, give or take a
   * fifth. Default 1 second.
   */
  readonly firstDelay: Duration.Duration
  /** Default 1 minute. */
  readonly longestDelay: Duration.Duration
  /** How long attempts go on after the first that failed. Default 15 minutes. */
  readonly retryFor: Duration.Duration
  /** How many are attempted at once. Default 64. */
  readonly concurrency: number
  /** How many of them at one origin, so that a receiver that is slow does not hold up the others. Default 16. */
  readonly concurrencyPerOrigin: number
  /** How many may be on their way, attempted or waiting. Further ones are refused. Default 10,000. */
  readonly open: number
  /** How many deliveries the log holds, the latest. Default 1,000. */
  readonly log: number
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
  /**
   * Requests that one user was asked and has not approved: denied, expired, failed or canceled, one after the other. An
   * approval counts from nothing again.
   *
   * @see docs/users.md "Prompts that nobody wanted"
   */
  readonly unapprovedPrompts: Limit
  /**
   * Numbers that a user may enter to approve one request, the last of which ends it where it is wrong. Default 1: whoever
   * guesses is right once in ninety requests, and who mistyped signs in anew.
   *
   * @see docs/users.md "A number to enter"
   */
  readonly numberTries: number
  /** How long a service may not ask a user who reported it for fraud. */
  readonly fraudPause: Duration.Duration
  /** One-time codes tried for one user. */
  readonly totpAttempts: Limit
  /** Links tried with one SDK key, right or wrong. */
  readonly linkAttempts: Limit
  /** Wrong SDK keys tried with one linking code. */
  readonly sdkKeyAttempts: Limit
  readonly webhooks: Webhooks
  /**
   * Organizations and services that may call by the early authorization too, by their keys of ten digits. Default nobody:
   * it is refused then.
   *
   * @see docs/protocol.md "The early authorization"
   */
  readonly earlyKeys: ReadonlyMap<string, EntityIdentifier>
}

/**
 * @since 0.1.0
 * @category models
 */
export const defaults: Settings = {
  qrCodeUrl: (code) => `http://platform.localhost/public/v3/qr/${code}`,
  authorizations: { limit: 20, window: Duration.minutes(1) },
  unapprovedPrompts: { limit: 30, window: Duration.hours(1) },
  numberTries: 1,
  fraudPause: Duration.minutes(15),
  totpAttempts: { limit: 10, window: Duration.minutes(1) },
  linkAttempts: { limit: 600, window: Duration.minutes(1) },
  sdkKeyAttempts: { limit: 10, window: Duration.minutes(1) },
  webhooks: {
    timeout: Duration.seconds(10),
    firstDelay: Duration.seconds(1),
    longestDelay: Duration.minutes(1),
    retryFor: Duration.minutes(15),
    concurrency: 64,
    concurrencyPerOrigin: 16,
    open: 10_000,
    log: 1_000
  },
  earlyKeys: new Map()
}

/**
 * @since 0.1.0
 * @category tags
 */
export class PlatformSettings extends Context.Reference<PlatformSettings>()(
  "@effect-launchkey/platform/PlatformSettings",
  { defaultValue: () => defaults }
) {}
