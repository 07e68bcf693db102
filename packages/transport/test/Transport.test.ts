import { routeOf } from "@effect-launchkey/core/Api"
import { AuthorizationPackage, AuthorizationRequestId } from "@effect-launchkey/core/Authorization"
import type { EntityIdentifier } from "@effect-launchkey/core/EntityIdentifier"
import * as FetchHttpClient from "@effect/platform/FetchHttpClient"
import * as HttpClient from "@effect/platform/HttpClient"
import * as HttpClientError from "@effect/platform/HttpClientError"
import * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import { assert, layer } from "@effect/vitest"
import {
  Array as Arr,
  Config,
  ConfigProvider,
  Deferred,
  Duration,
  Effect,
  Fiber,
  Layer,
  Redacted,
  Ref,
  Schedule,
  Schema,
  Stream,
  TestClock
} from "effect"
import * as Http from "node:http"
import type { AddressInfo } from "node:net"
import { inspect } from "node:util"
import * as Jose from "../src/Jose.ts"
import * as Keyring from "../src/Keyring.ts"
import * as RemoteApi from "../src/RemoteApi.ts"
import * as Transport from "../src/Transport.ts"
import * as bare from "./support/bare.ts"
import * as forge from "./support/forge.ts"
import * as scripted from "./support/scripted.ts"
import * as known from "./support/vectors.ts"
import { Known } from "./support/vectors.ts"

const baseUrl = "https://api.example.com"
const auths = "/service/v3/auths"
const auth = `${auths}/${known.entities.auth_request}`

const makeTransport = (client: HttpClient.HttpClient, options: Partial<Transport.Options> = {}) =>
  Effect.gen(function*() {
    yield* TestClock.setTime(known.now * 1000)
    const keys = yield* Known
    // one attempt, so that what becomes of it is seen; Retries.test.ts has the others
    return yield* Transport.make({ issuer: known.service, baseUrl, retry: { schedule: Schedule.stop }, ...options })
      .pipe(
        Effect.provideService(Keyring.Keyring, keys.service),
        Effect.provideServiceEffect(RemoteApi.RemoteApi, RemoteApi.make),
        Effect.provideService(HttpClient.HttpClient, client)
      )
  })

/** A transport to a platform that answers as the script says. */
const connected = Effect.fnUntraced(function*(
  script?: (seen: scripted.Seen) => scripted.Answer | undefined,
  options: Partial<Transport.Options> = {}
) {
  const platform = yield* scripted.make(script)
  const transport = yield* makeTransport(platform.client, options)
  return { ...platform, transport, http: transport.httpClient(known.service, routeOf) }
})

const postJson = (path: string, body: unknown) =>
  HttpClientRequest.post(path).pipe(HttpClientRequest.bodyUnsafeJson(body))

/** The script for calls to the API; the public endpoints answer as ever. */
const onCall = (script: (seen: scripted.Seen) => scripted.Answer) => (seen: scripted.Seen) =>
  seen.path.includes("/public/") ? undefined : script(seen)

const plainly = (status: number, body: string | null = null, headers: { readonly [name: string]: string } = {}) =>
  Effect.sync(() => new Response(body, { status, headers }))

const encryptedError = (code: string) =>
  forge.encrypted(JSON.stringify({ error_code: code, error_detail: "why" }), "service_dual")

