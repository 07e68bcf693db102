/**
 * Our private keys: one that signs, any number that decrypt.
 *
 * @since 0.1.0
 */
import type { KeyId } from "@effect-launchkey/core/KeyId"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Redacted from "effect/Redacted"
import { InvalidKey } from "./InvalidKey.ts"
import * as Jose from "./Jose.ts"
import { Refusal } from "./Rejection.ts"

/**
 * What is done with private keys. Nothing above it touches key material, so a KMS or an HSM can implement it.
 *
 * @since 0.1.0
 * @category models
 */
export interface Service {
  readonly signingKeyId: KeyId
  /** Every key that a message to us may be encrypted to, without repetition. */
  readonly decryptionKeyIds: ReadonlyArray<KeyId>
  /** A compact JWS of the JSON text as given, under the signing key. */
  readonly sign: (payload: string, options?: { readonly typ?: "JWT" | undefined }) => Effect.Effect<string>
  /**
   * The plaintext, by the key that `kid` names and no other. Fails with `DecryptionKeyUnknown` if that is not ours, else
   * `DecryptionFailed`.
   */
  readonly decrypt: (jwe: Jose.UnverifiedJwe) => Effect.Effect<Uint8Array, Refusal>
  /** Opens one RSAES-OAEP block (SHA-1) by the named key. Fails as `decrypt` does. */
  readonly decryptOaep: (keyId: KeyId, ciphertext: Uint8Array) => Effect.Effect<Uint8Array, Refusal>
}

/**
 * @since 0.1.0
 * @category tags
 */
export class Keyring extends Context.Tag("@effect-launchkey/transport/Keyring")<Keyring, Service>() {}

/**
 * @since 0.1.0
 * @category models
 */
export interface Options {
  /** PKCS#8 or PKCS#1 PEM, unencrypted, RSA of 2048 bits or more. */
  readonly signingKey: Redacted.Redacted<string>
  /** Further keys that messages to us may be encrypted to, such as those rotated out lately. Same forms. Default: none. */
  readonly decryptionKeys?: ReadonlyArray<Redacted.Redacted<string>> | undefined
  /** Default: `RS256`. */
  readonly signatureAlgorithm?: Jose.SignatureAlgorithm | undefined
  /** Whether the signing key also decrypts: `false` for a key that is registered for signatures alone. Default: `true`. */
  readonly decryptWithSigningKey?: boolean | undefined
}

/**
 * A keyring of keys at hand. Only those under `decryption` decrypt.
 *
 * @since 0.1.0
 * @category constructors
 */
export const fromKeys = (keys: {
  readonly signing: Jose.PrivateKey
  readonly decryption: ReadonlyArray<Jose.PrivateKey>
  /** Default: `RS256`. */
  readonly signatureAlgorithm?: Jose.SignatureAlgorithm | undefined
}): Effect.Effect<Service> =>
  Effect.map(Jose.Jose, (jose) => {
    const decryption = new Map(keys.decryption.map((key) => [key.keyId, key]))
    const withKey = <A>(keyId: KeyId, open: (key: Jose.PrivateKey) => Effect.Effect<A, Refusal>) => {
      const key = decryption.get(keyId)
      return key === undefined ? Effect.fail(new Refusal({ reason: "DecryptionKeyUnknown" })) : open(key)
    }
    return {
      signingKeyId: keys.signing.keyId,
      decryptionKeyIds: Array.from(decryption.keys()),
      sign: (payload, options) =>
        jose.sign({ key: keys.signing, algorithm: keys.signatureAlgorithm, header: options, payload }),
      decrypt: (jwe) => withKey(jwe.header.kid, (key) => jose.decrypt(jwe, key)),
      decryptOaep: (keyId, ciphertext) => withKey(keyId, (key) => jose.decryptOaep(ciphertext, key))
    }
  })

/**
 * Imports the keys, once. Fails with the first `InvalidKey`, whose `field` names the option: `signingKey` or
 * `decryptionKeys[<index>]`.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (options: Options): Effect.Effect<Service, InvalidKey> =>
  Effect.gen(function*() {
    const jose = yield* Jose.Jose
    const importAs = (field: string, pem: Redacted.Redacted<string>) =>
      Effect.mapError(
        jose.importPrivateKey(pem),
        ({ found, modulusLength, reason }) => new InvalidKey({ reason, modulusLength, found, field })
      )
    const signing = yield* importAs("signingKey", options.signingKey)
    const others = yield* Effect.forEach(
      options.decryptionKeys ?? [],
      (pem, index) => importAs(`decryptionKeys[${index}]`, pem)
    )
    return yield* fromKeys({
      signing,
      decryption: options.decryptWithSigningKey === false ? others : [signing, ...others],
      signatureAlgorithm: options.signatureAlgorithm
    })
  })

/**
 * @since 0.1.0
 * @category layers
 */
export const layer = (options: Options): Layer.Layer<Keyring, InvalidKey> => Layer.effect(Keyring, make(options))
