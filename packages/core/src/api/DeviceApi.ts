/**
 * The endpoints of an authenticator: this project's own, for the simulated device and for real ones.
 *
 * `link` is plain, since the device has no credentials before it; all others are sealed like any other call, with the
 * device as issuer and subject.
 *
 * @see docs/protocol.md "The device API"
 * @since 0.1.0
 */
import * as HttpApiEndpoint from "@effect/platform/HttpApiEndpoint"
import * as HttpApiGroup from "@effect/platform/HttpApiGroup"
import * as HttpApiSchema from "@effect/platform/HttpApiSchema"
import * as Schema from "effect/Schema"
import { AuthorizationRequestId } from "../Authorization.ts"
import {
  AnswerAuthorization,
  DeviceLinked,
  EndDeviceSessions,
  LinkDevice,
  PendingAuthorization,
  PushKey,
  SubscribePush
} from "../Device.ts"
import { Session } from "../Session.ts"
import { Wire } from "./ErrorWire.ts"
import { Repeatable } from "./Repeatable.ts"

const id = HttpApiSchema.param("id", AuthorizationRequestId)

/**
 * @since 0.1.0
 * @category models
 */
export class LinkingApi extends HttpApiGroup.make("linking")
  .add(
    HttpApiEndpoint.post("link", "/device/v3/link")
      .setPayload(LinkDevice)
      .addSuccess(DeviceLinked)
      .addError(Wire.InvalidPublicKey)
      .addError(Wire.InvalidSdkKey)
      .addError(Wire.EntityNotFound)
      .addError(Wire.RateLimited)
  )
{}

/**
 * @since 0.1.0
 * @category models
 */
export class DeviceApi extends HttpApiGroup.make("device")
  .add(
    HttpApiEndpoint.get("pendingAuthorizations", "/device/v3/auths").annotate(Repeatable, true).addSuccess(
      Schema.Array(PendingAuthorization)
    )
  )
  .add(
    HttpApiEndpoint.put("answerAuthorization")`/device/v3/auths/${id}`
      .setPayload(AnswerAuthorization)
      .addSuccess(HttpApiSchema.NoContent)
      .addError(Wire.NumberMismatch)
      .addError(Wire.AuthorizationResponseExists)
      .addError(Wire.AuthorizationRequestCanceled)
      .addError(Wire.RequestTimedOut)
      .addError(Wire.EntityNotFound)
  )
  .add(HttpApiEndpoint.del("unlink", "/device/v3/device").addSuccess(HttpApiSchema.NoContent))
  .add(
    HttpApiEndpoint.get("sessions", "/device/v3/sessions").annotate(Repeatable, true).addSuccess(Schema.Array(Session))
  )
  .add(
    HttpApiEndpoint.del("endSessions", "/device/v3/sessions").annotate(Repeatable, true)
      .setPayload(EndDeviceSessions)
      .addSuccess(HttpApiSchema.NoContent)
  )
  .add(HttpApiEndpoint.get("pushKey", "/device/v3/push").annotate(Repeatable, true).addSuccess(PushKey))
  .add(
    HttpApiEndpoint.put("subscribePush", "/device/v3/push").annotate(Repeatable, true)
      .setPayload(SubscribePush)
      .addSuccess(HttpApiSchema.NoContent)
      .addError(Wire.EntityNotFound)
  )
  .add(
    HttpApiEndpoint.del("unsubscribePush", "/device/v3/push").annotate(Repeatable, true)
      .addSuccess(HttpApiSchema.NoContent)
  )
  .addError(Wire.Unauthorized)
  .addError(Wire.Forbidden)
{}

/**
 * Where a device is told that something changed for it: a stream of server-sent events, opened by a request that is
 * sealed like any other. It stands beside the groups, since a stream cannot be sealed: it holds nothing but hints.
 *
 * @see docs/protocol.md "Hints"
 * @since 0.1.0
 * @category models
 */
export const hints = {
  path: "/device/v3/events",
  contentType: "text/event-stream",
  /** The data of every event. */
  change: "change"
} as const
