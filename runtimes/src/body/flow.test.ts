/** The main job, whole, against a sandbox over the runtime's own `fetch`. */
import * as DirectoryWebhook from "@effect-launchkey/clients/DirectoryWebhook"
import * as OrganizationCredentials from "@effect-launchkey/clients/OrganizationCredentials"
import * as ServiceClient from "@effect-launchkey/clients/ServiceClient"
import * as ServiceWebhook from "@effect-launchkey/clients/ServiceWebhook"
import type { Delivery } from "@effect-launchkey/clients/Webhook"
import * as WebhookInbox from "@effect-launchkey/clients/WebhookInbox"
import { AuthorizationRequestId } from "@effect-launchkey/core/Authorization"
import * as AuthPolicy from "@effect-launchkey/core/AuthPolicy"
import * as EntityIdentifier from "@effect-launchkey/core/EntityIdentifier"
import * as Jose from "@effect-launchkey/transport/Jose"
import * as Transport from "@effect-launchkey/transport/Transport"
import * as FetchHttpClient from "@effect/platform/FetchHttpClient"
import * as HttpBody from "@effect/platform/HttpBody"
import * as HttpClient from "@effect/platform/HttpClient"
import * as HttpClientResponse from "@effect/platform/HttpClientResponse"
import { assert, layer } from "@effect/vitest"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Schedule from "effect/Schedule"
import * as Schema from "effect/Schema"
import { place } from "./place.ts"

const user = "ada@example.com"

const Caught = Schema.Array(Schema.Struct({
  token: Schema.optional(Schema.String),
  method: Schema.String,
  path: Schema.String,
  body: Schema.Uint8ArrayFromBase64
}))

const sandbox = (path: string, body: unknown) =>
  HttpClient.post(`${place().baseUrl}/sandbox/${path}`, { body: HttpBody.unsafeJson(body) }).pipe(
    Effect.flatMap(HttpClientResponse.filterStatusOk),
    Effect.flatMap(({ text }) => text),
    Effect.map((text): unknown => text === "" ? undefined : JSON.parse(text))
  )

const Organization = Schema.Struct({ organization_id: Schema.String })
const Device = Schema.Struct({ device_id: Schema.String })

/** The webhook that has come to this address as the n-th, once it is there. */
const caught = (address: string, n: number): Effect.Effect<Delivery, unknown, HttpClient.HttpClient> =>
  HttpClient.get(`${place().runner}/caught/${address}`).pipe(
    Effect.flatMap(HttpClientResponse.schemaBodyJson(Caught)),
    Effect.flatMap((deliveries) => Option.fromNullable(deliveries[n])),
    Effect.map(({ token, ...rest }) => ({ ...rest, token })),
    Effect.retry(Schedule.intersect(Schedule.spaced("100 millis"), Schedule.recurs(200)))
  )

/** An organization with a directory, a service and a linked device, all made for this runtime over the API. */
const make = Effect.gen(function*() {
  const jose = yield* Jose.Jose
  const { baseUrl, runner } = place()
  const own = yield* jose.generateKey()
  const publicKey = own.privateKey.publicKey.pem
  const { organization_id: organizationId } = yield* Effect.flatMap(
    sandbox("organizations", { keys: [{ public_key: publicKey, key_type: 0 }] }),
    Schema.decodeUnknown(Organization)
  )
  const serviceKey = yield* jose.generateKey()

  const credentials = yield* Effect.provide(
    OrganizationCredentials.OrganizationCredentials,
    OrganizationCredentials.layer({ organizationId, baseUrl, signingKey: own.privateKeyPem })
  )
  const organization = yield* credentials.organizationClient
  const directoryId = yield* organization.createDirectory("Runtimes")
  yield* organization.generateSdkKey(directoryId)
  const address = organizationId
  yield* organization.updateDirectory(directoryId, { webhookUrl: `${runner}/hooks/${address}/directory` })
  const directory = yield* credentials.directoryClient(directoryId)
  const serviceId = yield* directory.createService("Vault", { callbackUrl: `${runner}/hooks/${address}/service` })
  yield* directory.addServiceKey(serviceId, serviceKey.privateKey.publicKey.pem)

  const transport = Transport.layer({
    issuer: EntityIdentifier.service(serviceId),
    baseUrl,
    signingKey: serviceKey.privateKeyPem
  })
  const context = yield* Layer.build(
    Layer.mergeAll(
      ServiceClient.layer({ serviceId }),
      Layer.provide(ServiceWebhook.layer({ serviceId }), WebhookInbox.layerMemory())
    ).pipe(Layer.provide(transport))
  )
  const directoryWebhook = yield* DirectoryWebhook.make({ directoryId }).pipe(
    Effect.provide(WebhookInbox.layerMemory()),
    Effect.provide(
      Transport.layer({
        issuer: EntityIdentifier.organization(EntityIdentifier.OrganizationId.make(organizationId)),
        baseUrl,
        signingKey: own.privateKeyPem
      })
    )
  )
  const link = yield* directory.linkDevice(user)
  const { device_id: deviceId } = yield* Effect.flatMap(
    sandbox("devices", { linking_code: link.code, name: "Phone" }),
    Schema.decodeUnknown(Device)
  )
  return {
    address,
    deviceId,
    directory,
    directoryWebhook,
    service: Context.get(context, ServiceClient.ServiceClient),
    serviceWebhook: Context.get(context, ServiceWebhook.ServiceWebhook),
    respond: (action: "approve" | "deny") => sandbox(`devices/${deviceId}/respond`, { action })
  }
})

