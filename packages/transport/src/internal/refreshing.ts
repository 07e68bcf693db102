import * as Cache from "effect/Cache"
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import * as Ref from "effect/Ref"

interface Options<Key, A, E, R> {
  readonly lookup: (key: Key) => Effect.Effect<A, E, R>
  readonly capacity: number
  readonly timeToLive: Duration.Duration
  /** How long after its time to live a value still serves when the lookup fails in a way that is not `final`. */
  readonly serveStaleFor: Duration.Duration
  /** How long a stale value serves before the next lookup. */
  readonly retryAfter: Duration.Duration
  /** How long a failure is remembered; none for one that may be over by the next call. */
  readonly final: (error: E) => Option.Option<Duration.Duration>
}

export interface Refreshing<Key, A, E> {
  readonly get: (key: Key) => Effect.Effect<A, E>
  readonly invalidate: (key: Key) => Effect.Effect<void>
}

/** A cache whose concurrent lookups are one, and which outlives a peer that is away for a while. */
export const make = <Key, A, E, R>(options: Options<Key, A, E, R>): Effect.Effect<Refreshing<Key, A, E>, never, R> =>
  Effect.gen(function*() {
    const lastGood = yield* Ref.make<ReadonlyMap<Key, { readonly value: A; readonly until: number }>>(new Map())
    const usableFor = Duration.toMillis(options.timeToLive) + Duration.toMillis(options.serveStaleFor)

    const remember = (key: Key, value: A, now: number) =>
      Ref.update(lastGood, (map) => {
        const usable = [...map].filter(([other, { until }]) => other !== key && until > now)
        return new Map([...usable.slice(-(options.capacity - 1)), [key, { value, until: now + usableFor }]])
      })

    const cache = yield* Cache.makeWith({
      capacity: options.capacity,
      lookup: (key: Key) =>
        options.lookup(key).pipe(
          Effect.tap((value) => Effect.flatMap(Clock.currentTimeMillis, (now) => remember(key, value, now))),
          Effect.map((value) => ({ value, timeToLive: options.timeToLive })),
          Effect.catchAll((error) =>
            Effect.gen(function*() {
              const now = yield* Clock.currentTimeMillis
              const stale = (yield* Ref.get(lastGood)).get(key)
              return Option.isNone(options.final(error)) && stale !== undefined && stale.until > now
                ? { value: stale.value, timeToLive: options.retryAfter }
                : yield* Effect.fail(error)
            })
          )
        ),
      timeToLive: Exit.match({
        onSuccess: ({ timeToLive }) => timeToLive,
        onFailure: (cause) =>
          cause._tag === "Fail" ? Option.getOrElse(options.final(cause.error), () => Duration.zero) : Duration.zero
      })
    })

    return {
      get: (key) => Effect.map(cache.get(key), ({ value }) => value),
      invalidate: cache.invalidate
    }
  })
