/**
 * Whole messages, sealed and opened: requests, responses and webhooks, both directions in one place, so that the two
 * sides cannot disagree.
 *
 * Every check is one statement, numbered as in docs/protocol.md "Verification" and made in that order: what a check
 * needs was verified by the ones before it.
 *
 * @see docs/protocol.md "Verification"
 * @since 0.1.0
 */
import type { EntityIdentifier } from "@effect-launchkey/core/EntityIdentifier"
import type { KeyId } from "@effect-launchkey/core/KeyId"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import * as Claims from "./Claims.ts"
import * as ContentHash from "./ContentHash.ts"
import * as Dialect from "./Dialect.ts"
import {
  check,
  checkHash,
  checkTimes,
  decryptBody,
  hashed,
  parseToken,
  readClaims,
  verified
} from "./internal/checks.ts"
import * as Jose from "./Jose.ts"
import type * as Keyring from "./Keyring.ts"
import { Refusal, type RejectionReason } from "./Rejection.ts"

/**
 * A public key by its id, asked for only after the id's form was checked.
 *
 * @since 0.1.0
 * @category models
 */
export type FindKey<E = never> = (keyId: KeyId) => Effect.Effect<Jose.PublicKey, Refusal | E>

/**
 * Now, as the platform sees it: seconds since the epoch, with a fraction.
 *
 * @since 0.1.0
 * @category models
 */
export type Seconds = number

const readWebhook = Schema.decodeUnknownOption(Claims.WebhookClaims)
const readIssuer = Schema.decodeUnknownOption(Schema.Struct({ iss: Schema.String }))

const latin1 = new TextDecoder("latin1")
const utf8 = new TextEncoder()

/**
 * @since 0.1.0
 * @category models
 */
export interface SealRequestOptions {
  readonly keyring: Keyring.Service
  readonly issuer: EntityIdentifier
  readonly subject: EntityIdentifier
  /** Upper case. */
  readonly method: string
  /** Of the endpoint alone: no base URL, no prefix of it, no query. */
  readonly path: string
  readonly now: Seconds
  /** The JSON, and the platform's current key to encrypt it to. */
  readonly body?: { readonly plaintext: Uint8Array; readonly recipient: Jose.PublicKey } | undefined
  /** Default `RSA-OAEP-256`. */
  readonly keyEncryptionAlgorithm?: Jose.KeyEncryptionAlgorithm | undefined
  /** Default `S256`. */
  readonly hashFunction?: ContentHash.HashFunction | undefined
  /** Default {@link Dialect.current}. Where it names no subject, the request is about its issuer. */
  readonly dialect?: Dialect.Dialect | undefined
  /** The platform's name. Default the dialect's. */
  readonly platform?: string | undefined
  /** For how long the request may be used. Default 5. */
  readonly lifetime?: Seconds | undefined
}

/**
 * @since 0.1.0
 * @category models
 */
export interface SealedRequest {
  /** Value of the `Authorization` header. */
  readonly authorization: string
  /** `jti`, which the response must echo. */
  readonly tokenId: string
  readonly body: Uint8Array | undefined
}

/**
 * Encrypts the body and signs what the request is, for the next five seconds.
 *
 * @since 0.1.0
 * @category constructors
 */
export const sealRequest = Effect.fnUntraced(function*(options: SealRequestOptions) {
  const jose = yield* Jose.Jose
  const dialect = options.dialect ?? Dialect.current
  const body = options.body === undefined ? undefined : utf8.encode(
    yield* jose.encrypt({
      plaintext: options.body.plaintext,
      key: options.body.recipient,
      algorithm: options.keyEncryptionAlgorithm,
      contentType: "application/json"
    })
  )
  const tokenId = yield* jose.randomUuid
  const iat = Math.floor(options.now)
  const token = yield* options.keyring.sign(JSON.stringify(dialect.writeRequest({
    jti: tokenId,
    iss: dialect.spell(options.issuer),
    sub: dialect.spell(options.subject),
    aud: options.platform ?? dialect.platform,
    iat,
    nbf: iat,
    exp: iat + (options.lifetime ?? Claims.lifetime),
    request: {
      meth: options.method,
      path: options.path,
      ...(yield* hashed(body, options.hashFunction ?? ContentHash.defaultHashFunction, dialect))
    }
  })))
  const sealed: SealedRequest = { authorization: `${dialect.scheme} ${token}`, tokenId, body }
  return sealed
})

/**
 * @since 0.1.0
 * @category models
 */
