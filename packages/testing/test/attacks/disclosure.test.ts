import * as ServiceWebhook from "@effect-launchkey/clients/ServiceWebhook"
import * as Webhook from "@effect-launchkey/clients/Webhook"
import * as WebhookInbox from "@effect-launchkey/clients/WebhookInbox"
import * as TestKeys from "@effect-launchkey/testing/TestKeys"
import * as TestPlatform from "@effect-launchkey/testing/TestPlatform"
import * as TestWebhooks from "@effect-launchkey/testing/TestWebhooks"
import * as HttpServerRequest from "@effect/platform/HttpServerRequest"
import * as HttpServerResponse from "@effect/platform/HttpServerResponse"
import { assert, layer } from "@effect/vitest"
import { Effect, Layer, Logger, Redacted, TestClock } from "effect"
import * as bare from "../support/forging/bare.ts"
import { type Base, bases, forge, type Forgery, freshTokenId, issuedAt } from "../support/forging/messages.ts"
import { withPart } from "../support/forging/operator.ts"
import * as platform from "../support/forging/platform.ts"

const spoiled = (part: number): Forgery => ({
  jwe: (compact) =>
    withPart(compact, part, (text) => {
      const octets = bare.unbase64url(text)
      octets[0] = (octets[0] ?? 0) ^ 1
      return bare.base64url(octets)
    })
})

/** Each fails at another place within decryption, or before it. */
const undecryptable: ReadonlyArray<readonly [string, Forgery]> = [
  ["a wrong key", { encryption: { recipient: TestKeys.stranger } }],
  ["a wrong key, by the platform's older kid", {
    encryption: { recipient: TestKeys.stranger },
    jweHeader: { kid: TestKeys.retired.keyId }
  }],
  ["an unknown kid", { jweHeader: { kid: TestKeys.stranger.keyId } }],
  ["a malformed kid", { jweHeader: { kid: "../ping" } }],
  ["a bad key block", spoiled(1)],
  ["a bad initialization vector", spoiled(2)],
  ["a bad ciphertext", spoiled(3)],
  ["a bad tag", spoiled(4)],
  ["a bad padding under a good tag", { encryption: { padding: Buffer.alloc(16) } }],
  ["another bad padding under a good tag", { encryption: { padding: Buffer.alloc(16, 17) } }],
  ["a PKCS#1 key block", { encryption: { wrap: "RSA1_5" } }],
  ["a content key of another length", { encryption: { keyLength: 32 } }],
  ["another algorithm", { jweHeader: { alg: "RSA1_5" } }],
  ["another cipher", { jweHeader: { enc: "A128CBC-HS256" } }],
  ["compression", { jweHeader: { zip: "DEF" } }],
  ["a malformed JWE", { jwe: (compact) => compact.slice(0, -10) }],
  ["no JWE", { content: "x" }],
  ["no JSON within", { plaintext: () => "x" }],
  ["ambiguous JSON within", { plaintext: (json) => `${json.slice(0, -1)},${json.slice(1)}` }],
  ["no text within", { plaintext: () => Buffer.of(0xff, 0xfe) }]
]

const receiverOf: { readonly [surface: string]: readonly [Base, TestKeys.TestKey] } = {
  "request into the platform": [bases.request[0] as Base, TestKeys.service],
  "device package": [
    bases.request.find(({ issuer, plaintext }) => issuer.startsWith("dev:") && plaintext !== "") as Base,
    TestKeys.device
  ]
}

/** What a stranger may see of an answer: everything but what chance makes of it. */
const visible = ({ body, headers, status }: platform.Answer) => ({
  status,
  headers: Object.entries(headers).map(([name, value]) => [name, value.length]),
  length: body.length
})

