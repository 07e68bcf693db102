/**
 * What this package seals, node:crypto alone opens, and the other way round: agreement with the RFCs rather than with
 * ourselves.
 */
import { AuthorizationPackage, AuthorizationRequestId, DeviceId } from "@effect-launchkey/core/Authorization"
import { assert, describe, layer } from "@effect/vitest"
import { Effect, Either, Encoding, Option, Schema } from "effect"
import * as Answer from "../src/Answer.ts"
import * as Envelope from "../src/Envelope.ts"
import * as bare from "./support/bare.ts"
import * as forge from "./support/forge.ts"
import { bytes, text } from "./support/forge.ts"
import * as known from "./support/vectors.ts"
import { Known } from "./support/vectors.ts"

const { keys } = known

/** The token's members, header and claims, once its signature has verified. */
const verified = (token: string, key: known.KeyName, hash?: string) => {
  const jws = bare.verifyJws(token, keys[key].public_spki_pem, hash)
  assert.isTrue(jws.valid)
  return { header: JSON.parse(jws.header) as unknown, claims: JSON.parse(jws.payload) as unknown }
}

const opened = (jwe: string, key: known.KeyName) => {
  const { header, plaintext } = bare.openJwe(jwe, keys[key].private_pkcs8_pem)
  return { header: JSON.parse(header) as unknown, plaintext }
}

const times = { iat: known.issuedAt, nbf: known.issuedAt, exp: known.issuedAt + 5 }

// the fraction must not reach the claims
const now = known.issuedAt + 0.75

const json = `{"username":"Zoë"}`

const uuid4 = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/

const scheme = "IOV-JWT "

