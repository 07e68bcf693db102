/**
 * Passkeys as the console accepts them: made and used with the user verified, on its own origin, without attestation.
 *
 * Needs the package `@simplewebauthn/server`.
 *
 * @see docs/console.md "Passkeys"
 * @see https://www.w3.org/TR/webauthn-3/
 * @since 0.1.0
 */
import * as WebAuthnServer from "@simplewebauthn/server"
import { decodeAttestationObject, isoBase64URL, isoUint8Array } from "@simplewebauthn/server/helpers"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Encoding from "effect/Encoding"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import type { Operator, OperatorId } from "./Operator.ts"
import { PasskeyId } from "./Operator.ts"
import type * as Operators from "./Operators.ts"
import type { RelyingParty } from "./RelyingParty.ts"
import type * as WebAuthn from "./WebAuthn.ts"

/**
 * Why a passkey is not accepted: for the platform's log.
 *
 * @since 0.1.0
 * @category errors
 */
export class PasskeyNotVerified extends Schema.TaggedError<PasskeyNotVerified>(
  "@effect-launchkey/platform/Passkeys/PasskeyNotVerified"
)("PasskeyNotVerified", {
  /** What it was to be, such as `"signature"`. */
  problem: Schema.String
}) {
  override get message(): string {
    return `The passkey is not accepted: ${this.problem}`
  }
}

const refuse = (problem: string) => new PasskeyNotVerified({ problem })

/** The library's words name what differs, never a key; what they quote is whatever was sent, and stays in one line. */
const asked = <A>(ask: () => Promise<A>): Effect.Effect<A, PasskeyNotVerified> =>
  Effect.tryPromise({
    try: ask,
    catch: (cause) =>
      refuse(
        cause instanceof Error
          ? cause.message.slice(0, 200).replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, " ")
          : "it cannot be read"
      )
  })

/** By which a passkey knows whose it is: the bytes of the id's text. */
const handleOf = (id: OperatorId) => isoUint8Array.fromUTF8String(id)

const ClientData = Schema.parseJson(Schema.Struct({
  challenge: Schema.String,
  crossOrigin: Schema.optional(Schema.Boolean),
  topOrigin: Schema.optional(Schema.String)
}))

const clientDataOf = (
  { clientDataJSON }: { readonly clientDataJSON: string }
): Effect.Effect<typeof ClientData.Type, PasskeyNotVerified> =>
  Encoding.decodeBase64UrlString(clientDataJSON).pipe(
    Either.flatMap(Schema.decodeEither(ClientData)),
    Either.mapLeft(() => refuse("its client data cannot be read"))
  )

/** Not where another site shows the page in a frame of its own: of that, the library asks less. */
const onOwnPage = (response: { readonly clientDataJSON: string }): Effect.Effect<void, PasskeyNotVerified> =>
  Effect.flatMap(
    clientDataOf(response),
    ({ crossOrigin = false, topOrigin }) =>
      crossOrigin || topOrigin !== undefined ? refuse("it comes from a frame of another site") : Effect.void
  )

/**
 * What a passkey says that it signed. Nothing is verified yet.
 *
 * @since 0.1.0
 * @category conversions
 */
export const challengeOf = (
  { response }: WebAuthn.RegistrationResponse | WebAuthn.AuthenticationResponse
): Effect.Effect<string, PasskeyNotVerified> => Effect.map(clientDataOf(response), ({ challenge }) => challenge)

const lifetime = 5 * 60_000

/**
 * What a browser is given to use a passkey: one of these, or whichever its user chooses.
 *
 * @since 0.1.0
 * @category constructors
 */
export const requestOptions = (
  { id }: RelyingParty,
  challenge: Uint8Array,
  passkeys?: ReadonlyArray<Operators.Passkey>
): typeof WebAuthn.RequestOptions.Type => ({
  challenge: Encoding.encodeBase64Url(challenge),
  timeout: lifetime,
  rpId: id,
  userVerification: "required",
  ...(passkeys === undefined ? {} : { allowCredentials: passkeys.map(described) })
})

const described = ({ id, transports }: Operators.Passkey) => ({
  id,
  type: "public-key" as const,
  transports: [...transports]
})

/** EdDSA, ES256, RS256: what passkeys in use sign by. */
const algorithms = [-8, -7, -257]

/**
 * What a browser is given to make a passkey, which is to be found without a user name.
 *
 * @since 0.1.0
 * @category constructors
 */
