/**
 * A platform, and clients of it whose exchanges meet faults: in memory under `TestClock`, or on real connections.
 */
import * as DirectoryClient from "@effect-launchkey/clients/DirectoryClient"
import * as OrganizationClient from "@effect-launchkey/clients/OrganizationClient"
import * as ServiceClient from "@effect-launchkey/clients/ServiceClient"
import * as Entity from "@effect-launchkey/core/EntityIdentifier"
import * as InProcess from "@effect-launchkey/platform/InProcess"
import * as Platform from "@effect-launchkey/platform/Platform"
import * as Totps from "@effect-launchkey/platform/Totps"
import * as FaultProxy from "@effect-launchkey/testing/FaultProxy"
import * as Faults from "@effect-launchkey/testing/Faults"
import * as TestKeys from "@effect-launchkey/testing/TestKeys"
import * as TestPlatform from "@effect-launchkey/testing/TestPlatform"
import * as Jose from "@effect-launchkey/transport/Jose"
import * as Keyring from "@effect-launchkey/transport/Keyring"
import * as RemoteApi from "@effect-launchkey/transport/RemoteApi"
import * as Transport from "@effect-launchkey/transport/Transport"
import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import * as NodeHttpServer from "@effect/platform-node/NodeHttpServer"
import type * as HttpApp from "@effect/platform/HttpApp"
import * as HttpClient from "@effect/platform/HttpClient"
import * as HttpMiddleware from "@effect/platform/HttpMiddleware"
import * as Chunk from "effect/Chunk"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Predicate from "effect/Predicate"
import type * as Scope from "effect/Scope"
import * as TestClock from "effect/TestClock"
import { createServer } from "node:http"
import type { Outcome, Settings, Times } from "./expected.ts"
import type { Clients, Operation } from "./operations.ts"

export interface Observed extends Outcome {
  readonly calls: number
  /** Milliseconds. */
  readonly elapsed: number
}

