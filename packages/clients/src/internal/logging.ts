import * as Effect from "effect/Effect"

/** What every log of a receiver says of where it comes from. */
export const annotated: <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R> = Effect.annotateLogs({
  package: "@effect-launchkey/clients",
  module: "Webhook"
})
