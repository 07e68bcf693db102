/**
 * Brings what an organization had on another platform into this one: ids, names, public keys, policies and addresses of
 * webhooks. Users and devices are none of it, as their keys are on the devices alone: they are linked anew.
 *
 * @see docs/operating.md "Coming from another platform"
 * @since 0.1.0
 */
import { SdkKey } from "@effect-launchkey/core/Device"
import { DirectoryName } from "@effect-launchkey/core/Directory"
import * as Entity from "@effect-launchkey/core/EntityIdentifier"
import { KeyType } from "@effect-launchkey/core/PublicKey"
import * as ServicePolicy from "@effect-launchkey/core/ServicePolicy"
import { ServiceName, WebUrl } from "@effect-launchkey/core/ServiceProfile"
import type { StoreUnavailable } from "@effect-launchkey/core/StoreUnavailable"
import * as Jose from "@effect-launchkey/transport/Jose"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import { uniqueName } from "./Administration.ts"
import * as AuditLog from "./AuditLog.ts"
import { isStorable } from "./internal/storable.ts"
import * as PlatformClock from "./PlatformClock.ts"
import * as Store from "./Store.ts"

const optional = <A, I>(schema: Schema.Schema<A, I>) => Schema.optionalWith(schema, { nullable: true })

const PublicKeys = Schema.optionalWith(
  Schema.Array(Schema.Struct({
    /** PEM: SPKI or PKCS#1, RSA of 2048 bits or more. */
    publicKey: Schema.String,
    /** Default `"BOTH"`. */
    type: optional(Schema.typeSchema(KeyType)),
    /** Default true. */
    active: optional(Schema.Boolean),
    /** Default never. */
    expires: optional(Schema.DateTimeUtc)
  })),
  { default: () => [] }
)

const ImportedService = Schema.Struct({
  id: Entity.ServiceId,
  name: ServiceName,
  description: optional(Schema.String),
  icon: optional(WebUrl),
  callbackUrl: optional(WebUrl),
  active: optional(Schema.Boolean),
  /** As the API has it. Default: none. */
  policy: optional(ServicePolicy.KnownPolicy.pipe(
    Schema.filter(isStorable, { message: () => "expected fences of known types" })
  )),
  publicKeys: PublicKeys
})

const ImportedDirectory = Schema.Struct({
  id: Entity.DirectoryId,
  name: DirectoryName,
  active: optional(Schema.Boolean),
  denialContextInquiryEnabled: optional(Schema.Boolean),
  webhookUrl: optional(WebUrl),
  androidKey: optional(Schema.String),
  iosCertificateFingerprint: optional(Schema.String),
  sdkKeys: Schema.optionalWith(Schema.Array(SdkKey), { default: () => [] }),
  publicKeys: PublicKeys,
  services: Schema.optionalWith(Schema.Array(ImportedService), { default: () => [] })
})

/**
 * Organizations with all that is theirs.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Account = Schema.Struct({
  organizations: Schema.Array(Schema.Struct({
    id: Entity.OrganizationId,
    name: Schema.NonEmptyString,
    publicKeys: PublicKeys,
    directories: Schema.optionalWith(Schema.Array(ImportedDirectory), { default: () => [] }),
    /** Those that the organization has itself. */
    services: Schema.optionalWith(Schema.Array(ImportedService), { default: () => [] })
  }))
})

/**
 * @since 0.1.0
 * @category models
 */
export type Account = typeof Account.Type

/**
 * What cannot be imported, all at once: then nothing was.
 *
 * @since 0.1.0
 * @category errors
 */
export class ImportRefused extends Schema.TaggedError<ImportRefused>("@effect-launchkey/platform/AccountImport")(
  "ImportRefused",
  {
    /** By its path in the account, such as `organizations[0].directories[1].name`. */
    problems: Schema.Array(Schema.Struct({ path: Schema.String, problem: Schema.String }))
  }
) {
  override get message(): string {
    return `Nothing was imported. ${this.problems.map(({ path, problem }) => `${path}: ${problem}`).join("; ")}`
  }
}

