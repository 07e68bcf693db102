/**
 * What the platform may refuse, one tag for each refusal: its code, its HTTP status and its data, defined once.
 *
 * A message says the problem and the next step. It never repeats what the platform wrote, which may be private: that
 * is in `detail`.
 *
 * @see docs/protocol.md "Errors"
 * @since 0.1.0
 */
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import { AuthorizationRequestId } from "./internal/wire.ts"

/**
 * What the platform wrote about a refusal: a text, or an object that mirrors the request, nested to any depth. It may
 * be private: keep it from end users.
 *
 * @since 0.1.0
 * @category schemas
 */
export const ErrorDetail = Schema.Unknown

/**
 * The JSON of every refusal.
 *
 * @since 0.1.0
 * @category schemas
 */
export const WireError = Schema.Struct({
  error_code: Schema.String,
  error_detail: Schema.Unknown,
  error_data: Schema.optional(Schema.Unknown)
})

/**
 * @since 0.1.0
 * @category models
 */
export type WireError = typeof WireError.Type

/**
 * The code written where the protocol has none, and read where a body is empty or unreadable: `"HTTP-404"`.
 *
 * @since 0.1.0
 * @category conversions
 */
export const statusCode = (status: number): string => `HTTP-${status}`

/**
 * @since 0.1.0
 * @category models
 */
export interface Definition {
  readonly status: number
  /** The wire's codes, the first of which is written. Empty: told by the status alone. */
  readonly codes: ReadonlyArray<string>
  readonly problem: string
  readonly remedy: string
}

/**
 * Every error that has a code or a status of its own: where both are written down.
 *
 * @since 0.1.0
 * @category models
 */
export const table = {
  InvalidParameters: {
    status: 400,
    codes: ["ARG-001"],
    problem: "The platform refused an argument",
    remedy: "Read detail, correct the argument it names and try again."
  },
  InvalidRoute: {
    status: 400,
    codes: ["ARG-002"],
    problem: "The platform has no such path or method",
    remedy: "Check the base URL and the platform's version."
  },
  Unauthorized: {
    status: 401,
    codes: [],
    problem: "The platform did not accept the request's signature, key or time",
    remedy: "Check that the public half of the signing key is registered, active and allowed to sign, and the clock."
  },
  Forbidden: {
    status: 403,
    codes: [],
    problem: "These credentials may not act for that entity, or it does not exist",
    remedy: "Check the entity's id and that it belongs to the issuer."
  },
  EntityNotFound: {
    status: 404,
    codes: [],
    problem: "No such user, device or request, or the user has no linked device",
    remedy: "Check the identifier, and that a device is linked."
  },
  RequestTimedOut: {
    status: 408,
    codes: [],
    problem: "The user did not answer in time and the authorization request has expired",
    remedy: "Create a new one if it is still wanted."
  },
  RateLimited: {
    status: 429,
    codes: [],
    problem: "Too many requests or attempts for this user",
    remedy: "Wait before the next one, for retryAfter where it is given."
  },
  InvalidDirectoryIdentifier: {
    status: 400,
    codes: ["DIR-001"],
    problem: "The directory or user identifier is not acceptable",
    remedy: "Use 1 to 255 characters without control characters."
  },
  InvalidPublicKey: {
    status: 400,
    codes: ["KEY-001"],
    problem: "The public key is not an RSA key that the platform accepts",
    remedy: "Send the PEM of an RSA public key of 2048 bits or more."
  },
  PublicKeyAlreadyInUse: {
    status: 400,
    codes: ["KEY-002"],
    problem: "The public key is already attached to this entity",
    remedy: "Use it as it is, or attach another."
  },
  PublicKeyDoesNotExist: {
    status: 400,
    codes: ["KEY-003"],
    problem: "The entity has no key of that id",
    remedy: "List its keys."
  },
  LastRemainingKey: {
    status: 400,
    codes: ["KEY-004", "KEY-005"],
    problem: "The last key of an entity cannot be removed",
    remedy: "Attach another first, or set this one inactive."
  },
  DirectoryNameInUse: {
    status: 400,
    codes: ["ORG-003"],
    problem: "The directory name is in use",
    remedy: "Choose another."
  },
  LastRemainingSdkKey: {
    status: 400,
    codes: ["ORG-005"],
    problem: "The last SDK key of a directory cannot be removed",
    remedy: "Generate another first."
  },
  InvalidSdkKey: {
    status: 400,
    codes: ["ORG-006"],
    problem: "The SDK key is not one of this directory's",
    remedy: "List the directory's SDK keys."
  },
  ServiceNameTaken: {
    status: 400,
    codes: ["SVC-001"],
    problem: "The service name is in use",
    remedy: "Choose another."
  },
  InvalidPolicyInput: {
    status: 400,
    codes: ["SVC-002"],
    problem: "The platform refused the policy as invalid",
    remedy: "Read detail and correct the policy."
  },
  PolicyFailure: {
    status: 400,
    codes: ["SVC-003"],
    problem: "The user's devices cannot satisfy the policy",
    remedy: "Ask for less, or have the user set up more authentication methods."
  },
  ServiceNotFound: {
    status: 400,
    codes: ["SVC-004"],
    problem: "No such service",
    remedy: "Check the service's id."
  },
  AuthorizationInProgress: {
    status: 409,
    codes: ["SVC-005"],
    problem: "The user already has an authorization request open",
    remedy: "Await or cancel it if it is yours (fromSameService), else try again after it expires."
  },
  AuthorizationResponseExists: {
    status: 400,
    codes: ["SVC-006"],
    problem: "The authorization request was already answered",
    remedy: "Read its response."
  },
  AuthorizationRequestCanceled: {
    status: 400,
    codes: ["SVC-007"],
    problem: "The authorization request was canceled",
    remedy: "Create a new one if it is still wanted."
  },
  NumberMismatch: {
    status: 400,
    codes: ["DEV-001"],
    problem: "The number is not the one that is shown where the user signs in",
    remedy: "Sign in anew; who is not signing in reports fraud."
  }
} as const satisfies Record<string, Definition>

