/**
 * An authorization: what a service asks of a user, and what the user's device answers.
 *
 * @see docs/protocol.md "Authorizations"
 * @since 0.1.0
 */
import * as Duration from "effect/Duration"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import { AuthPolicy } from "./AuthPolicy.ts"
import { DenialReasons } from "./DenialReason.ts"
import { AuthMethod } from "./Factor.ts"
import { maxCodePoints, text } from "./internal/text.ts"
import * as wire from "./internal/wire.ts"
import { KeyId } from "./KeyId.ts"
import { ResponsePolicy } from "./ResponsePolicy.ts"

/**
 * Identifier of an authorization request: a UUID, which also names its response wherever that arrives.
 *
 * @since 0.1.0
 * @category schemas
 */
export const AuthorizationRequestId = wire.AuthorizationRequestId

/**
 * @since 0.1.0
 * @category models
 */
export type AuthorizationRequestId = typeof AuthorizationRequestId.Type

/**
 * Identifier of a device. Usually a UUID; old devices report short codes such as `"Yrkt"`.
 *
 * @since 0.1.0
 * @category schemas
 */
export const DeviceId = Schema.NonEmptyString.pipe(Schema.brand("DeviceId"))

/**
 * @since 0.1.0
 * @category models
 */
export type DeviceId = typeof DeviceId.Type

/**
 * Whom a service asks: the identifier under which the directory knows the user, or the user push id of an earlier
 * response. Opaque, case-sensitive, sent as it is.
 *
 * @since 0.1.0
 * @category schemas
 */
export const User = text("the user").pipe(
  Schema.minLength(1, {
    message: () => "the user is empty; give the identifier under which the directory knows the user"
  })
)

/**
 * How long a request waits for its answer: 30 to 600 seconds, whole seconds on the wire.
 *
 * @since 0.1.0
 * @category schemas
 */
export const TimeToLive = wire.seconds(30, 600, "leave it out for 300")

/**
 * What applies where a request names no time to live: 300 seconds.
 *
 * @since 0.1.0
 * @category models
 */
export const defaultTimeToLive: Duration.Duration = Duration.seconds(300)

const nullable = { nullable: true } as const

/**
 * What is shown to a user where they sign in, and entered on the device that approves: a number from 10 to 99, as text.
 * Our own, as all of number matching.
 *
 * @see docs/protocol.md "Number matching"
 * @since 0.1.0
 * @category schemas
 */
export const MatchNumber = Schema.String.pipe(
  Schema.pattern(/^[1-9]\d$/, { message: () => "expected a number of two digits, such as 42" })
)

/**
 * @since 0.1.0
 * @category models
 */
export type MatchNumber = typeof MatchNumber.Type

/**
 * The body of a new authorization request. Members that are absent or null on the wire are absent here, and are never
 * written as null. Texts are limited in Unicode code points: `context` to 400, `title` to 200.
 *
 * @see docs/protocol.md "Creating an authorization request"
 * @since 0.1.0
 * @category schemas
 */
export const CreateAuthorization = Schema.Struct({
  user: Schema.propertySignature(User).pipe(Schema.fromKey("username")),
  context: Schema.optionalWith(text("context").pipe(maxCodePoints(400, "context")), nullable),
  title: Schema.optionalWith(text("title").pipe(maxCodePoints(200, "title")), nullable),
  ttl: Schema.optionalWith(TimeToLive, nullable),
  pushTitle: Schema.optionalWith(text("pushTitle"), nullable).pipe(Schema.fromKey("push_title")),
  pushBody: Schema.optionalWith(text("pushBody"), nullable).pipe(Schema.fromKey("push_body")),
  // Some SDKs send an empty list where no reasons were given. The list is read before it is renamed, so that a problem
  // with it is told under the name on the wire.
  denialReasons: Schema.optionalToOptional(
    Schema.NullOr(Schema.Union(DenialReasons, Schema.Tuple())),
    Schema.typeSchema(DenialReasons),
    {
      decode: Option.flatMap((reasons) =>
        reasons === null || reasons.length === 0 ? Option.none() : Option.some(reasons)
      ),
      encode: (reasons) => reasons
    }
  ).pipe(Schema.fromKey("denial_reasons")),
  /** Whether the user has to enter a number to approve. Platforms that do not know it ask without. */
  numberMatch: Schema.optionalWith(Schema.Boolean, nullable).pipe(Schema.fromKey("number_match")),
  // The last to be read: what is wrong with the others is told before what is wrong with it.
  policy: Schema.optionalWith(AuthPolicy, nullable)
})

