/**
 * The checks that a webhook has to pass, in the order in which they are made, each with what to do where it fails. Under
 * their numbers in docs/protocol.md "Verification".
 */
import type { RejectionReason } from "@effect-launchkey/transport/Rejection"
import * as Schema from "effect/Schema"

/**
 * - `notReached`: one before it has failed
 * - `notMade`: it cannot be made with what was given
 */
const Status = Schema.Literal("holds", "fails", "notReached", "notMade")

export const Check = Schema.Struct({
  /** Its number in docs/protocol.md; null of those that have none. */
  step: Schema.NullOr(Schema.Int),
  what: Schema.String,
  status: Status,
  /** What was looked at; null where it was not. */
  found: Schema.NullOr(Schema.String),
  /** Why it failed, by name. */
  reason: Schema.NullOr(Schema.String),
  next: Schema.NullOr(Schema.String)
})

export type Check = typeof Check.Type

interface Step {
  readonly step: number | null
  readonly what: string
  readonly remedies: { readonly [Reason in RejectionReason]?: string }
}

const saveAsItCame = "Save the headers as they came: whole, each in a line of its own."

const notOurs = "No platform of this protocol sends it: find out who did."

const believeNothing = "Somebody else signed it, or it was changed on the way: believe nothing of it."

const clock = "Set the clock of whoever looks at it; `launchkey doctor` measures it against the platform's."

export const steps = {
  size: {
    step: null,
    what: "The body has at most 256 KiB",
    remedies: { BodyTooLarge: notOurs }
  },
  token: {
    step: 1,
    what: "There is a token, of at most 8192 characters",
    remedies: {
      TokenMissing: "The header X-IOV-JWT is missing: give all headers, and look whether a proxy takes it away.",
      TokenTooLarge: notOurs
    }
  },
  form: {
    step: 2,
    what: "It has the form and header of a token",
    remedies: {
      TokenMalformed: saveAsItCame,
      HeaderNotAllowed: notOurs,
      AlgorithmNotAllowed: notOurs,
      KeyIdInvalid: notOurs
    }
  },
  key: {
    step: 3,
    what: "The key that it names is the platform's",
    remedies: {
      KeyUnknown:
        "The profile's platform serves no such key, or the profile's --pin does not trust it. If another platform "
        + "sends here, choose its profile with --profile; otherwise believe nothing of it."
    }
  },
  signature: {
    step: 4,
    what: "The signature verifies under that key",
    remedies: { SignatureInvalid: believeNothing }
  },
  claims: {
    step: 5,
    what: "Its claims are complete, and speak of a request",
    remedies: { ClaimsMalformed: "It is the token of another message, such as of an answer: give that of the webhook." }
  },
  parties: {
    step: 6,
    what: "It comes from the platform, and is meant for these credentials",
    remedies: {
      IssuerMismatch: notOurs,
      AudienceMismatch:
        "It is meant for the credentials whose call led to it. Choose their profile with --profile, and "
        + "give the receiver those credentials."
    }
  },
  subject: {
    step: 7,
    what: "It is about whom is listened for",
    remedies: {
      SubjectMismatch:
        "Give --service or --directory with the id of whom it is about, or correct where webhooks are sent."
    }
  },
  time: {
    step: 9,
    what: "Its time has come, and has not passed",
    remedies: {
      Expired:
        "A token serves for seconds. Of a webhook that was kept, say when it came with --at, or --at issued to pass "
        + "this check over. If it came just now, set the clock, which `launchkey doctor` measures against the platform's. "
        + "Otherwise somebody has sent it again.",
      NotYetValid: clock,
      LifetimeTooLong: notOurs
    }
  },
  request: {
    step: 11,
    what: "It belongs to this method and path",
    remedies: {
      MethodMismatch: "Give the method as the platform called it, with --method.",
      PathMismatch:
        "Give the path as the platform called it, with --path: behind a proxy that of the registered address, "
        + "which a receiver is told as its path."
    }
  },
  hashed: {
    step: 12,
    what: "A hash is signed where there is a body, and only there",
    remedies: {
      HashUnexpected: "The body is missing: give it as it came.",
      HashMissing: "A body came that was not signed: believe nothing of it."
    }
  },
  hash: {
    step: 13,
    what: "The hash is that of this very body",
    remedies: {
      AlgorithmNotAllowed: notOurs,
      HashMismatch:
        "These are not the octets that were sent. A framework may have parsed and rewritten the body, or an "
        + "editor ended it with a line break: take it raw. Otherwise somebody changed it."
    }
  },
  replay: {
    step: 10,
    what: "It did not come before",
    remedies: {}
  },
  body: {
    step: 15,
    what: "The body is plain JSON, or one of our keys opens it",
    remedies: {
      BodyNotEncrypted: notOurs,
      BodyMalformed: notOurs,
      HeaderNotAllowed: notOurs,
      AlgorithmNotAllowed: notOurs,
      KeyIdInvalid: notOurs,
      DecryptionKeyUnknown:
        "Give the profile that private key with --decryption-key-file: retired keys are needed for as "
        + "long as requests may be open.",
      DecryptionFailed:
        "It was encrypted to that key wrongly, or damaged before it was signed: tell whoever runs the platform."
    }
  },
  content: {
    step: null,
    what: "What it tells has its form, and a device's answer in it opens",
    remedies: {
      BodyMalformed: notOurs,
      DecryptionKeyUnknown:
        "The device answered to a key that the profile does not have: give it with --decryption-key-file.",
      DecryptionFailed: "The device's answer is damaged: ask the platform for it with `launchkey response`."
    }
  }
} as const satisfies Record<string, Step>

export type StepName = keyof typeof steps

/** How far the verification came, by what it asked for on its way. */
export type Progress = "begun" | "keyAskedFor" | "hashHeld" | "opened"

const stages: { readonly [P in Progress]: ReadonlyArray<StepName> } = {
  begun: ["size", "token", "form"],
  keyAskedFor: ["key", "signature", "claims", "parties", "subject", "time", "request", "hashed", "hash"],
  hashHeld: ["replay", "body"],
  opened: ["content"]
}

/** The step that fails for this reason: several do for some, which how far it came tells apart. */
export const failing = (reason: RejectionReason, progress: Progress): StepName => {
  const candidates = stages[progress]
  return candidates.find((name) => reason in steps[name].remedies) ?? candidates[candidates.length - 1] ?? "content"
}

export const order = Object.keys(steps) as ReadonlyArray<StepName>

export const remedy = (name: StepName, reason: RejectionReason): string => {
  const { remedies }: Step = steps[name]
  return remedies[reason] ?? notOurs
}
