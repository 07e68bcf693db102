import * as ApiError from "@effect-launchkey/core/ApiError"
import { SdkKey } from "@effect-launchkey/core/Device"
import { Directory } from "@effect-launchkey/core/Directory"
import { DirectoryId, ServiceId } from "@effect-launchkey/core/EntityIdentifier"
import { KeyId } from "@effect-launchkey/core/KeyId"
import { PublicKey } from "@effect-launchkey/core/PublicKey"
import * as TestKeys from "@effect-launchkey/testing/TestKeys"
import * as TestTransport from "@effect-launchkey/testing/TestTransport"
import { MessageRejected } from "@effect-launchkey/transport/TransportError"
import { assert, describe, it } from "@effect/vitest"
import * as Config from "effect/Config"
import * as ConfigProvider from "effect/ConfigProvider"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as OrganizationClient from "../src/OrganizationClient.ts"
import type { ServiceManagement } from "../src/ServiceManagement.ts"
import { behaves, bodyOf, type Method, type Refusal, refuses, scripted, untyped } from "./methods.ts"

const organizationId = "8a6b1e9e-7d1c-11ee-b962-0242ac120002"
const directoryId = DirectoryId.make("7ac4e652-974d-11e7-b0c6-6a535e6278de")
const otherId = DirectoryId.make("00000000-0000-4000-8000-000000000001")
const sdkKey = SdkKey.make("0d3697e1-b5da-11e7-a831-0469f8dc10a5")
const keyId = KeyId.make("e0:2f:a9:5a:76:92:6b:b5:4d:24:67:19:d1:8a:0a:75")
const pem = TestKeys.directory.publicKey

const wireDirectory = {
  id: directoryId,
  name: "Customers",
  active: true,
  service_ids: ["69cc4e34-fd9b-11e8-897e-d60562cc216d"],
  sdk_keys: [sdkKey],
  premium: false,
  android_key: null,
  ios_certificate_fingerprint: null,
  denial_context_inquiry_enabled: true,
  webhook_url: "https://a.webhook.url/path"
}

const directory = new Directory({
  id: directoryId,
  name: "Customers",
  active: true,
  serviceIds: [ServiceId.make("69cc4e34-fd9b-11e8-897e-d60562cc216d")],
  sdkKeys: [sdkKey],
  premium: false,
  androidKey: Option.none(),
  iosCertificateFingerprint: Option.none(),
  denialContextInquiryEnabled: true,
  webhookUrl: Option.some("https://a.webhook.url/path")
})

const script = scripted(OrganizationClient.OrganizationClient, OrganizationClient.layer({ organizationId }))

type Client = OrganizationClient.Service

