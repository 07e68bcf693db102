import * as DirectoryCredentials from "@effect-launchkey/clients/DirectoryCredentials"
import * as OrganizationCredentials from "@effect-launchkey/clients/OrganizationCredentials"
import type { ServiceManagement } from "@effect-launchkey/clients/ServiceManagement"
import type { SdkKey } from "@effect-launchkey/core/Device"
import * as Entity from "@effect-launchkey/core/EntityIdentifier"
import { KeyId } from "@effect-launchkey/core/KeyId"
import * as Administration from "@effect-launchkey/platform/Administration"
import * as Authenticator from "@effect-launchkey/platform/Authenticator"
import * as Jose from "@effect-launchkey/transport/Jose"
import * as Keyring from "@effect-launchkey/transport/Keyring"
import * as Effect from "effect/Effect"
import * as TestKeys from "../../TestKeys.ts"
import * as TestPlatform from "../../TestPlatform.ts"
import { fresh } from "./scene.ts"

/** A UUID that nothing has. */
const nothing = "eba60cb8-c649-11e7-abc4-cec278b6b50a"

export const nowhere = {
  directoryId: Entity.DirectoryId.make(nothing),
  serviceId: Entity.ServiceId.make(nothing),
  keyId: KeyId.make("aa:bb:cc:dd:ee:ff:11:22:33:44:55:66:77:88:99:00")
}

const using = (signing: TestKeys.TestKey, decryption: ReadonlyArray<TestKeys.TestKey> = []) =>
  Effect.provideServiceEffect(
    Keyring.Keyring,
    Keyring.make({
      signingKey: signing.privateKey,
      decryptionKeys: decryption.map(({ privateKey }) => privateKey)
    })
  )

export const organizationCredentials = (
  organizationId: Entity.OrganizationId,
  signing: TestKeys.TestKey,
  decryption?: ReadonlyArray<TestKeys.TestKey>
) =>
  Effect.flatMap(TestPlatform.TestPlatform, ({ baseUrl }) => OrganizationCredentials.make({ organizationId, baseUrl }))
    .pipe(using(signing, decryption))

export const directoryCredentials = (
  directoryId: Entity.DirectoryId,
  signing: TestKeys.TestKey,
  decryption?: ReadonlyArray<TestKeys.TestKey>
) =>
  Effect.flatMap(TestPlatform.TestPlatform, ({ baseUrl }) => DirectoryCredentials.make({ directoryId, baseUrl })).pipe(
    using(signing, decryption)
  )

/** The seeded organization, by its own key. */
const seededOrganization = organizationCredentials(TestPlatform.organizationId, TestKeys.organization)

/** The seeded organization and a new directory of it, both by the organization's key. */
export const tenant = Effect.gen(function*() {
  const credentials = yield* seededOrganization
  const organization = yield* credentials.organizationClient
  const directoryId = yield* organization.createDirectory(yield* fresh("directory"))
  return { credentials, organization, directoryId, directory: yield* credentials.directoryClient(directoryId) }
})

/** An organization of its own, with these keys and nothing else. */
export const organizationWith = (
  keys: ReadonlyArray<readonly [TestKeys.TestKey, Administration.AddKeyOptions["type"]]>
) =>
  Effect.gen(function*() {
    const administration = yield* Administration.Administration
    const { id } = yield* administration.createOrganization(yield* fresh("organization"))
    for (const [key, type] of keys) yield* administration.addKey(Entity.organization(id), key.publicKey, { type })
    return id
  })

/** A device that completes the link of this code. Like all others in these tests it has {@link TestKeys.device}. */
export const completeLink = (code: string, sdkKey: SdkKey) =>
  Effect.gen(function*() {
    const { baseUrl } = yield* TestPlatform.TestPlatform
    const jose = yield* Jose.Jose
    const privateKey = yield* jose.importPrivateKey(TestKeys.device.privateKey)
    const device = yield* Authenticator.make({ baseUrl, name: "Phone", type: "Android" }).pipe(
      Effect.provideService(Jose.Jose, {
        ...jose,
        generateKey: () => Effect.succeed({ privateKey, privateKeyPem: TestKeys.device.privateKey })
      })
    )
    return { device, deviceId: yield* device.link(code, sdkKey) }
  })

/** The suffix of a test's name for the rows of behaviours it shows, in the order of {@link owners}. */
export type Rows = (...ids: ReadonlyArray<ReadonlyArray<number>>) => string

const row = (id: number) => `B-${String(id).padStart(3, "0")}`

export const rowsOf = (index: number): Rows => (...ids) =>
  (ids[index] ?? []).length === 0 ? "" : ` (${(ids[index] ?? []).map(row).join(", ")})`

/** Who owns services: a new directory, or the seeded organization. */
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
      Effect.flatMap(seededOrganization, ({ organizationClient }) => organizationClient),
      (organization): ServiceManagement => organization
    )
  }
] as const

/** A service of a new directory of the organization, for which neither owner of {@link owners} may act. */
export const foreignService = Effect.flatMap(
  tenant,
  ({ directory }) => Effect.flatMap(fresh("service"), directory.createService)
)
