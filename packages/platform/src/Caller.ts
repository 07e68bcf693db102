/**
 * Who sent the request that a handler is serving, once its message was opened.
 *
 * @since 0.1.0
 */
import { Forbidden } from "@effect-launchkey/core/ApiError"
import { DeviceId } from "@effect-launchkey/core/Authorization"
import * as Entity from "@effect-launchkey/core/EntityIdentifier"
import type { KeyId } from "@effect-launchkey/core/KeyId"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"

/**
 * @since 0.1.0
 * @category models
 */
export interface Verified {
  readonly issuer: Entity.EntityIdentifier
  readonly subject: Entity.EntityIdentifier
  readonly signingKeyId: KeyId
}

/**
 * None for a plain call.
 *
 * @since 0.1.0
 * @category tags
 */
export class Caller extends Context.Reference<Caller>()("@effect-launchkey/platform/Caller", {
  defaultValue: (): Option.Option<Verified> => Option.none()
}) {}

const forbidden = (detail: string) => new Forbidden({ detail })

const subjectOfType = (type: Entity.EntityType) =>
  Effect.flatMap(Caller, (caller) =>
    Option.isSome(caller) && Entity.typeOf(caller.value.subject) === type
      ? Effect.succeed(caller.value)
      : Effect.fail(forbidden("the subject of this call must be of another kind")))

/**
 * The caller and the service that the call is about.
 *
 * @since 0.1.0
 * @category constructors
 */
export const service: Effect.Effect<Verified & { readonly serviceId: Entity.ServiceId }, Forbidden> = Effect.map(
  subjectOfType("svc"),
  (caller) => ({ ...caller, serviceId: Entity.ServiceId.make(Entity.uuidOf(caller.subject)) })
)

/**
 * The device that calls.
 *
 * @since 0.1.0
 * @category constructors
 */
export const deviceId: Effect.Effect<DeviceId, Forbidden> = Effect.map(
  subjectOfType("dev"),
  (caller) => DeviceId.make(Entity.uuidOf(caller.subject))
)

/**
 * The organization that the call is about.
 *
 * @since 0.1.0
 * @category constructors
 */
export const organizationId: Effect.Effect<Entity.OrganizationId, Forbidden> = Effect.map(
  subjectOfType("org"),
  (caller) => Entity.OrganizationId.make(Entity.uuidOf(caller.subject))
)

/**
 * The caller and the directory that the call is about.
 *
 * @since 0.1.0
 * @category constructors
 */
export const directory: Effect.Effect<Verified & { readonly directoryId: Entity.DirectoryId }, Forbidden> = Effect.map(
  subjectOfType("dir"),
  (caller) => ({ ...caller, directoryId: Entity.DirectoryId.make(Entity.uuidOf(caller.subject)) })
)
