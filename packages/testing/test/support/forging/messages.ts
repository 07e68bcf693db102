/**
 * Messages by hand for every surface that strangers reach: valid unless a forgery says otherwise, at whichever stage of
 * the sealing it says so. What comes after that stage is done as the protocol has it, with the valid keys.
 */
import * as Entity from "@effect-launchkey/core/EntityIdentifier"
import * as TestKeys from "@effect-launchkey/testing/TestKeys"
import * as TestPlatform from "@effect-launchkey/testing/TestPlatform"
import { Effect } from "effect"
import * as crypto from "node:crypto"
import * as bare from "./bare.ts"

/** Where strangers' octets come in. */
export type Surface = "request" | "response" | "webhook" | "answer"

export const service: string = Entity.service(TestPlatform.serviceId)
export const directory: string = Entity.directory(TestPlatform.directoryId)
export const organization: string = Entity.organization(TestPlatform.organizationId)
/** Entities of another owner. */
export const sibling = "svc:00000000-0000-4000-8000-0000000000aa"
export const siblingDirectory = "dir:00000000-0000-4000-8000-0000000000ab"
export const deviceId = "1f0c0b7e-82ef-11ee-b962-0242ac120002"
export const device = `dev:${deviceId}`

export const authorizationRequestId = "b1d05c28-0b18-41e4-94a0-853758eeefc8"

/** When all messages were made: seconds since the epoch. */
export const issuedAt = 1_700_000_000

/** A member set to `undefined` is left out. */
export interface Members {
  readonly [name: string]: unknown
}

/** As it arrives, and what its receiver knows beside it. */
export interface Message {
  readonly surface: Surface
  /** The token alone, whichever header brings it. */
  readonly token: string | undefined
  readonly method: string
  readonly path: string
  readonly status: number
  readonly headers: { readonly [name: string]: string | undefined }
  readonly body: string | Uint8Array
  /** The encoded AuthorizationPackage of an answer. */
  readonly relayed: Members
  /** Of whom asked, or listens. */
  readonly issuer: string
  readonly subject: string
  readonly tokenId: string
  /** Whether this token was used before. */
  readonly seen: boolean
  readonly now: number
}

/** What a valid message is made of. */
export interface Base {
  readonly name: string
  readonly surface: Surface
  readonly issuer: string
  readonly subject: string
  readonly method: string
  readonly path: string
  readonly status: number
  readonly headers: { readonly [name: string]: string | undefined }
  readonly plaintext: string
  /** Whether the body is encrypted; an empty one never is. */
  readonly encrypted: boolean
  readonly alg: "RS256" | "RS384" | "RS512"
  readonly wrap: "RSA-OAEP" | "RSA-OAEP-256"
  readonly func: "S256" | "S384" | "S512"
  readonly signer: TestKeys.TestKey
  readonly recipient: TestKeys.TestKey
  /** Of an answer: which of its two forms is read. */
  readonly form: "jwe" | "oaep"
}

export interface Forgery {
  /** In place of the plaintext. */
  readonly plaintext?: ((valid: string) => string | Uint8Array) | undefined
  /** Members of the JWE's header, in place of the valid ones or beside them. */
  readonly jweHeader?: Members | undefined
  /** The JWE header's JSON, in place of what serializing it gives. */
  readonly jweHeaderText?: ((json: string) => string | Uint8Array) | undefined
  readonly encryption?: Partial<bare.Encryption> | undefined
  /** The compact JWE, changed after it was sealed. */
  readonly jwe?: ((compact: string) => string | Uint8Array) | undefined
  /** Whatever the body would be: this, before it is hashed and signed. */
  readonly content?: string | Uint8Array | undefined
  /** Members of `request` or `response`. */
  readonly facts?: Members | ((body: string | Uint8Array, plaintext: string | Uint8Array) => Members) | undefined
  readonly claims?: Members | undefined
  /** The claims' JSON, in place of what serializing them gives. */
  readonly claimsText?: ((json: string) => string | Uint8Array) | undefined
  /** Members of the token's header. */
  readonly header?: Members | undefined
  readonly headerText?: ((json: string) => string | Uint8Array) | undefined
  readonly sign?: bare.Signer | undefined
  /** The token, changed after it was signed. */
  readonly token?: ((compact: string) => string | undefined) | undefined
  /** What is changed on the way, or known otherwise by the receiver. */
  readonly delivered?: ((message: Message) => Partial<Message>) | undefined
  /** An answer's package, changed as a whole. */
  readonly relayed?: ((relayed: Members) => Members) | undefined
}

const defaults = {
  issuer: service,
  subject: service,
  method: "POST",
  path: "/hook",
  status: 200,
  headers: {},
  plaintext: "",
  encrypted: true,
  alg: "RS256",
  wrap: "RSA-OAEP",
  func: "S256",
  signer: TestKeys.platform,
  recipient: TestKeys.service,
  form: "jwe"
} as const

