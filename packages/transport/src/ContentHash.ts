/**
 * The digest by which a signed token vouches for the body beside it.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"

/**
 * Digest of a request or response body exactly as sent (the compact JWE, not the JSON inside it), as lower-case hex.
 * An empty body has no digest, and its claims carry none.
 *
 * Vector: `S256` of `"abc"` is `ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad`.
 *
 * @see https://www.rfc-editor.org/rfc/rfc6234
 * @see docs/protocol.md "Content hash"
 * @since 0.1.0
 * @category schemas
 */
export const HashFunction = Schema.Literal("S256", "S384", "S512").annotations({
  identifier: "@effect-launchkey/transport/ContentHash/HashFunction"
})

/**
 * @since 0.1.0
 * @category models
 */
export type HashFunction = typeof HashFunction.Type

/**
 * The function that outgoing messages use unless told otherwise. Incoming ones may use any.
 *
 * @since 0.1.0
 * @category models
 */
export const defaultHashFunction: HashFunction = "S256"

/**
 * How many hex characters a digest of each function has.
 *
 * @since 0.1.0
 * @category models
 */
export const hexLength: { readonly [F in HashFunction]: number } = { S256: 64, S384: 96, S512: 128 }

/**
 * Whether a text could be a digest of the function: lower-case hex of its length.
 *
 * @since 0.1.0
 * @category guards
 */
export const isDigest = (hashFunction: HashFunction, text: string): boolean =>
  text.length === hexLength[hashFunction] && /^[0-9a-f]+$/.test(text)

/**
 * Compares two digests by their characters, so `AB` is not `ab`. The time taken depends on the lengths alone.
 *
 * @since 0.1.0
 * @category guards
 */
export const equals = (self: string, that: string): boolean => {
  if (self.length !== that.length) return false
  let difference = 0
  for (let i = 0; i < self.length; i++) difference |= self.charCodeAt(i) ^ that.charCodeAt(i)
  return difference === 0
}
