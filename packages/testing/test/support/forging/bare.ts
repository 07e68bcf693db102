/** JOSE by node:crypto alone, from the RFCs, right and wrong alike: shares nothing with the code under test. */
import type * as TestKeys from "@effect-launchkey/testing/TestKeys"
import { Effect, Redacted } from "effect"
import * as crypto from "node:crypto"

export const base64url = (data: string | Uint8Array): string => Buffer.from(data).toString("base64url")

export const unbase64url = (text: string): Buffer => Buffer.from(text, "base64url")

const imported = new Map<string, crypto.KeyObject>()

const importOnce = (pem: string, make: (pem: string) => crypto.KeyObject): crypto.KeyObject => {
  const known = imported.get(pem) ?? make(pem)
  imported.set(pem, known)
  return known
}

const privateKeyOf = (key: TestKeys.TestKey): crypto.KeyObject =>
  importOnce(Redacted.value(key.privateKey), crypto.createPrivateKey)

export const publicKeyOf = (key: TestKeys.TestKey): crypto.KeyObject =>
  importOnce(key.publicKey, crypto.createPublicKey)

/** The signature over a signing input. */
export type Signer = (input: Buffer) => Effect.Effect<Uint8Array>

const hashes: { readonly [alg: string]: string } = { "256": "sha256", "384": "sha384", "512": "sha512" }

const hashOf = (alg: string): string => hashes[alg.slice(2)] ?? "sha256"

/** RSASSA-PKCS1-v1_5 with the hash of `alg`, on a thread of its own. */
export const rs = (key: TestKeys.TestKey, alg = "RS256"): Signer => (input) =>
  Effect.async((resume) =>
    crypto.sign(
      hashOf(alg),
      input,
      { key: privateKeyOf(key) },
      (error, signature) => resume(error === null ? Effect.succeed(signature) : Effect.die(error))
    )
  )

/** RSASSA-PSS, the salt as long as the hash. */
export const ps = (key: TestKeys.TestKey, alg: string): Signer => (input) =>
  Effect.sync(() =>
    crypto.sign(hashOf(alg), input, {
      key: privateKeyOf(key),
      padding: crypto.constants.RSA_PKCS1_PSS_PADDING,
      saltLength: crypto.constants.RSA_PSS_SALTLEN_DIGEST
    })
  )

/** HMAC under any secret: of a public key, anybody has one. */
export const hs = (secret: string | Uint8Array, alg: string): Signer => (input) =>
  Effect.sync(() => crypto.createHmac(hashOf(alg), secret).update(input).digest())

export const unsigned: Signer = () => Effect.succeed(new Uint8Array(0))

/** The public key as each of the texts and octets that a confused verifier may take for a secret. */
export const secretsOf = (key: TestKeys.TestKey): { readonly [form: string]: string | Buffer } => ({
  "its PEM": key.publicKey,
  "its PEM without the last line break": key.publicKey.trimEnd(),
  "its DER": publicKeyOf(key).export({ type: "spki", format: "der" }),
  "its PKCS#1 DER": publicKeyOf(key).export({ type: "pkcs1", format: "der" }),
  "its JWK": JSON.stringify(publicKeyOf(key).export({ format: "jwk" })),
  "its modulus": unbase64url(publicKeyOf(key).export({ format: "jwk" }).n ?? ""),
  "nothing": ""
})

export const jws = (
  header: string | Uint8Array,
  payload: string | Uint8Array,
  signer: Signer
): Effect.Effect<string> => {
  const input = `${base64url(header)}.${base64url(payload)}`
  return Effect.map(signer(Buffer.from(input)), (signature) => `${input}.${base64url(signature)}`)
}

/** What an encryption does otherwise than its header says. */
export interface Encryption {
  readonly recipient: TestKeys.TestKey
  /** How the content key is wrapped; by default as `alg` says. */
  readonly wrap?: "RSA-OAEP" | "RSA-OAEP-256" | "RSA1_5" | undefined
  /** Octets of the content key that are wrapped. Default 64. */
  readonly keyLength?: number | undefined
  /** In place of the PKCS#7 padding: sixteen octets. */
  readonly padding?: Uint8Array | undefined
  /** The content cipher by which it is really encrypted. Default A256CBC-HS512. */
  readonly cipher?: "A128CBC-HS256" | "A256GCM" | undefined
}

const wrapping = (key: crypto.KeyObject, wrap: string) =>
  wrap === "RSA1_5"
    ? { key, padding: crypto.constants.RSA_PKCS1_PADDING }
    : {
      key,
      padding: crypto.constants.RSA_PKCS1_OAEP_PADDING,
      oaepHash: wrap === "RSA-OAEP-256" ? "sha256" : "sha1"
    }

