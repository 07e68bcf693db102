/**
 * The public keys of an organization, directory or service.
 *
 * @see docs/protocol.md "Keys"
 * @since 0.1.0
 */
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import { LenientBoolean, orNull, UtcSeconds } from "./internal/wire.ts"
import { KeyId } from "./KeyId.ts"

/**
 * What a key may be used for: to sign requests, to have messages encrypted to it, or both.
 *
 * @since 0.1.0
 * @category schemas
 */
export const KeyType = Schema.transformLiterals([0, "BOTH"], [1, "ENCRYPTION"], [2, "SIGNATURE"]).annotations({
  identifier: "@effect-launchkey/core/PublicKey/KeyType",
  message: () => ({ message: "expected 0 (both), 1 (encryption) or 2 (signature)", override: true })
})

/**
 * @since 0.1.0
 * @category models
 */
export type KeyType = typeof KeyType.Type

/** Absent and null mean both, and a number of a later version is `OTHER`. */
const ReportedKeyType = Schema.optionalToRequired(
  Schema.NullOr(Schema.Int),
  Schema.Literal("BOTH", "ENCRYPTION", "SIGNATURE", "OTHER"),
  {
    decode: (type) => {
      switch (type._tag === "Some" ? type.value : null) {
        case null:
        case 0:
          return "BOTH"
        case 1:
          return "ENCRYPTION"
        case 2:
          return "SIGNATURE"
        default:
          return "OTHER"
      }
    },
    encode: (type) => Option.some({ BOTH: 0, ENCRYPTION: 1, SIGNATURE: 2, OTHER: -1 }[type])
  }
)

/**
 * A key as its entity's owner sees it, whatever its state. `type` is `OTHER` where this version does not know it.
 *
 * @since 0.1.0
 * @category models
 */
export class PublicKey extends Schema.Class<PublicKey>("@effect-launchkey/core/PublicKey")({
  id: KeyId,
  /** SPKI PEM. */
  pem: Schema.propertySignature(Schema.String).pipe(Schema.fromKey("public_key")),
  type: ReportedKeyType.pipe(Schema.fromKey("key_type")),
  active: Schema.Boolean,
  created: Schema.propertySignature(UtcSeconds).pipe(Schema.fromKey("date_created")),
  /** After it the key is no longer used. */
  expires: orNull(UtcSeconds).pipe(Schema.fromKey("date_expires"))
}) {}

/**
 * What a new key is: an RSA public key in PEM (SPKI or PKCS#1) of 2048 bits or more, for both purposes, active and without
 * an end unless told otherwise.
 *
 * @since 0.1.0
 * @category schemas
 */
export const NewPublicKey = Schema.Struct({
  pem: Schema.propertySignature(Schema.String).pipe(Schema.fromKey("public_key")),
  type: Schema.optionalWith(KeyType, { nullable: true }).pipe(Schema.fromKey("key_type")),
  active: Schema.optionalWith(LenientBoolean, { nullable: true }),
  expires: Schema.optionalWith(UtcSeconds, { nullable: true }).pipe(Schema.fromKey("date_expires"))
})

/**
 * What of a key is to change: what is absent stays; `expires: null` takes the end away.
 *
 * @since 0.1.0
 * @category schemas
 */
export const PublicKeyChange = Schema.Struct({
  keyId: Schema.propertySignature(KeyId).pipe(Schema.fromKey("key_id")),
  active: Schema.optionalWith(LenientBoolean, { nullable: true }),
  expires: Schema.optional(Schema.NullOr(UtcSeconds)).pipe(Schema.fromKey("date_expires"))
})
