/**
 * What an authenticator and the platform say to each other: linking, pending requests and their answers.
 *
 * The vendor never published its device protocol; this one is the project's own.
 *
 * @see docs/protocol.md "The device API"
 * @since 0.1.0
 */
import * as ParseResult from "effect/ParseResult"
import * as Schema from "effect/Schema"
import { AuthorizationRequestId, DeviceId, MatchNumber, User } from "./Authorization.ts"
import { DenialReason } from "./DenialReason.ts"
import { EffectivePolicy } from "./EffectivePolicy.ts"
import { ServiceId, Uuid } from "./EntityIdentifier.ts"
import { text } from "./internal/text.ts"
import * as wire from "./internal/wire.ts"
import { KeyId } from "./KeyId.ts"

/**
 * Seven letters and digits, read in any case and kept in lower case. A QR code of a linking holds this text alone.
 *
 * @since 0.1.0
 * @category schemas
 */
export const LinkingCode = wire.LinkingCode

/**
 * @since 0.1.0
 * @category models
 */
export type LinkingCode = typeof LinkingCode.Type

/**
 * Authenticator SDK key of a directory: a device links only through a directory that has one.
 *
 * @since 0.1.0
 * @category schemas
 */
export const SdkKey = Uuid.pipe(Schema.brand("SdkKey"))

/**
 * @since 0.1.0
 * @category models
 */
export type SdkKey = typeof SdkKey.Type

/**
 * Whether a device may answer: `LINK_PENDING` until its link is completed.
 *
 * @since 0.1.0
 * @category schemas
 */
export const DeviceStatus = Schema.transformLiterals([0, "LINK_PENDING"], [1, "LINKED"], [2, "UNLINK_PENDING"])

/**
 * @since 0.1.0
 * @category models
 */
export type DeviceStatus = typeof DeviceStatus.Type

/**
 * The identifier under which the directory is to know a user. An empty one is not written, and read: that it is none is
 * for the platform to say, by `InvalidDirectoryIdentifier`, as of one that is too long.
 *
 * @see docs/protocol.md "Devices"
 * @since 0.1.0
 * @category schemas
 */
export const NewUser = Schema.transformOrFail(
  text("the user"),
  Schema.String.annotations({ arbitrary: () => (fc) => fc.string({ minLength: 1 }) }),
  {
    strict: true,
    decode: ParseResult.succeed,
    encode: (user) => ParseResult.validate(User)(user)
  }
)

/**
 * Starts the link of a device to a user, who exists from then on. The code serves for 300 to 86400 seconds.
 *
 * @since 0.1.0
 * @category schemas
 */
export const StartLink = Schema.Struct({
  user: Schema.propertySignature(NewUser).pipe(Schema.fromKey("identifier")),
  ttl: Schema.optionalWith(wire.seconds(300, 86_400, "leave it out for the platform's own"), { nullable: true })
})

/**
 * A link that the user's device may complete: by the code, or by an image of it at `qrCodeUrl`, which needs no
 * authentication.
 *
 * @since 0.1.0
 * @category models
 */
export class LinkStarted extends Schema.Class<LinkStarted>("@effect-launchkey/core/Device/LinkStarted")({
  code: Schema.String.pipe(Schema.minLength(7)),
  qrCodeUrl: Schema.propertySignature(Schema.NonEmptyString).pipe(Schema.fromKey("qrcode")),
  deviceId: Schema.propertySignature(DeviceId).pipe(Schema.fromKey("device_id"))
}) {}

/**
 * A device of a user as its directory sees it. A pending one has neither name nor type.
 *
 * @since 0.1.0
 * @category models
 */
export class Device extends Schema.Class<Device>("@effect-launchkey/core/Device")({
  id: DeviceId,
  name: wire.orNull(Schema.String),
  type: wire.orNull(Schema.String),
  status: DeviceStatus,
  created: wire.orNull(wire.UtcSeconds),
  updated: wire.orNull(wire.UtcSeconds)
}) {
  /** Whether it may answer: linked, or about to be unlinked. */
  get active(): boolean {
    return this.status !== "LINK_PENDING"
  }
}

/**
 * @since 0.1.0
 * @category schemas
 */
export const UnlinkDevice = Schema.Struct({
  user: Schema.propertySignature(User).pipe(Schema.fromKey("identifier")),
  deviceId: Schema.propertySignature(DeviceId).pipe(Schema.fromKey("device_id"))
})

/**
 * Completes a link: the device names itself and hands over the public half of its key.
 *
 * @since 0.1.0
 * @category schemas
 */
export const LinkDevice = Schema.Struct({
  code: LinkingCode,
  sdkKey: Schema.propertySignature(SdkKey).pipe(Schema.fromKey("sdk_key")),
  name: Schema.NonEmptyString.pipe(Schema.maxLength(255)),
  type: Schema.NonEmptyString.pipe(Schema.maxLength(64)),
  /** PEM of an RSA public key (SPKI), 2048 bits or more. */
  publicKey: Schema.propertySignature(Schema.String).pipe(Schema.fromKey("public_key"))
})

