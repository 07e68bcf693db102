/**
 * The platform that the conformance suite tries, as far as the suite has to know it: an organization, a directory and a
 * service of it, and what only somebody with power over the platform can do. `TestPlatform` has one in memory; the layers
 * here have one that is elsewhere.
 *
 * @since 0.1.0
 */
import type * as DirectoryClient from "@effect-launchkey/clients/DirectoryClient"
import type * as OrganizationClient from "@effect-launchkey/clients/OrganizationClient"
import * as OrganizationCredentials from "@effect-launchkey/clients/OrganizationCredentials"
import type * as ServiceManagement from "@effect-launchkey/clients/ServiceManagement"
import type * as Webhook from "@effect-launchkey/clients/Webhook"
import type { InvalidParameters } from "@effect-launchkey/core/ApiError"
import type { SdkKey } from "@effect-launchkey/core/Device"
import * as Entity from "@effect-launchkey/core/EntityIdentifier"
import type { KeyType } from "@effect-launchkey/core/PublicKey"
import * as Authenticator from "@effect-launchkey/platform/Authenticator"
import { SandboxApi } from "@effect-launchkey/platform/SandboxApi"
import * as Claims from "@effect-launchkey/transport/Claims"
import type { InvalidKey } from "@effect-launchkey/transport/InvalidKey"
import * as Jose from "@effect-launchkey/transport/Jose"
import * as Keyring from "@effect-launchkey/transport/Keyring"
import * as RemoteApi from "@effect-launchkey/transport/RemoteApi"
import * as Transport from "@effect-launchkey/transport/Transport"
import * as HttpApiClient from "@effect/platform/HttpApiClient"
import type * as HttpApp from "@effect/platform/HttpApp"
import * as HttpClient from "@effect/platform/HttpClient"
import * as HttpServerRequest from "@effect/platform/HttpServerRequest"
import * as HttpServerResponse from "@effect/platform/HttpServerResponse"
import * as Array from "effect/Array"
import * as Cache from "effect/Cache"
import * as Context from "effect/Context"
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Queue from "effect/Queue"
import type * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import { withDeviceKey } from "./internal/deviceKey.ts"
import type { TestKey } from "./TestKeys.ts"

/**
 * Those of the organization, the directory and the service are registered for both purposes. The others are to be
 * registered by tests, `device` by devices.
 *
 * @since 0.1.0
 * @category models
 */
export interface Keys {
  readonly organization: TestKey
  readonly directory: TestKey
  readonly service: TestKey
  readonly device: TestKey
  readonly encryption: TestKey
  readonly stranger: TestKey
}

/**
 * The keys that an organization begins with, and what each is for.
 *
 * @since 0.1.0
 * @category models
 */
export type OrganizationKeys = Array.NonEmptyReadonlyArray<readonly [TestKey, KeyType]>

/**
 * Where the platform can reach the tests, for it to send webhooks there.
 *
 * @since 0.1.0
 * @category models
 */
export interface WebhookReceiver {
  /** Without a slash at its end: with a path of its own each test makes a URL of it, for its directory or service. */
  readonly origin: string
  /** The oldest at this path that nobody has taken, once there is one: as it came, not verified. */
  readonly next: (path: string) => Effect.Effect<Webhook.Delivery>
}

/**
 * What has power over the platform did not do as it was asked, so a test could not go on: that says nothing of the
 * platform itself.
 *
 * @since 0.1.0
 * @category errors
 */
export class ControlFailed
  extends Schema.TaggedError<ControlFailed>("@effect-launchkey/testing/ConformanceTarget/ControlFailed")(
    "ControlFailed",
    { operation: Schema.String, cause: Schema.Defect }
  )
{
  override get message(): string {
    return `${this.operation} failed. Check that it is a sandbox of this version that answers at the base URL.`
  }
}

/**
 * @since 0.1.0
 * @category errors
 */
export type LinkedDeviceError = Authenticator.LinkError | DirectoryClient.LinkDeviceError

/**
 * @since 0.1.0
 * @category models
 */
export interface Service {
  /** Where the platform answers, for clients and devices. */
  readonly baseUrl: string
  readonly organizationId: Entity.OrganizationId
  readonly directoryId: Entity.DirectoryId
  readonly serviceId: Entity.ServiceId
  /** Of the directory. */
  readonly sdkKey: SdkKey
  readonly keys: Keys
  /** A device linked to a user of the directory, who exists from then on. All of them have the same key. */
  readonly linkedDevice: (
    user: string,
    options?: Omit<Authenticator.Options, "baseUrl" | "name"> & { readonly name?: string | undefined }
  ) => Effect.Effect<Authenticator.Authenticator, LinkedDeviceError>
  /** The time by which the platform lets things expire, to about a second. */
  readonly now: Effect.Effect<DateTime.Utc, ControlFailed>
  /** Moves that time. None where no time but the real one passes: what has to wait is not tried then. */
  readonly advance: Option.Option<(by: Duration.DurationInput) => Effect.Effect<void, ControlFailed>>
  /** None where there can be no organization but the one given: what needs two is not tried then. */
  readonly createOrganization: Option.Option<
    (keys: OrganizationKeys) => Effect.Effect<Entity.OrganizationId, ControlFailed>
  >
  /** None where the platform cannot reach the tests: what it sends by itself is not tried then. */
  readonly webhooks: Option.Option<WebhookReceiver>
}

