import * as PlatformSettings from "@effect-launchkey/platform/PlatformSettings"
import * as Migrations from "@effect-launchkey/platform/sql/Migrations"
import * as SqlWebhookQueue from "@effect-launchkey/platform/sql/SqlWebhookQueue"
import * as WebhookQueue from "@effect-launchkey/platform/WebhookQueue"
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
import * as Option from "effect/Option"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import { onEachDatabase } from "../support/databases.ts"
import { at, due, failed, webhook } from "../support/deliveries.ts"

const { Outcome } = WebhookQueue

type Open = (
  settings: Partial<PlatformSettings.Webhooks>
) => Effect.Effect<WebhookQueue.Service, never, Scope.Scope>

const withSettings = (settings: Partial<PlatformSettings.Webhooks>) =>
  Effect.provideService(PlatformSettings.PlatformSettings, {
    ...PlatformSettings.defaults,
    webhooks: { ...PlatformSettings.defaults.webhooks, ...settings }
  })

/** What every queue does. */
const contract = (open: Open) => {
  const idsOf = (claims: ReadonlyArray<{ readonly id: number }>) => claims.map(({ id }) => id)

  it.scoped("gives out what is due, whole, and to one claim at a time", () =>
    Effect.gen(function*() {
      const queue = yield* open({})
      const { attempts, created, id, state, url } = yield* queue.enqueue(webhook, at(0))
      assert.deepStrictEqual([id, url, state, attempts], [1, "https://example.com/hooks", "PENDING", []])
      assert.deepStrictEqual(created, at(0))
      const claims = (yield* Effect.all([1, 2, 3].map(() => queue.claim(due(0))), { concurrency: 3 })).flat()
      assert.lengthOf(claims, 1)
      assert.deepStrictEqual(claims[0]?.webhook, webhook)
      assert.deepStrictEqual([claims[0]?.failures, claims[0]?.failingSince], [0, Option.none()])
    }))

  it.scoped("gives out again what a claim did not settle in its time, and believes the later claim alone", () =>
    Effect.gen(function*() {
      const queue = yield* open({})
      yield* queue.enqueue(webhook, at(0))
      const [lost] = yield* queue.claim(due(0))
      assert.deepStrictEqual(yield* queue.claim(due(29)), [])
      const [found] = yield* queue.claim(due(30))
      assert(lost !== undefined && found !== undefined)
      assert.isFalse(yield* queue.settle(lost, Option.none(), Outcome.GivenUp()))
      yield* queue.release(lost, at(0))
      assert.deepStrictEqual(yield* queue.claim(due(31)), [])
      assert.isTrue(yield* queue.settle(found, Option.none(), Outcome.Delivered()))
      assert.isFalse(yield* queue.settle(found, Option.none(), Outcome.GivenUp()))
      assert.deepStrictEqual((yield* queue.log).map(({ state }) => state), ["DELIVERED"])
    }))

  it.scoped("notes attempts, since when they fail, and when the next one is due", () =>
    Effect.gen(function*() {
      const queue = yield* open({})
      yield* queue.enqueue(webhook, at(0))
      for (const [from, to] of [[1, 10], [10, 20]] as const) {
        const [claim] = yield* queue.claim(due(from))
        assert(claim !== undefined)
        yield* queue.settle(claim, failed(from), Outcome.Again({ due: at(to) }))
        assert.deepStrictEqual(yield* queue.claim(due(to - 1)), [])
        assert.deepStrictEqual((yield* queue.outlook([])).next, Option.some(at(to)))
      }
      const [claim] = yield* queue.claim(due(20))
      assert.deepStrictEqual([claim?.failures, claim?.failingSince], [2, Option.some(at(1))])
      assert.deepStrictEqual(claim?.attempts, [...Option.toArray(failed(1)), ...Option.toArray(failed(10))])
      assert.deepStrictEqual((yield* queue.log)[0]?.attempts, claim?.attempts)
    }))

  it.scoped("takes back at once what is released", () =>
    Effect.gen(function*() {
      const queue = yield* open({})
      yield* queue.enqueue(webhook, at(0))
      const [claim] = yield* queue.claim(due(0))
      assert(claim !== undefined)
      yield* queue.release(claim, at(1))
      assert.deepStrictEqual(idsOf(yield* queue.claim(due(1))), [1])
    }))

  it.scoped("gives an origin no more than it may have, and others what is left", () =>
    Effect.gen(function*() {
      const queue = yield* open({})
      for (const host of ["slow", "slow", "slow", "a", "b"]) {
        yield* queue.enqueue({ ...webhook, url: `https://${host}.example/` }, at(0))
      }
      const slow = new Map([["https://slow.example", 1]])
      assert.deepStrictEqual(idsOf(yield* queue.claim(due(0, { perOrigin: 1 }))), [1, 4, 5])
      assert.deepStrictEqual(yield* queue.claim(due(0, { perOrigin: 1, busy: slow })), [])
      assert.deepStrictEqual((yield* queue.outlook(Array.from(slow.keys()))).next, Option.some(at(30)))
      assert.deepStrictEqual(yield* queue.outlook([]), { open: 5, next: Option.some(at(0)) })
      yield* queue.enqueue({ ...webhook, url: "https://a.example/" }, at(1))
      // however many wait for the other
      assert.deepStrictEqual(idsOf(yield* queue.claim(due(1, { limit: 1, perOrigin: 1, busy: slow }))), [6])
      assert.deepStrictEqual(idsOf(yield* queue.claim(due(1, { perOrigin: 2, busy: slow }))), [2])
    }))

  it.scoped("refuses what is too much and what is no URL, until there is room", () =>
    Effect.gen(function*() {
      const queue = yield* open({ open: 2 })
      const states = yield* Effect.forEach(
        [webhook, { ...webhook, url: "nowhere" }, webhook, webhook],
        (each) => Effect.map(queue.enqueue(each, at(0)), ({ state, url }) => `${state} ${url}`)
      )
      const shown = "https://example.com/hooks"
      assert.deepStrictEqual(states, [`PENDING ${shown}`, "REFUSED ", `PENDING ${shown}`, `REFUSED ${shown}`])
      const [claim] = yield* queue.claim(due(0))
      assert(claim !== undefined)
      yield* queue.settle(claim, Option.none(), Outcome.Delivered())
      assert.strictEqual((yield* queue.enqueue(webhook, at(0))).state, "PENDING")
      assert.strictEqual((yield* queue.outlook([])).open, 2)
    }))

  it.scoped("begins anew what has ended, and nothing else", () =>
    Effect.gen(function*() {
      const queue = yield* open({ log: 2 })
      yield* queue.enqueue(webhook, at(0))
      assert.deepStrictEqual(yield* queue.replay(1, at(1)), Option.none())
      for (const outcome of [Outcome.Again({ due: at(1) }), Outcome.GivenUp()]) {
        const [claim] = yield* queue.claim(due(1))
        assert(claim !== undefined)
        yield* queue.settle(claim, failed(1), outcome)
      }
      const replayed = yield* Effect.flatten(queue.replay(1, at(2)))
      assert.deepStrictEqual([replayed.state, replayed.attempts.length], ["PENDING", 2])
      const [claim] = yield* queue.claim(due(2))
      assert.deepStrictEqual([claim?.failures, claim?.failingSince, claim?.webhook], [0, Option.none(), webhook])
      assert(claim !== undefined)
      yield* queue.settle(claim, Option.none(), Outcome.Delivered())
      yield* queue.enqueue({ ...webhook, url: "nowhere" }, at(3))
      assert.deepStrictEqual(yield* queue.replay(2, at(3)), Option.none())
      yield* queue.enqueue(webhook, at(3))
      // no longer in the log
      assert.deepStrictEqual(yield* queue.replay(1, at(3)), Option.none())
      assert.deepStrictEqual(idsOf(yield* queue.log), [2, 3])
    }))

  it.scoped("goes on delivering what the log no longer shows", () =>
    Effect.gen(function*() {
      const queue = yield* open({ log: 1 })
      yield* queue.enqueue(webhook, at(0))
      yield* queue.enqueue(webhook, at(1))
      assert.deepStrictEqual(idsOf(yield* queue.log), [2])
      assert.deepStrictEqual(idsOf(yield* queue.claim(due(1))), [1, 2])
    }))
}

