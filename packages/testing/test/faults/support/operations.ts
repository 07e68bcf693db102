/**
 * Every method of every client, with what the rules of `expected.ts` are derived from, written by hand.
 */
import type * as DirectoryClient from "@effect-launchkey/clients/DirectoryClient"
import type * as OrganizationClient from "@effect-launchkey/clients/OrganizationClient"
import type * as ServiceClient from "@effect-launchkey/clients/ServiceClient"
import type { ServiceManagement } from "@effect-launchkey/clients/ServiceManagement"
import { AuthorizationRequestId, type DeviceId } from "@effect-launchkey/core/Authorization"
import * as AuthPolicy from "@effect-launchkey/core/AuthPolicy"
import * as EffectivePolicy from "@effect-launchkey/core/EffectivePolicy"
import * as Entity from "@effect-launchkey/core/EntityIdentifier"
import * as ServicePolicy from "@effect-launchkey/core/ServicePolicy"
import * as Administration from "@effect-launchkey/platform/Administration"
import * as Store from "@effect-launchkey/platform/Store"
import * as Totps from "@effect-launchkey/platform/Totps"
import * as TestKeys from "@effect-launchkey/testing/TestKeys"
import * as TestPlatform from "@effect-launchkey/testing/TestPlatform"
import * as Answer from "@effect-launchkey/transport/Answer"
import * as Jose from "@effect-launchkey/transport/Jose"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"

type Platform = Administration.Administration | Store.Store | Totps.Totps

export interface Clients {
  readonly organization: OrganizationClient.Service
  readonly directory: DirectoryClient.Service
  readonly service: ServiceClient.Service
}

interface Facts {
  /** Whether asking again changes nothing more and prompts nobody. */
  readonly repeatable?: true
  /** Whether it asks a user. */
  readonly create?: true
  readonly sendsBody: boolean
  readonly answersBody: boolean
  /** The statuses without a code that its endpoint tells by a tag of their own, besides 401 and 403. */
  readonly tells?: ReadonlyArray<404 | 408 | 429>
}

export interface Operation<Owner extends keyof Clients = keyof Clients> extends Facts {
  readonly name: string
  readonly owner: Owner
  /** Makes what the call needs, and the call. */
  readonly prepare: (
    name: string
  ) => Effect.Effect<(clients: Pick<Clients, Owner>) => Effect.Effect<unknown, unknown>, unknown, Platform>
}

/** A body goes and a body comes; a body goes alone; a body comes alone; none at all. */
const both = { sendsBody: true, answersBody: true } as const
const sends = { sendsBody: true, answersBody: false } as const
const answers = { sendsBody: false, answersBody: true } as const
const bare = { sendsBody: false, answersBody: false } as const

const { directoryId, organizationId, serviceId } = TestPlatform

const operation = <Owner extends keyof Clients>(
  owner: Owner,
  method: keyof Clients[Owner] & string,
  facts: Facts,
  prepare: (
    name: string
  ) => Effect.Effect<(client: Clients[Owner]) => Effect.Effect<unknown, unknown>, unknown, Platform>
): Operation<Owner> => ({
  ...facts,
  name: `${owner}.${method}`,
  owner,
  prepare: (name) => Effect.map(prepare(name), (call) => (clients) => call(clients[owner]))
})

/** Needs nothing but a name of its own. */
const simply = <Client>(call: (client: Client, name: string) => Effect.Effect<unknown, unknown>) => (name: string) =>
  Effect.succeed((client: Client) => call(client, name))

/** A directory with two keys and two SDK keys. */
const directory = (name: string) =>
  Effect.gen(function*() {
    const administration = yield* Administration.Administration
    const { id } = yield* administration.createDirectory(organizationId, name)
    const keyId = yield* administration.addKey(Entity.directory(id), TestKeys.directory.publicKey)
    yield* administration.addKey(Entity.directory(id), TestKeys.stranger.publicKey)
    const sdkKey = yield* administration.createSdkKey(id)
    yield* administration.createSdkKey(id)
    return { id, keyId, sdkKey }
  })