const answer = JSON.stringify({
  type: "AUTHORIZED",
  reason: "APPROVED",
  denial_reason: null,
  device_id: deviceId,
  service_pins: ["2648", "2046"],
  auth_request: authorizationRequestId,
  auth_policy: null,
  auth_methods: null
})

const firstAnswer = JSON.stringify({
  response: true,
  auth_request: authorizationRequestId,
  device_id: deviceId,
  service_pins: ["2648"]
})

export const user = {
  service_user_hash: "E6ouuaZVRJfamDnYUsqfKDkohlvcKpepUg6w9o99ZJ8",
  org_user_hash: "2yMPAYuZJ3ZAVkpjEHYTAjxyeZ1Eq4PhrtWvYzaaWQR",
  user_push_id: "54631005-5987-8b88-b59e-62bac03cc155"
}

const request = {
  ...defaults,
  surface: "request",
  signer: TestKeys.service,
  recipient: TestKeys.platform,
  wrap: "RSA-OAEP-256"
} as const

const authorization = `/service/v3/auths/${authorizationRequestId}`

/** Valid messages of every kind that is told apart. */
export const bases: { readonly [S in Surface]: ReadonlyArray<Base> } = {
  request: [
    { ...request, name: "of a service, with a body", path: "/service/v3/sessions", plaintext: `{"username":"nobody"}` },
    { ...request, name: "of a service, without a body", method: "GET", path: authorization },
    {
      ...request,
      name: "of a directory for its service, in the other algorithms",
      issuer: directory,
      signer: TestKeys.directory,
      path: "/service/v3/sessions",
      plaintext: `{"username":"nobody"}`,
      alg: "RS512",
      wrap: "RSA-OAEP",
      func: "S512"
    },
    {
      ...request,
      name: "of a device, with its answer",
      issuer: device,
      subject: device,
      signer: TestKeys.device,
      method: "PUT",
      path: `/device/v3/auths/${authorizationRequestId}`,
      plaintext: `{"type":"AUTHORIZED","reason":"APPROVED"}`
    },
    {
      ...request,
      name: "of a device, without a body",
      issuer: device,
      subject: device,
      signer: TestKeys.device,
      method: "GET",
      path: "/device/v3/auths",
      alg: "RS384"
    }
  ],
  response: [
    {
      ...defaults,
      surface: "response",
      name: "200 with a body",
      plaintext: `{"auth_request":"${authorizationRequestId}"}`
    },
    { ...defaults, surface: "response", name: "204 without a body", status: 204 },
    {
      ...defaults,
      surface: "response",
      name: "409 in the other algorithms, to a key for encryption alone",
      status: 409,
      plaintext: `{"error_code":"SVC-005","error_detail":"in progress"}`,
      alg: "RS384",
      wrap: "RSA-OAEP-256",
      func: "S384",
      recipient: TestKeys.encryption
    },
    {
      ...defaults,
      surface: "response",
      name: "200 with both headers that are signed",
      headers: { location: "https://mfa.example.com/elsewhere", "cache-control": "no-store" },
      plaintext: "[]"
    },
    {
      ...defaults,
      surface: "response",
      name: "408 without a body, of a service that a directory acts for",
      status: 408,
      issuer: directory
    }
  ],
  webhook: [
    { ...defaults, surface: "webhook", name: "encrypted", plaintext: `{"auth":"","public_key_id":""}` },
    {
      ...defaults,
      surface: "webhook",
      name: "plain",
      plaintext: `{"service_user_hash":"${user.service_user_hash}","api_time":"2023-11-14T22:13:20Z"}`,
      encrypted: false
    },
    {
      ...defaults,
      surface: "webhook",
      name: "encrypted, to a directory for its service, in the other algorithms",
      issuer: directory,
      plaintext: `{"auth":"","public_key_id":""}`,
      alg: "RS512",
      wrap: "RSA-OAEP-256",
      func: "S512",
      recipient: TestKeys.encryption
    }
  ],
  answer: [
    { ...defaults, surface: "answer", name: "as a JWE", plaintext: answer },
    { ...defaults, surface: "answer", name: "as a JWE with OAEP-256", plaintext: answer, wrap: "RSA-OAEP-256" },
    {
      ...defaults,
      surface: "answer",
      name: "as one block of the first generation",
      plaintext: firstAnswer,
      form: "oaep"
    }
  ]
}

const valid = new Map<string, unknown>()

/** Made once: what an operator changes afterwards need not be sealed again. */
const once = <A>(key: string, fresh: boolean, make: () => A): A => {
  if (fresh) return make()
  const known = (valid.get(key) ?? make()) as A
  valid.set(key, known)
  return known
}

export const defaultTokenId = "7d3c6a52-4c0e-4f7e-9b1a-0f4f3f1d2a10"

