/**
 * The platform's half of the sealing: an `HttpApp` of plain JSON becomes one that opens every request and seals every
 * answer, errors and unknown routes included. The public endpoints and linking pass through as they are.
 *
 * @see docs/protocol.md "Verification"
 * @since 0.1.0
 */
import { isPlain, routeOf } from "@effect-launchkey/core/Api"
import { Wire } from "@effect-launchkey/core/api/ErrorWire"
import { statusCode, table, type WireError } from "@effect-launchkey/core/ApiError"
import type { EntityIdentifier } from "@effect-launchkey/core/EntityIdentifier"
import type { KeyId } from "@effect-launchkey/core/KeyId"
import { StoreUnavailable } from "@effect-launchkey/core/StoreUnavailable"
import * as Body from "@effect-launchkey/transport/Body"
import * as Claims from "@effect-launchkey/transport/Claims"
import * as Dialect from "@effect-launchkey/transport/Dialect"
import * as Envelope from "@effect-launchkey/transport/Envelope"
import * as Jose from "@effect-launchkey/transport/Jose"
import { otherOperation } from "@effect-launchkey/transport/Metrics"
import { Refusal } from "@effect-launchkey/transport/Rejection"
import * as Tracing from "@effect-launchkey/transport/Tracing"
import type * as HttpApp from "@effect/platform/HttpApp"
import type * as HttpMethod from "@effect/platform/HttpMethod"
import * as HttpServerError from "@effect/platform/HttpServerError"
import * as HttpServerRequest from "@effect/platform/HttpServerRequest"
import * as HttpServerResponse from "@effect/platform/HttpServerResponse"
import * as Cause from "effect/Cause"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Metric from "effect/Metric"
import * as Option from "effect/Option"
import * as Predicate from "effect/Predicate"
import * as Schema from "effect/Schema"
import * as Caller from "./Caller.ts"
import * as PlainRequest from "./internal/plainRequest.ts"
import * as Metrics from "./Metrics.ts"
import * as Permissions from "./Permissions.ts"
import * as PlatformKeys from "./PlatformKeys.ts"
import * as PlatformSettings from "./PlatformSettings.ts"
import { Unavailable, unavailableStatus } from "./ServedApi.ts"
import * as Store from "./Store.ts"

interface Answer {
  readonly status: number
  readonly body: Uint8Array | undefined
  /** A stream, which cannot be sealed: it goes out as it is, and holds nothing that anyone has to believe. */
  readonly stream?: HttpServerResponse.HttpServerResponse
}

const utf8 = { encoder: new TextEncoder(), decoder: new TextDecoder("utf-8", { fatal: true }) }

const errorAnswer = (status: number, code: string, detail: string): Answer => ({
  status,
  body: utf8.encoder.encode(JSON.stringify({ error_code: code, error_detail: detail } satisfies WireError))
})

const invalidRoute = errorAnswer(
  table.InvalidRoute.status,
  table.InvalidRoute.codes[0],
  "the platform has no such path or method"
)

const unreadable = errorAnswer(
  table.InvalidParameters.status,
  table.InvalidParameters.codes[0],
  "the body is not a JSON object, encrypted to the platform's key"
)

const forbidden = errorAnswer(table.Forbidden.status, statusCode(table.Forbidden.status), "not permitted")

/** One text for every reason: which it was is the platform's own affair. */
const unauthorized = errorAnswer(
  table.Unauthorized.status,
  statusCode(table.Unauthorized.status),
  "the request's signature, key or time was not accepted"
)

/** To a sender who was recognised, and cannot be answered in confidence. */
const unaddressable = errorAnswer(
  table.Unauthorized.status,
  statusCode(table.Unauthorized.status),
  "the issuer has no active key that an answer may be encrypted to; add one of type BOTH or ENCRYPTION"
)

const readRateLimited = Schema.decodeUnknownOption(Schema.parseJson(Wire.RateLimited))

/** What a 429 says in the data of its body, where HTTP looks for it: rounded up, in seconds. */
const retryAfter = ({ body, status }: Answer): Readonly<Record<string, string>> =>
  status !== table.RateLimited.status || body === undefined
    ? {}
    : Option.match(Option.flatMap(readRateLimited(utf8.decoder.decode(body)), ({ retryAfter }) => retryAfter), {
      onNone: () => ({}),
      onSome: (after) => ({ "retry-after": String(Math.ceil(Duration.toSeconds(after))) })
    })

const failed = errorAnswer(500, statusCode(500), "the platform failed")

