/**
 * What each operation ends with where it meets each fault: by rule, from the facts of both, and written before any of
 * it was run. docs/faults.md tells the same in words.
 */
import type { Effects, Fault } from "@effect-launchkey/testing/Faults"
import type { Operation } from "./operations.ts"

export interface Outcome {
  /** "Success", or the tag of the error. */
  readonly tag: string
  readonly reason?: string | undefined
  readonly status?: number | undefined
  readonly sent?: boolean | undefined
  readonly authenticated?: boolean | undefined
  /** Of an `OutcomeUnknown`. */
  readonly cause?: string | undefined
}

export interface Expected extends Outcome {
  /** How many calls there are on the network, not counting those for time and keys. */
  readonly calls: number
}

/** Where the fault is met, and the times of the clients in milliseconds. */
export interface Settings {
  readonly on: "Memory" | "Wire"
  readonly attemptTimeout: number
  readonly deadline: number
  /** How long the time and a key are waited for. */
  readonly lookupTimeout: number
}

/** How often the fault is met: by the first exchange of its kind, or by all. */
export type Times = "once" | "always"

const success: Outcome = { tag: "Success" }

/** What the fault comes to for this operation: some need a body to spoil, or a body to seal. */
const effectsOf = (operation: Operation, fault: Fault): Effects => {
  const { comesTo } = fault
  if (fault.needsBody && !operation.answersBody) return { _tag: "Harmless" }
  if (comesTo._tag !== "KeyMissing") return comesTo
  // The current key is needed to seal a body, and any key to believe the answer, after the call.
  if (operation.sendsBody) return { _tag: "NotSent", reason: comesTo.reason, again: comesTo.again }
  return comesTo.byId ? { _tag: "Harmless" } : { _tag: "Unanswered", reason: comesTo.reason }
}

const tagOf = (operation: Operation, status: number): string => {
  if (status === 401) return "Unauthorized"
  if (status === 403) return "Forbidden"
  const own = { 404: "EntityNotFound", 408: "RequestTimedOut", 429: "RateLimited" } as const
  return operation.tells?.find((told) => told === status) === undefined
    ? "UnexpectedApiError"
    : own[status as keyof typeof own]
}

const oneAttempt = (operation: Operation, effects: Effects): Outcome => {
  switch (effects._tag) {
    case "Harmless":
      return success
    case "NotSent":
      return { tag: "TransportError", reason: effects.reason, sent: false }
    case "Unanswered":
      return { tag: "TransportError", reason: effects.reason, sent: true }
    case "Rejected":
      return { tag: "MessageRejected", reason: effects.reason }
    case "Refused": {
      const tag = tagOf(operation, effects.status)
      return {
        tag,
        ...(tag === "UnexpectedApiError" ? { status: effects.status } : {}),
        ...(tag === "Unauthorized" ? { authenticated: effects.authenticated } : {})
      }
    }
    case "KeyMissing":
      throw new Error("effectsOf has made another of it")
  }
}

/** A create that may have been made, as nothing that can be believed says otherwise. */
const isOpen = (effects: Effects): boolean =>
  effects._tag === "Unanswered" || effects._tag === "Rejected" ||
  (effects._tag === "Refused" && (effects.status >= 500 || (effects.status === 401 && !effects.authenticated)))

const troubled: ReadonlyArray<number> = [500, 502, 503, 504]

/** Whether it is worth another attempt. */
const isRepeated = (operation: Operation, effects: Effects): boolean => {
  switch (effects._tag) {
    case "NotSent":
      return effects.again
    case "Unanswered":
      return operation.repeatable === true && (effects.reason === "Unreachable" || effects.reason === "TimedOut")
    case "Refused":
      return operation.repeatable === true && troubled.includes(effects.status)
    default:
      return false
  }
}

/** The schedule's waits, and none of them where the call could not end before its deadline. */
const attemptsOf = (fault: Fault, effects: Effects, settings: Settings): number => {
  const { attemptTimeout, deadline, lookupTimeout } = settings
  const timedOut = "reason" in effects && effects.reason === "TimedOut"
  const lasts = fault.name === "connect-timeout"
    ? attemptTimeout / 2
    : !timedOut
    ? 0
    : fault.target === "Call"
    ? attemptTimeout
    : lookupTimeout
  const asked = fault.name.endsWith("503-retry-after") ? 1000 : 0
  let time = lasts
  let attempts = 1
  for (const wait of [100, 200, 400]) {
    time += Math.max(wait, asked)
    if (time >= deadline) break
    attempts++
    time += lasts
  }
  return attempts
}

/** Whether a call is seen in an attempt that meets it: in memory even one that finds no connection is. */
const isSeen = (fault: Fault, effects: Effects, { on }: Settings): boolean =>
  effects._tag !== "NotSent" || (on === "Memory" && fault.target === "Call")

export const expected = (operation: Operation, fault: Fault, times: Times, settings: Settings): Expected => {
  const effects = effectsOf(operation, fault)
  const repeated = isRepeated(operation, effects)
  const possible = repeated ? attemptsOf(fault, effects, settings) : 1
  const calls = isSeen(fault, effects, settings) ? 1 : 0
  if (times === "once" && possible > 1) return { ...success, calls: calls + 1 }
  const last = oneAttempt(operation, effects)
  return operation.create === true && isOpen(effects)
    ? { tag: "OutcomeUnknown", cause: last.tag, reason: last.reason, calls: calls * possible }
    : { ...last, calls: calls * possible }
}

/** Where there is no other attempt, the two do not differ; nor where the exchange for the time would be the one. */
export const timesOf = (operation: Operation, fault: Fault): ReadonlyArray<Times> =>
  fault.target !== "All" && isRepeated(operation, effectsOf(operation, fault)) ? ["once", "always"] : ["always"]
