/**
 * `-` stands for standard input. The library takes it for an option, and then finds none that stand behind it: so another
 * hyphen stands for it while words are parsed, which looks the same where the library quotes it.
 */
import * as Option from "effect/Option"
import * as Predicate from "effect/Predicate"

const hidden = "\u2010"

export const hide = (word: string): string => word === "-" ? hidden : word

/** Wherever it stands in what was parsed: texts, options, lists and records of such. */
export const restore = (parsed: unknown): unknown => {
  if (parsed === hidden) return "-"
  if (Array.isArray(parsed)) return parsed.map(restore)
  if (Option.isOption(parsed)) return Option.map(parsed, restore)
  return Predicate.isRecord(parsed) && Object.getPrototypeOf(parsed) === Object.prototype
    ? Object.fromEntries(Object.entries(parsed).map(([name, value]) => [name, restore(value)]))
    : parsed
}
