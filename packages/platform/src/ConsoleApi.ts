/**
 * The API of the console: what its page, in an operator's browser, asks of the platform. Plain JSON below
 * `/console/api`.
 *
 * Every call is a `POST` with `content-type: application/json`, one without a body too, from the console's own origin;
 * but for the stream of live requests, which is a `GET`. Whoever has signed in is known by a cookie that no script sees.
 *
 * @see docs/console.md
 * @since 0.1.0
 */
import { Wire } from "@effect-launchkey/core/api/ErrorWire"
import { AuthorizationRequestId } from "@effect-launchkey/core/Authorization"
import { DirectoryChange, DirectoryName } from "@effect-launchkey/core/Directory"
import * as Entity from "@effect-launchkey/core/EntityIdentifier"
import * as ServicePolicy from "@effect-launchkey/core/ServicePolicy"
import { NewService, ServiceChange } from "@effect-launchkey/core/ServiceProfile"
import { StoreUnavailable } from "@effect-launchkey/core/StoreUnavailable"
import * as HttpApi from "@effect/platform/HttpApi"
import * as HttpApiEndpoint from "@effect/platform/HttpApiEndpoint"
import * as HttpApiGroup from "@effect/platform/HttpApiGroup"
import * as HttpApiMiddleware from "@effect/platform/HttpApiMiddleware"
import * as HttpApiSchema from "@effect/platform/HttpApiSchema"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Schema from "effect/Schema"
import * as AuditEntry from "./AuditEntry.ts"
import { NotUnsealed } from "./KeyVault.ts"
import { endpoints } from "./OperatingApi.ts"
import * as Operator from "./Operator.ts"
import * as WebAuthn from "./WebAuthn.ts"

/**
 * Where it is, below the address of the platform.
 *
 * @since 0.1.0
 * @category models
 */
export const prefix = "/console/api"

/**
 * Who is signed in, for whom a call is made.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Session = Schema.Struct({
  id: Operator.SessionId,
  operator: Operator.Operator,
  passkeyId: Operator.PasskeyId,
  started: Schema.DateTimeUtc,
  /** When a passkey was used last: see `VerificationNeeded`. */
  verified: Schema.DateTimeUtc,
  /** When it ends if nothing more is done in it. */
  expires: Schema.DateTimeUtc
})

/**
 * @since 0.1.0
 * @category models
 */
export type Session = typeof Session.Type

/**
 * The session of the call that is served.
 *
 * @since 0.1.0
 * @category tags
 */
export class CurrentSession extends Context.Tag("@effect-launchkey/platform/ConsoleApi/CurrentSession")<
  CurrentSession,
  Session
>() {}

/**
 * Nobody is signed in, or no longer.
 *
 * @since 0.1.0
 * @category errors
 */
export class SignInNeeded extends Schema.TaggedError<SignInNeeded>(
  "@effect-launchkey/platform/ConsoleApi/SignInNeeded"
)("SignInNeeded", {}, HttpApiSchema.annotations({ status: 401 })) {
  override get message(): string {
    return "Nobody is signed in, or no longer. Sign in with a passkey."
  }
}

/**
 * What is asked for needs a passkey that was used within the last ten minutes.
 *
 * @since 0.1.0
 * @category errors
 */
export class VerificationNeeded extends Schema.TaggedError<VerificationNeeded>(
  "@effect-launchkey/platform/ConsoleApi/VerificationNeeded"
)("VerificationNeeded", {}, HttpApiSchema.annotations({ status: 403 })) {
  override get message(): string {
    return "This needs a passkey that was used within the last ten minutes. Use it once more, and ask again."
  }
}

/**
 * A passkey that does not open the console, or that cannot be added to it. Why, the platform's log says.
 *
 * @since 0.1.0
 * @category errors
 */
export class PasskeyRefused extends Schema.TaggedError<PasskeyRefused>(
  "@effect-launchkey/platform/ConsoleApi/PasskeyRefused"
)("PasskeyRefused", {}, HttpApiSchema.annotations({ status: 400 })) {
  override get message(): string {
    return "The passkey was not accepted. Try again, or with another; if none is, ask for an invitation."
  }
}

/**
 * An invitation that there never was, or that was used, replaced or has expired.
 *
 * @since 0.1.0
 * @category errors
 */
