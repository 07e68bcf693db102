import * as Entity from "@effect-launchkey/core/EntityIdentifier"
import * as Administration from "@effect-launchkey/platform/Administration"
import * as TestKeys from "@effect-launchkey/testing/TestKeys"
import * as TestPlatform from "@effect-launchkey/testing/TestPlatform"
import { assert, layer } from "@effect/vitest"
import { Effect } from "effect"
import { codeOf, encrypted, exchange, type Forgery, opened } from "./support/forge.ts"

const { directoryId, organizationId, sdkKey, serviceId } = TestPlatform
const nowhere = "eba60cb8-c649-11e7-abc4-cec278b6b50a"
const noKey = "aa:bb:cc:dd:ee:ff:11:22:33:44:55:66:77:88:99:00"

const organization = { issuer: Entity.organization(organizationId), key: TestKeys.organization }
const directory = { issuer: Entity.directory(directoryId), key: TestKeys.directory }

const broken = { type: "METHOD_AMOUNT", amount: 8 }
const reason = { id: "1", reason: "Not now", fraud: false }

/** A request with two things wrong, and which of them is told. */
const cases = (
  foreign: Entity.ServiceId,
  taken: string
): ReadonlyArray<readonly [what: string, forgery: Forgery, told: string]> => [
  ["a stranger's key, and no such path", { key: TestKeys.stranger, path: "/service/v3/none", json: {} }, "401"],
  ["a stranger's key, and a body that is no JSON", { key: TestKeys.stranger, body: encrypted("none") }, "401"],
  ["a stranger's key, and another's subject", {
    key: TestKeys.stranger,
    claims: () => ({ sub: `svc:${nowhere}` }),
    json: { username: 7 }
  }, "401"],
  [
    "another's subject, and no such path",
    { claims: () => ({ sub: `svc:${nowhere}` }), path: "/none", json: {} },
    "403"
  ],
  ["no such path, and a body that is no JSON", { path: "/service/v3/none", body: encrypted("none") }, "ARG-002"],
  ["no such method, and a body that is a list", { method: "PUT", json: [] }, "ARG-002"],

  ["a name that is none, of a service of another", {
    ...organization,
    method: "PATCH",
    path: "/organization/v3/services",
    json: { service_id: foreign, name: "" }
  }, "ARG-001"],
  ["a name that is taken, for a service of another", {
    ...directory,
    method: "PATCH",
    path: "/directory/v3/services",
    json: { service_id: nowhere, name: taken }
  }, "403"],
  ["another's id among one's own, and one that is no id", {
    ...directory,
    path: "/directory/v3/services/list",
    json: { service_ids: [nowhere, "x"] }
  }, "ARG-001"],

  ["a type that is none, for a key of another's service", {
    ...directory,
    path: "/directory/v3/service/keys",
    json: { service_id: nowhere, public_key: TestKeys.stranger.publicKey, key_type: 3 }
  }, "ARG-001"],
  ["a key that is none, for another's service", {
    ...directory,
    path: "/directory/v3/service/keys",
    json: { service_id: nowhere, public_key: "none" }
  }, "403"],
  ["a key that is not there, of another's service", {
    ...organization,
    method: "DELETE",
    path: "/organization/v3/service/keys",
    json: { service_id: foreign, key_id: noKey }
  }, "403"],
  ["a key that is not there, where there is one", {
    ...organization,
    method: "DELETE",
    path: "/organization/v3/directory/keys",
    json: { directory_id: directoryId, key_id: noKey }
  }, "KEY-003"],
  ["an SDK key that is not there, where there is one", {
    ...organization,
    method: "DELETE",
    path: "/organization/v3/directory/sdk-keys",
    json: { directory_id: directoryId, sdk_key: nowhere }
  }, "ORG-006"],
  ["the last SDK key, of another directory", {
    ...organization,
    method: "DELETE",
    path: "/organization/v3/directory/sdk-keys",
    json: { directory_id: nowhere, sdk_key: sdkKey }
  }, "403"],

  ["a policy that cannot be, and an id that is none", {
    ...directory,
    method: "PUT",
    path: "/directory/v3/service/policy",
    json: { policy: broken, service_id: "x" }
  }, "ARG-001"],
  ["a policy that cannot be, for a service that never was", {
    ...directory,
    method: "PUT",
    path: "/directory/v3/service/policy",
    json: { policy: broken, service_id: nowhere }
  }, "SVC-004"],
  ["a policy that cannot be, for another's service", {
    ...organization,
    method: "PUT",
    path: "/organization/v3/service/policy",
    json: { policy: broken, service_id: foreign }
  }, "SVC-004"],
  ["no policy, for a service that never was", {
    ...organization,
    method: "PUT",
    path: "/organization/v3/service/policy",
    json: { service_id: nowhere }
  }, "SVC-004"],
  ["a policy of an unknown type, for a service that never was", {
    ...directory,
    method: "PUT",
    path: "/directory/v3/service/policy",
    json: { policy: { type: "PHASE_OF_MOON" }, service_id: nowhere }
  }, "SVC-004"],
  ["a policy that cannot be, by a caller of another kind", {
    method: "PUT",
    path: "/directory/v3/service/policy",
    json: { policy: broken, service_id: serviceId }
  }, "403"],
  ["a policy that cannot be, and nothing else", {
    ...directory,
    method: "PUT",
    path: "/directory/v3/service/policy",
    json: { policy: broken, service_id: serviceId.toUpperCase() }
  }, "SVC-002"],

  ["a time to live and a policy that cannot be", {
    path: "/service/v3/auths",
    json: { policy: broken, username: "nobody", ttl: 29 }
  }, "ARG-001"],
  ["reasons and a policy that cannot be", {
    path: "/service/v3/auths",
    json: { policy: broken, username: "nobody", denial_reasons: [reason] }
  }, "ARG-001"],
  ["a user of null, and a policy that cannot be", {
    path: "/service/v3/auths",
    json: { policy: broken, username: null }
  }, "404"],
  ["a title that is too long, for a user whom nobody knows", {
    path: "/service/v3/auths",
    json: { username: "nobody", title: "t".repeat(201) }
  }, "ARG-001"],

  ["an identifier and a time to live that cannot be", {
    ...directory,
    path: "/directory/v3/devices",
    json: { identifier: "", ttl: 299 }
  }, "ARG-001"],
  ["a code that is none, of a user whom nobody knows", {
    path: "/service/v3/totp",
    json: { identifier: "nobody", otp: "no code" }
  }, "404"]
]

