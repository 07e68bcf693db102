import { Forbidden } from "@effect-launchkey/core/ApiError"
import type * as Entity from "@effect-launchkey/core/EntityIdentifier"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type * as Store from "../Store.ts"

/** A service of that owner. One of another owner is as forbidden as one that never was. */
export const ownService = (
  store: Store.Service,
  ownerId: Entity.OrganizationId | Entity.DirectoryId,
  id: Entity.ServiceId
) =>
  Effect.gen(function*() {
    const service = Option.filter(
      yield* store.service(id),
      ({ directoryId, organizationId }) => Option.getOrElse(directoryId, () => organizationId) === ownerId
    )
    return Option.isSome(service) ? service.value : yield* new Forbidden({ detail: undefined })
  })
