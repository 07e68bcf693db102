import * as Headers from "@effect/platform/Headers"
import * as HttpIncomingMessage from "@effect/platform/HttpIncomingMessage"
import * as HttpMethod from "@effect/platform/HttpMethod"
import * as HttpServerRequest from "@effect/platform/HttpServerRequest"
import * as Effect from "effect/Effect"
import * as Inspectable from "effect/Inspectable"
import * as Option from "effect/Option"

const headers = Headers.fromInput({ "content-type": "application/json" })

/**
 * What an opened request is to the routes: JSON that was read already. Whatever else may be asked of a request is
 * answered by a Web request, which is made only then, since making one costs more than routing it.
 */
class PlainRequest extends Inspectable.Class implements HttpServerRequest.HttpServerRequest {
  readonly [HttpServerRequest.TypeId]: typeof HttpServerRequest.TypeId = HttpServerRequest.TypeId
  readonly [HttpIncomingMessage.TypeId]: typeof HttpIncomingMessage.TypeId = HttpIncomingMessage.TypeId
  readonly headers = headers
  readonly method: HttpMethod.HttpMethod
  readonly url: string
  private readonly body: Option.Option<unknown>
  private made: HttpServerRequest.HttpServerRequest | undefined

  constructor(method: HttpMethod.HttpMethod, url: string, body: Option.Option<unknown>) {
    super()
    this.method = method
    this.url = url
    this.body = body
  }

  private get web() {
    return this.made ??= HttpServerRequest.fromWeb(
      new Request(`http://platform${this.url}`, {
        method: this.method,
        headers,
        ...(Option.isSome(this.body) ? { body: JSON.stringify(this.body.value) } : {})
      })
    ).modify({ url: this.url })
  }

  get json() {
    return Option.isSome(this.body) ? Effect.succeed(this.body.value) : this.web.json
  }
  get source() {
    return this.web.source
  }
  get originalUrl() {
    return this.web.originalUrl
  }
  get cookies() {
    return this.web.cookies
  }
  get remoteAddress() {
    return this.web.remoteAddress
  }
  get text() {
    return this.web.text
  }
  get urlParamsBody() {
    return this.web.urlParamsBody
  }
  get arrayBuffer() {
    return this.web.arrayBuffer
  }
  get stream() {
    return this.web.stream
  }
  get multipart() {
    return this.web.multipart
  }
  get multipartStream() {
    return this.web.multipartStream
  }
  get upgrade() {
    return this.web.upgrade
  }
  modify(options: Parameters<HttpServerRequest.HttpServerRequest["modify"]>[0]) {
    return this.web.modify(options)
  }
  toJSON() {
    return { _id: "PlainRequest", method: this.method, url: this.url }
  }
}

/** None where the method or path is one that no route could have. */
export const make = (
  method: string,
  url: string,
  body: Option.Option<unknown>
): Option.Option<HttpServerRequest.HttpServerRequest> =>
  HttpMethod.isHttpMethod(method) && url.startsWith("/")
    ? Option.some(new PlainRequest(method, url, body))
    : Option.none()
