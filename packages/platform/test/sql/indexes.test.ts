import { AuthorizationRequestId } from "@effect-launchkey/core/Authorization"
import * as Entity from "@effect-launchkey/core/EntityIdentifier"
import * as ServicePolicy from "@effect-launchkey/core/ServicePolicy"
import * as Store from "@effect-launchkey/platform/Store"
import * as WebhookQueue from "@effect-launchkey/platform/WebhookQueue"
import { filename, pgSchema, serverUrl } from "@effect-launchkey/testing/sql/TestDatabases"
import * as TestKeys from "@effect-launchkey/testing/TestKeys"
import * as SqlClient from "@effect/sql/SqlClient"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Either, Layer, Option, Tracer } from "effect"
import * as Content from "./fixtures/content.ts"

/** Tables that have as many rows as there are organizations or operators, or fewer, and may be read whole. */
const small = /^platform_(?:organizations|operator\w*|signing_keys|secrets|audit_head|migrations)$/

/** What `fill` and `read` of the fixtures do not ask. */
const rest = Effect.gen(function*() {
  const { at, organizationId, other, serviceId, user } = Content
  const store = yield* Store.Store
  const queue = yield* WebhookQueue.WebhookQueue
  yield* store.organization(organizationId)
  const [directory] = yield* store.directories(organizationId)
  assert(directory !== undefined)
  yield* store.directory(directory.id)
  yield* store.modifyDirectory(directory.id, Either.right)
  const service = Option.getOrThrow(yield* store.service(serviceId))
  yield* store.updateService(service, { before: "service", after: "renamed" })
  yield* store.setPolicy(serviceId, ServicePolicy.none)
  yield* store.modifyKeys(Entity.service(serviceId), Either.right)
  yield* store.ensureUser(other)
  yield* store.device(Content.linkedId)
  yield* store.openAuthorization(
    Content.request(AuthorizationRequestId.make("11111111-6a5c-4a2e-9d55-000000000001"), user)
  )
  yield* store.endSession(user, serviceId)
  yield* store.setTotp(user, Option.none())
  yield* store.removeDevice(Content.linkedId)
  yield* queue.outlook([])
  yield* Effect.forEach(yield* queue.claim({ ...Content.due(60), limit: 10 }), (claim) => queue.release(claim, at(60)))
  yield* queue.replay(1, at(70))
})

const parameters = (text: string) => {
  const numbered = Array.from(text.matchAll(/\$(\d+)/g), ([, n]) => Number(n))
  return numbered.length > 0 ? Math.max(...numbered) : text.split("?").length - 1
}

/** The tables that the statement reads from end to end. */
const scanned = (sql: SqlClient.SqlClient, text: string): Effect.Effect<ReadonlyArray<string>, unknown> =>
  sql.onDialectOrElse({
    pg: () =>
      Effect.gen(function*() {
        const nulls = Array.from({ length: parameters(text) }, () => "NULL").join(", ")
        // what has an index takes it, however few rows there are
        yield* sql`SET LOCAL enable_seqscan = off`
        yield* sql`SET LOCAL plan_cache_mode = force_generic_plan`
        yield* sql.unsafe(`PREPARE explained AS ${text}`)
        const rows = yield* sql.unsafe<{ "QUERY PLAN": string }>(
          `EXPLAIN EXECUTE explained${nulls === "" ? "" : `(${nulls})`}`
        )
        yield* sql`DEALLOCATE explained`
        return rows.flatMap((row) => /Seq Scan on (platform_\w+)/.exec(row["QUERY PLAN"])?.[1] ?? [])
      }).pipe(sql.withTransaction),
    orElse: () =>
      Effect.map(
        sql.unsafe<{ detail: string }>(
          `EXPLAIN QUERY PLAN ${text}`,
          Array.from({ length: parameters(text) }, () => null)
        ),
        // an index of those that wait, or of those that ended, has nothing else in it
        (rows) =>
          rows.flatMap(({ detail }) =>
            /^SCAN (platform_\w+)\b(?! USING (?:COVERING )?INDEX platform_deliveries_)/.exec(detail)?.[1] ?? []
          )
      )
  })

/** A page of a log by its key is as long as it is asked to be. */
const limited = (text: string) => /\bORDER BY (?:id|sequence)\b[^)]*\bLIMIT\b/.test(text)

const platforms = {
  "a file": Effect.map(filename, (filename) => Content.onFile(filename, TestKeys.platform, TestKeys.retired)),
  PostgreSQL: Effect.map(pgSchema, ({ url }) => Content.onPg(url, TestKeys.platform, TestKeys.retired))
}

for (const [name, platform] of Object.entries(platforms)) {
  describe.skipIf(name === "PostgreSQL" && serverUrl === undefined)(name, () => {
    it.scopedLive("finds by an index whatever is asked of what grows", () =>
      Effect.gen(function*() {
        const inner = yield* Effect.tracer
        const spans: Array<Tracer.Span> = []
        const recording = Tracer.make({
          context: inner.context,
          span: (...args) => {
            const span = inner.span(...args)
            spans.push(span)
            return span
          }
        })
        yield* Effect.gen(function*() {
          yield* Effect.all([Content.fill, Content.read, rest]).pipe(Effect.withTracer(recording))
          const sql = yield* SqlClient.SqlClient
          const texts = new Set(spans.flatMap(({ attributes }) => {
            const text = attributes.get("db.query.text")
            return typeof text === "string" && /^\s*(?:SELECT|INSERT|UPDATE|DELETE|WITH)\b/.test(text) ? [text] : []
          }))
          assert.isAbove(texts.size, 40)
          const found = yield* Effect.forEach(texts, (text) =>
            Effect.map(scanned(sql, text), (tables) =>
              tables.filter((table) =>
                !small.test(table) && !limited(text)
              ).map((table) => ({ table, text }))))
          assert.deepStrictEqual(found.flat(), [])
          // it would say so where there is no index
          assert.lengthOf(yield* scanned(sql, "SELECT record FROM platform_devices WHERE record = 'x'"), 1)
        }).pipe(Effect.provide(Layer.fresh(yield* platform)), Effect.withTracer(recording))
      }))
  })
}
