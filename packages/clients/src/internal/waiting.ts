import type { AuthorizationPackage, AuthorizationResponse } from "@effect-launchkey/core/Authorization"
import type * as Clock from "effect/Clock"
import * as Data from "effect/Data"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import { constVoid } from "effect/Function"
import * as Metric from "effect/Metric"
import * as Option from "effect/Option"
import * as Ref from "effect/Ref"
import * as Schedule from "effect/Schedule"
import * as ScheduleDecision from "effect/ScheduleDecision"
import * as ScheduleIntervals from "effect/ScheduleIntervals"
import type * as PendingAuthorizations from "../PendingAuthorizations.ts"
import * as Polling from "../Polling.ts"
import { StoreUnavailable } from "../StoreUnavailable.ts"
import * as Alarms from "./alarms.ts"
import { listening } from "./listening.ts"
import { operation, waiting } from "./measured.ts"

/** An answer as it was relayed, and as it was opened. */
export interface Answer {
  readonly relayed: AuthorizationPackage
  readonly response: AuthorizationResponse
}

type Given = Schedule.Schedule<unknown, Option.Option<AuthorizationResponse>>

export interface Wait<E> {
  readonly key: PendingAuthorizations.Key
  readonly ttl: Duration.Duration
  /** Whether the request was created just now, so that nobody can have answered it yet. */
  readonly fresh: boolean
  readonly schedule: Given | undefined
  /** What is to be done when the wait is over, however it ends. */
  readonly atEnd: (release: () => void) => void
  /** Of what the store is asked: as a part of the wait. */
  readonly traced: <A, E2>(effect: Effect.Effect<A, E2>) => Effect.Effect<A, E2>
  /** Asks the platform once. */
  readonly read: Effect.Effect<Option.Option<Answer>, E>
  /** None where it is not known whom the answer must be about. */
  readonly open: Option.Option<(relayed: AuthorizationPackage) => Effect.Effect<AuthorizationResponse, E>>
}

/** None where the schedule ended first. */
export type Waited<E> = Effect.Effect<Option.Option<AuthorizationResponse>, E>

const untilAnswered = (schedule: Given): Schedule.Schedule<Option.Option<Answer>, Option.Option<Answer>> =>
  schedule.pipe(
    Schedule.mapInput(Option.map(({ response }: Answer) => response)),
    Schedule.passthrough,
    Schedule.untilInput(Option.isSome)
  )

export const byPolling = <E>({ read, schedule, ttl }: Wait<E>): Waited<E> =>
  Effect.map(
    Effect.repeat(read, untilAnswered(schedule ?? Polling.defaultSchedule(ttl))),
    Option.map(({ response }) => response)
  )

const millis = (nanos: bigint): number => Number(nanos / 1_000_000n)

const ended = operation("ServiceClient.awaitResponse")

/**
 * A wait with a span of its own, which is counted and timed. The fiber is not within that span while it sleeps, and there
 * is but one place where the wait ends: each of these would take as much memory as all else.
 */
export const spanned = <A, E>(
  use: (within: Pick<Wait<never>, "atEnd" | "traced">) => Effect.Effect<A, E>
): Effect.Effect<A, E> =>
  Effect.uninterruptibleMask((restore) =>
    Effect.flatMap(
      Effect.zipLeft(
        Effect.makeSpan("ServiceClient.awaitResponse", { captureStackTrace: false }),
        Metric.increment(waiting)
      ),
      (span) => {
        let release = constVoid
        const response = use({
          atEnd: (last) => {
            release = last
          },
          traced: Effect.withParentSpan(span)
        })
        const end = (exit: Exit.Exit<A, E>) =>
          Effect.clockWith((clock) => {
            const now = clock.unsafeCurrentTimeNanos()
            release()
            span.end(now, exit)
            return Effect.zipRight(
              Metric.incrementBy(waiting, -1),
              ended(millis(span.status.startTime), millis(now), exit)
            )
          })
        return Effect.flatMap(Effect.exit(restore(response)), (exit) => Effect.zipRight(end(exit), exit))
      }
    )
  )

type Arrived = Exit.Exit<AuthorizationPackage, StoreUnavailable>

type Polled<E> = Effect.Effect<Option.Option<Answer>, E>

/** What the store keeps is not the answer that the platform has. */
class NotConfirmed extends Data.TaggedError("NotConfirmed")<{}> {}

