import { Api } from "@effect-launchkey/core/Api"
import type * as ApiError from "@effect-launchkey/core/ApiError"
import type { AuthorizationResponse, DeviceId } from "@effect-launchkey/core/Authorization"
import * as AuthPolicy from "@effect-launchkey/core/AuthPolicy"
import type { DirectoryId, ServiceId } from "@effect-launchkey/core/EntityIdentifier"
import type { KeyId } from "@effect-launchkey/core/KeyId"
import type { InvalidKey } from "@effect-launchkey/transport/InvalidKey"
import type { Keyring } from "@effect-launchkey/transport/Keyring"
import type { RemoteApi } from "@effect-launchkey/transport/RemoteApi"
import type { Transport } from "@effect-launchkey/transport/Transport"
import type { MessageRejected, TransportError } from "@effect-launchkey/transport/TransportError"
import * as HttpApiClient from "@effect/platform/HttpApiClient"
import type { HttpApiDecodeError } from "@effect/platform/HttpApiError"
import type * as HttpClient from "@effect/platform/HttpClient"
import type { HttpClientError } from "@effect/platform/HttpClientError"
import { assert, describe, it } from "@effect/vitest"
import type * as ConfigError from "effect/ConfigError"
import type * as DateTime from "effect/DateTime"
import type * as Effect from "effect/Effect"
import type * as Layer from "effect/Layer"
import type { Option } from "effect/Option"
import type { ParseError } from "effect/ParseResult"
import type { Schedule } from "effect/Schedule"
import type * as DirectoryClient from "../src/DirectoryClient.ts"
import type * as DirectoryCredentials from "../src/DirectoryCredentials.ts"
import type * as OrganizationClient from "../src/OrganizationClient.ts"
import type * as OrganizationCredentials from "../src/OrganizationCredentials.ts"
import type { OutcomeUnknown } from "../src/OutcomeUnknown.ts"
import type * as Polling from "../src/Polling.ts"
import type * as ServiceClient from "../src/ServiceClient.ts"
import type * as ServiceCredentials from "../src/ServiceCredentials.ts"
import type * as ServiceManagement from "../src/ServiceManagement.ts"

type Equals<A, B> = (<T>() => T extends A ? 1 : 2) extends (<T>() => T extends B ? 1 : 2) ? true : false

/** Compiles only where the two types are the same: neither wider nor narrower. */
const same = <A, B>(equal: Equals<A, B>): void => assert.isTrue(equal)

type Service = ServiceClient.Service

/** What a member comes to: itself, or what it returns. */
type Called<Member> = Member extends (...args: ReadonlyArray<never>) => infer Returned ? Returned : Member
type ErrorIn<Client, Method extends keyof Client> = Called<Client[Method]> extends
  Effect.Effect<infer _A, infer E, infer _R> ? E : "not an effect"
type ContextIn<Client, Method extends keyof Client> = Called<Client[Method]> extends
  Effect.Effect<infer _A, infer _E, infer R> ? R : "not an effect"
type AnyContext<Client> = { [Method in keyof Client]: ContextIn<Client, Method> }[keyof Client]
type ErrorOf<Method extends keyof Service> = ErrorIn<Service, Method>

type Everywhere =
  | ApiError.InvalidParameters
  | ApiError.InvalidRoute
  | ApiError.Unauthorized
  | ApiError.Forbidden
  | ApiError.UnexpectedApiError
  | TransportError
  | MessageRejected

type Added = ApiError.UnexpectedApiError | TransportError | MessageRejected

/** What the contract declares for an endpoint, and what every call may end with. */
type Declared<Derived, Endpoint extends keyof Derived> =
  | Added
  | Exclude<ErrorIn<Derived, Endpoint>, HttpClientError | ParseError | HttpApiDecodeError>

const httpClient = undefined as unknown as HttpClient.HttpClient.With<never>
const derive = {
  service: () => HttpApiClient.group(Api, { group: "service", httpClient }),
  organization: () => HttpApiClient.group(Api, { group: "organization", httpClient }),
  organizationServices: () => HttpApiClient.group(Api, { group: "organizationServices", httpClient }),
  directory: () => HttpApiClient.group(Api, { group: "directory", httpClient }),
  directoryServices: () => HttpApiClient.group(Api, { group: "directoryServices", httpClient })
}
type Derived<Group extends keyof typeof derive> = Effect.Effect.Success<ReturnType<(typeof derive)[Group]>>

