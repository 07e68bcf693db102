/**
 * A platform for tests with one organization, directory and service, whose keys and ids are fixed: the real server and
 * real cryptography, without a socket unless one is asked for.
 *
 * @since 0.1.0
 */
import { SdkKey } from "@effect-launchkey/core/Device"
import * as Entity from "@effect-launchkey/core/EntityIdentifier"
import * as ServicePolicy from "@effect-launchkey/core/ServicePolicy"
import * as Administration from "@effect-launchkey/platform/Administration"
import * as Authenticator from "@effect-launchkey/platform/Authenticator"
import * as MemoryStore from "@effect-launchkey/platform/MemoryStore"
import * as Platform from "@effect-launchkey/platform/Platform"
import * as PlatformClock from "@effect-launchkey/platform/PlatformClock"
import * as PlatformKeys from "@effect-launchkey/platform/PlatformKeys"
import * as Store from "@effect-launchkey/platform/Store"
import * as WebhookEgress from "@effect-launchkey/platform/WebhookEgress"
import * as WebhookSender from "@effect-launchkey/platform/WebhookSender"
import * as Redaction from "@effect-launchkey/transport/Redaction"
import * as RemoteApi from "@effect-launchkey/transport/RemoteApi"
import * as Transport from "@effect-launchkey/transport/Transport"
import * as HttpClient from "@effect/platform/HttpClient"
import * as HttpServer from "@effect/platform/HttpServer"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as ConformanceTarget from "./ConformanceTarget.ts"
import * as InMemory from "./InMemory.ts"
import { withDeviceKey } from "./internal/deviceKey.ts"
import * as TestKeys from "./TestKeys.ts"

/**
 * @since 0.1.0
 * @category models
 */
export const organizationId = Entity.OrganizationId.make("8a6b1e9e-7d1c-11ee-b962-0242ac120002")

/**
 * @since 0.1.0
 * @category models
 */
export const directoryId = Entity.DirectoryId.make("9c0f6f3a-7d1c-11ee-b962-0242ac120002")

/**
 * @since 0.1.0
 * @category models
 */
export const serviceId = Entity.ServiceId.make("a5a2d6d4-7d1c-11ee-b962-0242ac120002")

/**
 * Of the directory.
 *
 * @since 0.1.0
 * @category models
 */
export const sdkKey = SdkKey.make("b1d05c28-0b18-41e4-94a0-853758eeefc8")

/**
 * @since 0.1.0
 * @category models
 */
export interface Service {
  /** Where the platform answers, for clients and devices of one's own. */
  readonly baseUrl: string
  /** A device linked to the user, who exists from then on. All of them have the same key, {@link TestKeys.device}. */
  readonly linkedDevice: (
    ...options: Parameters<ConformanceTarget.Service["linkedDevice"]>
  ) => Effect.Effect<Authenticator.Authenticator, Authenticator.LinkError>
}

/**
 * @since 0.1.0
 * @category tags
 */
export class TestPlatform extends Context.Tag("@effect-launchkey/testing/TestPlatform")<TestPlatform, Service>() {}

/**
 * What a test has at hand: the platform from inside, and transport and client to reach it from outside.
 *
 * @since 0.1.0
 * @category models
 */
export type Services =
  | TestPlatform
  | ConformanceTarget.ConformanceTarget
  | Transport.Transport
  | HttpClient.HttpClient
  | RemoteApi.RemoteApi
  | Administration.Administration
  | WebhookEgress.WebhookReceivers
  | Platform.Services

const seeded = Layer.effectDiscard(Effect.gen(function*() {
  const store = yield* Store.Store
  const administration = yield* Administration.Administration
  yield* store.insertOrganization({ id: organizationId, name: "Organization" })
  yield* store.insertDirectory({
    id: directoryId,
    organizationId,
    name: "Directory",
    active: true,
    denialContextInquiryEnabled: true,
    sdkKeys: [sdkKey],
    androidKey: Option.none(),
    iosCertificateFingerprint: Option.none(),
    webhookUrl: Option.none()
  }, "directory")
  yield* store.insertService({
    id: serviceId,
    organizationId,
    directoryId: Option.some(directoryId),
    name: "Service",
    description: Option.none(),
    icon: Option.none(),
    callbackUrl: Option.none(),
    active: true,
    policy: ServicePolicy.none
  }, "service")
  yield* Effect.all([
    administration.addKey(Entity.organization(organizationId), TestKeys.organization.publicKey),
    administration.addKey(Entity.directory(directoryId), TestKeys.directory.publicKey),
    administration.addKey(Entity.service(serviceId), TestKeys.service.publicKey)
  ])
}))

/**
 * The platform from inside, seeded and not served yet, over an empty store of any kind. Dies where that cannot be seeded.
 * Its webhooks stay in this process: `WebhookReceivers` says which app receives what is sent to an origin.
 *
 * @since 0.1.0
 * @category layers
 */
export const layerPlatformOver = <E>(store: Layer.Layer<Store.Store, E>): Layer.Layer<
  Platform.Services | Administration.Administration | WebhookEgress.WebhookReceivers,
  E
