import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as FiberId from "effect/FiberId"
import * as Runtime from "effect/Runtime"

export interface Limit<E> {
  /** The least time that there is. */
  readonly atLeast: Duration.DurationInput
  /** How much is left once that has passed, milliseconds. Default none. */
  readonly left?: (() => number) | undefined
  readonly onTimeout: () => E
}

/**
 * Gives an effect so much time and no more. What does not let go when it is interrupted must not keep the caller waiting,
 * so it runs in a fiber of its own, which nobody waits for once its time is up.
 *
 * As `Effect.timeoutFail` of `Effect.disconnect`, which fork thrice and cost several times as much. What the effect sets
 * for its fiber stays there.
 */
export const within = <A, E, R, E2>(
  self: Effect.Effect<A, E, R>,
  { atLeast, left, onTimeout }: Limit<E2>
): Effect.Effect<A, E | E2, R> =>
  Effect.zipWith(Effect.runtime<R>(), Effect.clock, (runtime, clock) =>
    Effect.async<A, E | E2>((resume) => {
      // Its failure is the caller's to tell, not the fiber's to log.
      const work = Runtime.runFork(runtime)(Effect.exit(Effect.interruptible(self)))
      const finished = work.unsafePoll()
      if (finished !== null) return resume(Effect.flatten(finished))
      const timeout: Effect.Effect<void> = Effect.suspend(() => {
        const more = left?.() ?? 0
        return more > 0 ? Effect.zipRight(clock.sleep(Duration.millis(more)), timeout) : Effect.void
      })
      const timer = Runtime.runFork(Runtime.defaultRuntime)(
        Effect.zipRight(clock.sleep(Duration.decode(atLeast)), timeout)
      )
      const end = (fiber: typeof work | typeof timer) => fiber.unsafeInterruptAsFork(FiberId.none)
      work.addObserver((exit) => {
        end(timer)
        resume(Effect.flatten(exit))
      })
      timer.addObserver((exit) => {
        if (Exit.isFailure(exit)) return
        resume(Effect.failSync(onTimeout))
        end(work)
      })
      return Effect.sync(() => {
        end(timer)
        end(work)
      })
    })).pipe(Effect.flatten)
