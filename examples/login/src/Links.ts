/** Devices for users: the first one signs a user up, further ones are for who is logged in. */
import * as DirectoryClient from "@effect-launchkey/clients/DirectoryClient"
import type { ManagementError } from "@effect-launchkey/clients/ServiceManagement"
import type { Device } from "@effect-launchkey/core/Device"
import type { DirectoryEvent } from "@effect-launchkey/core/Webhook"
import * as Context from "effect/Context"
import * as Data from "effect/Data"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Changes from "./Changes.ts"
import * as Store from "./Store.ts"
import * as Token from "./Token.ts"

/** The name is another's, or somebody else is about to take it. */
class NameTaken extends Data.TaggedError("NameTaken")<{ readonly by: "user" | "link" }> {
  override get message(): string {
    return this.by === "user"
      ? "The name belongs to a user with a linked device. Log in to link another, or choose another name."
      : "Somebody is linking a device to the name. Choose another, or try again in some minutes."
  }
}

export interface Service {
  /** Starts a link. `owner` says that the browser is logged in as the user. */
  readonly begin: (user: string, browser: {
    readonly owner: boolean
    /** The link that the browser began before. */
    readonly previous: Option.Option<Token.Token>
  }) => Effect.Effect<
    Store.Link,
    NameTaken | DirectoryClient.LinkDeviceError | DirectoryClient.UnlinkDeviceError | ManagementError
  >
  readonly find: (token: Token.Token) => Effect.Effect<Option.Option<Store.Link>>
  /** Those that can answer. */
  readonly devices: (user: string) => Effect.Effect<ReadonlyArray<Device>, ManagementError>
  /** The handler of the directory's webhook. */
  readonly onEvent: (event: DirectoryEvent) => Effect.Effect<void>
}

export class Links extends Context.Tag("@effect-launchkey/example-login/Links")<Links, Service>() {}

/** The shortest time for which the platform lets a code serve. */
const timeToLive = "5 minutes"

export const layer: Layer.Layer<
  Links,
  never,
  DirectoryClient.DirectoryClient | Store.Store | Changes.Changes
> = Layer.effect(
  Links,
  Effect.gen(function*() {
    const directory = yield* DirectoryClient.DirectoryClient
    const store = yield* Store.Store
    const changes = yield* Changes.Changes
    // Two who ask for one name at once must not both get it.
    const oneAtATime = yield* Effect.makeSemaphore(1)

    return {
      begin: Effect.fn("Links.begin")(
        function*(user, { owner, previous }) {
          const devices = yield* directory.listDevices(user)
          if (!owner) {
            if (devices.some(({ active }) => active)) return yield* new NameTaken({ by: "user" })
            const open = yield* store.openLink(user)
            if (Option.exists(open, ({ token }) => !Option.contains(previous, token))) {
              return yield* new NameTaken({ by: "link" })
            }
          }
          // A code that was shown to somebody before, and perhaps to somebody else, must not serve any more.
          yield* Effect.forEach(
            devices.filter(({ active }) => !active),
            ({ id }) => Effect.catchTag(directory.unlinkDevice(user, id), "EntityNotFound", () => Effect.void)
          )
          const { code, deviceId } = yield* directory.linkDevice(user, { ttl: timeToLive })
          const link: Store.Link = {
            token: yield* Token.random,
            user,
            deviceId,
            code,
            completed: false,
            expires: DateTime.addDuration(yield* DateTime.now, timeToLive)
          }
          yield* store.saveLink(link)
          return link
        },
        oneAtATime.withPermits(1)
      ),
      find: store.link,
      devices: (user) => Effect.map(directory.listDevices(user), (devices) => devices.filter(({ active }) => active)),
      onEvent: Effect.fn("Links.onEvent")(function*(event) {
        if (event._tag === "UnknownEvent") return yield* Effect.logInfo("A webhook of a kind that is not known here")
        yield* Effect.flatMap(
          store.completeLink(event.deviceId),
          Option.match({
            onNone: () => Effect.logInfo("A device was linked by nobody who waits here"),
            onSome: ({ token }) => changes.announce(token)
          })
        )
      })
    }
  })
)