const organizations: ReadonlyArray<Operation> = [
  operation("organization", "createDirectory", both, simply((client, name) => client.createDirectory(name))),
  operation("organization", "listDirectories", { repeatable: true, ...answers }, simply((_) => _.listDirectories)),
  operation(
    "organization",
    "getDirectories",
    { repeatable: true, ...both },
    simply((client) => client.getDirectories([directoryId]))
  ),
  operation(
    "organization",
    "getDirectory",
    { repeatable: true, ...both },
    simply((client) => client.getDirectory(directoryId))
  ),
  operation(
    "organization",
    "updateDirectory",
    { repeatable: true, ...sends },
    simply((client) => client.updateDirectory(directoryId, { active: true }))
  ),
  operation(
    "organization",
    "addDirectoryKey",
    both,
    (name) =>
      Effect.map(directory(name), ({ id }) => (client) => client.addDirectoryKey(id, TestKeys.encryption.publicKey))
  ),
  operation(
    "organization",
    "listDirectoryKeys",
    { repeatable: true, ...both },
    simply((client) => client.listDirectoryKeys(directoryId))
  ),
  operation(
    "organization",
    "updateDirectoryKey",
    { repeatable: true, ...sends },
    (name) =>
      Effect.map(directory(name), ({ id, keyId }) => (client) => client.updateDirectoryKey(id, keyId, { active: true }))
  ),
  operation(
    "organization",
    "removeDirectoryKey",
    sends,
    (name) => Effect.map(directory(name), ({ id, keyId }) => (client) => client.removeDirectoryKey(id, keyId))
  ),
  operation("organization", "generateSdkKey", both, simply((client) => client.generateSdkKey(directoryId))),
  operation(
    "organization",
    "listSdkKeys",
    { repeatable: true, ...both },
    simply((client) => client.listSdkKeys(directoryId))
  ),
  operation(
    "organization",
    "removeSdkKey",
    sends,
    (name) => Effect.map(directory(name), ({ id, sdkKey }) => (client) => client.removeSdkKey(id, sdkKey))
  )
]

/** Of organizations and directories alike, each with services of its own. */
const management = (owner: "organization" | "directory"): ReadonlyArray<Operation> => {
  const method = (
    name: keyof ServiceManagement,
    facts: Facts,
    call: (
      client: ServiceManagement,
      service: { readonly id: Entity.ServiceId; readonly keyId: typeof TestKeys.service.keyId; readonly name: string }
    ) => Effect.Effect<unknown, unknown>
  ): Operation =>
    operation(owner, name, facts, (name) =>
      Effect.gen(function*() {
        const administration = yield* Administration.Administration
        const { id } = yield* administration.createService(
          owner === "organization" ? organizationId : directoryId,
          `${name} before`
        )
        const keyId = yield* administration.addKey(Entity.service(id), TestKeys.service.publicKey)
        yield* administration.addKey(Entity.service(id), TestKeys.stranger.publicKey)
        return (client) => call(client, { id, keyId, name })
      }))
  const again = { repeatable: true } as const
  return [
    method("createService", both, (client, { name }) => client.createService(name)),
    method("listServices", { ...again, ...answers }, (client) => client.listServices),
    method("getServices", { ...again, ...both }, (client, { id }) => client.getServices([id])),
    method("getService", { ...again, ...both }, (client, { id }) => client.getService(id)),
    method("updateService", { ...again, ...sends }, (client, { id, name }) => client.updateService(id, { name })),
    method("addServiceKey", both, (client, { id }) => client.addServiceKey(id, TestKeys.encryption.publicKey)),
    method("listServiceKeys", { ...again, ...both }, (client, { id }) => client.listServiceKeys(id)),
    method(
      "updateServiceKey",
      { ...again, ...sends },
      (client, { id, keyId }) => client.updateServiceKey(id, keyId, { active: true })
    ),
    method("removeServiceKey", sends, (client, { id, keyId }) => client.removeServiceKey(id, keyId)),
    method(
      "setServicePolicy",
      { ...again, ...sends },
      (client, { id }) => client.setServicePolicy(id, ServicePolicy.legacy())
    ),
    method("getServicePolicy", { ...again, ...both }, (client, { id }) => client.getServicePolicy(id)),
    method("removeServicePolicy", { ...again, ...sends }, (client, { id }) => client.removeServicePolicy(id))
  ]
}

/** A user with one linked device. */
export const user = (identifier: string) =>
  Effect.gen(function*() {
    const administration = yield* Administration.Administration
    const store = yield* Store.Store
    const { code, deviceId } = yield* administration.linkDevice({ directoryId, identifier })
    yield* store.completeLinking(code, yield* DateTime.now, (device) => ({ ...device, status: "LINKED" }))
    return { identifier, deviceId }
  })

const known = (identifier: string) => Effect.map(user(identifier), () => identifier)