export const creationOptions = (
  { id }: RelyingParty,
  challenge: Uint8Array,
  operator: Operator,
  passkeys: ReadonlyArray<Operators.Passkey>
): typeof WebAuthn.CreationOptions.Type => ({
  rp: { id, name: "LaunchKey console" },
  user: { id: isoBase64URL.fromBuffer(handleOf(operator.id)), name: operator.name, displayName: operator.name },
  challenge: Encoding.encodeBase64Url(challenge),
  pubKeyCredParams: algorithms.map((alg) => ({ alg, type: "public-key" })),
  timeout: lifetime,
  excludeCredentials: passkeys.map(described),
  authenticatorSelection: { residentKey: "required", requireResidentKey: true, userVerification: "required" },
  attestation: "none"
})

/**
 * What is known of a passkey that was made.
 *
 * @since 0.1.0
 * @category models
 */
export type Made = Pick<Operators.Passkey, "id" | "publicKey" | "counter" | "transports" | "synced">

const withExtensions = { clientExtensionResults: {}, type: "public-key" } as const

const decodeId = Schema.decode(PasskeyId)

/** Others bring certificates, whose lists of revoked ones would be fetched from wherever they say. */
const isSelfMade = (attestationObject: string) =>
  Either.try(() => {
    const decoded = decodeAttestationObject(isoBase64URL.toBuffer(attestationObject))
    const format = decoded.get("fmt")
    return format === "none" || (format === "packed" && decoded.get("attStmt").get("x5c") === undefined)
  }).pipe(Either.getOrElse(() => false))

/**
 * Verifies a passkey that was made for this challenge.
 *
 * @see https://www.w3.org/TR/webauthn-3/#sctn-registering-a-new-credential
 * @since 0.1.0
 * @category constructors
 */
export const made = (
  { id: expectedRPID, origin: expectedOrigin }: RelyingParty,
  expectedChallenge: string,
  { authenticatorAttachment: _, response, ...credential }: WebAuthn.RegistrationResponse
): Effect.Effect<Made, PasskeyNotVerified> =>
  Effect.gen(function*() {
    yield* onOwnPage(response)
    if (!isSelfMade(response.attestationObject)) return yield* refuse("it brings an attestation that nobody asked for")
    const { attestationObject, clientDataJSON, transports = [] } = response
    const result = yield* asked(() =>
      WebAuthnServer.verifyRegistrationResponse({
        response: { ...credential, ...withExtensions, response: { attestationObject, clientDataJSON } },
        expectedChallenge,
        expectedOrigin,
        expectedRPID,
        requireUserVerification: true,
        supportedAlgorithmIDs: algorithms
      })
    )
    if (!result.verified) return yield* refuse("its signature does not hold")
    const { credential: { counter, id: given, publicKey }, credentialBackedUp } = result.registrationInfo
    const id = yield* Effect.mapError(decodeId(given), () => refuse("its id is of no length that one may have"))
    return {
      id,
      publicKey: Encoding.encodeBase64Url(publicKey),
      counter,
      transports,
      synced: credentialBackedUp
    }
  })

/**
 * Verifies the use of a passkey for this challenge. That its counter went on is for the store to say.
 *
 * @see https://www.w3.org/TR/webauthn-3/#sctn-verifying-assertion
 * @since 0.1.0
 * @category constructors
 */
export const used = (
  { id: expectedRPID, origin: expectedOrigin }: RelyingParty,
  expectedChallenge: string,
  passkey: Operators.Passkey,
  { authenticatorAttachment: _, response, ...credential }: WebAuthn.AuthenticationResponse
): Effect.Effect<Pick<Operators.Passkey, "counter" | "synced">, PasskeyNotVerified> =>
  Effect.gen(function*() {
    yield* onOwnPage(response)
    const { authenticatorData, clientDataJSON, signature, userHandle } = response
    const owner = Option.fromNullable(userHandle)
    if (Option.isSome(owner) && owner.value !== isoBase64URL.fromBuffer(handleOf(passkey.operatorId))) {
      return yield* refuse("it says that it is another operator's")
    }
    const publicKey = yield* Effect.mapError(Encoding.decodeBase64Url(passkey.publicKey), () => refuse("it has no key"))
    const { authenticationInfo: { credentialBackedUp, newCounter }, verified } = yield* asked(() =>
      WebAuthnServer.verifyAuthenticationResponse({
        response: { ...credential, ...withExtensions, response: { authenticatorData, clientDataJSON, signature } },
        expectedChallenge,
        expectedOrigin,
        expectedRPID,
        // The store compares it, in the step in which it keeps the new one.
        credential: { id: passkey.id, publicKey: new Uint8Array(publicKey), counter: 0 },
        requireUserVerification: true
      })
    )
    return verified
      ? { counter: newCounter, synced: credentialBackedUp }
      : yield* refuse("its signature does not hold")
  })
