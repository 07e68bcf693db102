import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Ref from "effect/Ref"

export interface Once {
  /** Whether it was not there. */
  readonly add: (text: string) => Effect.Effect<boolean>
  /** Whether it was there. */
  readonly take: (text: string) => Effect.Effect<boolean>
}

/** Texts, each for a time. */
export const once = (timeToLive: Duration.Duration): Effect.Effect<Once> =>
  Effect.map(Ref.make<ReadonlyMap<string, number>>(new Map()), (ref) => {
    const modify = (change: (kept: Map<string, number>, until: number) => boolean) =>
      Effect.flatMap(Clock.currentTimeMillis, (now) =>
        Ref.modify(ref, (all) => {
          const kept = new Map([...all].filter(([, until]) => until > now))
          return [change(kept, now + Duration.toMillis(timeToLive)), kept] as const
        }))
    return {
      add: (text) =>
        modify((kept, until) => {
          const isNew = !kept.has(text)
          if (isNew) kept.set(text, until)
          return isNew
        }),
      take: (text) => modify((kept) => kept.delete(text))
    }
  })
