/** The vectors, with the types that tests need of them: their JSON is too varied to be inferred usefully. */
import type { EntityIdentifier } from "@effect-launchkey/core/EntityIdentifier"
import type { KeyId } from "@effect-launchkey/core/KeyId"
import { Context, Effect, Layer, Redacted } from "effect"
import * as Jose from "../../src/Jose.ts"
import * as Keyring from "../../src/Keyring.ts"
import { Refusal } from "../../src/Rejection.ts"
import json from "../vectors/transport-vectors.json" with { type: "json" }

interface Headers {
  readonly [name: string]: string | undefined
}

interface Token {
  readonly claims: { readonly jti: string; readonly iat: number; readonly exp: number }
  readonly compact: string
}

export interface RequestVector {
  readonly name: string
  readonly issuer: EntityIdentifier
  readonly subject: EntityIdentifier
  readonly signing_key: KeyName
  readonly method: string
  readonly path: string
  readonly headers: Headers
  readonly jwt: Token
  readonly body: { readonly plaintext: string; readonly jwe_compact: string } | null
}

export interface ResponseVector {
  readonly name: string
  readonly request: string
  readonly expected_issuer: string
  readonly expected_audience: EntityIdentifier
  readonly expected_subject: EntityIdentifier
  readonly expected_jti: string
  readonly status: number
  readonly headers: Headers
  readonly body: string
  readonly body_plaintext?: string | null
  readonly body_encryption: object | null
  readonly jwt: Token | null
  readonly expect: {
    readonly outcome: string
    readonly error_code?: string
    readonly http_status?: number
    readonly fetches?: string
    readonly device_response?: string
    readonly because?: string
  }
}

export interface WebhookVector {
  readonly name: string
  readonly kind: string
  readonly http_method: string
  readonly http_path: string
  readonly headers: Headers
  readonly body: string
  readonly body_plaintext?: string
  readonly body_encryption: object | null
  readonly expected_audience: EntityIdentifier
  readonly expected_subject: EntityIdentifier
  readonly jwt: Token
  readonly expect: ResponseVector["expect"]
}

export interface DeviceResponseVector {
  readonly name: string
  readonly recipient_key: KeyName
  readonly auth_plaintext: string
  readonly auth_jwe_plaintext?: string
  readonly core: {
    readonly auth: string
    readonly auth_jwe?: string
    readonly service_user_hash: string
    readonly org_user_hash: string
    readonly user_push_id: string
    readonly public_key_id: string
  }
  readonly expected: {
    readonly authorized: boolean
    readonly type: string | null
    readonly reason: string | null
    readonly fraud: boolean | null
    readonly denial_reason: string | null
    readonly auth_request: string
    readonly device_id: string
    readonly service_pins: ReadonlyArray<string>
  }
}

interface CaptureVector {
  readonly sdk: string
  readonly method: string
  readonly path: string
  readonly headers: Headers
  readonly signing_key: KeyName
  readonly jwt: { readonly claims_json: string }
  readonly body: string | null
  readonly body_plaintext: string | null
}

export type KeyName = keyof typeof json.keys

// the compiler would infer a union of every entry's own shape
const typed = json as unknown as {
  readonly requests: ReadonlyArray<RequestVector>
  readonly responses: ReadonlyArray<ResponseVector>
  readonly negative_responses: ReadonlyArray<ResponseVector>
  readonly webhooks: ReadonlyArray<WebhookVector>
  readonly negative_webhooks: ReadonlyArray<WebhookVector>
  readonly device_responses: ReadonlyArray<DeviceResponseVector>
  readonly sdk_captures: ReadonlyArray<CaptureVector>
}

export const {
  device_responses: deviceResponses,
  negative_responses: negativeResponses,
  negative_webhooks: negativeWebhooks,
  requests,
  responses,
  sdk_captures: sdkCaptures,
  webhooks
} = typed

export const { entities, keys, replay_case: replayCase } = json

/** When the vectors are to be looked at: seconds since the epoch. */
export const issuedAt = json.meta.server_time_unix
export const now = issuedAt + 1

// canonical identifiers, as their brands ask
export const service = entities.service as EntityIdentifier
export const directory = entities.directory as EntityIdentifier
export const organization = entities.organization as EntityIdentifier

export const deviceResponseNamed = (name: string): DeviceResponseVector => {
  const found = deviceResponses.find((response) => response.name === name)
  if (found === undefined) throw new Error(`No device response vector is called ${name}`)
  return found
}

const privatePem = (name: KeyName) => Redacted.make(keys[name].private_pkcs8_pem)

const make = Effect.gen(function*() {
  const jose = yield* Jose.Jose
  const publicKeys = new Map<string, Jose.PublicKey>()
  for (const key of Object.values(keys)) publicKeys.set(key.kid, yield* jose.importPublicKey(key.public_spki_pem))
  const keyring = (signing: KeyName, ...decryption: ReadonlyArray<KeyName>) =>
    Keyring.make({
      signingKey: privatePem(signing),
      decryptionKeys: decryption.map(privatePem),
      decryptWithSigningKey: !signing.endsWith("_signature")
    })
  const find = (...names: ReadonlyArray<KeyName>) => (keyId: KeyId) => {
    const key = names.some((name) => keys[name].kid === keyId) ? publicKeys.get(keyId) : undefined
    return key === undefined ? Effect.fail(new Refusal({ reason: "KeyUnknown" })) : Effect.succeed(key)
  }
  const keyrings = {
    /** Of the platform: its current key, and the one before. */
    platform: yield* keyring("api_current", "api_previous"),
    service: yield* keyring("service_dual"),
    directory: yield* keyring("directory_dual"),
    organization: yield* keyring("organization_signature", "organization_encryption")
  }
  return {
    ...keyrings,
    /** The keyring of whoever a message is addressed to. */
    keyringOf: (entity: string) =>
      entity === service ? keyrings.service : entity === directory ? keyrings.directory : keyrings.organization,
    publicKey: (name: KeyName) => publicKeys.get(keys[name].kid) as Jose.PublicKey,
    /** What the platform serves. */
    findPlatformKey: find("api_current", "api_previous"),
    /** What callers have registered for signatures. */
    findCallerKey: find("service_dual", "directory_dual", "organization_signature")
  }
})

/** The vectors' keys, imported once for a file. */
export class Known extends Context.Tag("@effect-launchkey/transport/test/Known")<
  Known,
  Effect.Effect.Success<typeof make>
>() {
  static readonly layer = Layer.effect(this, make).pipe(Layer.provideMerge(Jose.layer))
}