layer(Known.layer)("the options of a transport", (it) => {
  const refusedOption = (options: Partial<Transport.Options>) =>
    Effect.gen(function*() {
      const { client, requests } = yield* scripted.make()
      const error = yield* Effect.flip(makeTransport(client, options))
      assert.strictEqual(error._tag, "InvalidParameters")
      assert.strictEqual(error.origin, "Client")
      assert.deepStrictEqual(yield* requests, [])
      const [issue] = error.issues
      return { error, path: issue?.path }
    })

  for (
    const issuer of [
      "a5a2d6d4-7d1c-11ee-b962-0242ac120002",
      "svc:a5a2d6d4",
      "SVC:a5a2d6d4-7d1c-11ee-b962-0242ac120002",
      "usr:a5a2d6d4-7d1c-11ee-b962-0242ac120002",
      "svc:a5a2d6d47d1c11eeb9620242ac120002",
      ""
    ]
  ) {
    it.effect(`do not take ${JSON.stringify(issuer)} for an issuer`, () =>
      Effect.gen(function*() {
        assert.strictEqual((yield* refusedOption({ issuer })).path, "issuer")
      }))
  }

  it.effect("read an issuer in upper case and write it in lower case", () =>
    Effect.gen(function*() {
      const { calls, http, transport } = yield* connected(undefined, {
        issuer: known.service.toUpperCase().replace("SVC", "svc")
      })
      assert.strictEqual(transport.issuer, known.service)
      yield* http.get(auth)
      const [call] = yield* calls
      assert.isDefined(call)
      assert.strictEqual(scripted.claimsOf(call).iss, known.service)
    }))

  for (
    const url of [
      "api.example.com",
      "ftp://api.example.com",
      "http://api.example.com",
      "http://127.0.0.1.example.com",
      "http://localhost.example.com",
      "http://10.0.0.1",
      "https://user:secret@api.example.com",
      "https://user@api.example.com",
      "https://api.example.com?a=b",
      "https://api.example.com/#a"
    ]
  ) {
    it.effect(`do not take ${url} for a base URL`, () =>
      Effect.gen(function*() {
        const { error, path } = yield* refusedOption({ baseUrl: url })
        assert.strictEqual(path, "baseUrl")
        assert.notInclude(inspect(error), "secret")
      }))
  }

  for (
    const [url, called] of [
      ["http://localhost:8080", "http://localhost:8080"],
      ["http://mfa.localhost", "http://mfa.localhost"],
      ["http://127.0.0.1:3000", "http://127.0.0.1:3000"],
      ["http://[::1]:3000", "http://[::1]:3000"],
      ["https://API.example.com", "https://api.example.com"],
      ["https://api.example.com/", "https://api.example.com"],
      ["https://api.example.com/mfa", "https://api.example.com/mfa"],
      ["https://api.example.com/mfa//", "https://api.example.com/mfa"]
    ] as const
  ) {
    it.effect(`call ${called} for the base URL ${url}, and sign the path alone`, () =>
      Effect.gen(function*() {
        const { calls, http } = yield* connected(undefined, { baseUrl: url })
        yield* http.get(auth)
        const [call] = yield* calls
        assert.isDefined(call)
        assert.strictEqual(call.url, `${called}${auth}`)
        assert.deepStrictEqual(scripted.claimsOf(call).request, { meth: "GET", path: auth })
      }))
  }

  for (const leeway of ["31 seconds", "30001 millis", Duration.infinity] as const) {
    it.effect(`do not take a leeway of ${Duration.format(leeway)}`, () =>
      Effect.gen(function*() {
        assert.strictEqual((yield* refusedOption({ leeway })).path, "leeway")
      }))
  }

  it.effect("take a leeway of thirty seconds", () =>
    Effect.gen(function*() {
      const { http } = yield* connected(onCall((seen) => scripted.sealed(seen, { offset: -34_000 })), {
        leeway: "30 seconds"
      })
      const response = yield* http.get(auth)
      assert.strictEqual(response.status, 204)
    }))

  for (const tokenLifetime of ["0 seconds", "61 seconds", "1500 millis"] as const) {
    it.effect(`do not take a token lifetime of ${tokenLifetime}`, () =>
      Effect.gen(function*() {
        assert.strictEqual((yield* refusedOption({ tokenLifetime })).path, "tokenLifetime")
      }))
  }

  it.effect("say for how long a request may be used, and to whom", () =>
    Effect.gen(function*() {
      const { calls, http } = yield* connected(
        onCall((seen) => scripted.sealed(seen, { claims: { iss: "mfa" } })),
        { tokenLifetime: "1 minute", platform: "mfa" }
      )
      yield* http.get(auth)
      const [call] = yield* calls
      assert.isDefined(call)
      const { aud, exp, iat } = scripted.claimsOf(call)
      assert.strictEqual(aud, "mfa")
      assert.strictEqual(exp - iat, 60)
    }))

  it.effect("believe no platform of another name", () =>
    Effect.gen(function*() {
      const { http } = yield* connected(onCall((seen) => scripted.sealed(seen)), { platform: "mfa" })
      const error = yield* Effect.flip(http.get(auth))
      assert(error._tag === "MessageRejected")
      assert.strictEqual(error.reason, "IssuerMismatch")
    }))

  it.effect("do not take what is no key id for a pinned key", () =>
    Effect.gen(function*() {
      const { path } = yield* refusedOption({ pinnedKeys: [known.keys.api_current.kid, "4F:73"] })
      assert.strictEqual(path, "pinnedKeys[1]")
    }))
})

