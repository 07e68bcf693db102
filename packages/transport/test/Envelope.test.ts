import { AuthorizationPackage, AuthorizationRequestId } from "@effect-launchkey/core/Authorization"
import type { EntityIdentifier } from "@effect-launchkey/core/EntityIdentifier"
import { KeyId } from "@effect-launchkey/core/KeyId"
import { assert, describe, it, layer } from "@effect/vitest"
import { Effect, Either, Encoding, Option, Ref, Schema } from "effect"
import * as Answer from "../src/Answer.ts"
import * as Envelope from "../src/Envelope.ts"
import * as Jose from "../src/Jose.ts"
import { Refusal, type RejectionReason } from "../src/Rejection.ts"
import * as forge from "./support/forge.ts"
import { bytes, text } from "./support/forge.ts"
import * as known from "./support/vectors.ts"
import { Known } from "./support/vectors.ts"

/** Remembers which keys were asked for. */
const recording = (find: Envelope.FindKey, asked: Array<string> = []) => ({
  asked,
  findKey: (keyId: KeyId) => {
    asked.push(keyId)
    return find(keyId)
  }
})

const lowerCase = (headers: { readonly [name: string]: string | undefined }) =>
  Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]))

const openResponseVector = Effect.fnUntraced(function*(vector: known.ResponseVector) {
  const keys = yield* Known
  const { asked, findKey } = recording(keys.findPlatformKey)
  const opening = Envelope.openResponse({
    keyring: keys.keyringOf(vector.expected_audience),
    findKey,
    issuer: vector.expected_audience,
    subject: vector.expected_subject,
    tokenId: vector.expected_jti,
    status: vector.status,
    headers: lowerCase(vector.headers),
    body: bytes(vector.body),
    now: known.now,
    leeway: 5
  })
  return { opening, asked }
})

const openWebhookVector = Effect.fnUntraced(function*(vector: known.WebhookVector) {
  const keys = yield* Known
  const { asked, findKey } = recording(keys.findPlatformKey)
  const seen = yield* Ref.make<ReadonlyArray<unknown>>([])
  const opening = Envelope.openWebhook({
    keyring: keys.keyringOf(vector.expected_audience),
    findKey,
    audience: vector.expected_audience,
    subject: vector.expected_subject,
    token: lowerCase(vector.headers)["x-iov-jwt"],
    method: vector.http_method,
    path: vector.http_path,
    body: bytes(vector.body),
    now: known.now,
    leeway: 5,
    firstSeen: (token) => Effect.as(Ref.update(seen, (all) => [...all, token]), true)
  })
  return { opening, asked, seen: Ref.get(seen) }
})

const openVectorsRequest = Effect.fnUntraced(function*(
  vector: Pick<known.RequestVector, "method" | "path" | "headers">,
  body: string | null | undefined,
  now: number
) {
  const keys = yield* Known
  return yield* Envelope.openRequest({
    keyring: keys.platform,
    authorization: vector.headers["Authorization"],
    method: vector.method,
    path: vector.path,
    body: bytes(body ?? ""),
    now,
    leeway: 5,
    findKey: (_, keyId) => keys.findCallerKey(keyId),
    firstSeen: () => Effect.succeed(true),
    mayActFor: () => Effect.succeed(true)
  })
})

const openAnswer = Effect.fnUntraced(function*(json: string, keyOwner: string) {
  const keys = yield* Known
  const relayed = Schema.decodeUnknownSync(Schema.parseJson(AuthorizationPackage))(json)
  return yield* Answer.open(relayed, keys.keyringOf(keyOwner), {
    authorizationRequestId: AuthorizationRequestId.make(known.entities.auth_request)
  })
})

/** The reason that the vector's prose amounts to. A vector without a row here fails its test. */
const responseReasons: { readonly [vector: string]: RejectionReason } = {
  bad_signature: "SignatureInvalid",
  alg_none: "AlgorithmNotAllowed",
  alg_hs256_with_public_key_as_secret: "AlgorithmNotAllowed",
  alg_ps256: "AlgorithmNotAllowed",
  embedded_jwk_of_attacker: "SignatureInvalid",
  unknown_kid: "KeyUnknown",
  kid_missing: "KeyIdInvalid",
  kid_path_traversal: "KeyIdInvalid",
  wrong_issuer: "IssuerMismatch",
  wrong_audience: "AudienceMismatch",
  wrong_subject: "SubjectMismatch",
  subject_missing: "SubjectMismatch",
  wrong_jti: "TokenIdMismatch",
  jti_missing: "ClaimsMalformed",
  expired_20s_ago: "Expired",
  expired_40s_ago: "Expired",
  not_before_20s_ahead: "NotYetValid",
  exp_missing: "ClaimsMalformed",
  times_as_strings: "ClaimsMalformed",
  no_response_object: "ClaimsMalformed",
  request_object_instead_of_response: "ClaimsMalformed",
  status_mismatch: "StatusMismatch",
  status_missing: "ClaimsMalformed",
  hash_mismatch: "HashMismatch",
  hash_uppercase_hex: "HashMismatch",
  hash_missing_with_body: "HashMissing",
  hash_func_unknown: "AlgorithmNotAllowed",
  hash_func_not_json_type: "AlgorithmNotAllowed",
  hash_present_without_body: "HashUnexpected",
  body_replaced: "HashMismatch",
  body_removed: "HashUnexpected",
  location_not_signed: "LocationMismatch",
  location_mismatch: "LocationMismatch",
  cache_control_not_signed: "CacheControlMismatch",
  plain_json_200: "BodyNotEncrypted",
  jwe_for_other_key: "DecryptionKeyUnknown",
  jwt_header_absent: "TokenMissing"
}

