/** Of the store: organizations, directories, services, and the keys of all who call. */
import type * as Entity from "@effect-launchkey/core/EntityIdentifier"
import type { Database } from "@effect-launchkey/sql/Database"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type * as Store from "../../Store.ts"
import * as Reading from "./reading.ts"
import { decoded, head, type Rows, text } from "./reading.ts"
import * as Records from "./records.ts"

const ownerOf = (service: Store.ServiceRecord) => Option.getOrElse(service.directoryId, () => service.organizationId)

type Methods = Pick<
  Store.Service,
  | "insertOrganization"
  | "organization"
  | "organizations"
  | "insertDirectory"
  | "directory"
  | "directories"
  | "modifyDirectory"
  | "insertService"
  | "service"
  | "services"
  | "setPolicy"
  | "updateService"
  | "insertKey"
  | "keys"
  | "modifyKeys"
>

export const make = (database: Database): Methods => {
  const { join, locking, sql, transaction } = database
  const { changed, read, readOne } = Reading.make(database)

  const takeName = (operation: string, owner: string, name: string) =>
    changed(
      operation,
      sql`INSERT INTO platform_names (owner, name) VALUES (${owner}, ${
        text(name)
      }) ON CONFLICT DO NOTHING RETURNING 1 AS taken`
    )

  /** The entity's keys, which nobody else changes until the transaction ends. */
  const lockedKeys = (operation: string, entity: Entity.EntityIdentifier) =>
    Effect.map(
      Effect.flatMap(
        join(
          operation,
          sql<{ list: string }>`
            INSERT INTO platform_keys AS mine (entity, list) VALUES (${entity}, '[]')
            ON CONFLICT (entity) DO UPDATE SET list = mine.list
            RETURNING list`
        ),
        (rows) => decoded(Records.keys, operation, rows.map(({ list }) => list))
      ),
      ([keys = []]) => keys
    )

  const setKeys = (operation: string, entity: Entity.EntityIdentifier, keys: ReadonlyArray<Store.EntityKey>) =>
    Effect.flatMap(
      Records.keys.encode(operation, keys),
      (list) => join(operation, sql`UPDATE platform_keys SET list = ${list} WHERE entity = ${entity}`)
    )

  const services = (operation: string, rows: Rows<"record" | "policy">) =>
    Effect.flatMap(
      join(operation, rows),
      Effect.forEach(({ policy, record }) =>
        Effect.zipWith(
          Records.service.decode(operation, record),
          Records.policy.decode(operation, policy),
          (service, policy): Store.ServiceRecord => ({ ...service, policy })
        )
      )
    )

  const encodedService = (operation: string, { policy, ...service }: Store.ServiceRecord) =>
    Effect.all([Records.service.encode(operation, service), Records.policy.encode(operation, policy)])

  return {
    insertOrganization: (organization) =>
      Effect.flatMap(Records.organization.encode("Store.insertOrganization", organization), (record) =>
        join(
          "Store.insertOrganization",
          sql`INSERT INTO platform_organizations (id, record) VALUES (${organization.id}, ${record})
            ON CONFLICT (id) DO UPDATE SET record = excluded.record`
        )),
    organization: (id) =>
      readOne(
        "Store.organization",
        Records.organization,
        sql`SELECT record FROM platform_organizations WHERE id = ${id}`
      ),
    organizations: read(
      "Store.organizations",
      Records.organization,
      sql`SELECT record FROM platform_organizations ORDER BY id`
    ),

    insertDirectory: (directory, uniqueName) =>
      transaction(
        "Store.insertDirectory",
        Effect.gen(function*() {
          const operation = "Store.insertDirectory"
          const record = yield* Records.directory.encode(operation, directory)
          const { id, organizationId } = directory
          if (!(yield* takeName(operation, `directory ${organizationId}`, uniqueName))) return false
          yield* join(
            operation,
            sql`INSERT INTO platform_directories (id, organization_id, record) VALUES (${id}, ${organizationId}, ${record})`
          )
          return true
        })
      ),
    directory: (id) =>
      readOne("Store.directory", Records.directory, sql`SELECT record FROM platform_directories WHERE id = ${id}`),
    directories: (organizationId) =>
      read(
        "Store.directories",
        Records.directory,
        sql`SELECT record FROM platform_directories WHERE organization_id = ${organizationId} ORDER BY position`
      ),
    modifyDirectory: (id, change) =>
      transaction(
        "Store.modifyDirectory",
        Effect.gen(function*() {
          const operation = "Store.modifyDirectory"
          const found = yield* readOne(
            operation,
            Records.directory,
            sql`SELECT record FROM platform_directories WHERE id = ${id} ${locking}`
          )
          if (Option.isNone(found)) return found
          const directory = yield* change(found.value)
          const record = yield* Records.directory.encode(operation, directory)
          yield* join(operation, sql`UPDATE platform_directories SET record = ${record} WHERE id = ${id}`)
          return Option.some(directory)
        })
      ),

    insertService: (service, uniqueName) =>
      transaction(
        "Store.insertService",
        Effect.gen(function*() {
          const operation = "Store.insertService"
          const [record, policy] = yield* encodedService(operation, service)
          const owner = ownerOf(service)
          if (!(yield* takeName(operation, `service ${owner}`, uniqueName))) return false
          yield* join(
            operation,
            sql`INSERT INTO platform_services (id, owner_id, record, policy) VALUES (${service.id}, ${owner}, ${record}, ${policy})`
          )
          return true
        })
      ),
    service: (id) =>
      Effect.map(
        services("Store.service", sql`SELECT record, policy FROM platform_services WHERE id = ${id}`),
        head
      ),
    services: (owner) =>
      services(
        "Store.services",
        sql`SELECT record, policy FROM platform_services WHERE owner_id = ${owner} ORDER BY position`
      ),
    setPolicy: (id, policy) =>
      Effect.flatMap(
        Records.policy.encode("Store.setPolicy", policy),
        (json) => join("Store.setPolicy", sql`UPDATE platform_services SET policy = ${json} WHERE id = ${id}`)
      ),
    updateService: (service, { after, before }) =>
      transaction(
        "Store.updateService",
        Effect.gen(function*() {
          const operation = "Store.updateService"
          const [record] = yield* encodedService(operation, service)
          const owner = `service ${ownerOf(service)}`
          if (after !== before) {
            if (!(yield* takeName(operation, owner, after))) {
              return false
            }
            yield* join(
              operation,
              sql`DELETE FROM platform_names WHERE owner = ${owner} AND name = ${text(before)}`
            )
          }
          yield* join(operation, sql`UPDATE platform_services SET record = ${record} WHERE id = ${service.id}`)
          return true
        })
      ),

    insertKey: (entity, key) =>
      transaction(
        "Store.insertKey",
        Effect.gen(function*() {
          const keys = yield* lockedKeys("Store.insertKey", entity)
          if (
            keys.some(({ id }) => id === key.id)
          ) return false
          yield* setKeys("Store.insertKey", entity, [...keys, key])
          return true
        })
      ),
    keys: (entity) =>
      Effect.map(
        readOne("Store.keys", Records.keys, sql`SELECT list AS record FROM platform_keys WHERE entity = ${entity}`),
        Option.getOrElse(() => [])
      ),
    modifyKeys: (entity, change) =>
      transaction(
        "Store.modifyKeys",
        Effect.gen(function*() {
          const keys = yield* change(yield* lockedKeys("Store.modifyKeys", entity))
          yield* setKeys("Store.modifyKeys", entity, keys)
        })
      )
  }
}