layer(Known.layer)("a call", (it) => {
  it.effect("is sealed for the platform, with what its headers need and no more", () =>
    Effect.gen(function*() {
      const { calls, http } = yield* connected()
      yield* http.execute(postJson(auths, { username: "user" })).pipe(Effect.withSpan("outer"))
      const [call] = yield* calls
      assert.isDefined(call)
      assert.sameMembers(Object.keys(call.headers), [
        "accept",
        "accept-encoding",
        "authorization",
        "content-length",
        "content-type",
        "user-agent"
      ])
      assert.strictEqual(call.headers["accept-encoding"], "identity")
      assert.strictEqual(call.headers["content-type"], "application/jose")
      assert.match(call.headers["user-agent"] ?? "", /^EffectServiceSDK\/\d+\.\d+\.\d+ \(.+\)$/)
      const token = (call.headers["authorization"] ?? "").replace("IOV-JWT ", "")
      assert.isTrue(bare.verifyJws(token, known.keys.service_dual.public_spki_pem).valid)
      assert.strictEqual(
        bare.openJwe(call.body, known.keys.api_current.private_pkcs8_pem).plaintext,
        `{"username":"user"}`
      )
    }))

  it.effect("acts for its subject", () =>
    Effect.gen(function*() {
      const { calls, transport } = yield* connected()
      yield* transport.httpClient(known.directory, routeOf).get(auth)
      const [call] = yield* calls
      assert.isDefined(call)
      assert.include(scripted.claimsOf(call), { iss: known.service, sub: known.directory })
    }))

  it.effect("takes the algorithms of the options", () =>
    Effect.gen(function*() {
      const { calls, http } = yield* connected(undefined, { keyEncryptionAlgorithm: "RSA-OAEP", hashFunction: "S384" })
      yield* http.execute(postJson(auths, {}))
      const [call] = yield* calls
      assert.isDefined(call)
      assert.deepInclude(scripted.claimsOf(call).request, { func: "S384", hash: bare.digest("sha384", call.body) })
      assert.include(JSON.parse(bare.openJwe(call.body, known.keys.api_current.private_pkcs8_pem).header), {
        alg: "RSA-OAEP"
      })
    }))

  it.effect("is answered with the decrypted body, and without the token", () =>
    Effect.gen(function*() {
      const { http } = yield* connected(
        onCall((seen) => scripted.sealed(seen, { body: forge.encrypted(`{"ok":"ä"}`, "service_dual") }))
      )
      const response = yield* http.execute(postJson(auths, {}))
      assert.strictEqual(response.status, 200)
      assert.deepStrictEqual(yield* response.json, { ok: "ä" })
      assert.isUndefined(response.headers["x-iov-jwt"])
    }))

  it.effect("does not ask for the current key when it has no body", () =>
    Effect.gen(function*() {
      const { count, http } = yield* connected()
      yield* http.get(auth)
      assert.strictEqual(yield* count("/public-key"), 0)
    }))

  it.effect("fetches the key and the time once for many calls", () =>
    Effect.gen(function*() {
      const { count, http } = yield* connected()
      yield* Effect.all(Array.from({ length: 5 }, () => http.execute(postJson(auths, {}))), {
        concurrency: "unbounded"
      })
      assert.strictEqual(yield* count("/ping"), 1)
      assert.strictEqual(yield* count("/public-key"), 1)
    }))

  for (
    const [what, request] of [
      ["a query", HttpClientRequest.get(auth, { urlParams: { a: "b" } })],
      ["a query in its path", HttpClientRequest.get(`${auth}?a=b`)],
      ["a fragment", HttpClientRequest.get(`${auth}#a`)],
      ["another host", HttpClientRequest.get("https://elsewhere.example.com/service/v3/auths")],
      ["a form", HttpClientRequest.post(auths).pipe(HttpClientRequest.bodyFormData(new FormData()))],
      ["a stream", HttpClientRequest.post(auths).pipe(HttpClientRequest.bodyStream(Stream.empty))]
    ] as const
  ) {
    it.effect(`is not sent with ${what}`, () =>
      Effect.gen(function*() {
        const { http, requests } = yield* connected()
        const error = yield* Effect.flip(http.execute(request))
        assert.strictEqual(error._tag, "TransportError")
        assert.strictEqual(error.reason, "RequestUnsupported")
        assert.deepStrictEqual(yield* requests, [])
      }))
  }

  it.effect("is not sent when the platform's time cannot be had", () =>
    Effect.gen(function*() {
      const { calls, http } = yield* connected(() => plainly(503))
      const error = yield* Effect.flip(http.get(auth))
      assert.strictEqual(error._tag, "TransportError")
      assert.strictEqual(error.operation, "GET /public/v3/ping")
      assert.deepStrictEqual(yield* calls, [])
    }))
})

