/**
 * Policies in English, as those who have to meet them read them.
 *
 * @since 0.1.0
 */
import type { Demand, EffectivePolicy } from "@effect-launchkey/core/EffectivePolicy"
import type { Factor } from "@effect-launchkey/core/Factor"
import type { Fence } from "@effect-launchkey/core/Fence"
import { allDays, type TimeFence, type TimeOfDay } from "@effect-launchkey/core/TimeFence"
import * as Option from "effect/Option"

const factorNames: { readonly [F in Factor]: string } = {
  knowledge: "something you know",
  inherence: "something you are",
  possession: "something you have"
}

const list = (words: ReadonlyArray<string>, last: string): string =>
  words.length < 2 ? words.join("") : `${words.slice(0, -1).join(", ")} ${last} ${words.at(-1)}`

const demandWords = ({ amount, factors }: Demand): ReadonlyArray<string> => [
  ...(factors.length > 0 ? [list(factors.map((factor) => factorNames[factor]), "and")] : []),
  ...(amount > factors.length ? [amount === 1 ? "one proof that it is you" : `${amount} proofs that it is you`] : [])
]

/**
 * `"250 m"`, `"27.5 km"`.
 *
 * @since 0.1.0
 * @category conversions
 */
export const distance = (metres: number): string =>
  metres < 1000 ? `${Math.round(metres)} m` : `${Number((metres / 1000).toPrecision(3))} km`

/**
 * `"“Office” (within 250 m)"`, `"CA-ON"`.
 *
 * @since 0.1.0
 * @category conversions
 */
export const ofFence = (fence: Fence): string => {
  switch (fence._tag) {
    case "GeoCircleFence":
      return `${fence.name === undefined ? "a place" : `“${fence.name}”`} (within ${distance(fence.radius)})`
    case "TerritoryFence": {
      const place = [fence.postalCode, fence.administrativeArea ?? fence.country].filter((part) => part !== undefined)
      return fence.name === undefined ? place.join(", ") : `“${fence.name}” (${place.join(", ")})`
    }
    case "UnknownFence":
      return "a place of a kind that is not known here"
  }
}

const time = ({ hour, minute }: TimeOfDay): string => `${hour}:${String(minute).padStart(2, "0")}`

/**
 * `"Mondays and Fridays from 9:00 to 17:05 (Europe/Berlin)"`.
 *
 * @since 0.1.0
 * @category conversions
 */
export const ofTimeFence = ({ days, end, start, timeZone }: TimeFence): string =>
  `${days.length === allDays.length ? "" : `${list(days.map((day) => `${day}s`), "and")} `}from ${time(start)} to ${
    time(end)
  } (${timeZone})`

/**
 * What a policy demands of who answers, one sentence each; none where it demands nothing but the decision.
 *
 * @since 0.1.0
 * @category conversions
 */
export const sentences = (effective: EffectivePolicy): ReadonlyArray<string> => {
  const demanded = demandWords(effective)
  return [
    ...(Option.isSome(effective.conditional) || demanded.length === 0 ? [] : [`Asks for ${list(demanded, "and")}.`]),
    ...Option.match(effective.conditional, {
      onNone: () => [],
      onSome: ({ fences, inside, outside }) => {
        const near = list(fences.map(ofFence), "or")
        const say = (demand: Demand) => list(demandWords(demand), "and") || "nothing more than your decision"
        return [`In ${near}: asks for ${say(inside)}. Elsewhere: asks for ${say(outside)}.`]
      }
    }),
    ...effective.fences.map((group) => `Only in ${list(group.map(ofFence), "or")}.`),
    ...(effective.timeFences.length === 0 ? [] : [`Only ${list(effective.timeFences.map(ofTimeFence), "or")}.`]),
    ...(effective.denyRootedJailbroken ? ["Not on a device that is rooted or jailbroken."] : []),
    ...(effective.denyEmulatorSimulator ? ["Not on an emulator."] : [])
  ]
}
