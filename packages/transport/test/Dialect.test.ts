/**
 * The early authorization beside today's: what is written is read by node:crypto alone, and what is read was written by
 * it, but for the one answer of that time that is known.
 */
import type { KeyId } from "@effect-launchkey/core/KeyId"
import { assert, describe, it, layer } from "@effect/vitest"
import { Effect, Option } from "effect"
import * as Dialect from "../src/Dialect.ts"
import * as Envelope from "../src/Envelope.ts"
import * as Jose from "../src/Jose.ts"
import { Refusal, type RejectionReason } from "../src/Rejection.ts"
import * as bare from "./support/bare.ts"
import * as forge from "./support/forge.ts"
import { bytes, text } from "./support/forge.ts"
import * as known from "./support/vectors.ts"
import { Known } from "./support/vectors.ts"
import fixtures from "./vectors/sdk-fixtures.json" with { type: "json" }

const { issuedAt, keys, now, organization, service } = known

const early = Dialect.early(new Map([["9770924838", organization], ["1234567890", service]]))

const application = "application:1000000000"

const times = { iat: issuedAt, nbf: issuedAt, exp: issuedAt + 5 }

const json = `{"sdk_key":"Zoë"}`

const path = "/organization/v3/directories"

const hashOf = (body: string) =>
  body === "" ? {} : { "Content-Hash-Alg": "SHA256", "Content-Hash": bare.digest("sha256", body) }

interface Forgery {
  readonly body?: string
  /** In place of the valid claims, or beside them; `undefined` leaves one out. */
  readonly claims?: forge.Members
  readonly header?: forge.Members
  readonly signedBy?: known.KeyName
}

const token = (by: known.KeyName, claims: forge.Members, { header, signedBy = by, ...forgery }: Forgery) =>
  bare.signJws(
    JSON.stringify({ alg: "RS256", kid: keys[signedBy].kid, ...header }),
    JSON.stringify({ ...claims, ...hashOf(forgery.body ?? ""), ...forgery.claims }),
    keys[signedBy].private_pkcs8_pem
  )

const requestToken = (forgery: Forgery = {}) =>
  token("service_dual", {
    iss: "service:1234567890",
    aud: application,
    ...times,
    jti: forge.tokenId,
    Method: forgery.body === undefined ? "GET" : "POST",
    Path: path
  }, forgery)

const responseToken = (forgery: Forgery = {}) =>
  token("api_current", {
    iss: application,
    aud: "service:1234567890",
    ...times,
    cty: "application/json",
    jti: forge.tokenId
  }, forgery)

const openRequest = (options: Partial<Envelope.OpenRequestOptions> & { readonly sent?: string } = {}) =>
  Effect.flatMap(Known, (mine) =>
    Envelope.openRequest({
      keyring: mine.platform,
      dialect: early,
      authorization: `Bearer ${requestToken({ ...(options.sent !== undefined && { body: options.sent }) })}`,
      method: options.sent === undefined ? "GET" : "POST",
      path,
      body: bytes(options.sent ?? ""),
      now,
      leeway: 5,
      findKey: (issuer, keyId) =>
        Option.isSome(early.parse(issuer)) || issuer === service
          ? mine.findCallerKey(keyId)
          : Effect.fail(new Refusal({ reason: "KeyUnknown" })),
      presumedKey: (issuer) =>
        issuer === "service:1234567890"
          ? Effect.succeed(mine.publicKey("service_dual"))
          : Effect.fail(new Refusal({ reason: "KeyUnknown" })),
      firstSeen: () => Effect.succeed(true),
      mayActFor: (issuer, subject) => Effect.succeed(issuer === subject),
      ...options
    }))

