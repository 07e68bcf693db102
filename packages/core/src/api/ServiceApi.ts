/**
 * The endpoints of a service: authorizations and sessions.
 *
 * @see docs/protocol.md "Authorizations"
 * @since 0.1.0
 */
import * as HttpApiEndpoint from "@effect/platform/HttpApiEndpoint"
import * as HttpApiGroup from "@effect/platform/HttpApiGroup"
import * as HttpApiSchema from "@effect/platform/HttpApiSchema"
import * as Schema from "effect/Schema"
import {
  AuthorizationCreated,
  AuthorizationPackage,
  AuthorizationRequestId,
  CreateAuthorization,
  Pending
} from "../Authorization.ts"
import { EndSession, StartSession } from "../Session.ts"
import { TotpVerified, VerifyTotp } from "../Totp.ts"
import { Wire } from "./ErrorWire.ts"
import { Repeatable } from "./Repeatable.ts"

const id = HttpApiSchema.param("id", AuthorizationRequestId)

const NotAnswered = HttpApiSchema.asEmpty(Schema.typeSchema(Pending), { status: 204, decode: () => new Pending() })

/**
 * @since 0.1.0
 * @category models
 */
export class ServiceApi extends HttpApiGroup.make("service")
  .add(
    HttpApiEndpoint.post("createAuthorization", "/service/v3/auths")
      .setPayload(CreateAuthorization)
      .addSuccess(AuthorizationCreated)
      .addError(Wire.InvalidPolicyInput)
      .addError(Wire.PolicyFailure)
      .addError(Wire.EntityNotFound)
      .addError(Wire.AuthorizationInProgress)
      .addError(Wire.RateLimited)
  )
  .add(
    HttpApiEndpoint.get("getAuthorization")`/service/v3/auths/${id}`.annotate(Repeatable, true)
      .addSuccess(AuthorizationPackage)
      .addSuccess(NotAnswered)
      .addError(Wire.AuthorizationRequestCanceled)
      .addError(Wire.RequestTimedOut)
  )
  .add(
    HttpApiEndpoint.del("cancelAuthorization")`/service/v3/auths/${id}`
      .addSuccess(HttpApiSchema.NoContent)
      .addError(Wire.AuthorizationResponseExists)
      .addError(Wire.AuthorizationRequestCanceled)
      .addError(Wire.EntityNotFound)
  )
  .add(
    HttpApiEndpoint.post("startSession", "/service/v3/sessions")
      .setPayload(StartSession)
      .addSuccess(HttpApiSchema.NoContent)
      .addError(Wire.EntityNotFound)
  )
  .add(
    HttpApiEndpoint.del("endSession", "/service/v3/sessions").annotate(Repeatable, true)
      .setPayload(EndSession)
      .addSuccess(HttpApiSchema.NoContent)
      .addError(Wire.EntityNotFound)
  )
  .add(
    HttpApiEndpoint.post("verifyTotp", "/service/v3/totp")
      .setPayload(VerifyTotp)
      .addSuccess(TotpVerified)
      .addError(Wire.EntityNotFound)
      .addError(Wire.RateLimited)
  )
  .addError(Wire.Unauthorized)
  .addError(Wire.Forbidden)
{}
