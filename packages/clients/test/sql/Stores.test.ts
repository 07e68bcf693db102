import { describe } from "@effect/vitest"
import * as Libsql from "../../src/sql/Libsql.ts"
import * as Pg from "../../src/sql/Pg.ts"
import { pendingContract } from "../pendingContract.ts"
import { serverUrl, withFile, withPg } from "./databases.ts"

pendingContract("in a file", withFile((filename) => Libsql.layer({ filename })))
describe.skipIf(serverUrl === undefined)("PostgreSQL", () => {
  pendingContract("in PostgreSQL", withPg(({ url }) => Pg.layer({ url })))
})
