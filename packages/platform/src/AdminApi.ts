/**
 * The API by which whoever has the platform's own machine operates it. It knows no credentials: who reaches it rules the
 * platform, so it is served where the operating system lets its user alone, or not at all.
 *
 * @see docs/operating.md "Administration"
 * @since 0.1.0
 */
import { Wire } from "@effect-launchkey/core/api/ErrorWire"
import { StoreUnavailable } from "@effect-launchkey/core/StoreUnavailable"
import * as HttpApi from "@effect/platform/HttpApi"
import * as HttpApiEndpoint from "@effect/platform/HttpApiEndpoint"
import * as HttpApiGroup from "@effect/platform/HttpApiGroup"
import * as HttpApiSchema from "@effect/platform/HttpApiSchema"
import * as Schema from "effect/Schema"
import * as AccountImport from "./AccountImport.ts"
import * as Backups from "./Backups.ts"
import { NotUnsealed } from "./KeyVault.ts"
import { endpoints, KeysNotKept } from "./OperatingApi.ts"
import * as Operators from "./Operator.ts"

export * from "./OperatingApi.ts"

/**
 * An operator with how many passkeys open the console to them.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Operator = Schema.Struct({
  ...Operators.Operator.fields,
  created: Schema.DateTimeUtc,
  passkeys: Schema.Int
})

/**
 * What makes its bearer the operator, once.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Invitation = Schema.Struct({
  operator: Operators.Operator,
  token: Schema.Redacted(Schema.String),
  expires: Schema.DateTimeUtc
})

/**
 * @since 0.1.0
 * @category models
 */
export class AdminGroup extends HttpApiGroup.make("admin")
  .add(endpoints.listOrganizations)
  .add(endpoints.createOrganization)
  .add(endpoints.listDirectories)
  .add(endpoints.listServices)
  .add(endpoints.listKeys)
  .add(endpoints.addKey)
  .add(endpoints.updateKey)
  .add(endpoints.removeKey)
  .add(endpoints.listDevices)
  .add(endpoints.unlinkDevice)
  .add(endpoints.listDeliveries)
  .add(endpoints.replayDelivery)
  .add(endpoints.listPlatformKeys)
  .add(endpoints.rotatePlatformKey)
  .add(endpoints.retirePlatformKey)
  .add(endpoints.listAudit)
  .add(endpoints.verifyAudit)
  .add(endpoints.listFraud)
  .add(endpoints.liftFraud)
  .add(
    HttpApiEndpoint.post("rewrapPlatformKeys", "/platform-keys/rewrap")
      .addSuccess(Schema.Struct({ rewrapped: Schema.Int }))
      .addError(KeysNotKept, { status: 409 })
  )
  .add(
    HttpApiEndpoint.post("copyTo", "/backup")
      .setPayload(Schema.Struct({ filename: Schema.NonEmptyString }))
      .addSuccess(HttpApiSchema.NoContent)
      .addError(Backups.NotAFile, { status: 409 })
  )
  .add(HttpApiEndpoint.post("check", "/check").addSuccess(Backups.Checked).addError(Backups.NotAFile, { status: 409 }))
  .add(
    HttpApiEndpoint.post("importAccount", "/import")
      .setPayload(Schema.Struct({ account: AccountImport.Account, dryRun: Schema.Boolean }))
      .addSuccess(AccountImport.Imported)
      .addError(AccountImport.ImportRefused, { status: 409 })
  )
  .add(
    HttpApiEndpoint.post("inviteOperator", "/operators/invite")
      // Somebody new, or one who is known and lost their passkeys.
      .setPayload(Schema.Union(
        Schema.Struct({ name: Operators.OperatorName }),
        Schema.Struct({ operatorId: Operators.OperatorId })
      ))
      .addSuccess(Invitation)
  )
  .add(HttpApiEndpoint.post("listOperators", "/operators/list").addSuccess(Schema.Array(Operator)))
  .add(
    HttpApiEndpoint.post("removeOperator", "/operators/remove")
      .setPayload(Schema.Struct({ operatorId: Operators.OperatorId }))
      .addSuccess(HttpApiSchema.NoContent)
  )
  .add(
    HttpApiEndpoint.post("endOperatorSessions", "/operators/sessions/end")
      .setPayload(Schema.Struct({ operatorId: Operators.OperatorId }))
      .addSuccess(Schema.Struct({ ended: Schema.Int }))
  )
  .addError(Wire.EntityNotFound)
  .addError(StoreUnavailable, { status: 503 })
  .addError(NotUnsealed, { status: 503 })
  .prefix("/admin")
{}

/**
 * @since 0.1.0
 * @category models
 */
export class AdminApi extends HttpApi.make("admin").add(AdminGroup) {}
