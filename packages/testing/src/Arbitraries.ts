/**
 * Arbitrary values of every schema of core, for property tests: one object per module of core, and in it each schema's
 * arbitrary under the schema's own name.
 *
 * What is written to the wire and read again comes back equal: times are whole seconds, what has no schema of its own
 * is JSON, and a member that may be absent is absent rather than undefined.
 *
 * @since 0.1.0
 */
import * as PublicApiModule from "@effect-launchkey/core/api/PublicApi"
import * as ServiceManagementApiModule from "@effect-launchkey/core/api/ServiceManagementApi"
import * as ApiErrorModule from "@effect-launchkey/core/ApiError"
import * as AuthorizationModule from "@effect-launchkey/core/Authorization"
import * as AuthPolicyModule from "@effect-launchkey/core/AuthPolicy"
import * as DenialReasonModule from "@effect-launchkey/core/DenialReason"
import * as DeviceModule from "@effect-launchkey/core/Device"
import * as DirectoryModule from "@effect-launchkey/core/Directory"
import * as EffectivePolicyModule from "@effect-launchkey/core/EffectivePolicy"
import * as EntityIdentifierModule from "@effect-launchkey/core/EntityIdentifier"
import * as FactorModule from "@effect-launchkey/core/Factor"
import * as FenceModule from "@effect-launchkey/core/Fence"
import * as KeyIdModule from "@effect-launchkey/core/KeyId"
import * as PublicKeyModule from "@effect-launchkey/core/PublicKey"
import * as ResponsePolicyModule from "@effect-launchkey/core/ResponsePolicy"
import * as ServicePolicyModule from "@effect-launchkey/core/ServicePolicy"
import * as ServiceProfileModule from "@effect-launchkey/core/ServiceProfile"
import * as SessionModule from "@effect-launchkey/core/Session"
import * as StoreUnavailableModule from "@effect-launchkey/core/StoreUnavailable"
import * as TimeFenceModule from "@effect-launchkey/core/TimeFence"
import * as TotpModule from "@effect-launchkey/core/Totp"
import * as WebhookModule from "@effect-launchkey/core/Webhook"
import * as Arbitrary from "effect/Arbitrary"
import * as Duration from "effect/Duration"
import * as FastCheck from "effect/FastCheck"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"

/**
 * The arbitraries of a module's schemas, by their names.
 *
 * @since 0.1.0
 * @category models
 */
export type ArbitrariesOf<Module> = {
  readonly [
    Name in keyof Module as Module[Name] extends Schema.Schema.AnyNoContext ? Name : never
  ]: Module[Name] extends Schema.Schema<infer A, infer _I> ? FastCheck.Arbitrary<A> : never
}

const withoutUndefined = (value: unknown): unknown =>
  typeof value === "object" && value !== null && Object.getPrototypeOf(value) === Object.prototype
    ? Object.fromEntries(Object.entries(value).filter(([, member]) => member !== undefined))
    : value

/** Of every schema in the module; `exceptions` are those whose own arbitrary holds what the wire does not keep. */
const derive = <Module extends object>(
  module: Module,
  exceptions: Partial<ArbitrariesOf<Module>> = {}
): ArbitrariesOf<Module> => {
  const arbitraries: Record<string, unknown> = {}
  for (const [name, schema] of Object.entries(module)) {
    // Core's schemas require nothing.
    if (Schema.isSchema(schema)) {
      arbitraries[name] = Arbitrary.make(schema as Schema.Schema<unknown>).map(withoutUndefined)
    }
  }
  // One for each schema of the module and of its type: what the compiler cannot see in a loop over names.
  return { ...arbitraries, ...exceptions } as ArbitrariesOf<Module>
}

/** `-0` is left out, which JSON writes as `0`. */
const json: FastCheck.Arbitrary<unknown> = FastCheck.jsonValue({ maxDepth: 3 }).map((value) =>
  JSON.parse(JSON.stringify(value)) as unknown
)

const option = <A>(arbitrary: FastCheck.Arbitrary<A>): FastCheck.Arbitrary<Option.Option<A>> =>
  FastCheck.option(arbitrary).map(Option.fromNullable)

