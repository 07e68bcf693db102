import { AuthorizationRequestId, DeviceId } from "@effect-launchkey/core/Authorization"
import { LinkingCode } from "@effect-launchkey/core/Device"
import * as Entity from "@effect-launchkey/core/EntityIdentifier"
import * as AuditLog from "@effect-launchkey/platform/AuditLog"
import * as KeyRotation from "@effect-launchkey/platform/KeyRotation"
import * as Migrations from "@effect-launchkey/platform/sql/Migrations"
import * as Store from "@effect-launchkey/platform/Store"
import * as WebhookQueue from "@effect-launchkey/platform/WebhookQueue"
import * as Libsql from "@effect-launchkey/sql/Libsql"
import * as Pg from "@effect-launchkey/sql/Pg"
import { filename, pgSchema, serverUrl } from "@effect-launchkey/testing/sql/TestDatabases"
import * as TestKeys from "@effect-launchkey/testing/TestKeys"
import * as SqlClient from "@effect/sql/SqlClient"
import { assert, describe, it } from "@effect/vitest"
import { Context, Duration, Effect, Either, Layer, Option, Predicate } from "effect"
import * as Fs from "node:fs"
import * as Content from "./fixtures/content.ts"

const folder = new URL("fixtures/", import.meta.url)

const kept = (name: string): string => Fs.readFileSync(new URL(name, folder), "utf8")

/** Whatever was known is known as it was; a later version may know more of it. */
const includes = (actual: unknown, expected: unknown, path = "known"): void => {
  if (Array.isArray(expected)) {
    assert(Array.isArray(actual) && actual.length === expected.length, path)
    expected.forEach((each, n) => includes(actual[n], each, `${path}[${n}]`))
  } else if (Predicate.isRecord(expected)) {
    assert(Predicate.isRecord(actual), path)
    for (const [name, each] of Object.entries(expected)) includes(actual[name], each, `${path}.${name}`)
  } else {
    assert.strictEqual(actual, expected, path)
  }
}

/** Untraced: a span has the text of its statement, and these have their values in it. */
const execute = (sql: SqlClient.SqlClient, script: string) =>
  Effect.forEach(
    script.split(";\n").filter((statement) => statement.trim() !== ""),
    (statement) => sql.unsafe(statement),
    { discard: true }
  ).pipe(sql.withTransaction, Effect.withTracerEnabled(false))

const clientOf = <A, E>(layer: Layer.Layer<A | SqlClient.SqlClient, E>) =>
  Effect.map(Layer.build(Layer.fresh(layer)), Context.get(SqlClient.SqlClient))

/** An empty database, and the platform on it. */
const databases = {
  libsql: Effect.map(filename, (filename) => ({
    client: clientOf(Libsql.layer({ filename })),
    platform: Layer.fresh(Content.onFile(filename, TestKeys.encryption))
  })),
  postgres: Effect.map(pgSchema, ({ url }) => ({
    client: clientOf(Pg.layer({ url, maxConnections: 1 })),
    platform: Layer.fresh(Content.onPg(url, TestKeys.encryption))
  }))
}

const tables = (sql: SqlClient.SqlClient) =>
  sql.onDialectOrElse({
    pg: () =>
      Effect.zipWith(
        sql`SELECT table_name, column_name, data_type, collation_name, is_nullable, is_identity,
            replace(column_default, current_schema() || '.', '') AS value
          FROM information_schema.columns WHERE table_schema = current_schema() ORDER BY table_name, column_name`,
        sql`SELECT replace(indexdef, schemaname || '.', '') AS made
          FROM pg_indexes WHERE schemaname = current_schema() ORDER BY made`,
        (columns, indexes): ReadonlyArray<unknown> => [...columns, ...indexes]
      ),
    orElse: () =>
      sql`SELECT type, name, sql FROM sqlite_master WHERE name LIKE 'platform_%' ORDER BY name`.pipe(
        Effect.map((parts): ReadonlyArray<unknown> => parts)
      )
  })