const webhookReasons: { readonly [vector: string]: RejectionReason } = {
  method_mismatch: "MethodMismatch",
  path_mismatch: "PathMismatch",
  body_tampered: "HashMismatch",
  hash_missing: "HashMissing",
  request_object_missing: "ClaimsMalformed",
  response_object_instead_of_request: "ClaimsMalformed",
  audience_of_other_service: "AudienceMismatch",
  subject_of_other_service: "SubjectMismatch",
  issuer_not_lka: "IssuerMismatch",
  stale_20s: "Expired",
  future_20s: "NotYetValid",
  jwt_header_absent: "TokenMissing",
  signed_by_unknown_key: "KeyUnknown",
  // of the answer inside: the message that relays it is sound
  device_auth_request_is_another: "AuthorizationRequestMismatch"
}

const lastSegment = (path: string) => path.slice(path.lastIndexOf("/") + 1)

layer(Known.layer)("the vectors", (it) => {
  describe("responses", () => {
    for (const vector of known.responses) {
      it.effect(vector.name, () =>
        Effect.gen(function*() {
          const { asked, opening } = yield* openResponseVector(vector)
          const opened = yield* opening
          assert.strictEqual(opened.authenticated, vector.jwt !== null)
          assert.strictEqual(
            Option.getOrUndefined(Option.map(opened.body, text)),
            vector.jwt === null ? undefined : vector.body_plaintext ?? undefined
          )
          if (vector.expect.fetches !== undefined) assert.deepStrictEqual(asked, [lastSegment(vector.expect.fetches)])
          if (vector.expect.error_code !== undefined) {
            const { error_code: code } = JSON.parse(text(Option.getOrThrow(opened.body))) as { error_code: string }
            assert.strictEqual(code, vector.expect.error_code)
          }
          if (vector.expect.device_response !== undefined) {
            const { expected } = known.deviceResponseNamed(vector.expect.device_response)
            const answer = yield* openAnswer(text(Option.getOrThrow(opened.body)), vector.expected_audience)
            assert.strictEqual(answer.authorized, expected.authorized)
          }
        }))
    }
  })

  describe("negative responses", () => {
    for (const vector of known.negativeResponses) {
      it.effect(vector.name, () =>
        Effect.gen(function*() {
          const { asked, opening } = yield* openResponseVector(vector)
          const refusal = yield* Effect.flip(opening)
          assert.instanceOf(refusal, Refusal)
          assert.strictEqual(refusal.reason, responseReasons[vector.name])
          // a text that is not a key id must never become part of a URL
          if (refusal.reason === "KeyIdInvalid") assert.deepStrictEqual(asked, [])
        }))
    }
  })

  describe("webhooks", () => {
    for (const vector of known.webhooks) {
      it.effect(vector.name, () =>
        Effect.gen(function*() {
          const { asked, opening } = yield* openWebhookVector(vector)
          const opened = yield* opening
          assert.strictEqual(text(opened.body), vector.body_plaintext)
          assert.strictEqual(opened.encrypted, vector.body_encryption !== null)
          if (vector.expect.fetches !== undefined) assert.deepStrictEqual(asked, [lastSegment(vector.expect.fetches)])
          if (vector.expect.device_response !== undefined) {
            const { expected } = known.deviceResponseNamed(vector.expect.device_response)
            const answer = yield* openAnswer(text(opened.body), vector.expected_audience)
            assert.strictEqual(answer.authorized, expected.authorized)
          }
        }))
    }

    it.effect("tell which token was seen, and until when to remember it", () =>
      Effect.gen(function*() {
        const vector = known.webhooks.find(({ name }) => name === known.replayCase.webhook)
        assert.isDefined(vector)
        const { opening, seen } = yield* openWebhookVector(vector)
        const opened = yield* opening
        const { exp, jti } = vector.jwt.claims
        assert.strictEqual(opened.tokenId, jti)
        assert.deepStrictEqual(yield* seen, [{ audience: vector.expected_audience, tokenId: jti, until: exp + 5 }])
      }))
  })

  describe("negative webhooks", () => {
    for (const vector of known.negativeWebhooks) {
      it.effect(vector.name, () =>
        Effect.gen(function*() {
          const { opening } = yield* openWebhookVector(vector)
          const refusal = yield* Effect.flip(
            Effect.flatMap(opening, ({ body }) =>
              vector.kind === "authorization_response"
                ? Effect.asVoid(openAnswer(text(body), vector.expected_audience))
                : Effect.void)
          )
          assert.instanceOf(refusal, Refusal)
          assert.strictEqual(refusal.reason, webhookReasons[vector.name])
        }))
    }
  })

  describe("requests", () => {
    for (const vector of known.requests) {
      it.effect(vector.name, () =>
        Effect.gen(function*() {
          const opened = yield* openVectorsRequest(vector, vector.body?.jwe_compact, known.now)
          assert.strictEqual(opened.issuer, vector.issuer)
          assert.strictEqual(opened.subject, vector.subject)
          assert.strictEqual(opened.tokenId, vector.jwt.claims.jti)
          assert.strictEqual(opened.signingKeyId, known.keys[vector.signing_key].kid)
          assert.strictEqual(Option.getOrUndefined(Option.map(opened.body, text)), vector.body?.plaintext)
        }))
    }
  })

  describe("captures of other SDKs", () => {
    for (const [i, vector] of known.sdkCaptures.entries()) {
      it.effect(`${i + 1}. ${vector.sdk}: ${vector.method} ${vector.path}`, () =>
        Effect.gen(function*() {
          const claims = JSON.parse(vector.jwt.claims_json) as { iat: number; iss: string; sub: string }
          const opened = yield* openVectorsRequest(vector, vector.body, claims.iat + 1)
          assert.strictEqual(opened.issuer, claims.iss)
          assert.strictEqual(opened.subject, claims.sub)
          assert.strictEqual(opened.signingKeyId, known.keys[vector.signing_key].kid)
          assert.strictEqual(Option.getOrNull(Option.map(opened.body, text)), vector.body_plaintext)
        }))
    }
  })
})

