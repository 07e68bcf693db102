import { SdkKey } from "@effect-launchkey/core/Device"
import * as StaticPage from "@effect-launchkey/platform/StaticPage"
import * as HttpServerRequest from "@effect/platform/HttpServerRequest"
import * as HttpServerResponse from "@effect/platform/HttpServerResponse"
import { assert, describe, it, layer } from "@effect/vitest"
import { Context, Effect, Layer, Logger, Ref } from "effect"
import * as AuthenticatorPage from "../src/AuthenticatorPage.ts"
import * as NodeAuthenticatorPage from "../src/NodeAuthenticatorPage.ts"

const sdkKey = SdkKey.make("0d6f2a3e-7d1c-41ee-b962-0242ac120002")
const utf8 = new TextEncoder()

const files: ReadonlyArray<StaticPage.Asset> = [
  {
    name: "",
    contentType: "text/html; charset=utf-8",
    body: utf8.encode("<meta name=\"sdk-key\" content=\"\">"),
    etag: "\"page\"",
    immutable: false
  },
  {
    name: "app-1.js",
    contentType: "text/javascript; charset=utf-8",
    body: utf8.encode("void 0"),
    etag: "\"app\"",
    immutable: true
  }
]

const get = (
  path: string,
  { assets = Effect.succeed(files), init, ...options }: Partial<AuthenticatorPage.Options> & { init?: RequestInit } = {}
) =>
  Effect.gen(function*() {
    const middleware = yield* AuthenticatorPage.make({ assets, ...options })
    const response = yield* middleware(Effect.succeed(HttpServerResponse.text("the platform"))).pipe(
      Effect.provideService(
        HttpServerRequest.HttpServerRequest,
        HttpServerRequest.fromWeb(new Request(`http://platform${path}`, init)).modify({ url: path })
      ),
      Effect.scoped
    )
    return HttpServerResponse.toWeb(response)
  })

const textOf = (response: Response) => Effect.promise(() => response.text())

describe("serving the page", () => {
  it.effect("keeps the page fresh and its files for good", () =>
    Effect.gen(function*() {
      const page = yield* get("/authenticator/")
      const app = yield* get("/authenticator/app-1.js?x=1")
      assert.deepStrictEqual(
        [page, app].map(({ headers, status }) =>
          ["content-type", "cache-control", "etag"].map((name) => headers.get(name)).concat(String(status))
        ),
        [
          ["text/html; charset=utf-8", "no-cache", "\"page\"", "200"],
          ["text/javascript; charset=utf-8", "public, max-age=31536000, immutable", "\"app\"", "200"]
        ]
      )
      assert.strictEqual(yield* textOf(app), "void 0")
    }))

  it.effect("lets it run nothing but itself, whatever is answered", () =>
    Effect.gen(function*() {
      for (const path of ["/authenticator/", "/authenticator/app-1.js", "/authenticator/none", "/authenticator"]) {
        const { headers } = yield* get(path)
        assert.strictEqual(
          headers.get("content-security-policy"),
          "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; "
            + "form-action 'none'; frame-ancestors 'none'; base-uri 'none'; require-trusted-types-for 'script'; "
            + "worker-src 'self'; trusted-types worker"
        )
        assert.deepStrictEqual(
          ["referrer-policy", "x-content-type-options", "cross-origin-opener-policy"].map((name) => headers.get(name)),
          ["no-referrer", "nosniff", "same-origin"]
        )
      }
    }))

  it.effect("answers that nothing changed to who has it already", () =>
    Effect.gen(function*() {
      const statuses = yield* Effect.forEach(
        ["\"page\"", "W/\"page\"", "\"old\", \"page\"", "*", "\"old\""],
        (etag) =>
          Effect.map(get("/authenticator/", { init: { headers: { "if-none-match": etag } } }), ({ status }) => status)
      )
      assert.deepStrictEqual(statuses, [304, 304, 304, 304, 200])
    }))

  it.effect("answers HEAD as GET, without the body", () =>
    Effect.gen(function*() {
      const response = yield* get("/authenticator/app-1.js", { init: { method: "HEAD" } })
      assert.deepStrictEqual(
        [response.status, response.headers.get("content-length"), yield* textOf(response)],
        [200, "6", ""]
      )
    }))

  it.effect("sends who forgets the last slash one further", () =>
    Effect.gen(function*() {
      const { headers, status } = yield* get("/authenticator?x=1")
      assert.deepStrictEqual([status, headers.get("location")], [308, "authenticator/"])
    }))

  for (
    const [what, path, method, status] of [
      ["a file that there is not", "/authenticator/app-2.js", "GET", 404],
      ["a path out of it", "/authenticator/../package.json", "GET", 404],
      ["what would write", "/authenticator/", "POST", 405]
    ] as const
  ) {
    it.effect(`refuses ${what}`, () =>
      Effect.map(get(path, { init: { method } }), (response) => assert.strictEqual(response.status, status)))
  }

  it.effect("leaves all else to the platform", () =>
    Effect.gen(function*() {
      for (const path of ["/", "/public/v3/ping", "/authenticators/", "/x/authenticator/"]) {
        assert.strictEqual(yield* Effect.flatMap(get(path), textOf), "the platform")
      }
    }))

  it.effect("tells the page the SDK key that it is given, under a validator of its own", () =>
    Effect.gen(function*() {
      const response = yield* get("/authenticator/", { sdkKey })
      assert.strictEqual(yield* textOf(response), `<meta name="sdk-key" content="${sdkKey}">`)
      assert.strictEqual(response.headers.get("etag"), `"page.${sdkKey}"`)
    }))

  it.effect("reads its files once, however often it is asked", () =>
    Effect.gen(function*() {
      const read = yield* Ref.make(0)
      const middleware = yield* AuthenticatorPage.make({ assets: Effect.as(Ref.update(read, (n) => n + 1), files) })
      const ask = middleware(Effect.die("asked the platform")).pipe(
        Effect.provideService(
          HttpServerRequest.HttpServerRequest,
          HttpServerRequest.fromWeb(new Request("http://platform/authenticator/")).modify({ url: "/authenticator/" })
        ),
        Effect.scoped
      )
      yield* Effect.all([ask, ask, ask], { concurrency: "unbounded" })
      assert.strictEqual(yield* Ref.get(read), 1)
    }))

  it.effect("says so where the files are missing, and serves the platform all the same", () =>
    Effect.gen(function*() {
      const assets = new StaticPage.AssetsMissing({ page: "authenticator" })
      const response = yield* get("/authenticator/", { assets })
      assert.strictEqual(response.status, 503)
      assert.match(yield* textOf(response), /was not built/)
      assert.strictEqual((yield* get("/public/v3/ping", { assets })).status, 200)
    }).pipe(Effect.provide(Logger.replace(Logger.defaultLogger, Logger.none))))
})

