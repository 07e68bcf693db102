/**
 * The platform's own keys: the one that signs and that callers encrypt to, those rotated out, and the secret from which
 * the names of users are derived.
 *
 * @see docs/protocol.md "Public endpoints"
 * @since 0.1.0
 */
import type { KeyId } from "@effect-launchkey/core/KeyId"
import type { InvalidKey } from "@effect-launchkey/transport/InvalidKey"
import * as Jose from "@effect-launchkey/transport/Jose"
import * as Keyring from "@effect-launchkey/transport/Keyring"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"

/**
 * What is read of it may be another a moment later, as keys are rotated while the platform runs: read it when it is
 * needed.
 *
 * @since 0.1.0
 * @category models
 */
export interface Service {
  readonly keyring: Keyring.Service
  readonly current: Jose.PublicKey
  /** The current key, those rotated out, which stay fetchable, and one that is to be the next. */
  readonly byId: ReadonlyMap<KeyId, Jose.PublicKey>
  /** HMAC-SHA-256 under the platform's secret. */
  readonly derive: (text: string) => Effect.Effect<Uint8Array>
}

/**
 * @since 0.1.0
 * @category tags
 */
export class PlatformKeys extends Context.Tag("@effect-launchkey/platform/PlatformKeys")<PlatformKeys, Service>() {}

/**
 * @since 0.1.0
 * @category models
 */
export interface Options {
  /** PKCS#8 or PKCS#1 PEM of an RSA key of 2048 bits or more. */
  readonly signingKey: Redacted.Redacted<string>
  /** Keys rotated out, which still decrypt and stay fetchable by their id. */
  readonly retiredKeys?: ReadonlyArray<Redacted.Redacted<string>> | undefined
  /** 32 bytes. Whoever changes it renames every user. */
  readonly userHashSecret: Redacted.Redacted<Uint8Array>
}

/**
 * Of keys at hand: the one that signs, others that decrypt and are fetchable, and 32 bytes from which users are named.
 *
 * @since 0.1.0
 * @category constructors
 */
export const fromKeys = (
  signing: Jose.PrivateKey,
  others: ReadonlyArray<Jose.PrivateKey>,
  secret: Redacted.Redacted<Uint8Array>
): Effect.Effect<Service> =>
  Effect.gen(function*() {
    const jose = yield* Jose.Jose
    const all = [signing, ...others]
    return {
      keyring: yield* Keyring.fromKeys({ signing, decryption: all }),
      current: signing.publicKey,
      byId: new Map(all.map(({ keyId, publicKey }) => [keyId, publicKey])),
      derive: (text) => jose.hmacSha256(Redacted.value(secret), new TextEncoder().encode(text))
    }
  })

/**
 * The keys that `held` says at each use: for those that change while the platform runs.
 *
 * @since 0.1.0
 * @category constructors
 */
export const following = (held: () => Service): Service => ({
  keyring: {
    get signingKeyId() {
      return held().keyring.signingKeyId
    },
    get decryptionKeyIds() {
      return held().keyring.decryptionKeyIds
    },
    sign: (payload, options) => Effect.suspend(() => held().keyring.sign(payload, options)),
    decrypt: (jwe) => Effect.suspend(() => held().keyring.decrypt(jwe)),
    decryptOaep: (keyId, ciphertext) => Effect.suspend(() => held().keyring.decryptOaep(keyId, ciphertext))
  },
  get current() {
    return held().current
  },
  get byId() {
    return held().byId
  },
  derive: (text) => Effect.suspend(() => held().derive(text))
})

/**
 * @since 0.1.0
 * @category constructors
 */
export const make = (options: Options): Effect.Effect<Service, InvalidKey> =>
  Effect.gen(function*() {
    const jose = yield* Jose.Jose
    return yield* fromKeys(
      yield* jose.importPrivateKey(options.signingKey),
      yield* Effect.forEach(options.retiredKeys ?? [], jose.importPrivateKey),
      options.userHashSecret
    )
  })

/**
 * @since 0.1.0
 * @category layers
 */
export const layer = (options: Options): Layer.Layer<PlatformKeys, InvalidKey> =>
  Layer.effect(PlatformKeys, make(options))

/**
 * A fresh key and secret, which end with the process.
 *
 * @since 0.1.0
 * @category layers
 */
export const layerGenerated: Layer.Layer<PlatformKeys> = Layer.effect(
  PlatformKeys,
  Effect.gen(function*() {
    const jose = yield* Jose.Jose
    const { privateKey } = yield* jose.generateKey()
    return yield* fromKeys(privateKey, [], Redacted.make(yield* jose.randomBytes(32)))
  })
)
