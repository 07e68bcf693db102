/** The device that the page is: what it knows, and what its user may do with it. No DOM, so that it is tried without one. */
import type { PendingAuthorization } from "@effect-launchkey/core/Device"
import type { ServiceId } from "@effect-launchkey/core/EntityIdentifier"
import type { Session } from "@effect-launchkey/core/Session"
import * as LinkedDevice from "@effect-launchkey/platform/LinkedDevice"
import * as DeviceKey from "@effect-launchkey/transport/DeviceKey"
import type { InvalidKey } from "@effect-launchkey/transport/InvalidKey"
import type * as RemoteApi from "@effect-launchkey/transport/RemoteApi"
import type * as HttpClient from "@effect/platform/HttpClient"
import * as Clock from "effect/Clock"
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import * as Queue from "effect/Queue"
import * as Ref from "effect/Ref"
import * as Schedule from "effect/Schedule"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import * as SubscriptionRef from "effect/SubscriptionRef"
import { type Approval, approve, type Asking } from "./approval.ts"
import type { Notifying } from "./notifying.ts"
import * as Pin from "./pin.ts"
import * as Problems from "./problems.ts"
import * as Vault from "./vault.ts"

/**
 * How the page hears of what is new: at once, by asking again and again, or not at all. `Refused`: the platform does not
 * accept the device, which may be unlinked, or merely slow or wrong about the time.
 */
export type Reach = "Connecting" | "Live" | "Polling" | "Offline" | "Refused"

export interface Linked {
  readonly _tag: "Linked"
  readonly name: string
  readonly keyId: string
  readonly linked: DateTime.Utc
  readonly hasPin: boolean
  readonly reach: Reach
  readonly requests: ReadonlyArray<PendingAuthorization>
  readonly sessions: ReadonlyArray<Session>
  /** Milliseconds by which the platform's clock, by which requests expire, is ahead of this one. */
  readonly ahead: number
}

export type State =
  | { readonly _tag: "Starting" }
  | { readonly _tag: "Broken"; readonly problem: string }
  | { readonly _tag: "Unlinked" }
  | Linked

interface LinkInput {
  readonly code: string
  readonly sdkKey: string
  readonly name: string
}

export interface Device {
  readonly state: SubscriptionRef.SubscriptionRef<State>
  /** What there is to say, in the order in which it came up. */
  readonly news: Queue.Dequeue<string>
  /** The problem in words, where the link did not come about. */
  readonly link: (input: LinkInput) => Effect.Effect<Option.Option<string>>
  readonly approve: (request: PendingAuthorization, asking: Asking) => Effect.Effect<Approval>
  readonly answer: (request: PendingAuthorization, outcome: LinkedDevice.Outcome) => Effect.Effect<void>
  readonly endSession: (session: Session) => Effect.Effect<void>
  readonly endSessions: Effect.Effect<void>
  /** Whether it is kept. */
  readonly setPin: (pin: string) => Effect.Effect<boolean>
  readonly checkPin: (pin: string) => Effect.Effect<"Right" | "Wrong" | "Locked">
  /** Whether this browser takes pushes. */
  readonly notified: Effect.Effect<boolean>
  /** Has the platform tell this browser by push, or no longer; yields whether it is told from now on. */
  readonly setNotified: (on: boolean) => Effect.Effect<boolean>
  readonly unlink: Effect.Effect<void>
  /** Deletes the key, whatever the platform thinks of it. */
  readonly forget: Effect.Effect<void>
  /** Adds to the news. */
  readonly tell: (text: string) => Effect.Effect<void>
  /** The user came back to the page. */
  readonly wake: Effect.Effect<void>
  /** The browser has found the network again. */
  readonly online: Effect.Effect<void>
  /** The browser has lost the network. */
  readonly offline: Effect.Effect<void>
}

/** How often the page asks by itself: while it hears nothing, while it is told, and while it is refused. */
const polling = { deaf: "5 seconds", told: "1 minute", refused: "30 seconds" } as const

const briefly = Duration.minutes(1)

/** When the page listens again after it could not: soon, then less often. */
const reconnecting = Schedule.exponential("1 second", 2).pipe(
  Schedule.union(Schedule.spaced("30 seconds")),
  Schedule.jittered,
  Schedule.resetAfter(briefly)
)

type Needs = RemoteApi.RemoteApi | HttpClient.HttpClient