export interface OpenRequestOptions<E1 = never, E2 = never, E3 = never> {
  readonly keyring: Keyring.Service
  /** Value of the `Authorization` header. */
  readonly authorization: string | undefined
  readonly method: string
  /** As it was sent, without any prefix that the platform is mounted under. */
  readonly path: string
  readonly body: Uint8Array
  readonly now: Seconds
  readonly leeway: Seconds
  /** Default {@link Dialect.current}. */
  readonly dialect?: Dialect.Dialect | undefined
  /** A key of this issuer that is active, unexpired and allowed to sign. */
  readonly findKey: (issuer: string, keyId: KeyId) => Effect.Effect<Jose.PublicKey, Refusal | E1>
  /** Such a key for a token that names none, where the dialect lets it. Default: it is refused. */
  readonly presumedKey?: ((issuer: string) => Effect.Effect<Jose.PublicKey, Refusal | E1>) | undefined
  /** Marks the token as seen; false when it was before. Remember it until `until`. */
  readonly firstSeen: (token: {
    readonly issuer: string
    readonly tokenId: string
    readonly until: Seconds
  }) => Effect.Effect<boolean, E2>
  /** Whether the issuer may act for the subject. */
  readonly mayActFor: (issuer: string, subject: string) => Effect.Effect<boolean, E3>
}

/**
 * Who sent a request, once its token was verified.
 *
 * @since 0.1.0
 * @category models
 */
export interface Sender {
  /** As the caller spelled it: an answer repeats the spelling. */
  readonly issuer: string
  /** As the caller spelled it. */
  readonly subject: string
  readonly tokenId: string
  /** The key that signed the request. */
  readonly signingKeyId: KeyId
}

/**
 * A request whose token was verified and that is refused all the same: its sender can be told so in a sealed answer.
 *
 * @since 0.1.0
 * @category errors
 */
export class VerifiedRefusal extends Data.TaggedError("VerifiedRefusal")<{
  readonly reason: RejectionReason
  readonly sender: Sender
}> {}

/**
 * @since 0.1.0
 * @category models
 */
export interface OpenedRequest extends Sender {
  /** The decrypted body; none where there was none. */
  readonly body: Option.Option<Uint8Array>
}

/**
 * The claims of a request before anything of it was verified: enough to address a refusal, and for nothing else.
 *
 * @since 0.1.0
 * @category constructors
 */
export const unverifiedRequestClaims = (
  authorization: string | undefined,
  dialect: Dialect.Dialect = Dialect.current
) =>
  parseToken(Dialect.credentials(dialect.scheme, authorization), dialect).pipe(
    Effect.flatMap((jws) => readClaims(jws.payload, dialect.readRequest))
  )

/**
 * Opens a request as the platform does.
 *
 * @since 0.1.0
 * @category constructors
 */
export const openRequest = Effect.fnUntraced(function*<E1, E2, E3>(options: OpenRequestOptions<E1, E2, E3>) {
  const dialect = options.dialect ?? Dialect.current
  const jws = yield* parseToken(Dialect.credentials(dialect.scheme, options.authorization), dialect)
  // The issuer is read before the signature only to choose the key that it must verify under.
  const { iss } = yield* readClaims(jws.payload, readIssuer)
  const { keyId, payload } = yield* verified(
    jws,
    (keyId) => options.findKey(iss, keyId),
    options.presumedKey?.(iss)
  )
  // 5. The claims are complete and of the right types, without duplicates.
  const claims = yield* readClaims(payload, dialect.readRequest)
  // 6. It is meant for the platform.
  yield* check(Claims.audienceOf(claims.aud) === dialect.platform, "AudienceMismatch")
  yield* checkTimes(claims, options.now, options.leeway)
  // 9. Nor would it last longer than a request may.
  yield* check(claims.exp - claims.iat <= dialect.maximumLifetime, "LifetimeTooLong")
  // 10. It was not used before.
  yield* check(
    yield* options.firstSeen({ issuer: iss, tokenId: claims.jti, until: claims.exp + options.leeway }),
    "Replayed"
  )
  // 11. It belongs to this method and path.
  yield* check(claims.request.meth === options.method, "MethodMismatch")
  yield* check(claims.request.path === options.path, "PathMismatch")
  yield* checkHash(claims.request, options.body, dialect)
  const sender: Sender = {
    issuer: iss,
    subject: claims.sub ?? iss,
    tokenId: claims.jti,
    signingKeyId: keyId
  }
  return yield* Effect.gen(function*() {
    // 14. The issuer may act for the subject.
    yield* check(yield* options.mayActFor(sender.issuer, sender.subject), "NotPermitted")
    const opened: OpenedRequest = {
      ...sender,
      body: options.body.length === 0 ? Option.none() : Option.some(yield* decryptBody(options.body, options.keyring))
    }
    return opened
  }).pipe(
    Effect.mapError((error) => error instanceof Refusal ? new VerifiedRefusal({ reason: error.reason, sender }) : error)
  )
})