/** What a request is answered that the store was needed for. */
const unavailable = {
  status: unavailableStatus,
  body: utf8.encoder.encode(
    JSON.stringify(Schema.encodeSync(Unavailable)(new StoreUnavailable({ operation: "SealedHttpApp" })))
  )
} satisfies Answer

/** What a request is answered that the plain app ended without an answer of its own. */
const answerTo = (cause: Cause.Cause<unknown>): Effect.Effect<Answer> => {
  const failure = Cause.squash(cause)
  if (Predicate.isTagged(failure, "RouteNotFound")) return Effect.succeed(invalidRoute)
  // The derived routes die of a body that is missing.
  if (HttpServerError.isServerError(failure) && failure._tag === "RequestError") return Effect.succeed(unreadable)
  // Whoever asked has gone.
  return Cause.isInterruptedOnly(cause)
    ? Effect.succeed(failed)
    : Effect.as(Effect.logError("A request failed", cause), failed)
}

/** Read strictly, so that no reader before or behind the platform can have understood something else. */
const jsonObject = (plaintext: Uint8Array): Option.Option<unknown> =>
  Option.filter(Either.getRight(Body.json(plaintext)), Predicate.isRecord)

const bodiless: ReadonlyArray<string> = ["GET", "HEAD"]

/** @see https://www.rfc-editor.org/rfc/rfc9112#section-6.3 */
const hasNoBody = ({ headers, method, source }: HttpServerRequest.HttpServerRequest): boolean =>
  // A Web request without a body has no stream either, which is no fault of it.
  source instanceof Request
    ? source.body === null
    : bodiless.includes(method) && headers["content-length"] === undefined && headers["transfer-encoding"] === undefined

/** Counted, timed and traced by its endpoint. */
const observed = <E, R>(
  request: HttpServerRequest.HttpServerRequest,
  path: string,
  app: Effect.Effect<HttpServerResponse.HttpServerResponse, E, R>
) => {
  const route = routeOf(request.method, path)
  const operation = route === undefined ? otherOperation : `${route.method} ${route.template}`
  const counted = Effect.flatMap(
    Clock.currentTimeMillis,
    (started) =>
      Effect.tap(
        app,
        ({ status }) =>
          Effect.flatMap(Clock.currentTimeMillis, (now) =>
            Metric.update(Metrics.duration.of({ operation }), Math.max(0, now - started) / 1000).pipe(
              Effect.zipRight(Metric.increment(Metrics.requests.of({ operation, status: `${status}` }))),
              Effect.zipRight(Tracing.annotated({ "http.response.status_code": status }))
            ))
      )
  )
  return Tracing.traced("SealedHttpApp.answer", () => ({
    kind: "server",
    parent: Option.getOrUndefined(Tracing.fromHeaders(request.headers)),
    attributes: {
      "http.request.method": route?.method ?? "_OTHER",
      ...(route === undefined ? {} : { "http.route": route.template })
    }
  }))(counted)
}

/** How many imported keys of callers are kept. */
const importedKeys = 4096

/**
 * @since 0.1.0
 * @category constructors
 */