export const make = (
  baseUrl: string,
  notifying: Notifying
): Effect.Effect<Device, never, Vault.Vault | Needs | Scope.Scope> =>
  Effect.gen(function*() {
    const vault = yield* Vault.Vault
    const context = yield* Effect.context<Needs>()
    const scope = yield* Effect.scope
    const state = yield* SubscriptionRef.make<State>({ _tag: "Starting" })
    const news = yield* Queue.unbounded<string>()
    /** Asks for a refresh; several at once are one. */
    const due = yield* Queue.sliding<void>(1)
    const again = yield* Queue.sliding<void>(1)
    const current = yield* Ref.make(Option.none<LinkedDevice.LinkedDevice>())
    const following = yield* Ref.make<Fiber.RuntimeFiber<unknown> | undefined>(undefined)

    const say = (text: string) => Queue.offer(news, text)
    const change = (how: (linked: Linked) => Linked) =>
      SubscriptionRef.update(state, (now) => now._tag === "Linked" ? how(now) : now)
    const without = (request: PendingAuthorization) =>
      change((linked) => ({ ...linked, requests: linked.requests.filter(({ id }) => id !== request.id) }))

    /** What the vault cannot do ends what was asked for, in words. */
    const kept = <A>(effect: Effect.Effect<A, Vault.VaultUnavailable>) =>
      Effect.catchAll(effect, (error) => Effect.as(say(error.message), undefined))

    const forget = (text: string) =>
      Effect.gen(function*() {
        yield* kept(vault.clear)
        yield* Ref.set(current, Option.none())
        yield* SubscriptionRef.set(state, { _tag: "Unlinked" })
        yield* say(text)
        // Else the browser would go on to show what a platform that knows of no end still sends.
        yield* Effect.catchAll(notifying.unsubscribe, ({ message }) => say(message))
        const fiber = yield* Ref.getAndSet(following, undefined)
        // It may be the one that found out.
        if (fiber !== undefined) yield* Fiber.interruptFork(fiber)
      }).pipe(Effect.uninterruptible)

    /** What does not change is told once. */
    const troubled = (error: LinkedDevice.CallError, told = false) =>
      Problems.isRefused(error)
        // The key stays: only its user can tell whether the link is over, and it could not be brought back.
        ? change((linked) => ({ ...linked, reach: "Refused", requests: [], sessions: [] }))
        : Problems.isOffline(error)
        ? change((linked) => ({ ...linked, reach: "Offline" }))
        : told
        ? Effect.void
        : Effect.asVoid(say(Problems.ofCall(error)))

    type Course = "Well" | "Failing" | "Refused"

    const refresh = (device: LinkedDevice.LinkedDevice, live: Ref.Ref<boolean>, before: Course) =>
      Effect.gen(function*() {
        const [requests, sessions] = yield* Effect.all([device.pending, device.sessions], { concurrency: 2 }).pipe(
          // It may have been the clock, which is measured anew by then.
          Effect.retry({ times: 1, while: Problems.isRefused })
        )
        const ahead = DateTime.distance(yield* DateTime.now, yield* device.now)
        const reach = (yield* Ref.get(live)) ? "Live" as const : "Polling" as const
        yield* change((linked) => ({ ...linked, requests, sessions, ahead, reach }))
        return "Well" as const
      }).pipe(
        Effect.catchAll((error) =>
          Effect.as(
            troubled(error, before !== "Well"),
            Problems.isRefused(error) ? "Refused" as const : "Failing" as const
          )
        )
      )

    const pauseAfter = (course: Course, told: boolean) =>
      course === "Refused" ? polling.refused : course === "Well" && told ? polling.told : polling.deaf

    /** Requests leave when their time is over, whether or not anyone says so. */
    const expiring = Effect.gen(function*() {
      const now = yield* Clock.currentTimeMillis
      const at = yield* SubscriptionRef.get(state)
      if (at._tag !== "Linked") return
      for (const request of at.requests) {
        if (DateTime.toEpochMillis(request.expires) <= now + at.ahead) {
          yield* without(request)
          yield* say(`The request of ${request.serviceName} has expired.`)
        }
      }
    }).pipe(Effect.repeat(Schedule.spaced("1 second")))

    const follow = (device: LinkedDevice.LinkedDevice) =>
      Effect.gen(function*() {
        const live = yield* Ref.make(false)
        const listening = device.hints.pipe(
          Stream.runForEach(() => Effect.zipRight(Ref.set(live, true), Queue.offer(due, undefined))),
          Effect.ensuring(Effect.zipRight(Ref.set(live, false), Queue.offer(due, undefined))),
          Effect.timed,
          // What ends soon, such as for one window too many, is asked for later and later, as what fails.
          Effect.filterOrFail(([lasted]) => Duration.greaterThan(lasted, briefly), () => "ended soon" as const)
        )
        const listeningOn = Effect.forever(
          listening.pipe(Effect.retry(reconnecting), Effect.raceFirst(Queue.take(again)), Effect.ignore)
        )
        const asking = Effect.iterate("Well" as Course, {
          while: () => true,
          body: (before) =>
            Effect.tap(refresh(device, live, before), (course) =>
              Effect.flatMap(Ref.get(live), (told) => Effect.timeoutOption(Queue.take(due), pauseAfter(course, told))))
        })
        yield* Effect.all([listeningOn, asking, expiring], { concurrency: "unbounded", discard: true })
      })

    const begin = (account: Vault.Account): Effect.Effect<void, InvalidKey | LinkedDevice.LinkError> =>
      Effect.gen(function*() {
        const key = yield* DeviceKey.toPrivateKey(account.key)
        const device = yield* LinkedDevice.make({
          baseUrl,
          deviceId: account.deviceId,
          key,
          servicePins: {
            get: (serviceId: ServiceId) =>
              Effect.map(
                kept(vault.get),
                (found) =>
                  found === undefined || Option.isNone(found) ? [] : found.value.servicePins.get(serviceId) ?? []
              ),
            set: (serviceId: ServiceId, pins: ReadonlyArray<string>) =>
              kept(vault.update((account) => ({
                ...account,
                servicePins: new Map([...account.servicePins, [serviceId, pins]])
              })))
          }
        })
        yield* Ref.set(current, Option.some(device))
        yield* SubscriptionRef.set<State>(state, {
          _tag: "Linked",
          name: account.name,
          keyId: key.keyId,
          linked: DateTime.unsafeMake(account.linked),
          hasPin: account.pin !== undefined,
          reach: "Connecting",
          requests: [],
          sessions: [],
          ahead: 0
        })
        yield* Ref.set(following, yield* Effect.forkIn(follow(device), scope))
      }).pipe(Effect.provide(context))

    const link = (input: LinkInput) =>
      Effect.gen(function*() {
        const key = yield* DeviceKey.generate
        const privateKey = yield* DeviceKey.toPrivateKey(key)
        // A key that cannot be kept is noticed before the code is used up.
        yield* vault.clear
        const deviceId = yield* LinkedDevice.link({ ...input, baseUrl, type: "Browser", key: privateKey })
        const account: Vault.Account = {
          deviceId,
          name: input.name,
          key,
          linked: yield* Clock.currentTimeMillis,
          pin: undefined,
          attempts: { wrong: 0, lockedUntil: 0 },
          servicePins: new Map()
        }
        yield* vault.set(account)
        yield* begin(account)
        yield* say("This device is linked.")
        return Option.none<string>()
      }).pipe(
        Effect.provide(context),
        Effect.catchAll((error) => Effect.succeed(Option.some(Problems.ofLink(error))))
      )

    const withDevice = (use: (device: LinkedDevice.LinkedDevice) => Effect.Effect<void, LinkedDevice.CallError>) =>
      Effect.flatMap(
        Ref.get(current),
        Option.match({ onNone: () => Effect.void, onSome: (device) => Effect.catchAll(use(device), failed) })
      )

    /** Of what the user did, and wants to know that it did not happen. Whether the link is over shows as it is refreshed. */
    const failed = (error: LinkedDevice.CallError) =>
      Effect.zipRight(
        Problems.isOffline(error) ? troubled(error) : Queue.offer(due, undefined),
        say(Problems.ofCall(error))
      )

    const answer = (request: PendingAuthorization, outcome: LinkedDevice.Outcome, number?: string) =>
      Effect.flatMap(Ref.get(current), (device) =>
        Option.isNone(device)
          ? Effect.void
          : Effect.gen(function*() {
            const at = yield* SubscriptionRef.get(state)
            const methods = at._tag === "Linked" && at.hasPin ? ["PIN_CODE" as const] : []
            yield* device.value.answer(request, outcome, { methods, number })
            yield* without(request)
            yield* say(Problems.ofOutcome(request.serviceName, outcome))
          }).pipe(
            Effect.catchTags({
              NumberMismatch: ({ ended }) =>
                ended ? gone(request, "has ended: that was not the number") : say(Problems.wrongNumber),
              AuthorizationResponseExists: () => gone(request, "was answered on another device"),
              AuthorizationRequestCanceled: () => gone(request, "was canceled by the service"),
              RequestTimedOut: () => gone(request, "has expired"),
              EntityNotFound: () => gone(request, "is no longer there")
            }),
            Effect.catchAll(failed)
          )).pipe(Effect.ensuring(Queue.offer(due, undefined)))

    const gone = (request: PendingAuthorization, what: string) =>
      Effect.zipRight(without(request), say(`The request of ${request.serviceName} ${what}.`))

    const setPin = (pin: string) =>
      Effect.gen(function*() {
        const hash = yield* Pin.make(pin)
        yield* vault.update((account) => ({ ...account, pin: hash, attempts: { wrong: 0, lockedUntil: 0 } }))
        yield* change((linked) => ({ ...linked, hasPin: true }))
        return true
      }).pipe(kept, Effect.map((kept) => kept === true))

    const checkPin = (pin: string) =>
      Effect.gen(function*() {
        const account = Option.getOrUndefined(yield* vault.get)
        if (account?.pin === undefined) return "Wrong" as const
        const now = yield* Clock.currentTimeMillis
        if (account.attempts.lockedUntil > now) return "Locked" as const
        const right = yield* Pin.matches(pin, account.pin)
        yield* vault.update((account) => {
          const wrong = right ? 0 : account.attempts.wrong + 1
          return { ...account, attempts: { wrong, lockedUntil: now + Pin.lockAfter(wrong) } }
        })
        return right ? "Right" as const : "Wrong" as const
      }).pipe(kept, Effect.map((checked) => checked ?? "Wrong" as const))

    const unlinked: State = { _tag: "Unlinked" }
    const account = yield* Effect.either(vault.get)
    if (account._tag === "Left") {
      yield* SubscriptionRef.set<State>(state, { _tag: "Broken", problem: account.left.message })
    } else {
      yield* Option.match(account.right, {
        onNone: () => SubscriptionRef.set<State>(state, unlinked),
        onSome: (account) =>
          Effect.catchAll(
            begin(account),
            (error) => Effect.zipRight(SubscriptionRef.set<State>(state, unlinked), say(Problems.ofLink(error)))
          )
      })
    }

    const setNotified = (on: boolean) =>
      Effect.flatMap(Ref.get(current), (device) =>
        Option.isNone(device)
          ? Effect.succeed(false)
          : on
          ? Effect.gen(function*() {
            yield* notifying.permit
            const key = yield* device.value.pushKey
            if (Option.isNone(key)) {
              yield* say("This platform sends no notifications. Keep the page open to be asked at once.")
              return false
            }
            yield* device.value.subscribePush(yield* notifying.subscribe(key.value))
            yield* say("You are notified here when a request waits.")
            return true
          })
          : Effect.gen(function*() {
            yield* device.value.unsubscribePush
            yield* notifying.unsubscribe
            yield* say("You are no longer notified here.")
            return false
          })).pipe(
          Effect.catchTags({
            CannotNotify: ({ message }) => Effect.as(say(message), false),
            EntityNotFound: () => Effect.as(say("This platform sends no notifications."), false)
          }),
          Effect.catchAll((error) => Effect.zipRight(failed(error), Effect.succeed(!on)))
        )

    const device: Device = {
      state,
      news,
      link,
      approve: (request, asking) =>
        Effect.flatMap(SubscriptionRef.get(state), (at) =>
          at._tag === "Linked"
            ? approve(request, { ...asking, hasPin: at.hasPin, setPin, checkPin, answer, say })
            : Effect.succeed<Approval>({ _tag: "Left" })),
      answer,
      endSession: (session) =>
        withDevice((device) => device.endSessions(session.serviceId)).pipe(
          Effect.ensuring(Queue.offer(due, undefined))
        ),
      endSessions: withDevice((device) => device.endSessions()).pipe(Effect.ensuring(Queue.offer(due, undefined))),
      setPin,
      checkPin,
      notified: notifying.current,
      setNotified,
      tell: say,
      unlink: withDevice((device) => Effect.zipRight(device.unlink, forget("This device is unlinked."))),
      forget: forget("The link is forgotten."),
      wake: Queue.offer(due, undefined),
      online: Effect.zipRight(Queue.offer(due, undefined), Queue.offer(again, undefined)),
      offline: change((linked) => ({ ...linked, reach: "Offline" }))
    }
    return device
  })
