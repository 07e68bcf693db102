/**
 * Authorization requests that programs wait for, and the answers that webhooks bring, in a SQL database. The rows are
 * the truth: whoever waits is told that one may have changed, reads it, and looks at all that it waits for every few
 * seconds besides, in one statement for a thousand.
 *
 * @see docs/protocol.md "Webhooks"
 * @since 0.1.0
 */
import { AuthorizationPackage, AuthorizationRequestId } from "@effect-launchkey/core/Authorization"
import { ServiceId } from "@effect-launchkey/core/EntityIdentifier"
import * as Database from "@effect-launchkey/sql/Database"
import { hints } from "@effect-launchkey/sql/Hints"
import { prune } from "@effect-launchkey/sql/Pruning"
import * as Rows from "@effect-launchkey/sql/Rows"
import type * as SqlClient from "@effect/sql/SqlClient"
import type { SqlError } from "@effect/sql/SqlError"
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import type * as Stream from "effect/Stream"
import {
  defaultRetention,
  type Key,
  type Options as PortOptions,
  type PendingAuthorization,
  PendingAuthorizations,
  type Service
} from "../PendingAuthorizations.ts"
import * as Waiting from "./internal/waiting.ts"

/**
 * @since 0.1.0
 * @category models
 */
export interface Options extends Pick<PortOptions, "retention"> {
  /** How often the answers that are waited for are looked for, unless a hint comes before. Default 5 seconds. */
  readonly interval?: Duration.DurationInput | undefined
  /** What brings word of answers that came to other processes: `listen` of a `PgClient`. Default none. */
  readonly listen?: ((channel: string) => Stream.Stream<string, SqlError>) | undefined
}

const channel = "launchkey_answers"

const Answer = Schema.parseJson(AuthorizationPackage)

const ExpectedUser = Schema.parseJson(
  Schema.Struct({
    serviceUserHash: Schema.optional(Schema.String),
    organizationUserHash: Schema.optional(Schema.String),
    userPushId: Schema.optional(Schema.String)
  })
)

const Request = Schema.Struct({
  service_id: ServiceId,
  id: AuthorizationRequestId,
  created: Rows.Int64,
  expires: Rows.Int64,
  expected_user: Schema.NullOr(ExpectedUser)
})

const decodeRequests = Schema.decodeUnknown(Schema.Array(Request))

const toRequest = (row: typeof Request.Type): PendingAuthorization => ({
  serviceId: row.service_id,
  id: row.id,
  created: DateTime.unsafeMake(row.created),
  expires: DateTime.unsafeMake(row.expires),
  ...(row.expected_user === null ? {} : { user: row.expected_user })
})

const keyColumns = ({ id, serviceId }: Key) => [serviceId, id]

interface Row {
  readonly service_id: string
  readonly id: string
}

const textOfRow = ({ id, service_id }: Row): string => Waiting.textOf({ serviceId: service_id, id })