const told = ({ key = TestKeys.service, ...forgery }: Forgery) =>
  Effect.gen(function*() {
    const answer = yield* exchange({ ...forgery, key })
    const plaintext = opened(answer, key)
    const code = answer.received.status === 401 || plaintext === "" ? undefined : codeOf(plaintext)
    return code === undefined || code.startsWith("HTTP-") ? `${answer.received.status}` : code
  })

layer(TestPlatform.layer)("of two things that are wrong with a request", (it) => {
  it.effect("the first is told: who asks, the path, the form, whose it is, what is there, what it says", () =>
    Effect.gen(function*() {
      const administration = yield* Administration.Administration
      const other = yield* administration.createDirectory(organizationId, "Another")
      const foreign = yield* administration.createService(other.id, "Foreign")
      const own = yield* administration.createService(directoryId, "Taken")
      const answers = yield* Effect.forEach(
        cases(foreign.id, own.name),
        ([what, forgery]) => Effect.map(told(forgery), (code) => `${what}: ${code}`)
      )
      assert.deepStrictEqual(answers, cases(foreign.id, own.name).map(([what, , code]) => `${what}: ${code}`))
    }))

  it.effect("a user without a device is not found however often that is asked: nobody is to be spared anything", () =>
    Effect.gen(function*() {
      for (let asked = 0; asked < 22; asked++) {
        assert.strictEqual(yield* told({ path: "/service/v3/auths", json: { username: "nobody" } }), "404")
      }
    }))
})
