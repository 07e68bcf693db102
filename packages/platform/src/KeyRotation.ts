/**
 * How the platform's own signing keys take turns while it runs: a port, for whoever operates it.
 *
 * @see docs/keys.md "The platform's"
 * @since 0.1.0
 */
import { KeyId } from "@effect-launchkey/core/KeyId"
import type { StoreUnavailable } from "@effect-launchkey/core/StoreUnavailable"
import * as Context from "effect/Context"
import * as DateTime from "effect/DateTime"
import type * as Duration from "effect/Duration"
import type * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type { NotUnsealed } from "./KeyVault.ts"

/**
 * - `ANNOUNCED`: every node learns it, and it decrypts; it does not sign yet
 * - `SIGNING`: the current one
 * - `PREVIOUS`: it decrypts, and can be fetched, until it is retired
 *
 * @since 0.1.0
 * @category schemas
 */
export const State = Schema.Literal("ANNOUNCED", "SIGNING", "PREVIOUS")

/**
 * @since 0.1.0
 * @category models
 */
export interface SigningKey {
  readonly id: KeyId
  readonly created: DateTime.Utc
  readonly signsFrom: DateTime.Utc
  readonly state: typeof State.Type
}

/**
 * A key that is announced already, and has to sign before another can be.
 *
 * @since 0.1.0
 * @category errors
 */
export class RotationUnderWay extends Schema.TaggedError<RotationUnderWay>(
  "@effect-launchkey/platform/KeyRotation/RotationUnderWay"
)("RotationUnderWay", { id: KeyId, signsFrom: Schema.DateTimeUtc }) {
  override get message(): string {
    return `Key ${this.id} was announced before and signs from ${
      DateTime.formatIso(this.signsFrom)
    } on. Rotate again after that.`
  }
}

/**
 * A key that cannot be retired.
 *
 * - `Unknown`: the platform has none of that id
 * - `Needed`: it signs, or is to, or clients may still use it
 *
 * @since 0.1.0
 * @category errors
 */
export class NotRetired extends Schema.TaggedError<NotRetired>("@effect-launchkey/platform/KeyRotation/NotRetired")(
  "NotRetired",
  { id: KeyId, reason: Schema.Literal("Unknown", "Needed") }
) {
  override get message(): string {
    return this.reason === "Unknown"
      ? `The platform has no key ${this.id}. List its keys.`
      : `Key ${this.id} signs, is to sign, or did until less than ten minutes ago. Rotate first, and retire it afterwards.`
  }
}

/**
 * @since 0.1.0
 * @category models
 */
export interface Service {
  /** Oldest first. */
  readonly list: Effect.Effect<ReadonlyArray<SigningKey>, StoreUnavailable | NotUnsealed>
  /**
   * Makes a new key and announces it, for it to sign once every node knows it. The one before stays: retire it when no
   * client can have it any more.
   */
  readonly rotate: Effect.Effect<SigningKey, RotationUnderWay | StoreUnavailable | NotUnsealed>
  /** Erases a previous key: nothing that was encrypted to it can be read any more, and nobody can fetch it. */
  readonly retire: (id: KeyId) => Effect.Effect<void, NotRetired | StoreUnavailable | NotUnsealed>
  /** Seals everything under the first key-encryption key that does not rest under it yet. Yields how much that was. */
  readonly rewrap: Effect.Effect<number, StoreUnavailable | NotUnsealed>
}

/**
 * @since 0.1.0
 * @category tags
 */
export class KeyRotation extends Context.Tag("@effect-launchkey/platform/KeyRotation")<KeyRotation, Service>() {}

/**
 * @since 0.1.0
 * @category models
 */
export interface Options {
  /** How long a new key is known before it signs: longer than `interval`. Default 5 minutes. */
  readonly announceFor?: Duration.DurationInput | undefined
  /** How often a node looks for keys that another one made. Default 30 seconds. */
  readonly interval?: Duration.DurationInput | undefined
}
