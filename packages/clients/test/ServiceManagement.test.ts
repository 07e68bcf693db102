import { ServiceId } from "@effect-launchkey/core/EntityIdentifier"
import { KeyId } from "@effect-launchkey/core/KeyId"
import { PublicKey } from "@effect-launchkey/core/PublicKey"
import * as ServicePolicy from "@effect-launchkey/core/ServicePolicy"
import { ServiceProfile } from "@effect-launchkey/core/ServiceProfile"
import * as TestKeys from "@effect-launchkey/testing/TestKeys"
import * as TestTransport from "@effect-launchkey/testing/TestTransport"
import { MessageRejected } from "@effect-launchkey/transport/TransportError"
import { assert, describe, it } from "@effect/vitest"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as DirectoryClient from "../src/DirectoryClient.ts"
import * as OrganizationClient from "../src/OrganizationClient.ts"
import type { ServiceManagement } from "../src/ServiceManagement.ts"
import { behaves, bodyOf, type Method, type Refusal, refuses, type Scripted, scripted, untyped } from "./methods.ts"

const ownerId = "9c0f6f3a-7d1c-11ee-b962-0242ac120002"
const serviceId = ServiceId.make("69cc4e34-fd9b-11e8-897e-d60562cc216d")
const otherId = ServiceId.make("00000000-0000-4000-8000-000000000001")
const keyId = KeyId.make("e0:2f:a9:5a:76:92:6b:b5:4d:24:67:19:d1:8a:0a:75")
const pem = TestKeys.service.publicKey
const newYear = DateTime.unsafeMake("2030-01-01T00:00:00Z")

const wireProfile = {
  id: serviceId,
  name: "Payments",
  description: null,
  icon: "https://example.com/icon.png",
  callback_url: "https://example.com/hook",
  active: true
}

const profile = new ServiceProfile({
  id: serviceId,
  name: "Payments",
  description: Option.none(),
  icon: Option.some("https://example.com/icon.png"),
  callbackUrl: Option.some("https://example.com/hook"),
  active: true
})

const wireKey = {
  id: keyId,
  public_key: pem,
  date_created: "2023-05-01T12:00:00Z",
  date_expires: "2030-01-01T00:00:00Z",
  active: false,
  key_type: 2
}

const key = new PublicKey({
  id: keyId,
  pem,
  type: "SIGNATURE",
  active: false,
  created: DateTime.unsafeMake("2023-05-01T12:00:00Z"),
  expires: Option.some(newYear)
})

const wirePolicy = {
  type: "METHOD_AMOUNT",
  fences: [],
  amount: 2,
  deny_rooted_jailbroken: true,
  deny_emulator_simulator: false
}

const policy = ServicePolicy.methodAmount(2, { denyRootedJailbroken: true })

type Named<Client> = { readonly [Name in keyof Client]-?: Method<Client> }

const methods = (owner: "organization" | "directory"): Named<ServiceManagement> => ({
  createService: {
    call: (client) => client.createService("Payments"),
    operation: `POST /${owner}/v3/services`,
    body: { name: "Payments" },
    reply: { id: serviceId },
    returns: serviceId,
    declared: ["ServiceNameTaken"]
  },
  listServices: {
    call: (client) => client.listServices,
    operation: `GET /${owner}/v3/services`,
    body: undefined,
    reply: [wireProfile],
    returns: [profile],
    declared: []
  },
  getServices: {
    call: (client) => client.getServices([serviceId, otherId]),
    operation: `POST /${owner}/v3/services/list`,
    body: { service_ids: [serviceId, otherId] },
    reply: [wireProfile],
    returns: [profile],
    declared: []
  },
  getService: {
    call: (client) => client.getService(serviceId),
    operation: `POST /${owner}/v3/services/list`,
    body: { service_ids: [serviceId] },
    reply: [wireProfile],
    returns: profile,
    declared: []
  },
  updateService: {
    call: (client) => client.updateService(serviceId, { name: "Other" }),
    operation: `PATCH /${owner}/v3/services`,
    body: { service_id: serviceId, name: "Other" },
    declared: ["ServiceNameTaken"]
  },
  addServiceKey: {
    call: (client) => client.addServiceKey(serviceId, pem),
    operation: `POST /${owner}/v3/service/keys`,
    body: { service_id: serviceId, public_key: pem },
    reply: { key_id: keyId },
    returns: keyId,
    declared: ["InvalidPublicKey", "PublicKeyAlreadyInUse"]
  },
  listServiceKeys: {
    call: (client) => client.listServiceKeys(serviceId),
    operation: `POST /${owner}/v3/service/keys/list`,
    body: { service_id: serviceId },
    reply: [wireKey],
    returns: [key],
    declared: []
  },
  updateServiceKey: {
    call: (client) => client.updateServiceKey(serviceId, keyId, { active: false }),
    operation: `PATCH /${owner}/v3/service/keys`,
    body: { service_id: serviceId, key_id: keyId, active: false },
    declared: ["PublicKeyDoesNotExist"]
  },
  removeServiceKey: {
    call: (client) => client.removeServiceKey(serviceId, keyId),
    operation: `DELETE /${owner}/v3/service/keys`,
    body: { service_id: serviceId, key_id: keyId },
    declared: ["PublicKeyDoesNotExist", "LastRemainingKey"]
  },
  setServicePolicy: {
    call: (client) => client.setServicePolicy(serviceId, policy),
    operation: `PUT /${owner}/v3/service/policy`,
    body: { service_id: serviceId, policy: wirePolicy },
    declared: ["ServiceNotFound", "InvalidPolicyInput"]
  },
  getServicePolicy: {
    call: (client) => client.getServicePolicy(serviceId),
    operation: `POST /${owner}/v3/service/policy/item`,
    body: { service_id: serviceId },
    reply: wirePolicy,
    // A policy without a type is a legacy one.
    readsAnyObject: true,
    returns: policy,
    declared: ["ServiceNotFound"]
  },
  removeServicePolicy: {
    call: (client) => client.removeServicePolicy(serviceId),
    operation: `DELETE /${owner}/v3/service/policy`,
    body: { service_id: serviceId },
    declared: ["ServiceNotFound"]
  }
})

