/**
 * PostgreSQL 13 or later, which any number of processes and machines share.
 *
 * Needs the packages `@effect/sql` and `@effect/sql-pg`.
 *
 * @since 0.1.0
 */
import { StoreUnavailable } from "@effect-launchkey/core/StoreUnavailable"
import * as Reactivity from "@effect/experimental/Reactivity"
import * as PgClient from "@effect/sql-pg/PgClient"
import * as SqlClient from "@effect/sql/SqlClient"
import type { Connection } from "@effect/sql/SqlConnection"
import { SqlError } from "@effect/sql/SqlError"
import { defaultTransforms } from "@effect/sql/Statement"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Predicate from "effect/Predicate"
import * as RcRef from "effect/RcRef"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"

/**
 * As for a `PgClient`, whose defaults apply save for `connectTimeout`: 5 seconds, and `applicationName`: `"launchkey"`.
 *
 * The server ends a statement after 15 seconds, and a transaction that is left alone for 45: `SET LOCAL` is for those that
 * have to take longer. No statement is canceled by who asked for it. Who listens does so by one connection more.
 *
 * @since 0.1.0
 * @category models
 */
export interface Options extends PgClient.PgClientConfig {}

/**
 * What each session asks of the server, in milliseconds: how long a statement may take, and how long a transaction may be
 * left alone, such as by a machine that is gone: its locks would be held until TCP gives up, which may be hours.
 */
const bounds = "SELECT set_config('statement_timeout', '15000', false), "
  + "set_config('idle_in_transaction_session_timeout', '45000', false)"

/** What the driver has for a session. It does not promise to show it. */
const sessionOf = (connection: Connection): unknown =>
  Predicate.hasProperty(connection, "pg") ? connection.pg : undefined

interface Session {
  readonly on: (event: string, heard: (told: unknown) => void) => unknown
  readonly off: (event: string, heard: (told: unknown) => void) => unknown
  readonly end: () => unknown
}

const isSession = (session: unknown): session is Session =>
  (["on", "off", "end"] as const).every((name) =>
    Predicate.hasProperty(session, name) && Predicate.isFunction(session[name])
  )

interface Notification {
  readonly channel: string
  readonly payload: string
}

const isNotification = (message: unknown): message is Notification =>
  Predicate.hasProperty(message, "channel") && Predicate.hasProperty(message, "payload")
  && Predicate.isString(message.payload) && message.payload !== ""

/**
 * Notifications, by one connection for all who listen, which fails once it is lost. That of the driver's own `listen` says
 * nothing then, and its errors go unheard while it is made and closed: what the server says of its end would end the
 * process. A connection of a pool is heard always. It is not given to anybody else afterwards, as it hears too much.
 */
const listening = (
  client: PgClient.PgClient,
  options: Options
): Effect.Effect<PgClient.PgClient["listen"], never, Scope.Scope | Reactivity.Reactivity> =>
  Effect.gen(function*() {
    const reactivity = yield* Reactivity.Reactivity
    const shared = yield* RcRef.make({
      acquire: Effect.gen(function*() {
        const { reserve } = yield* PgClient.make({ ...options, minConnections: 0, maxConnections: 1 })
        // The driver forgets a connection that comes after the wait for it was interrupted.
        const connection = yield* Effect.uninterruptible(reserve)
        const session = sessionOf(connection)
        if (!isSession(session)) return undefined
        yield* Effect.addFinalizer(() => Effect.sync(() => session.end()))
        return { connection, session }
      }).pipe(Effect.provideService(Reactivity.Reactivity, reactivity))
    })
    return (channel) =>
      Stream.unwrapScoped(Effect.map(RcRef.get(shared), (found) => {
        if (found === undefined) return client.listen(channel)
        const { connection, session } = found
        return Stream.asyncPush<string, SqlError>((emit) => {
          const hear = (message: unknown) => {
            if (isNotification(message) && message.channel === channel) emit.single(message.payload)
          }
          const lose = (cause: unknown) => {
            emit.fail(new SqlError({ cause, message: "The connection that listens is lost" }))
          }
          const events = { notification: hear, error: lose, end: lose }
          const each = (turn: "on" | "off") =>
            Effect.sync(() => {
              for (const [event, heard] of Object.entries(events)) session[turn](event, heard)
            })
          return Effect.zipRight(
            Effect.acquireRelease(each("on"), () => each("off")),
            // A cancellation would wait for another connection, which there is not.
            Effect.uninterruptible(
              connection.executeUnprepared(`LISTEN "${channel.replaceAll("\"", "\"\"")}"`, [], undefined)
            )
          )
        })
      }))
  })

