/**
 * The platform's store in a SQL database: a file of libsql for one process, PostgreSQL for any number of them. What it
 * has answered is kept; nothing that decides an answer is kept in the process.
 *
 * @since 0.1.0
 */
import * as Entity from "@effect-launchkey/core/EntityIdentifier"
import type { StoreUnavailable } from "@effect-launchkey/core/StoreUnavailable"
import * as Database from "@effect-launchkey/sql/Database"
import { prune } from "@effect-launchkey/sql/Pruning"
import * as SqlClient from "@effect/sql/SqlClient"
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import type * as Scope from "effect/Scope"
import * as Attempts from "../internal/attempts.ts"
import { defaultRetention, type Options as MemoryOptions } from "../MemoryStore.ts"
import * as Store from "../Store.ts"
import * as Devices from "./internal/devices.ts"
import * as Entities from "./internal/entities.ts"
import * as Reading from "./internal/reading.ts"
import { head, type Rows, text } from "./internal/reading.ts"
import * as Records from "./internal/records.ts"

/**
 * @since 0.1.0
 * @category models
 */
export interface Options extends Pick<MemoryOptions, "retention"> {}

type Token = Parameters<Store.Service["firstSeen"]>[0]

const tokenKey = (issuer: string, tokenId: string): string => JSON.stringify([issuer, tokenId])

const millis = DateTime.toEpochMillis

