import * as ApiError from "@effect-launchkey/core/ApiError"
import { AuthorizationRequestId, DeviceId } from "@effect-launchkey/core/Authorization"
import { Device, LinkStarted } from "@effect-launchkey/core/Device"
import { ServiceId } from "@effect-launchkey/core/EntityIdentifier"
import { TotpConfiguration } from "@effect-launchkey/core/Totp"
import * as TestTransport from "@effect-launchkey/testing/TestTransport"
import { assert, describe, it } from "@effect/vitest"
import * as Config from "effect/Config"
import * as ConfigProvider from "effect/ConfigProvider"
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as DirectoryClient from "../src/DirectoryClient.ts"
import type { ServiceManagement } from "../src/ServiceManagement.ts"
import { behaves, bodyOf, type Method, type Refusal, refuses, scripted, untyped } from "./methods.ts"

const directoryId = "9c0f6f3a-7d1c-11ee-b962-0242ac120002"
const deviceId = DeviceId.make("77616b20-f49f-11e7-a34e-967362b04474")

const wireLink = {
  qrcode: "https://api.example.com/public/v3/qr/xmchhhc",
  code: "xmchhhc",
  device_id: "61b9722d-2c87-4eb4-80fc-985c900472ba"
}

const wireDevice = {
  id: deviceId,
  name: "Pat's phone",
  type: "IOS",
  status: 1,
  created: "2018-01-08T18:13:31Z",
  updated: "2018-01-08T18:13:32Z"
}

const wireSession = {
  auth_request: null,
  date_created: "2018-01-11T05:20:55Z",
  service_icon: "https://example.com/blank.png",
  service_id: "69cc4e34-fd9b-11e8-897e-d60562cc216d",
  service_name: "Payments"
}

const script = scripted(DirectoryClient.DirectoryClient, DirectoryClient.layer({ directoryId }))

type Client = DirectoryClient.Service

const body = { identifier: "my-user-1" }

const methods: { readonly [Name in Exclude<keyof Client, keyof ServiceManagement>]: Method<Client> } = {
  linkDevice: {
    call: (client) => client.linkDevice("my-user-1"),
    operation: "POST /directory/v3/devices",
    body,
    reply: wireLink,
    returns: new LinkStarted({
      code: "xmchhhc",
      qrCodeUrl: "https://api.example.com/public/v3/qr/xmchhhc",
      deviceId: DeviceId.make("61b9722d-2c87-4eb4-80fc-985c900472ba")
    }),
    declared: ["InvalidDirectoryIdentifier"]
  },
  listDevices: {
    call: (client) => client.listDevices("my-user-1"),
    operation: "POST /directory/v3/devices/list",
    body,
    reply: [wireDevice],
    returns: [
      new Device({
        id: deviceId,
        name: Option.some("Pat's phone"),
        type: Option.some("IOS"),
        status: "LINKED",
        created: Option.some(DateTime.unsafeMake("2018-01-08T18:13:31Z")),
        updated: Option.some(DateTime.unsafeMake("2018-01-08T18:13:32Z"))
      })
    ],
    declared: []
  },
  unlinkDevice: {
    call: (client) => client.unlinkDevice("my-user-1", deviceId),
    operation: "DELETE /directory/v3/devices",
    body: { ...body, device_id: deviceId },
    declared: ["EntityNotFound"]
  },
  listSessions: {
    call: (client) => client.listSessions("my-user-1"),
    operation: "POST /directory/v3/sessions/list",
    body,
    reply: [wireSession, { ...wireSession, auth_request: "9ecc57e0-fb0f-4971-ba12-399b630069dd", service_icon: null }],
    returns: [
      {
        serviceId: ServiceId.make("69cc4e34-fd9b-11e8-897e-d60562cc216d"),
        serviceName: "Payments",
        serviceIcon: Option.some("https://example.com/blank.png"),
        authorizationRequestId: Option.none(),
        created: DateTime.unsafeMake("2018-01-11T05:20:55Z")
      },
      {
        serviceId: ServiceId.make("69cc4e34-fd9b-11e8-897e-d60562cc216d"),
        serviceName: "Payments",
        serviceIcon: Option.none(),
        authorizationRequestId: Option.some(AuthorizationRequestId.make("9ecc57e0-fb0f-4971-ba12-399b630069dd")),
        created: DateTime.unsafeMake("2018-01-11T05:20:55Z")
      }
    ],
    declared: ["EntityNotFound"]
  },
  endAllSessions: {
    call: (client) => client.endAllSessions("my-user-1"),
    operation: "DELETE /directory/v3/sessions",
    body,
    declared: ["EntityNotFound"]
  },
  generateTotp: {
    call: (client) => client.generateTotp("my-user-1"),
    operation: "POST /directory/v3/totp",
    body,
    reply: { secret: "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP", algorithm: "SHA1", period: 30, digits: 6 },
    returns: new TotpConfiguration({
      secret: Redacted.make("JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"),
      algorithm: "SHA1",
      period: 30,
      digits: 6
    }),
    declared: ["InvalidDirectoryIdentifier"]
  },
  removeTotp: {
    call: (client) => client.removeTotp("my-user-1"),
    operation: "DELETE /directory/v3/totp",
    body,
    declared: []
  }
}

