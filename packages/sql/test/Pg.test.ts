import * as Database from "@effect-launchkey/sql/Database"
import * as Pg from "@effect-launchkey/sql/Pg"
import { pgSchema, serverUrl } from "@effect-launchkey/testing/sql/TestDatabases"
import * as PgClient from "@effect/sql-pg/PgClient"
import * as SqlClient from "@effect/sql/SqlClient"
import { assert, describe, it } from "@effect/vitest"
import * as Array from "effect/Array"
import * as Context from "effect/Context"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Queue from "effect/Queue"
import * as Redacted from "effect/Redacted"
import * as Stream from "effect/Stream"

const opened = Effect.gen(function*() {
  const { url } = yield* pgSchema
  const sql = Context.get(yield* Layer.build(Pg.layer({ url, maxConnections: 5 })), SqlClient.SqlClient)
  yield* sql`CREATE TABLE counted (id INTEGER PRIMARY KEY, n INTEGER NOT NULL)`
  yield* sql`INSERT INTO counted VALUES (1, 0), (2, 0)`
  const database = yield* Effect.provideService(Database.make, SqlClient.SqlClient, sql)
  const get = (id: number) =>
    database.join(
      "get",
      Effect.map(
        sql<{ n: number }>`SELECT n FROM counted WHERE id = ${id} ${database.locking}`,
        ([row]) => row?.n ?? -1
      )
    )
  const add = (id: number) => database.join("add", sql`UPDATE counted SET n = n + 1 WHERE id = ${id}`)
  return { sql, database, get, add }
})

