/**
 * How the same statements are spelled: the dialect of today, and that of the first draft of this API, which nobody speaks
 * who was not told to. A dialect is data and spelling alone; what is checked, and in which order, is in `Envelope`.
 *
 * @see docs/protocol.md "The early authorization"
 * @since 0.1.0
 */
import { EntityIdentifier, typeOf } from "@effect-launchkey/core/EntityIdentifier"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import type { KeyEncryptionAlgorithm } from "./Algorithms.ts"
import * as Claims from "./Claims.ts"
import type { HashFunction } from "./ContentHash.ts"

type RequestClaims = typeof Claims.RequestClaims.Type
type ResponseClaims = typeof Claims.ResponseClaims.Type

/**
 * A response's claims as far as every dialect has them. One that does not sign the status has none of the facts but the
 * hash.
 *
 * @since 0.1.0
 * @category models
 */
export type AnyResponseClaims = Omit<ResponseClaims, "response"> & {
  readonly response: Partial<ResponseClaims["response"]>
}

/**
 * @since 0.1.0
 * @category models
 */
export interface Dialect {
  /** Of the `Authorization` header of a request. */
  readonly scheme: string
  /** The platform's name: audience of requests, issuer of responses. */
  readonly platform: string
  /** Of an encrypted body. */
  readonly contentType: string
  /** The longest that a request may claim to last, seconds. */
  readonly maximumLifetime: number
  /** How the content key of a response is encrypted. */
  readonly answerAlgorithm: KeyEncryptionAlgorithm
  /** Whether a token may leave out whose key signed it. */
  readonly keyIdOptional: boolean
  /** Whether a request says whom it is about. Where it does not, it is about its issuer. */
  readonly namesSubject: boolean
  /** Whether a response says its status, and the headers that matter. */
  readonly signsStatus: boolean
  /** As a token names an entity. One that has no name in this dialect keeps its own, which means nothing in it. */
  readonly spell: (entity: EntityIdentifier) => string
  /** The entity that a token names. */
  readonly parse: (text: string) => Option.Option<EntityIdentifier>
  readonly hashNames: { readonly [F in HashFunction]: string }
  /** Name and value of the header that carries the token of a response. */
  readonly answerHeader: (token: string) => readonly [name: string, value: string]
  /** The token of a response; names of headers are in lower case. */
  readonly answerToken: (headers: { readonly [name: string]: string | undefined }) => string | undefined
  /** None where the claims are incomplete, of other types, or of another dialect. */
  readonly readRequest: (json: unknown) => Option.Option<RequestClaims>
  readonly readResponse: (json: unknown) => Option.Option<AnyResponseClaims>
  readonly writeRequest: (claims: RequestClaims) => object
  readonly writeResponse: (claims: ResponseClaims & { readonly cty: string }) => object
}

/**
 * The token in a header of that scheme, in any case. None where anything else stands there, or beside it.
 *
 * @see https://www.rfc-editor.org/rfc/rfc9110#name-authorization
 * @since 0.1.0
 * @category conversions
 */
export const credentials = (scheme: string, header: string | undefined): string | undefined => {
  const [, named, token] = /^([\w-]+) +([^ ]+)$/.exec(header ?? "") ?? []
  return named?.toLowerCase() === scheme.toLowerCase() ? token : undefined
}

/**
 * The dialect of "Tokens".
 *
 * @see docs/protocol.md "Tokens"
 * @since 0.1.0
 * @category models
 */
