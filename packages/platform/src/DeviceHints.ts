/**
 * Serves devices a stream of hints that something changed for them.
 *
 * @see docs/protocol.md "Hints"
 * @since 0.1.0
 */
import { hints } from "@effect-launchkey/core/api/DeviceApi"
import { Wire } from "@effect-launchkey/core/api/ErrorWire"
import { table, Unauthorized } from "@effect-launchkey/core/ApiError"
import type * as HttpApp from "@effect/platform/HttpApp"
import * as HttpServerResponse from "@effect/platform/HttpServerResponse"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schedule from "effect/Schedule"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import * as Caller from "./Caller.ts"
import * as DeviceNotices from "./DeviceNotices.ts"
import { Unavailable, unavailableStatus } from "./ServedApi.ts"
import * as Store from "./Store.ts"

/**
 * How often the platform shows that it is there, and how long a stream lasts: afterwards the device asks anew, by which
 * it proves that it is still linked.
 *
 * @since 0.1.0
 * @category schedules
 */
export const intervals = {
  heartbeat: Duration.seconds(15),
  lifetime: Duration.minutes(10)
} as const

const event = `data: ${hints.change}\n\n`

/** A comment, as server-sent events have it. */
const heartbeat = ":\n\n"

const refused = <A, I>(schema: Schema.Schema<A, I>, status: number) => (error: A) =>
  HttpServerResponse.unsafeJson(Schema.encodeSync(schema)(error), { status })

/**
 * Answers a device, once its request was opened: a hint at once, one for each change afterwards, and signs of life. The
 * stream ends when the device is no longer linked.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make: Effect.Effect<HttpApp.Default, never, DeviceNotices.DeviceNotices | Store.Store> = Effect.gen(
  function*() {
    const notices = yield* DeviceNotices.DeviceNotices
    const store = yield* Store.Store

    const streamOf = (device: Store.Device) =>
      Effect.map(notices.listen(device), (changes) =>
        Stream.make(undefined).pipe(
          Stream.concat(changes),
          Stream.mapEffect(() => Effect.map(store.device(device.id), Option.isSome)),
          Stream.takeWhile((linked) => linked),
          Stream.as(event),
          Stream.merge(Stream.as(Stream.fromSchedule(Schedule.spaced(intervals.heartbeat)), heartbeat), {
            haltStrategy: "left"
          }),
          Stream.interruptAfter(intervals.lifetime),
          // the device asks anew, and is told then
          Stream.catchAll(() => Stream.empty),
          Stream.encodeText
        ))

    return Effect.gen(function*() {
      const device = yield* Effect.flatMap(Caller.deviceId, store.device)
      if (Option.isNone(device)) {
        return yield* new Unauthorized({ authenticated: true, detail: "the device is no longer linked" })
      }
      return HttpServerResponse.stream(Stream.unwrapScoped(streamOf(device.value)), {
        contentType: hints.contentType,
        headers: { "cache-control": "no-store", "x-accel-buffering": "no" }
      })
    }).pipe(
      Effect.catchTags({
        Forbidden: (error) => Effect.succeed(refused(Wire.Forbidden, table.Forbidden.status)(error)),
        Unauthorized: (error) => Effect.succeed(refused(Wire.Unauthorized, table.Unauthorized.status)(error)),
        StoreUnavailable: (error) => Effect.succeed(refused(Unavailable, unavailableStatus)(error))
      })
    )
  }
)
