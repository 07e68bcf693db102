import * as DirectoryCredentials from "@effect-launchkey/clients/DirectoryCredentials"
import * as OrganizationCredentials from "@effect-launchkey/clients/OrganizationCredentials"
import type { ServiceManagement } from "@effect-launchkey/clients/ServiceManagement"
import type { SdkKey } from "@effect-launchkey/core/Device"
import * as Entity from "@effect-launchkey/core/EntityIdentifier"
import { KeyId } from "@effect-launchkey/core/KeyId"
import * as Authenticator from "@effect-launchkey/platform/Authenticator"
import * as Keyring from "@effect-launchkey/transport/Keyring"
import * as Effect from "effect/Effect"
import { ConformanceTarget } from "../../ConformanceTarget.ts"
import type { TestKey } from "../../TestKeys.ts"
import { withDeviceKey } from "../deviceKey.ts"
import { fresh, serviceActedForBy } from "./scene.ts"

/** A UUID that nothing has. */
const nothing = "eba60cb8-c649-11e7-abc4-cec278b6b50a"

export const nowhere = {
  directoryId: Entity.DirectoryId.make(nothing),
  serviceId: Entity.ServiceId.make(nothing),
  keyId: KeyId.make("aa:bb:cc:dd:ee:ff:11:22:33:44:55:66:77:88:99:00")
}

const using = (signing: TestKey, decryption: ReadonlyArray<TestKey> = []) =>
  Effect.provideServiceEffect(
    Keyring.Keyring,
    Keyring.make({
      signingKey: signing.privateKey,
      decryptionKeys: decryption.map(({ privateKey }) => privateKey)
    })
  )

export const organizationCredentials = (
  organizationId: Entity.OrganizationId,
  signing: TestKey,
  decryption?: ReadonlyArray<TestKey>
) =>
  Effect.flatMap(ConformanceTarget, ({ baseUrl }) => OrganizationCredentials.make({ organizationId, baseUrl }))
    .pipe(using(signing, decryption))

export const directoryCredentials = (
  directoryId: Entity.DirectoryId,
  signing: TestKey,
  decryption?: ReadonlyArray<TestKey>
) =>
  Effect.flatMap(ConformanceTarget, ({ baseUrl }) => DirectoryCredentials.make({ directoryId, baseUrl })).pipe(
    using(signing, decryption)
  )

/** The target's organization, by its own key. */
const ownOrganization = Effect.flatMap(
  ConformanceTarget,
  ({ keys, organizationId }) => organizationCredentials(organizationId, keys.organization)
)

/** The target's directory, by its own key. */
export const ownDirectory = Effect.flatMap(
  ConformanceTarget,
  ({ directoryId, keys }) => directoryCredentials(directoryId, keys.directory)
)

/** A new service of the target's directory, with a key of its own and the client by that key. */
export const otherService = Effect.gen(function*() {
  const { keys: { encryption } } = yield* ConformanceTarget
  const directory = yield* (yield* ownDirectory).directoryClient
  const serviceId = yield* Effect.flatMap(fresh("service"), directory.createService)
  yield* directory.addServiceKey(serviceId, encryption.publicKey)
  return yield* serviceActedForBy(serviceId, Entity.service(serviceId), encryption)
})

/** The target's organization and a new directory of it, both by the organization's key. */
export const tenant = Effect.gen(function*() {
  const credentials = yield* ownOrganization
  const organization = yield* credentials.organizationClient
  const name = yield* fresh("directory")
  const directoryId = yield* organization.createDirectory(name)
  return { credentials, organization, name, directoryId, directory: yield* credentials.directoryClient(directoryId) }
})

/** A device that completes the link of this code. */
export const completeLink = (code: string, sdkKey: SdkKey) =>
  Effect.gen(function*() {
    const { baseUrl, keys } = yield* ConformanceTarget
    return yield* Effect.gen(function*() {
      const device = yield* Authenticator.make({ baseUrl, name: "Phone", type: "Android" })
      return { device, deviceId: yield* device.link(code, sdkKey) }
    }).pipe(withDeviceKey(keys.device))
  })

/** The suffix of a test's name for the rows of behaviours it shows, in the order of {@link owners}. */
export type Rows = (...ids: ReadonlyArray<ReadonlyArray<number>>) => string

const row = (id: number) => `B-${String(id).padStart(3, "0")}`

export const rowsOf = (index: number): Rows => (...ids) =>
  (ids[index] ?? []).length === 0 ? "" : ` (${(ids[index] ?? []).map(row).join(", ")})`

/** Who owns services: a new directory, or the target's organization. */
export const owners = [
  {
    owner: "a directory",
    rows: rowsOf(0),
    services: Effect.map(tenant, ({ directory }): ServiceManagement => directory)
  },
  {
    owner: "an organization",
    rows: rowsOf(1),
    services: Effect.map(
      Effect.flatMap(ownOrganization, ({ organizationClient }) => organizationClient),
      (organization): ServiceManagement => organization
    )
  }
] as const

/** A service of a new directory of the organization, for which neither owner of {@link owners} may act. */
export const foreignService = Effect.flatMap(
  tenant,
  ({ directory }) => Effect.flatMap(fresh("service"), directory.createService)
)
