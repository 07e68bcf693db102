/**
 * Why a message from outside is not believed: one closed list for everything that opens tokens and bodies.
 *
 * @since 0.1.0
 */
import * as Data from "effect/Data"
import * as Schema from "effect/Schema"

/**
 * The check that a message failed, about in the order in which the checks are made: a message is refused for the first.
 *
 * @see docs/protocol.md "Verification"
 * @since 0.1.0
 * @category schemas
 */
export const RejectionReason = Schema.Literal(
  "TokenMissing",
  "TokenTooLarge",
  "TokenMalformed",
  "HeaderNotAllowed",
  "AlgorithmNotAllowed",
  "KeyIdInvalid",
  "KeyUnknown",
  "SignatureInvalid",
  "ClaimsMalformed",
  "IssuerMismatch",
  "AudienceMismatch",
  "SubjectMismatch",
  "TokenIdMismatch",
  "Expired",
  "NotYetValid",
  "LifetimeTooLong",
  "Replayed",
  "MethodMismatch",
  "PathMismatch",
  "StatusMismatch",
  "LocationMismatch",
  "CacheControlMismatch",
  "HashUnexpected",
  "HashMissing",
  "HashMismatch",
  "NotPermitted",
  "BodyTooLarge",
  "BodyNotEncrypted",
  "BodyMalformed",
  "DecryptionKeyUnknown",
  "DecryptionFailed",
  "AuthorizationRequestMismatch",
  "UserMismatch",
  "NumberUnmatched"
).annotations({ identifier: "@effect-launchkey/transport/Rejection/RejectionReason" })

/**
 * @since 0.1.0
 * @category models
 */
export type RejectionReason = typeof RejectionReason.Type

/**
 * Each reason as a clause that completes "… was refused: ". None of them quotes the message.
 *
 * @since 0.1.0
 * @category models
 */
export const describeReason: { readonly [Reason in RejectionReason]: string } = {
  TokenMissing: "it carries no signed token",
  TokenTooLarge: "its token is longer than is accepted",
  TokenMalformed: "its token is not a compact JWS in canonical base64url with unambiguous JSON",
  HeaderNotAllowed: "a protected header uses a member or value that this protocol does not (crit, b64, zip, p2c, typ)",
  AlgorithmNotAllowed: "it names an algorithm outside this protocol's lists",
  KeyIdInvalid: "a protected header carries no kid of sixteen lower-case hex octets joined by colons",
  KeyUnknown: "the key that kid names is not known",
  SignatureInvalid: "the signature does not verify under the key that kid names",
  ClaimsMalformed: "a claim is missing or does not have its form",
  IssuerMismatch: "iss does not name the expected sender",
  AudienceMismatch: "aud does not name the receiver",
  SubjectMismatch: "sub does not name the entity that was acted for",
  TokenIdMismatch: "jti does not repeat the request's",
  Expired: "exp has passed by more than the leeway",
  NotYetValid: "nbf or iat lies in the future by more than the leeway",
  LifetimeTooLong: "exp lies further after iat than is accepted",
  Replayed: "its jti has been used before",
  MethodMismatch: "the method differs from the signed claim",
  PathMismatch: "the path differs from the signed claim",
  StatusMismatch: "the status differs from the signed claim",
  LocationMismatch: "the Location header differs from the signed claim",
  CacheControlMismatch: "the Cache-Control header differs from the signed claim",
  HashUnexpected: "a content hash is signed, and it has no body",
  HashMissing: "it has a body, and no content hash is signed",
  HashMismatch: "the content hash differs from the signed claim",
  NotPermitted: "the issuer may not do this for the subject",
  BodyTooLarge: "the body is larger than is accepted",
  BodyNotEncrypted: "the body is not a compact JWE",
  BodyMalformed: "the body, or what it decrypts to, does not have its form",
  DecryptionKeyUnknown: "the body is encrypted to a key that is not one of ours",
  DecryptionFailed: "the body does not decrypt under the key that kid names",
  AuthorizationRequestMismatch: "the device answered another authorization request",
  UserMismatch: "the answer is about another user",
  NumberUnmatched: "it approves without the number that was shown where the user signs in"
}

/**
 * A check that failed, passed between the modules that open messages. It never leaves this package: who sealed the
 * message, and in which exchange, is added where the whole message is opened.
 *
 * @since 0.1.0
 * @category errors
 */
export class Refusal extends Data.TaggedError("Refusal")<{
  readonly reason: RejectionReason
  readonly cause?: unknown
}> {
  override get message(): string {
    return `The message was refused: ${describeReason[this.reason]}.`
  }
}
