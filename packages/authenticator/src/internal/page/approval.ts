/** How a request is approved: what the policy takes, asked for in its order, and what is answered where that fails. */
import type { PendingAuthorization } from "@effect-launchkey/core/Device"
import { evaluate, type Place, untried, type Verdict } from "@effect-launchkey/platform/DevicePolicy"
import type * as LinkedDevice from "@effect-launchkey/platform/LinkedDevice"
import * as Data from "effect/Data"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Pin from "./pin.ts"

/** The browser does not tell where it is: its user said no, or it does not know. */
export class LocationUnknown
  extends Data.TaggedError("LocationUnknown")<{ readonly reason: "PERMISSION" | "SENSOR" }>
{}

/** What the device asks of its user while it answers. None: the user leaves the request as it is. */
export interface Asking {
  readonly enterPin: (problem: string | undefined) => Effect.Effect<Option.Option<string>>
  readonly enterNumber: Effect.Effect<Option.Option<string>>
  readonly choosePin: Effect.Effect<Option.Option<string>>
  readonly locate: Effect.Effect<Place, LocationUnknown>
}

export type Approval =
  /** The user left it, or was told why not. */
  | { readonly _tag: "Left" }
  | { readonly _tag: "Answered" }
  /** The device cannot meet the policy: it may say so. */
  | { readonly _tag: "Unmet"; readonly outcome: LinkedDevice.Outcome; readonly why: string }

/** What the device has and does for it. */
interface Means extends Asking {
  readonly hasPin: boolean
  readonly setPin: (pin: string) => Effect.Effect<boolean>
  readonly checkPin: (pin: string) => Effect.Effect<"Right" | "Wrong" | "Locked">
  readonly answer: (
    request: PendingAuthorization,
    outcome: LinkedDevice.Outcome,
    number?: string
  ) => Effect.Effect<void>
  readonly say: (text: string) => Effect.Effect<unknown>
}

const failure = (outcome: Pick<LinkedDevice.Outcome, "reason" | "failed" | "error">): LinkedDevice.Outcome => ({
  ...untried,
  type: "FAILED",
  ...outcome
})

/** Whether the user knows the PIN; undefined where they leave it. */
const proven = (by: Means): Effect.Effect<boolean | undefined> =>
  Effect.gen(function*() {
    if (!by.hasPin) {
      const chosen = yield* by.choosePin
      return Option.isSome(chosen) && (yield* by.setPin(chosen.value)) ? true : undefined
    }
    let problem: string | undefined
    for (let attempt = 1; attempt <= Pin.maximumAttempts; attempt++) {
      const entered = yield* by.enterPin(problem)
      if (Option.isNone(entered)) return undefined
      const checked = yield* by.checkPin(entered.value)
      if (checked === "Right") return true
      if (checked === "Locked") {
        yield* by.say("Too many wrong PINs: wait a while before you try again.")
        return undefined
      }
      const left = Pin.maximumAttempts - attempt
      problem = `That is not the PIN. ${left === 1 ? "One attempt is" : `${left} attempts are`} left.`
    }
    return false
  })

const unmet = (outcome: LinkedDevice.Outcome, why: string): Approval => ({ _tag: "Unmet", outcome, why })

/**
 * The user approves: the device looks whether it can meet the policy, asks for what that takes, and answers. Only a policy
 * with a fence has the browser ask for its user's place.
 */
export const approve = (request: PendingAuthorization, by: Means): Effect.Effect<Approval> =>
  Effect.gen(function*() {
    const judge = (location: Option.Option<Place>) =>
      Effect.map(DateTime.now, (now): Verdict =>
        evaluate(
          request.policy,
          { methods: ["PIN_CODE"], location, rootedOrJailbroken: false, emulator: false },
          now
        ))
    let verdict = yield* judge(Option.none())
    if (verdict.reason === "SENSOR") {
      const place = yield* Effect.either(by.locate)
      if (place._tag === "Left") {
        return unmet(
          failure({ reason: place.left.reason, failed: ["GEOFENCING"], error: true }),
          place.left.reason === "PERMISSION"
            ? "The service asks where you are, and this page may not know. Allow it in the browser's settings."
            : "The service asks where you are, and this browser cannot tell."
        )
      }
      verdict = yield* judge(Option.some(place.right))
    }
    if (verdict.type === "FAILED") {
      return unmet(
        verdict,
        verdict.failed.length > 0
          ? "The service asks you to be in another place."
          : "The service asks for more than a browser can prove: use another device."
      )
    }
    const number = request.numberMatch === true ? yield* by.enterNumber : Option.none()
    if (request.numberMatch === true && Option.isNone(number)) return { _tag: "Left" }
    if (verdict.passed.includes("PIN_CODE")) {
      const known = yield* proven(by)
      if (known === undefined) {
        return { _tag: "Left" }
      }
      if (!known) {
        yield* by.answer(request, failure({ reason: "AUTHENTICATION", failed: ["PIN_CODE"], error: false }))
        return { _tag: "Answered" }
      }
    }
    yield* by.answer(request, verdict, Option.getOrUndefined(number))
    return { _tag: "Answered" }
  })