const detailed = <E>(Class: new(props: { readonly detail: unknown }) => E): FastCheck.Arbitrary<E> =>
  json.map((detail) => new Class({ detail }))

/**
 * @since 0.1.0
 * @category constructors
 */
export const AuthPolicy: ArbitrariesOf<typeof AuthPolicyModule> = derive(AuthPolicyModule)

/**
 * @since 0.1.0
 * @category constructors
 */
export const Authorization: ArbitrariesOf<typeof AuthorizationModule> = derive(AuthorizationModule, {
  AuthorizationRequest: FastCheck.record({
    id: Arbitrary.make(AuthorizationModule.AuthorizationRequestId),
    ttl: Arbitrary.make(AuthorizationModule.TimeToLive),
    deviceIds: option(FastCheck.array(Arbitrary.make(AuthorizationModule.DeviceId))),
    pushPackage: option(FastCheck.string())
  }).map((props) => new AuthorizationModule.AuthorizationRequest(props))
})

/**
 * @since 0.1.0
 * @category constructors
 */
export const ApiError: ArbitrariesOf<typeof ApiErrorModule> = derive(ApiErrorModule, {
  ErrorDetail: json,
  WireError: FastCheck.record({ error_code: FastCheck.string(), error_detail: json, error_data: json }, {
    requiredKeys: ["error_code", "error_detail"]
  }),
  InvalidParameters: FastCheck.oneof(
    json.map((detail) => new ApiErrorModule.InvalidParameters({ origin: "Platform", issues: [], detail })),
    FastCheck.array(FastCheck.record({ path: FastCheck.string(), problem: FastCheck.string() })).map((issues) =>
      new ApiErrorModule.InvalidParameters({ origin: "Client", issues, detail: undefined })
    )
  ),
  InvalidRoute: detailed(ApiErrorModule.InvalidRoute),
  Forbidden: detailed(ApiErrorModule.Forbidden),
  EntityNotFound: detailed(ApiErrorModule.EntityNotFound),
  RequestTimedOut: detailed(ApiErrorModule.RequestTimedOut),
  RateLimited: option(FastCheck.nat().map(Duration.seconds)).map((retryAfter) =>
    new ApiErrorModule.RateLimited({ retryAfter })
  ),
  ServiceNameTaken: detailed(ApiErrorModule.ServiceNameTaken),
  InvalidPolicyInput: detailed(ApiErrorModule.InvalidPolicyInput),
  PolicyFailure: detailed(ApiErrorModule.PolicyFailure),
  ServiceNotFound: detailed(ApiErrorModule.ServiceNotFound),
  AuthorizationInProgress: FastCheck.record({
    authorizationRequestId: option(Authorization.AuthorizationRequestId),
    expires: option(Arbitrary.make(PublicApiModule.Ping).map(({ apiTime }) => apiTime)),
    fromSameService: FastCheck.boolean(),
    detail: json
  }).map((props) => new ApiErrorModule.AuthorizationInProgress(props)),
  NumberMismatch: FastCheck.boolean().map((ended) => new ApiErrorModule.NumberMismatch({ ended })),
  AuthorizationResponseExists: detailed(ApiErrorModule.AuthorizationResponseExists),
  AuthorizationRequestCanceled: detailed(ApiErrorModule.AuthorizationRequestCanceled),
  InvalidDirectoryIdentifier: detailed(ApiErrorModule.InvalidDirectoryIdentifier),
  InvalidPublicKey: detailed(ApiErrorModule.InvalidPublicKey),
  PublicKeyAlreadyInUse: detailed(ApiErrorModule.PublicKeyAlreadyInUse),
  PublicKeyDoesNotExist: detailed(ApiErrorModule.PublicKeyDoesNotExist),
  LastRemainingKey: detailed(ApiErrorModule.LastRemainingKey),
  DirectoryNameInUse: detailed(ApiErrorModule.DirectoryNameInUse),
  LastRemainingSdkKey: detailed(ApiErrorModule.LastRemainingSdkKey),
  InvalidSdkKey: detailed(ApiErrorModule.InvalidSdkKey),
  UnexpectedApiError: FastCheck.record({
    status: FastCheck.integer({ min: 300, max: 599 }),
    code: FastCheck.string(),
    detail: json
  }).map((props) => new ApiErrorModule.UnexpectedApiError(props))
})