const methods: { readonly [Name in Exclude<keyof Client, keyof ServiceManagement>]: Method<Client> } = {
  createDirectory: {
    call: (client) => client.createDirectory("Customers"),
    operation: "POST /organization/v3/directories",
    body: { name: "Customers" },
    reply: { id: directoryId },
    returns: directoryId,
    declared: ["DirectoryNameInUse"]
  },
  listDirectories: {
    call: (client) => client.listDirectories,
    operation: "GET /organization/v3/directories",
    body: undefined,
    reply: [wireDirectory],
    returns: [directory],
    declared: []
  },
  getDirectories: {
    call: (client) => client.getDirectories([directoryId, otherId]),
    operation: "POST /organization/v3/directories/list",
    body: { directory_ids: [directoryId, otherId] },
    reply: [wireDirectory],
    returns: [directory],
    declared: []
  },
  getDirectory: {
    call: (client) => client.getDirectory(directoryId),
    operation: "POST /organization/v3/directories/list",
    body: { directory_ids: [directoryId] },
    reply: [wireDirectory],
    returns: directory,
    declared: []
  },
  updateDirectory: {
    call: (client) => client.updateDirectory(directoryId, { active: false }),
    operation: "PATCH /organization/v3/directories",
    body: { directory_id: directoryId, active: false },
    declared: []
  },
  addDirectoryKey: {
    call: (client) => client.addDirectoryKey(directoryId, pem),
    operation: "POST /organization/v3/directory/keys",
    body: { directory_id: directoryId, public_key: pem },
    reply: { key_id: keyId },
    returns: keyId,
    declared: ["InvalidPublicKey", "PublicKeyAlreadyInUse"]
  },
  listDirectoryKeys: {
    call: (client) => client.listDirectoryKeys(directoryId),
    operation: "POST /organization/v3/directory/keys/list",
    body: { directory_id: directoryId },
    reply: [{
      id: keyId,
      public_key: pem,
      date_created: "2023-05-01T12:00:00Z",
      date_expires: null,
      active: true,
      key_type: 1
    }],
    returns: [
      new PublicKey({
        id: keyId,
        pem,
        type: "ENCRYPTION",
        active: true,
        created: DateTime.unsafeMake("2023-05-01T12:00:00Z"),
        expires: Option.none()
      })
    ],
    declared: []
  },
  updateDirectoryKey: {
    call: (client) => client.updateDirectoryKey(directoryId, keyId, { active: true }),
    operation: "PATCH /organization/v3/directory/keys",
    body: { directory_id: directoryId, key_id: keyId, active: true },
    declared: ["PublicKeyDoesNotExist"]
  },
  removeDirectoryKey: {
    call: (client) => client.removeDirectoryKey(directoryId, keyId),
    operation: "DELETE /organization/v3/directory/keys",
    body: { directory_id: directoryId, key_id: keyId },
    declared: ["PublicKeyDoesNotExist", "LastRemainingKey"]
  },
  generateSdkKey: {
    call: (client) => client.generateSdkKey(directoryId),
    operation: "POST /organization/v3/directory/sdk-keys",
    body: { directory_id: directoryId },
    reply: { sdk_key: sdkKey },
    returns: sdkKey,
    declared: []
  },
  listSdkKeys: {
    call: (client) => client.listSdkKeys(directoryId),
    operation: "POST /organization/v3/directory/sdk-keys/list",
    body: { directory_id: directoryId },
    reply: [sdkKey],
    returns: [sdkKey],
    declared: []
  },
  removeSdkKey: {
    call: (client) => client.removeSdkKey(directoryId, sdkKey),
    operation: "DELETE /organization/v3/directory/sdk-keys",
    body: { directory_id: directoryId, sdk_key: sdkKey },
    declared: ["InvalidSdkKey", "LastRemainingSdkKey"]
  }
}

for (const [name, method] of Object.entries<Method<Client>>(methods)) {
  behaves(name, `org:${organizationId}`, method, script)
}

describe("getDirectory", () => {
  it.effect("does not believe an answer without the directory, or with another alone", () =>
    Effect.gen(function*() {
      for (const reply of [[], [{ ...wireDirectory, id: otherId }]]) {
        const { client } = yield* script(TestTransport.json(200, reply))
        const error = yield* Effect.flip(client.getDirectory(directoryId))
        assert.instanceOf(error, MessageRejected)
        assert.deepInclude(error, { reason: "BodyMalformed", operation: "POST /organization/v3/directories/list" })
      }
    }))
})

