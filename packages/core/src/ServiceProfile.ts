/**
 * A service as its owner, an organization or a directory, manages it.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"
import { ServiceId } from "./EntityIdentifier.ts"
import { maxCodePoints, minCodePoints, text } from "./internal/text.ts"
import { LenientBoolean, orNull } from "./internal/wire.ts"

/**
 * 1 to 128 code points; unique within the owner without regard to case and outer space.
 *
 * @since 0.1.0
 * @category schemas
 */
export const ServiceName = text("name").pipe(minCodePoints(1, "name"), maxCodePoints(128, "name"))

const Description = text("description").pipe(maxCodePoints(1024, "description"))

const isWebUrl = (url: string): boolean =>
  url.length <= 2048 && URL.canParse(url) && /^https?:$/.test(new URL(url).protocol)

const notWebUrl = "expected an absolute http or https URL of at most 2048 characters"

/**
 * An absolute URL over http or https, at most 2048 characters.
 *
 * @since 0.1.0
 * @category schemas
 */
export const WebUrl = Schema.String.pipe(
  Schema.filter(isWebUrl, { message: () => notWebUrl, arbitrary: () => (fc) => fc.webUrl() })
)

/**
 * An address, or an empty text for none: the official SDK that cannot send null takes an address away by it, and the one
 * that reads null as an empty text writes it again.
 *
 * @since 0.1.0
 * @category schemas
 */
export const ClearableUrl = Schema.String.pipe(
  Schema.filter((url) => url === "" || isWebUrl(url), {
    message: () => `${notWebUrl}, or an empty text`,
    arbitrary: () => (fc) => fc.oneof(fc.webUrl(), fc.constant(""))
  })
)

/**
 * @since 0.1.0
 * @category models
 */
export class ServiceProfile extends Schema.Class<ServiceProfile>("@effect-launchkey/core/ServiceProfile")({
  id: ServiceId,
  name: Schema.String,
  description: orNull(Schema.String),
  /** Address of an image. */
  icon: orNull(Schema.String),
  /** Where webhooks of the service go. */
  callbackUrl: orNull(Schema.String).pipe(Schema.fromKey("callback_url")),
  /** An inactive service cannot ask its users for anything. */
  active: Schema.Boolean
}) {}

/**
 * A new service, active unless told otherwise. An empty text is none, save as its name.
 *
 * @since 0.1.0
 * @category schemas
 */
export const NewService = Schema.Struct({
  name: ServiceName,
  description: Schema.optionalWith(Description, { nullable: true }),
  icon: Schema.optionalWith(ClearableUrl, { nullable: true }),
  callbackUrl: Schema.optionalWith(ClearableUrl, { nullable: true }).pipe(Schema.fromKey("callback_url")),
  active: Schema.optionalWith(LenientBoolean, { nullable: true })
})

/**
 * What of a service is to change: what is absent stays; null clears, and so does an empty text, save `name` and
 * `active`, which null leaves.
 *
 * @since 0.1.0
 * @category schemas
 */
export const ServiceChange = Schema.Struct({
  id: Schema.propertySignature(ServiceId).pipe(Schema.fromKey("service_id")),
  name: Schema.optionalWith(ServiceName, { nullable: true }),
  description: Schema.optional(Schema.NullOr(Description)),
  icon: Schema.optional(Schema.NullOr(ClearableUrl)),
  callbackUrl: Schema.optional(Schema.NullOr(ClearableUrl)).pipe(Schema.fromKey("callback_url")),
  active: Schema.optionalWith(LenientBoolean, { nullable: true })
})
