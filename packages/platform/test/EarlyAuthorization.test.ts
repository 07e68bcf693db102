/** Requests in the early authorization, by hand, and what the platform makes of them. */
import * as Entity from "@effect-launchkey/core/EntityIdentifier"
import * as PlatformSettings from "@effect-launchkey/platform/PlatformSettings"
import * as TestKeys from "@effect-launchkey/testing/TestKeys"
import * as TestPlatform from "@effect-launchkey/testing/TestPlatform"
import { assert, describe, layer } from "@effect/vitest"
import { Clock, Effect, Layer, Redacted } from "effect"
import * as crypto from "node:crypto"
import * as bare from "./support/bare.ts"
import { encrypted, type Members, type Message, message, send, serviceWith } from "./support/forge.ts"

const earlyKey = "1234567890"
const name = `service:${earlyKey}`
const application = "application:1000000000"

const told = Layer.provide(
  TestPlatform.layer,
  Layer.succeed(PlatformSettings.PlatformSettings, {
    ...PlatformSettings.defaults,
    earlyKeys: new Map([[earlyKey, Entity.service(TestPlatform.serviceId)]])
  })
)

interface Forgery {
  readonly claims?: Members
  readonly header?: Members
  readonly json?: unknown
  readonly key?: TestKeys.TestKey
}

/** By default a read of a request that never was, which is answered with 204. */
const earlyMessage = ({ claims, header, json, key = TestKeys.service }: Forgery = {}): Effect.Effect<Message> =>
  Effect.map(Clock.currentTimeMillis, (millis) => {
    const seconds = Math.floor(millis / 1000)
    const body = json === undefined ? undefined : encrypted(JSON.stringify(json))
    const method = body === undefined ? "GET" : "POST"
    const path = body === undefined
      ? "/service/v3/auths/00000000-0000-4000-8000-000000000001"
      : "/service/v3/sessions"
    const token = bare.signJws(
      JSON.stringify({ alg: "RS256", kid: key.keyId, ...header }),
      JSON.stringify({
        iss: name,
        aud: application,
        iat: seconds,
        nbf: seconds,
        exp: seconds + 300,
        jti: crypto.randomUUID(),
        Method: method,
        Path: path,
        ...(body !== undefined && { "Content-Hash-Alg": "SHA256", "Content-Hash": bare.sha256(body) }),
        ...claims
      }),
      Redacted.value(key.privateKey)
    )
    return { method, path, authorization: `Bearer ${token}`, body }
  })

const exchange = (forgery?: Forgery) => Effect.flatMap(earlyMessage(forgery), send)

type Answer = Effect.Effect.Success<ReturnType<typeof send>>

/** The claims of an answer's token, once its signature has verified. */
const claimsOf = ({ headers }: Answer) => {
  assert.notProperty(headers, "x-iov-jwt")
  const { claims } = bare.openJws(
    (headers["authorization"] ?? "").replace(/^Bearer /, ""),
    TestKeys.platform.publicKey
  )
  return claims as Members
}

/** A refusal that says nothing of whom it is to. */
const refusedPlainly = ({ body, headers, status }: Answer) => {
  assert.strictEqual(status, 401)
  assert.notProperty(headers, "x-iov-jwt")
  assert.notProperty(headers, "authorization")
  assert.include(body, "HTTP-401")
}