describe("WebhookQueue in memory", () => contract((settings) => withSettings(settings)(WebhookQueue.makeMemory)))

onEachDatabase("SqlWebhookQueue", (database) => {
  const open: Open = (settings) =>
    Effect.flatMap(database, ({ context }) => withSettings(settings)(Effect.provide(SqlWebhookQueue.make(), context)))

  contract(open)

  it.scoped("keeps what it was given for whoever opens it next, and deletes what no log holds", () =>
    Effect.gen(function*() {
      const { context, sql } = yield* database
      const queue = Effect.provide(SqlWebhookQueue.make(), context)
      yield* Effect.scoped(Effect.gen(function*() {
        const first = yield* queue
        yield* Effect.forEach([1, 2, 3], () => first.enqueue({ ...webhook, url: "nowhere" }, at(0)))
        yield* first.enqueue(webhook, at(0))
      }))
      const next = yield* withSettings({ log: 2 })(queue)
      assert.deepStrictEqual((yield* next.claim(due(0))).map(({ webhook }) => webhook), [webhook])
      yield* Effect.repeat(sql`SELECT id FROM platform_deliveries`, { until: (rows) => rows.length === 2 })
    }))

  it.scoped("has what others claimed before due at once in a file, and where several share it when they had their time", () =>
    Effect.gen(function*() {
      const { context, sql } = yield* database
      const queue = Effect.provide(SqlWebhookQueue.make(), context)
      const before = yield* queue
      yield* before.enqueue(webhook, at(0))
      yield* before.enqueue(webhook, at(0))
      const [lost, failing] = yield* before.claim(due(0))
      assert(lost !== undefined && failing !== undefined)
      yield* before.settle(failing, failed(0), Outcome.Again({ due: at(20) }))
      const next = yield* queue
      const ids = (time: number) => Effect.map(next.claim(due(time)), (claims) => claims.map(({ id }) => id))
      const alone = sql.onDialectOrElse({ pg: () => false, orElse: () => true })
      assert.deepStrictEqual(yield* ids(1), alone ? [lost.id] : [])
      // what waits for its next attempt goes on waiting
      assert.deepStrictEqual(yield* ids(20), [failing.id])
      assert.strictEqual(yield* before.settle(lost, Option.none(), Outcome.Delivered()), !alone)
    }))

  it.scoped("adds nothing where the transaction that it is part of is undone", () =>
    Effect.gen(function*() {
      const { context, sql } = yield* database
      const queue = yield* Effect.provide(SqlWebhookQueue.make(), context)
      const added = queue.enqueue(webhook, at(0))
      yield* Effect.flip(sql.withTransaction(Effect.zipRight(added, Effect.fail("undone"))))
      assert.deepStrictEqual(yield* queue.log, [])
      yield* sql.withTransaction(added)
      assert.lengthOf(yield* queue.claim(due(0)), 1)
    }))

  it.scoped("lets senders of several processes share what is due, each delivery to one of them", () =>
    Effect.gen(function*() {
      const { context, other } = yield* database
      const here = yield* Effect.provide(SqlWebhookQueue.make(), context)
      const there = yield* Effect.flatMap(
        other,
        (sql) => Effect.provideService(SqlWebhookQueue.make(), SqlClient.SqlClient, sql)
      )
      yield* Effect.forEach(Array.from({ length: 20 }), () => here.enqueue(webhook, at(0)))
      const claims = yield* Effect.all(
        [here, there, here, there].map((queue) => queue.claim(due(0, { limit: 5 }))),
        { concurrency: 4 }
      )
      const rest = yield* there.claim(due(0))
      const ids = [...claims.flat(), ...rest].map(({ id }) => id)
      assert.lengthOf(ids, 20)
      assert.strictEqual(new Set(ids).size, 20)
    }))
})

