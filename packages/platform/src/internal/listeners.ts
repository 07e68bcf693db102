/** Who listens in this process, each under a text that names what it listens for. */
import type { DeviceId } from "@effect-launchkey/core/Authorization"
import * as Effect from "effect/Effect"
import * as HashMap from "effect/HashMap"
import * as Option from "effect/Option"
import * as Queue from "effect/Queue"
import * as Ref from "effect/Ref"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"

interface Listener {
  readonly deviceId: DeviceId
  readonly queue: Queue.Queue<void>
}

export interface Listeners {
  readonly tell: (text: string) => Effect.Effect<void>
  readonly tellAll: Effect.Effect<void>
  /** One more than `maximum` of a device ends the first of them. */
  readonly listen: (id: DeviceId, text: string) => Effect.Effect<Stream.Stream<void>, never, Scope.Scope>
  /** Ends all listening. */
  readonly end: Effect.Effect<void>
}

export const make = (maximum: number): Effect.Effect<Listeners> =>
  Effect.gen(function*() {
    const listeners = yield* Ref.make(HashMap.empty<string, ReadonlyArray<Listener>>())
    const of = (all: HashMap.HashMap<string, ReadonlyArray<Listener>>, text: string) =>
      Option.getOrElse(HashMap.get(all, text), (): ReadonlyArray<Listener> => [])

    const add = (text: string, listener: Listener) =>
      Ref.modify(listeners, (all) => {
        const before = of(all, text)
        const own = before.filter(({ deviceId }) => deviceId === listener.deviceId)
        const ended = own.length < maximum ? undefined : own[0]
        const left = before.filter((other) => other !== ended)
        return [ended, HashMap.set(all, text, [...left, listener])]
      })

    const remove = (text: string, listener: Listener) =>
      Ref.update(listeners, (all) => {
        const left = of(all, text).filter((other) => other !== listener)
        return left.length === 0 ? HashMap.remove(all, text) : HashMap.set(all, text, left)
      })

    const each = (
      all: Iterable<ReadonlyArray<Listener>>,
      use: (queue: Queue.Queue<void>) => Effect.Effect<unknown>
    ) =>
      Effect.forEach(all, (some) => Effect.forEach(some, ({ queue }) => use(queue), { discard: true }), {
        discard: true
      })

    const offer = (queue: Queue.Queue<void>) => Queue.offer(queue, undefined)

    return {
      tell: (text) => Effect.flatMap(Ref.get(listeners), (all) => each([of(all, text)], offer)),
      tellAll: Effect.flatMap(Ref.get(listeners), (all) => each(HashMap.values(all), offer)),
      listen: (id, text) =>
        Effect.acquireRelease(
          Effect.gen(function*() {
            const listener: Listener = { deviceId: id, queue: yield* Queue.sliding<void>(1) }
            const ended = yield* add(text, listener)
            if (ended !== undefined) yield* Queue.shutdown(ended.queue)
            return listener
          }),
          (listener) => Effect.zipRight(remove(text, listener), Queue.shutdown(listener.queue))
        ).pipe(Effect.map(({ queue }) => Stream.fromQueue(queue))),
      end: Effect.flatMap(
        Ref.getAndSet(listeners, HashMap.empty()),
        (all) => each(HashMap.values(all), Queue.shutdown)
      )
    }
  })
