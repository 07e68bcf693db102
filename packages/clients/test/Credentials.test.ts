import { InvalidParameters } from "@effect-launchkey/core/ApiError"
import type { KeyType } from "@effect-launchkey/core/PublicKey"
import { ConformanceTarget } from "@effect-launchkey/testing/ConformanceTarget"
import * as TestKeys from "@effect-launchkey/testing/TestKeys"
import * as TestPlatform from "@effect-launchkey/testing/TestPlatform"
import { InvalidKey } from "@effect-launchkey/transport/InvalidKey"
import * as Jose from "@effect-launchkey/transport/Jose"
import * as Keyring from "@effect-launchkey/transport/Keyring"
import * as RemoteApi from "@effect-launchkey/transport/RemoteApi"
import * as HttpClient from "@effect/platform/HttpClient"
import { assert, describe, it } from "@effect/vitest"
import * as Config from "effect/Config"
import * as ConfigProvider from "effect/ConfigProvider"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Ref from "effect/Ref"
import * as DirectoryCredentials from "../src/DirectoryCredentials.ts"
import * as OrganizationCredentials from "../src/OrganizationCredentials.ts"
import * as ServiceCredentials from "../src/ServiceCredentials.ts"

const baseUrl = "http://localhost"
const { directoryId, organizationId, serviceId } = TestPlatform
const unknownId = "00000000-0000-4000-8000-000000000001"

const organization = { organizationId, baseUrl, signingKey: TestKeys.organization.privateKey }
const directory = { directoryId, baseUrl, signingKey: TestKeys.directory.privateKey }
const service = { serviceId, baseUrl, signingKey: TestKeys.service.privateKey }

/** The plain requests that were made, in order. */
class Journal extends Context.Tag("test/Journal")<Journal, Ref.Ref<ReadonlyArray<string>>>() {}

const plainRequests = Effect.map(
  Effect.flatMap(Journal, Ref.get),
  (all) => all.filter((path) => path.startsWith("/public/")).map((path) => path.replace(/key\/.*$/, "key/…")).sort()
)

/** A real platform in memory, that is reached through one client which keeps a journal. */
const Platform = Layer.effectContext(Effect.gen(function*() {
  const journal = yield* Ref.make<ReadonlyArray<string>>([])
  const inner = yield* HttpClient.HttpClient
  return Context.make(Journal, journal).pipe(
    Context.add(
      HttpClient.HttpClient,
      HttpClient.tapRequest(inner, ({ url }) => Ref.update(journal, (all) => [...all, new URL(url).pathname]))
    )
  )
})).pipe(Layer.provide(TestPlatform.layer))

/** One ping, and one look at which key requests are encrypted to, which is the one that answers name. */
const once = ["/public/v3/ping", "/public/v3/public-key"]

describe("an organization", () => {
  it.effect("makes clients for itself, its directories and the services below, which share one transport", () =>
    Effect.gen(function*() {
      const credentials = yield* OrganizationCredentials.OrganizationCredentials
      const own = yield* credentials.organizationClient
      assert.deepStrictEqual((yield* own.getDirectory(directoryId)).serviceIds, [serviceId])

      const below = yield* credentials.directoryClient(directoryId.toUpperCase())
      assert.strictEqual((yield* below.getService(serviceId)).name, "Service")
      yield* below.linkDevice("alice")
      assert.strictEqual((yield* below.listDevices("alice")).length, 1)

      const furtherBelow = yield* credentials.serviceClient(serviceId)
      assert.isUndefined(yield* furtherBelow.sessionStart("alice"))
      assert.strictEqual((yield* below.listSessions("alice")).length, 1)

      const ofItself = yield* credentials.serviceClient(yield* own.createService("Of the organization itself"))
      assert.strictEqual((yield* Effect.flip(ofItself.sessionEnd("alice")))._tag, "EntityNotFound")

      assert.deepStrictEqual(yield* plainRequests, once)
    }).pipe(Effect.provide(Layer.provideMerge(OrganizationCredentials.layer(organization), Platform))))

  it.effect("is refused what is not its own", () =>
    Effect.gen(function*() {
      const credentials = yield* OrganizationCredentials.OrganizationCredentials
      const stranger = yield* credentials.directoryClient(unknownId)
      assert.strictEqual((yield* Effect.flip(stranger.listDevices("alice")))._tag, "Forbidden")
      const strangersService = yield* credentials.serviceClient(unknownId)
      assert.strictEqual((yield* Effect.flip(strangersService.sessionEnd("alice")))._tag, "Forbidden")
    }).pipe(Effect.provide(Layer.provideMerge(OrganizationCredentials.layer(organization), Platform))))

  it.effect("makes no client for an id that is no UUID", () =>
    Effect.gen(function*() {
      const credentials = yield* OrganizationCredentials.OrganizationCredentials
      const paths = ({ issues }: InvalidParameters) => issues.map(({ path }) => path)
      assert.deepStrictEqual(paths(yield* Effect.flip(credentials.directoryClient("x"))), ["directoryId"])
      assert.deepStrictEqual(paths(yield* Effect.flip(credentials.serviceClient(""))), ["serviceId"])
    }).pipe(Effect.provide(Layer.provideMerge(OrganizationCredentials.layer(organization), Platform))))
})