describe("the type of each method lists exactly the errors that can occur", () => {
  it("authorize", () => {
    same<
      ErrorOf<"authorize">,
      | Everywhere
      | ApiError.InvalidPolicyInput
      | ApiError.PolicyFailure
      | ApiError.EntityNotFound
      | ApiError.AuthorizationInProgress
      | ApiError.RateLimited
      | OutcomeUnknown
      | ServiceClient.NumberMatchUnsupported
    >(true)
    same<ErrorOf<"authorize">, ServiceClient.AuthorizeError>(true)
  })

  it("getResponse", () => {
    same<ErrorOf<"getResponse">, Everywhere | ApiError.AuthorizationRequestCanceled | ApiError.RequestTimedOut>(true)
    same<ErrorOf<"getResponse">, ServiceClient.GetResponseError>(true)
  })

  it("awaitResponse", () => {
    same<ErrorOf<"awaitResponse">, ServiceClient.GetResponseError | ServiceClient.AwaitTimedOut>(true)
    same<ErrorOf<"awaitResponse">, ServiceClient.AwaitResponseError>(true)
  })

  it("cancel", () => {
    same<
      ErrorOf<"cancel">,
      | Everywhere
      | ApiError.AuthorizationResponseExists
      | ApiError.AuthorizationRequestCanceled
      | ApiError.EntityNotFound
    >(true)
    same<ErrorOf<"cancel">, ServiceClient.CancelError>(true)
  })

  it("sessionStart and sessionEnd", () => {
    same<ErrorOf<"sessionStart">, Everywhere | ApiError.EntityNotFound>(true)
    same<ErrorOf<"sessionStart">, ServiceClient.SessionStartError>(true)
    same<ErrorOf<"sessionEnd">, Everywhere | ApiError.EntityNotFound>(true)
    same<ErrorOf<"sessionEnd">, ServiceClient.SessionEndError>(true)
  })

  it("verifyTotp", () => {
    same<ErrorOf<"verifyTotp">, Everywhere | ApiError.EntityNotFound | ApiError.RateLimited>(true)
    same<ErrorOf<"verifyTotp">, ServiceClient.VerifyTotpError>(true)
  })

  it("no method requires anything of its caller", () => {
    same<AnyContext<Service>, never>(true)
    same<AnyContext<OrganizationClient.Service>, never>(true)
    same<AnyContext<DirectoryClient.Service>, never>(true)
    same<AnyContext<OrganizationCredentials.Service>, never>(true)
    same<AnyContext<DirectoryCredentials.Service>, never>(true)
    same<AnyContext<ServiceCredentials.Service>, never>(true)
  })

  it("is the contract's list for its endpoint, and what every call may end with", () => {
    type Contract = Derived<"service">
    same<
      ErrorOf<"authorize">,
      Declared<Contract, "createAuthorization"> | OutcomeUnknown | ServiceClient.NumberMatchUnsupported
    >(true)
    same<ErrorOf<"getResponse">, Declared<Contract, "getAuthorization">>(true)
    same<ErrorOf<"cancel">, Declared<Contract, "cancelAuthorization">>(true)
    same<ErrorOf<"sessionStart">, Declared<Contract, "startSession">>(true)
    same<ErrorOf<"sessionEnd">, Declared<Contract, "endSession">>(true)
    same<ErrorOf<"verifyTotp">, Declared<Contract, "verifyTotp">>(true)
  })
})

