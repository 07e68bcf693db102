import * as Jose from "@effect-launchkey/transport/Jose"
import * as HttpClient from "@effect/platform/HttpClient"
import { RequestError } from "@effect/platform/HttpClientError"
import * as HttpClientResponse from "@effect/platform/HttpClientResponse"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as Ref from "effect/Ref"
import * as LegacyClient from "../src/LegacyClient.ts"
import { config, vectors } from "./vectors.ts"

export interface Sent {
  readonly method: string
  readonly path: string
  readonly query: URLSearchParams
  readonly contentType: string | undefined
  readonly body: string
  /** Of the body. */
  readonly form: URLSearchParams
}

export interface Reply {
  readonly status: number
  readonly body: unknown
  readonly contentType?: string
}

export const ok = (body: unknown, status = 200): Reply => ({ status, body })

/** As the platform writes its refusals. */
export const refusal = (code: number | string, status = 400, message: unknown = "what it said"): Reply => ({
  status,
  body: { successful: false, status_code: status, message, message_code: code, response: "" }
})

export const broken = "the connection broke"

type Script = { readonly [operation: string]: Reply | typeof broken | ReadonlyArray<Reply | typeof broken> }

/** Answers by method and path; of a list one after the other, and the last for good. */
const scripted = (script: Script) =>
  Effect.gen(function*() {
    const sent = yield* Ref.make<ReadonlyArray<Sent>>([])
    const httpClient = HttpClient.make((request, url) =>
      Effect.gen(function*() {
        const body = request.body._tag === "Uint8Array" ? new TextDecoder().decode(request.body.body) : ""
        const contentType = request.body._tag === "Uint8Array" ? request.body.contentType : undefined
        const earlier = (yield* Ref.get(sent)).filter((one) =>
          one.path === url.pathname && one.method === request.method
        )
        yield* Ref.update(sent, (all) => [...all, {
          method: request.method,
          path: url.pathname,
          query: url.searchParams,
          contentType,
          body,
          form: new URLSearchParams(body)
        }])
        const replies = [script[`${request.method} ${url.pathname.replace("/v1", "")}`]].flat()
        const reply = replies[Math.min(earlier.length, replies.length - 1)]
        if (reply === undefined || typeof reply === "string") {
          return yield* new RequestError({ request, reason: "Transport", description: broken })
        }
        return HttpClientResponse.fromWeb(
          request,
          new Response(typeof reply.body === "string" ? reply.body : JSON.stringify(reply.body), {
            status: reply.status,
            headers: { "content-type": reply.contentType ?? "application/json; charset=UTF-8" }
          })
        )
      })
    )
    return { httpClient, sent: Ref.get(sent) }
  })

export const options: LegacyClient.Options = {
  baseUrl: "https://api.example.com/",
  appKey: config.app_key,
  appSecret: Redacted.make(config.app_secret),
  privateKey: Redacted.make(vectors.keys.app.private_key_pem)
}

export const ping = ok(vectors.ping.later_form)

/** A client of the application of the vectors, whose platform answers as scripted, and to a ping as in the vectors. */
export const client = (script: Script = {}, given: Partial<LegacyClient.Options> = {}) =>
  Effect.gen(function*() {
    const { httpClient, sent } = yield* scripted({ "GET /ping": ping, ...script })
    const made = yield* LegacyClient.make({ ...options, ...given }).pipe(
      Effect.provideService(HttpClient.HttpClient, httpClient),
      Effect.provide(Jose.layer)
    )
    return { client: made, sent }
  })
