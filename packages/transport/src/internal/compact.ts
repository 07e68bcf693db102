/**
 * What compact JWS and JWE have in common: parts, and a protected header that must be read before anything is trusted.
 *
 * @see https://www.rfc-editor.org/rfc/rfc7515#section-5.2
 * @see https://www.rfc-editor.org/rfc/rfc7516#section-5.2
 */
import * as Either from "effect/Either"
import * as Predicate from "effect/Predicate"
import { Refusal, type RejectionReason } from "../Rejection.ts"
import * as Base64url from "./base64url.ts"
import { parseJson } from "./strictJson.ts"

export { byteLength, decode } from "./base64url.ts"

/** Each changes what the other octets mean, or how much work it is to read them. The protocol has none of them. */
const forbidden = ["crit", "b64", "zip", "p2c"]

/**
 * The protected header, once every part is canonical base64url. `malformed` is the reason where the form is wrong;
 * members that this protocol does not have are refused as such.
 */
export const readHeader = (
  parts: ReadonlyArray<string>,
  protectedHeader: string,
  malformed: RejectionReason
): Either.Either<{ readonly [member: string]: unknown }, Refusal> => {
  const refused = (reason: RejectionReason) => Either.left(new Refusal({ reason }))
  if (!parts.every(Base64url.isCanonical)) return refused(malformed)
  return Either.flatMap(parseJson(Base64url.decode(protectedHeader), malformed), (header) => {
    if (!Predicate.isRecord(header)) return refused(malformed)
    if (forbidden.some((member) => Object.hasOwn(header, member))) return refused("HeaderNotAllowed")
    return Either.right(header)
  })
}
