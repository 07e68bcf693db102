/**
 * An entry of the audit log, as it is told: see `AuditLog`.
 *
 * @see docs/operating.md "Audit log"
 * @since 0.1.0
 */
import { EntityIdentifier } from "@effect-launchkey/core/EntityIdentifier"
import { KeyId } from "@effect-launchkey/core/KeyId"
import * as Schema from "effect/Schema"
import { OperatorIdentifier } from "./Operator.ts"

/**
 * What can be done to the platform that is written down.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Act = Schema.Literal(
  "organization.create",
  "directory.create",
  "directory.update",
  "directory.sdk-key.create",
  "directory.sdk-key.remove",
  "service.create",
  "service.update",
  "service.policy.set",
  "key.add",
  "key.update",
  "key.remove",
  "device.unlink",
  "platform.key.rotate",
  "platform.key.retire",
  "platform.key.rewrap",
  "platform.import",
  "webhook.replay",
  "fraud.report",
  "fraud.lift",
  "prompt.limit",
  "number.mismatch",
  "operator.invite",
  "operator.remove",
  "operator.sign-in",
  "operator.sign-in.refused",
  "operator.sessions.end",
  "operator.passkey.add",
  "operator.passkey.remove"
)

/**
 * @since 0.1.0
 * @category models
 */
export type Act = typeof Act.Type

/**
 * Who acted: the entity whose key signed the call, an operator of the console, or whoever has the platform's own machine,
 * who is `"admin"`, and in entries from before there was a console `"operator"`. Somebody who was refused, as they did not
 * show who they are, is `"unknown"`.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Actor = Schema.Union(Schema.Literal("admin", "operator", "unknown"), OperatorIdentifier, EntityIdentifier)

/**
 * What was acted on.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Target = Schema.Union(Schema.Literal("platform"), OperatorIdentifier, EntityIdentifier)

const hex = Schema.String.pipe(Schema.pattern(/^[0-9a-f]{64}$/))

/**
 * In JSON, the time is epoch milliseconds.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Entry = Schema.Struct({
  act: Act,
  actor: Actor,
  at: Schema.DateTimeUtcFromNumber,
  /** SHA-256 of the canonical JSON of all other members, as lower-case hex. */
  hash: hex,
  keyId: Schema.OptionFromNullOr(KeyId),
  on: Target,
  /** The hash of the entry before; zeros for the first. */
  previous: hex,
  /** Counts from 1, without a gap. */
  sequence: Schema.Int
})

/**
 * @since 0.1.0
 * @category models
 */
export type Entry = typeof Entry.Type

/**
 * How far the log goes. Whoever keeps one elsewhere can tell later that nothing up to it was changed.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Head = Schema.Struct({ sequence: Schema.Int, hash: hex })

/**
 * @since 0.1.0
 * @category models
 */
export type Head = typeof Head.Type

/**
 * What a look at the whole chain found: the first entry at which it breaks, if any.
 *
 * - `Missing`: the entry of that number is not there, and later ones or the anchor are
 * - `Detached`: it does not follow on the entry before it
 * - `Altered`: its hash is not that of what it says
 * - `Replaced`: it is not the one that the anchor was made of
 *
 * @since 0.1.0
 * @category schemas
 */
export const Verdict = Schema.Struct({
  /** How many entries hold, from the first on. */
  holds: Schema.Int,
  broken: Schema.OptionFromNullOr(Schema.Struct({
    sequence: Schema.Int,
    reason: Schema.Literal("Missing", "Detached", "Altered", "Replaced")
  })),
  /** As far as it holds; none where that is nowhere. */
  head: Schema.OptionFromNullOr(Head)
})

/**
 * @since 0.1.0
 * @category models
 */
export type Verdict = typeof Verdict.Type
