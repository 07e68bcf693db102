import { MessageRejected, TransportError } from "@effect-launchkey/transport/TransportError"
import * as Cause from "effect/Cause"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Metric from "effect/Metric"
import * as Option from "effect/Option"
import * as Metrics from "../Metrics.ts"
import { StoreUnavailable } from "../StoreUnavailable.ts"
import { EventInProgress } from "../Webhook.ts"
import { rejected } from "./measured.ts"

export type Receiving = "ServiceWebhook" | "DirectoryWebhook"

/** Whatever a handler fails with is its own affair, also where it looks like one of these. */
const own = [MessageRejected, TransportError, StoreUnavailable, EventInProgress] as const

const failure = (error: unknown): string => own.find((known) => error instanceof known)?._tag ?? "HandlerFailed"

const outcomeOf = (cause: Cause.Cause<unknown>): string =>
  Option.match(Cause.failureOption(cause), {
    onNone: () => Cause.isInterruptedOnly(cause) ? "Interrupted" : "HandlerFailed",
    onSome: failure
  })

/** Counts a webhook of this receiver, and why it was not believed where that is so. */
export const counted =
  <A>(receiver: Receiving, succeeded: (value: A) => string) =>
  <E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
    Effect.onExit(effect, (exit) =>
      Effect.zipRight(
        Metric.increment(Metrics.webhooks.of({
          receiver,
          outcome: Exit.match(exit, { onSuccess: succeeded, onFailure: outcomeOf })
        })),
        Exit.isFailure(exit)
          ? Option.match(Cause.failureOption(exit.cause), {
            onNone: () => Effect.void,
            onSome: (error) => error instanceof MessageRejected ? rejected(error) : Effect.void
          })
          : Effect.void
      ))

/** An event that is handled now. `since`: seconds since the epoch on Effect's clock. */
export const handledAfter = (event: string, since: number): Effect.Effect<void> =>
  Effect.flatMap(
    Clock.currentTimeMillis,
    (millis) => Metric.update(Metrics.webhookLag.of({ event }), Math.max(0, millis / 1000 - since))
  )
