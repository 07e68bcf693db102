import * as Libsql from "@effect-launchkey/platform/sql/Libsql"
import * as Pg from "@effect-launchkey/platform/sql/Pg"
import * as SqlStore from "@effect-launchkey/platform/sql/SqlStore"
import * as Store from "@effect-launchkey/platform/Store"
import * as SqlPg from "@effect-launchkey/sql/Pg"
import {
  filename,
  type PgPlace,
  pgSchema,
  serverUrl,
  withFile,
  withPg
} from "@effect-launchkey/testing/sql/TestDatabases"
import * as SqlClient from "@effect/sql/SqlClient"
import { assert, describe, it } from "@effect/vitest"
import { Clock, Context, Duration, Effect, Either, Layer, Option } from "effect"
import { inspect } from "node:util"
import { at, newDevice, newLinking, newRequest, newUser } from "../storeContract.ts"

const node = ({ url }: PgPlace) => Layer.fresh(Pg.layer({ url, maxConnections: 8 }))

type Opened = Layer.Layer<Store.Store | SqlClient.SqlClient, unknown>

/** What holds where there is a database, and in memory does not. */
const durable = (name: string, live: Opened) => {
  const opened = Effect.map(Layer.build(Layer.fresh(live)), (context) => ({
    store: Context.get(context, Store.Store),
    sql: Context.get(context, SqlClient.SqlClient)
  }))

  describe(name, () => {
    it.scoped("keeps all of a transaction, or nothing of it where it fails", () =>
      Effect.gen(function*() {
        const { store } = yield* opened
        const user = newUser()
        const request = newRequest(user, 0)
        const device = newDevice(user)
        const all = Effect.all([
          store.openAuthorization(request),
          store.insertLinking(newLinking(device), device),
          store.firstSeen({ issuer: "svc", tokenId: "in a transaction", until: 4_000_000_000 })
        ])
        assert.strictEqual(yield* Effect.flip(store.transaction(Effect.zipRight(all, Effect.fail("no")))), "no")
        assert.deepStrictEqual(yield* store.authorization(request.id), Option.none())
        assert.isFalse(yield* store.hasUser(user))
        yield* store.transaction(all)
        assert.deepStrictEqual(yield* store.openAuthorizations(user, at(1)), [request])
        assert.deepStrictEqual(yield* store.devices(user), [device])
        assert.isFalse(yield* store.firstSeen({ issuer: "svc", tokenId: "in a transaction", until: 4_000_000_000 }))
      }))

    it.scoped("undoes the part of a transaction that failed alone", () =>
      Effect.gen(function*() {
        const { store } = yield* opened
        const [kept, undone] = [newUser(), newUser()]
        yield* store.transaction(
          Effect.zipRight(
            store.ensureUser(kept),
            Effect.ignore(store.transaction(Effect.zipRight(store.ensureUser(undone), Effect.fail("no"))))
          )
        )
        assert.isTrue(yield* store.hasUser(kept))
        assert.isFalse(yield* store.hasUser(undone))
      }))

    it.scoped("forgets what has expired, and no token or request that may be asked for", () =>
      Effect.gen(function*() {
        const { sql, store } = yield* opened
        const user = newUser()
        const device = newDevice(user)
        yield* store.insertLinking(newLinking(device), device)
        yield* store.openAuthorization(newRequest(user, 0))
        yield* store.firstSeen({ issuer: "svc", tokenId: "old", until: 60 })
        yield* store.attempt("x", { limit: 1, window: Duration.minutes(1) }, at(0))
        const kept = newRequest(newUser(), 4_000_000_000)
        yield* store.openAuthorization(kept)
        yield* store.firstSeen({ issuer: "svc", tokenId: "new", until: 4_000_000_000 })
        const rows = Effect.map(
          sql<{ n: number | string }>`
            SELECT (SELECT count(*) FROM platform_tokens) + (SELECT count(*) FROM platform_linkings)
              + (SELECT count(*) FROM platform_authorizations) + (SELECT count(*) FROM platform_open_authorizations)
              + (SELECT count(*) FROM platform_attempts) AS n`,
          ([row]) => Number(row?.n)
        )
        assert.strictEqual(yield* rows, 8)
        // another node, which looks as soon as it begins, in another time
        yield* SqlStore.make().pipe(Effect.provideService(SqlClient.SqlClient, sql), Effect.withClock(Clock.make()))
        yield* Effect.repeat(rows, { until: (n) => n === 3 })
        assert.deepStrictEqual(yield* store.openAuthorizations(kept.user, at(4_000_000_001)), [kept])
        assert.isFalse(yield* store.firstSeen({ issuer: "svc", tokenId: "new", until: 4_000_000_000 }))
        assert.isTrue(Option.isSome(yield* store.device(device.id)))
      }))

    it.scoped("says that what it holds cannot be read, and nothing of what that is", () =>
      Effect.gen(function*() {
        const { sql, store } = yield* opened
        const request = newRequest({ ...newUser(), identifier: "somebody" }, 0)
        yield* store.openAuthorization(request)
        yield* sql`UPDATE platform_authorizations SET record = replace(record, '"serviceId"', '"other"')`
        const error = yield* Effect.flip(store.authorization(request.id))
        assert.strictEqual(error._tag, "StoreUnavailable")
        assert.strictEqual(error.operation, "Store.authorization")
        assert.notInclude(inspect(error, { depth: 9 }), "somebody")
      }))

    it.scopedLive("finds by an index whatever it looks for in a call", () =>
      Effect.gen(function*() {
        const { sql } = yield* opened
        const tables = yield* sql.onDialectOrElse({
          pg: () => Effect.succeed([]),
          orElse: () =>
            sql<{ detail: string }>`EXPLAIN QUERY PLAN SELECT record FROM platform_devices
            WHERE directory_id = 'd' AND identifier = 'i' ORDER BY position`
        })
        assert.deepStrictEqual(tables.filter(({ detail }) => /SCAN|TEMP/.test(detail)), [])
      }))
  })
}