const Counted = Schema.Struct({ added: Schema.Int, kept: Schema.Int })

/**
 * What an import did, or with a dry run would do. What is there already is kept as it is.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Imported = Schema.Struct({
  dryRun: Schema.Boolean,
  organizations: Counted,
  directories: Counted,
  services: Counted,
  publicKeys: Counted
})

/**
 * @since 0.1.0
 * @category models
 */
export type Imported = typeof Imported.Type

type Kind = Exclude<keyof Imported, "dryRun">

/** A thing that is not there yet, and how it comes to be: false where its name was taken meanwhile. */
interface Step {
  readonly path: string
  readonly kind: Kind
  readonly add: Effect.Effect<boolean, StoreUnavailable>
}

const ownerOf = ({ directoryId, organizationId }: Store.ServiceRecord) =>
  Option.getOrElse(directoryId, () => organizationId)

const plan = (account: Account) =>
  Effect.gen(function*() {
    const store = yield* Store.Store
    const jose = yield* Jose.Jose
    const now = yield* (yield* PlatformClock.PlatformClock).now
    const problems: Array<{ readonly path: string; readonly problem: string }> = []
    const steps: Array<Step> = []
    const kept: Record<Kind, number> = { organizations: 0, directories: 0, services: 0, publicKeys: 0 }
    const ids = new Set<string>()
    const names = new Set<string>()

    const refuse = (path: string, problem: string) => void problems.push({ path, problem })
    const step = (path: string, kind: Kind, add: Effect.Effect<boolean, StoreUnavailable>) =>
      void steps.push({ path, kind, add })
    const once = (set: Set<string>, value: string, path: string, problem: string) => {
      if (set.has(value)) refuse(path, problem)
      set.add(value)
    }

    const planKeys = (
      entity: Entity.EntityIdentifier,
      keys: Account["organizations"][number]["publicKeys"],
      path: string
    ) =>
      Effect.gen(function*() {
        const known = new Set((yield* store.keys(entity)).map(({ id }) => id))
        for (const [i, { active = true, expires, publicKey, type = "BOTH" }] of keys.entries()) {
          const at = `${path}.publicKeys[${i}]`
          const imported = yield* Effect.either(jose.importPublicKey(publicKey))
          if (Either.isLeft(imported)) {
            refuse(`${at}.publicKey`, imported.left.message)
            continue
          }
          const { keyId, pem } = imported.right
          if (known.has(keyId)) {
            kept.publicKeys++
            continue
          }
          known.add(keyId)
          const key = { id: keyId, pem, type, active, created: now, expires: Option.fromNullable(expires) }
          step(at, "publicKeys", store.insertKey(entity, key))
        }
      })

    const planService = (
      { active = true, callbackUrl, description, icon, id, name, policy = ServicePolicy.none, publicKeys }:
        typeof ImportedService.Type,
      owner: Pick<Store.ServiceRecord, "organizationId" | "directoryId">,
      path: string
    ) =>
      Effect.gen(function*() {
        const record: Store.ServiceRecord = {
          id,
          ...owner,
          name,
          description: Option.fromNullable(description),
          icon: Option.fromNullable(icon),
          callbackUrl: Option.fromNullable(callbackUrl),
          active,
          policy
        }
        once(ids, id, `${path}.id`, "is there twice")
        once(names, `${ownerOf(record)} service ${uniqueName(name)}`, `${path}.name`, "is there twice")
        const before = yield* store.service(id)
        if (Option.isSome(before)) {
          if (ownerOf(before.value) !== ownerOf(record)) refuse(`${path}.id`, "is the id of a service of another owner")
          kept.services++
        } else {
          const others = yield* store.services(ownerOf(record))
          if (others.some((other) => uniqueName(other.name) === uniqueName(name))) {
            refuse(`${path}.name`, "is the name of another service of its owner")
          }
          step(path, "services", store.insertService(record, uniqueName(name)))
        }
        yield* planKeys(Entity.service(id), publicKeys, path)
      })

    const planDirectory = (
      { id, name, publicKeys, sdkKeys, services, ...given }: typeof ImportedDirectory.Type,
      organizationId: Entity.OrganizationId,
      path: string
    ) =>
      Effect.gen(function*() {
        once(ids, id, `${path}.id`, "is there twice")
        once(names, `${organizationId} directory ${uniqueName(name)}`, `${path}.name`, "is there twice")
        const before = yield* store.directory(id)
        if (Option.isSome(before)) {
          if (before.value.organizationId !== organizationId) {
            refuse(`${path}.id`, "is the id of a directory of another organization")
          }
          kept.directories++
        } else {
          const others = yield* store.directories(organizationId)
          if (others.some((other) => uniqueName(other.name) === uniqueName(name))) {
            refuse(`${path}.name`, "is the name of another directory of its organization")
          }
          step(
            path,
            "directories",
            store.insertDirectory({
              id,
              organizationId,
              name,
              active: given.active ?? true,
              denialContextInquiryEnabled: given.denialContextInquiryEnabled ?? true,
              sdkKeys,
              androidKey: Option.fromNullable(given.androidKey),
              iosCertificateFingerprint: Option.fromNullable(given.iosCertificateFingerprint),
              webhookUrl: Option.fromNullable(given.webhookUrl)
            }, uniqueName(name))
          )
        }
        yield* planKeys(Entity.directory(id), publicKeys, path)
        const owner = { organizationId, directoryId: Option.some(id) }
        for (const [i, service] of services.entries()) yield* planService(service, owner, `${path}.services[${i}]`)
      })

    for (const [i, { directories, id, name, publicKeys, services }] of account.organizations.entries()) {
      const path = `organizations[${i}]`
      once(ids, id, `${path}.id`, "is there twice")
      if (Option.isSome(yield* store.organization(id))) kept.organizations++
      else step(path, "organizations", Effect.as(store.insertOrganization({ id, name }), true))
      yield* planKeys(Entity.organization(id), publicKeys, path)
      for (const [j, directory] of directories.entries()) {
        yield* planDirectory(directory, id, `${path}.directories[${j}]`)
      }
      const owner = { organizationId: id, directoryId: Option.none() }
      for (const [j, service] of services.entries()) yield* planService(service, owner, `${path}.services[${j}]`)
    }
    return { problems, steps, kept }
  })

