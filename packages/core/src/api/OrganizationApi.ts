/**
 * The endpoints of an organization: its directories, their keys and their SDK keys.
 *
 * @see docs/protocol.md "Management"
 * @since 0.1.0
 */
import * as HttpApiEndpoint from "@effect/platform/HttpApiEndpoint"
import * as HttpApiGroup from "@effect/platform/HttpApiGroup"
import * as HttpApiSchema from "@effect/platform/HttpApiSchema"
import * as Schema from "effect/Schema"
import { SdkKey } from "../Device.ts"
import { Directory, DirectoryChange, DirectoryName, ListedDirectory } from "../Directory.ts"
import { DirectoryId } from "../EntityIdentifier.ts"
import { KeyId } from "../KeyId.ts"
import { NewPublicKey, PublicKey, PublicKeyChange } from "../PublicKey.ts"
import { Wire } from "./ErrorWire.ts"
import { Repeatable } from "./Repeatable.ts"

const directoryId = Schema.propertySignature(DirectoryId).pipe(Schema.fromKey("directory_id"))
const keyId = Schema.propertySignature(KeyId).pipe(Schema.fromKey("key_id"))
const sdkKey = Schema.propertySignature(SdkKey).pipe(Schema.fromKey("sdk_key"))

/**
 * @since 0.1.0
 * @category models
 */
export class OrganizationApi extends HttpApiGroup.make("organization")
  .add(
    HttpApiEndpoint.post("createDirectory", "/organization/v3/directories")
      .setPayload(Schema.Struct({ name: DirectoryName }))
      .addSuccess(Schema.Struct({ id: DirectoryId }))
      .addError(Wire.DirectoryNameInUse)
  )
  .add(
    HttpApiEndpoint.get("allDirectories", "/organization/v3/directories").annotate(Repeatable, true).addSuccess(
      Schema.Array(ListedDirectory)
    )
  )
  .add(
    HttpApiEndpoint.post("listDirectories", "/organization/v3/directories/list").annotate(Repeatable, true)
      .setPayload(Schema.Struct({
        ids: Schema.propertySignature(Schema.Array(DirectoryId)).pipe(Schema.fromKey("directory_ids"))
      }))
      .addSuccess(Schema.Array(Directory))
  )
  .add(
    HttpApiEndpoint.patch("updateDirectory", "/organization/v3/directories").annotate(Repeatable, true)
      .setPayload(DirectoryChange)
      .addSuccess(HttpApiSchema.NoContent)
  )
  .add(
    HttpApiEndpoint.post("addDirectoryKey", "/organization/v3/directory/keys")
      .setPayload(Schema.Struct({ directoryId, ...NewPublicKey.fields }))
      .addSuccess(Schema.Struct({ keyId }))
      .addError(Wire.InvalidPublicKey)
      .addError(Wire.PublicKeyAlreadyInUse)
  )
  .add(
    HttpApiEndpoint.post("listDirectoryKeys", "/organization/v3/directory/keys/list").annotate(Repeatable, true)
      .setPayload(Schema.Struct({ directoryId }))
      .addSuccess(Schema.Array(PublicKey))
  )
  .add(
    HttpApiEndpoint.patch("updateDirectoryKey", "/organization/v3/directory/keys").annotate(Repeatable, true)
      .setPayload(Schema.Struct({ directoryId, ...PublicKeyChange.fields }))
      .addSuccess(HttpApiSchema.NoContent)
      .addError(Wire.PublicKeyDoesNotExist)
  )
  .add(
    HttpApiEndpoint.del("removeDirectoryKey", "/organization/v3/directory/keys")
      .setPayload(Schema.Struct({ directoryId, keyId }))
      .addSuccess(HttpApiSchema.NoContent)
      .addError(Wire.PublicKeyDoesNotExist)
      .addError(Wire.LastRemainingKey)
  )
  .add(
    HttpApiEndpoint.post("generateSdkKey", "/organization/v3/directory/sdk-keys")
      .setPayload(Schema.Struct({ directoryId }))
      .addSuccess(Schema.Struct({ sdkKey }))
  )
  .add(
    HttpApiEndpoint.post("listSdkKeys", "/organization/v3/directory/sdk-keys/list").annotate(Repeatable, true)
      .setPayload(Schema.Struct({ directoryId }))
      .addSuccess(Schema.Array(SdkKey))
  )
  .add(
    HttpApiEndpoint.del("removeSdkKey", "/organization/v3/directory/sdk-keys")
      .setPayload(Schema.Struct({ directoryId, sdkKey }))
      .addSuccess(HttpApiSchema.NoContent)
      .addError(Wire.InvalidSdkKey)
      .addError(Wire.LastRemainingSdkKey)
  )
  .addError(Wire.Unauthorized)
  .addError(Wire.Forbidden)
{}
