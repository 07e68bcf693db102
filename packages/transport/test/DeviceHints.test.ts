import * as Entity from "@effect-launchkey/core/EntityIdentifier"
import * as HttpClient from "@effect/platform/HttpClient"
import * as HttpClientError from "@effect/platform/HttpClientError"
import type * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import * as HttpClientResponse from "@effect/platform/HttpClientResponse"
import { assert, describe, layer } from "@effect/vitest"
import { Deferred, Effect, Fiber, Redacted, Ref, Stream, TestClock } from "effect"
import * as DeviceHints from "../src/DeviceHints.ts"
import * as Jose from "../src/Jose.ts"
import * as Keyring from "../src/Keyring.ts"
import { verifyJws } from "./support/bare.ts"
import vectors from "./vectors/transport-vectors.json" with { type: "json" }

const key = vectors.keys.service_dual
const issuer = Entity.device("eba60cb8-c649-11e7-abc4-cec278b6b50a")
const encoder = new TextEncoder()

/** A body that sends these pieces, and ends unless it is to stay open. */
const body = (pieces: ReadonlyArray<string>, open = false) =>
  new ReadableStream<Uint8Array>({
    start: (controller) => {
      for (const piece of pieces) controller.enqueue(encoder.encode(piece))
      if (!open) controller.close()
    }
  })

const events = (pieces: ReadonlyArray<string>, open?: boolean) =>
  new Response(body(pieces, open), { headers: { "content-type": "text/event-stream" } })

const hints = (answer: Response | undefined, seen?: Ref.Ref<HttpClientRequest.HttpClientRequest | undefined>) =>
  Stream.unwrap(
    Effect.map(
      Effect.orDie(Keyring.make({ signingKey: Redacted.make(key.private_pkcs8_pem) })),
      (keyring) =>
        DeviceHints.stream({
          baseUrl: "http://localhost/prefix",
          issuer,
          keyring,
          now: Effect.succeed(1000),
          httpClient: HttpClient.make((request) =>
            Effect.zipRight(
              seen === undefined ? Effect.void : Ref.set(seen, request),
              answer === undefined
                ? new HttpClientError.RequestError({ request, reason: "Transport" })
                : Effect.succeed(HttpClientResponse.fromWeb(request, answer))
            )
          )
        })
    )
  )

layer(Jose.layer)("DeviceHints", (it) => {
  it.effect("asks by a request that the device signed", () =>
    Effect.gen(function*() {
      const seen = yield* Ref.make<HttpClientRequest.HttpClientRequest | undefined>(undefined)
      yield* Stream.runDrain(hints(events([]), seen))
      const request = yield* Ref.get(seen)
      assert.strictEqual(request?.url, "http://localhost/prefix/device/v3/events")
      assert.strictEqual(request?.headers["accept"], "text/event-stream")
      const token = request?.headers["authorization"]?.replace(/^\S+ /, "") ?? ""
      const { payload, valid } = verifyJws(token, key.public_spki_pem)
      assert.isTrue(valid)
      assert.deepInclude(JSON.parse(payload), {
        iss: issuer,
        sub: issuer,
        request: { meth: "GET", path: "/device/v3/events" }
      })
    }))

  for (
    const [what, pieces, count] of [
      ["one for each event", ["data: change\n\n", "data: change\n\ndata: change\n\n"], 3],
      ["none for a sign of life", [":\n\n", ":\n\n"], 0],
      ["one for an event in pieces", ["da", "ta: chan", "ge\n", "\n"], 1],
      ["one for an event whose lines end in CR LF", ["data: change\r\n\r\n"], 1],
      ["none for what it does not know", ["event: change\ndata: other\n\n"], 0],
      ["none for an event that the end cuts off", ["data: change"], 0]
    ] as const
  ) {
    it.effect(`yields ${what}`, () =>
      Effect.map(Stream.runCount(hints(events(pieces))), (found) => assert.strictEqual(found, count)))
  }

  describe("fails with", () => {
    for (
      const [reason, what, answer] of [
        ["AnswerUnusable", "another status", () => new Response("", { status: 401 })],
        ["AnswerUnusable", "another type of answer", () => new Response("data: change\n\n")],
        ["AnswerTooLarge", "a line that does not end", () => events(["d".repeat(300)], true)],
        ["Unreachable", "no answer at all", () => undefined]
      ] as const
    ) {
      it.effect(`${reason} on ${what}`, () =>
        Effect.map(
          Effect.flip(Stream.runDrain(hints(answer()))),
          ({ operation, reason: found, _tag }) =>
            assert.deepStrictEqual([_tag, found, operation], ["TransportError", reason, "GET /device/v3/events"])
        ))
    }

    it.effect("TimedOut once the platform has been silent for forty seconds", () =>
      Effect.gen(function*() {
        const first = yield* Deferred.make<void>()
        const fiber = yield* hints(events(["data: change\n\n"], true)).pipe(
          Stream.runForEach(() => Deferred.succeed(first, undefined)),
          Effect.flip,
          Effect.fork
        )
        yield* Deferred.await(first)
        yield* TestClock.adjust("40 seconds")
        const failure = yield* Fiber.join(fiber)
        assert.strictEqual(failure.reason, "TimedOut")
      }))
  })
})