describe("the type of each method of management", () => {
  it("lists exactly the errors that can occur: of services", () => {
    type Management = ServiceManagement.ServiceManagement
    const of = <Method extends keyof Management, Errors>(equal: Equals<ErrorIn<Management, Method>, Errors>): void =>
      assert.isTrue(equal)
    of<"createService", Everywhere | ApiError.ServiceNameTaken>(true)
    of<"listServices", Everywhere>(true)
    of<"getServices", Everywhere>(true)
    of<"getService", Everywhere>(true)
    of<"updateService", Everywhere | ApiError.ServiceNameTaken>(true)
    of<"addServiceKey", Everywhere | ApiError.InvalidPublicKey | ApiError.PublicKeyAlreadyInUse>(true)
    of<"listServiceKeys", Everywhere>(true)
    of<"updateServiceKey", Everywhere | ApiError.PublicKeyDoesNotExist>(true)
    of<"removeServiceKey", Everywhere | ApiError.PublicKeyDoesNotExist | ApiError.LastRemainingKey>(true)
    of<"setServicePolicy", Everywhere | ApiError.ServiceNotFound | ApiError.InvalidPolicyInput>(true)
    of<"getServicePolicy", Everywhere | ApiError.ServiceNotFound>(true)
    of<"removeServicePolicy", Everywhere | ApiError.ServiceNotFound>(true)
  })

  it("lists exactly the errors that can occur: of directories", () => {
    type Client = OrganizationClient.Service
    const of = <Method extends keyof Client, Errors>(equal: Equals<ErrorIn<Client, Method>, Errors>): void =>
      assert.isTrue(equal)
    of<"createDirectory", Everywhere | ApiError.DirectoryNameInUse>(true)
    of<"listDirectories", Everywhere>(true)
    of<"getDirectories", Everywhere>(true)
    of<"getDirectory", Everywhere>(true)
    of<"updateDirectory", Everywhere>(true)
    of<"addDirectoryKey", Everywhere | ApiError.InvalidPublicKey | ApiError.PublicKeyAlreadyInUse>(true)
    of<"listDirectoryKeys", Everywhere>(true)
    of<"updateDirectoryKey", Everywhere | ApiError.PublicKeyDoesNotExist>(true)
    of<"removeDirectoryKey", Everywhere | ApiError.PublicKeyDoesNotExist | ApiError.LastRemainingKey>(true)
    of<"generateSdkKey", Everywhere>(true)
    of<"listSdkKeys", Everywhere>(true)
    of<"removeSdkKey", Everywhere | ApiError.InvalidSdkKey | ApiError.LastRemainingSdkKey>(true)
  })

  it("lists exactly the errors that can occur: of users", () => {
    type Client = DirectoryClient.Service
    const of = <Method extends keyof Client, Errors>(equal: Equals<ErrorIn<Client, Method>, Errors>): void =>
      assert.isTrue(equal)
    of<"linkDevice", Everywhere | ApiError.InvalidDirectoryIdentifier>(true)
    of<"listDevices", Everywhere>(true)
    of<"unlinkDevice", Everywhere | ApiError.EntityNotFound>(true)
    of<"listSessions", Everywhere | ApiError.EntityNotFound>(true)
    of<"endAllSessions", Everywhere | ApiError.EntityNotFound>(true)
    of<"generateTotp", Everywhere | ApiError.InvalidDirectoryIdentifier>(true)
    of<"removeTotp", Everywhere>(true)
  })

  it("is the contract's list for its endpoint, and what every call may end with", () => {
    type SameName = keyof ServiceManagement.ServiceManagement & keyof Derived<"organizationServices">
    type Management = Omit<ServiceManagement.ServiceManagement, "listServices">
    same<
      { [Name in Exclude<SameName, "listServices">]: ErrorIn<Management, Name> },
      { [Name in Exclude<SameName, "listServices">]: Declared<Derived<"organizationServices">, Name> }
    >(true)
    same<
      { [Name in Exclude<SameName, "listServices">]: ErrorIn<Management, Name> },
      { [Name in Exclude<SameName, "listServices">]: Declared<Derived<"directoryServices">, Name> }
    >(true)
    same<ErrorIn<OrganizationClient.Service, "listServices">, Declared<Derived<"directoryServices">, "allServices">>(
      true
    )
    type Organization = Omit<OrganizationClient.Service, "listDirectories">
    type OfOrganization = keyof Organization & keyof Derived<"organization">
    same<
      { [Name in OfOrganization]: ErrorIn<Organization, Name> },
      { [Name in OfOrganization]: Declared<Derived<"organization">, Name> }
    >(true)
    same<
      ErrorIn<OrganizationClient.Service, "listDirectories">,
      Declared<Derived<"organization">, "allDirectories">
    >(true)
    type OfDirectory = keyof DirectoryClient.Service & keyof Derived<"directory">
    same<
      { [Name in OfDirectory]: ErrorIn<DirectoryClient.Service, Name> },
      { [Name in OfDirectory]: Declared<Derived<"directory">, Name> }
    >(true)
    same<
      ErrorIn<DirectoryClient.Service, "endAllSessions">,
      Declared<Derived<"directory">, "endSessions">
    >(true)
  })

  it("returns dates as DateTime.Utc", () => {
    type Session = Effect.Effect.Success<ReturnType<DirectoryClient.Service["listSessions"]>>[number]
    type Key = Effect.Effect.Success<ReturnType<OrganizationClient.Service["listDirectoryKeys"]>>[number]
    type Device = Effect.Effect.Success<ReturnType<DirectoryClient.Service["listDevices"]>>[number]
    same<Session["created"], DateTime.Utc>(true)
    same<Key["created"], DateTime.Utc>(true)
    same<Key["expires"], Option<DateTime.Utc>>(true)
    same<Device["updated"], Option<DateTime.Utc>>(true)
  })
})