interface ResponseAttempt extends forge.Forgery {
  readonly status?: number
  readonly httpStatus?: number
  readonly headers?: { readonly [name: string]: string | undefined }
  readonly token?: string | undefined
  readonly httpBody?: string
  readonly now?: number
  readonly leeway?: number
  readonly findKey?: Envelope.FindKey
}

const openResponse = Effect.fnUntraced(function*(attempt: ResponseAttempt = {}) {
  const keys = yield* Known
  return yield* Envelope.openResponse({
    keyring: keys.service,
    findKey: attempt.findKey ?? keys.findPlatformKey,
    issuer: known.service,
    subject: known.service,
    tokenId: forge.tokenId,
    status: attempt.httpStatus ?? attempt.status ?? (attempt.body === undefined ? 204 : 200),
    headers: { "x-iov-jwt": "token" in attempt ? attempt.token : forge.responseToken(attempt), ...attempt.headers },
    body: bytes(attempt.httpBody ?? attempt.body ?? ""),
    now: attempt.now ?? known.now,
    leeway: attempt.leeway ?? 5
  })
})

interface RequestAttempt extends forge.Forgery {
  readonly authorization?: string | undefined
  readonly method?: string
  readonly path?: string
  readonly httpBody?: string
  readonly now?: number
  readonly leeway?: number
  readonly firstSeen?: boolean
  readonly mayActFor?: boolean
}

/** Opens a request, and tells which of the platform's questions were asked on the way. */
const openRequestAsking = (attempt: RequestAttempt) => {
  const asked: Array<readonly [question: string, ...about: ReadonlyArray<unknown>]> = []
  const opening = Effect.gen(function*() {
    const keys = yield* Known
    return yield* Envelope.openRequest({
      keyring: keys.platform,
      authorization: "authorization" in attempt ? attempt.authorization : forge.authorization(attempt),
      method: attempt.method ?? (attempt.body === undefined ? "GET" : "POST"),
      path: attempt.path ?? "/service/v3/auths",
      body: bytes(attempt.httpBody ?? attempt.body ?? ""),
      now: attempt.now ?? known.now,
      leeway: attempt.leeway ?? 5,
      findKey: (issuer, keyId) => {
        asked.push(["findKey", issuer, keyId])
        return keys.findCallerKey(keyId)
      },
      firstSeen: (token) => {
        asked.push(["firstSeen", token])
        return Effect.succeed(attempt.firstSeen ?? true)
      },
      mayActFor: (issuer, subject) => {
        asked.push(["mayActFor", issuer, subject])
        return Effect.succeed(attempt.mayActFor ?? true)
      }
    })
  })
  return { asked, opening }
}

const openRequest = (attempt: RequestAttempt = {}) => openRequestAsking(attempt).opening

interface WebhookAttempt extends forge.Forgery {
  readonly token?: string | undefined
  readonly method?: string
  readonly path?: string
  readonly httpBody?: string
  readonly now?: number
  readonly leeway?: number
  readonly findKey?: Envelope.FindKey
  readonly firstSeen?: Effect.Effect<boolean>
  readonly platform?: string
}

const event = `{"service_user_hash":"h","api_time":"2023-11-14T22:13:20Z"}`

const openWebhook = Effect.fnUntraced(function*(attempt: WebhookAttempt = {}) {
  const keys = yield* Known
  const body = attempt.body ?? event
  return yield* Envelope.openWebhook({
    keyring: keys.service,
    findKey: attempt.findKey ?? keys.findPlatformKey,
    audience: known.service,
    subject: known.service,
    token: "token" in attempt ? attempt.token : forge.webhookToken({ ...attempt, body }),
    method: attempt.method ?? "POST",
    path: attempt.path ?? "/hook",
    body: bytes(attempt.httpBody ?? body),
    now: attempt.now ?? known.now,
    leeway: attempt.leeway ?? 5,
    firstSeen: () => attempt.firstSeen ?? Effect.succeed(true),
    platform: attempt.platform
  })
})

const refused = <A, R>(
  opening: Effect.Effect<A, Refusal | Envelope.VerifiedRefusal, R>,
  reason: RejectionReason
) =>
  Effect.map(Effect.flip(opening), (refusal) => {
    assert.strictEqual(refusal._tag, "Refusal")
    assert.strictEqual(refusal.reason, reason)
  })

