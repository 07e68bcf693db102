/**
 * A device's key as WebCrypto keeps it: not extractable, yet storable, so that a browser's IndexedDB can hold a key that
 * no script can read.
 *
 * @see https://www.w3.org/TR/webcrypto-2/#concepts-key-storage
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Keys from "./internal/keys.ts"
import * as RsaKey from "./internal/rsaKey.ts"
import { InvalidKey } from "./InvalidKey.ts"
import type { PrivateKey } from "./Jose.ts"

/**
 * One RSA key as two CryptoKeys, since WebCrypto binds each to one use: a device signs, and decrypts what is sealed to
 * it, by the same key. A structured clone of it is a key as well.
 *
 * @since 0.1.0
 * @category models
 */
export interface DeviceKey {
  /** PEM of the SubjectPublicKeyInfo. */
  readonly publicKey: string
  /** RSASSA-PKCS1-v1_5 with SHA-256. */
  readonly signing: CryptoKey
  /** RSA-OAEP with SHA-1, as platforms encrypt their answers. */
  readonly decryption: CryptoKey
}

const algorithms = { signing: "RS256", decryption: "RSA-OAEP" } as const

const importAs = (pkcs8: ArrayBuffer, algorithm: "RS256" | "RSA-OAEP", usage: KeyUsage): Promise<CryptoKey> =>
  crypto.subtle.importKey("pkcs8", pkcs8, Keys.webCrypto[algorithm], false, [usage])

/**
 * A new key of 2048 bits. Its octets are in this program's memory while the two CryptoKeys are made of them, and are
 * overwritten then: afterwards nothing can export it.
 *
 * @since 0.1.0
 * @category constructors
 */
export const generate: Effect.Effect<DeviceKey> = Effect.promise(async () => {
  const pair = await crypto.subtle.generateKey(
    { ...Keys.webCrypto[algorithms.signing], modulusLength: 2048, publicExponent: Uint8Array.of(1, 0, 1) },
    true,
    ["sign", "verify"]
  )
  const pkcs8 = await crypto.subtle.exportKey("pkcs8", pair.privateKey)
  try {
    return {
      publicKey: RsaKey.toPem("PUBLIC KEY", new Uint8Array(await crypto.subtle.exportKey("spki", pair.publicKey))),
      signing: await importAs(pkcs8, algorithms.signing, "sign"),
      decryption: await importAs(pkcs8, algorithms.decryption, "decrypt")
    }
  } finally {
    new Uint8Array(pkcs8).fill(0)
  }
})

/**
 * The key for a keyring, once its halves were seen to belong together by one signature. It signs with `RS256` and opens
 * `RSA-OAEP` alone. Fails with `InvalidKey` where the public half is none, or not that of the others.
 *
 * @since 0.1.0
 * @category conversions
 */
export const toPrivateKey = ({ decryption, publicKey, signing }: DeviceKey): Effect.Effect<PrivateKey, InvalidKey> =>
  Effect.flatMap(RsaKey.readPublic(publicKey), (rsa) =>
    Effect.tryPromise({
      try: () => Keys.holdPrivate(rsa, { [algorithms.signing]: signing, [algorithms.decryption]: decryption }),
      catch: () => new InvalidKey({ reason: "Unsupported", found: "a pair of halves that do not belong together" })
    }))
