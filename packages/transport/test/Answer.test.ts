import {
  AuthorizationPackage,
  AuthorizationRequestId,
  type DeviceAnswer,
  DeviceId
} from "@effect-launchkey/core/Authorization"
import { assert, describe, layer } from "@effect/vitest"
import { Effect, Option, Schema } from "effect"
import * as Answer from "../src/Answer.ts"
import * as Jose from "../src/Jose.ts"
import type { Refusal, RejectionReason } from "../src/Rejection.ts"
import * as bare from "./support/bare.ts"
import * as forge from "./support/forge.ts"
import * as known from "./support/vectors.ts"
import { Known } from "./support/vectors.ts"

const requestId = AuthorizationRequestId.make(known.entities.auth_request)

const relayedOf = (core: object) => Schema.decodeUnknownSync(AuthorizationPackage)(core)

const core = known.deviceResponseNamed("jwe_approved").core

const open = (
  changes: { readonly [member: string]: unknown } = {},
  expected: Answer.Expected = { authorizationRequestId: requestId }
) =>
  Effect.gen(function*() {
    const keys = yield* Known
    return yield* Answer.open(relayedOf({ ...core, ...changes }), keys.service, expected)
  })

const refused = <A, R>(opening: Effect.Effect<A, Refusal, R>, reason: RejectionReason) =>
  Effect.map(Effect.flip(opening), (refusal) => {
    assert.strictEqual(refusal._tag, "Refusal")
    assert.strictEqual(refusal.reason, reason)
  })

const answer = {
  type: "DENIED",
  reason: "DISAPPROVED",
  device_id: "d",
  service_pins: [],
  auth_request: known.entities.auth_request
}

const sealed = (changes: { readonly [member: string]: unknown } = {}) =>
  forge.encrypted(JSON.stringify({ ...answer, ...changes }), "service_dual")

const legacy = { response: false, auth_request: known.entities.auth_request, device_id: "Yrkt", service_pins: ["8074"] }

const sealedLegacy = (changes: { readonly [member: string]: unknown } = {}) => ({
  auth_jwe: null,
  auth: bare.sealOaep(JSON.stringify({ ...legacy, ...changes }), known.keys.service_dual.public_spki_pem)
})