export class InvitationRefused extends Schema.TaggedError<InvitationRefused>(
  "@effect-launchkey/platform/ConsoleApi/InvitationRefused"
)("InvitationRefused", {}, HttpApiSchema.annotations({ status: 410 })) {
  override get message(): string {
    return "The invitation does not hold, or no longer. Ask for another: launchkey admin operator invite."
  }
}

/**
 * An operator's last passkey stays.
 *
 * @since 0.1.0
 * @category errors
 */
export class LastPasskey extends Schema.TaggedError<LastPasskey>("@effect-launchkey/platform/ConsoleApi/LastPasskey")(
  "LastPasskey",
  {},
  HttpApiSchema.annotations({ status: 409 })
) {
  override get message(): string {
    return "This is the last passkey, without which nobody could sign in. Add another first."
  }
}

/**
 * Too many have tried to come in.
 *
 * @since 0.1.0
 * @category errors
 */
export class AccessLimited extends Schema.TaggedError<AccessLimited>(
  "@effect-launchkey/platform/ConsoleApi/AccessLimited"
)("AccessLimited", { retryAfter: Schema.DurationFromMillis }, HttpApiSchema.annotations({ status: 429 })) {
  override get message(): string {
    return `Too many attempts. Try again in ${Math.ceil(Duration.toSeconds(this.retryAfter))} seconds.`
  }
}

/**
 * A call that does not come from the console's own page, or not in its form.
 *
 * @since 0.1.0
 * @category errors
 */
export class CallRefused extends Schema.TaggedError<CallRefused>("@effect-launchkey/platform/ConsoleApi/CallRefused")(
  "CallRefused",
  { reason: Schema.Literal("Origin", "ContentType") },
  HttpApiSchema.annotations({ status: 403 })
) {
  override get message(): string {
    return this.reason === "Origin"
      ? "The call does not come from the console's own page. Open the console at the platform's base URL."
      : "The call is not of content-type application/json."
  }
}

/** Nobody outside is told of the store's failures more than that there is one. */
const Unavailable = Schema.transform(
  Schema.TaggedStruct("StoreUnavailable", {}),
  Schema.typeSchema(StoreUnavailable),
  {
    strict: true,
    decode: () => new StoreUnavailable({ operation: "Console" }),
    encode: () => ({ _tag: "StoreUnavailable" as const })
  }
).annotations(HttpApiSchema.annotations({ status: 503 }))

/**
 * Calls of an operator who is signed in.
 *
 * @since 0.1.0
 * @category tags
 */
export class SignedIn extends HttpApiMiddleware.Tag<SignedIn>()("@effect-launchkey/platform/ConsoleApi/SignedIn", {
  failure: Schema.Union(SignInNeeded, Unavailable),
  provides: CurrentSession
}) {}

/**
 * Calls that a browser left open must not suffice for.
 *
 * @since 0.1.0
 * @category tags
 */
export class RecentlyVerified extends HttpApiMiddleware.Tag<RecentlyVerified>()(
  "@effect-launchkey/platform/ConsoleApi/RecentlyVerified",
  { failure: Schema.Union(SignInNeeded, VerificationNeeded, Unavailable) }
) {}

/**
 * A passkey of an operator.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Passkey = Schema.Struct({
  id: Operator.PasskeyId,
  name: Schema.String,
  created: Schema.DateTimeUtc,
  lastUsed: Schema.OptionFromNullOr(Schema.DateTimeUtc),
  /** Whether it may be on several of its owner's devices. */
  synced: Schema.Boolean
})

/**
 * One of an operator's own sessions.
 *
 * @since 0.1.0
 * @category schemas
 */
export const OwnSession = Schema.Struct({
  id: Operator.SessionId,
  passkeyId: Operator.PasskeyId,
  started: Schema.DateTimeUtc,
  lastUsed: Schema.DateTimeUtc,
  expires: Schema.DateTimeUtc,
  /** Whether it is the one that asks. */
  current: Schema.Boolean
})

const PasskeyName = Schema.String.pipe(Schema.minLength(1), Schema.maxLength(64))

/** Of 256 bits. */
const Token = Schema.String.pipe(Schema.pattern(/^[\w-]{43}$/))

const post = HttpApiEndpoint.post

const { active, denialContextInquiryEnabled, id, webhookUrl } = DirectoryChange.fields