const openResponse = (options: Partial<Envelope.OpenResponseOptions> & { readonly token?: string } = {}) =>
  Effect.flatMap(Known, (mine) =>
    Envelope.openResponse({
      keyring: mine.service,
      dialect: early,
      findKey: mine.findPlatformKey,
      presumedKey: Effect.succeed(mine.publicKey("api_current")),
      issuer: service,
      subject: service,
      tokenId: forge.tokenId,
      status: options.body === undefined ? 204 : 200,
      headers: { authorization: `Bearer ${options.token ?? responseToken()}` },
      body: bytes(""),
      now,
      leeway: 5,
      ...options
    }))

const refusedAs = <A, R>(reason: RejectionReason, opening: Effect.Effect<A, Refusal | Envelope.VerifiedRefusal, R>) =>
  Effect.map(Effect.flip(opening), (refusal) => assert.strictEqual(refusal.reason, reason))

describe("names of entities in the early authorization", () => {
  it("are those of organizations and services, with their keys of ten digits", () => {
    assert.strictEqual(early.spell(organization), "organization:9770924838")
    assert.strictEqual(early.spell(service), "service:1234567890")
    assert.deepStrictEqual(early.parse("service:1234567890"), Option.some(service))
  })

  it("are nothing else, however close", () => {
    for (
      const name of [
        service,
        "svc:1234567890",
        "organization:1234567890",
        "organization: 9770924838",
        "Organization:9770924838",
        "organization:09770924838",
        "organization:977092483",
        "application:1000000000",
        "directory:1234567890",
        "1234567890",
        "organization:9770924838:",
        "__proto__",
        ""
      ]
    ) {
      assert.isTrue(Option.isNone(early.parse(name)), name)
    }
  })

  it("are not had by directories and devices, nor by a key of another form", () => {
    const odd = Dialect.early(
      new Map([["1234567890", known.directory], ["123", service], ["12345678901", organization]])
    )
    for (const entity of [known.directory, service, organization]) assert.strictEqual(odd.spell(entity), entity)
    for (const name of ["directory:1234567890", "service:123", "organization:12345678901"]) {
      assert.isTrue(Option.isNone(odd.parse(name)), name)
    }
  })
})

layer(Known.layer)("in the early authorization, what we seal is read by another implementation:", (it) => {
  for (const [func, name, hash] of [["S256", "SHA256", "sha256"], ["S512", "SHA512", "sha512"]] as const) {
    it.effect(`a request with a body, hashed by ${name}`, () =>
      Effect.gen(function*() {
        const mine = yield* Known
        const sealed = yield* Envelope.sealRequest({
          keyring: mine.service,
          dialect: early,
          issuer: service,
          subject: service,
          method: "POST",
          path,
          now: issuedAt + 0.75,
          body: { plaintext: bytes(json), recipient: mine.publicKey("api_current") },
          hashFunction: func
        })
        assert.isTrue(sealed.authorization.startsWith("Bearer "))
        const { header, payload, valid } = bare.verifyJws(
          sealed.authorization.slice("Bearer ".length),
          keys.service_dual.public_spki_pem
        )
        assert.isTrue(valid)
        assert.deepStrictEqual<unknown>(JSON.parse(header), { alg: "RS256", kid: keys.service_dual.kid })
        const body = text(sealed.body ?? bytes(""))
        assert.deepStrictEqual<unknown>(JSON.parse(payload), {
          ...times,
          iss: "service:1234567890",
          aud: application,
          jti: sealed.tokenId,
          Method: "POST",
          Path: path,
          "Content-Hash-Alg": name,
          "Content-Hash": bare.digest(hash, body)
        })
        const jwe = bare.openJwe(body, keys.api_current.private_pkcs8_pem)
        assert.strictEqual(jwe.plaintext, json)
        assert.deepInclude(JSON.parse(jwe.header), { alg: "RSA-OAEP-256", enc: "A256CBC-HS512" })
      }))
  }

  it.effect("a request without a body", () =>
    Effect.gen(function*() {
      const mine = yield* Known
      const sealed = yield* Envelope.sealRequest({
        keyring: mine.organization,
        dialect: early,
        issuer: organization,
        subject: organization,
        method: "GET",
        path,
        now,
        lifetime: 300
      })
      const { payload } = bare.verifyJws(
        sealed.authorization.slice("Bearer ".length),
        keys.organization_signature.public_spki_pem
      )
      const iat = Math.floor(now)
      assert.deepStrictEqual<unknown>(JSON.parse(payload), {
        iss: "organization:9770924838",
        aud: application,
        iat,
        nbf: iat,
        exp: iat + 300,
        jti: sealed.tokenId,
        Method: "GET",
        Path: path
      })
    }))

  it.effect("a response, with issuer and audience exchanged, to the sender as it spelled itself", () =>
    Effect.gen(function*() {
      const mine = yield* Known
      const sealed = yield* Envelope.sealResponse({
        keyring: mine.platform,
        dialect: early,
        audience: "service:1234567890",
        subject: "service:1234567890",
        tokenId: forge.tokenId,
        status: 200,
        now: issuedAt,
        body: { plaintext: bytes(json), recipient: mine.publicKey("service_dual") }
      })
      assert.deepStrictEqual(sealed.header, ["authorization", `Bearer ${sealed.token}`])
      const { payload, valid } = bare.verifyJws(sealed.token, keys.api_current.public_spki_pem)
      assert.isTrue(valid)
      const body = text(sealed.body ?? bytes(""))
      assert.deepStrictEqual<unknown>(JSON.parse(payload), {
        ...times,
        iss: application,
        aud: "service:1234567890",
        cty: "application/json",
        jti: forge.tokenId,
        ...hashOf(body)
      })
      const jwe = bare.openJwe(body, keys.service_dual.private_pkcs8_pem)
      assert.strictEqual(jwe.plaintext, json)
      assert.deepInclude(JSON.parse(jwe.header), { alg: "RSA-OAEP-256" })
    }))
})