for (const [name, method] of Object.entries<Method<Client>>(methods)) {
  behaves(name, `dir:${directoryId}`, method, script)
}

describe("linkDevice", () => {
  const link = (user: string, options?: DirectoryClient.LinkDeviceOptions) =>
    bodyOf(script, (client) => client.linkDevice(user, options), wireLink)

  it.effect("sends a time to live in seconds, at both of its ends, and none that is undefined", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(yield* link("u", { ttl: "5 minutes" }), { identifier: "u", ttl: 300 })
      assert.deepStrictEqual(yield* link("u", { ttl: Duration.days(1) }), { identifier: "u", ttl: 86_400 })
      assert.deepStrictEqual(yield* link("u", { ttl: undefined }), { identifier: "u" })
    }))

  it.effect("passes the user on as it is", () =>
    Effect.gen(function*() {
      for (const user of [" Ünïcødé @ex ", "x".repeat(256), "a\u0000b"]) {
        assert.deepStrictEqual(yield* link(user), { identifier: user })
      }
    }))
})

describe("listDevices", () => {
  it.effect("tells a device whose link is pending from one that may answer", () =>
    Effect.gen(function*() {
      const { client } = yield* script(TestTransport.json(200, [
        { id: "a", name: null, type: null, status: 0, created: null, updated: null },
        { id: "b", name: "", type: "", status: 1 },
        { id: "c", name: "c", type: "c", status: 2 }
      ]))
      const devices = yield* client.listDevices("u")
      assert.deepStrictEqual(devices.map(({ status }) => status), ["LINK_PENDING", "LINKED", "UNLINK_PENDING"])
      assert.deepStrictEqual(devices.map(({ active }) => active), [false, true, true])
      assert.deepStrictEqual(devices[0]?.name, Option.none())
      assert.deepStrictEqual(devices[1]?.created, Option.none())
    }))
})

describe("generateTotp", () => {
  it.effect("returns what a code application reads, and keeps the secret out of sight", () =>
    Effect.gen(function*() {
      const { client } = yield* script(TestTransport.json(200, methods.generateTotp.reply))
      const configuration = yield* client.generateTotp("u")
      assert.notInclude(JSON.stringify(configuration) + String(configuration), "JBSWY3DP")
      assert.strictEqual(
        Redacted.value(configuration.uri({ issuer: "My bank", account: "alice@example.com" })),
        "otpauth://totp/My%20bank:alice%40example.com?secret=JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP&issuer=My%20bank" +
          "&algorithm=SHA1&digits=6&period=30"
      )
    }))
})