/** RFC 7518 section 5.2.2.1: HMAC over AAD, IV, ciphertext and the AAD's length in bits. */
const authenticate = (hash: string, macKey: Buffer, aad: Buffer, iv: Buffer, ciphertext: Buffer): Buffer => {
  const length = Buffer.alloc(8)
  length.writeBigUInt64BE(BigInt(aad.length * 8))
  return crypto.createHmac(hash, macKey).update(Buffer.concat([aad, iv, ciphertext, length])).digest().subarray(
    0,
    macKey.length
  )
}

const cbc = (cek: Buffer, aad: Buffer, iv: Buffer, plaintext: Buffer, padding: Uint8Array | undefined) => {
  const half = cek.length / 2
  const cipher = crypto.createCipheriv(half === 32 ? "aes-256-cbc" : "aes-128-cbc", cek.subarray(half), iv)
  const whole = plaintext.subarray(0, plaintext.length - plaintext.length % 16)
  const ciphertext = padding === undefined
    ? Buffer.concat([cipher.update(plaintext), cipher.final()])
    : Buffer.concat([cipher.setAutoPadding(false).update(Buffer.concat([whole, padding])), cipher.final()])
  return [ciphertext, authenticate(half === 32 ? "sha512" : "sha256", cek.subarray(0, half), aad, iv, ciphertext)]
}

const gcm = (cek: Buffer, aad: Buffer, iv: Buffer, plaintext: Buffer) => {
  const cipher = crypto.createCipheriv("aes-256-gcm", cek, iv).setAAD(aad)
  const ciphertext = Buffer.concat([cipher.update(plaintext), cipher.final()])
  return [ciphertext, cipher.getAuthTag()]
}

/** A compact JWE under any header, to the letter. */
export const jwe = (header: string | Uint8Array, plaintext: string | Uint8Array, options: Encryption): string => {
  const text = Buffer.from(header).toString()
  const aad = Buffer.from(base64url(header))
  const wrap = options.wrap ?? (text.includes("\"RSA-OAEP-256\"") ? "RSA-OAEP-256" : "RSA-OAEP")
  const octets = { "A128CBC-HS256": 32, A256GCM: 32 } as const
  const cek = crypto.randomBytes(options.keyLength ?? (options.cipher === undefined ? 64 : octets[options.cipher]))
  const iv = crypto.randomBytes(options.cipher === "A256GCM" ? 12 : 16)
  // a content key of a wrong length cannot encrypt: its receiver must refuse it before it tries
  const usable = options.keyLength === undefined ? cek : crypto.randomBytes(64)
  const sealed = options.cipher === "A256GCM"
    ? gcm(usable, aad, iv, Buffer.from(plaintext))
    : cbc(usable, aad, iv, Buffer.from(plaintext), options.padding)
  const wrapped = crypto.publicEncrypt(wrapping(publicKeyOf(options.recipient), wrap), cek)
  return [header, wrapped, iv, ...sealed].map(base64url).join(".")
}

/** One RSA block, by default RSAES-OAEP with SHA-1. */
export const block = (
  plaintext: string | Uint8Array,
  recipient: TestKeys.TestKey,
  wrap: NonNullable<Encryption["wrap"]> = "RSA-OAEP"
): Buffer => crypto.publicEncrypt(wrapping(publicKeyOf(recipient), wrap), Buffer.from(plaintext))

/** The plaintext of a compact JWE; throws where the tag does not match. */
export const openJwe = (token: string, key: TestKeys.TestKey): string => {
  const [
    header = Buffer.of(),
    encryptedKey = Buffer.of(),
    iv = Buffer.of(),
    ciphertext = Buffer.of(),
    tag = Buffer.of()
  ] = token.split(".").map(unbase64url)
  const { alg } = JSON.parse(header.toString()) as { readonly alg: string }
  const cek = crypto.privateDecrypt(wrapping(privateKeyOf(key), alg), encryptedKey)
  const aad = Buffer.from(token.slice(0, token.indexOf(".")))
  if (!crypto.timingSafeEqual(authenticate("sha512", cek.subarray(0, 32), aad, iv, ciphertext), tag)) {
    throw new Error("The tag does not match")
  }
  const decipher = crypto.createDecipheriv("aes-256-cbc", cek.subarray(32), iv)
  return Buffer.concat([decipher.update(ciphertext), decipher.final()]).toString()
}

const digests: { readonly [func: string]: string } = { S256: "sha256", S384: "sha384", S512: "sha512" }

/** Lower-case hex. */
export const digest = (func: string, data: string | Uint8Array): string =>
  crypto.createHash(digests[func] ?? "sha256").update(data).digest("hex")
