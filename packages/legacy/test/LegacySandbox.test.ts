import * as InMemory from "@effect-launchkey/testing/InMemory"
import * as Jose from "@effect-launchkey/transport/Jose"
import * as HttpClient from "@effect/platform/HttpClient"
import * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import * as HttpServerResponse from "@effect/platform/HttpServerResponse"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Predicate from "effect/Predicate"
import * as Redacted from "effect/Redacted"
import * as LegacyClient from "../src/LegacyClient.ts"
import * as LegacySandbox from "../src/LegacySandbox.ts"
import { config, vectors } from "./vectors.ts"

const beside = HttpServerResponse.text("the sandbox itself")

/** A sandbox without a socket, its control, and the client of an application that was created by it. */
const sandbox = Effect.gen(function*() {
  const called: Array<URL> = []
  const mounted = yield* LegacySandbox.make({
    rateLimits: [],
    egress: { post: ({ url }) => Effect.as(Effect.sync(() => called.push(url)), 200) }
  })
  const http = HttpClient.withTracerDisabledWhen(InMemory.make(mounted(beside)), () => true)
  const send = (method: "GET" | "POST", path: string, json?: unknown) =>
    http.execute(
      HttpClientRequest.make(method)(`https://x/sandbox/${path}`).pipe(
        (request) => json === undefined ? request : HttpClientRequest.bodyUnsafeJson(request, json)
      )
    )
  const control = (path: string, json?: unknown) =>
    Effect.gen(function*() {
      const response = yield* send(json === undefined ? "GET" : "POST", `legacy/${path}`, json)
      const text = yield* response.text
      const body: unknown = text === "" ? undefined : JSON.parse(text)
      return { status: response.status, body }
    })
  const refusal = (path: string, json?: unknown) =>
    Effect.map(control(path, json), ({ body, status }) => {
      assert(Predicate.isRecord(body) && typeof body["error"] === "string")
      return [status, body["error"]] as const
    })
  const client = (options: Partial<LegacyClient.Options> = {}) =>
    LegacyClient.make({
      baseUrl: "https://x",
      appKey: config.app_key,
      appSecret: Redacted.make(config.app_secret),
      privateKey: Redacted.make(vectors.keys.app.private_key_pem),
      ...options
    }).pipe(Effect.provideService(HttpClient.HttpClient, http), Effect.provide(Jose.layer))
  const application = (options: object = {}) =>
    Effect.map(
      control("applications", {
        app_key: String(config.app_key),
        app_secret: config.app_secret,
        public_key: vectors.keys.app.public_key_pem,
        ...options
      }),
      ({ body, status }) => {
        assert.strictEqual(status, 201)
        assert(Predicate.isRecord(body))
        return { appKey: String(body["app_key"]), appSecret: Redacted.make(String(body["app_secret"])) }
      }
    )
  return { application, called, client, control, http, refusal, send }
}).pipe(Effect.provide(Jose.layer))

const user = config.username

