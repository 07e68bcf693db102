/**
 * Base64url as JOSE means it: one text for each sequence of octets. A lenient decoder would let a stranger change a
 * signed token's text without changing what it says.
 *
 * @see https://www.rfc-editor.org/rfc/rfc7515#appendix-C
 * @see https://www.rfc-editor.org/rfc/rfc4648#section-3.5
 */

const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

const values = new Uint8Array(128)
for (let i = 0; i < alphabet.length; i++) values[alphabet.charCodeAt(i)] = i

const valueAt = (text: string, index: number): number => values[text.charCodeAt(index)] ?? 0

/** Only the alphabet, no padding, no stray last character, and no bits set beyond the last octet. */
export const isCanonical = (text: string): boolean => {
  if (!/^[A-Za-z0-9_-]*$/.test(text)) return false
  switch (text.length % 4) {
    case 0:
      return true
    case 2:
      return (valueAt(text, text.length - 1) & 0b1111) === 0
    case 3:
      return (valueAt(text, text.length - 1) & 0b11) === 0
    default:
      return false
  }
}

/** How many octets a canonical text stands for. */
export const byteLength = (canonical: string): number => Math.floor(canonical.length * 3 / 4)

/** The octets of a text for which `isCanonical` holds. */
export const decode = (canonical: string): Uint8Array<ArrayBuffer> => {
  const bytes = new Uint8Array(byteLength(canonical))
  let accumulator = 0
  let bits = 0
  let length = 0
  for (let i = 0; i < canonical.length; i++) {
    accumulator = (accumulator << 6 | valueAt(canonical, i)) & 0xffff
    bits += 6
    if (bits >= 8) {
      bits -= 8
      bytes[length++] = accumulator >> bits & 0xff
    }
  }
  return bytes
}
