import * as FetchHttpClient from "@effect/platform/FetchHttpClient"
import * as Headers from "@effect/platform/Headers"
import * as HttpClient from "@effect/platform/HttpClient"
import * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import * as HttpClientResponse from "@effect/platform/HttpClientResponse"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Option, Stream } from "effect"
import * as Http from "node:http"
import type { AddressInfo } from "node:net"
import { maximumBodyLength } from "../src/Claims.ts"
import * as exchange from "../src/internal/exchange.ts"
import { ReadResponse } from "../src/internal/readResponse.ts"

const request = HttpClientRequest.get("/public/v3/ping")

const answering = (response: () => Response) =>
  exchange.make(
    HttpClient.make((request) => Effect.sync(() => HttpClientResponse.fromWeb(request, response()))),
    { baseUrl: "https://mfa.example.com", timeout: "10 seconds" }
  )(request)

const announced = (length: number, body: BodyInit) => () =>
  new Response(body, { headers: { "content-length": String(length) } })

describe("a body whose length is announced", () => {
  it.effect("is read", () =>
    Effect.gen(function*() {
      const { body } = yield* answering(announced(3, "abc"))
      assert.deepStrictEqual(body, new TextEncoder().encode("abc"))
    }))

  for (const more of [1, maximumBodyLength.message + 1]) {
    it.effect(`is refused where there is too much of it, ${more === 1 ? "which it hides" : "as it says"}`, () =>
      Effect.gen(function*() {
        const error = yield* Effect.flip(
          answering(announced(more, new Uint8Array(maximumBodyLength.message + 1)))
        )
        assert.strictEqual(error.reason, "AnswerTooLarge")
      }))
  }

  it.effect("that breaks off is none", () =>
    Effect.gen(function*() {
      const broken = Stream.toReadableStream(Stream.fail(new Error("reset")))
      const error = yield* Effect.flip(answering(announced(3, broken)))
      assert.strictEqual(error.reason, "Unreachable")
    }))
})

/** How many connections were made to a server that answers 204, and where it is. */
const empty = Effect.acquireRelease(
  Effect.async<{ readonly baseUrl: string; readonly connections: () => number; readonly server: Http.Server }>(
    (resume) => {
      let connections = 0
      const server = Http.createServer((_, response) => response.writeHead(204).end())
      server.on("connection", () => connections++)
      server.listen(0, "127.0.0.1", () => {
        const { port } = server.address() as AddressInfo
        resume(Effect.succeed({ baseUrl: `http://127.0.0.1:${port}`, connections: () => connections, server }))
      })
    }
  ),
  ({ server }) =>
    Effect.async<void>((resume) => {
      server.close(() => resume(Effect.void))
      server.closeAllConnections()
    })
)

describe("an answer of status 204", () => {
  it.scopedLive("needs no reading to leave its connection to the next call", () =>
    Effect.gen(function*() {
      const { baseUrl, connections } = yield* empty
      const call = exchange.make(yield* HttpClient.HttpClient, { baseUrl })
      for (let i = 0; i < 10; i++) assert.strictEqual((yield* call(request)).body.length, 0)
      assert.isAtMost(connections(), 2)
    }).pipe(Effect.provide(FetchHttpClient.layer)))
})

describe("a response that was read", () => {
  const read = (status: number, body: string) =>
    new ReadResponse(request, {
      status,
      headers: Headers.fromInput({ "content-type": "application/json", "set-cookie": "a=b" }),
      body: new TextEncoder().encode(body)
    })

  it.effect("has all that a response has, as often as it is asked", () =>
    Effect.gen(function*() {
      const response = read(200, `{"a":1}`)
      for (let time = 0; time < 2; time++) {
        assert.strictEqual(yield* response.text, `{"a":1}`)
        assert.deepStrictEqual(yield* response.json, { a: 1 })
        assert.deepStrictEqual(new Uint8Array(yield* response.arrayBuffer), new TextEncoder().encode(`{"a":1}`))
        assert.strictEqual(yield* Stream.mkString(Stream.decodeText(response.stream)), `{"a":1}`)
        assert.lengthOf(yield* response.urlParamsBody, 1)
      }
      assert.strictEqual(response.status, 200)
      assert.strictEqual(response.request, request)
      assert.isTrue(Option.isNone(response.remoteAddress))
      assert.isTrue("cookies" in response.cookies)
      assert.propertyVal(response.toJSON(), "status", 200)
      assert.strictEqual((yield* Effect.flip(response.formData)).reason, "Decode")
    }))

  it.effect("of a status without a body has none", () =>
    Effect.gen(function*() {
      assert.strictEqual((yield* read(204, "").arrayBuffer).byteLength, 0)
      assert.strictEqual(yield* read(204, "").text, "")
    }))
})