export const make = <E>(app: HttpApp.Default<E>) =>
  Effect.gen(function*() {
    const jose = yield* Jose.Jose
    const permissions = yield* Permissions.make
    const store = yield* Store.Store
    const platform = yield* PlatformKeys.PlatformKeys
    const { earlyKeys } = yield* PlatformSettings.PlatformSettings
    const early = earlyKeys.size === 0 ? Option.none() : Option.some(Dialect.early(earlyKeys))
    const imported = new Map<string, Jose.PublicKey>()
    // A key was imported before it was stored.
    const importKey = (pem: string) =>
      Effect.map(Effect.orDie(jose.importPublicKey(pem)), (key) => {
        const [oldest] = imported.keys()
        if (imported.size >= importedKeys && oldest !== undefined) imported.delete(oldest)
        imported.set(pem, key)
        return key
      })
    const publicKey = (pem: string): Effect.Effect<Jose.PublicKey> =>
      Effect.suspend(() => {
        const key = imported.get(pem)
        return key === undefined ? importKey(pem) : Effect.succeed(key)
      })

    /** As the scheme says; what is of no dialect that is spoken here is read as today's, and refused as such. */
    const dialectOf = (authorization: string | undefined): Dialect.Dialect =>
      Option.getOrElse(
        Option.filter(early, ({ scheme }) => Dialect.credentials(scheme, authorization) !== undefined),
        () => Dialect.current
      )

    const seconds = Effect.map(DateTime.now, (now) => DateTime.toEpochMillis(now) / 1000)

    /** Runs the plain app on plain JSON. */
    const run = (
      method: HttpMethod.HttpMethod,
      url: string,
      plaintext: Option.Option<Uint8Array>,
      caller: Option.Option<Caller.Verified>
    ): Effect.Effect<Answer, never, HttpServerRequest.HttpServerRequest> => {
      const body = Option.flatMap(plaintext, jsonObject)
      if (Option.isSome(plaintext) && (Option.isNone(body) || bodiless.includes(method))) {
        return Effect.succeed(routeOf(method, url) === undefined ? invalidRoute : unreadable)
      }
      return Option.match(PlainRequest.make(method, url, body), {
        onNone: () => Effect.succeed(invalidRoute),
        onSome: (request) =>
          app.pipe(
            // At once, since each time that a fiber is given something costs a dozen of its steps.
            Effect.provide(
              Context.make(HttpServerRequest.HttpServerRequest, request).pipe(Context.add(Caller.Caller, caller))
            ),
            Effect.map((response): Answer => {
              const { body, status } = response
              return body._tag === "Stream"
                ? { status, body: undefined, stream: response }
                : { status, body: body._tag === "Uint8Array" ? body.body : undefined }
            }),
            Effect.catchAllCause(answerTo)
          )
      })
    }

    const plainAnswer = (answer: Answer) =>
      answer.body === undefined
        ? HttpServerResponse.empty({ status: answer.status })
        : HttpServerResponse.uint8Array(answer.body, {
          status: answer.status,
          headers: retryAfter(answer),
          contentType: "application/json"
        })

    const sealedAnswer = Effect.fnUntraced(function*(
      answer: Answer,
      dialect: Dialect.Dialect,
      to: {
        readonly audience: string
        readonly subject: string | undefined
        readonly tokenId: string
        readonly recipient: Jose.PublicKey | undefined
      }
    ) {
      const sealed = yield* Envelope.sealResponse({
        ...to,
        keyring: platform.keyring,
        dialect,
        status: answer.status,
        now: yield* seconds,
        body: answer.body === undefined ? undefined : { plaintext: answer.body, recipient: to.recipient }
      })
      const [name, value] = sealed.header
      const headers = { [name]: value, ...retryAfter(answer) }
      return sealed.body === undefined
        ? HttpServerResponse.empty({ status: answer.status, headers })
        : HttpServerResponse.uint8Array(sealed.body, {
          status: answer.status,
          headers,
          contentType: to.recipient === undefined ? "application/json" : dialect.contentType
        })
    })

    const encryptionKey = (issuer: Option.Option<EntityIdentifier>, signedWith: Envelope.Sender["signingKeyId"]) =>
      Option.match(issuer, {
        onNone: () => Effect.succeed(undefined),
        onSome: (entity) =>
          Effect.flatMap(permissions.encryptionKey(entity, signedWith), (key) =>
            Option.isSome(key) ? publicKey(key.value.pem) : Effect.succeed(undefined))
      })

    /** An answer to a request that was opened, or at least verified. */
    const addressed = Effect.fnUntraced(function*(
      answer: Answer,
      dialect: Dialect.Dialect,
      to: Envelope.Sender
    ) {
      const tokens = { audience: to.issuer, subject: to.subject, tokenId: to.tokenId, recipient: undefined }
      const found = answer.body === undefined
        ? undefined
        : yield* Effect.either(encryptionKey(dialect.parse(to.issuer), to.signingKeyId))
      if (found?._tag === "Left") {
        yield* Effect.logError("An answer could not be addressed", Cause.fail(found.left))
        return yield* sealedAnswer(unavailable, dialect, tokens)
      }
      const recipient = found?.right
      return answer.body !== undefined && recipient === undefined
        ? yield* sealedAnswer(unaddressable, dialect, tokens)
        : yield* sealedAnswer(answer, dialect, { ...tokens, recipient })
    })

    /**
     * A 401, or a 503, to a stranger. It repeats what the request says of itself, unverified, only where that has the form
     * of an entity and of an id: the platform's key signs no text of a stranger's choosing.
     */
    const refused = (authorization: string | undefined, dialect: Dialect.Dialect, answer: Answer) =>
      Effect.gen(function*() {
        const claims = Option.filter(
          yield* Effect.option(Envelope.unverifiedRequestClaims(authorization, dialect)),
          ({ iss, jti, sub }) =>
            [iss, sub ?? iss].every((entity) =>
              Option.isSome(dialect.parse(entity))
            ) && /^[\w-]{1,64}$/.test(jti)
        )
        if (Option.isNone(claims)) return plainAnswer(answer)
        const { iss, jti, sub } = claims.value
        return yield* sealedAnswer(answer, dialect, {
          audience: iss,
          subject: sub ?? iss,
          tokenId: jti,
          recipient: undefined
        })
      })

    const readBody = (request: HttpServerRequest.HttpServerRequest) =>
      hasNoBody(request)
        ? Effect.succeed(new Uint8Array(0))
        : Body.collect(request.stream, Claims.maximumBodyLength.message).pipe(
          Effect.catchTag("RequestError", () => Effect.fail(new Refusal({ reason: "BodyMalformed" })))
        )

    const open = Effect.fnUntraced(function*(
      request: HttpServerRequest.HttpServerRequest,
      authorization: string | undefined,
      dialect: Dialect.Dialect
    ) {
      const signingKey = (issuer: string, keyId: Option.Option<KeyId>) => {
        const unknown = Effect.suspend(() => new Refusal({ reason: "KeyUnknown" }))
        return Option.match(dialect.parse(issuer), {
          onNone: () => unknown,
          onSome: (entity) =>
            Effect.flatMap(permissions.signingKey(entity, keyId), (key) =>
              Option.isSome(key) ? publicKey(key.value.pem) : unknown)
        })
      }

      return yield* Envelope.openRequest({
        keyring: platform.keyring,
        authorization,
        method: request.method,
        path: request.url,
        body: yield* readBody(request),
        now: yield* seconds,
        leeway: Claims.leeway.default,
        dialect,
        findKey: (issuer, keyId) =>
          signingKey(issuer, Option.some(keyId)),
        presumedKey: (issuer) => signingKey(issuer, Option.none()),
        firstSeen: (token) => store.firstSeen({ ...token, issuer: token.issuer.toLowerCase() }),
        mayActFor: (issuer, subject) =>
          Option.match(Option.all([dialect.parse(issuer), dialect.parse(subject)]), {
            onNone: () => Effect.succeed(false),
            onSome: ([from, to]) => permissions.mayActFor(from, to)
          })
      })
    })

    const sealed = Effect.gen(function*() {
      const request = yield* HttpServerRequest.HttpServerRequest
      const authorization = request.headers.authorization
      const dialect = dialectOf(authorization)
      const opened = yield* Effect.either(open(request, authorization, dialect))
      if (opened._tag === "Left") {
        const refusal = opened.left
        if (refusal._tag === "StoreUnavailable") {
          yield* Effect.logError("A request could not be opened", Cause.fail(refusal))
          return yield* refused(authorization, dialect, unavailable)
        }
        yield* Effect.annotateLogs(Effect.logDebug("A request was refused"), "reason", refusal.reason)
        yield* Metric.increment(Metrics.refusals.of({ reason: refusal.reason }))
        yield* Tracing.annotated({ reason: refusal.reason })
        return refusal._tag === "Refusal"
          ? yield* refused(authorization, dialect, unauthorized)
          : yield* addressed(refusal.reason === "NotPermitted" ? forbidden : unreadable, dialect, refusal.sender)
      }
      const { body, issuer, signingKeyId, subject } = opened.right
      const caller = Option.all({
        issuer: dialect.parse(issuer),
        subject: dialect.parse(subject),
        signingKeyId: Option.some(signingKeyId)
      })
      const answer = yield* run(request.method, request.url, body, caller)
      return answer.stream ?? (yield* addressed(answer, dialect, opened.right))
    })

    const plain = Effect.gen(function*() {
      const request = yield* HttpServerRequest.HttpServerRequest
      const body = yield* Effect.option(readBody(request))
      if (Option.isNone(body)) {
        return plainAnswer(unreadable)
      }
      if (body.value.length > 0) {
        return plainAnswer(yield* run(request.method, request.url, Option.some(body.value), Option.none()))
      }
      // The answers of the public endpoints have headers of their own.
      return yield* Effect.catchAllCause(app, (cause) => Effect.map(answerTo(cause), plainAnswer))
    })

    const served: HttpApp.Default<E> = Effect.flatMap(HttpServerRequest.HttpServerRequest, (request) => {
      const path = request.url.split("?", 1)[0] ?? ""
      return observed(request, path, isPlain(path) ? plain : Effect.provideService(sealed, Jose.Jose, jose))
    })
    return served
  })
