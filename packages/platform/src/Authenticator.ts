/**
 * A simulated device: links to a user, receives what services ask, and answers as an authenticator in a user's hand
 * would. An authenticator is a value, so a program may hold as many as its story needs.
 *
 * @see docs/protocol.md "The device API"
 * @since 0.1.0
 */
import {
  AuthorizationRequestId,
  type DeviceId,
  type FailureReason,
  type MatchNumber
} from "@effect-launchkey/core/Authorization"
import type { PendingAuthorization } from "@effect-launchkey/core/Device"
import type * as Entity from "@effect-launchkey/core/EntityIdentifier"
import type { Session } from "@effect-launchkey/core/Session"
import * as Jose from "@effect-launchkey/transport/Jose"
import type * as RemoteApi from "@effect-launchkey/transport/RemoteApi"
import type * as HttpClient from "@effect/platform/HttpClient"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Ref from "effect/Ref"
import * as Schema from "effect/Schema"
import {
  type DeviceState,
  evaluate,
  oblige,
  type Place,
  untried,
  type UserMethod,
  withMethods
} from "./DevicePolicy.ts"
import * as LinkedDevice from "./LinkedDevice.ts"

export type { Place, UserMethod } from "./DevicePolicy.ts"
export type { LinkError } from "./LinkedDevice.ts"

/**
 * @since 0.1.0
 * @category models
 */
export interface Options {
  /** Of the platform, under the same conditions as a transport's: HTTPS, save on a loopback host. */
  readonly baseUrl: string
  /** What the user calls the device: 1 to 255 characters. */
  readonly name: string
  /** What kind of device it is: 1 to 64 characters. Default `"Simulated"`. */
  readonly type?: string | undefined
  /**
   * What the user has set up, in the order in which they would rather be asked. Default `PIN_CODE`, `FINGERPRINT`,
   * `WEARABLES`: one of each factor.
   */
  readonly methods?: ReadonlyArray<UserMethod> | undefined
  /** Default: the device does not know where it is. */
  readonly location?: Place | undefined
  /** Default false. */
  readonly rootedOrJailbroken?: boolean | undefined
  /** Default false. The policy of an authorization request never asks for it. */
  readonly emulator?: boolean | undefined
  /** `"legacy"` for a device of the first generation, which tells no more than whether the user approved. */
  readonly format?: "legacy" | undefined
  /**
   * Whether a user who approves does all that it takes: sets up the methods that are missing, and goes where a fence is.
   * What the device is and where then matters no more. Default false.
   */
  readonly obliging?: boolean | undefined
}

/**
 * How an answer is told, whatever it is.
 *
 * @since 0.1.0
 * @category models
 */
export interface AnswerOptions {
  /** The PINs that the device shares with the service from now on. Default: those that it has, and a new one. */
  readonly servicePins?: ReadonlyArray<string> | undefined
  /** Default: as the device is. */
  readonly format?: "legacy" | undefined
}

/**
 * @since 0.1.0
 * @category models
 */
export interface ApproveOptions extends AnswerOptions {
  /** What is shown where the user signs in: needed where the request has a number. */
  readonly number?: MatchNumber | undefined
}

/**
 * @since 0.1.0
 * @category models
 */
export interface DenyOptions extends AnswerOptions {
  /** Default: the oldest request that waits. */
  readonly id?: AuthorizationRequestId | undefined
  /** Id of a reason that the request offers: needed where it offers any, unless `fraud` is given. */
  readonly denialReason?: string | undefined
  /**
   * Where no reason is named, the kind of reason that the user picks, the first of its kind. Where none is offered, true
   * reports fraud all the same.
   */
  readonly fraud?: boolean | undefined
}

/**
 * The authenticator has no link, or no longer one.
 *
 * @since 0.1.0
 * @category errors
 */
export class NotLinked
  extends Schema.TaggedError<NotLinked>("@effect-launchkey/platform/Authenticator/NotLinked")("NotLinked", {})
{
  override get message(): string {
    return "The authenticator is not linked to a user. Start a link on the platform and give its code to link."
  }
}

/**
 * No authorization request waits for this authenticator's answer; with `id`, not that one.
 *
 * @since 0.1.0
 * @category errors
 */
export class NothingPending extends Schema.TaggedError<NothingPending>(
  "@effect-launchkey/platform/Authenticator/NothingPending"
)("NothingPending", { id: Schema.OptionFromSelf(AuthorizationRequestId) }) {
  override get message(): string {
    return Option.match(this.id, {
      onNone: () => "No authorization request waits for this authenticator. Create one for its user, then answer it.",
      onSome: (id) =>
        `Authorization request ${id} does not wait for this authenticator: it was answered or canceled, has expired, ` +
        "or asks another user. Read pending for those that do."
    })
  }
}

/**
 * A denial needs one of the reasons that the request offers, and no other; where it offers none, none is given.
 *
 * @since 0.1.0
 * @category errors
 */