describe("updateDirectory", () => {
  const bytes = new Uint8Array([0, 1, 2, 250, 251, 252])
  const base64 = "AAEC+vv8"
  const body = (change: OrganizationClient.UpdateDirectoryOptions) =>
    bodyOf(script, (client) => client.updateDirectory(directoryId, change))

  it.effect("leaves what is absent or undefined", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(yield* body({}), { directory_id: directoryId })
      assert.deepStrictEqual(
        yield* body({
          active: undefined,
          androidKey: undefined,
          iosP12: undefined,
          denialContextInquiryEnabled: undefined,
          webhookUrl: undefined
        }),
        { directory_id: directoryId }
      )
    }))

  it.effect("clears what is null", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(
        yield* body({ androidKey: null, iosP12: null, webhookUrl: null }),
        { directory_id: directoryId, android_key: null, ios_p12: null, webhook_url: null }
      )
    }))

  it.effect("sets what has a value", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(
        yield* body({
          active: false,
          androidKey: "AAAA",
          iosP12: bytes,
          denialContextInquiryEnabled: false,
          webhookUrl: "https://a.webhook.url/path"
        }),
        {
          directory_id: directoryId,
          active: false,
          android_key: "AAAA",
          ios_p12: base64,
          denial_context_inquiry_enabled: false,
          webhook_url: "https://a.webhook.url/path"
        }
      )
    }))

  it.effect("takes a PKCS#12 as bytes or as base64, with line breaks or without, redacted or not", () =>
    Effect.gen(function*() {
      for (
        const iosP12 of [bytes, base64, "AAEC\r\n+vv8\n", Redacted.make(bytes), Redacted.make(base64)] as const
      ) {
        assert.deepStrictEqual(yield* body({ iosP12 }), { directory_id: directoryId, ios_p12: base64 })
      }
    }))

  it.effect("never repeats a key that it refuses", () =>
    Effect.gen(function*() {
      const { client } = yield* script(TestTransport.noContent)
      const error = yield* Effect.flip(
        client.updateDirectory(directoryId, { androidKey: untyped({ secret: "hunter2" }), iosP12: "hunter2!" })
      )
      assert.instanceOf(error, ApiError.InvalidParameters)
      assert.strictEqual(error.issues.length, 2)
      assert.notInclude(error.message, "hunter2")
    }))
})

describe("what is refused before anything is sent", () => {
  const uuid = /^expected a UUID of 36 characters/
  const noKey = /^expected sixteen lower-case hex octets/
  const bad = untyped<DirectoryId>(`dir:${directoryId}`)
  const cases: ReadonlyArray<Refusal<Client>> = [
    { name: "an empty name", call: (_) => _.createDirectory(""), issues: [["name", /empty; give at least 1/]] },
    {
      name: "a name of 129 code points",
      call: (_) => _.createDirectory("x".repeat(129)),
      issues: [["name", /at most 128/]]
    },
    { name: "a name that is no text", call: (_) => _.createDirectory(untyped({})), issues: [["name", /not a text/]] },
    { name: "an id that is no UUID", call: (_) => _.getDirectory(bad), issues: [["id", uuid]] },
    {
      name: "one among ids that is no UUID",
      call: (_) => _.getDirectories([bad, directoryId]),
      issues: [["ids[0]", uuid]]
    },
    {
      name: "every member of a change that is not acceptable",
      call: (_) =>
        _.updateDirectory(bad, {
          active: untyped("yes"),
          androidKey: "",
          iosP12: "not base64",
          denialContextInquiryEnabled: untyped(1),
          webhookUrl: "a.webhook.url"
        }),
      issues: [
        ["id", uuid],
        ["active", /^expected boolean$/],
        ["androidKey", /^empty; give null to clear/],
        ["iosP12", /^not base64; give the bytes/],
        ["denialContextInquiryEnabled", /^expected boolean$/],
        ["webhookUrl", /^expected an absolute http or https URL/]
      ]
    },
    {
      name: "a PKCS#12 without bytes, and an address without text",
      call: (_) => _.updateDirectory(directoryId, { iosP12: new Uint8Array(0), webhookUrl: "" }),
      issues: [["iosP12", /^empty; give null to clear/], ["webhookUrl", /^expected an absolute/]]
    },
    {
      name: "a PKCS#12 that is neither bytes nor text",
      call: (_) => _.updateDirectory(directoryId, { iosP12: untyped([1, 2]), androidKey: untyped(7) }),
      issues: [["iosP12", /^not base64/], ["androidKey", /^not a text/]]
    },
    {
      name: "null, where there is nothing to clear",
      call: (_) =>
        _.updateDirectory(directoryId, { active: untyped(null), denialContextInquiryEnabled: untyped(null) }),
      issues: [["active", /^expected boolean$/], ["denialContextInquiryEnabled", /^expected boolean$/]]
    },
    {
      name: "a change of what does not change",
      call: (_) => _.updateDirectory(directoryId, untyped({ name: "Other", premium: true })),
      issues: [["name", /not an option/], ["premium", /not an option/]]
    },
    {
      name: "no key for no directory",
      call: (_) => _.addDirectoryKey(bad, "", { type: untyped(0), active: untyped("yes"), expires: untyped("soon") }),
      issues: [
        ["directoryId", uuid],
        ["pem", /^empty/],
        ["type", /^not a key type/],
        ["active", /^expected boolean$/],
        ["expires", /^not a DateTime.Utc/]
      ]
    },
    {
      name: "a private key",
      call: (_) => _.addDirectoryKey(directoryId, Redacted.value(TestKeys.directory.privateKey)),
      issues: [["pem", /^it is a private key/]]
    },
    {
      name: "to list the keys of no directory",
      call: (_) => _.listDirectoryKeys(bad),
      issues: [["directoryId", uuid]]
    },
    {
      name: "a change of no key of no directory",
      call: (_) => _.updateDirectoryKey(bad, untyped(keyId.toUpperCase()), { active: untyped(1), expires: untyped(0) }),
      issues: [
        ["directoryId", uuid],
        ["keyId", noKey],
        ["active", /^expected boolean$/],
        ["expires", /^not a DateTime.Utc/]
      ]
    },
    {
      name: "to remove no key of no directory",
      call: (_) => _.removeDirectoryKey(bad, untyped(undefined)),
      issues: [["directoryId", uuid], ["keyId", /./]]
    },
    { name: "an SDK key for no directory", call: (_) => _.generateSdkKey(bad), issues: [["directoryId", uuid]] },
    { name: "to list the SDK keys of no directory", call: (_) => _.listSdkKeys(bad), issues: [["directoryId", uuid]] },
    {
      name: "to remove no SDK key of no directory",
      call: (_) => _.removeSdkKey(bad, untyped("")),
      issues: [["directoryId", uuid], ["sdkKey", uuid]]
    }
  ]
  refuses(cases, script, methods)
})

