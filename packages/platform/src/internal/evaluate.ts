import type { FailureReason } from "@effect-launchkey/core/Authorization"
import type { AuthPolicy } from "@effect-launchkey/core/AuthPolicy"
import { AuthMethod, type AuthMethodKind, countMethods, factorOf } from "@effect-launchkey/core/Factor"
import { contains, type Position } from "@effect-launchkey/core/Fence"
import * as Option from "effect/Option"

/** A method that a user sets up on the device. `GEOFENCING` is the service's: it needs nothing but a location. */
export type UserMethod = Exclude<AuthMethodKind, "GEOFENCING">

export interface DeviceState {
  /** In the order in which the user would rather be asked for them. */
  readonly methods: ReadonlyArray<UserMethod>
  /** None where the device does not know where it is. */
  readonly location: Option.Option<Position>
  readonly rootedOrJailbroken: boolean
  readonly emulator: boolean
}

/** Which methods the device tried, and how that went. A method in neither list was not asked for. */
export interface Tried {
  readonly passed: ReadonlyArray<AuthMethodKind>
  readonly failed: ReadonlyArray<AuthMethodKind>
  /** Whether the device rather than its user is why they failed. */
  readonly error: boolean
}

export type Verdict =
  & Tried
  & (
    | { readonly type: "AUTHORIZED"; readonly reason: "APPROVED" }
    | { readonly type: "FAILED"; readonly reason: Extract<FailureReason, "POLICY" | "SENSOR"> }
  )

export const untried: Tried = { passed: [], failed: [], error: false }

const unmet: Verdict = { ...untried, type: "FAILED", reason: "POLICY" }

/** The methods to ask for, as few as meet the requirement; none where the device has too few or the wrong ones. */
const choose = (policy: AuthPolicy, device: DeviceState): Option.Option<ReadonlyArray<AuthMethodKind>> => {
  // What the user set up goes first: the service's own geofence stands in only for what is then missing.
  const available: ReadonlyArray<AuthMethodKind> = policy.geofences.length > 0
    ? [...device.methods, "GEOFENCING"]
    : device.methods
  const { requirement } = policy
  switch (requirement._tag) {
    case "None":
      return Option.some([])
    case "Amount": {
      const chosen: Array<AuthMethodKind> = []
      for (const method of available) {
        const count = countMethods(chosen)
        if (count < requirement.amount && countMethods([...chosen, method]) > count) chosen.push(method)
      }
      return countMethods(chosen) < requirement.amount ? Option.none() : Option.some(chosen)
    }
    case "Factors":
      return Option.all(
        requirement.factors.map((factor) =>
          Option.fromNullable(available.find((method) => factorOf(method) === factor))
        )
      )
  }
}

/**
 * What the device makes of a policy whose user approves and passes every method asked for. What the device can never
 * meet is told before it looks where it is, since a user would be asked for nothing then.
 */
export const evaluate = (policy: AuthPolicy, device: DeviceState): Verdict => {
  if (policy.denyRootedJailbroken && device.rootedOrJailbroken) return unmet
  const chosen = choose(policy, device)
  if (Option.isNone(chosen)) return unmet
  if (policy.geofences.length === 0) {
    return { type: "AUTHORIZED", reason: "APPROVED", passed: chosen.value, failed: [], error: false }
  }
  if (Option.isNone(device.location)) {
    return { type: "FAILED", reason: "SENSOR", passed: [], failed: ["GEOFENCING"], error: true }
  }
  const { value: location } = device.location
  return policy.geofences.some((fence) => contains(fence, location))
    ? {
      type: "AUTHORIZED",
      reason: "APPROVED",
      passed: Array.from(new Set<AuthMethodKind>([...chosen.value, "GEOFENCING"])),
      failed: [],
      error: false
    }
    : { ...unmet, failed: ["GEOFENCING"] }
}

/** The methods in the order in which devices report them, and whether a device without further ado is able to. */
const reported: ReadonlyArray<readonly [AuthMethodKind, supported: boolean]> = [
  ["WEARABLES", false],
  ["GEOFENCING", true],
  ["LOCATIONS", true],
  ["PIN_CODE", true],
  ["CIRCLE_CODE", true],
  ["FACE", false],
  ["FINGERPRINT", true]
]

const outcome = (method: AuthMethodKind, { error, failed, passed }: Tried) =>
  passed.includes(method)
    ? { userRequired: true, passed: true, error: false }
    : failed.includes(method)
    ? { userRequired: true, passed: false, error }
    : { userRequired: null, passed: null, error: null }

/** All methods there are, as a device reports them beside its answer. */
export const reportMethods = (
  { methods }: Pick<DeviceState, "methods">,
  tried: Tried
): ReadonlyArray<AuthMethod> =>
  reported.map(([method, supported]) => {
    // Nobody sets up geofencing: it is always there, for the services that want it.
    const set = method === "GEOFENCING" ? null : methods.includes(method)
    return new AuthMethod({
      method,
      set,
      active: set ?? true,
      allowed: true,
      supported: supported || set === true,
      ...outcome(method, tried)
    })
  })