/** How clients reach a platform. */
interface Way {
  readonly baseUrl: string
  readonly httpClient: HttpClient.HttpClient
  readonly desk: Pick<Faults.Desk, "meet" | "heal" | "calls">
  readonly jose: Jose.Service
  /** Runs what calls, and has time pass where it is a test's own. */
  readonly around: <A, E, R>(self: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>
  /** Whether no connection may stand in for one that is refused. */
  readonly needsWarmth: boolean
}

export interface World {
  readonly run: (operation: Operation, fault: Faults.Fault, times: Times) => Effect.Effect<Observed, unknown>
  /** Clients with a connection of their own, which knows neither time nor keys yet. */
  readonly connect: <Owner extends keyof Clients>(
    owner: Owner
  ) => Effect.Effect<
    Way & {
      readonly remote: RemoteApi.Service
      readonly transport: Transport.Service
      readonly clients: Pick<Clients, Owner>
    },
    unknown,
    Scope.Scope
  >
  /** What the platform is made of. */
  readonly platform: Context.Context<Layer.Layer.Success<typeof TestPlatform.layerPlatform> | Totps.Totps>
}

const entities = {
  organization: Entity.organization(TestPlatform.organizationId),
  directory: Entity.directory(TestPlatform.directoryId),
  service: Entity.service(TestPlatform.serviceId)
} as const

const keys = Effect.flatMap(Jose.Jose, (jose) =>
  Effect.all({
    organization: jose.importPrivateKey(TestKeys.organization.privateKey),
    directory: jose.importPrivateKey(TestKeys.directory.privateKey),
    service: jose.importPrivateKey(TestKeys.service.privateKey)
  }))

const clients: {
  readonly [Owner in keyof Clients]: Effect.Effect<Pick<Clients, Owner>, unknown, Transport.Transport>
} = {
  organization: Effect.map(
    OrganizationClient.make({ organizationId: TestPlatform.organizationId }),
    (organization) => ({ organization })
  ),
  directory: Effect.map(
    DirectoryClient.make({ directoryId: TestPlatform.directoryId }),
    (directory) => ({ directory })
  ),
  service: Effect.map(ServiceClient.make({ serviceId: TestPlatform.serviceId }), (service) => ({ service }))
}

const tagOf = (error: unknown): string => Predicate.hasProperty(error, "_tag") ? String(error._tag) : "a defect"

const outcomeOf = (error: unknown): Outcome => {
  const fields = Predicate.isRecord(error) ? error : {}
  const text = (value: unknown) => typeof value === "string" ? value : undefined
  const tag = tagOf(error)
  const cause = Predicate.isRecord(fields["cause"]) ? fields["cause"] : {}
  switch (tag) {
    case "TransportError":
      return { tag, reason: text(fields["reason"]), sent: fields["sent"] === true }
    case "MessageRejected":
      return { tag, reason: text(fields["reason"]) }
    case "UnexpectedApiError":
      return { tag, status: Number(fields["status"]) }
    case "Unauthorized":
      return { tag, authenticated: fields["authenticated"] === true }
    case "OutcomeUnknown":
      return { tag, cause: text(cause["_tag"]), reason: text(cause["reason"]) }
    default:
      return { tag }
  }
}

/** Counts the port's operations that are under way: they take real time, which must not pass for stalling. */
const counted = (jose: Jose.Service, count: { under: number }): Jose.Service => {
  const counting = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
    Effect.acquireUseRelease(
      Effect.sync(() => void count.under++),
      () => effect,
      () => Effect.sync(() => void count.under--)
    )
  return {
    ...jose,
    importPrivateKey: (pem) => counting(jose.importPrivateKey(pem)),
    importPublicKey: (pem) => counting(jose.importPublicKey(pem)),
    sign: (options) => counting(jose.sign(options)),
    verify: (jws, key) => counting(jose.verify(jws, key)),
    encrypt: (options) => counting(jose.encrypt(options)),
    decrypt: (jwe, key) => counting(jose.decrypt(jwe, key)),
    decryptOaep: (ciphertext, key) => counting(jose.decryptOaep(ciphertext, key)),
    digest: (hashFunction, bytes) => counting(jose.digest(hashFunction, bytes))
  }
}

const macrotask = Effect.async<void>((resume) => void setImmediate(() => resume(Effect.void)))

/** Rounds of the event loop in which nothing happens before time is let pass. */
const calm = 4

/** Runs to its end, and has `TestClock` go on to whatever is waited for whenever all else is quiet. */
const driven = <A, E, R>(self: Effect.Effect<A, E, R>, isBusy: Effect.Effect<boolean>): Effect.Effect<A, E, R> =>
  Effect.gen(function*() {
    const fiber = yield* Effect.fork(self)
    let quiet = 0
    while (Option.isNone(yield* Fiber.poll(fiber))) {
      yield* macrotask
      quiet = (yield* isBusy) ? 0 : quiet + 1
      if (quiet < calm) continue
      quiet = 0
      const now = yield* Clock.currentTimeMillis
      const next = Chunk.reduce(
        yield* TestClock.sleeps(),
        Number.POSITIVE_INFINITY,
        (soonest, at) => at > now && at < soonest ? at : soonest
      )
      if (next !== Number.POSITIVE_INFINITY) yield* TestClock.setTime(next)
    }
    return yield* Fiber.join(fiber)
  })

type Ways = (
  platform: World["platform"]
) => Effect.Effect<Effect.Effect<Way, unknown, Scope.Scope>, unknown, Scope.Scope>

const make = (settings: Settings, ways: Ways) =>
  Effect.gen(function*() {
    const scope = yield* Effect.scope
    const platform = yield* Layer.buildWithScope(
      Totps.layer.pipe(Layer.provideMerge(TestPlatform.layerPlatform)),
      scope
    )
    const imported = yield* Effect.provide(keys, platform)
    const open = yield* ways(platform)
    let runs = 0

    const connect = <Owner extends keyof Clients>(owner: Owner) =>
      Effect.gen(function*() {
        const way = yield* open
        const { baseUrl, httpClient, jose } = way
        const remote = yield* Effect.provideService(RemoteApi.make, Jose.Jose, jose)
        const signing = imported[owner]
        const keyring = yield* Effect.provideService(
          Keyring.fromKeys({ signing, decryption: [signing] }),
          Jose.Jose,
          jose
        )
        const { attemptTimeout, deadline } = settings
        const transport = yield* Transport.make({ issuer: entities[owner], baseUrl, attemptTimeout, deadline }).pipe(
          Effect.provide(
            Context.make(Jose.Jose, jose).pipe(
              Context.add(RemoteApi.RemoteApi, remote),
              Context.add(Keyring.Keyring, keyring),
              Context.add(HttpClient.HttpClient, httpClient)
            )
          )
        )
        const made = yield* Effect.provideService(clients[owner], Transport.Transport, transport)
        return { ...way, remote, transport, clients: made }
      })

    const world: World = {
      platform,
      connect,
      run: (operation, fault, times) =>
        Effect.gen(function*() {
          const call = yield* Effect.provide(operation.prepare(`cell ${++runs}`), platform)
          const { around, baseUrl, clients, desk, httpClient, needsWarmth, remote } = yield* connect(operation.owner)
          if (fault.name === "duplicated") yield* around(earlier(clients))
          if (fault.name === "refused" && needsWarmth) yield* warmed(remote, baseUrl, httpClient)
          const before = yield* desk.calls
          yield* desk.meet(fault, { times: times === "once" ? 1 : undefined })
          const start = yield* Clock.currentTimeMillis
          const [result, end] = yield* around(Effect.zip(Effect.either(call(clients)), Clock.currentTimeMillis))
          return {
            ...(result._tag === "Right" ? { tag: "Success" } : outcomeOf(result.left)),
            calls: (yield* desk.calls) - before,
            elapsed: end - start
          }
        }).pipe(Effect.scoped)
    }
    return world
  })

/** A call of before, whose answer can come again. */
const earlier = (made: Partial<Clients>) =>
  Effect.ignore(
    made.service?.sessionEnd("nobody") ?? made.directory?.listServices ?? made.organization?.listServices ?? Effect.void
  )

const warmed = (remote: RemoteApi.Service, baseUrl: string, httpClient: HttpClient.HttpClient) =>
  Effect.flatMap(
    remote.connect({ baseUrl, httpClient }),
    ({ clock, keys }) => Effect.zip(clock.now, keys.current)
  )

/** In memory, on the caller's `TestClock`. One run at a time. `wrap` is given the platform's app. */
export const inMemory = (
  settings: Settings,
  wrap: (app: HttpApp.Default, platform: World["platform"]) => HttpApp.Default = (app) => app
) =>
  make(settings, (platform) =>
    Effect.gen(function*() {
      const app = wrap(yield* Effect.provide(Platform.httpApp, platform), platform)
      const inner = InProcess.make(app)
      const jose = Context.get(platform, Jose.Jose)
      const seal = yield* Effect.provide(Faults.makeSeal, platform)
      return Effect.gen(function*() {
        const count = { under: 0 }
        const faulty = yield* Faults.make(inner, { seal, patience: settings.attemptTimeout })
        const isBusy = Effect.map(faulty.busy, (busy) => busy > 0 || count.under > 0)
        return {
          baseUrl: "http://localhost",
          httpClient: faulty.httpClient,
          desk: faulty,
          jose: counted(jose, count),
          around: (self) => driven(self, isBusy),
          needsWarmth: false
        }
      })
    }))

/** On connections over loopback, in real time. Any number of runs at a time. */
export const onWire = (settings: Settings) =>
  make(settings, (platform) =>
    Effect.gen(function*() {
      const app = yield* Effect.provide(Platform.httpApp, platform)
      const ports = new Map(
        yield* Effect.forEach([0, 3600, -3600], (skew) =>
          Effect.gen(function*() {
            const server = yield* NodeHttpServer.make(createServer, { port: 0, host: "127.0.0.1" })
            // Its spans would name headers, and are not what is looked at.
            yield* Effect.locally(
              server.serve(Faults.ahead(skew)(app)),
              HttpMiddleware.currentTracerDisabledWhen,
              () => true
            )
            return [skew, server.address._tag === "TcpAddress" ? server.address.port : 0] as const
          }))
      )
      const httpClient = Context.get(
        yield* Layer.buildWithScope(NodeHttpClient.layerUndici, yield* Effect.scope),
        HttpClient.HttpClient
      )
      const jose = Context.get(platform, Jose.Jose)
      const seal = yield* Effect.provide(Faults.makeSeal, platform)
      return Effect.gen(function*() {
        const proxy = yield* FaultProxy.make({
          seal,
          patience: settings.attemptTimeout,
          upstream: (skew) => ports.get(skew) ?? 0
        })
        return {
          baseUrl: `http://127.0.0.1:${proxy.port}`,
          httpClient,
          desk: proxy,
          jose,
          around: (self) => self,
          needsWarmth: true
        }
      })
    }))