describe("the type of each constructor", () => {
  it("names what it requires and how it fails", () => {
    same<ReturnType<typeof ServiceClient.make>, Effect.Effect<Service, ApiError.InvalidParameters, Transport>>(true)
    same<
      ReturnType<typeof ServiceClient.layer>,
      Layer.Layer<ServiceClient.ServiceClient, ApiError.InvalidParameters, Transport>
    >(true)
    same<
      ReturnType<typeof ServiceClient.layerConfig>,
      Layer.Layer<ServiceClient.ServiceClient, ApiError.InvalidParameters | ConfigError.ConfigError, Transport>
    >(true)
    same<ReturnType<typeof Polling.defaultSchedule>, Schedule<unknown>>(true)
  })

  it("of management names the same", () => {
    same<
      ReturnType<typeof OrganizationClient.layerConfig>,
      Layer.Layer<
        OrganizationClient.OrganizationClient,
        ApiError.InvalidParameters | ConfigError.ConfigError,
        Transport
      >
    >(true)
    same<
      ReturnType<typeof DirectoryClient.layer>,
      Layer.Layer<DirectoryClient.DirectoryClient, ApiError.InvalidParameters, Transport>
    >(true)
  })

  it("of credentials names what it requires and how it fails", () => {
    same<
      ReturnType<typeof OrganizationCredentials.make>,
      Effect.Effect<
        OrganizationCredentials.Service,
        ApiError.InvalidParameters,
        Keyring | RemoteApi | HttpClient.HttpClient
      >
    >(true)
    same<
      ReturnType<typeof DirectoryCredentials.layerKeyring>,
      Layer.Layer<
        DirectoryCredentials.DirectoryCredentials,
        ApiError.InvalidParameters,
        Keyring | HttpClient.HttpClient
      >
    >(true)
    same<
      ReturnType<typeof ServiceCredentials.layer>,
      Layer.Layer<
        ServiceCredentials.ServiceCredentials,
        ApiError.InvalidParameters | InvalidKey,
        HttpClient.HttpClient
      >
    >(true)
    same<ErrorIn<OrganizationCredentials.Service, "organizationClient">, never>(true)
    same<ErrorIn<OrganizationCredentials.Service, "directoryClient">, ApiError.InvalidParameters>(true)
    same<ErrorIn<DirectoryCredentials.Service, "serviceClient">, ApiError.InvalidParameters>(true)
    same<ErrorIn<ServiceCredentials.Service, "serviceClient">, never>(true)
  })
})

