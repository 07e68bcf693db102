/**
 * How stores speak SQL: what the dialects differ in, transactions, what a failure tells, and many questions in one
 * statement.
 *
 * @since 0.1.0
 */
import { StoreUnavailable } from "@effect-launchkey/core/StoreUnavailable"
import * as SqlClient from "@effect/sql/SqlClient"
import { SqlError } from "@effect/sql/SqlError"
import type { Fragment } from "@effect/sql/Statement"
import * as Chunk from "effect/Chunk"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Deferred from "effect/Deferred"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import * as Predicate from "effect/Predicate"
import * as Queue from "effect/Queue"
import * as Schedule from "effect/Schedule"
import type * as Scope from "effect/Scope"

/**
 * A column of what a statement is given; null is a column's null.
 *
 * @since 0.1.0
 * @category models
 */
export type Value = string | number | null

/**
 * @since 0.1.0
 * @category models
 */
export interface Database {
  readonly sql: SqlClient.SqlClient
  readonly dialect: "pg" | "sqlite"
  /** Milliseconds since the epoch: by the database's own clock where several processes share it, else by Effect's. */
  readonly now: Effect.Effect<Fragment>
  /** A table `given`, whose column `value` is a JSON array for each row. One parameter, however many rows. */
  readonly given: (rows: ReadonlyArray<ReadonlyArray<Value>>) => Fragment
  /** Orders texts as their bytes, in every statement alike: who locks rows in one order cannot deadlock. */
  readonly bytewise: Fragment
  /** An unguessable text. */
  readonly random: Fragment
  /** Appended to a query that picks rows to change: locks them, in the order of the query. */
  readonly locking: Fragment
  /** The same for rows that may as well be left to somebody who has locked them already. */
  readonly lockingWhatIsFree: Fragment
  /** Outside of every transaction, tried again where it did nothing. Says at most what `withoutData` leaves. */
  readonly run: <A>(operation: string, statement: Effect.Effect<A, SqlError>) => Effect.Effect<A, StoreUnavailable>
  /** As `run`, save that it is part of the transaction that is open, if one is: tried again with that, or not at all. */
  readonly join: <A>(operation: string, statement: Effect.Effect<A, SqlError>) => Effect.Effect<A, StoreUnavailable>
  /**
   * Keeps what `self` does by `join` whole or not at all: not where it fails. Within another transaction it is a part of
   * that, which can be undone alone.
   *
   * `self` may run several times, when it lost to another transaction, and must not fork what uses the database.
   */
  readonly transaction: <A, E, R>(
    operation: string,
    self: Effect.Effect<A, E, R>
  ) => Effect.Effect<A, E | StoreUnavailable, R>
  /**
   * Does it once the transaction that is open by `transaction` is committed, and not at all where that is undone; at once
   * where none is open. What it does is no part of the transaction: nobody may rely on it.
   */
  readonly afterCommit: (effect: Effect.Effect<void>) => Effect.Effect<void>
  /**
   * A function that answers one item, by a statement that answers many: while it runs, others gather for the next. An
   * answer for each item, in their order.
   */
  readonly batched: <A, B>(
    operation: string,
    statement: (items: ReadonlyArray<A>) => Effect.Effect<ReadonlyArray<B>, SqlError>
  ) => Effect.Effect<(item: A) => Effect.Effect<B, StoreUnavailable>, never, Scope.Scope>
}

/** What is done once the transaction that is open in the context is committed. */
class Afterwards extends Context.Tag("@effect-launchkey/sql/Database/Afterwards")<
  Afterwards,
  Array<Effect.Effect<void>>
>() {}

/** Longest wait for the answer to a statement. */
const patience = Duration.seconds(10)

const batchSize = 500

/** Longest time of a transaction, with what it waits for. */
const patienceOfAll = Duration.seconds(30)

/**
 * SQLSTATE on PostgreSQL, `"SQLITE_BUSY"` and the like on SQLite; empty where it is no error of a driver.
 *
 * @since 0.1.0
 * @category conversions
 */
export const codeOf = (error: unknown): string =>
  Predicate.isTagged(error, "SqlError") && Predicate.hasProperty(error, "cause") &&
    Predicate.hasProperty(error.cause, "code") && typeof error.cause.code === "string"
    ? error.cause.code
    : ""

