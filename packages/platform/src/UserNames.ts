/**
 * The names that services see for a user, instead of the identifier: derived from the platform's secret, stable, and
 * different for each service or organization.
 *
 * @see docs/protocol.md "The device's answer"
 * @since 0.1.0
 */
import type { OrganizationId, ServiceId } from "@effect-launchkey/core/EntityIdentifier"
import * as Effect from "effect/Effect"
import * as Encoding from "effect/Encoding"
import * as PlatformKeys from "./PlatformKeys.ts"
import type { UserKey } from "./Store.ts"

const derive = (kind: string, owner: string, { directoryId, identifier }: UserKey) =>
  Effect.flatMap(
    PlatformKeys.PlatformKeys,
    (keys) => keys.derive(JSON.stringify([kind, owner, directoryId, identifier]))
  )

/**
 * 43 characters of base64url.
 *
 * @since 0.1.0
 * @category constructors
 */
export const serviceUserHash = (serviceId: ServiceId, user: UserKey) =>
  Effect.map(derive("service", serviceId, user), Encoding.encodeBase64Url)

/**
 * 43 characters of base64url.
 *
 * @since 0.1.0
 * @category constructors
 */
export const organizationUserHash = (organizationId: OrganizationId, user: UserKey) =>
  Effect.map(derive("organization", organizationId, user), Encoding.encodeBase64Url)

/**
 * A UUID of version 8, by which the service may ask for the user later.
 *
 * @see https://www.rfc-editor.org/rfc/rfc9562#name-uuid-version-8
 * @since 0.1.0
 * @category constructors
 */
export const userPushId = (serviceId: ServiceId, user: UserKey) =>
  Effect.map(derive("push", serviceId, user), (bytes) => {
    const uuid = bytes.slice(0, 16)
    uuid[6] = ((uuid[6] ?? 0) & 0x0f) | 0x80
    uuid[8] = ((uuid[8] ?? 0) & 0x3f) | 0x80
    return Encoding.encodeHex(uuid).replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5")
  })
