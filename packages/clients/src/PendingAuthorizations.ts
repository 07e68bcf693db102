/**
 * Authorization requests that programs wait for, and the answers that webhooks bring: a port, and its implementation in
 * memory. It is where a webhook that one process receives meets the program that waits in another.
 *
 * @see docs/protocol.md "Webhooks"
 * @since 0.1.0
 */
import type {
  AuthorizationPackage,
  AuthorizationRequest,
  AuthorizationRequestId
} from "@effect-launchkey/core/Authorization"
import type { ServiceId } from "@effect-launchkey/core/EntityIdentifier"
import type { ExpectedUser } from "@effect-launchkey/transport/Answer"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import { constVoid } from "effect/Function"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import { type Listen, withListening } from "./internal/listening.ts"
import { StoreUnavailable } from "./StoreUnavailable.ts"

/**
 * A request of a service, by which it is found again.
 *
 * @since 0.1.0
 * @category models
 */
export interface Key {
  readonly serviceId: ServiceId
  readonly id: AuthorizationRequestId
}

/**
 * @since 0.1.0
 * @category models
 */
export interface PendingAuthorization extends Key {
  readonly created: DateTime.Utc
  /** When its time to live ends. */
  readonly expires: DateTime.Utc
  /** Whom its answer must be about, where the program knows. */
  readonly user?: ExpectedUser | undefined
}

/**
 * Answers are kept as the platform relayed them, still sealed by the device: whoever awaits one opens it.
 *
 * Requests and answers are kept independently of each other, each for the retention from when it came: an answer may
 * come before its request is remembered, or without that ever happening. What is kept no longer is as though it had
 * never come.
 *
 * @since 0.1.0
 * @category models
 */
export interface Service {
  /**
   * Keeps a request to be awaited after a restart, or by others. The same again replaces it; an answer that is kept
   * already stays.
   */
  readonly remember: (request: PendingAuthorization) => Effect.Effect<void, StoreUnavailable>
  /**
   * Those remembered that have no answer yet and whose time to live has not ended, oldest first: by `created`, then by
   * `id`.
   */
  readonly list: (serviceId: ServiceId) => Effect.Effect<ReadonlyArray<PendingAuthorization>, StoreUnavailable>
  /** What was remembered, answered or not, and after its time to live too. */
  readonly find: (key: Key) => Effect.Effect<Option.Option<PendingAuthorization>, StoreUnavailable>
  /** Keeps the answer, of a request that was remembered or not. False where one is kept already: that one stays. */
  readonly complete: (key: Key, answer: AuthorizationPackage) => Effect.Effect<boolean, StoreUnavailable>
  readonly answer: (key: Key) => Effect.Effect<Option.Option<AuthorizationPackage>, StoreUnavailable>
  /**
   * Waits for the answer for as long as it is let, of a request that was remembered or not, forgotten in the meantime or
   * not. Interrupted, it leaves nothing behind.
   */
  readonly awaitAnswer: (key: Key) => Effect.Effect<AuthorizationPackage, StoreUnavailable>
  /** Forgets request and answer. */
  readonly forget: (key: Key) => Effect.Effect<void, StoreUnavailable>
}

/**
 * @since 0.1.0
 * @category tags
 */
export class PendingAuthorizations
  extends Context.Tag("@effect-launchkey/clients/PendingAuthorizations")<PendingAuthorizations, Service>()
{}

/**
 * @since 0.1.0
 * @category models
 */
export interface Options {
  /**
   * How long requests and answers are kept, from when they came. Longer than a request lives, which is 10 minutes at
   * most. Default 1 hour.
   */
  readonly retention?: Duration.DurationInput | undefined
}

/**
 * What applies where no retention is given: 1 hour.
 *
 * @since 0.1.0
 * @category models
 */
export const defaultRetention: Duration.Duration = Duration.hours(1)

/**
 * What there is to remember of a request that was just created: `expires` is its time to live from now on.
 *
 * @since 0.1.0
 * @category constructors
 */
export const fromRequest = (
  serviceId: ServiceId,
  request: AuthorizationRequest,
  options: {
    /** Whom its answer must be about. Default: not checked. */
    readonly user?: ExpectedUser | undefined
  } = {}
): Effect.Effect<PendingAuthorization> =>
  Effect.map(DateTime.now, (created) => ({
    serviceId,
    id: request.id,
    created,
    expires: DateTime.addDuration(created, request.ttl),
    ...(options.user === undefined ? {} : { user: options.user })
  }))

/**
 * @since 0.1.0
 * @category models
 */
export interface MemoryOptions extends Options {
  /**
   * How many requests, and how many answers, are kept at most. Where there is no room for a request, the oldest one that
   * is answered or whose time to live has ended goes first; while all are open, another is refused as
   * `StoreUnavailable`. Where there is none for an answer, the oldest answer goes, and whoever awaits that later polls for
   * it. Default 100,000.
   */
  readonly capacity?: number | undefined
}

/**
 * @since 0.1.0
 * @category models
 */
