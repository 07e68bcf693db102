/**
 * What every subject is measured with: the same keys, the same payloads, and the platform's answers, sealed before
 * anything is measured.
 *
 * An answer names the `jti` of its request, so the requests' ids are drawn from a ring that is known in advance.
 */
import {
  AuthorizationCreated,
  AuthorizationPackage,
  AuthorizationRequestId,
  CreateAuthorization,
  DeviceAnswer,
  DeviceId
} from "@effect-launchkey/core/Authorization"
import * as AuthPolicy from "@effect-launchkey/core/AuthPolicy"
import * as Entity from "@effect-launchkey/core/EntityIdentifier"
import * as TestKeys from "@effect-launchkey/testing/TestKeys"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import * as jose from "jose"
import { Buffer } from "node:buffer"
import { createHash, randomUUID } from "node:crypto"

export type Operation = "create" | "pending poll" | "answered poll"

export const operations: ReadonlyArray<Operation> = ["create", "pending poll", "answered poll"]

/** A request as it goes over the wire, and the id that its answer will name. */
export interface Request {
  readonly tokenId: string
  readonly method: "GET" | "POST"
  readonly path: string
  readonly token: string
  readonly body: string | undefined
}

/** An answer as it comes from the wire. */
export interface Answer {
  readonly status: number
  readonly token: string
  readonly body: Uint8Array
}

/** What a token says of the message that it belongs to: of a response, or of a request such as a webhook. */
export interface MessageClaims {
  readonly response?: { readonly hash?: string }
  readonly request?: { readonly hash?: string }
}

export const hashOf = ({ request, response }: MessageClaims): string | undefined => (response ?? request)?.hash

export const serviceId = Entity.ServiceId.make("a5a2d6d4-7d1c-11ee-b962-0242ac120002")
export const service = Entity.service(serviceId)
export const user = "6f1b0cbb-6a3c-4f62-9e0e-1f5b4f9f3c11"

export const requestId = AuthorizationRequestId.make("b1d05c28-0b18-41e4-94a0-853758eeefc8")
/** Of the request that nobody has answered. */
export const openRequestId = AuthorizationRequestId.make("d8e2ab6c-07a5-4a1e-9a3b-7c2f0f4f8d55")

/** What each operation calls. */
export const endpoints: { readonly [O in Operation]: Pick<Request, "method" | "path"> } = {
  "create": { method: "POST", path: "/service/v3/auths" },
  "pending poll": { method: "GET", path: `/service/v3/auths/${openRequestId}` },
  "answered poll": { method: "GET", path: `/service/v3/auths/${requestId}` }
}

export const operationOf = (method: string, path: string): Operation =>
  method === "POST" ? "create" : path === endpoints["answered poll"].path ? "answered poll" : "pending poll"

/** What the platform tells to anybody. */
export const publicAnswer = (path: string): { readonly body: string; readonly keyId?: string } | undefined =>
  path === "/public/v3/ping"
    ? { body: JSON.stringify({ api_time: new Date().toISOString().replace(/\.\d+Z$/, "Z") }) }
    : path.startsWith("/public/v3/public-key")
    ? { body: platformPem, keyId: platformKeyId }
    : undefined

const office = { name: "Office", latitude: 36.120825, longitude: -115.157216, radius: 250 }

export const authorizeOptions = {
  title: "Transfer",
  context: "Approve the transfer of 1,250.00 EUR to Analytical Engines Ltd., reference 1843-A.",
  policy: AuthPolicy.factors(["knowledge", "possession"], { geofences: [office], denyRootedJailbroken: true })
}

/** The JSON of a create, as it goes into the JWE. */
export const createBody = Schema.encodeSync(CreateAuthorization)({ ...authorizeOptions, user })

const method = (name: string, used: boolean) => ({
  method: name,
  set: used,
  active: used,
  allowed: true,
  supported: true,
  user_required: used ? true : null,
  passed: used ? true : null,
  error: used ? false : null
})

const deviceAnswer: typeof DeviceAnswer.Encoded = {
  type: "AUTHORIZED",
  reason: "APPROVED",
  denial_reason: null,
  device_id: "1f0c0b7e-82ef-11ee-b962-0242ac120002",
  service_pins: ["2648", "2046", "0583", "2963", "2046"],
  auth_request: requestId,
  auth_policy: {
    requirement: "types",
    types: ["knowledge", "possession"],
    geofences: [{ type: "GEO_CIRCLE", ...office }]
  },
  auth_methods: [
    method("wearables", false),
    method("geofencing", false),
    method("locations", true),
    method("pin_code", true),
    method("circle_code", false),
    method("face", false),
    method("fingerprint", false)
  ]
}

