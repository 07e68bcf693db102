/**
 * What browser and platform tell each other to make and to use passkeys, in the JSON forms of Web Authentication.
 *
 * @see https://www.w3.org/TR/webauthn-3/#sctn-automation
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"
import { PasskeyId } from "./Operator.ts"

/** None of them comes near it, and nobody has signed in when they are read. */
const Bytes = Schema.String.pipe(Schema.pattern(/^[\w-]*$/), Schema.maxLength(16_384))

const optional = <A, I>(schema: Schema.Schema<A, I>) => Schema.optionalWith(schema, { exact: true })

const Credential = Schema.mutable(Schema.Struct({
  id: Schema.String,
  type: Schema.Literal("public-key"),
  transports: optional(Schema.mutable(Schema.Array(Schema.String)))
}))

const Credentials = Schema.mutable(Schema.Array(Credential))

/**
 * What a browser is given to use a passkey. Without `allowCredentials`, its user chooses one.
 *
 * @see https://www.w3.org/TR/webauthn-3/#dictdef-publickeycredentialrequestoptionsjson
 * @since 0.1.0
 * @category schemas
 */
export const RequestOptions = Schema.mutable(Schema.Struct({
  challenge: Schema.String,
  /** Milliseconds. */
  timeout: optional(Schema.Number),
  rpId: optional(Schema.String),
  allowCredentials: optional(Credentials),
  userVerification: optional(Schema.Literal("required"))
}))

/**
 * What a browser is given to make a passkey.
 *
 * @see https://www.w3.org/TR/webauthn-3/#dictdef-publickeycredentialcreationoptionsjson
 * @since 0.1.0
 * @category schemas
 */
export const CreationOptions = Schema.mutable(Schema.Struct({
  rp: Schema.mutable(Schema.Struct({ id: Schema.String, name: Schema.String })),
  user: Schema.mutable(Schema.Struct({ id: Schema.String, name: Schema.String, displayName: Schema.String })),
  challenge: Schema.String,
  pubKeyCredParams: Schema.mutable(Schema.Array(
    Schema.mutable(Schema.Struct({ alg: Schema.Int, type: Schema.Literal("public-key") }))
  )),
  /** Milliseconds. */
  timeout: optional(Schema.Number),
  excludeCredentials: optional(Credentials),
  authenticatorSelection: optional(Schema.mutable(Schema.Struct({
    residentKey: optional(Schema.Literal("required")),
    requireResidentKey: optional(Schema.Boolean),
    userVerification: optional(Schema.Literal("required"))
  }))),
  attestation: optional(Schema.Literal("none"))
}))

const credential = {
  id: PasskeyId,
  rawId: PasskeyId,
  type: Schema.Literal("public-key"),
  authenticatorAttachment: optional(Schema.NullOr(Schema.String))
}

/**
 * A passkey that was made.
 *
 * @see https://www.w3.org/TR/webauthn-3/#dictdef-registrationresponsejson
 * @since 0.1.0
 * @category schemas
 */
export const RegistrationResponse = Schema.Struct({
  ...credential,
  response: Schema.Struct({
    clientDataJSON: Bytes,
    attestationObject: Bytes,
    transports: optional(Schema.Array(Schema.String.pipe(Schema.maxLength(32))).pipe(Schema.maxItems(8)))
  })
})

/**
 * @since 0.1.0
 * @category models
 */
export type RegistrationResponse = typeof RegistrationResponse.Type

/**
 * A passkey that was used.
 *
 * @see https://www.w3.org/TR/webauthn-3/#dictdef-authenticationresponsejson
 * @since 0.1.0
 * @category schemas
 */
export const AuthenticationResponse = Schema.Struct({
  ...credential,
  response: Schema.Struct({
    clientDataJSON: Bytes,
    authenticatorData: Bytes,
    signature: Bytes,
    userHandle: optional(Schema.NullOr(Bytes))
  })
})

/**
 * @since 0.1.0
 * @category models
 */
export type AuthenticationResponse = typeof AuthenticationResponse.Type
