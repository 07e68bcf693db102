/** The numbers that users enter to approve: drawn, and compared. */
import { NumberMismatch } from "@effect-launchkey/core/ApiError"
import type { AuthorizationPackage, DeviceId, MatchNumber } from "@effect-launchkey/core/Authorization"
import * as Answer from "@effect-launchkey/transport/Answer"
import * as Jose from "@effect-launchkey/transport/Jose"
import type * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Metric from "effect/Metric"
import * as Option from "effect/Option"
import * as Metrics from "../Metrics.ts"
import * as PlatformSettings from "../PlatformSettings.ts"
import * as Store from "../Store.ts"
import * as Prompts from "./prompts.ts"
import { authorizationAnswered } from "./webhooks.ts"

const [smallest, count] = [10, 90] as const

/** Each of them as likely. */
export const draw: Effect.Effect<MatchNumber> = Effect.flatMap(Jose.Jose, (jose) =>
  jose.randomBytes(1).pipe(
    Effect.map(([byte = 0]) => byte),
    // 180 of 256 values: the others would make some numbers likelier.
    Effect.repeat({ until: (byte) => byte < 2 * count }),
    Effect.map((byte) => String(smallest + byte % count))
  ))

/** Longer than any request waits. */
const tried = Duration.hours(1)

export const make = Effect.gen(function*() {
  const jose = yield* Jose.Jose
  const store = yield* Store.Store
  const prompts = yield* Prompts.make
  const { numberTries } = yield* PlatformSettings.PlatformSettings

  /** What the service is told: of the device, that its user failed. It is the platform's word, and so has no PINs. */
  const failure = ({ id, requester }: Store.Authorization, deviceId: DeviceId) =>
    Effect.gen(function*() {
      const recipient = yield* jose.importPublicKey(requester.recipient.pem).pipe(
        // It was looked at when it was registered.
        Effect.catchTag("InvalidKey", Effect.die)
      )
      return yield* Answer.seal({
        type: "FAILED",
        reason: "AUTHENTICATION",
        denialReason: Option.none(),
        authorizationRequestId: id,
        deviceId,
        servicePins: [],
        policy: Option.none(),
        methods: Option.none()
      }, recipient)
    }).pipe(Effect.provideService(Jose.Jose, jose))

  return {
    /** A wrong number for a request that is open: yields how that ends. */
    mismatch: Effect.fnUntraced(function*(
      authorization: Store.Authorization,
      service: Store.ServiceRecord | undefined,
      relayed: Omit<AuthorizationPackage, "oaep" | "jwe">,
      deviceId: DeviceId,
      now: DateTime.Utc
    ) {
      const { id, requester, serviceId, user } = authorization
      yield* Metric.increment(Metrics.numberMismatches.of({}))
      if (numberTries > 1) {
        const wait = yield* store.attempt(`number ${id}`, { limit: numberTries - 1, window: tried }, now)
        if (Option.isNone(wait)) return new NumberMismatch({ ended: false })
      }
      const { jwe, oaep } = yield* failure(authorization, deviceId)
      const answer: AuthorizationPackage = { ...relayed, jwe: Option.some(jwe), oaep: Option.some(oaep) }
      yield* store.transaction(Effect.gen(function*() {
        const before = yield* store.closeAuthorization(id, now, { _tag: "Answered", answer })
        if (Option.exists(before, (was) => Store.isOpen(was, now)) && service !== undefined) {
          yield* authorizationAnswered(service, requester, answer)
        }
        yield* prompts.recordSeldom("number.mismatch", serviceId, user, now)
      }))
      return new NumberMismatch({ ended: true })
    })
  }
})
