import * as MemoryStore from "@effect-launchkey/platform/MemoryStore"
import * as Libsql from "@effect-launchkey/platform/sql/Libsql"
import * as Pg from "@effect-launchkey/platform/sql/Pg"
import * as Store from "@effect-launchkey/platform/Store"
import { serverUrl, withFile, withPg } from "@effect-launchkey/testing/sql/TestDatabases"
import { describe } from "@effect/vitest"
import { Context, Effect, Layer, type Redacted } from "effect"
import { Nodes, storeContract } from "../storeContract.ts"

const alone = Effect.map(Store.Store, (store): Context.Tag.Service<Nodes> => [store, store])

storeContract("a store in memory", Layer.provide(Layer.effect(Nodes, alone), MemoryStore.layer()))

storeContract(
  "a store in a file",
  Layer.provide(Layer.effect(Nodes, alone), withFile((filename) => Libsql.layer({ filename })))
)

const node = (url: Redacted.Redacted) => Layer.fresh(Pg.layer({ url, maxConnections: 8 }))

describe.skipIf(serverUrl === undefined)("PostgreSQL", () => {
  storeContract(
    "a store that two nodes share",
    withPg((place) =>
      Layer.scoped(
        Nodes,
        Effect.map(
          Effect.all([Layer.build(node(place.url)), Layer.build(node(place.url))], { concurrency: 2 }),
          ([one, other]): Context.Tag.Service<Nodes> => [Context.get(one, Store.Store), Context.get(other, Store.Store)]
        )
      )
    )
  )
})