describe("a directory", () => {
  it.effect("makes clients for itself and its services, and is refused those of others", () =>
    Effect.gen(function*() {
      const credentials = yield* DirectoryCredentials.DirectoryCredentials
      const own = yield* credentials.directoryClient
      yield* own.linkDevice("alice")
      const below = yield* credentials.serviceClient(serviceId)
      yield* below.sessionStart("alice")
      assert.deepStrictEqual((yield* own.listSessions("alice")).map((session) => session.serviceId), [serviceId])
      const stranger = yield* credentials.serviceClient(unknownId)
      assert.strictEqual((yield* Effect.flip(stranger.sessionEnd("alice")))._tag, "Forbidden")
      assert.deepStrictEqual(yield* plainRequests, once)
    }).pipe(Effect.provide(Layer.provideMerge(DirectoryCredentials.layer(directory), Platform))))
})

describe("a service", () => {
  it.effect("makes a client for itself", () =>
    Effect.gen(function*() {
      const own = yield* (yield* ServiceCredentials.ServiceCredentials).serviceClient
      assert.strictEqual((yield* Effect.flip(own.sessionStart("nobody")))._tag, "EntityNotFound")
    }).pipe(Effect.provide(Layer.provideMerge(ServiceCredentials.layer(service), Platform))))
})

describe("many credentials in one program", () => {
  it.effect("share the clock and the keys of the platform, where their layers are built together", () =>
    Effect.gen(function*() {
      const own = yield* (yield* OrganizationCredentials.OrganizationCredentials).organizationClient
      const directoryClient = yield* (yield* DirectoryCredentials.DirectoryCredentials).directoryClient
      const serviceClient = yield* (yield* ServiceCredentials.ServiceCredentials).serviceClient
      yield* Effect.all([
        own.listSdkKeys(directoryId),
        directoryClient.listDevices("alice"),
        Effect.flip(serviceClient.sessionEnd("alice"))
      ], { concurrency: "unbounded" })
      assert.deepStrictEqual(yield* plainRequests, once)
    }).pipe(
      Effect.provide(Layer.provideMerge(
        Layer.mergeAll(
          OrganizationCredentials.layer(organization),
          DirectoryCredentials.layer(directory),
          ServiceCredentials.layer(service)
        ),
        Platform
      ))
    ))

  it.effect("share them where they are made one by one as the program runs", () =>
    Effect.gen(function*() {
      const ofOrganization = yield* OrganizationCredentials.make(organization).pipe(
        Effect.provideServiceEffect(Keyring.Keyring, Keyring.make(organization))
      )
      yield* Effect.flatMap(ofOrganization.organizationClient, (client) => client.listDirectories)
      const ofDirectory = yield* DirectoryCredentials.make({ ...directory, baseUrl: `${baseUrl}/` }).pipe(
        Effect.provideServiceEffect(Keyring.Keyring, Keyring.make(directory))
      )
      yield* Effect.flatMap(ofDirectory.directoryClient, (client) => client.listDevices("alice"))
      // the first call has no body to encrypt, so that its answer's key is asked for by its id
      assert.deepStrictEqual(yield* plainRequests, [...once, "/public/v3/public-key/…"])
    }).pipe(
      Effect.provide(RemoteApi.layer),
      Effect.provide(Jose.layer),
      Effect.provide(Platform)
    ))
})

