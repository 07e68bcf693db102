/**
 * A directory as its organization manages it.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"
import { SdkKey } from "./Device.ts"
import { DirectoryId, ServiceId } from "./EntityIdentifier.ts"
import { maxCodePoints, minCodePoints, text } from "./internal/text.ts"
import { LenientBoolean, orNull } from "./internal/wire.ts"
import { ClearableUrl } from "./ServiceProfile.ts"

/**
 * 1 to 128 code points; unique within the organization without regard to case and outer space.
 *
 * @since 0.1.0
 * @category schemas
 */
export const DirectoryName = text("name").pipe(minCodePoints(1, "name"), maxCodePoints(128, "name"))

/**
 * @since 0.1.0
 * @category models
 */
export class Directory extends Schema.Class<Directory>("@effect-launchkey/core/Directory")({
  id: DirectoryId,
  name: Schema.String,
  /** An inactive directory blocks its services and its users, not its management. */
  active: Schema.Boolean,
  serviceIds: Schema.optionalWith(Schema.Array(ServiceId), { nullable: true, default: () => [] }).pipe(
    Schema.fromKey("service_ids")
  ),
  sdkKeys: Schema.optionalWith(Schema.Array(SdkKey), { nullable: true, default: () => [] }).pipe(
    Schema.fromKey("sdk_keys")
  ),
  /** Without meaning. */
  premium: Schema.optionalWith(Schema.Boolean, { nullable: true, default: () => false }),
  androidKey: orNull(Schema.String).pipe(Schema.fromKey("android_key")),
  /** SHA-256 of the DER certificate for pushes to iOS: hex octets joined by colons. Compare without case. */
  iosCertificateFingerprint: orNull(Schema.String).pipe(Schema.fromKey("ios_certificate_fingerprint")),
  /** Whether requests may offer reasons for a denial. */
  denialContextInquiryEnabled: Schema.optionalWith(Schema.Boolean, { nullable: true, default: () => false }).pipe(
    Schema.fromKey("denial_context_inquiry_enabled")
  ),
  /** Where webhooks of the directory go. */
  webhookUrl: orNull(Schema.String).pipe(Schema.fromKey("webhook_url"))
}) {}

/**
 * A directory in the list of all: its JSON tells `active` a second time as `Active`, where one official SDK looks for it
 * in this list alone.
 *
 * @since 0.1.0
 * @category schemas
 */
export const ListedDirectory = Schema.transform(
  Schema.extend(Schema.encodedSchema(Directory), Schema.Struct({ Active: Schema.optional(Schema.Boolean) })),
  Directory,
  { strict: true, decode: ({ Active: _, ...json }) => json, encode: (json) => ({ ...json, Active: json.active }) }
)

/**
 * What of a directory is to change: what is absent stays; null clears, and so does an empty text, save `active` and
 * `denialContextInquiryEnabled`, which null leaves.
 *
 * @since 0.1.0
 * @category schemas
 */
export const DirectoryChange = Schema.Struct({
  id: Schema.propertySignature(DirectoryId).pipe(Schema.fromKey("directory_id")),
  active: Schema.optionalWith(LenientBoolean, { nullable: true }),
  androidKey: Schema.optional(Schema.NullOr(Schema.String)).pipe(Schema.fromKey("android_key")),
  /** Base64 of a PKCS#12 without a password, line breaks allowed. */
  iosP12: Schema.optional(Schema.NullOr(Schema.String)).pipe(Schema.fromKey("ios_p12")),
  denialContextInquiryEnabled: Schema.optionalWith(LenientBoolean, { nullable: true }).pipe(
    Schema.fromKey("denial_context_inquiry_enabled")
  ),
  webhookUrl: Schema.optional(Schema.NullOr(ClearableUrl)).pipe(
    Schema.fromKey("webhook_url")
  )
})