describe("the address that links", () => {
  it("has code and key in its fragment", () =>
    assert.strictEqual(
      AuthenticatorPage.linkUrl("https://mfa.example.com/prefix/", { code: "k7w2m9q", sdkKey }),
      `https://mfa.example.com/prefix/authenticator/#code=k7w2m9q&sdk_key=${sdkKey}`
    ))

  it("may leave the key to the page", () =>
    assert.strictEqual(
      AuthenticatorPage.linkUrl("http://localhost:8321", { code: "k7w2m9q" }),
      "http://localhost:8321/authenticator/#code=k7w2m9q"
    ))
})

class Built extends Context.Tag("test/Built")<Built, ReadonlyArray<StaticPage.Asset>>() {}

layer(Layer.effect(Built, NodeAuthenticatorPage.assets))("the page as it is made", (it) => {
  it.effect("is one document with one script, one style and one icon, which it names by their hashes", () =>
    Effect.map(Built, (built) => {
      const page = new TextDecoder().decode(built.find(({ name }) => name === "")?.body)
      const named = built.map(({ name }) => name).filter((name) => name !== "")
      assert.deepStrictEqual(
        named.map((name) => name.replace(/-[\w-]{16}\./, ".")).sort(),
        ["authenticator.js", "icon.svg", "style.css", "worker.js"]
      )
      for (const name of named) assert.strictEqual(page.includes(`"${name}"`), name !== "worker.js")
    }))

  it.effect("has a worker that browsers ask for anew, by the same name", () =>
    Effect.map(Built, (built) => {
      const worker = built.find(({ name }) => name === "worker.js")
      assert.deepInclude(worker, { immutable: false, contentType: "text/javascript; charset=utf-8" })
    }))

  it.effect("holds nothing that its own policy forbids", () =>
    Effect.map(Built, (built) => {
      const text = built.map(({ body }) => new TextDecoder().decode(body)).join("\n")
      assert.notMatch(
        text,
        /\bnew Function\b|[^.\w]Function\(|\.innerHTML\b|\.outerHTML\b|insertAdjacentHTML|document\.write/
      )
      assert.notMatch(new TextDecoder().decode(built[0]?.body), /<style|\sstyle=|\son\w+=|<script(?![^>]*\ssrc=)/)
    }))

  it.effect("has a place for the SDK key", () =>
    Effect.map(
      Built,
      (built) => assert.include(new TextDecoder().decode(built[0]?.body), "<meta name=\"sdk-key\" content=\"\">")
    ))
})
