/** Messages by hand: valid unless a test says otherwise, signed and encrypted by node:crypto alone. */
import * as bare from "./bare.ts"
import { issuedAt, type KeyName, keys, service } from "./vectors.ts"

export const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)
export const text = (octets: Uint8Array): string => new TextDecoder().decode(octets)

export const sha256 = (body: string): string => bare.digest("sha256", body)

/** A member set to `undefined` is left out. */
export interface Members {
  readonly [name: string]: unknown
}

export interface Forgery {
  /** In place of the valid claims, or beside them. */
  readonly claims?: Members
  /** In place of the valid members of `request` or `response`, or beside them. */
  readonly facts?: Members
  /** In place of the valid members of the protected header, or beside them. */
  readonly header?: Members
  /** The claims' JSON, where it is to be other than what serializing them gives. */
  readonly payload?: (json: string) => string
  readonly signedBy?: KeyName
  readonly body?: string
}

const hashOf = (body: string) => body === "" ? {} : { hash: sha256(body), func: "S256" }

const sign = (by: KeyName, forgery: Forgery, claims: Members, typ: Members): string =>
  bare.signJws(
    JSON.stringify({ alg: "RS256", ...typ, kid: keys[forgery.signedBy ?? by].kid, ...forgery.header }),
    (forgery.payload ?? ((json) => json))(JSON.stringify({ ...claims, ...forgery.claims })),
    keys[forgery.signedBy ?? by].private_pkcs8_pem
  )

const times = { iat: issuedAt, nbf: issuedAt, exp: issuedAt + 5 }

export const tokenId = "7d3c6a52-4c0e-4f7e-9b1a-0f4f3f1d2a10"

/** A token of the platform's answer to the service, by default a 204. */
export const responseToken = (forgery: Forgery & { readonly status?: number } = {}): string =>
  sign("api_current", forgery, {
    aud: service,
    iss: "lka",
    cty: "application/json",
    ...times,
    jti: tokenId,
    response: {
      status: forgery.status ?? (forgery.body === undefined ? 204 : 200),
      ...hashOf(forgery.body ?? ""),
      ...forgery.facts
    },
    sub: service
  }, { typ: "JWT" })

/** A token of a webhook to the service. */
export const webhookToken = (forgery: Forgery & { readonly body: string }): string =>
  sign("api_current", forgery, {
    aud: service,
    iss: "lka",
    ...times,
    jti: tokenId,
    request: { meth: "POST", path: "/hook", ...hashOf(forgery.body), ...forgery.facts },
    sub: service
  }, { typ: "JWT" })

/** The Authorization header of a request by the service, by default a GET. */
export const authorization = (forgery: Forgery = {}): string =>
  `IOV-JWT ${
    sign("service_dual", forgery, {
      jti: tokenId,
      iss: service,
      sub: service,
      aud: "lka",
      ...times,
      request: {
        meth: forgery.body === undefined ? "GET" : "POST",
        path: "/service/v3/auths",
        ...hashOf(forgery.body ?? ""),
        ...forgery.facts
      }
    }, {})
  }`

/** A compact JWE to one of the vectors' keys. */
export const encrypted = (plaintext: string, to: KeyName, header: Members = {}): string =>
  bare.sealJwe(
    JSON.stringify({ alg: "RSA-OAEP", enc: "A256CBC-HS512", kid: keys[to].kid, ...header }),
    plaintext,
    keys[to].public_spki_pem
  )
