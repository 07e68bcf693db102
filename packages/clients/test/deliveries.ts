/** Deliveries of webhooks, by a transport that believes everything: what a receiver does with what is verified. */
import { AuthorizationResponse, DeviceAnswer } from "@effect-launchkey/core/Authorization"
import { service, ServiceId } from "@effect-launchkey/core/EntityIdentifier"
import type { RejectionReason } from "@effect-launchkey/transport/Rejection"
import * as Transport from "@effect-launchkey/transport/Transport"
import { MessageRejected, TransportError } from "@effect-launchkey/transport/TransportError"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import * as LogLevel from "effect/LogLevel"
import * as Option from "effect/Option"
import * as Ref from "effect/Ref"
import * as Schema from "effect/Schema"
import { StoreUnavailable } from "../src/StoreUnavailable.ts"
import type { Delivery } from "../src/Webhook.ts"
import * as WebhookInbox from "../src/WebhookInbox.ts"
import { id, serviceId } from "./support.ts"

const utf8 = { encoder: new TextEncoder(), decoder: new TextDecoder() }

interface Token {
  readonly tokenId: string
  readonly encrypted: boolean
  /** Why the transport is not to believe it. */
  readonly reason?: RejectionReason
}

let sent = 0

/** What a delivery carries as its token says what the transport is to make of it; each is a token of its own. */
export const deliver = (
  body: unknown,
  token: Partial<Token> = {},
  changes: Partial<Delivery> = {}
): Delivery => ({
  token: JSON.stringify({ tokenId: `token ${++sent}`, encrypted: true, ...token }),
  method: "POST",
  path: "/webhook",
  body: typeof body === "string" ? utf8.encoder.encode(body) : utf8.encoder.encode(JSON.stringify(body)),
  ...changes
})

/** The same event as an honest sender repeats it. */
export const again = (delivery: Delivery): Delivery => ({
  ...delivery,
  token: JSON.stringify({ ...JSON.parse(delivery.token ?? ""), tokenId: `token ${++sent}` })
})

export const userHash = "B1R3RD7WFKjlr0g4RACl25c2phPqcunajeQeZdTkLkM"

/** As the platform relays the answer of a device, which here is not sealed. */
export const answer = (changes: object = {}, from: object = {}): object => ({
  auth: "",
  auth_jwe: JSON.stringify({
    type: "AUTHORIZED",
    reason: "APPROVED",
    auth_request: id,
    device_id: "a device",
    service_pins: ["1234"],
    ...from
  }),
  service_user_hash: userHash,
  user_push_id: "54631005-5987-8b88-b59e-62bac03cc155",
  public_key_id: "00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00",
  ...changes
})

export const sessionEnd = { service_user_hash: userHash, api_time: "2023-11-14T22:13:20Z" }

export const link = {
  type: "DEVICE_LINK_COMPLETION",
  device_id: "1f0c0b7e-82ef-11ee-b962-0242ac120002",
  device_public_key: "a PEM",
  device_public_key_id: "7e:a7:7f:35:20:ee:1b:64:5b:a3:e0:b9:53:ee:40:62"
}

/** What the transport was asked to verify. */
export type Asked = Omit<Transport.Delivery, "firstSeen" | "body">

const readAnswer = Schema.decodeUnknownOption(Schema.parseJson(DeviceAnswer))

export const asked = Ref.unsafeMake<ReadonlyArray<Asked>>([])

const digestOf = (body: Uint8Array): string => `digest of ${body.length}: ${utf8.decoder.decode(body).slice(0, 40)}`

/** How far the platform's clock is ahead, seconds. */
const ahead = 100

/** Whose deliveries were sealed two seconds ago. */
export const transport: Layer.Layer<Transport.Transport> = Layer.succeed(Transport.Transport, {
  issuer: service(ServiceId.make(serviceId)),
  httpClient: () => {
    throw new Error("a receiver calls nobody")
  },
  openAnswer: ({ jwe, ...relayed }, expected) =>
    Option.match(Option.flatMap(jwe, readAnswer), {
      onNone: () => new MessageRejected({ kind: "DeviceAnswer", reason: "DecryptionFailed", operation: "GET" }),
      onSome: (said) =>
        expected.authorizationRequestId === undefined
          ? Effect.succeed(AuthorizationResponse.fromAnswer(said, { ...relayed, jwe }))
          : Effect.dieMessage("a receiver cannot know which request is answered")
    }),
  openWebhook: ({ body, firstSeen, ...delivery }) =>
    Effect.gen(function*() {
      yield* Ref.update(asked, (all) => [...all, delivery])
      if (delivery.token === "away") return yield* new TransportError({ reason: "Unreachable", operation: "GET" })
      const rejected = (reason: RejectionReason) =>
        new MessageRejected({ kind: "Webhook", reason, operation: `${delivery.method} ${delivery.path}` })
      if (delivery.token === undefined) return yield* rejected("TokenMissing")
      const { encrypted, reason, tokenId } = JSON.parse(delivery.token) as Token
      if (reason !== undefined) return yield* rejected(reason)
      const now = yield* Clock.currentTimeMillis
      const first = yield* firstSeen({ audience: service(ServiceId.make(serviceId)), tokenId, until: now / 1000 + 10 })
      return first
        ? { tokenId, issued: now / 1000 + ahead - 2, clockOffset: ahead, encrypted, body, digest: digestOf(body) }
        : yield* rejected("Replayed")
    })
})

/** An inbox that fails as long as it is told to, and counts what it is asked. */
export const faulty = Effect.gen(function*() {
  const inbox = yield* WebhookInbox.makeMemory()
  const away = yield* Ref.make<ReadonlySet<keyof WebhookInbox.Service>>(new Set())
  const calls = yield* Ref.make<ReadonlyArray<keyof WebhookInbox.Service>>([])
  const through = <A>(name: keyof WebhookInbox.Service, effect: Effect.Effect<A, StoreUnavailable>) =>
    Effect.gen(function*() {
      yield* Ref.update(calls, (all) => [...all, name])
      return (yield* Ref.get(away)).has(name)
        ? yield* new StoreUnavailable({ operation: `WebhookInbox.${name}` })
        : yield* effect
    })
  const service: WebhookInbox.Service = {
    firstSeen: (token) => through("firstSeen", inbox.firstSeen(token)),
    claim: (event, lease) => through("claim", inbox.claim(event, lease)),
    renew: (event, ticket, lease) => through("renew", inbox.renew(event, ticket, lease)),
    complete: (event, ticket) => through("complete", inbox.complete(event, ticket)),
    release: (event, ticket) => through("release", inbox.release(event, ticket))
  }
  return {
    inbox: service,
    fail: (...names: ReadonlyArray<keyof WebhookInbox.Service>) => Ref.set(away, new Set(names)),
    count: (name: keyof WebhookInbox.Service) =>
      Effect.map(Ref.get(calls), (all) => all.filter((call) => call === name).length)
  }
})

/** Runs the effect, and yields all that it logged. */
export const logged = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.gen(function*() {
    const lines: Array<string> = []
    const collect = Logger.replace(
      Logger.defaultLogger,
      Logger.map(Logger.logfmtLogger, (line) => void lines.push(line))
    )
    const value = yield* effect.pipe(Logger.withMinimumLogLevel(LogLevel.All), Effect.provide(collect))
    return { value, log: lines.join("\n") }
  })
