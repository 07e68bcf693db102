/** JOSE by node:crypto alone, from the RFCs: shares nothing with the code under test. */
import * as crypto from "node:crypto"

export const base64url = (data: string | Uint8Array): string => Buffer.from(data).toString("base64url")

/** A JWS with any header, signed if a key is given. */
export const signJws = (header: string, payload: string, privateKeyPem: string, hash = "RSA-SHA256"): string => {
  const input = `${base64url(header)}.${base64url(payload)}`
  return `${input}.${base64url(crypto.sign(hash, Buffer.from(input), privateKeyPem))}`
}

export const verifyJws = (token: string, publicKeyPem: string, hash = "RSA-SHA256") => {
  const [header, payload, signature] = token.split(".") as [string, string, string]
  return {
    valid: crypto.verify(hash, Buffer.from(`${header}.${payload}`), publicKeyPem, Buffer.from(signature, "base64url")),
    header: Buffer.from(header, "base64url").toString(),
    payload: Buffer.from(payload, "base64url").toString()
  }
}

const oaepHash = (header: string): string =>
  (JSON.parse(header) as { alg: string }).alg === "RSA-OAEP" ? "sha1" : "sha256"

/** RFC 7518 section 5.2.2.1: HMAC over AAD, IV, ciphertext and the AAD's length in bits. */
const authenticate = (cek: Buffer, aad: Buffer, iv: Buffer, ciphertext: Buffer): Buffer => {
  const length = Buffer.alloc(8)
  length.writeBigUInt64BE(BigInt(aad.length * 8))
  return crypto.createHmac("sha512", cek.subarray(0, 32)).update(Buffer.concat([aad, iv, ciphertext, length])).digest()
    .subarray(0, 32)
}

export const sealJwe = (header: string, plaintext: string, publicKeyPem: string): string => {
  const [cek, iv] = [crypto.randomBytes(64), crypto.randomBytes(16)]
  const encryptedKey = crypto.publicEncrypt(
    { key: publicKeyPem, padding: crypto.constants.RSA_PKCS1_OAEP_PADDING, oaepHash: oaepHash(header) },
    cek
  )
  const cipher = crypto.createCipheriv("aes-256-cbc", cek.subarray(32), iv)
  const ciphertext = Buffer.concat([cipher.update(plaintext), cipher.final()])
  const tag = authenticate(cek, Buffer.from(base64url(header)), iv, ciphertext)
  return [header, encryptedKey, iv, ciphertext, tag].map(base64url).join(".")
}

export const openJwe = (token: string, privateKeyPem: string) => {
  const parts = token.split(".").map((part) => Buffer.from(part, "base64url"))
  const [header, encryptedKey, iv, ciphertext, tag] = parts as [Buffer, Buffer, Buffer, Buffer, Buffer]
  const cek = crypto.privateDecrypt(
    { key: privateKeyPem, padding: crypto.constants.RSA_PKCS1_OAEP_PADDING, oaepHash: oaepHash(header.toString()) },
    encryptedKey
  )
  const expected = authenticate(cek, Buffer.from(token.slice(0, token.indexOf("."))), iv, ciphertext)
  if (!crypto.timingSafeEqual(expected, tag)) throw new Error("tag")
  const decipher = crypto.createDecipheriv("aes-256-cbc", cek.subarray(32), iv)
  return {
    header: header.toString(),
    plaintext: Buffer.concat([decipher.update(ciphertext), decipher.final()]).toString()
  }
}

/** RSAES-OAEP with SHA-1, as one block of base64. */
export const sealOaep = (plaintext: string, publicKeyPem: string): string =>
  crypto.publicEncrypt(
    { key: publicKeyPem, padding: crypto.constants.RSA_PKCS1_OAEP_PADDING, oaepHash: "sha1" },
    Buffer.from(plaintext)
  ).toString("base64")

export const openOaep = (base64: string, privateKeyPem: string): string =>
  crypto.privateDecrypt(
    { key: privateKeyPem, padding: crypto.constants.RSA_PKCS1_OAEP_PADDING, oaepHash: "sha1" },
    Buffer.from(base64, "base64")
  ).toString()

/** Lower-case hex. */
export const digest = (hash: "sha256" | "sha384" | "sha512", data: string): string =>
  crypto.createHash(hash).update(data).digest("hex")
