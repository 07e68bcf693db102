/**
 * The jobs from end to end: a platform in this process, served on a free loopback port; a service that authorizes its user
 * through it, and the user's simulated device; an organization that manages what is its own. Ends with 0 only if every step
 * was what it says.
 */
import * as ServiceClient from "@effect-launchkey/clients/ServiceClient"
import type { AuthorizationResponse } from "@effect-launchkey/core/Authorization"
import * as AuthPolicy from "@effect-launchkey/core/AuthPolicy"
import * as DenialReason from "@effect-launchkey/core/DenialReason"
import * as Entity from "@effect-launchkey/core/EntityIdentifier"
import * as Administration from "@effect-launchkey/platform/Administration"
import * as Authenticator from "@effect-launchkey/platform/Authenticator"
import * as NodeWebhookEgress from "@effect-launchkey/platform/NodeWebhookEgress"
import * as Platform from "@effect-launchkey/platform/Platform"
import * as PlatformClock from "@effect-launchkey/platform/PlatformClock"
import * as Jose from "@effect-launchkey/transport/Jose"
import * as RemoteApi from "@effect-launchkey/transport/RemoteApi"
import * as Transport from "@effect-launchkey/transport/Transport"
import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import * as NodeHttpServer from "@effect/platform-node/NodeHttpServer"
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as HttpServer from "@effect/platform/HttpServer"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import * as Option from "effect/Option"
import { createServer } from "node:http"
import { renderUnicodeCompact } from "uqr"
import { management } from "./management.ts"
import { act, detail, done, expect, explain, refusedWith, say, scene, waiting } from "./Narrator.ts"
import { webhooks } from "./webhooks.ts"

const user = "ada@example.com"
const vault = { latitude: 36.120825, longitude: -115.157216 }
const elsewhere = { latitude: 48.858222, longitude: 2.2945 }
const policy = AuthPolicy.any(2, { geofences: [{ name: "Vault", ...vault, radius: 250 }] })
const reasons = [DenialReason.ordinary("later", "Not now"), DenialReason.fraudulent("fraud", "I did not ask for this")]

const describe = (response: AuthorizationResponse): string =>
  [
    `authorized        ${response.authorized}`,
    `type, reason      ${Option.getOrElse(response.type, () => "–")}, ${Option.getOrElse(response.reason, () => "–")}`,
    `fraud reported    ${Option.getOrElse(response.fraud, () => "–")}`,
    `denial reason     ${Option.getOrElse(response.denialReason, () => "–")}`,
    `service user hash ${response.serviceUserHash}`
  ].join("\n")

const verdict = (response: AuthorizationResponse): string =>
  [response.type, response.reason].map(Option.getOrElse(() => "–")).join(", ")