layer(Known.layer)("what we seal is opened by another implementation", (it) => {
  describe("requests", () => {
    const seal = (options: Partial<Envelope.SealRequestOptions>) =>
      Effect.flatMap(Known, (mine) =>
        Envelope.sealRequest({
          keyring: mine.service,
          issuer: known.service,
          subject: known.service,
          method: "POST",
          path: "/service/v3/auths",
          now,
          ...options
        }))

    it.effect("with a body", () =>
      Effect.gen(function*() {
        const mine = yield* Known
        const sealed = yield* seal({
          body: { plaintext: bytes(json), recipient: mine.publicKey("api_current") }
        })
        assert.isTrue(sealed.authorization.startsWith(scheme))
        const body = text(sealed.body ?? bytes(""))
        assert.deepStrictEqual(verified(sealed.authorization.slice(scheme.length), "service_dual"), {
          header: { alg: "RS256", kid: keys.service_dual.kid },
          claims: {
            ...times,
            iss: known.service,
            sub: known.service,
            aud: "lka",
            jti: sealed.tokenId,
            request: { meth: "POST", path: "/service/v3/auths", hash: forge.sha256(body), func: "S256" }
          }
        })
        assert.deepStrictEqual(opened(body, "api_current"), {
          header: { alg: "RSA-OAEP-256", enc: "A256CBC-HS512", kid: keys.api_current.kid, cty: "application/json" },
          plaintext: json
        })
      }))

    it.effect("without a body", () =>
      Effect.gen(function*() {
        const mine = yield* Known
        const sealed = yield* seal({
          keyring: mine.organization,
          issuer: known.organization,
          method: "DELETE",
          path: "/service/v3/sessions"
        })
        assert.isUndefined(sealed.body)
        assert.deepStrictEqual(verified(sealed.authorization.slice(scheme.length), "organization_signature"), {
          header: { alg: "RS256", kid: keys.organization_signature.kid },
          claims: {
            ...times,
            iss: known.organization,
            sub: known.service,
            aud: "lka",
            jti: sealed.tokenId,
            request: { meth: "DELETE", path: "/service/v3/sessions" }
          }
        })
      }))

    it.effect("with the algorithms of one's choice", () =>
      Effect.gen(function*() {
        const mine = yield* Known
        const sealed = yield* seal({
          body: { plaintext: bytes(json), recipient: mine.publicKey("api_current") },
          keyEncryptionAlgorithm: "RSA-OAEP",
          hashFunction: "S512"
        })
        const body = text(sealed.body ?? bytes(""))
        assert.include(opened(body, "api_current").header, { alg: "RSA-OAEP" })
        assert.deepInclude(verified(sealed.authorization.slice(scheme.length), "service_dual").claims, {
          request: {
            meth: "POST",
            path: "/service/v3/auths",
            hash: bare.digest("sha512", body),
            func: "S512"
          }
        })
      }))

    it.effect("each under an id of its own, a random UUID", () =>
      Effect.gen(function*() {
        const [first, second] = yield* Effect.all([seal({}), seal({})])
        assert.match(first.tokenId, uuid4)
        assert.match(second.tokenId, uuid4)
        assert.notStrictEqual(first.tokenId, second.tokenId)
      }))
  })

  describe("responses", () => {
    const seal = (options: Partial<Envelope.SealResponseOptions>) =>
      Effect.flatMap(Known, (mine) =>
        Envelope.sealResponse({
          keyring: mine.platform,
          audience: known.service,
          subject: known.service,
          tokenId: forge.tokenId,
          status: 200,
          now,
          ...options
        }))
    const header = { alg: "RS256", typ: "JWT", kid: keys.api_current.kid }
    const claims = {
      ...times,
      aud: known.service,
      iss: "lka",
      cty: "application/json",
      jti: forge.tokenId,
      sub: known.service
    }

    it.effect("of status 200", () =>
      Effect.gen(function*() {
        const mine = yield* Known
        const sealed = yield* seal({ body: { plaintext: bytes(json), recipient: mine.publicKey("service_dual") } })
        const body = text(sealed.body ?? bytes(""))
        assert.deepStrictEqual(verified(sealed.token, "api_current"), {
          header,
          claims: { ...claims, response: { status: 200, hash: forge.sha256(body), func: "S256" } }
        })
        assert.deepStrictEqual(opened(body, "service_dual"), {
          header: { alg: "RSA-OAEP", enc: "A256CBC-HS512", kid: keys.service_dual.kid, cty: "application/json" },
          plaintext: json
        })
      }))

    for (const status of [204, 404]) {
      it.effect(`of status ${status}, empty`, () =>
        Effect.gen(function*() {
          const sealed = yield* seal({ status })
          assert.isUndefined(sealed.body)
          assert.deepStrictEqual(verified(sealed.token, "api_current"), {
            header,
            claims: { ...claims, response: { status } }
          })
        }))
    }

    it.effect("of status 401, plain and to everyone", () =>
      Effect.gen(function*() {
        const body = `{"error_code":"HTTP-401","error_detail":"who?"}`
        const sealed = yield* seal({
          status: 401,
          audience: "public",
          subject: undefined,
          body: { plaintext: bytes(body), recipient: undefined }
        })
        assert.strictEqual(text(sealed.body ?? bytes("")), body)
        const { sub: _, ...addressedToAll } = { ...claims, aud: "public" }
        assert.deepStrictEqual(verified(sealed.token, "api_current"), {
          header,
          claims: { ...addressedToAll, response: { status: 401, hash: forge.sha256(body), func: "S256" } }
        })
      }))

    it.effect("with headers that are signed along", () =>
      Effect.gen(function*() {
        const sealed = yield* seal({ status: 204, location: "/a", cacheControl: "no-store" })
        assert.deepInclude(verified(sealed.token, "api_current").claims, {
          response: { status: 204, location: "/a", cache: "no-store" }
        })
      }))

    it.effect("with an algorithm of one's choice", () =>
      Effect.gen(function*() {
        const mine = yield* Known
        const sealed = yield* seal({
          body: { plaintext: bytes(json), recipient: mine.publicKey("service_dual") },
          keyEncryptionAlgorithm: "RSA-OAEP-256"
        })
        assert.include(opened(text(sealed.body ?? bytes("")), "service_dual").header, { alg: "RSA-OAEP-256" })
      }))
  })

  it.effect("a device's answer, in both forms", () =>
    Effect.gen(function*() {
      const mine = yield* Known
      const sealed = yield* Answer.seal({
        type: "DENIED",
        reason: "FRAUDULENT",
        denialReason: Option.some("den3"),
        authorizationRequestId: AuthorizationRequestId.make(known.entities.auth_request),
        deviceId: DeviceId.make(known.entities.device_id),
        servicePins: ["8074", "8132"],
        policy: Option.none(),
        methods: Option.none()
      }, mine.publicKey("service_dual"))
      const { header, plaintext } = opened(sealed.jwe, "service_dual")
      assert.deepStrictEqual(header, { alg: "RSA-OAEP", enc: "A256CBC-HS512", kid: keys.service_dual.kid })
      assert.deepStrictEqual(JSON.parse(plaintext), {
        type: "DENIED",
        reason: "FRAUDULENT",
        denial_reason: "den3",
        auth_request: known.entities.auth_request,
        device_id: known.entities.device_id,
        service_pins: ["8074", "8132"]
      })
      assert.deepStrictEqual(JSON.parse(bare.openOaep(sealed.oaep, keys.service_dual.private_pkcs8_pem)), {
        response: false,
        auth_request: known.entities.auth_request,
        device_id: known.entities.device_id,
        service_pins: ["8074", "8132"]
      })
    }))
})