const describe = (tag: keyof typeof table, which = ""): string => {
  const { codes, problem, remedy, status }: Definition = table[tag]
  return `${problem}${which} (${codes[0] ?? `HTTP ${status}`}). ${remedy}`
}

const withDetail = { detail: ErrorDetail }

/**
 * Where a request was refused: by this SDK before anything was sent, or by the platform.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Origin = Schema.Literal("Client", "Platform")

/**
 * An argument is not acceptable. With `origin` `"Client"` nothing was sent and `issues` names each field and what is
 * wrong with it; with `"Platform"` the platform said so and `detail` holds its words.
 *
 * @since 0.1.0
 * @category errors
 */
export class InvalidParameters extends Schema.TaggedError<InvalidParameters>(
  "@effect-launchkey/core/ApiError/InvalidParameters"
)("InvalidParameters", {
  origin: Origin,
  issues: Schema.Array(Schema.Struct({ path: Schema.String, problem: Schema.String })),
  detail: ErrorDetail
}) {
  override get message(): string {
    return this.origin === "Platform"
      ? describe("InvalidParameters")
      : `Nothing was sent: ${this.issues.map(({ path, problem }) => `${path || "argument"}: ${problem}`).join("; ")}.`
  }
}

/**
 * The platform has no such path or method.
 *
 * @since 0.1.0
 * @category errors
 */
export class InvalidRoute extends Schema.TaggedError<InvalidRoute>(
  "@effect-launchkey/core/ApiError/InvalidRoute"
)("InvalidRoute", withDetail) {
  override get message(): string {
    return describe("InvalidRoute")
  }
}

/**
 * The signature, key or time of the request was not accepted. `authenticated` tells whether the platform signed this
 * answer; an unsigned one may come from anything between, so that nothing else of it is told: its `detail` is empty.
 *
 * @since 0.1.0
 * @category errors
 */
export class Unauthorized extends Schema.TaggedError<Unauthorized>(
  "@effect-launchkey/core/ApiError/Unauthorized"
)("Unauthorized", { authenticated: Schema.Boolean, detail: ErrorDetail }) {
  override get message(): string {
    return describe("Unauthorized")
  }
}

/**
 * The issuer may not act for the entity that the request is about, or there is no such entity.
 *
 * @since 0.1.0
 * @category errors
 */
export class Forbidden extends Schema.TaggedError<Forbidden>(
  "@effect-launchkey/core/ApiError/Forbidden"
)("Forbidden", withDetail) {
  override get message(): string {
    return describe("Forbidden")
  }
}

/**
 * The user, device, session or request named does not exist, or the user has no device that could answer.
 *
 * @since 0.1.0
 * @category errors
 */
