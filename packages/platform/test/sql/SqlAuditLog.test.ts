import * as Entity from "@effect-launchkey/core/EntityIdentifier"
import { KeyId } from "@effect-launchkey/core/KeyId"
import * as AuditLog from "@effect-launchkey/platform/AuditLog"
import * as SqlAuditLog from "@effect-launchkey/platform/sql/SqlAuditLog"
import * as SqlBackups from "@effect-launchkey/platform/sql/SqlBackups"
import * as Database from "@effect-launchkey/sql/Database"
import * as SqlClient from "@effect/sql/SqlClient"
import { assert, it } from "@effect/vitest"
import { Effect, Option } from "effect"
import { onEachDatabase } from "../support/databases.ts"

const organization = Entity.organization(Entity.OrganizationId.make("8a6b1e9e-7d1c-11ee-b962-0242ac120002"))
const keyId = KeyId.make("14:a5:78:2a:e7:16:ec:40:ad:90:d4:ac:0c:f2:ec:54")
const recorded: AuditLog.Recorded = { act: "key.add", on: organization, keyId }

onEachDatabase("an audit log", (database) => {
  it.scopedLive("keeps one chain where several processes record at once", () =>
    Effect.gen(function*() {
      const { other, sql } = yield* database
      const [one, two] = yield* Effect.forEach([sql, yield* other], (sql) =>
        Effect.provideService(SqlAuditLog.make, SqlClient.SqlClient, sql))
      assert(one !== undefined && two !== undefined)
      yield* Effect.forEach(
        Array.from({ length: 12 }, (_, i) =>
          i % 2 === 0 ? one : two),
        ({ record }) => record(recorded),
        { concurrency: "unbounded" }
      )
      const verdict = yield* AuditLog.verify(two)
      assert.deepStrictEqual([verdict.holds, verdict.broken], [12, Option.none()])
      assert.deepStrictEqual(verdict.head, yield* one.head)
      const [entry] = yield* one.entries({ after: 11, limit: 5 })
      assert.deepStrictEqual([entry?.sequence, entry?.on, entry?.keyId], [12, organization, Option.some(keyId)])
    }))

  it.scopedLive("keeps nothing of a transaction that fails", () =>
    Effect.gen(function*() {
      const { context } = yield* database
      const log = yield* Effect.provide(SqlAuditLog.make, context)
      const { transaction } = yield* Effect.provide(Database.make, context)
      yield* log.record(recorded)
      yield* Effect.flip(transaction("test", Effect.zipRight(log.record(recorded), Effect.fail("no"))))
      assert.deepStrictEqual((yield* AuditLog.verify(log)).holds, 1)
    }))

  it.scopedLive("shows what was done to its tables", () =>
    Effect.gen(function*() {
      const { context, sql } = yield* database
      const log = yield* Effect.provide(SqlAuditLog.make, context)
      yield* Effect.replicateEffect(log.record(recorded), 3)
      const broken = Effect.map(AuditLog.verify(log), ({ broken }) => Option.getOrNull(broken))
      yield* sql`UPDATE platform_audit SET act = 'key.remove' WHERE sequence = 2`
      assert.deepStrictEqual(yield* broken, { sequence: 2, reason: "Altered" })
      yield* sql`UPDATE platform_audit SET act = 'key.add' WHERE sequence = 2`
      assert.isNull(yield* broken)
      yield* sql`DELETE FROM platform_audit WHERE sequence = 3`
      assert.deepStrictEqual(yield* broken, { sequence: 3, reason: "Missing" })
    }))

  it.scopedLive("is looked at with the whole database", () =>
    Effect.gen(function*() {
      const { context } = yield* database
      const log = yield* Effect.provide(SqlAuditLog.make, context)
      yield* log.record(recorded)
      const { check } = yield* Effect.provide(SqlBackups.make, context)
      const checked = yield* check
      assert.deepStrictEqual([checked.sound, checked.known, checked.audit.holds], [true, true, 1])
    }))
})
