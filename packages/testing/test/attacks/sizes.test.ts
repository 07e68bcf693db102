import * as Entity from "@effect-launchkey/core/EntityIdentifier"
import type { KeyId } from "@effect-launchkey/core/KeyId"
import * as TestKeys from "@effect-launchkey/testing/TestKeys"
import * as TestPlatform from "@effect-launchkey/testing/TestPlatform"
import * as Claims from "@effect-launchkey/transport/Claims"
import * as Envelope from "@effect-launchkey/transport/Envelope"
import * as Jose from "@effect-launchkey/transport/Jose"
import * as Keyring from "@effect-launchkey/transport/Keyring"
import { Refusal } from "@effect-launchkey/transport/Rejection"
import * as Transport from "@effect-launchkey/transport/Transport"
import * as HttpClient from "@effect/platform/HttpClient"
import * as HttpClientResponse from "@effect/platform/HttpClientResponse"
import { assert, layer } from "@effect/vitest"
import { Effect, Layer, Ref, Schedule } from "effect"
import { type Base, bases, forge, type Forgery, freshTokenId, issuedAt } from "../support/forging/messages.ts"
import * as platform from "../support/forging/platform.ts"
import * as receivers from "../support/forging/receivers.ts"

const requestOf = (issuer: "svc:" | "dev:") =>
  bases.request.find((base) => base.issuer.startsWith(issuer) && base.plaintext !== "") as Base

const surfaces: ReadonlyArray<readonly [string, Base]> = [
  ["request into the platform", requestOf("svc:")],
  ["response into the client", bases.response[0] as Base],
  ["webhook", bases.webhook[0] as Base],
  ["device package", requestOf("dev:")]
]

const Everybody = Layer.merge(receivers.layer, platform.layer)

/** The two claims next to each other whose tokens are within the limit and beyond it. */
const aroundTheLimit = (base: Base) =>
  Effect.gen(function*() {
    let fits: Forgery = {}
    for (let length = 4800;; length++) {
      const forgery: Forgery = { claims: { filling: "x".repeat(length) } }
      // the signature's length is always the same
      const { token = "" } = yield* forge(base, { ...forgery, sign: () => Effect.succeed(new Uint8Array(256)) })
      if (token.length > Claims.maximumTokenLength) return { fits, tooLong: forgery }
      fits = forgery
    }
  })

layer(Everybody)("a header", (it) => {
  for (const [surface, base] of surfaces) {
    it.effect(`${surface}: a token is read up to 8192 characters, and no longer one`, () =>
      Effect.gen(function*() {
        const { open } = yield* receivers.Receivers
        const { fits, tooLong } = yield* aroundTheLimit(base)
        assert.strictEqual(yield* open(yield* forge(base, fits)), "accepted")
        assert.strictEqual(yield* open(yield* forge(base, tooLong)), "TokenTooLarge")
        if (base.surface !== "request") return
        assert.strictEqual(yield* platform.openServed(yield* forge(base, fits, freshTokenId())), "accepted")
        assert.strictEqual(yield* platform.openServed(yield* forge(base, tooLong, freshTokenId())), "TokenTooLarge")
      }))

    it.effect(`${surface}: a token of a megabyte is not looked at`, () =>
      Effect.gen(function*() {
        const { open } = yield* receivers.Receivers
        const message = yield* forge(base, { token: (token) => token + "A".repeat(1024 * 1024) })
        assert.strictEqual(yield* open(message), "TokenTooLarge")
      }))
  }
})

const filling = (length: number) => "x".repeat(length)

layer(Everybody)("a body", (it) => {
  for (const [surface, base] of surfaces.filter(([, { surface }]) => surface === "request")) {
    it.effect(`${surface}: a body is read up to 1 MiB, and no further`, () =>
      Effect.gen(function*() {
        const limit = Claims.maximumBodyLength.message
        const sent = (length: number) =>
          Effect.flatMap(forge(base, { content: filling(length) }, freshTokenId()), platform.openServed)
        // read, and found to be no JWE
        assert.strictEqual(yield* sent(limit), "BodyNotEncrypted")
        assert.strictEqual(yield* sent(limit + 1), "BodyTooLarge")
      }))
  }

  it.effect("webhook: a body is read up to 256 KiB, and no key asked for beyond", () =>
    Effect.gen(function*() {
      const { open } = yield* receivers.Receivers
      const limit = Claims.maximumBodyLength.webhook
      const plain = bases.webhook.find(({ encrypted }) => !encrypted) as Base
      const padded = (length: number) => `{${" ".repeat(length - 2)}}`
      assert.strictEqual(yield* open(yield* forge(plain, { content: padded(limit) })), "accepted")
      assert.strictEqual(yield* open(yield* forge(plain, { content: padded(limit + 1) })), "BodyTooLarge")
      const keyring = yield* Effect.provide(Keyring.make({ signingKey: TestKeys.service.privateKey }), Jose.layer)
      const unasked = yield* Effect.flip(
        Envelope.openWebhook({
          keyring,
          findKey: (_: KeyId) => Effect.dieMessage("A key was asked for"),
          audience: Entity.service(TestPlatform.serviceId),
          subject: Entity.service(TestPlatform.serviceId),
          token: (yield* forge(plain, {})).token,
          method: "POST",
          path: "/hook",
          body: new Uint8Array(limit + 1),
          now: issuedAt,
          leeway: 5,
          firstSeen: () => Effect.dieMessage("A token was marked as seen")
        }).pipe(Effect.provide(Jose.layer))
      )
      assert.instanceOf(unasked, Refusal)
      assert.strictEqual(unasked.reason, "BodyTooLarge")
    }))

  it.effect("response into the client: a body is read up to 1 MiB, and no further", () =>
    Effect.gen(function*() {
      const pulled = yield* Ref.make(0)
      const respond = (body: (counted: (octets: Uint8Array) => Uint8Array) => BodyInit) =>
        HttpClient.make((request, url) =>
          Effect.sync(() => {
            if (url.pathname.endsWith("/ping")) {
              return HttpClientResponse.fromWeb(request, Response.json({ api_time: "1970-01-01T00:00:00Z" }))
            }
            let octets = 0
            const response = new Response(body((chunk) => {
              octets += chunk.length
              Effect.runSync(Ref.set(pulled, octets))
              return chunk
            }))
            return HttpClientResponse.fromWeb(request, response)
          })
        )
      const endless = respond((counted) =>
        new ReadableStream({
          pull: (controller) => controller.enqueue(counted(new Uint8Array(65_536)))
        }, { highWaterMark: 0 })
      )
      const limit = respond(() => new Uint8Array(Claims.maximumBodyLength.message))
      const ask = (client: HttpClient.HttpClient) =>
        Effect.gen(function*() {
          const transport = yield* Transport.Transport
          return yield* Effect.flip(transport.httpClient(transport.issuer).get("/service/v3/auths/x"))
        }).pipe(
          Effect.provide(Transport.layer({
            issuer: Entity.service(TestPlatform.serviceId),
            baseUrl: "https://mfa.example.com",
            signingKey: TestKeys.service.privateKey,
            retry: { schedule: Schedule.stop }
          })),
          Effect.provideService(HttpClient.HttpClient, client)
        )
      assert.deepInclude({ ...yield* ask(endless) }, { _tag: "TransportError", reason: "AnswerTooLarge" })
      assert.isAtMost(yield* Ref.get(pulled), Claims.maximumBodyLength.message + 2 * 65_536)
      assert.deepInclude({ ...yield* ask(limit) }, { _tag: "MessageRejected", reason: "TokenMissing" })
    }))
})