/** Refused, and its sender may be told so in a sealed answer. */
const refusedToSender = <A, R>(
  opening: Effect.Effect<A, Refusal | Envelope.VerifiedRefusal, R>,
  reason: RejectionReason
) =>
  Effect.map(Effect.flip(opening), (refusal) => {
    assert.instanceOf(refusal, Envelope.VerifiedRefusal)
    assert.strictEqual(refusal.reason, reason)
    assert.deepStrictEqual<Envelope.Sender>(refusal.sender, {
      issuer: known.service,
      subject: known.service,
      tokenId: forge.tokenId,
      signingKeyId: KeyId.make(known.keys.service_dual.kid)
    })
  })

const other = "svc:00000000-0000-1000-8000-000000000001"

const json = `{"ok":true}`

layer(Known.layer)("what every token must be", (it) => {
  type Attempt = forge.Forgery & { readonly now?: number; readonly leeway?: number }
  const openers: {
    readonly [kind: string]: (
      attempt: Attempt
    ) => Effect.Effect<unknown, Refusal | Envelope.VerifiedRefusal, Jose.Jose | Known>
  } = {
    request: openRequest,
    response: openResponse,
    webhook: openWebhook
  }

  for (const [kind, open] of Object.entries(openers)) {
    const at = (now: number, leeway?: number) => open({ now, ...(leeway === undefined ? {} : { leeway }) })
    const { issuedAt } = known
    const expiry = issuedAt + 5

    describe(`a ${kind}`, () => {
      it.effect("is accepted as it was made", () => Effect.asVoid(open({})))

      it.effect("is accepted until five seconds after its expiry", () => Effect.asVoid(at(expiry + 4.999)))

      it.effect("is refused from five seconds after its expiry on", () => refused(at(expiry + 5), "Expired"))

      it.effect("is accepted for as long as the leeway says", () => Effect.asVoid(at(expiry + 29.999, 30)))

      it.effect("is refused once the leeway is over", () => refused(at(expiry + 30, 30), "Expired"))

      it.effect("is accepted five seconds before its time", () => Effect.asVoid(at(issuedAt - 5)))

      it.effect("is refused more than five seconds before its time", () => refused(at(issuedAt - 5.001), "NotYetValid"))

      it.effect("is refused when nbf alone lies in the future", () =>
        refused(open({ claims: { nbf: known.now + 6 } }), "NotYetValid"))

      it.effect("is refused when iat alone lies in the future", () =>
        refused(open({ claims: { iat: known.now + 6 } }), "NotYetValid"))

      it.effect("is accepted with its audience as an array of one", () =>
        Effect.asVoid(open({ claims: { aud: [kind === "request" ? "lka" : known.service] } })))

      it.effect("is refused with two audiences", () =>
        refused(open({ claims: { aud: [kind === "request" ? "lka" : known.service, other] } }), "ClaimsMalformed"))

      it.effect("is refused with no audience in an array", () =>
        refused(open({ claims: { aud: [] } }), "ClaimsMalformed"))

      for (const claim of ["iss", "aud", "jti", "iat", "nbf", "exp"]) {
        it.effect(`is refused without ${claim}`, () =>
          refused(open({ claims: { [claim]: undefined } }), "ClaimsMalformed"))
      }

      it.effect("is refused with a time that is no whole number", () =>
        refused(open({ claims: { exp: expiry + 0.5 } }), "ClaimsMalformed"))

      it.effect("is refused with an empty jti", () => refused(open({ claims: { jti: "" } }), "ClaimsMalformed"))

      it.effect("is refused with a jti beyond 256 characters", () =>
        refused(open({ claims: { jti: "j".repeat(257) } }), "ClaimsMalformed"))

      it.effect("is refused when a claim stands twice, even if both are right", () =>
        refused(
          open({ payload: (claims) => claims.replace("{", `{"exp":${expiry},`) }),
          "ClaimsMalformed"
        ))

      it.effect("is refused when its claims are no JSON", () =>
        refused(open({ payload: () => "claims" }), "ClaimsMalformed"))

      it.effect("is accepted with claims that nobody knows", () => Effect.asVoid(open({ claims: { alg: "RS256" } })))

      it.effect("is refused with a critical header member", () =>
        refused(open({ header: { crit: ["exp"] } }), "HeaderNotAllowed"))

      it.effect("is refused when its type is not JWT", () =>
        refused(open({ header: { typ: "dpop+jwt" } }), "HeaderNotAllowed"))
    })
  }
})

