import { admin, pgDatabase, type PgPlace, pgSchema, serverUrl } from "@effect-launchkey/testing/sql/TestDatabases"
import * as PgClient from "@effect/sql-pg/PgClient"
import { assert, describe, it } from "@effect/vitest"
import * as Array from "effect/Array"
import * as Config from "effect/Config"
import * as ConfigProvider from "effect/ConfigProvider"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as TestClock from "effect/TestClock"
import * as Net from "node:net"
import { inspect } from "node:util"
import { PendingAuthorizations } from "../../src/PendingAuthorizations.ts"
import * as Migrations from "../../src/sql/Migrations.ts"
import * as Pg from "../../src/sql/Pg.ts"
import { Claim, WebhookInbox } from "../../src/WebhookInbox.ts"
import { ticketOf, tokenOf } from "../inboxContract.ts"
import { answerOf, requestOf } from "../pendingContract.ts"
import { keyOf } from "./support.ts"

const lease = Duration.minutes(10)

/** A process of its own, as far as the stores can tell. */
const node = (place: PgPlace, options: Pg.StoreOptions = {}) =>
  Effect.map(Layer.build(Layer.fresh(Pg.layer({ url: place.url, maxConnections: 4, ...options }))), (context) => ({
    inbox: Context.get(context, WebhookInbox),
    pending: Context.get(context, PendingAuthorizations)
  }))

const client = (place: PgPlace) =>
  Effect.map(Layer.build(PgClient.layer({ url: place.url })), Context.get(PgClient.PgClient))

/** Everything that listens in the database, ended behind its back. */
const killListeners = ({ name }: PgPlace) =>
  admin((sql) =>
    sql`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = ${name} AND query LIKE 'LISTEN%'`
  )

const listeners = ({ name }: PgPlace) =>
  Effect.map(
    admin((sql) => sql`SELECT pid FROM pg_stat_activity WHERE datname = ${name} AND query LIKE 'LISTEN%'`),
    (rows) => rows.length
  )

const untilListening = (place: PgPlace) => Effect.repeat(listeners(place), { until: (count) => count > 0 })

/** Lets time pass until the fiber ends, however long what it does in reality takes. */
const passing = <A, E>(fiber: Fiber.Fiber<A, E>) =>
  TestClock.adjust("1 second").pipe(
    Effect.zipRight(Effect.promise(() => new Promise((resolve) => setImmediate(resolve)))),
    Effect.zipRight(Fiber.poll(fiber)),
    Effect.repeat({ until: Option.isSome }),
    Effect.zipRight(Fiber.join(fiber))
  )

/** Listens on a port of its own, and says nothing. */
const silentServer = Effect.acquireRelease(
  Effect.async<{ readonly port: number; readonly server: Net.Server; readonly sockets: Set<Net.Socket> }>((resume) => {
    const sockets = new Set<Net.Socket>()
    const server = Net.createServer((socket) => {
      sockets.add(socket)
    }).listen(0, "127.0.0.1", () => {
      const address = server.address()
      resume(
        Effect.succeed({ port: address !== null && typeof address === "object" ? address.port : 0, server, sockets })
      )
    })
  }),
  ({ server, sockets }) =>
    Effect.sync(() => {
      for (const socket of sockets) socket.destroy()
      server.close()
    })
)

describe("a PostgreSQL that is not there", () => {
  it.scopedLive("is told at once where nothing listens", () =>
    Effect.gen(function*() {
      const { port, server } = yield* silentServer
      yield* Effect.promise(() => new Promise((resolve) => server.close(resolve)))
      const error = yield* Effect.flip(
        Layer.build(Pg.layer({ url: Redacted.make(`postgres://x:secret@127.0.0.1:${port}/x`) }))
      )
      assert.strictEqual(error._tag, "StoreUnavailable")
      assert.strictEqual(error.operation, "Pg.layer")
      assert.notInclude(error.message, "secret")
    }))

  it.scopedLive("is told after the connection's time where nothing is answered", () =>
    Effect.gen(function*() {
      const { port } = yield* silentServer
      const url = Redacted.make(`postgres://x@127.0.0.1:${port}/x`)
      const error = yield* Effect.flip(Layer.build(Pg.layer({ url, connectTimeout: "50 millis" })))
      assert.strictEqual(error.operation, "Pg.layer")
    }))
})