describe.skipIf(serverUrl === undefined)("PostgreSQL", () => {
  it.scopedLive("tries a transaction again that lost to another", () =>
    Effect.gen(function*() {
      const { add, database, get } = yield* opened
      const held = yield* Effect.all([Deferred.make<void>(), Deferred.make<void>()])
      const both = (first: 0 | 1, second: 0 | 1) =>
        database.transaction(
          "both",
          add(first + 1).pipe(
            Effect.zipRight(Deferred.succeed(held[first], undefined)),
            Effect.zipRight(Deferred.await(held[second])),
            Effect.zipRight(add(second + 1))
          )
        )
      yield* Effect.all([both(0, 1), both(1, 0)], { concurrency: 2 })
      assert.deepStrictEqual(yield* Effect.all([get(1), get(2)]), [2, 2])
    }))

  it.scopedLive("fails where a commit fails, with what the database says of it", () =>
    Effect.gen(function*() {
      const { add, database, get, sql } = yield* opened
      yield* sql`CREATE TABLE child (parent INTEGER REFERENCES counted (id) DEFERRABLE INITIALLY DEFERRED)`
      const orphan = database.join("orphan", sql`INSERT INTO child VALUES (99)`)
      const error = yield* Effect.flip(database.transaction("deferred", Effect.zipRight(add(1), orphan)))
      assert.strictEqual(error._tag, "StoreUnavailable")
      assert.strictEqual(Database.codeOf(error.cause), "23503")
      assert.strictEqual(yield* get(1), 0)
    }))

  it.scopedLive("lets transactions that read and then write take turns where they lock what they read", () =>
    Effect.gen(function*() {
      const { add, database, get } = yield* opened
      const increment = database.transaction("increment", Effect.zipRight(get(1), add(1)))
      yield* Effect.all(Array.replicate(increment, 20), { concurrency: "unbounded" })
      assert.strictEqual(yield* get(1), 20)
    }))

  it.scopedLive("undoes a transaction that is given up", () =>
    Effect.gen(function*() {
      const { add, database, get, sql } = yield* opened
      const within = yield* Deferred.make<void>()
      const given = yield* Effect.fork(database.transaction(
        "given up",
        add(1).pipe(Effect.zipRight(Deferred.succeed(within, undefined)), Effect.zipRight(Effect.never))
      ))
      yield* Deferred.await(within)
      yield* Fiber.interrupt(given)
      assert.strictEqual(yield* get(1), 0)
      // waits for the lock of one that is still open
      yield* sql`UPDATE counted SET n = 5 WHERE id = 1`
    }))

  it.scopedLive("cancels no statement, neither that which is interrupted nor the next one of its connection", () =>
    Effect.gen(function*() {
      const { url } = yield* pgSchema
      const open = (maxConnections: number) =>
        Effect.map(
          Layer.build(Layer.fresh(Pg.layer({ url, maxConnections }))),
          Context.get(SqlClient.SqlClient)
        )
      const [sql, outside] = [yield* open(2), yield* open(2)]
      const key = (n: number) => 7_310_000 + n
      const locked = (n: number) => sql`SELECT pg_advisory_lock(${key(n)})`
      const waiting = (n: number) =>
        Effect.repeat(
          outside`SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND objid = ${key(n)} AND NOT granted`,
          { until: (rows) => rows.length === 1 }
        )
      // One connection has the locks from the first to the last.
      const held = yield* outside.reserve
      const ask = (query: string, n: number) => held.executeUnprepared(`SELECT ${query}(${key(n)})`, [], undefined)
      yield* Effect.forEach([1, 2, 3], (n) => ask("pg_advisory_lock", n))
      const interrupted = yield* Effect.fork(locked(1))
      const other = yield* Effect.fork(locked(2))
      yield* Effect.all([waiting(1), waiting(2)])
      // Both connections are taken: the next statement waits for one, and a cancellation would after it.
      const next = yield* Effect.fork(locked(3))
      yield* Effect.yieldNow()
      yield* Fiber.interruptFork(interrupted)
      yield* ask("pg_advisory_unlock", 1)
      // on the connection of the one that was interrupted
      yield* waiting(3)
      yield* ask("pg_advisory_unlock", 2)
      yield* Fiber.join(other)
      // behind a cancellation, if there is one
      yield* sql`SELECT 1`
      yield* ask("pg_advisory_unlock", 3)
      assert.lengthOf(yield* Fiber.join(next), 1)
    }))

  it.scopedLive("has the server end what takes too long, and a transaction that is left alone", () =>
    Effect.gen(function*() {
      const { sql } = yield* opened
      const told = sql<{ statement: string; idle: string }>`
        SELECT current_setting('statement_timeout') AS statement,
          current_setting('idle_in_transaction_session_timeout') AS idle`
      const bounded = [{ statement: "15s", idle: "45s" }]
      assert.deepStrictEqual(yield* Effect.all([told, told, sql.withTransaction(told)]), [bounded, bounded, bounded])
    }))

  it.scopedLive("says what could not be reached", () =>
    Effect.gen(function*() {
      const nowhere = Pg.layer({ url: Redacted.make("postgres://nobody:hidden@127.0.0.1:1/none") })
      const error = yield* Effect.flip(Layer.build(nowhere))
      assert.strictEqual(error.operation, "Pg.layer")
      assert.notInclude(error.message, "hidden")
    }))

  it.scopedLive("says by which settings the server may forget what it answered", () =>
    Effect.gen(function*() {
      const { url } = yield* pgSchema
      const forgetful = (committed: "on" | "off") => {
        const own = new URL(Redacted.value(url))
        own.searchParams.set("options", `-c synchronous_commit=${committed}`)
        return Effect.provide(Pg.forgetful, Pg.layer({ url: Redacted.make(own.href) }))
      }
      assert.include(yield* forgetful("off"), "synchronous_commit")
      assert.notInclude(yield* forgetful("on"), "synchronous_commit")
    }))

  it.scopedLive("leaves it to the server when an answer is on the disk", () =>
    Effect.gen(function*() {
      const { sql } = yield* opened
      assert.deepStrictEqual(
        yield* sql`SELECT source FROM pg_settings WHERE name = 'synchronous_commit' AND source IN ('session', 'client')`,
        []
      )
    }))

  describe("that is listened to", () => {
    const channel = "told \"here\""
    const asked = (sql: SqlClient.SqlClient, name: string) =>
      sql`SELECT pid FROM pg_stat_activity WHERE application_name = ${name} AND query LIKE 'LISTEN%'`
    const ended = (sql: SqlClient.SqlClient, name: string) =>
      sql`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = ${name} AND query LIKE 'LISTEN%'`
    const client = (name: string) =>
      Effect.gen(function*() {
        const { url } = yield* pgSchema
        const context = yield* Layer.build(Pg.layer({ url, applicationName: name, maxConnections: 1 }))
        return Context.get(context, PgClient.PgClient)
      })
    const until = (sql: SqlClient.SqlClient, name: string, count: number) =>
      Effect.repeat(asked(sql, name), { until: (rows) => rows.length === count })

    it.scopedLive("tells each channel what it is sent, by one connection more than it may have", () =>
      Effect.gen(function*() {
        const sql = yield* client("heard")
        const heard = yield* Queue.unbounded<string>()
        const listen = (name: string) =>
          Effect.forkScoped(Stream.runForEach(sql.listen(name), (payload) => heard.offer(`${name}: ${payload}`)))
        const others = yield* listen("others")
        yield* listen(channel)
        const both = Effect.zip(sql.notify(channel, "one"), sql.notify("others", "two"))
        // What is sent before somebody listens is lost.
        const lines = Effect.zipRight(Effect.zipRight(both, Effect.yieldNow()), heard.takeAll)
        const awaited = new Set([`${channel}: one`, "others: two"])
        yield* Effect.repeat(lines, {
          until: (heard) => {
            for (const line of heard) awaited.delete(line)
            return awaited.size === 0
          }
        })
        assert.lengthOf(yield* asked(sql, "heard"), 1)
        yield* Fiber.interrupt(others)
        yield* sql.notify(channel, "three")
        yield* Effect.repeat(heard.take, { until: (line) => line === `${channel}: three` })
      }))

    it.scopedLive("fails whoever listens once the connection is lost, and listens again by another", () =>
      Effect.gen(function*() {
        const sql = yield* client("lost")
        for (const _ of [1, 2]) {
          const all = yield* Effect.all(
            [channel, "others"].map((name) => Effect.fork(Effect.flip(Stream.runDrain(sql.listen(name)))))
          )
          yield* until(sql, "lost", 1)
          yield* ended(sql, "lost")
          const errors = yield* Effect.forEach(all, Fiber.join)
          assert.deepStrictEqual(errors.map(({ _tag }) => _tag), ["SqlError", "SqlError"])
        }
      }))

    it.scopedLive("is ended by its server while nobody listens any more without harm to the process", () =>
      Effect.gen(function*() {
        const sql = yield* client("left")
        for (const _ of Array.range(1, 20)) {
          const listener = yield* Effect.fork(Stream.runDrain(sql.listen(channel)))
          yield* until(sql, "left", 1)
          yield* Effect.all([ended(sql, "left"), Fiber.interrupt(listener)], { concurrency: 2 })
          yield* until(sql, "left", 0)
        }
      }))
  })
})