describe("the sandbox of the API v1", () => {
  it.effect("plays a whole login and logout, by its control", () =>
    Effect.gen(function*() {
      const { application, called, client: make, control } = yield* sandbox
      yield* application({ callback_url: "http://127.0.0.1:1/callback", callback_form: "clear" })
      assert.strictEqual((yield* control("users", { username: user })).status, 204)
      const client = yield* make()
      const id = yield* client.authorize(user, { context: "Log in" })
      const waiting = yield* control("users/requests", { username: user })
      assert.deepStrictEqual(waiting.body, [
        { auth_request: id, app_key: String(config.app_key), session: true, context: "Log in", state: "pending" }
      ])
      assert.strictEqual((yield* control(`requests/${id}/respond`, { action: "approve" })).status, 204)
      assert.isTrue(yield* client.isAuthorized(id, Option.getOrThrow(yield* client.poll(id))))
      assert.strictEqual((yield* control(`requests/${id}/respond`, { action: "logout" })).status, 204)
      yield* client.logout(id)

      assert.deepStrictEqual(called.map(({ pathname, searchParams }) => [pathname, searchParams.has("clear")]), [
        ["/callback", false],
        ["/callback", true]
      ])
      const own = { app_key: String(config.app_key) }
      assert.deepStrictEqual((yield* control("callbacks")).body, [
        { ...own, event: "Answer", status: 200 },
        { ...own, event: "Logout", status: 200 }
      ])
      const { body: logs } = yield* control("logs")
      assert(Array.isArray(logs))
      assert.deepInclude(logs[0], { ...own, auth_request: id, action: "Authenticate", status: true })
      assert.deepInclude(logs[1], { ...own, auth_request: id, action: "Revoke", status: true })
    }), 30_000)

  it.effect("has a user deny, let a request expire, or answer wrongly, as it is told", () =>
    Effect.gen(function*() {
      const { application, client: make, control } = yield* sandbox
      const client = yield* make(yield* application())
      yield* control("users", { username: user })
      const responded = (response: object) =>
        Effect.gen(function*() {
          const id = yield* client.authorize(user)
          assert.strictEqual((yield* control(`requests/${id}/respond`, response)).status, 204)
          return { id, answer: yield* Effect.either(client.poll(id)) }
        })
      const denied = yield* responded({ action: "deny" })
      assert(denied.answer._tag === "Right")
      assert.isFalse(yield* client.isAuthorized(denied.id, Option.getOrThrow(denied.answer.right)))
      const expired = yield* responded({ action: "expire" })
      assert(expired.answer._tag === "Left")
      assert.strictEqual(expired.answer.left._tag, "AuthRequestExpired")
      const tampered = yield* responded({ action: "approve", tampering: "notJson" })
      assert(tampered.answer._tag === "Right")
      const refused = yield* Effect.flip(client.isAuthorized(tampered.id, Option.getOrThrow(tampered.answer.right)))
      assert.deepInclude(refused as object, { _tag: "AuthPackageRejected", reason: "Malformed" })
    }), 30_000)

  it.effect("makes up key and secret of an application, and disables it", () =>
    Effect.gen(function*() {
      const { client: make, control } = yield* sandbox
      const { body } = yield* control("applications", { public_key: vectors.keys.app.public_key_pem })
      assert(Predicate.isRecord(body))
      const client = yield* make({
        appKey: String(body["app_key"]),
        appSecret: Redacted.make(String(body["app_secret"]))
      })
      yield* control("users", { username: user, devices: 0 })
      assert.strictEqual((yield* Effect.flip(client.authorize(user)))._tag, "NoPairedDevices")
      yield* control(`applications/${String(body["app_key"])}`, { enabled: false })
      assert.deepInclude((yield* Effect.flip(client.authorize(user))) as object, { code: 40435 })
    }), 30_000)

  it.effect("links the device of a white label user, ends all sessions, changes its key", () =>
    Effect.gen(function*() {
      const { application, client: make, control, send } = yield* sandbox
      const client = yield* make(yield* application())
      const { code } = yield* client.createWhiteLabelUser("user-4711")
      assert.strictEqual((yield* control("devices", { linking_code: code })).status, 204)
      const id = yield* client.authorize("user-4711")
      yield* control(`requests/${id}/respond`, { action: "approve" })
      yield* client.isAuthorized(id, Option.getOrThrow(yield* client.poll(id)))
      assert.strictEqual((yield* control("users/logout", { username: "user-4711" })).status, 204)
      assert.strictEqual((yield* Effect.flip(client.poll(id)))._tag, "AuthRequestExpired")
      const before = (yield* client.ping()).platformKey.keyId
      assert.strictEqual((yield* send("POST", "legacy/rotate-key", {})).status, 204)
      assert.notStrictEqual((yield* client.ping({ force: true })).platformKey.keyId, before)
    }), 30_000)

  it.effect("says in words what it refuses, and nothing of what it was told", () =>
    Effect.gen(function*() {
      const { http, refusal, send } = yield* sandbox
      const [status, error] = yield* refusal("applications", { app_key: "123", callback_url: 7 })
      assert.strictEqual(status, 400)
      assert.strictEqual(
        error.split("; ").map((one) => one.split(":")[0]).join(" "),
        "public_key app_key callback_url",
        error
      )
      assert.notInclude(error, "123")
      assert.match((yield* refusal("applications", { public_key: "none" }))[1], /PEM/)
      assert.strictEqual((yield* refusal("users", { username: "" }))[0], 400)
      assert.strictEqual((yield* refusal("devices", { linking_code: "abc2345" }))[0], 404)
      assert.strictEqual((yield* refusal("requests/x/respond", { action: "approve" }))[0], 404)
      assert.strictEqual((yield* refusal("requests/x/respond", { action: "fraud" }))[0], 400)
      assert.strictEqual((yield* refusal("other"))[0], 404)
      assert.strictEqual((yield* send("POST", "legacy/users")).status, 400)
      const asText = HttpClientRequest.post("https://x/sandbox/legacy/users").pipe(
        HttpClientRequest.bodyText(JSON.stringify({ username: user }), "text/plain")
      )
      assert.strictEqual((yield* http.execute(asText)).status, 400)
      const broken = HttpClientRequest.post("https://x/sandbox/legacy/users").pipe(
        HttpClientRequest.bodyText("{", "application/json")
      )
      assert.strictEqual((yield* http.execute(broken)).status, 400)
    }), 30_000)

  it.effect("leaves all else to the sandbox, and begins anew with it, under its key", () =>
    Effect.gen(function*() {
      const { application, client: make, control, http, send } = yield* sandbox
      const text = (path: string) => Effect.flatMap(http.get(`https://x${path}`), (response) => response.text)
      for (const path of ["/sandbox/stats", "/sandbox/legacy", "/public/v3/ping", "/v1", "/v10/ping"]) {
        assert.strictEqual(yield* text(path), "the sandbox itself", path)
      }
      yield* application()
      yield* control("users", { username: user })
      const client = yield* make()
      yield* client.authorize(user)
      const { platformKey: { keyId } } = yield* client.ping({ force: true })
      assert.strictEqual(yield* (yield* send("POST", "reset", {})).text, "the sandbox itself")
      assert.deepInclude((yield* Effect.flip(client.authorize(user))) as object, { code: 40425 })
      yield* application()
      assert.strictEqual((yield* Effect.flip(client.authorize(user)))._tag, "NoSuchUser")
      assert.strictEqual((yield* client.ping({ force: true })).platformKey.keyId, keyId)
    }), 30_000)
})
