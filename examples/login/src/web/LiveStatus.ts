/** Tells a page by server-sent events when what it shows is no longer so. What is so then, the page itself asks for. */
import * as HttpServerResponse from "@effect/platform/HttpServerResponse"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import * as Changes from "../Changes.ts"
import type { Token } from "../Token.ts"
import * as Cookies from "./Cookies.ts"

/** Often enough that proxies keep the connection, and that a lost hint is soon made good. */
const heartbeat = "15 seconds"

const headers = { "cache-control": "no-store", "x-accel-buffering": "no" }

/** `status`, one word, is sent at once and with each change. */
export const make = Effect.map(
  Changes.Changes,
  (changes) => (token: Token, status: Effect.Effect<string>) =>
    HttpServerResponse.stream(
      Stream.unwrapScoped(Effect.map(changes.watch(token), (hints) =>
        // The first tick comes at once, when the hints are watched already: no change is missed.
        Stream.merge(Stream.tick(heartbeat), hints).pipe(
          Stream.mapEffect(() => status),
          Stream.mapAccum("", (before, now) => [now, now === before ? ":\n\n" : `event: status\ndata: ${now}\n\n`]),
          Stream.encodeText
        ))),
      { contentType: "text/event-stream", headers }
    )
)

/** The live status of what the token in a cookie names. */
export const makeByCookie = Effect.gen(function*() {
  const cookies = yield* Cookies.Cookies
  const live = yield* make
  return (cookie: Cookies.Name, status: (token: Token) => Effect.Effect<string>) =>
    Effect.map(
      cookies.read(cookie),
      Option.match({
        onNone: () => HttpServerResponse.empty({ status: 401 }),
        onSome: (token) => live(token, status(token))
      })
    )
})
