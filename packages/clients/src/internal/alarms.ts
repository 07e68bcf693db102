/**
 * Many that wait for a time of their own, and one fiber that sleeps for them all: with thousands of them, a fiber each
 * would be most of the memory that they take.
 */
import type * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Fiber from "effect/Fiber"
import * as FiberId from "effect/FiberId"

export interface Alarm {
  /** When it rings: milliseconds since the epoch, by the clock that it is set on. It rings once, and not much later. */
  readonly due: number
  readonly ring: () => void
}

export interface Alarms {
  readonly set: (alarm: Alarm) => void
  readonly clear: (alarm: Alarm) => void
}

/** Milliseconds that pass at least between two looks at all of them, so that thousands cost no look each. */
const pause = 20

const make = (clock: Clock.Clock): Alarms => {
  const alarms = new Set<Alarm>()
  let sleeping: { readonly until: number; readonly fiber: Fiber.RuntimeFiber<void> } | undefined

  const wake = () => {
    sleeping?.fiber.unsafeInterruptAsFork(FiberId.none)
    sleeping = undefined
  }
  const sleep = (until: number) => {
    wake()
    const time = Duration.millis(Math.max(0, until - clock.unsafeCurrentTimeMillis()))
    // A fiber of nobody's: it serves others when the one that it began with has gone.
    sleeping = { until, fiber: Effect.runFork(Effect.zipRight(clock.sleep(time), Effect.sync(look))) }
  }
  const look = () => {
    sleeping = undefined
    const now = clock.unsafeCurrentTimeMillis()
    let next = Number.POSITIVE_INFINITY
    for (const alarm of alarms) {
      if (alarm.due > now) {
        next = Math.min(next, alarm.due)
      } else {
        alarms.delete(alarm)
        alarm.ring()
      }
    }
    if (next !== Number.POSITIVE_INFINITY) sleep(Math.max(next, now + pause))
  }

  return {
    set: (alarm) => {
      alarms.add(alarm)
      if (sleeping === undefined || alarm.due < sleeping.until) sleep(alarm.due)
    },
    clear: (alarm) => {
      alarms.delete(alarm)
      if (alarms.size === 0) wake()
    }
  }
}

/** One for each clock that anyone waits by, which is one in most programs. */
export const byClock = (): (clock: Clock.Clock) => Alarms => {
  const known = new WeakMap<Clock.Clock, Alarms>()
  return (clock) => {
    const found = known.get(clock) ?? make(clock)
    known.set(clock, found)
    return found
  }
}
