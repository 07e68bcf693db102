import * as HttpLayerRouter from "@effect/platform/HttpLayerRouter"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Links from "../Links.ts"
import * as Sessions from "../Sessions.ts"
import * as Cookies from "./Cookies.ts"
import * as LiveStatus from "./LiveStatus.ts"
import * as Respond from "./Respond.ts"
import * as Views from "./Views.ts"

export const routes = HttpLayerRouter.use((router) =>
  Effect.gen(function*() {
    const cookies = yield* Cookies.Cookies
    const links = yield* Links.Links
    const sessions = yield* Sessions.Sessions
    const live = yield* LiveStatus.makeByCookie

    const account = Effect.gen(function*() {
      const token = yield* cookies.read("session")
      const session = Option.flatten(yield* Effect.transposeMapOption(token, sessions.find))
      if (Option.isNone(session)) return Respond.seeOther("/login")
      // Whose platform is away stays logged in.
      const devices = yield* Effect.option(links.devices(session.value.user))
      return Respond.page(Views.account(session.value, devices))
    })

    const events = live("session", (token) =>
      Effect.map(sessions.find(token), Option.match({ onNone: () => "ended", onSome: () => "open" })))

    const logout = Effect.gen(function*() {
      yield* Effect.flatMap(cookies.read("session"), Effect.transposeMapOption(sessions.end))
      return cookies.clear("session")(Respond.seeOther("/login"))
    })

    yield* router.add("GET", "/", account)
    yield* router.add("GET", "/account/events", events)
    yield* router.add("POST", "/logout", logout)
  })
)
