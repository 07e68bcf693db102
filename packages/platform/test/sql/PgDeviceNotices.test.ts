import { DeviceId } from "@effect-launchkey/core/Authorization"
import * as Entity from "@effect-launchkey/core/EntityIdentifier"
import * as PgDeviceNotices from "@effect-launchkey/platform/sql/PgDeviceNotices"
import * as Database from "@effect-launchkey/sql/Database"
import * as Pg from "@effect-launchkey/sql/Pg"
import { pgSchema, serverUrl } from "@effect-launchkey/testing/sql/TestDatabases"
import * as PgClient from "@effect/sql-pg/PgClient"
import * as SqlClient from "@effect/sql/SqlClient"
import { assert, describe, it } from "@effect/vitest"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Stream from "effect/Stream"

const id = DeviceId.make("6ba7b810-9dad-11d1-80b4-00c04fd430c8")
const user = {
  directoryId: Entity.DirectoryId.make("a5a2d6d4-7d1c-11ee-b962-0242ac120002"),
  identifier: "ada"
}

const nodes = Effect.gen(function*() {
  const { url } = yield* pgSchema
  const node = Effect.gen(function*() {
    const sql = Context.get(
      yield* Effect.orDie(Layer.build(Layer.fresh(Pg.layer({ url, maxConnections: 4 })))),
      PgClient.PgClient
    )
    return { sql, notices: yield* Effect.provideService(PgDeviceNotices.make, PgClient.PgClient, sql) }
  })
  return [yield* node, yield* node] as const
})

/** Whether a listener hears of it, again and again until one does: what is told before a node listens is lost. */
const heard = (listening: Stream.Stream<void>, telling: Effect.Effect<unknown, unknown>) =>
  Effect.gen(function*() {
    const fiber = yield* Effect.fork(Stream.runHead(listening))
    yield* Effect.raceFirst(Fiber.join(fiber), Effect.forever(Effect.delay(telling, "20 millis")))
  })

describe.skipIf(serverUrl === undefined)("PgDeviceNotices", () => {
  it.scopedLive("tells a device that listens at another node, of its own user alone", () =>
    Effect.gen(function*() {
      const [here, there] = yield* nodes
      const own = yield* there.notices.listen({ id, user })
      yield* heard(own, here.notices.announce(user))
      const others = yield* there.notices.listen({ id, user: { ...user, identifier: "bob" } })
      // all are told once, when a node begins to hear
      const told = yield* Effect.fork(Stream.runHead(Stream.drop(others, 1)))
      yield* heard(own, here.notices.announce(user))
      assert.strictEqual((yield* Fiber.status(told))._tag, "Suspended")
    }))

  it.scopedLive("tells of what a transaction did once it is committed, and of nothing where it is undone", () =>
    Effect.gen(function*() {
      const [here, there] = yield* nodes
      const { transaction } = yield* Effect.provideService(Database.make, SqlClient.SqlClient, here.sql)
      const bob = { ...user, identifier: "bob" }
      const others = yield* there.notices.listen({ id, user: bob })
      // all are told once, when a node begins to hear
      const undone = yield* Effect.fork(Stream.runHead(Stream.drop(others, 1)))
      const committed = yield* there.notices.listen({ id, user })
      yield* heard(
        committed,
        Effect.zipRight(
          Effect.flip(transaction("undone", Effect.zipRight(here.notices.announce(bob), Effect.fail("undone")))),
          transaction("committed", here.notices.announce(user))
        )
      )
      assert.strictEqual((yield* Fiber.status(undone))._tag, "Suspended")
    }))
})