layer(Known.layer)("the one answer of that time that is known", (it) => {
  const genuine = fixtures.jwts.find(({ name }) => name === "pre_release_api_jwt_2016")
  const pem = fixtures.rsa_keys.find(({ name }) => name === genuine?.verification_key)?.public_spki_pem ?? ""

  const open = (options: Partial<Envelope.OpenResponseOptions> = {}) =>
    Effect.gen(function*() {
      const jose = yield* Jose.Jose
      return yield* openResponse({
        token: genuine?.compact ?? "",
        issuer: organization,
        subject: organization,
        tokenId: "3ab9236f-375a-4b70-b064-e5c4570d4a7c",
        now: 1467915940,
        presumedKey: Effect.orDie(jose.importPublicKey(pem)),
        ...options
      })
    })

  it.effect("has all that is asked of one, but that its body is lost", () =>
    Effect.gen(function*() {
      // the last checks, after signature, sender, receiver, id and times
      yield* refusedAs("HashUnexpected", open())
      yield* refusedAs("HashMismatch", open({ body: bytes("something else") }))
    }))

  it.effect("is none to another sender, request or time, nor under another key", () =>
    Effect.gen(function*() {
      yield* refusedAs("AudienceMismatch", open({ issuer: service, subject: service }))
      yield* refusedAs("TokenIdMismatch", open({ tokenId: forge.tokenId }))
      yield* refusedAs("Expired", open({ now: 1467916240 + 5 }))
      yield* refusedAs("NotYetValid", open({ now: 1467915940 - 6 }))
      const mine = yield* Known
      yield* refusedAs("SignatureInvalid", open({ presumedKey: Effect.succeed(mine.publicKey("api_current")) }))
    }))

  it.effect("names no key, so it is refused where none may be presumed", () =>
    Effect.gen(function*() {
      yield* refusedAs("KeyIdInvalid", open({ presumedKey: undefined }))
      const headers = { "x-iov-jwt": genuine?.compact }
      yield* refusedAs("KeyIdInvalid", open({ dialect: undefined, headers }))
    }))
})

