/**
 * The platform without its work: a client that looks up the answer sealed for the request's id and hands it on. No
 * cryptography, no parsing, no `Response` of the engine's: what an exchange costs belongs to no subject here.
 */
import * as HttpClient from "@effect/platform/HttpClient"
import type * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import * as HttpClientResponse from "@effect/platform/HttpClientResponse"
import * as Effect from "effect/Effect"
import * as Fixture from "./fixture.ts"

const publicAnswer = (url: URL): Response => {
  const answer = Fixture.publicAnswer(url.pathname)
  return answer === undefined
    ? new Response(null, { status: 404 })
    : new Response(answer.body, {
      headers: {
        "content-type": "application/json",
        ...(answer.keyId !== undefined && { "x-iov-key-id": answer.keyId })
      }
    })
}

/** Whatever of the interface the transport does not ask for. */
const rest = (request: HttpClientRequest.HttpClientRequest) => HttpClientResponse.fromWeb(request, new Response())

/** No exchange ends on the spot. */
const later = Effect.promise(() => Promise.resolve())

export const make = (fixture: Fixture.Fixture): HttpClient.HttpClient => {
  let prototype: HttpClientResponse.HttpClientResponse | undefined
  const answerTo = (request: HttpClientRequest.HttpClientRequest) => {
    const authorization = request.headers["authorization"]
    if (authorization === undefined) {
      return Effect.succeed(
        HttpClientResponse.fromWeb(request, publicAnswer(new URL(request.url)))
      )
    }
    const { body, status, token } = fixture.answerTo(
      Fixture.operationOf(request.method, new URL(request.url).pathname),
      authorization
    )
    prototype ??= rest(request)
    const answer: HttpClientResponse.HttpClientResponse = Object.create(prototype, {
      request: { value: request },
      status: { value: status },
      headers: {
        value: { "x-iov-jwt": token, "content-type": "application/jose", "content-length": String(body.length) }
      },
      arrayBuffer: { value: Effect.succeed(body.buffer) }
    })
    return Effect.as(later, answer)
  }
  // Not by `make`, which gives each request an `AbortController` of the engine's.
  return HttpClient.makeWith<never, never, never, never>(Effect.flatMap(answerTo), Effect.succeed)
}
