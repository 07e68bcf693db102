/**
 * A device's answer as the API v1 carries it: one RSA-OAEP block with SHA-1 for the application's key. Anybody who has
 * that public key can make one; what speaks for it is that it names a request that this application started.
 *
 * @see docs/legacy.md "Weak spots"
 * @since 0.1.0
 */
import * as Body from "@effect-launchkey/transport/Body"
import * as Jose from "@effect-launchkey/transport/Jose"
import * as Effect from "effect/Effect"
import * as Encoding from "effect/Encoding"
import * as Option from "effect/Option"
import * as Predicate from "effect/Predicate"
import * as Schema from "effect/Schema"
import * as AppPins from "./AppPins.ts"
import * as base64 from "./internal/base64.ts"
import { equal } from "./internal/equal.ts"

/**
 * @since 0.1.0
 * @category models
 */
export interface AuthPackage {
  readonly authorized: boolean
  readonly authRequest: string
  /** Unique for its user alone, such as `"e0SE"`. */
  readonly deviceId: Option.Option<string>
  /** Oldest first; none where the platform sends no more of them. */
  readonly pins: ReadonlyArray<AppPins.AppPin>
}

/**
 * An auth package that says neither yes nor no to the request. Never take it for a yes.
 *
 * - `Undecipherable`: not one block of base64 for this key
 * - `Malformed`: no JSON object, or without its members
 * - `OtherRequest`: it answers another request
 * - `ResponseInvalid`: it answers neither true nor false
 *
 * @since 0.1.0
 * @category errors
 */
export class AuthPackageRejected extends Schema.TaggedError<AuthPackageRejected>(
  "@effect-launchkey/legacy/AuthPackage/AuthPackageRejected"
)("AuthPackageRejected", {
  reason: Schema.Literal("Undecipherable", "Malformed", "OtherRequest", "ResponseInvalid"),
  authRequest: Schema.String
}) {
  override get message(): string {
    return `The answer to auth request ${this.authRequest} was refused: ${reasons[this.reason]}.`
  }
}

const reasons: Readonly<Record<AuthPackageRejected["reason"], string>> = {
  Undecipherable: "it is not encrypted to the application's key. Check that the private key is the application's",
  Malformed: "what it decrypts to is not an answer. Treat the user as not authorized",
  OtherRequest: "it answers another request. Treat the user as not authorized",
  ResponseInvalid: "it says neither yes nor no. Treat the user as not authorized"
}

const readResponse = (response: unknown): boolean | undefined => {
  switch (typeof response === "string" ? response.toLowerCase() : response) {
    case true:
    case "true":
      return true
    case false:
    case "false":
      return false
    default:
      return undefined
  }
}

/**
 * Opens the answer to `authRequest`; the text may have line breaks and backslashes in it.
 *
 * @since 0.1.0
 * @category conversions
 */
export const open = (
  auth: string,
  options: { readonly authRequest: string; readonly privateKey: Jose.PrivateKey }
): Effect.Effect<AuthPackage, AuthPackageRejected> =>
  Effect.gen(function*() {
    const jose = yield* Jose.Jose
    const { authRequest, privateKey } = options
    const refuse = (reason: AuthPackageRejected["reason"]) => new AuthPackageRejected({ reason, authRequest })
    const plaintext = yield* base64.decode(auth).pipe(
      // one block, as long as the modulus
      Option.filter(({ length }) => length === Math.ceil(privateKey.modulusLength / 8)),
      Effect.flatMap((block) => jose.decryptOaep(block, privateKey)),
      Effect.mapError(() => refuse("Undecipherable"))
    )
    const members = yield* Body.json(plaintext).pipe(
      Effect.filterOrFail(Predicate.isRecord, () => refuse("Malformed")),
      Effect.mapError(() => refuse("Malformed"))
    )
    if (typeof members.auth_request !== "string" || members.response === undefined) return yield* refuse("Malformed")
    if (!equal(members.auth_request, authRequest)) return yield* refuse("OtherRequest")
    const authorized = readResponse(members.response)
    if (authorized === undefined) return yield* refuse("ResponseInvalid")
    return {
      authorized,
      authRequest,
      deviceId: Option.filter(Option.some(members.device_id), Predicate.isString),
      pins: typeof members.app_pins === "string" ? AppPins.parse(members.app_pins) : []
    }
  })

/**
 * Makes what {@link open} opens, as a platform does: octets that are base64 on the wire.
 *
 * @since 0.1.0
 * @category constructors
 */
export const seal = (
  { authorized, authRequest, deviceId, pins }: AuthPackage,
  publicKey: Jose.PublicKey
): Effect.Effect<Uint8Array, Jose.PlaintextTooLong> =>
  Effect.flatMap(Jose.Jose, (jose) =>
    jose.encryptOaep(
      new TextEncoder().encode(JSON.stringify({
        response: String(authorized),
        auth_request: authRequest,
        ...(Option.isSome(deviceId) && { device_id: deviceId.value }),
        ...(pins.length > 0 && { app_pins: pins.join(",") })
      })),
      publicKey
    ))

/**
 * How the platform writes an auth package: as it was recorded, in lines and with backslashes, or as plain base64.
 *
 * @since 0.1.0
 * @category conversions
 */
export const toText = (octets: Uint8Array, form: "recorded" | "clean"): string =>
  form === "recorded" ? base64.encodeAsRecorded(octets) : Encoding.encodeBase64(octets)

/**
 * The text without the line breaks and backslashes that the platform puts into it.
 *
 * @since 0.1.0
 * @category conversions
 */
export const cleaned: (auth: string) => string = base64.clean