export class EntityNotFound extends Schema.TaggedError<EntityNotFound>(
  "@effect-launchkey/core/ApiError/EntityNotFound"
)("EntityNotFound", withDetail) {
  override get message(): string {
    return describe("EntityNotFound")
  }
}

/**
 * The authorization request expired before the user answered: the platform's verdict, and final.
 *
 * @since 0.1.0
 * @category errors
 */
export class RequestTimedOut extends Schema.TaggedError<RequestTimedOut>(
  "@effect-launchkey/core/ApiError/RequestTimedOut"
)("RequestTimedOut", withDetail) {
  override get message(): string {
    return describe("RequestTimedOut")
  }
}

/**
 * Too many requests for one user. `retryAfter` is the platform's wish, where it gave one.
 *
 * @since 0.1.0
 * @category errors
 */
export class RateLimited extends Schema.TaggedError<RateLimited>(
  "@effect-launchkey/core/ApiError/RateLimited"
)("RateLimited", { retryAfter: Schema.OptionFromSelf(Schema.DurationFromSelf) }) {
  override get message(): string {
    return describe("RateLimited")
  }
}

/**
 * The name of the service is in use.
 *
 * @since 0.1.0
 * @category errors
 */
export class ServiceNameTaken extends Schema.TaggedError<ServiceNameTaken>(
  "@effect-launchkey/core/ApiError/ServiceNameTaken"
)("ServiceNameTaken", withDetail) {
  override get message(): string {
    return describe("ServiceNameTaken")
  }
}

/**
 * The policy in the request is not valid.
 *
 * @since 0.1.0
 * @category errors
 */
export class InvalidPolicyInput extends Schema.TaggedError<InvalidPolicyInput>(
  "@effect-launchkey/core/ApiError/InvalidPolicyInput"
)("InvalidPolicyInput", withDetail) {
  override get message(): string {
    return describe("InvalidPolicyInput")
  }
}

/**
 * The user's devices cannot satisfy the policy, so nobody was asked.
 *
 * @since 0.1.0
 * @category errors
 */
export class PolicyFailure extends Schema.TaggedError<PolicyFailure>(
  "@effect-launchkey/core/ApiError/PolicyFailure"
)("PolicyFailure", withDetail) {
  override get message(): string {
    return describe("PolicyFailure")
  }
}

/**
 * The service named in a policy call does not exist or belongs to another.
 *
 * @since 0.1.0
 * @category errors
 */
export class ServiceNotFound extends Schema.TaggedError<ServiceNotFound>(
  "@effect-launchkey/core/ApiError/ServiceNotFound"
)("ServiceNotFound", withDetail) {
  override get message(): string {
    return describe("ServiceNotFound")
  }
}

/**
 * The user has another authorization request open. The fields tell which, as far as the platform did.
 *
 * @since 0.1.0
 * @category errors
 */
export class AuthorizationInProgress extends Schema.TaggedError<AuthorizationInProgress>(
  "@effect-launchkey/core/ApiError/AuthorizationInProgress"
)("AuthorizationInProgress", {
  authorizationRequestId: Schema.OptionFromSelf(AuthorizationRequestId),
  expires: Schema.OptionFromSelf(Schema.DateTimeUtcFromSelf),
  fromSameService: Schema.Boolean,
  detail: ErrorDetail
}) {
  override get message(): string {
    const which = Option.match(this.authorizationRequestId, { onNone: () => "", onSome: (id) => `, ${id}` })
    return describe("AuthorizationInProgress", which)
  }
}

/**
 * The request was already answered and cannot be canceled or answered again.
 *
 * @since 0.1.0
 * @category errors
 */
export class AuthorizationResponseExists extends Schema.TaggedError<AuthorizationResponseExists>(
  "@effect-launchkey/core/ApiError/AuthorizationResponseExists"
)("AuthorizationResponseExists", withDetail) {
  override get message(): string {
    return describe("AuthorizationResponseExists")
  }
}

/**
 * The request was canceled.
 *
 * @since 0.1.0
 * @category errors
 */
export class AuthorizationRequestCanceled extends Schema.TaggedError<AuthorizationRequestCanceled>(
  "@effect-launchkey/core/ApiError/AuthorizationRequestCanceled"
)("AuthorizationRequestCanceled", withDetail) {
  override get message(): string {
    return describe("AuthorizationRequestCanceled")
  }
}