const organization = scripted(
  OrganizationClient.OrganizationClient,
  OrganizationClient.layer({ organizationId: ownerId })
)

const directory = scripted(DirectoryClient.DirectoryClient, DirectoryClient.layer({ directoryId: ownerId }))

for (
  const [owner, subject, script] of [
    ["organization", `org:${ownerId}`, organization],
    ["directory", `dir:${ownerId}`, directory]
  ] as const
) {
  describe(`for ${owner === "organization" ? "an organization" : "a directory"},`, () => {
    for (const [name, method] of Object.entries<Method<ServiceManagement>>(methods(owner))) {
      behaves<ServiceManagement>(name, subject, method, script)
    }
  })
}

const script: Scripted<ServiceManagement> = organization

describe("createService", () => {
  it.effect("writes every option under its wire name, and none that is undefined", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(
        yield* bodyOf(script, (client) =>
          client.createService("Payments", {
            description: "Card approvals",
            icon: "https://example.com/icon.png",
            callbackUrl: "https://example.com/hook",
            active: false
          }), { id: serviceId }),
        {
          name: "Payments",
          description: "Card approvals",
          icon: "https://example.com/icon.png",
          callback_url: "https://example.com/hook",
          active: false
        }
      )
      assert.deepStrictEqual(
        yield* bodyOf(
          script,
          (client) =>
            client.createService("P", {
              description: undefined,
              icon: undefined,
              callbackUrl: undefined,
              active: undefined
            }),
          { id: serviceId }
        ),
        { name: "P" }
      )
    }))

  it.effect("counts a name in code points: 128 keys pass", () =>
    Effect.gen(function*() {
      const name = "🔑".repeat(128)
      assert.deepStrictEqual(yield* bodyOf(script, (client) => client.createService(name), { id: serviceId }), { name })
    }))
})

describe("getService", () => {
  it.effect("does not believe an answer without the service, or with another alone", () =>
    Effect.gen(function*() {
      for (const [owner, of] of [["organization", organization], ["directory", directory]] as const) {
        for (const reply of [[], [{ ...wireProfile, id: otherId }]]) {
          const { client } = yield* of(TestTransport.json(200, reply))
          const error = yield* Effect.flip(client.getService(serviceId))
          assert.instanceOf(error, MessageRejected)
          assert.deepInclude(error, {
            kind: "Response",
            reason: "BodyMalformed",
            operation: `POST /${owner}/v3/services/list`
          })
        }
      }
    }))

  it.effect("reads an id in any case and asks in lower case", () =>
    Effect.gen(function*() {
      const { client, sent } = yield* script(TestTransport.json(200, [wireProfile]))
      assert.deepStrictEqual(yield* client.getService(untyped(serviceId.toUpperCase())), profile)
      assert.deepStrictEqual((yield* sent)[0]?.body, { service_ids: [serviceId] })
    }))
})

describe("getServices", () => {
  it.effect("of no ids asks for none", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(yield* bodyOf(script, (client) => client.getServices([]), []), { service_ids: [] })
    }))
})

