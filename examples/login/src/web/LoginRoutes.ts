import * as HttpLayerRouter from "@effect/platform/HttpLayerRouter"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Links from "../Links.ts"
import * as Logins from "../Logins.ts"
import * as Sessions from "../Sessions.ts"
import * as Cookies from "./Cookies.ts"
import * as Form from "./Form.ts"
import * as LiveStatus from "./LiveStatus.ts"
import * as Respond from "./Respond.ts"
import * as Views from "./Views.ts"

const nobody = "Nobody was asked: no device is linked to that name."

export const routes = HttpLayerRouter.use((router) =>
  Effect.gen(function*() {
    const cookies = yield* Cookies.Cookies
    const links = yield* Links.Links
    const logins = yield* Logins.Logins
    const sessions = yield* Sessions.Sessions
    const live = yield* LiveStatus.makeByCookie

    const current = Effect.flatMap(cookies.read("login"), Effect.transposeMapOption(logins.find)).pipe(
      Effect.map(Option.flatten)
    )

    const showForm = Effect.gen(function*() {
      const session = yield* cookies.read("session")
      const open = yield* Effect.transposeMapOption(session, sessions.find)
      if (Option.isSome(Option.flatten(open))) return Respond.seeOther("/")
      // Whoever has just linked a device need not type the name again.
      const link = yield* Effect.flatMap(cookies.read("link"), Effect.transposeMapOption(links.find))
      const user = Option.match(Option.flatten(link), { onNone: () => "", onSome: (link) => link.user })
      return Option.isNone(session)
        ? Respond.page(Views.loginForm({ user }))
        : cookies.clear("session")(Respond.page(Views.loginForm({ user, notice: "Your session has ended." })))
    })

    const begin = (user: string, previous: Effect.Effect.Success<ReturnType<typeof cookies.read>>) =>
      logins.begin(user, previous).pipe(
        // A token of its own for each login: one that somebody has planted in the browser is of no use.
        Effect.map(({ token }) => cookies.write("login", token)(Respond.seeOther("/login/waiting"))),
        Effect.catchTags({
          LoginInProgress: (open) =>
            Effect.map(DateTime.now, (now) => Respond.page(Views.loginInProgress(open, now), { status: 409 })),
          EntityNotFound: () =>
            Effect.succeed(Respond.page(Views.loginForm({ user, problem: nobody }), { status: 422 }))
        })
      )

    const submit = Effect.gen(function*() {
      const user = yield* Form.userName
      if (Option.isNone(user)) return Respond.page(Views.loginForm({ problem: Form.notAName }), { status: 422 })
      return yield* begin(user.value, yield* cookies.read("login"))
    })

    const cancelCurrent = Effect.flatMap(cookies.read("login"), Effect.transposeMapOption(logins.cancel)).pipe(
      Effect.map(Option.flatten)
    )

    const again = Effect.flatMap(
      cancelCurrent,
      Option.match({
        onNone: () => Effect.succeed(Respond.seeOther("/login")),
        onSome: ({ user }) => begin(user, Option.none())
      })
    )

    const cancel = Effect.as(cancelCurrent, cookies.clear("login")(Respond.seeOther("/login")))

    /** Shows that the browser waits, or how the waiting ended; an approval becomes a session here, once. */
    const waiting = Effect.gen(function*() {
      const login = yield* current
      if (Option.isNone(login)) return Respond.seeOther("/login")
      if (login.value.status._tag === "Waiting") {
        return Respond.page(Views.loginWaiting(login.value, yield* DateTime.now))
      }
      const taken = yield* logins.take(login.value.token)
      if (Option.isNone(taken) || taken.value.status._tag === "Waiting") return Respond.seeOther("/login")
      const { status } = taken.value
      if (status._tag !== "Approved") return cookies.clear("login")(Respond.page(Views.loginEnded(status)))
      const before = yield* cookies.read("session")
      yield* Effect.transposeMapOption(before, sessions.end)
      const { token } = yield* sessions.start(taken.value)
      return Respond.seeOther("/").pipe(cookies.clear("login"), cookies.clear("link"), cookies.write("session", token))
    })

    const events = live("login", (token) =>
      Effect.map(logins.find(token), Option.match({ onNone: () => "gone", onSome: ({ status }) => status._tag })))

    yield* router.add("GET", "/login", showForm)
    yield* router.add("POST", "/login", Respond.orProblem(submit))
    yield* router.add("GET", "/login/waiting", Respond.orProblem(waiting))
    yield* router.add("GET", "/login/events", events)
    yield* router.add("POST", "/login/again", Respond.orProblem(again))
    yield* router.add("POST", "/login/cancel", Respond.orProblem(cancel))
  })
)
