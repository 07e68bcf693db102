/** The API of the console, as the page calls it. */
import { ConsoleApi } from "@effect-launchkey/platform/ConsoleApi"
import * as HttpApiClient from "@effect/platform/HttpApiClient"
import * as HttpClient from "@effect/platform/HttpClient"
import * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import type * as Effect from "effect/Effect"

/** Where the platform is: the page stands in `/console/`, wherever that is. */
const baseUrl = (): string => new URL("..", location.href).href.replace(/\/$/, "")

export const make = HttpApiClient.make(ConsoleApi, {
  baseUrl: baseUrl(),
  // said without a body as well, so that no form of another page can make the call
  transformClient: HttpClient.mapRequest(HttpClientRequest.setHeader("content-type", "application/json"))
})

export type Client = Effect.Effect.Success<typeof make>
