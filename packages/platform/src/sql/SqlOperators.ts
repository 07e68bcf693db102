/**
 * Operators beside the platform's store: what is done in a transaction of the store is kept with it, or not at all.
 *
 * @see docs/console.md
 * @since 0.1.0
 */
import * as Database from "@effect-launchkey/sql/Database"
import { prune } from "@effect-launchkey/sql/Pruning"
import * as Rows from "@effect-launchkey/sql/Rows"
import type * as SqlClient from "@effect/sql/SqlClient"
import type { SqlError } from "@effect/sql/SqlError"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import * as Operator from "../Operator.ts"
import * as Operators from "../Operators.ts"
import { head } from "./internal/reading.ts"

const Time = Schema.compose(Rows.Int64, Schema.DateTimeUtcFromNumber)

const column = <A, I>(name: string, schema: Schema.Schema<A, I>) =>
  Schema.propertySignature(schema).pipe(Schema.fromKey(name))

const Listed = Schema.Struct({ ...Operator.Operator.fields, created: Time, passkeys: Rows.Int64 })

const Transports = Schema.parseJson(Schema.Array(Schema.String))

const Passkey = Schema.Struct({
  id: Operator.PasskeyId,
  operatorId: column("operator_id", Operator.OperatorId),
  name: Schema.String,
  publicKey: column("public_key", Schema.String),
  counter: Rows.Int64,
  transports: Transports,
  synced: Schema.transform(Schema.Int, Schema.Boolean, {
    strict: true,
    decode: (synced) => synced === 1,
    encode: (synced) => synced ? 1 : 0
  }),
  created: Time,
  lastUsed: column("last_used", Schema.OptionFromNullOr(Time))
})

const Session = Schema.Struct({
  id: Operator.SessionId,
  hash: Schema.String,
  operatorId: column("operator_id", Operator.OperatorId),
  passkeyId: column("passkey_id", Operator.PasskeyId),
  started: Time,
  lastUsed: column("last_used", Time),
  verified: Time,
  until: Time
})

const millis = DateTime.toEpochMillis

const encodeTransports = Schema.encodeSync(Transports)