describe.skipIf(serverUrl === undefined)("PostgreSQL shared by two processes", () => {
  it.scopedLive("sees each token first in one of them", () =>
    Effect.gen(function*() {
      const place = yield* pgSchema
      const [one, other] = yield* Effect.all([node(place), node(place)], { concurrency: 2 })
      const tokens = yield* Effect.forEach(Array.range(1, 300), (n) => tokenOf(`token ${n}`))
      const seen = yield* Effect.forEach(
        Array.flatMap(tokens, (token) => [[one, token], [other, token], [one, token]] as const),
        ([{ inbox }, token]) => inbox.firstSeen(token),
        { concurrency: "unbounded" }
      )
      assert.lengthOf(seen.filter((first) => first), 300)
    }))

  it.scopedLive("gives each event to one of them, while they complete others", () =>
    Effect.gen(function*() {
      const place = yield* pgSchema
      const nodes = yield* Effect.all([node(place), node(place)], { concurrency: 2 })
      const handled: Array<string> = []
      const handle = ({ inbox }: (typeof nodes)[number], event: string): Effect.Effect<void, unknown> =>
        Effect.flatMap(inbox.claim(event, lease), (claim) =>
          Claim.$is("Claimed")(claim)
            ? Effect.flatMap(inbox.complete(event, claim.ticket), (completed) =>
              Effect.sync(() => {
                assert.isTrue(completed)
                handled.push(event)
              }))
            : Effect.void)
      const events = Array.map(Array.range(1, 300), (n) => `event ${n}`)
      yield* Effect.all([
        Effect.forEach(events, (event) => handle(nodes[0], event), { concurrency: 50 }),
        Effect.forEach(Array.reverse(events), (event) => handle(nodes[1], event), { concurrency: 50 }),
        Effect.forEach(Array.rotate(events, 100), (event) => handle(nodes[1], event), { concurrency: 50 })
      ], { concurrency: "unbounded" })
      assert.deepStrictEqual(handled.sort(), [...events].sort())
    }))

  it.scopedLive("keeps one answer of all that both bring, and tells both", () =>
    Effect.gen(function*() {
      const place = yield* pgSchema
      const [one, other] = yield* Effect.all([node(place), node(place)], { concurrency: 2 })
      const keys = Array.map(Array.range(1, 100), keyOf)
      const waiting = yield* Effect.forkAll(
        keys.flatMap((key) => [one.pending.awaitAnswer(key), other.pending.awaitAnswer(key)])
      )
      const kept = yield* Effect.forEach(
        keys.flatMap((key) => [[one, key, "one"], [other, key, "other"]] as const),
        ([{ pending }, key, user]) => pending.complete(key, answerOf(user)),
        { concurrency: "unbounded" }
      )
      assert.lengthOf(kept.filter((first) => first), 100)
      const answers = yield* Fiber.join(waiting)
      const stored = yield* Effect.forEach(keys, (key) => Effect.map(one.pending.answer(key), Option.getOrThrow))
      assert.deepStrictEqual(answers, stored.flatMap((answer) => [answer, answer]))
    }))

  it.scopedLive("tells of an answer that came to the other, long before it would look", () =>
    Effect.gen(function*() {
      const place = yield* pgSchema
      const [one, other] = yield* Effect.all([node(place, { pending: { interval: "1 hour" } }), node(place)])
      const waiting = yield* Effect.fork(one.pending.awaitAnswer(keyOf(1)))
      yield* other.pending.complete(keyOf(1), answerOf("u"))
      assert.deepStrictEqual(yield* Fiber.join(waiting), answerOf("u"))
    }))

  it.scopedLive("lets one go on where the other left off", () =>
    Effect.gen(function*() {
      const place = yield* pgSchema
      const request = { ...(yield* requestOf(keyOf(1))), user: { serviceUserHash: "u" } }
      const ticket = yield* Effect.scoped(Effect.gen(function*() {
        const { inbox, pending } = yield* node(place)
        yield* pending.remember(request)
        return ticketOf(yield* inbox.claim("event", Duration.zero))
      }))
      const { inbox, pending } = yield* node(place)
      assert.deepStrictEqual(yield* pending.list(request.serviceId), [request])
      assert.notStrictEqual(ticketOf(yield* inbox.claim("event", lease)), ticket)
    }))

  it.scopedLive("hears of an answer by looking for it, where listening has silently ended", () =>
    Effect.gen(function*() {
      const place = yield* pgDatabase
      const one = yield* node(place, { pending: { interval: "100 millis" } })
      const other = yield* node(place, { listen: false })
      yield* untilListening(place)
      const waiting = yield* Effect.fork(one.pending.awaitAnswer(keyOf(1)))
      yield* killListeners(place)
      assert.strictEqual(yield* listeners(place), 0)
      yield* other.pending.complete(keyOf(1), answerOf("u"))
      assert.deepStrictEqual(yield* Fiber.join(waiting), answerOf("u"))
    }))

  it.scoped(
    "listens anew where listening has silently ended, and looks for what it missed",
    () =>
      Effect.gen(function*() {
        const place = yield* pgDatabase
        const one = yield* node(place, { pending: { interval: "1 day" } })
        const other = yield* node(place, { listen: false })
        yield* untilListening(place)
        const waiting = yield* Effect.fork(one.pending.awaitAnswer(keyOf(1)))
        yield* killListeners(place)
        yield* other.pending.complete(keyOf(1), answerOf("u"))
        assert.deepStrictEqual(yield* passing(waiting), answerOf("u"))
        assert.strictEqual(yield* listeners(place), 1)
      }),
    30_000
  )

  it.scopedLive("does without listening", () =>
    Effect.gen(function*() {
      const place = yield* pgDatabase
      const one = yield* node(place, { listen: false, pending: { interval: "50 millis" } })
      const other = yield* node(place, { listen: false })
      const waiting = yield* Effect.fork(one.pending.awaitAnswer(keyOf(1)))
      yield* other.pending.complete(keyOf(1), answerOf("u"))
      assert.deepStrictEqual(yield* Fiber.join(waiting), answerOf("u"))
      assert.strictEqual(yield* listeners(place), 0)
    }))
})

