import * as InProcess from "@effect-launchkey/platform/InProcess"
import * as PlatformKeys from "@effect-launchkey/platform/PlatformKeys"
import * as Sandbox from "@effect-launchkey/platform/Sandbox"
import * as SqlSandbox from "@effect-launchkey/platform/sql/SqlSandbox"
import * as TestKeys from "@effect-launchkey/testing/TestKeys"
import type * as HttpApp from "@effect/platform/HttpApp"
import * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import { assert, it } from "@effect/vitest"
import { Effect, Redacted } from "effect"
import { onEachDatabase } from "../support/databases.ts"

const Keys = PlatformKeys.layer({
  signingKey: TestKeys.platform.privateKey,
  userHashSecret: Redacted.make(new Uint8Array(32))
})

const poster = (app: HttpApp.Default) => (path: string, body: object) =>
  Effect.gen(function*() {
    const request = yield* HttpClientRequest.bodyJson(HttpClientRequest.post(`http://localhost/sandbox${path}`), body)
    const response = yield* InProcess.make(app).execute(request)
    return { status: response.status, text: yield* response.text }
  })

const organization = { keys: [{ public_key: TestKeys.organization.publicKey }] }

onEachDatabase("a sandbox", (database) => {
  it.scopedLive("keeps its platform in the database, and begins anew with none of its rows", () =>
    Effect.gen(function*() {
      const { context, sql } = yield* database
      const backing = yield* Effect.provide(SqlSandbox.make, context)
      const post = poster(yield* Sandbox.httpApp({ port: 80, backing }))
      const rows = Effect.map(
        sql<
          { n: number | string }
        >`SELECT (SELECT count(*) FROM platform_organizations) + (SELECT count(*) FROM platform_keys) AS n`,
        ([row]) => Number(row?.n)
      )
      assert.strictEqual((yield* post("/organizations", organization)).status, 201)
      assert.strictEqual(yield* rows, 2)
      assert.strictEqual((yield* post("/reset", {})).status, 204)
      assert.strictEqual(yield* rows, 0)
      assert.strictEqual((yield* post("/organizations", organization)).status, 201)
      // what migrations have put there is no sandbox's to forget
      assert.lengthOf(yield* sql`SELECT * FROM platform_audit_head`, 1)
    }).pipe(Effect.provide(Keys)))

  it.scopedLive("does not begin where there is a platform already", () =>
    Effect.gen(function*() {
      const { context, sql } = yield* database
      yield* sql`INSERT INTO platform_organizations (id, record) VALUES ('somebody', '{}')`
      const error = yield* Effect.flip(Effect.provide(SqlSandbox.make, context))
      assert(error._tag === "NotEmpty")
      assert.strictEqual(error.organizations, 1)
      assert.lengthOf(yield* sql`SELECT * FROM platform_organizations`, 1)
    }))

  it.scopedLive("says that its store is away", () =>
    Effect.gen(function*() {
      const { context, sql } = yield* database
      const backing = yield* Effect.provide(SqlSandbox.make, context)
      const post = poster(yield* Sandbox.httpApp({ port: 80, backing }))
      yield* sql`ALTER TABLE platform_organizations RENAME TO elsewhere`
      const refused = yield* post("/organizations", organization)
      assert.strictEqual(refused.status, 500)
      assert.include(refused.text, "the store did not answer")
    }).pipe(Effect.provide(Keys)))
})