/**
 * @since 0.1.0
 * @category models
 */
export type CreateAuthorization = typeof CreateAuthorization.Type

/**
 * What the platform answers to a new request. `deviceIds` are the devices that were asked, where the platform tells;
 * `pushPackage` is for third-party push.
 *
 * @since 0.1.0
 * @category schemas
 */
export const AuthorizationCreated = Schema.Struct({
  id: Schema.propertySignature(AuthorizationRequestId).pipe(Schema.fromKey("auth_request")),
  pushPackage: Schema.optionalWith(Schema.String, nullable).pipe(Schema.fromKey("push_package")),
  deviceIds: Schema.optionalWith(Schema.Array(DeviceId), nullable).pipe(Schema.fromKey("device_ids")),
  /** To be shown where the user signs in; only where number matching was asked for. */
  numberMatch: Schema.optionalWith(MatchNumber, nullable).pipe(Schema.fromKey("number_match"))
})

/**
 * An authorization request as its creator knows it.
 *
 * @since 0.1.0
 * @category models
 */
export class AuthorizationRequest extends Schema.Class<AuthorizationRequest>(
  "@effect-launchkey/core/Authorization/AuthorizationRequest"
)({
  id: AuthorizationRequestId,
  /** How long it waits for its answer, from its creation on. */
  ttl: Schema.DurationFromSelf,
  /** The devices that were asked, where the platform tells. */
  deviceIds: Schema.OptionFromSelf(Schema.Array(DeviceId)),
  /** To be handed to a device by a push service of one's own. */
  pushPackage: Schema.OptionFromSelf(Schema.String),
  /** The number to show where the user signs in, who enters it to approve. None where none was asked for. */
  numberMatch: Schema.OptionFromSelf(MatchNumber).pipe(
    Schema.propertySignature,
    Schema.withConstructorDefault(() => Option.none())
  )
}) {}

/**
 * Nobody has answered yet.
 *
 * @since 0.1.0
 * @category models
 */
export class Pending extends Schema.TaggedClass<Pending>("@effect-launchkey/core/Authorization/Pending")(
  "Pending",
  {}
) {}

/**
 * What the user's device did. `OTHER` is a value that this version does not know, and authorizes nothing.
 *
 * @since 0.1.0
 * @category schemas
 */
export const ResponseType = Schema.Literal("AUTHORIZED", "DENIED", "FAILED", "OTHER")

/**
 * @since 0.1.0
 * @category models
 */
export type ResponseType = typeof ResponseType.Type

/**
 * Why. `APPROVED`: all methods passed. `DISAPPROVED`, `FRAUDULENT`: the user refused. The others: the device could not
 * meet the policy, lacks a permission or a sensor, is misconfigured or busy, or its user failed the methods.
 *
 * @since 0.1.0
 * @category schemas
 */
export const ResponseReason = Schema.Literal(
  "APPROVED",
  "DISAPPROVED",
  "FRAUDULENT",
  "POLICY",
  "PERMISSION",
  "AUTHENTICATION",
  "CONFIGURATION",
  "BUSY_LOCAL",
  "SENSOR",
  "OTHER"
)

/**
 * @since 0.1.0
 * @category models
 */
export type ResponseReason = typeof ResponseReason.Type

/**
 * The reasons with which a device reports a failure.
 *
 * @since 0.1.0
 * @category schemas
 */
export const FailureReason = ResponseReason.pipe(
  Schema.pickLiteral("POLICY", "PERMISSION", "AUTHENTICATION", "CONFIGURATION", "BUSY_LOCAL", "SENSOR")
)