> =>
  Layer.orDie(seeded).pipe(
    Layer.provideMerge(Administration.layer),
    Layer.provideMerge(WebhookSender.layerMemory),
    Layer.provideMerge(WebhookEgress.layerInProcess),
    Layer.provideMerge(Layer.mergeAll(
      Redaction.layer,
      store,
      PlatformClock.layer,
      Layer.orDie(PlatformKeys.layer({
        signingKey: TestKeys.platform.privateKey,
        retiredKeys: [TestKeys.retired.privateKey],
        userHashSecret: Redacted.make(new Uint8Array(32))
      }))
    ))
  )

/**
 * {@link layerPlatformOver} a store in memory.
 *
 * @since 0.1.0
 * @category layers
 */
export const layerPlatform: Layer.Layer<
  Platform.Services | Administration.Administration | WebhookEgress.WebhookReceivers
> = layerPlatformOver(MemoryStore.layer())

/** The platform as the conformance suite sees it. */
const conformanceTarget = Layer.scoped(
  ConformanceTarget.ConformanceTarget,
  Effect.gen(function*() {
    const administration = yield* Administration.Administration
    const clock = yield* PlatformClock.PlatformClock
    const { serve } = yield* WebhookEgress.WebhookReceivers
    const { app, receiver } = yield* ConformanceTarget.webhookReceiver("https://receiver.example")
    yield* serve(receiver.origin, app)
    return {
      ...yield* TestPlatform,
      organizationId,
      directoryId,
      serviceId,
      sdkKey,
      keys: TestKeys,
      now: clock.now,
      advance: Option.some(clock.advance),
      createOrganization: Option.some((keys) =>
        Effect.gen(function*() {
          const { id } = yield* administration.createOrganization("Another organization")
          for (const [{ publicKey }, type] of keys) {
            yield* Effect.catchTags(administration.addKey(Entity.organization(id), publicKey, { type }), {
              EntityNotFound: Effect.die,
              InvalidPublicKey: Effect.die,
              PublicKeyAlreadyInUse: Effect.die
            })
          }
          return id
        }).pipe(
          Effect.mapError((cause) => new ConformanceTarget.ControlFailed({ operation: "createOrganization", cause }))
        )
      ),
      webhooks: Option.some(receiver)
    }
  })
)

/**
 * What reaches the platform of the context by an HTTP client: for an app that a test has made of it, such as one that
 * counts what it answers.
 *
 * @since 0.1.0
 * @category layers
 */
export const layerAt = (baseUrl: string): Layer.Layer<
  TestPlatform | ConformanceTarget.ConformanceTarget | Transport.Transport | RemoteApi.RemoteApi,
  never,
  | HttpClient.HttpClient
  | Administration.Administration
  | PlatformClock.PlatformClock
  | WebhookEgress.WebhookReceivers
> =>
  Layer.effect(
    TestPlatform,
    Effect.gen(function*() {
      const administration = yield* Administration.Administration
      const context = yield* Effect.context<RemoteApi.RemoteApi | HttpClient.HttpClient>()
      return {
        baseUrl,
        linkedDevice: (user, options) =>
          Effect.gen(function*() {
            const device = yield* Authenticator.make({ ...options, baseUrl, name: options?.name ?? "Test device" })
            const { code } = yield* Effect.orDie(administration.linkDevice({ directoryId, identifier: user }))
            yield* device.link(code, sdkKey)
            return device
          }).pipe(withDeviceKey(TestKeys.device), Effect.provide(context))
      }
    })
  ).pipe(
    (own) => Layer.provideMerge(conformanceTarget, own),
    Layer.merge(Layer.orDie(Transport.layer({
      issuer: Entity.service(serviceId),
      baseUrl,
      signingKey: TestKeys.service.privateKey
    }))),
    Layer.provideMerge(RemoteApi.layer)
  )

/**
 * Without a socket, over an empty store of any kind: requests enter the platform on the calling fiber. Dies where that
 * cannot be seeded.
 *
 * @since 0.1.0
 * @category layers
 */
export const layerOver = <E>(store: Layer.Layer<Store.Store, E>): Layer.Layer<Services, E> =>
  layerAt("http://localhost").pipe(
    Layer.provideMerge(InMemory.layer(Platform.httpApp)),
    Layer.provideMerge(layerPlatformOver(store))
  )

/**
 * In memory: requests enter the platform on the calling fiber, so that `TestClock` rules both sides.
 *
 * @since 0.1.0
 * @category layers
 */
export const layer: Layer.Layer<Services> = layerOver(MemoryStore.layer())

/**
 * Over the given server and client, such as `NodeHttpServer.layer` on port 0 and `FetchHttpClient.layer`.
 *
 * @since 0.1.0
 * @category layers
 */
export const layerServed: Layer.Layer<
  Exclude<Services, HttpClient.HttpClient>,
  never,
  HttpServer.HttpServer | HttpClient.HttpClient
> = Layer.unwrapEffect(
  HttpServer.addressFormattedWith((address) => Effect.succeed(layerAt(address.replace("0.0.0.0", "127.0.0.1"))))
).pipe(
  Layer.provideMerge(Platform.serve),
  Layer.provideMerge(layerPlatform)
)