/** What an error of a driver tells of itself. Besides, that of PostgreSQL quotes what it was given. */
const told = ["code", "errno", "syscall", "address", "port", "severity", "routine"] as const

/** Why a statement failed, without what it was given. */
const withoutData = (error: unknown): unknown => {
  if (!(error instanceof SqlError)) return error
  const { cause } = error
  if (!(cause instanceof Error)) return error
  const copy = Object.assign(
    new Error(cause.message),
    Object.fromEntries(told.flatMap((fact) => fact in cause ? [[fact, Reflect.get(cause, fact)]] : []))
  )
  Object.defineProperty(copy, "stack", { value: cause.stack, configurable: true, writable: true })
  return new SqlError({ message: error.message, cause: copy })
}

/** Serialization failure and deadlock: the statement did nothing, and may do all of it the next time. */
const lostToAnother = (error: unknown): boolean => /^(?:40001|40P01|SQLITE_BUSY.*)$/.test(codeOf(error))

const times = 5
const again = Schedule.jittered(Schedule.exponential("10 millis"))

/** Class 22, data exception: PostgreSQL's texts cannot hold U+0000, and one such text refuses a whole batch. */
const refusesValue = ({ cause }: StoreUnavailable): boolean => codeOf(cause).startsWith("22")

/** Of the machine, also where a test holds the time. */
const timers = Clock.make()

const unanswered = Exit.die("a statement answered fewer items than it was given")

interface Item<A, B> {
  readonly item: A
  readonly answer: Deferred.Deferred<B, StoreUnavailable>
}

const ownTime = (sql: SqlClient.SqlClient): Database["now"] =>
  Effect.map(Clock.currentTimeMillis, (now) => sql`CAST(${now} AS BIGINT)`)

/**
 * The database by Effect's clock, whoever shares it: for rows whose times are of the processes that wrote them.
 *
 * @since 0.1.0
 * @category combinators
 */
export const byOwnClock = (database: Database): Database => ({ ...database, now: ownTime(database.sql) })

/**
 * @since 0.1.0
 * @category constructors
 */
