/**
 * The examples of the RFCs themselves. Those within the protocol's algorithms are known answers; all others must be
 * refused for what they are. None has a kid of the protocol's form: where a token was refused for that alone, all that
 * is checked before was in order, and the cryptography is asked about it under the RFC's key.
 */
import { assert } from "@effect/vitest"
import { Effect, Redacted } from "effect"
import * as crypto from "node:crypto"
import * as Jose from "../src/Jose.ts"
import { base64url } from "./support/bare.ts"
import { onEach } from "./support/engines.ts"
import { type Jwk, privatePem, publicPem } from "./support/jwk.ts"
import examples from "./vectors/rfc-examples.json" with { type: "json" }

const { rfc7515, rfc7516, rfc7518, rfc7520 } = examples

const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes)
const hex = (digits: string) => Buffer.from(digits, "hex")

const publicKey = (jwk: Jwk) => Effect.flatMap(Jose.Jose, (jose) => jose.importPublicKey(publicPem(jwk) ?? ""))
const privateKey = (jwk: Jwk) =>
  Effect.flatMap(Jose.Jose, (jose) => jose.importPrivateKey(Redacted.make(privatePem(jwk) ?? "")))

onEach("the examples of", (it) => {
  const signed: ReadonlyArray<readonly [name: string, key: Jwk, token: string, payload: string]> = [
    [
      "RFC 7515 A.2",
      rfc7515.A2.key,
      rfc7515.A2.token,
      "{\"iss\":\"joe\",\r\n \"exp\":1300819380,\r\n \"http://example.com/is_root\":true}"
    ],
    [
      "RFC 7520 4.1",
      rfc7520["4.1"].key,
      rfc7520["4.1"].token,
      "It\u2019s a dangerous business, Frodo, going out your door. You step onto the road, and if you don't keep your feet, "
      + "there\u2019s no knowing where you might be swept off to."
    ]
  ]
  for (const [name, jwk, token, payload] of signed) {
    it.effect(`${name} (RS256): verifies, and lacks nothing but a kid of the protocol's form`, () =>
      Effect.gen(function*() {
        const jose = yield* Jose.Jose
        const key = yield* publicKey(jwk)
        assert.strictEqual((yield* Effect.flip(jose.parseJws(token))).reason, "KeyIdInvalid")
        const jws: Jose.UnverifiedJws = { header: { alg: "RS256", kid: key.keyId }, payload: new Uint8Array(), token }
        assert.strictEqual(text(yield* jose.verify(jws, key)), payload)
      }))

    it.effect(`${name}: does not verify as RS512, nor under the key of another example`, () =>
      Effect.gen(function*() {
        const jose = yield* Jose.Jose
        const key = yield* publicKey(jwk)
        const other = yield* publicKey(rfc7516.A1.key)
        const payload = new Uint8Array()
        for (
          const [alg, asked] of [["RS512", key], ["RS256", other]] as const
        ) {
          const refusal = yield* Effect.flip(jose.verify({ header: { alg, kid: asked.keyId }, payload, token }, asked))
          assert.strictEqual(refusal.reason, "SignatureInvalid")
        }
      }))
  }

  const contentEncrypted: ReadonlyArray<readonly [name: string, token: string, cek: Uint8Array]> = [
    ["RFC 7516 A.1", rfc7516.A1.token, Uint8Array.from(rfc7516.A1.cek)],
    ["RFC 7520 5.2", rfc7520["5.2"].token, Buffer.from(rfc7520["5.2"].cek, "base64url")]
  ]
  for (const [name, token, cek] of contentEncrypted) {
    it.effect(`${name} (A256GCM): opens under its content key, and not when an octet of anything is another`, () =>
      Effect.gen(function*() {
        const jose = yield* Jose.Jose
        const key = Redacted.make(cek)
        const header = { alg: "dir", enc: "A256GCM", kid: "of the RFC", cty: undefined } as const
        const plaintext = yield* jose.decryptDirect({ header, token }, key)
        assert.include(text(plaintext), name === "RFC 7516 A.1" ? "The true sign of intelligence" : "You can trust us")
        assert.strictEqual((yield* Effect.flip(jose.parseDirectJwe(token))).reason, "AlgorithmNotAllowed")
        for (const part of [0, 2, 3, 4]) {
          const parts = token.split(".")
          parts[part] = (parts[part]?.startsWith("B") ? "C" : "B") + parts[part]?.slice(1)
          const refusal = yield* Effect.flip(jose.decryptDirect({ header, token: parts.join(".") }, key))
          assert.strictEqual(refusal.reason, "DecryptionFailed")
        }
      }))
  }

  const unsigned: ReadonlyArray<readonly [reason: string, name: string, token: string]> = [
    ["AlgorithmNotAllowed", "RFC 7515 A.1 (HS256)", rfc7515.A1],
    ["AlgorithmNotAllowed", "RFC 7515 A.3 (ES256)", rfc7515.A3],
    ["AlgorithmNotAllowed", "RFC 7515 A.4 (ES512)", rfc7515.A4],
    ["AlgorithmNotAllowed", "RFC 7515 A.5 (none)", rfc7515.A5],
    ["TokenMalformed", "RFC 7515 A.6 (JSON serialization)", JSON.stringify(rfc7515.A6)],
    ["HeaderNotAllowed", "RFC 7515 E (crit)", rfc7515.E],
    ["TokenMalformed", "RFC 7516 A.1, a JWE where a JWS belongs", rfc7516.A1.token],
    ["AlgorithmNotAllowed", "RFC 7520 4.2 (PS384)", rfc7520["4.2"]],
    ["AlgorithmNotAllowed", "RFC 7520 4.3 (ES512)", rfc7520["4.3"]],
    ["AlgorithmNotAllowed", "RFC 7520 4.4 (HS256)", rfc7520["4.4"]],
    ["AlgorithmNotAllowed", "RFC 7520 4.5 (HS256, detached)", rfc7520["4.5"]]
  ]
  for (const [reason, name, token] of unsigned) {
    it.effect(`${name}: refused, ${reason}`, () =>
      Effect.gen(function*() {
        const jose = yield* Jose.Jose
        assert.strictEqual((yield* Effect.flip(jose.parseJws(token))).reason, reason)
      }))
  }

  const unopened: ReadonlyArray<readonly [reason: string, name: string, token: string]> = [
    ["AlgorithmNotAllowed", "RFC 7516 A.1 (RSA-OAEP, A256GCM)", rfc7516.A1.token],
    ["AlgorithmNotAllowed", "RFC 7516 A.2 (RSA1_5)", rfc7516.A2],
    ["AlgorithmNotAllowed", "RFC 7516 A.3 (A128KW)", rfc7516.A3],
    ["BodyNotEncrypted", "RFC 7516 A.4 (JSON serialization)", JSON.stringify(rfc7516.A4)],
    ["BodyNotEncrypted", "RFC 7515 A.2, a JWS where a JWE belongs", rfc7515.A2.token],
    ["AlgorithmNotAllowed", "RFC 7520 5.1 (RSA1_5)", rfc7520["5.1"]],
    ["AlgorithmNotAllowed", "RFC 7520 5.2 (RSA-OAEP, A256GCM)", rfc7520["5.2"].token],
    ["HeaderNotAllowed", "RFC 7520 5.9 (zip)", rfc7520["5.9"]]
  ]
  for (const [reason, name, token] of unopened) {
    it.effect(`${name}: refused, ${reason}`, () =>
      Effect.gen(function*() {
        const jose = yield* Jose.Jose
        assert.strictEqual((yield* Effect.flip(jose.parseJwe(token))).reason, reason)
      }))
  }

  const wrapped: ReadonlyArray<readonly [name: string, key: Jwk, token: string, cek: Uint8Array]> = [
    ["RFC 7516 A.1", rfc7516.A1.key, rfc7516.A1.token, Uint8Array.from(rfc7516.A1.cek)],
    ["RFC 7520 5.2", rfc7520["5.2"].key, rfc7520["5.2"].token, Buffer.from(rfc7520["5.2"].cek, "base64url")]
  ]
  for (const [name, jwk, token, cek] of wrapped) {
    it.effect(`${name}: its encrypted key opens with RSA-OAEP to the content key that the RFC gives`, () =>
      Effect.gen(function*() {
        const jose = yield* Jose.Jose
        const block = Buffer.from(token.split(".")[1] ?? "", "base64url")
        const found = yield* jose.decryptOaep(block, yield* privateKey(jwk))
        assert.deepStrictEqual(Array.from(found), Array.from(cek))
      }))
  }

  it.effect("RFC 7518 B.3 (A256CBC-HS512): opens to the RFC's plaintext, with its tag for the header of a JWE", () =>
    Effect.gen(function*() {
      const jose = yield* Jose.Jose
      const { A, E, IV, K, P, T } = rfc7518.B3
      const tag = (aad: Uint8Array) => {
        const bits = Buffer.alloc(8)
        bits.writeBigUInt64BE(BigInt(aad.length * 8))
        return crypto.createHmac("sha512", hex(K).subarray(0, 32)).update(Buffer.concat([aad, hex(IV), hex(E), bits]))
          .digest().subarray(0, 32)
      }
      assert.strictEqual(tag(hex(A)).toString("hex"), T, "the RFC's own tag, for its own associated data")

      const key = yield* privateKey(rfc7516.A1.key)
      const header = base64url(JSON.stringify({ alg: "RSA-OAEP-256", enc: "A256CBC-HS512", kid: key.keyId }))
      const encryptedKey = crypto.publicEncrypt({
        key: key.publicKey.pem,
        padding: crypto.constants.RSA_PKCS1_OAEP_PADDING,
        oaepHash: "sha256"
      }, hex(K))
      const token = [header, ...[encryptedKey, hex(IV), hex(E), tag(Buffer.from(header))].map(base64url)].join(".")
      const opened = yield* jose.decrypt(yield* jose.parseJwe(token), key)
      assert.strictEqual(Buffer.from(opened).toString("hex"), P)
    }))
})
