import * as KeyVault from "@effect-launchkey/platform/KeyVault"
import * as PushKey from "@effect-launchkey/platform/PushKey"
import * as SqlPushKey from "@effect-launchkey/platform/sql/SqlPushKey"
import { assert, it } from "@effect/vitest"
import { Context, Effect, Encoding, Layer, Redacted } from "effect"
import { onEachDatabase } from "../support/databases.ts"

const vault = KeyVault.layer({ keys: Redacted.make(Encoding.encodeBase64Url(new Uint8Array(32).fill(1))) })

onEachDatabase("SqlPushKey", (database) => {
  it.scoped("is made at the first start, sealed, and the same for every node and later start", () =>
    Effect.gen(function*() {
      const { context, sql } = yield* database
      const node = Effect.map(
        Layer.build(
          Layer.fresh(SqlPushKey.layer).pipe(Layer.provide(vault), Layer.provide(Layer.succeedContext(context)))
        ),
        (built) => Context.get(built, PushKey.PushKey).publicKey
      )
      const [one, other] = yield* Effect.all([node, node], { concurrency: 2 })
      assert.strictEqual(one, other)
      assert.strictEqual(yield* node, one)
      const rows = yield* sql<{ sealed: string }>`SELECT sealed FROM platform_secrets WHERE name = 'push secret'`
      assert.match(rows[0]?.sealed ?? "", /^[\w-]+\.\.[\w-]+\.[\w-]+\.[\w-]+$/)
    }))
})
