import { serverUrl, urlOf, withFile, withPg } from "@effect-launchkey/testing/sql/TestDatabases"
import * as LibsqlClient from "@effect/sql-libsql/LibsqlClient"
import * as PgClient from "@effect/sql-pg/PgClient"
import { assert, describe, it } from "@effect/vitest"
import * as Layer from "effect/Layer"
import * as PendingAuthorizations from "../../src/PendingAuthorizations.ts"
import * as Libsql from "../../src/sql/Libsql.ts"
import * as Pg from "../../src/sql/Pg.ts"
import * as WebhookInbox from "../../src/WebhookInbox.ts"
import { inboxContract } from "../inboxContract.ts"
import { pendingContract } from "../pendingContract.ts"

inboxContract("an inbox in memory", WebhookInbox.layerMemory)
pendingContract("pending authorizations in memory", PendingAuthorizations.layerMemory())

inboxContract("an inbox in a file", (inbox) => withFile((filename) => Libsql.layer({ filename, inbox })))
pendingContract("pending authorizations in a file", withFile((filename) => Libsql.layer({ filename })))

describe("with a client of libsql of one's own", () => {
  const ownClient = (options?: Libsql.StoreOptions) =>
    withFile((filename) =>
      Layer.provide(
        Libsql.layerClient(options),
        LibsqlClient.layer({ url: urlOf(filename), transformResultNames: shout })
      )
    )
  inboxContract("an inbox", (inbox) => ownClient({ inbox }))
  pendingContract("pending authorizations", ownClient())
})

describe.skipIf(serverUrl === undefined)("PostgreSQL", () => {
  inboxContract("an inbox", (inbox) => withPg(({ url }) => Pg.layer({ url, inbox })))
  pendingContract("pending authorizations", withPg(({ url }) => Pg.layer({ url })))

  describe("with a client of one's own", () => {
    const ownClient = (options?: Pg.StoreOptions) =>
      withPg(({ url }) => Layer.provide(Pg.layerClient(options), PgClient.layer({ url, transformResultNames: shout })))
    inboxContract("an inbox", (inbox) => ownClient({ inbox, listen: false }))
    pendingContract("pending authorizations", ownClient({ listen: false }))
  })
})

/** What no statement of the stores may be changed by. */
function shout(name: string): string {
  return name.toUpperCase()
}

describe("the suites of PostgreSQL", () => {
  it.skipIf(process.env["EXPECT_POSTGRES"] === undefined)("run where they are expected to", () => {
    assert.isDefined(serverUrl, "EXPECT_POSTGRES is set, and TEST_DATABASE_URL is not")
  })
})
