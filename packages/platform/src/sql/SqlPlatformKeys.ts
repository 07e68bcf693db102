/**
 * The platform's own keys in a SQL database, sealed by a `KeyVault`: made at the first start, the same for every node,
 * and rotated while they run. Each node holds what it read and looks again now and then, so that a new key is known
 * everywhere before it signs anything.
 *
 * @see docs/keys.md "The platform's"
 * @since 0.1.0
 */
import { KeyId } from "@effect-launchkey/core/KeyId"
import { StoreUnavailable } from "@effect-launchkey/core/StoreUnavailable"
import * as Database from "@effect-launchkey/sql/Database"
import * as Rows from "@effect-launchkey/sql/Rows"
import * as Jose from "@effect-launchkey/transport/Jose"
import type * as SqlClient from "@effect/sql/SqlClient"
import * as Arr from "effect/Array"
import * as Context from "effect/Context"
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as MutableRef from "effect/MutableRef"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Schedule from "effect/Schedule"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import * as KeyRotation from "../KeyRotation.ts"
import * as KeyVault from "../KeyVault.ts"
import * as PlatformClock from "../PlatformClock.ts"
import * as PlatformKeys from "../PlatformKeys.ts"
import * as Secrets from "./internal/secrets.ts"

const signingKey = "signing key"
const userHash = "user hash secret"

/** For how long a client may use a key that signs no more: it keeps it for five minutes, and its requests take time. */
const grace = Duration.minutes(10)

const Row = Schema.Struct({
  number: Schema.Int,
  id: KeyId,
  sealed: Schema.String,
  created: Rows.Int64,
  signs_from: Rows.Int64
})

type Row = typeof Row.Type

const utf8 = { encoder: new TextEncoder(), decoder: new TextDecoder() }

/** Which of the keys signs, oldest first: the latest whose time has come, or the first of all. */
const signing = (rows: ReadonlyArray<Row>, now: number): Row | undefined =>
  Option.getOrElse(Arr.findLast(rows, ({ signs_from }) => signs_from <= now), () => rows[0])