durable("a file, as a database", withFile((filename) => Libsql.layer({ filename })))
describe.skipIf(serverUrl === undefined)("PostgreSQL", () => {
  durable("as a database", withPg(({ url }) => Pg.layer({ url, maxConnections: 4 })))

  it.scoped("has what one node answered before it ended", () =>
    Effect.gen(function*() {
      const place = yield* pgSchema
      const request = newRequest(newUser(), 0)
      yield* Effect.scoped(
        Effect.flatMap(Layer.build(node(place)), (context) =>
          Context.get(context, Store.Store).openAuthorization(request))
      )
      const store = Context.get(yield* Layer.build(node(place)), Store.Store)
      assert.deepStrictEqual(yield* store.openAuthorization(newRequest(request.user, 1)), Either.left(request))
    }))

  it.scopedLive("answers only what is on the disk, where nobody asked it to do otherwise", () =>
    Effect.gen(function*() {
      const context = yield* Layer.build(SqlPg.layer({ url: (yield* pgSchema).url }))
      const sql = Context.get(context, SqlClient.SqlClient)
      const [row] = yield* sql<{ boot: string; source: string }>`
        SELECT boot_val AS boot, source FROM pg_settings WHERE name = 'synchronous_commit'`
      assert.strictEqual(row?.boot, "on")
      // the server of the tests is told otherwise where it starts, and no session of ours changes that
      assert.notInclude(["session", "client", "user", "database"], row?.source)
    }))
})

describe("a file", () => {
  const open = (file: string) =>
    Effect.map(Layer.build(Layer.fresh(Libsql.layer({ filename: file }))), Context.get(Store.Store))

  it.scoped("has what was answered before the process ended", () =>
    Effect.gen(function*() {
      const file = yield* filename
      const request = newRequest(newUser(), 0)
      yield* Effect.scoped(Effect.flatMap(open(file), ({ openAuthorization }) => openAuthorization(request)))
      const store = yield* open(file)
      assert.deepStrictEqual(yield* store.openAuthorization(newRequest(request.user, 1)), Either.left(request))
    }))

  it.scopedLive("serves one platform at a time", () =>
    Effect.gen(function*() {
      const file = yield* filename
      yield* open(file)
      assert.strictEqual((yield* Effect.flip(open(file)))._tag, "FileInUse")
    }))
})
