/** What the page says in words. */
import * as DateTime from "effect/DateTime"

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
