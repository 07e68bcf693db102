import type * as Cookies from "@effect/platform/Cookies"
import type * as Headers from "@effect/platform/Headers"
import type { ResponseError } from "@effect/platform/HttpClientError"
import type * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import * as HttpClientResponse from "@effect/platform/HttpClientResponse"
import * as HttpIncomingMessage from "@effect/platform/HttpIncomingMessage"
import type * as UrlParams from "@effect/platform/UrlParams"
import * as Effect from "effect/Effect"
import * as Inspectable from "effect/Inspectable"
import * as Option from "effect/Option"
import type * as Stream from "effect/Stream"

/**
 * A response that was read to its end. Its bytes are at hand, which is all that the contract's client asks for; the rest
 * of the interface goes by a `Response` of the engine, whose making and reading cost more than opening the message.
 */
export class ReadResponse extends Inspectable.Class implements HttpClientResponse.HttpClientResponse {
  readonly [HttpIncomingMessage.TypeId]: HttpIncomingMessage.TypeId = HttpIncomingMessage.TypeId
  readonly [HttpClientResponse.TypeId]: HttpClientResponse.TypeId = HttpClientResponse.TypeId
  readonly request: HttpClientRequest.HttpClientRequest
  readonly status: number
  readonly headers: Headers.Headers
  readonly #body: Uint8Array
  readonly #json: unknown

  constructor(
    request: HttpClientRequest.HttpClientRequest,
    { body, headers, json, status }: {
      readonly status: number
      readonly headers: Headers.Headers
      readonly body: Uint8Array
      /** What the body says, where it was read already. */
      readonly json?: unknown
    }
  ) {
    super()
    this.request = request
    this.status = status
    this.headers = headers
    this.#body = body
    this.#json = json
  }

  get arrayBuffer(): Effect.Effect<ArrayBuffer> {
    return Effect.sync(() => new Uint8Array(this.#body).buffer)
  }

  /** Anew each time, so that each may be read. */
  get #web(): HttpClientResponse.HttpClientResponse {
    const body = this.#body.length === 0 ? null : new Uint8Array(this.#body)
    return HttpClientResponse.fromWeb(
      this.request,
      new Response(body, { status: this.status, headers: { ...this.headers } })
    )
  }

  get text(): Effect.Effect<string, ResponseError> {
    return this.#web.text
  }

  get json(): Effect.Effect<unknown, ResponseError> {
    if (this.#body.length === 0) return Effect.succeed(null)
    return this.#json === undefined ? this.#web.json : Effect.succeed(this.#json)
  }

  get stream(): Stream.Stream<Uint8Array, ResponseError> {
    return this.#web.stream
  }

  get formData(): Effect.Effect<FormData, ResponseError> {
    return this.#web.formData
  }

  get urlParamsBody(): Effect.Effect<UrlParams.UrlParams, ResponseError> {
    return this.#web.urlParamsBody
  }

  get cookies(): Cookies.Cookies {
    return this.#web.cookies
  }

  get remoteAddress(): Option.Option<string> {
    return Option.none()
  }

  toJSON(): unknown {
    return this.#web.toJSON()
  }
}
