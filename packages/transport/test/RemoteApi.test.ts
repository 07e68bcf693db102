import { KeyId } from "@effect-launchkey/core/KeyId"
import * as HttpClient from "@effect/platform/HttpClient"
import { assert, describe, layer } from "@effect/vitest"
import { Duration, Effect, TestClock } from "effect"
import * as Jose from "../src/Jose.ts"
import * as Keyring from "../src/Keyring.ts"
import * as RemoteApi from "../src/RemoteApi.ts"
import * as Transport from "../src/Transport.ts"
import * as scripted from "./support/scripted.ts"
import * as known from "./support/vectors.ts"
import { Known } from "./support/vectors.ts"

const baseUrl = "https://api.example.com/prefix"

const connect = (client: HttpClient.HttpClient) =>
  Effect.gen(function*() {
    const { connect } = yield* RemoteApi.make
    return yield* connect({ baseUrl, httpClient: client })
  })

layer(Jose.layer)("RemoteApi", (it) => {
  it.effect("asks the public endpoints of the base URL, unsigned", () =>
    Effect.gen(function*() {
      yield* TestClock.setTime(known.now * 1000)
      const { client, requests } = yield* scripted.make()
      const { clock, keys } = yield* connect(client)
      assert.strictEqual(yield* clock.now, known.now)
      assert.strictEqual((yield* keys.current).keyId, known.keys.api_current.kid)
      const previous = KeyId.make(known.keys.api_previous.kid)
      assert.strictEqual((yield* keys.get(previous)).keyId, previous)
      const all = yield* requests
      assert.deepStrictEqual(all.map(({ method, url }) => `${method} ${decodeURIComponent(url)}`), [
        `GET ${baseUrl}/public/v3/ping`,
        `GET ${baseUrl}/public/v3/public-key`,
        `GET ${baseUrl}/public/v3/public-key/${previous}`
      ])
      for (const { headers } of all) {
        assert.isUndefined(headers["authorization"])
        assert.strictEqual(headers["accept-encoding"], "identity")
        assert.match(headers["user-agent"] ?? "", /^EffectServiceSDK\//)
      }
    }))

  it.effect("keeps the clock and the keys for as long as it is told", () =>
    Effect.gen(function*() {
      const { client, requests } = yield* scripted.make()
      const { clock, keys } = yield* connect(client).pipe(
        Effect.provideService(RemoteApi.RemoteLifetimes, {
          keys: Duration.minutes(10),
          clock: Duration.minutes(20)
        })
      )
      const asked = Effect.gen(function*() {
        yield* clock.now
        yield* keys.current
        return (yield* requests).length
      })
      assert.strictEqual(yield* asked, 2)
      yield* TestClock.adjust("599 seconds")
      assert.strictEqual(yield* asked, 2)
      yield* TestClock.adjust("2 seconds")
      assert.strictEqual(yield* asked, 3)
      yield* TestClock.adjust("601 seconds")
      assert.strictEqual(yield* asked, 5)
    }))

  it.effect("does not know the key that the platform answers 404 to", () =>
    Effect.gen(function*() {
      const { client } = yield* scripted.make()
      const { keys } = yield* connect(client)
      const refusal = yield* Effect.flip(keys.get(KeyId.make(known.keys.attacker.kid)))
      assert.strictEqual(refusal._tag, "Refusal")
      assert.strictEqual(refusal.reason, "KeyUnknown")
    }))

  describe("finds an answer unusable", () => {
    for (
      const [what, answer] of [
        ["of status 500", () => new Response("", { status: 500 })],
        ["of a status below 400 that is none of the endpoint's", () => new Response("", { status: 302 })],
        ["of a status that carries no body", () => new Response(null, { status: 304 })],
        ["that is a page", () => new Response("<html>")],
        ["that is empty", () => new Response(null)]
      ] as const
    ) {
      it.effect(what, () =>
        Effect.gen(function*() {
          const { client } = yield* scripted.make(() => Effect.sync(answer))
          const { clock, keys } = yield* connect(client)
          for (
            const [ask, operation] of [
              [clock.now, "GET /public/v3/ping"],
              [keys.current, "GET /public/v3/public-key"],
              [keys.get(KeyId.make(known.keys.api_previous.kid)), "GET /public/v3/public-key/…"]
            ] as const
          ) {
            const error = yield* Effect.flip<unknown, unknown, never>(ask)
            assert.deepInclude(error, { _tag: "TransportError", reason: "AnswerUnusable", operation })
          }
        }))
    }

    it.effect("of a status outside of HTTP", () =>
      Effect.gen(function*() {
        const { client } = yield* scripted.make()
        // a Response cannot have such a status; what other clients read from the wire can
        const odd = HttpClient.transformResponse(
          client,
          Effect.map((response) =>
            new Proxy(response, { get: (of, name) => name === "status" ? 999 : Reflect.get(of, name, of) })
          )
        )
        const { clock } = yield* connect(odd)
        const error = yield* Effect.flip(clock.now)
        assert.strictEqual(error.reason, "AnswerUnusable")
      }))
  })

  it.effect("calls its endpoints plainly for others, too, and believes nothing of what they answer", () =>
    Effect.gen(function*() {
      const { client, last } = yield* scripted.make((seen) =>
        seen.path.endsWith("/else") ? Effect.succeed(new Response("", { status: 404 })) : undefined
      )
      const connection = yield* connect(client)
      const response = yield* connection.httpClient.get("/public/v3/else")
      assert.deepStrictEqual(yield* response.json, {
        error_code: "HTTP-404",
        error_detail: "",
        error_data: { authenticated: false }
      })
      assert.strictEqual((yield* last).url, `${connection.baseUrl}/public/v3/else`)
    }))

  it.effect("refuses a base URL that is not safe to call", () =>
    Effect.gen(function*() {
      const { client } = yield* scripted.make()
      const { connect } = yield* RemoteApi.make
      const error = yield* Effect.flip(connect({ baseUrl: "http://api.example.com", httpClient: client }))
      assert.strictEqual(error._tag, "InvalidParameters")
      assert.deepStrictEqual(error.issues.map(({ path }) => path), ["baseUrl"])
    }))

  it.effect("remembers no failure of the platform", () =>
    Effect.gen(function*() {
      let failures = 1
      const { client } = yield* scripted.make(() =>
        failures-- > 0 ? Effect.succeed(new Response("", { status: 503 })) : undefined
      )
      const { keys } = yield* connect(client)
      yield* Effect.flip(keys.current)
      assert.strictEqual((yield* keys.current).keyId, known.keys.api_current.kid)
    }))
})

layer(Known.layer)("transports through one RemoteApi", (it) => {
  const callTwice = (secondBaseUrl: string) =>
    Effect.gen(function*() {
      yield* TestClock.setTime(known.now * 1000)
      const keys = yield* Known
      const platform = yield* scripted.make()
      const remote = yield* RemoteApi.make
      const transportOf = (issuer: string, url: string) =>
        Transport.make({ issuer, baseUrl: url }).pipe(
          Effect.provideService(Keyring.Keyring, keys.keyringOf(issuer)),
          Effect.provideService(RemoteApi.RemoteApi, remote),
          Effect.provideService(HttpClient.HttpClient, platform.client)
        )
      const first = yield* transportOf(known.service, "https://api.example.com")
      const second = yield* transportOf(known.organization, secondBaseUrl)
      yield* first.httpClient(known.service).get("/service/v3/auths")
      yield* second.httpClient(known.service).get("/service/v3/auths")
      return { pings: yield* platform.count("/ping"), keys: yield* platform.count(known.keys.api_current.kid) }
    })

  it.effect("share a clock and keys for the same base URL, whatever their credentials", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(yield* callTwice("https://api.example.com/"), { pings: 1, keys: 1 })
    }))

  it.effect("share nothing for different base URLs", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(yield* callTwice("https://other.example.com"), { pings: 2, keys: 2 })
    }))
})