/**
 * @since 0.1.0
 * @category models
 */
export type FailureReason = typeof FailureReason.Type

/** Matching is exact and case-sensitive; whatever else a device says becomes `OTHER` and is not kept. */
const known = <A extends string>(schema: Schema.Schema<A>) => {
  const isKnown = Schema.is(schema)
  return Schema.transform(Schema.String, Schema.typeSchema(schema), {
    strict: false,
    decode: (text: string) => isKnown(text) ? text : "OTHER",
    encode: (value: A) => value
  })
}

/**
 * Service PINs: up to five, first in first out, shared by a device and a service. The oldest devices write them as one
 * text with commas.
 *
 * @since 0.1.0
 * @category schemas
 */
export const ServicePins = Schema.transform(
  Schema.NullishOr(Schema.Union(Schema.Array(Schema.String), Schema.String)),
  Schema.Array(Schema.String),
  {
    strict: true,
    decode: (pins) =>
      typeof pins === "string"
        ? pins.split(",").map((pin) => pin.trim()).filter((pin) => pin !== "")
        : pins ?? [],
    encode: (pins) => pins
  }
)

const readPins = Schema.decodeSync(ServicePins)

const servicePins = Schema.optionalToRequired(Schema.encodedSchema(ServicePins), ServicePins.to, {
  decode: (pins) => readPins(Option.getOrUndefined(pins)),
  encode: Option.some
}).pipe(Schema.fromKey("service_pins"))

const orNone = <A, I>(schema: Schema.Schema<A, I>) => Schema.optionalWith(schema, { as: "Option", nullable: true })

/**
 * What a device says, inside `auth_jwe`: sealed for whoever created the request.
 *
 * @see docs/protocol.md "The device's answer"
 * @since 0.1.0
 * @category schemas
 */
export const DeviceAnswer = Schema.Struct({
  type: known(ResponseType),
  reason: known(ResponseReason),
  denialReason: orNone(Schema.String).pipe(Schema.fromKey("denial_reason")),
  authorizationRequestId: Schema.propertySignature(AuthorizationRequestId).pipe(Schema.fromKey("auth_request")),
  deviceId: Schema.propertySignature(DeviceId).pipe(Schema.fromKey("device_id")),
  servicePins,
  policy: orNone(ResponsePolicy).pipe(Schema.fromKey("auth_policy")),
  methods: orNone(Schema.Array(AuthMethod)).pipe(Schema.fromKey("auth_methods"))
})

/**
 * @since 0.1.0
 * @category models
 */
export type DeviceAnswer = typeof DeviceAnswer.Type

/**
 * What a device of the first generation says, inside `auth`. Only the boolean `true` authorizes.
 *
 * @see docs/protocol.md "The device's answer"
 * @since 0.1.0
 * @category schemas
 */
export const LegacyDeviceAnswer = Schema.Struct({
  authorized: Schema.propertySignature(Schema.Boolean).pipe(Schema.fromKey("response")),
  authorizationRequestId: Schema.propertySignature(AuthorizationRequestId).pipe(Schema.fromKey("auth_request")),
  deviceId: Schema.propertySignature(DeviceId).pipe(Schema.fromKey("device_id")),
  servicePins
})

/**
 * @since 0.1.0
 * @category models
 */
export type LegacyDeviceAnswer = typeof LegacyDeviceAnswer.Type

/**
 * A device's answer as the platform relays it, by poll or by webhook: still sealed, beside what the platform adds.
 *
 * `jwe` is a compact JWE and wins where it is present; `oaep` is base64 of RSAES-OAEP (SHA-1) under the key that
 * `keyId` names.
 *
 * @see docs/protocol.md "The device's answer"
 * @since 0.1.0
 * @category schemas
 */