layer(Known.layer)("Answer.open", (it) => {
  describe("opens the vector", () => {
    for (const vector of known.deviceResponses) {
      it.effect(vector.name, () =>
        Effect.gen(function*() {
          const keys = yield* Known
          const keyring = vector.recipient_key === "organization_encryption" ? keys.organization : keys.service
          const response = yield* Answer.open(relayedOf(vector.core), keyring, { authorizationRequestId: requestId })
          assert.deepStrictEqual({
            authorized: response.authorized,
            type: Option.getOrNull(response.type),
            reason: Option.getOrNull(response.reason),
            fraud: Option.getOrNull(response.fraud),
            denial_reason: Option.getOrNull(response.denialReason),
            auth_request: response.authorizationRequestId as string,
            device_id: response.deviceId as string,
            service_pins: response.servicePins
          }, vector.expected)
          assert.strictEqual(response.serviceUserHash, vector.core.service_user_hash)
          assert.strictEqual(Option.getOrThrow(response.organizationUserHash), vector.core.org_user_hash)
          assert.strictEqual(response.userPushId, vector.core.user_push_id)
        }))
    }
  })

  it.effect("prefers the newer form", () =>
    Effect.gen(function*() {
      const response = yield* open({ auth_jwe: sealed() })
      assert.isFalse(response.authorized)
    }))

  it.effect("reads the first form where the newer is empty", () =>
    Effect.gen(function*() {
      const response = yield* open({ ...sealedLegacy({ response: true }), auth_jwe: "" })
      assert.isTrue(response.authorized)
      assert.isTrue(Option.isNone(response.type))
    }))

  it.effect("never falls back to the first form", () =>
    Effect.gen(function*() {
      yield* refused(open({ auth_jwe: "not a JWE" }), "BodyNotEncrypted")
      yield* refused(open({ auth_jwe: forge.encrypted("{}", "attacker") }), "DecryptionKeyUnknown")
      yield* refused(open({ auth_jwe: forge.encrypted("{}", "service_dual") }), "BodyMalformed")
    }))

  it.effect("authorizes only with the type and the reason of an approval", () =>
    Effect.gen(function*() {
      for (const [type, reason] of [["AUTHORIZED", "POLICY"], ["DENIED", "APPROVED"], ["authorized", "APPROVED"]]) {
        const response = yield* open({ auth_jwe: sealed({ type, reason }) })
        assert.isFalse(response.authorized)
      }
    }))

  it.effect("passes over members that nobody knows, at any depth", () =>
    Effect.gen(function*() {
      const later = { added_later: { by: "a platform" } }
      const policy = { requirement: "amount", amount: 2, geofences: [], ...later }
      const method = { method: "pin_code", set: true, active: true, allowed: true, supported: true, ...later }
      const response = yield* open({ auth_jwe: sealed({ auth_policy: policy, auth_methods: [method], ...later }) })
      assert.isTrue(Option.isSome(response.policy))
      assert.strictEqual(Option.getOrThrow(response.methods).length, 1)
    }))

  it.effect("refuses the answer to another request, in either form", () =>
    Effect.gen(function*() {
      const another = { auth_request: "b1d05c28-0b18-41e4-94a0-000000000000" }
      yield* refused(open({ auth_jwe: sealed(another) }), "AuthorizationRequestMismatch")
      yield* refused(open(sealedLegacy(another)), "AuthorizationRequestMismatch")
    }))

  it.effect("names the request itself where none is expected", () =>
    Effect.gen(function*() {
      const another = "b1d05c28-0b18-41e4-94a0-000000000000"
      const response = yield* open({ auth_jwe: sealed({ auth_request: another }) }, {})
      assert.strictEqual(response.authorizationRequestId, another)
    }))

  it.effect("refuses another user although no request is expected", () =>
    refused(open({}, { user: { userPushId: "another" } }), "UserMismatch"))

  describe("refuses the answer of another user", () => {
    for (const member of ["serviceUserHash", "organizationUserHash", "userPushId"] as const) {
      it.effect(`by ${member}`, () =>
        refused(open({}, { authorizationRequestId: requestId, user: { [member]: "another" } }), "UserMismatch"))
    }

    it.effect("when the platform does not tell the organization's name for the user", () =>
      refused(
        open(
          { org_user_hash: null },
          { authorizationRequestId: requestId, user: { organizationUserHash: core.org_user_hash } }
        ),
        "UserMismatch"
      ))
  })

  it.effect("accepts the answer of the expected user", () =>
    Effect.asVoid(open({}, {
      authorizationRequestId: requestId,
      user: {
        serviceUserHash: core.service_user_hash,
        organizationUserHash: core.org_user_hash,
        userPushId: core.user_push_id
      }
    })))

  for (const [value, what] of [["false", "a text"], [1, "a number"], [undefined, "absent"], [null, "null"]] as const) {
    it.effect(`refuses a first-form answer whose response is ${what}`, () =>
      refused(open(sealedLegacy({ response: value })), "BodyMalformed"))
  }

  it.effect("refuses an answer of which a member stands twice", () =>
    Effect.gen(function*() {
      const twice = JSON.stringify(legacy).replace("{", `{"response":true,`)
      yield* refused(
        open({ auth_jwe: null, auth: bare.sealOaep(twice, known.keys.service_dual.public_spki_pem) }),
        "BodyMalformed"
      )
    }))

  it.effect("refuses a package with neither form", () => refused(open({ auth: null, auth_jwe: null }), "BodyMalformed"))

  it.effect("refuses a first form that is no base64", () =>
    refused(open({ auth: "***", auth_jwe: null }), "BodyMalformed"))

  it.effect("refuses a first form that does not decrypt", () =>
    refused(open({ auth: "AAAA", auth_jwe: null }), "DecryptionFailed"))

  it.effect("decrypts the first form with the key that the package names, and no other", () =>
    Effect.gen(function*() {
      yield* refused(
        open({ ...sealedLegacy(), public_key_id: known.keys.attacker.kid }),
        "DecryptionKeyUnknown"
      )
    }))
})

layer(Known.layer)("Answer.seal", (it) => {
  const approval = (servicePins: ReadonlyArray<string>): DeviceAnswer => ({
    type: "AUTHORIZED",
    reason: "APPROVED",
    denialReason: Option.none(),
    authorizationRequestId: requestId,
    deviceId: DeviceId.make("Yrkt"),
    servicePins,
    policy: Option.none(),
    methods: Option.none()
  })

  it.effect("leaves the first form empty when the answer does not fit one block", () =>
    Effect.gen(function*() {
      const keys = yield* Known
      const sealed = yield* Answer.seal(approval(["x".repeat(200)]), keys.publicKey("service_dual"))
      assert.strictEqual(sealed.oaep, "")
      assert.strictEqual(sealed.jwe.split(".").length, 5)
    }))

  for (
    const [type, reason, authorized] of [
      ["AUTHORIZED", "APPROVED", true],
      ["AUTHORIZED", "OTHER", false],
      ["DENIED", "FRAUDULENT", false]
    ] as const
  ) {
    it.effect(`tells old receivers ${authorized} for ${type}, ${reason}`, () =>
      Effect.gen(function*() {
        const keys = yield* Known
        const sealed = yield* Answer.seal({ ...approval(["8074"]), type, reason }, keys.publicKey("service_dual"))
        const plaintext = bare.openOaep(sealed.oaep, known.keys.service_dual.private_pkcs8_pem)
        assert.deepStrictEqual(JSON.parse(plaintext), {
          response: authorized,
          auth_request: known.entities.auth_request,
          device_id: "Yrkt",
          service_pins: ["8074"]
        })
      }))
  }

  it.effect("seals to a key that decrypts it", () =>
    Effect.gen(function*() {
      const keys = yield* Known
      const jose = yield* Jose.Jose
      const sealed = yield* Answer.seal(approval([]), keys.publicKey("service_dual"))
      assert.strictEqual((yield* jose.parseJwe(sealed.jwe)).header.kid, known.keys.service_dual.kid)
    }))
})
