/** Webhooks made by another implementation, and receivers with the keys that they were made for. */
import * as Jose from "@effect-launchkey/transport/Jose"
import * as Keyring from "@effect-launchkey/transport/Keyring"
import * as RemoteApi from "@effect-launchkey/transport/RemoteApi"
import * as Transport from "@effect-launchkey/transport/Transport"
import * as HttpClient from "@effect/platform/HttpClient"
import * as HttpClientResponse from "@effect/platform/HttpClientResponse"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as Ref from "effect/Ref"
import * as TestClock from "effect/TestClock"
import type { Delivery } from "../src/Webhook.ts"
import json from "./vectors/webhooks.json" with { type: "json" }

export interface Vector {
  readonly name: string
  readonly kind: string
  readonly http_method: string
  readonly http_path: string
  readonly headers: { readonly [name: string]: string }
  readonly body: string
  readonly expected_audience: string
  readonly expected_subject: string
  readonly expect: {
    readonly outcome: string
    readonly device_response?: string
    readonly service_user_hash?: string
    readonly api_time_unix?: number
    readonly device_id?: string
    readonly device_public_key_id?: string
    readonly fetches?: string
  }
}

export const webhooks: ReadonlyArray<Vector> = json.webhooks
export const negativeWebhooks: ReadonlyArray<Vector> = json.negative_webhooks
export const { entities, keys, replay_case: replayCase } = json

export const named = (name: string): Vector => {
  const found = [...webhooks, ...negativeWebhooks].find((vector) => vector.name === name)
  if (found === undefined) throw new Error(`No webhook vector is called ${name}`)
  return found
}

export const expectedAnswer = (name: string | undefined) => {
  const found = json.device_responses.find((response) => response.name === name)
  if (found === undefined) throw new Error(`No device response vector is called ${name}`)
  return found.expected
}

export const deliveryOf = (vector: Vector): Delivery => ({
  token: vector.headers["X-IOV-JWT"],
  method: vector.http_method,
  path: vector.http_path,
  body: new TextEncoder().encode(vector.body)
})

const pem = (name: keyof typeof keys) => Redacted.make(keys[name].private_pkcs8_pem)

const keyrings: { readonly [issuer: string]: Keyring.Options } = {
  // Whose key was replaced lately: messages are for the one before.
  [entities.service]: {
    signingKey: pem("organization_signature"),
    decryptWithSigningKey: false,
    decryptionKeys: [pem("organization_encryption"), pem("service_dual")]
  },
  [entities.directory]: { signingKey: pem("directory_dual") },
  [entities.organization]: {
    signingKey: pem("organization_signature"),
    decryptWithSigningKey: false,
    decryptionKeys: [pem("organization_encryption")]
  }
}

/** What of the platform was asked for. */
export const fetched = Ref.unsafeMake<ReadonlyArray<string>>([])

const platform = HttpClient.make((request, url) =>
  Effect.gen(function*() {
    const path = decodeURIComponent(url.pathname)
    yield* Ref.update(fetched, (all) => [...all, path])
    const key = [keys.api_current, keys.api_previous].find(({ kid }) => path === `/public/v3/public-key/${kid}`)
    const response = path === "/public/v3/ping"
      ? Response.json({ api_time: "2023-11-14T22:13:21Z" })
      : path === "/public/v3/public-key"
      ? new Response(keys.api_current.public_spki_pem, { headers: { "x-iov-key-id": keys.api_current.kid } })
      : key === undefined
      ? new Response("{}", { status: 404 })
      : new Response(key.public_spki_pem)
    return HttpClientResponse.fromWeb(request, response)
  })
)

/** A transport of the issuer, at the time for which the vectors were made. */
export const transport = (issuer: string) =>
  Layer.effect(
    Transport.Transport,
    Effect.zipRight(
      TestClock.setTime((json.meta.server_time_unix + 1) * 1000),
      Transport.make({ issuer, baseUrl: "https://api.example.com" })
    )
  ).pipe(
    Layer.provide(RemoteApi.layer),
    Layer.provide(Keyring.layer(keyrings[issuer] ?? { signingKey: pem("directory_dual") })),
    Layer.provide(Jose.layer),
    Layer.provide(Layer.succeed(HttpClient.HttpClient, platform))
  )
