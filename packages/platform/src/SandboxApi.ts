/**
 * The control API of the sandbox: plain JSON over HTTP, for tests in any language. It is a contract of its own, beside the
 * protocol's, and says every refusal as `{"error": "<what is wrong, and what to do>"}`.
 *
 * @see docs/sandbox.md
 * @since 0.1.0
 */
import { AuthorizationRequestId, DeviceId, FailureReason, MatchNumber } from "@effect-launchkey/core/Authorization"
import { PendingAuthorization, SdkKey } from "@effect-launchkey/core/Device"
import { OrganizationId, ServiceId } from "@effect-launchkey/core/EntityIdentifier"
import { KeyId } from "@effect-launchkey/core/KeyId"
import { KeyType } from "@effect-launchkey/core/PublicKey"
import * as HttpApi from "@effect/platform/HttpApi"
import * as HttpApiEndpoint from "@effect/platform/HttpApiEndpoint"
import * as HttpApiGroup from "@effect/platform/HttpApiGroup"
import * as HttpApiSchema from "@effect/platform/HttpApiSchema"
import * as Schema from "effect/Schema"
import * as WebhookQueue from "./WebhookQueue.ts"

/**
 * Nothing is there: no such device or linking code, or nothing that waits for an answer.
 *
 * @since 0.1.0
 * @category errors
 */
export class SandboxNotFound
  extends Schema.TaggedError<SandboxNotFound>("@effect-launchkey/platform/SandboxApi/SandboxNotFound")(
    "SandboxNotFound",
    { error: Schema.String }
  )
{
  override get message(): string {
    return this.error
  }
}

/**
 * The call asks for what cannot be.
 *
 * @since 0.1.0
 * @category errors
 */
export class SandboxRefused
  extends Schema.TaggedError<SandboxRefused>("@effect-launchkey/platform/SandboxApi/SandboxRefused")(
    "SandboxRefused",
    { error: Schema.String }
  )
{
  override get message(): string {
    return this.error
  }
}

/**
 * What is to be created is there already.
 *
 * @since 0.1.0
 * @category errors
 */
export class SandboxConflict
  extends Schema.TaggedError<SandboxConflict>("@effect-launchkey/platform/SandboxApi/SandboxConflict")(
    "SandboxConflict",
    { error: Schema.String }
  )
{
  override get message(): string {
    return this.error
  }
}

/**
 * The platform answered a simulated device as it should not.
 *
 * @since 0.1.0
 * @category errors
 */
export class SandboxFailed
  extends Schema.TaggedError<SandboxFailed>("@effect-launchkey/platform/SandboxApi/SandboxFailed")(
    "SandboxFailed",
    { error: Schema.String }
  )
{
  override get message(): string {
    return this.error
  }
}

interface Refusal {
  readonly error: string
}

/** On the wire an error is its text alone: its status says the rest. */
const wire = <A extends Refusal, I>(status: number, Class: Schema.Schema<A, I> & (new(props: Refusal) => A)) =>
  Schema.transform(Schema.Struct({ error: Schema.String }), Schema.typeSchema(Class), {
    strict: true,
    decode: (json) => new Class(json),
    encode: ({ error }) => ({ error })
  }).annotations(HttpApiSchema.annotations({ status }))

const Wire = {
  SandboxNotFound: wire(404, SandboxNotFound),
  SandboxRefused: wire(400, SandboxRefused),
  SandboxConflict: wire(409, SandboxConflict),
  SandboxFailed: wire(500, SandboxFailed)
}

const field = <A, I>(name: string, schema: Schema.Schema<A, I>) =>
  Schema.propertySignature(schema).pipe(Schema.fromKey(name))

const optional = <A, I>(name: string, schema: Schema.Schema<A, I>) =>
  Schema.optionalWith(schema, { nullable: true }).pipe(Schema.fromKey(name))

/**
 * What the next sealed calls meet instead of the platform as it is:
 *
 * - `429`: refused for their number, with `Retry-After`, signed as ever
 * - `500`: answered by a failure, signed as ever
 * - `drop`: the connection ends without an answer
 * - `delay:<ms>`: answered that many milliseconds later, up to 999999
 * - `bad-signature`: answered under a signature that is not that of the answer
 * - `wrong-key`: answered under a key that is not the platform's
 *
 * The platform acts on the call with the last three alone.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Fault = Schema.String.pipe(
  Schema.pattern(/^(?:429|500|drop|delay:\d{1,6}|bad-signature|wrong-key)$/, {
    message: () => "expected 429, 500, drop, delay:<ms>, bad-signature or wrong-key"
  })
)

/**
 * @since 0.1.0
 * @category schemas
 */
export const NewOrganization = Schema.Struct({
  id: optional("organization_id", OrganizationId),
  name: Schema.optionalWith(Schema.NonEmptyString, { nullable: true }),
  keys: Schema.NonEmptyArray(Schema.Struct({
    pem: field("public_key", Schema.String),
    type: optional("key_type", KeyType)
  }))
})

/**
 * `sdkKey` is one of the directory's; by default its first.
 *
 * @since 0.1.0
 * @category schemas
 */
export const NewDevice = Schema.Struct({
  code: field("linking_code", Schema.String),
  sdkKey: optional("sdk_key", SdkKey),
  name: Schema.optionalWith(Schema.NonEmptyString.pipe(Schema.maxLength(255)), { nullable: true })
})

