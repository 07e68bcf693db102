import { assert, describe, it } from "@effect/vitest"
import { Effect, Option } from "effect"
import * as PlainRequest from "../src/internal/plainRequest.ts"

const body = { username: "alice" }

const request = (method = "POST", content: Option.Option<unknown> = Option.some(body)) =>
  Option.getOrThrow(PlainRequest.make(method, "/service/v3/auths?one=1", content))

describe("an opened request", () => {
  it.effect("is JSON that was read already", () =>
    Effect.gen(function*() {
      const { headers, json, method, url } = request()
      assert.strictEqual(yield* json, body)
      assert.deepStrictEqual([method, url, headers["content-type"]], [
        "POST",
        "/service/v3/auths?one=1",
        "application/json"
      ])
    }))

  it.effect("can be read in any other way", () =>
    Effect.gen(function*() {
      assert.strictEqual(yield* request().text, JSON.stringify(body))
      assert.strictEqual(new TextDecoder().decode(yield* request().arrayBuffer), JSON.stringify(body))
      assert.strictEqual(request().modify({ url: "/other" }).url, "/other")
      assert.deepStrictEqual(request().cookies, {})
    }))

  it.effect("without a body has no JSON", () =>
    Effect.gen(function*() {
      assert.strictEqual((yield* Effect.flip(request("GET", Option.none()).json)).reason, "Decode")
    }))

  it("is none where no route could have its method or path", () => {
    assert.isTrue(Option.isNone(PlainRequest.make("TRACE", "/", Option.none())))
    assert.isTrue(Option.isNone(PlainRequest.make("GET", "*", Option.none())))
  })
})
