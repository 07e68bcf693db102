import { AuthorizationPackage } from "@effect-launchkey/core/Authorization"
import { filename, urlOf } from "@effect-launchkey/testing/sql/TestDatabases"
import * as LibsqlClient from "@effect/sql-libsql/LibsqlClient"
import * as SqlClient from "@effect/sql/SqlClient"
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
import * as Schema from "effect/Schema"
import * as Scope from "effect/Scope"
import * as TestClock from "effect/TestClock"
import * as Tracer from "effect/Tracer"
import { spawn } from "node:child_process"
import { fileURLToPath } from "node:url"
import { PendingAuthorizations } from "../../src/PendingAuthorizations.ts"
import * as Libsql from "../../src/sql/Libsql.ts"
import * as Migrations from "../../src/sql/Migrations.ts"
import { Claim, WebhookInbox } from "../../src/WebhookInbox.ts"
import { ticketOf, tokenOf } from "../inboxContract.ts"
import { answerOf, requestOf } from "../pendingContract.ts"
import { keyOf, relayed } from "./support.ts"

const lease = Duration.minutes(10)

const open = (filename: string, options: Libsql.StoreOptions = {}) =>
  Effect.map(Layer.build(Layer.fresh(Libsql.layer({ filename, ...options }))), (context) => ({
    inbox: Context.get(context, WebhookInbox),
    pending: Context.get(context, PendingAuthorizations)
  }))

/** Stores and the client that they share, to look at their tables. */
const openWithClient = (filename: string, options: Libsql.StoreOptions = {}) =>
  Effect.map(
    Layer.build(Layer.provideMerge(Libsql.layerClient(options), LibsqlClient.layer({ url: urlOf(filename) }))),
    (context) => ({
      inbox: Context.get(context, WebhookInbox),
      pending: Context.get(context, PendingAuthorizations),
      sql: Context.get(context, SqlClient.SqlClient)
    })
  )

const rowsOf = (sql: SqlClient.SqlClient) =>
  Effect.map(
    sql<{ rows: number }>`
      SELECT count(*) AS rows FROM (
        SELECT until FROM launchkey_webhook_tokens UNION ALL SELECT until FROM launchkey_webhook_events
        UNION ALL SELECT until FROM launchkey_authorizations
      ) AS everything`,
    ([row]) => row?.rows
  )

/** A process that opens the file, leaves what it remembers there, and stays until it is killed. */
const holder = (filename: string) =>
  Effect.acquireRelease(
    Effect.async<ReturnType<typeof spawn>>((resume) => {
      const child = spawn(
        process.execPath,
        ["--import", "tsx", fileURLToPath(new URL("holder.ts", import.meta.url)), filename],
        { stdio: ["ignore", "pipe", "inherit"] }
      )
      child.stdout?.once("data", () => resume(Effect.succeed(child)))
    }),
    (child) => kill(child)
  )

const kill = (child: ReturnType<typeof spawn>) =>
  Effect.async<void>((resume) => {
    if (child.exitCode !== null || child.signalCode !== null) return resume(Effect.void)
    child.once("exit", () => resume(Effect.void))
    child.kill("SIGKILL")
  })

