import { assert, describe, layer } from "@effect/vitest"
import { Context, Effect, Layer } from "effect"
import { createPublicKey } from "node:crypto"
import { inspect } from "node:util"
import * as DeviceKey from "../src/DeviceKey.ts"
import * as Jose from "../src/Jose.ts"
import * as Keyring from "../src/Keyring.ts"
import { sealJwe, verifyJws } from "./support/bare.ts"

const keyringOf = (key: DeviceKey.DeviceKey) =>
  Effect.flatMap(
    DeviceKey.toPrivateKey(key),
    (privateKey) => Keyring.fromKeys({ signing: privateKey, decryption: [privateKey] })
  )

const sealed = (algorithm: string, kid: string, publicKey: string) =>
  Effect.flatMap(
    Jose.Jose,
    (jose) => jose.parseJwe(sealJwe(JSON.stringify({ alg: algorithm, enc: "A256CBC-HS512", kid }), "hello", publicKey))
  )

class Held extends Context.Tag("test/Held")<Held, DeviceKey.DeviceKey>() {}

const kept = Effect.map(Held, (key) => structuredClone(key))

layer(Layer.merge(Jose.layer, Layer.effect(Held, DeviceKey.generate)))("a device's key", (it) => {
  it.effect("has 2048 bits and the exponent 65537", () =>
    Effect.map(Held, ({ publicKey }) =>
      assert.deepInclude(createPublicKey(publicKey).asymmetricKeyDetails ?? {}, {
        modulusLength: 2048,
        publicExponent: 65537n
      })))

  it.effect("cannot be read out of its halves, each of which has one use", () =>
    Effect.gen(function*() {
      const key = yield* Held
      for (const [half, usage] of [[key.signing, "sign"], [key.decryption, "decrypt"]] as const) {
        assert.isFalse(half.extractable)
        assert.deepStrictEqual(half.usages, [usage])
        for (const format of ["pkcs8", "jwk"] as const) {
          const refusal = yield* Effect.flip(Effect.tryPromise({
            try: () => crypto.subtle.exportKey(format, half),
            catch: (cause) => cause instanceof DOMException ? cause.name : String(cause)
          }))
          // Node 20 calls it an exception
          assert.match(refusal, /^InvalidAccess(?:Error|Exception)$/)
        }
      }
    }))

  describe("once it was stored and read", () => {
    it.effect("signs what others verify by its public half", () =>
      Effect.gen(function*() {
        const key = yield* kept
        const keyring = yield* keyringOf(key)
        assert.deepStrictEqual(verifyJws(yield* keyring.sign("{\"a\":1}"), key.publicKey), {
          valid: true,
          header: JSON.stringify({ alg: "RS256", kid: keyring.signingKeyId }),
          payload: "{\"a\":1}"
        })
      }))

    it.effect("decrypts what others seal to its public half", () =>
      Effect.gen(function*() {
        const key = yield* kept
        const keyring = yield* keyringOf(key)
        const plaintext = yield* keyring.decrypt(yield* sealed("RSA-OAEP", keyring.signingKeyId, key.publicKey))
        assert.strictEqual(new TextDecoder().decode(plaintext), "hello")
      }))

    it.effect("does not decrypt under an algorithm that it is not held for", () =>
      Effect.gen(function*() {
        const key = yield* kept
        const keyring = yield* keyringOf(key)
        const refusal = yield* Effect.flip(
          keyring.decrypt(yield* sealed("RSA-OAEP-256", keyring.signingKeyId, key.publicKey))
        )
        assert.strictEqual(refusal.reason, "DecryptionFailed")
      }))
  })

  it.effect("shows its id alone when it is printed", () =>
    Effect.gen(function*() {
      const key = yield* Effect.flatMap(Held, DeviceKey.toPrivateKey)
      assert.strictEqual(inspect(key), `<PrivateKey ${key.keyId}>`)
    }))

  it.effect("is refused with the public half of another", () =>
    Effect.gen(function*() {
      const key = yield* Held
      const other = yield* DeviceKey.generate
      const refusal = yield* Effect.flip(DeviceKey.toPrivateKey({ ...key, publicKey: other.publicKey }))
      assert.strictEqual(refusal.reason, "Unsupported")
    }))

  it.effect("is refused with a public half that is none", () =>
    Effect.gen(function*() {
      const key = yield* Held
      const refusal = yield* Effect.flip(DeviceKey.toPrivateKey({ ...key, publicKey: "" }))
      assert.strictEqual(refusal.reason, "MalformedPem")
    }))
})
