/** A browser without scripts: keeps cookies, follows redirects, sends forms, and can listen as a script would. */
import * as HttpClient from "@effect/platform/HttpClient"
import * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import type * as HttpClientResponse from "@effect/platform/HttpClientResponse"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Ref from "effect/Ref"
import * as Stream from "effect/Stream"
import { Address } from "../../play/World.ts"

export interface Page {
  readonly status: number
  /** Where it was found in the end. */
  readonly path: string
  readonly headers: HttpClientResponse.HttpClientResponse["headers"]
  readonly text: string
}

export const make = Effect.gen(function*() {
  const client = HttpClient.withTracerPropagation(yield* HttpClient.HttpClient, false)
  const origin = yield* Address
  const jar = yield* Ref.make<Readonly<Record<string, string>>>({})

  const send = (request: HttpClientRequest.HttpClientRequest) =>
    Effect.gen(function*() {
      const cookies = Object.entries(yield* Ref.get(jar)).map(([name, value]) => `${name}=${value}`).join("; ")
      const response = yield* client.execute(
        cookies === "" ? request : HttpClientRequest.setHeader(request, "cookie", cookies)
      )
      for (const { name, options, value } of Object.values(response.cookies.cookies)) {
        const gone = options?.maxAge !== undefined && Duration.toMillis(options.maxAge) === 0
        yield* Ref.update(jar, ({ [name]: _, ...others }) => gone ? others : { ...others, [name]: value })
      }
      return response
    })

  const load = (request: HttpClientRequest.HttpClientRequest): Effect.Effect<Page> =>
    Effect.gen(function*() {
      const response = yield* send(request)
      const { location } = response.headers
      if (location !== undefined) return yield* load(HttpClientRequest.get(`${origin}${location}`))
      const path = new URL(request.url).pathname
      return { status: response.status, path, headers: response.headers, text: yield* response.text }
    }).pipe(Effect.scoped, Effect.orDie)

  return {
    get: (path: string) => load(HttpClientRequest.get(`${origin}${path}`)),
    submit: (
      path: string,
      fields: Readonly<Record<string, string>> = {},
      from: Option.Option<string> = Option.some(origin)
    ) =>
      load(
        HttpClientRequest.post(`${origin}${path}`).pipe(
          HttpClientRequest.bodyUrlParams(fields),
          HttpClientRequest.setHeaders(Option.match(from, { onNone: () => ({}), onSome: (origin) => ({ origin }) }))
        )
      ),
    /** What is told of a page, the present status first, until it is one of these. */
    listen: (path: string, until: ReadonlyArray<string>): Effect.Effect<ReadonlyArray<string>> =>
      send(HttpClientRequest.get(`${origin}${path}`)).pipe(
        Effect.map(({ stream }) =>
          stream.pipe(
            Stream.decodeText(),
            Stream.splitLines,
            Stream.filter((line) => line.startsWith("data: ")),
            Stream.map((line) => line.slice("data: ".length)),
            Stream.takeUntil((status) => until.includes(status)),
            Stream.runCollect
          )
        ),
        Effect.flatten,
        Effect.map((statuses) => Array.from(statuses)),
        Effect.scoped,
        Effect.orDie
      ),
    /** As a browser holds them. */
    cookies: Ref.get(jar)
  }
})

export type Browser = Effect.Effect.Success<typeof make>