layer(Known.layer)("pinned keys", (it) => {
  const pinned = { pinnedKeys: [known.keys.api_current.kid] }

  it.effect("sign and receive", () =>
    Effect.gen(function*() {
      const { http } = yield* connected(undefined, pinned)
      assert.strictEqual((yield* http.execute(postJson(auths, {}))).status, 204)
    }))

  it.effect("are the only ones that a body is encrypted to", () =>
    Effect.gen(function*() {
      const { calls, http } = yield* connected(undefined, { pinnedKeys: [known.keys.api_previous.kid] })
      const error = yield* Effect.flip(http.execute(postJson(auths, {})))
      assert.strictEqual(error._tag, "MessageRejected")
      assert.strictEqual(error.reason, "KeyUnknown")
      assert.deepStrictEqual(yield* calls, [])
    }))

  it.effect("are the only ones that an answer is verified with", () =>
    Effect.gen(function*() {
      const { http } = yield* connected(
        onCall((seen) => scripted.sealed(seen, { signedBy: "api_previous" })),
        pinned
      )
      const error = yield* Effect.flip(http.get(auth))
      assert.strictEqual(error._tag, "MessageRejected")
      assert.strictEqual(error.reason, "KeyUnknown")
    }))
})

layer(Known.layer)("an answer", (it) => {
  for (
    const [what, answer, reason] of [
      ["without a token", { headers: { "x-iov-jwt": "" } }, "TokenMissing"],
      ["signed by another", { signedBy: "attacker" }, "KeyUnknown"],
      ["to another request", { claims: { jti: "another" } }, "TokenIdMismatch"],
      ["to someone else", { claims: { aud: known.directory } }, "AudienceMismatch"],
      ["about someone else", { claims: { sub: known.directory } }, "SubjectMismatch"],
      ["with a plain body", { body: "{}" }, "BodyNotEncrypted"],
      ["with a Location of its own", { headers: { location: "/b" } }, "LocationMismatch"],
      [
        "with a member twice in its body",
        { body: forge.encrypted(`{"auth_request":"a","auth_request":"b"}`, "service_dual") },
        "BodyMalformed"
      ],
      ["with a body that is no JSON", { body: forge.encrypted("<html>", "service_dual") }, "BodyMalformed"]
    ] as const
  ) {
    it.effect(`${what} is rejected`, () =>
      Effect.gen(function*() {
        const { http } = yield* connected(onCall((seen) => scripted.sealed(seen, answer)))
        const error = yield* Effect.flip(http.get(auth))
        assert.strictEqual(error._tag, "MessageRejected")
        assert.deepInclude({ ...error }, { kind: "Response", reason, operation: "GET /service/v3/auths/…" })
      }))
  }

  it.effect("that is compressed is refused unread", () =>
    Effect.gen(function*() {
      const { http } = yield* connected(onCall(() => plainly(200, "gzip", { "content-encoding": "gzip" })))
      const error = yield* Effect.flip(http.get(auth))
      assert.strictEqual(error._tag, "TransportError")
      assert.strictEqual(error.reason, "AnswerEncoded")
    }))

  it.effect("that says it is not compressed is read", () =>
    Effect.gen(function*() {
      const { http } = yield* connected(
        onCall((seen) => scripted.sealed(seen, { headers: { "content-encoding": "identity" } }))
      )
      assert.strictEqual((yield* http.get(auth)).status, 204)
    }))

  it.effect("is read no further than one MiB", () =>
    Effect.gen(function*() {
      const chunk = new Uint8Array(64 * 1024)
      const pulled = yield* Ref.make(0)
      const endless = Stream.toReadableStream(
        Stream.repeatEffect(Effect.as(Ref.update(pulled, (n) => n + 1), chunk)),
        { strategy: { highWaterMark: 0 } }
      )
      const { http } = yield* connected(onCall(() => Effect.succeed(new Response(endless))))
      const error = yield* Effect.flip(http.get(auth))
      assert.strictEqual(error._tag, "TransportError")
      assert.strictEqual(error.reason, "AnswerTooLarge")
      assert.isAtMost(yield* Ref.get(pulled), 18)
    }))

  it.effect("of one MiB is read", () =>
    Effect.gen(function*() {
      const { http } = yield* connected(
        onCall(() => Effect.succeed(new Response(new Uint8Array(1024 * 1024), { status: 500 })))
      )
      assert.strictEqual((yield* http.get(auth)).status, 500)
    }))

  it.effect("is put together from its pieces", () =>
    Effect.gen(function*() {
      const body = forge.encrypted(`{"ok":true}`, "service_dual")
      const { http } = yield* connected(onCall((seen) =>
        Effect.map(scripted.sealed(seen, { body }), ({ headers }) =>
          new Response(
            Stream.toReadableStream(Stream.make(body.slice(0, 10), "", body.slice(10)).pipe(Stream.encodeText)),
            { headers }
          ))
      ))
      const response = yield* http.get(auth)
      assert.deepStrictEqual(yield* response.json, { ok: true })
    }))

  it.effect("that breaks off is none", () =>
    Effect.gen(function*() {
      const broken = Stream.toReadableStream(
        Stream.concat(Stream.make(new Uint8Array(8)), Stream.fail(new Error("reset")))
      )
      const { http } = yield* connected(onCall(() => Effect.succeed(new Response(broken))))
      const error = yield* Effect.flip(http.get(auth))
      assert.strictEqual(error._tag, "TransportError")
      assert.strictEqual(error.reason, "Unreachable")
    }))

  it.effect("that comes after ten seconds is none", () =>
    Effect.gen(function*() {
      const sent = yield* Deferred.make<void>()
      const { http } = yield* connected(onCall(() => Effect.zipRight(Deferred.succeed(sent, undefined), Effect.never)))
      const fiber = yield* Effect.fork(Effect.flip(http.get(auth)))
      yield* Deferred.await(sent)
      yield* TestClock.adjust("9999 millis")
      assert.isNull(yield* Fiber.poll(fiber).pipe(Effect.map((exit) => exit._tag === "None" ? null : exit)))
      yield* TestClock.adjust("1 millis")
      const error = yield* Fiber.join(fiber)
      assert.strictEqual(error._tag, "TransportError")
      assert.strictEqual(error.reason, "TimedOut")
    }))

  it.effect("whose end does not come in time is none", () =>
    Effect.gen(function*() {
      const read = yield* Deferred.make<void>()
      const hanging = Stream.toReadableStream(
        Stream.concat(
          Stream.make(new Uint8Array(8)),
          Stream.fromEffect(Effect.zipRight(Deferred.succeed(read, undefined), Effect.never))
        ),
        // not before somebody reads it, which is when the time has begun to count
        { strategy: { highWaterMark: 0 } }
      )
      const { http } = yield* connected(onCall(() => Effect.succeed(new Response(hanging))), {
        attemptTimeout: "2 seconds"
      })
      const fiber = yield* Effect.fork(Effect.flip(http.get(auth)))
      yield* Deferred.await(read)
      yield* TestClock.adjust("2 seconds")
      const error = yield* Fiber.join(fiber)
      assert.strictEqual(error._tag, "TransportError")
      assert.strictEqual(error.reason, "TimedOut")
    }))
})

