import type { AuthorizationPackage, AuthorizationResponse } from "@effect-launchkey/core/Authorization"
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Ref from "effect/Ref"
import * as Schedule from "effect/Schedule"
import type * as PendingAuthorizations from "../PendingAuthorizations.ts"
import * as Polling from "../Polling.ts"
import { StoreUnavailable } from "../StoreUnavailable.ts"

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
  /** Asks the platform once. */
  readonly read: Effect.Effect<Option.Option<Answer>, E>
  readonly open: (relayed: AuthorizationPackage) => Effect.Effect<AuthorizationResponse, E>
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

/** A store that hangs must not hold up an answer that is there. */
const within = <A>(operation: string, effect: Effect.Effect<A, StoreUnavailable>) =>
  Effect.timeoutFail(effect, { duration: "5 seconds", onTimeout: () => new StoreUnavailable({ operation }) })

/**
 * Waits for whichever comes first, the store's answer or the platform's. Of one request the store keeps one answer, and
 * that is what everybody gets.
 */
export const make = (store: PendingAuthorizations.Service) =>
  Effect.map(Ref.make(false), (away) => {
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

    return <E>(wait: Wait<E>): Waited<E> => {
      const { fresh, key, open, read, schedule, ttl } = wait
      const opened = (relayed: AuthorizationPackage) => Effect.map(open(relayed), Option.some)
      const kept = noted(within("PendingAuthorizations.answer", store.answer(key)))
      const keptIfAny = Effect.orElseSucceed(kept, Option.none<AuthorizationPackage>)

      const settle = ({ relayed, response }: Answer): Waited<E> =>
        noted(within("PendingAuthorizations.complete", store.complete(key, relayed))).pipe(
          Effect.flatMap((first) => first ? Effect.succeedNone : kept),
          Effect.orElseSucceed(Option.none<AuthorizationPackage>),
          Effect.flatMap(Option.match({ onNone: () => Effect.succeedSome(response), onSome: opened }))
        )
      // The webhook may have come just when the platform was asked for the last time.
      const unlessKept = (otherwise: Waited<E>): Waited<E> =>
        Effect.flatMap(keptIfAny, Option.match({ onNone: () => otherwise, onSome: opened }))
      const settled = (polling: Effect.Effect<Option.Option<Answer>, E>): Waited<E> =>
        Effect.matchEffect(polling, {
          onFailure: (error) => unlessKept(Effect.fail(error)),
          onSuccess: Option.match({ onNone: () => unlessKept(Effect.succeedNone), onSome: settle })
        })

      const arrival = Effect.flatMap(noted(store.awaitAnswer(key)), opened)
      const polling = (schedule: Given) => settled(Effect.repeat(read, untilAnswered(schedule)))

      if (schedule !== undefined) {
        return unlessKept(Effect.raceFirst(
          Effect.catchTag(arrival, "StoreUnavailable", () => Effect.never),
          polling(schedule)
        ))
      }
      const net = Polling.safetyNetSchedule(ttl)
      return Effect.flatMap(Clock.currentTimeMillis, (started) =>
        (fresh
          ? Effect.raceFirst(
            arrival,
            settled(Effect.scheduleFrom(read, Option.none(), untilAnswered(net)))
          )
          : Effect.flatMap(
            kept,
            Option.match({ onNone: () => Effect.raceFirst(arrival, polling(net)), onSome: opened })
          )).pipe(
            Effect.catchTag("StoreUnavailable", () =>
              Effect.flatMap(
                Clock.currentTimeMillis,
                (now) => polling(Polling.defaultSchedule(Duration.subtract(ttl, Duration.millis(now - started))))
              ))
          ))
    }
  })
