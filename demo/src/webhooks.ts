/** The first act ends: the platform tells the service by webhook, so that nobody polls, and a user logs out from the phone. */
import * as PendingAuthorizations from "@effect-launchkey/clients/PendingAuthorizations"
import * as ServiceClient from "@effect-launchkey/clients/ServiceClient"
import * as ServiceWebhook from "@effect-launchkey/clients/ServiceWebhook"
import * as Webhook from "@effect-launchkey/clients/Webhook"
import * as WebhookInbox from "@effect-launchkey/clients/WebhookInbox"
import type { ServiceId } from "@effect-launchkey/core/EntityIdentifier"
import type { ServiceEvent } from "@effect-launchkey/core/Webhook"
import * as Administration from "@effect-launchkey/platform/Administration"
import type * as Authenticator from "@effect-launchkey/platform/Authenticator"
import * as WebhookSender from "@effect-launchkey/platform/WebhookSender"
import * as NodeHttpServer from "@effect/platform-node/NodeHttpServer"
import * as HttpRouter from "@effect/platform/HttpRouter"
import * as HttpServer from "@effect/platform/HttpServer"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as HashMap from "effect/HashMap"
import * as Layer from "effect/Layer"
import * as Ref from "effect/Ref"
import * as Schedule from "effect/Schedule"
import { createServer } from "node:http"
import { done, expect, scene, waiting } from "./Narrator.ts"

/** An ear of its own for the service: a server on a free loopback port, whose address the platform is told. */
const listening = (serviceId: ServiceId, onEvent: (event: ServiceEvent) => Effect.Effect<void>) =>
  Layer.scopedDiscard(Effect.gen(function*() {
    const receiver = yield* ServiceWebhook.ServiceWebhook
    const administration = yield* Administration.Administration
    yield* HttpServer.serveEffect(
      HttpRouter.empty.pipe(HttpRouter.post("/webhook", Webhook.respond(receiver, onEvent)))
    )
    const callbackUrl = yield* HttpServer.addressFormattedWith((address) => Effect.succeed(`${address}/webhook`))
    yield* administration.updateService({ id: serviceId, callbackUrl })
    yield* done(`the service listens on ${callbackUrl}`)
  })).pipe(
    Layer.provide(ServiceWebhook.layer({ serviceId })),
    Layer.provide(WebhookInbox.layerMemory()),
    Layer.provide(NodeHttpServer.layer(createServer, { host: "127.0.0.1", port: 0 }))
  )

/** Asks the platform once and not again while anybody watches: the webhook alone can tell. */
const onlyWebhooks = Schedule.spaced("1 hour")

export const webhooks = (serviceId: ServiceId, user: string, device: Authenticator.Authenticator) =>
  Effect.gen(function*() {
    yield* scene("By webhook")
    // Who is logged in here, by the hash that names the user to this service.
    const sessions = yield* Ref.make(HashMap.empty<string, string>())
    const ended = yield* Deferred.make<void>()
    const onEvent = (event: ServiceEvent) =>
      event._tag === "SessionEnded"
        ? Effect.zipRight(
          Ref.update(sessions, HashMap.remove(event.serviceUserHash)),
          Deferred.succeed(ended, undefined)
        )
        : Effect.void

    yield* Effect.gen(function*() {
      const service = yield* ServiceClient.ServiceClient
      const request = yield* service.authorize(user, { context: "Log in" })
      yield* Effect.fork(Effect.delay(device.approve(), "500 millis"))
      const response = yield* waiting(
        "waiting for the webhook",
        service.awaitResponse(request, { schedule: onlyWebhooks })
      )
      const sent = yield* Effect.flatMap(WebhookSender.WebhookSender, ({ log }) => log)
      yield* expect(
        response.authorized && sent.some(({ kind }) => kind === "AUTHORIZATION_RESPONSE"),
        "the platform has sent the answer, and the program that awaits it has it"
      )
      yield* service.sessionStart(user, { authorizationRequestId: request.id })
      yield* Ref.update(sessions, HashMap.set(response.serviceUserHash, user))

      yield* scene("Logged out from the phone")
      yield* device.endSessions()
      yield* waiting("waiting for the webhook", Deferred.await(ended))
      yield* expect(HashMap.isEmpty(yield* Ref.get(sessions)), "the service has ended the sessions of the user's hash")
      yield* service.sessionEnd(user)
      yield* expect((yield* device.sessions).length === 0, "and said so: the device shows none")
    }).pipe(Effect.provide(Layer.provideMerge(listening(serviceId, onEvent), ServiceClient.layer({ serviceId }))))
  }).pipe(Effect.provide(PendingAuthorizations.layerMemory()))
