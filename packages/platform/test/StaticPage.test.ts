import * as HttpServerRequest from "@effect/platform/HttpServerRequest"
import * as HttpServerResponse from "@effect/platform/HttpServerResponse"
import { assert, describe, it } from "@effect/vitest"
import { Deferred, Effect, Fiber } from "effect"
import * as StaticPage from "../src/StaticPage.ts"

const page: StaticPage.Asset = {
  name: "",
  contentType: "text/html; charset=utf-8",
  body: new TextEncoder().encode("the page"),
  etag: "\"page\"",
  immutable: false
}

describe("serving a page", () => {
  it.effect("has it for others when the first who asked has left while it was read", () =>
    Effect.gen(function*() {
      const reading = yield* Deferred.make<void>()
      const serve = yield* StaticPage.make({
        path: "/page/",
        assets: Effect.if(Deferred.isDone(reading), {
          onTrue: () => Effect.succeed([page]),
          onFalse: () => Effect.zipRight(Deferred.succeed(reading, undefined), Effect.never)
        }),
        permissions: ""
      })
      const get = serve(Effect.succeed(HttpServerResponse.text("the platform"))).pipe(
        Effect.provideService(
          HttpServerRequest.HttpServerRequest,
          HttpServerRequest.fromWeb(new Request("http://platform/page/")).modify({ url: "/page/" })
        ),
        Effect.scoped,
        Effect.map(({ status }) => status)
      )
      const first = yield* Effect.fork(get)
      yield* Deferred.await(reading)
      yield* Fiber.interrupt(first)
      assert.strictEqual(yield* get, 200)
    }))
})
