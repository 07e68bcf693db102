/**
 * Who is told that something changed for a user's devices: a port, so that platforms of many nodes can tell each other,
 * and its implementation in memory.
 *
 * @see docs/protocol.md "Hints"
 * @since 0.1.0
 */
import type { DeviceId } from "@effect-launchkey/core/Authorization"
import type { StoreUnavailable } from "@effect-launchkey/core/StoreUnavailable"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import type * as Scope from "effect/Scope"
import type * as Stream from "effect/Stream"
import * as Listeners from "./internal/listeners.ts"
import { isOpen, type UserKey } from "./Records.ts"
import type * as Store from "./Store.ts"

/**
 * @since 0.1.0
 * @category models
 */
export interface Service<Unavailable = StoreUnavailable> {
  /**
   * Tells whoever listens for a device of the user; once it is committed, where it is a part of a transaction. It may be
   * forgotten: a notice is a hint, and devices ask by themselves.
   */
  readonly announce: (user: UserKey) => Effect.Effect<void, Unavailable>
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

/**
 * A user as one text.
 *
 * @since 0.1.0
 * @category conversions
 */
export const userText = ({ directoryId, identifier }: UserKey): string => `${directoryId} ${identifier}`

const over = (listeners: Listeners.Listeners): Service<never> => ({
  announce: (user) => listeners.tell(userText(user)),
  listen: ({ id, user }) => listeners.listen(id, userText(user))
})

/**
 * For one process, until it ends.
 *
 * @since 0.1.0
 * @category constructors
 */
export const makeMemory: Effect.Effect<Service<never>> = Effect.map(Listeners.make(maximumListeners), over)

/**
 * For one process. All listening ends with the layer.
 *
 * @since 0.1.0
 * @category layers
 */
export const layerMemory: Layer.Layer<DeviceNotices> = Layer.scoped(
  DeviceNotices,
  Effect.map(Effect.acquireRelease(Listeners.make(maximumListeners), ({ end }) => end), over)
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
