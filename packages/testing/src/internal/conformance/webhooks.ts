import * as DirectoryWebhook from "@effect-launchkey/clients/DirectoryWebhook"
import * as ServiceWebhook from "@effect-launchkey/clients/ServiceWebhook"
import * as WebhookInbox from "@effect-launchkey/clients/WebhookInbox"
import * as Entity from "@effect-launchkey/core/EntityIdentifier"
import { AuthorizationResponded, DeviceLinkCompleted } from "@effect-launchkey/core/Webhook"
import * as Transport from "@effect-launchkey/transport/Transport"
import { assert, describe } from "@effect/vitest"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import { ConformanceTarget } from "../../ConformanceTarget.ts"
import { approve, ask, deny, fresh, type It, now, transportOf, webhookReceiver } from "./scene.ts"
import { completeLink, tenant } from "./tenant.ts"

/** A path that nobody else has. */
const ownPath = (what: string) => Effect.map(fresh(what), (name) => `/${name.replace(" ", "/")}`)

const opened = Effect.provide(WebhookInbox.layerMemory())

/** A user with a device, and a service that is told by webhook, of a new directory that is so too. */
const world = Effect.gen(function*() {
  const { next, origin } = yield* webhookReceiver
  const { keys, organizationId } = yield* ConformanceTarget
  const { credentials, directory, directoryId, organization } = yield* tenant
  const [linkPath, servicePath] = [yield* ownPath("link"), yield* ownPath("service")]
  const sdkKey = yield* organization.generateSdkKey(directoryId)
  yield* organization.updateDirectory(directoryId, { webhookUrl: `${origin}${linkPath}` })
  const serviceId = yield* directory.createService(yield* fresh("service"), { callbackUrl: `${origin}${servicePath}` })
  const user = yield* fresh("user")
  const link = yield* directory.linkDevice(user)
  const transport = yield* transportOf(Entity.organization(organizationId), keys.organization)
  const toService = yield* ServiceWebhook.make({ serviceId })
    .pipe(opened, Effect.provideService(Transport.Transport, transport))
  const toDirectory = yield* DirectoryWebhook.make({ directoryId })
    .pipe(opened, Effect.provideService(Transport.Transport, transport))
  return {
    ...yield* completeLink(link.code, sdkKey),
    user,
    serviceId,
    service: yield* credentials.serviceClient(serviceId),
    toldDirectory: Effect.flatMap(next(linkPath), toDirectory.open),
    toldService: Effect.flatMap(next(servicePath), toService.open)
  }
})

export const webhooks = (it: It) =>
  describe("a webhook", () => {
    it.effect("tells the directory that a device has completed its link, and the device's key (B-232)", () =>
      Effect.gen(function*() {
        const { keys: { device } } = yield* ConformanceTarget
        const { deviceId, toldDirectory } = yield* world
        const event = yield* toldDirectory
        assert(event._tag === "DeviceLinkCompleted")
        assert.deepStrictEqual(
          event,
          new DeviceLinkCompleted({ deviceId, publicKey: event.publicKey, publicKeyId: device.keyId })
        )
        assert.strictEqual(event.publicKey.trim(), device.publicKey.trim())
      }))

    it.effect("tells the service what the user answered, as it can be polled besides (B-255)", () =>
      Effect.gen(function*() {
        const { toldService, ...scene } = yield* world
        for (const answer of [approve, deny]) {
          const response = yield* ask(scene, answer)
          assert.deepStrictEqual(yield* toldService, new AuthorizationResponded({ response }))
        }
      }))

    it.effect("tells the service that the user has ended the session, which it ends then (B-256)", () =>
      Effect.gen(function*() {
        const { serviceId, toldService, ...scene } = yield* world
        const { device, service, user } = scene
        const { authorizationRequestId, serviceUserHash } = yield* ask(scene, approve)
        yield* toldService
        yield* service.sessionStart(user, { authorizationRequestId })
        yield* device.endSessions(serviceId)
        const event = yield* toldService
        assert(event._tag === "SessionEnded")
        assert.strictEqual(event.serviceUserHash, serviceUserHash)
        assert.isAtMost(Math.abs(DateTime.distance(event.ended, yield* now)), 5_000)
        yield* service.sessionEnd(user)
        assert.deepStrictEqual(yield* device.sessions, [])
      }))
  })