describe("misuse does not compile", () => {
  it("where it would be refused, or worse, at run time", () => {
    // never called: what counts is that each line below is an error of the compiler
    const misuse = (
      client: Service,
      deviceId: DeviceId,
      response: AuthorizationResponse,
      make: typeof ServiceClient.make
    ) => {
      // @ts-expect-error -- a policy in plain JSON is not an AuthPolicy
      client.authorize("u", { policy: { minimum_requirements: [], factors: [] } })
      // @ts-expect-error -- nor is a text
      client.authorize("u", { policy: "any two" })
      // @ts-expect-error -- nor are the options of one
      client.authorize("u", { policy: { any: 2 } })
      // @ts-expect-error -- an amount and factors exclude each other
      client.authorize("u", { policy: AuthPolicy.make({ any: 2, factors: ["knowledge"] }) })
      // @ts-expect-error -- an option of another name
      client.authorize("u", { polcy: AuthPolicy.any(2) })
      // @ts-expect-error -- a denial reason says whether it is fraudulent
      client.authorize("u", { denialReasons: [{ id: "a", reason: "one" }] })
      // @ts-expect-error -- a text is not an id until it was read as one
      client.getResponse("9ecc57e0-fb0f-4971-ba12-399b630069dd")
      // @ts-expect-error -- the id of a device is not that of a request
      client.cancel(deviceId)
      // @ts-expect-error -- a response is not a request
      client.awaitResponse(response)
      // @ts-expect-error -- keys belong to the transport
      make({ serviceId: "6ba7b810-9dad-11d1-80b4-00c04fd430c8", privateKey: "PEM" })
      // @ts-expect-error -- a user is a text
      client.sessionEnd(undefined)
    }
    assert.isFunction(misuse)
  })

  it("by credentials that cannot make the client", () => {
    const misuse = (
      organization: OrganizationCredentials.Service,
      directory: DirectoryCredentials.Service,
      service: ServiceCredentials.Service,
      make: typeof ServiceCredentials.make
    ) => {
      // @ts-expect-error -- a directory is not its organization
      void directory.organizationClient
      // @ts-expect-error -- a directory makes a client for itself alone
      directory.directoryClient("9c0f6f3a-7d1c-11ee-b962-0242ac120002")
      // @ts-expect-error -- a service is not its organization
      void service.organizationClient
      // @ts-expect-error -- a service is not its directory
      void service.directoryClient
      // @ts-expect-error -- a service makes a client for itself alone
      service.serviceClient("a5a2d6d4-7d1c-11ee-b962-0242ac120002")
      // @ts-expect-error -- an organization has many directories: say which
      void organization.directoryClient.linkDevice
      // @ts-expect-error -- the issuer follows from the id
      make({ serviceId: "a5a2d6d4-7d1c-11ee-b962-0242ac120002", baseUrl: "https://example.com", issuer: "svc:…" })
    }
    assert.isFunction(misuse)
  })

  it("in management", () => {
    const misuse = (
      organization: OrganizationClient.Service,
      directory: DirectoryClient.Service,
      directoryId: DirectoryId,
      serviceId: ServiceId,
      keyId: KeyId
    ) => {
      // @ts-expect-error -- the id of a service is not that of a directory
      organization.getDirectory(serviceId)
      // @ts-expect-error -- nor the other way round
      directory.getService(directoryId)
      // @ts-expect-error -- a text is not an id until it was read as one
      organization.removeDirectoryKey(directoryId, "4f:73:c3:13:97:da:6f:12:1f:12:54:60:38:40:8a:bc")
      // @ts-expect-error -- a name is not cleared
      organization.updateService(serviceId, { name: null })
      // @ts-expect-error -- nor is an activity
      organization.updateDirectory(directoryId, { active: null })
      // @ts-expect-error -- a new key has no end to take away
      organization.addDirectoryKey(directoryId, "PEM", { expires: null })
      // @ts-expect-error -- an end is a DateTime.Utc
      organization.updateServiceKey(serviceId, keyId, { expires: new Date() })
      // @ts-expect-error -- the type of a key does not change
      organization.updateServiceKey(serviceId, keyId, { type: "BOTH" })
      // @ts-expect-error -- no key is of a type that only a later version knows
      organization.addServiceKey(serviceId, "PEM", { type: "OTHER" })
      // @ts-expect-error -- the policy of a request is not that of a service
      directory.setServicePolicy(serviceId, AuthPolicy.any(2))
      // @ts-expect-error -- devices are the directory's
      organization.linkDevice("u")
      // @ts-expect-error -- directories are the organization's
      directory.createDirectory("d")
    }
    assert.isFunction(misuse)
  })
})