/**
 * How an operator comes in.
 *
 * @since 0.1.0
 * @category models
 */
export class AccessGroup extends HttpApiGroup.make("access")
  .add(post("signInOptions", "/sign-in/options").addSuccess(WebAuthn.RequestOptions))
  .add(post("signIn", "/sign-in").setPayload(WebAuthn.AuthenticationResponse).addSuccess(Session))
  .add(
    post("invitationOptions", "/invitation/options")
      .setPayload(Schema.Struct({ token: Token }))
      .addSuccess(Schema.Struct({ operator: Operator.Operator, options: WebAuthn.CreationOptions }))
      .addError(InvitationRefused)
  )
  .add(
    post("acceptInvitation", "/invitation/accept")
      .setPayload(Schema.Struct({ token: Token, passkeyName: PasskeyName, response: WebAuthn.RegistrationResponse }))
      .addSuccess(Session)
      .addError(InvitationRefused)
  )
  .addError(PasskeyRefused)
  .addError(AccessLimited)
{}

/**
 * An operator's own session and passkeys.
 *
 * @since 0.1.0
 * @category models
 */
export class AccountGroup extends HttpApiGroup.make("account")
  .add(post("session", "/session").addSuccess(Session))
  .add(
    post("verificationOptions", "/session/verify/options")
      .addSuccess(WebAuthn.RequestOptions)
      .addError(AccessLimited)
  )
  .add(
    post("verify", "/session/verify")
      .setPayload(WebAuthn.AuthenticationResponse)
      .addSuccess(Session)
      .addError(PasskeyRefused)
      .addError(AccessLimited)
  )
  .add(post("signOut", "/session/end").addSuccess(HttpApiSchema.NoContent))
  .add(post("listSessions", "/sessions/list").addSuccess(Schema.Array(OwnSession)))
  .add(
    post("endSession", "/sessions/end")
      .setPayload(Schema.Struct({ id: Operator.SessionId }))
      .addSuccess(HttpApiSchema.NoContent)
  )
  .add(post("listPasskeys", "/passkeys/list").addSuccess(Schema.Array(Passkey)))
  .add(
    post("passkeyOptions", "/passkeys/options")
      .addSuccess(WebAuthn.CreationOptions)
      .addError(AccessLimited)
      .middleware(RecentlyVerified)
  )
  .add(
    post("addPasskey", "/passkeys")
      .setPayload(Schema.Struct({ name: PasskeyName, response: WebAuthn.RegistrationResponse }))
      .addSuccess(Passkey)
      .addError(PasskeyRefused)
      .addError(AccessLimited)
      .middleware(RecentlyVerified)
  )
  .add(
    post("removePasskey", "/passkeys/remove")
      .setPayload(Schema.Struct({ id: Operator.PasskeyId }))
      .addSuccess(HttpApiSchema.NoContent)
      .addError(LastPasskey)
      .addError(Wire.EntityNotFound)
      .middleware(RecentlyVerified)
  )
  .middleware(SignedIn)
{}

/**
 * - `OPEN`: its user may answer it
 * - `ANSWERED`: with what, the service alone can read
 * - `CANCELED`: by the service
 * - `EXPIRED`: nobody answered in time
 *
 * @since 0.1.0
 * @category schemas
 */
export const RequestState = Schema.Literal("OPEN", "ANSWERED", "CANCELED", "EXPIRED")

/**
 * An authorization request as operators see it: without its user, title and context.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Request = Schema.Struct({
  id: AuthorizationRequestId,
  serviceId: Entity.ServiceId,
  directoryId: Entity.DirectoryId,
  state: RequestState,
  created: Schema.DateTimeUtc,
  expires: Schema.DateTimeUtc
})

/**
 * @since 0.1.0
 * @category models
 */
export type Request = typeof Request.Type

/**
 * Which requests to list: those of a service or of a directory's users, or all.
 *
 * @since 0.1.0
 * @category schemas
 */
export const RequestsOf = Schema.Union(Entity.Service, Entity.Directory)

/**
 * The latest requests as they change: server-sent events, each with the JSON of a list, latest first, whenever it is
 * another than before. The stream ends after ten minutes, and with the session.
 *
 * `GET /console/api/requests/live?of=svc:<uuid>`, where `of` may be absent as well: see `RequestsOf`.
 *
 * @since 0.1.0
 * @category models
 */
