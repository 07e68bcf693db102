/**
 * Sessions: that a service holds a user for logged in, which the user sees and may end on each device.
 *
 * @see docs/protocol.md "Sessions"
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"
import { AuthorizationRequestId, User } from "./Authorization.ts"
import { ServiceId } from "./EntityIdentifier.ts"
import { UtcSeconds } from "./internal/wire.ts"

/**
 * @since 0.1.0
 * @category schemas
 */
export const StartSession = Schema.Struct({
  user: Schema.propertySignature(User).pipe(Schema.fromKey("username")),
  authorizationRequestId: Schema.optionalWith(AuthorizationRequestId, { nullable: true }).pipe(
    Schema.fromKey("auth_request")
  )
})

/**
 * @since 0.1.0
 * @category schemas
 */
export const EndSession = Schema.Struct({
  user: Schema.propertySignature(User).pipe(Schema.fromKey("username"))
})

/**
 * A session as a directory or a device sees it.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Session = Schema.Struct({
  serviceId: Schema.propertySignature(ServiceId).pipe(Schema.fromKey("service_id")),
  serviceName: Schema.propertySignature(Schema.String).pipe(Schema.fromKey("service_name")),
  serviceIcon: Schema.propertySignature(Schema.OptionFromNullOr(Schema.String)).pipe(Schema.fromKey("service_icon")),
  authorizationRequestId: Schema.propertySignature(Schema.OptionFromNullOr(AuthorizationRequestId)).pipe(
    Schema.fromKey("auth_request")
  ),
  created: Schema.propertySignature(UtcSeconds).pipe(Schema.fromKey("date_created"))
})

/**
 * @since 0.1.0
 * @category models
 */
export type Session = typeof Session.Type
