import * as KeyVault from "@effect-launchkey/platform/KeyVault"
import { assert, describe, it } from "@effect/vitest"
import { Config, ConfigProvider, Effect, Encoding, Layer, Option, Redacted } from "effect"

const keyOf = (octet: number) => Encoding.encodeBase64Url(new Uint8Array(32).fill(octet))

const vaultOf = (keys: string) => KeyVault.make({ keys: Redacted.make(keys) })

const plaintext = new TextEncoder().encode("secret")

describe("KeyVault", () => {
  it.effect("names a key by the thumbprint that RFC 7638 gives it", () =>
    Effect.gen(function*() {
      // calculateJwkThumbprint of jose, of { kty: "oct", k: 43 times "A" }
      const vault = yield* vaultOf("A".repeat(43))
      assert.strictEqual(vault.keyId, "9nnxVaRYos6pwySYZALWRL64fgG5CMX9No3tAqd5urU")
    }))

  it.effect("opens what it sealed, by whichever of its keys, and only as what it was sealed as", () =>
    Effect.gen(function*() {
      const old = yield* vaultOf(keyOf(1))
      const sealed = yield* old.seal("signing key", plaintext)
      const both = yield* vaultOf(`${keyOf(2)}, ${keyOf(1)}`)
      assert.deepStrictEqual(yield* both.open("signing key", sealed), plaintext)
      assert.deepInclude(yield* Effect.flip(both.open("user hash secret", sealed)), { reason: "Malformed" })
      const anew = yield* Effect.flatten(both.rewrap("signing key", sealed))
      assert.deepStrictEqual(yield* (yield* vaultOf(keyOf(2))).open("signing key", anew), plaintext)
      assert.deepStrictEqual(yield* both.rewrap("signing key", anew), Option.none())
    }))

  it.effect("says which key is asked for, and shows none", () =>
    Effect.gen(function*() {
      const old = yield* vaultOf(keyOf(1))
      const sealed = yield* old.seal("signing key", plaintext)
      const other = yield* vaultOf(keyOf(2))
      const missing = yield* Effect.flip(other.open("signing key", sealed))
      assert.deepInclude(missing, { reason: "KeyMissing", keyId: old.keyId, given: [other.keyId] })
      assert.include(missing.message, old.keyId)
      assert.notInclude(missing.message, keyOf(1))
      const changed = sealed.slice(0, -2) + (sealed.endsWith("AA") ? "BA" : "AA")
      assert.deepInclude(yield* Effect.flip(old.open("signing key", changed)), { reason: "NotOpened" })
      assert.deepInclude(yield* Effect.flip(old.open("signing key", "no JWE")), { reason: "Malformed", keyId: "" })
    }))

  it.effect("refuses what is no key, and tells its place alone", () =>
    Effect.gen(function*() {
      for (
        const [keys, position] of [["", 1], [keyOf(1).slice(1), 1], [`${keyOf(1)} *${keyOf(2)}`, 2]] as const
      ) {
        const error = yield* Effect.flip(vaultOf(keys))
        assert.deepInclude(error, { _tag: "InvalidKeyEncryptionKey", position })
        if (keys !== "") assert.notInclude(error.message, keys)
      }
    }))

  it.effect("takes its keys from the configuration", () =>
    Effect.gen(function*() {
      const { keyId } = yield* KeyVault.KeyVault
      assert.strictEqual(keyId, (yield* vaultOf(keyOf(3))).keyId)
    }).pipe(
      Effect.provide(KeyVault.layerConfig({ keys: Config.redacted("KEK") })),
      Effect.provide(Layer.setConfigProvider(ConfigProvider.fromMap(new Map([["KEK", `${keyOf(3)}=`]]))))
    ))
})