/**
 * Adds what is not there yet, all of it or nothing; a second time there is nothing to add. With `dryRun` it is only looked
 * at.
 *
 * @since 0.1.0
 * @category constructors
 */
export const run = (
  account: Account,
  { dryRun }: { readonly dryRun: boolean }
): Effect.Effect<Imported, ImportRefused | StoreUnavailable, Store.Store | PlatformClock.PlatformClock> =>
  Effect.gen(function*() {
    const log = yield* AuditLog.AuditLog
    const store = yield* Store.Store
    const { kept, problems, steps } = yield* plan(account)
    if (problems.length > 0) return yield* new ImportRefused({ problems })
    if (!dryRun && steps.length > 0) {
      yield* store.transaction(Effect.gen(function*() {
        for (const { add, path } of steps) {
          if (!(yield* add)) {
            return yield* new ImportRefused({ problems: [{ path, problem: "was added by somebody else meanwhile" }] })
          }
        }
        yield* log.record({ act: "platform.import", on: "platform" })
      }))
    }
    const counted = (kind: Kind) => ({ added: steps.filter((step) => step.kind === kind).length, kept: kept[kind] })
    return {
      dryRun,
      organizations: counted("organizations"),
      directories: counted("directories"),
      services: counted("services"),
      publicKeys: counted("publicKeys")
    }
  })
