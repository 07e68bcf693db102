/** What is sent: events that are numbered, so that each is known again by whoever handles it. */
import { AuthorizationRequestId } from "@effect-launchkey/core/Authorization"
import type { ServiceEvent } from "@effect-launchkey/core/Webhook"
import * as TestWebhooks from "@effect-launchkey/testing/TestWebhooks"
import * as NodeJose from "@effect-launchkey/transport/NodeJose"
import * as Effect from "effect/Effect"

/** Of the request or of the user that an event is about. */
export const nameOf = (index: number): string => `00000000-0000-4000-8000-${index.toString(16).padStart(12, "0")}`

export const indexOf = (name: string): number => Number.parseInt(name.slice(24), 16)

export const nameOfEvent = (event: ServiceEvent): string =>
  event._tag === "SessionEnded"
    ? event.serviceUserHash
    : event._tag === "AuthorizationResponded"
    ? event.response.authorizationRequestId
    : "unknown"

/** Every twentieth is an answer that its user's device has sealed; the others are sessions that have ended. */
export const isAnswer = (index: number): boolean => index % 20 === 0

/** Those whose handler fails the first time that a process has them. */
export const failsAtFirst = (index: number): boolean => index % 50 === 7

export interface Forge {
  readonly seal: (index: number) => Effect.Effect<TestWebhooks.Delivery>
  readonly again: (delivery: TestWebhooks.Delivery) => Effect.Effect<TestWebhooks.Delivery>
}

export const forge: Effect.Effect<Forge> = Effect.gen(function*() {
  const { again, authorizationResponse, sessionEnd } = yield* TestWebhooks.make()
  return {
    again,
    seal: (index: number) =>
      isAnswer(index)
        ? authorizationResponse({ authorizationRequestId: AuthorizationRequestId.make(nameOf(index)) })
        : sessionEnd({ serviceUserHash: nameOf(index) })
  }
}).pipe(Effect.provide(NodeJose.layer))
