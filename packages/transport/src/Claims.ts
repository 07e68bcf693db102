/**
 * What the signed tokens say: the names of the protocol's headers and claims, and the claims' shapes.
 *
 * @see docs/protocol.md "Tokens"
 * @see https://www.rfc-editor.org/rfc/rfc7519
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"

/**
 * The platform's name in tokens: audience of requests, issuer of responses and webhooks.
 *
 * @since 0.1.0
 * @category models
 */
export const platform = "lka"

/**
 * Audience of a 401 whose request could not be attributed to an issuer.
 *
 * @since 0.1.0
 * @category models
 */
export const publicAudience = "public"

/**
 * Scheme of the `Authorization` header of a signed request.
 *
 * @see https://www.rfc-editor.org/rfc/rfc9110#name-authorization
 * @since 0.1.0
 * @category models
 */
export const scheme = "IOV-JWT"

/**
 * Header that carries the token of a response or webhook.
 *
 * @since 0.1.0
 * @category models
 */
export const tokenHeader = "x-iov-jwt"

/**
 * Content type of an encrypted body.
 *
 * @since 0.1.0
 * @category models
 */
export const joseContentType = "application/jose"

/**
 * How long a token may be used: seconds from its `iat` to its `exp`.
 *
 * @since 0.1.0
 * @category models
 */
export const lifetime = 5

/**
 * The longest lifetime that a request may claim, seconds.
 *
 * @since 0.1.0
 * @category models
 */
export const maximumLifetime = 60

/**
 * Tolerance for the clocks' difference where none is configured, and the most that may be configured: seconds.
 *
 * @since 0.1.0
 * @category models
 */
export const leeway = { default: 5, maximum: 30 } as const

/**
 * Longest token that is looked at, characters.
 *
 * @since 0.1.0
 * @category models
 */
export const maximumTokenLength = 8192

/**
 * Longest body that is read, bytes: of a request or response, and of a webhook.
 *
 * @since 0.1.0
 * @category models
 */
export const maximumBodyLength = { message: 1024 * 1024, webhook: 256 * 1024 } as const

/** RFC 7519 allows a NumericDate to be a fraction; this protocol's peers do not, and a text is never one. */
const NumericDate = Schema.Int

/** A single text, or an array of exactly one. */
const Audience = Schema.Union(Schema.String, Schema.Tuple(Schema.String))

const registered = {
  iss: Schema.String,
  aud: Audience,
  jti: Schema.String.pipe(Schema.minLength(1), Schema.maxLength(256)),
  iat: NumericDate,
  nbf: NumericDate,
  exp: NumericDate
}

/** Members of the other dialect, which a token must not have as well: it would say two things. */
const absent = Schema.optionalWith(Schema.Never, { exact: true })

const contentHash = {
  hash: Schema.optional(Schema.String),
  func: Schema.optional(Schema.String)
}

/**
 * What a token says of the HTTP request that it belongs to. `hash` and `func` are present exactly when there is a body.
 *
 * @since 0.1.0
 * @category schemas
 */
export const RequestFacts = Schema.Struct({ meth: Schema.String, path: Schema.String, ...contentHash })

/**
 * What a token says of the HTTP response that it belongs to.
 *
 * @since 0.1.0
 * @category schemas
 */
export const ResponseFacts = Schema.Struct({
  status: Schema.Int,
  location: Schema.optional(Schema.String),
  cache: Schema.optional(Schema.String),
  ...contentHash
})

/**
 * Claims of a request. `sub` may be absent where it equals `iss`. Other members are ignored.
 *
 * @since 0.1.0
 * @category schemas
 */
export const RequestClaims = Schema.Struct({
  ...registered,
  sub: Schema.optional(Schema.String),
  request: RequestFacts
})

/**
 * Claims of a response. `sub` may be absent in a 401 alone.
 *
 * @since 0.1.0
 * @category schemas
 */
export const ResponseClaims = Schema.Struct({
  ...registered,
  sub: Schema.optional(Schema.String),
  response: ResponseFacts
})

/**
 * Claims of a webhook: a request by the platform, so a token that speaks of a response is none.
 *
 * @since 0.1.0
 * @category schemas
 */
export const WebhookClaims = Schema.Struct({
  ...registered,
  sub: Schema.String,
  request: RequestFacts,
  response: absent
})

/**
 * What the early authorization had of all this: its names, and how long a request might claim to last, in seconds.
 *
 * @see docs/protocol.md "The early authorization"
 * @since 0.1.0
 * @category models
 */
export const early = {
  scheme: "Bearer",
  platform: "application:1000000000",
  contentType: "application/jwe",
  maximumLifetime: 300
} as const

const earlyContentHash = {
  "Content-Hash": Schema.optional(Schema.String),
  "Content-Hash-Alg": Schema.optional(Schema.String)
}

/**
 * Claims of a request in the early authorization. It is about its issuer, so there is no `sub`.
 *
 * @see docs/protocol.md "The early authorization"
 * @since 0.1.0
 * @category schemas
 */
export const EarlyRequestClaims = Schema.Struct({
  ...registered,
  Method: Schema.String,
  Path: Schema.String,
  ...earlyContentHash,
  sub: absent,
  request: absent,
  response: absent
})

/**
 * Claims of a response in the early authorization: nothing of its status.
 *
 * @see docs/protocol.md "The early authorization"
 * @since 0.1.0
 * @category schemas
 */
export const EarlyResponseClaims = Schema.Struct({
  ...registered,
  ...earlyContentHash,
  sub: absent,
  request: absent,
  response: absent
})

/**
 * The one audience of a token.
 *
 * @since 0.1.0
 * @category conversions
 */
export const audienceOf = (aud: typeof Audience.Type): string => typeof aud === "string" ? aud : aud[0]
