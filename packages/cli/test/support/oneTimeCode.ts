import { createHmac } from "node:crypto"

/** RFC 6238 with SHA-1, six digits and 30 seconds. */
export const codeOf = (secret: string, millis: number): string => {
  const bits = Array.from(
    secret,
    (letter) => "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".indexOf(letter).toString(2).padStart(5, "0")
  )
  const octets = Array.from(bits.join("").matchAll(/.{8}/g), ([octet]) => Number.parseInt(octet, 2))
  const counter = Buffer.alloc(8)
  counter.writeBigUInt64BE(BigInt(Math.floor(millis / 30_000)))
  const mac = createHmac("sha1", Buffer.from(octets)).update(counter).digest()
  return String((mac.readUInt32BE((mac.at(-1) ?? 0) & 15) & 0x7fffffff) % 1_000_000).padStart(6, "0")
}