describe("updateService", () => {
  it.effect("leaves what is absent, clears what is null, and sets what has a value", () =>
    Effect.gen(function*() {
      const body = (change: Parameters<ServiceManagement["updateService"]>[1]) =>
        bodyOf(script, (client) => client.updateService(serviceId, change))
      assert.deepStrictEqual(yield* body({}), { service_id: serviceId })
      assert.deepStrictEqual(
        yield* body({
          name: undefined,
          description: undefined,
          icon: undefined,
          callbackUrl: undefined,
          active: undefined
        }),
        { service_id: serviceId }
      )
      assert.deepStrictEqual(
        yield* body({ description: null, icon: null, callbackUrl: null }),
        { service_id: serviceId, description: null, icon: null, callback_url: null }
      )
      assert.deepStrictEqual(
        yield* body({
          name: "Other",
          description: "So much",
          icon: "http://example.com/i",
          callbackUrl: "https://example.com/h",
          active: false
        }),
        {
          service_id: serviceId,
          name: "Other",
          description: "So much",
          icon: "http://example.com/i",
          callback_url: "https://example.com/h",
          active: false
        }
      )
    }))
})

describe("keys", () => {
  it.effect("are added with every option under its wire name, and none that is undefined", () =>
    Effect.gen(function*() {
      const body = (options: Parameters<ServiceManagement["addServiceKey"]>[2]) =>
        bodyOf(script, (client) => client.addServiceKey(serviceId, pem, options), { key_id: keyId })
      const bare = { service_id: serviceId, public_key: pem }
      assert.deepStrictEqual(yield* body({ type: undefined, active: undefined, expires: undefined }), bare)
      for (const [type, key_type] of [["BOTH", 0], ["ENCRYPTION", 1], ["SIGNATURE", 2]] as const) {
        assert.deepStrictEqual(
          yield* body({ type, active: false, expires: DateTime.unsafeMake("2030-01-01T00:00:00.750Z") }),
          { ...bare, key_type, active: false, date_expires: "2030-01-01T00:00:00Z" }
        )
      }
    }))

  it.effect("change in what is given alone: an end is left, taken away or set", () =>
    Effect.gen(function*() {
      const body = (change: Parameters<ServiceManagement["updateServiceKey"]>[2]) =>
        bodyOf(script, (client) => client.updateServiceKey(serviceId, keyId, change))
      const bare = { service_id: serviceId, key_id: keyId }
      assert.deepStrictEqual(yield* body({}), bare)
      assert.deepStrictEqual(yield* body({ active: undefined, expires: undefined }), bare)
      assert.deepStrictEqual(yield* body({ expires: null }), { ...bare, date_expires: null })
      assert.deepStrictEqual(
        yield* body({ active: true, expires: newYear }),
        { ...bare, active: true, date_expires: "2030-01-01T00:00:00Z" }
      )
    }))

  it.effect("without an end or a type have none and serve both purposes; of a later type they are OTHER", () =>
    Effect.gen(function*() {
      const { key_type: _, ...untypedKey } = { ...wireKey, date_expires: null }
      const { client } = yield* script(TestTransport.json(200, [untypedKey, { ...untypedKey, key_type: 9 }]))
      const keys = yield* client.listServiceKeys(serviceId)
      assert.deepStrictEqual(keys.map(({ type }) => type), ["BOTH", "OTHER"])
      assert.deepStrictEqual(keys.map(({ expires }) => expires), [Option.none(), Option.none()])
      assert.isTrue(keys.every(({ created }) => DateTime.isUtc(created)))
    }))

  it.effect("that are private are refused and not sent, nor repeated", () =>
    Effect.gen(function*() {
      const { client, sent } = yield* script(TestTransport.noContent)
      const secret = Redacted.value(TestKeys.service.privateKey)
      const error = yield* Effect.flip(client.addServiceKey(serviceId, secret))
      assert.strictEqual(error._tag, "InvalidParameters")
      assert.include(error.message, "pem: it is a private key, and a public one belongs here")
      assert.notInclude(error.message, secret.slice(60, 80))
      assert.deepStrictEqual(yield* sent, [])
    }))
})

describe("a policy of a kind that this version does not know", () => {
  it.effect("is read as it is, and written as it was read", () =>
    Effect.gen(function*() {
      const wire = { type: "LATER", demands: ["much"] }
      const { client, sent } = yield* script([TestTransport.json(200, wire), TestTransport.noContent])
      const read = yield* client.getServicePolicy(serviceId)
      assert.strictEqual(read._tag, "UnknownPolicy")
      yield* client.setServicePolicy(serviceId, read)
      assert.deepStrictEqual((yield* sent)[1]?.body, { service_id: serviceId, policy: wire })
    }))
})

