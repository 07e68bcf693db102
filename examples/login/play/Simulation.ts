/** Users whose devices do by themselves what a user would: read the code that is shown, and approve. */
import * as DirectoryClient from "@effect-launchkey/clients/DirectoryClient"
import * as Authenticator from "@effect-launchkey/platform/Authenticator"
import * as RemoteApi from "@effect-launchkey/transport/RemoteApi"
import * as HttpClient from "@effect/platform/HttpClient"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as World from "./World.ts"

export interface Options {
  /** How long a user takes to do something: long enough to see what there is to see. */
  readonly pace: Duration.DurationInput
}

/** A directory that does what the given one does, and has a device read each code that it gives out. */
export const layer = ({ pace }: Options) =>
  Layer.scoped(
    DirectoryClient.DirectoryClient,
    Effect.gen(function*() {
      const directory = yield* DirectoryClient.DirectoryClient
      const { baseUrl, sdkKey } = yield* World.World
      const scope = yield* Effect.scope
      const services = yield* Effect.context<RemoteApi.RemoteApi | HttpClient.HttpClient>()

      const live = (code: string) =>
        Effect.gen(function*() {
          const device = yield* Authenticator.make({ baseUrl, name: "Simulated phone", obliging: true })
          yield* Effect.delay(device.link(code, sdkKey), pace)
          yield* Effect.forever(
            device.pending.pipe(
              Effect.flatMap((waiting) => waiting.length === 0 ? Effect.void : Effect.delay(device.approve(), pace)),
              // Who cancels meanwhile needs no answer any more.
              Effect.catchTag("NothingPending", () => Effect.void),
              Effect.delay("300 millis")
            )
          )
        }).pipe(
          Effect.catchAll(({ message }) => Effect.logWarning("A simulated device has stopped", message)),
          Effect.provide(services)
        )

      return {
        ...directory,
        linkDevice: (user, options) =>
          Effect.tap(directory.linkDevice(user, options), ({ code }) => Effect.forkIn(live(code), scope))
      }
    })
  )
