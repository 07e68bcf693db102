import type * as StaticPage from "@effect-launchkey/platform/StaticPage"
import * as HttpServerRequest from "@effect/platform/HttpServerRequest"
import * as HttpServerResponse from "@effect/platform/HttpServerResponse"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import * as ConsolePage from "../src/ConsolePage.ts"
import * as NodeConsolePage from "../src/NodeConsolePage.ts"

const document: StaticPage.Asset = {
  name: "",
  contentType: "text/html; charset=utf-8",
  body: new TextEncoder().encode("the page"),
  etag: "\"page\"",
  immutable: false
}

const get = (path: string) =>
  Effect.gen(function*() {
    const middleware = yield* ConsolePage.make({ assets: Effect.succeed([document]) })
    const response = yield* middleware(Effect.succeed(HttpServerResponse.text("the platform"))).pipe(
      Effect.provideService(
        HttpServerRequest.HttpServerRequest,
        HttpServerRequest.fromWeb(new Request(`http://platform${path}`)).modify({ url: path })
      ),
      Effect.scoped
    )
    return HttpServerResponse.toWeb(response)
  })

describe("serving the console's page", () => {
  it.effect("leaves its API, and all else, to the platform", () =>
    Effect.gen(function*() {
      const answers = yield* Effect.forEach(
        ["/console/", "/console/api/session", "/console/api/requests/live?of=x", "/public/v3/ping"],
        (path) => Effect.flatMap(get(path), (response) => Effect.promise(() => response.text()))
      )
      assert.deepStrictEqual(answers, ["the page", "the platform", "the platform", "the platform"])
    }))

  it.effect("lets it use passkeys, and neither camera nor place", () =>
    Effect.map(get("/console/"), ({ headers }) => {
      assert.match(headers.get("permissions-policy") ?? "", /camera=\(\), geolocation=\(\)/)
      assert.match(headers.get("permissions-policy") ?? "", /publickey-credentials-get=\(self\)/)
    }))

  it.effect("is one document with one script, one style, one icon and the map, which it names by their hashes", () =>
    Effect.map(NodeConsolePage.assets, (built) => {
      const text = (asset?: StaticPage.Asset) => new TextDecoder().decode(asset?.body)
      const page = text(built.find(({ name }) => name === ""))
      const named = built.map(({ name }) => name).filter((name) => name !== "")
      assert.deepStrictEqual(
        named.map((name) => name.replace(/-[\w-]{16}\./, ".")).sort(),
        ["console.js", "icon.svg", "style.css", "world.json"]
      )
      for (const name of named) assert.include(page, `"${name}"`)
      assert.notMatch(
        built.filter(({ name }) => !name.endsWith(".json")).map(text).join("\n"),
        /\bnew Function\b|[^.\w]Function\(|\.innerHTML\b|\.outerHTML\b|insertAdjacentHTML|document\.write/
      )
    }))
})