describe("make", () => {
  const make = (id: string) =>
    Effect.provide(OrganizationClient.make({ organizationId: id }), TestTransport.layerReplies([]))

  it.effect("acts for the organization in lower case", () =>
    Effect.gen(function*() {
      const upper = scripted(
        OrganizationClient.OrganizationClient,
        OrganizationClient.layer({ organizationId: organizationId.toUpperCase() })
      )
      const { client, sent } = yield* upper(TestTransport.json(200, []))
      yield* client.listDirectories
      yield* client.listServices
      assert.deepStrictEqual<ReadonlyArray<string>>(
        (yield* sent).map(({ subject }) => subject),
        [`org:${organizationId}`, `org:${organizationId}`]
      )
    }))

  it.effect("refuses an id that is no UUID, before anything is sent", () =>
    Effect.gen(function*() {
      for (const wrong of ["", `org:${organizationId}`, untyped<string>(7)]) {
        const error = yield* Effect.flip(make(wrong))
        assert.strictEqual(error.origin, "Client")
        assert.deepStrictEqual(error.issues.map(({ path }) => path), ["organizationId"])
      }
    }))

  it.effect("takes its options from the configuration too", () =>
    Effect.gen(function*() {
      const live = OrganizationClient.layerConfig({ organizationId: Config.string("ORGANIZATION_ID") }).pipe(
        Layer.provide(TestTransport.layerReplies([]))
      )
      const build = (entries: Iterable<readonly [string, string]>) =>
        Effect.provide(OrganizationClient.OrganizationClient, live).pipe(
          Effect.withConfigProvider(ConfigProvider.fromMap(new Map(entries)))
        )
      assert.isFunction((yield* build([["ORGANIZATION_ID", organizationId]])).createDirectory)
      assert.instanceOf(yield* Effect.flip(build([["ORGANIZATION_ID", "x"]])), ApiError.InvalidParameters)
    }))
})
