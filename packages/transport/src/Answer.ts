/**
 * The device's answer inside a message: sealed by the authenticator for whoever created the request.
 *
 * @see docs/protocol.md "The device's answer"
 * @since 0.1.0
 */
import {
  type AuthorizationPackage,
  type AuthorizationRequestId,
  AuthorizationResponse,
  DeviceAnswer,
  LegacyDeviceAnswer
} from "@effect-launchkey/core/Authorization"
import * as Effect from "effect/Effect"
import * as Encoding from "effect/Encoding"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import { parseJson } from "./internal/strictJson.ts"
import * as Jose from "./Jose.ts"
import type * as Keyring from "./Keyring.ts"
import { Refusal } from "./Rejection.ts"

const malformed = () => new Refusal({ reason: "BodyMalformed" })

const read = <A, I>(schema: Schema.Schema<A, I>) => {
  const decode = Schema.decodeUnknownOption(schema)
  return (plaintext: Uint8Array) =>
    Effect.flatMap(
      parseJson(plaintext, "BodyMalformed"),
      (json) => Option.match(decode(json), { onNone: malformed, onSome: Effect.succeed })
    )
}

const readAnswer = read(DeviceAnswer)
const readLegacyAnswer = read(LegacyDeviceAnswer)

/**
 * Whom the caller knows the answer to be about. Each member that is given must equal what the platform says.
 *
 * @since 0.1.0
 * @category models
 */
export interface ExpectedUser {
  readonly serviceUserHash?: string | undefined
  readonly organizationUserHash?: string | undefined
  readonly userPushId?: string | undefined
}

/**
 * What the answer must be about.
 *
 * @since 0.1.0
 * @category models
 */
export interface Expected {
  /**
   * Left out only where the answer itself is to tell, as of a webhook: a device can name any request, so such an answer
   * counts for nothing until it is compared with the request and the user that it should be about.
   */
  readonly authorizationRequestId?: AuthorizationRequestId | undefined
  readonly user?: ExpectedUser | undefined
}

/**
 * Opens a device's answer. `jwe` is read where it is present, and its failure is final: `oaep` is never a fallback.
 *
 * The answer names the request that it answers; it is refused unless that is the one that was asked about, and unless
 * the user is the expected one, both as far as the caller said. An approval of a request with a number is refused where
 * the platform says that the device did not tell it.
 *
 * @since 0.1.0
 * @category constructors
 */
export const open = Effect.fnUntraced(function*(
  relayed: AuthorizationPackage,
  keyring: Keyring.Service,
  expected: Expected
) {
  const jose = yield* Jose.Jose
  const response = Option.isSome(relayed.jwe) && relayed.jwe.value !== ""
    ? AuthorizationResponse.fromAnswer(
      yield* Effect.flatMap(Effect.flatMap(jose.parseJwe(relayed.jwe.value), keyring.decrypt), readAnswer),
      relayed
    )
    : AuthorizationResponse.fromLegacyAnswer(
      yield* Effect.flatMap(keyring.decryptOaep(relayed.keyId, yield* ciphertext(relayed)), readLegacyAnswer),
      relayed
    )
  if (
    expected.authorizationRequestId !== undefined &&
    response.authorizationRequestId !== expected.authorizationRequestId
  ) {
    return yield* new Refusal({ reason: "AuthorizationRequestMismatch" })
  }
  if (!isAbout(response, expected.user ?? {})) return yield* new Refusal({ reason: "UserMismatch" })
  // What the device says is approved is so only with the number, which the platform alone has seen.
  if (response.authorized && relayed.numberMatched === false) return yield* new Refusal({ reason: "NumberUnmatched" })
  return response
})

const isAbout = (response: AuthorizationResponse, user: ExpectedUser) =>
  (user.serviceUserHash === undefined || user.serviceUserHash === response.serviceUserHash) &&
  (user.userPushId === undefined || user.userPushId === response.userPushId) &&
  (user.organizationUserHash === undefined ||
    user.organizationUserHash === Option.getOrUndefined(response.organizationUserHash))

const ciphertext = (relayed: AuthorizationPackage) =>
  Option.match(relayed.oaep, {
    onNone: malformed,
    // Devices break the lines of this base64, after 64 characters.
    onSome: (base64) => Effect.mapError(Encoding.decodeBase64(base64.replace(/\s+/g, "")), malformed)
  })

/**
 * An answer sealed in both forms. `oaep` is empty where the answer does not fit into one block of the recipient's key.
 *
 * @since 0.1.0
 * @category models
 */
export interface SealedAnswer {
  readonly oaep: string
  readonly jwe: string
}

/**
 * Seals an answer for whoever created the request, in both forms: the first-generation one tells approval alone.
 *
 * @since 0.1.0
 * @category constructors
 */
export const seal = Effect.fnUntraced(function*(answer: DeviceAnswer, recipient: Jose.PublicKey) {
  const jose = yield* Jose.Jose
  const jwe = yield* jose.encrypt({
    plaintext: encodeJson(DeviceAnswer)(answer),
    key: recipient,
    // The only algorithm that every official SDK can decrypt.
    algorithm: "RSA-OAEP"
  })
  const oaep = yield* jose.encryptOaep(
    encodeJson(LegacyDeviceAnswer)({
      authorized: answer.type === "AUTHORIZED" && answer.reason === "APPROVED",
      authorizationRequestId: answer.authorizationRequestId,
      deviceId: answer.deviceId,
      servicePins: answer.servicePins
    }),
    recipient
  ).pipe(
    Effect.map(Encoding.encodeBase64),
    Effect.catchTag("PlaintextTooLong", () => Effect.succeed(""))
  )
  const sealed: SealedAnswer = { jwe, oaep }
  return sealed
})

const utf8 = new TextEncoder()

const encodeJson = <A, I>(schema: Schema.Schema<A, I>) => {
  const encode = Schema.encodeSync(schema)
  return (value: A) => utf8.encode(JSON.stringify(encode(value)))
}