export const make: Effect.Effect<Database, never, SqlClient.SqlClient> = Effect.gen(function*() {
  const sql = (yield* SqlClient.SqlClient).withoutTransforms()
  const context = yield* Effect.context<never>()
  const pg = sql.onDialectOrElse({ pg: () => true, orElse: () => false })

  const bounded = <A, R>(operation: string, statement: Effect.Effect<A, SqlError, R>) =>
    statement.pipe(
      Effect.disconnect,
      Effect.timeout(patience),
      Effect.mapError((cause) => new StoreUnavailable({ operation, cause: withoutData(cause) }))
    )

  // An open transaction travels in the context, even one of another database: statements here are never part of it.
  const run: Database["run"] = (operation, statement) =>
    bounded(
      operation,
      statement.pipe(
        Effect.retry({ while: lostToAnother, times, schedule: again }),
        Effect.mapInputContext((_: Context.Context<never>) => context)
      )
    )

  const join: Database["join"] = (operation, statement) =>
    Effect.flatMap(
      Effect.serviceOption(SqlClient.TransactionConnection),
      Option.match({
        onNone: () => run(operation, statement),
        onSome: (open) => bounded(operation, Effect.provideService(statement, SqlClient.TransactionConnection, open))
      })
    )

  const afterCommit: Database["afterCommit"] = (effect) =>
    Effect.flatMap(
      Effect.serviceOption(Afterwards),
      Option.match({
        onNone: () => effect,
        onSome: (afterwards) => Effect.sync(() => void afterwards.push(effect))
      })
    )

  const transaction: Database["transaction"] = (operation, self) =>
    Effect.flatMap(Effect.serviceOption(SqlClient.TransactionConnection), (open) => {
      const unavailable = (cause: unknown) => new StoreUnavailable({ operation, cause: withoutData(cause) })
      const whole = sql.withTransaction(self).pipe(
        Effect.catchIf((error) => error instanceof SqlError, (error) => Effect.fail(unavailable(error))),
        // an error at the commit
        Effect.catchSomeDefect((defect) =>
          defect instanceof SqlError ? Option.some(Effect.fail(unavailable(defect))) : Option.none()
        )
      )
      // What is to follow on a part that is undone does not, whatever becomes of the rest.
      const part = Effect.suspend(() => {
        const afterwards: Array<Effect.Effect<void>> = []
        return Effect.zipLeft(
          Effect.provideService(whole, Afterwards, afterwards),
          Effect.suspend(() => Effect.forEach(afterwards, afterCommit, { discard: true }))
        )
      })
      if (Option.isSome(open)) return part
      return Effect.suspend(() => {
        let afterwards: Array<Effect.Effect<void>> = []
        const attempt = Effect.suspend(() => Effect.provideService(whole, Afterwards, afterwards = []))
        return attempt.pipe(
          Effect.retry({
            while: (error) => error instanceof StoreUnavailable && lostToAnother(error.cause),
            times,
            schedule: again
          }),
          Effect.disconnect,
          Effect.timeoutFail({
            duration: patienceOfAll,
            onTimeout: () => unavailable(new Error("the transaction took too long"))
          }),
          Effect.zipLeft(Effect.suspend(() => Effect.all(afterwards, { concurrency: "unbounded", discard: true })))
        )
      })
    })

  const batched = Effect.fnUntraced(function*<A, B>(
    operation: string,
    statement: (items: ReadonlyArray<A>) => Effect.Effect<ReadonlyArray<B>, SqlError>
  ) {
    const queue = yield* Effect.acquireRelease(
      Queue.unbounded<Item<A, B>>(),
      (queue) =>
        Effect.zipRight(
          Effect.flatMap(Queue.takeAll(queue), Effect.forEach(({ answer }) => Deferred.interrupt(answer))),
          Queue.shutdown(queue)
        )
    )

    const answer = (items: ReadonlyArray<A>): Effect.Effect<ReadonlyArray<Exit.Exit<B, StoreUnavailable>>> =>
      Effect.matchEffect(run(operation, statement(items)), {
        onSuccess: (answers) => Effect.succeed(answers.map(Exit.succeed)),
        onFailure: (error) =>
          items.length > 1 && refusesValue(error)
            ? Effect.map(Effect.forEach(items, (item) => answer([item])), (answers) => answers.flat())
            : Effect.succeed(items.map(() => Exit.fail(error)))
      })

    const worker = Effect.uninterruptibleMask((restore) =>
      Effect.gen(function*() {
        const first = yield* restore(Queue.take(queue))
        // Whoever asks in this turn of the loop comes along: what arrived while the last statement held the thread too.
        yield* Effect.withClock(Effect.sleep(0), timers)
        const items = [first, ...Chunk.toReadonlyArray(yield* Queue.takeUpTo(queue, batchSize - 1))]
        const exit = yield* Effect.exit(restore(answer(items.map(({ item }) => item))))
        for (const [index, { answer }] of items.entries()) {
          yield* Deferred.done(answer, Exit.flatMap(exit, (answers) => answers[index] ?? unanswered))
        }
      })
    )
    const workers = pg ? 2 : 1
    for (let count = 0; count < workers; count++) {
      yield* Effect.forkScoped(Effect.interruptible(Effect.forever(worker)))
    }

    return (item: A) =>
      Effect.flatMap(
        Deferred.make<B, StoreUnavailable>(),
        (answer) => Effect.zipRight(Queue.offer(queue, { item, answer }), Deferred.await(answer))
      )
  })

  const literal = (onPg: string, onSqlite: string) => sql.literal(pg ? onPg : onSqlite)

  return {
    sql,
    dialect: pg ? "pg" : "sqlite",
    // One time for a whole statement, so that an index serves to compare with it.
    now: pg
      ? Effect.succeed(sql.literal("CAST(extract(epoch FROM statement_timestamp()) * 1000 AS BIGINT)"))
      : ownTime(sql),
    given: (rows) =>
      pg
        ? sql`json_array_elements(CAST(${JSON.stringify(rows)} AS json)) AS given(value)`
        : sql`json_each(${JSON.stringify(rows)}) AS given`,
    bytewise: literal("COLLATE \"C\"", "COLLATE BINARY"),
    random: literal("CAST(gen_random_uuid() AS TEXT)", "lower(hex(randomblob(16)))"),
    locking: literal("FOR UPDATE", ""),
    lockingWhatIsFree: literal("FOR UPDATE SKIP LOCKED", ""),
    run,
    join,
    transaction,
    afterCommit,
    batched
  }
})
