/**
 * The endpoints by which an owner, an organization or a directory, manages its services: the same for both, each under
 * its own prefix.
 *
 * @see docs/protocol.md "Management"
 * @since 0.1.0
 */
import * as HttpApiEndpoint from "@effect/platform/HttpApiEndpoint"
import * as HttpApiGroup from "@effect/platform/HttpApiGroup"
import * as HttpApiSchema from "@effect/platform/HttpApiSchema"
import * as Schema from "effect/Schema"
import { ServiceId } from "../EntityIdentifier.ts"
import { ServicePolicy } from "../internal/servicePolicyJson.ts"
import { KeyId } from "../KeyId.ts"
import { NewPublicKey, PublicKey, PublicKeyChange } from "../PublicKey.ts"
import { NewService, ServiceChange, ServiceProfile } from "../ServiceProfile.ts"
import { Wire } from "./ErrorWire.ts"
import { Repeatable } from "./Repeatable.ts"

const serviceId = Schema.propertySignature(ServiceId).pipe(Schema.fromKey("service_id"))
const keyId = Schema.propertySignature(KeyId).pipe(Schema.fromKey("key_id"))

/**
 * The policy that a service is to have.
 *
 * @since 0.1.0
 * @category schemas
 */
export const SetServicePolicy = Schema.Struct({ serviceId, policy: ServicePolicy })

const management = <const Owner extends "organization" | "directory">(owner: Owner) =>
  HttpApiGroup.make(`${owner}Services`)
    .add(
      HttpApiEndpoint.post("createService", `/${owner}/v3/services`)
        .setPayload(NewService)
        .addSuccess(Schema.Struct({ id: ServiceId }))
        .addError(Wire.ServiceNameTaken)
    )
    .add(
      HttpApiEndpoint.get("allServices", `/${owner}/v3/services`).annotate(Repeatable, true).addSuccess(
        Schema.Array(ServiceProfile)
      )
    )
    .add(
      HttpApiEndpoint.post("listServices", `/${owner}/v3/services/list`).annotate(Repeatable, true)
        .setPayload(Schema.Struct({
          ids: Schema.propertySignature(Schema.Array(ServiceId)).pipe(Schema.fromKey("service_ids"))
        }))
        .addSuccess(Schema.Array(ServiceProfile))
    )
    .add(
      HttpApiEndpoint.patch("updateService", `/${owner}/v3/services`).annotate(Repeatable, true)
        .setPayload(ServiceChange)
        .addSuccess(HttpApiSchema.NoContent)
        .addError(Wire.ServiceNameTaken)
    )
    .add(
      HttpApiEndpoint.post("addServiceKey", `/${owner}/v3/service/keys`)
        .setPayload(Schema.Struct({ serviceId, ...NewPublicKey.fields }))
        .addSuccess(Schema.Struct({ keyId }))
        .addError(Wire.InvalidPublicKey)
        .addError(Wire.PublicKeyAlreadyInUse)
    )
    .add(
      HttpApiEndpoint.post("listServiceKeys", `/${owner}/v3/service/keys/list`).annotate(Repeatable, true)
        .setPayload(Schema.Struct({ serviceId }))
        .addSuccess(Schema.Array(PublicKey))
    )
    .add(
      HttpApiEndpoint.patch("updateServiceKey", `/${owner}/v3/service/keys`).annotate(Repeatable, true)
        .setPayload(Schema.Struct({ serviceId, ...PublicKeyChange.fields }))
        .addSuccess(HttpApiSchema.NoContent)
        .addError(Wire.PublicKeyDoesNotExist)
    )
    .add(
      HttpApiEndpoint.del("removeServiceKey", `/${owner}/v3/service/keys`)
        .setPayload(Schema.Struct({ serviceId, keyId }))
        .addSuccess(HttpApiSchema.NoContent)
        .addError(Wire.PublicKeyDoesNotExist)
        .addError(Wire.LastRemainingKey)
    )
    .add(
      HttpApiEndpoint.put("setServicePolicy", `/${owner}/v3/service/policy`).annotate(Repeatable, true)
        .setPayload(SetServicePolicy)
        .addSuccess(HttpApiSchema.NoContent)
        .addError(Wire.ServiceNotFound)
        .addError(Wire.InvalidPolicyInput)
    )
    .add(
      HttpApiEndpoint.post("getServicePolicy", `/${owner}/v3/service/policy/item`).annotate(Repeatable, true)
        .setPayload(Schema.Struct({ serviceId }))
        .addSuccess(ServicePolicy)
        .addError(Wire.ServiceNotFound)
    )
    .add(
      HttpApiEndpoint.del("removeServicePolicy", `/${owner}/v3/service/policy`).annotate(Repeatable, true)
        .setPayload(Schema.Struct({ serviceId }))
        .addSuccess(HttpApiSchema.NoContent)
        .addError(Wire.ServiceNotFound)
    )
    .addError(Wire.Unauthorized)
    .addError(Wire.Forbidden)

/**
 * @since 0.1.0
 * @category models
 */
export class OrganizationServicesApi extends management("organization") {}

/**
 * @since 0.1.0
 * @category models
 */
export class DirectoryServicesApi extends management("directory") {}
