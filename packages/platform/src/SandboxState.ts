/**
 * What a sandbox holds: a platform with the devices of its users, all of which a reset forgets.
 *
 * @since 0.1.0
 */
import type { DeviceId } from "@effect-launchkey/core/Authorization"
import type { StoreUnavailable } from "@effect-launchkey/core/StoreUnavailable"
import * as RemoteApi from "@effect-launchkey/transport/RemoteApi"
import type * as HttpApp from "@effect/platform/HttpApp"
import * as HttpClient from "@effect/platform/HttpClient"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as ExecutionStrategy from "effect/ExecutionStrategy"
import * as Exit from "effect/Exit"
import * as HashMap from "effect/HashMap"
import * as Layer from "effect/Layer"
import * as MutableRef from "effect/MutableRef"
import type * as Option from "effect/Option"
import * as Ref from "effect/Ref"
import * as Scope from "effect/Scope"
import * as Administration from "./Administration.ts"
import * as Authenticator from "./Authenticator.ts"
import * as DeviceNotices from "./DeviceNotices.ts"
import * as InProcess from "./InProcess.ts"
import * as MemoryStore from "./MemoryStore.ts"
import * as Platform from "./Platform.ts"
import * as PlatformClock from "./PlatformClock.ts"
import * as PlatformKeys from "./PlatformKeys.ts"
import * as PlatformSettings from "./PlatformSettings.ts"
import * as SandboxFaults from "./SandboxFaults.ts"
import * as SandboxWebhooks from "./SandboxWebhooks.ts"
import * as SealedHttpApp from "./SealedHttpApp.ts"
import * as Store from "./Store.ts"
import * as WebhookQueue from "./WebhookQueue.ts"
import * as WebhookSender from "./WebhookSender.ts"

/**
 * Where a platform keeps what it knows, from its beginning to a reset.
 *
 * @since 0.1.0
 * @category models
 */
export interface Backing {
  readonly store: Store.Service
  readonly queue: WebhookQueue.Service
}

/**
 * What the sandbox needs of where it runs.
 *
 * @since 0.1.0
 * @category models
 */
export interface Options<Unavailable extends StoreUnavailable = never> extends SandboxFaults.Options {
  /** One that is empty, for each platform from its beginning to a reset. Default: in memory. */
  readonly backing?: Effect.Effect<Backing, Unavailable, Scope.Scope> | undefined
  readonly settings: PlatformSettings.Settings
  /** CPU time so far in microseconds, and the resident set in bytes. */
  readonly stats: Effect.Effect<{ readonly user: number; readonly system: number; readonly rss: number }>
}

/**
 * A platform from its beginning to a reset.
 *
 * @since 0.1.0
 * @category models
 */