describe.skipIf(serverUrl === undefined)("PostgreSQL", () => {
  it.scopedLive(
    "fails everything that is asked while it is away, who waits too, and goes on when it is back",
    () =>
      Effect.gen(function*() {
        const place = yield* pgDatabase
        const { inbox, pending } = yield* node(place, { pending: { interval: "50 millis" } })
        const waiting = yield* Effect.fork(Effect.flip(pending.awaitAnswer(keyOf(1))))
        assert.isTrue(yield* inbox.firstSeen(yield* tokenOf("a")))
        yield* admin((sql) => sql`DROP DATABASE ${sql(place.name)} WITH (FORCE)`)
        const request = yield* requestOf(keyOf(1))
        const asked = {
          "WebhookInbox.firstSeen": inbox.firstSeen(yield* tokenOf("a")),
          "WebhookInbox.claim": inbox.claim("event", lease),
          "WebhookInbox.renew": inbox.renew("event", "ticket", lease),
          "WebhookInbox.complete": inbox.complete("event", "ticket"),
          "WebhookInbox.release": inbox.release("event", "ticket"),
          "PendingAuthorizations.remember": pending.remember(request),
          "PendingAuthorizations.list": pending.list(request.serviceId),
          "PendingAuthorizations.find": pending.find(request),
          "PendingAuthorizations.complete": pending.complete(request, answerOf("u")),
          "PendingAuthorizations.answer": pending.answer(request),
          "PendingAuthorizations.forget": pending.forget(request)
        }
        for (const [operation, effect] of Object.entries(asked)) {
          const error = yield* Effect.flip<unknown, { readonly _tag: string; readonly operation: string }, never>(
            effect
          )
          assert.strictEqual(error._tag, "StoreUnavailable")
          assert.strictEqual(error.operation, operation)
        }
        assert.strictEqual((yield* Fiber.join(waiting)).operation, "PendingAuthorizations.awaitAnswer")
        yield* admin((sql) => sql`CREATE DATABASE ${sql(place.name)}`)
        yield* Effect.provide(Migrations.run, PgClient.layer({ url: place.url }))
        assert.isTrue(yield* inbox.firstSeen(yield* tokenOf("a")))
      }),
    30_000
  )

  it.scoped("gives up on a statement that is not answered", () =>
    Effect.gen(function*() {
      const place = yield* pgSchema
      const { inbox } = yield* node(place, { listen: false })
      const sql = yield* client(place)
      const token = yield* tokenOf("a")
      const error = yield* sql.withTransaction(Effect.gen(function*() {
        yield* sql`LOCK TABLE launchkey_webhook_tokens IN ACCESS EXCLUSIVE MODE`
        return yield* passing(yield* Effect.fork(Effect.flip(inbox.firstSeen(token))))
      }))
      assert.strictEqual(error._tag, "StoreUnavailable")
      assert.strictEqual(error.operation, "WebhookInbox.firstSeen")
    }))

  it.scopedLive("refuses a text that it cannot hold, and not those that are asked for together with it", () =>
    Effect.gen(function*() {
      const { inbox } = yield* node(yield* pgSchema, { listen: false })
      const tokens = yield* Effect.forEach(["a", "b\u0000", "c", "a"], (tokenId) => tokenOf(tokenId))
      const seen = yield* Effect.forEach(tokens, (token) => Effect.exit(inbox.firstSeen(token)), {
        concurrency: "unbounded"
      })
      assert.deepStrictEqual(seen.map(Exit.isSuccess), [true, false, true, true])
      assert.deepStrictEqual(seen.filter((exit) => Exit.isSuccess(exit) && exit.value).length, 2)
      // the database quotes what it was given, and says so to nobody
      assert.include(inspect(seen[1], { depth: 12 }), "22P05")
      assert.notInclude(inspect(seen[1], { depth: 12 }), "JSON data")
    }))

  it.scopedLive("keeps its tables current for processes that start together, and runs each migration once", () =>
    Effect.gen(function*() {
      const place = yield* pgSchema
      yield* Effect.all(Array.makeBy(5, () => node(place, { listen: false })), { concurrency: "unbounded" })
      const sql = yield* client(place)
      const ran = yield* sql<{ migration_id: number }>`SELECT migration_id FROM ${sql(Migrations.table)} ORDER BY 1`
      assert.deepStrictEqual(ran.map(({ migration_id }) => migration_id), [1, 2])
    }))

  it.scopedLive("says that a migration failed, and leaves nothing of it", () =>
    Effect.gen(function*() {
      const place = yield* pgSchema
      const sql = yield* client(place)
      yield* sql`CREATE TABLE launchkey_authorizations (id INTEGER)`
      const error = yield* Effect.flip(node(place))
      assert.strictEqual(error._tag, "StoreUnavailable")
      assert.strictEqual(error.operation, "Migrations.run")
      const tables = yield* sql`SELECT tablename FROM pg_tables WHERE schemaname = ${place.name}`
      assert.lengthOf(tables, 1)
    }))

  it.scopedLive("needs no right to change tables that are current", () =>
    Effect.gen(function*() {
      const place = yield* pgSchema
      yield* Effect.scoped(node(place))
      yield* Effect.provide(Migrations.run, PgClient.layer({ url: readOnly(place) }))
    }))

  it.scopedLive("is left alone where its tables are another's to make", () =>
    Effect.gen(function*() {
      const { inbox } = yield* node(yield* pgSchema, { migrate: false, listen: false })
      assert.strictEqual((yield* Effect.flip(inbox.claim("event", lease))).operation, "WebhookInbox.claim")
    }))

  it.scopedLive("takes no part in a transaction of the program", () =>
    Effect.gen(function*() {
      const place = yield* pgSchema
      const sql = yield* client(place)
      const context = yield* Layer.build(Layer.provide(Pg.layerClient(), Layer.succeed(PgClient.PgClient, sql)))
      const pending = Context.get(context, PendingAuthorizations)
      const request = yield* requestOf(keyOf(1))
      yield* pending.remember(request).pipe(
        Effect.zipRight(pending.find(request)),
        Effect.zipRight(Effect.fail("rolled back")),
        sql.withTransaction,
        Effect.flip
      )
      assert.isTrue(Option.isSome(yield* pending.find(request)))
    }))

  it.scopedLive("says that what it holds cannot be read", () =>
    Effect.gen(function*() {
      const place = yield* pgSchema
      const { pending } = yield* node(place, { pending: { interval: "50 millis" } })
      const request = yield* requestOf(keyOf(1))
      yield* pending.remember(request)
      const waiting = yield* Effect.fork(Effect.flip(pending.awaitAnswer(request)))
      const sql = yield* client(place)
      yield* sql`UPDATE launchkey_authorizations
        SET answer = '{}', answer_until = request_until, expected_user = 'nobody'`
      assert.strictEqual((yield* Effect.flip(pending.answer(request))).operation, "PendingAuthorizations.answer")
      const unreadable = yield* Effect.flip(pending.find(request))
      assert.strictEqual(unreadable.operation, "PendingAuthorizations.find")
      assert.notInclude(inspect(unreadable, { depth: 12 }), "nobody")
      assert.strictEqual((yield* Fiber.join(waiting)).operation, "PendingAuthorizations.answer")
    }))

  it.scoped("forgets what has expired, a thousand rows at a time", () =>
    Effect.gen(function*() {
      const place = yield* pgSchema
      const { inbox, pending } = yield* node(place, { listen: false })
      const sql = yield* client(place)
      yield* sql`INSERT INTO launchkey_webhook_tokens SELECT 'svc', n, 1 FROM generate_series(1, 2500) n`
      yield* sql`INSERT INTO launchkey_webhook_events SELECT 'e' || n, 't', 1, 1 FROM generate_series(1, 2500) n`
      yield* sql`INSERT INTO launchkey_authorizations (service_id, id, until) SELECT 's', n, 1 FROM generate_series(1, 2500) n`
      yield* inbox.firstSeen({ audience: "svc", tokenId: "kept", until: 4_000_000_000 })
      yield* inbox.claim("kept", lease)
      yield* pending.complete(keyOf(1), answerOf("kept"))
      const rows = Effect.map(
        sql<{ rows: number }>`
          SELECT CAST(count(*) AS INTEGER) AS rows FROM (
            SELECT until FROM launchkey_webhook_tokens UNION ALL SELECT until FROM launchkey_webhook_events
            UNION ALL SELECT until FROM launchkey_authorizations
          ) AS everything`,
        ([row]) => row?.rows
      )
      yield* Effect.repeat(Effect.zipRight(TestClock.adjust("10 seconds"), rows), { until: (count) => count === 3 })
    }))

  it.scopedLive("takes its options from the configuration", () =>
    Effect.gen(function*() {
      const place = yield* pgSchema
      const layer = Pg.layerConfig({
        url: Config.redacted("DATABASE_URL"),
        listen: Config.boolean("LISTEN").pipe(Config.withDefault(false))
      })
      const context = yield* Effect.withConfigProvider(
        Layer.build(layer),
        ConfigProvider.fromMap(new Map([["DATABASE_URL", Redacted.value(place.url)]]))
      )
      assert.isTrue(yield* Context.get(context, WebhookInbox).firstSeen(yield* tokenOf("a")))
    }))
})

const readOnly = ({ url }: PgPlace) => {
  const options = new URL(Redacted.value(url))
  options.searchParams.set("options", `${options.searchParams.get("options")} -c default_transaction_read_only=on`)
  return Redacted.make(options.href)
}
