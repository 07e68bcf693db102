import { Api } from "@effect-launchkey/core/Api"
import type * as ApiError from "@effect-launchkey/core/ApiError"
import type { AuthorizationResponse, DeviceId } from "@effect-launchkey/core/Authorization"
import * as AuthPolicy from "@effect-launchkey/core/AuthPolicy"
import type { Transport } from "@effect-launchkey/transport/Transport"
import type { MessageRejected, TransportError } from "@effect-launchkey/transport/TransportError"
import * as HttpApiClient from "@effect/platform/HttpApiClient"
import type { HttpApiDecodeError } from "@effect/platform/HttpApiError"
import type * as HttpClient from "@effect/platform/HttpClient"
import type { HttpClientError } from "@effect/platform/HttpClientError"
import { assert, describe, it } from "@effect/vitest"
import type * as ConfigError from "effect/ConfigError"
import type * as Effect from "effect/Effect"
import type * as Layer from "effect/Layer"
import type { ParseError } from "effect/ParseResult"
import type { Schedule } from "effect/Schedule"
import type * as Polling from "../src/Polling.ts"
import type * as ServiceClient from "../src/ServiceClient.ts"

type Equals<A, B> = (<T>() => T extends A ? 1 : 2) extends (<T>() => T extends B ? 1 : 2) ? true : false

/** Compiles only where the two types are the same: neither wider nor narrower. */
const same = <A, B>(equal: Equals<A, B>): void => assert.isTrue(equal)

type Service = ServiceClient.Service
type ErrorOf<Method extends keyof Service> = Effect.Effect.Error<ReturnType<Service[Method]>>
type ContextOf<Method extends keyof Service> = Effect.Effect.Context<ReturnType<Service[Method]>>

type Everywhere =
  | ApiError.InvalidParameters
  | ApiError.InvalidRoute
  | ApiError.Unauthorized
  | ApiError.Forbidden
  | ApiError.UnexpectedApiError
  | TransportError
  | MessageRejected

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
    same<{ [Method in keyof Service]: ContextOf<Method> }[keyof Service], never>(true)
  })

  it("is the contract's list for its endpoint, and what every call may end with", () => {
    const httpClient = undefined as unknown as HttpClient.HttpClient.With<never>
    const derive = () => HttpApiClient.group(Api, { group: "service", httpClient })
    type Derived = Effect.Effect.Success<ReturnType<typeof derive>>
    type Declared<Endpoint extends keyof Derived> = Exclude<
      Effect.Effect.Error<ReturnType<Derived[Endpoint]>>,
      HttpClientError | ParseError | HttpApiDecodeError
    >
    type Added = ApiError.UnexpectedApiError | TransportError | MessageRejected
    same<ErrorOf<"authorize">, Declared<"createAuthorization"> | Added>(true)
    same<ErrorOf<"getResponse">, Declared<"getAuthorization"> | Added>(true)
    same<ErrorOf<"cancel">, Declared<"cancelAuthorization"> | Added>(true)
    same<ErrorOf<"sessionStart">, Declared<"startSession"> | Added>(true)
    same<ErrorOf<"sessionEnd">, Declared<"endSession"> | Added>(true)
    same<ErrorOf<"verifyTotp">, Declared<"verifyTotp"> | Added>(true)
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
})
