import { assert, describe } from "@effect/vitest"
import { Effect, Redacted } from "effect"
import * as crypto from "node:crypto"
import * as Jose from "../src/Jose.ts"
import { onEach } from "./support/engines.ts"
import vectors from "./vectors/transport-vectors.json" with { type: "json" }

const { api_current: other, service_dual: ours } = vectors.keys

describe("signatures of octets", () => {
  onEach("in no envelope", (it) => {
    const octets = Uint8Array.from({ length: 256 }, (_, i) => i)

    it.effect("are those that node:crypto makes", () =>
      Effect.gen(function*() {
        const jose = yield* Jose.Jose
        const key = yield* jose.importPrivateKey(Redacted.make(ours.private_pkcs8_pem))
        const expected = crypto.sign("sha256", octets, ours.private_pkcs8_pem)
        assert.deepStrictEqual(yield* jose.signBytes(octets, key), new Uint8Array(expected))
        assert.isTrue(yield* jose.verifyBytes(octets, expected, key.publicKey))
      }))

    it.effect("are false for other octets, for another key, and for what is no signature", () =>
      Effect.gen(function*() {
        const jose = yield* Jose.Jose
        const key = yield* jose.importPublicKey(ours.public_spki_pem)
        const signature = crypto.sign("sha256", octets, ours.private_pkcs8_pem)
        assert.isFalse(yield* jose.verifyBytes(octets.subarray(1), signature, key))
        assert.isFalse(yield* jose.verifyBytes(octets, signature, yield* jose.importPublicKey(other.public_spki_pem)))
        assert.isFalse(yield* jose.verifyBytes(octets, new Uint8Array(0), key))
        assert.isFalse(yield* jose.verifyBytes(octets, new Uint8Array(257).fill(255), key))
      }))

    it.effect("are false where the digest is another", () =>
      Effect.gen(function*() {
        const jose = yield* Jose.Jose
        const key = yield* jose.importPublicKey(ours.public_spki_pem)
        const sha1 = crypto.sign("sha1", octets, ours.private_pkcs8_pem)
        assert.isFalse(yield* jose.verifyBytes(octets, sha1, key))
      }))
  })
})