/**
 * @since 0.1.0
 * @category models
 */
export interface SealResponseOptions {
  readonly keyring: Keyring.Service
  /** The issuer of the request, as it was spelled; `"public"` where it is not known. */
  readonly audience: string
  /** The subject of the request, as it was spelled. */
  readonly subject?: string | undefined
  /** `jti` of the request. */
  readonly tokenId: string
  readonly status: number
  readonly now: Seconds
  /** Without a recipient the bytes are sent as they are: for a 401 alone. */
  readonly body?: { readonly plaintext: Uint8Array; readonly recipient: Jose.PublicKey | undefined } | undefined
  /** Default {@link Dialect.current}. */
  readonly dialect?: Dialect.Dialect | undefined
  /** Default the dialect's: `RSA-OAEP`, the only one that every official SDK can decrypt. */
  readonly keyEncryptionAlgorithm?: Jose.KeyEncryptionAlgorithm | undefined
  /** Value of a `Location` header that is sent along. */
  readonly location?: string | undefined
  /** Value of a `Cache-Control` header that is sent along. */
  readonly cacheControl?: string | undefined
}

/**
 * @since 0.1.0
 * @category models
 */
export interface SealedResponse {
  readonly token: string
  /** Name and value of the header that carries the token. */
  readonly header: readonly [name: string, value: string]
  readonly body: Uint8Array | undefined
}

/**
 * Encrypts the body to a key of the caller and signs what the response is.
 *
 * @since 0.1.0
 * @category constructors
 */
export const sealResponse = Effect.fnUntraced(function*(options: SealResponseOptions) {
  const jose = yield* Jose.Jose
  const dialect = options.dialect ?? Dialect.current
  const body = options.body?.recipient === undefined ? options.body?.plaintext : utf8.encode(
    yield* jose.encrypt({
      plaintext: options.body.plaintext,
      key: options.body.recipient,
      algorithm: options.keyEncryptionAlgorithm ?? dialect.answerAlgorithm,
      contentType: "application/json"
    })
  )
  const iat = Math.floor(options.now)
  const token = yield* options.keyring.sign(
    JSON.stringify(dialect.writeResponse({
      aud: options.audience,
      iss: dialect.platform,
      cty: "application/json",
      nbf: iat,
      jti: options.tokenId,
      exp: iat + Claims.lifetime,
      iat,
      response: {
        status: options.status,
        ...(yield* hashed(body, ContentHash.defaultHashFunction, dialect)),
        ...(options.location === undefined ? {} : { location: options.location }),
        ...(options.cacheControl === undefined ? {} : { cache: options.cacheControl })
      },
      ...(options.subject === undefined ? {} : { sub: options.subject })
    })),
    { typ: "JWT" }
  )
  const sealed: SealedResponse = { token, header: dialect.answerHeader(token), body }
  return sealed
})

/**
 * @since 0.1.0
 * @category models
 */
export interface OpenResponseOptions<E = never> {
  readonly keyring: Keyring.Service
  /** Default {@link Dialect.current}. */
  readonly dialect?: Dialect.Dialect | undefined
  readonly findKey: FindKey<E>
  /** The platform's key for a token that names none, where the dialect lets it. Default: it is refused. */
  readonly presumedKey?: Effect.Effect<Jose.PublicKey, Refusal | E> | undefined
  /** The issuer and subject of the request that is answered, and its `jti`. */
  readonly issuer: EntityIdentifier
  readonly subject: EntityIdentifier
  readonly tokenId: string
  readonly status: number
  /** Names in lower case. */
  readonly headers: { readonly [name: string]: string | undefined }
  readonly body: Uint8Array
  readonly now: Seconds
  readonly leeway: Seconds
  /** The platform's name. Default the dialect's. */
  readonly platform?: string | undefined
}

/**
 * @since 0.1.0
 * @category models
 */
export interface OpenedResponse {
  /** False for a 401 or 5xx whose token was absent or refused: then nothing else of it is to be believed. */
  readonly authenticated: boolean
  /** The decrypted body, of a 401 as it was sent; none where there was none, or nothing is to be believed. */
  readonly body: Option.Option<Uint8Array>
}

