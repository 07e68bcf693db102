/**
 * An `HttpClient` whose requests enter an `HttpApp` in this process, on the calling fiber: no socket, the same clock.
 *
 * @since 0.1.0
 */
import type * as HttpApp from "@effect/platform/HttpApp"
import * as HttpClient from "@effect/platform/HttpClient"
import * as HttpClientResponse from "@effect/platform/HttpClientResponse"
import * as HttpServerRequest from "@effect/platform/HttpServerRequest"
import * as HttpServerResponse from "@effect/platform/HttpServerResponse"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"

/**
 * @since 0.1.0
 * @category constructors
 */
export const make = (app: HttpApp.Default): HttpClient.HttpClient =>
  HttpClient.make((request, url) =>
    app.pipe(
      Effect.scoped,
      Effect.provideService(
        HttpServerRequest.HttpServerRequest,
        HttpServerRequest.fromWeb(
          new Request(url, {
            method: request.method,
            headers: request.headers,
            ...(request.body._tag === "Uint8Array" ? { body: request.body.body.slice() } : {})
          })
        )
      ),
      Effect.map((response) => HttpClientResponse.fromWeb(request, HttpServerResponse.toWeb(response)))
    )
  )

/**
 * @since 0.1.0
 * @category layers
 */
export const layer = <E, R>(app: Effect.Effect<HttpApp.Default, E, R>): Layer.Layer<HttpClient.HttpClient, E, R> =>
  Layer.effect(HttpClient.HttpClient, Effect.map(app, make))