/**
 * Keeps pruning what has expired, as long as its scope is open. The tables are there: see `Migrations`.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make: Effect.Effect<Operators.Service, never, SqlClient.SqlClient | Scope.Scope> = Effect.gen(
  function*() {
    const database = yield* Database.make
    const { join, locking, sql, transaction } = database

    const read = <A, I>(
      operation: string,
      schema: Schema.Schema<A, I>,
      rows: Effect.Effect<ReadonlyArray<unknown>, SqlError>
    ) =>
      Effect.flatMap(
        join(operation, rows),
        (found) => Effect.mapError(Schema.decodeUnknown(Schema.Array(schema))(found), Rows.unreadable(operation))
      )

    const readOne = <A, I>(
      operation: string,
      schema: Schema.Schema<A, I>,
      rows: Effect.Effect<ReadonlyArray<unknown>, SqlError>
    ) => Effect.map(read(operation, schema, rows), head)

    const count = (operation: string, rows: Effect.Effect<ReadonlyArray<unknown>, SqlError>) =>
      Effect.map(join(operation, rows), ({ length }) => length)

    const changed = (operation: string, rows: Effect.Effect<ReadonlyArray<unknown>, SqlError>) =>
      Effect.map(count(operation, rows), (rows) => rows > 0)

    const passkeysOf = (operation: string, operatorId: Operator.OperatorId) =>
      read(
        operation,
        Passkey,
        sql`SELECT id, operator_id, name, public_key, counter, transports, synced, created, last_used
          FROM platform_operator_passkeys WHERE operator_id = ${operatorId} ORDER BY created, id`
      )

    const expiring = Database.byOwnClock(database)
    yield* prune(expiring, "platform_operator_invitations", ["operator_id"], "milliseconds")
    yield* prune(expiring, "platform_operator_challenges", ["challenge"], "milliseconds")
    yield* prune(expiring, "platform_operator_sessions", ["hash"], "milliseconds")

    /** Whoever changes what an operator has waits for those who do so at once. */
    const lockOperator = (operation: string, id: Operator.OperatorId) =>
      changed(operation, sql`SELECT id FROM platform_operators WHERE id = ${id} ${locking}`)

    const operators: Operators.Service = {
      invite: ({ id, name }, { hash, until }, now) => {
        const operation = "Operators.invite"
        return transaction(
          operation,
          Effect.zipRight(
            join(
              operation,
              sql`INSERT INTO platform_operators (id, name, created) VALUES (${id}, ${name}, ${millis(now)})
                ON CONFLICT DO NOTHING`
            ),
            join(
              operation,
              sql`INSERT INTO platform_operator_invitations (operator_id, hash, until)
                VALUES (${id}, ${hash}, ${millis(until)})
                ON CONFLICT (operator_id) DO UPDATE SET hash = excluded.hash, until = excluded.until`
            )
          )
        )
      },
      invited: (hash, now) =>
        readOne(
          "Operators.invited",
          Operator.Operator,
          sql`SELECT operators.id AS id, operators.name AS name FROM platform_operator_invitations AS invitations
            JOIN platform_operators AS operators ON operators.id = invitations.operator_id
            WHERE invitations.hash = ${hash} AND invitations.until > ${millis(now)}`
        ),
      useInvitation: (hash, now) => {
        const operation = "Operators.useInvitation"
        return transaction(
          operation,
          Effect.gen(function*() {
            const used = yield* readOne(
              operation,
              Schema.Struct({ id: Operator.OperatorId }),
              sql`DELETE FROM platform_operator_invitations WHERE hash = ${hash} AND until > ${millis(now)}
                RETURNING operator_id AS id`
            )
            return Option.isNone(used) ? Option.none() : yield* readOne(
              operation,
              Operator.Operator,
              sql`SELECT id, name FROM platform_operators WHERE id = ${used.value.id}`
            )
          })
        )
      },
      operator: (id) =>
        readOne(
          "Operators.operator",
          Operator.Operator,
          sql`SELECT id, name FROM platform_operators WHERE id = ${id}`
        ),
      operators: read(
        "Operators.operators",
        Listed,
        sql`SELECT id, name, created,
            (SELECT count(*) FROM platform_operator_passkeys AS passkeys WHERE passkeys.operator_id = operators.id)
              AS passkeys
          FROM platform_operators AS operators ORDER BY created, id`
      ),
      removeOperator: (id) => {
        const operation = "Operators.removeOperator"
        return transaction(
          operation,
          Effect.gen(function*() {
            if (!(yield* lockOperator(operation, id))) return false
            yield* join(operation, sql`DELETE FROM platform_operator_sessions WHERE operator_id = ${id}`)
            yield* join(operation, sql`DELETE FROM platform_operator_passkeys WHERE operator_id = ${id}`)
            yield* join(operation, sql`DELETE FROM platform_operator_invitations WHERE operator_id = ${id}`)
            yield* join(operation, sql`DELETE FROM platform_operators WHERE id = ${id}`)
            return true
          })
        )
      },

      addChallenge: ({ challenge, purpose, until }) =>
        join(
          "Operators.addChallenge",
          sql`INSERT INTO platform_operator_challenges (challenge, purpose, until)
            VALUES (${challenge}, ${purpose}, ${millis(until)})`
        ),
      takeChallenge: (challenge, purpose, now) => {
        const Taken = Schema.Struct({ purpose: Schema.String, until: Time })
        return Effect.map(
          read(
            "Operators.takeChallenge",
            Taken,
            sql`DELETE FROM platform_operator_challenges WHERE challenge = ${challenge} RETURNING purpose, until`
          ),
          ([taken]) => taken !== undefined && taken.purpose === purpose && DateTime.lessThan(now, taken.until)
        )
      },

      insertPasskey: (passkey) => {
        const operation = "Operators.insertPasskey"
        const { counter, created, id, name, operatorId, publicKey, synced, transports } = passkey
        return transaction(
          operation,
          Effect.gen(function*() {
            if (!(yield* lockOperator(operation, operatorId))) return false
            return yield* changed(
              operation,
              sql`INSERT INTO platform_operator_passkeys
                  (id, operator_id, name, public_key, counter, transports, synced, created)
                VALUES (${id}, ${operatorId}, ${name}, ${publicKey}, ${counter}, ${encodeTransports(transports)},
                  ${synced ? 1 : 0}, ${millis(created)})
                ON CONFLICT DO NOTHING RETURNING id`
            )
          })
        )
      },
      passkey: (id) =>
        readOne(
          "Operators.passkey",
          Passkey,
          sql`SELECT id, operator_id, name, public_key, counter, transports, synced, created, last_used
            FROM platform_operator_passkeys WHERE id = ${id}`
        ),
      passkeys: (operatorId) => passkeysOf("Operators.passkeys", operatorId),
      usePasskey: (id, { at, counter, synced }) =>
        changed(
          "Operators.usePasskey",
          sql`UPDATE platform_operator_passkeys
            SET counter = ${counter}, synced = ${synced ? 1 : 0}, last_used = ${millis(at)}
            WHERE id = ${id} AND (counter < ${counter} OR (counter = 0 AND CAST(${counter} AS BIGINT) = 0))
            RETURNING id`
        ),
      removePasskey: (operatorId, id) => {
        const operation = "Operators.removePasskey"
        return transaction(
          operation,
          Effect.gen(function*() {
            yield* lockOperator(operation, operatorId)
            const own = yield* passkeysOf(operation, operatorId)
            if (!own.some((passkey) => passkey.id === id)) return Either.left("Unknown" as const)
            if (own.length === 1) return Either.left("Last" as const)
            yield* join(
              operation,
              sql`DELETE FROM platform_operator_sessions WHERE operator_id = ${operatorId} AND passkey_id = ${id}`
            )
            yield* join(operation, sql`DELETE FROM platform_operator_passkeys WHERE id = ${id}`)
            return Either.void
          })
        )
      },

      insertSession: ({ hash, id, lastUsed, operatorId, passkeyId, started, until, verified }) => {
        const operation = "Operators.insertSession"
        return transaction(
          operation,
          Effect.gen(function*() {
            yield* lockOperator(operation, operatorId)
            const own = yield* passkeysOf(operation, operatorId)
            if (!own.some((passkey) => passkey.id === passkeyId)) return false
            yield* join(
              operation,
              sql`INSERT INTO platform_operator_sessions
                  (hash, id, operator_id, passkey_id, started, last_used, verified, until)
                VALUES (${hash}, ${id}, ${operatorId}, ${passkeyId}, ${millis(started)}, ${millis(lastUsed)},
                  ${millis(verified)}, ${millis(until)})`
            )
            return true
          })
        )
      },
      session: (hash, now) =>
        readOne(
          "Operators.session",
          Session,
          sql`SELECT hash, id, operator_id, passkey_id, started, last_used, verified, until
            FROM platform_operator_sessions WHERE hash = ${hash} AND until > ${millis(now)}`
        ),
      sessions: (operatorId, now) =>
        read(
          "Operators.sessions",
          Session,
          sql`SELECT hash, id, operator_id, passkey_id, started, last_used, verified, until
            FROM platform_operator_sessions WHERE operator_id = ${operatorId} AND until > ${millis(now)}
            ORDER BY started, id`
        ),
      renewSession: ({ id, lastUsed, until, verified }) =>
        join(
          "Operators.renewSession",
          sql`UPDATE platform_operator_sessions
            SET last_used = ${millis(lastUsed)}, until = ${millis(until)},
              verified = ${verified === undefined ? sql.literal("verified") : sql`${millis(verified)}`}
            WHERE id = ${id}`
        ),
      endSession: (operatorId, id) =>
        changed(
          "Operators.endSession",
          sql`DELETE FROM platform_operator_sessions WHERE operator_id = ${operatorId} AND id = ${id} RETURNING id`
        ),
      endSessions: (operatorId) =>
        count(
          "Operators.endSessions",
          sql`DELETE FROM platform_operator_sessions WHERE operator_id = ${operatorId} RETURNING id`
        )
    }
    return operators
  }
)

/**
 * @since 0.1.0
 * @category layers
 */
export const layer: Layer.Layer<Operators.Operators, never, SqlClient.SqlClient> = Layer.scoped(
  Operators.Operators,
  make
)
