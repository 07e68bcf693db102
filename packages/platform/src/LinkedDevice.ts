/**
 * The device's half of the device API, over a key that it is given: what the simulated `Authenticator` and one in a
 * browser share. It knows how to say what its user decided, and nothing of how that came about.
 *
 * @see docs/protocol.md "The device API"
 * @since 0.1.0
 */
import { routeOf } from "@effect-launchkey/core/api/Contract"
import { DeviceApi, LinkingApi } from "@effect-launchkey/core/api/DeviceApi"
import {
  type AuthorizationRequestCanceled,
  type AuthorizationResponseExists,
  type EntityNotFound,
  type Forbidden,
  InvalidParameters,
  type InvalidPublicKey,
  type InvalidRoute,
  type InvalidSdkKey,
  type NumberMismatch,
  type RateLimited,
  type RequestTimedOut,
  type Unauthorized,
  type UnexpectedApiError
} from "@effect-launchkey/core/ApiError"
import type {
  AuthorizationRequestId,
  DeviceId,
  MatchNumber,
  ResponseReason,
  ResponseType
} from "@effect-launchkey/core/Authorization"
import type { DenialReason } from "@effect-launchkey/core/DenialReason"
import {
  LinkDevice,
  LinkingCode,
  type PendingAuthorization,
  SdkKey,
  type ToldOutcome
} from "@effect-launchkey/core/Device"
import * as Entity from "@effect-launchkey/core/EntityIdentifier"
import * as Issues from "@effect-launchkey/core/Issues"
import * as ResponsePolicy from "@effect-launchkey/core/ResponsePolicy"
import type { Session } from "@effect-launchkey/core/Session"
import * as Answer from "@effect-launchkey/transport/Answer"
import * as DerivedClient from "@effect-launchkey/transport/DerivedClient"
import * as DeviceHints from "@effect-launchkey/transport/DeviceHints"
import * as Jose from "@effect-launchkey/transport/Jose"
import * as Keyring from "@effect-launchkey/transport/Keyring"
import * as RemoteApi from "@effect-launchkey/transport/RemoteApi"
import * as Transport from "@effect-launchkey/transport/Transport"
import { MessageRejected, type TransportError } from "@effect-launchkey/transport/TransportError"
import * as HttpClient from "@effect/platform/HttpClient"
import * as Arr from "effect/Array"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as HashMap from "effect/HashMap"
import * as Option from "effect/Option"
import * as Order from "effect/Order"
import * as ParseResult from "effect/ParseResult"
import * as Ref from "effect/Ref"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import { reportMethods, type Tried, untried, type UserMethod } from "./DevicePolicy.ts"

/**
 * @since 0.1.0
 * @category errors
 */
export type LinkError =
  | MessageRejected
  | InvalidParameters
  | InvalidRoute
  | InvalidPublicKey
  | InvalidSdkKey
  | RateLimited
  | EntityNotFound
  | UnexpectedApiError
  | TransportError

/**
 * What any call of a linked device may end with. `Unauthorized`: it is no longer linked, if the platform's word is
 * authenticated.
 *
 * @since 0.1.0
 * @category errors
 */
export type CallError =
  | InvalidParameters
  | InvalidRoute
  | Unauthorized
  | Forbidden
  | UnexpectedApiError
  | TransportError
  | MessageRejected

/**
 * @since 0.1.0
 * @category errors
 */
export type AnswerError =
  | CallError
  | NumberMismatch
  | AuthorizationResponseExists
  | AuthorizationRequestCanceled
  | RequestTimedOut
  | EntityNotFound

/**
 * What came of a request on the device.
 *
 * @since 0.1.0
 * @category models
 */
export interface Outcome extends Tried {
  readonly type: ResponseType
  readonly reason: ResponseReason
  /** Id of the reason that the user picked. */
  readonly denialReason?: string | undefined
}

/**
 * A user's refusal: for one of the reasons that the request offers, or, where it offers none, as fraud or not.
 *
 * @since 0.1.0
 * @category constructors
 */
export const denied = (why: DenialReason | { readonly fraud: boolean }): Outcome => ({
  ...untried,
  type: "DENIED",
  reason: why.fraud ? "FRAUDULENT" : "DISAPPROVED",
  ...("id" in why ? { denialReason: why.id } : {})
})

const toldOutcome = ({ reason, type }: Outcome): ToldOutcome =>
  type === "AUTHORIZED" ? "APPROVED" : reason === "FRAUDULENT" ? "FRAUDULENT" : "NOT_APPROVED"

/**
 * @since 0.1.0
 * @category models
 */