const unauthenticated: OpenedResponse = { authenticated: false, body: Option.none() }

/**
 * Opens a response as the caller does.
 *
 * Below 500 every answer must carry a valid token, save a 401, which yields `authenticated: false` instead, since a
 * platform that did not recognise the caller may be unable to address it. From 500 on the token is verified where it
 * is present and not required.
 *
 * @since 0.1.0
 * @category constructors
 */
export const openResponse = <E>(
  options: OpenResponseOptions<E>
): Effect.Effect<OpenedResponse, Refusal | E> =>
  options.status === 401 || options.status >= 500
    ? Effect.orElseSucceed(openStrictly(options), () => unauthenticated)
    : openStrictly(options)

const openStrictly = Effect.fnUntraced(function*<E>(options: OpenResponseOptions<E>) {
  const dialect = options.dialect ?? Dialect.current
  const refused = options.status === 401
  const jws = yield* parseToken(dialect.answerToken(options.headers), dialect)
  const { payload } = yield* verified(jws, options.findKey, options.presumedKey)
  // 5. The claims are complete and of the right types, without duplicates.
  const claims = yield* readClaims(payload, dialect.readResponse)
  const audience = Claims.audienceOf(claims.aud)
  const issuer = dialect.spell(options.issuer)
  const subject = dialect.spell(options.subject)
  // 6. It comes from the platform and is meant for us, about the subject and in answer to the request that we sent.
  yield* check(claims.iss === (options.platform ?? dialect.platform), "IssuerMismatch")
  yield* check(audience === issuer || (refused && audience === Claims.publicAudience), "AudienceMismatch")
  // 7.
  yield* check(claims.sub === subject || (refused && claims.sub === undefined), "SubjectMismatch")
  // 8.
  yield* check(claims.jti === options.tokenId, "TokenIdMismatch")
  yield* checkTimes(claims, options.now, options.leeway)
  // 11. It belongs to this status, and to the headers that could send a client elsewhere or keep an answer.
  if (dialect.signsStatus) {
    yield* check(claims.response.status === options.status, "StatusMismatch")
    yield* check(claims.response.location === options.headers.location, "LocationMismatch")
    yield* check(claims.response.cache === options.headers["cache-control"], "CacheControlMismatch")
  }
  yield* checkHash(claims.response, options.body, dialect)
  const opened: OpenedResponse = {
    authenticated: true,
    body: options.body.length === 0
      ? Option.none()
      // A refusal of the caller itself is not encrypted: the platform may not know any key of the caller's.
      : Option.some(refused ? options.body : yield* decryptBody(options.body, options.keyring))
  }
  return opened
})

/**
 * @since 0.1.0
 * @category models
 */
export interface SealWebhookOptions {
  readonly keyring: Keyring.Service
  /** The issuer whose call led to the event. */
  readonly audience: EntityIdentifier
  /** The service or directory that the event is about. */
  readonly subject: EntityIdentifier
  /** Upper case. */
  readonly method: string
  /** Of the URL that is called, without its query. */
  readonly path: string
  readonly now: Seconds
  /** The JSON. Without a recipient it is sent as it is. */
  readonly body: { readonly plaintext: Uint8Array; readonly recipient: Jose.PublicKey | undefined }
  /** Default `RSA-OAEP`, the only one that every official SDK can decrypt. */
  readonly keyEncryptionAlgorithm?: Jose.KeyEncryptionAlgorithm | undefined
}

/**
 * @since 0.1.0
 * @category models
 */
export interface SealedWebhook {
  /** Value of the `X-IOV-JWT` header. */
  readonly token: string
  /** `jti`: another at every sealing. */
  readonly tokenId: string
  /** Exactly this, without parameters: one official SDK compares the whole text. */
  readonly contentType: string
  readonly body: Uint8Array
}

/**
 * Encrypts an event to a key of its receiver, and signs which request will bring it. Seal anew for each attempt.
 *
 * @since 0.1.0
 * @category constructors
 */
