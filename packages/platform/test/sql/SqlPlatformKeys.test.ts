import * as KeyVault from "@effect-launchkey/platform/KeyVault"
import * as PlatformClock from "@effect-launchkey/platform/PlatformClock"
import * as SqlPlatformKeys from "@effect-launchkey/platform/sql/SqlPlatformKeys"
import * as Jose from "@effect-launchkey/transport/Jose"
import type * as SqlClient from "@effect/sql/SqlClient"
import { assert, it } from "@effect/vitest"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Encoding from "effect/Encoding"
import * as Redacted from "effect/Redacted"
import * as TestClock from "effect/TestClock"
import { onEachDatabase, type TestDatabase } from "../support/databases.ts"

const keyOf = (octet: number) => Encoding.encodeBase64Url(new Uint8Array(32).fill(octet))

const vaultOf = (...octets: ReadonlyArray<number>) =>
  KeyVault.make({ keys: Redacted.make(octets.map(keyOf).join(",")) })

const node = (
  { context }: Pick<TestDatabase, "context">,
  clock: PlatformClock.Service,
  ...octets: ReadonlyArray<number>
) =>
  Effect.flatMap(vaultOf(...octets), (vault) =>
    Effect.provide(
      SqlPlatformKeys.make(),
      context.pipe(
        Context.add(KeyVault.KeyVault, vault),
        Context.add(PlatformClock.PlatformClock, clock)
      )
    ))

const sealedTexts = (sql: SqlClient.SqlClient) =>
  Effect.map(
    sql<{ sealed: string }>`
      SELECT sealed FROM platform_signing_keys UNION ALL SELECT sealed FROM platform_secrets`,
    (rows) => rows.map(({ sealed }) => sealed)
  )

onEachDatabase("SqlPlatformKeys", (database) => {
  it.scoped("makes keys at the first start, the same for nodes that start at once, and for each later start", () =>
    Effect.gen(function*() {
      const at = yield* database
      const clock = yield* PlatformClock.make
      const nodes = yield* Effect.all([node(at, clock, 1), node(at, clock, 1)], { concurrency: 2 })
      const later = yield* node(at, clock, 1)
      const ids = [...nodes, later].map(({ keys }) => keys.current.keyId)
      assert.strictEqual(new Set(ids).size, 1)
      const names = yield* Effect.forEach([...nodes, later], ({ keys }) => keys.derive("ada"))
      assert.deepStrictEqual(names[0], names[1])
      assert.deepStrictEqual(names[0], names[2])
      assert.deepStrictEqual([...later.keys.byId.keys()], [ids[0]])
    }))

  it.scoped("keeps nothing that reads as a key", () =>
    Effect.gen(function*() {
      const at = yield* database
      yield* node(at, yield* PlatformClock.make, 1)
      const texts = yield* sealedTexts(at.sql)
      assert.lengthOf(texts, 2)
      for (const text of texts) {
        assert.match(text, /^[\w-]+\.\.[\w-]+\.[\w-]+\.[\w-]+$/)
        assert.notInclude(Buffer.from(text.split(".")[3] ?? "", "base64url").toString("latin1"), "PRIVATE")
      }
    }))

  it.scoped("announces a new key first, signs by it later on every node, and lets the old one serve on", () =>
    Effect.gen(function*() {
      const at = yield* database
      const clock = yield* PlatformClock.make
      const [here, there] = [yield* node(at, clock, 1), yield* node(at, clock, 1)]
      const first = here.keys.current.keyId
      const { id: second, state } = yield* here.rotation.rotate
      assert.strictEqual(state, "ANNOUNCED")
      assert.strictEqual((yield* Effect.flip(here.rotation.rotate))._tag, "RotationUnderWay")
      assert.strictEqual((yield* Effect.flip(there.rotation.retire(first)))._tag, "NotRetired")

      yield* TestClock.adjust("30 seconds")
      yield* Effect.repeat(Effect.yieldNow(), { until: () => there.keys.byId.has(second) })
      assert.deepStrictEqual([here, there].map(({ keys }) => keys.current.keyId), [first, first])

      yield* TestClock.adjust("5 minutes")
      yield* Effect.repeat(Effect.yieldNow(), {
        until: () => [here, there].every(({ keys }) => keys.current.keyId === second)
      })
      for (const { keys } of [here, there]) {
        assert.strictEqual(keys.keyring.signingKeyId, second)
        assert.sameMembers([...keys.keyring.decryptionKeyIds], [first, second])
        const jose = yield* Jose.Jose
        const jws = yield* Effect.flatMap(keys.keyring.sign("{}"), jose.parseJws)
        assert.strictEqual(jws.header.kid, second)
      }
      assert.deepStrictEqual((yield* there.rotation.list).map(({ state }) => state), ["PREVIOUS", "SIGNING"])
    }))

  it.scoped("erases a previous key when it is retired, no sooner than ten minutes after it signed last", () =>
    Effect.gen(function*() {
      const at = yield* database
      const clock = yield* PlatformClock.make
      const { keys, rotation } = yield* node(at, clock, 1)
      const first = keys.current.keyId
      const { id: second } = yield* rotation.rotate
      yield* clock.advance("14 minutes")
      const early = yield* Effect.flip(rotation.retire(first))
      assert.deepInclude(early, { _tag: "NotRetired", reason: "Needed" })
      yield* clock.advance("1 minute")
      yield* rotation.retire(first)
      assert.deepStrictEqual([...keys.byId.keys()], [second])
      assert.deepInclude(yield* Effect.flip(rotation.retire(first)), { _tag: "NotRetired", reason: "Unknown" })
      assert.deepInclude(yield* Effect.flip(rotation.retire(second)), { _tag: "NotRetired", reason: "Needed" })
      assert.lengthOf(yield* sealedTexts(at.sql), 2)
    }))

  it.scoped("exchanges the key-encryption key, and says which one is asked for where it is not given", () =>
    Effect.gen(function*() {
      const at = yield* database
      const clock = yield* PlatformClock.make
      const before = yield* node(at, clock, 1)
      const missing = yield* Effect.flip(node(at, clock, 2))
      const asked = (yield* vaultOf(1)).keyId
      assert.deepInclude(missing, { _tag: "NotUnsealed", reason: "KeyMissing", keyId: asked })
      assert.include(missing.message, asked)

      const both = yield* node(at, clock, 2, 1)
      assert.strictEqual(yield* both.rotation.rewrap, 2)
      assert.strictEqual(yield* both.rotation.rewrap, 0)
      const after = yield* node(at, clock, 2)
      assert.strictEqual(after.keys.current.keyId, before.keys.current.keyId)
      assert.deepStrictEqual(yield* after.keys.derive("ada"), yield* before.keys.derive("ada"))
      assert.deepInclude(yield* Effect.flip(node(at, clock, 1)), { _tag: "NotUnsealed", reason: "KeyMissing" })
    }))
})
