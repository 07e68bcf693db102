/**
 * A platform in this process, with all that the application needs to be there, and the application beside it: each
 * listens on a port of its own, so that to a browser they are different sites.
 */
import type { SdkKey } from "@effect-launchkey/core/Device"
import * as Entity from "@effect-launchkey/core/EntityIdentifier"
import * as Administration from "@effect-launchkey/platform/Administration"
import * as NodeWebhookEgress from "@effect-launchkey/platform/NodeWebhookEgress"
import * as Platform from "@effect-launchkey/platform/Platform"
import * as Jose from "@effect-launchkey/transport/Jose"
import * as Redaction from "@effect-launchkey/transport/Redaction"
import * as RemoteApi from "@effect-launchkey/transport/RemoteApi"
import * as Transport from "@effect-launchkey/transport/Transport"
import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import type * as HttpApp from "@effect/platform/HttpApp"
import * as HttpServer from "@effect/platform/HttpServer"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import type * as Redacted from "effect/Redacted"
import * as App from "../src/App.ts"
import * as Server from "../src/Server.ts"
import * as Settings from "../src/Settings.ts"

export interface Service {
  /** Where the platform answers. */
  readonly baseUrl: string
  readonly organizationId: Entity.OrganizationId
  readonly organizationKey: Redacted.Redacted<string>
  readonly directoryId: Entity.DirectoryId
  readonly serviceId: Entity.ServiceId
  /** With it devices link to users of the directory. */
  readonly sdkKey: SdkKey
}

export class World extends Context.Tag("@effect-launchkey/example-login/play/World")<World, Service>() {}

/** Where browsers find the application. */
export class Address extends Context.Tag("@effect-launchkey/example-login/play/World/Address")<Address, string>() {}

/** Adds a page to the platform's server, for devices of users who have none. */
export type Mount = (options: { readonly sdkKey: SdkKey }) => Effect.Effect<
  <E, R>(app: HttpApp.Default<E, R>) => HttpApp.Default<E, R>
>

const host = "127.0.0.1"

const addressOf = HttpServer.addressFormattedWith(Effect.succeed)

const platform = ({ mount, port }: { readonly port: number; readonly mount: Mount }) =>
  Layer.scoped(
    World,
    Effect.gen(function*() {
      const administration = yield* Administration.Administration
      const jose = yield* Jose.Jose
      const { id: organizationId } = yield* administration.createOrganization("Lighthouse")
      const { id: directoryId } = yield* administration.createDirectory(organizationId, "Users")
      const { id: serviceId } = yield* administration.createService(directoryId, "Lighthouse")
      const sdkKey = yield* administration.createSdkKey(directoryId)
      const { privateKey, privateKeyPem } = yield* jose.generateKey()
      yield* administration.addKey(Entity.organization(organizationId), privateKey.publicKey.pem)
      const mounted = yield* mount({ sdkKey })
      yield* HttpServer.serveEffect(mounted(yield* Platform.httpApp))
      return {
        baseUrl: yield* addressOf,
        organizationId,
        organizationKey: privateKeyPem,
        directoryId,
        serviceId,
        sdkKey
      }
    })
  ).pipe(
    Layer.provide([Server.layer({ host, port }), Redaction.layer]),
    Layer.provideMerge(Platform.layerMemory),
    // The application listens on this machine.
    Layer.provide(NodeWebhookEgress.layer({ insecureAllowLoopback: true })),
    Layer.provideMerge(RemoteApi.layer),
    Layer.provideMerge(NodeHttpClient.layerUndici)
  )

const sdk = Layer.unwrapEffect(Effect.map(
  World,
  ({ baseUrl, organizationId, organizationKey }) =>
    Layer.provide(
      App.sdk,
      Transport.layer({ issuer: Entity.organization(organizationId), baseUrl, signingKey: organizationKey })
    )
))

const settings = (authenticatorPath: Option.Option<string>) =>
  Layer.effect(
    Settings.Settings,
    Effect.gen(function*() {
      const { baseUrl, directoryId, organizationId, serviceId } = yield* World
      return {
        externalUrl: yield* addressOf,
        organizationId,
        directoryId,
        serviceId,
        authenticatorUrl: Option.map(authenticatorPath, (path) => `${baseUrl}${path}`)
      }
    })
  )

const address = Layer.effect(Address, addressOf)

/** The SDK, and whatever of the world it stands on. */
type Sdk = Layer.Layer<
  Layer.Layer.Success<typeof sdk>,
  Layer.Layer.Error<typeof sdk>,
  Layer.Layer.Context<typeof sdk> | World | Platform.Services | RemoteApi.RemoteApi
>

export interface Options {
  /** Of the application; 0 is any that is free. */
  readonly port: number
  readonly platformPort: number
  readonly authenticator: Option.Option<{ readonly mount: Mount; readonly path: string }>
}

const noMount: Mount = () => Effect.succeed((app) => app)

/** `around` may put something of its own between the application and the SDK. */
export const layer = (
  { authenticator, platformPort, port }: Options,
  around: (those: typeof sdk) => Sdk = (those) => those
) =>
  App.layer.pipe(
    Layer.provide(around(sdk)),
    Layer.provideMerge(Layer.merge(
      settings(Option.map(authenticator, ({ path }) => path)),
      address
    )),
    Layer.provide(Server.layer({ host, port })),
    Layer.provideMerge(platform({
      port: platformPort,
      mount: Option.match(authenticator, { onNone: () => noMount, onSome: ({ mount }) => mount })
    }))
  )
