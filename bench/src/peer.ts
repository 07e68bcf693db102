/**
 * The platform without its work: a client that looks up the answer sealed for the request's id and hands it on. No
 * cryptography, no parsing, no `Response` of the engine's: what an exchange costs belongs to no subject here.
 */
import * as HttpClient from "@effect/platform/HttpClient"
import type * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import * as HttpClientResponse from "@effect/platform/HttpClientResponse"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import * as Fixture from "./fixture.ts"

const operationOf = (request: HttpClientRequest.HttpClientRequest, url: URL): Fixture.Operation =>
  request.method === "POST" ? "create" : url.pathname.endsWith(Fixture.requestId) ? "answered poll" : "pending poll"

const publicAnswer = (url: URL): Response | undefined =>
  url.pathname === "/public/v3/ping"
    ? Response.json({ api_time: new Date().toISOString().replace(/\.\d+Z$/, "Z") })
    : url.pathname.startsWith("/public/v3/public-key")
    ? new Response(Fixture.platformPem, { headers: { "x-iov-key-id": Fixture.platformKeyId } })
    : undefined

/** Whatever of the interface the transport does not ask for. */
const rest = (request: HttpClientRequest.HttpClientRequest) => HttpClientResponse.fromWeb(request, new Response())

export const make = (fixture: Fixture.Fixture): HttpClient.HttpClient => {
  let prototype: HttpClientResponse.HttpClientResponse | undefined
  return HttpClient.make((request, url) => {
    const authorization = request.headers["authorization"]
    if (authorization === undefined) {
      return Effect.succeed(
        HttpClientResponse.fromWeb(request, publicAnswer(url) ?? new Response(null, { status: 404 }))
      )
    }
    const { body, status, token } = fixture.answerTo(operationOf(request, url), authorization)
    prototype ??= rest(request)
    const answer: HttpClientResponse.HttpClientResponse = Object.create(prototype, {
      request: { value: request },
      status: { value: status },
      headers: { value: { "x-iov-jwt": token, "content-type": "application/jose" } },
      stream: { value: Stream.succeed(body) }
    })
    return Effect.succeed(answer)
  })
}