export interface Told {
  /** What the user has set up, which the answer reports. */
  readonly methods: ReadonlyArray<UserMethod>
  /** The PINs that the device shares with the service from now on. Default: those that it has, and a new one. */
  readonly servicePins?: ReadonlyArray<string> | undefined
  /** What the user entered to approve a request that has a number. It is told with an approval alone. */
  readonly number?: MatchNumber | undefined
  /** `"legacy"` tells no more than whether the user approved, as devices of the first generation do. */
  readonly format?: "legacy" | undefined
}

/**
 * Where the PINs are kept that a device shares with each service: at most five, oldest first.
 *
 * @since 0.1.0
 * @category models
 */
export interface ServicePins {
  readonly get: (serviceId: Entity.ServiceId) => Effect.Effect<ReadonlyArray<string>>
  readonly set: (serviceId: Entity.ServiceId, pins: ReadonlyArray<string>) => Effect.Effect<void>
}

/**
 * @since 0.1.0
 * @category models
 */
export interface Options {
  /** Of the platform, under the same conditions as a transport's: HTTPS, save on a loopback host. */
  readonly baseUrl: string
  readonly deviceId: DeviceId
  /** Of the device: signs its calls, opens what it is answered. */
  readonly key: Jose.PrivateKey
  /** Default: kept as long as the device. */
  readonly servicePins?: ServicePins | undefined
}

/**
 * @since 0.1.0
 * @category models
 */
export interface LinkOptions {
  /** See {@link Options.baseUrl}. */
  readonly baseUrl: string
  /** The seven characters of the link, as typed or read from its QR image. */
  readonly code: string
  /** One of the directory's. */
  readonly sdkKey: string
  /** What the user calls the device: 1 to 255 characters. */
  readonly name: string
  /** What kind of device it is: 1 to 64 characters. */
  readonly type: string
  readonly key: Jose.PrivateKey
}

/**
 * A device of a user.
 *
 * @since 0.1.0
 * @category models
 */
export interface LinkedDevice {
  readonly deviceId: DeviceId
  /** What waits for an answer, oldest first. */
  readonly pending: Effect.Effect<ReadonlyArray<PendingAuthorization>, CallError>
  /**
   * Seals what came of a request for whoever asked, and sends it: one answer at a time. Fails with `MessageRejected`
   * where the key to seal to is not the one that the request names, with `NumberMismatch` where the number is not the
   * request's.
   */
  readonly answer: (
    pending: PendingAuthorization,
    outcome: Outcome,
    told: Told
  ) => Effect.Effect<AuthorizationRequestId, AnswerError>
  /** Where the user is logged in. */
  readonly sessions: Effect.Effect<ReadonlyArray<Session>, CallError>
  /** Ends the user's session with one service, or with all. */
  readonly endSessions: (serviceId?: Entity.ServiceId) => Effect.Effect<void, CallError>
  /** By what the device subscribes to pushes; none where the platform sends none. */
  readonly pushKey: Effect.Effect<Option.Option<string>, CallError>
  /** Has the platform tell the device by push, at this endpoint alone, that something waits. */
  readonly subscribePush: (endpoint: string) => Effect.Effect<void, CallError | EntityNotFound>
  readonly unsubscribePush: Effect.Effect<void, CallError>
  /** Ends the link. */
  readonly unlink: Effect.Effect<void, CallError>
  /** Hints that something changed, the first at once: see {@link DeviceHints.stream}. Ask what it was, and believe that. */
  readonly hints: Stream.Stream<void, TransportError>
  /** Now, on the platform's clock, by which requests expire. */
  readonly now: Effect.Effect<DateTime.Utc, TransportError>
}

const pendingOperation = "GET /device/v3/auths"

const LinkInput = Schema.Struct({
  code: LinkingCode,
  sdkKey: SdkKey,
  name: LinkDevice.fields.name,
  type: LinkDevice.fields.type
})

const decodeLinkInput = (input: typeof LinkInput.Encoded) =>
  Effect.mapError(ParseResult.decode(LinkInput)(input, { errors: "all" }), (issue) =>
    new InvalidParameters({
      origin: "Client",
      issues: Issues.of(issue),
      detail: undefined
    }))

/**
 * Completes a link: from then on the device is whoever holds the key. `InvalidParameters` with origin `"Client"`:
 * nothing was sent, and the code still serves.
 *
 * @since 0.1.0
 * @category constructors
 */
export const link = Effect.fnUntraced(
  function*({ baseUrl, key, ...given }: LinkOptions) {
    const input = yield* decodeLinkInput({ code: given.code, sdkKey: given.sdkKey, name: given.name, type: given.type })
    const httpClient = yield* HttpClient.HttpClient
    const { httpClient: plain } = yield* (yield* RemoteApi.RemoteApi).connect({ baseUrl, httpClient })
    const linking = DerivedClient.make(LinkingApi, plain)
    const { deviceId } = yield* linking.link({ payload: { ...input, publicKey: key.publicKey.pem } })
    return deviceId
  }
)