layer(Known.layer)("a request in the early authorization", (it) => {
  it.effect("is opened, and says in its own spelling who sent it", () =>
    Effect.gen(function*() {
      const body = forge.encrypted(json, "api_current", { alg: "RSA-OAEP-256" })
      const opened = yield* openRequest({ sent: body })
      assert.strictEqual(text(Option.getOrThrow(opened.body)), json)
      assert.deepInclude(opened, {
        issuer: "service:1234567890",
        subject: "service:1234567890",
        tokenId: forge.tokenId,
        signingKeyId: keys.service_dual.kid as KeyId
      })
    }))

  it.effect("need not name its key, and is then told to be of the one that it verified under", () =>
    Effect.gen(function*() {
      const opened = yield* openRequest({ authorization: `Bearer ${requestToken({ header: { kid: undefined } })}` })
      assert.strictEqual(opened.signingKeyId, keys.service_dual.kid as KeyId)
    }))

  it.effect("may last for five minutes, as clients of that time had it, and no longer", () =>
    Effect.gen(function*() {
      const lasting = (seconds: number) =>
        openRequest({ authorization: `Bearer ${requestToken({ claims: { exp: issuedAt + seconds } })}` })
      yield* lasting(300)
      yield* refusedAs("LifetimeTooLong", lasting(301))
    }))

  const body = forge.encrypted(json, "api_current")
  const today = { meth: "GET", path }
  const attacks: ReadonlyArray<
    readonly [what: string, reason: RejectionReason, forgery: Forgery, options?: Partial<Envelope.OpenRequestOptions>]
  > = [
    ["has no Method", "ClaimsMalformed", { claims: { Method: undefined } }],
    ["has no Path", "ClaimsMalformed", { claims: { Path: undefined } }],
    ["has no jti", "ClaimsMalformed", { claims: { jti: undefined } }],
    ["has today's facts in place of its own", "ClaimsMalformed", {
      claims: { Method: undefined, Path: undefined, request: today }
    }],
    ["has today's facts beside its own", "ClaimsMalformed", { claims: { request: today } }],
    ["has an answer's facts beside its own", "ClaimsMalformed", { claims: { response: { status: 200 } } }],
    ["names a subject, which would be passed over", "ClaimsMalformed", { claims: { sub: "organization:9770924838" } }],
    ["is of another method", "MethodMismatch", { claims: { Method: "DELETE" } }],
    ["is of another path", "PathMismatch", { claims: { Path: `${path}/list` } }],
    ["is for today's platform", "AudienceMismatch", { claims: { aud: "lka" } }],
    ["is for another application", "AudienceMismatch", { claims: { aud: "application:1000000001" } }],
    ["is for two", "ClaimsMalformed", { claims: { aud: [application, "lka"] } }],
    ["spells its issuer with a blank", "KeyUnknown", { claims: { iss: "service: 1234567890" } }],
    ["spells its issuer in upper case", "KeyUnknown", { claims: { iss: "SERVICE:1234567890" } }],
    ["spells its issuer by another type", "KeyUnknown", { claims: { iss: "organization:1234567890" } }],
    ["spells its issuer by a key that nobody has", "KeyUnknown", { claims: { iss: "service:1234567891" } }],
    ["is signed by a stranger", "KeyUnknown", { signedBy: "api_current" }],
    [
      "is signed by another key than the one presumed",
      "SignatureInvalid",
      { signedBy: "directory_dual", header: { kid: undefined } }
    ],
    ["names its key by something else", "KeyIdInvalid", { header: { kid: null } }],
    ["names no key where none may be presumed", "KeyIdInvalid", { header: { kid: undefined } }, {
      presumedKey: undefined
    }],
    ["is not signed at all", "AlgorithmNotAllowed", { header: { alg: "none", kid: undefined } }],
    ["is signed by an algorithm that is not in the list", "AlgorithmNotAllowed", { header: { alg: "HS256" } }],
    ["has expired", "Expired", {}, { now: issuedAt + 10 }],
    ["is of later", "NotYetValid", {}, { now: issuedAt - 6 }],
    ["was sent before", "Replayed", {}, { firstSeen: () => Effect.succeed(false) }]
  ]
  for (const [what, reason, forgery, options] of attacks) {
    it.effect(`is refused where it ${what}`, () =>
      refusedAs(reason, openRequest({ authorization: `Bearer ${requestToken(forgery)}`, ...options })))
  }

  const hashes: ReadonlyArray<readonly [what: string, reason: RejectionReason, claims: forge.Members]> = [
    ["has no Content-Hash", "HashMissing", { "Content-Hash": undefined }],
    ["has no Content-Hash-Alg", "HashMissing", { "Content-Hash-Alg": undefined }],
    ["has its hash by today's names alone", "HashMissing", {
      "Content-Hash": undefined,
      "Content-Hash-Alg": undefined,
      hash: bare.digest("sha256", body),
      func: "S256"
    }],
    ["names its function as today", "AlgorithmNotAllowed", { "Content-Hash-Alg": "S256" }],
    ["names its function with a hyphen", "AlgorithmNotAllowed", { "Content-Hash-Alg": "SHA-256" }],
    ["names a function that is broken", "AlgorithmNotAllowed", {
      "Content-Hash-Alg": "SHA1",
      "Content-Hash": "0".repeat(40)
    }],
    ["names what is no function but a property", "AlgorithmNotAllowed", { "Content-Hash-Alg": "toString" }],
    ["names another function than that of its hash", "HashMismatch", { "Content-Hash-Alg": "SHA512" }],
    ["has the hash of another body", "HashMismatch", { "Content-Hash": bare.digest("sha256", `${body}x`) }],
    ["has its hash in upper case", "HashMismatch", { "Content-Hash": bare.digest("sha256", body).toUpperCase() }]
  ]
  for (const [what, reason, claims] of hashes) {
    it.effect(`with a body is refused where it ${what}`, () =>
      refusedAs(
        reason,
        openRequest({
          sent: body,
          authorization: `Bearer ${requestToken({ body, claims })}`
        })
      ))
  }

  it.effect("without a body is refused where it has a hash", () =>
    refusedAs("HashUnexpected", openRequest({ authorization: `Bearer ${requestToken({ claims: hashOf(body) })}` })))

  it.effect("is refused where its issuer may not act, once all else holds", () =>
    refusedAs("NotPermitted", openRequest({ mayActFor: () => Effect.succeed(false) })))

  for (
    const [what, authorization] of [
      ["under today's scheme", `IOV-JWT ${requestToken()}`],
      ["under no scheme", requestToken()],
      ["in three segments split by colons", `service:1234567890:${requestToken()}`],
      ["beside another", `Bearer ${requestToken()}, ${forge.authorization()}`],
      ["after another", `${forge.authorization()}, Bearer ${requestToken()}`]
    ] as const
  ) {
    it.effect(`is none ${what}`, () => refusedAs("TokenMissing", openRequest({ authorization })))
  }
})