/** What a service would do, with a device at hand to answer it. */
const story = (device: Authenticator.Authenticator) =>
  Effect.gen(function*() {
    const service = yield* ServiceClient.ServiceClient
    const clock = yield* PlatformClock.PlatformClock

    yield* scene("Two factors, inside a fence: approved")
    const request = yield* service.authorize(user, { title: "Vault", context: "Open the vault", policy })
    yield* done("asked for any two factors within 250 m of the vault")
    yield* Effect.fork(Effect.delay(device.approve(), "1500 millis"))
    const response = yield* waiting("waiting for the device", service.awaitResponse(request))
    yield* detail(describe(response))
    yield* expect(response.authorized, "the verified response authorizes")

    yield* service.sessionStart(user, { authorizationRequestId: request.id })
    yield* expect((yield* device.sessions).length === 1, "session started, and the device shows it")
    yield* service.sessionEnd(user)
    yield* expect((yield* device.sessions).length === 0, "session ended, and the device shows none")

    yield* scene("Denied as fraud")
    const suspicious = yield* service.authorize(user, { context: "Wire 10 000 EUR", denialReasons: reasons })
    yield* device.deny({ denialReason: "fraud" })
    const denial = yield* service.awaitResponse(suspicious)
    yield* expect(
      !denial.authorized && Option.contains(denial.fraud, true),
      `not authorized, and reported as fraud: ${verdict(denial)}`
    )
    yield* refusedWith("the user is not asked again at once", service.authorize(user), "RateLimited")
    yield* clock.advance("15 minutes")
    yield* done("but may be in a quarter of an hour, by which the platform's clock was moved")

    yield* scene("Outside the fence")
    yield* device.setLocation(elsewhere)
    const abroad = yield* service.authorize(user, { context: "Open the vault", policy })
    yield* device.approve()
    const failure = yield* service.awaitResponse(abroad)
    yield* expect(
      !failure.authorized && Option.contains(failure.type, "FAILED") && Option.contains(failure.reason, "POLICY"),
      `the device is not where the policy wants it: ${verdict(failure)}`
    )

    yield* scene("What else may happen")
    yield* refusedWith("a user nobody knows", service.authorize("nobody@example.com"), "EntityNotFound")
    const open = yield* service.authorize(user, { context: "The first" })
    yield* refusedWith("a second request while one is open", service.authorize(user), "AuthorizationInProgress")
    yield* service.cancel(open.id)
    yield* refusedWith(
      "the answer to a request that was canceled",
      service.getResponse(open.id),
      "AuthorizationRequestCanceled"
    )
    const forgotten = yield* service.authorize(user, { ttl: "30 seconds" })
    yield* clock.advance("30 seconds")
    yield* refusedWith(
      "nobody answers for 30 s, by which the platform's clock was moved",
      service.awaitResponse(forgotten),
      "RequestTimedOut"
    )
  })

const program = Effect.gen(function*() {
  const administration = yield* Administration.Administration
  const jose = yield* Jose.Jose
  const baseUrl = yield* HttpServer.addressFormattedWith(Effect.succeed)

  yield* say(
    "A platform, a service and a user's device in one process, which speak over a socket, with real cryptography."
  )
  yield* scene("A platform of one's own")
  yield* done(`serves the protocol on ${baseUrl}`)
  const organization = yield* administration.createOrganization("Example Inc.")
  const directory = yield* administration.createDirectory(organization.id, "Customers")
  const sdkKey = yield* administration.createSdkKey(directory.id)
  const { id: serviceId } = yield* administration.createService(directory.id, "Example")
  const { privateKey, privateKeyPem } = yield* jose.generateKey()
  yield* administration.addKey(Entity.service(serviceId), privateKey.publicKey.pem)
  yield* done("has an organization, a directory and a service with its key")

  yield* scene("A device for the user")
  const device = yield* Authenticator.make({ baseUrl, name: "Ada's phone", location: vault })
  const link = yield* administration.linkDevice({ directoryId: directory.id, identifier: user })
  yield* say(renderUnicodeCompact(link.code, { border: 2 }))
  yield* done(`linking code ${link.code}, until ${DateTime.formatIso(link.expires)}`)
  yield* device.link(link.code, sdkKey)
  yield* done("the simulated device has linked itself")

  yield* act("First act: a service asks its user")
  const transport = Transport.layer({ issuer: Entity.service(serviceId), baseUrl, signingKey: privateKeyPem })
  yield* Effect.provide(story(device), Layer.provide(ServiceClient.layer({ serviceId }), transport))
  yield* Effect.provide(webhooks(serviceId, user, device), transport)
  yield* act("Second act: an organization manages what is its own")
  yield* management(organization.id, baseUrl)
  yield* say("\nEvery step was what it says. To play the user yourself: npx -y pnpm@12 play")
})

const Live = Platform.serve.pipe(
  Layer.provideMerge(NodeHttpServer.layer(createServer, { host: "127.0.0.1", port: 0 })),
  Layer.provideMerge(Platform.layerMemory),
  // The service of this demonstration listens on this machine.
  Layer.provide(NodeWebhookEgress.layer({ insecureAllowLoopback: true })),
  Layer.merge(NodeHttpClient.layerUndici),
  Layer.provideMerge(RemoteApi.layer.pipe(Layer.provide(Jose.layer))),
  Layer.provide(Logger.remove(Logger.defaultLogger))
)

program.pipe(
  Effect.tapErrorCause(explain),
  Effect.provide(Live),
  NodeRuntime.runMain({ disableErrorReporting: true })
)
