import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as DefaultServices from "effect/DefaultServices"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as FiberId from "effect/FiberId"
import * as Runtime from "effect/Runtime"

export interface Limit<E, S = never> {
  /** The least time that there is. */
  readonly atLeast: Duration.DurationInput
  /** How much is left once that has passed, milliseconds. Default none. */
  readonly left?: (() => number) | undefined
  readonly onTimeout: () => E
  /**
   * What the effect has besides what its caller has. A fiber takes both in passing while it is made; to provide either
   * within it costs two copies of all of its references, some 8 µs.
   */
  readonly services?: Context.Context<S> | undefined
  readonly updateRefs?: Exclude<Runtime.RunForkOptions["updateRefs"], undefined> | undefined
}

const liveClock = Context.get(DefaultServices.liveServices, Clock.Clock)

/** What the engine's timers take, milliseconds. */
const longest = 2 ** 31 - 1

/**
 * Runs once, when so much time has passed by the clock, unless it is called off. On the clock of the machine by its own
 * timer: a fiber that only sleeps, and is interrupted as nearly all are, costs some 25 µs.
 */
const after = (clock: Clock.Clock, millis: number, run: () => void): () => void => {
  if (clock === liveClock && millis <= longest) {
    // oxlint-disable-next-line no-restricted-globals -- what the clock's own `sleep` does
    const timer = setTimeout(run, millis)
    return () => clearTimeout(timer)
  }
  const fiber = Runtime.runFork(Runtime.defaultRuntime)(clock.sleep(Duration.millis(millis)))
  fiber.addObserver((exit) => {
    if (Exit.isSuccess(exit)) run()
  })
  return () => fiber.unsafeInterruptAsFork(FiberId.none)
}

/**
 * Gives an effect so much time and no more. What does not let go when it is interrupted must not keep the caller waiting,
 * so it runs in a fiber of its own, which nobody waits for once its time is up.
 *
 * As `Effect.timeoutFail` of `Effect.disconnect`, which fork thrice and cost several times as much. What the effect sets
 * for its fiber stays there.
 */
export const within = <A, E, R, E2, S = never>(
  self: Effect.Effect<A, E, R>,
  { atLeast, left, onTimeout, services, updateRefs }: Limit<E2, S>
): Effect.Effect<A, E | E2, Exclude<R, S>> =>
  Effect.withFiberRuntime((caller, { runtimeFlags }) => {
    const clock = Context.get(caller.currentDefaultServices, Clock.Clock)
    const context = caller.currentContext as Context.Context<Exclude<R, S>>
    const runtime: Runtime.Runtime<R> = Runtime.make({
      context: Context.merge(context, services ?? Context.empty()) as Context.Context<R>,
      fiberRefs: caller.getFiberRefs(),
      runtimeFlags
    })
    return Effect.async<A, E | E2>((resume) => {
      // Its failure is the caller's to tell, not the fiber's to log.
      const work = Runtime.runFork(runtime)(
        Effect.exit(Effect.interruptible(self)),
        updateRefs === undefined ? {} : { updateRefs }
      )
      const finished = work.unsafePoll()
      if (finished !== null) return resume(Effect.flatten(finished))
      const end = () => work.unsafeInterruptAsFork(FiberId.none)
      let callOff: () => void
      const allow = (millis: number): void => {
        callOff = after(clock, millis, () => {
          const more = left?.() ?? 0
          if (more > 0) return allow(more)
          resume(Effect.failSync(onTimeout))
          end()
        })
      }
      allow(Duration.toMillis(atLeast))
      work.addObserver((exit) => {
        callOff()
        resume(Effect.flatten(exit))
      })
      return Effect.sync(() => {
        callOff()
        end()
      })
    })
  })
