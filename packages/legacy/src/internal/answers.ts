import * as Body from "@effect-launchkey/transport/Body"
import type * as HttpExchange from "@effect-launchkey/transport/HttpExchange"
import { TransportError } from "@effect-launchkey/transport/TransportError"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Option from "effect/Option"
import * as Predicate from "effect/Predicate"
import * as LegacyError from "../LegacyError.ts"

type Json = { readonly [member: string]: unknown }

/** One meaning for all numbers: some clients of old knew codes as texts. */
const number = (value: unknown): number | undefined =>
  Number.isInteger(value)
    ? value as number
    : typeof value === "string" && /^\d{5}$/.test(value)
    ? Number(value)
    : undefined

const isJson = (contentType: string | undefined) => /^application\/json\s*(;|$)/i.test(contentType ?? "")

export interface Refused {
  readonly code: number | undefined
  readonly status: number
  readonly detail: unknown
}

/**
 * The members of an answer, or its refusal: told by the HTTP status, or by the envelope where that is suppressed. What
 * is neither is no answer of this API.
 */
export const read = (
  { body, headers, status }: HttpExchange.Received,
  operation: string
): Effect.Effect<Either.Either<Json, Refused>, TransportError> => {
  const members = Body.json(body).pipe(
    Either.getRight,
    Option.filter(Predicate.isRecord),
    Option.filter(() => isJson(headers["content-type"])),
    Option.getOrUndefined
  )
  const claimed = number(members?.status_code)
  if (status >= 300 || members?.successful === false || (claimed !== undefined && claimed >= 300)) {
    return Effect.succeed(Either.left({
      code: number(members?.message_code),
      status: status >= 300 ? status : claimed ?? status,
      detail: members?.message
    }))
  }
  return members === undefined
    ? new TransportError({ reason: "AnswerUnusable", operation })
    : Effect.succeed(Either.right(members))
}

export const refusal =
  <T extends LegacyError.Tag>(expected: ReadonlyArray<T>) =>
  ({ code, detail, status }: Refused): LegacyError.Refusal<T> | LegacyError.UnexpectedLegacyError =>
    (code === undefined ? undefined : LegacyError.fromCode(expected, { code, status, detail })) ??
      new LegacyError.UnexpectedLegacyError({ code: Option.fromNullable(code), status, detail })
