import { InvalidParameters } from "@effect-launchkey/core/ApiError"
import * as Effect from "effect/Effect"

const loopback = /^(?:localhost|.+\.localhost|127(?:\.\d{1,3}){3}|\[::1\])$/

/** HTTPS, save on a loopback host; without a trailing slash, as every call uses it. */
export const check = (text: string): Effect.Effect<string, InvalidParameters> => {
  const refuse = (problem: string) =>
    Effect.fail(
      new InvalidParameters({ origin: "Client", issues: [{ path: "baseUrl", problem }], detail: undefined })
    )
  if (!URL.canParse(text)) return refuse("not a URL; give one such as https://mfa.example.com")
  const url = new URL(text)
  if (url.username !== "" || url.password !== "" || url.search !== "" || url.hash !== "") {
    return refuse("has credentials, a query or a fragment; give scheme, host, port and path alone")
  }
  if (url.protocol !== "https:" && !(url.protocol === "http:" && loopback.test(url.hostname))) {
    return refuse("not https; plain http is for loopback hosts only")
  }
  return Effect.succeed(`${url.origin}${url.pathname.replace(/\/+$/, "")}`)
}
