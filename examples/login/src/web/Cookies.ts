/** The cookies of this application: each holds a token and nothing else, and no script can read it. */
import * as HttpServerRequest from "@effect/platform/HttpServerRequest"
import * as HttpServerResponse from "@effect/platform/HttpServerResponse"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import * as Settings from "../Settings.ts"
import * as Token from "../Token.ts"

/** The link or login that the browser began, and the session that it has. */
export type Name = "link" | "login" | "session"

export interface Service {
  readonly read: (
    name: Name
  ) => Effect.Effect<Option.Option<Token.Token>, never, HttpServerRequest.HttpServerRequest>
  readonly write: (
    name: Name,
    token: Token.Token
  ) => (response: HttpServerResponse.HttpServerResponse) => HttpServerResponse.HttpServerResponse
  readonly clear: (
    name: Name
  ) => (response: HttpServerResponse.HttpServerResponse) => HttpServerResponse.HttpServerResponse
}

export class Cookies extends Context.Tag("@effect-launchkey/example-login/web/Cookies")<Cookies, Service>() {}

const decode = Schema.decodeUnknownOption(Token.Token)

export const layer: Layer.Layer<Cookies, never, Settings.Settings> = Layer.effect(
  Cookies,
  Effect.map(Settings.Settings, ({ externalUrl }) => {
    const secure = externalUrl.startsWith("https:")
    // By the prefix a browser promises that no other host of the domain has set the cookie.
    const named = (name: Name) => secure ? `__Host-${name}` : name
    const options = { path: "/", httpOnly: true, sameSite: "lax", secure } as const
    return {
      read: (name) => Effect.map(HttpServerRequest.HttpServerRequest, ({ cookies }) => decode(cookies[named(name)])),
      // Nothing in it can be refused: the name is one of three, and the token has letters, digits, "-" and "_".
      write: (name, token) => HttpServerResponse.unsafeSetCookie(named(name), token, options),
      clear: (name) => (response) => HttpServerResponse.expireCookie(response, named(name), options)
    }
  })
)
