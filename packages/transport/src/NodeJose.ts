/**
 * `Jose` over `node:crypto`, for Node and Bun: the same protocol, keys and refusals, at a fraction of the processor time
 * that WebCrypto takes there. Everything runs on the thread that asks: some hundred microseconds for what a private key
 * does, some ten for the rest.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import {
  constants,
  createCipheriv,
  createDecipheriv,
  createHash,
  createHmac,
  KeyObject,
  privateDecrypt,
  publicEncrypt,
  randomBytes,
  sign,
  timingSafeEqual,
  verify
} from "node:crypto"
import * as DirectJwe from "./internal/directJwe.ts"
import * as Keys from "./internal/keys.ts"
import * as Jose from "./Jose.ts"
import { Refusal } from "./Rejection.ts"

type Algorithm = Jose.SignatureAlgorithm | Jose.KeyEncryptionAlgorithm

const hashes = {
  RS256: "sha256",
  RS384: "sha384",
  RS512: "sha512",
  "RSA-OAEP-256": "sha256",
  "RSA-OAEP": "sha1",
  S256: "sha256",
  S384: "sha384",
  S512: "sha512"
} as const

const keyObjects = new WeakMap<Jose.PublicKey | Jose.PrivateKey, Map<Algorithm, KeyObject>>()

/** What is done with a key, as soon as it is there: at once in all calls but its first. */
const using = <A>(
  key: Jose.PublicKey | Jose.PrivateKey,
  algorithm: Algorithm,
  use: (key: KeyObject) => A
): Effect.Effect<A> =>
  Effect.suspend(() => {
    const known = keyObjects.get(key)?.get(algorithm)
    return known !== undefined ? Effect.sync(() => use(known)) : Effect.promise(async () => {
      const found = KeyObject.from(await Keys.cryptoKey(key, algorithm))
      const others = keyObjects.get(key) ?? new Map<Algorithm, KeyObject>()
      keyObjects.set(key, others.set(algorithm, found))
      return use(found)
    })
  })

/** What a stranger wrote may fail in any way: none of them is told. */
const attempt = <A>(run: () => A): A | undefined => {
  try {
    return run()
  } catch {
    return undefined
  }
}

const opened = <A>(reason: Refusal["reason"]) =>
  Effect.flatMap((result: A | undefined) =>
    result === undefined ? Effect.fail(new Refusal({ reason })) : Effect.succeed(result)
  )

const oaep = (key: KeyObject, algorithm: Jose.KeyEncryptionAlgorithm) => ({
  key,
  padding: constants.RSA_PKCS1_OAEP_PADDING,
  oaepHash: hashes[algorithm]
})

/** @see https://www.rfc-editor.org/rfc/rfc7518#section-5.2.5 */
const contentKey = { octets: 64, macOctets: 32, tagOctets: 32, ivOctets: 16, cipher: "aes-256-cbc" }

const direct = "aes-256-gcm"

const tagOf = (key: Uint8Array, header: string, iv: Uint8Array, ciphertext: Uint8Array): Buffer => {
  const headerBits = Buffer.alloc(8)
  headerBits.writeBigUInt64BE(BigInt(header.length * 8))
  return createHmac("sha512", key.subarray(0, contentKey.macOctets))
    .update(header, "latin1").update(iv).update(ciphertext).update(headerBits)
    .digest().subarray(0, contentKey.tagOctets)
}

const encoded = (part: string): Buffer => Buffer.from(part, "base64url")

const own = (bytes: Uint8Array): Uint8Array => new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength)

const decrypt = (token: string, algorithm: Jose.KeyEncryptionAlgorithm, key: KeyObject): Uint8Array | undefined => {
  const [header = "", encryptedKey = "", iv64 = "", ciphertext64 = "", tag64 = ""] = token.split(".")
  // RFC 7516, section 11.5: who sends a key that cannot be opened learns no more than who sends a wrong tag
  const substitute = randomBytes(contentKey.octets)
  const found = attempt(() => privateDecrypt(oaep(key, algorithm), encoded(encryptedKey)))
  const cek = found?.length === contentKey.octets ? found : substitute
  const iv = encoded(iv64)
  const ciphertext = encoded(ciphertext64)
  const tag = encoded(tag64)
  const genuine = tag.length === contentKey.tagOctets && timingSafeEqual(tag, tagOf(cek, header, iv, ciphertext))
  if (!genuine) return undefined
  return attempt(() => {
    const decipher = createDecipheriv(contentKey.cipher, cek.subarray(contentKey.macOctets), iv)
    return own(Buffer.concat([decipher.update(ciphertext), decipher.final()]))
  })
}

