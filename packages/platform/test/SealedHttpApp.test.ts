import * as Entity from "@effect-launchkey/core/EntityIdentifier"
import * as Platform from "@effect-launchkey/platform/Platform"
import * as Store from "@effect-launchkey/platform/Store"
import * as InMemory from "@effect-launchkey/testing/InMemory"
import * as TestKeys from "@effect-launchkey/testing/TestKeys"
import * as TestPlatform from "@effect-launchkey/testing/TestPlatform"
import * as NodeHttpServer from "@effect/platform-node/NodeHttpServer"
import * as FetchHttpClient from "@effect/platform/FetchHttpClient"
import * as HttpClient from "@effect/platform/HttpClient"
import * as HttpServerRequest from "@effect/platform/HttpServerRequest"
import * as HttpServerResponse from "@effect/platform/HttpServerResponse"
import { assert, describe, layer } from "@effect/vitest"
import { Cause, DateTime, Effect, Layer, Option, TestClock } from "effect"
import * as crypto from "node:crypto"
import { createServer, request } from "node:http"
import {
  claimsOf,
  codeOf,
  encrypted,
  exchange,
  type Forgery,
  message,
  opened,
  type Received,
  send,
  serviceIssuer,
  serviceWith
} from "./support/forge.ts"

const session = { username: "nobody" }
const auth = (id: string) => `/service/v3/auths/${id}`

/** The same for every reason: it tells a stranger nothing. */
const unauthorized = JSON.stringify({
  error_code: "HTTP-401",
  error_detail: "the request's signature, key or time was not accepted"
})