/**
 * @since 0.1.0
 * @category schemas
 */
export const DeviceLinked = Schema.Struct({
  deviceId: Schema.propertySignature(Uuid.pipe(Schema.compose(DeviceId))).pipe(Schema.fromKey("device_id"))
})

/**
 * An open authorization request as a device sees it.
 *
 * @since 0.1.0
 * @category schemas
 */
export const PendingAuthorization = Schema.Struct({
  id: Schema.propertySignature(AuthorizationRequestId).pipe(Schema.fromKey("auth_request")),
  serviceId: Schema.propertySignature(ServiceId).pipe(Schema.fromKey("service_id")),
  serviceName: Schema.propertySignature(Schema.String).pipe(Schema.fromKey("service_name")),
  title: Schema.OptionFromNullOr(Schema.String),
  context: Schema.OptionFromNullOr(Schema.String),
  created: wire.UtcSeconds,
  expires: wire.UtcSeconds,
  /** What the policies of service and request come to together. */
  policy: EffectivePolicy,
  /** Empty where the service offers none: a denial then needs no reason. */
  denialReasons: Schema.propertySignature(Schema.Array(DenialReason)).pipe(Schema.fromKey("denial_reasons")),
  /** PEM of the key to which the answer is sealed: one of whoever created the request. */
  recipientKey: Schema.propertySignature(Schema.String).pipe(Schema.fromKey("recipient_key")),
  recipientKeyId: Schema.propertySignature(KeyId).pipe(Schema.fromKey("recipient_key_id")),
  /** Whether an approval has to bring the number that is shown where the user signs in. Absent: no. */
  numberMatch: Schema.optionalWith(Schema.Boolean, { nullable: true }).pipe(Schema.fromKey("number_match"))
})

/**
 * @since 0.1.0
 * @category models
 */
export type PendingAuthorization = typeof PendingAuthorization.Type

/**
 * What a device tells the platform of its answer, beside what is sealed to the service: no more than the platform needs
 * to spare a user prompts that nobody wanted.
 *
 * @see docs/protocol.md "The device API"
 * @since 0.1.0
 * @category schemas
 */
export const ToldOutcome = Schema.Literal("APPROVED", "NOT_APPROVED", "FRAUDULENT")

/**
 * @since 0.1.0
 * @category models
 */
export type ToldOutcome = typeof ToldOutcome.Type

/**
 * A device's answer on its way to the platform, which relays it and cannot read it. `oaep` is empty where the answer
 * is too long for the recipient's key.
 *
 * @since 0.1.0
 * @category schemas
 */
export const AnswerAuthorization = Schema.Struct({
  oaep: Schema.propertySignature(Schema.String).pipe(Schema.fromKey("auth")),
  jwe: Schema.optionalWith(Schema.String, { nullable: true }).pipe(Schema.fromKey("auth_jwe")),
  keyId: Schema.propertySignature(KeyId).pipe(Schema.fromKey("public_key_id")),
  /** Absent from a device that does not tell, whose answers count as wanted. */
  outcome: Schema.optionalWith(ToldOutcome, { nullable: true }),
  /** What the user entered, with an approval of a request that has a number. */
  number: Schema.optionalWith(MatchNumber, { nullable: true })
})

/**
 * By what devices subscribe to pushes: the platform's public key, an uncompressed point of P-256 in base64url. None where the
 * platform sends no push.
 *
 * @see docs/protocol.md "Push"
 * @since 0.1.0
 * @category schemas
 */
export const PushKey = Schema.Struct({
  publicKey: Schema.propertySignature(Schema.OptionFromNullOr(Schema.String)).pipe(Schema.fromKey("public_key"))
})

const isEndpoint = (text: string): boolean => {
  if (!URL.canParse(text)) return false
  const { hash, password, protocol, username } = new URL(text)
  return protocol === "https:" && `${username}${password}${hash}` === ""
}

/**
 * Where a push service takes pushes for one device: an https URL of up to 2048 characters. Whoever knows it can send
 * pushes, so it is as private as the device.
 *
 * @since 0.1.0
 * @category schemas
 */
export const SubscribePush = Schema.Struct({
  endpoint: Schema.String.pipe(
    Schema.maxLength(2048, { message: () => "the endpoint has more than 2048 characters" }),
    Schema.filter((text) => isEndpoint(text), {
      message: () => "the endpoint is no https URL without user name, password and fragment",
      arbitrary: () => (fc) => fc.uuid().map((id) => `https://push.example.com/${id}`)
    })
  )
})

/**
 * Ends the sessions of one service, or of all where none is named.
 *
 * @since 0.1.0
 * @category schemas
 */
export const EndDeviceSessions = Schema.Struct({
  serviceId: Schema.optionalWith(ServiceId, { nullable: true }).pipe(Schema.fromKey("service_id"))
})