describe("many tenants in one program", () => {
  /** A tenant of its own, for whose key all of them have the same. */
  const tenant = (type: KeyType = "BOTH") =>
    Effect.gen(function*() {
      const { createOrganization } = yield* ConformanceTarget
      const id = yield* Option.getOrThrow(createOrganization)([[TestKeys.organization, type]])
      const options = { ...organization, organizationId: id }
      const credentials = yield* OrganizationCredentials.make(options).pipe(
        Effect.provideServiceEffect(Keyring.Keyring, Keyring.make(options))
      )
      return yield* credentials.organizationClient
    })

  const Tenants = Layer.mergeAll(
    Platform,
    RemoteApi.layer,
    Jose.layer,
    Layer.provide(Layer.service(ConformanceTarget), TestPlatform.layer)
  )

  it.effect("ask once for the platform's time and key, and see nothing of each other", () =>
    Effect.gen(function*() {
      const tenants = yield* Effect.replicateEffect(tenant(), 20)
      const ids = yield* Effect.forEach(tenants, (own) => own.createDirectory("Of each the first"), {
        concurrency: "unbounded"
      })
      const [first, second] = tenants
      assert(first !== undefined && second !== undefined && ids[1] !== undefined)
      assert.deepStrictEqual((yield* first.listDirectories).map(({ id }) => id), ids.slice(0, 1))
      assert.strictEqual((yield* second.getDirectory(ids[1])).id, ids[1])
      assert.strictEqual((yield* Effect.flip(first.getDirectory(ids[1])))._tag, "Forbidden")
      assert.deepStrictEqual(yield* plainRequests, once)
    }).pipe(Effect.provide(Tenants)))

  it.effect("are told what is wrong with their keys, where nothing can be told in confidence", () =>
    Effect.gen(function*() {
      const signsAlone = yield* tenant("SIGNATURE")
      const refused = yield* Effect.flip(signsAlone.listDirectories)
      assert(refused._tag === "Unauthorized")
      assert.isTrue(refused.authenticated)
      assert.match(String(refused.detail), /no active key .* encrypted to/)
    }).pipe(Effect.provide(Tenants)))
})

describe("options", () => {
  it.effect("that are not acceptable are named before anything is sent", () =>
    Effect.gen(function*() {
      const refused = <A, E, R>(live: Layer.Layer<A, E, R>) => Effect.flip(Layer.build(live))
      const failures = yield* Effect.all([
        refused(OrganizationCredentials.layer({ ...organization, organizationId: "x" })),
        refused(DirectoryCredentials.layer({ ...directory, directoryId: `dir:${directoryId}` })),
        refused(ServiceCredentials.layer({ ...service, serviceId: "" })),
        refused(ServiceCredentials.layer({ ...service, baseUrl: "http://example.com" }))
      ])
      assert.deepStrictEqual(
        failures.map((error) => error instanceof InvalidParameters ? error.issues.map(({ path }) => path) : error),
        [["organizationId"], ["directoryId"], ["serviceId"], ["baseUrl"]]
      )
      const noKey = yield* refused(DirectoryCredentials.layer({ ...directory, signingKey: Redacted.make("x") }))
      assert.instanceOf(noKey, InvalidKey)
      assert.strictEqual(noKey.field, "signingKey")
      assert.deepStrictEqual(yield* Effect.flatMap(Journal, Ref.get), [])
    }).pipe(Effect.scoped, Effect.provide(Platform)))

  it.effect("may come from the configuration", () =>
    Effect.gen(function*() {
      const shared = { baseUrl: Config.string("BASE_URL"), signingKey: Config.redacted("KEY") }
      const live = Layer.mergeAll(
        OrganizationCredentials.layerConfig({ ...shared, organizationId: Config.string("ID") }),
        DirectoryCredentials.layerConfig({ ...shared, directoryId: Config.string("ID") }),
        ServiceCredentials.layerConfig({ ...shared, serviceId: Config.string("ID") })
      )
      const entries = new Map([
        ["BASE_URL", baseUrl],
        ["ID", organizationId],
        ["KEY", Redacted.value(TestKeys.organization.privateKey)]
      ])
      const own = yield* Effect.provide(OrganizationCredentials.OrganizationCredentials, live).pipe(
        Effect.flatMap((credentials) => credentials.organizationClient),
        Effect.withConfigProvider(ConfigProvider.fromMap(entries))
      )
      assert.strictEqual((yield* own.listDirectories).length, 1)
    }).pipe(Effect.provide(Platform)))

  it.effect("take a keyring of one's own", () =>
    Effect.gen(function*() {
      const own = yield* (yield* OrganizationCredentials.OrganizationCredentials).organizationClient
      assert.strictEqual((yield* own.listDirectories).length, 1)
    }).pipe(
      Effect.provide(Layer.provide(
        OrganizationCredentials.layerKeyring({ organizationId, baseUrl }),
        Layer.provide(Keyring.layer(organization), Jose.layer)
      )),
      Effect.provide(Platform)
    ))
})