/**
 * The user entered another number than the one that is shown where they sign in. `ended`: there is no further try, and the
 * request has ended without approval.
 *
 * @see docs/protocol.md "Number matching"
 * @since 0.1.0
 * @category errors
 */
export class NumberMismatch extends Schema.TaggedError<NumberMismatch>(
  "@effect-launchkey/core/ApiError/NumberMismatch"
)("NumberMismatch", { ended: Schema.Boolean }) {
  override get message(): string {
    return describe("NumberMismatch")
  }
}

/**
 * The identifier of a directory or of its user is not acceptable.
 *
 * @since 0.1.0
 * @category errors
 */
export class InvalidDirectoryIdentifier extends Schema.TaggedError<InvalidDirectoryIdentifier>(
  "@effect-launchkey/core/ApiError/InvalidDirectoryIdentifier"
)("InvalidDirectoryIdentifier", withDetail) {
  override get message(): string {
    return describe("InvalidDirectoryIdentifier")
  }
}

/**
 * The public key is not a valid RSA key.
 *
 * @since 0.1.0
 * @category errors
 */
export class InvalidPublicKey extends Schema.TaggedError<InvalidPublicKey>(
  "@effect-launchkey/core/ApiError/InvalidPublicKey"
)("InvalidPublicKey", withDetail) {
  override get message(): string {
    return describe("InvalidPublicKey")
  }
}

/**
 * The public key is already attached to this entity.
 *
 * @since 0.1.0
 * @category errors
 */
export class PublicKeyAlreadyInUse extends Schema.TaggedError<PublicKeyAlreadyInUse>(
  "@effect-launchkey/core/ApiError/PublicKeyAlreadyInUse"
)("PublicKeyAlreadyInUse", withDetail) {
  override get message(): string {
    return describe("PublicKeyAlreadyInUse")
  }
}

/**
 * The entity has no key of that id.
 *
 * @since 0.1.0
 * @category errors
 */
export class PublicKeyDoesNotExist extends Schema.TaggedError<PublicKeyDoesNotExist>(
  "@effect-launchkey/core/ApiError/PublicKeyDoesNotExist"
)("PublicKeyDoesNotExist", withDetail) {
  override get message(): string {
    return describe("PublicKeyDoesNotExist")
  }
}

/**
 * The last key of an entity cannot be removed.
 *
 * @since 0.1.0
 * @category errors
 */
export class LastRemainingKey extends Schema.TaggedError<LastRemainingKey>(
  "@effect-launchkey/core/ApiError/LastRemainingKey"
)("LastRemainingKey", withDetail) {
  override get message(): string {
    return describe("LastRemainingKey")
  }
}

/**
 * The name of the directory is in use.
 *
 * @since 0.1.0
 * @category errors
 */
export class DirectoryNameInUse extends Schema.TaggedError<DirectoryNameInUse>(
  "@effect-launchkey/core/ApiError/DirectoryNameInUse"
)("DirectoryNameInUse", withDetail) {
  override get message(): string {
    return describe("DirectoryNameInUse")
  }
}

/**
 * The last authenticator SDK key of a directory cannot be removed.
 *
 * @since 0.1.0
 * @category errors
 */
export class LastRemainingSdkKey extends Schema.TaggedError<LastRemainingSdkKey>(
  "@effect-launchkey/core/ApiError/LastRemainingSdkKey"
)("LastRemainingSdkKey", withDetail) {
  override get message(): string {
    return describe("LastRemainingSdkKey")
  }
}

/**
 * The SDK key is not one of this directory's.
 *
 * @since 0.1.0
 * @category errors
 */
export class InvalidSdkKey extends Schema.TaggedError<InvalidSdkKey>(
  "@effect-launchkey/core/ApiError/InvalidSdkKey"
)("InvalidSdkKey", withDetail) {
  override get message(): string {
    return describe("InvalidSdkKey")
  }
}

/**
 * A refusal that this version does not know: its status, its code (`"HTTP-<status>"` where the body had none) and
 * its detail as they came.
 *
 * @since 0.1.0
 * @category errors
 */
export class UnexpectedApiError extends Schema.TaggedError<UnexpectedApiError>(
  "@effect-launchkey/core/ApiError/UnexpectedApiError"
)("UnexpectedApiError", { status: Schema.Int, code: Schema.String, detail: ErrorDetail }) {
  override get message(): string {
    return `The platform refused the request with status ${this.status}, for which this version has no name. ` +
      "Read code and detail; a newer version of this library may know them."
  }
}