layer(TestPlatform.layer)("sealing", (it) => {
  describe("a request by hand", () => {
    it.effect("that is right is served, and answered with a token even where there is no body", () =>
      Effect.gen(function*() {
        const answer = yield* exchange()
        assert.strictEqual(answer.received.status, 204)
        assert.strictEqual(opened(answer), "")
      }))

    it.effect("is the one that is read, by an app that was made while another was served too", () =>
      Effect.gen(function*() {
        const other = HttpServerRequest.fromWeb(new Request("http://platform/other"))
        const app = yield* Effect.provideService(Platform.httpApp, HttpServerRequest.HttpServerRequest, other)
        const answer = yield* Effect.provideService(exchange(), HttpClient.HttpClient, InMemory.make(app))
        assert.strictEqual(answer.received.status, 204)
        opened(answer)
      }))

    it.effect("may have a body, in either key encryption", () =>
      Effect.gen(function*() {
        for (const alg of ["RSA-OAEP", "RSA-OAEP-256"]) {
          const answer = yield* exchange({ json: session, jweHeader: { alg } })
          assert.strictEqual(answer.received.status, 404)
          assert.strictEqual(codeOf(opened(answer)), "HTTP-404")
        }
      }))

    it.effect("may encrypt its body to a key that was rotated out", () =>
      Effect.gen(function*() {
        assert.strictEqual((yield* exchange({ json: session, recipient: TestKeys.retired })).received.status, 404)
      }))

    it.effect("may leave sub out where it is iss", () =>
      Effect.gen(function*() {
        const answer = yield* exchange({ claims: () => ({ sub: undefined }) })
        assert.strictEqual(answer.received.status, 204)
        opened(answer)
      }))

    it.effect("may spell its ids in upper case, and is answered in its own spelling", () =>
      Effect.gen(function*() {
        const issuer = `svc:${TestPlatform.serviceId.toUpperCase()}`
        const answer = yield* exchange({ issuer })
        assert.strictEqual(answer.received.status, 204)
        assert.strictEqual(claimsOf(answer.sent.authorization).iss, issuer)
        opened(answer)
        const refused = yield* exchange({ issuer, json: { username: 7 } })
        assert.strictEqual(codeOf(opened(refused)), "ARG-001")
      }))

    it.effect("may hold members and claims that nobody knows", () =>
      Effect.gen(function*() {
        const answer = yield* exchange({
          json: { ...session, favorite_color: "blue", auth_request: null },
          claims: () => ({ alg: "RS256", favorite_color: "blue" })
        })
        assert.strictEqual(answer.received.status, 404)
      }))

    it.effect("may be of another content hash", () =>
      Effect.gen(function*() {
        const body = encrypted(JSON.stringify(session))
        for (const [func, name] of [["S384", "sha384"], ["S512", "sha512"]] as const) {
          const hash = crypto.createHash(name).update(body).digest("hex")
          assert.strictEqual((yield* exchange({ body, facts: { hash, func } })).received.status, 404)
        }
      }))

    it.effect("may be as late or early as the leeway allows", () =>
      Effect.gen(function*() {
        yield* TestClock.adjust("1 hour")
        const served = (claims: NonNullable<Forgery["claims"]>) =>
          Effect.map(exchange({ claims }), ({ received }) => received.status)
        assert.strictEqual(yield* served((now) => ({ iat: now - 9, nbf: now - 9, exp: now - 4 })), 204)
        assert.strictEqual(yield* served((now) => ({ iat: now - 10, nbf: now - 10, exp: now - 5 })), 401)
        assert.strictEqual(yield* served((now) => ({ iat: now + 5, nbf: now + 5, exp: now + 10 })), 204)
        assert.strictEqual(yield* served((now) => ({ iat: now + 6, nbf: now, exp: now + 10 })), 401)
        assert.strictEqual(yield* served((now) => ({ iat: now, nbf: now + 6, exp: now + 10 })), 401)
        assert.strictEqual(yield* served((now) => ({ exp: now + 60 })), 204)
        assert.strictEqual(yield* served((now) => ({ exp: now + 61 })), 401)
      }))
  })

  describe("a request that is not believed is refused with 401 and one text:", () => {
    const refusals: ReadonlyArray<readonly [string, Forgery]> = [
      ["signed with a key that is not the issuer's", { key: TestKeys.stranger }],
      ["signed with another entity's key", { key: TestKeys.directory }],
      ["signed with another key than kid names", { key: TestKeys.stranger, header: { kid: TestKeys.service.keyId } }],
      ["by an issuer that does not exist", { issuer: "svc:00000000-0000-4000-8000-000000000000" }],
      ["for another audience", { claims: () => ({ aud: "lkb" }) }],
      ["of another method", { facts: { meth: "POST" } }],
      ["of a method in lower case", { facts: { meth: "get" } }],
      ["of another path", { facts: { path: auth("00000000-0000-4000-8000-000000000002") } }],
      ["with a body whose hash is not signed", { json: session, facts: { hash: undefined, func: undefined } }],
      ["with a body whose hash function is not signed", { json: session, facts: { func: undefined } }],
      ["with a body of another hash", { json: session, facts: { hash: "00".repeat(32) } }],
      ["with a hash function that nobody knows", { json: session, facts: { func: "S1" } }],
      ["without a body although a hash is signed", { facts: { hash: "00".repeat(32), func: "S256" } }]
    ]
    for (const [name, forgery] of refusals) {
      it.effect(name, () =>
        Effect.gen(function*() {
          const answer = yield* exchange(forgery)
          assert.strictEqual(answer.received.status, 401)
          assert.strictEqual(opened(answer), unauthorized)
        }))
    }

    const keys = [
      ["for encryption alone", { type: "ENCRYPTION" }],
      ["that is inactive", { active: false }],
      ["that has expired", { expires: DateTime.unsafeMake(0) }]
    ] as const
    for (const [name, options] of keys) {
      it.effect(`signed with a key ${name}`, () =>
        Effect.gen(function*() {
          const issuer = yield* serviceWith([{ key: TestKeys.stranger, ...options }, { key: TestKeys.encryption }])
          const answer = yield* exchange({ issuer, key: TestKeys.stranger })
          assert.strictEqual(answer.received.status, 401)
          assert.strictEqual(opened(answer), unauthorized)
        }))
    }

    it.effect("sent twice", () =>
      Effect.gen(function*() {
        const sent = yield* message()
        assert.strictEqual((yield* send(sent)).status, 204)
        const received = yield* send(sent)
        assert.strictEqual(received.status, 401)
        assert.strictEqual(opened({ sent, received }), unauthorized)
      }))

    it.effect("sent twice with the issuer spelled anew", () =>
      Effect.gen(function*() {
        const jti = crypto.randomUUID()
        assert.strictEqual((yield* exchange({ claims: () => ({ jti }) })).received.status, 204)
        const issuer = `svc:${TestPlatform.serviceId.toUpperCase()}`
        assert.strictEqual((yield* exchange({ issuer, claims: () => ({ jti }) })).received.status, 401)
      }))

    it.effect("sent with a body that was tampered with", () =>
      Effect.gen(function*() {
        const sent = yield* message({ json: session })
        const body = encrypted(JSON.stringify({ username: "somebody" }))
        const received = yield* send({ ...sent, body })
        assert.strictEqual(received.status, 401)
        assert.strictEqual(opened({ sent, received }), unauthorized)
      }))

    it.effect("sent to another path or by another method than it was signed for", () =>
      Effect.gen(function*() {
        const sent = yield* message()
        assert.strictEqual((yield* send({ ...sent, method: "DELETE" })).status, 401)
        const other = yield* message()
        assert.strictEqual((yield* send({ ...other, path: `${other.path}?unsigned=1` })).status, 401)
      }))
  })

  describe("a 401", () => {
    const plain = (received: Received) => {
      assert.strictEqual(received.status, 401)
      assert.isUndefined(received.headers["x-iov-jwt"])
      assert.strictEqual(received.body, unauthorized)
    }

    const unreadable: ReadonlyArray<readonly [string, string | undefined]> = [
      ["no credentials", undefined],
      ["another scheme", "Bearer abc.def.ghi"],
      ["a scheme alone", "IOV-JWT"],
      ["what is no token", "IOV-JWT abc.def"],
      ["two tokens", "IOV-JWT a.b.c a.b.c"],
      ["an unsigned token", "IOV-JWT eyJhbGciOiJub25lIn0.e30."],
      ["a token longer than any header may be", `IOV-JWT ${"a".repeat(9000)}`]
    ]
    for (const [name, authorization] of unreadable) {
      it.effect(`to a request with ${name} carries no token`, () =>
        Effect.gen(function*() {
          plain(yield* send({ ...yield* message(), authorization }))
        }))
    }

    it.effect("signs no text of a stranger's choosing", () =>
      Effect.gen(function*() {
        const key = TestKeys.stranger
        for (
          const claims of [
            { iss: "svc:evil" },
            { iss: `${serviceIssuer}, trusted` },
            { iss: "lka" },
            { sub: "everybody" },
            { jti: "a text of my own" },
            { jti: "x".repeat(65) }
          ]
        ) plain((yield* exchange({ key, claims: () => claims })).received)
      }))

    it.effect("to incomplete claims carries no token", () =>
      Effect.gen(function*() {
        plain((yield* exchange({ claims: () => ({ exp: undefined }) })).received)
        plain((yield* exchange({ claims: () => ({ aud: ["lka", "lkb"] }) })).received)
        plain((yield* exchange({ claims: (now) => ({ exp: String(now + 5) }) })).received)
      }))
  })

  describe("a request that is believed and cannot be served is answered under seal:", () => {
    const bodies: ReadonlyArray<readonly [string, Forgery]> = [
      ["encrypted to a key that is not the platform's", { json: session, recipient: TestKeys.stranger }],
      [
        "encrypted to another key than kid names",
        { json: session, recipient: TestKeys.stranger, jweHeader: { kid: TestKeys.platform.keyId } }
      ],
      ["that is no JWE", { body: JSON.stringify(session) }],
      ["of a JWE with a compressed plaintext", { json: session, jweHeader: { zip: "DEF" } }],
      ["of a JWE with an algorithm that nobody uses", { json: session, jweHeader: { alg: "RSA1_5" } }],
      ["of a JWE without kid", { json: session, jweHeader: { kid: undefined } }],
      ["of a JWE whose tag was changed", { body: encrypted(JSON.stringify(session)).replace(/.{8}$/, "AAAAAAAA") }],
      ["that is no JSON", { body: encrypted("username=nobody") }],
      ["of JSON with more behind it", { body: encrypted("{} {}") }],
      ["of JSON with a member twice", { body: encrypted(`{"username":"nobody","username":"nobody"}`) }],
      [
        "of JSON with a member twice in an object within, once in escapes",
        { body: encrypted(`{"username":"nobody","policy":{"geofences":[],"geo\\u0066ences":[]}}`) }
      ],
      ["of JSON behind a byte order mark", { body: encrypted(`\uFEFF${JSON.stringify(session)}`) }],
      ["of JSON nested beyond any message", { body: encrypted(`{"a":${"[".repeat(32)}${"]".repeat(32)}}`) }],
      ["of bytes that are no text", { body: encrypted(Uint8Array.of(0x7b, 0xff, 0x7d)) }],
      ["of a JSON array", { json: [session] }],
      ["of a JSON text", { json: "username" }],
      ["of JSON null", { body: encrypted("null") }]
    ]
    it.effect("bodies that cannot be opened or read, with 400 and one text for all", () =>
      Effect.gen(function*() {
        const answers = yield* Effect.forEach(bodies, ([name, forgery]) =>
          Effect.map(exchange(forgery), (answer) =>
            [name, answer.received.status, opened(answer)] as const))
        const expected = JSON.stringify({
          error_code: "ARG-001",
          error_detail: "the body is not a JSON object, encrypted to the platform's key"
        })
        assert.deepStrictEqual(
          answers,
          bodies.map(([name]) =>
            [name, 400, expected] as const
          )
        )
      }))

    it.effect("a body without what the endpoint wants, with 400 and what is wrong where", () =>
      Effect.gen(function*() {
        const detailOf = (json: unknown) =>
          Effect.gen(function*() {
            const answer = yield* exchange({ path: "/service/v3/auths", json })
            assert.strictEqual(answer.received.status, 400)
            assert.strictEqual(codeOf(opened(answer)), "ARG-001")
            return (JSON.parse(opened(answer)) as { error_detail: unknown }).error_detail
          })
        assert.hasAllKeys(yield* detailOf({}), ["username"])
        assert.hasAllKeys(yield* detailOf({ username: "nobody", ttl: 5 }), ["ttl"])
        assert.nestedProperty(
          yield* detailOf({ username: "nobody", denial_reasons: [{ id: 7, reason: "Not me", fraud: true }] }),
          "denial_reasons.0.id"
        )
      }))

    it.effect("a user of null, with 404: nobody has that name", () =>
      Effect.gen(function*() {
        for (const [method, path] of [["POST", "/service/v3/auths"], ["DELETE", "/service/v3/sessions"]] as const) {
          const answer = yield* exchange({ method, path, json: { username: null, context: "Hello" } })
          assert.strictEqual(answer.received.status, 404)
        }
        const answer = yield* exchange({ path: "/service/v3/auths", json: { username: 7 } })
        assert.strictEqual(answer.received.status, 400)
      }))

    it.effect("no body where the endpoint wants one, with 400", () =>
      Effect.gen(function*() {
        const answer = yield* exchange({ method: "POST", path: "/service/v3/sessions" })
        assert.strictEqual(answer.received.status, 400)
        assert.strictEqual(codeOf(opened(answer)), "ARG-001")
      }))

    it.effect("an id that is none, with 400", () =>
      Effect.gen(function*() {
        const answer = yield* exchange({ path: auth("none") })
        assert.strictEqual(answer.received.status, 400)
        assert.strictEqual(codeOf(opened(answer)), "ARG-001")
      }))

    it.effect("a path or method that the platform does not have, with 400", () =>
      Effect.gen(function*() {
        for (
          const forgery of [
            { path: "/service/v3/nothing" },
            { path: "/" },
            { method: "PUT", path: "/service/v3/sessions", json: session }
          ]
        ) {
          const answer = yield* exchange(forgery)
          assert.strictEqual(answer.received.status, 400)
          assert.strictEqual(codeOf(opened(answer)), "ARG-002")
        }
      }))

    it.effect("a subject that the issuer does not own, or that does not exist, with 403", () =>
      Effect.gen(function*() {
        const other = yield* serviceWith([{ key: TestKeys.stranger }])
        for (
          const sub of [
            other,
            Entity.directory(TestPlatform.directoryId),
            Entity.organization(TestPlatform.organizationId),
            "svc:00000000-0000-4000-8000-000000000000",
            "dev:00000000-0000-4000-8000-000000000000",
            "everybody"
          ]
        ) {
          const answer = yield* exchange({ claims: () => ({ sub }) })
          assert.strictEqual(answer.received.status, 403)
          assert.strictEqual(codeOf(opened(answer)), "HTTP-403")
        }
      }))

    it.effect("a subject of another kind than the endpoint is for, with 403", () =>
      Effect.gen(function*() {
        const directory = Entity.directory(TestPlatform.directoryId)
        const answer = yield* exchange({ issuer: directory, key: TestKeys.directory })
        assert.strictEqual(answer.received.status, 403)
        assert.strictEqual(codeOf(opened(answer, TestKeys.directory)), "HTTP-403")
        const device = yield* exchange({ path: "/device/v3/auths" })
        assert.strictEqual(device.received.status, 403)
        opened(device)
      }))

    it.effect("a failure of the platform itself, with 500 and nothing of what failed", () =>
      Effect.gen(function*() {
        const store = yield* Store.Store
        const app = yield* Platform.httpApp.pipe(
          Effect.provideService(Store.Store, { ...store, authorization: () => Effect.die("a secret") })
        )
        const answer = yield* exchange().pipe(Effect.provideService(HttpClient.HttpClient, InMemory.make(app)))
        assert.strictEqual(answer.received.status, 500)
        assert.deepStrictEqual(JSON.parse(opened(answer)), {
          error_code: "HTTP-500",
          error_detail: "the platform failed"
        })
      }))
  })

  describe("the key that an answer is encrypted to (B-269)", () => {
    const signature = { key: TestKeys.stranger, type: "SIGNATURE" } as const
    const both = { key: TestKeys.organization, type: "BOTH" } as const
    const newerBoth = { key: TestKeys.directory, type: "BOTH" } as const
    const encryption = { key: TestKeys.encryption, type: "ENCRYPTION" } as const
    const newerEncryption = { key: TestKeys.retired, type: "ENCRYPTION" } as const
    const cases = [
      ["is the one that signed, if it may do both", both, [both, newerBoth, encryption], both],
      ["is else the newest for encryption", signature, [newerEncryption, both, encryption, signature], encryption],
      ["is else the newest that may do both", signature, [both, newerBoth, signature], newerBoth],
      [
        "is never inactive",
        signature,
        [encryption, { ...newerEncryption, active: false }, signature],
        encryption
      ],
      [
        "has never expired",
        signature,
        [both, { ...newerBoth, expires: DateTime.unsafeMake(0) }, signature],
        both
      ]
    ] as const
    for (const [name, signing, keys, expected] of cases) {
      it.effect(name, () =>
        Effect.gen(function*() {
          const issuer = yield* serviceWith(keys)
          const answer = yield* exchange({ issuer, key: signing.key, json: session })
          assert.strictEqual(answer.received.status, 404)
          assert.strictEqual(codeOf(opened(answer, expected.key)), "HTTP-404")
        }))
    }

    it.effect("has to exist: without it an answer with a body becomes a 401 that says so", () =>
      Effect.gen(function*() {
        const issuer = yield* serviceWith([signature])
        const answer = yield* exchange({ issuer, key: signature.key, json: session })
        assert.strictEqual(answer.received.status, 401)
        assert.include(opened(answer), "no active key that an answer may be encrypted to")
        const empty = yield* exchange({ issuer, key: signature.key })
        assert.strictEqual(empty.received.status, 204)
        assert.strictEqual(opened(empty), "")
      }))
  })

  it.effect("a body above 1 MiB is refused while it is read", () =>
    Effect.gen(function*() {
      const app = yield* Platform.httpApp
      const { authorization = "", method, path } = yield* message({ json: session })
      let pulled = 0
      const endless = new ReadableStream<Uint8Array>({
        pull: (controller) => {
          pulled += 65_536
          controller.enqueue(new Uint8Array(65_536))
        }
      })
      const options = { method, headers: { authorization }, body: endless, duplex: "half" }
      const response = yield* app.pipe(
        Effect.scoped,
        Effect.provideService(
          HttpServerRequest.HttpServerRequest,
          HttpServerRequest.fromWeb(new Request(`http://localhost${path}`, options))
        )
      )
      const web = HttpServerResponse.toWeb(response)
      assert.strictEqual(web.status, 401)
      assert.isBelow(pulled, 2 * 1024 * 1024)
    }))

  it.effect("what is called plainly is answered plainly", () =>
    Effect.gen(function*() {
      const anonymous = { method: "GET", authorization: undefined, body: undefined } as const
      const ping = yield* send({ ...anonymous, path: "/public/v3/ping" })
      assert.strictEqual(ping.status, 200)
      assert.match((JSON.parse(ping.body) as { api_time: string }).api_time, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/)
      const key = yield* send({ ...anonymous, path: "/public/v3/public-key" })
      assert.strictEqual(key.body, TestKeys.platform.publicKey)
      assert.strictEqual(key.headers["x-iov-key-id"], TestKeys.platform.keyId)
      const retired = yield* send({ ...anonymous, path: `/public/v3/public-key/${TestKeys.retired.keyId}` })
      assert.strictEqual(retired.body, TestKeys.retired.publicKey)
      assert.strictEqual(retired.headers["x-iov-key-id"], TestKeys.retired.keyId)
      const unknown = yield* send({ ...anonymous, path: `/public/v3/public-key/${TestKeys.stranger.keyId}` })
      assert.strictEqual(unknown.status, 404)
      for (const body of ["[]", "not json", undefined]) {
        const link = yield* send({ ...anonymous, method: "POST", path: "/device/v3/link", body })
        assert.strictEqual(link.status, 400)
        assert.strictEqual(codeOf(link.body), "ARG-001")
        assert.isUndefined(link.headers["x-iov-jwt"])
      }
      const get = yield* send({ ...anonymous, path: "/device/v3/link" })
      assert.strictEqual(get.status, 400)
      assert.strictEqual(codeOf(get.body), "ARG-002")
    }))
})