layer(Known.layer)("the token of a message", (it) => {
  it.effect("must be there", () => refused(openResponse({ token: undefined }), "TokenMissing"))

  it.effect("must not be empty", () => refused(openResponse({ token: "" }), "TokenMissing"))

  // 8192 characters and no more are looked at by the engine, whatever its own limits are
  for (const [length, reason] of [[8192, "TokenMalformed"], [8193, "TokenTooLarge"]] as const) {
    it.effect(`of ${length} characters is refused as ${reason}`, () =>
      refused(openResponse({ token: "a".repeat(length) }), reason))
  }

  it.effect("is given to no engine when it is too large", () =>
    Effect.gen(function*() {
      const parsed: Array<number> = []
      const recordingEngine: Jose.Service = {
        ...Jose.make,
        parseJws: (token) => {
          parsed.push(token.length)
          return new Refusal({ reason: "TokenMalformed" })
        }
      }
      for (const length of [8193, 8192]) {
        yield* Effect.flip(openResponse({ token: "a".repeat(length) })).pipe(
          Effect.provideService(Jose.Jose, recordingEngine)
        )
      }
      assert.deepStrictEqual(parsed, [8192])
    }))

  it.effect("is refused when its signature is another's", () =>
    refused(openResponse({ header: { kid: known.keys.api_current.kid }, signedBy: "attacker" }), "SignatureInvalid"))

  it.effect("is refused when one character of its claims was changed", () =>
    Effect.gen(function*() {
      const [header, claims = "", signature] = forge.responseToken().split(".")
      const changed = Encoding.encodeBase64Url(
        Either.getOrThrow(Encoding.decodeBase64UrlString(claims)).replace("204", "200")
      )
      yield* refused(openResponse({ httpStatus: 200, token: `${header}.${changed}.${signature}` }), "SignatureInvalid")
    }))

  it.effect("is refused for what finding its key failed with", () =>
    Effect.gen(function*() {
      const failure = yield* Effect.flip(
        Effect.flatMap(Known, (keys) =>
          Envelope.openWebhook({
            keyring: keys.service,
            findKey: () => Effect.fail("away" as const),
            audience: known.service,
            subject: known.service,
            token: forge.webhookToken({ body: event }),
            method: "POST",
            path: "/hook",
            body: bytes(event),
            now: known.now,
            leeway: 5,
            firstSeen: () => Effect.succeed(true)
          }))
      )
      assert.strictEqual(failure, "away")
    }))
})

layer(Known.layer)("openRequest", (it) => {
  it.effect("takes the issuer for the subject where none is named", () =>
    Effect.gen(function*() {
      const { asked, opening } = openRequestAsking({ claims: { sub: undefined } })
      const opened = yield* opening
      assert.strictEqual(opened.subject, known.service)
      assert.deepStrictEqual(asked.at(-1), ["mayActFor", known.service, known.service])
    }))

  it.effect("keeps the spelling of issuer and subject", () =>
    Effect.gen(function*() {
      const upper = known.service.toUpperCase().replace("SVC", "svc") as EntityIdentifier
      const opened = yield* openRequest({ claims: { iss: upper, sub: upper } })
      assert.strictEqual(opened.issuer, upper)
      assert.strictEqual(opened.subject, upper)
    }))

  it.effect("asks in this order: the key, the replay, the permission", () =>
    Effect.gen(function*() {
      const { asked, opening } = openRequestAsking({ claims: { iss: known.organization } })
      yield* opening
      assert.deepStrictEqual(asked, [
        ["findKey", known.organization, known.keys.service_dual.kid],
        ["firstSeen", { issuer: known.organization, tokenId: forge.tokenId, until: known.issuedAt + 10 }],
        ["mayActFor", known.organization, known.service]
      ])
    }))

  it.effect("asks nothing but the key when the signature is another's", () =>
    Effect.gen(function*() {
      const { asked, opening } = openRequestAsking({
        header: { kid: known.keys.service_dual.kid },
        signedBy: "attacker"
      })
      yield* refused(opening, "SignatureInvalid")
      assert.deepStrictEqual(asked.map(([question]) => question), ["findKey"])
    }))

  it.effect("marks no token as seen that has expired", () =>
    Effect.gen(function*() {
      const { asked, opening } = openRequestAsking({ now: known.issuedAt + 10 })
      yield* refused(opening, "Expired")
      assert.deepStrictEqual(asked.map(([question]) => question), ["findKey"])
    }))

  it.effect("marks no token as seen that is another's", () =>
    Effect.gen(function*() {
      const { asked, opening } = openRequestAsking({ claims: { aud: known.service } })
      yield* refused(opening, "AudienceMismatch")
      assert.deepStrictEqual(asked.map(([question]) => question), ["findKey"])
    }))

  it.effect("asks about no permission when the body was replaced", () =>
    Effect.gen(function*() {
      const { asked, opening } = openRequestAsking({
        body: forge.encrypted(json, "api_current"),
        httpBody: forge.encrypted(json, "api_current")
      })
      yield* refused(opening, "HashMismatch")
      assert.deepStrictEqual(asked.map(([question]) => question), ["findKey", "firstSeen"])
    }))

  it.effect("accepts a lifetime of sixty seconds", () =>
    Effect.asVoid(openRequest({ claims: { exp: known.issuedAt + 60 } })))

  it.effect("refuses a lifetime of sixty-one seconds", () =>
    refused(openRequest({ claims: { exp: known.issuedAt + 61 } }), "LifetimeTooLong"))

  it.effect("refuses a token that was used before", () => refused(openRequest({ firstSeen: false }), "Replayed"))

  it.effect("refuses another method than the signed one", () =>
    refused(openRequest({ method: "DELETE" }), "MethodMismatch"))

  it.effect("takes methods for what they are spelled as", () =>
    refused(openRequest({ facts: { meth: "get" } }), "MethodMismatch"))

  it.effect("refuses another path than the signed one", () =>
    refused(openRequest({ path: "/service/v3/sessions" }), "PathMismatch"))

  it.effect("refuses a query that was not signed", () =>
    refused(openRequest({ path: "/service/v3/auths?limit=1" }), "PathMismatch"))

  it.effect("refuses an issuer that may not act for the subject", () =>
    refusedToSender(openRequest({ mayActFor: false }), "NotPermitted"))

  it.effect("fails with what asking about the permission failed with", () =>
    Effect.gen(function*() {
      const keys = yield* Known
      const failure = yield* Effect.flip(Envelope.openRequest({
        keyring: keys.platform,
        authorization: forge.authorization(),
        method: "GET",
        path: "/service/v3/auths",
        body: bytes(""),
        now: known.now,
        leeway: 5,
        findKey: (_, keyId) => keys.findCallerKey(keyId),
        firstSeen: () => Effect.succeed(true),
        mayActFor: () => Effect.fail("away" as const)
      }))
      assert.strictEqual(failure, "away")
    }))

  it.effect("refuses a request without method", () =>
    refused(openRequest({ facts: { meth: undefined } }), "ClaimsMalformed"))

  it.effect("decrypts the body with the key before the current one, too", () =>
    Effect.gen(function*() {
      const opened = yield* openRequest({ body: forge.encrypted(json, "api_previous") })
      assert.strictEqual(text(Option.getOrThrow(opened.body)), json)
    }))

  it.effect("refuses a body to a key that is not the platform's", () =>
    refusedToSender(openRequest({ body: forge.encrypted(json, "attacker") }), "DecryptionKeyUnknown"))

  it.effect("refuses a plain body", () => refusedToSender(openRequest({ body: json }), "BodyNotEncrypted"))

  for (const spelling of ["IOV-JWT ", "iov-jwt ", "IOV-JWT    "]) {
    it.effect(`reads the scheme "${spelling}"`, () =>
      Effect.asVoid(openRequest({ authorization: forge.authorization().replace("IOV-JWT ", spelling) })))
  }

  for (const prefix of ["Bearer ", "IOV-JWT", "", " IOV-JWT "]) {
    it.effect(`reads no token behind "${prefix}"`, () =>
      refused(openRequest({ authorization: forge.authorization().replace("IOV-JWT ", prefix) }), "TokenMissing"))
  }

  it.effect("reads no token where two stand", () =>
    refused(openRequest({ authorization: `${forge.authorization()} more` }), "TokenMissing"))

  it.effect("refuses a request without the header", () =>
    refused(openRequest({ authorization: undefined }), "TokenMissing"))
})

