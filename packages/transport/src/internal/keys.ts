/**
 * RSA keys as WebCrypto holds them.
 *
 * @since 0.1.0
 */
import { KeyId } from "@effect-launchkey/core/KeyId"
import { md5 } from "@noble/hashes/legacy.js"
import { NodeInspectSymbol } from "effect/Inspectable"
import type { KeyEncryptionAlgorithm, SignatureAlgorithm } from "../Algorithms.ts"
import { type RsaPrivate, type RsaPublic, toPem } from "./rsaKey.ts"

/**
 * Fingerprint of a public key: the MD5 of its DER SubjectPublicKeyInfo.
 *
 * @see docs/protocol.md "Key ids"
 * @since 0.1.0
 * @category conversions
 */
export const keyIdOf = (spkiDer: Uint8Array): KeyId =>
  KeyId.make(Array.from(md5(spkiDer), (octet) => octet.toString(16).padStart(2, "0")).join(":"))

type Algorithm = SignatureAlgorithm | KeyEncryptionAlgorithm

export const webCrypto: { readonly [A in Algorithm]: { readonly name: string; readonly hash: string } } = {
  RS256: { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256" },
  RS384: { name: "RSASSA-PKCS1-v1_5", hash: "SHA-384" },
  RS512: { name: "RSASSA-PKCS1-v1_5", hash: "SHA-512" },
  "RSA-OAEP-256": { name: "RSA-OAEP", hash: "SHA-256" },
  "RSA-OAEP": { name: "RSA-OAEP", hash: "SHA-1" }
}

/** A CryptoKey is bound to one algorithm and hash, and importing costs more than signing: each is imported once. */
const importOnce = (format: "spki" | "pkcs8", der: Uint8Array<ArrayBuffer>) => {
  const imported = new Map<Algorithm, Promise<CryptoKey>>()
  const [signing, encrypting] = format === "spki" ? ["verify", "encrypt"] as const : ["sign", "decrypt"] as const
  return (algorithm: Algorithm): Promise<CryptoKey> => {
    let key = imported.get(algorithm)
    if (key === undefined) {
      const { hash, name } = webCrypto[algorithm]
      const usage = name === "RSA-OAEP" ? encrypting : signing
      key = crypto.subtle.importKey(format, der, { name, hash }, false, [usage])
      imported.set(algorithm, key)
    }
    return key
  }
}

type CryptoKeys = ReturnType<typeof importOnce>

// the classes alone can reach their material; these hand it on, and no module outside this package sees them
let ofPublic: (key: PublicKey) => CryptoKeys
let ofPrivate: (key: PrivateKey) => CryptoKeys
let publicFrom: (rsa: RsaPublic) => PublicKey
let privateFrom: (rsa: RsaPublic, cryptoKeys: CryptoKeys) => PrivateKey

/**
 * An RSA public key, ready for use. Only `importPublicKey` and the private half make one.
 *
 * @since 0.1.0
 * @category models
 */
export class PublicKey {
  readonly keyId: KeyId
  /** Bits; 2048 or more. */
  readonly modulusLength: number
  /** SubjectPublicKeyInfo, lines ending in LF. */
  readonly pem: string
  readonly #cryptoKeys: CryptoKeys

  private constructor(rsa: RsaPublic) {
    this.keyId = keyIdOf(rsa.spki)
    this.modulusLength = rsa.modulusLength
    this.pem = toPem("PUBLIC KEY", rsa.spki)
    this.#cryptoKeys = importOnce("spki", rsa.spki)
    Object.freeze(this)
  }

  static {
    publicFrom = (rsa) => new PublicKey(rsa)
    ofPublic = (key) => key.#cryptoKeys
  }

  toString(): string {
    return `<PublicKey ${this.keyId}>`
  }
}

/**
 * An RSA private key, ready for use. However it is printed, it shows its id alone. Only `importPrivateKey`,
 * `generateKey` and `DeviceKey.toPrivateKey` make one.
 *
 * @since 0.1.0
 * @category models
 */
export class PrivateKey {
  readonly keyId: KeyId
  /** Bits; 2048 or more. */
  readonly modulusLength: number
  readonly publicKey: PublicKey
  readonly #cryptoKeys: CryptoKeys

  private constructor(rsa: RsaPublic, cryptoKeys: CryptoKeys) {
    this.publicKey = publicFrom(rsa)
    this.keyId = this.publicKey.keyId
    this.modulusLength = rsa.modulusLength
    this.#cryptoKeys = cryptoKeys
    Object.freeze(this)
  }

  static {
    privateFrom = (rsa, cryptoKeys) => new PrivateKey(rsa, cryptoKeys)
    ofPrivate = (key) => key.#cryptoKeys
  }

  toString(): string {
    return `<PrivateKey ${this.keyId}>`
  }

  toJSON(): string {
    return this.toString()
  }

  [NodeInspectSymbol](): string {
    return this.toString()
  }
}

/** The CryptoKey of either half for one algorithm. */
export const cryptoKey = (key: PublicKey | PrivateKey, algorithm: Algorithm): Promise<CryptoKey> =>
  (key instanceof PrivateKey ? ofPrivate(key) : ofPublic(key))(algorithm)

/** Rejects when the engine does not take the numbers. */
export const importPublic = async (rsa: RsaPublic): Promise<PublicKey> => {
  const key = publicFrom(rsa)
  await cryptoKey(key, "RS256")
  return key
}

const probe = new TextEncoder().encode("pairwise consistency")

/** Rejects when the engine does not take the numbers, or when what one half signs the other does not verify. */
const consistent = async (key: PrivateKey): Promise<PrivateKey> => {
  const { name } = webCrypto.RS256
  // numbers that do not belong together may import well, and would then sign what nobody can verify
  const signature = await crypto.subtle.sign(name, await cryptoKey(key, "RS256"), probe)
  const verifies = await crypto.subtle.verify(name, await cryptoKey(key.publicKey, "RS256"), signature, probe)
  if (!verifies) throw new TypeError("The halves of the key do not belong together")
  return key
}

/** Rejects as {@link consistent} does. */
export const importPrivate = (rsa: RsaPrivate): Promise<PrivateKey> =>
  consistent(privateFrom(rsa, importOnce("pkcs8", rsa.pkcs8)))

/** A private key that is one CryptoKey for each of the algorithms given, and for no other. Rejects as above. */
export const holdPrivate = (
  rsa: RsaPublic,
  held: { readonly [A in Algorithm]?: CryptoKey }
): Promise<PrivateKey> =>
  consistent(privateFrom(rsa, (algorithm) => {
    const key = held[algorithm]
    return key === undefined
      ? Promise.reject(new TypeError(`The key is not held for ${algorithm}`))
      : Promise.resolve(key)
  }))
