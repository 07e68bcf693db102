/** Where the page keeps what it is: a port, for IndexedDB and for tests. */
import type { DeviceId } from "@effect-launchkey/core/Authorization"
import type { ServiceId } from "@effect-launchkey/core/EntityIdentifier"
import type { DeviceKey } from "@effect-launchkey/transport/DeviceKey"
import * as Context from "effect/Context"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Ref from "effect/Ref"
import type { PinHash } from "./pin.ts"

/** A link, as it is kept: what structured cloning takes, and nothing that could be read out and used elsewhere. */
export interface Account {
  readonly deviceId: DeviceId
  readonly name: string
  readonly key: DeviceKey
  /** Milliseconds since the epoch. */
  readonly linked: number
  readonly pin: PinHash | undefined
  readonly attempts: {
    /** Wrong PINs since the last that was right. */
    readonly wrong: number
    /** Until when no PIN is tried: milliseconds since the epoch. */
    readonly lockedUntil: number
  }
  readonly servicePins: ReadonlyMap<ServiceId, ReadonlyArray<string>>
}

/** The browser lets this page keep nothing: storage is off, full, or was taken away. */
export class VaultUnavailable extends Data.TaggedError("VaultUnavailable")<{ readonly cause: unknown }> {
  override get message(): string {
    return "This browser does not let the page keep its key. Allow it to store data, or leave private browsing."
  }
}

export interface Service {
  readonly get: Effect.Effect<Option.Option<Account>, VaultUnavailable>
  readonly set: (account: Account) => Effect.Effect<void, VaultUnavailable>
  /** Changes what is kept in one step, or nothing where nothing is. */
  readonly update: (change: (account: Account) => Account) => Effect.Effect<void, VaultUnavailable>
  readonly clear: Effect.Effect<void, VaultUnavailable>
}

export class Vault extends Context.Tag("@effect-launchkey/authenticator/internal/page/vault/Vault")<Vault, Service>() {}

export const layerMemory: Layer.Layer<Vault> = Layer.effect(
  Vault,
  Effect.map(Ref.make(Option.none<Account>()), (ref) => ({
    get: Ref.get(ref),
    set: (account) => Ref.set(ref, Option.some(account)),
    update: (change) => Ref.update(ref, Option.map(change)),
    clear: Ref.set(ref, Option.none())
  }))
)

const database = { name: "authenticator", version: 1, store: "device", key: "current" } as const

/** What happens when a transaction is over, which is when it is kept. */
const settled = (transaction: IDBTransaction): Promise<void> =>
  new Promise((resolve, reject) => {
    transaction.addEventListener("complete", () => resolve())
    transaction.addEventListener("abort", () => reject(transaction.error))
  })

const open = (): Promise<IDBDatabase> =>
  new Promise((resolve, reject) => {
    const request = indexedDB.open(database.name, database.version)
    request.addEventListener("upgradeneeded", () => request.result.createObjectStore(database.store))
    request.addEventListener("success", () => resolve(request.result))
    request.addEventListener("error", () => reject(request.error))
    request.addEventListener("blocked", () => reject(new Error("another window holds the database")))
  })

const using = <A>(
  mode: IDBTransactionMode,
  run: (store: IDBObjectStore) => { readonly result: () => A }
): Effect.Effect<A, VaultUnavailable> =>
  Effect.acquireUseRelease(
    Effect.tryPromise({ try: open, catch: (cause) => new VaultUnavailable({ cause }) }),
    (db) =>
      Effect.tryPromise({
        try: async () => {
          const transaction = db.transaction(database.store, mode)
          const { result } = run(transaction.objectStore(database.store))
          await settled(transaction)
          return result()
        },
        catch: (cause) => new VaultUnavailable({ cause })
      }),
    (db) => Effect.sync(() => db.close())
  )

const nothing = { result: () => undefined }

/** An object with members is what is read, since this page alone writes there. */
const asAccount = (found: unknown): Account | undefined =>
  typeof found === "object" && found !== null && "deviceId" in found ? found as Account : undefined

export const layerIndexedDb: Layer.Layer<Vault> = Layer.succeed(Vault, {
  get: using("readonly", (store) => {
    const request = store.get(database.key)
    return { result: () => Option.fromNullable(asAccount(request.result)) }
  }),
  set: (account) =>
    using("readwrite", (store) => {
      store.put(account, database.key)
      return nothing
    }),
  update: (change) =>
    using("readwrite", (store) => {
      const request = store.get(database.key)
      request.addEventListener("success", () => {
        const account = asAccount(request.result)
        if (account !== undefined) store.put(change(account), database.key)
      })
      return nothing
    }),
  clear: using("readwrite", (store) => {
    store.delete(database.key)
    return nothing
  })
})