layer(Known.layer)("an answer that tells of an error", (it) => {
  const told = (script: (seen: scripted.Seen) => scripted.Answer) =>
    Effect.gen(function*() {
      const { http } = yield* connected(onCall(script))
      const response = yield* http.get(auth)
      return { status: response.status, json: yield* response.json }
    })

  for (const status of [400, 403, 404, 408, 409, 429]) {
    it.effect(`is brought into the contract's form when it is empty, of status ${status}`, () =>
      Effect.gen(function*() {
        assert.deepStrictEqual(yield* told((seen) => scripted.sealed(seen, { status })), {
          status,
          json: { error_code: `HTTP-${status}`, error_detail: "", error_data: { authenticated: true } }
        })
      }))
  }

  it.effect("keeps the code and the detail of its body", () =>
    Effect.gen(function*() {
      const { json } = yield* told((seen) => scripted.sealed(seen, { status: 400, body: encryptedError("SVC-003") }))
      assert.deepStrictEqual(json, {
        error_code: "SVC-003",
        error_detail: "why",
        error_data: { authenticated: true }
      })
    }))

  it.effect("keeps the data of its body, but not its word on what was verified", () =>
    Effect.gen(function*() {
      const body = forge.encrypted(
        JSON.stringify({ error_code: "SVC-005", error_data: { from_same_service: true, authenticated: false } }),
        "service_dual"
      )
      const { json } = yield* told((seen) => scripted.sealed(seen, { status: 409, body }))
      assert.deepStrictEqual(json, {
        error_code: "SVC-005",
        error_detail: "",
        error_data: { from_same_service: true, authenticated: true }
      })
    }))

  it.effect("keeps its status when its body is not what it should be", () =>
    Effect.gen(function*() {
      const { json } = yield* told((seen) =>
        scripted.sealed(seen, { status: 400, body: forge.encrypted("not JSON", "service_dual") })
      )
      assert.deepInclude(json, { error_code: "HTTP-400" })
    }))

  it.effect("keeps its status alone when its body can be read in two ways", () =>
    Effect.gen(function*() {
      const { json } = yield* told((seen) =>
        scripted.sealed(seen, {
          status: 400,
          body: forge.encrypted(`{"error_code":"SVC-005","error_code":"SVC-001","error_detail":""}`, "service_dual")
        })
      )
      assert.deepInclude(json, { error_code: "HTTP-400", error_detail: "" })
    }))

  for (
    const [header, data] of [
      ["30", { retry_after: 30 }],
      ["0", { retry_after: 0 }],
      ["-1", {}],
      ["soon", {}],
      ["1e999", {}],
      [new Date((known.now + 90) * 1000).toUTCString(), { retry_after: 90 }],
      [new Date((known.now - 90) * 1000).toUTCString(), { retry_after: 0 }],
      ["Wed, 31 Feb 2026 07:28 GMT", {}]
    ] as const
  ) {
    it.effect(`reads Retry-After: ${header} as ${JSON.stringify(data)}`, () =>
      Effect.gen(function*() {
        const { json } = yield* told((seen) =>
          scripted.sealed(seen, { status: 429, headers: { "retry-after": header } })
        )
        assert.deepInclude(json, { error_data: { ...data, authenticated: true } })
      }))
  }

  const refusal = `{"error_code":"X-1","error_detail":"who?"}`

  it.effect("of status 401 is authenticated with a valid token, and so is its plain body", () =>
    Effect.gen(function*() {
      const { json } = yield* told((seen) => scripted.sealed(seen, { status: 401, body: refusal }))
      assert.deepStrictEqual(json, {
        error_code: "X-1",
        error_detail: "who?",
        error_data: { authenticated: true }
      })
    }))

  it.effect("of status 401 is not authenticated where its body is another than was signed", () =>
    Effect.gen(function*() {
      const body = `${refusal} `
      const { json } = yield* told((seen) =>
        scripted.sealed(seen, {
          status: 401,
          body,
          claims: { response: { status: 401, hash: forge.sha256(refusal), func: "S256" } }
        })
      )
      assert.deepInclude(json, { error_detail: "", error_data: { authenticated: false } })
    }))

  for (const status of [401, 500, 503]) {
    it.effect(`of status ${status} is told without a token, unauthenticated and without its body`, () =>
      Effect.gen(function*() {
        assert.deepStrictEqual(yield* told(() => plainly(status, refusal)), {
          status,
          json: { error_code: `HTTP-${status}`, error_detail: "", error_data: { authenticated: false } }
        })
      }))
  }

  it.effect("of status 401 has the next call measure the clock anew", () =>
    Effect.gen(function*() {
      const { count, http } = yield* connected(onCall(() => plainly(401)))
      yield* http.get(auth)
      yield* http.get(auth)
      assert.strictEqual(yield* count("/ping"), 2)
    }))

  it.effect("of status 500 leaves the clock alone", () =>
    Effect.gen(function*() {
      const { count, http } = yield* connected(onCall(() => plainly(500)))
      yield* http.get(auth)
      yield* http.get(auth)
      assert.strictEqual(yield* count("/ping"), 1)
    }))
})

