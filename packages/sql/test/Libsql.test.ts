import * as Database from "@effect-launchkey/sql/Database"
import * as Libsql from "@effect-launchkey/sql/Libsql"
import { prune } from "@effect-launchkey/sql/Pruning"
import { filename } from "@effect-launchkey/testing/sql/TestDatabases"
import * as SqlClient from "@effect/sql/SqlClient"
import { assert, describe, it } from "@effect/vitest"
import * as Array from "effect/Array"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Queue from "effect/Queue"
import * as TestClock from "effect/TestClock"

const opened = Effect.gen(function*() {
  const sql = yield* Libsql.make({ filename: yield* filename })
  yield* sql`CREATE TABLE counted (id INTEGER PRIMARY KEY, n INTEGER NOT NULL)`
  yield* sql`INSERT INTO counted VALUES (1, 0)`
  const database = yield* Effect.provideService(Database.make, SqlClient.SqlClient, sql)
  const read = Effect.map(sql<{ n: number }>`SELECT n FROM counted WHERE id = 1`, ([row]) => row?.n ?? -1)
  const set = (n: number) => database.join("set", sql`UPDATE counted SET n = ${n} WHERE id = 1`)
  const get = database.join("get", read)
  return { sql, database, read, get, set }
})

describe("a file of libsql", () => {
  it.scopedLive("is written to the disk before anything is answered", () =>
    Effect.gen(function*() {
      const { sql } = yield* opened
      assert.deepStrictEqual(yield* sql`PRAGMA journal_mode`, [{ journal_mode: "wal" }])
      assert.deepStrictEqual(yield* sql`PRAGMA synchronous`, [{ synchronous: 2 }])
      assert.deepStrictEqual(yield* sql`PRAGMA locking_mode`, [{ locking_mode: "exclusive" }])
      yield* sql.withTransaction(sql`UPDATE counted SET n = 1`)
      assert.deepStrictEqual(yield* sql`PRAGMA synchronous`, [{ synchronous: 2 }])
    }))

  it.scopedLive("keeps a transaction whole, or nothing of it", () =>
    Effect.gen(function*() {
      const { database, get, set } = yield* opened
      yield* database.transaction("whole", Effect.zipRight(set(1), set(2)))
      assert.strictEqual(yield* get, 2)
      const error = yield* Effect.flip(database.transaction("failing", Effect.zipRight(set(3), Effect.fail("no"))))
      assert.strictEqual(error, "no")
      assert.strictEqual(yield* get, 2)
      yield* Effect.exit(database.transaction("dying", Effect.zipRight(set(3), Effect.die("no"))))
      assert.strictEqual(yield* get, 2)
    }))

  it.scopedLive("undoes the part of a transaction that fails, and keeps the rest", () =>
    Effect.gen(function*() {
      const { database, get, set } = yield* opened
      yield* database.transaction(
        "outer",
        Effect.zipRight(
          set(1),
          Effect.ignore(database.transaction("inner", Effect.zipRight(set(2), Effect.fail("no"))))
        )
      )
      assert.strictEqual(yield* get, 1)
    }))

  it.scopedLive("does afterwards what was to follow on what it keeps, and nothing of what it undoes", () =>
    Effect.gen(function*() {
      const { database, set } = yield* opened
      const done: Array<string> = []
      const then = (what: string) => database.afterCommit(Effect.sync(() => void done.push(what)))
      yield* database.transaction(
        "outer",
        Effect.gen(function*() {
          yield* Effect.zipRight(set(1), then("outer"))
          yield* database.transaction("kept", Effect.zipRight(set(2), then("kept")))
          yield* Effect.ignore(
            database.transaction(
              "undone",
              set(3).pipe(Effect.zipRight(then("undone")), Effect.zipRight(Effect.fail("no")))
            )
          )
          assert.deepStrictEqual(done, [])
        })
      )
      assert.deepStrictEqual(done, ["outer", "kept"])
      yield* Effect.ignore(database.transaction("failing", Effect.zipRight(then("failing"), Effect.fail("no"))))
      yield* then("alone")
      assert.deepStrictEqual(done, ["outer", "kept", "alone"])
    }))

  it.scoped("is pruned on when a look at it broke", () =>
    Effect.gen(function*() {
      const { database, get, sql } = yield* opened
      yield* sql`ALTER TABLE counted ADD COLUMN until BIGINT NOT NULL DEFAULT 0`
      const looks = yield* Queue.unbounded<number>()
      let look = 0
      yield* TestClock.adjust("1 hour")
      yield* prune(
        {
          ...Database.byOwnClock(database),
          run: (operation, statement) =>
            Effect.ensuring(
              look++ === 0 ? Effect.dieMessage("the driver broke") : database.run(operation, statement),
              Queue.offer(looks, look)
            )
        },
        "counted",
        ["id"],
        "milliseconds"
      )
      yield* Queue.take(looks)
      assert.strictEqual(yield* get, 0)
      yield* TestClock.adjust("2 minutes")
      yield* Queue.take(looks)
      assert.strictEqual(yield* get, -1)
    }))

  it.scopedLive("lets transactions that read and then write take turns", () =>
    Effect.gen(function*() {
      const { database, get, set } = yield* opened
      const increment = database.transaction(
        "increment",
        get.pipe(Effect.tap(() => Effect.yieldNow()), Effect.flatMap((n) => set(n + 1)))
      )
      yield* Effect.all(Array.replicate(increment, 50), { concurrency: "unbounded" })
      assert.strictEqual(yield* get, 50)
    }))

  it.scopedLive("has a statement outside wait for the transaction that is open, and be no part of it", () =>
    Effect.gen(function*() {
      const { database, get, set } = yield* opened
      const within = yield* Deferred.make<void>()
      const goOn = yield* Deferred.make<void>()
      const transaction = yield* Effect.fork(database.transaction(
        "failing",
        set(1).pipe(
          Effect.zipRight(Deferred.succeed(within, undefined)),
          Effect.zipRight(Deferred.await(goOn)),
          Effect.zipRight(Effect.fail("no"))
        )
      ))
      yield* Deferred.await(within)
      const outside = yield* Effect.fork(Effect.zipRight(get, set(7)))
      yield* Effect.yieldNow()
      assert.isNull(yield* Fiber.poll(outside).pipe(Effect.map((polled) => polled._tag === "None" ? null : polled)))
      yield* Deferred.succeed(goOn, undefined)
      assert.isTrue(Exit.isFailure(yield* Fiber.await(transaction)))
      yield* Fiber.join(outside)
      assert.strictEqual(yield* get, 7)
    }))

  it.scopedLive("undoes a transaction that is interrupted, and goes on", () =>
    Effect.gen(function*() {
      const { get, set, sql } = yield* opened
      const within = yield* Deferred.make<void>()
      const transaction = yield* Effect.fork(sql.withTransaction(
        set(1).pipe(Effect.zipRight(Deferred.succeed(within, undefined)), Effect.zipRight(Effect.never))
      ))
      yield* Deferred.await(within)
      yield* Fiber.interrupt(transaction)
      assert.strictEqual(yield* get, 0)
    }))

  it.scopedLive("lets who waits for a turn give up", () =>
    Effect.gen(function*() {
      const { get, set, sql } = yield* opened
      const within = yield* Deferred.make<void>()
      const goOn = yield* Deferred.make<void>()
      const first = yield* Effect.fork(sql.withTransaction(
        Effect.zipRight(Deferred.succeed(within, undefined), Deferred.await(goOn))
      ))
      yield* Deferred.await(within)
      const second = yield* Effect.fork(sql.withTransaction(set(1)))
      yield* Effect.yieldNow()
      yield* Fiber.interrupt(second)
      yield* Deferred.succeed(goOn, undefined)
      yield* Fiber.join(first)
      assert.strictEqual(yield* get, 0)
    }))

  it.scopedLive("says that a commit failed, and goes on with nothing of it", () =>
    Effect.gen(function*() {
      const { database, get, set, sql } = yield* opened
      yield* sql`CREATE TABLE child (parent INTEGER REFERENCES counted (id) DEFERRABLE INITIALLY DEFERRED)`
      const orphan = database.join("orphan", sql`INSERT INTO child VALUES (99)`)
      const error = yield* Effect.flip(database.transaction("deferred", Effect.zipRight(set(5), orphan)))
      assert.strictEqual(error._tag, "StoreUnavailable")
      assert.strictEqual(error.operation, "deferred")
      assert.strictEqual(yield* get, 0)
      yield* database.transaction("next", set(1))
      assert.strictEqual(yield* get, 1)
    }))
})
