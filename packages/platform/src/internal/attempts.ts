/** How attempts are counted, wherever they are kept. */
import * as Duration from "effect/Duration"
import * as Option from "effect/Option"

/** Of times in epoch milliseconds, oldest first: those that count, and how long one more at `at` would have to wait. */
export const count = (
  times: ReadonlyArray<number>,
  { limit, window }: { readonly limit: number; readonly window: Duration.Duration },
  at: number
): { readonly times: ReadonlyArray<number>; readonly wait: Option.Option<Duration.Duration> } => {
  const span = Duration.toMillis(window)
  const counting = times.filter((earlier) => earlier > at - span)
  const [oldest] = counting
  return {
    times: counting,
    wait: counting.length >= limit && oldest !== undefined
      ? Option.some(Duration.millis(oldest + span - at))
      : Option.none()
  }
}