describe("what is refused before anything is sent", () => {
  const empty = /^the user is empty; give/
  const uuid = /^expected a UUID of 36 characters/
  const cases: ReadonlyArray<Refusal<Client>> = [
    ...([
      ["linkDevice", (client, user) => client.linkDevice(user)],
      ["listDevices", (client, user) => client.listDevices(user)],
      ["unlinkDevice", (client, user) => client.unlinkDevice(user, deviceId)],
      ["listSessions", (client, user) => client.listSessions(user)],
      ["endAllSessions", (client, user) => client.endAllSessions(user)],
      ["generateTotp", (client, user) => client.generateTotp(user)],
      ["removeTotp", (client, user) => client.removeTotp(user)]
    ] satisfies ReadonlyArray<
      readonly [string, (client: Client, user: string) => Effect.Effect<unknown, { readonly _tag: string }>]
    >).flatMap(([name, call]): ReadonlyArray<Refusal<Client>> => [
      { name: `${name}: an empty user`, call: (client) => call(client, ""), issues: [["user", empty]] },
      {
        name: `${name}: a user that is no text`,
        call: (client) => call(client, untyped(["u"])),
        issues: [["user", /^the user is not a text/]]
      }
    ]),
    { name: "299 seconds", call: (_) => _.linkDevice("u", { ttl: "299 seconds" }), issues: [["ttl", /^299 s /]] },
    {
      name: "86401 seconds, for nobody",
      call: (_) => _.linkDevice("", { ttl: Duration.seconds(86_401) }),
      issues: [["user", empty], ["ttl", /^86401 s .*from 300 to 86400.*leave it out/]]
    },
    {
      name: "a fraction of a second",
      call: (_) => _.linkDevice("u", { ttl: "300500 millis" }),
      issues: [["ttl", /^300.5 s is not a whole number/]]
    },
    {
      name: "a ttl that is no duration",
      call: (_) => _.linkDevice("u", { ttl: untyped("soon") }),
      issues: [["ttl", /^not a duration; give one from 300 to 86400 seconds such as "1 hour"$/]]
    },
    {
      name: "an option of another name",
      call: (_) => _.linkDevice("u", untyped({ TTL: 300 })),
      issues: [["TTL", /not an option/]]
    },
    {
      name: "a device that is no UUID",
      call: (_) => _.unlinkDevice("u", untyped("phone")),
      issues: [["deviceId", uuid]]
    }
  ]
  refuses(cases, script, methods)
})

describe("make", () => {
  it.effect("acts for the directory in lower case", () =>
    Effect.gen(function*() {
      const upper = scripted(
        DirectoryClient.DirectoryClient,
        DirectoryClient.layer({ directoryId: directoryId.toUpperCase() })
      )
      const { client, sent } = yield* upper(TestTransport.json(200, []))
      yield* client.listDevices("u")
      yield* client.listServices
      assert.deepStrictEqual<ReadonlyArray<string>>(
        (yield* sent).map(({ subject }) => subject),
        [`dir:${directoryId}`, `dir:${directoryId}`]
      )
    }))

  it.effect("refuses an id that is no UUID, before anything is sent", () =>
    Effect.gen(function*() {
      for (const wrong of ["", `dir:${directoryId}`, untyped<string>(7)]) {
        const error = yield* Effect.flip(
          Effect.provide(DirectoryClient.make({ directoryId: wrong }), TestTransport.layerReplies([]))
        )
        assert.strictEqual(error.origin, "Client")
        assert.deepStrictEqual(error.issues.map(({ path }) => path), ["directoryId"])
      }
    }))

  it.effect("takes its options from the configuration too", () =>
    Effect.gen(function*() {
      const live = DirectoryClient.layerConfig({ directoryId: Config.string("DIRECTORY_ID") }).pipe(
        Layer.provide(TestTransport.layerReplies([]))
      )
      const build = (entries: Iterable<readonly [string, string]>) =>
        Effect.provide(DirectoryClient.DirectoryClient, live).pipe(
          Effect.withConfigProvider(ConfigProvider.fromMap(new Map(entries)))
        )
      assert.isFunction((yield* build([["DIRECTORY_ID", directoryId]])).linkDevice)
      assert.instanceOf(yield* Effect.flip(build([["DIRECTORY_ID", "x"]])), ApiError.InvalidParameters)
    }))
})