export const sealWebhook = Effect.fnUntraced(function*(options: SealWebhookOptions) {
  const jose = yield* Jose.Jose
  const { plaintext, recipient } = options.body
  const body = recipient === undefined ? plaintext : utf8.encode(
    yield* jose.encrypt({
      plaintext,
      key: recipient,
      algorithm: options.keyEncryptionAlgorithm ?? "RSA-OAEP",
      contentType: "application/json"
    })
  )
  const tokenId = yield* jose.randomUuid
  const iat = Math.floor(options.now)
  const token = yield* options.keyring.sign(
    JSON.stringify({
      aud: options.audience,
      iss: Claims.platform,
      cty: "application/json",
      nbf: iat,
      jti: tokenId,
      exp: iat + Claims.lifetime,
      iat,
      request: {
        meth: options.method,
        path: options.path,
        ...(yield* hashed(body, ContentHash.defaultHashFunction, Dialect.current))
      },
      sub: options.subject
    }),
    { typ: "JWT" }
  )
  const sealed: SealedWebhook = {
    token,
    tokenId,
    contentType: recipient === undefined ? "application/json" : Claims.joseContentType,
    body
  }
  return sealed
})

/**
 * @since 0.1.0
 * @category models
 */
export interface OpenWebhookOptions<E1 = never, E2 = never> {
  readonly keyring: Keyring.Service
  readonly findKey: FindKey<E1>
  /** Whose credentials created what is reported: the `aud` of the token. */
  readonly audience: EntityIdentifier
  /** The service or directory that the event is about. */
  readonly subject: EntityIdentifier
  readonly token: string | undefined
  readonly method: string
  /** As the platform called it: the external path behind a proxy. */
  readonly path: string
  readonly body: Uint8Array
  readonly now: Seconds
  readonly leeway: Seconds
  /**
   * Marks the token as seen; false when it was before. Remember it until `until`, after which it is refused for its age.
   * Asked once, and of a token that came with its own body: whoever has the token alone cannot use it up.
   */
  readonly firstSeen: (token: {
    readonly audience: EntityIdentifier
    readonly tokenId: string
    readonly until: Seconds
  }) => Effect.Effect<boolean, E2>
  /** The platform's name. Default `"lka"`. */
  readonly platform?: string | undefined
}

/**
 * @since 0.1.0
 * @category models
 */
export interface OpenedWebhook {
  readonly tokenId: string
  /** When it was sealed: seconds since the epoch, on its sender's clock. */
  readonly issued: number
  /** Whether the body was encrypted. */
  readonly encrypted: boolean
  /** The JSON. */
  readonly body: Uint8Array
  /** `S256` of `body`: the same for every sealing of it. */
  readonly digest: string
}

const root = (path: string) => path === "" ? "/" : path

const looksLikeJwe = (body: Uint8Array) =>
  body.length > 0 && body[0] !== 0x7b && !/^\s*\{/.test(latin1.decode(body.subarray(0, 16)))

/**
 * Opens a webhook as its receiver does.
 *
 * @since 0.1.0
 * @category constructors
 */
export const openWebhook = Effect.fnUntraced(function*<E1, E2>(options: OpenWebhookOptions<E1, E2>) {
  yield* check(options.body.length <= Claims.maximumBodyLength.webhook, "BodyTooLarge")
  const jws = yield* parseToken(options.token, Dialect.current)
  const { payload } = yield* verified(jws, options.findKey)
  // 5. The claims are complete and of the right types, without duplicates.
  const claims = yield* readClaims(payload, readWebhook)
  // 6. It comes from the platform and is meant for us, about the subject that we listen for.
  yield* check(claims.iss === (options.platform ?? Claims.platform), "IssuerMismatch")
  yield* check(Claims.audienceOf(claims.aud) === options.audience, "AudienceMismatch")
  // 7.
  yield* check(claims.sub === options.subject, "SubjectMismatch")
  yield* checkTimes(claims, options.now, options.leeway)
  // 9. Nor would it last longer than a request may.
  yield* check(claims.exp - claims.iat <= Claims.maximumLifetime, "LifetimeTooLong")
  // 11. It belongs to this method and path.
  yield* check(claims.request.meth === options.method, "MethodMismatch")
  yield* check(root(claims.request.path) === root(options.path), "PathMismatch")
  yield* checkHash(claims.request, options.body, Dialect.current)
  // 10. It was not used before: made here, where it is known that the token came with its body.
  yield* check(
    yield* options.firstSeen({
      audience: options.audience,
      tokenId: claims.jti,
      until: claims.exp + options.leeway
    }),
    "Replayed"
  )
  const encrypted = looksLikeJwe(options.body)
  const body = encrypted ? yield* decryptBody(options.body, options.keyring) : options.body
  const jose = yield* Jose.Jose
  const digest = yield* jose.digest("S256", body)
  const opened: OpenedWebhook = { tokenId: claims.jti, issued: claims.iat, encrypted, body, digest }
  return opened
})
