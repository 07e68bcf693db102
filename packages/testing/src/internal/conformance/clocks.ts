import * as Entity from "@effect-launchkey/core/EntityIdentifier"
import * as RemoteApi from "@effect-launchkey/transport/RemoteApi"
import * as HttpClient from "@effect/platform/HttpClient"
import { assert, describe } from "@effect/vitest"
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import { ConformanceTarget } from "../../ConformanceTarget.ts"
import { fresh, type It, serviceActedForBy } from "./scene.ts"

/** A clock that is ahead of the given one, by what `ahead` says at each reading. */
const aheadBy = (ahead: () => Duration.Duration, clock: Clock.Clock): Clock.Clock => ({
  [Clock.ClockTypeId]: Clock.ClockTypeId,
  unsafeCurrentTimeMillis: () => clock.unsafeCurrentTimeMillis() + Duration.toMillis(ahead()),
  unsafeCurrentTimeNanos: () => clock.unsafeCurrentTimeNanos() + Duration.unsafeToNanos(ahead()),
  currentTimeMillis: Effect.map(clock.currentTimeMillis, (now) => now + Duration.toMillis(ahead())),
  currentTimeNanos: Effect.map(clock.currentTimeNanos, (now) => now + Duration.unsafeToNanos(ahead())),
  sleep: (duration) => clock.sleep(duration)
})

export const clocks = (it: It) =>
  describe("a client whose clock is wrong", () => {
    it.effect("asks the platform for the time, and again once what it was told is five minutes old (B-274)", () =>
      Effect.gen(function*() {
        const { keys, serviceId } = yield* ConformanceTarget
        const clock = yield* Effect.clock
        const httpClient = yield* HttpClient.HttpClient
        let ahead = Duration.hours(1)
        let pings = 0
        // A platform in memory answers on the calling fiber: its clock is right.
        const counting = HttpClient.transform(httpClient, (answer, { url }) => {
          if (new URL(url).pathname === "/public/v3/ping") pings++
          return Effect.withClock(answer, clock)
        })
        yield* Effect.gen(function*() {
          const service = yield* serviceActedForBy(serviceId, Entity.service(serviceId), keys.service)
          const nobody = yield* fresh("nobody")
          const call = Effect.map(Effect.flip(service.sessionEnd(nobody)), ({ _tag }) => `${_tag} ${pings}`)
          const said = [yield* call, yield* call]
          ahead = Duration.sum(ahead, Duration.seconds(301))
          said.push(yield* call)
          assert.deepStrictEqual(said, ["EntityNotFound 1", "EntityNotFound 1", "EntityNotFound 2"])
        }).pipe(
          Effect.provide(RemoteApi.layer),
          Effect.provideService(HttpClient.HttpClient, counting),
          Effect.withClock(aheadBy(() => ahead, clock))
        )
      }))
  })
