/**
 * The wire form of each error: what the contract declares.
 *
 * @see docs/protocol.md "Errors"
 * @since 0.1.0
 */
import * as HttpApiSchema from "@effect/platform/HttpApiSchema"
import * as Duration from "effect/Duration"
import * as Option from "effect/Option"
import * as Predicate from "effect/Predicate"
import * as Schema from "effect/Schema"
import {
  AuthorizationInProgress,
  AuthorizationRequestCanceled,
  AuthorizationResponseExists,
  type Definition,
  DirectoryNameInUse,
  EntityNotFound,
  Forbidden,
  InvalidDirectoryIdentifier,
  InvalidParameters,
  InvalidPolicyInput,
  InvalidPublicKey,
  InvalidRoute,
  InvalidSdkKey,
  LastRemainingKey,
  LastRemainingSdkKey,
  NumberMismatch,
  PolicyFailure,
  PublicKeyAlreadyInUse,
  PublicKeyDoesNotExist,
  RateLimited,
  RequestTimedOut,
  ServiceNameTaken,
  ServiceNotFound,
  statusCode,
  table,
  Unauthorized,
  WireError
} from "../ApiError.ts"
import { AuthorizationRequestId, UtcSeconds } from "../internal/wire.ts"

const wire = <A, I, Props>(
  tag: keyof typeof table,
  Class: Schema.Schema<A, I> & (new(props: Props) => A),
  read: (json: WireError) => Props,
  write: (self: A) => { readonly detail?: unknown; readonly data?: unknown }
) => {
  const { codes: [code, ...others], problem, status }: Definition = table[tag]
  return Schema.transform(
    Schema.Struct({
      ...WireError.fields,
      error_code: code === undefined ? Schema.String : Schema.Literal(code, ...others)
    }),
    Schema.typeSchema(Class),
    {
      strict: true,
      decode: (json) => new Class(read(json)),
      encode: (self) => {
        const { data, detail = problem } = write(self)
        return {
          error_code: code ?? statusCode(status),
          error_detail: detail,
          ...(data === undefined ? {} : { error_data: data })
        }
      }
    }
  ).annotations(HttpApiSchema.annotations({ status }))
}

const detailed = <A extends { readonly detail: unknown }, I>(
  tag: keyof typeof table,
  Class: Schema.Schema<A, I> & (new(props: { readonly detail: unknown }) => A)
) => wire(tag, Class, (json) => ({ detail: json.error_detail }), ({ detail }) => ({ detail }))

const member = <A>(data: unknown, name: string, schema: Schema.Schema<A, string>): Option.Option<A> =>
  Predicate.isRecord(data) ? Schema.decodeUnknownOption(schema)(data[name]) : Option.none()

const seconds = (data: unknown): Option.Option<Duration.Duration> =>
  Predicate.isRecord(data) && typeof data.retry_after === "number" && data.retry_after >= 0
    ? Option.some(Duration.seconds(data.retry_after))
    : Option.none()

/**
 * The wire form of each error, by its tag: what the contract declares. Malformed `error_data` leaves fields empty and
 * never hides the error.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Wire = {
  InvalidParameters: wire(
    "InvalidParameters",
    InvalidParameters,
    (json) => ({ origin: "Platform" as const, issues: [], detail: json.error_detail }),
    ({ detail }) => ({ detail })
  ),
  InvalidRoute: detailed("InvalidRoute", InvalidRoute),
  Unauthorized: wire(
    "Unauthorized",
    Unauthorized,
    (json) => ({
      authenticated: Predicate.isRecord(json.error_data) && json.error_data.authenticated === true,
      detail: json.error_detail
    }),
    ({ detail }) => ({ detail })
  ),
  Forbidden: detailed("Forbidden", Forbidden),
  EntityNotFound: detailed("EntityNotFound", EntityNotFound),
  RequestTimedOut: detailed("RequestTimedOut", RequestTimedOut),
  RateLimited: wire(
    "RateLimited",
    RateLimited,
    (json) => ({ retryAfter: seconds(json.error_data) }),
    ({ retryAfter }) =>
      Option.match(retryAfter, {
        onNone: () => ({}),
        onSome: (after) => ({ data: { retry_after: Math.ceil(Duration.toSeconds(after)) } })
      })
  ),
  ServiceNameTaken: detailed("ServiceNameTaken", ServiceNameTaken),
  InvalidPolicyInput: detailed("InvalidPolicyInput", InvalidPolicyInput),
  PolicyFailure: detailed("PolicyFailure", PolicyFailure),
  ServiceNotFound: detailed("ServiceNotFound", ServiceNotFound),
  AuthorizationInProgress: wire(
    "AuthorizationInProgress",
    AuthorizationInProgress,
    (json) => ({
      authorizationRequestId: member(json.error_data, "auth_request", AuthorizationRequestId),
      expires: member(json.error_data, "expires", UtcSeconds),
      fromSameService: Predicate.isRecord(json.error_data) && json.error_data.from_same_service === true,
      detail: json.error_detail
    }),
    ({ authorizationRequestId, detail, expires, fromSameService }) => ({
      detail,
      data: {
        ...(Option.isSome(authorizationRequestId) ? { auth_request: authorizationRequestId.value } : {}),
        ...(Option.isSome(expires) ? { expires: Schema.encodeSync(UtcSeconds)(expires.value) } : {}),
        from_same_service: fromSameService
      }
    })
  ),
  NumberMismatch: wire(
    "NumberMismatch",
    NumberMismatch,
    (json) => ({ ended: Predicate.isRecord(json.error_data) && json.error_data.ended === true }),
    ({ ended }) => ({ data: { ended } })
  ),
  AuthorizationResponseExists: detailed("AuthorizationResponseExists", AuthorizationResponseExists),
  AuthorizationRequestCanceled: detailed("AuthorizationRequestCanceled", AuthorizationRequestCanceled),
  InvalidDirectoryIdentifier: detailed("InvalidDirectoryIdentifier", InvalidDirectoryIdentifier),
  InvalidPublicKey: detailed("InvalidPublicKey", InvalidPublicKey),
  PublicKeyAlreadyInUse: detailed("PublicKeyAlreadyInUse", PublicKeyAlreadyInUse),
  PublicKeyDoesNotExist: detailed("PublicKeyDoesNotExist", PublicKeyDoesNotExist),
  LastRemainingKey: detailed("LastRemainingKey", LastRemainingKey),
  DirectoryNameInUse: detailed("DirectoryNameInUse", DirectoryNameInUse),
  LastRemainingSdkKey: detailed("LastRemainingSdkKey", LastRemainingSdkKey),
  InvalidSdkKey: detailed("InvalidSdkKey", InvalidSdkKey)
} as const