/**
 * What the user does, or with `fail` the device. Without `id` it answers the oldest request that waits.
 *
 * `approve` meets every policy that a device can meet: what its user lacks is set up, and where a fence is, there the
 * device is. `deny` and `fraud` name the first offered reason of their kind unless `denial_reason` names one. `reason`
 * is why it fails, by default `AUTHENTICATION`. `number` is what the user enters to approve a request that has one.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Response = Schema.Struct({
  action: Schema.Literal("approve", "deny", "fraud", "fail"),
  id: optional("auth_request", AuthorizationRequestId),
  reason: Schema.optionalWith(FailureReason, { nullable: true }),
  number: Schema.optionalWith(MatchNumber, { nullable: true }),
  denialReason: optional("denial_reason", Schema.String),
  servicePins: optional("service_pins", Schema.Array(Schema.String)),
  format: Schema.optionalWith(Schema.Literal("legacy"), { nullable: true })
})

/**
 * How a webhook is sent once more:
 *
 * - `again`: sealed anew, as an honest platform repeats it
 * - `replayed`: as it was sent last, byte for byte
 * - `tampered`: with a body that is not the one that its token tells the hash of
 * - `late`: under a token that was issued two minutes ago
 * - `wrong-key`: signed by another key than the platform's, under the id of the platform's
 * - `unknown-key`: signed by another key, under its own id, which the platform does not know
 *
 * The first is to be accepted and not to be handled twice, the others are to be refused.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Resend = Schema.Literal("again", "replayed", "tampered", "late", "wrong-key", "unknown-key")

const nullable = <A, I>(schema: Schema.Schema<A, I>) => Schema.OptionFromNullOr(schema)

/**
 * What became of a webhook, without what it told.
 *
 * @since 0.1.0
 * @category schemas
 */
export const LoggedWebhook = Schema.Struct({
  id: Schema.Int,
  kind: WebhookQueue.Kind,
  url: Schema.String,
  subject: Schema.String,
  created: Schema.DateTimeUtc,
  state: WebhookQueue.State,
  attempts: Schema.Array(Schema.Struct({
    at: Schema.DateTimeUtc,
    status: nullable(Schema.Int),
    failure: nullable(Schema.String)
  }))
})

/**
 * The status of the answer, or why there is none.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Resent = Schema.Struct({ status: nullable(Schema.Int), failure: nullable(Schema.String) })

const LinkedDevice = Schema.Struct({ deviceId: field("device_id", DeviceId) })

const Answered = Schema.Struct({ id: field("auth_request", AuthorizationRequestId) })

const deviceId = HttpApiSchema.param("deviceId", DeviceId)

/**
 * CPU time of the process in microseconds, and its resident set in bytes.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Stats = Schema.Struct({ user: Schema.Number, system: Schema.Number, rss: Schema.Number })

/**
 * @since 0.1.0
 * @category models
 */
export class SandboxGroup extends HttpApiGroup.make("sandbox")
  .add(
    HttpApiEndpoint.post("createOrganization", "/organizations")
      .setPayload(NewOrganization)
      .addSuccess(
        Schema.Struct({ id: field("organization_id", OrganizationId), keyIds: field("key_ids", Schema.Array(KeyId)) }),
        { status: 201 }
      )
      .addError(Wire.SandboxConflict)
  )
  .add(
    HttpApiEndpoint.post("linkDevice", "/devices")
      .setPayload(NewDevice)
      .addSuccess(LinkedDevice, { status: 201 })
  )
  .add(
    HttpApiEndpoint.get("pendingAuthorizations")`/devices/${deviceId}/auths`.addSuccess(
      Schema.Array(PendingAuthorization)
    )
  )
  .add(HttpApiEndpoint.post("respond")`/devices/${deviceId}/respond`.setPayload(Response).addSuccess(Answered))
  .add(
    HttpApiEndpoint.post("logout")`/devices/${deviceId}/logout`
      .setPayload(Schema.Struct({ serviceId: optional("service_id", ServiceId) }))
      .addSuccess(HttpApiSchema.NoContent)
  )
  .add(HttpApiEndpoint.del("unlinkDevice")`/devices/${deviceId}`.addSuccess(HttpApiSchema.NoContent))
  .add(
    HttpApiEndpoint.post("addFault", "/faults")
      .setPayload(Schema.Struct({ fault: Fault, count: Schema.Int.pipe(Schema.between(1, 1_000_000)) }))
      .addSuccess(HttpApiSchema.NoContent)
  )
  .add(
    HttpApiEndpoint.post("advanceClock", "/clock")
      .setPayload(Schema.Struct({
        seconds: field("advance_seconds", Schema.Number.pipe(Schema.between(0, 10 * 366 * 86_400))),
        /** Whether tokens and the ping move as well. Default false. */
        tokens: Schema.optionalWith(Schema.Boolean, { nullable: true })
      }))
      .addSuccess(Schema.Struct({ now: Schema.DateTimeUtc }))
  )
  .add(HttpApiEndpoint.get("webhooks", "/webhooks").addSuccess(Schema.Array(LoggedWebhook)))
  .add(
    HttpApiEndpoint.post("resendWebhook")`/webhooks/${HttpApiSchema.param("id", Schema.NumberFromString)}/resend`
      .setPayload(Schema.Struct({ as: Resend }))
      .addSuccess(Resent)
  )
  .add(HttpApiEndpoint.post("reset", "/reset").addSuccess(HttpApiSchema.NoContent))
  .add(HttpApiEndpoint.get("stats", "/stats").addSuccess(Stats))
  .prefix("/sandbox")
  .addError(Wire.SandboxNotFound)
  .addError(Wire.SandboxFailed)
{}

/**
 * @since 0.1.0
 * @category models
 */
export class SandboxApi extends HttpApi.make("sandbox").add(SandboxGroup).addError(Wire.SandboxRefused) {}
