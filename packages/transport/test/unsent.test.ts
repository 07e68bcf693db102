import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import * as FetchHttpClient from "@effect/platform/FetchHttpClient"
import * as HttpClient from "@effect/platform/HttpClient"
import * as HttpClientError from "@effect/platform/HttpClientError"
import * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import * as HttpClientResponse from "@effect/platform/HttpClientResponse"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Schedule } from "effect"
import * as Http from "node:http"
import * as Net from "node:net"
import * as attempts from "../src/internal/attempts.ts"
import * as exchange from "../src/internal/exchange.ts"
import { nothingSent } from "../src/internal/unsent.ts"
import * as RetryPolicy from "../src/RetryPolicy.ts"

const request = HttpClientRequest.get("https://api.example.com")

const failing = (fields: object) => Object.assign(new Error("it failed"), fields)

const transport = (cause: unknown) => new HttpClientError.RequestError({ request, reason: "Transport", cause })

describe("an HTTP client's error shows that nothing was sent", () => {
  for (
    const [what, error] of [
      ["where the connection was refused", transport(failing({ code: "ECONNREFUSED", syscall: "connect" }))],
      ["where the name was not found", transport(failing({ code: "ENOTFOUND", syscall: "getaddrinfo" }))],
      ["where the resolver is busy", transport(failing({ code: "EAI_AGAIN" }))],
      ["where there was no route", transport(failing({ code: "EHOSTUNREACH", syscall: "connect" }))],
      ["where connecting took too long", transport(failing({ code: "ETIMEDOUT", syscall: "connect" }))],
      ["where undici says so of connecting", transport(failing({ code: "UND_ERR_CONNECT_TIMEOUT" }))],
      ["where the certificate is for another host", transport(failing({ code: "ERR_TLS_CERT_ALTNAME_INVALID" }))],
      ["where the certificate is unknown", transport(failing({ code: "SELF_SIGNED_CERT_IN_CHAIN" }))],
      [
        "inside what fetch makes of it",
        transport(new TypeError("fetch failed", { cause: failing({ code: "ECONNREFUSED" }) }))
      ],
      [
        "where every address of a host refused",
        transport(
          new AggregateError([failing({ code: "ECONNREFUSED" }), failing({ syscall: "connect", code: "EHOSTUNREACH" })])
        )
      ],
      [
        "where the socket had written nothing",
        transport(failing({ code: "UND_ERR_SOCKET", socket: { bytesWritten: 0 } }))
      ],
      ["where there is no such URL", new HttpClientError.RequestError({ request, reason: "InvalidUrl" })],
      ["where the request cannot be written", new HttpClientError.RequestError({ request, reason: "Encode" })]
    ] as const
  ) {
    it(what, () => assert.isTrue(nothingSent(error)))
  }
})

describe("an HTTP client's error leaves open whether anything was sent", () => {
  const circular: { cause?: unknown } = {}
  circular.cause = circular
  for (
    const [what, error] of [
      ["where the connection was reset", transport(failing({ code: "ECONNRESET", syscall: "read" }))],
      ["where writing failed", transport(failing({ code: "EPIPE", syscall: "write" }))],
      ["where the route was lost", transport(failing({ code: "EHOSTUNREACH", syscall: "read" }))],
      ["where no packet was confirmed", transport(failing({ code: "ETIMEDOUT", syscall: "read" }))],
      ["where the other side closed", transport(failing({ code: "UND_ERR_SOCKET", socket: { bytesWritten: 812 } }))],
      ["where undici does not say what was written", transport(failing({ code: "UND_ERR_SOCKET" }))],
      ["where no headers came", transport(failing({ code: "UND_ERR_HEADERS_TIMEOUT" }))],
      ["where a record of TLS is wrong", transport(failing({ code: "ERR_SSL_WRONG_VERSION_NUMBER" }))],
      [
        "where one of several addresses may have been written to",
        transport(new AggregateError([failing({ code: "ECONNREFUSED" }), failing({ code: "ECONNRESET" })]))
      ],
      ["where several addresses failed and none is told", transport(new AggregateError([]))],
      ["where it has no code, as in a browser", transport(new TypeError("Failed to fetch"))],
      ["where it is no error", transport("ECONNREFUSED")],
      ["where there is no cause", transport(undefined)],
      ["where its cause is itself", transport(circular)],
      [
        "once an answer had begun",
        new HttpClientError.ResponseError({
          request,
          response: HttpClientResponse.fromWeb(request, new Response("")),
          reason: "Decode",
          cause: failing({ code: "ECONNREFUSED" })
        })
      ]
    ] as const
  ) {
    it(what, () => assert.isFalse(nothingSent(error)))
  }
})

