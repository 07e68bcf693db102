import { EntityNotFound, Forbidden } from "@effect-launchkey/core/ApiError"
import { PublicKey } from "@effect-launchkey/core/PublicKey"
import { ServiceProfile } from "@effect-launchkey/core/ServiceProfile"
import * as Effect from "effect/Effect"
import type * as Store from "../Store.ts"

export const toPublicKey = (key: Store.EntityKey): PublicKey => new PublicKey(key)

export const toServiceProfile = (
  { active, callbackUrl, description, icon, id, name }: Store.ServiceRecord
): ServiceProfile => new ServiceProfile({ active, callbackUrl, description, icon, id, name })

/** What is not there is as forbidden as what belongs to another: an answer must not tell them apart. */
export const orForbidden = <A, E, R>(
  effect: Effect.Effect<A, E | EntityNotFound, R>
): Effect.Effect<A, Exclude<E, EntityNotFound> | Forbidden, R> =>
  Effect.mapError(effect, (error) =>
    error instanceof EntityNotFound
      ? new Forbidden({ detail: undefined })
      // Exclude does not narrow by instanceof.
      : error as Exclude<E, EntityNotFound>)
