/**
 * What a device makes of a policy: which of its user's methods it asks for, or why it cannot meet the policy, and how it
 * reports that. The same for a simulated device and for one in a user's hand.
 *
 * @see docs/protocol.md "The policy in effect"
 * @since 0.1.0
 */
import type { FailureReason } from "@effect-launchkey/core/Authorization"
import type * as EffectivePolicy from "@effect-launchkey/core/EffectivePolicy"
import { AuthMethod, type AuthMethodKind, countMethods, factorOf } from "@effect-launchkey/core/Factor"
import { contains, type Fence, type Position } from "@effect-launchkey/core/Fence"
import * as TimeFence from "@effect-launchkey/core/TimeFence"
import type * as DateTime from "effect/DateTime"
import * as Option from "effect/Option"

/**
 * A method that a user sets up on the device. `GEOFENCING` is the service's: it needs nothing but a location.
 *
 * @since 0.1.0
 * @category models
 */
export type UserMethod = Exclude<AuthMethodKind, "GEOFENCING">

/**
 * Where a device is, and in which territory where it knows that too: ISO 3166-1 alpha-2, ISO 3166-2.
 *
 * @since 0.1.0
 * @category models
 */
export interface Place extends Position {
  readonly country?: string | undefined
  readonly administrativeArea?: string | undefined
  readonly postalCode?: string | undefined
}

/**
 * What a device has to go by.
 *
 * @since 0.1.0
 * @category models
 */
export interface DeviceState {
  /** In the order in which the user would rather be asked for them. */
  readonly methods: ReadonlyArray<UserMethod>
  /** None where the device does not know where it is. */
  readonly location: Option.Option<Place>
  readonly rootedOrJailbroken: boolean
  readonly emulator: boolean
}

/**
 * Which methods the device tried, and how that went. A method in neither list was not asked for.
 *
 * @since 0.1.0
 * @category models
 */
export interface Tried {
  readonly passed: ReadonlyArray<AuthMethodKind>
  readonly failed: ReadonlyArray<AuthMethodKind>
  /** Whether the device rather than its user is why they failed. */
  readonly error: boolean
}

/**
 * How a device answers a user who approves.
 *
 * @since 0.1.0
 * @category models
 */
export type Verdict =
  & Tried
  & (
    | { readonly type: "AUTHORIZED"; readonly reason: "APPROVED" }
    | { readonly type: "FAILED"; readonly reason: Extract<FailureReason, "POLICY" | "SENSOR"> }
  )

/**
 * @since 0.1.0
 * @category models
 */
export const untried: Tried = { passed: [], failed: [], error: false }

const unmet: Verdict = { ...untried, type: "FAILED", reason: "POLICY" }

/** The methods to ask for, as few as meet the demand; none where the device has too few or the wrong ones. */
const choose = (
  { amount, factors }: EffectivePolicy.Demand,
  available: ReadonlyArray<AuthMethodKind>
): Option.Option<ReadonlyArray<AuthMethodKind>> => {
  const chosen: Array<AuthMethodKind> = []
  for (const factor of factors) {
    const method = available.find((method) => factorOf(method) === factor)
    if (method === undefined) return Option.none()
    chosen.push(method)
  }
  for (const method of available) {
    const count = countMethods(chosen)
    if (count < amount && countMethods([...chosen, method]) > count) chosen.push(method)
  }
  return countMethods(chosen) < amount ? Option.none() : Option.some(chosen)
}

const isWithin = (place: Place) => (fence: Fence): boolean => {
  switch (fence._tag) {
    case "GeoCircleFence":
      return contains(fence, place)
    case "TerritoryFence":
      return fence.country === place.country &&
        (fence.administrativeArea === undefined || fence.administrativeArea === place.administrativeArea) &&
        (fence.postalCode === undefined || fence.postalCode === place.postalCode)
    case "UnknownFence":
      return false
  }
}

const approved = (chosen: Option.Option<ReadonlyArray<AuthMethodKind>>, fenced: boolean): Verdict =>
  Option.match(chosen, {
    onNone: () => unmet,
    onSome: (methods) => ({
      type: "AUTHORIZED",
      reason: "APPROVED",
      passed: fenced ? Array.from(new Set<AuthMethodKind>([...methods, "GEOFENCING"])) : methods,
      failed: [],
      error: false
    })
  })

/**
 * What the device makes of a policy whose user approves and passes every method asked for. What the device can never
 * meet is told before it looks where it is, since a user would be asked for nothing then.
 *
 * @since 0.1.0
 * @category conversions
 */
export const evaluate = (policy: EffectivePolicy.EffectivePolicy, device: DeviceState, now: DateTime.Utc): Verdict => {
  if (policy.denyRootedJailbroken && device.rootedOrJailbroken) return unmet
  if (policy.denyEmulatorSimulator && device.emulator) return unmet
  if (policy.timeFences.length > 0 && !policy.timeFences.some((fence) => TimeFence.contains(fence, now))) return unmet

  const fenced = policy.fences.length > 0 || Option.isSome(policy.conditional)
  // What the user set up goes first: the service's own geofence stands in only for what is then missing.
  const available: ReadonlyArray<AuthMethodKind> = fenced ? [...device.methods, "GEOFENCING"] : device.methods
  if (Option.isNone(choose(policy, available))) return unmet
  if (fenced && Option.isNone(device.location)) {
    return { type: "FAILED", reason: "SENSOR", passed: [], failed: ["GEOFENCING"], error: true }
  }
  const inside = (fences: ReadonlyArray<Fence>) =>
    Option.exists(device.location, (place) => fences.some(isWithin(place)))
  if (!policy.fences.every(inside)) return { ...unmet, failed: ["GEOFENCING"] }

  const demand = Option.match(policy.conditional, {
    onNone: () => policy,
    onSome: (condition) => inside(condition.fences) ? condition.inside : condition.outside
  })
  return approved(choose(demand, available), fenced)
}

/** What a user sets up who has to, first one method of each factor. */
const offered: ReadonlyArray<UserMethod> = ["PIN_CODE", "FINGERPRINT", "WEARABLES", "CIRCLE_CODE", "FACE", "LOCATIONS"]

/**
 * What comes of a policy whose user does all that it takes: sets up what is missing, goes where a fence is and waits for
 * its time, on a device as it should be. Fails only where no device could meet the policy.
 *
 * @since 0.1.0
 * @category conversions
 */
export const oblige = (policy: EffectivePolicy.EffectivePolicy, { methods }: DeviceState): Verdict => {
  const fenced = policy.fences.length > 0 || Option.isSome(policy.conditional)
  const available: ReadonlyArray<AuthMethodKind> = [
    ...methods,
    ...offered.filter((method) => !methods.includes(method)),
    ...(fenced ? ["GEOFENCING" as const] : [])
  ]
  const demand = Option.match(policy.conditional, { onNone: () => policy, onSome: ({ inside }) => inside })
  return approved(choose(demand, available), fenced)
}

/**
 * What the user has set up once those methods passed.
 *
 * @since 0.1.0
 * @category conversions
 */
export const withMethods = (
  methods: ReadonlyArray<UserMethod>,
  passed: ReadonlyArray<AuthMethodKind>
): ReadonlyArray<UserMethod> => [
  ...methods,
  ...offered.filter((method) => passed.includes(method) && !methods.includes(method))
]

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

/**
 * All methods there are, as a device reports them beside its answer.
 *
 * @since 0.1.0
 * @category conversions
 */
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