export class DenialReasonNotOffered extends Schema.TaggedError<DenialReasonNotOffered>(
  "@effect-launchkey/platform/Authenticator/DenialReasonNotOffered"
)("DenialReasonNotOffered", {
  /** None where none was given. */
  denialReason: Schema.OptionFromSelf(Schema.String),
  /** Ids of the reasons that the request offers. */
  offered: Schema.Array(Schema.String)
}) {
  override get message(): string {
    const given = Option.match(this.denialReason, {
      onNone: () => "The request is denied for one of its reasons alone, and none was given",
      onSome: (id) => `The request does not offer the denial reason ${JSON.stringify(id)}`
    })
    return `${given}. ${
      this.offered.length === 0
        ? "It offers none; deny it without."
        : `Give one of ${this.offered.map((id) => JSON.stringify(id)).join(", ")}.`
    }`
  }
}

/**
 * The request is approved by the number alone that is shown where the user signs in. None was given, or the device is one
 * of the first generation, which knows no numbers.
 *
 * @since 0.1.0
 * @category errors
 */
export class NumberNeeded extends Schema.TaggedError<NumberNeeded>(
  "@effect-launchkey/platform/Authenticator/NumberNeeded"
)("NumberNeeded", { id: AuthorizationRequestId }) {
  override get message(): string {
    return `Authorization request ${this.id} is approved by the number alone that is shown where the user signs in. ` +
      "Give it as number, and no format; or deny the request."
  }
}

/**
 * What any call of a linked device may end with.
 *
 * @since 0.1.0
 * @category errors
 */
export type CallError = NotLinked | LinkedDevice.CallError

/**
 * @since 0.1.0
 * @category errors
 */
export type AnswerError = NotLinked | NothingPending | NumberNeeded | LinkedDevice.AnswerError

/**
 * A device in the hand of its user.
 *
 * @since 0.1.0
 * @category models
 */
export interface Authenticator {
  /**
   * Completes a link with a new key pair. `code` is the seven characters of the link, as typed or read from its QR
   * image; `sdkKey` one of the directory's. An authenticator that is linked becomes another device, and the one that it
   * was stays in the user's list. `InvalidParameters` with origin `"Client"`: nothing was sent, and the code still serves.
   */
  readonly link: (code: string, sdkKey: string) => Effect.Effect<DeviceId, LinkedDevice.LinkError>
  /** What waits for an answer, oldest first. */
  readonly pending: Effect.Effect<ReadonlyArray<PendingAuthorization>, CallError>
  /**
   * The user approves the request, or the oldest that waits, and passes every method that its policy asks for. Where
   * the device cannot meet the policy it answers `FAILED` instead: `POLICY`, or `SENSOR` if it has to know where it is
   * and does not. Yields the request that was answered. `NumberMismatch`: the number is not the request's.
   */
  readonly approve: (
    id?: AuthorizationRequestId,
    options?: ApproveOptions
  ) => Effect.Effect<AuthorizationRequestId, AnswerError>
  /**
   * The user denies the request, or the oldest that waits. A reason that reports fraud makes the answer `FRAUDULENT`,
   * else it is `DISAPPROVED`.
   */
  readonly deny: (
    options?: DenyOptions
  ) => Effect.Effect<AuthorizationRequestId, AnswerError | DenialReasonNotOffered>
  /** The device reports a failure of the request, or of the oldest that waits, whatever its policy. */
  readonly fail: (
    reason: FailureReason,
    id?: AuthorizationRequestId,
    options?: AnswerOptions
  ) => Effect.Effect<AuthorizationRequestId, AnswerError>
  /** Where the user is logged in. */
  readonly sessions: Effect.Effect<ReadonlyArray<Session>, CallError>
  /** Ends the user's session with one service, or with all. */
  readonly endSessions: (serviceId?: Entity.ServiceId) => Effect.Effect<void, CallError>
  /** Ends the link; whatever is called afterwards fails with `NotLinked`, until it is linked anew. */
  readonly unlink: Effect.Effect<void, CallError>
  /** Where the device is from now on; undefined where it does not know. */
  readonly setLocation: (location: Place | undefined) => Effect.Effect<void>
  /** What the user has set up from now on. */
  readonly setMethods: (methods: ReadonlyArray<UserMethod>) => Effect.Effect<void>
  readonly setRootedOrJailbroken: (rootedOrJailbroken: boolean) => Effect.Effect<void>
  readonly setEmulator: (emulator: boolean) => Effect.Effect<void>
}

const deniedFor = (
  { denialReasons }: PendingAuthorization,
  { denialReason: id, fraud }: DenyOptions
): Effect.Effect<LinkedDevice.Outcome, DenialReasonNotOffered> => {
  if (id === undefined && denialReasons.length === 0) {
    return Effect.succeed(LinkedDevice.denied({ fraud: fraud === true }))
  }
  const chosen = denialReasons.find((reason) => id === undefined ? reason.fraud === fraud : reason.id === id)
  return chosen === undefined
    ? new DenialReasonNotOffered({
      denialReason: Option.fromNullable(id),
      offered: denialReasons.map((reason) => reason.id)
    })
    : Effect.succeed(LinkedDevice.denied(chosen))
}