/**
 * @since 0.1.0
 * @category tags
 */
export class ConformanceTarget
  extends Context.Tag("@effect-launchkey/testing/ConformanceTarget")<ConformanceTarget, Service>()
{}

/**
 * What the suite has at hand: the target, how to reach it, and a transport of its service.
 *
 * @since 0.1.0
 * @category models
 */
export type Services = ConformanceTarget | Transport.Transport | RemoteApi.RemoteApi | HttpClient.HttpClient

/**
 * @since 0.1.0
 * @category models
 */
export interface Options {
  /** Of the platform, under the same conditions as a transport's: HTTPS, save on a loopback host. */
  readonly baseUrl: string
  readonly organizationId: string
  /** Of the organization, PEM: signs and decrypts. */
  readonly organizationKey: Redacted.Redacted<string>
  /** Whether the platform is a sandbox, whose control API moves its time and creates organizations. Default false. */
  readonly sandbox?: boolean | undefined
  /** Where the platform reaches the tests. Default: nowhere. */
  readonly webhooks?: WebhookReceiver | undefined
}

/**
 * What a platform may refuse before a test has run.
 *
 * @since 0.1.0
 * @category errors
 */
export type SetupError =
  | InvalidParameters
  | InvalidKey
  | ControlFailed
  | OrganizationClient.CreateDirectoryError
  | ServiceManagement.CreateServiceError
  | ServiceManagement.AddKeyError

const testKey = ({ privateKey, privateKeyPem }: {
  readonly privateKey: Jose.PrivateKey
  readonly privateKeyPem: Redacted.Redacted<string>
}): TestKey => ({
  keyId: privateKey.publicKey.keyId,
  privateKey: privateKeyPem,
  publicKey: privateKey.publicKey.pem
})

const generated = Effect.flatMap(Jose.Jose, (jose) => Effect.map(jose.generateKey(), testKey))

/** A name that nobody has, of which a human still sees what it is. */
const named = (what: string) =>
  Effect.map(Effect.flatMap(Jose.Jose, (jose) => jose.randomUuid), (id) => `Conformance ${what} ${id}`)

/** What somebody with power over the platform can do, where it is a sandbox. */
const control = (baseUrl: string) =>
  Effect.gen(function*() {
    const httpClient = yield* HttpClient.HttpClient
    const sandbox = yield* HttpApiClient.group(SandboxApi, { group: "sandbox", httpClient, baseUrl })
    const advance = (by: Duration.DurationInput) =>
      sandbox.advanceClock({ payload: { seconds: Duration.toSeconds(by) } }).pipe(
        Effect.mapError((cause) => new ControlFailed({ operation: "POST /sandbox/clock", cause }))
      )
    return {
      now: Effect.map(advance(0), ({ now }) => now),
      advance: (by: Duration.DurationInput) => Effect.asVoid(advance(by)),
      createOrganization: (keys: OrganizationKeys) =>
        sandbox.createOrganization({
          payload: { keys: Array.map(keys, ([{ publicKey }, type]) => ({ pem: publicKey, type })) }
        }).pipe(
          Effect.map(({ id }) => id),
          Effect.mapError((cause) => new ControlFailed({ operation: "POST /sandbox/organizations", cause }))
        )
    }
  })

/** The time of a platform that is no sandbox is the one that its ping tells. */
const pinged = (baseUrl: string) =>
  Effect.gen(function*() {
    const httpClient = yield* HttpClient.HttpClient
    const { clock } = yield* (yield* RemoteApi.RemoteApi).connect({ baseUrl, httpClient })
    return Effect.map(
      Effect.mapError(clock.now, (cause) => new ControlFailed({ operation: "GET /public/v3/ping", cause })),
      (seconds) => DateTime.unsafeMake(seconds * 1000)
    )
  })

/**
 * A receiver, and the app that is to be served at its origin. The app takes whatever comes, and answers 204.
 *
 * @since 0.1.0
 * @category constructors
 */