class World extends Context.Tag("runtimes/World")<World, Effect.Effect.Success<typeof make>>() {}

const Live = Layer.scoped(World, make).pipe(
  Layer.provideMerge(Layer.mergeAll(Jose.layer, FetchHttpClient.layer))
)

layer(Live, { excludeTestServices: true })("a service and its user, over fetch", (it) => {
  it.effect("links a device, and a webhook tells the directory so", () =>
    Effect.gen(function*() {
      const { address, deviceId, directory, directoryWebhook } = yield* World
      const devices = yield* directory.listDevices(user)
      assert.deepStrictEqual(devices.map(({ id }): string => id), [deviceId])
      const event = yield* directoryWebhook.open(yield* caught(`${address}/directory`, 0))
      assert.strictEqual<unknown>(event._tag === "DeviceLinkCompleted" && event.deviceId, deviceId)
    }))

  it.effect("asks, has the answer awaited, and a webhook tells the same", () =>
    Effect.gen(function*() {
      const { address, respond, service, serviceWebhook } = yield* World
      const request = yield* service.authorize(user, { context: "Öffne den Tresor 🗝", policy: AuthPolicy.any(2) })
      assert.isTrue(Option.isNone(yield* service.getResponse(request.id)))
      const [response] = yield* Effect.all([
        service.awaitResponse(request, { schedule: Schedule.spaced("100 millis") }),
        Effect.delay(respond("approve"), "200 millis")
      ], { concurrency: "unbounded" })
      assert.isTrue(response.authorized)
      const delivery = yield* caught(`${address}/service`, 0)
      const event = yield* serviceWebhook.open(delivery)
      assert.strictEqual(event._tag === "AuthorizationResponded" && event.response.authorizationRequestId, request.id)
      const again = yield* Effect.flip(serviceWebhook.open(delivery))
      assert.strictEqual(again._tag === "MessageRejected" && again.reason, "Replayed")
    }))

  it.effect("takes a denial for an answer", () =>
    Effect.gen(function*() {
      const { respond, service } = yield* World
      const request = yield* service.authorize(user)
      yield* respond("deny")
      assert.isFalse((yield* service.awaitResponse(request)).authorized)
    }))

  it.effect("cancels, and is told so from then on", () =>
    Effect.gen(function*() {
      const { service } = yield* World
      const request = yield* service.authorize(user)
      const open = yield* Effect.flip(service.authorize(user))
      assert.strictEqual(open._tag, "AuthorizationInProgress")
      yield* service.cancel(request.id)
      assert.strictEqual((yield* Effect.flip(service.getResponse(request.id)))._tag, "AuthorizationRequestCanceled")
    }))

  it.effect("starts and ends a session", () =>
    Effect.gen(function*() {
      const { directory, service } = yield* World
      yield* service.sessionStart(user)
      assert.lengthOf(yield* directory.listSessions(user), 1)
      yield* service.sessionEnd(user)
      assert.lengthOf(yield* directory.listSessions(user), 0)
    }))

  it.effect("has refusals under their tags", () =>
    Effect.gen(function*() {
      const { service } = yield* World
      assert.strictEqual((yield* Effect.flip(service.authorize("nobody")))._tag, "EntityNotFound")
      const unknown = AuthorizationRequestId.make("00000000-0000-4000-8000-000000000001")
      assert.strictEqual((yield* Effect.flip(service.cancel(unknown)))._tag, "EntityNotFound")
    }))
})
