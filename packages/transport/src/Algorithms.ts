/**
 * The algorithms of the protocol. Whatever is not in these lists is neither sent nor accepted.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"

/**
 * How tokens are signed. `RS256` is sent unless told otherwise; all three are accepted.
 *
 * @see https://www.rfc-editor.org/rfc/rfc7518#section-3.3
 * @since 0.1.0
 * @category schemas
 */
export const SignatureAlgorithm = Schema.Literal("RS256", "RS384", "RS512")

/**
 * @since 0.1.0
 * @category models
 */
export type SignatureAlgorithm = typeof SignatureAlgorithm.Type

/**
 * How a body's content key is encrypted. `RSA-OAEP-256` is sent unless told otherwise; both are accepted.
 *
 * @see https://www.rfc-editor.org/rfc/rfc7518#section-4.3
 * @since 0.1.0
 * @category schemas
 */
export const KeyEncryptionAlgorithm = Schema.Literal("RSA-OAEP-256", "RSA-OAEP")

/**
 * @since 0.1.0
 * @category models
 */
export type KeyEncryptionAlgorithm = typeof KeyEncryptionAlgorithm.Type

/**
 * How a body is encrypted. The protocol has one way.
 *
 * @see https://www.rfc-editor.org/rfc/rfc7518#section-5.2.5
 * @since 0.1.0
 * @category schemas
 */
export const ContentEncryptionAlgorithm = Schema.Literal("A256CBC-HS512")

/**
 * @since 0.1.0
 * @category models
 */
export type ContentEncryptionAlgorithm = typeof ContentEncryptionAlgorithm.Type
