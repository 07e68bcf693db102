/** A platform behind an `HttpClient`, without any of the code under test: what it answers is forged. */
import * as HttpClient from "@effect/platform/HttpClient"
import type * as HttpClientError from "@effect/platform/HttpClientError"
import * as HttpClientResponse from "@effect/platform/HttpClientResponse"
import { Clock, Effect, Either, Encoding, Option, Ref } from "effect"
import * as forge from "./forge.ts"
import { keys } from "./vectors.ts"

/** A request as it arrived. */
export interface Seen {
  readonly method: string
  readonly url: string
  readonly path: string
  readonly headers: { readonly [name: string]: string | undefined }
  readonly body: string
}

export type Answer = Effect.Effect<Response, HttpClientError.HttpClientError>

/** What a request says of itself, unverified. */
export const claimsOf = (seen: Seen) =>
  JSON.parse(
    Either.getOrThrow(Encoding.decodeBase64UrlString(seen.headers["authorization"]?.split(".")[1] ?? ""))
  ) as {
    readonly iss: string
    readonly sub: string
    readonly jti: string
    readonly aud: string
    readonly iat: number
    readonly exp: number
    readonly request: forge.Members
  }

export interface Sealed extends forge.Forgery {
  readonly status?: number
  readonly headers?: { readonly [name: string]: string }
  /** Milliseconds by which the platform's clock is ahead of ours. */
  readonly offset?: number
}

/** A signed answer to the request; `body` is sent as it is. */
export const sealed = (seen: Seen, answer: Sealed = {}): Answer =>
  Effect.map(Clock.currentTimeMillis, (millis) => {
    const { iss, jti, sub } = claimsOf(seen)
    const iat = Math.floor((millis + (answer.offset ?? 0)) / 1000)
    const claims = { aud: iss, sub, jti, iat, nbf: iat, exp: iat + 5, ...answer.claims }
    const status = answer.status ?? (answer.body === undefined ? 204 : 200)
    return new Response(answer.body ?? null, {
      status,
      headers: { "x-iov-jwt": forge.responseToken({ ...answer, status, claims }), ...answer.headers }
    })
  })

const isPublic = (seen: Seen) => seen.path.includes("/public/v3/")

const pem = (name: keyof typeof keys) =>
  new Response(keys[name].public_spki_pem, { headers: { "x-iov-key-id": keys[name].kid } })

/** What the platform's public endpoints answer, by default. */
export const publicAnswer = (seen: Seen, offset = 0): Answer =>
  Effect.map(Clock.currentTimeMillis, (millis) => {
    const path = decodeURIComponent(seen.path)
    if (path.endsWith("/ping")) {
      const time = new Date(millis + offset).toISOString().replace(/\.\d+Z$/, "Z")
      return Response.json({ api_time: time })
    }
    if (path.endsWith("/public-key")) return pem("api_current")
    if (path.endsWith(keys.api_current.kid)) return pem("api_current")
    return path.endsWith(keys.api_previous.kid) ? pem("api_previous") : new Response("", { status: 404 })
  })

/**
 * A client that notes every request and answers as the script says; what the script leaves open is answered as the
 * platform's public endpoints do, and with a sealed 204 elsewhere.
 */
export const make = (script: (seen: Seen) => Answer | undefined = () => undefined) =>
  Effect.map(Ref.make<ReadonlyArray<Seen>>([]), (requests) => {
    const client = HttpClient.make((request, url) =>
      Effect.gen(function*() {
        const seen: Seen = {
          method: request.method,
          url: url.toString(),
          path: url.pathname,
          headers: request.headers,
          body: request.body._tag === "Uint8Array" ? forge.text(request.body.body) : ""
        }
        yield* Ref.update(requests, (all) => [...all, seen])
        const answer = script(seen) ?? (isPublic(seen) ? publicAnswer(seen) : sealed(seen))
        return HttpClientResponse.fromWeb(request, yield* answer)
      })
    )
    return {
      client,
      requests: Ref.get(requests),
      /** The requests to the API itself. */
      calls: Effect.map(Ref.get(requests), (all) => all.filter((seen) => !isPublic(seen))),
      /** How often a path was asked for. */
      count: (end: string) =>
        Effect.map(Ref.get(requests), (all) => all.filter(({ path }) => path.endsWith(end)).length),
      last: Effect.map(Ref.get(requests), (all) => Option.getOrThrow(Option.fromNullable(all.at(-1))))
    }
  })
