/** Who waits for which answer in this process, and what wakes them. */
import type { AuthorizationPackage } from "@effect-launchkey/core/Authorization"
import * as Arr from "effect/Array"
import * as Deferred from "effect/Deferred"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Exit from "effect/Exit"
import * as HashMap from "effect/HashMap"
import * as Option from "effect/Option"
import * as Ref from "effect/Ref"
import * as Schedule from "effect/Schedule"
import type * as Scope from "effect/Scope"
import type { Key } from "../../PendingAuthorizations.ts"
import type { StoreUnavailable } from "../../StoreUnavailable.ts"

/** A key as notifications name it. */
export const textOf = ({ id, serviceId }: { readonly serviceId: string; readonly id: string }): string =>
  `${serviceId} ${id}`

/** Keys that one statement looks for at most. */
const chunkSize = 1000

interface Waiter {
  readonly key: Key
  readonly answer: Deferred.Deferred<AuthorizationPackage, StoreUnavailable>
  /** How many fibers share it. */
  readonly count: number
}

interface Options {
  readonly answer: (key: Key) => Effect.Effect<Option.Option<AuthorizationPackage>, StoreUnavailable>
  /** The answers there are, by the texts of their keys. */
  readonly answers: (keys: ReadonlyArray<Key>) => Effect.Effect<
    ReadonlyArray<{ readonly key: string; readonly answer: Exit.Exit<AuthorizationPackage, StoreUnavailable> }>,
    StoreUnavailable
  >
  readonly interval: Duration.Duration
}

export interface Waiting {
  readonly awaitAnswer: (key: Key) => Effect.Effect<AuthorizationPackage, StoreUnavailable>
  /** Says what the answer to the key of this text is. */
  readonly tell: (text: string, answer: Exit.Exit<AuthorizationPackage, StoreUnavailable>) => Effect.Effect<void>
  /** Says that there may be an answer to the key of this text. */
  readonly hint: (text: string) => Effect.Effect<void>
  /** Says that any number of hints may have been lost. */
  readonly lookAtAll: Effect.Effect<void, StoreUnavailable>
}

export const make = (options: Options): Effect.Effect<Waiting, never, Scope.Scope> =>
  Effect.gen(function*() {
    const scope = yield* Effect.scope
    const waiters = yield* Ref.make(HashMap.empty<string, Waiter>())

    const join = (key: Key) =>
      Effect.flatMap(Deferred.make<AuthorizationPackage, StoreUnavailable>(), (answer) =>
        Ref.modify(waiters, (waiters) => {
          const text = textOf(key)
          const waiter = Option.match(HashMap.get(waiters, text), {
            onNone: () => ({ key, answer, count: 1 }),
            onSome: (waiter) => ({ ...waiter, count: waiter.count + 1 })
          })
          return [waiter, HashMap.set(waiters, text, waiter)]
        }))

    // One whose answer has come, or whose wait has failed, may have been followed by another under the same key.
    const leave = ({ answer, key }: Waiter) =>
      Ref.update(
        waiters,
        HashMap.modifyAt(textOf(key), (found) =>
          Option.filterMap(found, (waiter) =>
            waiter.answer !== answer
              ? Option.some(waiter)
              : waiter.count > 1
              ? Option.some({ ...waiter, count: waiter.count - 1 })
              : Option.none()))
      )

    const tell = (text: string, answer: Exit.Exit<AuthorizationPackage, StoreUnavailable>) =>
      Effect.flatMap(Ref.get(waiters), (waiters) =>
        Option.match(HashMap.get(waiters, text), {
          onNone: () =>
            Effect.void,
          onSome: (waiter) =>
            Effect.asVoid(Deferred.done(waiter.answer, answer))
        }))

    const lookAtAll = Effect.gen(function*() {
      const keys = Array.from(HashMap.values(yield* Ref.get(waiters)), ({ key }) => key)
      for (const chunk of Arr.chunksOf(keys, chunkSize)) {
        for (const { answer, key } of yield* options.answers(chunk)) {
          yield* tell(key, answer)
        }
      }
    })

    // One failure may be a restart of the database; after two, whoever waits had better poll the platform.
    yield* lookAtAll.pipe(
      Effect.retry(Schedule.addDelay(Schedule.recurs(1), () => "1 second")),
      Effect.catchAll((error) =>
        Effect.flatMap(Ref.get(waiters), (waiters) =>
          Effect.forEach(HashMap.values(waiters), ({ answer }) =>
            Deferred.fail(answer, error), { discard: true }))
      ),
      Effect.repeat(Schedule.jittered(Schedule.spaced(options.interval))),
      Effect.forkScoped
    )

    return {
      awaitAnswer: (key) =>
        Effect.acquireUseRelease(
          join(key),
          // joined first, so that an answer that comes from now on is told of
          (waiter) =>
            Effect.flatMap(
              options.answer(key),
              Option.match({
                onNone: () =>
                  Deferred.await(waiter.answer),
                onSome: Effect.succeed
              })
            ),
          leave
        ),
      tell,
      hint: (text) =>
        Effect.flatMap(Ref.get(waiters), (waiters) =>
          Option.match(HashMap.get(waiters, text), {
            onNone: () =>
              Effect.void,
            onSome: ({ answer, key }) =>
              options.answer(key).pipe(
                Effect.flatMap(Option.match({
                  onNone: () => Effect.void,
                  onSome: (found) => Effect.asVoid(Deferred.succeed(answer, found))
                })),
                Effect.ignore,
                Effect.forkIn(scope),
                Effect.asVoid
              )
          })),
      lookAtAll
    }
  })