layer(Known.layer)("the two dialects", (it) => {
  const opening = (options: Partial<Envelope.OpenRequestOptions>) =>
    openRequest({ path: "/service/v3/auths", ...options })

  const spokenToday = forge.authorization()
  const asBearer = spokenToday.replace("IOV-JWT", "Bearer")

  it.effect("are each read by itself", () => opening({ dialect: undefined, authorization: spokenToday }))

  it.effect("do not read each other: today's is refused by the early one", () =>
    Effect.gen(function*() {
      yield* refusedAs("TokenMissing", opening({ authorization: spokenToday }))
      yield* refusedAs("ClaimsMalformed", opening({ authorization: asBearer }))
    }))

  it.effect("do not read each other: the early one is refused by today's", () =>
    Effect.gen(function*() {
      const dialect = undefined
      yield* refusedAs("TokenMissing", openRequest({ dialect, authorization: `Bearer ${requestToken()}` }))
      yield* refusedAs(
        "ClaimsMalformed",
        openRequest({ dialect, authorization: `IOV-JWT ${requestToken({ claims: { iss: service } })}` })
      )
      const unnamed = `IOV-JWT ${requestToken({ claims: { iss: service }, header: { kid: undefined } })}`
      yield* refusedAs("KeyIdInvalid", openRequest({ dialect, authorization: unnamed }))
    }))

  it.effect("of today takes no function by its early name, and no early audience", () =>
    Effect.gen(function*() {
      const body = forge.encrypted(json, "api_current")
      const post = { dialect: undefined, method: "POST", body: bytes(body) }
      yield* refusedAs(
        "AlgorithmNotAllowed",
        opening({ ...post, authorization: forge.authorization({ body, facts: { func: "SHA256" } }) })
      )
      yield* refusedAs(
        "AudienceMismatch",
        opening({ ...post, authorization: forge.authorization({ body, claims: { aud: application } }) })
      )
    }))
})

