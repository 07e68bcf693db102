/** JOSE by node:crypto alone, from the RFCs: shares nothing with the code under test. */
import * as crypto from "node:crypto"

const base64url = (data: string | Uint8Array): string => Buffer.from(data).toString("base64url")

/** A JWS with any header and payload, under RS256. */
export const signJws = (header: string, payload: string, privateKeyPem: string): string => {
  const input = `${base64url(header)}.${base64url(payload)}`
  return `${input}.${base64url(crypto.sign("RSA-SHA256", Buffer.from(input), privateKeyPem))}`
}

/** The payload's JSON; throws where the signature does not verify. */
export const openJws = (
  token: string,
  publicKeyPem: string
): { readonly header: unknown; readonly claims: unknown } => {
  const [header = "", payload = "", signature = ""] = token.split(".")
  const input = Buffer.from(`${header}.${payload}`)
  if (!crypto.verify("RSA-SHA256", input, publicKeyPem, Buffer.from(signature, "base64url"))) {
    throw new Error("signature")
  }
  const json = (part: string): unknown => JSON.parse(Buffer.from(part, "base64url").toString())
  return { header: json(header), claims: json(payload) }
}

const oaep = (pem: string, header: string) => ({
  key: pem,
  padding: crypto.constants.RSA_PKCS1_OAEP_PADDING,
  oaepHash: header.includes("\"RSA-OAEP-256\"") ? "sha256" : "sha1"
})

/** RFC 7518 section 5.2.2.1: HMAC over AAD, IV, ciphertext and the AAD's length in bits. */
const authenticate = (cek: Buffer, aad: Buffer, iv: Buffer, ciphertext: Buffer): Buffer => {
  const length = Buffer.alloc(8)
  length.writeBigUInt64BE(BigInt(aad.length * 8))
  return crypto.createHmac("sha512", cek.subarray(0, 32)).update(Buffer.concat([aad, iv, ciphertext, length])).digest()
    .subarray(0, 32)
}

export const sealJwe = (header: string, plaintext: string | Uint8Array, publicKeyPem: string): string => {
  const [cek, iv] = [crypto.randomBytes(64), crypto.randomBytes(16)]
  const encryptedKey = crypto.publicEncrypt(oaep(publicKeyPem, header), cek)
  const cipher = crypto.createCipheriv("aes-256-cbc", cek.subarray(32), iv)
  const ciphertext = Buffer.concat([cipher.update(Buffer.from(plaintext)), cipher.final()])
  const tag = authenticate(cek, Buffer.from(base64url(header)), iv, ciphertext)
  return [header, encryptedKey, iv, ciphertext, tag].map(base64url).join(".")
}

/** Throws where the tag does not match. */
export const openJwe = (token: string, privateKeyPem: string) => {
  const parts = token.split(".").map((part) => Buffer.from(part, "base64url"))
  const [header, encryptedKey, iv, ciphertext, tag] = parts as [Buffer, Buffer, Buffer, Buffer, Buffer]
  const cek = crypto.privateDecrypt(oaep(privateKeyPem, header.toString()), encryptedKey)
  const expected = authenticate(cek, Buffer.from(token.slice(0, token.indexOf("."))), iv, ciphertext)
  if (!crypto.timingSafeEqual(expected, tag)) throw new Error("tag")
  const decipher = crypto.createDecipheriv("aes-256-cbc", cek.subarray(32), iv)
  return {
    header: JSON.parse(header.toString()) as { readonly alg: string; readonly enc: string; readonly kid: string },
    plaintext: Buffer.concat([decipher.update(ciphertext), decipher.final()]).toString()
  }
}

/** Lower-case hex. */
export const sha256 = (data: string): string => crypto.createHash("sha256").update(data).digest("hex")
