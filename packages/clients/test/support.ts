import {
  type AuthorizationPackage,
  AuthorizationRequestId,
  AuthorizationResponse,
  DeviceAnswer
} from "@effect-launchkey/core/Authorization"
import * as EntityIdentifier from "@effect-launchkey/core/EntityIdentifier"
import type { Expected } from "@effect-launchkey/transport/Answer"
import * as Transport from "@effect-launchkey/transport/Transport"
import { MessageRejected, TransportError } from "@effect-launchkey/transport/TransportError"
import * as HttpClient from "@effect/platform/HttpClient"
import * as HttpClientResponse from "@effect/platform/HttpClientResponse"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Ref from "effect/Ref"
import * as Schema from "effect/Schema"
import * as ServiceClient from "../src/ServiceClient.ts"

export const serviceId = "6ba7b810-9dad-11d1-80b4-00c04fd430c8"
export const id = AuthorizationRequestId.make("9ecc57e0-fb0f-4971-ba12-399b630069dd")
export const otherId = AuthorizationRequestId.make("00000000-0000-4000-8000-000000000001")

/** An answer in plain JSON (`json`), in exact text (`text`), or none at all. */
export type Reply = { readonly status: number; readonly json?: unknown; readonly text?: string } | TransportError

interface Sent {
  readonly method: string
  readonly path: string
  readonly subject: string
  /** Undefined where there is no body. */
  readonly body: unknown
  /** On the test's clock, in milliseconds. */
  readonly at: number
}

export interface Script {
  readonly client: ServiceClient.Service
  readonly sent: Effect.Effect<ReadonlyArray<Sent>>
  /** What each device's answer was to be about. */
  readonly expected: Effect.Effect<ReadonlyArray<Expected>>
}

const utf8 = new TextDecoder()
const utf8Encoder = new TextEncoder()

/**
 * A transport without keys: it answers from a list, whose last member is repeated, and reads a device's answer as plain
 * JSON, refusing one about another request as the real transport does.
 */
export const script = (
  replies: readonly [Reply, ...Array<Reply>],
  options: ServiceClient.Options = { serviceId }
): Effect.Effect<Script> =>
  Effect.gen(function*() {
    const sent = yield* Ref.make<ReadonlyArray<Sent>>([])
    const expectations = yield* Ref.make<ReadonlyArray<Expected>>([])
    const transport = Layer.succeed(Transport.Transport, {
      issuer: Schema.decodeSync(EntityIdentifier.EntityIdentifier)(`svc:${serviceId}`),
      httpClient: (subject) =>
        HttpClient.makeWith<TransportError, never, TransportError, never>(
          Effect.flatMap((request) =>
            Effect.gen(function*() {
              const reply = replies[(yield* Ref.get(sent)).length] ?? replies[replies.length - 1] ?? replies[0]
              const at = yield* Clock.currentTimeMillis
              const body = request.body._tag === "Uint8Array" ? JSON.parse(utf8.decode(request.body.body)) : undefined
              yield* Ref.update(
                sent,
                (all) => [...all, { method: request.method, path: request.url, subject, body, at }]
              )
              if (reply instanceof TransportError) return yield* reply
              const text = reply.text ?? (reply.json === undefined ? null : JSON.stringify(reply.json))
              const { buffer } = utf8Encoder.encode(text ?? "")
              return Object.defineProperty(
                HttpClientResponse.fromWeb(request, new Response(text, { status: reply.status })),
                "arrayBuffer",
                // at once: the test's clock does not wait for promises
                { value: Effect.succeed(buffer) }
              )
            })
          ),
          Effect.succeed
        ),
      openAnswer: (relayed, expected) =>
        Effect.gen(function*() {
          yield* Ref.update(expectations, (all) => [...all, expected])
          const answer = Schema.decodeSync(Schema.parseJson(DeviceAnswer))(Option.getOrThrow(relayed.jwe))
          return answer.authorizationRequestId === expected.authorizationRequestId
            ? AuthorizationResponse.fromAnswer(answer, relayed)
            : yield* new MessageRejected({
              kind: "DeviceAnswer",
              reason: "AuthorizationRequestMismatch",
              operation: "GET /service/v3/auths/…"
            })
        })
    })
    const client = yield* ServiceClient.ServiceClient.pipe(
      Effect.provide(Layer.provide(ServiceClient.layer(options), transport)),
      Effect.orDie
    )
    return { client, sent: Ref.get(sent), expected: Ref.get(expectations) }
  })

/** A refusal, as the transport hands it on. */
export const refusal = (status: number, code: string, data: object = {}, detail: unknown = "what it said"): Reply => ({
  status,
  json: { error_code: code, error_detail: detail, error_data: { ...data, authenticated: true } }
})

export const pending: Reply = { status: 204 }

const relayed: typeof AuthorizationPackage.Encoded = {
  auth: "",
  auth_jwe: "",
  service_user_hash: "B1R3RD7WFKjlr0g4RACl25c2phPqcunajeQeZdTkLkM",
  org_user_hash: "x3gBfvijAPJfKKL6arFDandXLvTx7ItFVgCGzEzWyBt",
  user_push_id: "54631005-5987-5b88-b59e-62bac03cc155",
  public_key_id: "e0:2f:a9:5a:76:92:6b:b5:4d:24:67:19:d1:8a:0a:75"
}

export const answered = (answer: Partial<typeof DeviceAnswer.Encoded> = {}): Reply => ({
  status: 200,
  json: {
    ...relayed,
    auth_jwe: JSON.stringify({
      type: "AUTHORIZED",
      reason: "APPROVED",
      auth_request: id,
      device_id: "77616b20-f49f-11e7-a34e-967362b04474",
      service_pins: ["1234", "3456"],
      ...answer
    })
  }
})

export const created: Reply = { status: 200, json: { auth_request: id } }
