import { assert, describe, layer } from "@effect/vitest"
import { Effect, Redacted } from "effect"
import { inspect } from "node:util"
import * as Jose from "../src/Jose.ts"
import * as Keyring from "../src/Keyring.ts"
import { openJwe, sealJwe, verifyJws } from "./support/bare.ts"
import vectors from "./vectors/transport-vectors.json" with { type: "json" }

const { keys } = vectors
const dual = keys.service_dual
const encryption = keys.organization_encryption
const pem = (key: { readonly private_pkcs8_pem: string }) => Redacted.make(key.private_pkcs8_pem)

const header = (key: { readonly kid: string }) =>
  JSON.stringify({ alg: "RSA-OAEP-256", enc: "A256CBC-HS512", kid: key.kid })

const parsed = (token: string) => Effect.flatMap(Jose.Jose, (jose) => jose.parseJwe(token))

layer(Jose.layer)("Keyring", (it) => {
  it.effect("names its keys, the signing key first, each once", () =>
    Effect.gen(function*() {
      const keyring = yield* Keyring.make({
        signingKey: pem(dual),
        decryptionKeys: [pem(encryption), Redacted.make(dual.private_pkcs1_pem), pem(encryption)]
      })
      assert.strictEqual(keyring.signingKeyId, dual.kid)
      assert.deepStrictEqual<ReadonlyArray<string>>(keyring.decryptionKeyIds, [dual.kid, encryption.kid])
    }))

  it.effect("does not decrypt with a key that is for signatures alone", () =>
    Effect.gen(function*() {
      const keyring = yield* Keyring.make({
        signingKey: pem(dual),
        decryptionKeys: [pem(encryption)],
        decryptWithSigningKey: false
      })
      assert.deepStrictEqual<ReadonlyArray<string>>(keyring.decryptionKeyIds, [encryption.kid])
      const jwe = yield* parsed(sealJwe(header(dual), "{}", dual.public_spki_pem))
      const refusal = yield* Effect.flip(keyring.decrypt(jwe))
      assert.strictEqual(refusal.reason, "DecryptionKeyUnknown")
    }))

  it.effect("decrypts by the key that kid names", () =>
    Effect.gen(function*() {
      const keyring = yield* Keyring.make({ signingKey: pem(dual), decryptionKeys: [pem(encryption)] })
      for (const key of [dual, encryption]) {
        const plaintext = yield* keyring.decrypt(yield* parsed(sealJwe(header(key), key.purpose, key.public_spki_pem)))
        assert.strictEqual(new TextDecoder().decode(plaintext), key.purpose)
      }
    }))

  it.effect("tries no other key when kid names the wrong one of ours", () =>
    Effect.gen(function*() {
      const keyring = yield* Keyring.make({ signingKey: pem(dual), decryptionKeys: [pem(encryption)] })
      const refusal = yield* Effect.flip(
        keyring.decrypt(yield* parsed(sealJwe(header(dual), "{}", encryption.public_spki_pem)))
      )
      assert.strictEqual(refusal.reason, "DecryptionFailed")
    }))

  it.effect("refuses a body for a key that is not ours", () =>
    Effect.gen(function*() {
      const keyring = yield* Keyring.make({ signingKey: pem(dual) })
      const { body } = vectors.negative_responses.find(({ name }) => name === "jwe_for_other_key")!
      const refusal = yield* Effect.flip(keyring.decrypt(yield* parsed(body)))
      assert.strictEqual(refusal.reason, "DecryptionKeyUnknown")
    }))

  it.effect("opens a device's package by the named key, and refuses others", () =>
    Effect.gen(function*() {
      const jose = yield* Jose.Jose
      const keyring = yield* Keyring.make({ signingKey: pem(dual) })
      const { auth_base64, auth_plaintext } = vectors.device_responses[0]!
      const ciphertext = Buffer.from(auth_base64, "base64")
      assert.strictEqual(
        new TextDecoder().decode(yield* keyring.decryptOaep(keyring.signingKeyId, ciphertext)),
        auth_plaintext
      )
      const other = yield* jose.importPublicKey(encryption.public_spki_pem)
      const refusal = yield* Effect.flip(keyring.decryptOaep(other.keyId, ciphertext))
      assert.strictEqual(refusal.reason, "DecryptionKeyUnknown")
    }))

  it.effect("signs with the signing key, RS256 unless told otherwise", () =>
    Effect.gen(function*() {
      const keyring = yield* Keyring.make({ signingKey: pem(dual), decryptionKeys: [pem(encryption)] })
      assert.deepStrictEqual(verifyJws(yield* keyring.sign("{\"a\":1}"), dual.public_spki_pem), {
        valid: true,
        header: `{"alg":"RS256","kid":"${dual.kid}"}`,
        payload: "{\"a\":1}"
      })
    }))

  it.effect("signs with the algorithm that was chosen, and with typ if asked", () =>
    Effect.gen(function*() {
      const keyring = yield* Keyring.make({ signingKey: pem(dual), signatureAlgorithm: "RS512" })
      assert.deepStrictEqual(
        verifyJws(yield* keyring.sign("{}", { typ: "JWT" }), dual.public_spki_pem, "RSA-SHA512"),
        { valid: true, header: `{"alg":"RS512","typ":"JWT","kid":"${dual.kid}"}`, payload: "{}" }
      )
    }))

  it.effect("shows nothing of its keys when printed", () =>
    Effect.gen(function*() {
      const keyring = yield* Keyring.make({ signingKey: pem(dual) })
      const printed = inspect(keyring, { depth: null, showHidden: true }) + JSON.stringify(keyring)
      assert.notInclude(printed, "PRIVATE KEY")
      assert.notInclude(printed, dual.private_pkcs8_pem.slice(100, 160))
    }))

  it.effect("stands behind its layer", () =>
    Effect.gen(function*() {
      const keyring = yield* Keyring.Keyring
      const jose = yield* Jose.Jose
      const key = yield* jose.importPublicKey(dual.public_spki_pem)
      const sealed = yield* jose.encrypt({ key, plaintext: new TextEncoder().encode("seen") })
      assert.strictEqual(openJwe(sealed, dual.private_pkcs8_pem).plaintext, "seen")
      assert.strictEqual(new TextDecoder().decode(yield* keyring.decrypt(yield* parsed(sealed))), "seen")
    }).pipe(Effect.provide(Keyring.layer({ signingKey: pem(dual) }))))

  describe("make names the option that was bad", () => {
    it.effect("signingKey", () =>
      Effect.gen(function*() {
        const error = yield* Effect.flip(Keyring.make({ signingKey: Redacted.make(dual.public_spki_pem) }))
        assert.strictEqual(error._tag, "InvalidKey")
        assert.strictEqual(error.reason, "NotPrivate")
        assert.strictEqual(error.field, "signingKey")
        assert.match(error.message, /^signingKey cannot be used: it is a public key/)
      }))

    it.effect("decryptionKeys[1]", () =>
      Effect.gen(function*() {
        const error = yield* Effect.flip(
          Keyring.make({ signingKey: pem(dual), decryptionKeys: [pem(encryption), Redacted.make("nonsense")] })
        )
        assert.strictEqual(error.reason, "MalformedPem")
        assert.strictEqual(error.field, "decryptionKeys[1]")
      }))
  })
})
