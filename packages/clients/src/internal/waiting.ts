import type { AuthorizationPackage, AuthorizationResponse } from "@effect-launchkey/core/Authorization"
import * as Clock from "effect/Clock"
import * as Data from "effect/Data"
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

/** What the store keeps is not the answer that the platform has. */
class NotConfirmed extends Data.TaggedError("NotConfirmed")<{}> {}

const isLost = (error: unknown): error is StoreUnavailable | NotConfirmed =>
  error instanceof StoreUnavailable || error instanceof NotConfirmed

/** A store that hangs must not hold up an answer that is there. */
const within = <A>(operation: string, effect: Effect.Effect<A, StoreUnavailable>) =>
  Effect.timeoutFail(effect, { duration: "5 seconds", onTimeout: () => new StoreUnavailable({ operation }) })

/**
 * Waits for whichever comes first, the store's answer or the platform's.
 *
 * Which request an answer in the store belongs to, only the device within it says, and a device may name any. So one
 * that is not known to be about the expected user is no more than a hint: the platform, which keeps answers by their
 * request, is asked for its own.
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
      const confirmed = Effect.map(read, Option.map(({ response }: Answer) => response))
      const believed = (relayed: AuthorizationPackage): Waited<E> =>
        Option.match(open, {
          onNone: () => confirmed,
          onSome: (open) =>
            Effect.matchEffect(open(relayed), { onFailure: () => confirmed, onSuccess: Effect.succeedSome })
        })
      const kept = noted(within("PendingAuthorizations.answer", store.answer(key)))

      const settle = ({ relayed, response }: Answer): Waited<E> =>
        noted(within("PendingAuthorizations.complete", store.complete(key, relayed))).pipe(
          Effect.ignore,
          Effect.zipRight(Effect.succeedSome(response))
        )
      // The webhook may have come just when the platform was asked for the last time.
      const unlessKept = (otherwise: Waited<E>): Waited<E> =>
        Effect.orElseSucceed(kept, Option.none<AuthorizationPackage>).pipe(
          Effect.flatMap(Option.match({ onNone: () => Effect.succeedNone, onSome: believed })),
          Effect.flatMap(Option.match({ onNone: () => otherwise, onSome: Effect.succeedSome }))
        )
      const arrival = noted(store.awaitAnswer(key)).pipe(
        Effect.flatMap(believed),
        Effect.filterOrFail(Option.isSome, () => new NotConfirmed())
      )
      type Polling = Effect.Effect<Option.Option<Answer>, E>
      const settled = (polling: Polling): Waited<E> =>
        Effect.matchEffect(polling, {
          onFailure: (error) => unlessKept(Effect.fail(error)),
          onSuccess: Option.match({ onNone: () => unlessKept(Effect.succeedNone), onSome: settle })
        })
      // What was read is kept after the race: within it, it would arrive as if a webhook had brought it.
      const whichever = <E2>(arrival: Waited<E | E2>, polling: Polling): Waited<E | E2> =>
        Effect.raceFirst(
          Effect.map(arrival, Effect.succeed),
          Effect.map(Effect.exit(polling), settled)
        ).pipe(Effect.flatten)
      const polling = (schedule: Given): Polling => Effect.repeat(read, untilAnswered(schedule))

      if (schedule !== undefined) {
        return unlessKept(whichever(Effect.catchIf(arrival, isLost, () => Effect.never), polling(schedule)))
      }
      const net = Polling.safetyNetSchedule(ttl)
      return Effect.flatMap(Clock.currentTimeMillis, (started) =>
        (fresh
          ? whichever(arrival, Effect.scheduleFrom(read, Option.none(), untilAnswered(net)))
          : Effect.flatMap(
            kept,
            Option.match({ onNone: () => whichever(arrival, polling(net)), onSome: () => arrival })
          )).pipe(
            Effect.catchIf(isLost, () =>
              Effect.flatMap(
                Clock.currentTimeMillis,
                (now) =>
                  settled(polling(Polling.defaultSchedule(Duration.subtract(ttl, Duration.millis(now - started)))))
              ))
          ))
    }
  })
