/** What was answered, and so has to be there for good; and what is not known, and so has to be there whole or not at all. */
import { Effect, Either, identity, Option, Predicate } from "effect"

/** A value that somebody who was killed may or may not have changed. */
interface Possible<A> {
  readonly value: A
  /** What follows where it turns out to be so. */
  readonly follows?: (() => void) | undefined
}

/** Something of the platform that a single fiber changes. */
export interface Fact<A> {
  readonly name: string
  /** What it is, where nothing is in doubt. */
  readonly value: () => A
  readonly inDoubt: () => boolean
  /**
   * Asks the platform to change it. Yields the answer; none where it did not act, or nobody knows. `to` tells what is
   * there if it acted, by the answer where there is one.
   */
  readonly change: <B>(
    call: Effect.Effect<B, unknown>,
    to: (before: A, answer: Option.Option<B>) => A,
    follows?: () => void
  ) => Effect.Effect<Option.Option<B>>
  /** Has it change with something else, which was changed for sure or perhaps. */
  readonly follow: (certain: boolean, to: (before: A) => A) => Effect.Effect<void>
}

/** Whether the platform has acted on a call that failed. */
const actedOn = (error: unknown): "no" | "perhaps" | "refused" => {
  if (Predicate.isTagged(error, "OutcomeUnknown")) return "perhaps"
  if (Predicate.isTagged(error, "TransportError")) {
    return Predicate.hasProperty(error, "sent") && error.sent === false ? "no" : "perhaps"
  }
  if (Predicate.isTagged(error, "UnexpectedApiError")) {
    return Predicate.hasProperty(error, "status") && error.status === 503 ? "perhaps" : "refused"
  }
  return "refused"
}

const told = (error: unknown): string =>
  Predicate.hasProperty(error, "_tag") ? `${String(error._tag)} ${String(error)}` : String(error)

const same = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b)

/**
 * For who has something in doubt: it is looked at once the process that was asked has ended, as until then it may still
 * be about it.
 */
export const idle: Effect.Effect<void> = Effect.sleep("20 millis")

export interface Journal {
  /** Changes that the platform said it made. */
  readonly acknowledged: () => number
  /** Changes of which no answer came, and those of them that turned out to be there. */
  readonly inDoubt: () => { readonly all: number; readonly made: number }
  /** Changes that the platform has certainly not seen. */
  readonly unsent: () => number
  /** What does not hold. */
  readonly problems: Array<string>
  readonly checked: () => number
  readonly fact: <A>(
    name: string,
    initial: A,
    read: Effect.Effect<A, unknown>,
    /** Whether what is there is one of the possible values. Default: it is equal. */
    fits?: (actual: A, possible: A) => boolean
  ) => Fact<A>
  /** Events of which a webhook is due. */
  readonly due: Set<string>
  /** Looks at what changed since it was last looked at, and at some of the others, or at all: then nothing is in doubt. */
  readonly check: (all: boolean) => Effect.Effect<void>
}

export const make = (random: () => number): Journal => {
  let acknowledged = 0
  let all = 0
  let made = 0
  let unsent = 0
  let checked = 0
  const problems: Array<string> = []
  const facts: Array<Effect.Effect<void>> = []
  const changed = new Set<Effect.Effect<void>>()

  const fact: Journal["fact"] = <A>(
    name: string,
    initial: A,
    read: Effect.Effect<A, unknown>,
    fits: (actual: A, possible: A) => boolean = same
  ): Fact<A> => {
    let possible: ReadonlyArray<Possible<A>> = [{ value: initial }]
    const first = () => possible[0]?.value ?? initial

    const check: Effect.Effect<void> = Effect.gen(function*() {
      const actual = yield* Effect.either(read)
      checked++
      if (Either.isLeft(actual)) {
        problems.push(`${name} cannot be read: ${told(actual.left)}`)
        return
      }
      const found = possible.find(({ value }) => fits(actual.right, value))
      if (found === undefined) {
        problems.push(
          `${name} is ${JSON.stringify(actual.right)}, and not ${
            possible.map(({ value }) => JSON.stringify(value)).join(" or ")
          }`
        )
      } else {
        found.follows?.()
      }
      possible = [{ value: actual.right }]
      changed.delete(check)
    })
    facts.push(check)

    return {
      name,
      value: first,
      inDoubt: () => possible.length > 1,
      change: (call, to, follows) =>
        Effect.gen(function*() {
          changed.add(check)
          const answer = yield* Effect.either(call)
          if (Either.isRight(answer)) {
            acknowledged++
            const { right } = answer
            possible = possible.map(({ value }) => ({ value: to(value, Option.some(right)) }))
            follows?.()
            return Option.some(right)
          }
          const acted = actedOn(answer.left)
          if (acted === "no") {
            unsent++
          } else if (acted === "perhaps") {
            all++
            const noted = () => {
              made++
              follows?.()
            }
            possible = [
              ...possible,
              ...possible.map(({ value }) => ({ value: to(value, Option.none()), follows: noted }))
            ]
          } else {
            problems.push(`${name} could not be changed: ${told(answer.left)}`)
          }
          return Option.none()
        }),
      follow: (certain, to) =>
        Effect.sync(() => {
          changed.add(check)
          const after = possible.map(({ value }) => ({ value: to(value) }))
          possible = certain ? after : [...possible, ...after]
        })
    }
  }

  return {
    acknowledged: () => acknowledged,
    inDoubt: () => ({ all, made }),
    unsent: () => unsent,
    problems,
    checked: () => checked,
    fact,
    due: new Set(),
    check: (whole) =>
      Effect.suspend(() => {
        const others = Array.from({ length: 5 }, () => facts[Math.floor(random() * facts.length)])
          .flatMap((check) => check === undefined ? [] : [check])
        return Effect.forEach(new Set(whole ? facts : [...changed, ...others]), identity, {
          concurrency: 8,
          discard: true
        })
      })
  }
}