/**
 * The same client, whose statements run to their end. The driver cancels one that is interrupted, by another connection,
 * and may have given its own to the next statement by then, which the cancellation then reaches. Here whoever is
 * interrupted waits, or leaves by `Effect.disconnect`, and what takes too long is ended by the server.
 */
const ending = (
  client: PgClient.PgClient,
  options: Options
): Effect.Effect<PgClient.PgClient, never, Scope.Scope | Reactivity.Reactivity> => {
  const { spanAttributes, transformJson, transformQueryNames, transformResultNames } = options
  const bounded = new WeakSet<object>()
  const acquirer = Effect.gen(function*() {
    const connection = yield* client.reserve
    // A connection is made of its session for each use. One that shows none is bounded at each use.
    const session = sessionOf(connection)
    if (!Predicate.isObject(session) || !bounded.has(session)) {
      yield* connection.executeUnprepared(bounds, [], undefined)
      if (Predicate.isObject(session)) bounded.add(session)
    }
    const whole: Connection = {
      execute: (...given) => Effect.uninterruptible(connection.execute(...given)),
      executeRaw: (...given) => Effect.uninterruptible(connection.executeRaw(...given)),
      executeStream: (...given) => connection.executeStream(...given),
      executeUnprepared: (...given) => Effect.uninterruptible(connection.executeUnprepared(...given)),
      executeValues: (...given) => Effect.uninterruptible(connection.executeValues(...given))
    }
    return whole
    // The driver forgets a connection that comes after the wait for it was interrupted.
  }).pipe(Effect.uninterruptible)
  return Effect.zipWith(
    SqlClient.make({
      acquirer,
      compiler: PgClient.makeCompiler(transformQueryNames, transformJson),
      spanAttributes: [...Object.entries(spanAttributes ?? {}), ["db.system.name", "postgresql"]],
      transformRows: transformResultNames && defaultTransforms(transformResultNames, transformJson).array
    }),
    listening(client, options),
    (sql, listen) =>
      Object.assign(sql, {
        [PgClient.TypeId]: client[PgClient.TypeId],
        config: client.config,
        json: client.json,
        listen,
        // That of the driver is a statement which takes no parameters, with one.
        notify: (channel: string, payload: string) => Effect.asVoid(sql`SELECT pg_notify(${channel}, ${payload})`)
      })
  )
}

/**
 * Fails where the database cannot be reached at the start.
 *
 * @since 0.1.0
 * @category layers
 */
export const layer = (
  given: Options
): Layer.Layer<PgClient.PgClient | SqlClient.SqlClient, StoreUnavailable> => {
  const options: Options = { connectTimeout: "5 seconds", applicationName: "launchkey", ...given }
  return Layer.scopedContext(
    Effect.mapBoth(Effect.flatMap(PgClient.make(options), (client) => ending(client, options)), {
      onFailure: (cause) => new StoreUnavailable({ operation: "Pg.layer", cause }),
      onSuccess: (client) => Context.make(PgClient.PgClient, client).pipe(Context.add(SqlClient.SqlClient, client))
    })
  ).pipe(Layer.provide(Reactivity.layer))
}

/**
 * The settings that are off without which the server forgets, when it crashes, what it has answered. There should be
 * none: `fsync`, `full_page_writes` and `synchronous_commit` are on unless somebody turned them off.
 *
 * @see https://www.postgresql.org/docs/current/runtime-config-wal.html
 * @since 0.1.0
 * @category constructors
 */
export const forgetful: Effect.Effect<ReadonlyArray<string>, StoreUnavailable, SqlClient.SqlClient> = Effect.flatMap(
  SqlClient.SqlClient,
  (sql) =>
    sql<{ name: string }>`
      SELECT name FROM pg_settings
      WHERE name IN ('fsync', 'full_page_writes', 'synchronous_commit') AND setting = 'off'
      ORDER BY name`
).pipe(
  Effect.mapBoth({
    onFailure: (cause) => new StoreUnavailable({ operation: "Pg.forgetful", cause }),
    onSuccess: (rows) => rows.map(({ name }) => name)
  })
)
