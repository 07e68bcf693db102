/**
 * What is wrong with data, for those who gave it: where, and what, without the data itself, which may be private.
 *
 * @since 0.1.0
 */
import * as ParseResult from "effect/ParseResult"

/**
 * @since 0.1.0
 * @category models
 */
export interface Issue {
  /** Such as `geofences[1].radius`; empty for the whole. */
  readonly path: string
  readonly problem: string
}

/**
 * `["geofences", 1, "radius"]` as `geofences[1].radius`, below `prefix`.
 *
 * @since 0.1.0
 * @category conversions
 */
export const pathOf = (path: ReadonlyArray<PropertyKey>, prefix = ""): string =>
  path.reduce<string>(
    (whole, key) =>
      typeof key === "number" ? `${whole}[${key}]` : whole === "" ? String(key) : `${whole}.${String(key)}`,
    prefix
  )

/**
 * What a schema says of a value, less the value: where a schema has no words of its own, the formatter's end with it.
 *
 * @since 0.1.0
 * @category conversions
 */
export const withoutValue = (message: string): string =>
  message.replace(/^Expected ([\s\S]*?), actual [\s\S]*$/, "expected $1")

/** The formatter's names of the forms that schemas of JSON have. */
const inWords = (problem: string): string =>
  problem
    .replace(/^expected (?:Struct \(Encoded side\)|\{)[\s\S]*$/, "expected an object")
    .replace(/^expected (?:readonly \[|ReadonlyArray<)[\s\S]*$/, "expected a list")

const isAbsence = (problem: string): boolean => problem === "expected null" || problem === "expected undefined"

/** What may be left out is said to be so only where nothing else is expected. */
const anyOf = (problems: ReadonlyArray<string>): string => {
  const wanted = problems.filter((problem) => !isAbsence(problem))
  const [first = "", ...more] = wanted.length === 0 ? problems : wanted
  const others = more.filter((problem) => problem.startsWith("expected ")).map((problem) => problem.slice(9))
  const last = others.pop()
  return last === undefined ? first : `${[first, ...others].join(", ")} or ${last}`
}

/**
 * What a formatter found, as one line for the person who wrote the call: each member once, however many forms it may
 * have, and without its value. `whole` is what the data as a whole is called.
 *
 * @since 0.1.0
 * @category conversions
 */
export const summary = (
  issues: ReadonlyArray<Pick<ParseResult.ArrayFormatterIssue, "message" | "path">>,
  whole = "body"
): string => {
  const members = new Map<string, ReadonlyArray<string>>()
  for (const { message, path } of issues) {
    const member = pathOf(path) || whole
    const problem = inWords(withoutValue(message))
    const known = members.get(member) ?? []
    members.set(member, known.includes(problem) ? known : [...known, problem])
  }
  // What is in a member is wrong, so that it is neither null nor absent.
  for (const [member, problems] of members) {
    const within = [...members.keys()].some((other) => other.startsWith(`${member}[`) || other.startsWith(`${member}.`))
    if (within && problems.every(isAbsence)) members.delete(member)
  }
  return [...members].map(([member, problems]) => `${member}: ${anyOf(problems)}`).join("; ")
}

/**
 * Every problem that a schema found.
 *
 * @since 0.1.0
 * @category conversions
 */
export const of = (issue: ParseResult.ParseIssue): ReadonlyArray<Issue> =>
  ParseResult.ArrayFormatter.formatIssueSync(issue).map(({ message, path }) => ({
    path: pathOf(path),
    problem: withoutValue(message)
  }))
