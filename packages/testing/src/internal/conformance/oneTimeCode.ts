import * as Effect from "effect/Effect"

const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"

const base32 = (text: string): Uint8Array<ArrayBuffer> => {
  const bits = Array.from(text, (letter) => alphabet.indexOf(letter).toString(2).padStart(5, "0")).join("")
  return Uint8Array.from(bits.match(/.{8}/g) ?? [], (octet) => Number.parseInt(octet, 2))
}

const hashes: Readonly<Record<string, string>> = { SHA1: "SHA-1", SHA256: "SHA-256", SHA512: "SHA-512" }

/**
 * The code that an application shows: written out from the RFC, so that the platform's library is not its own judge.
 *
 * Vector: at 59 s, eight digits by SHA-1 of `GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ`, `94287082`.
 *
 * @see https://www.rfc-editor.org/rfc/rfc6238
 */
export const oneTimeCode = (
  { algorithm, digits, period, secret }: {
    /** Base32. */
    readonly secret: string
    readonly algorithm: string
    readonly digits: number
    /** Seconds. */
    readonly period: number
  },
  /** Since the epoch. */
  seconds: number
): Effect.Effect<string> =>
  // The keys and bytes are this function's own: nothing of it can be refused.
  Effect.promise(async () => {
    const counter = new DataView(new ArrayBuffer(8))
    counter.setBigUint64(0, BigInt(Math.floor(seconds / period)))
    const hmac = { name: "HMAC", hash: hashes[algorithm] ?? algorithm }
    const key = await crypto.subtle.importKey("raw", base32(secret), hmac, false, ["sign"])
    const mac = new DataView(await crypto.subtle.sign("HMAC", key, counter))
    // RFC 4226, 5.3: four octets from where the low half of the last octet points, without the sign.
    const offset = mac.getUint8(mac.byteLength - 1) & 0x0f
    return String((mac.getUint32(offset) & 0x7fff_ffff) % 10 ** digits).padStart(digits, "0")
  })
