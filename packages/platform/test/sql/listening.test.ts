import { DeviceId } from "@effect-launchkey/core/Authorization"
import * as Entity from "@effect-launchkey/core/EntityIdentifier"
import * as Migrations from "@effect-launchkey/platform/sql/Migrations"
import * as PgDeviceNotices from "@effect-launchkey/platform/sql/PgDeviceNotices"
import * as SqlWebhookQueue from "@effect-launchkey/platform/sql/SqlWebhookQueue"
import * as Pg from "@effect-launchkey/sql/Pg"
import { admin, pgDatabase, type PgPlace, serverUrl } from "@effect-launchkey/testing/sql/TestDatabases"
import * as PgClient from "@effect/sql-pg/PgClient"
import * as SqlClient from "@effect/sql/SqlClient"
import { assert, describe, it } from "@effect/vitest"
import { Context, Effect, Layer, Option, Queue, Stream, TestClock, TestServices } from "effect"
import { at, webhook } from "../support/deliveries.ts"

const id = DeviceId.make("6ba7b810-9dad-11d1-80b4-00c04fd430c8")
const user = {
  directoryId: Entity.DirectoryId.make("a5a2d6d4-7d1c-11ee-b962-0242ac120002"),
  identifier: "ada@example.com"
}

const listening = ({ name }: PgPlace) =>
  Effect.map(
    admin((sql) => sql`SELECT pid FROM pg_stat_activity WHERE datname = ${name} AND query LIKE 'LISTEN%'`),
    (rows) => rows.length
  )

/** What listens in the database, ended behind its back. */
const kill = ({ name }: PgPlace) =>
  admin((sql) =>
    sql`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = ${name} AND query LIKE 'LISTEN%'`
  )

describe.skipIf(serverUrl === undefined)("a node in PostgreSQL whose listening connection is killed", () => {
  it.scoped("makes up for what it did not hear, and then hears again of devices and of webhooks", () =>
    Effect.gen(function*() {
      const place = yield* pgDatabase
      const client = Effect.map(
        Effect.orDie(Layer.build(Layer.fresh(Pg.layer({ url: place.url, maxConnections: 4 })))),
        Context.get(PgClient.PgClient)
      )
      const [here, there] = [yield* client, yield* client]
      yield* Effect.provideService(Migrations.run, SqlClient.SqlClient, here)
      const queueOf = (sql: PgClient.PgClient, options: SqlWebhookQueue.Options = {}) =>
        Effect.provideService(SqlWebhookQueue.make(options), SqlClient.SqlClient, sql)
      const adding = yield* queueOf(here)
      // Both share the connection of the node that listens, and each finds out for itself that it is dead.
      const queue = yield* queueOf(there, { listen: there.listen })
      const notices = yield* Effect.provideService(PgDeviceNotices.make, PgClient.PgClient, there)
      const telling = yield* Effect.provideService(PgDeviceNotices.make, PgClient.PgClient, here)

      const heard = { devices: yield* Queue.sliding<void>(1), webhooks: yield* Queue.sliding<void>(1) }
      const device = yield* notices.listen({ id, user })
      yield* Effect.forkScoped(Stream.runForEach(device, () => heard.devices.offer(undefined)))
      yield* Effect.forkScoped(Stream.runForEach(queue.hints, () => heard.webhooks.offer(undefined)))

      const pass = Effect.zipRight(TestClock.adjust("1 second"), listening(place))
      /** Whether both are told at once, while no time passes in which they could look by themselves. */
      const told = Effect.gen(function*() {
        yield* Effect.zipRight(heard.devices.takeAll, heard.webhooks.takeAll)
        yield* telling.announce(user)
        yield* adding.enqueue(webhook, at(0))
        const both = Effect.zipRight(heard.devices.take, heard.webhooks.take)
        return Option.isSome(yield* TestServices.provideLive(Effect.timeoutOption(both, "250 millis")))
      })
      const untilTold = Effect.repeat(Effect.zipRight(pass, told), { until: (both) => both })

      yield* untilTold
      yield* kill(place)
      assert.isFalse(yield* told)
      yield* Effect.repeat(Effect.zipRight(pass, heard.devices.size), { until: (size) => size > 0 })
      yield* Effect.repeat(pass, { until: (count) => count > 0 })
      yield* untilTold
    }))
})