export const current: Dialect = {
  scheme: Claims.scheme,
  platform: Claims.platform,
  contentType: Claims.joseContentType,
  maximumLifetime: Claims.maximumLifetime,
  // the only one that every official SDK can decrypt
  answerAlgorithm: "RSA-OAEP",
  keyIdOptional: false,
  namesSubject: true,
  signsStatus: true,
  spell: (entity) => entity,
  parse: Schema.decodeUnknownOption(EntityIdentifier),
  hashNames: { S256: "S256", S384: "S384", S512: "S512" },
  answerHeader: (token) => [Claims.tokenHeader, token],
  answerToken: (headers) => headers[Claims.tokenHeader],
  readRequest: Schema.decodeUnknownOption(Claims.RequestClaims),
  readResponse: Schema.decodeUnknownOption(Claims.ResponseClaims),
  writeRequest: (claims) => claims,
  writeResponse: (claims) => claims
}

const earlyTypes: { readonly [type: string]: string } = { org: "organization", svc: "service" }

/**
 * Ten digits: what an entity was called before it had a UUID.
 *
 * @since 0.1.0
 * @category guards
 */
export const isEarlyKey = (text: string): boolean => /^[0-9]{10}$/.test(text)

/**
 * Whether an entity could sign in the early authorization: organizations and services.
 *
 * @since 0.1.0
 * @category guards
 */
export const hasEarlyName = (entity: EntityIdentifier): boolean => earlyTypes[typeOf(entity)] !== undefined

const readEarlyRequest = Schema.decodeUnknownOption(Claims.EarlyRequestClaims)
const readEarlyResponse = Schema.decodeUnknownOption(Claims.EarlyResponseClaims)

/**
 * The early authorization among these entities, by their keys of ten digits. Organizations and services alone; a key of
 * another form, or for another kind, names nobody.
 *
 * @see docs/protocol.md "The early authorization"
 * @since 0.1.0
 * @category constructors
 */
export const early = (keys: ReadonlyMap<string, EntityIdentifier>): Dialect => {
  const named = [...keys].flatMap(([key, entity]) => {
    const type = earlyTypes[typeOf(entity)]
    return type === undefined || !isEarlyKey(key) ? [] : [[entity, `${type}:${key}`] as const]
  })
  const names = new Map(named)
  const entities = new Map<string, EntityIdentifier>(named.map(([entity, name]) => [name, entity]))
  return {
    ...Claims.early,
    answerAlgorithm: "RSA-OAEP-256",
    keyIdOptional: true,
    namesSubject: false,
    signsStatus: false,
    spell: (entity) => names.get(entity) ?? entity,
    parse: (text) => Option.fromNullable(entities.get(text)),
    hashNames: { S256: "SHA256", S384: "SHA384", S512: "SHA512" },
    answerHeader: (token) => ["authorization", `${Claims.early.scheme} ${token}`],
    answerToken: ({ authorization }) => credentials(Claims.early.scheme, authorization),
    readRequest: (json) =>
      Option.map(readEarlyRequest(json), ({ Method, Path, ...claims }) => ({
        ...registered(claims),
        request: { meth: Method, path: Path, ...hashFacts(claims) }
      })),
    readResponse: (json) =>
      Option.map(readEarlyResponse(json), (claims) => ({
        ...registered(claims),
        sub: Claims.audienceOf(claims.aud),
        response: hashFacts(claims)
      })),
    writeRequest: ({ request, ...claims }) => ({
      ...registered(claims),
      Method: request.meth,
      Path: request.path,
      ...flatHash(request)
    }),
    writeResponse: ({ response, ...claims }) => ({ ...registered(claims), cty: claims.cty, ...flatHash(response) })
  }
}

const registered = ({ aud, exp, iat, iss, jti, nbf }: Omit<RequestClaims, "request">) => ({
  jti,
  iss,
  aud,
  iat,
  nbf,
  exp
})

const hashFacts = (
  claims: { readonly "Content-Hash"?: string | undefined; readonly "Content-Hash-Alg"?: string | undefined }
) => ({ hash: claims["Content-Hash"], func: claims["Content-Hash-Alg"] })

// what is undefined is left out of JSON
const flatHash = ({ func, hash }: { readonly hash?: string | undefined; readonly func?: string | undefined }) => ({
  "Content-Hash-Alg": func,
  "Content-Hash": hash
})