export const live = {
  path: `${prefix}/requests/live`,
  contentType: "text/event-stream",
  /** The data of an event. */
  Requests: Schema.parseJson(Schema.Array(Request)),
  /** How many it tells at most. */
  limit: 50
} as const

/**
 * What an operator sees and does.
 *
 * @since 0.1.0
 * @category models
 */
export class OperatingGroup extends HttpApiGroup.make("operating")
  .add(endpoints.listOrganizations)
  .add(endpoints.createOrganization.middleware(RecentlyVerified))
  .add(endpoints.listDirectories)
  .add(
    post("createDirectory", "/directories")
      .setPayload(Schema.Struct({ organizationId: Entity.OrganizationId, name: DirectoryName }))
      .addSuccess(Schema.Struct({ id: Entity.DirectoryId }))
      .addError(Wire.DirectoryNameInUse)
  )
  .add(
    post("updateDirectory", "/directories/update")
      .setPayload(Schema.Struct({ id, active, denialContextInquiryEnabled, webhookUrl }))
      .addSuccess(HttpApiSchema.NoContent)
      .middleware(RecentlyVerified)
  )
  .add(endpoints.listServices)
  .add(
    post("createService", "/services")
      .setPayload(Schema.Struct({
        owner: Schema.Union(Entity.Organization, Entity.Directory),
        service: NewService
      }))
      .addSuccess(Schema.Struct({ id: Entity.ServiceId }))
      .addError(Wire.ServiceNameTaken)
  )
  .add(
    post("updateService", "/services/update")
      .setPayload(ServiceChange)
      .addSuccess(HttpApiSchema.NoContent)
      .addError(Wire.ServiceNameTaken)
      .middleware(RecentlyVerified)
  )
  .add(
    post("setPolicy", "/services/policy")
      .setPayload(Schema.Struct({ serviceId: Entity.ServiceId, policy: ServicePolicy.ServicePolicy }))
      .addSuccess(HttpApiSchema.NoContent)
      .addError(Wire.InvalidPolicyInput)
      .middleware(RecentlyVerified)
  )
  .add(endpoints.listKeys)
  .add(endpoints.addKey.middleware(RecentlyVerified))
  .add(endpoints.updateKey.middleware(RecentlyVerified))
  .add(endpoints.removeKey.middleware(RecentlyVerified))
  .add(endpoints.listDevices)
  .add(endpoints.unlinkDevice.middleware(RecentlyVerified))
  .add(
    post("listRequests", "/requests/list")
      .setPayload(Schema.Struct({
        of: Schema.optional(RequestsOf),
        /** Only those made before this one: the next page. */
        before: Schema.optional(Request.pick("id", "created")),
        limit: Schema.Int.pipe(Schema.between(1, 200))
      }))
      .addSuccess(Schema.Array(Request))
  )
  .add(endpoints.listDeliveries)
  .add(endpoints.replayDelivery.middleware(RecentlyVerified))
  .add(endpoints.listPlatformKeys)
  .add(endpoints.rotatePlatformKey.middleware(RecentlyVerified))
  .add(endpoints.retirePlatformKey.middleware(RecentlyVerified))
  .add(
    post("listAudit", "/audit/list")
      .setPayload(Schema.Struct({
        /** Only those with a lower number: the next page. */
        before: Schema.optional(Schema.Int),
        limit: Schema.Int.pipe(Schema.between(1, 1000))
      }))
      .addSuccess(Schema.Array(AuditEntry.Entry))
  )
  .add(endpoints.verifyAudit)
  .add(endpoints.listFraud)
  .add(endpoints.liftFraud.middleware(RecentlyVerified))
  .add(
    post("listOperators", "/operators/list").addSuccess(Schema.Array(Operator.Operator))
  )
  .addError(Wire.EntityNotFound)
  .addError(NotUnsealed, { status: 503 })
  .middleware(SignedIn)
{}

/**
 * @since 0.1.0
 * @category models
 */
export class ConsoleApi extends HttpApi.make("console")
  .add(AccessGroup)
  .add(AccountGroup)
  .add(OperatingGroup)
  .addError(CallRefused)
  .addError(Unavailable)
  .prefix(prefix)
{}
