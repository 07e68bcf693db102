/**
 * Word from other processes that something may have changed, by PostgreSQL's notifications: quick, and never relied on.
 *
 * @since 0.1.0
 */
import type { StoreUnavailable } from "@effect-launchkey/core/StoreUnavailable"
import type { SqlError } from "@effect/sql/SqlError"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Queue from "effect/Queue"
import * as Schedule from "effect/Schedule"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import type { Database } from "./Database.ts"

/**
 * @since 0.1.0
 * @category models
 */
export interface Options {
  /** Of notifications, all of which `payloads` brings. */
  readonly channel: string
  readonly onHint: (payload: string) => Effect.Effect<void>
  /** Once it is known that hints arrive: those sent before are lost. */
  readonly onListening: Effect.Effect<void, StoreUnavailable>
}

const heartbeat = Duration.seconds(15)

/** How long an own notification may take to come back, and how often one is sent before that is a sign. */
const patience = Duration.millis(500)
const attempts = 10

/** Listens again whenever that ends, after a while that grows to half a minute. */
const again = Schedule.exponential("1 second").pipe(
  Schedule.union(Schedule.spaced("30 seconds")),
  Schedule.jittered,
  Schedule.resetAfter("1 minute")
)

/**
 * Tells all processes, this one too. Apart from every transaction: PostgreSQL lets those that notify commit one after the
 * other, each with its wait for the disk. Who tells at once is told of in one statement.
 *
 * @since 0.1.0
 * @category constructors
 */
export const telling = (
  { batched, given, sql }: Database,
  channel: string
): Effect.Effect<(payload: string) => Effect.Effect<void, StoreUnavailable>, never, Scope.Scope> =>
  batched(
    "tell",
    (payloads: ReadonlyArray<string>) =>
      Effect.as(
        sql`SELECT pg_notify(${channel}, given.value->>0) FROM ${given(payloads.map((payload) => [payload]))}`,
        payloads.map(() => undefined)
      )
  )

/**
 * A connection that listens may be lost without failing: then the only sign is that nothing comes. So a notification
 * of its own is sent now and then, and it listens anew when that does not come back. Goes on as long as the scope is
 * open.
 *
 * @since 0.1.0
 * @category constructors
 */
export const hints = (
  { random, run, sql }: Database,
  payloads: Stream.Stream<string, SqlError>,
  { channel, onHint, onListening }: Options
): Effect.Effect<void, never, Scope.Scope> => {
  const listenOnce = Effect.gen(function*() {
    const [row] = yield* run("listen", sql<{ beat: string }>`SELECT 'beat ' || ${random} AS beat`)
    const beat = row?.beat ?? ""
    const heard = yield* Queue.sliding<void>(1)
    const listening = Stream.runForEach(
      payloads,
      (payload) => payload === beat ? Queue.offer(heard, undefined) : onHint(payload)
    )
    const answered = run("heartbeat", sql`SELECT pg_notify(${channel}, ${beat})`).pipe(
      Effect.zipRight(Effect.timeout(Queue.take(heard), patience)),
      // the first ones may be sent before it listens
      Effect.retry({ times: attempts - 1 })
    )
    const watching = Effect.zipRight(
      Effect.zipRight(answered, onListening),
      Effect.forever(Effect.delay(answered, heartbeat))
    )
    // The end of a lost connection may take as long as TCP does.
    yield* Effect.raceFirst(Effect.disconnect(listening), watching)
  })
  return listenOnce.pipe(
    // The driver's own listening also dies of a lost connection, as it cannot say UNLISTEN.
    Effect.catchAllCause((cause) =>
      Effect.logDebug("stopped listening for hints; what they tell of is looked for meanwhile", cause)
    ),
    Effect.repeat(again),
    Effect.forkScoped,
    Effect.asVoid
  )
}