const memoryPins = Effect.map(
  Ref.make(HashMap.empty<Entity.ServiceId, ReadonlyArray<string>>()),
  (pins): ServicePins => ({
    get: (serviceId) => Effect.map(Ref.get(pins), (all) => Option.getOrElse(HashMap.get(all, serviceId), () => [])),
    set: (serviceId, kept) => Ref.update(pins, HashMap.set(serviceId, kept))
  })
)

/** How many PINs a device shares with a service. */
const maximumPins = 5

const oldestFirst = Order.mapInput(DateTime.Order, ({ created }: PendingAuthorization) => created)

/**
 * A device that is linked already.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (
  { baseUrl, deviceId, key, servicePins }: Options
): Effect.Effect<
  LinkedDevice,
  InvalidParameters,
  RemoteApi.RemoteApi | HttpClient.HttpClient
> =>
  Effect.gen(function*() {
    const jose = yield* Jose.Jose
    const httpClient = yield* HttpClient.HttpClient
    const remote = yield* RemoteApi.RemoteApi
    const { clock, ...connection } = yield* remote.connect({ baseUrl, httpClient })
    const issuer = Entity.device(deviceId)
    const keyring = yield* Keyring.fromKeys({ signing: key, decryption: [key] })
    const transport = yield* Effect.provideService(
      Transport.make({ issuer, baseUrl }),
      Keyring.Keyring,
      keyring
    )
    const api = DerivedClient.make(DeviceApi, transport.httpClient(issuer, routeOf(DeviceApi)))
    const pins = servicePins ?? (yield* memoryPins)
    const oneAtATime = yield* Effect.makeSemaphore(1)

    const recipientOf = (pending: PendingAuthorization) => {
      const rejected = (reason: MessageRejected["reason"]) =>
        new MessageRejected({ kind: "Response", reason, operation: pendingOperation })
      return jose.importPublicKey(pending.recipientKey).pipe(
        Effect.mapError(() => rejected("BodyMalformed")),
        Effect.filterOrFail(({ keyId }) => keyId === pending.recipientKeyId, () => rejected("KeyUnknown"))
      )
    }

    const newPin = Effect.map(jose.randomBytes(4), ({ buffer, byteOffset }) =>
      // of 2³² numbers, each of the 10,000 remainders is as likely to one part in 400,000
      String(new DataView(buffer, byteOffset).getUint32(0) % 10_000).padStart(4, "0"))

    const answer = Effect.fnUntraced(function*(
      pending: PendingAuthorization,
      outcome: Outcome,
      { format, methods, number, servicePins: given }: Told
    ) {
      const recipient = yield* recipientOf(pending)
      // A PIN is kept only with the answer that tells it.
      const servicePins = given ?? [...yield* pins.get(pending.serviceId), yield* newPin].slice(-maximumPins)
      const { jwe, oaep } = yield* Answer.seal(
        {
          type: outcome.type,
          reason: outcome.reason,
          denialReason: Option.fromNullable(outcome.denialReason),
          authorizationRequestId: pending.id,
          deviceId,
          servicePins,
          policy: Option.some(ResponsePolicy.fromEffectivePolicy(pending.policy)),
          methods: Option.some(reportMethods({ methods }, outcome))
        },
        recipient
      )
      yield* api.answerAuthorization({
        path: { id: pending.id },
        payload: {
          oaep,
          keyId: recipient.keyId,
          ...(format === "legacy" ? {} : { jwe, outcome: toldOutcome(outcome) }),
          ...(number === undefined || outcome.type !== "AUTHORIZED" ? {} : { number })
        }
      })
      yield* pins.set(pending.serviceId, servicePins)
      return pending.id
    }, Effect.provideService(Jose.Jose, jose))

    const device: LinkedDevice = {
      deviceId,
      pending: Effect.map(api.pendingAuthorizations({}), Arr.sort(oldestFirst)),
      answer: (pending, outcome, told) => oneAtATime.withPermits(1)(answer(pending, outcome, told)),
      sessions: api.sessions({}),
      endSessions: (serviceId) => api.endSessions({ payload: serviceId === undefined ? {} : { serviceId } }),
      pushKey: Effect.map(api.pushKey({}), ({ publicKey }) => publicKey),
      subscribePush: (endpoint) => api.subscribePush({ payload: { endpoint } }),
      unsubscribePush: api.unsubscribePush({}),
      unlink: api.unlink({}),
      hints: DeviceHints.stream({ baseUrl: connection.baseUrl, httpClient, issuer, keyring, now: clock.now }).pipe(
        Stream.provideService(Jose.Jose, jose)
      ),
      now: Effect.map(clock.now, (seconds) => DateTime.unsafeMake(seconds * 1000))
    }
    return device
  })
