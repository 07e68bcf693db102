import * as Effect from "effect/Effect"
import type { Delivery, Effects, Fate, Fault, Framing, Meeting, NoAnswer, Reply } from "../../Faults.ts"

export const utf8 = new TextEncoder()

export const harmless: Effects = { _tag: "Harmless" }

export const unanswered = (reason: Extract<Effects, { readonly _tag: "Unanswered" }>["reason"]): Effects => ({
  _tag: "Unanswered",
  reason
})

export const rejected = (reason: Extract<Effects, { readonly _tag: "Rejected" }>["reason"]): Effects => ({
  _tag: "Rejected",
  reason
})

export const refused = (status: number, authenticated: boolean): Effects => ({ _tag: "Refused", status, authenticated })

/** What most faults are: of calls, shown both ways, of any answer. */
const usual = { on: "Both", target: "Call", acts: true, needsBody: false } as const

type Given = Pick<Fault, "name" | "description" | "comesTo"> & Partial<Fault>

export const answeredWith = (reply: Reply, delivery: Delivery = { _tag: "Whole" }, framing?: Framing): Fate => ({
  _tag: "Answered",
  reply,
  delivery,
  ...(framing === undefined ? {} : { framing })
})

/** What becomes of the platform's own answer. One without a body is left alone where the fault is of bodies. */
export const spoiled = (
  fault: Given & {
    readonly spoil: (reply: Reply, meeting: Meeting) => Fate | Effect.Effect<Fate, NoAnswer>
  }
): Fault => {
  const { spoil, ...facts } = fault
  const needsBody = facts.needsBody ?? false
  return {
    ...usual,
    ...facts,
    fate: (meeting) =>
      Effect.flatMap(meeting.forward(), (reply) => {
        if (needsBody && reply.body.length === 0) return Effect.succeed(answeredWith(reply))
        const fate = spoil(reply, meeting)
        return Effect.isEffect(fate) ? fate : Effect.succeed(fate)
      })
  }
}

/** What comes in place of the platform's answer. It has not acted. */
export const instead = (
  fault: Given & { readonly answer: (meeting: Meeting) => Fate | Effect.Effect<Fate, NoAnswer> }
): Fault => {
  const { answer, ...facts } = fault
  return {
    ...usual,
    acts: false,
    ...facts,
    fate: (meeting) => {
      const fate = answer(meeting)
      return Effect.isEffect(fate) ? fate : Effect.succeed(fate)
    }
  }
}

export const plain = (status: number, body = "", headers: Readonly<Record<string, string>> = {}): Reply => ({
  status,
  headers,
  body: utf8.encode(body)
})