const encrypt = (
  header: string,
  plaintext: Uint8Array,
  algorithm: Jose.KeyEncryptionAlgorithm,
  key: KeyObject
): string => {
  const cek = randomBytes(contentKey.octets)
  const iv = randomBytes(contentKey.ivOctets)
  const cipher = createCipheriv(contentKey.cipher, cek.subarray(contentKey.macOctets), iv)
  const ciphertext = Buffer.concat([cipher.update(plaintext), cipher.final()])
  const protectedHeader = Buffer.from(header).toString("base64url")
  const parts = [publicEncrypt(oaep(key, algorithm), cek), iv, ciphertext, tagOf(cek, protectedHeader, iv, ciphertext)]
  return [protectedHeader, ...parts.map((part) => part.toString("base64url"))].join(".")
}

/**
 * Keys are read, tried and held as by `Jose.make`, so those of one serve the other.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make: Jose.Service = {
  ...Jose.make,

  sign: ({ algorithm = "RS256", header, key, payload }) =>
    using(key, algorithm, (signing) => {
      const protectedHeader = JSON.stringify({ alg: algorithm, typ: header?.typ, kid: key.keyId })
      const input = `${Buffer.from(protectedHeader).toString("base64url")}.${
        Buffer.from(payload).toString("base64url")
      }`
      return `${input}.${sign(hashes[algorithm], Buffer.from(input, "latin1"), signing).toString("base64url")}`
    }),

  verify: ({ header: { alg, kid }, token }, key) =>
    kid !== undefined && kid !== key.keyId
      ? Effect.fail(new Refusal({ reason: "KeyUnknown" }))
      : using(key, alg, (verifying) => {
        const end = token.lastIndexOf(".")
        const input = Buffer.from(token.slice(0, end), "latin1")
        const genuine = attempt(() => verify(hashes[alg], input, verifying, encoded(token.slice(end + 1))))
        return genuine === true ? own(encoded(token.slice(token.indexOf(".") + 1, end))) : undefined
      }).pipe(opened("SignatureInvalid")),

  signBytes: (bytes, key) => using(key, "RS256", (signing) => own(sign(hashes.RS256, bytes, signing))),

  verifyBytes: (bytes, signature, key) =>
    using(key, "RS256", (verifying) => attempt(() => verify(hashes.RS256, bytes, verifying, signature)) === true),

  encrypt: ({ algorithm = "RSA-OAEP-256", contentType, key, plaintext }) =>
    using(key, algorithm, (encrypting) => {
      const header = { alg: algorithm, enc: "A256CBC-HS512", kid: key.keyId, cty: contentType }
      return encrypt(JSON.stringify(header), plaintext, algorithm, encrypting)
    }),

  decrypt: ({ header: { alg }, token }, key) =>
    using(key, alg, (decrypting) => decrypt(token, alg, decrypting)).pipe(opened("DecryptionFailed")),

  encryptDirect: ({ contentType, key, keyId, plaintext }) =>
    Effect.sync(() => {
      const header = DirectJwe.headerOf(keyId, contentType)
      const iv = randomBytes(DirectJwe.sizes.iv)
      const cipher = createCipheriv(direct, Redacted.value(key), iv).setAAD(Buffer.from(header, "latin1"))
      const ciphertext = Buffer.concat([cipher.update(plaintext), cipher.final()])
      return DirectJwe.tokenOf(header, iv, ciphertext, cipher.getAuthTag())
    }),

  decryptDirect: ({ token }, key) =>
    Effect.sync(() =>
      attempt(() => {
        const { additional, ciphertext, iv, tag } = DirectJwe.partsOf(token)
        const decipher = createDecipheriv(direct, Redacted.value(key), iv, { authTagLength: DirectJwe.sizes.tag })
        decipher.setAAD(additional).setAuthTag(tag)
        return own(Buffer.concat([decipher.update(ciphertext), decipher.final()]))
      })
    ).pipe(opened("DecryptionFailed")),

  encryptOaep: (plaintext, key) => {
    const maximum = Math.ceil(key.modulusLength / 8) - 42
    return plaintext.length > maximum
      ? Effect.fail(new Jose.PlaintextTooLong({ length: plaintext.length, maximum }))
      : using(key, "RSA-OAEP", (encrypting) => own(publicEncrypt(oaep(encrypting, "RSA-OAEP"), plaintext)))
  },

  decryptOaep: (ciphertext, key) =>
    using(
      key,
      "RSA-OAEP",
      (decrypting) => attempt(() => own(privateDecrypt(oaep(decrypting, "RSA-OAEP"), ciphertext)))
    ).pipe(opened("DecryptionFailed")),

  digest: (hashFunction, bytes) => Effect.sync(() => createHash(hashes[hashFunction]).update(bytes).digest("hex")),

  hmacSha256: (key, data) => Effect.sync(() => own(createHmac("sha256", key).update(data).digest()))
}

/**
 * @since 0.1.0
 * @category layers
 */
export const layer: Layer.Layer<Jose.Jose> = Layer.succeed(Jose.Jose, make)