layer(Known.layer)("unverifiedRequestClaims", (it) => {
  it.effect("reads whom a refusal is to be addressed to, whoever signed", () =>
    Effect.gen(function*() {
      const claims = yield* Envelope.unverifiedRequestClaims(forge.authorization({ signedBy: "attacker" }))
      assert.strictEqual(claims.iss, known.service)
      assert.strictEqual(claims.jti, forge.tokenId)
    }))

  it.effect("refuses what is no token", () => refused(Envelope.unverifiedRequestClaims("Basic eDp5"), "TokenMissing"))

  it.effect("refuses claims that are incomplete", () =>
    refused(Envelope.unverifiedRequestClaims(forge.authorization({ claims: { jti: undefined } })), "ClaimsMalformed"))
})

layer(Known.layer)("openResponse", (it) => {
  const body = forge.encrypted(json, "service_dual")

  it.effect("refuses another sender", () => refused(openResponse({ claims: { iss: known.service } }), "IssuerMismatch"))

  it.effect("refuses an answer to someone else", () =>
    refused(openResponse({ claims: { aud: other } }), "AudienceMismatch"))

  it.effect("refuses an answer to everyone", () =>
    refused(openResponse({ claims: { aud: "public" } }), "AudienceMismatch"))

  it.effect("refuses an answer about someone else", () =>
    refused(openResponse({ claims: { sub: other } }), "SubjectMismatch"))

  it.effect("refuses an answer about nobody", () =>
    refused(openResponse({ claims: { sub: undefined } }), "SubjectMismatch"))

  it.effect("refuses the answer to another request", () =>
    refused(openResponse({ claims: { jti: "another" } }), "TokenIdMismatch"))

  it.effect("refuses another status than the signed one", () =>
    refused(openResponse({ status: 204, httpStatus: 200 }), "StatusMismatch"))

  it.effect("refuses a status that is no number", () =>
    refused(openResponse({ facts: { status: "204" } }), "ClaimsMalformed"))

  it.effect("refuses a Location that was not signed", () =>
    refused(openResponse({ headers: { location: "/b" } }), "LocationMismatch"))

  it.effect("refuses a signed Location that was taken away", () =>
    refused(openResponse({ facts: { location: "/a" } }), "LocationMismatch"))

  it.effect("refuses another Location than the signed one", () =>
    refused(openResponse({ facts: { location: "/a" }, headers: { location: "/b" } }), "LocationMismatch"))

  it.effect("accepts the signed Location", () =>
    Effect.asVoid(openResponse({ facts: { location: "/a" }, headers: { location: "/a" } })))

  it.effect("refuses a Cache-Control that was not signed", () =>
    refused(openResponse({ headers: { "cache-control": "max-age=60" } }), "CacheControlMismatch"))

  it.effect("refuses a signed Cache-Control that was taken away", () =>
    refused(openResponse({ facts: { cache: "no-store" } }), "CacheControlMismatch"))

  it.effect("refuses another Cache-Control than the signed one", () =>
    refused(
      openResponse({ facts: { cache: "no-store" }, headers: { "cache-control": "max-age=60" } }),
      "CacheControlMismatch"
    ))

  it.effect("accepts the signed Cache-Control", () =>
    Effect.asVoid(openResponse({ facts: { cache: "no-store" }, headers: { "cache-control": "no-store" } })))

  it.effect("refuses a body without hash", () =>
    refused(openResponse({ body, facts: { hash: undefined, func: undefined } }), "HashMissing"))

  it.effect("refuses a body whose hash is of no function", () =>
    refused(openResponse({ body, facts: { func: undefined } }), "HashMissing"))

  it.effect("refuses a body whose function has no hash", () =>
    refused(openResponse({ body, facts: { hash: undefined } }), "HashMissing"))

  it.effect("refuses a hash without a body", () =>
    refused(openResponse({ facts: { hash: forge.sha256("") } }), "HashUnexpected"))

  it.effect("refuses a hash function without a body", () =>
    refused(openResponse({ facts: { func: "S256" } }), "HashUnexpected"))

  it.effect("refuses a body that was taken away", () => refused(openResponse({ body, httpBody: "" }), "HashUnexpected"))

  it.effect("refuses a hash of a function outside the list", () =>
    refused(openResponse({ body, facts: { func: "S1" } }), "AlgorithmNotAllowed"))

  it.effect("refuses another body than the signed one", () =>
    refused(openResponse({ body, httpBody: forge.encrypted(json, "service_dual") }), "HashMismatch"))

  it.effect("refuses a body with a line break behind it", () =>
    refused(openResponse({ body, httpBody: `${body}\n` }), "HashMismatch"))

  it.effect("refuses a body that does not decrypt, though its hash is right", () =>
    refused(
      openResponse({ body: body.slice(0, -4) + (body.endsWith("AAAA") ? "BBBA" : "AAAA") }),
      "DecryptionFailed"
    ))

  for (const header of [{ alg: "RSA1_5" }, { alg: "dir" }, { enc: "A256GCM" }]) {
    it.effect(`refuses a body with ${JSON.stringify(header)}`, () =>
      Effect.gen(function*() {
        const [, ...parts] = body.split(".")
        const jwe = {
          alg: "RSA-OAEP",
          enc: "A256CBC-HS512",
          kid: known.keys.service_dual.kid,
          ...header
        }
        yield* refused(
          openResponse({ body: [Encoding.encodeBase64Url(JSON.stringify(jwe)), ...parts].join(".") }),
          "AlgorithmNotAllowed"
        )
      }))
  }

  it.effect("refuses a compressed body", () =>
    refused(openResponse({ body: forge.encrypted(json, "service_dual", { zip: "DEF" }) }), "HeaderNotAllowed"))

  it.effect("refuses a body without key id", () =>
    refused(openResponse({ body: forge.encrypted(json, "service_dual", { kid: undefined }) }), "KeyIdInvalid"))

  describe("of status 401", () => {
    const refusal = `{"error_code":"HTTP-401","error_detail":"who?"}`

    for (
      const [what, claims] of Object.entries({
        "addressed to us": {},
        "addressed to everyone": { aud: "public" },
        "about nobody": { sub: undefined },
        "addressed to everyone, about nobody": { aud: "public", sub: undefined }
      })
    ) {
      it.effect(`is authenticated ${what}, and so is its plain body`, () =>
        Effect.gen(function*() {
          const opened = yield* openResponse({ status: 401, body: refusal, claims })
          assert.isTrue(opened.authenticated)
          assert.strictEqual(text(Option.getOrThrow(opened.body)), refusal)
        }))
    }

    for (
      const [what, attempt] of Object.entries<ResponseAttempt>({
        "without a token": { token: undefined },
        "signed by another": { signedBy: "attacker" },
        "addressed to someone else": { claims: { aud: other } },
        "about someone else": { claims: { sub: other } },
        "for another status": { httpStatus: 401, status: 403 },
        "with another body": { body: refusal, httpBody: "{}" },
        "that has expired": { now: known.issuedAt + 60 }
      })
    ) {
      it.effect(`is not authenticated ${what}`, () =>
        Effect.gen(function*() {
          const opened = yield* openResponse({ status: 401, ...attempt })
          assert.deepStrictEqual(opened, { authenticated: false, body: Option.none() })
        }))
    }

    it.effect("is not authenticated while the platform's keys cannot be had", () =>
      Effect.gen(function*() {
        const opened = yield* openResponse({
          status: 401,
          findKey: () => new Refusal({ reason: "KeyUnknown" })
        })
        assert.isFalse(opened.authenticated)
      }))
  })

  describe("of status 500 and above", () => {
    it.effect("is authenticated and opened with a valid token", () =>
      Effect.gen(function*() {
        const opened = yield* openResponse({ status: 503, body })
        assert.isTrue(opened.authenticated)
        assert.strictEqual(text(Option.getOrThrow(opened.body)), json)
      }))

    it.effect("is not authenticated without one", () =>
      Effect.gen(function*() {
        const opened = yield* openResponse({ httpStatus: 500, token: undefined, httpBody: "<html>" })
        assert.deepStrictEqual(opened, { authenticated: false, body: Option.none() })
      }))

    it.effect("is not authenticated when it is addressed to everyone", () =>
      Effect.gen(function*() {
        const opened = yield* openResponse({ status: 500, claims: { aud: "public" } })
        assert.isFalse(opened.authenticated)
      }))
  })

  for (const status of [200, 302, 400, 403, 404, 408, 409, 429, 499]) {
    it.effect(`of status ${status} is refused without a token`, () =>
      refused(openResponse({ httpStatus: status, token: undefined }), "TokenMissing"))
  }
})