describe("what is refused before anything is sent", () => {
  const uuid = /^expected a UUID of 36 characters/
  const url = /^expected an absolute http or https URL/
  const noKey = /^expected sixteen lower-case hex octets/
  const bad = untyped<ServiceId>("6ba7b810")
  const cases: ReadonlyArray<Refusal<ServiceManagement>> = [
    { name: "an empty name", call: (_) => _.createService(""), issues: [["name", /empty; give at least 1/]] },
    {
      name: "a name of 129 code points",
      call: (_) => _.createService("🔑".repeat(129)),
      issues: [["name", /129 characters; shorten it to at most 128/]]
    },
    { name: "a name that is no text", call: (_) => _.createService(untyped(7)), issues: [["name", /not a text/]] },
    {
      name: "a description of 1025 code points, and addresses that are none",
      call: (_) =>
        _.createService("n", { description: "x".repeat(1025), icon: "icon.png", callbackUrl: "ftp://example.com" }),
      issues: [["description", /at most 1024/], ["icon", url], ["callbackUrl", url]]
    },
    {
      name: "null, where there is nothing to clear",
      call: (_) => _.createService("n", { description: untyped(null) }),
      issues: [["description", /not a text/]]
    },
    {
      name: "an activity that is no boolean",
      call: (_) => _.createService("n", { active: untyped("True") }),
      issues: [["active", /^expected boolean$/]]
    },
    {
      name: "an option of another name",
      call: (_) => _.createService("n", untyped({ callback_url: "https://example.com" })),
      issues: [["callback_url", /not an option/]]
    },
    { name: "an id that is no UUID", call: (_) => _.getService(bad), issues: [["id", uuid]] },
    { name: "one among ids that is no UUID", call: (_) => _.getServices([serviceId, bad]), issues: [["ids[1]", uuid]] },
    {
      name: "ids that are no list",
      call: (_) => _.getServices(untyped(serviceId)),
      issues: [["ids", /^expected ReadonlyArray/]]
    },
    {
      name: "a change that clears a name or an activity",
      call: (_) => _.updateService(bad, { name: untyped(null), active: untyped(null) }),
      issues: [["id", uuid], ["name", /not a text/], ["active", /^expected boolean$/]]
    },
    {
      name: "a change that is too long, or no address",
      call: (_) =>
        _.updateService(serviceId, { name: "", description: "x".repeat(1025), icon: "", callbackUrl: "/hook" }),
      issues: [["name", /empty/], ["description", /at most 1024/], ["icon", url], ["callbackUrl", url]]
    },
    {
      name: "a key without text, of another type, with an end that is no date, of no service",
      call: (_) =>
        _.addServiceKey(bad, " ", {
          type: untyped("OTHER"),
          active: untyped(1),
          expires: untyped(new Date(0))
        }),
      issues: [
        ["serviceId", uuid],
        ["pem", /^empty; give the PEM/],
        ["type", /^not a key type; give "BOTH"/],
        ["active", /^expected boolean$/],
        ["expires", /^not a DateTime.Utc; make one/]
      ]
    },
    {
      name: "a key that is no text",
      call: (_) => _.addServiceKey(serviceId, untyped({ pem })),
      issues: [["pem", /^not a text; give the PEM/]]
    },
    {
      name: "an end that the wire has no year for",
      call: (_) => _.addServiceKey(serviceId, pem, { expires: DateTime.unsafeMake({ year: 10_000 }) }),
      issues: [["expires", /year does not have four digits/]]
    },
    { name: "to list the keys of no service", call: (_) => _.listServiceKeys(bad), issues: [["serviceId", uuid]] },
    {
      name: "a change of no key of no service",
      call: (_) =>
        _.updateServiceKey(bad, untyped("E0"), { active: untyped("no"), expires: untyped("2030-01-01T00:00:00Z") }),
      issues: [["serviceId", uuid], ["keyId", noKey], ["active", /^expected boolean$/], ["expires", /not a DateTime/]]
    },
    {
      name: "a change of a key's type",
      call: (_) => _.updateServiceKey(serviceId, keyId, untyped({ type: "BOTH" })),
      issues: [["type", /not an option/]]
    },
    {
      name: "to remove no key of no service",
      call: (_) => _.removeServiceKey(bad, untyped("")),
      issues: [["serviceId", uuid], ["keyId", noKey]]
    },
    {
      name: "a policy in plain JSON, of no service",
      call: (_) => _.setServicePolicy(bad, untyped(wirePolicy)),
      issues: [["serviceId", uuid], ["policy", /^not the policy of a service; build one/]]
    },
    { name: "to get the policy of no service", call: (_) => _.getServicePolicy(bad), issues: [["serviceId", uuid]] },
    {
      name: "to remove the policy of no service",
      call: (_) => _.removeServicePolicy(bad),
      issues: [["serviceId", uuid]]
    }
  ]
  refuses(cases, script, methods("organization"))
})