export const AuthorizationPackage = Schema.Struct({
  oaep: orNone(Schema.String).pipe(Schema.fromKey("auth")),
  jwe: orNone(Schema.String).pipe(Schema.fromKey("auth_jwe")),
  serviceUserHash: Schema.propertySignature(Schema.String).pipe(Schema.fromKey("service_user_hash")),
  organizationUserHash: orNone(Schema.String).pipe(Schema.fromKey("org_user_hash")),
  userPushId: Schema.propertySignature(Schema.String).pipe(Schema.fromKey("user_push_id")),
  keyId: Schema.propertySignature(KeyId).pipe(Schema.fromKey("public_key_id")),
  /** Whether the device told the number of the request; absent where the request has none. */
  numberMatched: Schema.optionalWith(Schema.Boolean, nullable).pipe(Schema.fromKey("number_matched"))
})

/**
 * @since 0.1.0
 * @category models
 */
export type AuthorizationPackage = typeof AuthorizationPackage.Type

/**
 * The answer to an authorization request.
 *
 * You hold one only after the platform's signature over the message, the message's claims and the request that the
 * device names were verified. The device itself signs nothing that a service could check.
 *
 * @see docs/protocol.md "The device's answer"
 * @since 0.1.0
 * @category models
 */
export class AuthorizationResponse extends Schema.Class<AuthorizationResponse>(
  "@effect-launchkey/core/Authorization/AuthorizationResponse"
)({
  authorizationRequestId: AuthorizationRequestId,
  /** True only for type `AUTHORIZED` with reason `APPROVED`, or the boolean `true` of a first-generation device. */
  authorized: Schema.Boolean,
  /** None from a first-generation device. */
  type: Schema.OptionFromSelf(ResponseType),
  /** None from a first-generation device. */
  reason: Schema.OptionFromSelf(ResponseReason),
  /** Id of the denial reason that the user picked. */
  denialReason: Schema.OptionFromSelf(Schema.String),
  /** Whether the user reported fraud. None from a first-generation device, which cannot tell. */
  fraud: Schema.OptionFromSelf(Schema.Boolean),
  deviceId: DeviceId,
  /** Compare with those of earlier responses from this device to notice a clone. */
  servicePins: Schema.Array(Schema.String),
  /** Names the user within the service. A session-end webhook carries the same. */
  serviceUserHash: Schema.String,
  /** Names the user within the organization: another than the one you keep is of another user, or organization. */
  organizationUserHash: Schema.OptionFromSelf(Schema.String),
  /** May be given as the user of later requests of this service, and of no other. */
  userPushId: Schema.String,
  policy: Schema.OptionFromSelf(Schema.typeSchema(ResponsePolicy)),
  methods: Schema.OptionFromSelf(Schema.Array(Schema.typeSchema(AuthMethod)))
}) {
  /**
   * @since 0.1.0
   */
  static fromAnswer(answer: DeviceAnswer, relayed: AuthorizationPackage): AuthorizationResponse {
    return new AuthorizationResponse({
      ...facts(relayed),
      authorizationRequestId: answer.authorizationRequestId,
      authorized: answer.type === "AUTHORIZED" && answer.reason === "APPROVED",
      type: Option.some(answer.type),
      reason: Option.some(answer.reason),
      denialReason: answer.denialReason,
      fraud: Option.some(answer.reason === "FRAUDULENT"),
      deviceId: answer.deviceId,
      servicePins: answer.servicePins,
      policy: answer.policy,
      methods: answer.methods
    }, decoded)
  }

  /**
   * @since 0.1.0
   */
  static fromLegacyAnswer(answer: LegacyDeviceAnswer, relayed: AuthorizationPackage): AuthorizationResponse {
    return new AuthorizationResponse({
      ...facts(relayed),
      authorizationRequestId: answer.authorizationRequestId,
      authorized: answer.authorized,
      type: Option.none(),
      reason: Option.none(),
      denialReason: Option.none(),
      fraud: Option.none(),
      deviceId: answer.deviceId,
      servicePins: answer.servicePins,
      policy: Option.none(),
      methods: Option.none()
    }, decoded)
  }
}

/** All that it is made of was decoded: to validate it again costs as much as that did. */
const decoded = { disableValidation: true }

const facts = ({ organizationUserHash, serviceUserHash, userPushId }: AuthorizationPackage) => ({
  organizationUserHash,
  serviceUserHash,
  userPushId
})
