/**
 * Who is told that something changed for a user's devices, on every node of a platform: by PostgreSQL's notifications.
 * They are hints: what is lost while a connection is makes up for it by a hint to all, and until it is restored they are
 * hinted every few seconds.
 *
 * @see docs/protocol.md "Hints"
 * @since 0.1.0
 */
import * as Database from "@effect-launchkey/sql/Database"
import * as Hints from "@effect-launchkey/sql/Hints"
import * as Jose from "@effect-launchkey/transport/Jose"
import * as PgClient from "@effect/sql-pg/PgClient"
import * as SqlClient from "@effect/sql/SqlClient"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Ref from "effect/Ref"
import * as Schedule from "effect/Schedule"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import * as DeviceNotices from "../DeviceNotices.ts"
import * as Listeners from "../internal/listeners.ts"
import type { UserKey } from "../Records.ts"

const channel = "platform_devices"

/** How often all are hinted while nothing can be heard. */
const interval = Duration.seconds(5)

/**
 * Holds one connection that listens, as long as its scope is open.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make: Effect.Effect<DeviceNotices.Service, never, PgClient.PgClient | Scope.Scope> = Effect.gen(
  function*() {
    const client = yield* PgClient.PgClient
    const jose = yield* Jose.Jose
    const database = yield* Effect.provideService(Database.make, SqlClient.SqlClient, client)
    const listeners = yield* Effect.acquireRelease(
      Listeners.make(DeviceNotices.maximumListeners),
      ({ end }) => end
    )
    const hearing = yield* Ref.make(false)

    // The name of a user does not belong into what a server may log.
    const textOf = (user: UserKey) => jose.digest("S256", new TextEncoder().encode(DeviceNotices.userText(user)))

    yield* Hints.hints(
      database,
      Stream.ensuring(client.listen(channel), Ref.set(hearing, false)),
      {
        channel,
        onHint: listeners.tell,
        onListening: Effect.zipRight(Ref.set(hearing, true), listeners.tellAll)
      }
    )
    yield* listeners.tellAll.pipe(
      Effect.unlessEffect(Ref.get(hearing)),
      Effect.schedule(Schedule.spaced(interval)),
      Effect.interruptible,
      Effect.forkScoped
    )

    const tell = yield* Hints.telling(database, channel)

    return {
      announce: (user) =>
        Effect.flatMap(textOf(user), (text) =>
          database.afterCommit(
            Effect.catchAll(
              tell(text),
              (error) => Effect.logDebug("Devices could not be told of a change", error)
            )
          )),
      listen: ({ id, user }) => Effect.flatMap(textOf(user), (text) => listeners.listen(id, text))
    }
  }
)

/**
 * @since 0.1.0
 * @category layers
 */
export const layer: Layer.Layer<DeviceNotices.DeviceNotices, never, PgClient.PgClient> = Layer.scoped(
  DeviceNotices.DeviceNotices,
  make
)