export const webhookReceiver = (
  origin: string
): Effect.Effect<{ readonly receiver: WebhookReceiver; readonly app: HttpApp.Default }> =>
  Effect.gen(function*() {
    const arrived = yield* Cache.make({
      capacity: Number.POSITIVE_INFINITY,
      timeToLive: Duration.infinity,
      lookup: (_path: string) => Queue.unbounded<Webhook.Delivery>()
    })
    return {
      receiver: { origin, next: (path) => Effect.flatMap(arrived.get(path), Queue.take) },
      app: Effect.gen(function*() {
        const { arrayBuffer, headers, method, url } = yield* HttpServerRequest.HttpServerRequest
        const path = new URL(url, origin).pathname
        const delivery = { method, path, token: headers[Claims.tokenHeader], body: new Uint8Array(yield* arrayBuffer) }
        yield* Effect.flatMap(arrived.get(path), Queue.offer(delivery))
        return HttpServerResponse.empty()
      }).pipe(Effect.catchTag("RequestError", () => HttpServerResponse.empty({ status: 400 })))
    }
  })

const make = ({ baseUrl, organizationId, organizationKey, sandbox = false, webhooks }: Options) =>
  Effect.gen(function*() {
    const jose = yield* Jose.Jose
    const keys: Keys = {
      organization: testKey({
        privateKey: yield* jose.importPrivateKey(organizationKey),
        privateKeyPem: organizationKey
      }),
      directory: yield* generated,
      service: yield* generated,
      device: yield* generated,
      encryption: yield* generated,
      stranger: yield* generated
    }
    const credentials = yield* OrganizationCredentials.make({ organizationId, baseUrl }).pipe(
      Effect.provideServiceEffect(Keyring.Keyring, Keyring.make({ signingKey: organizationKey }))
    )
    const organization = yield* credentials.organizationClient
    const directoryId = yield* Effect.acquireRelease(
      Effect.flatMap(named("directory"), organization.createDirectory),
      // A directory cannot be removed: left inactive, its users and services are asked nothing.
      (id) => Effect.ignoreLogged(organization.updateDirectory(id, { active: false }))
    )
    yield* organization.addDirectoryKey(directoryId, keys.directory.publicKey)
    const sdkKey = yield* organization.generateSdkKey(directoryId)
    const directory = yield* credentials.directoryClient(directoryId)
    const serviceId = yield* Effect.flatMap(named("service"), directory.createService)
    yield* directory.addServiceKey(serviceId, keys.service.publicKey)
    const controls = Option.liftPredicate(yield* control(baseUrl), () => sandbox)
    const context = yield* Effect.context<HttpClient.HttpClient | RemoteApi.RemoteApi>()

    return ConformanceTarget.of({
      baseUrl,
      organizationId: Entity.OrganizationId.make(organizationId.toLowerCase()),
      directoryId,
      serviceId,
      sdkKey,
      keys,
      linkedDevice: (user, options) =>
        Effect.gen(function*() {
          const device = yield* Authenticator.make({ ...options, baseUrl, name: options?.name ?? "Test device" })
          const { code } = yield* directory.linkDevice(user)
          yield* device.link(code, sdkKey)
          return device
        }).pipe(withDeviceKey(keys.device), Effect.provide(context)),
      now: yield* Option.match(controls, {
        onNone: () => pinged(baseUrl),
        onSome: ({ now }) => Effect.succeed(now)
      }),
      advance: Option.map(controls, ({ advance }) => advance),
      createOrganization: Option.map(controls, ({ createOrganization }) => createOrganization),
      webhooks: Option.fromNullable(webhooks)
    })
  })

const withTransport = <E, R>(target: Layer.Layer<ConformanceTarget, E, R>) =>
  Layer.effect(
    Transport.Transport,
    Effect.flatMap(ConformanceTarget, ({ baseUrl, keys, serviceId }) =>
      Transport.make({ issuer: Entity.service(serviceId), baseUrl }).pipe(
        Effect.provideServiceEffect(Keyring.Keyring, Keyring.make({ signingKey: keys.service.privateKey }))
      ))
  ).pipe(Layer.provideMerge(target), Layer.provideMerge(RemoteApi.layer))

/**
 * A platform anywhere, by the key of an organization: creates a directory and a service for the tests, under keys made
 * for them, and leaves the directory inactive.
 *
 * @since 0.1.0
 * @category layers
 */
export const layer = (
  options: Options
): Layer.Layer<Exclude<Services, HttpClient.HttpClient>, SetupError, HttpClient.HttpClient> =>
  withTransport(Layer.scoped(ConformanceTarget, make(options)))

/**
 * A sandbox anywhere, with an organization of the tests' own.
 *
 * @see docs/sandbox.md
 * @since 0.1.0
 * @category layers
 */
export const layerSandbox = (
  baseUrl: string,
  options: Pick<Options, "webhooks"> = {}
): Layer.Layer<Exclude<Services, HttpClient.HttpClient>, SetupError, HttpClient.HttpClient> =>
  Layer.unwrapEffect(Effect.gen(function*() {
    const key = yield* generated
    const { createOrganization } = yield* control(baseUrl)
    const organizationId = yield* createOrganization([[key, "BOTH"]])
    return layer({ ...options, baseUrl, organizationId, organizationKey: key.privateKey, sandbox: true })
  }))
