import * as Cache from "effect/Cache"
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
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
  /** What a reading found. Those who wait for a lookup of another's are not told of. */
  readonly seen?: (result: Result) => Effect.Effect<void>
}

export type Result = "Hit" | "Miss" | "Refresh"

export interface Refreshing<Key, A, E> {
  readonly get: (key: Key) => Effect.Effect<A, E>
  /** What `get` would yield without a lookup. */
  readonly peek: (key: Key) => Effect.Effect<Option.Option<A>>
  readonly invalidate: (key: Key) => Effect.Effect<void>
}

/** Times in milliseconds since the epoch. */
interface Good<A> {
  readonly value: A
  /** Until then there is no need of a lookup. */
  readonly freshUntil: number
  readonly until: number
}

interface Found<A, E> {
  readonly result: Either.Either<A, E>
  /** Zero: for those who wait for it already. */
  readonly timeToLive: Duration.Duration
}

/** A cache whose concurrent lookups are one, and which outlives a peer that is away for a while. */
export const make = <Key, A, E, R>(options: Options<Key, A, E, R>): Effect.Effect<Refreshing<Key, A, E>, never, R> =>
  Effect.gen(function*() {
    const lastGood = yield* Ref.make<ReadonlyMap<Key, Good<A>>>(new Map())
    const seen = options.seen ?? (() => Effect.void)
    const freshFor = Duration.toMillis(options.timeToLive)
    const usableFor = freshFor + Duration.toMillis(options.serveStaleFor)

    const remember = (key: Key, value: A, now: number) =>
      Ref.update(lastGood, (map) => {
        const usable = [...map].filter(([other, { until }]) => other !== key && until > now)
        const others = usable.slice(Math.max(0, usable.length - (options.capacity - 1)))
        return new Map([...others, [key, { value, freshUntil: now + freshFor, until: now + usableFor }]])
      })

    const forget = (key: Key) => Ref.update(lastGood, (map) => new Map([...map].filter(([other]) => other !== key)))

    const cache = yield* Cache.makeWith({
      capacity: options.capacity,
      lookup: (key: Key): Effect.Effect<Found<A, E>, never, R> =>
        Effect.flatMap(Ref.get(lastGood), (known) => seen(known.has(key) ? "Refresh" : "Miss")).pipe(
          Effect.zipRight(options.lookup(key)),
          Effect.tap((value) => Effect.flatMap(Clock.currentTimeMillis, (now) => remember(key, value, now))),
          Effect.map((value): Found<A, E> => ({ result: Either.right(value), timeToLive: options.timeToLive })),
          Effect.catchAll((error) =>
            Effect.gen(function*(): Effect.fn.Return<Found<A, E>> {
              const final = options.final(error)
              if (Option.isSome(final)) {
                yield* forget(key)
                return { result: Either.left(error), timeToLive: final.value }
              }
              const now = yield* Clock.currentTimeMillis
              const stale = (yield* Ref.get(lastGood)).get(key)
              return stale !== undefined && stale.until > now
                ? { result: Either.right(stale.value), timeToLive: Duration.min(options.retryAfter, stale.until - now) }
                : { result: Either.left(error), timeToLive: Duration.zero }
            })
          )
        ),
      timeToLive: Exit.match({ onSuccess: ({ timeToLive }) => timeToLive, onFailure: () => Duration.zero })
    })

    /** Nearly always there is one: the cache itself takes some 15 µs to say so. */
    const fresh = (key: Key): Effect.Effect<A | undefined> =>
      Effect.clockWith((clock) =>
        Effect.map(Ref.get(lastGood), (map) => {
          const good = map.get(key)
          return good !== undefined && clock.unsafeCurrentTimeMillis() < good.freshUntil ? good.value : undefined
        })
      )

    const outdate = (key: Key) =>
      Ref.update(lastGood, (map) => {
        const good = map.get(key)
        return good === undefined ? map : new Map(map).set(key, { ...good, freshUntil: 0 })
      })

    const complete = (key: Key): Effect.Effect<Option.Option<Found<A, E>>> =>
      Effect.flatMap(cache.contains(key), (known) => known ? cache.getOptionComplete(key) : Effect.succeedNone)

    const find = (key: Key): Effect.Effect<A, E> =>
      complete(key).pipe(
        Effect.flatMap(Option.match({
          // In a fiber of its own: who asked first may be interrupted, and must not take the others along.
          onNone: () => Effect.flatMap(Effect.forkDaemon(cache.get(key)), Fiber.join),
          onSome: (found) => Effect.as(seen("Hit"), found)
        })),
        // The cache keeps even what may not be kept until the clock has moved.
        Effect.tap((found) =>
          Duration.isZero(found.timeToLive) ? cache.invalidateWhen(key, (kept) => kept === found) : Effect.void
        ),
        Effect.flatMap(({ result }) => result)
      )

    return {
      peek: (key) =>
        Effect.flatMap(fresh(key), (value) =>
          value === undefined
            ? Effect.map(complete(key), Option.flatMap(({ result }) => Either.getRight(result)))
            : Effect.succeedSome(value)),
      get: (key) =>
        Effect.flatMap(fresh(key), (value) => value === undefined ? find(key) : Effect.as(seen("Hit"), value)),
      invalidate: (key) => Effect.zipRight(outdate(key), cache.invalidate(key))
    }
  })
