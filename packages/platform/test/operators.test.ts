import { OperatorId, PasskeyId, SessionId } from "@effect-launchkey/platform/Operator"
import * as Operators from "@effect-launchkey/platform/Operators"
import * as Migrations from "@effect-launchkey/platform/sql/Migrations"
import * as SqlOperators from "@effect-launchkey/platform/sql/SqlOperators"
import * as Libsql from "@effect-launchkey/sql/Libsql"
import * as Pg from "@effect-launchkey/sql/Pg"
import { serverUrl, withFile, withPg } from "@effect-launchkey/testing/sql/TestDatabases"
import { assert, describe, layer } from "@effect/vitest"
import { DateTime, Effect, Layer, Option } from "effect"

const now = DateTime.unsafeMake("2030-01-01T00:00:00Z")

const after = (minutes: number) => DateTime.add(now, { minutes })

const id = (last: number) => `00000000-0000-4000-8000-00000000000${last}`

const passkeyOf = (operatorId: OperatorId, name: string): Operators.Passkey => ({
  id: PasskeyId.make(`${name}-${operatorId}`),
  operatorId,
  name,
  publicKey: "",
  counter: 0,
  transports: [],
  synced: false,
  created: now,
  lastUsed: Option.none()
})

const sessionBy = ({ id: passkeyId, operatorId }: Operators.Passkey, session: number): Operators.Session => ({
  id: SessionId.make(id(session)),
  hash: `hash-${session}`,
  operatorId,
  passkeyId,
  started: now,
  lastUsed: now,
  verified: now,
  until: after(30)
})

/** An operator with two passkeys. */
const invited = (operatorId: OperatorId) =>
  Effect.gen(function*() {
    const operators = yield* Operators.Operators
    yield* operators.invite({ id: operatorId, name: "Ada" }, { hash: `invitation-${operatorId}`, until: now }, now)
    const passkeys = [passkeyOf(operatorId, "first"), passkeyOf(operatorId, "second")] as const
    for (const passkey of passkeys) yield* operators.insertPasskey(passkey)
    return { operators, passkeys }
  })

const suite = <E>(name: string, live: Layer.Layer<Operators.Operators, E>) =>
  layer(live)(name, (it) => {
    it.effect("begin no session by a passkey that was removed while it was used", () =>
      Effect.gen(function*() {
        const { operators, passkeys: [first, second] } = yield* invited(OperatorId.make(id(1)))
        assert.isTrue(yield* operators.insertSession(sessionBy(first, 1)))
        yield* operators.removePasskey(first.operatorId, first.id)
        assert.isFalse(yield* operators.insertSession(sessionBy(first, 2)))
        assert.isTrue(yield* operators.insertSession(sessionBy(second, 3)))
        const left = yield* operators.sessions(first.operatorId, now)
        assert.deepStrictEqual(left.map((session) => session.id), [SessionId.make(id(3))])
      }))

    it.effect("know when a passkey was used, whatever the session is used for besides", () =>
      Effect.gen(function*() {
        const { operators, passkeys: [passkey] } = yield* invited(OperatorId.make(id(2)))
        const session = sessionBy(passkey, 4)
        yield* operators.insertSession(session)
        yield* operators.renewSession({ id: session.id, lastUsed: after(5), verified: after(5), until: after(35) })
        yield* operators.renewSession({ id: session.id, lastUsed: after(6), until: after(36) })
        assert.deepStrictEqual(
          Option.getOrThrow(yield* operators.session(session.hash, after(6))),
          { ...session, lastUsed: after(6), verified: after(5), until: after(36) }
        )
      }))
  })

const kept = SqlOperators.layer.pipe(Layer.provideMerge(Migrations.layer))

describe("operators", () => {
  suite("in memory", Operators.layerMemory)
  suite("in a file", withFile((filename) => Layer.provide(kept, Libsql.layer({ filename }))))
})

describe.skipIf(serverUrl === undefined)("operators on PostgreSQL", () => {
  suite("in a database", withPg(({ url }) => Layer.provide(kept, Pg.layer({ url, maxConnections: 2 }))))
})
