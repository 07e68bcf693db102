/** A policy while it is edited: what stands in the fields, whether or not it can be a policy. */
import { allFactors, type Factor } from "@effect-launchkey/core/Factor"
import type { Fence } from "@effect-launchkey/core/Fence"
import type { Issue } from "@effect-launchkey/core/Issues"
import * as ServicePolicy from "@effect-launchkey/core/ServicePolicy"
import { allDays, type Day, type TimeFence, type TimeOfDay } from "@effect-launchkey/core/TimeFence"
import * as Either from "effect/Either"

export type Kind = ServicePolicy.KnownPolicy["_tag"]

export interface CircleDraft {
  readonly kind: "Circle"
  readonly key: number
  name: string
  latitude: string
  longitude: string
  radius: string
}

export interface TerritoryDraft {
  readonly kind: "Territory"
  readonly key: number
  name: string
  country: string
  administrativeArea: string
  postalCode: string
}

/** A fence of a type that this version does not know: it stays as it is, or is removed. */
interface KeptFence {
  readonly kind: "Kept"
  readonly key: number
  readonly fence: Fence
}

export type FenceDraft = CircleDraft | TerritoryDraft | KeptFence

/** What is required, for the whole or in one place. */
export interface RequirementDraft {
  kind: "None" | "MethodAmount" | "Factors"
  amount: string
  factors: ReadonlySet<Factor>
}

export interface TimeDraft {
  readonly key: number
  name: string
  days: ReadonlySet<Day>
  /** `"22:00"`, as a field of time has it. */
  start: string
  end: string
  timeZone: string
}

export interface Draft {
  kind: Kind
  required: RequirementDraft
  inside: RequirementDraft
  outside: RequirementDraft
  denyRootedJailbroken: boolean
  denyEmulatorSimulator: boolean
  fences: ReadonlyArray<FenceDraft>
  timeFences: ReadonlyArray<TimeDraft>
}

let keys = 0

const nextKey = (): number => ++keys

const requirement = (kind: RequirementDraft["kind"], amount = 1, factors: ReadonlyArray<Factor> = []) => ({
  kind,
  amount: String(amount),
  factors: new Set(factors)
})

export const circle = (at: { readonly latitude: number; readonly longitude: number }, radius: number): CircleDraft => ({
  kind: "Circle",
  key: nextKey(),
  name: "",
  ...coordinates(at),
  radius: String(radius)
})

export const territory = (country = ""): TerritoryDraft => ({
  kind: "Territory",
  key: nextKey(),
  name: "",
  country,
  administrativeArea: "",
  postalCode: ""
})

export const timeFence = (timeZone: string): TimeDraft => ({
  key: nextKey(),
  name: "",
  days: new Set(allDays.slice(0, 5)),
  start: "09:00",
  end: "17:00",
  timeZone
})

/** Six decimals tell places a tenth of a metre apart. */
const degrees = (value: number): string => String(Number(value.toFixed(6)))

export const coordinates = (
  { latitude, longitude }: { readonly latitude: number; readonly longitude: number }
): { latitude: string; longitude: string } => ({ latitude: degrees(latitude), longitude: degrees(longitude) })

const ofFence = (fence: Fence): FenceDraft => {
  switch (fence._tag) {
    case "GeoCircleFence":
      return {
        kind: "Circle",
        key: nextKey(),
        name: fence.name ?? "",
        latitude: String(fence.latitude),
        longitude: String(fence.longitude),
        radius: String(fence.radius)
      }
    case "TerritoryFence":
      return {
        kind: "Territory",
        key: nextKey(),
        name: fence.name ?? "",
        country: fence.country,
        administrativeArea: fence.administrativeArea ?? "",
        postalCode: fence.postalCode ?? ""
      }
    case "UnknownFence":
      return { kind: "Kept", key: nextKey(), fence }
  }
}

const clock = ({ hour, minute }: TimeOfDay): string => [hour, minute].map((n) => String(n).padStart(2, "0")).join(":")

const ofTimeFence = ({ days, end, name, start, timeZone }: TimeFence): TimeDraft => ({
  key: nextKey(),
  name,
  days: new Set(days),
  start: clock(start),
  end: clock(end),
  timeZone
})

const ofBranch = (branch: ServicePolicy.Branch): RequirementDraft =>
  branch._tag === "MethodAmount"
    ? requirement("MethodAmount", branch.amount)
    : requirement("Factors", 1, branch.factors)

const blank = (): Draft => ({
  kind: "MethodAmount",
  required: requirement("MethodAmount"),
  inside: requirement("MethodAmount", 0),
  outside: requirement("MethodAmount", 2),
  denyRootedJailbroken: false,
  denyEmulatorSimulator: false,
  fences: [],
  timeFences: []
})

