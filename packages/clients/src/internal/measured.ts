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

/** Counts and times what ended so. */
export const operation = (name: string) => {
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

  return (started: number, now: number, exit: Exit.Exit<unknown, unknown>): Effect.Effect<void> =>
    Effect.zipRight(Metric.update(duration, Math.max(0, now - started) / 1000), outcome(exit))
}

const measure =
  (ended: ReturnType<typeof operation>) => <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
    Effect.flatMap(
      Clock.currentTimeMillis,
      (started) =>
        Effect.onExit(effect, (exit) => Effect.flatMap(Clock.currentTimeMillis, (now) => ended(started, now, exit)))
    )

/** The same client, each of its methods counted and timed under the client's name and its own. */
export const measured = <Service extends object>(client: string, service: Service): Service => {
  const members = Object.entries(service).map(([name, member]: [string, unknown]) => {
    const measuring = measure(operation(`${client}.${name}`))
    if (Effect.isEffect(member)) return [name, measuring(member)]
    if (typeof member !== "function") return [name, member]
    return [name, (...args: ReadonlyArray<unknown>) => {
      const result: unknown = member(...args)
      return Effect.isEffect(result) ? measuring(result) : result
    }]
  })
  return Object.fromEntries(members)
}

/** How many wait. */
export const waiting = Metrics.waiting.of({})
