/**
 * The endpoints of a directory: the devices, sessions and one-time codes of its users.
 *
 * @see docs/protocol.md "Management"
 * @since 0.1.0
 */
import * as HttpApiEndpoint from "@effect/platform/HttpApiEndpoint"
import * as HttpApiGroup from "@effect/platform/HttpApiGroup"
import * as HttpApiSchema from "@effect/platform/HttpApiSchema"
import * as Schema from "effect/Schema"
import { User } from "../Authorization.ts"
import { Device, LinkStarted, NewUser, StartLink, UnlinkDevice } from "../Device.ts"
import { Session } from "../Session.ts"
import { TotpConfiguration } from "../Totp.ts"
import { Wire } from "./ErrorWire.ts"
import { Repeatable } from "./Repeatable.ts"

const OfNewUser = Schema.Struct({ user: Schema.propertySignature(NewUser).pipe(Schema.fromKey("identifier")) })

const OfUser = Schema.Struct({ user: Schema.propertySignature(User).pipe(Schema.fromKey("identifier")) })

/**
 * @since 0.1.0
 * @category models
 */
export class DirectoryApi extends HttpApiGroup.make("directory")
  .add(
    HttpApiEndpoint.post("linkDevice", "/directory/v3/devices")
      .setPayload(StartLink)
      .addSuccess(LinkStarted)
      .addError(Wire.InvalidDirectoryIdentifier)
  )
  .add(
    HttpApiEndpoint.post("listDevices", "/directory/v3/devices/list").annotate(Repeatable, true).setPayload(OfUser)
      .addSuccess(
        Schema.Array(Device)
      )
  )
  .add(
    HttpApiEndpoint.del("unlinkDevice", "/directory/v3/devices")
      .setPayload(UnlinkDevice)
      .addSuccess(HttpApiSchema.NoContent)
      .addError(Wire.EntityNotFound)
  )
  .add(
    HttpApiEndpoint.post("listSessions", "/directory/v3/sessions/list").annotate(Repeatable, true)
      .setPayload(OfUser)
      .addSuccess(Schema.Array(Session))
      .addError(Wire.EntityNotFound)
  )
  .add(
    HttpApiEndpoint.del("endSessions", "/directory/v3/sessions").annotate(Repeatable, true)
      .setPayload(OfUser)
      .addSuccess(HttpApiSchema.NoContent)
      .addError(Wire.EntityNotFound)
  )
  .add(
    HttpApiEndpoint.post("generateTotp", "/directory/v3/totp")
      .setPayload(OfNewUser)
      .addSuccess(TotpConfiguration)
      .addError(Wire.InvalidDirectoryIdentifier)
  )
  .add(
    HttpApiEndpoint.del("removeTotp", "/directory/v3/totp").annotate(Repeatable, true).setPayload(OfUser).addSuccess(
      HttpApiSchema.NoContent
    )
  )
  .addError(Wire.Unauthorized)
  .addError(Wire.Forbidden)
{}