/**
 * Keeps looking for answers, and pruning what it need not keep, as long as its scope is open. The tables are there: see
 * `Migrations`.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (
  options: Options = {}
): Effect.Effect<Service, never, SqlClient.SqlClient | Scope.Scope> =>
  Effect.gen(function*() {
    const database = yield* Database.make
    const { batched, bytewise, dialect, given, now, run, sql } = database
    const retention = sql.literal(String(Math.ceil(Duration.toMillis(options.retention ?? defaultRetention))))

    const readable = (operation: string) => Effect.mapError(Rows.unreadable(operation))

    const select = sql.literal("SELECT service_id, id, created, expires, expected_user FROM launchkey_authorizations")

    const remember = yield* batched("PendingAuthorizations.remember", (requests: ReadonlyArray<PendingAuthorization>) =>
      Effect.gen(function*() {
        const at = yield* now
        // of the same request twice, the later replaces the earlier
        const each = Array.from(new Map(requests.map((request) => [Waiting.textOf(request), request])).values())
        const rows = each.map((request) => [
          ...keyColumns(request),
          DateTime.toEpochMillis(request.created),
          DateTime.toEpochMillis(request.expires),
          request.user === undefined ? null : JSON.stringify(request.user)
        ])
        yield* sql`
          INSERT INTO launchkey_authorizations
            (service_id, id, created, expires, expected_user, request_until, until)
          SELECT given.value->>0, given.value->>1, CAST(given.value->>2 AS BIGINT), CAST(given.value->>3 AS BIGINT),
            given.value->>4, ${at} + ${retention}, ${at} + ${retention}
          FROM ${given(rows)}
          WHERE true
          ORDER BY (given.value->>0) ${bytewise}, (given.value->>1) ${bytewise}
          ON CONFLICT (service_id, id) DO UPDATE
            SET created = excluded.created, expires = excluded.expires, expected_user = excluded.expected_user,
              request_until = excluded.request_until, until = excluded.until`
        return requests.map(() =>
          undefined
        )
      }))

    interface Answered {
      readonly key: Key
      readonly answer: string
    }

    const keep = (answers: ReadonlyArray<Answered>) =>
      Effect.map(now, (now) =>
        sql`
          INSERT INTO launchkey_authorizations AS held (service_id, id, answer, answer_until, until)
          SELECT given.value->>0, given.value->>1, given.value->>2, ${now} + ${retention}, ${now} + ${retention}
          FROM ${given(answers.map(({ answer, key }) => [...keyColumns(key), answer]))}
          WHERE true
          ORDER BY (given.value->>0) ${bytewise}, (given.value->>1) ${bytewise}
          ON CONFLICT (service_id, id) DO UPDATE
            SET answer = excluded.answer, answer_until = excluded.answer_until, until = excluded.until
            WHERE held.answer_until <= ${now}
          RETURNING service_id, id`)

    const complete = yield* batched("PendingAuthorizations.complete", (answers: ReadonlyArray<Answered>) =>
      Effect.gen(function*() {
        // of those that answer one request together, the first may stay
        const each = Array.from(
          new Map(
            answers.map((answered) =>
              [Waiting.textOf(answered.key), answered] as const
            ).reverse()
          ).values()
        )
        const kept = yield* keep(each)
        const rows = yield* dialect === "pg"
          ? sql<Row>`
              WITH kept AS (${kept})
              SELECT service_id, id, pg_notify(${channel}, service_id || ' ' || id) FROM kept`
          : sql<Row>`${kept}`
        const added = new Set(rows.map(textOfRow))
        return answers.map(({ key }) => added.delete(Waiting.textOf(key)))
      }))

    const read = (keys: ReadonlyArray<Key>) =>
      Effect.flatMap(now, (now) =>
        sql<Row & { readonly answer: string }>`
          SELECT held.service_id AS service_id, held.id AS id, held.answer AS answer
          FROM ${given(keys.map(keyColumns))}
          JOIN launchkey_authorizations AS held
            ON held.service_id = given.value->>0 AND held.id = given.value->>1
          WHERE held.answer_until > ${now}`).pipe(
          Effect.map((rows) =>
            new Map(rows.map((row) => [textOfRow(row), row.answer]))
          )
        )

    const lookUp = yield* batched("PendingAuthorizations.answer", (keys: ReadonlyArray<Key>) =>
      Effect.map(read(keys), (answers) =>
        keys.map((key) => Option.fromNullable(answers.get(Waiting.textOf(key))))))

    const decodeAnswer = (text: string) =>
      readable("PendingAuthorizations.answer")(Schema.decode(Answer)(text))

    const answer = (key: Key) => Effect.flatMap(lookUp(key), Effect.transposeMapOption(decodeAnswer))

    const forget = yield* batched("PendingAuthorizations.forget", (keys: ReadonlyArray<Key>) =>
      Effect.as(
        sql`
          DELETE FROM launchkey_authorizations
          WHERE (service_id, id) IN (
            SELECT held.service_id, held.id
            FROM ${given(keys.map(keyColumns))}
            JOIN launchkey_authorizations AS held
              ON held.service_id = given.value->>0 AND held.id = given.value->>1
            ORDER BY held.service_id ${bytewise}, held.id ${bytewise} ${database.locking}
          )`,
        keys.map(() => undefined)
      ))

    const waiting = yield* Waiting.make({
      answer,
      answers: (keys) =>
        Effect.flatMap(run("PendingAuthorizations.awaitAnswer", read(keys)), (found) =>
          Effect.forEach(found, ([key, text]) =>
            Effect.map(Effect.exit(decodeAnswer(text)), (answer) => ({ key, answer })))),
      interval: Duration.decode(options.interval ?? "5 seconds")
    })
    if (options.listen !== undefined) {
      yield* hints(database, options.listen(channel), { channel, onHint: waiting.hint, onListening: waiting.lookAtAll })
    }
    yield* prune(database, "launchkey_authorizations", ["service_id", "id"], "milliseconds")

    return {
      remember,
      list: (serviceId) =>
        Effect.flatMap(now, (now) =>
          run(
            "PendingAuthorizations.list",
            sql`${select}
              WHERE service_id = ${serviceId} AND expires > ${now} AND request_until > ${now} AND answer_until <= ${now}
              ORDER BY created, id`
          )).pipe(
            Effect.flatMap((rows) =>
              readable("PendingAuthorizations.list")(decodeRequests(rows))
            ),
            Effect.map((rows) =>
              rows.map(toRequest)
            )
          ),
      find: ({ id, serviceId }) =>
        Effect.flatMap(now, (now) =>
          run(
            "PendingAuthorizations.find",
            sql`${select} WHERE service_id = ${serviceId} AND id = ${id} AND request_until > ${now}`
          )).pipe(
            Effect.flatMap((rows) => readable("PendingAuthorizations.find")(decodeRequests(rows))),
            Effect.map(([row]) => Option.map(Option.fromNullable(row), toRequest))
          ),
      complete: (key, answer) =>
        Schema.encode(Answer)(answer).pipe(
          readable("PendingAuthorizations.complete"),
          Effect.flatMap((encoded) => complete({ key, answer: encoded })),
          Effect.tap((kept) =>
            kept
              ? waiting.tell(Waiting.textOf(key), Exit.succeed(answer))
              // a duplicate may be the first that this process hears of the answer that stays
              : waiting.hint(Waiting.textOf(key))
          )
        ),
      answer,
      awaitAnswer: waiting.awaitAnswer,
      forget
    }
  })

/**
 * @since 0.1.0
 * @category layers
 */
export const layer = (
  options?: Options
): Layer.Layer<PendingAuthorizations, never, SqlClient.SqlClient> => Layer.scoped(PendingAuthorizations, make(options))
