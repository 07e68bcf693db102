/**
 * What packages/transport/test/support/bare.ts does by node:crypto, by node-forge: it takes the place of that module in
 * the bundle, and like it shares nothing with the code under test.
 */
import forge from "node-forge"

const utf8 = new TextEncoder()

/** As node-forge has octets: a character for each. Its own function for this gives all to one call, which is too much. */
const binary = (data: string | Uint8Array): string => {
  let characters = ""
  for (const octet of typeof data === "string" ? utf8.encode(data) : data) characters += String.fromCharCode(octet)
  return characters
}

const octets = (text: string): Uint8Array => forge.util.binary.raw.decode(text)

const text = (octetString: string): string => new TextDecoder().decode(octets(octetString))

const encode = (octetString: string): string =>
  forge.util.encode64(octetString).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "")

// without padding node-forge makes octets of what is not there
const decode = (base64url: string): string =>
  forge.util.decode64(
    base64url.replaceAll("-", "+").replaceAll("_", "/").padEnd(Math.ceil(base64url.length / 4) * 4, "=")
  )

export const base64url = (data: string | Uint8Array): string => encode(binary(data))

const digests: Readonly<Record<string, () => forge.md.MessageDigest>> = {
  "RSA-SHA1": forge.md.sha1.create,
  "RSA-SHA256": forge.md.sha256.create,
  "RSA-SHA384": forge.md.sha384.create,
  "RSA-SHA512": forge.md.sha512.create
}

const digestOf = (hash: string, octetString: string): forge.md.MessageDigest => {
  const create = digests[hash]
  if (create === undefined) throw new Error(`No digest is called ${hash}`)
  return create().update(octetString, "raw")
}

const privateKeyOf = (pem: string): forge.pki.rsa.PrivateKey => forge.pki.privateKeyFromPem(pem)

const publicKeyOf = (pem: string): forge.pki.rsa.PublicKey => forge.pki.publicKeyFromPem(pem)

/** A JWS with any header, signed if a key is given. */
export const signJws = (header: string, payload: string, privateKeyPem: string, hash = "RSA-SHA256"): string => {
  const input = `${base64url(header)}.${base64url(payload)}`
  return `${input}.${encode(privateKeyOf(privateKeyPem).sign(digestOf(hash, input)))}`
}

export const verifyJws = (token: string, publicKeyPem: string, hash = "RSA-SHA256") => {
  const [header, payload, signature] = token.split(".") as [string, string, string]
  const digest = digestOf(hash, `${header}.${payload}`).digest().getBytes()
  return {
    valid: publicKeyOf(publicKeyPem).verify(digest, decode(signature)),
    header: text(decode(header)),
    payload: text(decode(payload))
  }
}

const oaep = (header: string): { readonly md: forge.md.MessageDigest } => ({
  md: (JSON.parse(header) as { alg: string }).alg === "RSA-OAEP" ? forge.md.sha1.create() : forge.md.sha256.create()
})

/** RFC 7518 section 5.2.2.1: HMAC over AAD, IV, ciphertext and the AAD's length in bits. */
const authenticate = (cek: string, aad: string, iv: string, ciphertext: string): string => {
  const bits = aad.length * 8
  const length = `\0\0\0\0${String.fromCharCode(bits >>> 24, (bits >>> 16) & 255, (bits >>> 8) & 255, bits & 255)}`
  const hmac = forge.hmac.create()
  hmac.start("sha512", cek.slice(0, 32))
  hmac.update(aad + iv + ciphertext + length)
  return hmac.digest().getBytes().slice(0, 32)
}

/** AES-CBC under the latter half of the key. */
const run = (cipher: forge.cipher.BlockCipher, iv: string, input: string): string => {
  cipher.start({ iv })
  cipher.update(forge.util.createBuffer(input, "raw"))
  if (!cipher.finish()) throw new Error("padding")
  return cipher.output.getBytes()
}

const aes = "AES-CBC"

export const sealJwe = (header: string, plaintext: string, publicKeyPem: string): string => {
  const [cek, iv] = [64, 16].map((length) => binary(crypto.getRandomValues(new Uint8Array(length)))) as [string, string]
  const encryptedKey = publicKeyOf(publicKeyPem).encrypt(cek, "RSA-OAEP", oaep(header))
  const ciphertext = run(forge.cipher.createCipher(aes, cek.slice(32)), iv, binary(plaintext))
  const tag = authenticate(cek, base64url(header), iv, ciphertext)
  return [base64url(header), ...[encryptedKey, iv, ciphertext, tag].map(encode)].join(".")
}

export const openJwe = (token: string, privateKeyPem: string) => {
  const [header, encryptedKey, iv, ciphertext, tag] = token.split(".").map(decode) as [
    string,
    string,
    string,
    string,
    string
  ]
  const cek = privateKeyOf(privateKeyPem).decrypt(encryptedKey, "RSA-OAEP", oaep(text(header)))
  if (authenticate(cek, token.slice(0, token.indexOf(".")), iv, ciphertext) !== tag) throw new Error("tag")
  return { header: text(header), plaintext: text(run(forge.cipher.createDecipher(aes, cek.slice(32)), iv, ciphertext)) }
}

/** RSAES-OAEP with SHA-1, as one block of base64. */
export const sealOaep = (plaintext: string, publicKeyPem: string): string =>
  forge.util.encode64(publicKeyOf(publicKeyPem).encrypt(binary(plaintext), "RSA-OAEP", { md: forge.md.sha1.create() }))

export const openOaep = (base64: string, privateKeyPem: string): string =>
  text(
    privateKeyOf(privateKeyPem).decrypt(forge.util.decode64(base64), "RSA-OAEP", { md: forge.md.sha1.create() })
  )

/** Lower-case hex. */
export const digest = (hash: "sha256" | "sha384" | "sha512", data: string): string =>
  digestOf(`RSA-${hash.toUpperCase()}`, binary(data)).digest().toHex()