describe.skipIf(serverUrl === undefined)("SqlWebhookQueue of several processes in PostgreSQL", () => {
  it.scopedLive("hears of what another one added", () =>
    Effect.gen(function*() {
      const { url } = yield* pgSchema
      const client = Effect.map(
        Effect.orDie(Layer.build(Layer.fresh(Pg.layer({ url, maxConnections: 4 })))),
        Context.get(PgClient.PgClient)
      )
      const [here, there] = [yield* client, yield* client]
      yield* Effect.provideService(Migrations.run, SqlClient.SqlClient, here)
      const adding = yield* Effect.provideService(SqlWebhookQueue.make(), SqlClient.SqlClient, here)
      const hearing = yield* Effect.provideService(
        SqlWebhookQueue.make({ listen: there.listen }),
        SqlClient.SqlClient,
        there
      )
      // The first may be that it listens.
      const told = yield* Effect.fork(Stream.runHead(Stream.drop(hearing.hints, 1)))
      const { transaction } = yield* Effect.provideService(Database.make, SqlClient.SqlClient, here)
      const add = transaction("adding", adding.enqueue(webhook, at(0)))
      // What is added before it listens is told to nobody.
      yield* Effect.raceFirst(Fiber.join(told), Effect.forever(Effect.delay(add, "20 millis")))
    }))
})