export interface Memory extends Service {
  /** How much it holds at the moment. `awaited`: requests that anyone waits for, however many do. */
  readonly size: Effect.Effect<{ readonly requests: number; readonly answers: number; readonly awaited: number }>
}

interface Kept<A> {
  readonly value: A
  /** Milliseconds since the epoch. */
  readonly until: number
}

type Tell = (answer: Exit.Exit<AuthorizationPackage>) => void

const nameOf = ({ id, serviceId }: Key): string => `${serviceId} ${id}`

/**
 * In this process alone, and gone with it. However many wait, nothing runs while nothing happens.
 *
 * @since 0.1.0
 * @category constructors
 */
export const makeMemory = (options: MemoryOptions = {}): Effect.Effect<Memory> =>
  Effect.sync(() => {
    const retention = Duration.toMillis(options.retention ?? defaultRetention)
    const capacity = options.capacity ?? 100_000
    // Maps keep the order in which their entries came, and all entries of one are kept equally long: the first is the
    // oldest, and the first to go. Each is read and written within one synchronous step, so no two fibers interleave.
    const requests = new Map<string, Kept<PendingAuthorization>>()
    const answers = new Map<string, Kept<AuthorizationPackage>>()
    const waiting = new Map<string, Set<Tell>>()

    const step = <A>(f: (now: number) => A): Effect.Effect<A> =>
      Effect.map(Clock.currentTimeMillis, (now) => {
        prune(requests, now)
        prune(answers, now)
        return f(now)
      })
    const keep = <A>(kept: Map<string, Kept<A>>, name: string, value: A, now: number): void => {
      kept.delete(name)
      kept.set(name, { value, until: now + retention })
    }
    const open = (name: string, request: PendingAuthorization, now: number): boolean =>
      !answers.has(name) && request.expires.epochMillis > now

    const dropFinished = (now: number): boolean => {
      for (const [name, { value }] of requests) {
        if (!open(name, value, now)) return requests.delete(name)
      }
      return false
    }

    const remember: Service["remember"] = (request) =>
      Effect.flatten(step((now) => {
        const name = nameOf(request)
        if (!requests.has(name) && requests.size >= capacity && !dropFinished(now)) {
          return new StoreUnavailable({
            operation: "PendingAuthorizations.remember",
            cause: new Error(`${capacity} requests are open, as many as this store holds; give it a larger capacity`)
          })
        }
        keep(requests, name, request, now)
        return Effect.void
      }))

    const complete: Service["complete"] = (key, answer) =>
      step((now) => {
        const name = nameOf(key)
        if (answers.has(name)) return false
        for (const oldest of answers.keys()) {
          if (answers.size < capacity) break
          answers.delete(oldest)
        }
        keep(answers, name, answer, now)
        const told = waiting.get(name)
        waiting.delete(name)
        told?.forEach((tell) => tell(Exit.succeed(answer)))
        return true
      })

    const listen: Listen = (key, now, tell) => {
      const name = nameOf(key)
      prune(answers, now)
      const kept = answers.get(name)
      if (kept !== undefined) {
        tell(Exit.succeed(kept.value))
        return constVoid
      }
      const others = waiting.get(name) ?? new Set()
      waiting.set(name, others.add(tell))
      return () => {
        others.delete(tell)
        // Once answered, the name may be others' already.
        if (others.size === 0 && waiting.get(name) === others) waiting.delete(name)
      }
    }

    return {
      remember,
      list: (serviceId) =>
        step((now) =>
          Array.from(requests)
            .filter(([name, { value }]) => value.serviceId === serviceId && open(name, value, now))
            .map(([, { value }]) => value)
            .sort(oldestFirst)
        ),
      find: (key) => step(() => Option.map(Option.fromNullable(requests.get(nameOf(key))), ({ value }) => value)),
      complete,
      answer: (key) => step(() => Option.map(Option.fromNullable(answers.get(nameOf(key))), ({ value }) => value)),
      awaitAnswer: withListening(
        (key) =>
          Effect.flatMap(Clock.currentTimeMillis, (now) =>
            Effect.async((resume) => Effect.sync(listen(key, now, resume)))),
        listen
      ),
      forget: (key) =>
        step(() => {
          requests.delete(nameOf(key))
          answers.delete(nameOf(key))
        }),
      size: step(() => ({ requests: requests.size, answers: answers.size, awaited: waiting.size }))
    }
  })

const prune = <A>(kept: Map<string, Kept<A>>, now: number): void => {
  for (const [name, { until }] of kept) {
    if (until > now) return
    kept.delete(name)
  }
}

const oldestFirst = (one: PendingAuthorization, other: PendingAuthorization): number =>
  one.created.epochMillis - other.created.epochMillis || (one.id < other.id ? -1 : 1)

/**
 * For one process: what it remembers is gone with it.
 *
 * @since 0.1.0
 * @category layers
 */
export const layerMemory = (options?: MemoryOptions): Layer.Layer<PendingAuthorizations> =>
  Layer.effect(PendingAuthorizations, makeMemory(options))