export const created: typeof AuthorizationCreated.Encoded = {
  auth_request: requestId,
  push_package: null,
  device_ids: [DeviceId.make("1f0c0b7e-82ef-11ee-b962-0242ac120002")]
}

export const platformPem = TestKeys.platform.publicKey
export const platformKeyId = TestKeys.platform.keyId
export const platformPrivatePem = Redacted.value(TestKeys.platform.privateKey)
export const servicePrivatePem = Redacted.value(TestKeys.service.privateKey)
export const servicePublicPem = TestKeys.service.publicKey
export const serviceKeyId = TestKeys.service.keyId

/** One UUID after another of the ring, for ever. */
export const ringOf = (tokenIds: ReadonlyArray<string>): () => string => {
  let index = 0
  return () => tokenIds[index++ % tokenIds.length] as string
}

export interface Fixture {
  readonly tokenIds: ReadonlyArray<string>
  readonly answer: (operation: Operation, tokenId: string) => Answer
  /** The one to a request whose `Authorization` header is known, without reading more of it than the id. */
  readonly answerTo: (operation: Operation, authorization: string) => Answer
}

// {"jti":"<36 characters>" are 45 octets, so they end where a base64url quantum does
const encodedTokenId = (tokenId: string) => Buffer.from(`{"jti":"${tokenId}"`).toString("base64url")
const encodedTokenIdLength = encodedTokenId(randomUUID()).length

export const make = async (ringSize: number): Promise<Fixture> => {
  const signing = await jose.importPKCS8(platformPrivatePem, "RS256")
  const sealing = await jose.importSPKI(servicePublicPem, "RSA-OAEP")
  // The length of the measurement, in place of the protocol's five seconds.
  const iat = Math.floor(Date.now() / 1000)
  const times = { iat, nbf: iat, exp: iat + 24 * 3600 }

  const encrypt = (json: unknown, header: { readonly cty?: string }) =>
    new jose.CompactEncrypt(new TextEncoder().encode(JSON.stringify(json)))
      .setProtectedHeader({ alg: "RSA-OAEP", enc: "A256CBC-HS512", kid: serviceKeyId, ...header })
      .encrypt(sealing)

  const seal = async (tokenId: string, json: unknown): Promise<Answer> => {
    const body = json === undefined ? "" : await encrypt(json, { cty: "application/json" })
    const status = json === undefined ? 204 : 200
    const token = await new jose.CompactSign(new TextEncoder().encode(JSON.stringify({
      aud: service,
      iss: "lka",
      cty: "application/json",
      jti: tokenId,
      ...times,
      response: {
        status,
        ...(body !== "" && { hash: createHash("sha256").update(body).digest("hex"), func: "S256" })
      },
      sub: service
    }))).setProtectedHeader({ alg: "RS256", typ: "JWT", kid: platformKeyId }).sign(signing)
    return { status, token, body: new TextEncoder().encode(body) }
  }

  const relayed = async (): Promise<typeof AuthorizationPackage.Encoded> => ({
    // not read where there is a JWE: as long as one is
    auth: "A".repeat(342) + "==",
    auth_jwe: await encrypt(deviceAnswer, {}),
    service_user_hash: "E6ouuaZVRJfamDnYUsqfKDkohlvcKpepUg6w9o99ZJ8",
    org_user_hash: "IvUAww-KmCx-johnQ6vV2KX49yck91AKrZnv5i7qc68",
    user_push_id: "54f0c7f6-6f6c-5d1b-9a54-3d6f1a0c2b11",
    public_key_id: serviceKeyId
  })

  const tokenIds = Array.from({ length: ringSize }, () => randomUUID() as string)
  const sealed = { "create": new Map(), "pending poll": new Map(), "answered poll": new Map() } as {
    readonly [O in Operation]: Map<string, Answer>
  }
  for (const tokenId of tokenIds) {
    for (
      const [operation, json] of [
        ["create", created],
        ["pending poll", undefined],
        ["answered poll", await relayed()]
      ] as const
    ) {
      const answer = await seal(tokenId, json)
      sealed[operation].set(tokenId, answer)
      sealed[operation].set(encodedTokenId(tokenId), answer)
    }
  }

  const answer = (operation: Operation, key: string): Answer => {
    const found = sealed[operation].get(key)
    if (found === undefined) throw new Error(`No answer to a ${operation} was sealed for this token id`)
    return found
  }
  return {
    tokenIds,
    answer,
    answerTo: (operation, authorization) => {
      const start = authorization.indexOf(".") + 1
      return answer(operation, authorization.slice(start, start + encodedTokenIdLength))
    }
  }
}
