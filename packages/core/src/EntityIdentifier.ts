/**
 * Who acts and who is acted upon: organizations, directories, services and devices.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"

/**
 * Canonical UUID of any RFC 4122 version, 36 characters. Any case is read, lower case is kept and written.
 *
 * @see https://www.rfc-editor.org/rfc/rfc9562
 * @since 0.1.0
 * @category schemas
 */
export const Uuid = Schema.transform(
  Schema.String,
  Schema.String.pipe(
    Schema.pattern(/^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/, {
      message: () => "expected a UUID of 36 characters such as 9c0f6f3a-7d1c-11ee-b962-0242ac120002",
      arbitrary: () => (fc) => fc.uuid()
    })
  ),
  { strict: true, decode: (text) => text.toLowerCase(), encode: (text) => text }
).annotations({ identifier: "@effect-launchkey/core/EntityIdentifier/Uuid" })

/**
 * Identifier of an organization.
 *
 * @since 0.1.0
 * @category schemas
 */
export const OrganizationId = Uuid.pipe(Schema.brand("OrganizationId"))

/**
 * @since 0.1.0
 * @category models
 */
export type OrganizationId = typeof OrganizationId.Type

/**
 * Identifier of a directory: the users, devices and services of one organization's product.
 *
 * @since 0.1.0
 * @category schemas
 */
export const DirectoryId = Uuid.pipe(Schema.brand("DirectoryId"))

/**
 * @since 0.1.0
 * @category models
 */
export type DirectoryId = typeof DirectoryId.Type

/**
 * Identifier of a service: what users are authorized for.
 *
 * @since 0.1.0
 * @category schemas
 */
export const ServiceId = Uuid.pipe(Schema.brand("ServiceId"))

/**
 * @since 0.1.0
 * @category models
 */
export type ServiceId = typeof ServiceId.Type

const prefixed = <const Name extends string>(prefix: EntityType, name: Name) =>
  Schema.transform(
    Schema.String,
    Schema.String.pipe(
      Schema.pattern(new RegExp(`^${prefix}:[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$`), {
        message: () =>
          `expected "${prefix}:" and a UUID of 36 characters, such as ${prefix}:9c0f6f3a-7d1c-11ee-b962-0242ac120002`,
        arbitrary: () => (fc) => fc.uuid().map((id) => `${prefix}:${id}`)
      })
    ),
    {
      strict: true,
      decode: (text) => {
        const uuid = text.indexOf(":") + 1
        return text.slice(0, uuid) + text.slice(uuid).toLowerCase()
      },
      encode: (text) => text
    }
  ).pipe(Schema.brand(name))

/**
 * The prefix of an entity identifier.
 *
 * @since 0.1.0
 * @category models
 */
export type EntityType = "org" | "dir" | "svc" | "dev"

/**
 * `"org:<uuid>"`. The prefix is lower case and exact; the UUID is read in any case and kept in lower case.
 *
 * @see docs/protocol.md "Entities"
 * @since 0.1.0
 * @category schemas
 */
export const Organization = prefixed("org", "Organization")

/**
 * `"dir:<uuid>"`.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Directory = prefixed("dir", "Directory")

/**
 * `"svc:<uuid>"`.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Service = prefixed("svc", "Service")

/**
 * `"dev:<uuid>"`: an authenticator, in the device API of this project's platform. The vendor's protocol has no such
 * issuer on its public side.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Device = prefixed("dev", "Device")

/**
 * Who may sign a request to the vendor's API: `"svc:<uuid>"`, `"dir:<uuid>"` or `"org:<uuid>"`.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Issuer = Schema.Union(Service, Directory, Organization).annotations({
  identifier: "@effect-launchkey/core/EntityIdentifier/Issuer",
  message: () => ({
    message: "expected \"svc:\", \"dir:\" or \"org:\" and a UUID of 36 characters",
    override: true
  })
})

/**
 * @since 0.1.0
 * @category models
 */
export type Issuer = typeof Issuer.Type

/**
 * Any entity that may sign a request or be the subject of one.
 *
 * @since 0.1.0
 * @category schemas
 */
export const EntityIdentifier = Schema.Union(Service, Directory, Organization, Device).annotations({
  identifier: "@effect-launchkey/core/EntityIdentifier",
  message: () => ({
    message: "expected \"svc:\", \"dir:\", \"org:\" or \"dev:\" and a UUID of 36 characters",
    override: true
  })
})

/**
 * @since 0.1.0
 * @category models
 */
export type EntityIdentifier = typeof EntityIdentifier.Type

/**
 * @since 0.1.0
 * @category conversions
 */
export const typeOf = (entity: EntityIdentifier): EntityType => entity.slice(0, 3) as EntityType

/**
 * The UUID behind the prefix.
 *
 * @since 0.1.0
 * @category conversions
 */
export const uuidOf = (entity: EntityIdentifier): string => entity.slice(4)

/**
 * @since 0.1.0
 * @category constructors
 */
export const organization = (id: OrganizationId): typeof Organization.Type => Organization.make(`org:${id}`)

/**
 * @since 0.1.0
 * @category constructors
 */
export const directory = (id: DirectoryId): typeof Directory.Type => Directory.make(`dir:${id}`)

/**
 * @since 0.1.0
 * @category constructors
 */
export const service = (id: ServiceId): typeof Service.Type => Service.make(`svc:${id}`)

/**
 * @since 0.1.0
 * @category constructors
 */
export const device = (uuid: string): typeof Device.Type => Device.make(`dev:${uuid}`)
