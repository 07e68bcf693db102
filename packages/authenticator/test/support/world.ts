/** A platform over a socket that serves the page as well, and a service that asks. */
import { Api } from "@effect-launchkey/core/Api"
import type { AuthorizationPackage, AuthorizationRequestId } from "@effect-launchkey/core/Authorization"
import { Pending } from "@effect-launchkey/core/Authorization"
import type * as AuthPolicy from "@effect-launchkey/core/AuthPolicy"
import type * as DenialReason from "@effect-launchkey/core/DenialReason"
import * as Entity from "@effect-launchkey/core/EntityIdentifier"
import * as Administration from "@effect-launchkey/platform/Administration"
import * as DeviceNotices from "@effect-launchkey/platform/DeviceNotices"
import * as Platform from "@effect-launchkey/platform/Platform"
import * as PushKey from "@effect-launchkey/platform/PushKey"
import * as Store from "@effect-launchkey/platform/Store"
import * as WebPush from "@effect-launchkey/platform/WebPush"
import * as TestKeys from "@effect-launchkey/testing/TestKeys"
import * as TestPlatform from "@effect-launchkey/testing/TestPlatform"
import * as Transport from "@effect-launchkey/transport/Transport"
import * as NodeHttpServer from "@effect/platform-node/NodeHttpServer"
import * as FetchHttpClient from "@effect/platform/FetchHttpClient"
import * as HttpApiClient from "@effect/platform/HttpApiClient"
import * as HttpServer from "@effect/platform/HttpServer"
import { Context, Effect, Layer, Option, Ref, Schedule } from "effect"
import type { Duration } from "effect"
import { createServer, type Server } from "node:http"
import * as AuthenticatorPage from "../../src/AuthenticatorPage.ts"
import * as NodeAuthenticatorPage from "../../src/NodeAuthenticatorPage.ts"

const { sdkKey, serviceId } = TestPlatform

interface Request {
  readonly title?: string
  readonly context?: string
  readonly ttl?: Duration.Duration
  readonly policy?: AuthPolicy.AuthPolicy
  readonly denialReasons?: ReadonlyArray<DenialReason.DenialReason>
}

/** Notices in memory that count who listens. */
const counted = (listening: Ref.Ref<number>) =>
  Layer.effect(
    DeviceNotices.DeviceNotices,
    Effect.map(DeviceNotices.DeviceNotices, (notices) => ({
      ...notices,
      listen: (device) =>
        Effect.zipRight(
          Effect.acquireRelease(Ref.update(listening, (n) => n + 1), () => Ref.update(listening, (n) => n - 1)),
          notices.listen(device)
        )
    }))
  ).pipe(Layer.provide(DeviceNotices.layerMemory))

/** Pushes that go nowhere: the browser is told by the test. */
const pushes = Layer.effect(
  WebPush.WebPush,
  Effect.map(PushKey.PushKey, ({ publicKey }) => ({ ...WebPush.none, publicKey: Option.some(publicKey) }))
).pipe(Layer.provide(PushKey.layerGenerated))

const make = (baseUrl: string, server: Server, listening: Ref.Ref<number>) =>
  Effect.gen(function*() {
    const administration = yield* Administration.Administration
    const transport = yield* Transport.Transport
    const service = yield* HttpApiClient.group(Api, {
      group: "service",
      httpClient: transport.httpClient(Entity.service(serviceId))
    })
    const relayed = (id: AuthorizationRequestId) =>
      Effect.filterOrFail(
        service.getAuthorization({ path: { id } }),
        (answer): answer is AuthorizationPackage => !(answer instanceof Pending),
        () => "nobody answered yet"
      )
    return {
      baseUrl,
      page: `${baseUrl}${AuthenticatorPage.path}`,
      server,
      /** How many streams of hints are open. */
      listening: Ref.get(listening),
      store: yield* Store.Store,
      service,
      linkUrl: (user: string) =>
        Effect.map(
          Effect.orDie(administration.linkDevice({ directoryId: TestPlatform.directoryId, identifier: user })),
          ({ code }) => AuthenticatorPage.linkUrl(baseUrl, { code, sdkKey })
        ),
      /** Whatever an earlier test left open for the user is canceled. */
      ask: (user: string, request: Request = {}) => {
        const create = service.createAuthorization({ payload: { user, ...request } })
        return create.pipe(
          Effect.catchTag("AuthorizationInProgress", ({ authorizationRequestId }) =>
            Effect.zipRight(
              Effect.flatMap(authorizationRequestId, (id) => service.cancelAuthorization({ path: { id } })),
              create
            )),
          Effect.map(({ id }) => id),
          Effect.orDie
        )
      },
      /** With the number that is shown where the user signs in. */
      askWithNumber: (user: string, request: Request = {}) =>
        Effect.map(
          Effect.orDie(service.createAuthorization({ payload: { user, ...request, numberMatch: true } })),
          ({ id, numberMatch = "" }) => ({ id, number: numberMatch })
        ),
      /** What came of a request, once somebody answered. */
      answer: (id: AuthorizationRequestId) =>
        relayed(id).pipe(
          Effect.retry({ schedule: Schedule.spaced("50 millis"), times: 100 }),
          Effect.flatMap((answer) => transport.openAnswer(answer, { authorizationRequestId: id })),
          Effect.orDie
        )
    }
  })

export class World extends Context.Tag("test/World")<World, Effect.Effect.Success<ReturnType<typeof make>>>() {}

export const layer: Layer.Layer<World> = Layer.unwrapScoped(Effect.gen(function*() {
  const server = createServer()
  const listening = yield* Ref.make(0)
  yield* Effect.addFinalizer(() => Effect.sync(() => server.closeAllConnections()))
  const served = Layer.unwrapEffect(Effect.gen(function*() {
    const middleware = yield* NodeAuthenticatorPage.make()
    return HttpServer.serve(middleware(yield* Platform.httpApp))
  }))
  return Layer.unwrapEffect(HttpServer.addressFormattedWith((address) => {
    const baseUrl = address.replace("0.0.0.0", "127.0.0.1")
    return Effect.succeed(
      Layer.effect(World, make(baseUrl, server, listening)).pipe(
        Layer.provide(Layer.orDie(Transport.layer({
          issuer: Entity.service(serviceId),
          baseUrl,
          signingKey: TestKeys.service.privateKey
        })))
      )
    )
  })).pipe(
    Layer.provide(Layer.provide(served, Layer.merge(counted(listening), pushes))),
    Layer.provide(TestPlatform.layerPlatform),
    Layer.provide(FetchHttpClient.layer),
    Layer.provide(Layer.orDie(NodeHttpServer.layer(() => server, { port: 0, host: "127.0.0.1" })))
  )
}))