layer(Known.layer)("a response in the early authorization", (it) => {
  const body = forge.encrypted(json, "service_dual", { alg: "RSA-OAEP-256" })

  it.effect("is opened, whatever its status: the token does not say it", () =>
    Effect.gen(function*() {
      const opened = yield* openResponse({ body: bytes(body), token: responseToken({ body }) })
      assert.strictEqual(text(Option.getOrThrow(opened.body)), json)
      assert.isTrue((yield* openResponse({ status: 404 })).authenticated)
    }))

  const refusals: ReadonlyArray<readonly [what: string, reason: RejectionReason, forgery: Forgery]> = [
    ["is of somebody else", "IssuerMismatch", { claims: { iss: "application:1000000001" } }],
    ["is of today's platform", "IssuerMismatch", { claims: { iss: "lka" } }],
    ["is to somebody else", "AudienceMismatch", { claims: { aud: "organization:9770924838" } }],
    ["is to us as we are called today", "AudienceMismatch", { claims: { aud: service } }],
    ["answers another request", "TokenIdMismatch", { claims: { jti: "tid" } }],
    ["has today's facts beside its own", "ClaimsMalformed", { claims: { response: { status: 204 } } }],
    ["names a subject", "ClaimsMalformed", { claims: { sub: "service:1234567890" } }],
    ["is a request", "ClaimsMalformed", { claims: { request: { meth: "GET", path } } }],
    ["tells the hash of a body that was removed", "HashUnexpected", { body }],
    ["is signed by another key", "KeyUnknown", { signedBy: "service_dual" }]
  ]
  for (const [what, reason, forgery] of refusals) {
    it.effect(`is refused where it ${what}`, () => refusedAs(reason, openResponse({ token: responseToken(forgery) })))
  }

  it.effect("with a body is refused where its hash is missing, or another", () =>
    Effect.gen(function*() {
      const open = (claims: forge.Members) =>
        openResponse({ body: bytes(body), token: responseToken({ body, claims }) })
      yield* refusedAs("HashMissing", open({ "Content-Hash": undefined, "Content-Hash-Alg": undefined }))
      yield* refusedAs("HashMissing", open({ "Content-Hash-Alg": undefined }))
      yield* refusedAs("HashMismatch", open({ "Content-Hash": "0".repeat(64) }))
      yield* refusedAs("AlgorithmNotAllowed", open({ "Content-Hash-Alg": "S256" }))
    }))

  it.effect("is none in the header of today, nor the other way round", () =>
    Effect.gen(function*() {
      yield* refusedAs("TokenMissing", openResponse({ headers: { "x-iov-jwt": responseToken() } }))
      yield* refusedAs("TokenMissing", openResponse({ headers: { authorization: `IOV-JWT ${responseToken()}` } }))
      const today = forge.responseToken()
      yield* openResponse({ dialect: undefined, headers: { "x-iov-jwt": today } })
      const headers = { authorization: `Bearer ${today}` }
      yield* refusedAs("TokenMissing", openResponse({ dialect: undefined, headers }))
      yield* refusedAs("ClaimsMalformed", openResponse({ headers }))
    }))
})