const Served = Layer.provideMerge(
  TestPlatform.layerServed,
  Layer.merge(NodeHttpServer.layer(createServer, { port: 0, host: "127.0.0.1" }), FetchHttpClient.layer)
)

/** What fetch would not send, or not show. */
const raw = (
  path: string,
  options: { readonly method: string; readonly headers: Record<string, string>; readonly body?: string | undefined }
) =>
  Effect.flatMap(
    TestPlatform.TestPlatform,
    ({ baseUrl }) =>
      Effect.async<Received, Cause.UnknownException>((resume) => {
        const call = request(
          `${baseUrl}${path}`,
          { method: options.method, headers: options.headers, agent: false },
          (response) => {
            const chunks: Array<Buffer> = []
            response.on("data", (chunk: Buffer) => chunks.push(chunk))
            response.on("end", () =>
              resume(Effect.succeed({
                status: response.statusCode ?? 0,
                headers: response.headers as Received["headers"],
                body: Buffer.concat(chunks).toString()
              })))
          }
        )
        call.on("error", (cause) => resume(Effect.fail(new Cause.UnknownException(cause))))
        if (options.headers["expect"] === undefined) {
          call.end(options.body)
        } else {
          call.on("continue", () => call.end(options.body))
          call.flushHeaders()
        }
      })
  )