type Lost = StoreUnavailable | NotConfirmed

const isLost = (error: unknown): error is Lost => error instanceof StoreUnavailable || error instanceof NotConfirmed

/** A store that hangs must not hold up an answer that is there. */
const within = <A>(operation: string, effect: Effect.Effect<A, StoreUnavailable>) =>
  Effect.timeoutFail(effect, { duration: "5 seconds", onTimeout: () => new StoreUnavailable({ operation }) })

/**
 * A wait under way. Thousands may be at a time, each for minutes, so it holds what it needs and no more: of the fiber
 * that waits for the store, its outcome, and of the schedule, its state.
 */
class Watch implements Alarms.Alarm {
  due = Number.POSITIVE_INFINITY
  ring: () => void = constVoid
  arrived: Arrived | undefined
  readonly arrive = (arrived: Arrived): void => {
    this.arrived = arrived
    this.ring()
  }
}

/**
 * Waits for whichever comes first, the store's answer or the platform's.
 *
 * Which request an answer in the store belongs to, only the device within it says, and a device may name any. So one
 * that is not known to be about the expected user is no more than a hint: the platform, which keeps answers by their
 * request, is asked for its own.
 */
export const make = (store: PendingAuthorizations.Service) =>
  Effect.map(Ref.make(false), (away) => {
    const alarmsOf = Alarms.byClock()
    const warn = (error: StoreUnavailable) =>
      Effect.logWarning(`${error.message} Whoever awaits a response goes on polling the platform for it.`).pipe(
        // What a database has to say may name more than belongs into everyone's log.
        Effect.zipRight(Effect.logDebug("The store's own words", error)),
        Effect.annotateLogs({ package: "@effect-launchkey/clients", module: "ServiceClient" })
      )
    // Once until it works again, as with a store away every wait of the program has the same to say.
    const noted = <A>(effect: Effect.Effect<A, StoreUnavailable>): Effect.Effect<A, StoreUnavailable> =>
      Effect.tapBoth(effect, {
        onFailure: (error) => Effect.flatMap(Ref.getAndSet(away, true), (known) => known ? Effect.void : warn(error)),
        onSuccess: () => Ref.set(away, false)
      })

    const kept = <E>({ key, traced }: Wait<E>) =>
      traced(noted(within("PendingAuthorizations.answer", store.answer(key))))

    const believed = <E>({ open, read }: Wait<E>, relayed: AuthorizationPackage): Waited<E> => {
      const confirmed = Effect.map(read, Option.map(({ response }: Answer) => response))
      return Option.match(open, {
        onNone: () => confirmed,
        onSome: (open) =>
          Effect.matchEffect(open(relayed), { onFailure: () => confirmed, onSuccess: Effect.succeedSome })
      })
    }
    const settle = <E>({ key, traced }: Wait<E>, { relayed, response }: Answer): Waited<E> =>
      traced(noted(within("PendingAuthorizations.complete", store.complete(key, relayed)))).pipe(
        Effect.ignore,
        Effect.zipRight(Effect.succeedSome(response))
      )
    // The webhook may have come just when the platform was asked for the last time.
    const unlessKept = <E>(wait: Wait<E>, otherwise: Waited<E>): Waited<E> =>
      Effect.orElseSucceed(kept(wait), Option.none<AuthorizationPackage>).pipe(
        Effect.flatMap(
          Option.match({ onNone: () => Effect.succeedNone, onSome: (relayed) => believed(wait, relayed) })
        ),
        Effect.flatMap(Option.match({ onNone: () => otherwise, onSome: Effect.succeedSome }))
      )
    const settled = <E>(wait: Wait<E>, polling: Polled<E>, onNone = unlessKept(wait, Effect.succeedNone)): Waited<E> =>
      Effect.matchEffect(polling, {
        onFailure: (error) => unlessKept(wait, Effect.fail(error)),
        onSuccess: Option.match({ onNone: () => onNone, onSome: (answer) => settle(wait, answer) })
      })
    const arrival = <E>(
      wait: Wait<E>,
      awaited: Effect.Effect<AuthorizationPackage, StoreUnavailable>
    ): Waited<E | Lost> =>
      noted(awaited).pipe(
        Effect.flatMap((relayed) => believed(wait, relayed)),
        Effect.filterOrFail(Option.isSome, () => new NotConfirmed())
      )
    // What was read is kept after the race: within it, it would arrive as if a webhook had brought it.
    const whichever = <E, E2>(
      arrival: Waited<E | E2>,
      polling: Polled<E>,
      settled: (polling: Polled<E>) => Waited<E | E2>
    ): Waited<E | E2> =>
      Effect.raceFirst(
        Effect.map(arrival, Effect.succeed),
        Effect.map(Effect.exit(polling), settled)
      ).pipe(Effect.flatten)

    const bySchedule = <E>(wait: Wait<E>, schedule: Given): Waited<E> =>
      unlessKept(
        wait,
        whichever(
          Effect.catchIf(arrival(wait, store.awaitAnswer(wait.key)), isLost, () => Effect.never),
          Effect.repeat(wait.read, untilAnswered(schedule)),
          (polling) => settled(wait, polling)
        )
      )

    /** Until the store has its answer, or has failed; with a time, until then at the latest. */
    const rung = (watch: Watch, alarms?: Alarms.Alarms): Effect.Effect<void> =>
      Effect.async<void>((resume) => {
        if (watch.arrived !== undefined) return resume(Effect.void)
        watch.ring = () => resume(Effect.void)
        alarms?.set(watch)
      })
    const arrived = <E>(wait: Wait<E>, watch: Watch): Waited<E | Lost> =>
      arrival(
        wait,
        Effect.suspend(() => watch.arrived ?? Effect.flatMap(rung(watch), () => watch.arrived ?? Effect.never))
      )

    /** Polls seldom, and sleeps in between with others in one fiber. */
    const watching = <E>(wait: Wait<E>, watch: Watch, clock: Clock.Clock): Waited<E | Lost> => {
      const alarms = alarmsOf(clock)
      const { initial, step } = Polling.safetyNetSchedule(wait.ttl)
      const asleep = (state: typeof initial): Waited<E | Lost> =>
        Effect.flatMap(step(clock.unsafeCurrentTimeMillis(), undefined, state), ([next, , decision]) => {
          if (ScheduleDecision.isDone(decision)) return unlessKept(wait, Effect.succeedNone)
          watch.due = ScheduleIntervals.start(decision.intervals)
          return Effect.flatMap(
            rung(watch, alarms),
            () => watch.arrived === undefined ? asking(next) : arrived(wait, watch)
          )
        })
      const asking = (state: typeof initial): Waited<E | Lost> =>
        whichever<E, Lost>(
          arrived(wait, watch),
          wait.read,
          (polling) => settled<E | Lost>(wait, polling, asleep(state))
        )
      return wait.fresh ? asleep(initial) : Effect.flatMap(
        kept(wait),
        Option.match({ onNone: () => asking(initial), onSome: () => arrived(wait, watch) })
      )
    }
    const listen = listening(store)
    const watched = <E>(wait: Wait<E>, clock: Clock.Clock): Waited<E | Lost> => {
      const watch = new Watch()
      if (listen === undefined) {
        return Effect.acquireUseRelease(
          Effect.forkDaemon(Effect.interruptible(store.awaitAnswer(wait.key))),
          (fiber) => {
            fiber.addObserver(watch.arrive)
            return watching(wait, watch, clock)
          },
          (fiber) => {
            alarmsOf(clock).clear(watch)
            return Fiber.interrupt(fiber)
          }
        )
      }
      const leave = listen(wait.key, clock.unsafeCurrentTimeMillis(), watch.arrive)
      wait.atEnd(() => {
        leave()
        alarmsOf(clock).clear(watch)
      })
      return watching(wait, watch, clock)
    }

    const afterAll = <E>(wait: Wait<E>, started: number, error: E | Lost): Waited<E> =>
      isLost(error)
        ? Effect.clockWith((clock) => {
          const passed = Duration.millis(clock.unsafeCurrentTimeMillis() - started)
          const schedule = untilAnswered(Polling.defaultSchedule(Duration.subtract(wait.ttl, passed)))
          return settled(wait, Effect.repeat(wait.read, schedule))
        })
        : Effect.fail(error)

    return <E>(wait: Wait<E>): Waited<E> =>
      wait.schedule !== undefined
        ? bySchedule(wait, wait.schedule)
        : Effect.clockWith((clock) => {
          const started = clock.unsafeCurrentTimeMillis()
          return Effect.catchAll(watched(wait, clock), (error) => afterAll(wait, started, error))
        })
  })