export const of = (policy: ServicePolicy.KnownPolicy): Draft => {
  const draft = { ...blank(), kind: policy._tag, denyRootedJailbroken: policy.denyRootedJailbroken }
  switch (policy._tag) {
    case "MethodAmount":
      return { ...draft, ...restricted(policy), required: requirement("MethodAmount", policy.amount) }
    case "Factors":
      return { ...draft, ...restricted(policy), required: requirement("Factors", 1, policy.factors) }
    case "ConditionalGeofence":
      return { ...draft, ...restricted(policy), inside: ofBranch(policy.inside), outside: ofBranch(policy.outside) }
    case "Legacy":
      return {
        ...draft,
        required: policy.requirement._tag === "None"
          ? requirement("None")
          : policy.requirement._tag === "Amount"
          ? requirement("MethodAmount", policy.requirement.amount)
          : requirement("Factors", 1, policy.requirement.factors),
        fences: policy.geofences.map(ofFence),
        timeFences: policy.timeFences.map(ofTimeFence)
      }
  }
}

const restricted = (
  { denyEmulatorSimulator, fences }: Exclude<ServicePolicy.KnownPolicy, ServicePolicy.Legacy>
) => ({ denyEmulatorSimulator, fences: fences.map(ofFence) })

/** Nothing in a field is a value that is not there. */
const orAbsent = (text: string): string | undefined => text.trim() === "" ? undefined : text.trim()

const number = (text: string): number | string | undefined => {
  const given = orAbsent(text)
  if (given === undefined) return undefined
  const read = Number(given.replace(",", "."))
  return Number.isNaN(read) ? given : read
}

const defined = (members: Readonly<Record<string, unknown>>) =>
  Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined))

const fenceOptions = (fence: FenceDraft): unknown => {
  switch (fence.kind) {
    case "Circle":
      return defined({
        name: orAbsent(fence.name),
        latitude: number(fence.latitude),
        longitude: number(fence.longitude),
        radius: number(fence.radius)
      })
    case "Territory":
      return {
        country: fence.country,
        ...defined({
          name: orAbsent(fence.name),
          administrativeArea: orAbsent(fence.administrativeArea),
          postalCode: orAbsent(fence.postalCode)
        })
      }
    case "Kept":
      return fence.fence
  }
}

const inOrder = (factors: ReadonlySet<Factor>) => allFactors.filter((factor) => factors.has(factor))

const requirementOptions = ({ amount, factors, kind }: RequirementDraft) =>
  kind === "Factors"
    ? { _tag: "Factors", factors: inOrder(factors) }
    : { _tag: "MethodAmount", amount: number(amount) }

const timeOptions = (time: string) => {
  const [hour, minute] = time.split(":").map(Number)
  return { hour, minute }
}

/** What `ServicePolicy.fromOptions` takes, of which it says what cannot be. */
const options = (draft: Draft): unknown => {
  const { denyEmulatorSimulator, denyRootedJailbroken, required, timeFences } = draft
  const fences = draft.fences.map(fenceOptions)
  switch (draft.kind) {
    case "MethodAmount":
    case "Factors":
      return {
        ...requirementOptions({ ...required, kind: draft.kind }),
        fences,
        denyRootedJailbroken,
        denyEmulatorSimulator
      }
    case "ConditionalGeofence":
      return {
        _tag: "ConditionalGeofence",
        fences,
        inside: requirementOptions(draft.inside),
        outside: requirementOptions(draft.outside),
        denyRootedJailbroken,
        denyEmulatorSimulator
      }
    case "Legacy":
      return {
        _tag: "Legacy",
        ...(required.kind === "Factors"
          ? { factors: inOrder(required.factors) }
          : required.kind === "MethodAmount"
          ? { any: number(required.amount) }
          : {}),
        denyRootedJailbroken,
        geofences: fences,
        timeFences: timeFences.map(({ days, end, name, start, timeZone }) => ({
          name,
          days: allDays.filter((day) => days.has(day)),
          start: timeOptions(start),
          end: timeOptions(end),
          timeZone
        }))
      }
  }
}

export const read = (draft: Draft): Either.Either<ServicePolicy.KnownPolicy, ReadonlyArray<Issue>> =>
  Either.mapLeft(ServicePolicy.fromOptions(options(draft)), ({ issues }) => issues)

/** What of a draft another kind of policy has no place for, in words. */
export const lostBy = (draft: Draft, kind: Kind): ReadonlyArray<string> => [
  ...(kind === "Legacy" && draft.denyEmulatorSimulator ? ["the denial of emulators"] : []),
  ...(kind === "Legacy" && draft.fences.some((fence) => fence.kind !== "Circle") ? ["fences that are no circles"] : []),
  ...(draft.kind === "Legacy" && kind !== "Legacy" && draft.timeFences.length > 0 ? ["its hours"] : [])
]

/** The draft of another kind, without what that has no place for. */
export const as = (draft: Draft, kind: Kind): Draft => ({
  ...draft,
  kind,
  required: kind === "Legacy" || draft.required.kind !== "None" ? draft.required : requirement("MethodAmount"),
  fences: kind === "Legacy" ? draft.fences.filter((fence) => fence.kind === "Circle") : draft.fences,
  denyEmulatorSimulator: kind !== "Legacy" && draft.denyEmulatorSimulator,
  timeFences: kind === "Legacy" ? draft.timeFences : []
})
