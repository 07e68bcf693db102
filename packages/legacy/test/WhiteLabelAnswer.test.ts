import * as Jose from "@effect-launchkey/transport/Jose"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Encoding from "effect/Encoding"
import * as Option from "effect/Option"
import * as aesCbc from "../src/internal/aesCbc.ts"
import * as SecretKey from "../src/SecretKey.ts"
import * as WhiteLabelAnswer from "../src/WhiteLabelAnswer.ts"
import { client, ok } from "./support.ts"
import { atServerTime, privateKey, publicKey, vectors } from "./vectors.ts"

const { request, response } = vectors.users
const sealed = (JSON.parse(response.raw_body) as { readonly response: typeof WhiteLabelAnswer.Sealed.Type }).response
const utf8 = new TextEncoder()

describe("the white label answer, by the vectors", () => {
  it.effect("has its key and IV in one block", () =>
    Effect.gen(function*() {
      const octets = Option.getOrThrow(SecretKey.octets(sealed.cipher))
      const plaintext = yield* Jose.make.decryptOaep(octets, yield* privateKey("app"))
      assert.strictEqual(new TextDecoder().decode(plaintext), response.cipher_plaintext_utf8)
    }))

  it.effect("is filled with blanks, which are neither added nor taken off as padding", () =>
    Effect.gen(function*() {
      const [key, iv] = [utf8.encode(response.aes_key_utf8), utf8.encode(response.aes_iv_utf8)]
      const octets = Option.getOrThrow(SecretKey.octets(sealed.data))
      const plaintext = Option.getOrThrow(yield* aesCbc.decrypt(octets, key, iv))
      assert.strictEqual(new TextDecoder().decode(plaintext), response.data_padded_plaintext_utf8)
      assert.strictEqual(
        Encoding.encodeBase64(yield* aesCbc.encryptFilled(response.data_plaintext_utf8, key, iv)),
        sealed.data
      )
    }))

  it.effect("opens to the code and its image", () =>
    Effect.gen(function*() {
      const { code, qrcode } = yield* WhiteLabelAnswer.open(sealed, yield* privateKey("app"))
      assert.deepStrictEqual({ qrcode: qrcode.href, code }, JSON.parse(response.data_plaintext_utf8))
    }).pipe(Effect.provide(Jose.layer)))

  it.effect("comes to a request whose body is signed octet for octet, as in the vectors", () =>
    Effect.gen(function*() {
      const signature = yield* Jose.make.signBytes(utf8.encode(request.raw_body), yield* privateKey("app"))
      assert.strictEqual(Encoding.encodeBase64(signature), request.signature)
    }))

  it.effect("is what the client makes of the platform's answer to such a request", () =>
    Effect.gen(function*() {
      yield* atServerTime
      const { client: legacy, sent } = yield* client({ "POST /users": ok(response.raw_body, response.status) })
      const { code } = yield* legacy.createWhiteLabelUser("user-4711")
      assert.strictEqual(code, "a1b2c3d")
      const [, call] = yield* sent
      assert(call !== undefined)
      assert.strictEqual(call.path, request.path)
      assert.strictEqual(call.contentType, request.content_type)
      const body = JSON.parse(call.body) as Record<string, unknown>
      assert.deepStrictEqual(Object.keys(body), Object.keys(JSON.parse(request.raw_body)))
      assert.deepInclude(body, { app_key: 1234567890, identifier: "user-4711" })
      const signature = Option.getOrThrow(SecretKey.octets(call.query.get("signature") ?? ""))
      assert.isTrue(yield* Jose.make.verifyBytes(utf8.encode(call.body), signature, yield* publicKey("app")))
    }))
})

describe("WhiteLabelAnswer.open", () => {
  const refused = (change: Partial<typeof WhiteLabelAnswer.Sealed.Type>, key: "app" | "other" = "app") =>
    Effect.gen(function*() {
      const error = yield* Effect.flip(WhiteLabelAnswer.open({ ...sealed, ...change }, yield* privateKey(key)))
      assert.strictEqual(error._tag, "WhiteLabelAnswerRejected")
      return error.message
    }).pipe(Effect.provide(Jose.layer))

  const containing = (text: string) =>
    Effect.gen(function*() {
      const [key, iv] = [utf8.encode(response.aes_key_utf8), utf8.encode(response.aes_iv_utf8)]
      return { data: Encoding.encodeBase64(yield* aesCbc.encryptFilled(text, key, iv)) }
    })

  it.effect("refuses in the same words whatever is wrong", () =>
    Effect.gen(function*() {
      const messages = yield* Effect.all([
        refused({}, "other"),
        refused({ cipher: "" }),
        refused({ cipher: btoa("x".repeat(256)) }),
        refused({ data: "" }),
        refused({ data: btoa("x".repeat(17)) }),
        refused({ data: btoa("x".repeat(32)) }),
        Effect.flatMap(containing("not json"), refused),
        Effect.flatMap(containing("{\"code\":\"x\"}"), refused),
        Effect.flatMap(containing("{\"qrcode\":\"http://example.com/\",\"code\":\"x\"}"), refused),
        Effect.flatMap(containing("{\"qrcode\":\"javascript:alert(1)\",\"code\":\"x\"}"), refused),
        Effect.flatMap(containing("{\"qrcode\":\"https://example.com/\",\"code\":\"\"}"), refused)
      ])
      assert.lengthOf(new Set(messages), 1)
    }))

  it.effect("opens what seal makes, of any length", () =>
    Effect.gen(function*() {
      for (const code of ["x", "x".repeat(15), "x".repeat(16), "x".repeat(17)]) {
        const answer = { qrcode: new URL("https://example.com/q"), code }
        const made = yield* WhiteLabelAnswer.seal(answer, yield* publicKey("app"))
        assert.deepStrictEqual(yield* WhiteLabelAnswer.open(made, yield* privateKey("app")), answer)
      }
    }).pipe(Effect.provide(Jose.layer)))
})
