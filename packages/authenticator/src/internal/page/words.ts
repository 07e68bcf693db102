/** What the page says in words. */
import type { Demand, EffectivePolicy } from "@effect-launchkey/core/EffectivePolicy"
import type { Factor } from "@effect-launchkey/core/Factor"
import type { Fence } from "@effect-launchkey/core/Fence"
import { allDays, type TimeFence, type TimeOfDay } from "@effect-launchkey/core/TimeFence"
import * as DateTime from "effect/DateTime"
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

const distance = (metres: number): string =>
  metres < 1000 ? `${Math.round(metres)} m` : `${Number((metres / 1000).toPrecision(3))} km`

const fenceWords = (fence: Fence): string => {
  switch (fence._tag) {
    case "GeoCircleFence":
      return `${fence.name === undefined ? "a place" : `“${fence.name}”`} (within ${distance(fence.radius)})`
    case "TerritoryFence": {
      const place = [fence.postalCode, fence.administrativeArea ?? fence.country].filter((part) => part !== undefined)
      return fence.name === undefined ? place.join(", ") : `“${fence.name}” (${place.join(", ")})`
    }
    case "UnknownFence":
      return "a place of a kind that this device does not know"
  }
}

const time = ({ hour, minute }: TimeOfDay): string => `${hour}:${String(minute).padStart(2, "0")}`

const timeWords = ({ days, end, start, timeZone }: TimeFence): string =>
  `${days.length === allDays.length ? "" : `${list(days.map((day) => `${day}s`), "and")} `}from ${time(start)} to ${
    time(end)
  } (${timeZone})`

/** What a policy demands, one sentence each; none where it demands nothing but the user's decision. */
export const policy = (effective: EffectivePolicy): ReadonlyArray<string> => {
  const demanded = demandWords(effective)
  return [
    ...(Option.isSome(effective.conditional) || demanded.length === 0 ? [] : [`Asks for ${list(demanded, "and")}.`]),
    ...Option.match(effective.conditional, {
      onNone: () => [],
      onSome: ({ fences, inside, outside }) => {
        const near = list(fences.map(fenceWords), "or")
        const say = (demand: Demand) => list(demandWords(demand), "and") || "nothing more than your decision"
        return [`In ${near}: asks for ${say(inside)}. Elsewhere: asks for ${say(outside)}.`]
      }
    }),
    ...effective.fences.map((group) => `Only in ${list(group.map(fenceWords), "or")}.`),
    ...(effective.timeFences.length === 0 ? [] : [`Only ${list(effective.timeFences.map(timeWords), "or")}.`]),
    ...(effective.denyRootedJailbroken ? ["Not on a device that is rooted or jailbroken."] : []),
    ...(effective.denyEmulatorSimulator ? ["Not on an emulator."] : [])
  ]
}

/** What is left of a time, as one reads it on a clock that runs down. */
export const timeLeft = (milliseconds: number): string => {
  const seconds = Math.max(0, Math.ceil(milliseconds / 1000))
  const minutes = Math.floor(seconds / 60)
  return minutes >= 60
    ? `${Math.floor(minutes / 60)} h ${minutes % 60} min left`
    : minutes > 0
    ? `${minutes} min ${seconds % 60} s left`
    : `${seconds} s left`
}

const steps: ReadonlyArray<readonly [unit: Intl.RelativeTimeFormatUnit, milliseconds: number]> = [
  ["day", 86_400_000],
  ["hour", 3_600_000],
  ["minute", 60_000]
]

/** How long ago that was. */
export const ago = (then: DateTime.Utc, now: DateTime.Utc): string => {
  const passed = DateTime.toEpochMillis(now) - DateTime.toEpochMillis(then)
  const [unit, length] = steps.find(([, length]) => passed >= length) ?? []
  return unit === undefined || length === undefined
    ? "just now"
    : new Intl.RelativeTimeFormat("en").format(-Math.floor(passed / length), unit)
}

/** The letter in place of an icon: the page asks no other host for one. */
export const initial = (name: string): string => Array.from(name.trim())[0]?.toLocaleUpperCase() ?? "?"

/** One of so many tints, the same for the same name. */
export const tint = (name: string, tints: number): number =>
  Array.from(name).reduce((sum, letter) => (sum * 31 + (letter.codePointAt(0) ?? 0)) % 9973, 7) % tints

const browsers: ReadonlyArray<readonly [pattern: RegExp, name: string]> = [
  [/\bEdg\w*\//, "Edge"],
  [/\bFirefox\//, "Firefox"],
  [/Chrome\//, "Chrome"],
  [/\bSafari\//, "Safari"]
]
const systems: ReadonlyArray<readonly [pattern: RegExp, name: string]> = [
  [/iPhone/, "iPhone"],
  [/iPad/, "iPad"],
  [/Android/, "Android"],
  [/Windows/, "Windows"],
  [/Mac OS X/, "Mac"],
  [/Linux/, "Linux"]
]

const found = (names: ReadonlyArray<readonly [RegExp, string]>, text: string, otherwise: string): string =>
  names.find(([pattern]) => pattern.test(text))?.[1] ?? otherwise

/** What a user might call this browser. */
export const deviceName = (userAgent: string): string =>
  `${found(browsers, userAgent, "Browser")} on ${found(systems, userAgent, "this computer")}`
