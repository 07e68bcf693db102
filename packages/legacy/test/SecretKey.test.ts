import * as Jose from "@effect-launchkey/transport/Jose"
import { assert, describe, it } from "@effect/vitest"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Encoding from "effect/Encoding"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as SecretKey from "../src/SecretKey.ts"
import { config, fromHex, privateKey, publicKey, serverTime, vectors } from "./vectors.ts"

const utf8 = new TextEncoder()

const said: Readonly<Record<keyof typeof vectors.secret_key, { readonly secret: string; readonly stamped: string }>> = {
  json: { secret: config.app_secret, stamped: "2016-05-01T12:00:00.000Z" },
  python_repr: { secret: config.app_secret, stamped: "2016-05-01T12:00:00.000Z" },
  python_repr_microseconds: { secret: config.app_secret, stamped: "2016-05-01T12:00:07.123Z" },
  json_space_padded: { secret: config.app_secret, stamped: "2016-05-01T12:00:00.000Z" },
  stale_stamp: { secret: config.app_secret, stamped: "2016-05-01T11:57:59.000Z" },
  wrong_secret: { secret: "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx", stamped: "2016-05-01T12:00:00.000Z" },
  wrong_signer: { secret: config.app_secret, stamped: "2016-05-01T12:00:00.000Z" }
}

const parsed = (text: string) =>
  Option.map(SecretKey.parse(utf8.encode(text)), ({ secret, stamped }) => ({
    secret: Redacted.value(secret),
    stamped: DateTime.formatIso(stamped)
  }))

describe("SecretKey, by the vectors", () => {
  for (const [name, vector] of Object.entries(vectors.secret_key)) {
    const expected = said[name as keyof typeof said]

    it.effect(`decrypts and reads ${name}`, () =>
      Effect.gen(function*() {
        const octets = Option.getOrThrow(SecretKey.octets(vector.secret_key))
        assert.deepStrictEqual(octets, fromHex(vector.ciphertext_hex))
        const plaintext = yield* Jose.make.decryptOaep(octets, yield* privateKey("api"))
        assert.strictEqual(new TextDecoder().decode(plaintext), vector.plaintext_utf8)
        const { secret, stamped } = Option.getOrThrow(SecretKey.parse(plaintext))
        assert.deepStrictEqual({ secret: Redacted.value(secret), stamped: DateTime.formatIso(stamped) }, expected)
      }))

    it.effect(`${name === "wrong_signer" ? "refuses" : "makes and takes"} the signature of ${name}`, () =>
      Effect.gen(function*() {
        const octets = fromHex(vector.ciphertext_hex)
        assert.strictEqual(yield* Jose.make.digest("S256", octets), vector.signed_bytes_sha256_hex)
        const made = yield* Jose.make.signBytes(octets, yield* privateKey("app"))
        assert.strictEqual(Encoding.encodeBase64(made) === vector.signature, name !== "wrong_signer")
        const given = Option.getOrThrow(SecretKey.octets(vector.signature))
        assert.strictEqual(
          yield* Jose.make.verifyBytes(octets, given, yield* publicKey("app")),
          name !== "wrong_signer"
        )
      }))
  }

  it("reads a secret_key in lines of 76 characters with a newline at the end", () => {
    const { ciphertext_hex, secret_key } = vectors.secret_key.json
    const lines = (secret_key.match(/.{1,76}/g) ?? []).map((line) => `${line}\n`).join("")
    assert.deepStrictEqual(Option.getOrThrow(SecretKey.octets(lines)), fromHex(ciphertext_hex))
  })
})

describe("SecretKey.seal", () => {
  it.effect("encrypts strict JSON to the platform, and signs the ciphertext rather than its base64", () =>
    Effect.gen(function*() {
      const proof = yield* SecretKey.seal({ secret: Redacted.make(config.app_secret), stamped: serverTime }, {
        platformKey: yield* publicKey("api"),
        signingKey: yield* privateKey("app")
      })
      const octets = Option.getOrThrow(SecretKey.octets(proof.secretKey))
      const plaintext = yield* Jose.make.decryptOaep(octets, yield* privateKey("api"))
      assert.strictEqual(new TextDecoder().decode(plaintext), vectors.secret_key.json.plaintext_utf8)
      const signature = Option.getOrThrow(SecretKey.octets(proof.signature))
      assert.isTrue(yield* Jose.make.verifyBytes(octets, signature, yield* publicKey("app")))
      assert.strictEqual(proof.secretKey.length, 344)
    }).pipe(Effect.provide(Jose.layer)))

  it.effect("is never the same twice", () =>
    Effect.gen(function*() {
      const keys = { platformKey: yield* publicKey("api"), signingKey: yield* privateKey("app") }
      const stamped = { secret: Redacted.make(config.app_secret), stamped: serverTime }
      const [first, second] = yield* Effect.all([SecretKey.seal(stamped, keys), SecretKey.seal(stamped, keys)])
      assert.notStrictEqual(first.secretKey, second.secretKey)
      assert.notStrictEqual(first.signature, second.signature)
    }).pipe(Effect.provide(Jose.layer)))
})

describe("SecretKey.parse", () => {
  const stamped = "2016-05-01T12:00:00.000Z"

  for (
    const [what, text] of [
      ["u before the quotes of Python 2", "{u'secret': u's', u'stamped': u'2016-05-01 12:00:00'}"],
      ["single quotes without blanks", "{'secret':'s','stamped':'2016-05-01 12:00:00'}"],
      ["mixed quotes", "{\"secret\": 's', 'stamped': \"2016-05-01 12:00:00\"}"],
      ["a third member", "{'cipher': 'c', 'stamped': '2016-05-01 12:00:00', 'secret': 's'}"],
      ["a third member of JSON", "{\"cipher\":1,\"stamped\":\"2016-05-01 12:00:00\",\"secret\":\"s\"}"]
    ] as const
  ) {
    it(`reads ${what}`, () => assert.deepStrictEqual(parsed(text), Option.some({ secret: "s", stamped })))
  }

  it("reads a quote within a secret", () =>
    assert.deepStrictEqual(
      parsed(String.raw`{'secret': 'it\'s', 'stamped': '2016-05-01 12:00:00'}`),
      Option.some({ secret: "it's", stamped })
    ))

  for (
    const [what, text] of [
      ["no object", "secret"],
      ["a list", "[\"secret\"]"],
      ["no secret", "{\"stamped\":\"2016-05-01 12:00:00\"}"],
      ["no stamp", "{'secret': 's'}"],
      ["a stamp of no calendar", "{'secret': 's', 'stamped': '2016-02-30 12:00:00'}"],
      ["a stamp with another zone", "{'secret': 's', 'stamped': '2016-05-01T12:00:00+02:00'}"],
      ["a member twice", "{'secret': 's', 'secret': 't', 'stamped': '2016-05-01 12:00:00'}"],
      ["a comma at the end", "{'secret': 's', 'stamped': '2016-05-01 12:00:00',}"],
      ["text after the object", "{'secret': 's', 'stamped': '2016-05-01 12:00:00'} x"]
    ] as const
  ) {
    it(`refuses ${what}`, () => assert.isTrue(Option.isNone(parsed(text))))
  }

  it("refuses what is not UTF-8", () => assert.isTrue(Option.isNone(SecretKey.parse(Uint8Array.of(0x7b, 0xff, 0x7d)))))
})
