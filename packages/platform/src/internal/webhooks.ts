import type { AuthorizationPackage } from "@effect-launchkey/core/Authorization"
import * as Entity from "@effect-launchkey/core/EntityIdentifier"
import type { StoreUnavailable } from "@effect-launchkey/core/StoreUnavailable"
import { AuthorizationWebhook, DeviceLinkWebhook, SessionEndWebhook } from "@effect-launchkey/core/Webhook"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import type * as Store from "../Store.ts"
import type { Webhook } from "../WebhookQueue.ts"
import { WebhookSender } from "../WebhookSender.ts"

const send = (
  url: Option.Option<string>,
  webhook: Omit<Webhook, "url">
): Effect.Effect<void, StoreUnavailable, WebhookSender> =>
  Option.match(url, {
    onNone: () => Effect.void,
    onSome: (url) => Effect.flatMap(WebhookSender, (sender) => sender.send({ ...webhook, url }))
  })

const authorizationJson = Schema.encodeSync(Schema.parseJson(AuthorizationWebhook))

/** Tells a service of an answer, as a poll would. */
export const authorizationAnswered = (
  { callbackUrl, id }: Store.ServiceRecord,
  { issuer, recipient }: Store.Requester,
  answer: AuthorizationPackage
) =>
  send(callbackUrl, {
    kind: "AUTHORIZATION_RESPONSE",
    subject: Entity.service(id),
    audience: issuer,
    recipient: Option.some(recipient),
    payload: authorizationJson({ ...answer, type: "AUTHORIZATION_RESPONSE" })
  })

const sessionJson = Schema.encodeSync(Schema.parseJson(SessionEndWebhook))

/** Tells a service that one of its sessions is to end. */
export const sessionEnded = (
  { callbackUrl, id }: Store.ServiceRecord,
  issuer: Entity.EntityIdentifier,
  event: typeof SessionEndWebhook.Type
) =>
  send(callbackUrl, {
    kind: "SESSION_END",
    subject: Entity.service(id),
    audience: issuer,
    recipient: Option.none(),
    payload: sessionJson(event)
  })

const linkJson = Schema.encodeSync(Schema.parseJson(DeviceLinkWebhook))

/** Tells a directory that a device was linked. */
export const deviceLinked = (
  { id, webhookUrl }: Store.Directory,
  { issuer, recipient }: Store.Requester,
  event: Omit<typeof DeviceLinkWebhook.Type, "type">
) =>
  send(webhookUrl, {
    kind: "DEVICE_LINK_COMPLETION",
    subject: Entity.directory(id),
    audience: issuer,
    recipient: Option.some(recipient),
    payload: linkJson({ ...event, type: "DEVICE_LINK_COMPLETION" })
  })
