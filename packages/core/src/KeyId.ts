/**
 * The name of an RSA key: the MD5 fingerprint of its public half.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"

/**
 * MD5 of the DER `SubjectPublicKeyInfo`: sixteen lower-case hex octets joined by colons, 47 characters, such as
 * `4f:73:c3:13:97:da:6f:12:1f:12:54:60:38:40:8a:bc`. A name, not a proof: whoever fetches a key by it recomputes it.
 *
 * @see docs/protocol.md "Key ids"
 * @since 0.1.0
 * @category schemas
 */
export const KeyId = Schema.String.pipe(
  Schema.pattern(/^[0-9a-f]{2}(?::[0-9a-f]{2}){15}$/, {
    message: () => "expected sixteen lower-case hex octets joined by colons (the MD5 fingerprint of a public key)"
  }),
  Schema.brand("KeyId"),
  Schema.annotations({ identifier: "@effect-launchkey/core/KeyId" })
)

/**
 * @since 0.1.0
 * @category models
 */
export type KeyId = typeof KeyId.Type