layer(Known.layer)("what another implementation seals is opened by us", (it) => {
  it.effect("a request", () =>
    Effect.gen(function*() {
      const mine = yield* Known
      const body = forge.encrypted(json, "api_current", { alg: "RSA-OAEP-256" })
      const request = yield* Envelope.openRequest({
        keyring: mine.platform,
        authorization: forge.authorization({ body }),
        method: "POST",
        path: "/service/v3/auths",
        body: bytes(body),
        now: known.now,
        leeway: 5,
        findKey: (_, keyId) => mine.findCallerKey(keyId),
        firstSeen: () => Effect.succeed(true),
        mayActFor: () => Effect.succeed(true)
      })
      assert.strictEqual(text(Option.getOrThrow(request.body)), json)
    }))

  for (const [alg, hash] of [["RS256", "sha256"], ["RS384", "sha384"], ["RS512", "sha512"]] as const) {
    it.effect(`a response signed with ${alg}, its body's hash of ${hash}`, () =>
      Effect.gen(function*() {
        const mine = yield* Known
        const body = forge.encrypted(json, "service_dual")
        const [, payload = ""] = forge.responseToken({
          body,
          facts: { hash: bare.digest(hash, body), func: alg.replace("RS", "S") }
        }).split(".")
        const token = bare.signJws(
          JSON.stringify({ alg, kid: keys.api_previous.kid }),
          Either.getOrThrow(Encoding.decodeBase64UrlString(payload)),
          keys.api_previous.private_pkcs8_pem,
          `RSA-${hash.toUpperCase()}`
        )
        const response = yield* Envelope.openResponse({
          keyring: mine.service,
          findKey: mine.findPlatformKey,
          issuer: known.service,
          subject: known.service,
          tokenId: forge.tokenId,
          status: 200,
          headers: { "x-iov-jwt": token },
          body: bytes(body),
          now: known.now,
          leeway: 5
        })
        assert.strictEqual(text(Option.getOrThrow(response.body)), json)
      }))
  }

  it.effect("a device's answer, in either form", () =>
    Effect.gen(function*() {
      const mine = yield* Known
      const facts = { auth_request: known.entities.auth_request, device_id: "Yrkt", service_pins: ["8074"] }
      const forms = {
        auth_jwe: forge.encrypted(JSON.stringify({ type: "AUTHORIZED", reason: "APPROVED", ...facts }), "service_dual"),
        auth: bare.sealOaep(JSON.stringify({ response: true, ...facts }), keys.service_dual.public_spki_pem)
      }
      for (const form of [{ auth_jwe: forms.auth_jwe }, { auth: forms.auth }]) {
        const relayed = Schema.decodeUnknownSync(AuthorizationPackage)({
          ...form,
          service_user_hash: "h",
          user_push_id: "p",
          public_key_id: keys.service_dual.kid
        })
        const response = yield* Answer.open(relayed, mine.service, {
          authorizationRequestId: AuthorizationRequestId.make(known.entities.auth_request)
        })
        assert.isTrue(response.authorized)
        assert.deepStrictEqual(response.servicePins, ["8074"])
      }
    }))
})
