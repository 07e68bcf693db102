import { MessageRejected } from "@effect-launchkey/transport/TransportError"
import * as Cause from "effect/Cause"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Metric from "effect/Metric"
import * as Option from "effect/Option"
import * as Predicate from "effect/Predicate"
import * as Metrics from "../Metrics.ts"

/** Why nothing came of it: by the type's own word where there is one, so that no label holds what an error says. */
const tagOf = (error: unknown): string =>
  Predicate.hasProperty(error, "_tag") && typeof error._tag === "string" ? error._tag : "Unknown"

/** Counts a message that was not believed. */
export const rejected = ({ kind, reason }: MessageRejected): Effect.Effect<void> =>
  Metric.increment(Metrics.rejections.of({ kind, reason }))

const operation = (name: string) => {
  const duration = Metrics.duration.of({ operation: name })
  const ended = (outcome: string) => Metric.increment(Metrics.operations.of({ operation: name, outcome }))
  const [succeeded, failed] = [ended("Success"), ended("Failure")]

  const failure = (error: unknown) =>
    failed.pipe(
      Effect.zipRight(Metric.increment(Metrics.errors.of({ operation: name, error: tagOf(error) }))),
      Effect.zipRight(error instanceof MessageRejected ? rejected(error) : Effect.void)
    )

  const outcome = (exit: Exit.Exit<unknown, unknown>) =>
    Exit.isSuccess(exit)
      ? succeeded
      : Option.match(Cause.failureOption(exit.cause), {
        onNone: () => ended(Cause.isInterrupted(exit.cause) ? "Interrupted" : "Defect"),
        onSome: failure
      })

  return <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
    Effect.flatMap(
      Clock.currentTimeMillis,
      (started) =>
        Effect.onExit(effect, (exit) =>
          Effect.flatMap(Clock.currentTimeMillis, (now) =>
            Effect.zipRight(Metric.update(duration, Math.max(0, now - started) / 1000), outcome(exit))))
    )
}

/** The same client, each of its methods counted and timed under the client's name and its own. */
export const measured = <Service extends object>(client: string, service: Service): Service => {
  const members = Object.entries(service).map(([name, member]: [string, unknown]) => {
    const measure = operation(`${client}.${name}`)
    if (Effect.isEffect(member)) return [name, measure(member)]
    if (typeof member !== "function") return [name, member]
    return [name, (...args: ReadonlyArray<unknown>) => {
      const result: unknown = member(...args)
      return Effect.isEffect(result) ? measure(result) : result
    }]
  })
  return Object.fromEntries(members)
}

const waiting = Metrics.waiting.of({})

/** Counts as waiting for as long as it does. */
export const whileWaiting = <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
  Effect.acquireUseRelease(
    Metric.increment(waiting),
    () => effect,
    () => Metric.incrementBy(waiting, -1)
  )
