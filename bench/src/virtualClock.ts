/** A clock that stands still until it is told to go on, for as many sleepers as a burst has. */
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"

export interface VirtualClock {
  readonly clock: Clock.Clock
  readonly now: () => number
  /** Goes on by a step, and wakes whoever is due. Whatever they do takes no time of this clock. */
  readonly step: (millis: number) => Promise<void>
}

/** Until no fiber has anything left to do: none of them waits for anything but this clock. */
const settled = async () => {
  for (let round = 0; round < 2; round++) await new Promise((resolve) => setTimeout(resolve, 0))
}

export const make = (start: number): VirtualClock => {
  let now = start
  let ticks = 0
  /** By the millisecond at which they are due. */
  const sleepers = new Map<number, Set<() => void>>()
  const sleep = (duration: Duration.Duration) =>
    Effect.async<void>((resume) => {
      const due = Math.ceil(now + Duration.toMillis(duration))
      const wake = () => resume(Effect.void)
      const others = sleepers.get(due) ?? new Set()
      sleepers.set(due, others.add(wake))
      return Effect.sync(() => {
        others.delete(wake)
        if (others.size === 0) sleepers.delete(due)
      })
    })
  const nanos = () => BigInt(now) * 1_000_000n + BigInt(ticks++ % 1_000_000)
  return {
    now: () => now,
    clock: {
      ...Clock.make(),
      unsafeCurrentTimeMillis: () => now,
      unsafeCurrentTimeNanos: nanos,
      currentTimeMillis: Effect.sync(() => now),
      currentTimeNanos: Effect.sync(nanos),
      sleep
    },
    step: async (millis) => {
      for (const until = now + millis; now < until;) {
        now++
        const due = sleepers.get(now)
        if (due === undefined) continue
        sleepers.delete(now)
        for (const wake of due) wake()
      }
      await settled()
    }
  }
}