/** A port of the loopback interface, and what becomes of its connections. */
const listening = (onConnection: (socket: Net.Socket) => void) =>
  Effect.acquireRelease(
    Effect.async<{ readonly port: number; readonly close: Effect.Effect<void> }>((resume) => {
      const sockets = new Set<Net.Socket>()
      const server = Net.createServer((socket) => {
        sockets.add(socket)
        socket.on("error", () => {})
        onConnection(socket)
      })
      server.listen(0, "127.0.0.1", () => {
        const close = Effect.async<void>((done) => {
          for (const socket of sockets) socket.destroy()
          server.close(() => done(Effect.void))
        })
        resume(Effect.succeed({ port: (server.address() as Net.AddressInfo).port, close }))
      })
    }),
    ({ close }) => close
  )

/** A server that keeps its connections, and drops the first that brings a second request. */
const dropping = Effect.acquireRelease(
  Effect.async<{
    readonly url: string
    readonly seen: { requests: number; dropped: boolean }
    readonly server: Http.Server
  }>((resume) => {
    const seen = { requests: 0, dropped: false }
    const used = new Set<Net.Socket>()
    const server = Http.createServer((request, response) => {
      seen.requests++
      if (used.has(request.socket) && !seen.dropped) {
        seen.dropped = true
        request.socket.destroy()
        return
      }
      used.add(request.socket)
      response.writeHead(200, { connection: "keep-alive", "content-length": "2" }).end("{}")
    })
    server.listen(
      0,
      "127.0.0.1",
      () =>
        resume(Effect.succeed({ url: `http://127.0.0.1:${(server.address() as Net.AddressInfo).port}`, seen, server }))
    )
  }),
  ({ server }) =>
    Effect.async<void>((done) => {
      server.closeAllConnections()
      server.close(() => done(Effect.void))
    })
)

for (
  const [name, live] of [
    ["fetch", FetchHttpClient.layer],
    ["undici", NodeHttpClient.layerUndici],
    ["node:http", NodeHttpClient.layer]
  ] as const
) {
  const failureOf = (url: string) =>
    Effect.flatMap(HttpClient.HttpClient, (client) => Effect.flip(client.get(url))).pipe(
      Effect.provide(live as Layer.Layer<HttpClient.HttpClient>)
    )

  describe(`over ${name}`, () => {
    it.scopedLive("nothing is sent to a port where nobody listens", () =>
      Effect.gen(function*() {
        const { close, port } = yield* listening(() => {})
        yield* close
        assert.isTrue(nothingSent(yield* failureOf(`http://127.0.0.1:${port}`)))
      }))

    it.scopedLive("a request is sent to a server that hangs up on it", () =>
      Effect.gen(function*() {
        const { port } = yield* listening((socket) => {
          socket.on("data", () => socket.destroy())
        })
        assert.isFalse(nothingSent(yield* failureOf(`http://127.0.0.1:${port}`)))
      }))

    // the client over node:http uses no connection twice
    if (name === "node:http") return

    it.scopedLive("a kept connection that dies under a request is followed by another only where it may be repeated", () =>
      Effect.gen(function*() {
        for (const repeatable of [true, false]) {
          const { seen, url } = yield* dropping
          const client = yield* HttpClient.HttpClient
          const exchanged = exchange.make(client, { baseUrl: url, timeout: "10 seconds" })
          const make = attempts.make({
            ...RetryPolicy.defaults,
            budget: yield* RetryPolicy.makeBudget(url),
            retry: { schedule: Schedule.recurs(3) }
          })
          const route = { method: "GET", template: "/", endpoint: "a.b", repeatable }
          const request = HttpClientRequest.get("/")
          const call = make({ operation: "GET /", route }, (progress) => {
            progress.sent = true
            return Effect.map(
              exchanged(request),
              (received) => exchange.answer(request, received, { authenticated: true, now: 0 })
            )
          })
          // until the client has used a connection twice
          let calls = 1
          let last = yield* Effect.either(call)
          for (; !seen.dropped && calls < 100; calls++) last = yield* Effect.either(call)
          assert.isTrue(seen.dropped)
          assert.strictEqual(seen.requests, repeatable ? calls + 1 : calls)
          assert.strictEqual(last._tag, repeatable ? "Right" : "Left")
          if (last._tag === "Left") assert.deepInclude({ ...last.left }, { reason: "Unreachable", sent: true })
        }
      }).pipe(Effect.provide(live as Layer.Layer<HttpClient.HttpClient>)))
  })
}