layer(Known.layer)("an answer whose time seems wrong", (it) => {
  /** A platform that is found to be ahead of us by `then` milliseconds once it was called for the first time. */
  const drifting = (then: number) =>
    Effect.gen(function*() {
      let offset = 0
      const platform = yield* connected((seen) =>
        seen.path.includes("/public/") ? scripted.publicAnswer(seen, offset) : scripted.sealed(seen, { offset })
      )
      yield* platform.http.get(auth)
      offset = then
      return platform
    })

  for (const offset of [-60_000, 60_000]) {
    it.effect(`is believed once the clock was measured anew (${offset / 1000} s)`, () =>
      Effect.gen(function*() {
        const { calls, count, http } = yield* drifting(offset)
        assert.strictEqual((yield* http.get(auth)).status, 204)
        assert.strictEqual(yield* count("/ping"), 2)
        assert.strictEqual((yield* calls).length, 2)
      }))
  }

  for (const [offset, reason] of [[-60_000, "Expired"], [60_000, "NotYetValid"]] as const) {
    it.effect(`is rejected as ${reason} when it still does`, () =>
      Effect.gen(function*() {
        const { calls, count, http } = yield* connected(onCall((seen) => scripted.sealed(seen, { offset })))
        const error = yield* Effect.flip(http.get(auth))
        assert.strictEqual(error._tag, "MessageRejected")
        assert.strictEqual(error.reason, reason)
        assert.strictEqual(yield* count("/ping"), 2)
        assert.strictEqual((yield* calls).length, 1)
      }))
  }

  it.effect("is no reason to measure when something else is wrong", () =>
    Effect.gen(function*() {
      const { count, http } = yield* connected(onCall((seen) => scripted.sealed(seen, { signedBy: "attacker" })))
      yield* Effect.flip(http.get(auth))
      assert.strictEqual(yield* count("/ping"), 1)
    }))
})

