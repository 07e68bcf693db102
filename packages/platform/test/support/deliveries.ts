import * as Entity from "@effect-launchkey/core/EntityIdentifier"
import * as WebhookQueue from "@effect-launchkey/platform/WebhookQueue"
import * as TestKeys from "@effect-launchkey/testing/TestKeys"
import * as DateTime from "effect/DateTime"
import * as Option from "effect/Option"

const subject = Entity.service(Entity.ServiceId.make("a5a2d6d4-7d1c-11ee-b962-0242ac120002"))

export const webhook: WebhookQueue.Webhook = {
  kind: "AUTHORIZATION_RESPONSE",
  url: "https://ada:hunter2@example.com/hooks?tenant=7",
  subject,
  audience: subject,
  recipient: Option.some({ id: TestKeys.service.keyId, pem: TestKeys.service.publicKey }),
  payload: JSON.stringify({ text: "grüße \u0000" })
}

export const at = (seconds: number): DateTime.Utc => DateTime.unsafeMake(1_800_000_000_000 + seconds * 1000)

/** Everything that is due at a time, for half a minute. */
export const due = (seconds: number, options: Partial<WebhookQueue.ClaimOptions> = {}): WebhookQueue.ClaimOptions => ({
  now: at(seconds),
  until: at(seconds + 30),
  limit: 100,
  busy: new Map(),
  perOrigin: 100,
  ...options
})

export const failed = (seconds: number) =>
  Option.some<WebhookQueue.Attempt>({ at: at(seconds), status: Option.some(503), failure: Option.none() })