describe("a file", () => {
  it.scopedLive("keeps what it was told for whoever opens it next", () =>
    Effect.gen(function*() {
      const file = yield* filename
      const token = yield* tokenOf("a")
      const request = yield* requestOf(keyOf(1))
      yield* Effect.scoped(Effect.gen(function*() {
        const { inbox, pending } = yield* open(file)
        yield* inbox.firstSeen(token)
        yield* inbox.complete("event", ticketOf(yield* inbox.claim("event", lease)))
        yield* pending.remember(request)
        yield* pending.complete(keyOf(2), answerOf("u"))
      }))
      const { inbox, pending } = yield* open(file)
      assert.isFalse(yield* inbox.firstSeen(token))
      assert.deepStrictEqual(yield* inbox.claim("event", lease), Claim.Handled())
      assert.deepStrictEqual(yield* pending.list(request.serviceId), [request])
      assert.deepStrictEqual(yield* pending.awaitAnswer(keyOf(2)), answerOf("u"))
    }))

  it.scopedLive("serves one layer at a time", () =>
    Effect.gen(function*() {
      const file = yield* filename
      const scope = yield* Scope.make()
      yield* Scope.extend(open(file), scope)
      const error = yield* Effect.flip(open(file))
      assert.strictEqual(error._tag, "FileInUse")
      assert.isTrue(error._tag === "FileInUse" && error.filename === file)
      assert.include(error.message, file)
      yield* Scope.close(scope, Exit.void)
      yield* open(file)
    }))

  it.scopedLive("serves one process at a time, and the next one after that was killed", () =>
    Effect.gen(function*() {
      const file = yield* filename
      const child = yield* holder(file)
      assert.strictEqual((yield* Effect.flip(open(file)))._tag, "FileInUse")
      yield* kill(child)
      const { inbox, pending } = yield* open(file)
      assert.isFalse(yield* inbox.firstSeen({ audience: "svc", tokenId: "seen", until: 4_000_000_000 }))
      assert.deepStrictEqual(yield* inbox.claim("handled", lease), Claim.Handled())
      assert.deepStrictEqual(yield* pending.answer(keyOf(1)), Option.some(relayed))
    }))

  it.scopedLive("is not made in a folder that is not there", () =>
    Effect.gen(function*() {
      const error = yield* Effect.flip(open(`${yield* filename}/nowhere/stores.db`))
      assert.strictEqual(error._tag, "StoreUnavailable")
      assert.isTrue(error._tag === "StoreUnavailable" && error.operation === "Libsql.layer")
    }))

  it.scopedLive("is refused where it is none of SQLite's", () =>
    Effect.gen(function*() {
      const error = yield* Effect.flip(open(fileURLToPath(import.meta.url)))
      assert.strictEqual(error._tag, "StoreUnavailable")
    }))

  it.scopedLive("runs its migrations once, and nothing of one that fails", () =>
    Effect.gen(function*() {
      const file = yield* filename
      const client = LibsqlClient.layer({ url: urlOf(file) })
      const using = <A, E>(use: (sql: SqlClient.SqlClient) => Effect.Effect<A, E>) =>
        Effect.scoped(Effect.provide(Effect.flatMap(SqlClient.SqlClient, use), client))
      yield* using((sql) => sql`CREATE TABLE launchkey_authorizations (id INTEGER)`)
      const error = yield* Effect.flip(Effect.scoped(open(file)))
      assert.isTrue(error._tag === "StoreUnavailable" && error.operation === "Migrations.run")
      const tables = yield* using((sql) => sql`SELECT name FROM sqlite_master WHERE name LIKE 'launchkey_webhook%'`)
      assert.deepStrictEqual(tables, [])
      yield* using((sql) => sql`DROP TABLE launchkey_authorizations`)
      yield* Effect.scoped(open(file))
      yield* Effect.scoped(open(file))
      const ran = yield* using((sql) => sql`SELECT migration_id FROM ${sql(Migrations.table)}`)
      assert.lengthOf(ran, Object.keys(Migrations.migrations).length)
    }))

  it.scopedLive("is named by the configuration", () =>
    Effect.gen(function*() {
      const context = yield* Effect.withConfigProvider(
        Layer.build(Libsql.layerConfig({ filename: Config.string("FILE") })),
        ConfigProvider.fromMap(new Map([["FILE", yield* filename]]))
      )
      assert.isTrue(yield* Context.get(context, WebhookInbox).firstSeen(yield* tokenOf("a")))
    }))

  it.scoped("counts leases, retention and times to live by the clock of the program", () =>
    Effect.gen(function*() {
      const { inbox, pending } = yield* open(yield* filename, {
        inbox: { retention: "20 minutes" },
        pending: { retention: "10 minutes", interval: "1 day" }
      })
      const before = ticketOf(yield* inbox.claim("event", Duration.seconds(30)))
      yield* TestClock.adjust("29 seconds")
      assert.deepStrictEqual(yield* inbox.claim("event", lease), Claim.InProgress())
      yield* TestClock.adjust("1 second")
      const ticket = ticketOf(yield* inbox.claim("event", Duration.seconds(30)))
      assert.isFalse(yield* inbox.complete("event", before))
      assert.isTrue(yield* inbox.complete("event", ticket))

      const request = yield* requestOf(keyOf(1), { open: 300 })
      yield* pending.remember(request)
      yield* TestClock.adjust("299 seconds")
      assert.lengthOf(yield* pending.list(request.serviceId), 1)
      yield* TestClock.adjust("1 second")
      assert.lengthOf(yield* pending.list(request.serviceId), 0)
      assert.isTrue(yield* pending.complete(request, answerOf("u")))
      yield* TestClock.adjust("301 seconds")
      assert.deepStrictEqual(yield* pending.find(request), Option.none())
      assert.isTrue(Option.isSome(yield* pending.answer(request)))
      yield* TestClock.adjust("5 minutes")
      assert.deepStrictEqual(yield* pending.answer(request), Option.none())
      assert.isTrue(yield* pending.complete(request, answerOf("v")))
      assert.deepStrictEqual(yield* inbox.claim("event", lease), Claim.Handled())
      yield* TestClock.adjust("5 minutes")
      assert.strictEqual((yield* inbox.claim("event", lease))._tag, "Claimed")
    }))

  it.scoped("stays bounded, however much comes in a day", () =>
    Effect.gen(function*() {
      const { inbox, pending, sql } = yield* openWithClient(yield* filename, {
        pending: { interval: "1 day", retention: "10 minutes" }
      })
      for (const hour of [1, 2]) {
        yield* Effect.forEach(Array.range(1, 1200), (n) =>
          Effect.gen(function*() {
            yield* inbox.firstSeen(yield* tokenOf(`${hour} ${n}`))
            yield* inbox.claim(`${hour} ${n}`, lease)
            yield* pending.complete(keyOf(hour * 10_000 + n), answerOf("u"))
          }), { concurrency: "unbounded", discard: true })
        assert.strictEqual(yield* rowsOf(sql), 3600)
        yield* Effect.repeat(Effect.zipRight(TestClock.adjust("1 minute"), rowsOf(sql)), {
          until: (rows) => rows === 0
        })
      }
    }))

  it.scoped("never forgets a token early, even if the clock runs ahead by some minutes", () =>
    Effect.gen(function*() {
      const { inbox, sql } = yield* openWithClient(yield* filename, { pending: { interval: "1 day" } })
      const token = yield* tokenOf("a")
      yield* inbox.firstSeen(token)
      yield* TestClock.adjust("19 minutes")
      yield* sql`SELECT 1`
      assert.isFalse(yield* inbox.firstSeen(token))
    }))

  it.scoped("looks for the answers to 5,000 requests by five statements, and leaves none of those who waited", () =>
    Effect.gen(function*() {
      let statements = 0
      const counting = Tracer.make({
        span: (name, parent, context, links, startTime, kind) => {
          if (name === "sql.execute") statements += 1
          return new Quiet(name, parent, context, links, startTime, kind)
        },
        context: (execution) => execution()
      })
      const file = yield* filename
      const { pending, sql } = yield* Effect.withTracer(openWithClient(file), counting)
      const waiting = yield* Effect.forkAll(Array.makeBy(5000, (n) => pending.awaitAnswer(keyOf(n))))
      yield* Effect.repeat(Effect.yieldNow(), { until: () => statements >= 10, times: 20_000 })
      yield* pending.answer(keyOf(0))
      const joined = statements
      assert.isBelow(joined, 50)
      yield* TestClock.adjust("6 seconds")
      yield* pending.answer(keyOf(0))
      assert.isAtMost(statements - joined, 12)

      // of this one there is no word: another's client put it there
      const answer = yield* Schema.encode(Schema.parseJson(AuthorizationPackage))(relayed)
      yield* sql`INSERT INTO launchkey_authorizations (service_id, id, answer, answer_until, until)
        VALUES (${keyOf(7).serviceId}, ${keyOf(7).id}, ${answer}, 4000000000000, 4000000000000)`
      yield* TestClock.adjust("6 seconds")
      yield* Effect.forEach(
        Array.makeBy(5000, keyOf),
        (key) => pending.complete(key, answerOf(key.id)),
        { concurrency: "unbounded", discard: true }
      )
      const answers = yield* Fiber.join(waiting)
      assert.strictEqual(answers[7]?.serviceUserHash, "u")
      assert.strictEqual(answers[4999]?.serviceUserHash, keyOf(4999).id)
      const afterwards = statements
      yield* TestClock.adjust("30 seconds")
      yield* pending.answer(keyOf(0))
      assert.strictEqual(statements, afterwards + 1)
    }))
})

class Quiet implements Tracer.Span {
  readonly _tag = "Span"
  readonly spanId = "span"
  readonly traceId = "trace"
  readonly sampled = false
  readonly attributes = new Map<string, unknown>()
  readonly status: Tracer.SpanStatus
  readonly name: string
  readonly parent: Option.Option<Tracer.AnySpan>
  readonly context: Context.Context<never>
  readonly links: ReadonlyArray<Tracer.SpanLink>
  readonly kind: Tracer.SpanKind
  constructor(...[name, parent, context, links, startTime, kind]: Parameters<Tracer.Tracer["span"]>) {
    this.name = name
    this.parent = parent
    this.context = context
    this.links = links
    this.kind = kind
    this.status = { _tag: "Started", startTime }
  }
  end() {}
  attribute() {}
  event() {}
  addLinks() {}
}