layer(platform.layer)("the platform's answer", (it) => {
  for (const [surface, [base, key]] of Object.entries(receiverOf)) {
    it.effect(`${surface}: decryption failures are indistinguishable from outside, and from a body that is none`, () =>
      Effect.gen(function*() {
        const { send } = yield* platform.ForgedPlatform
        const answers = yield* Effect.forEach(
          undecryptable,
          ([what, forgery]) =>
            Effect.map(Effect.flatMap(forge(base, forgery, freshTokenId()), send), (answer) => ({
              what,
              ...visible(answer),
              text: bare.openJwe(answer.body, key)
            }))
        )
        const [first] = answers
        assert.strictEqual(first?.status, 400)
        assert.deepStrictEqual(answers, undecryptable.map(([what]) => ({ ...first, what })))
      }))

    it.effect(`${surface}: whatever is wrong with a token, the 401 is the same`, () =>
      Effect.gen(function*() {
        const { send } = yield* platform.ForgedPlatform
        const unbelieved: ReadonlyArray<readonly [string, Forgery]> = [
          ["an unknown kid", { header: { kid: TestKeys.stranger.keyId } }],
          ["a bad signature", { sign: bare.rs(TestKeys.stranger) }],
          ["another audience", { claims: { aud: "lkb" } }],
          ["an old token", { delivered: () => ({ now: issuedAt + 100 }) }],
          ["a token of the future", { delivered: () => ({ now: issuedAt - 100 }) }],
          ["a long lifetime", { claims: { exp: issuedAt + 100 } }],
          ["another method", { facts: { meth: "PATCH" } }],
          ["another path", { facts: { path: "/" } }],
          ["another body", { delivered: () => ({ body: "x" }) }],
          ["no hash", { facts: { hash: undefined } }],
          ["a token seen before", { delivered: () => ({ seen: true }) }]
        ]
        const answers = yield* Effect.forEach(unbelieved, ([what, forgery]) =>
          Effect.gen(function*() {
            const message = yield* forge(base, forgery, freshTokenId())
            if (message.seen) yield* send(message)
            const answer = yield* send(message)
            return { what, ...visible(answer), text: answer.body }
          }))
        const [first] = answers
        assert.strictEqual(first?.status, 401)
        assert.strictEqual(first?.text, platform.unauthorized)
        assert.deepStrictEqual(answers, unbelieved.map(([what]) => ({ ...first, what })))
      }))
  }
})

const Hosted = ServiceWebhook.layer({ serviceId: TestPlatform.serviceId }).pipe(
  Layer.provide(WebhookInbox.layerMemory()),
  Layer.provide(
    TestWebhooks.layer({ decryptionKeys: [Redacted.make(Redacted.value(TestKeys.encryption.privateKey))] })
  ),
  Layer.provideMerge(Logger.remove(Logger.defaultLogger))
)

layer(Hosted)("the answer of a webhook's host", (it) => {
  const [encrypted, plain] = bases.webhook as readonly [Base, Base, ...ReadonlyArray<Base>]

  const deliver = (base: Base, forgery: Forgery) =>
    Effect.gen(function*() {
      yield* TestClock.setTime((issuedAt + 1) * 1000)
      const receiver = yield* ServiceWebhook.ServiceWebhook
      const { body, headers, method, path, token } = yield* forge(base, forgery, freshTokenId())
      const request = HttpServerRequest.fromWeb(
        new Request(`http://localhost${path}`, {
          method,
          headers: { ...headers as Record<string, string>, ...(token === undefined ? {} : { "x-iov-jwt": token }) },
          ...(body.length === 0 ? {} : { body: Buffer.from(body) })
        })
      )
      const response = yield* Webhook.respond(receiver, () => Effect.void).pipe(
        Effect.provideService(HttpServerRequest.HttpServerRequest, request)
      )
      const web = HttpServerResponse.toWeb(response)
      return { status: web.status, headers: [...web.headers], body: yield* Effect.promise(() => web.text()) }
    })

  it.effect("webhook: is 204 to one that is believed", () =>
    Effect.gen(function*() {
      assert.strictEqual((yield* deliver(plain, {})).status, 204)
    }))

  it.effect("webhook: is the same 401, without a body, whatever is wrong", () =>
    Effect.gen(function*() {
      const wrong: ReadonlyArray<readonly [string, Base, Forgery]> = [
        ...undecryptable.map(([what, forgery]) => [what, encrypted, forgery] as const),
        ["no token", plain, { token: () => undefined }],
        ["no algorithm", plain, { header: { alg: "none" }, sign: bare.unsigned }],
        ["a bad signature", plain, { sign: bare.rs(TestKeys.stranger) }],
        ["a kid of nobody", plain, { header: { kid: TestKeys.stranger.keyId } }],
        ["a kid that is a path", plain, { header: { kid: "../ping" } }],
        ["another audience", plain, { claims: { aud: "svc:00000000-0000-4000-8000-0000000000aa" } }],
        ["another subject", plain, { claims: { sub: "svc:00000000-0000-4000-8000-0000000000aa" } }],
        ["an old token", plain, { claims: { iat: issuedAt - 50, nbf: issuedAt - 50, exp: issuedAt - 45 } }],
        ["another path", plain, { facts: { path: "/" } }],
        ["another body", plain, { delivered: () => ({ body: "{}" }) }],
        ["no body", plain, { delivered: () => ({ body: "" }) }],
        ["ambiguous JSON", plain, { content: plain.plaintext.replace("{", `{"api_time":"2023-11-14T22:13:20Z",`) }],
        ["JSON of no event's form", plain, { content: "[]" }]
      ]
      const answers = yield* Effect.forEach(wrong, ([what, base, forgery]) =>
        Effect.map(deliver(base, forgery), (answer) => ({ what, ...answer })))
      const [first] = answers
      assert.strictEqual(first?.status, 401)
      assert.strictEqual(first?.body, "")
      assert.deepStrictEqual(answers, wrong.map(([what]) => ({ ...first, what })))
    }))
})