layer(Served, { excludeTestServices: true })("over a socket", (it) => {
  it.effect("an answer without a body has neither length nor chunks", () =>
    Effect.gen(function*() {
      const sent = yield* message()
      const received = yield* raw(sent.path, {
        method: sent.method,
        headers: { authorization: sent.authorization ?? "" }
      })
      assert.strictEqual(received.status, 204)
      assert.include([undefined, "0"], received.headers["content-length"])
      assert.isUndefined(received.headers["transfer-encoding"])
      assert.strictEqual(opened({ sent, received }), "")
    }))

  it.effect("an answer with a body has its length, and no encoding", () =>
    Effect.gen(function*() {
      const sent = yield* message({ path: "/service/v3/nothing" })
      const received = yield* raw(sent.path, {
        method: sent.method,
        headers: { authorization: sent.authorization ?? "", "accept-encoding": "gzip" }
      })
      assert.strictEqual(received.headers["content-length"], String(received.body.length))
      assert.strictEqual(received.headers["content-type"], "application/jose")
      assert.isUndefined(received.headers["content-encoding"])
      assert.strictEqual(codeOf(opened({ sent, received })), "ARG-002")
    }))

  it.effect("a body with a GET is refused with 400, under seal", () =>
    Effect.gen(function*() {
      const sent = yield* message({
        method: "GET",
        path: "/service/v3/auths/00000000-0000-4000-8000-000000000001",
        json: session
      })
      const received = yield* raw(sent.path, {
        method: "GET",
        headers: { authorization: sent.authorization ?? "", "content-length": String(sent.body?.length) },
        body: sent.body
      })
      assert.strictEqual(received.status, 400)
      assert.strictEqual(codeOf(opened({ sent, received })), "ARG-001")
    }))

  it.effect("a request may have any content type, or none", () =>
    Effect.gen(function*() {
      for (const type of [{}, { "content-type": "text/plain" }, { "content-type": "application/jose" }]) {
        const sent = yield* message({ json: session, method: "DELETE" })
        const received = yield* raw(sent.path, {
          method: "DELETE",
          headers: { ...type, authorization: sent.authorization ?? "", "content-length": String(sent.body?.length) },
          body: sent.body
        })
        assert.strictEqual(received.status, 404)
        opened({ sent, received })
      }
    }))

  it.effect("a request may ask whether its body is wanted before it sends it", () =>
    Effect.gen(function*() {
      const sent = yield* message({ json: session })
      const received = yield* raw(sent.path, {
        method: "POST",
        headers: {
          authorization: sent.authorization ?? "",
          "content-length": String(sent.body?.length),
          expect: "100-continue"
        },
        body: sent.body
      })
      assert.strictEqual(received.status, 404)
      opened({ sent, received })
    }))

  it.effect("the scheme may be written in any case", () =>
    Effect.gen(function*() {
      const sent = yield* message()
      const authorization = sent.authorization?.replace("IOV-JWT", "iov-jwt") ?? ""
      assert.strictEqual((yield* raw(sent.path, { method: "GET", headers: { authorization } })).status, 204)
    }))

  it.effect("a body above 1 MiB is refused", () =>
    Effect.gen(function*() {
      const sent = yield* message({ json: session })
      // The platform may hang up before it has answered, as it does not read on.
      const received = yield* Effect.option(raw(sent.path, {
        method: "POST",
        headers: { authorization: sent.authorization ?? "" },
        body: "a".repeat(1024 * 1024 + 1)
      }))
      assert.isTrue(Option.isNone(received) || received.value.status === 401)
      const next = yield* exchange()
      assert.strictEqual(next.received.status, 204)
    }))

  it.effect("methods and paths that no route could have are answered under seal", () =>
    Effect.gen(function*() {
      for (const [method, path] of [["TRACE", "/service/v3/auths"], ["GET", "//"], ["OPTIONS", "/"]] as const) {
        const sent = yield* message({ method, path })
        const received = yield* raw(path, { method, headers: { authorization: sent.authorization ?? "" } })
        assert.strictEqual(received.status, 400)
        assert.strictEqual(codeOf(opened({ sent, received })), "ARG-002")
      }
    }))
})