/**
 * Makes what is missing, and looks for other nodes' changes as long as its scope is open. The tables are there: see
 * `Migrations`.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (options: KeyRotation.Options = {}): Effect.Effect<
  { readonly keys: PlatformKeys.Service; readonly rotation: KeyRotation.Service },
  StoreUnavailable | KeyVault.NotUnsealed,
  SqlClient.SqlClient | KeyVault.KeyVault | PlatformClock.PlatformClock | Scope.Scope
> =>
  Effect.gen(function*() {
    const { join, sql } = yield* Database.make
    const jose = yield* Jose.Jose
    const vault = yield* KeyVault.KeyVault
    const clock = yield* PlatformClock.PlatformClock
    const now = Effect.map(clock.now, DateTime.toEpochMillis)
    const announceFor = Duration.toMillis(options.announceFor ?? "5 minutes")

    const readable = Effect.mapError(Rows.unreadable("PlatformKeys.read"))

    const rows = join("PlatformKeys.read", sql`SELECT * FROM platform_signing_keys ORDER BY number`).pipe(
      Effect.flatMap((found) => readable(Schema.decodeUnknown(Schema.Array(Row))(found)))
    )
    const secrets = yield* Secrets.make

    const fresh = Effect.gen(function*() {
      const { privateKey, privateKeyPem } = yield* jose.generateKey()
      const sealed = yield* vault.seal(signingKey, utf8.encoder.encode(Redacted.value(privateKeyPem)))
      return { id: privateKey.keyId, sealed }
    })

    // Of nodes that start at once, the one whose row came first has made the key of all.
    const begin = Effect.gen(function*() {
      if ((yield* rows).length === 0) {
        const { id, sealed } = yield* fresh
        const at = yield* now
        yield* join(
          "PlatformKeys.begin",
          sql`INSERT INTO platform_signing_keys (number, id, sealed, created, signs_from)
            VALUES (1, ${id}, ${sealed}, ${at}, ${at}) ON CONFLICT DO NOTHING`
        )
      }
    })

    /** Keys that this node has opened, so that each is opened once, and stays whatever becomes of its row's seal. */
    const opened = new Map<KeyId, Jose.PrivateKey>()

    const open = ({ id, sealed }: Row) =>
      Effect.gen(function*() {
        const known = opened.get(id)
        if (known !== undefined) return known
        const pem = utf8.decoder.decode(yield* vault.open(signingKey, sealed))
        const key = yield* Effect.mapError(
          jose.importPrivateKey(Redacted.make(pem)),
          () => new KeyVault.NotUnsealed({ reason: "Malformed", subject: signingKey, keyId: "", given: [vault.keyId] })
        )
        opened.set(id, key)
        return key
      })

    yield* begin
    const hashSecret = yield* secrets.named(userHash)

    const read = Effect.gen(function*() {
      const all = yield* rows
      const current = signing(all, yield* now)
      if (current === undefined) {
        return yield* new StoreUnavailable({ operation: "PlatformKeys.read", cause: new Error("there is no key") })
      }
      const keys = yield* Effect.forEach(all, open)
      for (const id of opened.keys()) {
        if (!all.some((row) => row.id === id)) opened.delete(id)
      }
      const others = keys.filter(({ keyId }) => keyId !== current.id)
      return yield* PlatformKeys.fromKeys(yield* open(current), others, hashSecret)
    })

    const held = MutableRef.make(yield* read)
    const reread = Effect.flatMap(read, (keys) => Effect.sync(() => MutableRef.set(held, keys)))
    yield* reread.pipe(
      // Of whatever kind: other nodes' keys would stay unknown until the process is started anew.
      Effect.catchAllCause((cause) =>
        Effect.logWarning("The platform's keys could not be read again; those that were read before serve on", cause)
      ),
      Effect.schedule(Schedule.spaced(options.interval ?? "30 seconds")),
      Effect.interruptible,
      Effect.forkScoped
    )

    const list = Effect.gen(function*() {
      const [all, at] = [yield* rows, yield* now]
      const current = signing(all, at)
      return all.map((row): KeyRotation.SigningKey => ({
        id: row.id,
        created: DateTime.unsafeMake(row.created),
        signsFrom: DateTime.unsafeMake(row.signs_from),
        state: row === current ? "SIGNING" : row.signs_from > at ? "ANNOUNCED" : "PREVIOUS"
      }))
    })

    const announced = Effect.map(list, Arr.findFirst(({ state }) => state === "ANNOUNCED"))

    const underWay = ({ id, signsFrom }: KeyRotation.SigningKey) => new KeyRotation.RotationUnderWay({ id, signsFrom })

    const rotate = Effect.gen(function*() {
      const before = yield* announced
      if (Option.isSome(before)) return yield* underWay(before.value)
      const { id, sealed } = yield* fresh
      const at = yield* now
      yield* join(
        "KeyRotation.rotate",
        sql`
          INSERT INTO platform_signing_keys (number, id, sealed, created, signs_from)
          SELECT max(number) + 1, CAST(${id} AS TEXT), CAST(${sealed} AS TEXT), CAST(${at} AS BIGINT),
            CAST(${at + announceFor} AS BIGINT)
          FROM platform_signing_keys
          WHERE true
          HAVING max(signs_from) <= ${at}
          ON CONFLICT DO NOTHING`
      )
      yield* reread
      const added = Option.getOrUndefined(yield* announced)
      if (added?.id === id) return added
      return yield* added === undefined
        ? new StoreUnavailable({ operation: "KeyRotation.rotate" })
        : underWay(added)
    })

    const retire = (id: KeyId) =>
      Effect.gen(function*() {
        const [all, at] = [yield* rows, yield* now]
        const row = all.find((other) => other.id === id)
        if (row === undefined) return yield* new KeyRotation.NotRetired({ id, reason: "Unknown" })
        const spare = all.some((later) =>
          later.number > row.number && later.signs_from + Duration.toMillis(grace) <= at
        )
        if (!spare) return yield* new KeyRotation.NotRetired({ id, reason: "Needed" })
        yield* join("KeyRotation.retire", sql`DELETE FROM platform_signing_keys WHERE id = ${id}`)
        yield* reread
      })

    const rewrap = Effect.gen(function*() {
      let rewrapped = yield* secrets.rewrap
      for (const { id, sealed } of yield* rows) {
        const anew = yield* vault.rewrap(signingKey, sealed)
        if (Option.isNone(anew)) continue
        yield* join("KeyRotation.rewrap", sql`UPDATE platform_signing_keys SET sealed = ${anew.value} WHERE id = ${id}`)
        rewrapped += 1
      }
      return rewrapped
    })

    return {
      keys: PlatformKeys.following(() => MutableRef.get(held)),
      rotation: { list, rotate, retire, rewrap }
    }
  })

/**
 * @since 0.1.0
 * @category layers
 */
export const layer = (options?: KeyRotation.Options): Layer.Layer<
  PlatformKeys.PlatformKeys | KeyRotation.KeyRotation,
  StoreUnavailable | KeyVault.NotUnsealed,
  SqlClient.SqlClient | KeyVault.KeyVault | PlatformClock.PlatformClock
> =>
  Layer.scopedContext(
    Effect.map(make(options), ({ keys, rotation }) =>
      Context.make(PlatformKeys.PlatformKeys, keys).pipe(Context.add(KeyRotation.KeyRotation, rotation)))
  )