export interface World {
  /** The platform with its faults. */
  readonly app: HttpApp.Default
  readonly store: Store.Service
  readonly administration: Administration.Service
  readonly addFault: SandboxFaults.Faults["add"]
  readonly webhooks: SandboxWebhooks.Webhooks
  /** Moves the platform's deadlines, and with `tokens` its time as a whole. Yields the time of its deadlines. */
  readonly advance: (
    by: Duration.Duration,
    options: { readonly tokens: boolean }
  ) => Effect.Effect<DateTime.Utc>
  /** Runs by the platform's time as a whole. */
  readonly timed: <A, E, R>(self: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>
  /** A device that calls this platform without a socket, and meets no faults. */
  readonly makeDevice: (name: string) => Effect.Effect<Authenticator.Authenticator>
  readonly addDevice: (id: DeviceId, device: Authenticator.Authenticator) => Effect.Effect<void>
  readonly device: (id: DeviceId) => Effect.Effect<Option.Option<Authenticator.Authenticator>>
  readonly forgetDevice: (id: DeviceId) => Effect.Effect<void>
}

/**
 * @since 0.1.0
 * @category models
 */
export interface Service {
  readonly world: Effect.Effect<World>
  /** Begins anew, and delivers nothing more of before. The platform's keys stay, as clients keep them. */
  readonly reset: Effect.Effect<void, StoreUnavailable>
  readonly stats: Options["stats"]
}

/**
 * @since 0.1.0
 * @category tags
 */
export class SandboxState extends Context.Tag("@effect-launchkey/platform/SandboxState")<SandboxState, Service>() {}

const ahead = (clock: Clock.Clock, by: MutableRef.MutableRef<Duration.Duration>): Clock.Clock => {
  // At every reading, since a delivery goes on while the clock is moved.
  const millis = () => Duration.toMillis(MutableRef.get(by))
  const nanos = () => BigInt(Math.round(millis())) * 1_000_000n
  return {
    [Clock.ClockTypeId]: Clock.ClockTypeId,
    unsafeCurrentTimeMillis: () => clock.unsafeCurrentTimeMillis() + millis(),
    unsafeCurrentTimeNanos: () => clock.unsafeCurrentTimeNanos() + nanos(),
    currentTimeMillis: Effect.map(clock.currentTimeMillis, (now) => now + millis()),
    currentTimeNanos: Effect.map(clock.currentTimeNanos, (now) => now + nanos()),
    sleep: (duration) => clock.sleep(duration)
  }
}

/** Never dialled: what is asked of it enters the platform's app. */
const inProcess = "http://localhost"

const inMemory: Effect.Effect<Backing> = Effect.all({ store: MemoryStore.make(), queue: WebhookQueue.makeMemory })

const begin = <Unavailable extends StoreUnavailable>(
  { backing, disconnect, settings }: Options<Unavailable>
) =>
  Effect.gen(function*() {
    const { queue, store } = yield* Effect.provideService(
      backing ?? inMemory,
      PlatformSettings.PlatformSettings,
      settings
    )
    const clock = yield* PlatformClock.make
    const shift = MutableRef.make(Duration.zero)
    const moved = ahead(yield* Effect.clock, shift)
    const devices = yield* Ref.make(HashMap.empty<DeviceId, Authenticator.Authenticator>())

    // The clock that time is read from comes from outside, so that a device's call in here is not moved twice.
    const timed = <A, E, R>(self: Effect.Effect<A, E, R>) => Effect.withClock(self, moved)

    const webhooks = yield* Effect.provideService(
      timed(SandboxWebhooks.make(queue)),
      PlatformSettings.PlatformSettings,
      settings
    )

    // A page that listens to what a reset forgets is told by the end of its stream.
    const notices = yield* Layer.build(DeviceNotices.layerMemory)

    return yield* Effect.gen(function*() {
      const plain = yield* Platform.plainHttpApp
      const sealed = yield* SealedHttpApp.make(plain)
      const faults = yield* SandboxFaults.make(plain, sealed, { disconnect })
      const calling = (yield* Effect.context<never>()).pipe(
        Context.add(HttpClient.HttpClient, InProcess.make(timed(sealed))),
        Context.add(RemoteApi.RemoteApi, yield* RemoteApi.make)
      )
      const world: World = {
        app: timed(faults.app),
        store,
        administration: yield* Administration.make,
        addFault: faults.add,
        webhooks,
        advance: (by, { tokens }) =>
          Effect.zipRight(
            tokens ? Effect.sync(() => MutableRef.update(shift, Duration.sum(by))) : clock.advance(by),
            timed(clock.now)
          ),
        makeDevice: (name) =>
          Effect.provide(Authenticator.make({ baseUrl: inProcess, name, methods: [], obliging: true }), calling),
        addDevice: (id, device) => Ref.update(devices, HashMap.set(id, device)),
        device: (id) => Effect.map(Ref.get(devices), HashMap.get(id)),
        forgetDevice: (id) => Ref.update(devices, HashMap.remove(id)),
        timed
      }
      return world
    }).pipe(Effect.provide(
      (yield* Effect.context<PlatformKeys.PlatformKeys>()).pipe(
        Context.add(Store.Store, store),
        Context.add(PlatformClock.PlatformClock, clock),
        Context.add(WebhookSender.WebhookSender, webhooks.sender),
        Context.add(PlatformSettings.PlatformSettings, settings),
        Context.merge(notices)
      )
    ))
  })

/**
 * Webhooks go out by the `WebhookEgress` of the context, until the scope ends.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = <Unavailable extends StoreUnavailable = never>(
  options: Options<Unavailable>
): Effect.Effect<Service, Unavailable, PlatformKeys.PlatformKeys | Scope.Scope> =>
  Effect.gen(function*() {
    const context = yield* Effect.context<PlatformKeys.PlatformKeys | Scope.Scope>()
    const begun = Effect.gen(function*() {
      const scope = yield* Scope.fork(yield* Effect.scope, ExecutionStrategy.sequential)
      return { scope, world: yield* Scope.extend(begin(options), scope) }
    }).pipe(Effect.provide(context), Effect.uninterruptible)
    const current = yield* Ref.make(yield* begun)
    return {
      world: Effect.map(Ref.get(current), ({ world }) => world),
      reset: Effect.flatMap(begun, (next) =>
        Effect.flatMap(Ref.getAndSet(current, next), ({ scope }) => Scope.close(scope, Exit.void))).pipe(
          Effect.uninterruptible
        ),
      stats: options.stats
    }
  })
