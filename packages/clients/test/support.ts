import { AuthorizationRequestId } from "@effect-launchkey/core/Authorization"
import * as TestTransport from "@effect-launchkey/testing/TestTransport"
import type { Expected } from "@effect-launchkey/transport/Answer"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as ServiceClient from "../src/ServiceClient.ts"

export const serviceId = "6ba7b810-9dad-11d1-80b4-00c04fd430c8"
export const id = AuthorizationRequestId.make("9ecc57e0-fb0f-4971-ba12-399b630069dd")
export const otherId = AuthorizationRequestId.make("00000000-0000-4000-8000-000000000001")

export interface Script {
  readonly client: ServiceClient.Service
  readonly sent: Effect.Effect<ReadonlyArray<TestTransport.Request>>
  /** What each device's answer was to be about. */
  readonly expected: Effect.Effect<ReadonlyArray<Expected>>
}

/** A client whose transport answers from a list; one reply alone answers everything. */
export const script = (
  replies: readonly [TestTransport.Responder, ...Array<TestTransport.Responder>],
  options: ServiceClient.Options = { serviceId }
): Effect.Effect<Script> =>
  Effect.gen(function*() {
    const client = yield* ServiceClient.ServiceClient
    const { expectations, requests } = yield* TestTransport.TestTransport
    return { client, sent: requests, expected: expectations }
  }).pipe(
    Effect.provide(Layer.provideMerge(
      ServiceClient.layer(options),
      TestTransport.layerReplies(replies.length === 1 ? replies[0] : replies)
    )),
    Effect.orDie
  )

/** A refusal, as the transport hands it on. */
export const refusal = (status: number, code: string, data: object = {}, detail: unknown = "what it said") =>
  TestTransport.error(status, code, detail, data)

export const { answered, noContent: pending } = TestTransport

export const created = TestTransport.json(200, { auth_request: id })
