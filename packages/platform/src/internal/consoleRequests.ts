/** The latest requests, as the console shows them. */
import type * as HttpApp from "@effect/platform/HttpApp"
import * as HttpServerRequest from "@effect/platform/HttpServerRequest"
import * as HttpServerResponse from "@effect/platform/HttpServerResponse"
import type * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Schedule from "effect/Schedule"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import { live, type Request, RequestsOf, SignInNeeded } from "../ConsoleApi.ts"
import * as PlatformClock from "../PlatformClock.ts"
import { unavailableStatus } from "../ServedApi.ts"
import * as Store from "../Store.ts"
import type { ConsoleSessions } from "./consoleSessions.ts"

const toRequest = (now: DateTime.Utc) => (authorization: Store.Authorization): Request => {
  const { created, expires, id, serviceId, state, user } = authorization
  return {
    id,
    serviceId,
    directoryId: user.directoryId,
    state: state._tag === "Answered"
      ? "ANSWERED"
      : state._tag === "Canceled"
      ? "CANCELED"
      : Store.isOpen(authorization, now)
      ? "OPEN"
      : "EXPIRED",
    created,
    expires
  }
}

export const shown = (
  now: DateTime.Utc,
  authorizations: ReadonlyArray<Store.Authorization>
): ReadonlyArray<Request> => authorizations.map(toRequest(now))

/** How often it looks, shows that it is there, and how long it lasts: afterwards its page asks anew. */
const intervals = {
  look: Duration.seconds(1),
  heartbeat: Duration.seconds(15),
  lifetime: Duration.minutes(10)
} as const

const encode = Schema.encodeSync(live.Requests)

const decodeOf = Schema.decodeUnknown(Schema.UndefinedOr(RequestsOf))

/** Looks at the store every second while somebody watches: whichever node changes it, that is seen. */
export const make = (
  sessions: ConsoleSessions
): Effect.Effect<HttpApp.Default, never, PlatformClock.PlatformClock | Store.Store> =>
  Effect.gen(function*() {
    const clock = yield* PlatformClock.PlatformClock
    const store = yield* Store.Store

    const latest = (of: typeof RequestsOf.Type | undefined) =>
      Effect.zipWith(clock.now, store.latestAuthorizations({ of, limit: live.limit }), (now, authorizations) =>
        encode(shown(now, authorizations)))

    return Effect.gen(function*() {
      const request = yield* HttpServerRequest.HttpServerRequest
      const of = yield* decodeOf(new URLSearchParams(request.url.replace(/^[^?]*/, "")).get("of") ?? undefined)
      const watching = sessions.current({ renews: false })
      yield* watching
      const events = Stream.repeatEffectWithSchedule(
        Effect.zipRight(watching, latest(of)),
        Schedule.spaced(intervals.look)
      ).pipe(
        Stream.changes,
        Stream.map((list) =>
          `data: ${list}\n\n`
        ),
        Stream.merge(Stream.as(Stream.fromSchedule(Schedule.spaced(intervals.heartbeat)), ":\n\n"), {
          haltStrategy: "left"
        }),
        Stream.interruptAfter(intervals.lifetime),
        // Its page asks anew, and is told then.
        Stream.catchAll(() => Stream.empty),
        Stream.encodeText,
        Stream.provideService(HttpServerRequest.HttpServerRequest, request)
      )
      return HttpServerResponse.stream(events, {
        contentType: live.contentType,
        headers: { "x-accel-buffering": "no" }
      })
    }).pipe(
      Effect.catchTags({
        ParseError: () => Effect.succeed(HttpServerResponse.empty({ status: 400 })),
        SignInNeeded: (error) =>
          Effect.succeed(HttpServerResponse.unsafeJson(Schema.encodeSync(SignInNeeded)(error), { status: 401 })),
        StoreUnavailable: () => Effect.succeed(HttpServerResponse.empty({ status: unavailableStatus }))
      })
    )
  })
