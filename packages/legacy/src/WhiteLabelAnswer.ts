/**
 * The platform's answer to the creation of a white label user: a key in an RSA-OAEP block with SHA-1, and JSON under
 * AES-256-CBC with nothing that speaks for its integrity.
 *
 * @see docs/legacy.md "Weak spots"
 * @since 0.1.0
 */
import * as Body from "@effect-launchkey/transport/Body"
import * as Jose from "@effect-launchkey/transport/Jose"
import * as Effect from "effect/Effect"
import * as Encoding from "effect/Encoding"
import * as Schema from "effect/Schema"
import * as aesCbc from "./internal/aesCbc.ts"
import * as base64 from "./internal/base64.ts"

/**
 * As it stands on the wire, both base64.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Sealed = Schema.Struct({ cipher: Schema.String, data: Schema.String }).annotations({
  identifier: "@effect-launchkey/legacy/WhiteLabelAnswer/Sealed"
})

const HttpsUrl = Schema.URLFromSelf.pipe(Schema.filter(({ protocol }) => protocol === "https:" || "not https"))

/**
 * How a user links a device: by an image, or by typing the code.
 *
 * @since 0.1.0
 * @category schemas
 */
export const WhiteLabelAnswer = Schema.Struct({
  /** An image of the code, at an https URL. Nothing vouches for where it leads: compare the host. */
  qrcode: Schema.compose(Schema.URL, HttpsUrl),
  code: Schema.NonEmptyString
}).annotations({ identifier: "@effect-launchkey/legacy/WhiteLabelAnswer" })

/**
 * @since 0.1.0
 * @category models
 */
export type WhiteLabelAnswer = typeof WhiteLabelAnswer.Type

/**
 * The answer could not be opened, or is none. The user exists nevertheless: to ask again starts another link.
 *
 * @since 0.1.0
 * @category errors
 */
export class WhiteLabelAnswerRejected extends Schema.TaggedError<WhiteLabelAnswerRejected>(
  "@effect-launchkey/legacy/WhiteLabelAnswer/WhiteLabelAnswerRejected"
)("WhiteLabelAnswerRejected", {}) {
  override get message(): string {
    return "The platform's answer about the user was refused: it is not encrypted to the application's key, or is no "
      + "code with an https URL. Check that the private key is the application's, and ask again."
  }
}

const utf8 = new TextEncoder()
const printable = /^[\x20-\x7e]{48}$/

const decodeAnswer = Schema.decodeUnknown(WhiteLabelAnswer)

/**
 * @since 0.1.0
 * @category conversions
 */
export const open = (
  { cipher, data }: typeof Sealed.Type,
  privateKey: Jose.PrivateKey
): Effect.Effect<WhiteLabelAnswer, WhiteLabelAnswerRejected> =>
  Effect.gen(function*() {
    const jose = yield* Jose.Jose
    const keyAndIv = yield* jose.decryptOaep(yield* base64.decode(cipher), privateKey)
    // printable octets, taken as they are
    if (!printable.test(String.fromCharCode(...keyAndIv))) return yield* new WhiteLabelAnswerRejected()
    const plaintext = yield* Effect.flatten(
      aesCbc.decrypt(yield* base64.decode(data), keyAndIv.subarray(0, 32), keyAndIv.subarray(32))
    )
    // blanks fill the last block, which JSON allows
    return yield* Effect.flatMap(Body.json(plaintext), decodeAnswer)
    // one error for whatever it is: to tell them apart would help to forge
  }).pipe(Effect.mapError(() => new WhiteLabelAnswerRejected()))

/**
 * Makes what {@link open} opens, as a platform does.
 *
 * @since 0.1.0
 * @category constructors
 */
export const seal = (
  answer: WhiteLabelAnswer,
  publicKey: Jose.PublicKey
): Effect.Effect<typeof Sealed.Type> =>
  Effect.gen(function*() {
    const jose = yield* Jose.Jose
    const keyAndIv = utf8.encode(Encoding.encodeHex(yield* jose.randomBytes(24)))
    const cipher = yield* jose.encryptOaep(keyAndIv, publicKey)
    const data = yield* aesCbc.encryptFilled(
      JSON.stringify({ qrcode: answer.qrcode.href, code: answer.code }),
      keyAndIv.subarray(0, 32),
      keyAndIv.subarray(32)
    )
    return { cipher: Encoding.encodeBase64(cipher), data: Encoding.encodeBase64(data) }
    // 48 octets are within any block
  }).pipe(Effect.orDie)
