/**
 * Wakes the pages that show something when it changes. A hint and no more: whoever gets one reads what it shows anew, and
 * does so now and then without one as well.
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as PubSub from "effect/PubSub"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import type { Token } from "./Token.ts"

export interface Service {
  readonly announce: (token: Token) => Effect.Effect<void>
  /** The stream has what is announced from the moment on when it is yielded. */
  readonly watch: (token: Token) => Effect.Effect<Stream.Stream<void>, never, Scope.Scope>
}

export class Changes extends Context.Tag("@effect-launchkey/example-login/Changes")<Changes, Service>() {}

/** Of this process. One for several is `LISTEN` and `NOTIFY`, or the channels of a cache. */
export const layerMemory: Layer.Layer<Changes> = Layer.effect(
  Changes,
  // A page that is slow to read loses hints rather than keeping them all.
  Effect.map(PubSub.sliding<Token>(1024), (hints) => ({
    announce: (token) => Effect.asVoid(PubSub.publish(hints, token)),
    watch: (token) =>
      Effect.map(
        PubSub.subscribe(hints),
        (mine) => Stream.fromQueue(mine).pipe(Stream.filter((hint) => hint === token), Stream.map(() => undefined))
      )
  }))
)