const directories: ReadonlyArray<Operation> = [
  operation("directory", "linkDevice", both, simply((client, name) => client.linkDevice(name))),
  operation(
    "directory",
    "listDevices",
    { repeatable: true, ...both },
    (name) => Effect.map(known(name), (user) => (client) => client.listDevices(user))
  ),
  operation(
    "directory",
    "unlinkDevice",
    { ...sends, tells: [404] },
    (name) =>
      Effect.map(user(name), ({ deviceId, identifier }) => (client) => client.unlinkDevice(identifier, deviceId))
  ),
  operation(
    "directory",
    "listSessions",
    { repeatable: true, ...both, tells: [404] },
    (name) => Effect.map(known(name), (user) => (client) => client.listSessions(user))
  ),
  operation(
    "directory",
    "endAllSessions",
    { repeatable: true, ...sends, tells: [404] },
    (name) => Effect.map(known(name), (user) => (client) => client.endAllSessions(user))
  ),
  operation("directory", "generateTotp", both, simply((client, name) => client.generateTotp(name))),
  operation(
    "directory",
    "removeTotp",
    { repeatable: true, ...sends },
    simply((client, name) => client.removeTotp(name))
  )
]

const answered = (id: AuthorizationRequestId, deviceId: DeviceId) =>
  Effect.gen(function*() {
    const jose = yield* Jose.Jose
    const recipient = yield* jose.importPublicKey(TestKeys.service.publicKey)
    const { jwe, oaep } = yield* Answer.seal({
      authorizationRequestId: id,
      deviceId,
      servicePins: ["1234"],
      type: "AUTHORIZED",
      reason: "APPROVED",
      denialReason: Option.none(),
      policy: Option.none(),
      methods: Option.none()
    }, recipient)
    return {
      oaep: Option.some(oaep),
      jwe: Option.some(jwe),
      serviceUserHash: "B1R3RD7WFKjlr0g4RACl25c2phPqcunajeQeZdTkLkM",
      organizationUserHash: Option.none<string>(),
      userPushId: "54631005-5987-8b88-b59e-62bac03cc155",
      keyId: recipient.keyId
    }
  })

/** A request that is open, or answered. */
const request = (name: string, state: "Open" | "Answered") =>
  Effect.gen(function*() {
    const store = yield* Store.Store
    const jose = yield* Jose.Jose
    const { deviceId, identifier } = yield* user(name)
    const id = AuthorizationRequestId.make(yield* jose.randomUuid)
    const now = yield* DateTime.now
    yield* store.openAuthorization({
      id,
      serviceId,
      user: { directoryId, identifier },
      request: { user: identifier },
      policy: EffectivePolicy.merge(ServicePolicy.none, AuthPolicy.none()),
      deviceIds: [deviceId],
      requester: {
        issuer: Entity.service(serviceId),
        recipient: { id: TestKeys.service.keyId, pem: TestKeys.service.publicKey }
      },
      created: now,
      // Through an hour's step of the clock.
      expires: DateTime.add(now, { hours: 12 }),
      state: state === "Open" ? { _tag: "Open" } : { _tag: "Answered", answer: yield* answered(id, deviceId) }
    })
    return id
  })

const services: ReadonlyArray<Operation> = [
  operation(
    "service",
    "authorize",
    { create: true, ...both, tells: [404, 429] },
    (name) => Effect.map(known(name), (user) => (client) => client.authorize(user))
  ),
  operation(
    "service",
    "getResponse",
    { repeatable: true, ...bare, tells: [408] },
    (name) => Effect.map(request(name, "Open"), (id) => (client) => client.getResponse(id))
  ),
  operation(
    "service",
    "awaitResponse",
    { repeatable: true, ...answers, tells: [408] },
    (name) => Effect.map(request(name, "Answered"), (id) => (client) => client.awaitResponse(id))
  ),
  operation(
    "service",
    "cancel",
    { ...bare, tells: [404] },
    (name) => Effect.map(request(name, "Open"), (id) => (client) => client.cancel(id))
  ),
  operation(
    "service",
    "sessionStart",
    { ...sends, tells: [404] },
    (name) => Effect.map(known(name), (user) => (client) => client.sessionStart(user))
  ),
  operation(
    "service",
    "sessionEnd",
    { repeatable: true, ...sends, tells: [404] },
    (name) => Effect.map(known(name), (user) => (client) => client.sessionEnd(user))
  ),
  operation("service", "verifyTotp", { ...both, tells: [404, 429] }, (name) =>
    Effect.gen(function*() {
      yield* (yield* Totps.Totps).generate({ directoryId, identifier: yield* known(name) })
      return (client) => client.verifyTotp(name, "000000")
    }))
]

export const all: ReadonlyArray<Operation> = [
  ...organizations,
  ...management("organization"),
  ...management("directory"),
  ...directories,
  ...services
]