const goesOn = Effect.gen(function*() {
  const { at, other, user } = Content
  const store = yield* Store.Store
  const queue = yield* WebhookQueue.WebhookQueue
  const audit = yield* AuditLog.AuditLog
  const rotation = yield* KeyRotation.KeyRotation
  const newRequest = (of: Store.UserKey) =>
    Content.request(AuthorizationRequestId.make("11111111-6a5c-4a2e-9d55-000000000001"), of)

  // what was decided stays so
  const blocked = yield* store.openAuthorization(newRequest(user))
  assert(Either.isLeft(blocked))
  assert.isFalse(yield* store.useTotpStep(user, 133_333_333))
  assert.isTrue(yield* store.useTotpStep(user, 133_333_334))
  assert.deepStrictEqual(
    yield* store.attempt(Content.attempted, Content.limit, at(10)),
    Option.some(Duration.seconds(50))
  )
  assert.isFalse(yield* store.firstSeen(Content.token))
  const [directory] = yield* store.directories(Content.organizationId)
  assert(directory !== undefined)
  assert.isFalse(yield* store.insertDirectory(directory, "directory"))

  // and the rest goes on from it
  yield* store.closeAuthorization(blocked.left.id, at(2), { _tag: "Canceled" })
  assert.deepStrictEqual(yield* store.openAuthorization(newRequest(user)), Either.right(undefined))
  assert.lengthOf(yield* store.openAuthorizations(user, at(3)), 1)
  const linked = yield* store.completeLinking(Content.code, at(3), (device) => ({ ...device, status: "LINKED" }))
  assert.deepStrictEqual(Option.map(linked, ({ status }) => status), Option.some("LINKED"))
  const id = DeviceId.make("11111111-6a5c-4a2e-9d55-000000000002")
  const device = { ...Option.getOrThrow(linked), id }
  assert.isTrue(yield* store.insertLinking(Content.linking(id, LinkingCode.make("new2345")), device))
  assert.lengthOf(yield* store.devices(other), 2)
  assert.isTrue(Option.isSome(yield* store.endSession(user, Content.serviceId)))
  yield* store.removeDevice(Content.linkedId)
  assert.deepStrictEqual(yield* store.keys(Entity.device(Content.linkedId)), [])

  const { id: latest } = yield* queue.enqueue(Content.webhook, at(50))
  const log = yield* queue.log
  assert.strictEqual(latest, Math.max(...log.map(({ id }) => id)))
  const claims = yield* queue.claim({ ...Content.due(60), limit: 10 })
  assert.deepStrictEqual(claims.map(({ id }) => id), log.filter(({ state }) => state === "PENDING").map(({ id }) => id))
  assert.deepStrictEqual(claims[0]?.webhook, Content.webhook)
  assert.strictEqual(claims[0]?.failures, 1)

  yield* audit.record({ act: "platform.key.retire", on: "platform" })
  const verdict = yield* AuditLog.verify(audit)
  assert.deepStrictEqual([verdict.holds, verdict.broken], [3, Option.none()])
  assert.strictEqual((yield* rotation.rotate).state, "ANNOUNCED")
  assert.lengthOf(yield* rotation.list, 3)
})

for (const [dialect, database] of Object.entries(databases)) {
  const versions = Fs.readdirSync(folder).flatMap((name) =>
    name.startsWith(dialect) && name.endsWith(".sql") ? [name.slice(dialect.length + 1, -".sql".length)] : []
  )

  describe.skipIf(dialect === "postgres" && serverUrl === undefined)(`${dialect} of an older schema`, () => {
    it.scopedLive.each(versions)(
      "opens under the newest, with all that it knew, and goes on: %s",
      (version) =>
        Effect.gen(function*() {
          const { client, platform } = yield* database
          yield* Effect.scoped(Effect.flatMap(client, (sql) => execute(sql, kept(`${dialect}-${version}.sql`))))
          const known: unknown = JSON.parse(kept(`${dialect}-${version}.json`))
          yield* Effect.gen(function*() {
            includes(yield* Content.read, known)
            yield* goesOn
          }).pipe(Effect.provide(platform))

          // what was made from nothing has the same tables
          const schema = (made: typeof client) => Effect.scoped(Effect.flatMap(made, tables))
          const fresh = yield* database
          yield* Effect.scoped(Layer.build(fresh.platform))
          assert.deepStrictEqual(yield* schema(client), yield* schema(fresh.client))
        })
    )

    it.scopedLive("is not opened where a later version wrote it, and stays as it is", () =>
      Effect.gen(function*() {
        const { client, platform } = yield* database
        yield* Effect.scoped(Layer.build(platform))
        const later = (sql: SqlClient.SqlClient) =>
          sql`INSERT INTO ${sql(Migrations.table)} (migration_id, name) VALUES (9999, 'later')`
        yield* Effect.scoped(Effect.flatMap(client, later))
        const error = yield* Effect.flip(Effect.scoped(Effect.asVoid(Layer.build(platform))))
        assert(error._tag === "StoreUnavailable")
        assert.match(String(error.cause), /at migration 9999.*knows none after \d+/)
      }))
  })
}
