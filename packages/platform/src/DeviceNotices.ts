/**
 * Who is told that something changed for a user's devices: a port, so that platforms of many nodes can tell each other,
 * and its implementation in memory.
 *
 * @see docs/protocol.md "Hints"
 * @since 0.1.0
 */
import type { DeviceId } from "@effect-launchkey/core/Authorization"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as HashMap from "effect/HashMap"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Queue from "effect/Queue"
import * as Ref from "effect/Ref"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import { isOpen, type UserKey } from "./Records.ts"
import type * as Store from "./Store.ts"

/**
 * @since 0.1.0
 * @category models
 */
export interface Service {
  /** Tells whoever listens for a device of the user. It may be forgotten: a notice is a hint, and devices ask by themselves. */
  readonly announce: (user: UserKey) => Effect.Effect<void>
  /**
   * Listens from now on until the scope ends. What is announced faster than it is taken is told once. A device listens
   * {@link maximumListeners} times at most: one more ends the first of them.
   */
  readonly listen: (device: {
    readonly id: DeviceId
    readonly user: UserKey
  }) => Effect.Effect<Stream.Stream<void>, never, Scope.Scope>
}

/**
 * @since 0.1.0
 * @category tags
 */
export class DeviceNotices extends Context.Tag("@effect-launchkey/platform/DeviceNotices")<DeviceNotices, Service>() {}

/**
 * How often a device may listen at once: as often as its page is open in a few windows, and no more, so that no device
 * takes what is meant for all.
 *
 * @since 0.1.0
 * @category models
 */
export const maximumListeners = 4

interface Listener {
  readonly deviceId: DeviceId
  readonly queue: Queue.Queue<void>
}

const userText = ({ directoryId, identifier }: UserKey): string => `${directoryId} ${identifier}`

/** `end` ends all listening. */
const begin = Effect.gen(function*() {
  const listeners = yield* Ref.make(HashMap.empty<string, ReadonlyArray<Listener>>())
  const of = (all: HashMap.HashMap<string, ReadonlyArray<Listener>>, user: string) =>
    Option.getOrElse(HashMap.get(all, user), (): ReadonlyArray<Listener> => [])

  const add = (user: string, listener: Listener) =>
    Ref.modify(listeners, (all) => {
      const before = of(all, user)
      const own = before.filter(({ deviceId }) => deviceId === listener.deviceId)
      const ended = own.length < maximumListeners ? undefined : own[0]
      const left = before.filter((other) => other !== ended)
      return [ended, HashMap.set(all, user, [...left, listener])]
    })

  const remove = (user: string, listener: Listener) =>
    Ref.update(listeners, (all) => {
      const left = of(all, user).filter((other) => other !== listener)
      return left.length === 0 ? HashMap.remove(all, user) : HashMap.set(all, user, left)
    })

  const service: Service = {
    announce: (user) =>
      Effect.flatMap(
        Ref.get(listeners),
        (all) =>
          Effect.forEach(of(all, userText(user)), ({ queue }) => Queue.offer(queue, undefined), { discard: true })
      ),
    listen: ({ id, user }) =>
      Effect.acquireRelease(
        Effect.gen(function*() {
          const listener: Listener = { deviceId: id, queue: yield* Queue.sliding<void>(1) }
          const ended = yield* add(userText(user), listener)
          if (ended !== undefined) yield* Queue.shutdown(ended.queue)
          return listener
        }),
        (listener) => Effect.zipRight(remove(userText(user), listener), Queue.shutdown(listener.queue))
      ).pipe(Effect.map(({ queue }) => Stream.fromQueue(queue)))
  }
  const end = Effect.flatMap(
    Ref.getAndSet(listeners, HashMap.empty()),
    (all) =>
      Effect.forEach(
        HashMap.values(all),
        (each) => Effect.forEach(each, ({ queue }) => Queue.shutdown(queue), { discard: true }),
        { discard: true }
      )
  )
  return { service, end }
})

/**
 * For one process, until it ends.
 *
 * @since 0.1.0
 * @category constructors
 */
export const makeMemory: Effect.Effect<Service> = Effect.map(begin, ({ service }) => service)

/**
 * For one process. All listening ends with the layer.
 *
 * @since 0.1.0
 * @category layers
 */
export const layerMemory: Layer.Layer<DeviceNotices> = Layer.scoped(
  DeviceNotices,
  Effect.map(Effect.acquireRelease(begin, ({ end }) => end), ({ service }) => service)
)

/**
 * The store, which announces what changes for devices once it has changed: requests that open or close, sessions, and
 * links that end. Requests that expire are announced to nobody, since devices know when they do.
 *
 * @since 0.1.0
 * @category combinators
 */
export const announcing = (store: Store.Service, { announce }: Service): Store.Service => ({
  ...store,
  openAuthorization: (authorization) =>
    Effect.tap(
      store.openAuthorization(authorization),
      (opened) => Either.isRight(opened) ? announce(authorization.user) : Effect.void
    ),
  closeAuthorization: (id, now, state) =>
    Effect.tap(
      store.closeAuthorization(id, now, state),
      (before) => Option.isSome(before) && isOpen(before.value, now) ? announce(before.value.user) : Effect.void
    ),
  startSession: (session) => Effect.tap(store.startSession(session), announce(session.user)),
  endSession: (user, serviceId) =>
    Effect.tap(store.endSession(user, serviceId), (ended) => Option.isSome(ended) ? announce(user) : Effect.void),
  removeDevice: (id) =>
    Effect.flatMap(store.device(id), (device) =>
      Effect.zipRight(
        store.removeDevice(id),
        Option.match(device, { onNone: () => Effect.void, onSome: ({ user }) => announce(user) })
      ))
})
