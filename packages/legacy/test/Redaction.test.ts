import { HttpClient, HttpServer, HttpServerResponse } from "@effect/platform"
import { NodeHttpServer } from "@effect/platform-node"
import * as FetchHttpClient from "@effect/platform/FetchHttpClient"
import { assert, describe, it } from "@effect/vitest"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Tracer from "effect/Tracer"
import { createServer } from "node:http"
import * as Redaction from "../src/Redaction.ts"

/** The URLs that a server has written into its spans. */
const traced = (urls: Array<string>) =>
  Tracer.make({
    span: (name, parent, context, links, startTime, kind) => ({
      _tag: "Span",
      name,
      spanId: "0000000000000001",
      traceId: "00000000000000000000000000000001",
      parent,
      context,
      links,
      sampled: true,
      kind,
      status: { _tag: "Started", startTime },
      attributes: new Map(),
      attribute: (key, value) => {
        if (kind === "server" && key.startsWith("url.")) urls.push(String(value))
      },
      event: () => {},
      addLinks: () => {},
      end: () => {}
    }),
    context: (f) => f()
  })

describe("Redaction", () => {
  it.scopedLive("keeps requests with credentials or answers in their query out of a server's spans, and no others", () => {
    const urls: Array<string> = []
    const served = Layer.unwrapEffect(Effect.succeed(HttpServer.serve(HttpServerResponse.empty()))).pipe(
      Layer.provideMerge(NodeHttpServer.layer(createServer, { host: "127.0.0.1", port: 0 })),
      Layer.provide(Redaction.layer)
    )
    return Effect.gen(function*() {
      const context = yield* Layer.build(Layer.provide(served, Layer.setTracer(traced(urls))))
      const { address } = Context.get(context, HttpServer.HttpServer)
      const get = (path: string) => HttpClient.get(`${HttpServer.formatAddress(address)}${path}`)
      yield* get("/v1/poll?app_key=1&secret_key=abc&signature=def")
      yield* get("/callback?auth=ghi&auth_request=jkl")
      yield* get("/callback?deorbit=%7B%7D&signature=mno")
      yield* get("/v1/ping?date_stamp=2013")
      assert.deepStrictEqual(urls.filter((url) => /abc|ghi|mno/.test(url)), [])
      assert.isTrue(urls.some((url) => url.includes("/v1/ping")))
    }).pipe(Effect.provide(FetchHttpClient.layer))
  })
})