layer(Known.layer)("redirects over fetch", (it) => {
  /** A server on the loopback interface that counts what it is asked for. */
  const server = (answer: (path: string, response: Http.ServerResponse, seen: scripted.Seen) => void) =>
    Effect.acquireRelease(
      Effect.async<{ readonly url: string; readonly paths: Array<string>; readonly server: Http.Server }>((resume) => {
        const paths: Array<string> = []
        const server = Http.createServer((request, response) => {
          const path = request.url ?? ""
          paths.push(path)
          answer(path, response, {
            method: request.method ?? "",
            url: path,
            path,
            headers: { authorization: request.headers.authorization },
            body: ""
          })
        })
        server.listen(0, "127.0.0.1", () => {
          const { port } = server.address() as AddressInfo
          resume(Effect.succeed({ url: `http://127.0.0.1:${port}`, paths, server }))
        })
      }),
      ({ server }) =>
        Effect.async<void>((resume) => {
          server.closeAllConnections()
          server.close(() => resume(Effect.void))
        })
    )

  const write = (response: Http.ServerResponse, answer: Response) =>
    Effect.promise(() => answer.text()).pipe(
      Effect.map((body) => {
        response.writeHead(answer.status, Object.fromEntries(answer.headers)).end(body)
      })
    )

  for (
    const [what, redirect, outcome] of [
      ["unsigned", (_: scripted.Seen) => plainly(302, null, { location: "/elsewhere" }), "TokenMissing"],
      [
        "signed",
        (seen: scripted.Seen) =>
          scripted.sealed(seen, {
            status: 302,
            headers: { location: "/elsewhere" },
            facts: { location: "/elsewhere" }
          }),
        302
      ]
    ] as const
  ) {
    it.scoped(`are not followed, ${what}`, () =>
      Effect.gen(function*() {
        const context = yield* Effect.context<never>()
        const { paths, url } = yield* server((path, response, seen) => {
          const answer = path.includes("/public/") ? scripted.publicAnswer(seen) : redirect(seen)
          // the server's callback is the edge of the program
          void Effect.runPromise(
            Effect.orDie(Effect.flatMap(answer, (whole) => write(response, whole))).pipe(Effect.provide(context))
          )
        })
        const client = yield* Effect.provide(HttpClient.HttpClient, FetchHttpClient.layer)
        const transport = yield* makeTransport(client, { baseUrl: url })
        const result = yield* Effect.match(transport.httpClient(known.service, routeOf).get(auth), {
          onFailure: (error) => error.reason,
          onSuccess: (response) => response.status
        })
        assert.strictEqual(result, outcome)
        assert.include(paths, auth)
        assert.notInclude(paths, "/elsewhere")
      }))
  }
})

layer(Known.layer)("openAnswer", (it) => {
  const relayed = Schema.decodeUnknownSync(AuthorizationPackage)(known.deviceResponseNamed("jwe_approved").core)

  it.effect("opens what was sealed for us", () =>
    Effect.gen(function*() {
      const { transport } = yield* connected()
      const response = yield* transport.openAnswer(relayed, {
        authorizationRequestId: AuthorizationRequestId.make(known.entities.auth_request)
      })
      assert.isTrue(response.authorized)
    }))

  it.effect("rejects the answer to another request", () =>
    Effect.gen(function*() {
      const { transport } = yield* connected()
      const error = yield* Effect.flip(transport.openAnswer(relayed, {
        authorizationRequestId: AuthorizationRequestId.make("b1d05c28-0b18-41e4-94a0-000000000000")
      }))
      assert.strictEqual(error._tag, "MessageRejected")
      assert.strictEqual(error.kind, "DeviceAnswer")
      assert.strictEqual(error.reason, "AuthorizationRequestMismatch")
    }))
})

layer(Known.layer)("errors", (it) => {
  const secretBody = { username: "a-user-nobody-must-see" }

  for (
    const [what, script] of [
      [
        "no answer came",
        (seen: scripted.Seen) =>
          Effect.fail(
            new HttpClientError.RequestError({
              request: HttpClientRequest.get(seen.url, {
                headers: { authorization: seen.headers["authorization"] ?? "" }
              }),
              reason: "Transport",
              cause: new Error("ECONNREFUSED")
            })
          )
      ],
      ["the answer is rejected", (seen: scripted.Seen) => scripted.sealed(seen, { claims: { jti: "another" } })],
      ["the answer is compressed", () => plainly(200, "x", { "content-encoding": "br" })]
    ] as const
  ) {
    it.effect(`carry no token, key or body when ${what}`, () =>
      Effect.gen(function*() {
        const { calls, http } = yield* connected(onCall(script))
        const error = yield* Effect.flip(http.execute(postJson(auth, secretBody)))
        const [call] = yield* calls
        const token = (call?.headers["authorization"] ?? "").replace("IOV-JWT ", "")
        const shown = [error.message, String(error), inspect(error, { depth: 20 }), JSON.stringify(error)].join("\n")
        assert.include(error.message, "POST /service/v3/auths/…")
        assert.notInclude(error.message, known.entities.auth_request)
        assert.isAbove(token.length, 100)
        for (const secret of [token, call?.body ?? token, secretBody.username, "BEGIN"]) {
          assert.notInclude(shown, secret)
        }
      }))
  }
})