/**
 * @since 0.1.0
 * @category constructors
 */
export const DenialReason: ArbitrariesOf<typeof DenialReasonModule> = derive(DenialReasonModule)

/**
 * @since 0.1.0
 * @category constructors
 */
export const EntityIdentifier: ArbitrariesOf<typeof EntityIdentifierModule> = derive(EntityIdentifierModule)

/**
 * @since 0.1.0
 * @category constructors
 */
export const Device: ArbitrariesOf<typeof DeviceModule> = derive(DeviceModule, {
  // A device's id may be any text elsewhere, and is a UUID here.
  DeviceLinked: EntityIdentifier.Uuid.map((uuid) => ({ deviceId: AuthorizationModule.DeviceId.make(uuid) }))
})

/**
 * @since 0.1.0
 * @category constructors
 */
export const Directory: ArbitrariesOf<typeof DirectoryModule> = derive(DirectoryModule)

/**
 * @since 0.1.0
 * @category constructors
 */
export const Factor: ArbitrariesOf<typeof FactorModule> = derive(FactorModule)

/**
 * @since 0.1.0
 * @category constructors
 */
export const Fence: ArbitrariesOf<typeof FenceModule> = derive(FenceModule)

/**
 * @since 0.1.0
 * @category constructors
 */
export const KeyId: ArbitrariesOf<typeof KeyIdModule> = derive(KeyIdModule)

/**
 * @since 0.1.0
 * @category constructors
 */
export const PublicApi: ArbitrariesOf<typeof PublicApiModule> = derive(PublicApiModule)

/**
 * @since 0.1.0
 * @category constructors
 */
export const PublicKey: ArbitrariesOf<typeof PublicKeyModule> = derive(PublicKeyModule)

/**
 * @since 0.1.0
 * @category constructors
 */
export const ResponsePolicy: ArbitrariesOf<typeof ResponsePolicyModule> = derive(ResponsePolicyModule)

/**
 * @since 0.1.0
 * @category constructors
 */
export const ServiceManagementApi: ArbitrariesOf<typeof ServiceManagementApiModule> = derive(ServiceManagementApiModule)

/**
 * @since 0.1.0
 * @category constructors
 */
export const ServiceProfile: ArbitrariesOf<typeof ServiceProfileModule> = derive(ServiceProfileModule)

/**
 * @since 0.1.0
 * @category constructors
 */
export const Session: ArbitrariesOf<typeof SessionModule> = derive(SessionModule)

/**
 * @since 0.1.0
 * @category constructors
 */
export const Totp: ArbitrariesOf<typeof TotpModule> = derive(TotpModule)

/**
 * @since 0.1.0
 * @category constructors
 */
export const EffectivePolicy: ArbitrariesOf<typeof EffectivePolicyModule> = derive(EffectivePolicyModule)

/**
 * @since 0.1.0
 * @category constructors
 */
export const ServicePolicy: ArbitrariesOf<typeof ServicePolicyModule> = derive(ServicePolicyModule)

/**
 * @since 0.1.0
 * @category constructors
 */
export const StoreUnavailable: ArbitrariesOf<typeof StoreUnavailableModule> = derive(StoreUnavailableModule, {
  // what stopped it is written as its words alone
  StoreUnavailable: FastCheck.string().map((operation) => new StoreUnavailableModule.StoreUnavailable({ operation }))
})

/**
 * @since 0.1.0
 * @category constructors
 */
export const TimeFence: ArbitrariesOf<typeof TimeFenceModule> = derive(TimeFenceModule)

/**
 * @since 0.1.0
 * @category constructors
 */
export const Webhook: ArbitrariesOf<typeof WebhookModule> = derive(WebhookModule)