layer(told)("where an early key was told", (it) => {
  it.effect("a request is answered in the same dialect, under seal", () =>
    Effect.gen(function*() {
      const answer = yield* exchange({ json: { username: "nobody" } })
      assert.strictEqual(answer.status, 404)
      assert.strictEqual(answer.headers["content-type"], "application/jwe")
      assert.deepInclude(claimsOf(answer), {
        iss: application,
        aud: name,
        "Content-Hash-Alg": "SHA256",
        "Content-Hash": bare.sha256(answer.body)
      })
      assert.notProperty(claimsOf(answer), "response")
      const { header, plaintext } = bare.openJwe(answer.body, Redacted.value(TestKeys.service.privateKey))
      assert.deepInclude(header, { alg: "RSA-OAEP-256", enc: "A256CBC-HS512" })
      assert.strictEqual((JSON.parse(plaintext) as { error_code: string }).error_code, "HTTP-404")
    }))

  it.effect("an answer without a body has no hash", () =>
    Effect.gen(function*() {
      const answer = yield* exchange()
      assert.strictEqual(answer.status, 204)
      assert.notProperty(claimsOf(answer), "Content-Hash")
    }))

  it.effect("a request that names no key is of the newest that may sign for its sender", () =>
    Effect.gen(function*() {
      assert.strictEqual((yield* exchange({ header: { kid: undefined } })).status, 204)
      const stranger = yield* exchange({ header: { kid: undefined }, key: TestKeys.stranger })
      assert.strictEqual(stranger.status, 401)
    }))

  describe("a request is refused, and told so under seal,", () => {
    for (
      const [what, forgery] of [
        ["signed by somebody else", { key: TestKeys.stranger }],
        ["signed by its owner", { key: TestKeys.organization }],
        ["for today's platform", { claims: { aud: "lka" } }],
        ["of another method", { claims: { Method: "DELETE" } }],
        ["of another path", { claims: { Path: "/service/v3/auths" } }],
        ["with a hash and no body", { claims: { "Content-Hash": "0".repeat(64), "Content-Hash-Alg": "SHA256" } }],
        ["that lasts longer than five minutes", { claims: { exp: 301 } }]
      ] as ReadonlyArray<readonly [string, Forgery]>
    ) {
      it.effect(what, () =>
        Effect.gen(function*() {
          const answer = yield* exchange(forgery)
          assert.strictEqual(answer.status, 401)
          assert.deepInclude(claimsOf(answer), { iss: application, aud: name })
        }))
    }

    it.effect("sent twice", () =>
      Effect.gen(function*() {
        const sent = yield* earlyMessage()
        assert.strictEqual((yield* send(sent)).status, 204)
        assert.strictEqual((yield* send(sent)).status, 401)
      }))

    it.effect("with a body whose hash is left out", () =>
      Effect.gen(function*() {
        const json = { username: "nobody" }
        const answer = yield* exchange({ json, claims: { "Content-Hash": undefined, "Content-Hash-Alg": undefined } })
        assert.strictEqual(answer.status, 401)
      }))
  })

  describe("a request is refused without a token", () => {
    for (
      const [what, forgery] of [
        ["from a sender by today's name", { claims: { iss: Entity.service(TestPlatform.serviceId) } }],
        ["from a sender by another type", { claims: { iss: `organization:${earlyKey}` } }],
        ["from a sender by its defective spelling", { claims: { iss: `service: ${earlyKey}` } }],
        ["from nobody that is known", { claims: { iss: "service:9999999999" } }],
        ["without Method", { claims: { Method: undefined } }],
        ["without Path", { claims: { Path: undefined } }],
        ["in both dialects at once", { claims: { request: { meth: "GET", path: "/" } } }],
        ["about somebody else", { claims: { sub: name } }]
      ] as ReadonlyArray<readonly [string, Forgery]>
    ) it.effect(what, () => Effect.map(exchange(forgery), refusedPlainly))

    it.effect("under today's scheme", () =>
      Effect.gen(function*() {
        const sent = yield* earlyMessage()
        refusedPlainly(yield* send({ ...sent, authorization: sent.authorization?.replace("Bearer", "IOV-JWT") }))
      }))

    it.effect("of today under its scheme", () =>
      Effect.gen(function*() {
        const sent = yield* message()
        refusedPlainly(yield* send({ ...sent, authorization: sent.authorization?.replace("IOV-JWT", "Bearer") }))
      }))

    it.effect("in both dialects, one beside the other", () =>
      Effect.gen(function*() {
        const sent = yield* message()
        const { authorization } = yield* earlyMessage()
        refusedPlainly(yield* send({ ...sent, authorization: `${sent.authorization}, ${authorization}` }))
        refusedPlainly(yield* send({ ...sent, authorization: `${authorization}, ${sent.authorization}` }))
      }))
  })

  it.effect("an entity without one has no name in it, whatever its keys", () =>
    Effect.gen(function*() {
      const issuer = yield* serviceWith([{ key: TestKeys.stranger }])
      refusedPlainly(yield* exchange({ key: TestKeys.stranger, claims: { iss: issuer } }))
    }))
})

layer(TestPlatform.layer)("where none was told", (it) => {
  it.effect("a request that is right in all else is refused, and the sender is not told by name", () =>
    Effect.flatMap(exchange(), (answer) => Effect.sync(() => refusedPlainly(answer))))
})
