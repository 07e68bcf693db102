import * as HttpServerResponse from "@effect/platform/HttpServerResponse"
import * as Data from "effect/Data"

export class Refused extends Data.TaggedError("Refused")<{
  readonly code: number
  readonly text: string | Readonly<Record<string, string>>
}> {}

export const refuse = (code: number, text: Refused["text"]) => new Refused({ code, text })

/** A stamp that is too old is the one refusal that has a status of its own. */
const statusOf = (code: number): number => code === 40431 || code === 50451 ? 401 : 400

export const toResponse = ({ code, text }: Refused, suppressed: boolean): HttpServerResponse.HttpServerResponse => {
  const status = statusOf(code)
  return HttpServerResponse.unsafeJson(
    { successful: false, status_code: status, message: text, message_code: code, response: "" },
    { status: suppressed ? 200 : status }
  )
}

/** Which code each refusal of credentials has in the calls on `auths` and in those on `logs`, and what else they refuse. */
export const codes = {
  auths: {
    incomplete: 40421,
    unknownApplication: 40425,
    disabled: 40435,
    signatureUnreadable: 40432,
    signatureInvalid: 40428,
    undecipherable: 40433,
    malformed: 40434,
    expired: 40431,
    wrongSecret: 40422,
    reused: 40429
  },
  logs: {
    incomplete: 50441,
    unknownApplication: 50445,
    disabled: 50443,
    signatureUnreadable: 50452,
    signatureInvalid: 50448,
    undecipherable: 50453,
    malformed: 50454,
    expired: 50451,
    wrongSecret: 50442,
    reused: 50449,
    noSession: 50446,
    inconsistent: 50455,
    unknownRequest: 50456
  },
  ping: { incorrect: 60401 }
} as const

/** None are known of polls and users but the first: those of `auths` serve. */
export const family = {
  auths: codes.auths,
  logs: codes.logs,
  poll: { ...codes.auths, incomplete: 70401 },
  users: codes.auths
} as const