/**
 * An authenticator that is not linked yet. What it was told to be is looked at when it is linked.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (
  options: Options
): Effect.Effect<Authenticator, never, RemoteApi.RemoteApi | HttpClient.HttpClient> =>
  Effect.gen(function*() {
    const context = yield* Effect.context<RemoteApi.RemoteApi | HttpClient.HttpClient>()
    const jose = yield* Jose.Jose
    const link = yield* Ref.make(Option.none<LinkedDevice.LinkedDevice>())
    const state = yield* Ref.make<DeviceState>({
      methods: options.methods ?? ["PIN_CODE", "FINGERPRINT", "WEARABLES"],
      location: Option.fromNullable(options.location),
      rootedOrJailbroken: options.rootedOrJailbroken ?? false,
      emulator: options.emulator ?? false
    })
    const linked = Effect.flatMap(
      Ref.get(link),
      Option.match({ onNone: () => Effect.fail(new NotLinked()), onSome: Effect.succeed })
    )

    const approval = ({ policy }: PendingAuthorization, device: DeviceState): Effect.Effect<LinkedDevice.Outcome> =>
      options.obliging === true
        ? Effect.tap(
          Effect.succeed(oblige(policy, device)),
          ({ passed }) => Ref.update(state, (device) => ({ ...device, methods: withMethods(device.methods, passed) }))
        )
        : Effect.map(DateTime.now, (now) => evaluate(policy, device, now))

    const answer = <E>(
      { id, ...told }: ApproveOptions & { readonly id?: AuthorizationRequestId | undefined },
      decide: (pending: PendingAuthorization, device: DeviceState) => Effect.Effect<LinkedDevice.Outcome, E>
    ) =>
      Effect.gen(function*() {
        const to = yield* linked
        const waiting = yield* to.pending
        const pending = id === undefined ? waiting[0] : waiting.find((request) => request.id === id)
        if (pending === undefined) return yield* new NothingPending({ id: Option.fromNullable(id) })
        const outcome = yield* decide(pending, yield* Ref.get(state))
        const { methods } = yield* Ref.get(state)
        return yield* to.answer(pending, outcome, {
          methods,
          servicePins: told.servicePins,
          number: told.number,
          format: told.format ?? options.format
        })
      })

    const authenticator: Authenticator = {
      link: Effect.fn("Authenticator.link")(
        function*(code, sdkKey) {
          const { baseUrl, name, type = "Simulated" } = options
          const { privateKey: key } = yield* jose.generateKey()
          const deviceId = yield* LinkedDevice.link({ baseUrl, code, sdkKey, name, type, key })
          yield* Ref.set(link, Option.some(yield* LinkedDevice.make({ baseUrl, deviceId, key })))
          return deviceId
        },
        Effect.provide(context)
      ),

      pending: Effect.flatMap(linked, ({ pending }) => pending).pipe(Effect.withSpan("Authenticator.pending")),

      approve: Effect.fn("Authenticator.approve")((id, told) =>
        answer({ ...told, id }, (pending, device) =>
          Effect.filterOrFail(
            approval(pending, device),
            ({ type }) =>
              type !== "AUTHORIZED" || pending.numberMatch !== true ||
              (told?.number !== undefined && (told.format ?? options.format) === undefined),
            () => new NumberNeeded({ id: pending.id })
          ))
      ),

      deny: Effect.fn("Authenticator.deny")((options = {}) =>
        answer(options, (pending) => deniedFor(pending, options))
      ),

      fail: Effect.fn("Authenticator.fail")((reason, id, options) =>
        answer({ ...options, id }, () => Effect.succeed({ ...untried, type: "FAILED", reason }))
      ),

      sessions: Effect.flatMap(linked, ({ sessions }) => sessions).pipe(
        Effect.withSpan("Authenticator.sessions")
      ),

      endSessions: Effect.fn("Authenticator.endSessions")((serviceId) =>
        Effect.flatMap(linked, ({ endSessions }) => endSessions(serviceId))
      ),

      unlink: Effect.flatMap(linked, ({ unlink }) => unlink).pipe(
        Effect.zipRight(Ref.set(link, Option.none())),
        Effect.withSpan("Authenticator.unlink")
      ),

      setLocation: (location) =>
        Ref.update(state, (device) => ({ ...device, location: Option.fromNullable(location) })),
      setMethods: (methods) => Ref.update(state, (device) => ({ ...device, methods })),
      setRootedOrJailbroken: (rootedOrJailbroken) => Ref.update(state, (device) => ({ ...device, rootedOrJailbroken })),
      setEmulator: (emulator) => Ref.update(state, (device) => ({ ...device, emulator }))
    }
    return authenticator
  })