layer(Known.layer)("the layers", (it) => {
  const pem = Redacted.make(known.keys.service_dual.private_pkcs8_pem)

  const call = Effect.gen(function*() {
    const transport = yield* Transport.Transport
    return (yield* transport.httpClient(transport.issuer, routeOf).get(auth)).status
  })

  const clientLayer = Layer.effect(
    HttpClient.HttpClient,
    Effect.map(scripted.make(), ({ client }) => client)
  )

  it.effect("take keys as PEM", () =>
    Effect.gen(function*() {
      yield* TestClock.setTime(known.now * 1000)
      const status = yield* Effect.provide(
        call,
        Transport.layer({ issuer: known.service, baseUrl, signingKey: pem }).pipe(Layer.provide(clientLayer))
      )
      assert.strictEqual(status, 204)
    }))

  it.effect("take a keyring of one's own", () =>
    Effect.gen(function*() {
      yield* TestClock.setTime(known.now * 1000)
      const keys = yield* Known
      const status = yield* Effect.provide(
        call,
        Transport.layerKeyring({ issuer: known.service, baseUrl }).pipe(
          Layer.provide([clientLayer, Layer.succeed(Keyring.Keyring, keys.service)])
        )
      )
      assert.strictEqual(status, 204)
    }))

  it.effect("seal and open by the engine that they are provided with", () =>
    Effect.gen(function*() {
      yield* TestClock.setTime(known.now * 1000)
      const used = yield* Ref.make<ReadonlyArray<string>>([])
      const engine: Jose.Service = {
        ...Jose.make,
        sign: (options) => Effect.zipRight(Ref.update(used, Arr.append("sign")), Jose.make.sign(options)),
        verify: (jws, key) => Effect.zipRight(Ref.update(used, Arr.append("verify")), Jose.make.verify(jws, key))
      }
      yield* Effect.provide(
        call,
        Transport.layer({ issuer: known.service, baseUrl, signingKey: pem }).pipe(
          Layer.provide([clientLayer, Layer.succeed(Jose.Jose, engine)])
        )
      )
      assert.deepStrictEqual(yield* Ref.get(used), ["sign", "verify"])
    }))

  const fromConfig = (values: ReadonlyArray<readonly [string, string]>) =>
    Transport.layerConfig({
      issuer: Config.string("ISSUER"),
      baseUrl: Config.string("BASE_URL"),
      signingKey: Config.redacted("KEY")
    }).pipe(
      Layer.provide(clientLayer),
      Layer.provide(Layer.setConfigProvider(ConfigProvider.fromMap(new Map(values))))
    )

  const config = [["ISSUER", known.service], ["BASE_URL", baseUrl], ["KEY", Redacted.value(pem)]] as const

  it.effect("read a Config", () =>
    Effect.gen(function*() {
      yield* TestClock.setTime(known.now * 1000)
      assert.strictEqual(yield* Effect.provide(call, fromConfig(config)), 204)
    }))

  it.effect("fail with what is missing in a Config", () =>
    Effect.gen(function*() {
      const error = yield* Effect.flip(Effect.provide(call, fromConfig(config.slice(0, 2))))
      assert.include(String(error), "KEY")
    }))

  it.effect("fail with the key that cannot be used, and none of it", () =>
    Effect.gen(function*() {
      const error = yield* Effect.flip(
        Layer.build(
          Transport.layer({ issuer: known.service, baseUrl, signingKey: Redacted.make("sesame") })
        ).pipe(Effect.scoped, Effect.provide(clientLayer))
      )
      assert.strictEqual(error._tag, "InvalidKey")
      assert.notInclude(inspect(error), "sesame")
    }))

  it.effect("share clocks and keys when they are built together", () =>
    Effect.gen(function*() {
      yield* TestClock.setTime(known.now * 1000)
      const platform = yield* scripted.make()
      const organizationPem = Redacted.make(known.keys.organization_signature.private_pkcs8_pem)
      // each call runs inside the layer's own build, so that both transports exist in one
      const calling = (options: Transport.Options & Keyring.Options, subject: EntityIdentifier) =>
        Layer.effectDiscard(
          Effect.flatMap(Transport.Transport, (transport) => transport.httpClient(subject, routeOf).get(auth))
        ).pipe(Layer.provide(Transport.layer(options)))
      yield* Layer.mergeAll(
        calling({ issuer: known.service, baseUrl, signingKey: pem }, known.service),
        calling({ issuer: known.organization, baseUrl, signingKey: organizationPem }, known.service)
      ).pipe(
        Layer.provide(Layer.succeed(HttpClient.HttpClient, platform.client)),
        Layer.build,
        Effect.scoped
      )
      assert.strictEqual((yield* platform.calls).length, 2)
      assert.strictEqual(yield* platform.count("/ping"), 1)
    }))
})