const bodyOf = (base: Base, forgery: Forgery) => {
  const { content, encryption, jwe, jweHeader, jweHeaderText, plaintext } = forgery
  const fresh = [content, encryption, jweHeader, jweHeaderText, plaintext].some((change) => change !== undefined)
  const body = once(`body of ${base.surface} ${base.name}`, fresh, (): string | Uint8Array => {
    const inside = plaintext === undefined ? base.plaintext : plaintext(base.plaintext)
    if (content !== undefined || inside.length === 0 || !base.encrypted) return content ?? inside
    const header = JSON.stringify({
      alg: base.wrap,
      enc: "A256CBC-HS512",
      kid: base.recipient.keyId,
      cty: "application/json",
      ...jweHeader
    })
    return bare.jwe(jweHeaderText?.(header) ?? header, inside, {
      recipient: base.recipient,
      wrap: base.wrap,
      ...encryption
    })
  })
  return jwe === undefined || typeof body !== "string" ? body : jwe(body)
}

const tokenOf = (base: Base, forgery: Forgery, tokenId: string, body: string | Uint8Array) => {
  const { claims, claimsText, facts, header, headerText, sign } = forgery
  const webhookOrRequest = base.surface !== "response"
  const inside = forgery.plaintext === undefined ? base.plaintext : forgery.plaintext(base.plaintext)
  const headerJson = JSON.stringify({ alg: base.alg, kid: base.signer.keyId, ...header })
  const claimsJson = JSON.stringify({
    jti: tokenId,
    iss: base.surface === "request" ? base.issuer : "lka",
    sub: base.subject,
    aud: base.surface === "request" ? "lka" : base.issuer,
    iat: issuedAt,
    nbf: issuedAt,
    exp: issuedAt + 5,
    [webhookOrRequest ? "request" : "response"]: {
      ...(webhookOrRequest ? { meth: base.method, path: base.path } : {
        status: base.status,
        location: base.headers["location"],
        cache: base.headers["cache-control"]
      }),
      ...(body.length === 0 ? {} : { hash: bare.digest(base.func, body), func: base.func }),
      ...(typeof facts === "function" ? facts(body, inside) : facts)
    },
    ...claims
  })
  return bare.jws(
    headerText?.(headerJson) ?? headerJson,
    claimsText?.(claimsJson) ?? claimsJson,
    sign ?? bare.rs(base.signer, base.alg)
  )
}

const signs: ReadonlyArray<keyof Forgery> = [
  "plaintext",
  "jweHeader",
  "jweHeaderText",
  "encryption",
  "jwe",
  "content",
  "facts",
  "claims",
  "claimsText",
  "header",
  "headerText",
  "sign"
]

/** Whether the forgery is signed, or for an answer encrypted, by a key that its receiver believes. */
export const isSealed = (forgery: Forgery): boolean =>
  signs.some((stage) => forgery[stage] !== undefined) && forgery.token === undefined

const relayedOf = (base: Base, forgery: Forgery, body: string | Uint8Array): Members => {
  const relayed: Members = {
    auth: base.form === "oaep" ? block(base, forgery) : "",
    ...(base.form === "jwe" ? { auth_jwe: Buffer.from(body).toString() } : {}),
    ...user,
    public_key_id: base.recipient.keyId
  }
  return forgery.relayed === undefined ? relayed : forgery.relayed(relayed)
}

const block = (base: Base, { encryption, plaintext }: Forgery): string =>
  once(`block of ${base.name}`, encryption !== undefined || plaintext !== undefined, () =>
    bare.block(
      plaintext?.(base.plaintext) ?? base.plaintext,
      encryption?.recipient ?? base.recipient,
      encryption?.wrap ?? "RSA-OAEP"
    ).toString("base64"))

/** The message as it arrives. `tokenId` is one of its own where the receiver remembers which it saw. */
export const forge = (base: Base, forgery: Forgery, tokenId: string = defaultTokenId): Effect.Effect<Message> =>
  Effect.gen(function*() {
    const body = base.surface === "answer" && base.form === "oaep" ? "" : bodyOf(base, forgery)
    const fresh = tokenId !== defaultTokenId || signs.some((stage) => forgery[stage] !== undefined)
    const compact = base.surface === "answer" ? "" : fresh
      ? yield* tokenOf(base, forgery, tokenId, body)
      : yield* once(
        `token of ${base.surface} ${base.name}`,
        false,
        () => Effect.runSync(Effect.cached(tokenOf(base, forgery, tokenId, body)))
      )
    const message: Message = {
      surface: base.surface,
      token: forgery.token === undefined ? compact : forgery.token(compact),
      method: base.method,
      path: base.path,
      status: base.status,
      headers: base.headers,
      body,
      relayed: base.surface === "answer" ? relayedOf(base, forgery, body) : {},
      issuer: base.issuer,
      subject: base.subject,
      tokenId,
      seen: false,
      now: issuedAt + 1
    }
    return forgery.delivered === undefined ? message : { ...message, ...forgery.delivered(message) }
  })

export const freshTokenId = (): string => crypto.randomUUID()