/**
 * Keeps pruning what it need not keep, as long as its scope is open. The tables are there: see `Migrations`.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (
  options: Options = {}
): Effect.Effect<Store.Service, never, SqlClient.SqlClient | Scope.Scope> =>
  Effect.gen(function*() {
    const database = yield* Database.make
    const { batched, bytewise, given, join, locking, sql, transaction } = database
    const retention = Duration.toMillis(options.retention ?? defaultRetention)

    const isUser = ({ directoryId, identifier }: Store.UserKey, table = "") =>
      sql`${sql.literal(table)}directory_id = ${directoryId} AND ${sql.literal(table)}identifier = ${text(identifier)}`

    const { changed, read, readOne } = Reading.make(database)

    const authorizations = (operation: string, rows: Rows<"record" | "state">) =>
      Effect.flatMap(
        join(operation, rows),
        Effect.forEach(({ record, state }) =>
          Effect.zipWith(
            Records.authorization.decode(operation, record),
            Records.state.decode(operation, state),
            (authorization, state): Store.Authorization => ({ ...authorization, state })
          )
        )
      )

    const ensureUser = (operation: string, { directoryId, identifier }: Store.UserKey) =>
      join(
        operation,
        sql`INSERT INTO platform_users (directory_id, identifier) VALUES (${directoryId}, ${
          text(identifier)
        }) ON CONFLICT DO NOTHING`
      )

    /** The request that its user has open, if it is still open when it is looked at. */
    const opened = (operation: string, user: Store.UserKey, now: DateTime.Utc) =>
      authorizations(
        operation,
        sql`
          SELECT platform_authorizations.record AS record, platform_authorizations.state AS state
          FROM platform_open_authorizations AS slot
          JOIN platform_authorizations ON platform_authorizations.id = slot.id
          WHERE ${isUser(user, "slot.")} AND slot.until > ${millis(now)}`
      )

    const open = (authorization: Store.Authorization): Effect.Effect<
      Either.Either<void, Store.Authorization>,
      StoreUnavailable
    > =>
      Effect.gen(function*() {
        const operation = "Store.openAuthorization"
        const { state, ...record } = authorization
        const { created, expires, id, user } = record
        // A user's one place, which whoever comes at once waits for.
        const won = yield* changed(
          operation,
          sql`
            INSERT INTO platform_open_authorizations AS slot (directory_id, identifier, id, until)
            VALUES (${user.directoryId}, ${text(user.identifier)}, ${id}, ${millis(expires)})
            ON CONFLICT (directory_id, identifier) DO UPDATE SET id = excluded.id, until = excluded.until
              WHERE slot.until <= ${millis(created)}
            RETURNING id`
        )
        if (!won) {
          const blocking = yield* Effect.map(opened(operation, user, created), head)
          // None where it was closed since.
          return Option.isSome(blocking) ? Either.left(blocking.value) : yield* open(authorization)
        }
        const texts = yield* Effect.all([
          Records.authorization.encode(operation, record),
          Records.state.encode(operation, state)
        ])
        yield* join(
          operation,
          sql`INSERT INTO platform_authorizations (id, until, record, state, created, service_id, directory_id)
            VALUES (${id}, ${millis(expires) + retention}, ${texts[0]}, ${texts[1]}, ${millis(created)},
              ${record.serviceId}, ${user.directoryId})`
        )
        return Either.right(undefined)
      })

    const markTokens = (tokens: ReadonlyArray<Token>) =>
      sql<{ issuer: string; token_id: string }>`
        INSERT INTO platform_tokens (issuer, token_id, until)
        SELECT given.value->>0, given.value->>1, CAST(given.value->>2 AS BIGINT)
        FROM ${given(tokens.map(({ issuer, tokenId, until }) => [text(issuer), text(tokenId), Math.ceil(until)]))}
        WHERE true
        ORDER BY (given.value->>0) ${bytewise}, (given.value->>1) ${bytewise}
        ON CONFLICT DO NOTHING
        RETURNING issuer, token_id`.pipe(
        Effect.map((rows) => {
          const added = new Set(rows.map(({ issuer, token_id }) => tokenKey(issuer, token_id)))
          // of those that bring one token together, one is the first
          return tokens.map(({ issuer, tokenId }) => added.delete(tokenKey(text(issuer), text(tokenId))))
        })
      )

    // As everything else of the platform; what has expired stays for minutes besides.
    const expiring = Database.byOwnClock(database)

    // Every call brings a token: those that come together share a statement, and its wait for the disk.
    const firstSeen = yield* batched("Store.firstSeen", markTokens)

    yield* prune(expiring, "platform_tokens", ["issuer", "token_id"], "seconds")
    yield* prune(expiring, "platform_linkings", ["code"], "milliseconds")
    yield* prune(expiring, "platform_authorizations", ["id"], "milliseconds")
    yield* prune(expiring, "platform_open_authorizations", ["directory_id", "identifier"], "milliseconds")
    yield* prune(expiring, "platform_fraud_reports", ["position"], "milliseconds")
    yield* prune(expiring, "platform_attempts", ["attempt"], "milliseconds")

    const store: Store.Service = {
      ...Entities.make(database),
      ensureUser: (user) => ensureUser("Store.ensureUser", user),
      hasUser: (user) => changed("Store.hasUser", sql`SELECT 1 AS found FROM platform_users WHERE ${isUser(user)}`),
      rememberPushId: (pushId, serviceId, user) =>
        Effect.flatMap(Records.user.encode("Store.rememberPushId", user), (owner) =>
          join(
            "Store.rememberPushId",
            sql`INSERT INTO platform_push_ids AS mine (service_id, push_id, owner)
              VALUES (${serviceId}, ${text(pushId)}, ${owner})
              ON CONFLICT (service_id, push_id) DO UPDATE SET owner = excluded.owner WHERE mine.owner <> excluded.owner`
          )),
      userByPushId: (pushId, serviceId) =>
        readOne(
          "Store.userByPushId",
          Records.user,
          sql`SELECT owner AS record FROM platform_push_ids WHERE service_id = ${serviceId} AND push_id = ${
            text(pushId)
          }`
        ),

      insertLinking: (linking, device) =>
        transaction(
          "Store.insertLinking",
          Effect.gen(function*() {
            const operation = "Store.insertLinking"
            const { code, deviceId, expires } = linking
            const record = yield* Records.linking.encode(operation, linking)
            const inserted = yield* changed(
              operation,
              sql`INSERT INTO platform_linkings (code, device_id, expires, until, record)
                VALUES (${code}, ${text(deviceId)}, ${millis(expires)}, ${millis(expires)}, ${record})
                ON CONFLICT DO NOTHING
                RETURNING 1 AS inserted`
            )
            if (!inserted) return false
            yield* ensureUser(operation, device.user)
            yield* join(
              operation,
              sql`INSERT INTO platform_devices (id, directory_id, identifier, record)
                VALUES (${text(device.id)}, ${device.user.directoryId}, ${text(device.user.identifier)},
                  ${yield* Records.device.encode(operation, device)})`
            )
            return true
          })
        ),
      linking: (code) =>
        readOne("Store.linking", Records.linking, sql`SELECT record FROM platform_linkings WHERE code = ${code}`),
      completeLinking: (code, now, link) =>
        transaction(
          "Store.completeLinking",
          Effect.gen(function*() {
            const operation = "Store.completeLinking"
            const used = yield* readOne(
              operation,
              Records.linking,
              sql`DELETE FROM platform_linkings WHERE code = ${code} AND expires > ${millis(now)} RETURNING record`
            )
            if (Option.isNone(used)) return Option.none()
            const id = text(used.value.deviceId)
            const found = yield* readOne(
              operation,
              Records.device,
              sql`SELECT record FROM platform_devices WHERE id = ${id} ${locking}`
            )
            if (Option.isNone(found)) return Option.none()
            const device = link(found.value)
            const record = yield* Records.device.encode(operation, device)
            yield* join(operation, sql`UPDATE platform_devices SET record = ${record} WHERE id = ${id}`)
            return Option.some(device)
          })
        ),
      device: (id) =>
        readOne("Store.device", Records.device, sql`SELECT record FROM platform_devices WHERE id = ${text(id)}`),
      devices: (user) =>
        read(
          "Store.devices",
          Records.device,
          sql`SELECT record FROM platform_devices WHERE ${isUser(user)} ORDER BY position`
        ),
      removeDevice: (id) =>
        transaction(
          "Store.removeDevice",
          Effect.all([
            // first what who completes a link takes first
            join("Store.removeDevice", sql`DELETE FROM platform_linkings WHERE device_id = ${text(id)}`),
            join("Store.removeDevice", sql`DELETE FROM platform_devices WHERE id = ${text(id)}`),
            join("Store.removeDevice", sql`DELETE FROM platform_push_endpoints WHERE device_id = ${text(id)}`),
            join("Store.removeDevice", sql`DELETE FROM platform_keys WHERE entity = ${Entity.device(id)}`)
          ], { discard: true })
        ),

      openAuthorization: (authorization) => transaction("Store.openAuthorization", open(authorization)),
      authorization: (id) =>
        Effect.map(
          authorizations(
            "Store.authorization",
            sql`SELECT record, state FROM platform_authorizations WHERE id = ${id}`
          ),
          head
        ),
      closeAuthorization: (id, now, state) =>
        transaction(
          "Store.closeAuthorization",
          Effect.gen(function*() {
            const operation = "Store.closeAuthorization"
            const before = yield* Effect.map(
              authorizations(
                operation,
                sql`SELECT record, state FROM platform_authorizations WHERE id = ${id} ${locking}`
              ),
              head
            )
            if (Option.isNone(before) || !Store.isOpen(before.value, now)) return before
            const json = yield* Records.state.encode(operation, state)
            yield* join(operation, sql`UPDATE platform_authorizations SET state = ${json} WHERE id = ${id}`)
            yield* join(
              operation,
              sql`DELETE FROM platform_open_authorizations WHERE ${isUser(before.value.user)} AND id = ${id}`
            )
            return before
          })
        ),
      openAuthorizations: (user, now) => opened("Store.openAuthorizations", user, now),

      latestAuthorizations: ({ before, limit, of }) => {
        const whose = of === undefined
          ? sql`created IS NOT NULL`
          : sql`${sql.literal(Entity.typeOf(of) === "svc" ? "service_id" : "directory_id")} = ${Entity.uuidOf(of)}`
        const since = before === undefined
          ? sql`1 = 1`
          : sql`(created, id) < (${millis(before.created)}, ${before.id})`
        return authorizations(
          "Store.latestAuthorizations",
          sql`SELECT record, state FROM platform_authorizations
            WHERE ${whose} AND ${since} ORDER BY created DESC, id DESC LIMIT ${limit}`
        )
      },

      startSession: (session) =>
        Effect.flatMap(Records.session.encode("Store.startSession", session), (record) =>
          join(
            "Store.startSession",
            sql`INSERT INTO platform_sessions (directory_id, identifier, service_id, created, record)
              VALUES (${session.user.directoryId}, ${text(session.user.identifier)}, ${session.serviceId},
                ${millis(session.created)}, ${record})
              ON CONFLICT (directory_id, identifier, service_id)
                DO UPDATE SET created = excluded.created, record = excluded.record`
          )),
      endSession: (user, serviceId) =>
        readOne(
          "Store.endSession",
          Records.session,
          sql`DELETE FROM platform_sessions WHERE ${isUser(user)} AND service_id = ${serviceId} RETURNING record`
        ),
      sessions: (user) =>
        read(
          "Store.sessions",
          Records.session,
          sql`SELECT record FROM platform_sessions WHERE ${isUser(user)} ORDER BY created, service_id`
        ),

      setTotp: (user, totp) =>
        Option.match(totp, {
          onNone: () => join("Store.setTotp", sql`DELETE FROM platform_totps WHERE ${isUser(user)}`),
          onSome: (value) =>
            Effect.flatMap(Records.totp.encode("Store.setTotp", value), (record) =>
              join(
                "Store.setTotp",
                sql`INSERT INTO platform_totps (directory_id, identifier, record, used_step)
                  VALUES (${user.directoryId}, ${text(user.identifier)}, ${record}, -1)
                  ON CONFLICT (directory_id, identifier)
                    DO UPDATE SET record = excluded.record, used_step = excluded.used_step`
              ))
        }),
      totp: (user) => readOne("Store.totp", Records.totp, sql`SELECT record FROM platform_totps WHERE ${isUser(user)}`),
      useTotpStep: (user, step) =>
        changed(
          "Store.useTotpStep",
          sql`UPDATE platform_totps SET used_step = ${step} WHERE ${
            isUser(user)
          } AND used_step < ${step} RETURNING 1 AS used`
        ),

      attempt: (key, limit, now) =>
        transaction(
          "Store.attempt",
          Effect.gen(function*() {
            const operation = "Store.attempt"
            const at = millis(now)
            const until = at + Duration.toMillis(limit.window)
            // Nobody else counts an attempt at it until the transaction ends.
            const [known = []] = yield* read(
              operation,
              Records.times,
              sql`INSERT INTO platform_attempts AS mine (attempt, list, until) VALUES (${text(key)}, '[]', ${until})
                ON CONFLICT (attempt) DO UPDATE SET list = mine.list
                RETURNING list AS record`
            )
            const { times, wait } = Attempts.count(known, limit, at)
            if (Option.isSome(wait)) return wait
            const list = yield* Records.times.encode(operation, [...times, at])
            yield* join(
              operation,
              sql`UPDATE platform_attempts SET list = ${list}, until = ${until} WHERE attempt = ${text(key)}`
            )
            return Option.none()
          })
        ),
      attempted: (key, limit, now) =>
        Effect.map(
          readOne(
            "Store.attempted",
            Records.times,
            sql`SELECT list AS record FROM platform_attempts WHERE attempt = ${text(key)}`
          ),
          (times) => Attempts.count(Option.getOrElse(times, () => []), limit, millis(now)).wait
        ),
      forgetAttempts: (key) =>
        join("Store.forgetAttempts", sql`DELETE FROM platform_attempts WHERE attempt = ${text(key)}`),

      ...Devices.make(database),

      firstSeen: (token) =>
        Effect.flatMap(
          Effect.serviceOption(SqlClient.TransactionConnection),
          Option.match({
            onNone: () => firstSeen(token),
            onSome: () => Effect.map(join("Store.firstSeen", markTokens([token])), ([first = false]) => first)
          })
        ),

      transaction: (self) => transaction("Store.transaction", self)
    }
    return store
  })

/**
 * @since 0.1.0
 * @category layers
 */
export const layer = (options?: Options): Layer.Layer<Store.Store, never, SqlClient.SqlClient> =>
  Layer.scoped(Store.Store, make(options))
