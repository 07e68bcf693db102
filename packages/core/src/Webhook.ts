/**
 * What the platform tells by webhook, on the wire and as events.
 *
 * @see docs/protocol.md "Webhooks"
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"
import { AuthorizationPackage, AuthorizationResponse, DeviceId } from "./Authorization.ts"
import { UtcSeconds } from "./internal/wire.ts"
import { KeyId } from "./KeyId.ts"

/**
 * A device's answer as a service's webhook relays it: what a poll yields, with a type that senders may leave out.
 * Encrypted.
 *
 * @since 0.1.0
 * @category schemas
 */
export const AuthorizationWebhook = AuthorizationPackage.pipe(
  Schema.extend(Schema.Struct({ type: Schema.optionalWith(Schema.Literal("AUTHORIZATION_RESPONSE"), { exact: true }) }))
)

/**
 * A user has ended the session that a service holds, or the directory has ended them all. Signed, and not encrypted.
 *
 * @since 0.1.0
 * @category schemas
 */
export const SessionEndWebhook = Schema.Struct({
  serviceUserHash: Schema.propertySignature(Schema.NonEmptyString).pipe(Schema.fromKey("service_user_hash")),
  ended: Schema.propertySignature(UtcSeconds).pipe(Schema.fromKey("api_time"))
})

/**
 * A device has completed its link to a user of a directory. Encrypted.
 *
 * @since 0.1.0
 * @category schemas
 */
export const DeviceLinkWebhook = Schema.Struct({
  type: Schema.Literal("DEVICE_LINK_COMPLETION"),
  deviceId: Schema.propertySignature(DeviceId).pipe(Schema.fromKey("device_id")),
  publicKey: Schema.propertySignature(Schema.String).pipe(Schema.fromKey("device_public_key")),
  publicKeyId: Schema.propertySignature(KeyId).pipe(Schema.fromKey("device_public_key_id"))
})

/**
 * A user's device has answered an authorization request: the response is what a poll yields. A denial is a response like
 * any other: see `authorized`.
 *
 * @since 0.1.0
 * @category models
 */
export class AuthorizationResponded extends Schema.TaggedClass<AuthorizationResponded>(
  "@effect-launchkey/core/Webhook/AuthorizationResponded"
)("AuthorizationResponded", { response: AuthorizationResponse }) {}

/**
 * A user wants to be logged out. `serviceUserHash` is that of the response by which the user logged in. Whoever has ended
 * the user's own sessions says so by `sessionEnd`, which clears the entry on the user's devices.
 *
 * @since 0.1.0
 * @category models
 */
export class SessionEnded extends Schema.TaggedClass<SessionEnded>("@effect-launchkey/core/Webhook/SessionEnded")(
  "SessionEnded",
  {
    serviceUserHash: Schema.String,
    /** When the user asked for it, on the platform's clock. */
    ended: Schema.DateTimeUtcFromSelf
  }
) {}

/**
 * A device is linked to a user of the directory: the one that `LinkStarted` named.
 *
 * @since 0.1.0
 * @category models
 */
export class DeviceLinkCompleted extends Schema.TaggedClass<DeviceLinkCompleted>(
  "@effect-launchkey/core/Webhook/DeviceLinkCompleted"
)("DeviceLinkCompleted", {
  deviceId: DeviceId,
  /** PEM of an RSA public key (SPKI). */
  publicKey: Schema.String,
  publicKeyId: KeyId
}) {}

/**
 * A verified webhook of a kind that this version does not know, or that has no business here: never an approval.
 *
 * @since 0.1.0
 * @category models
 */
export class UnknownEvent extends Schema.TaggedClass<UnknownEvent>("@effect-launchkey/core/Webhook/UnknownEvent")(
  "UnknownEvent",
  {
    /** What the message calls itself, where it does. */
    type: Schema.OptionFromSelf(Schema.String)
  }
) {}

/**
 * What a service is told.
 *
 * @since 0.1.0
 * @category models
 */
export type ServiceEvent = AuthorizationResponded | SessionEnded | UnknownEvent

/**
 * What a directory is told.
 *
 * @since 0.1.0
 * @category models
 */
export type DirectoryEvent = DeviceLinkCompleted | UnknownEvent