layer(Known.layer)("openWebhook", (it) => {
  it.effect("takes the sender for the platform that it was told to expect, and no other", () =>
    Effect.gen(function*() {
      yield* openWebhook({ claims: { iss: "other" }, platform: "other" })
      yield* refused(openWebhook({ platform: "other" }), "IssuerMismatch")
    }))

  it.effect("refuses a token that lasts longer than a minute", () =>
    Effect.gen(function*() {
      yield* openWebhook({ claims: { exp: known.issuedAt + 60 } })
      yield* refused(openWebhook({ claims: { exp: known.issuedAt + 61 } }), "LifetimeTooLong")
    }))

  it.effect("refuses a token that was seen before", () =>
    refused(openWebhook({ firstSeen: Effect.succeed(false) }), "Replayed"))

  it.effect("refuses a token that was seen before, before it decrypts anything", () =>
    refused(openWebhook({ body: "e30.a.b.c.d", firstSeen: Effect.succeed(false) }), "Replayed"))

  it.effect("tells the same digest for every sealing of the same event", () =>
    Effect.gen(function*() {
      const [first, second, other] = yield* Effect.forEach(
        [event, event, json],
        (plaintext) => openWebhook({ body: forge.encrypted(plaintext, "service_dual") })
      )
      assert.strictEqual(first?.digest, second?.digest)
      assert.notStrictEqual(first?.digest, other?.digest)
    }))

  const neverAsked = Effect.dieMessage("asked whether the token was seen")

  for (
    const [what, attempt] of [
      ["has expired", { now: known.issuedAt + 10 }],
      ["is for another path", { path: "/other" }],
      ["comes with another body", { httpBody: event.replace("h", "i") }],
      ["is not signed by the platform", { findKey: () => new Refusal({ reason: "KeyUnknown" }) }]
    ] satisfies ReadonlyArray<readonly [string, WebhookAttempt]>
  ) {
    it.effect(`does not mark a token as seen that ${what}`, () =>
      Effect.asVoid(Effect.flip(openWebhook({ ...attempt, firstSeen: neverAsked }))))
  }

  it.effect("refuses another sender", () => refused(openWebhook({ claims: { iss: known.service } }), "IssuerMismatch"))

  it.effect("refuses a webhook to someone else", () =>
    refused(openWebhook({ claims: { aud: other } }), "AudienceMismatch"))

  it.effect("refuses a webhook about someone else", () =>
    refused(openWebhook({ claims: { sub: other } }), "SubjectMismatch"))

  it.effect("refuses a webhook about nobody", () =>
    refused(openWebhook({ claims: { sub: undefined } }), "ClaimsMalformed"))

  it.effect("refuses another method", () => refused(openWebhook({ method: "PUT" }), "MethodMismatch"))

  it.effect("refuses another path", () => refused(openWebhook({ path: "/other" }), "PathMismatch"))

  it.effect("refuses a trailing slash that was not signed", () =>
    refused(openWebhook({ path: "/hook/" }), "PathMismatch"))

  it.effect("takes no path and the root for the same, on either side", () =>
    Effect.gen(function*() {
      yield* openWebhook({ facts: { path: "" }, path: "/" })
      yield* openWebhook({ facts: { path: "/" }, path: "" })
    }))

  it.effect("refuses a token that speaks of a response, too", () =>
    refused(openWebhook({ claims: { response: { status: 200 } } }), "ClaimsMalformed"))

  it.effect("refuses a response's token", () =>
    refused(openWebhook({ claims: { request: undefined, response: { status: 200 } } }), "ClaimsMalformed"))

  it.effect("refuses a plain body without hash", () =>
    refused(openWebhook({ facts: { hash: undefined, func: undefined } }), "HashMissing"))

  it.effect("refuses another body than the signed one", () =>
    refused(openWebhook({ httpBody: event.replace("h", "i") }), "HashMismatch"))

  it.effect("decrypts a body that is no JSON object, whatever its content type", () =>
    Effect.gen(function*() {
      const opened = yield* openWebhook({ body: forge.encrypted(json, "service_dual") })
      assert.isTrue(opened.encrypted)
      assert.strictEqual(text(opened.body), json)
    }))

  it.effect("takes a JSON object behind blanks for what it is", () =>
    Effect.gen(function*() {
      const opened = yield* openWebhook({ body: ` \n\t${event}` })
      assert.isFalse(opened.encrypted)
      assert.strictEqual(text(opened.body), ` \n\t${event}`)
    }))

  it.effect("refuses a body that is neither a JSON object nor a JWE", () =>
    refused(openWebhook({ body: "[1]" }), "BodyNotEncrypted"))

  it.effect("leaves an empty body empty", () =>
    Effect.gen(function*() {
      const opened = yield* openWebhook({ body: "" })
      assert.isFalse(opened.encrypted)
      assert.strictEqual(opened.body.length, 0)
    }))

  const padded = (length: number) => event.replace("}", `,"p":"${"x".repeat(length - event.length - 7)}"}`)

  it.effect("accepts 256 KiB", () => Effect.asVoid(openWebhook({ body: padded(256 * 1024) })))

  it.effect("refuses more, before any key is looked up", () =>
    Effect.gen(function*() {
      const keys = yield* Known
      const { asked, findKey } = recording(keys.findPlatformKey)
      yield* refused(openWebhook({ body: padded(256 * 1024 + 1), findKey }), "BodyTooLarge")
      assert.deepStrictEqual(asked, [])
    }))
})

it("knows a reason for every negative vector, and no other", () => {
  assert.sameMembers(Object.keys(responseReasons), known.negativeResponses.map(({ name }) => name))
  assert.sameMembers(Object.keys(webhookReasons), known.negativeWebhooks.map(({ name }) => name))
})
