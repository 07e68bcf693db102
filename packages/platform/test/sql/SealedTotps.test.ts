import { TotpConfiguration } from "@effect-launchkey/core/Totp"
import * as KeyVault from "@effect-launchkey/platform/KeyVault"
import * as PlatformClock from "@effect-launchkey/platform/PlatformClock"
import * as SealedTotps from "@effect-launchkey/platform/sql/SealedTotps"
import * as SqlPlatformKeys from "@effect-launchkey/platform/sql/SqlPlatformKeys"
import * as SqlStore from "@effect-launchkey/platform/sql/SqlStore"
import * as Store from "@effect-launchkey/platform/Store"
import { assert, it } from "@effect/vitest"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Encoding from "effect/Encoding"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import { newUser } from "../storeContract.ts"
import { onEachDatabase, type TestDatabase } from "../support/databases.ts"

const keyOf = (octet: number) => Encoding.encodeBase64Url(new Uint8Array(32).fill(octet))

const vaultOf = (...octets: ReadonlyArray<number>) =>
  KeyVault.layer({ keys: Redacted.make(octets.map(keyOf).join(",")) })

const bare = ({ context }: TestDatabase) => Layer.provideMerge(SqlStore.layer(), Layer.succeedContext(context))

const opened = (database: TestDatabase, ...octets: ReadonlyArray<number>) =>
  Effect.map(
    Layer.build(SealedTotps.layer.pipe(Layer.provide(bare(database)), Layer.provide(vaultOf(...octets)))),
    Context.get(Store.Store)
  )

const secret = "JBSWY3DPEHPK3PXP"

const totp = new TotpConfiguration({ secret: Redacted.make(secret), algorithm: "SHA1", period: 30, digits: 6 })

const secretOf = (found: Option.Option<TotpConfiguration>) =>
  Option.getOrThrow(Option.map(found, ({ secret }) => Redacted.value(secret)))

onEachDatabase("secrets of one-time codes", (database) => {
  it.scoped("come back as they were, and are not in the database", () =>
    Effect.gen(function*() {
      const at = yield* database
      const store = yield* opened(at, 1)
      const user = newUser()
      yield* store.setTotp(user, Option.some(totp))
      assert.deepStrictEqual(yield* store.totp(user), Option.some(totp))
      const [row] = yield* at.sql<{ record: string }>`SELECT record FROM platform_totps`
      assert.notInclude(row?.record, secret)
      const later = yield* opened(at, 1)
      assert.strictEqual(secretOf(yield* later.totp(user)), secret)
      yield* later.setTotp(user, Option.none())
      assert.deepStrictEqual(yield* store.totp(user), Option.none())
    }))

  it.scoped("are of no use to another user, whoever puts them there", () =>
    Effect.gen(function*() {
      const at = yield* database
      const store = yield* opened(at, 1)
      const [owner, other] = [newUser(), newUser()]
      yield* Effect.forEach([owner, other], (user) => store.setTotp(user, Option.some(totp)))
      yield* at.sql`
        UPDATE platform_totps SET record = (SELECT record FROM platform_totps WHERE directory_id = ${owner.directoryId})
        WHERE directory_id = ${other.directoryId}`
      assert.strictEqual(secretOf(yield* store.totp(owner)), secret)
      assert.strictEqual((yield* Effect.flip(store.totp(other)))._tag, "StoreUnavailable")
    }))

  it.scoped("open after the key-encryption key was exchanged, and not without it", () =>
    Effect.gen(function*() {
      const at = yield* database
      const user = newUser()
      yield* Effect.flatMap(opened(at, 1), ({ setTotp }) => setTotp(user, Option.some(totp)))
      assert.strictEqual((yield* Effect.flip(opened(at, 2)))._tag, "NotUnsealed")
      const { rotation } = yield* SqlPlatformKeys.make().pipe(
        Effect.provide(Layer.mergeAll(Layer.succeedContext(at.context), vaultOf(2, 1), PlatformClock.layer))
      )
      // The signing key was made under the new one; what remains is the key of these secrets.
      assert.strictEqual(yield* rotation.rewrap, 1)
      const store = yield* opened(at, 2)
      assert.strictEqual(secretOf(yield* store.totp(user)), secret)
    }))

  it.scoped("that were kept as they are, are read, and sealed when they are replaced", () =>
    Effect.gen(function*() {
      const at = yield* database
      const user = newUser()
      const plain = Context.get(yield* Layer.build(bare(at)), Store.Store)
      yield* plain.setTotp(user, Option.some(totp))
      const store = yield* opened(at, 1)
      assert.strictEqual(secretOf(yield* store.totp(user)), secret)
      yield* store.setTotp(user, Option.some(totp))
      assert.notStrictEqual(secretOf(yield* plain.totp(user)), secret)
    }))
})
